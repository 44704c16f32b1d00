// erf.hpp: erf and erfc. Small arguments by a polynomial. Large ones: erfc(x) = e^(-x^2) R(x) / (1 + 2 x), with R in
// (x - k) / (x + k), which maps all of them to a short interval (Shepherd and Laframboise, Math. Comp. 36, 1981); erf of
// float by 1 - e^q(x), where q needs few digits.
#pragma once

#include "exp.hpp"

namespace etta {
namespace _ {

// erf(a) for 0 <= a <= 1, z = a^2.
template <class L>
ETTA_LANE L erf_small(L a, L z) {
    L p;
    if constexpr (sizeof(typename L::value_type) == 4)
        p = polynomial(z, z * z, 7.80690316e-5f, -0.000799785310f, 0.00518716220f, -0.0268533472f, 0.112835787f, -0.376126260f,
                       0.128379166f);
    else
        p = polynomial(z, z * z, -7.6088842058273782e-10, 1.3617219909995476e-8, -1.6184098306471648e-7, 1.6444162743711254e-6,
                       -1.4924466474207514e-5, 0.00012055280531968483, -0.00085483254859141755, 0.0052239775967495086,
                       -0.026866170641960164, 0.11283791670936953, -0.37612638903183343, 0.12837916709551256);
    return mul_add(a, p, a);
}

// erfc(a) for a >= 1/2. Exact: every rounding but the last two made up for, as erfc itself needs; erf, which takes the
// result from 1, does not.
template <bool Exact, class L>
ETTA_LANE L erfc_large(L a) {
    using T = typename L::value_type;
    a = min(a, L(pick<T>(10.5f, 28.0)));  // beyond, erfc is 0
    const L k = pick<T>(2.0f, 4.0), u = (a - k) / (a + k), c = pick<T>(1.27697837f, 1.2329951186255526);
    L p;
    if constexpr (sizeof(T) == 4)
        p = polynomial(u, u * u, -0.000238690292f, -0.00128484610f, 0.00116253505f, 0.00867666118f, -0.00801290385f, -0.0542162508f,
                       0.164050043f, -0.166030332f, -0.0927638263f);
    else
        p = polynomial(u, u * u, -1.0175269605652800e-8, -1.2218324706555831e-8, 1.0472615705494420e-7, 6.7005159505969815e-8,
                       -8.2126855164533051e-7, 2.9958383676867290e-7, 5.7076671773669282e-6, -1.1224750445907022e-5,
                       -2.4398532602048929e-5, 0.00015062250247423108, -0.00019925684500206621, -0.00075777345042364499,
                       0.0050319699996197792, -0.016197734038028117, 0.037167515535558963, -0.066330365813624156,
                       0.093732834998445702, -0.10103906603625322, 0.068097054254690439, 0.015379652102619022,
                       -0.13962111684056250);
    // e^(-a^2), the square with its rounding error.
    const auto square = exact_product(a, a);
    const auto e = exp_reduce(-square.hi);
    const L r = e.r - square.lo, r2 = r * r, w = mul_add(exp_tail(r, r2), r2, r);  // e^r - 1
    const L a2 = a + a, d = keep(a2 + L(1));
    if constexpr (!Exact) {
        return scale((w + L(1)) * (mul_add(p, u, c) / d), e.n, e.t);
    } else {
        const auto top = quick_sum(c, p * u), power = quick_sum(L(1), w);
        const L q = top.hi / d;
        const auto back = exact_product(q, d);
        const L rest = ((top.hi - back.hi) - back.lo) + (top.lo - q * (L(1) - keep(d - a2)));
        const L more = rest * (q * L(0.85f));  // 1 / d is q / top, and top is 1.1 to 1.3
        const auto y = exact_product(power.hi, q);
        return scale(y.hi + mul_add(power.hi, more, mul_add(power.lo, q, y.lo)), e.n, e.t);
    }
}

}  // namespace _

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> erf(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = abs(x);
    L y;
    if constexpr (sizeof(T) == 4) {
        const L b = min(a, 4);  // beyond, erf is 1
        const L q = _::polynomial(b, b * b, 0.000210630125f, -0.00318684801f, 0.0227981713f, -0.105115719f, -0.635831773f, -1.12847996f);
        const auto p = _::exp_reduce(b * q);
        y = mul_add(_::exp_polynomial(p.r), -_::quick_scale(L(1), p.t), L(1));
    } else {
        y = L(1) - _::erfc_large<false>(max(a, L(0.5f)));
    }
    return copysign(select(a < L(1), _::erf_small(a, a * a), y), x);
}

// 1 - erf(x), to its own last places also where erf(x) is almost 1.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> erfc(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = abs(x);
    const L large = _::erfc_large<true>(max(a, L(0.5f)));
    const L small = _::flip_sign(_::erf_small(a, a * a), x);
    return select(a < L(0.5f), L(1) - small, select(x < L(0), L(2) - large, large));
}

}  // namespace etta
