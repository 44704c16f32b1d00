// detail.hpp: what the functions in math/ are built from: polynomials, exponents as integers, sums and products without
// rounding error. Constants are given twice, so that float code never holds a double.
#pragma once

#include "../simd/lane.hpp"

namespace etta::_ {

// f in float code, d in double code.
template <class T>
constexpr T pick(float f, double d) {
    if constexpr (sizeof(T) == 4) return f;
    else return d;
}

template <class T>
inline constexpr int mantissa_bits = sizeof(T) == 4 ? 23 : 52;
template <class T>
inline constexpr T infinity = static_cast<T>(__builtin_inff());
template <class T>
inline constexpr T not_a_number = static_cast<T>(__builtin_nanf(""));
template <class T>
inline constexpr T smallest_normal = pick<T>(1.17549435e-38f, 2.2250738585072014e-308);
// Added to a number of less than half its size, leaves only an integer, in the low bits: 1.5 * 2^mantissa_bits.
template <class T>
inline constexpr T to_integer = pick<T>(12582912.0f, 6755399441055744.0);

template <class T, int N, class Target>
using integers = lane<int_of<T>, N, Target>;

template <class T, int N, class Target>
ETTA_LANE integers<T, N, Target> bits_of(lane<T, N, Target> x) { return bit_cast_lane<int_of<T>>(x); }
template <class I, int N, class Target>
ETTA_LANE auto from_bits(lane<I, N, Target> x) { return bit_cast_lane<std::conditional_t<sizeof(I) == 4, float, double>>(x); }

// x with the sign of `sign` turned over where that is negative.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> flip_sign(lane<T, N, Target> x, lane<T, N, Target> sign) {
    return from_bits(bits_of(x) ^ (bits_of(sign) & bits_of(lane<T, N, Target>(-0.0f))));
}

// x as computed, also under -ffast-math.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> keep(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    if constexpr (L::halved) return L::of({keep(x.v.lo), keep(x.v.hi)});
    else return L::of(keep<typename L::rep>(x.v));
}

// c_n x^n + … + c_0, highest first (Horner). One multiply-add a term.
template <class L, class... C>
ETTA_LANE L horner(L x, typename L::value_type first, C... c) {
    L r = first;
    ((r = mul_add(r, x, L(c))), ...);
    return r;
}

// The same with x2 = x * x: neighbouring powers first, all at once, then Horner in x2. As many multiply-adds and half the waiting.
// Processors keep only so many instructions in flight that a long chain, not its length in instructions, limits a loop (Xeon: tanh
// 0.34 to 0.24 ns), and where one value waits for another (a recurrent network), nothing else counts.
template <class L, class... C>
ETTA_LANE L polynomial(L x, L x2, typename L::value_type first, typename L::value_type second, C... c) {
    const typename L::value_type k[] = {first, second, c...};
    constexpr int n = 2 + static_cast<int>(sizeof...(C));
    L r = n % 2 == 0 ? mul_add(L(first), x, L(second)) : L(first);
    for (int i = n % 2 == 0 ? 2 : 1; i < n; i += 2) r = mul_add(r, x2, mul_add(L(k[i]), x, L(k[i + 1])));
    return r;
}

template <class L>
struct pair {  // hi + lo, lo at most half a unit in hi's last place
    L hi, lo;
};
// a + b. Knuth's two-sum; for |a| >= |b| (or a = 0) Dekker's shorter one.
template <class L>
ETTA_LANE pair<L> exact_sum(L a, L b) {
    const L s = keep(a + b), t = keep(s - a);
    return {s, keep(a - keep(s - t)) + keep(b - t)};
}
template <class L>
ETTA_LANE pair<L> quick_sum(L a, L b) {
    const L s = keep(a + b);
    return {s, b - keep(s - a)};
}
// The upper half of x's digits.
template <class L>
ETTA_LANE L upper_digits(L x) {
    using I = int_of<typename L::value_type>;
    constexpr int low = sizeof(I) == 4 ? 12 : 27;
    return from_bits(bits_of(x) & static_cast<I>(~((I(1) << low) - 1)));
}
// a * b. With a fused multiply-add, or Dekker's product of halves.
template <class L>
ETTA_LANE pair<L> exact_product(L a, L b) {
    const L p = a * b;
    if constexpr (has_fma<typename L::value_type, typename L::target>) {
        return {p, fma(a, b, -p)};
    } else {
        const L ah = upper_digits(a), al = a - ah, bh = upper_digits(b), bl = b - bh;
        return {p, keep(keep(keep(keep(ah * bh) - p) + ah * bl) + al * bh) + al * bl};
    }
}

// For floats: does the hardware estimate 1 / d, and look numbers up in a table of sixteen?
template <class L>
constexpr bool find_tools() {
    if constexpr (L::halved) return find_tools<decltype(L{}.v.lo)>();
    else return sizeof(typename L::value_type) == 4 && ops<typename L::value_type, L::size, typename L::target>::has_float_tools;
}
template <class L>
inline constexpr bool has_tools = find_tools<L>();
// Each element's entry of a table of sixteen, by the lowest four bits of its index.
template <class L, class I>
ETTA_LANE L look_up(const float (&table)[16], I index) {
    if constexpr (L::halved) return L::of({look_up<decltype(L{}.v.lo)>(table, index.v.lo), look_up<decltype(L{}.v.hi)>(table, index.v.hi)});
    else return L::of(ops<typename L::value_type, L::size, typename L::target>::look_up(table, index.v));
}
// 1 / d to 14 bits.
template <class L>
ETTA_LANE L estimated_reciprocal(L d) {
    if constexpr (L::halved) return L::of({estimated_reciprocal(d.v.lo), estimated_reciprocal(d.v.hi)});
    else return L::of(ops<typename L::value_type, L::size, typename L::target>::reciprocal(d.v));
}

// a / d for d from 2^-60 to 2^60 and a neither near overflow nor underflow, to half a unit of the last place and a little.
// By Newton's step where the hardware has an estimate to start from: half of what a division costs (AVX-512 on a Xeon:
// 0.18 ns a float). For double, of two steps, it does not pay.
template <class L>
ETTA_LANE L divide(L a, L d) {
    using T = typename L::value_type;
    if constexpr (L::halved) {
        return L::of({divide(a.v.lo, d.v.lo), divide(a.v.hi, d.v.hi)});
    } else if constexpr (sizeof(T) == 4 && ops<T, L::size, typename L::target>::has_float_tools) {
        const L r = L::of(ops<T, L::size, typename L::target>::reciprocal(d.v));
        const L q = a * r;
        return mul_add(mul_add(-q, d, a), r, q);
    } else {
        return a / d;
    }
}
// a / (d + low), low below d's last place. inverse(quotient) is about 1 / d: for where the hardware estimates none.
template <class L, class Inverse>
ETTA_LANE L divide(L a, L d, L low, Inverse inverse) {
    using T = typename L::value_type;
    if constexpr (L::halved) {
        return L::of({divide(a.v.lo, d.v.lo, low.v.lo, inverse), divide(a.v.hi, d.v.hi, low.v.hi, inverse)});
    } else if constexpr (has_fma<T, typename L::target>) {
        const L q = a / d;  // its own rounding error is made up for, too
        return mul_add(mul_add(-q, low, mul_add(-q, d, a)), inverse(q), q);
    } else {
        const L q = a / d;
        return mul_add(inverse(q) * -q, low, q);
    }
}
// a / (1 + h), 0 <= h <= 1, and h / (1 - h), 0 <= h <= 1/2. The rounding error of 1 + h or 1 - h is made up for.
template <class L>
ETTA_LANE L over_one_plus(L a, L h) {  // a: 1 or h
    const L d = keep(h + L(1));
    return divide(a, d, h - keep(d - L(1)), [](auto q) { return 1 - q; });
}
template <class L>
ETTA_LANE L over_one_minus(L h) {
    const L d = keep(1 - h);
    return divide(h, d, keep(1 - d) - h, [](auto q) { return 1 + q; });
}

// p * 2^n, rounded once: n whole, |n| up to twice the exponent's range; t = n + to_integer.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> scale(lane<T, N, Target> p, lane<T, N, Target> n, lane<T, N, Target> t) {
    using L = lane<T, N, Target>;
    if constexpr (L::halved) {
        return L::of({scale(p.v.lo, n.v.lo, t.v.lo), scale(p.v.hi, n.v.hi, t.v.hi)});
    } else if constexpr (ops<T, N, Target>::has_float_tools) {
        return L::of(ops<T, N, Target>::scale(p.v, n.v));
    } else {
        constexpr int m = mantissa_bits<T>;
        // In two steps, of which only the second rounds. The low bits of t are n; the others are shifted out.
        const auto k = bits_of(t), one = bits_of(L(1));
        const auto k1 = (k - bits_of(L(to_integer<T>))) >> 1;
        return p * from_bits((k1 << m) + one) * from_bits(((k - k1) << m) + one);
    }
}
// 2^n, 0 or gradually less below the exponent's range: where p * 2^n need not be rounded but once.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> power_of_two(lane<T, N, Target> n, lane<T, N, Target> t) { return scale(lane<T, N, Target>(1), n, t); }
// p * 2^n where that is a normal number: n is added to the exponent.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> quick_scale(lane<T, N, Target> p, lane<T, N, Target> t) {
    return from_bits(bits_of(p) + (bits_of(t) << mantissa_bits<T>));
}

}  // namespace etta::_

namespace etta {

// e / s, 0 <= e <= s, for a loop over e: a product with 1 / s, which compilers take out of the loop, and what that is short
// of, so that half a unit of the last place and a little is lost. (Xeon, softmax of 64 x 1000: 1.3 times as fast as by a
// division, which occupies its unit for 16 cycles a register.)
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> portion(lane<T, N, Target> e, lane<T, N, Target> s) {
    if constexpr (_::has_fma<T, Target> && N > 1) {
        const lane<T, N, Target> r = 1 / s, q = e * r;
        return mul_add(mul_add(-q, s, e), r, q);
    } else {
        return e / s;
    }
}

}  // namespace etta
