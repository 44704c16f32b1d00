// root.hpp: rsqrt and cbrt. (sqrt is the lane's own, exact to the last place.)
#pragma once

#include "log.hpp"

namespace etta {

// 1 / sqrt(x): two correctly rounded steps, not the hardware's estimate.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> rsqrt(lane<T, N, Target> x) {
    return lane<T, N, Target>(1) / sqrt(x);
}

// x = 2^(3k) v with v between sqrt(1/8) and sqrt(8); v^(-1/3) by Halley's steps on a polynomial, which need no division.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> cbrt(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = abs(x);
    const auto usual = (a > L(0)) & (a < L(_::infinity<T>));
    const auto p = _::log_split(select(usual, a, L(1)));
    const L t = _::keep(mul_add(p.e, L(_::pick<T>(0.333333343f, 0.33333333333333331)), L(_::to_integer<T>)));
    const L k = _::keep(t - L(_::to_integer<T>)), j = mul_add(k, L(-3), p.e);
    const L m = p.f + L(1);
    const L v = select(j > L(0), m + m, select(j < L(0), L(0.5f) * m, m));
    L r = _::horner(v, T(-0.0815652683f), T(0.519237339f), T(-1.18881941f), T(1.74939930f));
    for (int i = 0; i < 2; ++i) {
        // v r^3 = 1 - h: r (1 - h)^(-1/3), the series up to h^2.
        const L h = mul_add(-v, r * r * r, L(1));
        r = mul_add(r * h, mul_add(h, L(_::pick<T>(0.222222224f, 0.22222222222222221)), L(_::pick<T>(0.333333343f, 0.33333333333333331))), r);
    }
    const L r2 = r * r, y = v * r2;
    const L z = mul_add(mul_add(-y * y, y, v), r2 * L(_::pick<T>(0.333333343f, 0.33333333333333331)), y);  // Newton's last
    return copysign(select(usual, _::quick_scale(z, t), a), x);
}

}  // namespace etta
