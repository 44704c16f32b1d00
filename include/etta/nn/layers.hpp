// layers.hpp: the layers that have parameters or stand in a Sequential. A layer is a plain struct: parameters as members,
// a call operator on traced values. PyTorch's names, layouts and starting values.
#pragma once

#include "../op/activation.hpp"
#include "../op/conv.hpp"
#include "../op/pool.hpp"
#include "../op/softmax.hpp"
#include "../op/trigonometry.hpp"
#include "parameter.hpp"

namespace etta {

// y = x Wᵀ + b on the last axis: [..., In] -> [..., Out]. weight [Out, In], bias [Out]. In is inferred.
template <int Out, bool Bias = true, class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
struct Linear;
template <int Out, class Init, class BiasInit>
struct Linear<Out, true, Init, BiasInit> {
    Param<sized<Out, last>, Init> weight;
    Param<sized<Out>, BiasInit> bias;
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        return matmul(x, weight(x).t()) + bias(x, static_cast<double>(x.extent(-1)));
    }
};
template <int Out, class Init, class BiasInit>
struct Linear<Out, false, Init, BiasInit> {
    Param<sized<Out, last>, Init> weight;
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        return matmul(x, weight(x).t());
    }
};

// 2-D convolution of [N, C, H, W] -> [N, Out, H', W'], H' = (H + 2 Padding - Kernel) / Stride + 1. weight
// [Out, C / Groups, Kernel, Kernel], bias [Out]. C is inferred.
template <int Out, int Kernel, int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1>
struct Conv2d {
    Param<sized<Out, channels, Kernel, Kernel>, init::fan_in_uniform> weight;
    Param<sized<Out>, init::fan_in_uniform> bias;
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        if (x.rank() != 4 || x.extent(1) % Groups != 0) {
            const extent any = extent::of_symbol(0);
            x.g->blame(x.rank() != 4 ? _::mistake::rank : _::mistake::channels, "conv2d", x.rank() != 4 ? shape(any, any, any, any) : shape(any, index{Groups}, any, any), x.extents());
            return x;
        }
        shape s(index{Out}, x.extent(1) / Groups, index{Kernel}, index{Kernel});
        const double fan_in = static_cast<double>(x.extent(1) / Groups * Kernel * Kernel);
        const var w = weight.declare(x, s), b = bias.declare(x, shape(index{Out}), fan_in);
        return conv2d<Stride, Stride, Padding, Padding, Dilation, Dilation, Groups>(x, w, b);
    }
};

// The maximum (average) of windows of [N, C, H, W]; the stride is the window's size unless given.
template <int Kernel, int Stride = Kernel, int Padding = 0>
struct MaxPool2d { constexpr auto operator()(var x) const { return max_pool<Kernel, Stride, Padding>(x); } };
template <int Kernel, int Stride = Kernel, int Padding = 0>
struct AvgPool2d { constexpr auto operator()(var x) const { return avg_pool<Kernel, Stride, Padding>(x); } };

// Element-wise functions as layers, for Sequential.
struct ReLU { constexpr auto operator()(var x) const { return relu(x); } };
struct Tanh { constexpr auto operator()(var x) const { return tanh(x); } };
// All axes but the batch become one.
struct Flatten { constexpr auto operator()(var x) const { return flatten(x); } };
template <int Axis = -1>
struct Softmax { constexpr auto operator()(var x) const { return softmax<Axis>(x); } };

// Layers one after the other; parameters are named "0.weight", "2.bias", … as in PyTorch.
template <class... Layers>
struct Sequential;
template <>
struct Sequential<> {
    using etta_sequence = void;
    template <class F>
    constexpr void etta_layers(F&&, std::size_t = 0) {}
    constexpr var operator()(var x) const { return x; }
};
template <class First, class... Rest>
struct Sequential<First, Rest...> {
    using etta_sequence = void;
    First first;
    Sequential<Rest...> rest;
    template <class F>
    constexpr void etta_layers(F&& f, std::size_t i = 0) {
        f(first, i);
        rest.etta_layers(f, i + 1);
    }
    constexpr var operator()(var x) const { return rest(first(x)); }
};

}  // namespace etta
