// log.hpp: log, log2, log10, log1p. x = 2^e m with m between sqrt(1/2) and sqrt(2); log(m) as a polynomial (float) or
// through atanh (double, after fdlibm's arrangement: log(1+f) = f - (f^2/2 - s (f^2/2 + R)), s = f / (2 + f)).
// log(0) is -inf, of a negative number NaN; subnormal numbers are taken as they are.
#pragma once

#include "detail.hpp"

namespace etta {
namespace _ {

template <class L>
struct log_parts {
    L e, f;  // x = 2^e (1 + f)
};

// A small whole number as an integer.
template <class T, int N, class Target>
ETTA_LANE integers<T, N, Target> whole(lane<T, N, Target> e) {
    const lane<T, N, Target> c = to_integer<T>;
    return bits_of(keep(e + c)) - bits_of(c);
}

template <class T, int N, class Target>
ETTA_LANE integers<T, N, Target> shift_right_logical(integers<T, N, Target> x) {
    using I = integers<T, N, Target>;
    constexpr int m = mantissa_bits<T>;
    if constexpr (I::halved) return I::of({shift_right_logical<T>(x.v.lo), shift_right_logical<T>(x.v.hi)});
    else return I::of((typename I::rep)((vector<uint_of<T>, N>)x.v >> m));
}

// x positive and finite.
template <class T, int N, class Target>
ETTA_LANE log_parts<lane<T, N, Target>> log_split(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    constexpr int m = mantissa_bits<T>;
    constexpr int bias = sizeof(T) == 4 ? 127 : 1023;
    if constexpr (L::halved) {
        const auto lo = log_split(x.v.lo), hi = log_split(x.v.hi);
        return {L::of({lo.e, hi.e}), L::of({lo.f, hi.f})};
    } else if constexpr (ops<T, N, Target>::has_float_tools) {
        const L y = L::of(ops<T, N, Target>::mantissa(x.v)), e = L::of(ops<T, N, Target>::exponent(x.v));
        const auto big = y > L(pick<T>(1.41421354f, 1.4142135623730951));
        return {select(big, e + L(1), e), select(big, L(0.5f) * y, y) - L(1)};
    } else {
    const L sqrt_half = pick<T>(0.707106769f, 0.70710678118654746);
    const auto small = x < L(smallest_normal<T>);
    const auto i = bits_of(select(small, x * L(pick<T>(8388608.0f, 4503599627370496.0)), x)) - bits_of(sqrt_half);
    // The exponent, made a number by writing it into the last digits of 2^m.
    const auto k = shift_right_logical<T>(i + (int_of<T>(bias) << m));
    const L two_m = pick<T>(8388608.0f, 4503599627370496.0);
    const L e = from_bits(k | bits_of(two_m)) - select(small, two_m + L(T(bias + m)), two_m + L(T(bias)));
    const L f = from_bits((i & ((int_of<T>(1) << m) - 1)) + bits_of(sqrt_half)) - L(1);
    return {e, f};
    }
}

// log(1 + f) - f for sqrt(1/2) <= 1 + f <= sqrt(2).
template <class L>
ETTA_LANE L log_tail(L f) {
    const L w = f * f;
    if constexpr (sizeof(typename L::value_type) == 4) {
        const L p = polynomial(f, w, -0.0763454214f, 0.127615377f, -0.131601319f, 0.142017558f, -0.166233629f, 0.200012282f,
                           -0.250008196f, 0.333333313f);
        return w * mul_add(p, f, L(-0.5f));
    } else {
        const L s = divide(f, f + L(2)), z = s * s, h = L(0.5f) * w;
        const L r = z * polynomial(z, z * z, 0.14795562427072059, 0.15314093658605965, 0.18183562451370203, 0.22222198613366767,
                               0.28571428741949512, 0.39999999999416908, 0.66666666666667340);
        return mul_add(s, h + r, -h);
    }
}

// e ln 2 + log(1 + f).
template <class L>
ETTA_LANE L log_join(L e, L f) {
    using T = typename L::value_type;
    const L t = mul_add(e, L(pick<T>(1.428606765e-6f, 5.4979230187083712e-14)), log_tail(f));
    return mul_add(e, L(pick<T>(0.693145751953125f, 0.69314718055989033)), f + t);
}

// f c + low, with the product's rounding error.
template <class L>
ETTA_LANE L times(L f, L c, L low) {
    if constexpr (has_fma<typename L::value_type, typename L::target>) {
        return mul_add(f, c, low);
    } else {
        const auto p = exact_product(f, c);
        return p.hi + (p.lo + low);
    }
}

// y where x is positive and finite, else what a logarithm is there.
template <bool Always = false, class T, int N, class Target>
ETTA_LANE lane<T, N, Target> log_edges(lane<T, N, Target> x, lane<T, N, Target> y) {
    using L = lane<T, N, Target>;
    if constexpr (L::halved) return L::of({log_edges<Always>(x.v.lo, y.v.lo), log_edges<Always>(x.v.hi, y.v.hi)});
    else if constexpr (!Always && ops<T, N, Target>::has_float_tools) return y;  // log_split took care
    const L outside = select(x == L(0), L(-infinity<T>), L(not_a_number<T>));
    return select(x > L(0), select(x < L(infinity<T>), y, x), outside);
}

}  // namespace _

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> log(lane<T, N, Target> x) {
    const auto p = _::log_split(x);
    return _::log_edges(x, _::log_join(p.e, p.f));
}

// Exact for powers of two.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> log2(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const auto p = _::log_split(x);
    const L c = _::pick<T>(1.44269502f, 1.4426950408889634), c_low = _::pick<T>(1.92596303e-8f, 2.0355273740931033e-17);
    return _::log_edges(x, p.e + _::times(p.f, c, mul_add(_::log_tail(p.f), c, p.f * c_low)));
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> log10(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const auto p = _::log_split(x);
    const L c = _::pick<T>(0.434294492f, 0.43429448190325182), c_low = _::pick<T>(-1.010305e-8f, 1.0983196502167651e-17);
    const L t = mul_add(_::log_tail(p.f), c, p.f * c_low);
    const L low = mul_add(p.e, L(_::pick<T>(4.60503907e-6f, 2.8363394551044964e-14)), t);
    return _::log_edges(x, mul_add(p.e, L(_::pick<T>(0.301025390625f, 0.30102999566395283)), _::times(p.f, c, low)));
}

// log(1 + x), exact to the last place or two also where x is small. The rounding error of 1 + x is added back.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> log1p(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    constexpr int m = _::mantissa_bits<T>;
    const auto u = _::exact_sum(L(1), x);
    const auto p = _::log_split(u.hi);
    // 2^-e; 0 instead of what would be out of range, where u.lo is 0 as well.
    const L back = _::from_bits(max(_::bits_of(L(1)) - (_::whole(p.e) << m), 0));
    const L y = _::log_join(p.e, mul_add(u.lo, back, p.f));
    return copysign(_::log_edges<true>(u.hi, y), x);
}

}  // namespace etta
