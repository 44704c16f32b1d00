// metrics.hpp: how good predictions are, as numbers: scikit-learn's metrics under its names, as functions of whole lists and as
// objects that take batch after batch. All are doubles, whatever the elements' types; losses (nn/loss.hpp) are for training.
#pragma once

#include "metrics/labels.hpp"
#include "metrics/named.hpp"
#include "metrics/regression.hpp"
#include "metrics/scores.hpp"
