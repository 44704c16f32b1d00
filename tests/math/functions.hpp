// functions.hpp: the functions of etta/math, each with the C library's as its reference and the bound that docs/math.md states.
#pragma once

#include <etta/math/math.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "catch.hpp"

namespace {

using etta::lane;
using etta::this_target;

template <class T>
using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T>
using wide = std::conditional_t<sizeof(T) == 4, double, long double>;

template <class T>
constexpr int native = etta::native_lanes<T, this_target>;

template <class T>
T from_bits(bits<T> b) {
    T x;
    std::memcpy(&x, &b, sizeof x);
    return x;
}

// |got - want| in units of want's last place. Infinite counts as the next number after the greatest.
template <class T>
double error_of(T got, wide<T> want) {
    using L = std::numeric_limits<T>;
    using W = wide<T>;
    if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : HUGE_VAL;
    if (want == 0 && got == 0) return std::signbit(want) == std::signbit(got) ? 0 : HUGE_VAL;
    const W most = std::ldexp(W(1), L::max_exponent);
    const W g = std::isinf(got) ? std::copysign(most, W(got)) : W(got);
    const W w = std::fabs(want) > most ? std::copysign(most, want) : want;
    int e = 0;
    std::frexp(w, &e);
    if (e > L::max_exponent) e = L::max_exponent;
    if (e < L::min_exponent || w == 0) e = L::min_exponent;
    return static_cast<double>(std::fabs(g - w) / std::ldexp(W(1), e - L::digits));
}

struct worst {
    double error = 0;
    double at = 0, with = 0;
    void see(double e, double x, double y = 0) {
        if (!(e <= error)) error = e, at = x, with = y;
    }
};

template <class T, int N>
void by(const T* x, T* y, auto f) {
    for (int i = 0; i < 2 * native<T>; i += N) f(lane<T, N, this_target>::load(x + i)).store(y + i);
}

// One function, on whole arrays.
template <class T>
struct function {
    const char* name;
    void (*native_width)(const T*, T*);       // native<T> elements
    void (*other_widths[4])(const T*, T*);    // 2 * native<T> elements: one by one, by twos, by halves of a register, at once
    wide<T> (*reference)(wide<T>);
    T lo, hi;                                 // where double is sampled densely
    double bound;
};

#define ETTA_TEST_FUNCTION(NAME, REFERENCE, LO, HI, BOUND)                                                       \
    function<T> {                                                                                                \
        #NAME, [](const T* x, T* y) { NAME(lane<T, native<T>, this_target>::load(x)).store(y); },                \
            {[](const T* x, T* y) { by<T, 1>(x, y, [](auto v) { return NAME(v); }); },                           \
             [](const T* x, T* y) { by<T, 2>(x, y, [](auto v) { return NAME(v); }); },                           \
             [](const T* x, T* y) { by<T, (native<T> > 1 ? native<T> / 2 : 1)>(x, y, [](auto v) { return NAME(v); }); },                   \
             [](const T* x, T* y) { by<T, 2 * native<T>>(x, y, [](auto v) { return NAME(v); }); }},              \
            [](wide<T> x) -> wide<T> { return REFERENCE; }, T(LO), T(HI), BOUND                                  \
    }

template <class T, class See>
void each_function(See see) {
    using W = wide<T>;
    const bool f = sizeof(T) == 4;
    see(ETTA_TEST_FUNCTION(exp, std::exp(x), -750, 710, 1.5));
    see(ETTA_TEST_FUNCTION(exp2, std::exp2(x), -1080, 1024, 1.5));
    see(ETTA_TEST_FUNCTION(expm1, std::expm1(x), -2, 2, 2));
    see(ETTA_TEST_FUNCTION(log, std::log(x), 0.1, 10, 1.5));
    see(ETTA_TEST_FUNCTION(log2, std::log2(x), 0.1, 10, 1.5));
    see(ETTA_TEST_FUNCTION(log10, std::log10(x), 0.1, 10, 1.5));
    see(ETTA_TEST_FUNCTION(log1p, std::log1p(x), -0.9, 5, 2));
    see(ETTA_TEST_FUNCTION(sin, std::sin(x), -100, 100, 2));
    see(ETTA_TEST_FUNCTION(cos, std::cos(x), -100, 100, 2));
    see(ETTA_TEST_FUNCTION(tan, std::tan(x), -10, 10, f ? 2 : 4));
    see(ETTA_TEST_FUNCTION(asin, std::asin(x), -1, 1, 2));
    see(ETTA_TEST_FUNCTION(acos, std::acos(x), -1, 1, 2));
    see(ETTA_TEST_FUNCTION(atan, std::atan(x), -5, 5, 2));
    see(ETTA_TEST_FUNCTION(sinh, std::sinh(x), -5, 5, 2));
    see(ETTA_TEST_FUNCTION(cosh, std::cosh(x), -5, 5, 2));
    see(ETTA_TEST_FUNCTION(tanh, std::tanh(x), -5, 5, f ? 2 : 3));
    see(ETTA_TEST_FUNCTION(sigmoid, 1 / (1 + std::exp(-x)), -40, 40, 2));
    see(ETTA_TEST_FUNCTION(softplus, (x > 0 ? x : W(0)) + std::log1p(std::exp(-std::fabs(x))), -40, 40, 2));
    see(ETTA_TEST_FUNCTION(erf, std::erf(x), -5, 5, 2));
    see(ETTA_TEST_FUNCTION(erfc, std::erfc(x), -5, 27, f ? 2 : 3));
    see(ETTA_TEST_FUNCTION(rsqrt, 1 / std::sqrt(x), 0.1, 10, 2));
    see(ETTA_TEST_FUNCTION(cbrt, std::cbrt(x), -10, 10, 2));
}

template <class T>
void check(const function<T>& f, const worst& w) {
    INFO(f.name << ": " << w.error << " ulp at " << w.at);
    CHECK(w.error <= f.bound);
}

}  // namespace
