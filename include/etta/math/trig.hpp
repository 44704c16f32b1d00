// trig.hpp: sin, cos, tan, in radians. Reduced to |r| <= pi/4 (reduce.hpp), then two polynomials, of which the quadrant
// chooses. Right to the last place or two for every argument; above 1e5 slower.
#pragma once

#include "reduce.hpp"

namespace etta {
namespace _ {

template <class L>
ETTA_LANE L sin_polynomial(L r, L z) {
    L p;
    if constexpr (sizeof(typename L::value_type) == 4)
        p = horner(z, -0.000195182860f, 0.00833218917f, -0.166666552f);
    else
        p = polynomial(z, z * z, 1.5895433690625789e-10, -2.5050734395683075e-8, 2.7557313538547086e-6, -0.00019841269829358582,
                       0.0083333333333218407, -0.16666666666666630);
    return mul_add(p, z * r, r);
}
template <class L>
ETTA_LANE L cos_polynomial(L z) {
    L p;
    if constexpr (sizeof(typename L::value_type) == 4)
        p = horner(z, 2.44323273e-5f, -0.00138873095f, 0.0416666456f);
    else
        p = polynomial(z, z * z, -1.1358739444643002e-11, 2.0875705234344670e-9, -2.7557314216077018e-7, 2.4801587288999653e-5,
                       -0.0013888888888873340, 0.041666666666666595);
    // 1 - z/2 loses digits; what it loses is added with the rest.
    const L h = L(0.5f) * z, w = keep(L(1) - h);
    return w + mul_add(p, z * z, keep(L(1) - w) - h);
}

// sin(r + q pi/2).
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> sin_of(quadrant<T, N, Target> z) {
    using L = lane<T, N, Target>;
    constexpr int top = 8 * sizeof(T) - 1;
    const L s = z.r * z.r;
    const auto odd = mask_cast<T>((z.q & 1) != 0);
    const L y = select(odd, cos_polynomial(s), sin_polynomial(z.r, s));
    return from_bits(bits_of(y) ^ ((z.q << (top - 1)) & bits_of(L(-0.0f))));
}

}  // namespace _

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> sin(lane<T, N, Target> x) {
    return select(x == 0, x, _::sin_of(_::reduce_half_pi<false>(x)));  // keeps -0
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> cos(lane<T, N, Target> x) {
    auto z = _::reduce_half_pi<false>(x);
    z.q += 1;
    return _::sin_of(z);
}

// In odd quadrants -1 / tan(r).
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> tan(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const auto z = _::reduce_half_pi<sizeof(T) == 4>(x);
    const auto odd = mask_cast<T>((z.q & 1) != 0);
    const L s = z.r * z.r;
    L y;
    if constexpr (sizeof(T) == 4) {
        const L p = _::polynomial(s, s * s, 0.00939670857f, 0.00310123735f, 0.0244414974f, 0.0534081869f, 0.133388355f, 0.333331555f);
        const auto t = _::quick_sum(z.r, mul_add(p, s * z.r, mul_add(z.low, s, z.low)));
        const L q = L(-1) / t.hi;
        L error = q * t.lo;  // of q as -1 / tan(r), relative
        if constexpr (_::has_fma<T, Target>) error += mul_add(q, t.hi, L(1));
        y = select(odd, mul_add(q, error, q), t.hi);
    } else {
        const L a = _::sin_polynomial(z.r, s), b = _::cos_polynomial(s);
        y = select(odd, -b, a) / select(odd, a, b);
    }
    return select(x == 0, x, y);
}

}  // namespace etta
