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

// -m / (m + 2) with m = e^(-2 |x|) - 1.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> tanh(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = min(abs(x), _::pick<T>(10.0f, 20.0));  // beyond, tanh is 1
    const L h = _::half_expm1(a * L(-2));
    return copysign(_::over_one_plus(h, h), x);
}

}  // namespace etta
