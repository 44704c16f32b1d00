// The derivatives of functions of one element.
#include <etta/op/binary.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"

using namespace etta;

TEST_CASE("the derivatives of functions of one element agree with differences, forward and backward") {
    Tensor<double, 7> x = {0.3, -0.7, 0.9, 0.11, -0.45, 0.62, -0.2};
    Tensor<double, 5> p = {0.3, 1.7, 2.9, 0.81, 4.5};
    Tensor<double, 4> big = {1.3, 1.7, 2.9, 4.1};
    CHECK(gradient_error([](auto x) { return exp(x) * abs(x) + exp2(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return expm1(x) + erf(x) - 2 * erfc(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return sin(x) + 2 * cos(x) + tan(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return asin(x) + 2 * acos(x) * atan(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return sinh(x) - cosh(x) * tanh(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return sqrt(x) + 2 * rsqrt(x) - 3 * reciprocal(x) + square(x); }, p) < 1e-6);
    CHECK(gradient_error([](auto x) { return log(x) * log2(x) - log10(x) + log1p(x); }, p) < 1e-6);
    CHECK(gradient_error([](auto x) { return asinh(x) + acosh(x) + atanh(1 / x); }, big) < 1e-6);
}

TEST_CASE("the second derivatives of functions of one element agree with differences") {
    Tensor<double, 4> p = {0.3, 0.7, 0.9, 0.81};
    CHECK(second_derivative_error([](auto x) { return exp(x) * sin(x) + tan(x); }, p) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return asin(x) * atan(x) + erf(x); }, p) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return tanh(x) + rsqrt(x) * log1p(x); }, p) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return log(x) * sqrt(x) + 2 * log2(x) - log10(x); }, p) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return sinh(x) * cosh(x) + asinh(x) * atanh(x) + acosh(1 + x); }, p) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return reciprocal(x) + square(x) * cos(x) + acos(x) + expm1(x) * exp2(x) + erfc(x); }, p) < 1e-6);
}

TEST_CASE("pow with a constant exponent has second derivatives: whole, broken and negative exponents") {
    Tensor<double, 4> p = {0.3, 0.7, 1.9, 0.81}, n = {-0.3, 0.7, -1.9, 0};
    CHECK(second_derivative_error([](auto x) { return pow(x, 2.5) + pow(x, -1.5) + 2 * pow(x, 0.5) - pow(x, -2); }, p) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return pow(x, 2) * pow(x, 3) + pow(x, 4) + pow(x, 1) + pow(x, 0); }, n) < 1e-6);
    const auto at0 = grad([](auto x) { return sum(grad([](auto x) { return sum(pow(x, 2) + pow(x, 3)); })(x)); })(n);
    CHECK(at0[3] == 2);
}

TEST_CASE("at a kink abs has the derivative 0, and what is piecewise constant has 0 everywhere") {
    Tensor<double, 3> x = {0, -2, 3};
    const auto a = grad([](auto x) { return sum(abs(x)); })(x);
    CHECK((a[0] == 0 && a[1] == -1 && a[2] == 1));
    const auto r = grad([](auto x) { return sum(x * floor(x) + round(x) + sign(x)); })(x);
    CHECK((r[0] == 0 && r[1] == -2 && r[2] == 3));
}
