// layer_norm.hpp: normalisation within a sample: the same while training and afterwards, so without state. PyTorch's names,
// defaults and formulas. Fusion makes one row kernel of each.
#pragma once

#include "../op/binary.hpp"
#include "../op/place.hpp"
#include "../op/statistics.hpp"
#include "../op/unary.hpp"
#include "parameter.hpp"
#include "real.hpp"

namespace etta {

// Written LayerNorm<LayerNormOptions{.bias = false}>; LayerNorm<LayerNormOptions{.axes = 3}> for PyTorch's LayerNorm([C, H, W]).
struct LayerNormOptions {
    real eps = 1e-5;
    bool affine = true;  // with weight and bias
    bool bias = true;    // a bias beside the weight
    int axes = 1;        // over so many of the last axes (LayerNorm)
};
struct RMSNormOptions {
    real eps = -1.0;  // below 0: the element type's epsilon, as in PyTorch
    bool affine = true;
};

namespace _ {

// (x - mean) / sqrt(variance + eps) over the last axes.
constexpr var standardised(var x, double eps, int axes = 1) {
    const unsigned last = ((1u << axes) - 1) << (x.rank() - axes);
    const var count = count_over(x, last), centred = x - divide_by(sum_along(x, last), count);
    return centred * rsqrt(divide_by(sum_along(square(centred), last), count) + eps);
}

}  // namespace _

// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axes: [..., D] -> [..., D] for one of them. weight and bias
// have these axes' extents. Ba et al. 2016.
template <LayerNormOptions O = LayerNormOptions{}>
struct LayerNorm {
    static_assert(O.eps >= 0, "etta: LayerNorm: eps is 0 or more");
    static_assert(O.axes > 0 && O.axes < max_rank, "etta: LayerNorm normalises over one axis or several");
    std::conditional_t<O.affine, Param<last_extents<O.axes>, init::ones>, _::left_out> weight;
    std::conditional_t<O.affine && O.bias, Param<last_extents<O.axes>, init::zeros>, _::left_out> bias;
    constexpr var operator()(var x) const {
        if (x.rank() < O.axes) {
            const _::in_layer here(x, this);
            shape wanted;
            for (int i = 0; i < O.axes; ++i) wanted.push(extent::of_symbol(0));
            x.g->blame(_::mistake::rank, "layer_norm", wanted, x.extents());
            return x;
        }
        if constexpr (!O.affine) {
            const _::in_layer here(x, this);
            return _::standardised(x, O.eps, O.axes);
        } else {
            const _::in_layer here(x, weight.slot);
            const var y = _::standardised(x, O.eps, O.axes) * weight(x);
            if constexpr (O.bias) return y + bias(x);
            else return y;
        }
    }
};

// y = x / sqrt(mean(x²) + eps) * weight over the last axis. weight [D]. Zhang & Sennrich 2019.
template <RMSNormOptions O = RMSNormOptions{}>
struct RMSNorm {
    std::conditional_t<O.affine, Param<last_extent, init::ones>, _::left_out> weight;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this, slot());
        const double eps = O.eps >= 0 ? static_cast<double>(O.eps) : x.type() == dtype::f64 ? 2.220446049250313e-16 : 1.1920928955078125e-7;
        const unsigned last = 1u << (x.rank() - 1);
        const var y = x * rsqrt(_::divide_by(_::sum_along(square(x), last), _::count_over(x, last)) + eps);
        if constexpr (O.affine) return y * weight(x);
        else return y;
    }

private:
    constexpr int slot() const {
        if constexpr (O.affine) return weight.slot;
        else return -1;
    }
};

// [N, C, ...]: each sample's channels in Groups groups, every group normalised as a whole; then weight [C] and bias [C]. Wu &
// He 2018.
template <int Groups, LayerNormOptions O = LayerNormOptions{}>
struct GroupNorm {  // Groups 0: C of them
    static_assert(O.eps >= 0 && Groups >= 0, "etta: GroupNorm<Groups>: Groups (0: a group for each channel) and eps are 0 or more");
    std::conditional_t<O.affine, Param<sized<channels>, init::ones>, _::left_out> weight;
    std::conditional_t<O.affine && O.bias, Param<sized<channels>, init::zeros>, _::left_out> bias;
    constexpr var operator()(var x) const {
        if constexpr (!O.affine) {
            const _::in_layer here(x, this);
            return normalised(x);
        } else {
            const _::in_layer here(x, weight.slot);
            shape beside;
            for (int i = 1; i < x.rank(); ++i) beside.push(i == 1 ? x.extents()[1] : extent(1));
            const auto along = [&](var v) constexpr { return var{x.g, _::reshape_to(*x.g, v.id, beside)}; };
            const var y = normalised(x) * along(weight(x));
            if constexpr (O.bias) return y + along(bias(x));
            else return y;
        }
    }

private:
    constexpr var normalised(var x) const {
        index size = 1;
        for (int i = 1; i < x.rank(); ++i) size = x.extent(i) < 0 ? 0 : size * x.extent(i);
        const index n = Groups > 0 || x.rank() < 2 || x.extent(1) < 1 ? Groups : x.extent(1);
        if (x.rank() < 2 || size == 0 || x.extent(1) % n != 0) {
            const extent any = extent::of_symbol(0);
            x.g->blame(x.rank() < 2 ? _::mistake::rank : _::mistake::channels, "group_norm", shape(any, extent(n)), x.extents());
            return x;
        }
        const shape s = x.extents();
        const var groups{x.g, _::reshape_to(*x.g, x.id, shape(s.at[0], extent(n), extent(size / n)))};
        return {x.g, _::reshape_to(*x.g, _::standardised(groups, O.eps).id, s)};
    }
};

// [N, C, …]: every channel of every sample normalised over its places; as PyTorch's, without weight and bias unless asked for, and
// without running statistics. Ulyanov et al. 2016.
template <LayerNormOptions O = LayerNormOptions{.affine = false}>
using InstanceNorm = GroupNorm<0, O>;

// x / (k + alpha * mean over Size neighbouring channels of x²)^beta: [N, C, …], zeros beyond the channels. Krizhevsky et al. 2012.
struct LocalResponseNormOptions {
    real alpha = 1e-4, beta = 0.75, k = 1.0;
};
template <int Size, LocalResponseNormOptions O = LocalResponseNormOptions{}>
struct LocalResponseNorm {
    static_assert(Size > 0, "etta: LocalResponseNorm<Size>: Size is 1 or more");
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        if (x.rank() < 2 || x.extent(1) < 0) {
            x.g->blame(_::mistake::rank, "local_response_norm", shape(index{1}, index{1}), x.extents());
            return x;
        }
        const var squares = _::padded(square(x), 1, Size / 2, (Size - 1) / 2);
        const auto shifted = [&](index i) constexpr {
            const std::int64_t a[4] = {1, i, i + x.extent(1), 1};
            return _::SliceAxis::body(squares, a, 4);
        };
        var total = shifted(0);
        for (int i = 1; i < Size; ++i) total = total + shifted(i);
        return x / pow(total * (static_cast<double>(O.alpha) / Size) + static_cast<double>(O.k), static_cast<double>(O.beta));
    }
};

}  // namespace etta
