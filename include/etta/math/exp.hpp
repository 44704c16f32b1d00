// exp.hpp: exp, exp2, expm1. x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite's reduction), a polynomial in r, and n
// added to the exponent. Overflows to infinity and underflows gradually, where the true value does.
#pragma once

#include "detail.hpp"

namespace etta {
namespace _ {

template <class L>
struct exp_parts {
    L n, t, r;  // n whole, t = n + to_integer, r the rest
};

// x = n ln 2 + r. |x| below 2^20.
template <class L>
ETTA_LANE exp_parts<L> exp_reduce(L x) {
    using T = typename L::value_type;
    const L t = keep(mul_add(x, L(pick<T>(1.44269502f, 1.4426950408889634)), L(to_integer<T>)));
    const L n = keep(t - L(to_integer<T>));
    const L r = keep(mul_add(n, L(pick<T>(-0.693145751953125f, -0.69314718055989033)), x));
    return {n, t, mul_add(n, L(pick<T>(-1.428606765e-6f, -5.4979230187083712e-14)), r)};
}
// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2. Error in e^r: 0.3 units of the last place.
template <class L>
ETTA_LANE L exp_tail(L r, L r2) {
    if constexpr (sizeof(typename L::value_type) == 4)
        return polynomial(r, r2, 0.00139025867f, 0.00836735591f, 0.0416668840f, 0.166665360f, 0.5f);
    else
        return polynomial(r, r2, 2.5170046256659815e-8, 2.7634896955166766e-7, 2.7557081317874731e-6, 2.4801482655273481e-5,
                      0.00019841270029188947, 0.0013888888950600007, 0.0083333333332764638, 0.041666666666518221,
                      0.16666666666666713, 0.50000000000000100);
}
template <class L>
ETTA_LANE L exp_polynomial(L r) {
    const L r2 = r * r;
    return mul_add(exp_tail(r, r2), r2, r) + L(1);
}

// x = n + r, and 2^r for |r| <= 1/2.
template <class L>
ETTA_LANE exp_parts<L> exp2_reduce(L x) {
    const L c = to_integer<typename L::value_type>, t = keep(x + c), n = keep(t - c);
    return {n, t, x - n};
}
template <class L>
ETTA_LANE L exp2_polynomial(L r) {
    L p;
    if constexpr (sizeof(typename L::value_type) == 4)
        p = polynomial(r, r * r, 0.000156846567f, 0.00134233211f, 0.00961736031f, 0.0555026159f, 0.240226552f, 0.693147242f);
    else
        p = polynomial(r, r * r, 4.4395466663741147e-10, 7.0731543988235129e-9, 1.0178160812098459e-7, 1.3215439187482651e-6,
                       1.5252733627595748e-5, 0.00015403530448596082, 0.0013333558146548922, 0.0096181291076018055,
                       0.055504108664821722, 0.24022650695910108, 0.69314718055994529);
    return mul_add(p, r, L(1));
}

// Below these arguments exp is 0, above them infinite.
template <class T>
inline constexpr T exp_least = pick<T>(-105.0f, -746.0);
template <class T>
inline constexpr T exp_most = pick<T>(89.0f, 710.0);

// e^x for x <= 0.
template <class L>
ETTA_LANE L exp_negative(L x) {
    const auto p = exp_reduce(max(x, L(exp_least<typename L::value_type>)));
    return scale(exp_polynomial(p.r), p.n, p.t);
}

// (e^x - 1) / 2 for x from -40 to exp_most.
template <class L>
ETTA_LANE L half_expm1(L x) {
    const auto p = exp_reduce(x);
    const L r2 = p.r * p.r, w = exp_tail(p.r, r2) * r2;
    const L s = quick_scale(L(0.5f), p.t);  // 2^(n-1)
    return mul_add(s, w, mul_add(s, p.r, s - L(0.5f)));  // the inner sum, where it cancels, is exact
}

}  // namespace _

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> exp(lane<T, N, Target> x) {
    const auto p = _::exp_reduce(min(max(x, _::exp_least<T>), _::exp_most<T>));
    return _::scale(_::exp_polynomial(p.r), p.n, p.t);
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> exp2(lane<T, N, Target> x) {
    const auto p = _::exp2_reduce(min(max(x, _::pick<T>(-151.0f, -1076.0)), _::pick<T>(129.0f, 1025.0)));
    return _::scale(_::exp2_polynomial(p.r), p.n, p.t);
}

// e^x - 1, exact to the last place or two also where x is small.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> expm1(lane<T, N, Target> x) {
    const auto h = _::half_expm1(min(max(x, _::pick<T>(-20.0f, -40.0)), _::exp_most<T>));
    return copysign(h + h, x);
}

}  // namespace etta
