// math.cpp: every function of etta/math against the C library's next wider type: float over every 1021st of its bit
// patterns (with [.full]: over all of them), double over samples of all exponents and dense ones where functions bend.
// The bounds asserted here are the ones that docs/math.md states.
#include <etta/math/math.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

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

template <class T>
void see_block(const function<T>& f, const T* x, worst& w) {
    T y[64];
    f.native_width(x, y);
    for (int i = 0; i < native<T>; ++i) w.see(error_of<T>(y[i], f.reference(x[i])), x[i]);
}

void sweep_float(std::uint64_t stride) {
    each_function<float>([&](const function<float>& f) {
        worst w;
        float x[64];
        for (std::uint64_t b = 0; b < 1ull << 32;) {
            for (int i = 0; i < native<float>; ++i, b += stride) x[i] = from_bits<float>(static_cast<std::uint32_t>(b));
            see_block(f, x, w);
        }
        check(f, w);
    });
}

template <class T>
constexpr T corners[] = {0,
                         1,
                         0.5,
                         2,
                         3,
                         T(0.1),
                         T(1e-10),
                         T(1e10),
                         std::numeric_limits<T>::min(),
                         std::numeric_limits<T>::max(),
                         std::numeric_limits<T>::denorm_min(),
                         std::numeric_limits<T>::min() / 3,
                         std::numeric_limits<T>::epsilon(),
                         std::numeric_limits<T>::infinity(),
                         std::numeric_limits<T>::quiet_NaN()};

// Scattered bit patterns.
template <class T>
T scattered(std::uint64_t i) {
    i = (i + 1) * 0x9e3779b97f4a7c15ull;
    i = (i ^ i >> 29) * 0xbf58476d1ce4e5b9ull;
    return from_bits<T>(static_cast<bits<T>>(i ^ i >> 32));
}

template <class T>
constexpr bool has_reference = std::numeric_limits<wide<T>>::digits > std::numeric_limits<T>::digits;

}  // namespace

TEST_CASE("float functions keep their bound over all of float", "[math]") { sweep_float(1021); }
TEST_CASE("float functions keep their bound for every single float", "[.full]") { sweep_float(1); }

TEST_CASE("double functions keep their bound", "[math]") {
    if constexpr (has_reference<double>) {
        each_function<double>([](const function<double>& f) {
            worst w;
            double x[64];
            for (std::uint64_t n = 0; n < 200000;) {
                for (int i = 0; i < native<double>; ++i, ++n)
                    x[i] = n % 2 == 0 ? scattered<double>(n) : f.lo + (f.hi - f.lo) * static_cast<double>(n % 100003) / 100003;
                see_block(f, x, w);
            }
            check(f, w);
        });
    }
}

TEMPLATE_TEST_CASE("zeros, infinities, NaN and numbers at the ends of the range give what C's functions give", "[math]", float, double) {
    using T = TestType;
    if constexpr (has_reference<T>) {
        each_function<T>([](const function<T>& f) {
            worst w;
            for (const T c : corners<T>)
                for (const T s : {c, -c}) {
                    T x[64];
                    for (T& e : x) e = s;
                    see_block(f, x, w);
                }
            check(f, w);
        });
    }
}

TEMPLATE_TEST_CASE("lanes of every width keep the same bound", "[math]", float, double) {
    using T = TestType;
    if constexpr (has_reference<T>) {
        each_function<T>([](const function<T>& f) {
            worst w;
            constexpr int n = 2 * native<T>;
            for (int r = 0; r < 10000 / n; ++r) {
                T x[n], y[n];
                for (int i = 0; i < n; ++i)
                    x[i] = i % 2 == 0 ? scattered<T>(static_cast<std::uint64_t>(r * n + i)) : f.lo + (f.hi - f.lo) * T((r * n + i) % 4099) / 4099;
                for (const auto g : f.other_widths) {
                    g(x, y);
                    for (int i = 0; i < n; ++i) w.see(error_of<T>(y[i], f.reference(x[i])), x[i]);
                }
            }
            check(f, w);
        });
    }
}

TEMPLATE_TEST_CASE("pow and atan2 keep their bound and C's special cases", "[math]", float, double) {
    using T = TestType;
    using V = lane<T, native<T>, this_target>;
    using W = wide<T>;
    if constexpr (has_reference<T>) {
        worst p, a;
        const auto see = [&](T x, T y) {
            p.see(error_of<T>(pow(V(x), V(y))[0], std::pow(W(x), W(y))), x, y);
            a.see(error_of<T>(atan2(V(x), V(y))[native<T> - 1], std::atan2(W(x), W(y))), x, y);
        };
        const auto both = [&](T x, T y) { see(x, y), see(-x, y), see(x, -y), see(-x, -y); };
        for (const T x : corners<T>)
            for (const T y : corners<T>) both(x, y);
        for (const T y : {T(4), T(5), T(33), T(1e7) + 1, T(2.5), T(-0.75)})
            for (const T x : corners<T>) both(x, y);
        for (std::uint64_t n = 0; n < 100000; ++n) {
            const T x = scattered<T>(2 * n), y = scattered<T>(2 * n + 1);
            see(x, y);
            // Results that are neither 0 nor infinite, and bases near 1 with large exponents.
            const T base = std::fabs(x) > 0 && std::isfinite(x) ? std::fabs(x) : T(2);
            const T u = T(2) * T(n % 1009) / 1009 - 1, l = std::log2(base);
            if (std::fabs(l) > std::numeric_limits<T>::epsilon()) see(base, u * std::numeric_limits<T>::max_exponent / l);
            const T near = T(0.7) + T(n % 10007) / 12000;
            if (near != 1) see(near, u * std::numeric_limits<T>::max_exponent / std::log2(near));
            see(T(n % 307), T(n % 211) - 105);
        }
        INFO("pow: " << p.error << " ulp at " << p.at << ", " << p.with);
        CHECK(p.error <= 2);
        INFO("atan2: " << a.error << " ulp at " << a.at << ", " << a.with);
        CHECK(a.error <= 2);
    }
}

TEMPLATE_TEST_CASE("some results are exact", "[math]", float, double) {
    using T = TestType;
    using V = lane<T, native<T>, this_target>;
    CHECK(every((exp(V(0)) == 1) & (exp2(V(10)) == 1024) & (exp2(V(-3)) == T(0.125)) & (expm1(V(0)) == 0)));
    CHECK(every((log(V(1)) == 0) & (log2(V(T(1) / 1024)) == -10) & (log10(V(1)) == 0) & (log1p(V(0)) == 0)));
    CHECK(every((sigmoid(V(0)) == T(0.5)) & (tanh(V(50)) == 1) & (tanh(V(-50)) == -1) & (erf(V(9)) == 1) & (erfc(V(0)) == 1)));
    CHECK(every((cos(V(0)) == 1) & (sin(V(0)) == 0) & (cbrt(V(27)) == 3) & (pow(V(3), 4) == 81) & (pow(2, V(-5)) == T(0.03125))));
}
