// loss.hpp: what a Trainer takes as a loss. A loss is a callable of (prediction, target), both traced; it says what its target
// is, so that a wrong one is a compile-time error. With a third argument it gets a weight for each sample.
#pragma once

#include "loss_functions.hpp"
#include "real.hpp"

namespace etta {

// What a loss of one's own gets: any callable of (net, batch) is a loss. Of a model of several inputs x is an array of them.
struct TracedBatch {
    var x, y;
};
template <std::size_t N>
struct TracedBatchOf {
    std::array<var, N> x;
    var y;
};

namespace _ {

// A loss struct says what its target is; a callable of (net, batch) takes the model's element type in the prediction's
// extents, if it reads y at all.
template <class Loss>
inline constexpr bool loss_of_prediction = requires { Loss::labels; };
template <class Loss>
constexpr bool takes_labels() {
    if constexpr (loss_of_prediction<Loss>) return Loss::labels;
    else return false;
}
template <class Loss>
constexpr dtype target_type(dtype model) {
    if constexpr (loss_of_prediction<Loss>) return Loss::target == dtype::none ? model : Loss::target;
    else return model;
}
template <class Loss>
constexpr shape target_shape(const shape& prediction) {
    if constexpr (loss_of_prediction<Loss>) return Loss::target_shape(prediction);
    else return prediction;
}
// A label that is let through though it is none.
template <class Loss>
constexpr std::int64_t ignored_label() {
    if constexpr (requires { Loss::ignore_index; }) return Loss::ignore_index;
    else return CrossEntropyOptions::no_index;
}
// Are the predictions of a loss of numbers logits, as metrics want to know?
template <class Loss>
inline constexpr bool of_logits = requires { requires Loss::logits; };
// Is it divided by the sum of the weights, so that batches count by that?
template <class Loss>
inline constexpr bool divided_by_weights = requires { Loss::divided_by_weights; };
// Y: what the loss sees of what the network returns (below).
template <class Loss, class Y = var>
inline constexpr bool takes_weights = loss_of_prediction<Loss> && requires(const Loss& l, const Y& y, var v) { l(y, v, v); };
// Of several outputs a loss sees all if it can be called with them, else the first.
template <class Loss, class Y>
constexpr bool sees_all() {
    if constexpr (std::is_convertible_v<Y, var> || !loss_of_prediction<Loss>) return false;
    else return requires(const Loss& l, const Y& y, var v) { l(y, v); } || requires(const Loss& l, const Y& y, var v) { l(y, v, v); };
}
template <class Loss, class Y>
using seen_by = std::conditional_t<sees_all<Loss, Y>(), Y, var>;
// The extents of the weights: a label each, or a sample each.
template <class Loss>
constexpr shape weight_shape(const shape& prediction) {
    shape s = target_shape<Loss>(prediction);
    if (!takes_labels<Loss>() && s.rank > 1) s.rank = 1;
    return s;
}

constexpr index elements_per_sample(const shape& s) {
    index n = 1;
    for (int i = 1; i < s.rank; ++i) n *= static_cast<index>(s.at[i].code);
    return n;
}

// The target: a class label (int32) for each row of the prediction's last axis; numbers of the model's type, one for each of the
// prediction's.
struct labels_target {
    static constexpr dtype target = dtype::i32;
    static constexpr bool labels = true;
    static constexpr shape target_shape(const shape& prediction) {
        shape s = prediction;
        if (s.rank > 0) --s.rank;
        return s;
    }
};
struct numbers_target {
    static constexpr dtype target = dtype::none;
    static constexpr bool labels = false;
    static constexpr shape target_shape(const shape& prediction) { return prediction; }
};

template <class Kind, class F>
struct loss_by_function : Kind {
    template <class Y>
    constexpr var operator()(const Y& y, var t) const
        requires requires(F f) { f(y, t); }
    { return F{}(y, t); }
    template <class Y>
    constexpr var operator()(const Y& y, var t, var w) const
        requires requires(F f) { f(y, t, w); }
    { return F{}(y, t, w); }
};
template <int... E>
struct targets_shaped : numbers_target {
    static constexpr shape target_shape(const shape& prediction) { return shape(prediction[0], extent(index{E})...); }
};
template <int Ignored>
struct labels_target_but : labels_target {
    static constexpr int ignore_index = Ignored;
};

// A sample's (a label's) value times its weight, over the sum of the weights.
constexpr var weighted_mean(var values, const var& w) {
    while (values.rank() > w.rank()) values = mean(values, axis<-1>);
    return sum(values * w) / sum(w);
}

}  // namespace _

// A loss from a captureless function of (prediction, target), where options and weights of classes are ordinary values:
//     etta::on_labels([](auto y, auto t) { return cross_entropy(y, t, {.label_smoothing = 0.1}); })
// on_labels: the target is a class label for each row of the prediction's last axis; IgnoreIndex is let through by the Trainer
// and counts for no accuracy. on_targets: numbers of the model's type, one for each of the prediction's; on_targets<5>:
// five for each sample. Of a network with several outputs the function gets what the network returns, and the prediction whose
// extents count is the first: on_targets([](auto outputs, auto t) { auto [mean, spread] = outputs; … }).
template <int IgnoreIndex = CrossEntropyOptions::no_index, class F>
constexpr _::loss_by_function<_::labels_target_but<IgnoreIndex>, F> on_labels(F) { return {}; }
template <class F>
constexpr _::loss_by_function<_::numbers_target, F> on_targets(F) { return {}; }
template <int First, int... E, class F>
constexpr _::loss_by_function<_::targets_shaped<First, E...>, F> on_targets(F) { return {}; }

// The vector of these numbers in the trace that x belongs to, of x's type: weights of classes.
template <class... T>
constexpr var constants(const var& x, T... value) {
    const var at = _::Iota::of(*x.g, shape(index{sizeof...(T)}), 0);
    var v{x.g, x.g->literal(0, x.type())};
    int i = 0;
    ((v = where(at == i++, static_cast<double>(value), v)), ...);
    return v;
}

// A loss whose samples (labels) have weights, from step(x, y, weights, n) or the Trainer's class_weight: Σ w l / Σ w. For a loss
// struct that has values(): those here but Dice and CTC.
template <class Loss>
struct Weighted : Loss {
    static_assert(requires(var v) { Loss::values(v, v); }, "etta: Weighted<Loss>: this loss has no values(), one for each sample, that could be weighted");
    static constexpr bool divided_by_weights = true;
    constexpr var operator()(var y, var t, var w) const { return _::weighted_mean(Loss::values(y, t), w); }
};

// --- class labels ------------------------------------------------------------------------------------------------------
// Softmax cross-entropy of logits [N, C] with class labels [N] (int32): mean over the batch of -log p(label).
// Labels outside 0..C-1 are refused at run time before anything is computed.
struct CrossEntropy : _::labels_target {
    constexpr var operator()(var y, var t) const { return cross_entropy(y, t); }
    static constexpr var values(var y, var t) { return cross_entropy(y, t, {.reduce = reduction::none}); }
};
// The same of log-probabilities.
struct NLL : _::labels_target {
    constexpr var operator()(var y, var t) const { return nll_loss(y, t); }
    static constexpr var values(var y, var t) { return nll_loss(y, t, {.reduce = reduction::none}); }
};
struct MultiMargin : _::labels_target {
    constexpr var operator()(var y, var t) const { return multi_margin_loss(y, t); }
    static constexpr var values(var y, var t) { return multi_margin_loss(y, t, {.reduce = reduction::none}); }
};
// --- numbers, as many as the prediction has ------------------------------------------------------------------------------
namespace _ {
template <class Loss>
struct mean_of_values : numbers_target {
    constexpr var operator()(var y, var t) const { return mean(Loss::values(y, t)); }
};
}  // namespace _

// Cross-entropy with probabilities (one-hot or soft) instead of labels.
struct SoftCrossEntropy : _::mean_of_values<SoftCrossEntropy> {
    static constexpr var values(var y, var t) { return cross_entropy(y, t, {.reduce = reduction::none}); }
};
struct BCE : _::mean_of_values<BCE> {
    static constexpr var values(var y, var t) { return binary_cross_entropy(y, t, {.reduce = reduction::none}); }
};
struct BCEWithLogits : _::mean_of_values<BCEWithLogits> {
    static constexpr bool logits = true;
    static constexpr var values(var y, var t) { return binary_cross_entropy_with_logits(y, t, {.reduce = reduction::none}); }
};
struct MultiLabelSoftMargin : _::mean_of_values<MultiLabelSoftMargin> {
    static constexpr bool logits = true;
    static constexpr var values(var y, var t) { return multilabel_soft_margin_loss(y, t, {.reduce = reduction::none}); }
};
// The target: lists of labels, as numbers, each ended by -1 if shorter than C.
struct MultiLabelMargin : _::mean_of_values<MultiLabelMargin> {
    static constexpr var values(var y, var t) { return multilabel_margin_loss(y, t, {.reduce = reduction::none}); }
};
template <real Alpha = 0.25, real Gamma = 2.0>
struct Focal : _::mean_of_values<Focal<Alpha, Gamma>> {
    static constexpr bool logits = true;
    static constexpr var values(var y, var t) { return sigmoid_focal_loss(y, t, {.alpha = Alpha, .gamma = Gamma, .reduce = reduction::none}); }
};
struct Dice : _::numbers_target {
    constexpr var operator()(var y, var t) const { return dice_loss(y, t); }
};
// Mean squared error; the target has the prediction's extents.
struct MSE : _::mean_of_values<MSE> {
    static constexpr var values(var y, var t) { return mse_loss(y, t, {.reduce = reduction::none}); }
};
// Mean absolute error: PyTorch's L1Loss.
struct MAE : _::mean_of_values<MAE> {
    static constexpr var values(var y, var t) { return l1_loss(y, t, {.reduce = reduction::none}); }
};
using L1 = MAE;
template <real Delta = 1.0>
struct Huber : _::mean_of_values<Huber<Delta>> {
    static constexpr var values(var y, var t) { return huber_loss(y, t, Delta, {.reduce = reduction::none}); }
};
template <real Beta = 1.0>
struct SmoothL1 : _::mean_of_values<SmoothL1<Beta>> {
    static constexpr var values(var y, var t) { return smooth_l1_loss(y, t, Beta, {.reduce = reduction::none}); }
};
struct LogCosh : _::mean_of_values<LogCosh> {
    static constexpr var values(var y, var t) { return log_cosh_loss(y, t, {.reduce = reduction::none}); }
};
struct Hinge : _::mean_of_values<Hinge> {
    static constexpr bool logits = true;
    static constexpr var values(var y, var t) { return hinge_loss(y, t, {.reduce = reduction::none}); }
};
struct SquaredHinge : _::mean_of_values<SquaredHinge> {
    static constexpr bool logits = true;
    static constexpr var values(var y, var t) { return squared_hinge_loss(y, t, {.reduce = reduction::none}); }
};
struct SoftMargin : _::mean_of_values<SoftMargin> {
    static constexpr bool logits = true;
    static constexpr var values(var y, var t) { return soft_margin_loss(y, t, {.reduce = reduction::none}); }
};
template <real Margin = 1.0>
struct HingeEmbedding : _::mean_of_values<HingeEmbedding<Margin>> {
    static constexpr var values(var y, var t) { return hinge_embedding_loss(y, t, Margin, {.reduce = reduction::none}); }
};
template <bool LogInput = true, bool Full = false>
struct PoissonNLL : _::mean_of_values<PoissonNLL<LogInput, Full>> {
    static constexpr var values(var y, var t) { return poisson_nll_loss(y, t, {.log_input = LogInput, .full = Full, .reduce = reduction::none}); }
};
// The divergence of log-probabilities [N, ...] from target probabilities, mean over the samples (PyTorch: reduction="batchmean").
template <bool LogTarget = false>
struct KLDiv : _::numbers_target {
    constexpr var operator()(var y, var t) const { return kl_div(y, t, {.log_target = LogTarget, .reduce = reduction::batchmean}); }
    static constexpr var values(var y, var t) {
        const var v = kl_div(y, t, {.log_target = LogTarget, .reduce = reduction::none});
        return v.rank() > 1 ? sum(flatten<1>(v), axis<-1>) : v;
    }
};

// --- numbers, otherwise ------------------------------------------------------------------------------------------------------
// The prediction [..., 2 D] is D means, then D variances (positive: let the network end in softplus or exp); the target [..., D].
template <bool Full = false>
struct GaussianNLL : _::numbers_target {
    static constexpr shape target_shape(const shape& prediction) {
        shape s = prediction;
        if (s.rank > 0) s[-1] = extent(static_cast<index>(s[-1].code) / 2);
        return s;
    }
    constexpr var operator()(var y, var t) const { return mean(values(y, t)); }
    static constexpr var values(var y, var t) { return gaussian_nll_loss(part<0, 2>(y), t, part<1, 2>(y), {.full = Full, .reduce = reduction::none}); }
};
// Quantile<0.1, 0.5, 0.9>: the prediction [..., 3] is that of the three quantiles, the target [..., 1]. The mean over both.
template <real... Q>
struct Quantile : _::numbers_target {
    static_assert(sizeof...(Q) > 0 && ((Q > 0 && Q < 1) && ...), "etta: Quantile<Q...>: one or more numbers between 0 and 1");
    static constexpr shape target_shape(const shape& prediction) {
        shape s = prediction;
        if (s.rank > 0) s[-1] = extent(index{1});
        return s;
    }
    constexpr var operator()(var y, var t) const { return mean(values(y, t)); }
    static constexpr var values(var y, var t) { return quantile_loss(y, t, constants(y, static_cast<double>(Q)...), {.reduce = reduction::none}); }
};

}  // namespace etta
