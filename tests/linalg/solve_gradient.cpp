// The derivatives of systems, first and second, against differences.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

TEST_CASE("the derivatives of solve agree with differences") {
    const auto a = general<double, 3, 3>(2, 1);
    const auto b = general<double, 3, 2>(0, 2);
    const auto f = [](auto a, auto b) { return solve(a, b); };
    CHECK(gradient_error(f, a, b) < 1e-6);
    CHECK(gradient_error(f, a, Tensor<double, 3>{1, -2, 0.5}) < 1e-6);
    CHECK(gradient_error(f, general<double, 2, 1, 2, 2>(2, 3), general<double, 3, 2, 1>(0, 4)) < 1e-6);
    CHECK(second_derivative_error(f, a, b) < 1e-6);
}

TEST_CASE("the derivatives of triangular_solve and cholesky_solve agree with differences") {
    const auto a = general<double, 3, 3>(3, 5);
    const auto b = general<double, 3, 2>(0, 6);
    CHECK(gradient_error([](auto a, auto b) { return triangular_solve(a, b); }, a, b) < 1e-6);
    CHECK(gradient_error([](auto a, auto b) { return triangular_solve<triangle::upper, true>(a, b); }, a, b) < 1e-6);
    CHECK(gradient_error([](auto a, auto b) { return triangular_solve<triangle::upper, false, true>(a, b); }, a, b) < 1e-6);
    CHECK(second_derivative_error([](auto a, auto b) { return triangular_solve<triangle::lower, true>(a, b); }, a, b) < 1e-6);
    CHECK(gradient_error([](auto l, auto b) { return cholesky_solve(l, b); }, a, b) < 1e-6);
}
