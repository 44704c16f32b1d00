// Functions of one element: values, special values, integer dtypes, derivatives.
#include <etta/op/op.hpp>

#include "../catch.hpp"
#include "family.hpp"

using namespace etta;
using family::inf;
using family::quiet;

namespace {

constexpr auto rounding = [](auto x) {
    return _::make_results(abs(x), sign(x), floor(x), ceil(x), round(x), trunc(x), square(x), sqrt(x), rsqrt(x), reciprocal(x));
};
const std::vector<family::reference> rounding_refs = {
    {"abs", [](double x) { return std::fabs(x); }},
    {"sign", [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"round", [](double x) { return std::nearbyint(x); }},
    {"trunc", [](double x) { return std::trunc(x); }},
    {"square", [](double x) { return x * x; }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }},
    {"reciprocal", [](double x) { return 1 / x; }},
};
constexpr auto exponentials = [](auto x) {
    return _::make_results(exp(x), exp2(x), expm1(x), log(x), log2(x), log10(x), log1p(x), erf(x), erfc(x));
};
const std::vector<family::reference> exponential_refs = {
    {"exp", [](double x) { return std::exp(x); }},     {"exp2", [](double x) { return std::exp2(x); }},
    {"expm1", [](double x) { return std::expm1(x); }}, {"log", [](double x) { return std::log(x); }},
    {"log2", [](double x) { return std::log2(x); }},   {"log10", [](double x) { return std::log10(x); }},
    {"log1p", [](double x) { return std::log1p(x); }}, {"erf", [](double x) { return std::erf(x); }},
    {"erfc", [](double x) { return std::erfc(x); }},
};
constexpr auto angles = [](auto x) {
    return _::make_results(sin(x), cos(x), tan(x), asin(x), acos(x), atan(x), sinh(x), cosh(x), tanh(x), asinh(x), acosh(x), atanh(x));
};
const std::vector<family::reference> angle_refs = {
    {"sin", [](double x) { return std::sin(x); }},     {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},     {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},   {"atan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},   {"cosh", [](double x) { return std::cosh(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},   {"asinh", [](double x) { return std::asinh(x); }},
    {"acosh", [](double x) { return std::acosh(x); }}, {"atanh", [](double x) { return std::atanh(x); }},
};
const std::vector<double> around_zero = {0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.001, -0.001, 3.7, -3.7, inf, -inf, quiet, 7.25, -7.25};
const std::vector<double> far = {1e-5, -1e-5, 12.5, -12.5, 1000, -1000, 1e10, -1e10};
std::vector<double> both() {
    std::vector<double> v = around_zero;
    v.insert(v.end(), far.begin(), far.end());
    return v;
}

}  // namespace

TEST_CASE("rounding, signs and roots agree with the C library, at every size and at special values") {
    CHECK(family::difference<float>(rounding, rounding_refs, both()) == "");
    CHECK(family::difference<double>(rounding, rounding_refs, both()) == "");
}

TEST_CASE("exponentials, logarithms and erf agree with the C library") {
    CHECK(family::difference<float>(exponentials, exponential_refs, around_zero) == "");
    CHECK(family::difference<double>(exponentials, exponential_refs, both()) == "");
}

TEST_CASE("circular and hyperbolic functions agree with the C library") {
    CHECK(family::difference<float>(angles, angle_refs, around_zero) == "");
    CHECK(family::difference<double>(angles, angle_refs, around_zero) == "");
}

TEST_CASE("isnan, isinf and isfinite tell what a number is, and integers are always finite") {
    Tensor<float, 5> x = {0, float(quiet), float(inf), -float(inf), 3};
    Tensor<bool, 5> a, b, c;
    a = isnan(x), b = isinf(x), c = isfinite(x);
    for (int i = 0; i < 5; ++i) {
        CHECK(a[i] == (i == 1));
        CHECK(b[i] == (i == 2 || i == 3));
        CHECK(c[i] == (i == 0 || i == 4));
    }
    Tensor<int, 3> n = {1, -2, 2147483647};
    Tensor<bool, 3> d;
    d = isfinite(n) && !isnan(n);
    CHECK((d[0] && d[1] && d[2]));
}

TEST_CASE("integers keep their dtype where an op says so, and give float elsewhere") {
    Tensor<int, 4> n = {-3, 0, 2, 9};
    const auto a = eval(abs(n));
    const auto s = eval(sign(n));
    const auto f = eval(floor(n));
    const auto q = eval(square(n));
    static_assert(std::is_same_v<decltype(a), const Tensor<int, 4>>);
    static_assert(std::is_same_v<decltype(f), const Tensor<int, 4>>);
    CHECK((a[0] == 3 && s[0] == -1 && s[1] == 0 && s[3] == 1 && f[0] == -3 && q[3] == 81));
    const auto r = eval(sqrt(n));
    static_assert(std::is_same_v<decltype(r), const Tensor<float, 4>>);
    CHECK(r[3] == 3.0f);
    Tensor<std::uint8_t, 3> u = {0, 1, 255};
    const auto us = eval(sign(u));
    const auto ua = eval(abs(u));
    CHECK((us[0] == 0 && us[2] == 1 && ua[2] == 255));
}

TEST_CASE("static sizes give what run-time sizes give") {
    const auto one = [](auto x) {
        for (long i = 0; i < x.size(); ++i) x[i] = 0.1f * static_cast<float>(i) - 1;
        auto y = x;
        y = expm1(x) * 2 + asinh(x);
        for (long i = 0; i < x.size(); ++i) {
            const double v = double(x[i]);
            if (!(std::abs(double(y[i]) - (std::expm1(v) * 2 + std::asinh(v))) < 2e-6)) return false;
        }
        return true;
    };
    CHECK(one(Tensor<float, 0>()));
    CHECK(one(Tensor<float, 1>()));
    CHECK(one(Tensor<float, 7>()));
    CHECK(one(Tensor<float, 16>()));
    CHECK(one(Tensor<float, 17>()));
    CHECK(one(Tensor<float, 3, 11>()));
}
