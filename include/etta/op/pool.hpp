// pool.hpp: pooling of [N, C, H, W]: the maximum by an op of its own, the mean as a reduction over windows.
#pragma once

#include "max_pooling.hpp"
#include "window.hpp"

namespace etta {
namespace _ {

// Attributes: kernel, stride, padding (both directions alike).
template <class Reduce>
struct Pooling : CompositeOp<Pooling<Reduce>> {
    static constexpr var body(auto x, const std::int64_t* a, int) {
        const std::int64_t t[window_attributes] = {a[0], a[0], a[1], a[1], 1, 1};
        return Reduce::over(x, t, static_cast<index>(a[2]));
    }
};

struct MaxWindow {  // padding counts as -inf
    static constexpr var over(var x, const std::int64_t* t, index padding) {
        const std::int64_t a[6] = {t[0], t[1], t[2], t[3], padding, padding};
        return MaxPooling::body(x, a, 6);
    }
};
struct MeanWindow {  // padding counts as zeros, as in PyTorch
    static constexpr var over(var x, const std::int64_t* t, index padding) {
        const var v = Windows::of(pad_image(x, padding, padding), t, "avg_pool");
        if (v.rank() != 6) return v;
        return drop_axes(var{v.g, sum_over(*v.g, v.id, 0b1100)} * (1.0 / static_cast<double>(t[0] * t[1])), 0b1100, false);
    }
};

template <int Kernel, int Stride, int Padding>
inline constexpr bool good_window = Kernel >= 1 && Stride >= 1 && Padding >= 0 && 2 * Padding <= Kernel;

}  // namespace _

// The largest element of every Kernel x Kernel window: [N, C, H, W] -> [N, C, OH, OW]. The gradient goes to the first
// of the largest elements, as in PyTorch.
template <int Kernel, int Stride = Kernel, int Padding = 0, operand X>
constexpr _::applied<_::Pooling<_::MaxWindow>, _::attr<Kernel, Stride, Padding>, X> max_pool(X&& x) {
    static_assert(_::good_window<Kernel, Stride, Padding>, "etta: pooling: Kernel and Stride are 1 or more, Padding is 0 or more and at most half a window");
    return _::apply<_::Pooling<_::MaxWindow>, _::attr<Kernel, Stride, Padding>>(static_cast<X&&>(x));
}
// The mean of every window.
template <int Kernel, int Stride = Kernel, int Padding = 0, operand X>
constexpr _::applied<_::Pooling<_::MeanWindow>, _::attr<Kernel, Stride, Padding>, X> avg_pool(X&& x) {
    static_assert(_::good_window<Kernel, Stride, Padding>, "etta: pooling: Kernel and Stride are 1 or more, Padding is 0 or more and at most half a window");
    return _::apply<_::Pooling<_::MeanWindow>, _::attr<Kernel, Stride, Padding>>(static_cast<X&&>(x));
}

}  // namespace etta
