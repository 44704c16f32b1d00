// The derivatives of activations.
#include <etta/op/activation.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"

using namespace etta;

TEST_CASE("the derivatives of smooth activations agree with differences, the second ones too") {
    Tensor<double, 4> x = {0.4, -0.7, 1.9, -2.3};
    CHECK(second_derivative_error([](auto x) { return sigmoid(x) * softplus(x); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return gelu(x) - log_sigmoid(x); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return gelu_tanh(x); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return silu(x) + tanhshrink(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return mish(x) * softsign(x); }, x) < 1e-6);
}

TEST_CASE("the derivatives of activations in pieces agree with differences") {
    Tensor<double, 6> x = {0.4, -0.7, 1.9, 2.3, -3.4, -0.2};
    CHECK(gradient_error([](auto x) { return relu(x) * relu6(x) + leaky_relu(x, 0.2) + threshold(x, 0.1, -5); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return elu(x, 0.7) + 2 * celu(x, 2) - selu(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return hardtanh(x) + hardswish(x) + hardshrink(x) - softshrink(x); }, x) < 1e-6);
}

TEST_CASE("a slope or an alpha can be an operand, and has a gradient") {
    Tensor<double, 4, 3> x;
    Tensor<double, 3> slope = {0.1, 0.25, 0.5};
    for (int i = 0; i < 12; ++i) x[i] = std::sin(2.0 * i + 1);
    CHECK(gradient_error([](auto x, auto s) { return prelu(x, s) + celu(x, s) + softshrink(x, s + 0.01); }, x, slope) < 1e-6);
}

TEST_CASE("derivatives at the kinks are PyTorch's, and nothing far away makes them NaN") {
    const auto at = [](auto f, double v) {
        Tensor<double, 1> x = {v};
        return grad(f)(x)[0];
    };
    CHECK(at([](auto x) { return sum(relu(x)); }, 0) == 0);
    CHECK(at([](auto x) { return sum(leaky_relu(x, 0.2)); }, 0) == 0.2);
    CHECK(at([](auto x) { return sum(elu(x, 0.5)); }, 0) == 0.5);
    CHECK(at([](auto x) { return sum(relu6(x)); }, 6) == 0);
    CHECK(at([](auto x) { return sum(hardtanh(x)); }, 1) == 0);
    CHECK(at([](auto x) { return sum(hardshrink(x)); }, 0.5) == 0);
    CHECK(at([](auto x) { return sum(elu(x) + selu(x) + celu(x) + softplus(x) + gelu(x)); }, 1e4) == Approx(4 + 1.0507009873554805));
    CHECK(at([](auto x) { return sum(elu(x) + silu(x) + mish(x) + log_sigmoid(x)); }, -1e4) == Approx(1).margin(1e-9));
}
