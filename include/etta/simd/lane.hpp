// lane.hpp: N elements of one type computed with at once: the only register type kernels and math functions know. One
// source serves AVX-512, NEON, plain C++ and (N = 1) firmware; Target says for which machine, so that files built with
// different flags never share a function.
//
//   using V = etta::lane<float, etta::native_lanes<float, etta::this_target>, etta::this_target>;
//   V y = select(x > 0, x, 0.5 * x);      // literals take the lane's type
//
// Kept in one register where the hardware has it, else as two halves; N = 1 is a plain scalar. All functions are found by
// argument-dependent lookup. Floating-point results of + - * / sqrt fma are IEEE's, on every target.
#pragma once

#include "../core/target.hpp"
#include "portable.hpp"
#if defined(ETTA_USE_X86)
#include "x86.hpp"
#elif defined(ETTA_USE_XSIMD)
#include "xsimd.hpp"
#endif

namespace etta {

template <class T, int N, class Target>
struct lane;
template <class T, int N, class Target>
struct mask;

// How many T one register holds: 16 floats with AVX-512; 1 on the scalar target.
template <class T, class Target>
inline constexpr int native_lanes = Target::register_bytes > 0 ? Target::register_bytes / static_cast<int>(sizeof(T)) : 1;

// The same elements in another type (exactly what core/dtype.hpp's cast means): a float becomes an integer by dropping its
// fraction, stops at that type's limits, and NaN gives 0; integers wrap around.
template <class U, class T, int N, class Target>
ETTA_LANE lane<U, N, Target> convert(lane<T, N, Target> x);
// The same bits in another type of the same size.
template <class U, class T, int N, class Target>
ETTA_LANE lane<U, N, Target> bit_cast_lane(lane<T, N, Target> x);
// The same truth values, to go with lanes of another type.
template <class U, class T, int N, class Target>
ETTA_LANE mask<U, N, Target> mask_cast(mask<T, N, Target> m);

namespace _ {

template <class Half>
struct halves {
    Half lo, hi;
};
template <class T, int N, class Target, bool Halves = is_halves<T, N, Target>>
struct reps {
    using lane = vector<T, N>;
    using mask = std::conditional_t<N == 1, bool, vector<int_of<T>, N>>;
};
template <class T, int N, class Target>
struct reps<T, N, Target, true> {
    using lane = halves<etta::lane<T, N / 2, Target>>;
    using mask = halves<etta::mask<T, N / 2, Target>>;
};

template <class U>
concept number = std::is_arithmetic_v<U> && !std::is_same_v<U, bool>;

// Any bit set in a vector; x86 reads them with one instruction.
template <class V>
ETTA_LANE bool any_bit(V v) {
    if constexpr (sizeof(V) == 16) {
#if defined(__SSE2__) && !defined(__CUDACC__)
        return __builtin_ia32_pmovmskb128((vector<char, 16>)v) != 0;  // v comes from comparing: whole bytes
#else
        const auto q = (vector<std::int64_t, 2>)v;
        return (q[0] | q[1]) != 0;
#endif
    } else {
        return __builtin_bit_cast(typename int_of_size<sizeof(V)>::type, v) != 0;
    }
}

struct join_or { template <class V> ETTA_LANE V operator()(V a, V b) const { return a | b; } };
struct join_add { template <class V> ETTA_LANE V operator()(V a, V b) const { return a + b; } };
struct join_mul { template <class V> ETTA_LANE V operator()(V a, V b) const { return a * b; } };
// The greater (lesser); NaN if either is.
struct join_max { template <class V> ETTA_LANE V operator()(V a, V b) const { return ((b > a) | (b != b)) ? b : a; } };
struct join_min { template <class V> ETTA_LANE V operator()(V a, V b) const { return ((b < a) | (b != b)) ? b : a; } };

// Combines the elements of v in a fixed order, element i with i + N/2 first, down to `Until` elements.
template <int Until, class T, int N, class Op>
ETTA_LANE vector<T, Until> fold(vector<T, N> v, Op op) {
    if constexpr (N <= Until) return v;
    else return fold<Until, T, N / 2, Op>(op(lower<T, N>(v), upper<T, N>(v)), op);
}

}  // namespace _

// ---- truth values ---------------------------------------------------------------------------------------------------

template <class T, int N, class Target>
struct mask {
    static_assert(N > 0 && N <= 64 && (N & (N - 1)) == 0, "etta: a lane has 1, 2, 4, … 64 elements");
    using value_type = T;
    static constexpr int size = N;
    static constexpr bool halved = _::is_halves<T, N, Target>;
    using rep = typename _::reps<T, N, Target>::mask;
    rep v;

    // g++ 12 without SSE4.1 joins 64-bit masks into a conditional that it then cannot expand (an internal error, in
    // gimple_expand_vec_cond_expr): it is kept from seeing that they are masks.
#if defined(__SSE2__) && !defined(__SSE4_1__) && !defined(__clang__)
    static constexpr bool by_words = N > 1 && !halved && sizeof(T) == 8;
#else
    static constexpr bool by_words = false;
#endif
    using words = _::vector<std::int32_t, by_words ? 2 * N : 4>;

    mask() = default;
    template <std::same_as<bool> B>
    ETTA_LANE mask(B b) {
        if constexpr (halved) v = {b, b};
        else if constexpr (N == 1) v = b;
        else v = rep{} - static_cast<_::int_of<T>>(b);
    }
    ETTA_LANE static mask of(rep r) {
        mask m;
        m.v = r;
        return m;
    }

    // In memory a truth value is one byte, 0 or 1.
    ETTA_LANE static mask load(const bool* p) { return mask_cast<T>(bytes::load(as_bytes(p)) != bytes(0)); }
    ETTA_LANE static mask load(const bool* p, int n) { return mask_cast<T>(bytes::load(as_bytes(p), n) != bytes(0)); }
    ETTA_LANE void store(bool* p) const { to_bytes().store(reinterpret_cast<std::uint8_t*>(p)); }
    ETTA_LANE void store(bool* p, int n) const { to_bytes().store(reinterpret_cast<std::uint8_t*>(p), n); }

    ETTA_LANE bool operator[](int i) const {
        if constexpr (halved) return i < N / 2 ? v.lo[i] : v.hi[i - N / 2];
        else if constexpr (N == 1) return v;
        else return v[i] != 0;
    }

#define ETTA_MASK_BINARY(OP, LIKE)                                         \
    friend ETTA_LANE mask operator OP(mask a, mask b) {                    \
        if constexpr (halved) return of({a.v.lo LIKE b.v.lo, a.v.hi LIKE b.v.hi}); \
        else if constexpr (by_words) return of((rep)((words)a.v LIKE (words)b.v)); \
        else return of((rep)(a.v LIKE b.v));                               \
    }
    ETTA_MASK_BINARY(&, &)
    ETTA_MASK_BINARY(|, |)
    ETTA_MASK_BINARY(^, ^)
    ETTA_MASK_BINARY(&&, &)  // both sides are evaluated
    ETTA_MASK_BINARY(||, |)
#undef ETTA_MASK_BINARY
    friend ETTA_LANE mask operator!(mask a) {
        if constexpr (halved) return of({!a.v.lo, !a.v.hi});
        else if constexpr (N == 1) return of(!a.v);
        else return of(~a.v);
    }

    friend ETTA_LANE bool any(mask m) {
        if constexpr (halved) return any(m.v.lo | m.v.hi);
        else if constexpr (N == 1) return m.v;
        else {
            constexpr int one = sizeof(rep) > 16 ? 16 / static_cast<int>(sizeof(T)) : N;
            return _::any_bit(_::fold<one, _::int_of<T>, N>(m.v, _::join_or{}));
        }
    }
    friend ETTA_LANE bool none(mask m) { return !any(m); }
    friend ETTA_LANE bool every(mask m) { return !any(!m); }  // etta::all is the slice

    // m ? a : b, element by element.
    friend ETTA_LANE lane<T, N, Target> select(mask m, lane<T, N, Target> a, lane<T, N, Target> b) {
        using L = lane<T, N, Target>;
        if constexpr (halved) return L::of({select(m.v.lo, a.v.lo, b.v.lo), select(m.v.hi, a.v.hi, b.v.hi)});
        else if constexpr (by_words) return L::of((typename L::rep)(((words)m.v & (words)a.v) | (~(words)m.v & (words)b.v)));
        else return L::of(m.v ? a.v : b.v);
    }
    friend ETTA_LANE mask select(mask m, mask a, mask b) { return (m & a) | (b & !m); }

private:
    using bytes = lane<std::uint8_t, N, Target>;
    ETTA_LANE static const std::uint8_t* as_bytes(const bool* p) { return reinterpret_cast<const std::uint8_t*>(p); }
    ETTA_LANE bytes to_bytes() const { return select(mask_cast<std::uint8_t>(*this), bytes(1), bytes(0)); }
};

// ---- numbers --------------------------------------------------------------------------------------------------------

template <class T, int N, class Target>
struct lane {
    static_assert(N > 0 && N <= 64 && (N & (N - 1)) == 0, "etta: a lane has 1, 2, 4, … 64 elements");
    using value_type = T;
    using target = Target;
    using mask_type = mask<T, N, Target>;
    static constexpr int size = N;
    static constexpr bool halved = _::is_halves<T, N, Target>;
    using rep = typename _::reps<T, N, Target>::lane;
    rep v;

    lane() = default;
    template <_::number U>
    ETTA_LANE lane(U x) {  // every element is x, as T
        if constexpr (halved) v = {x, x};
        else v = ops::splat(static_cast<T>(x));
    }
    ETTA_LANE static lane of(rep r) {
        lane x;
        x.v = r;
        return x;
    }

    // Memory needs no alignment. With n: the first n elements only, the rest is 0 (load) or left alone (store).
    ETTA_LANE static lane load(const T* p) {
        if constexpr (halved) return of({half::load(p), half::load(p + N / 2)});
        else return of(ops::load(p));
    }
    ETTA_LANE static lane load(const T* p, int n) {
        if constexpr (halved) return n > N / 2 ? of({half::load(p), half::load(p + N / 2, n - N / 2)}) : of({half::load(p, n), half(0)});
        else return of(ops::load(p, n));
    }
    ETTA_LANE void store(T* p) const {
        if constexpr (halved) v.lo.store(p), v.hi.store(p + N / 2);
        else ops::store(p, v);
    }
    ETTA_LANE void store(T* p, int n) const {
        if constexpr (halved) {
            v.lo.store(p, n);
            if (n > N / 2) v.hi.store(p + N / 2, n - N / 2);
        } else {
            ops::store(p, v, n);
        }
    }
    // Element i at p[i * stride].
    ETTA_LANE static lane load_strided(const T* p, std::ptrdiff_t stride) {
        T b[N];
        for (int i = 0; i < N; ++i) b[i] = p[i * stride];
        return load(b);
    }
    ETTA_LANE static lane load_strided(const T* p, std::ptrdiff_t stride, int n) {
        T b[N];
        for (int i = 0; i < N; ++i) b[i] = i < n ? p[i * stride] : T(0);
        return load(b);
    }
    ETTA_LANE void store_strided(T* p, std::ptrdiff_t stride) const { store_strided(p, stride, N); }
    ETTA_LANE void store_strided(T* p, std::ptrdiff_t stride, int n) const {
        T b[N];
        store(b);
        for (int i = 0; i < N; ++i)
            if (i < n) p[i * stride] = b[i];
    }

    ETTA_LANE T operator[](int i) const {  // slow
        if constexpr (halved) return i < N / 2 ? v.lo[i] : v.hi[i - N / 2];
        else if constexpr (N == 1) return v;
        else return v[i];
    }

    // Integers wrap around; a shift by the number of bits or more is undefined.
#define ETTA_LANE_BINARY(OP)                                                             \
    friend ETTA_LANE lane operator OP(lane a, lane b) {                                  \
        if constexpr (halved) return of({a.v.lo OP b.v.lo, a.v.hi OP b.v.hi});           \
        else return of((rep)((wrap)a.v OP (wrap)b.v));     \
    }                                                                                    \
    ETTA_LANE lane& operator OP##=(lane b) { return *this = *this OP b; }
    ETTA_LANE_BINARY(+)
    ETTA_LANE_BINARY(-)
    ETTA_LANE_BINARY(*)
    ETTA_LANE_BINARY(&)
    ETTA_LANE_BINARY(|)
    ETTA_LANE_BINARY(^)
    ETTA_LANE_BINARY(<<)
#undef ETTA_LANE_BINARY
    friend ETTA_LANE lane operator>>(lane a, lane b) {  // arithmetic for signed types
        if constexpr (halved) return of({a.v.lo >> b.v.lo, a.v.hi >> b.v.hi});
        else return of((rep)(a.v >> b.v));
    }
    // Integers: towards zero; x / 0 and x % 0 are 0, and the one quotient that overflows wraps around.
    friend ETTA_LANE lane operator/(lane a, lane b) {
        if constexpr (halved) {
            return of({a.v.lo / b.v.lo, a.v.hi / b.v.hi});
        } else if constexpr (std::is_integral_v<T>) {
            const mask_type zero = b == lane(0);
            if constexpr (std::is_signed_v<T>) {
                const mask_type minus = b == lane(-1);
                const lane q = of((rep)(a.v / select(zero | minus, lane(1), b).v));
                return select(zero, lane(0), select(minus, -a, q));
            } else {
                return select(zero, lane(0), of((rep)(a.v / select(zero, lane(1), b).v)));
            }
        } else {
            return of(a.v / b.v);
        }
    }
    friend ETTA_LANE lane operator%(lane a, lane b) { return select(b == lane(0), lane(0), a - a / b * b); }
    ETTA_LANE lane& operator/=(lane b) { return *this = *this / b; }
    ETTA_LANE lane& operator%=(lane b) { return *this = *this % b; }
    ETTA_LANE lane& operator>>=(lane b) { return *this = *this >> b; }
    friend ETTA_LANE lane operator-(lane a) {
        if constexpr (halved) return of({-a.v.lo, -a.v.hi});
        else if constexpr (std::is_integral_v<T>) return lane(0) - a;
        else return of(-a.v);
    }
    friend ETTA_LANE lane operator+(lane a) { return a; }
    friend ETTA_LANE lane operator~(lane a) { return a ^ lane(-1); }

#define ETTA_LANE_COMPARE(OP)                                                            \
    friend ETTA_LANE mask_type operator OP(lane a, lane b) {                             \
        if constexpr (halved) return mask_type::of({a.v.lo OP b.v.lo, a.v.hi OP b.v.hi}); \
        else return mask_type::of((typename mask_type::rep)(a.v OP b.v));                \
    }
    ETTA_LANE_COMPARE(==)
    ETTA_LANE_COMPARE(!=)
    ETTA_LANE_COMPARE(<)
    ETTA_LANE_COMPARE(<=)
    ETTA_LANE_COMPARE(>)
    ETTA_LANE_COMPARE(>=)
#undef ETTA_LANE_COMPARE

    // a * b + c: rounded once where the hardware can, else twice. fma always rounds once, and may be slow.
#define ETTA_LANE_TERNARY(NAME)                                                                                       \
    friend ETTA_LANE lane NAME(lane a, lane b, lane c) {                                                              \
        if constexpr (halved) return of({NAME(a.v.lo, b.v.lo, c.v.lo), NAME(a.v.hi, b.v.hi, c.v.hi)});                \
        else if constexpr (std::is_integral_v<T>) return a * b + c;                                                   \
        else return of(ops::NAME(a.v, b.v, c.v));                                                                     \
    }
    ETTA_LANE_TERNARY(mul_add)
    ETTA_LANE_TERNARY(fma)
#undef ETTA_LANE_TERNARY

    // NaN if either is NaN, as in NumPy and PyTorch. Of -0 and +0 either may come back. Cheapest with the constant second.
    friend ETTA_LANE lane max(lane a, lane b) {
        if constexpr (halved) return of({max(a.v.lo, b.v.lo), max(a.v.hi, b.v.hi)});
        else return of(b.v != b.v ? b.v : ops::greater(a.v, b.v));
    }
    friend ETTA_LANE lane min(lane a, lane b) {
        if constexpr (halved) return of({min(a.v.lo, b.v.lo), min(a.v.hi, b.v.hi)});
        else return of(b.v != b.v ? b.v : ops::lesser(a.v, b.v));
    }

    // Floating point only. round: half to even, as in NumPy and PyTorch.
#define ETTA_LANE_UNARY(NAME)                                                  \
    friend ETTA_LANE lane NAME(lane a) {                                       \
        if constexpr (halved) return of({NAME(a.v.lo), NAME(a.v.hi)});         \
        else if constexpr (std::is_integral_v<T>) return a;                    \
        else return of(ops::NAME(a.v));                                        \
    }
    ETTA_LANE_UNARY(floor)
    ETTA_LANE_UNARY(ceil)
    ETTA_LANE_UNARY(trunc)
    ETTA_LANE_UNARY(round)
#undef ETTA_LANE_UNARY
    friend ETTA_LANE lane sqrt(lane a) {
        if constexpr (halved) return of({sqrt(a.v.lo), sqrt(a.v.hi)});
        else return of(ops::sqrt(a.v));
    }

    friend ETTA_LANE lane abs(lane a) {
        if constexpr (std::is_integral_v<T>) return select(a < lane(0), -a, a);
        else return bit_cast_lane<T>(bit_cast_lane<integer>(a) & magnitude);
    }
    friend ETTA_LANE lane copysign(lane a, lane sign) {
        using I = lane<integer, N, Target>;
        return bit_cast_lane<T>((bit_cast_lane<integer>(a) & magnitude) | (bit_cast_lane<integer>(sign) & I(~magnitude)));
    }
    // These look at the bits, so they also work under -ffast-math.
    friend ETTA_LANE mask_type is_nan(lane a) {
        if constexpr (std::is_integral_v<T>) return mask_type(false);
        else return mask_cast<T>((bit_cast_lane<integer>(a) & magnitude) > infinite);
    }
    friend ETTA_LANE mask_type is_inf(lane a) {
        if constexpr (std::is_integral_v<T>) return mask_type(false);
        else return mask_cast<T>((bit_cast_lane<integer>(a) & magnitude) == infinite);
    }

    // All elements combined, in the same order on every target: element i with i + N/2, and so on down to one.
    friend ETTA_LANE T reduce_add(lane a) {
        if constexpr (halved) return reduce_add(a.v.lo + a.v.hi);
        else return lane::template folded<_::join_add>(a);
    }
    friend ETTA_LANE T reduce_mul(lane a) {
        if constexpr (halved) return reduce_mul(a.v.lo * a.v.hi);
        else return lane::template folded<_::join_mul>(a);
    }
    friend ETTA_LANE T reduce_max(lane a) {
        if constexpr (halved) return reduce_max(max(a.v.lo, a.v.hi));
        else return _::fold<1, T, N>(a.v, _::join_max{});
    }
    friend ETTA_LANE T reduce_min(lane a) {
        if constexpr (halved) return reduce_min(min(a.v.lo, a.v.hi));
        else return _::fold<1, T, N>(a.v, _::join_min{});
    }

private:
    using ops = _::ops<T, N, Target>;
    using half = lane<T, (N > 1 ? N / 2 : 1), Target>;
    using integer = _::int_of<T>;
    using wrap = typename _::wrapping<T, N>::type;
    static constexpr integer magnitude = static_cast<integer>(~_::uint_of<T>(0) >> 1);
    static constexpr integer infinite = static_cast<integer>(sizeof(T) == 4 ? 0x7f800000ll : 0x7ff0000000000000ll);

    template <class Op>
    ETTA_LANE static T folded(lane a) {
        using E = std::conditional_t<std::is_integral_v<T>, _::uint_of<T>, T>;
        return static_cast<T>(_::fold<1, E, N>((_::vector<E, N>)a.v, Op{}));
    }
};

// ---- between types --------------------------------------------------------------------------------------------------

template <class T, int N, class Target>
ETTA_LANE lane<T, N / 2, Target> lower_half(lane<T, N, Target> x) {
    if constexpr (x.halved) return x.v.lo;
    else return lane<T, N / 2, Target>::of(_::lower<T, N>(x.v));
}
template <class T, int N, class Target>
ETTA_LANE lane<T, N / 2, Target> upper_half(lane<T, N, Target> x) {
    if constexpr (x.halved) return x.v.hi;
    else return lane<T, N / 2, Target>::of(_::upper<T, N>(x.v));
}
template <class T, int N, class Target>
ETTA_LANE lane<T, 2 * N, Target> join_halves(lane<T, N, Target> a, lane<T, N, Target> b) {
    using L = lane<T, 2 * N, Target>;
    if constexpr (L::halved) return L::of({a, b});
    else return L::of(_::join<T, N>(a.v, b.v));
}

namespace _ {
// Element by element, where both fit a register and every value has a meaning in U.
template <class U, class T, int N, class Target>
ETTA_LANE lane<U, N, Target> values(lane<T, N, Target> x) {
    if constexpr (N == 1) return lane<U, N, Target>::of(static_cast<U>(x.v));
    else return lane<U, N, Target>::of(__builtin_convertvector(x.v, vector<U, N>));
}
// A mask as what it is in a register: integers 0 and -1. And back.
template <class T, int N, class Target>
ETTA_LANE lane<int_of<T>, N, Target> numbers(mask<T, N, Target> m) {
    using L = lane<int_of<T>, N, Target>;
    if constexpr (m.halved) return L::of({numbers(m.v.lo), numbers(m.v.hi)});
    else return L::of(m.v);
}
template <class U, int N, class Target>
ETTA_LANE mask<U, N, Target> truth(lane<int_of<U>, N, Target> x) {
    using M = mask<U, N, Target>;
    if constexpr (x.halved) return M::of({truth<U>(x.v.lo), truth<U>(x.v.hi)});
    else return M::of(x.v);
}
}  // namespace _

template <class U, class T, int N, class Target>
ETTA_LANE lane<U, N, Target> bit_cast_lane(lane<T, N, Target> x) {
    static_assert(sizeof(U) == sizeof(T), "etta: bit_cast_lane needs types of the same size");
    using L = lane<U, N, Target>;
    if constexpr (std::is_same_v<U, T>) return x;
    else if constexpr (x.halved) return L::of({bit_cast_lane<U>(x.v.lo), bit_cast_lane<U>(x.v.hi)});
    else return L::of(_::bits<typename L::rep>(x.v));
}

template <class U, class T, int N, class Target>
ETTA_LANE lane<U, N, Target> convert(lane<T, N, Target> x) {
    using L = lane<U, N, Target>;
    if constexpr (std::is_same_v<U, T>) {
        return x;
    } else if constexpr (L::halved || x.halved) {
        return join_halves(convert<U>(lower_half(x)), convert<U>(upper_half(x)));
    } else if constexpr (std::is_floating_point_v<T> && std::is_integral_v<U>) {
        if constexpr (sizeof(U) < 4) {
            constexpr int most = std::is_signed_v<U> ? (1 << (8 * sizeof(U) - 1)) - 1 : (1 << (8 * sizeof(U))) - 1;
            return convert<U>(min(max(convert<std::int32_t>(x), std::is_signed_v<U> ? -most - 1 : 0), most));
        } else {
            const lane<T, N, Target> limit = sizeof(U) == 4 ? T(2147483648.0f) : T(9223372036854775808.0f);
            const auto over = x >= limit, under = x < -limit;
            const auto y = _::values<U>(select(over | under | (x != x), 0, x));
            constexpr U most = static_cast<U>(~_::uint_of<U>(0) >> 1);
            return select(mask_cast<U>(over), most, select(mask_cast<U>(under), -most - 1, y));
        }
    } else if constexpr (std::is_integral_v<T> && sizeof(T) < 4 && !(std::is_integral_v<U> && sizeof(U) < 4)) {
        return convert<U>(_::values<std::int32_t>(x));  // compilers know this step
    } else {
        return _::values<U>(x);
    }
}

template <class U, class T, int N, class Target>
ETTA_LANE mask<U, N, Target> mask_cast(mask<T, N, Target> m) {
    using M = mask<U, N, Target>;
    if constexpr (std::is_same_v<U, T>) return m;
    else if constexpr (N == 1) return M::of(m.v);
    else return _::truth<U>(convert<_::int_of<U>>(_::numbers(m)));
}

}  // namespace etta
