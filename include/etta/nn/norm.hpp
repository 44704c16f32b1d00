// norm.hpp: batch normalisation (Ioffe & Szegedy 2015). PyTorch's names, defaults and formulas, so that weights and running
// statistics can be exchanged.
#pragma once

#include "../op/statistics.hpp"
#include "../op/unary.hpp"
#include "real.hpp"
#include "state.hpp"

namespace etta {

// Running statistics are the mean over all batches so far, rather than one that forgets (PyTorch: momentum=None).
inline constexpr real cumulative_average = -1.0;

// Written BatchNorm2d<BatchNormOptions{.momentum = 0.01}>.
struct BatchNormOptions {
    real eps = 1e-5;
    real momentum = 0.1;              // the weight of a new batch in the running statistics
    bool affine = true;               // with weight and bias
    bool track_running_stats = true;  // without: an evaluation uses its own batch's statistics
};

namespace _ {

struct no_member {};  // where an option leaves a parameter out

// Over every axis but the second: y = (x - mean) / sqrt(variance + eps) * weight + bias. While training, mean and (biased)
// variance are the batch's, of as many samples as it has; the running mean and (unbiased) variance follow them. Evaluations
// use those.
template <int LeastRank, int MostRank, BatchNormOptions O>
struct batch_norm {
    static_assert(O.eps >= 0, "etta: BatchNorm: eps is 0 or more");
    static constexpr const char* etta_type = MostRank == 3 ? "BatchNorm1d" : MostRank == 4 ? "BatchNorm2d" : "BatchNorm3d";
    template <class P>
    using if_affine = std::conditional_t<O.affine, P, no_member>;
    template <class S>
    using if_tracked = std::conditional_t<O.track_running_stats, S, no_member>;

    if_affine<Param<sized<channels>, init::ones>> weight;
    if_affine<Param<sized<channels>, init::zeros>> bias;
    if_tracked<State<sized<channels>, init::zeros>> running_mean;
    if_tracked<State<sized<channels>, init::ones>> running_var;
    if_tracked<State<sized<>, init::zeros, std::int64_t>> num_batches_tracked;

    constexpr var operator()(const var& x) const {
        if constexpr (O.affine) {
            const in_layer here(x, weight.slot);
            return normalised(x);
        } else if constexpr (O.track_running_stats) {
            const in_layer here(x, running_mean.scope);
            return normalised(x);
        } else {
            const in_layer here(x, this);
            return normalised(x);
        }
    }

private:
    constexpr var normalised(const var& x) const {
        if (x.rank() < LeastRank || x.rank() > MostRank) {
            const extent any = extent::of_symbol(0);
            x.g->blame(mistake::rank, "batch_norm", LeastRank == 2 ? shape(any, any) : LeastRank == 4 ? shape(any, any, any, any) : shape(any, any, any, any, any), x.extents());
            return x;
        }
        // Beside x: [C, 1, …].
        shape beside;
        for (int i = 1; i < x.rank(); ++i) beside.push(i == 1 ? x.extents()[1] : extent(1));
        const auto along = [&](const var& v) constexpr { return var{x.g, reshape_to(*x.g, v.id, beside)}; };
        const bool batch = x.g->training || !O.track_running_stats;
        var centred, scale;
        if (batch) {
            const unsigned axes = ((1u << x.rank()) - 1) & ~2u;
            const var count = count_over(x, axes);
            const var mean = divide_by(sum_along(x, axes), count);
            centred = x - mean;
            const var squares = sum_along(square(centred), axes);
            scale = rsqrt(divide_by(squares, count) + static_cast<double>(O.eps));
            if (x.g->training) {
                bool alone = true;  // one value per channel and sample
                for (int i = 2; i < x.rank(); ++i) alone = alone && x.extents()[i].is(1);
                if (alone && x.g->least_batch < 2) x.g->least_batch = 2;
            }
            if constexpr (O.track_running_stats)
                if (x.g->training) track(x, stop_gradient(mean), stop_gradient(squares), count);
        } else if constexpr (O.track_running_stats) {
            centred = x - along(running_mean(x));
            scale = rsqrt(running_var(x) + static_cast<double>(O.eps));
            if constexpr (O.affine) scale = scale * weight(x);  // in one kernel
            scale = along(scale);
            num_batches_tracked(x);  // (not read here, but part of the layer)
        }
        if constexpr (O.affine) return centred * (batch ? scale * along(weight(x)) : scale) + along(bias(x));
        else return centred * scale;
    }
    constexpr void track(const var& x, const var& mean, const var& squares, const var& count) const {
        const shape c(x.extents()[1]);
        const auto flat = [&](const var& v) constexpr { return var{x.g, reshape_to(*x.g, v.id, c)}; };
        const var n = num_batches_tracked(x) + 1, old_mean = running_mean(x), old_var = running_var(x);
        const var unbiased = divide_by(squares, degrees_of_freedom(count));
        num_batches_tracked.update(n);
        if constexpr (static_cast<double>(O.momentum) < 0) {
            const var share = 1.0 / var{x.g, cast_to(*x.g, n.id, x.type())};
            running_mean.update(old_mean + share * (flat(mean) - old_mean));
            running_var.update(old_var + share * (flat(unbiased) - old_var));
        } else {
            constexpr double m = O.momentum;
            running_mean.update((1 - m) * old_mean + m * flat(mean));
            running_var.update((1 - m) * old_var + m * flat(unbiased));
        }
    }
    static constexpr var degrees_of_freedom(const var& count) {
        double c = 0;
        return count.g->constant(count.id, c) ? var{count.g, count.g->literal(c - 1, count.type())} : count - 1;
    }
};

}  // namespace _

// [N, C] or [N, C, L]. weight [C], bias [C]; state running_mean [C], running_var [C], num_batches_tracked. C is inferred.
// A training step of one value per channel ([1, C]) is refused, as in PyTorch: it has no variance.
template <BatchNormOptions O = BatchNormOptions{}>
using BatchNorm1d = _::batch_norm<2, 3, O>;
// [N, C, H, W], the rest as above.
template <BatchNormOptions O = BatchNormOptions{}>
using BatchNorm2d = _::batch_norm<4, 4, O>;
// [N, C, D, H, W].
template <BatchNormOptions O = BatchNormOptions{}>
using BatchNorm3d = _::batch_norm<5, 5, O>;

}  // namespace etta
