// classical.hpp: models with few parameters, in scikit-learn's habit: fit, predict, score. Not part of etta.hpp, which it does not
// need: it takes Datasets, and computes in double. Brings load_csv and load_idx along, which cost 0.05 s.
#pragma once

#include "classical/bayes.hpp"
#include "classical/linear.hpp"
#include "classical/logistic.hpp"
#include "classical/neighbors.hpp"
#include "classical/pipeline.hpp"
#include "classical/select.hpp"
#include "classical/unsupervised.hpp"
#include "data/load.hpp"
