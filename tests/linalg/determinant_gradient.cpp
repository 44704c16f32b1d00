// The derivatives of inverses and determinants, first and second, against differences.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

TEST_CASE("the derivatives of inverse, det and slogdet agree with differences") {
    const auto a = general<double, 3, 3>(0, 7);
    const auto batch = general<double, 2, 2, 2>(0, 8);
    CHECK(gradient_error([](auto a) { return inverse(a); }, batch) < 1e-6);
    CHECK(second_derivative_error([](auto a) { return inverse(a); }, general<double, 2, 2>(1, 9)) < 1e-6);
    CHECK(gradient_error([](auto a) { return det(a); }, a) < 1e-6);
    CHECK(gradient_error([](auto a) { return det(a); }, batch) < 1e-6);
    CHECK(second_derivative_error([](auto a) { return det(a); }, a) < 1e-6);
    CHECK(gradient_error([](auto a) { return get<1>(slogdet(a)); }, a) < 1e-6);
    CHECK(second_derivative_error([](auto a) { return get<1>(slogdet(a)); }, a) < 1e-6);
    const auto g = grad([](auto a) { return get<1>(slogdet(a)); })(a);  // a⁻ᵀ
    CHECK(distance(grid(g), turned(grid(eval(inverse(a))))) < 1e-12);
}
