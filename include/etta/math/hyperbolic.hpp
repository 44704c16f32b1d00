// hyperbolic.hpp: sinh, cosh, tanh. Through exp and its relatives, each with one division at most.
#pragma once

#include "exp.hpp"

namespace etta {
namespace _ {

// e^a / 2 for a >= 0, infinite only where sinh and cosh are.
template <class L>
ETTA_LANE L half_exp(L a) {
    using T = typename L::value_type;
    const auto p = exp_reduce(min(a, L(pick<T>(90.0f, 711.0))));
    return scale(exp_polynomial(p.r), p.n - L(1), p.t - L(1));
}

}  // namespace _

// (e^a - e^-a) / 2; below 1 a polynomial, since the two would cancel.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> sinh(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = abs(x), z = a * a;
    L p;
    if constexpr (sizeof(T) == 4)
        p = _::horner(z, 2.78221319e-6f, 0.000198428956f, 0.00833331048f, 0.166666672f);
    else
        p = _::horner(z, 7.7765994444561488e-13, 1.6056659215350008e-10, 2.5052130998067571e-8, 2.7557319106759917e-6,
                      0.00019841269841593405, 0.0083333333333329117, 0.16666666666666669);
    const L e = _::half_exp(a);
    return copysign(select(a < L(1), mul_add(p, z * a, a), e - L(0.25f) / e), x);
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> cosh(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L e = _::half_exp(abs(x));
    return e + L(0.25f) / e;
}

// h / (1 - h) with h = (1 - e^(-2 |x|)) / 2.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> tanh(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const auto sign = _::bits_of(x) & _::bits_of(L(-0.0f));
    // -|x| = n ln 2 / 2 + r, so the polynomial is exp's with powers of two in it, and no product by 2 is needed.
    const L a = max(_::from_bits(_::bits_of(x) | _::bits_of(L(-0.0f))), _::pick<T>(-10.0f, -20.0));  // beyond, tanh is 1
    constexpr T shift = _::to_integer<T> + _::pick<T>(127.0f, 1023.0);  // leaves n + bias in the low bits: 2^n is a shift away
    const L t = _::keep(mul_add(a, L(_::pick<T>(2.88539004f, 2.8853900817779268)), L(shift)));
    const L n = _::keep(t - L(shift)), s = _::from_bits(_::bits_of(t) << _::mantissa_bits<T>);
    L r;
    if constexpr (_::has_fma<T, Target>) {  // ln 2 / 2 to half a digit will do: where n is large, 2^n is small
        r = mul_add(n, L(_::pick<T>(-0.34657359f, -0.34657359027997264)), a);
    } else {
        r = _::keep(mul_add(n, L(_::pick<T>(-0.3465728759765625f, -0.34657359027994517)), a));
        r = mul_add(n, L(_::pick<T>(-7.143033827e-7f, -2.7489615093541856e-14)), r);
    }
    const L r2 = r * r;
    L p;
    if constexpr (sizeof(T) == 4)
        p = _::polynomial(r, r2, -0.0444882773f, -0.133877695f, -0.333335072f, -0.666661441f, -1.0f);
    else
        p = _::polynomial(r, r2, -2.5774127366819651e-05, -0.00014149067241045384, -0.00070546128173759311, -0.0031745897798750055,
                          -0.012698412818680926, -0.044444444641920024, -0.13333333333242342, -0.33333333333214576,
                          -0.66666666666666852, -1.000000000000002);
    const L w = mul_add(p, r2, -r), h = mul_add(s, w, mul_add(s, L(-0.5f), L(0.5f)));
    L y;
    if constexpr (_::estimates_reciprocals<L>) {
        const L e = _::estimated_reciprocal(mul_add(-s, w, mul_add(s, L(0.5f), L(0.5f)))), q = h * e;  // does not wait for h
        y = mul_add(mul_add(q, h, _::keep(h - q)), e, q);  // h - q (1 - h): the difference is exact, as q lies between h and 2 h
    } else {
        y = _::over_one_minus(h);
    }
    if constexpr (sizeof(T) == 4 && !_::has_fma<T, Target>) {  // the roundings that a fused multiply-add saves
        const L z = a * a;
        y = select(a > L(-0.55f), mul_add(_::horner(z, -0.00624286477f, 0.0210507177f, -0.0538475476f, 0.133325443f, -0.333333164f), z * -a, -a), y);
    }
    return _::from_bits(_::bits_of(y) | sign);
}

}  // namespace etta
