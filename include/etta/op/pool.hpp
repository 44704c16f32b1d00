// pool.hpp: pooling as a reduction over the windows of [N, C, H, W].
#pragma once

#include "window.hpp"

namespace etta {
namespace _ {

// Attributes: kernel, stride, padding (both directions alike).
template <class Reduce>
struct Pooling : CompositeOp<Pooling<Reduce>> {
    static constexpr var body(var x, const std::int64_t* a, int) {
        const std::int64_t t[window_attributes] = {a[0], a[0], a[1], a[1], 1, 1};
        return Reduce::over(x, t, static_cast<index>(a[2]));
    }
};

struct MaxWindow {
    // Padding counts as -inf: x - lowest is placed in zeros, so that they can never win. Elements that share a window's
    // maximum share its gradient.
    static constexpr var over(var x, const std::int64_t* t, index padding) {
        if (padding > 0 && x.rank() == 4) {
            const var inside = pad_image({x.g, expand_to(*x.g, x.g->literal(1, x.type()), x.extents())}, padding, padding);
            x = where(inside > 0, pad_image(x, padding, padding), -__builtin_inf());
        }
        const var v = Windows::of(x, t, "max_pool");
        return v.rank() == 6 ? drop_axes({v.g, Max::add(*v.g, v.id, 0b1100)}, 0b1100, false) : v;
    }
};
struct MeanWindow {  // padding counts as zeros, as in PyTorch
    static constexpr var over(var x, const std::int64_t* t, index padding) {
        const var v = Windows::of(pad_image(x, padding, padding), t, "avg_pool");
        if (v.rank() != 6) return v;
        return drop_axes(var{v.g, sum_over(*v.g, v.id, 0b1100)} * (1.0 / static_cast<double>(t[0] * t[1])), 0b1100, false);
    }
};

}  // namespace _

// The largest element of every Kernel x Kernel window: [N, C, H, W] -> [N, C, OH, OW]. Elements that are equally large share
// the gradient.
template <int Kernel, int Stride = Kernel, int Padding = 0, operand X>
constexpr _::applied<_::Pooling<_::MaxWindow>, _::attr<Kernel, Stride, Padding>, X> max_pool(X&& x) {
    return _::apply<_::Pooling<_::MaxWindow>, _::attr<Kernel, Stride, Padding>>(static_cast<X&&>(x));
}
// The mean of every window.
template <int Kernel, int Stride = Kernel, int Padding = 0, operand X>
constexpr _::applied<_::Pooling<_::MeanWindow>, _::attr<Kernel, Stride, Padding>, X> avg_pool(X&& x) {
    return _::apply<_::Pooling<_::MeanWindow>, _::attr<Kernel, Stride, Padding>>(static_cast<X&&>(x));
}

}  // namespace etta
