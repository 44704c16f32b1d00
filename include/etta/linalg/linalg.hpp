// linalg.hpp: linear algebra: factorisations, spectra, systems, determinants, with derivatives of any order. docs/linalg.md
#pragma once

#include "cholesky.hpp"
#include "eigen.hpp"
#include "lu.hpp"
#include "qr.hpp"
#include "svd.hpp"
