// math.cpp: every function of etta/math against the C library's next wider type: float over every 1021st of its bit
// patterns (functions.slow.cpp: over all where it matters), double over samples of all exponents and dense ones where functions
// bend. The bounds asserted here are the ones that docs/math.md states.
#include "functions.hpp"

namespace {

template <class T>
void see_block(const function<T>& f, const T* x, worst& w) {
    T y[64];
    f.native_width(x, y);
    for (int i = 0; i < native<T>; ++i) w.see(error_of<T>(y[i], f.reference(x[i])), x[i]);
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

TEST_CASE("float functions keep their bound over all of float", "[math]") {
    each_function<float>([&](const function<float>& f) {
        worst w;
        float x[64];
        for (std::uint64_t b = 0; b < 1ull << 32;) {
            for (int i = 0; i < native<float>; ++i, b += 1021) x[i] = from_bits<float>(static_cast<std::uint32_t>(b));
            see_block(f, x, w);
        }
        check(f, w);
    });
}

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
