// Activations: values against their formulas, derivatives against differences, kinks as PyTorch has them.
#include <etta/op/activation.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "family.hpp"

using namespace etta;
using family::inf;
using family::quiet;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double softplus_of(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
double limited(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

constexpr auto smooth = [](auto x) {
    return _::make_results(sigmoid(x), softplus(x), gelu(x), gelu_tanh(x), silu(x), mish(x), softsign(x), log_sigmoid(x), tanhshrink(x));
};
const std::vector<family::reference> smooth_refs = {
    {"sigmoid", sigmoid_of},
    {"softplus", [](double x) { return std::isnan(x) ? x : softplus_of(x); }},
    {"gelu", [](double x) { return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))); }},
    {"gelu_tanh", [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }},
    {"silu", [](double x) { return x * sigmoid_of(x); }},
    {"mish", [](double x) { return x * std::tanh(std::isnan(x) ? x : softplus_of(x)); }},
    {"softsign", [](double x) { return x / (1 + std::fabs(x)); }},
    {"log_sigmoid", [](double x) { return std::isnan(x) ? x : -softplus_of(-x); }},
    {"tanhshrink", [](double x) { return x - std::tanh(x); }},
};
constexpr auto pieces = [](auto x) {
    return _::make_results(relu(x), relu6(x), leaky_relu(x), leaky_relu(x, 0.2), elu(x), elu(x, 0.7), celu(x, 2), selu(x), hardtanh(x), hardsigmoid(x),
                           hardswish(x), hardshrink(x), softshrink(x, 0.25), threshold(x, 0.1, -5));
};
double elu_of(double x, double a) { return x > 0 ? x : a * std::expm1(x); }
const std::vector<family::reference> piece_refs = {
    {"relu", [](double x) { return x < 0 ? 0 : x; }},
    {"relu6", [](double x) { return limited(x, 0, 6); }},
    {"leaky_relu", [](double x) { return x > 0 ? x : 0.01 * x; }},
    {"leaky_relu(0.2)", [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"elu", [](double x) { return elu_of(x, 1); }},
    {"elu(0.7)", [](double x) { return elu_of(x, 0.7); }},
    {"celu(2)", [](double x) { return x > 0 ? x : 2 * std::expm1(x / 2); }},
    {"selu", [](double x) { return 1.0507009873554804934 * elu_of(x, 1.6732632423543772848); }},
    {"hardtanh", [](double x) { return limited(x, -1, 1); }},
    {"hardsigmoid", [](double x) { return limited(x / 6 + 0.5, 0, 1); }},
    {"hardswish", [](double x) { return x * limited(x / 6 + 0.5, 0, 1); }},
    {"hardshrink", [](double x) { return std::fabs(x) <= 0.5 ? 0 : x; }},
    {"softshrink(0.25)", [](double x) { return x - limited(x, -0.25, 0.25); }},
    {"threshold(0.1, -5)", [](double x) { return x <= 0.1 ? -5 : x; }},
};
const std::vector<double> ordinary = {0.0, -0.0, 1, -1, 0.5, -0.5, 0.3, -0.3, 2.75, -2.75, 6.5, -6.5, 1.25, -1.25, 4, 0.75};
const std::vector<double> anything = {0.0, -0.0, 1, -1, 0.5, -0.5, 0.3, -0.3, 2.75, -2.75, 6.5, -6.5, 40, -40, inf, quiet, 200, -200};

}  // namespace

TEST_CASE("smooth activations agree with their formulas, and NaN passes through") {
    CHECK(family::difference<float>(smooth, smooth_refs, {0.0, 1, -1, 0.5, -0.5, 2.75, 6.5, quiet}) == "");
    CHECK(family::difference<double>(smooth, smooth_refs, ordinary) == "");
}

TEST_CASE("activations in pieces agree with their formulas, at infinity too, and NaN passes through") {
    CHECK(family::difference<float>(pieces, piece_refs, anything) == "");
    CHECK(family::difference<double>(pieces, piece_refs, anything) == "");
}

// One op or two at a time: the time to compile a kernel grows faster than its length.
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

TEST_CASE("integers give float where a formula needs it") {
    Tensor<int, 3> n = {-3, 0, 5};
    const auto r = eval(relu(n));
    static_assert(std::is_same_v<decltype(r), const Tensor<int, 3>>);
    CHECK((r[0] == 0 && r[2] == 5));
    static_assert(std::is_same_v<decltype(eval(gelu(n))), Tensor<float, 3>>);
    static_assert(std::is_same_v<decltype(eval(leaky_relu(n))), Tensor<float, 3>>);
}
