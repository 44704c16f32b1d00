// activations.hpp: functions as layers, for Sequential; elsewhere they are functions. Names and defaults are PyTorch's.
#pragma once

#include "../op/activation.hpp"
#include "../op/index.hpp"
#include "../op/place.hpp"
#include "../op/shape.hpp"
#include "../op/softmax.hpp"
#include "../op/trigonometry.hpp"
#include "parameter.hpp"
#include "real.hpp"

namespace etta {

// --- element by element ----------------------------------------------------------------------------------------------------
struct Identity { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return x; } };
struct ReLU { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return relu(x); } };
struct ReLU6 { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return relu6(x); } };
struct Tanh { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return tanh(x); } };
struct Sigmoid { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return sigmoid(x); } };
struct LogSigmoid { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return log_sigmoid(x); } };
struct SELU { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return selu(x); } };
struct SiLU { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return silu(x); } };
struct Mish { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return mish(x); } };
struct Hardsigmoid { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return hardsigmoid(x); } };
struct Hardswish { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return hardswish(x); } };
struct Softsign { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return softsign(x); } };
struct Tanhshrink { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return tanhshrink(x); } };
// Exact, or with GPT-2's approximation by tanh.
template <bool Approximate = false>
struct GELU { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return Approximate ? gelu_tanh(x) : gelu(x); } };
template <real Slope = 0.01>
struct LeakyReLU { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return leaky_relu(x, static_cast<double>(Slope)); } };
template <real Alpha = 1.0>
struct ELU { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return elu(x, static_cast<double>(Alpha)); } };
template <real Alpha = 1.0>
struct CELU {
    static_assert(Alpha < 0 || Alpha > 0, "etta: CELU<Alpha>: Alpha is not 0");
    constexpr auto operator()(var x) const { const _::in_layer here(x, this); return celu(x, static_cast<double>(Alpha)); }
};
template <real Low = -1.0, real High = 1.0>
struct Hardtanh {
    static_assert(Low <= High, "etta: Hardtanh<Low, High>: Low is at most High");
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, this);
        return hardtanh(x, static_cast<double>(Low), static_cast<double>(High));
    }
};
template <real Edge = 0.5>
struct Hardshrink { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return hardshrink(x, static_cast<double>(Edge)); } };
template <real Edge = 0.5>
struct Softshrink { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return softshrink(x, static_cast<double>(Edge)); } };
template <real Edge, real Otherwise>
struct Threshold {
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, this);
        return threshold(x, static_cast<double>(Edge), static_cast<double>(Otherwise));
    }
};
// log(1 + exp(Beta x)) / Beta. (PyTorch goes over to x where Beta x > 20, which is the same to the last digits.)
template <real Beta = 1.0>
struct Softplus {
    static_assert(Beta < 0 || Beta > 0, "etta: Softplus<Beta>: Beta is not 0");
    constexpr auto operator()(var x) const {
        const _::in_layer here(x, this);
        return softplus(x * static_cast<double>(Beta)) * (1 / static_cast<double>(Beta));
    }
};
// leaky_relu whose slope is learned: one, or one for each channel (the second axis): PReLU<channels>. weight [1] or [C].
template <int Parameters = 1, real Start = 0.25>
struct PReLU {
    Param<sized<Parameters>, init::constant<Start>> weight;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        shape beside;
        for (int i = 1; i < x.rank(); ++i) beside.push(i == 1 && Parameters != 1 ? x.extents()[1] : extent(1));
        const var w = weight(x);
        return prelu(x, var{x.g, _::reshape_to(*x.g, w.id, Parameters == 1 ? shape(extent(1)) : beside)});
    }
};

// --- along an axis -----------------------------------------------------------------------------------------------------------
template <int Axis = -1>
struct Softmax { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return softmax<Axis>(x); } };
template <int Axis = -1>
struct Softmin { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return softmax<Axis>(-x); } };
template <int Axis = -1>
struct LogSoftmax { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return log_softmax<Axis>(x); } };
// The first half of an axis times the sigmoid of the second: Dauphin et al. 2017.
template <int Axis = -1>
struct GLU { constexpr var operator()(var x) const { const _::in_layer here(x, this); return part<0, 2, Axis>(x) * sigmoid(part<1, 2, Axis>(x)); } };
// The maximum of each Pieces neighbours along an axis: Goodfellow et al. 2013.
template <int Pieces, int Axis = -1>
struct Maxout {
    static_assert(Pieces > 0, "etta: Maxout<Pieces>: Pieces is 1 or more");
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        const int axis = _::axis_of(*x.g, Axis, x.rank(), "maxout");
        shape s;
        for (int i = 0; i < x.rank(); ++i) {
            if (i != axis) s.push(x.extents()[i]);
            else if (x.extent(i) >= 0 && x.extent(i) % Pieces == 0) s.push(extent(x.extent(i) / Pieces)), s.push(extent(index{Pieces}));
        }
        if (s.rank != x.rank() + 1) {
            x.g->blame(_::mistake::axis, "maxout", x.extents(), shape(index{Pieces}));
            return x;
        }
        return _::drop_axes(_::max_along({x.g, _::reshape_to(*x.g, x.id, s)}, 1u << (axis + 1)), 1u << (axis + 1), false);
    }
};

// --- shapes --------------------------------------------------------------------------------------------------------------------
// All axes but the batch become one.
struct Flatten { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return flatten(x); } };
// A sample's elements with other extents, row-major; the batch stays. One extent may be -1: what the others leave.
template <int... Extents>
struct Reshape {
    static_assert(((Extents == -1) + ... + 0) <= 1 && ((Extents >= -1) && ...), "etta: Reshape: extents are 0 or more, and one may be -1: what the others leave");
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        constexpr index known = ((Extents == -1 ? 1 : Extents) * ... * index{1});
        index all = 1;
        for (int i = 1; i < x.rank(); ++i) all *= x.extent(i);
        shape s(x.extents()[0]);
        (s.push(extent(Extents == -1 ? (known == 0 ? 0 : all / known) : index{Extents})), ...);
        return {x.g, _::reshape_to(*x.g, x.id, s)};
    }
};
// Another order of the axes, the batch (0) among them: Permute<0, 2, 3, 1> is [N, H, W, C] of [N, C, H, W].
template <int... Axes>
struct Permute { constexpr auto operator()(var x) const { const _::in_layer here(x, this); return permute<Axes...>(x); } };

// --- of several inputs -----------------------------------------------------------------------------------------------------------
struct Add { constexpr var operator()(var x, auto... more) const { const _::in_layer here(x, this); return (x + ... + more); } };
struct Multiply { constexpr var operator()(var x, auto... more) const { const _::in_layer here(x, this); return (x * ... * more); } };
struct Subtract { constexpr var operator()(var x, var y) const { const _::in_layer here(x, this); return x - y; } };
struct Average {
    constexpr var operator()(var x, auto... more) const {
        const _::in_layer here(x, this);
        return (x + ... + more) * (1.0 / (1 + sizeof...(more)));
    }
};
template <int Axis = -1>
struct Concatenate { constexpr var operator()(var x, auto... more) const { const _::in_layer here(x, this); return concat<Axis>(x, more...); } };

// A captureless function as a layer: Lambda<[](auto x) { return 2 * x; }>, or the name of a function object.
template <auto F>
struct Lambda { constexpr auto operator()(auto... x) const { return F(x...); } };

}  // namespace etta
