// lane.cpp: every operation of a lane against plain C++ on its elements, for every element type and for widths that are
// a scalar, a part of a register, a register and several.
#include <etta/simd/lane.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "catch.hpp"

namespace {

using etta::lane;
using etta::mask;
using etta::this_target;

template <class T, int N>
using V = lane<T, N, this_target>;
template <class T, int N>
using M = mask<T, N, this_target>;

// Numbers that are exact in every type, both signs where there are two; zeros among them.
template <class T>
T sample(int i) {
    const int k = (i * 37 + 11) % 23 - (std::is_signed_v<T> ? 9 : 0);
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(k) / 4;
    else return static_cast<T>(k);
}

// One macro expansion for all: it costs the compiler more than the operation under test.
ETTA_NOINLINE void expect(bool good, const char* what, int size, int n) {
    INFO(what << ", " << n << " elements of " << size << " bytes");
    CHECK(good);
}
#define EXPECT(...) expect((__VA_ARGS__), #__VA_ARGS__, sizeof(T), N)

template <class T>
T wrapped(double exact, long long as_integer) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(exact);
    else return static_cast<T>(static_cast<unsigned long long>(as_integer));
}

template <class T>
bool same(T a, T b) {
    return std::memcmp(&a, &b, sizeof a) == 0 || (a == b && a != 0) || (a != a && b != b);
}

template <class T, int N>
struct checker {
    T a[N], b[N], c[N];
    V<T, N> x, y, z;
    checker() {
        for (int i = 0; i < N; ++i) a[i] = sample<T>(i), b[i] = sample<T>(3 * i + 1), c[i] = sample<T>(5 * i + 2);
        x = V<T, N>::load(a), y = V<T, N>::load(b), z = V<T, N>::load(c);
    }
    template <class F>
    bool equal(V<T, N> r, F f) const {
        T s[N];
        r.store(s);
        for (int i = 0; i < N; ++i)
            if (!(r[i] == s[i] || s[i] != s[i]) || !(static_cast<T>(f(a[i], b[i], c[i])) == s[i])) return false;
        return true;
    }
    template <class F>
    bool equal(M<T, N> r, F f) const {
        bool s[N];
        r.store(s);
        for (int i = 0; i < N; ++i)
            if (r[i] != s[i] || s[i] != f(a[i], b[i], c[i])) return false;
        return true;
    }
};

template <class T, int N>
void arithmetic() {
    const checker<T, N> k;
    const auto x = k.x, y = k.y, z = k.z;
    EXPECT(k.equal(x + y, [](T a, T b, T) { return wrapped<T>(double(a) + double(b), (long long)(a) + (long long)(b)); }));
    EXPECT(k.equal(x - y, [](T a, T b, T) { return wrapped<T>(double(a) - double(b), (long long)(a) - (long long)(b)); }));
    EXPECT(k.equal(x * y, [](T a, T b, T) { return wrapped<T>(double(a) * double(b), (long long)(a) * (long long)(b)); }));
    EXPECT(k.equal(-x, [](T a, T, T) { return wrapped<T>(-double(a), -(long long)(a)); }));
    EXPECT(k.equal(x + 1, [](T a, T, T) { return T(a + 1); }));
    EXPECT(k.equal(2 * x, [](T a, T, T) { return T(2 * a); }));
    EXPECT(k.equal(mul_add(x, y, z), [](T a, T b, T c) { return T(a * b + c); }));
    EXPECT(k.equal(fma(x, y, 1), [](T a, T b, T) { return T(a * b + 1); }));
    EXPECT(k.equal(abs(x), [](T a, T, T) { return a < 0 ? T(-a) : a; }));
    EXPECT(k.equal(max(x, y), [](T a, T b, T) { return a < b ? b : a; }));
    EXPECT(k.equal(min(x, 3), [](T a, T, T) { return a < T(3) ? a : T(3); }));
    auto w = x;
    w += y, w *= 2, w -= z;
    EXPECT(k.equal(w, [](T a, T b, T c) { return T((a + b) * 2 - c); }));
    EXPECT(k.equal(x == y, [](T a, T b, T) { return a == b; }));
    EXPECT(k.equal(x != y, [](T a, T b, T) { return a != b; }));
    EXPECT(k.equal(x < y, [](T a, T b, T) { return a < b; }));
    EXPECT(k.equal(x <= y, [](T a, T b, T) { return a <= b; }));
    EXPECT(k.equal(x > 2, [](T a, T, T) { return a > T(2); }));
    EXPECT(k.equal(3 >= y, [](T, T b, T) { return T(3) >= b; }));
    EXPECT(k.equal((x < y) & !(y < z), [](T a, T b, T c) { return a < b && !(b < c); }));
    EXPECT(k.equal((x < y) || (y < z), [](T a, T b, T c) { return a < b || b < c; }));
    EXPECT(k.equal((x < y) ^ (y < z), [](T a, T b, T c) { return (a < b) != (b < c); }));
    EXPECT(k.equal(select(x < y, x, 7), [](T a, T b, T) { return a < b ? a : T(7); }));
    EXPECT(k.equal(select(x < y, y < z, z < x), [](T a, T b, T c) { return a < b ? b < c : c < a; }));
    EXPECT(k.equal(select(x < y, 1, 0), [](T a, T b, T) { return T(a < b); }));
    EXPECT(k.equal(M<T, N>(true), [](T, T, T) { return true; }));
    EXPECT(k.equal(M<T, N>(false), [](T, T, T) { return false; }));
    if constexpr (std::is_integral_v<T>) {
        EXPECT(k.equal(x / y, [](T a, T b, T) { return b == 0 ? 0 : a / b; }));
        EXPECT(k.equal(x % y, [](T a, T b, T) { return b == 0 ? 0 : a % b; }));
        const T least = std::numeric_limits<T>::min();
        EXPECT((V<T, N>(least) / -1)[0] == (std::is_signed_v<T> ? least : T(0)));
        EXPECT((V<T, N>(5) / 0)[N - 1] == 0);
        EXPECT(k.equal((x & y) | (z ^ ~x), [](T a, T b, T c) { return T((a & b) | (c ^ ~a)); }));
        EXPECT(k.equal(x << 2, [](T a, T, T) { return T(static_cast<unsigned long long>(a) << 2); }));
        EXPECT(k.equal(x >> 1, [](T a, T, T) { return T(a >> 1); }));
        EXPECT((V<T, N>(std::numeric_limits<T>::max()) + 1)[0] == least);
    } else {
        EXPECT(k.equal(x / 4, [](T a, T, T) { return a / 4; }));
        EXPECT(k.equal(sqrt(abs(x)), [](T a, T, T) { return std::sqrt(std::fabs(a)); }));
        EXPECT(k.equal(floor(x), [](T a, T, T) { return std::floor(a); }));
        EXPECT(k.equal(ceil(x), [](T a, T, T) { return std::ceil(a); }));
        EXPECT(k.equal(trunc(x), [](T a, T, T) { return std::trunc(a); }));
        EXPECT(k.equal(round(x), [](T a, T, T) { return std::nearbyint(a); }));
        EXPECT(k.equal(copysign(x, y), [](T a, T b, T) { return std::copysign(a, b); }));
    }
}

template <class T, int N>
void memory() {
    T a[2 * N + 2];
    for (int i = 0; i < 2 * N + 2; ++i) a[i] = static_cast<T>(i + 1);
    for (int n = 0; n <= N; ++n) {
        // Exactly n elements: what reads past them is found by the sanitizer.
        T* const p = new T[n];
        for (int i = 0; i < n; ++i) p[i] = a[i];
        const auto x = V<T, N>::load(p, n), s = V<T, N>::load_strided(a, 2, n);
        bool good = true;
        for (int i = 0; i < N; ++i) good = good && x[i] == (i < n ? a[i] : T(0)) && s[i] == (i < n ? a[2 * i] : T(0));
        for (int i = 0; i < n; ++i) p[i] = 0;
        x.store(p, n);
        for (int i = 0; i < n; ++i) good = good && p[i] == a[i];
        delete[] p;
        T q[N + 1], r[2 * N + 2];
        for (T& e : q) e = T(77);
        for (T& e : r) e = T(77);
        x.store(q, n);
        x.store_strided(r, 2, n);
        for (int i = 0; i <= N; ++i) good = good && q[i] == (i < n ? a[i] : T(77));
        for (int i = 0; i < 2 * N + 2; ++i) good = good && r[i] == (i % 2 == 0 && i / 2 < n ? a[i / 2] : T(77));
        bool* const m = new bool[n];
        for (int i = 0; i < n; ++i) m[i] = i % 3 == 1;
        const auto b = M<T, N>::load(m, n);
        for (int i = 0; i < n; ++i) m[i] = false;
        b.store(m, n);
        for (int i = 0; i < N; ++i) good = good && b[i] == (i < n && i % 3 == 1);
        for (int i = 0; i < n; ++i) good = good && m[i] == (i % 3 == 1);
        delete[] m;
        EXPECT(good);
    }
    const auto s = V<T, N>::load_strided(a, 2);
    T back[2 * N] = {};
    s.store_strided(back, 2);
    bool good = true;
    for (int i = 0; i < N; ++i) good = good && back[2 * i] == a[2 * i] && s[i] == a[2 * i];
    EXPECT(good);
    for (int at = 0; at < N; ++at) {  // one true (one false) among many
        bool m[N] = {};
        m[at] = true;
        const auto b = M<T, N>::load(m);
        good = good && any(b) && !none(b) && every(b) == (N == 1) && none(!b) == (N == 1) && !every(!b);
    }
    EXPECT(good);
    EXPECT((every(M<T, N>(true)) && any(M<T, N>(true)) && none(M<T, N>(false)) && !every(M<T, N>(false))));
}

template <class T, int N>
void reductions() {
    T a[N], s[N], p[N], lo[N], hi[N];
    for (int i = 0; i < N; ++i) {
        a[i] = std::is_floating_point_v<T> ? static_cast<T>(1 + 0.1 * ((i * 29) % 31 - 15)) : sample<T>(i);
        s[i] = p[i] = lo[i] = hi[i] = a[i];
    }
    for (int w = N / 2; w > 0; w /= 2)
        for (int i = 0; i < w; ++i) {
            s[i] = static_cast<T>(s[i] + s[i + w]), p[i] = static_cast<T>(p[i] * p[i + w]);
            lo[i] = lo[i + w] < lo[i] ? lo[i + w] : lo[i], hi[i] = hi[i + w] > hi[i] ? hi[i + w] : hi[i];
        }
    const auto x = V<T, N>::load(a);
    EXPECT(same(reduce_add(x), s[0]));  // the order is fixed: equal to the last bit
    EXPECT(same(reduce_mul(x), p[0]));
    EXPECT(reduce_min(x) == lo[0]);
    EXPECT(reduce_max(x) == hi[0]);
}

template <class U, class T, int N>
void conversion() {
    T a[N];
    for (int i = 0; i < N; ++i) a[i] = sample<T>(i);
    const auto x = V<T, N>::load(a);
    const auto y = etta::convert<U>(x);
    const auto m = etta::mask_cast<U>(x > 2);
    bool good = true;
    for (int i = 0; i < N; ++i) {
        U expected = static_cast<U>(a[i]);
        if constexpr (std::is_floating_point_v<T> && std::is_unsigned_v<U>) expected = a[i] < 0 ? U(0) : static_cast<U>(a[i]);
        good = good && y[i] == expected && m[i] == (a[i] > T(2));
    }
    EXPECT(good);
    if constexpr (std::is_floating_point_v<T> && std::is_integral_v<U>) {
        using L = std::numeric_limits<U>;
        const T inf = std::numeric_limits<T>::infinity();
        EXPECT(etta::convert<U>(V<T, N>(inf))[0] == L::max());
        EXPECT(etta::convert<U>(V<T, N>(-inf))[N - 1] == L::min());
        EXPECT(etta::convert<U>(V<T, N>(inf - inf))[0] == 0);
        EXPECT(etta::convert<U>(V<T, N>(T(1e19f)))[N - 1] == L::max());
        EXPECT(etta::convert<U>(V<T, N>(T(-1e19f)))[0] == L::min());
        EXPECT(etta::convert<U>(V<T, N>(T(100.75f)))[0] == 100);
    }
}

template <class T, int N>
void conversions() {
    conversion<float, T, N>();
    conversion<double, T, N>();
    conversion<std::int8_t, T, N>();
    conversion<std::int16_t, T, N>();
    conversion<std::int32_t, T, N>();
    conversion<std::int64_t, T, N>();
    conversion<std::uint8_t, T, N>();
}

template <class T, int N>
void special() {
    using L = std::numeric_limits<T>;
    using W = V<T, N>;
    const T nan = L::quiet_NaN(), inf = L::infinity();
    EXPECT(every(is_nan(W(nan)) & is_nan(W(-nan)) & !is_nan(W(inf)) & !is_nan(W(0)) & !is_nan(W(L::max()))));
    EXPECT(every(is_inf(W(inf)) & is_inf(W(-inf)) & !is_inf(W(nan)) & !is_inf(W(L::max())) & !is_inf(W(0))));
    for (const T one : {T(1), T(-1), inf, -inf}) {
        EXPECT(every(is_nan(max(W(nan), W(one))) & is_nan(max(W(one), W(nan)))));
        EXPECT(every(is_nan(min(W(nan), W(one))) & is_nan(min(W(one), W(nan)))));
        EXPECT(!any((W(nan) < W(one)) | (W(nan) >= W(one)) | (W(nan) == W(nan))));
    }
    EXPECT(every(W(nan) != W(nan)));
    EXPECT(std::isnan(reduce_max(W(nan))));
    EXPECT(std::signbit(W(T(-0.0))[0]));
    EXPECT(std::signbit((-W(0))[N - 1]));
    EXPECT(every(is_nan(sqrt(W(-1)))));
    const T big = std::ldexp(T(1), L::digits - 1);
    for (const T v : {T(0), T(0.25), T(0.5), T(0.75), T(1), T(1.5), T(2.5), T(3.5), T(1e6) + T(0.5), big / 2 - T(0.5), big / 2 + T(0.5),
                      big - T(0.5), big, big + T(1), big * 4, L::max(), L::min(), L::denorm_min(), inf, nan})
        for (const T s : {v, -v}) {
            EXPECT(same(round(W(s))[0], std::nearbyint(s)));
            EXPECT(same(floor(W(s))[0], std::floor(s)));
            EXPECT(same(ceil(W(s))[0], std::ceil(s)));
            EXPECT(same(trunc(W(s))[N - 1], std::trunc(s)));
        }
    // A product whose low half a second rounding would lose.
    const T e = L::epsilon();
    EXPECT(fma(W(1 + e), W(1 - e), W(-1))[0] == -e * e);
    // Quotients and roots are IEEE's.
    T a[N], b[N];
    bool good = true;
    for (int r = 0; r < 200; ++r) {
        for (int i = 0; i < N; ++i) a[i] = T(1) + T((r * 7919 + i * 104729) % 65536) / 65536, b[i] = T(1) + T((r * 31 + i * 6151) % 8192) / 8192;
        const auto q = W::load(a) / W::load(b), s = sqrt(W::load(a));
        for (int i = 0; i < N; ++i) good = good && q[i] == a[i] / b[i] && s[i] == std::sqrt(a[i]);
    }
    EXPECT(good);
}

template <class T>
void widths(auto run) {
    run(std::integral_constant<int, 1>{}, T{});
    run(std::integral_constant<int, 2>{}, T{});
    run(std::integral_constant<int, 8>{}, T{});
    run(std::integral_constant<int, 64 / sizeof(T)>{}, T{});
}

}  // namespace

#define FOR_TYPES float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t

TEMPLATE_TEST_CASE("lanes compute what their elements compute", "[lane]", FOR_TYPES) {
    widths<TestType>([](auto n, auto t) { arithmetic<decltype(t), n>(); });
}
TEMPLATE_TEST_CASE("loads and stores touch the elements they name and no others", "[lane]", FOR_TYPES) {
    widths<TestType>([](auto n, auto t) { memory<decltype(t), n>(); });
}
TEMPLATE_TEST_CASE("reductions combine in one fixed order", "[lane]", FOR_TYPES) {
    widths<TestType>([](auto n, auto t) { reductions<decltype(t), n>(); });
}
TEMPLATE_TEST_CASE("conversion drops fractions and stops at the limits, masks keep their truth", "[lane]", FOR_TYPES) {
    conversions<TestType, 1>();
    conversions<TestType, 16>();
}
TEMPLATE_TEST_CASE("special values, rounding to integers, division and roots are IEEE's", "[lane]", float, double) {
    widths<TestType>([](auto n, auto t) { special<decltype(t), n>(); });
}
TEST_CASE("a lane of the native width is one register", "[lane]") {
    constexpr int bytes = this_target::register_bytes;
    CHECK(etta::native_lanes<float, this_target> == (bytes > 0 ? bytes / 4 : 1));
    CHECK(sizeof(V<float, etta::native_lanes<float, this_target>>) == (bytes > 0 ? bytes : 4));
    CHECK(sizeof(V<float, 64>) == 256);
    CHECK(sizeof(V<double, 1>) == sizeof(double));
}
