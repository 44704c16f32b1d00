// The derivatives of pinv, cond and singular values, first and second, forward and reverse, against differences.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

TEST_CASE("the derivatives of pinv, cond and singular values agree with differences, also where singular values are equal") {
    const auto f = [](auto x) { return pinv(x); };
    CHECK(gradient_error(f, general<double, 4, 2>(1, 8)) < 1e-6);
    CHECK(gradient_error(f, general<double, 2, 3>(1, 9)) < 1e-6);
    CHECK(gradient_error(f, Tensor<double, 3, 2>{1, 0, 0, 1, 0, 0}) < 1e-6);
    CHECK(second_derivative_error(f, general<double, 3, 2>(1, 8)) < 1e-6);
    // Rank 2 of 3, and stays so.
    CHECK(gradient_error([](auto x) { return pinv(matmul(x, transpose(x))); }, general<double, 3, 2>(1, 10)) < 1e-6);
    CHECK(gradient_error([](auto x) { return cond(x) + sum(svdvals(x)); }, general<double, 3, 3>(2, 10)) < 1e-6);
}
