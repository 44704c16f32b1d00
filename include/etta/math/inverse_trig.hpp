// inverse_trig.hpp: asin, acos, atan, atan2, in radians.
#pragma once

#include "detail.hpp"

namespace etta {
namespace _ {

// (asin(x) - x) / x for |x| <= 1/2, z = x^2.
template <class L>
ETTA_LANE L asin_tail(L z) {
    if constexpr (sizeof(typename L::value_type) == 4)
        return z * polynomial(z, z * z, 0.0421589576f, 0.0241845138f, 0.0454691760f, 0.0749530941f, 0.166667521f);
    else
        return z * polynomial(z, z * z, 0.031909253013198143, -0.016219773182881588, 0.019525356054137258, 0.0065290603807634682,
                              0.012168954935059992, 0.013885275604616127, 0.017359700570311068, 0.022371758339495770,
                              0.030381959124287962, 0.044642856828658102, 0.075000000003365694, 0.16666666666665411);
}

template <class T>
inline constexpr T half_pi = pick<T>(1.57079637f, 1.5707963267948966);
template <class T>
inline constexpr T half_pi_low = pick<T>(-4.37113883e-8f, 6.123233995736766e-17);

// atan(a / b) for a, b >= 0, not both 0 or infinite. The smaller over the larger, q; above 1/2 pi/4 + atan of
// (q - 1) / (q + 1), so that one division does and 1 - q loses nothing.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> atan_first_quadrant(lane<T, N, Target> a, lane<T, N, Target> b) {
    using L = lane<T, N, Target>;
    const auto steep = a > b;
    const L lo = select(steep, b, a), hi = select(steep, a, b);
    const auto middle = lo > L(0.5f) * hi;
    const L t = select(middle, lo - hi, lo) / select(middle, lo + hi, hi), z = t * t;
    L p;
    if constexpr (sizeof(T) == 4)
        p = polynomial(z, z * z, -0.0512430817f, 0.101554871f, -0.141741708f, 0.199941665f, -0.333332330f);
    else
        p = polynomial(z, z * z, -0.012333875599289059, 0.032012143654871456, -0.047531376886551950, 0.057708630311105617,
                       -0.066501515520717036, 0.076906550620298816, -0.090907997053079004, 0.11111106529991549,
                       -0.14285714173770642, 0.19999999998631834, -0.33333333333327508);
    // base + sign (t + t z p), base 0, pi/4, pi/4 or pi/2 in two parts.
    const L tail = p * z * t;
    const auto k = select(middle, L(0.5f), select(steep, L(1), L(0)));
    const L s = flip_sign(t, select(steep, L(-1), L(1))), rest = flip_sign(tail, select(steep, L(-1), L(1)));
    return mul_add(k, L(half_pi<T>), s + mul_add(k, L(half_pi_low<T>), rest));
}

}  // namespace _

// x beyond [-1, 1] gives NaN.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> asin(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    // Above 1/2: pi/2 - 2 asin(sqrt((1 - |x|) / 2)).
    const L a = abs(x);
    const auto big = a > L(0.5f);
    const L z = select(big, mul_add(a, L(-0.5f), L(0.5f)), a * a), s = select(big, sqrt(z), a);
    const L tail = mul_add(s, _::asin_tail(z), select(big, L(-0.5f * _::half_pi_low<T>), L(0)));
    const L y = select(big, mul_add(s + tail, L(-2), L(_::half_pi<T>)), s + tail);
    return copysign(y, x);
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> acos(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    // Up to 1/2: pi/2 - asin(x). Above: 2 asin(sqrt((1 - |x|) / 2)), or pi less that where x is negative.
    const L a = abs(x);
    const auto big = a > L(0.5f), negative = x < L(0);
    const L z = select(big, mul_add(a, L(-0.5f), L(0.5f)), a * a), s = select(big, sqrt(z), a);
    const L tail = s * _::asin_tail(z);
    // k pi/2 + m (s + tail)
    const L k = select(big, select(negative, L(2), L(0)), L(1));
    const L m = select(big, select(negative, L(-2), L(2)), select(negative, L(1), L(-1)));
    return mul_add(k, L(_::half_pi<T>), mul_add(m, s, mul_add(k, L(_::half_pi_low<T>), m * tail)));
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> atan(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = min(abs(x), _::pick<T>(1e20f, 1e40));  // as good as infinite
    return copysign(_::atan_first_quadrant(a, L(1)), x);
}

// The angle of the point (x, y), from -pi to pi, with the usual values on the axes, for infinities and for signed zeros.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> atan2(lane<T, N, Target> y, lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L inf = _::infinity<T>;
    L a = abs(y), b = abs(x);
    // Infinite with finite: as 1 with 0; both infinite: as 1 with 1. Both 0: as 0 with 1.
    const auto far = (a == inf) | (b == inf);
    a = select(far, select(a == inf, L(1), a * L(0)), a), b = select(far, select(b == inf, L(1), b * L(0)), b);
    b = select((a == L(0)) & (b == L(0)), L(1), b);
    const auto huge = (a > L(_::pick<T>(1e38f, 4e307))) | (b > L(_::pick<T>(1e38f, 4e307)));  // their sum would overflow
    a = select(huge, a * L(0.25f), a), b = select(huge, b * L(0.25f), b);
    const L q = _::atan_first_quadrant(a, b);
    const auto left = mask_cast<T>(_::bits_of(x) < 0);
    const L pi = L(2 * _::half_pi<T>), pi_low = L(2 * _::half_pi_low<T>);
    return copysign(select(left, pi - (q - pi_low), q), y);
}
template <class T, int N, class Target, _::number U>
ETTA_LANE lane<T, N, Target> atan2(lane<T, N, Target> y, U x) { return atan2(y, lane<T, N, Target>(x)); }
template <class T, int N, class Target, _::number U>
ETTA_LANE lane<T, N, Target> atan2(U y, lane<T, N, Target> x) { return atan2(lane<T, N, Target>(y), x); }

}  // namespace etta
