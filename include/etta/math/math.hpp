// math.hpp: etta's own elementary functions on lanes, all of them. One source for every width and target, with and without
// fused multiply-add; accuracy and speed of each in docs/math.md. None is ever the C library's.
#pragma once

#include "erf.hpp"
#include "exp.hpp"
#include "hyperbolic.hpp"
#include "inverse_trig.hpp"
#include "log.hpp"
#include "philox.hpp"
#include "pow.hpp"
#include "root.hpp"
#include "sigmoid.hpp"
#include "trig.hpp"
