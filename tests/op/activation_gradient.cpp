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
    const Tensor<double, 6> at = {0, 0.5, 1, 6, 1e4, -1e4};
    const auto [a, b, c, d, e, f, far, low] = call([](auto x) {
        const auto slope = [&](auto f) { return grad([=](auto x) { return sum(f(x)); })(x); };
        return _::make_results(slope([](auto x) { return relu(x); }), slope([](auto x) { return leaky_relu(x, 0.2); }), slope([](auto x) { return elu(x, 0.5); }),
                    slope([](auto x) { return relu6(x); }), slope([](auto x) { return hardtanh(x); }), slope([](auto x) { return hardshrink(x); }),
                    slope([](auto x) { return elu(x) + selu(x) + celu(x) + softplus(x) + gelu(x); }),
                    slope([](auto x) { return elu(x) + silu(x) + mish(x) + log_sigmoid(x); }));
    }, at);
    CHECK((a[0] == 0 && b[0] == 0.2 && c[0] == 0.5));
    CHECK(d[3] == 0);
    CHECK(e[2] == 0);
    CHECK(f[1] == 0);
    CHECK(far[4] == Approx(4 + 1.0507009873554805));
    CHECK(low[5] == Approx(1).margin(1e-9));
}

TEST_CASE("derivatives of ELU and its kin keep their digits where the function is level") {
    const auto check = [](auto x, double tolerance) {
        const auto e = grad([](auto x) { return sum(elu(x, 0.7)); })(x), c = grad([](auto x) { return sum(celu(x, 2.0)); })(x), s = grad([](auto x) { return sum(selu(x)); })(x);
        for (int i = 0; i < 4; ++i) {
            const double v = static_cast<double>(x[i]);
            CHECK(std::abs(e[i] / (0.7 * std::exp(v)) - 1) < tolerance);
            CHECK(std::abs(c[i] / std::exp(v / 2) - 1) < tolerance);
            CHECK(std::abs(s[i] / (1.0507009873554805 * 1.6732632423543772 * std::exp(v)) - 1) < tolerance);
        }
    };
    check(Tensor<float, 4>{-0.5f, -3, -17, -40}, 5e-7);
    check(Tensor<double, 4>{-0.5, -3, -17, -40}, 1e-15);
    const Tensor<double, 4> x = {0.4, -0.7, 1.9, -2.3};
    CHECK(second_derivative_error([](auto x) { return elu(x, 0.7) + 2 * celu(x, 2) - selu(x); }, x) < 1e-6);
}
