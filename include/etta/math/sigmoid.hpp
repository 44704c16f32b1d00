// sigmoid.hpp: sigmoid and softplus, from e^-|x|, which neither overflows nor loses digits on either side.
#pragma once

#include "exp.hpp"
#include "log.hpp"

namespace etta {

// 1 / (1 + e^-x).
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> sigmoid(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L e = _::exp_negative(-abs(x));
    return _::over_one_plus(select(x < L(0), e, L(1)), e);
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|).
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> softplus(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L e = _::exp_negative(-abs(x));
    // 1 + e is at most 2: m = (1 + e) / 2 above sqrt(2), with what 1 + e loses by rounding.
    const L u = _::keep(e + L(1)), lost = e - _::keep(u - L(1));
    const auto big = u > L(_::pick<T>(1.41421354f, 1.4142135623730951));
    const L f = select(big, mul_add(L(0.5f), u, L(-1)) + L(0.5f) * lost, e);
    return max(x, L(0)) + _::log_join(select(big, L(1), L(0)), f);
}

}  // namespace etta
