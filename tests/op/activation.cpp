// Activations: values against their formulas, derivatives against differences, kinks as PyTorch has them.
#include <etta/op/activation.hpp>

#include "../catch.hpp"
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
TEST_CASE("integers give float where a formula needs it") {
    Tensor<int, 3> n = {-3, 0, 5};
    const auto r = eval(relu(n));
    static_assert(std::is_same_v<decltype(r), const Tensor<int, 3>>);
    CHECK((r[0] == 0 && r[2] == 5));
    static_assert(std::is_same_v<decltype(eval(gelu(n))), Tensor<float, 3>>);
    static_assert(std::is_same_v<decltype(eval(leaky_relu(n))), Tensor<float, 3>>);
}
