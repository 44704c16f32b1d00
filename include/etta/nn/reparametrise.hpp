// reparametrise.hpp: layers whose weight is a function of what is trained: WeightNorm and SpectralNorm stand around a layer that has
// a parameter `weight`. The layer is traced once to learn the weight's extents, then with the function of it in its place.
#pragma once

#include "../op/matmul.hpp"
#include "../op/statistics.hpp"
#include "../op/unary.hpp"
#include "state.hpp"

namespace etta {
namespace _ {

// While it lives, this parameter's value is another.
struct in_place_of {
    builder* g;
    int slot, kept;
    constexpr in_place_of(const var& x, int slot, const var& value) : g(x.g), slot(slot), kept(g->params[slot]) { g->params[slot] = value.id; }
    constexpr ~in_place_of() { g->params[slot] = kept; }
    in_place_of(const in_place_of&) = delete;
};
// The layer's weight, declared by a call whose result nobody reads.
template <class Layer>
constexpr var weight_of(const Layer& layer, const var& x) {
    if (layer.weight.slot < 0) return x;
    if (x.g->params[layer.weight.slot] < 0) layer(x);
    return {x.g, x.g->params[layer.weight.slot]};
}
constexpr var as_rows(const var& w, int axis = 0) {  // [Out, all the rest] of the axis that the outputs lie along
    extent rest(1);
    std::int64_t order[max_rank] = {axis};
    for (int i = 0, k = 1; i < w.rank(); ++i)
        if (i != axis) rest = rest.times(w.extents()[i].code), order[k++] = i;
    const int first = axis == 0 ? w.id : Permute::add(*w.g, w.id, order);
    return {w.g, reshape_to(*w.g, first, shape(w.extents()[axis], rest))};
}
// Where a layer's outputs lie in its weight: PyTorch's `dim` of spectral_norm.
template <class Layer>
constexpr int output_axis() {
    if constexpr (requires { Layer::output_axis; }) return Layer::output_axis;
    else return 0;
}

}  // namespace _

// The layer with the weight g v / |v|, the length taken over each output (all axes but the first): Salimans & Kingma 2016. Trained
// are layer.weight (v, PyTorch's weight_v) and weight_g [Out], which starts at v's lengths, so that the weight is v.
template <class Layer>
struct WeightNorm {
    Layer layer;
    Param<sized<1>> weight_g;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this, layer.weight.slot);
        const var v = _::weight_of(layer, x);
        if (v.rank() < 1 || layer.weight.slot < 0) return x;
        const var rows = _::as_rows(v), length = sqrt(sum(square(rows), axis<1>, keepdims));
        const var g = weight_g.declare(x, shape(v.extents()[0]));
        x.g->starts[weight_g.slot] = {initialiser::lengths, static_cast<double>(layer.weight.slot)};
        const _::in_place_of w(x, layer.weight.slot, var{x.g, _::reshape_to(*x.g, (rows * (unsqueeze<1>(g) / length)).id, v.extents())});
        return layer(x);
    }
};

// The layer with its weight, as a matrix [Out, the rest], divided by its largest singular value: Miyato et al. 2018. That value is
// followed by Iterations steps of the power method with each training step; the vectors u [Out] and v [the rest] are state (PyTorch's
// _u, _v), which an evaluation takes as they are. They start from random ones by 15 steps for the weight as it starts.
template <class Layer, int Iterations = 1, real Eps = 1e-12>
struct SpectralNorm {
    Layer layer;
    State<sized<1>> u, v;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this, layer.weight.slot);
        const var w = _::weight_of(layer, x);
        if (w.rank() < 1 || layer.weight.slot < 0) return x;
        const auto unit = [](const var& v) constexpr { return v / max(sqrt(sum(square(v))), static_cast<double>(Eps)); };
        constexpr int axis = _::output_axis<Layer>();
        const var rows = _::as_rows(w, axis), fixed = stop_gradient(rows);
        var left = u.declare(x, shape(rows.extents()[0])), right = v.declare(x, shape(rows.extents()[1]));
        if (u.slot < 0) return x;
        x.g->state_starts[u.slot] = {initialiser::left_singular, static_cast<double>(layer.weight.slot), axis};
        x.g->state_starts[v.slot] = {initialiser::right_singular, static_cast<double>(layer.weight.slot), axis, static_cast<double>(u.slot)};
        if (training(x)) {
            for (int i = 0; i < Iterations; ++i) left = unit(matmul(fixed, right)), right = unit(matmul(fixed.t(), left));
            u.update(left), v.update(right);
        }
        const var sigma = sum(stop_gradient(left) * matmul(rows, stop_gradient(right)));
        const _::in_place_of divided(x, layer.weight.slot, w / sigma);
        return layer(x);
    }
};

}  // namespace etta
