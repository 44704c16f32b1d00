// etta.hpp: everything that a hosted program wants. Firmware includes micro.hpp.
#pragma once

#include "core/print.hpp"
#include "core/random.hpp"
#include "core/tensor.hpp"
#include "data/load.hpp"
#include "data/loader.hpp"
#include "data/split.hpp"
#include "nn/layers.hpp"
#include "nn/loss.hpp"
#include "nn/model.hpp"
#include "nn/save.hpp"
#include "nn/summary.hpp"
#include "optim/optimizer.hpp"
#include "optim/schedule.hpp"
#include "run/call.hpp"
#include "train/trainer.hpp"
