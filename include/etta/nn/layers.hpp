// layers.hpp: the layers that have parameters or stand in a Sequential. A layer is a plain struct: parameters as members,
// a call operator on traced values. PyTorch's names, layouts and starting values.
#pragma once

#include "activations.hpp"
#include "conv.hpp"
#include "distance.hpp"
#include "pool.hpp"

namespace etta {

// y = x Wᵀ + b on the last axis: [..., In] -> [..., Out]. weight [Out, In], bias [Out]. In is inferred.
template <int Out, bool Bias = true, class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
struct Linear;
template <int Out, class Init, class BiasInit>
struct Linear<Out, true, Init, BiasInit> {
    static_assert(Out >= 0, "etta: Linear<Out>: Out is 0 or more");
    Param<sized<(Out < 0 ? 0 : Out), last>, Init> weight;
    Param<sized<(Out < 0 ? 0 : Out)>, BiasInit> bias;
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        return matmul(x, weight(x).t()) + bias(x, static_cast<double>(x.extent(-1)));
    }
};
template <int Out, class Init, class BiasInit>
struct Linear<Out, false, Init, BiasInit> {
    static_assert(Out >= 0, "etta: Linear<Out>: Out is 0 or more");
    Param<sized<(Out < 0 ? 0 : Out), last>, Init> weight;
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        return matmul(x, weight(x).t());
    }
};

// y_o = x1ᵀ W_o x2 + b_o on the last axis: [..., In1], [..., In2] -> [..., Out]. weight [Out, In1, In2], bias [Out].
template <int Out, bool Bias = true, class Init = init::fan_in_uniform, class BiasInit = init::fan_in_uniform>
struct Bilinear {
    static_assert(Out >= 0, "etta: Bilinear<Out>: Out is 0 or more");
    Param<sized<Out>, Init> weight;
    std::conditional_t<Bias, Param<sized<Out>, BiasInit>, _::left_out> bias;
    constexpr var operator()(var x1, var x2) const {
        const _::in_layer here(x1, weight.slot);
        if (x1.rank() < 1 || x2.rank() != x1.rank() || x1.extent(-1) < 0 || x2.extent(-1) < 0) {
            x1.g->blame(_::mistake::rank, "bilinear", x1.extents(), x2.extents());
            return x1;
        }
        const index n = x1.extent(-1), m = x2.extent(-1);
        const double fan_in = static_cast<double>(n);  // PyTorch's, which counts the second extent
        const var w = weight.declare(x1, shape(index{Out}, n, m), fan_in);
        const std::int64_t order[3] = {1, 0, 2};
        const var flat = _::reshaped({x1.g, _::Permute::add(*x1.g, w.id, order)}, shape(n, Out * m));
        shape s = x1.extents();
        s[-1] = extent(index{Out});
        s.push(extent(m));
        const var y = sum(_::reshaped(matmul(x1, flat), s) * unsqueeze<-2>(x2), axis<-1>);
        if constexpr (Bias) return y + bias.declare(x1, shape(index{Out}), fan_in);
        else return y;
    }
};

namespace _ {
template <class Layer>
constexpr auto called(const Layer& layer, const var& x) {
    const in_layer here(x, &layer);
    return layer(x);
}
}  // namespace _

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
    constexpr var operator()(var x) const { return rest(_::called(first, x)); }
};

}  // namespace etta
