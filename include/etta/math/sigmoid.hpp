// sigmoid.hpp: sigmoid and softplus, from e^-|x|, which neither overflows nor loses digits on either side.
#pragma once

#include "exp.hpp"

namespace etta {

// 1 / (1 + e^-x).
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> sigmoid(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = _::from_bits(_::bits_of(x) | _::bits_of(L(-0.0f)));
    if constexpr (_::has_tools<L>) {
        // e^a = s + s w, s a power of two and w in [-0.3, 0.42]: neither product rounds, and the steps do not wait for e^a.
        const auto p = _::exp_reduce(max(a, L(_::exp_least<T>)));
        const L r2 = p.r * p.r, w = mul_add(_::exp_tail(p.r, r2), r2, p.r), s = _::power_of_two(p.n, p.t);
        const L r = _::estimated_reciprocal(mul_add(s, w, s + L(1)));  // about 1 / (1 + e^a)
        const auto negative = x < L(0);
        const L y = mul_add(select(negative, s * w, L(0)), r, select(negative, s, L(1)) * r);
        return mul_add(y, mul_add(-mul_add(s, w, s), r, _::keep(1 - r)), y);
    } else {
        const L e = _::exp_negative(a);
        return _::over_one_plus(select(x < L(0), e, L(1)), e);
    }
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|).
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> softplus(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L e = _::exp_negative(_::from_bits(_::bits_of(x) | _::bits_of(L(-0.0f))));
    // log(1 + e) = e - s (e - R), s = e / (2 + e), R = 2 atanh(s) - 2 s.
    const L d = _::keep(e + L(2)), s = _::divide(e, d), z = s * s;
    L p;
    if constexpr (sizeof(T) == 4)
        p = _::polynomial(z, z * z, 0.280067503f, 0.280030280f, 0.400214374f, 0.666664183f);
    else
        p = _::polynomial(z, z * z, 0.17015218557498954, 0.083421074263456269, 0.12105580366178262, 0.13301043740734947,
                          0.15386554085995177, 0.18181744222989496, 0.22222223960570278, 0.28571428548012617,
                          0.40000000000155900, 0.66666666666666308);
    if constexpr (sizeof(T) == 4 && !_::has_fma<T, Target>)  // the rounding of 2 + e, in place of those that a fused multiply-add saves
        return max(x, L(0)) + mul_add(s, mul_add(p, z, s * (e - _::keep(d - L(2)))) - e, e);
    else
        return max(x, L(0)) + mul_add(s, mul_add(p, z, -e), e);
}

}  // namespace etta
