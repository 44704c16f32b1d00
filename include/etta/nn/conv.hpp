// conv.hpp: convolutional layers for signals [N, C, L], pictures [N, C, H, W] and volumes [N, C, D, H, W]: one struct, the number of
// spatial axes is a parameter. PyTorch's names, argument order, layouts and starting values; C is inferred.
#pragma once

#include "../op/spatial.hpp"
#include "parameter.hpp"

namespace etta {

// A convolution whose result has its input's extents (stride 1), and one without padding.
inline constexpr per_axis same = -1;
inline constexpr per_axis valid = 0;
// Groups of a convolution: each channel for itself; Out is then how many results each channel has.
inline constexpr int depthwise = 0;

namespace _ {

template <int Spatial>
inline constexpr const char* conv_names[2] = {Spatial == 1 ? "conv1d" : Spatial == 2 ? "conv2d" : "conv3d",
                                                   Spatial == 1 ? "conv_transpose1d" : "conv_transpose2d"};

// False, and blamed on the layer that is being called, where x has another rank or its channels are not Groups times something.
constexpr bool takes_pictures(const var& x, int spatial, index groups, const char* who) {
    if (x.rank() == spatial + first_spatial && x.extent(1) > 0 && x.extent(1) % groups == 0) return true;
    const extent any = extent::of_symbol(0);
    shape wanted(any, x.rank() == spatial + first_spatial ? extent(groups) : any);
    for (int i = 0; i < spatial; ++i) wanted.push(any);
    x.g->blame(x.rank() != spatial + first_spatial ? mistake::rank : mistake::channels, who, wanted, x.extents());
    return false;
}

template <int Spatial, int Out, per_axis Kernel, per_axis Stride, per_axis Padding, per_axis Dilation, int Groups, bool Bias, padding_mode Mode,
          class Init, class BiasInit>
struct conv_layer {
    static constexpr const char* etta_type = Spatial == 1 ? "Conv1d" : Spatial == 2 ? "Conv2d" : "Conv3d";
    Param<sized<Out>, Init> weight;
    std::conditional_t<Bias, Param<sized<Out>, BiasInit>, left_out> bias;
    constexpr var operator()(var x) const {
        static_assert(at_least(Kernel, 1) && at_least(Stride, 1) && at_least(Dilation, 1) && (at_least(Padding, 0) || Padding == same) && Out > 0 && Groups >= 0,
                      "etta: a convolution: Out, Kernel, Stride and Dilation are 1 or more, Padding 0 or more");
        static_assert(!(Padding == same) || Stride == per_axis(1), "etta: a convolution with the padding `same` has stride 1");
        const in_layer here(x, weight.slot);
        if (!takes_pictures(x, Spatial, Groups == depthwise ? 1 : Groups, conv_names<Spatial>[0]) || !are_for(Spatial, x, conv_names<Spatial>[0], Kernel, Stride, Padding, Dilation)) return x;
        const index c = x.extent(1), groups = Groups == depthwise ? c : Groups, out = Groups == depthwise ? c * Out : Out;
        shape s(extent(out), extent(c / groups));
        double fan_in = static_cast<double>(c / groups);
        convolution how{Stride, Padding, Padding, Dilation, groups, Mode};
        if (Padding == same) how.before = how.after = per_axis(0);
        for (int i = 0; i < Spatial; ++i) {
            s.push(extent(Kernel[i]));
            fan_in *= static_cast<double>(Kernel[i]);
            if (!(Padding == same)) continue;
            const int all = static_cast<int>(Dilation[i] * (Kernel[i] - 1)), first = all / 2;  // of an odd number, one more behind (PyTorch)
            (i == 0 ? how.before.a : i == 1 ? how.before.b : how.before.c) = first;
            (i == 0 ? how.after.a : i == 1 ? how.after.b : how.after.c) = all - first;
        }
        const var w = weight.declare(x, s);
        var b;
        if constexpr (Bias) b = bias.declare(x, shape(extent(out)), fan_in);
        return convolve(x, w, b, how, conv_names<Spatial>[0]);
    }
};

template <int Spatial, int Out, per_axis Kernel, per_axis Stride, per_axis Padding, per_axis OutputPadding, int Groups, bool Bias, per_axis Dilation,
          class Init, class BiasInit>
struct conv_transpose_layer {
    static constexpr const char* etta_type = Spatial == 1 ? "ConvTranspose1d" : "ConvTranspose2d";
    static constexpr int output_axis = 1;  // of the weight
    Param<sized<Out>, Init> weight;
    std::conditional_t<Bias, Param<sized<Out>, BiasInit>, left_out> bias;
    constexpr var operator()(var x) const {
        static_assert(at_least(Kernel, 1) && at_least(Stride, 1) && at_least(Dilation, 1) && at_least(Padding, 0) && at_least(OutputPadding, 0) &&
                          Out > 0 && Groups > 0,
                      "etta: a transposed convolution: Out, Kernel, Stride, Dilation and Groups are 1 or more, paddings 0 or more");
        static_assert(Out % Groups == 0, "etta: a transposed convolution: Out is a multiple of Groups");
        const in_layer here(x, weight.slot);
        if (!takes_pictures(x, Spatial, Groups, conv_names<Spatial>[1]) || !are_for(Spatial, x, conv_names<Spatial>[1], Kernel)) return x;
        shape s(x.extents()[1], extent(index{Out / Groups}));
        double fan_in = static_cast<double>(Out / Groups);  // PyTorch's, which counts the second extent
        for (int i = 0; i < Spatial; ++i) s.push(extent(Kernel[i])), fan_in *= static_cast<double>(Kernel[i]);
        const var w = weight.declare(x, s);
        var b;
        if constexpr (Bias) b = bias.declare(x, shape(index{Out}), fan_in);
        return convolve_transposed(x, w, b, {Stride, Padding, Padding, Dilation, Groups}, OutputPadding, conv_names<Spatial>[1]);
    }
};

}  // namespace _

// Convolution: [N, C, H, W] -> [N, Out, H', W'], H' = (H + 2 Padding - Dilation (Kernel - 1) - 1) / Stride + 1, and the same with one
// or three spatial axes. weight [Out, C / Groups, Kernel…], bias [Out]. Each number may be one per axis: per_axis{3, 5}. Padding may
// be `same`. Groups: `depthwise` has C of them, and C * Out results.
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis Dilation = 1, int Groups = 1, bool Bias = true,
          padding_mode Mode = padding_mode::zeros, class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
using Conv1d = _::conv_layer<1, Out, Kernel, Stride, Padding, Dilation, Groups, Bias, Mode, Init, BiasInit>;
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis Dilation = 1, int Groups = 1, bool Bias = true,
          padding_mode Mode = padding_mode::zeros, class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
using Conv2d = _::conv_layer<2, Out, Kernel, Stride, Padding, Dilation, Groups, Bias, Mode, Init, BiasInit>;
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis Dilation = 1, int Groups = 1, bool Bias = true,
          padding_mode Mode = padding_mode::zeros, class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
using Conv3d = _::conv_layer<3, Out, Kernel, Stride, Padding, Dilation, Groups, Bias, Mode, Init, BiasInit>;

// Transposed convolution, which a convolution's gradient is: [N, C, H, W] -> [N, Out, H', W'], H' = (H - 1) Stride - 2 Padding +
// Dilation (Kernel - 1) + OutputPadding + 1. weight [C, Out / Groups, Kernel…], bias [Out].
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis OutputPadding = 0, int Groups = 1, bool Bias = true, per_axis Dilation = 1,
          class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
using ConvTranspose1d = _::conv_transpose_layer<1, Out, Kernel, Stride, Padding, OutputPadding, Groups, Bias, Dilation, Init, BiasInit>;
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis OutputPadding = 0, int Groups = 1, bool Bias = true, per_axis Dilation = 1,
          class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
using ConvTranspose2d = _::conv_transpose_layer<2, Out, Kernel, Stride, Padding, OutputPadding, Groups, Bias, Dilation, Init, BiasInit>;

// A convolution of each channel for itself, Multiplier results each, then one across the channels (Keras' SeparableConv2D): as a rule
// a ninth of Conv2d's work for a window of 3. depthwise.weight [C * Multiplier, 1, K, K], pointwise.weight [Out, C * Multiplier, 1, 1].
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis Dilation = 1, int Multiplier = 1, bool Bias = true>
struct SeparableConv1d {
    Conv1d<Multiplier, Kernel, Stride, Padding, Dilation, etta::depthwise, false> depthwise;
    Conv1d<Out, 1, 1, 0, 1, 1, Bias> pointwise;
    constexpr var operator()(var x) const { return pointwise(depthwise(x)); }
};
template <int Out, per_axis Kernel, per_axis Stride = 1, per_axis Padding = 0, per_axis Dilation = 1, int Multiplier = 1, bool Bias = true>
struct SeparableConv2d {
    Conv2d<Multiplier, Kernel, Stride, Padding, Dilation, etta::depthwise, false> depthwise;
    Conv2d<Out, 1, 1, 0, 1, 1, Bias> pointwise;
    constexpr var operator()(var x) const { return pointwise(depthwise(x)); }
};

}  // namespace etta
