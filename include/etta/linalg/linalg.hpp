// linalg.hpp: linear algebra: factorisations, systems, determinants, with derivatives of any order. docs/linalg.md
#pragma once

#include "cholesky.hpp"
#include "lu.hpp"
#include "qr.hpp"
