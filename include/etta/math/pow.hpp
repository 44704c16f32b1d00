// pow.hpp: x^y = 2^(y log2 x), the logarithm in two parts (hi + lo), since its error is multiplied by up to 1,000.
// log2(1 + f) through atanh, s = f / (2 + f).
#pragma once

#include "exp.hpp"
#include "log.hpp"

namespace etta {
namespace _ {

// log2(x) for positive finite x, to half as many digits again as T has.
template <class T, int N, class Target>
ETTA_LANE pair<lane<T, N, Target>> log2_in_two(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const auto x2 = log_split(x);
    // s = f / (2 + f), its error from the remainder; 1 / (2 + f) = (1 - s) / 2.
    const auto d = quick_sum(L(2), x2.f);
    const L s = x2.f / d.hi;
    const auto back = exact_product(s, d.hi);
    const L s_low = ((x2.f - back.hi) - back.lo - s * d.lo) * mul_add(s, L(-0.5f), L(0.5f));
    const L z = s * s;
    // atanh(s) = s + s^3/3 + s^5 p, the second term in two parts, too.
    L p;
    if constexpr (sizeof(T) == 4)
        p = polynomial(z, z * z, 0.0977809951f, 0.110898666f, 0.142859861f, 0.199999988f);
    else
        p = polynomial(z, z * z, 0.059909198203932937, 0.058378860126599541, 0.066681324200135839, 0.076922792110185809,
                       0.090909094220264622, 0.11111111108894763, 0.14285714285721920, 0.19999999999999990);
    const L third = pick<T>(0.333333343f, 0.33333333333333331), third_low = pick<T>(-9.9341078e-9f, 1.8503717077085941e-17);
    const auto square = exact_product(s, s), cube = exact_product(s, square.hi);
    const L cube_low = cube.lo + s * mul_add(L(3) * s, s_low, square.lo);
    const auto c = exact_product(cube.hi, third);
    const auto head = quick_sum(s, c.hi);
    const L tail = c.lo + mul_add(cube.hi, third_low, cube_low * third);
    const auto a = quick_sum(head.hi, head.lo + (s_low + mul_add(p, z * (z * s), tail)));
    const L k = pick<T>(2.88539004f, 2.8853900817779268), k_low = pick<T>(3.85192607e-8f, 4.0710547481862066e-17);
    const auto l = exact_product(a.hi, k);
    const auto sum = quick_sum(select(x2.e == L(0), l.hi, x2.e), select(x2.e == L(0), L(0), l.hi));
    return {sum.hi, sum.lo + (l.lo + mul_add(a.hi, k_low, a.lo * k))};
}

}  // namespace _

// Special cases as in C: x^0 = 1, 1^y = 1, a negative x needs a whole y (else NaN), 0 and infinities with their signs.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> pow(lane<T, N, Target> x, lane<T, N, Target> y) {
    using L = lane<T, N, Target>;
    const L a = abs(x), inf = _::infinity<T>, one = L(1), zero = L(0);
    const auto finite = (a > zero) & (a < inf) & (abs(y) < inf);
    const auto l = _::log2_in_two(select(finite, a, one));
    const auto p = _::exact_product(y, l.hi);
    const L most = _::pick<T>(200.0f, 1600.0);  // far out of range
    const auto near = abs(p.hi) < most;
    const auto e = _::exp2_reduce(select(near, p.hi, copysign(most, p.hi)));
    const L low = select(near, mul_add(y, l.lo, p.lo), zero);
    L r = _::scale(_::exp2_polynomial(e.r + low), e.n, e.t);
    if (any(!(finite & (x > zero)))) {
        const auto whole = floor(y) == y;  // infinities are
        const auto odd = whole & (floor(y * L(0.5f)) != y * L(0.5f));
        const L limit = select((a > one) ^ (y > zero), zero, inf);
        r = select(finite, r, select(a == one, one, limit));
        r = select(odd, _::flip_sign(r, x), r);
        r = select((x < zero) & (a < inf) & !whole, L(_::not_a_number<T>), r);
        r = select((x != x) | (y != y), x + y, r);
        r = select((y == zero) | (x == one), one, r);
    }
    return r;
}
template <class T, int N, class Target, _::number U>
ETTA_LANE lane<T, N, Target> pow(lane<T, N, Target> x, U y) { return pow(x, lane<T, N, Target>(y)); }
template <class T, int N, class Target, _::number U>
ETTA_LANE lane<T, N, Target> pow(U x, lane<T, N, Target> y) { return pow(lane<T, N, Target>(x), y); }

}  // namespace etta
