// micro.hpp: what firmware wants: networks compiled to tables and kernels of plain scalar code. No heap, exceptions, RTTI,
// iostream, threads or double arithmetic at run time. Define ETTA_SCALAR for it on a hosted compiler; Cortex-M has it set.
#pragma once

#include "nn/compiled.hpp"
#include "nn/stream.hpp"
