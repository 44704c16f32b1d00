// pool.hpp: pooling, resizing and padding as layers, for [N, C, L], [N, C, H, W] and [N, C, D, H, W]. PyTorch's names and formulas; a
// number may be one per axis: per_axis{2, 3}.
#pragma once

#include "../op/resample.hpp"
#include "parameter.hpp"
#include "real.hpp"

namespace etta {
namespace _ {

constexpr bool half_a_window(int spatial, per_axis kernel, per_axis padding, per_axis dilation) {
    bool half = true;
    for (int i = 0; i < spatial; ++i) half = half && 2 * padding[i] <= dilation[i] * (kernel[i] - 1) + 1;
    return half;
}
template <int Spatial, per_axis Kernel, per_axis Stride, per_axis Padding, per_axis Dilation = 1>
constexpr bool good_windows() {
    constexpr bool good = at_least(Kernel, 1) && at_least(Stride, 1) && at_least(Padding, 0) && at_least(Dilation, 1);
    constexpr bool half = half_a_window(Spatial, Kernel, Padding, Dilation);
    static_assert(good, "etta: pooling: Kernel, Stride and Dilation are 1 or more, Padding 0 or more");
    static_assert(half || !good, "etta: pooling: Padding is at most half a window");
    return good && half;
}
constexpr bool has_spatial(const var& x, int spatial, const char* who) {
    if (x.rank() == spatial + first_spatial) return true;
    const extent any = extent::of_symbol(0);
    shape wanted(any, any);
    for (int i = 0; i < spatial; ++i) wanted.push(any);
    x.g->blame(mistake::rank, who, wanted, x.extents());
    return false;
}

template <int Spatial, per_axis Kernel, per_axis Stride, per_axis Padding, per_axis Dilation, bool Ceil>
struct max_pool_layer {
    static constexpr const char* etta_type = Spatial == 1 ? "MaxPool1d" : Spatial == 2 ? "MaxPool2d" : "MaxPool3d";
    constexpr var operator()(var x) const {
        const in_layer here(x, this);
        const bool fits = good_windows<Spatial, Kernel, Stride, Padding, Dilation>() && has_spatial(x, Spatial, "max_pool");
        return fits ? max_pooled(x, {Kernel, Stride, Padding, Dilation, Ceil}) : x;
    }
};
template <int Spatial, per_axis Kernel, per_axis Stride, per_axis Padding, bool Ceil, bool CountPadding>
struct avg_pool_layer {
    static constexpr const char* etta_type = Spatial == 1 ? "AvgPool1d" : Spatial == 2 ? "AvgPool2d" : "AvgPool3d";
    constexpr var operator()(var x) const {
        const in_layer here(x, this);
        const bool fits = good_windows<Spatial, Kernel, Stride, Padding>() && has_spatial(x, Spatial, "avg_pool");
        return fits ? avg_pooled(x, {Kernel, Stride, Padding, 1, Ceil}, CountPadding) : x;
    }
};
template <int Spatial, real P, per_axis Kernel, per_axis Stride>
struct lp_pool_layer {
    static_assert(P > 0, "etta: LPPool<P>: P is above 0");
    static constexpr const char* etta_type = Spatial == 1 ? "LPPool1d" : Spatial == 2 ? "LPPool2d" : "LPPool3d";
    constexpr var operator()(var x) const {
        const in_layer here(x, this);
        return good_windows<Spatial, Kernel, Stride, 0>() && has_spatial(x, Spatial, "lp_pool") ? lp_pooled(x, P, {Kernel, Stride}) : x;
    }
};
template <int Spatial, per_axis To, bool Maximum>
struct adaptive_pool_layer {
    static constexpr const char* etta_type = Maximum ? "AdaptiveMaxPool" : "AdaptiveAvgPool";
    constexpr var operator()(var x) const {
        const in_layer here(x, this);
        return has_spatial(x, Spatial, "adaptive_pool") ? adaptive_pooled(x, To, Maximum) : x;
    }
};

}  // namespace _

// The maximum of windows; the stride is the window's size unless given. Padding counts as -inf, and is at most half a window. The
// gradient goes to the first of the largest elements; with a dilation, to all of them in equal parts. Ceil: a last window that reaches
// beyond the padding counts too, if it begins before the padding's end.
template <per_axis Kernel, per_axis Stride = Kernel, per_axis Padding = 0, per_axis Dilation = 1, bool Ceil = false>
using MaxPool1d = _::max_pool_layer<1, Kernel, Stride, Padding, Dilation, Ceil>;
template <per_axis Kernel, per_axis Stride = Kernel, per_axis Padding = 0, per_axis Dilation = 1, bool Ceil = false>
using MaxPool2d = _::max_pool_layer<2, Kernel, Stride, Padding, Dilation, Ceil>;
template <per_axis Kernel, per_axis Stride = Kernel, per_axis Padding = 0, per_axis Dilation = 1, bool Ceil = false>
using MaxPool3d = _::max_pool_layer<3, Kernel, Stride, Padding, Dilation, Ceil>;
// The mean of windows. Padding counts as zeros, or not at all (PyTorch: count_include_pad);
// Ceil as above.
template <per_axis Kernel, per_axis Stride = Kernel, per_axis Padding = 0, bool Ceil = false, bool CountPadding = true>
using AvgPool1d = _::avg_pool_layer<1, Kernel, Stride, Padding, Ceil, CountPadding>;
template <per_axis Kernel, per_axis Stride = Kernel, per_axis Padding = 0, bool Ceil = false, bool CountPadding = true>
using AvgPool2d = _::avg_pool_layer<2, Kernel, Stride, Padding, Ceil, CountPadding>;
template <per_axis Kernel, per_axis Stride = Kernel, per_axis Padding = 0, bool Ceil = false, bool CountPadding = true>
using AvgPool3d = _::avg_pool_layer<3, Kernel, Stride, Padding, Ceil, CountPadding>;
// (Σ x^P)^(1/P) of windows; the gradient where the sum is 0 is 0.
template <real P, per_axis Kernel, per_axis Stride = Kernel>
using LPPool1d = _::lp_pool_layer<1, P, Kernel, Stride>;
template <real P, per_axis Kernel, per_axis Stride = Kernel>
using LPPool2d = _::lp_pool_layer<2, P, Kernel, Stride>;
template <real P, per_axis Kernel, per_axis Stride = Kernel>
using LPPool3d = _::lp_pool_layer<3, P, Kernel, Stride>;
// Whatever the input's extents, the result's are To: window j of n elements is floor(j n / To) … ceil((j + 1) n / To) - 1. Of equally
// large elements, each gets its part of the maximum's gradient.
template <per_axis To>
using AdaptiveAvgPool1d = _::adaptive_pool_layer<1, To, false>;
template <per_axis To>
using AdaptiveAvgPool2d = _::adaptive_pool_layer<2, To, false>;
template <per_axis To>
using AdaptiveAvgPool3d = _::adaptive_pool_layer<3, To, false>;
template <per_axis To>
using AdaptiveMaxPool1d = _::adaptive_pool_layer<1, To, true>;
template <per_axis To>
using AdaptiveMaxPool2d = _::adaptive_pool_layer<2, To, true>;
template <per_axis To>
using AdaptiveMaxPool3d = _::adaptive_pool_layer<3, To, true>;
// [N, C, …] -> [N, C]: the mean (maximum) of each channel (Keras' GlobalAveragePooling).
struct GlobalAvgPool {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        return x.rank() > 2 ? mean(flatten<2>(x), axis<2>) : x;
    }
};
struct GlobalMaxPool {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        return x.rank() > 2 ? max(flatten<2>(x), axis<2>) : x;
    }
};

// Scale times as large along each spatial axis: the nearest element, or linear interpolation (bilinear, trilinear) with PyTorch's
// two conventions for where elements stand. Resize: to these extents.
template <per_axis Scale, upsampling Mode = upsampling::nearest, bool AlignCorners = false>
struct Upsample {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        if (!_::are_for(x.rank() - _::first_spatial, x, "upsample", Scale)) return x;
        for (int i = _::first_spatial; i < x.rank(); ++i) x = _::resize_axis(x, i, x.extent(i) * Scale[i - _::first_spatial], Mode, AlignCorners);
        return x;
    }
};
template <per_axis To, upsampling Mode = upsampling::nearest, bool AlignCorners = false>
struct Resize {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        return _::resized(x, To, Mode, AlignCorners);
    }
};
// [N, C R², H, W] -> [N, C, R H, R W], and back.
template <int R>
struct PixelShuffle {
    static_assert(R > 0, "etta: PixelShuffle<R>: R is 1 or more");
    constexpr var operator()(var x) const { const _::in_layer here(x, this); return _::pixel_shuffled(x, R); }
};
template <int R>
struct PixelUnshuffle {
    static_assert(R > 0, "etta: PixelUnshuffle<R>: R is 1 or more");
    constexpr var operator()(var x) const { const _::in_layer here(x, this); return _::pixel_unshuffled(x, R); }
};

// A number around [N, C, …] on each side of its spatial axes.
template <per_axis Before, per_axis After, real Value>
struct ConstantPad {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        if (!_::are_for(x.rank() - _::first_spatial, x, "pad", Before, After)) return x;
        for (int i = _::first_spatial; i < x.rank(); ++i) x = _::pad_axis_with(x, i, Before[i - _::first_spatial], After[i - _::first_spatial], Value);
        return x;
    }
};
// More of [N, C, …] on each side of its spatial axes, by padding_mode. Crop: less.
template <per_axis Before, per_axis After = Before, padding_mode Mode = padding_mode::zeros>
struct Pad { constexpr var operator()(var x) const { const _::in_layer here(x, this); return _::pad_axes(x, Before, After, Mode); } };
template <per_axis Before, per_axis After = Before>
using ZeroPad = Pad<Before, After>;
template <per_axis Before, per_axis After = Before>
using ReflectionPad = Pad<Before, After, padding_mode::reflect>;
template <per_axis Before, per_axis After = Before>
using ReplicationPad = Pad<Before, After, padding_mode::replicate>;
template <per_axis Before, per_axis After = Before>
using CircularPad = Pad<Before, After, padding_mode::circular>;
template <per_axis Before, per_axis After = Before>
struct Crop {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        if (!_::are_for(x.rank() - _::first_spatial, x, "crop", Before, After)) return x;
        for (int i = _::first_spatial; i < x.rank(); ++i) {
            const index n = x.extent(i), first = Before[i - _::first_spatial], end = n - After[i - _::first_spatial];
            if (n >= 0 && first >= end) x.g->blame(_::mistake::window, "crop", shape(extent(first + n - end + 1)), x.extents());
            else x = _::sliced(x, i, first, end);
        }
        return x;
    }
};

}  // namespace etta
