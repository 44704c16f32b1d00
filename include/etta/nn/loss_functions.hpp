// loss_functions.hpp: losses as functions of traced values, under the names and with the formulas of torch.nn.functional
// (Keras' where PyTorch has none). Options are ordinary values, since a trace is ordinary code; loss.hpp makes of these what a
// Trainer takes.
#pragma once

#include "../op/op.hpp"
#include "distance.hpp"

namespace etta {

// What becomes of a loss's values: their mean, their sum, the values themselves, or their sum over the number of samples.
enum class reduction : int { mean, sum, none, batchmean };

// weight (a mask is one of zeros and ones): [N] weighs samples, all the values of each; or one for each value, where an extent may
// be 1. Any other is a mistake, since it would broadcast: [N] beside [N, 1] would be N x N values.
struct LossOptions {
    var weight = {};
    reduction reduce = reduction::mean;
};

// Of logits: [..., C]. weight: [C], one per class; ignore_index: a label whose places count for nothing, neither in the
// values nor in the mean. (PyTorch's -100 is not ignored unless you say so: a label out of range is a mistake.)
struct CrossEntropyOptions {
    var weight = {};
    double label_smoothing = 0;
    int ignore_index = no_index;
    reduction reduce = reduction::mean;
    static constexpr int no_index = -2147483647 - 1;
};

namespace _ {

// b beside values: its extents are the values' first ones (it has axes of 1 then, where values have more), or 1 where it has as
// many. Blames all else.
constexpr var beside(const var& values, const var& b, const char* who) {
    builder& g = *values.g;
    const shape s = values.extents();
    shape e = b.extents();
    bool fits = e.rank <= s.rank;
    for (int i = 0; i < e.rank && fits; ++i) fits = (e.rank == s.rank && g.resolve(e.at[i]).is(1)) || g.unify(s.at[i], e.at[i]);
    if (!fits) {
        g.blame(mistake::weight, who, s, e);
        return values;
    }
    if (e.rank == 0 || e.rank == s.rank) return b;
    while (e.rank < s.rank) e.push(extent(1));
    return {&g, reshape_to(g, b.id, e)};
}
// Blames a weight other than one number for each class, which are the last axis of x.
constexpr void want_class_weight(const var& x, const var& weight, const char* who) {
    if (!weight.exists() || x.rank() == 0) return;
    const shape classes(x.extents()[-1]);
    if (!x.g->same_shape(classes, weight.extents())) x.g->blame(mistake::weight, who, classes, weight.extents());
}
// Blames w where broadcasting with x would make more of x: of [C] and [N, C], w is for the last axis of both.
constexpr void want_no_more(const var& x, const var& w, const char* who) {
    if (!w.exists()) return;
    const shape s = x.extents(), e = w.extents();
    bool fits = e.rank <= s.rank;
    for (int i = 1; i <= e.rank && fits; ++i) fits = x.g->resolve(e[-i]).is(1) || x.g->unify(s[-i], e[-i]);
    if (!fits) x.g->blame(mistake::weight, who, s, e);
}
constexpr void want_option(bool sound, const var& x, const char* name, double value) {
    if (!sound) x.g->blame(mistake::option, name, {}, {}, dtype::none, dtype::none, value);
}
// by_weight: the mean is that of the weights' distribution (sum of weighted values over the sum of weights).
constexpr var reduced(var values, var weight, etta::reduction r, const char* who, bool by_weight = false) {
    if (weight.exists()) weight = beside(values, weight, who), values = values * weight;
    if (r == etta::reduction::none) return values;
    if (r == etta::reduction::sum) return sum(values);
    if (r == etta::reduction::batchmean) return divide_by(sum(values), count_over(values, 1));
    if (!weight.exists() || !by_weight) return mean(values);
    return sum(values) / sum(var{values.g, expand_to(*values.g, weight.id, values.extents())});
}
constexpr var reduced(var values, const LossOptions& o, const char* who, bool by_weight = false) { return reduced(values, o.weight, o.reduce, who, by_weight); }

// A target that would broadcast is a mistake: [N] beside [N, 1] would be N x N differences.
constexpr void want_same_extents(const var& a, const var& b, const char* who) {
    if (!a.g->same_shape(a.extents(), b.extents())) a.g->blame(mistake::broadcast, who, a.extents(), b.extents());
}
// Where a label stands, [..., C] for labels [...]; blames a wrong shape.
constexpr var hits(const var& x, const var& labels, const char* who) {
    shape s = x.extents();
    if (s.rank > 0) --s.rank;
    if (x.rank() == 0 || !x.g->same_shape(s, labels.extents())) {
        x.g->blame(mistake::broadcast, who, s, labels.extents());
        return x == x;
    }
    const std::int64_t last = -1;
    return Unsqueeze::body(labels, &last, 1) == Iota::like(x, -1);
}
constexpr var row_sum(const var& x) { return sum(x, axis<-1>); }
constexpr double log_2pi = 1.8378770664093454836;

}  // namespace _

// --- classes -----------------------------------------------------------------------------------------------------------
// -weight[label] log_p[label] of log-probabilities [..., C] and labels [...] of any integer type. Mean: over the sum of the
// weights.
constexpr var nll_loss(var log_p, var labels, const CrossEntropyOptions& o = {}) {
    const var hit = _::hits(log_p, labels, "nll_loss");
    _::want_class_weight(log_p, o.weight, "nll_loss");
    _::want_option(o.label_smoothing >= 0 && o.label_smoothing <= 1, log_p, "label_smoothing, 0 to 1", o.label_smoothing);
    const bool ignores = o.ignore_index != CrossEntropyOptions::no_index;
    var picked = _::row_sum(where(hit, log_p, 0));
    if (!o.weight.exists() && !ignores && o.label_smoothing == 0) return -_::reduced(picked, {}, o.reduce, "nll_loss");
    var w;  // [...]: of each place
    if (o.weight.exists()) w = _::row_sum(where(hit, o.weight, 0));
    if (ignores) {
        const var kept = labels != o.ignore_index;
        w = w.exists() ? where(kept, w, 0) : var{log_p.g, _::cast_to(*log_p.g, kept.id, log_p.type())};
    }
    if (w.exists()) picked = picked * w;
    if (o.label_smoothing != 0) {
        var all = _::row_sum(o.weight.exists() ? log_p * o.weight : log_p);
        if (ignores) all = where(labels != o.ignore_index, all, 0);
        picked = (1 - o.label_smoothing) * picked + o.label_smoothing / static_cast<double>(log_p.extent(-1)) * all;
    }
    if (o.reduce == reduction::mean && w.exists()) return -sum(picked) / sum(w);
    return -_::reduced(picked, {}, o.reduce, "nll_loss");
}
// Softmax cross-entropy of logits [..., C] (classes along the last axis). target: labels [...] of an integer type, or
// probabilities [..., C] of a floating one; smoothing moves that part of the probability to all classes alike.
constexpr var cross_entropy(var logits, var target, const CrossEntropyOptions& o = {}) {
    const var log_p = log_softmax(logits);
    if (!is_floating(target.type())) return nll_loss(log_p, target, o);
    _::want_same_extents(logits, target, "cross_entropy");
    _::want_class_weight(logits, o.weight, "cross_entropy");
    _::want_option(o.label_smoothing >= 0 && o.label_smoothing <= 1, logits, "label_smoothing, 0 to 1", o.label_smoothing);
    if (o.label_smoothing != 0) target = (1 - o.label_smoothing) * target + o.label_smoothing / static_cast<double>(logits.extent(-1));
    if (o.weight.exists()) target = target * o.weight;
    return -_::reduced(_::row_sum(target * log_p), {}, o.reduce, "cross_entropy");
}

// --- truth values: targets of the prediction's extents, 0 … 1 ------------------------------------------------------------
// -(t log p + (1 - t) log(1 - p)), the logarithms at least -100, their derivatives at most 1e12 (PyTorch's bounds).
constexpr var binary_cross_entropy(var p, var t, const LossOptions& o = {}) {
    _::want_same_extents(p, t, "binary_cross_entropy");
    const auto log_of = [](var x) constexpr {
        const var none = x <= 3.720076e-44, low = x <= 1e-12, still = stop_gradient(x);  // exp(-100)
        return where(none, -100, log(where(none, 1, where(low, still, x)))) + where(low, 1e12 * (x - still), 0);
    };
    return -_::reduced(t * log_of(p) + (1 - t) * log_of(1 - p), o, "binary_cross_entropy");
}
// The same of logits: p = sigmoid(x). pos_weight: [C] or the target's extents, multiplies the part of t.
struct BCEWithLogitsOptions {
    var weight = {}, pos_weight = {};
    reduction reduce = reduction::mean;
};
constexpr var binary_cross_entropy_with_logits(var x, var t, const BCEWithLogitsOptions& o = {}) {
    _::want_same_extents(x, t, "binary_cross_entropy_with_logits");
    _::want_no_more(x, o.pos_weight, "pos_weight of binary_cross_entropy_with_logits");
    const var wrong = softplus(-x);
    return _::reduced((1 - t) * x + (o.pos_weight.exists() ? (1 + (o.pos_weight - 1) * t) * wrong : wrong), o.weight, o.reduce, "binary_cross_entropy_with_logits");
}
// Mean over the classes of the binary cross-entropy of logits [..., C]; weight [C].
constexpr var multilabel_soft_margin_loss(var x, var t, const LossOptions& o = {}) {
    var values = binary_cross_entropy_with_logits(x, t, {{}, {}, reduction::none});
    _::want_no_more(x, o.weight, "multilabel_soft_margin_loss");
    if (o.weight.exists()) values = values * o.weight;
    return _::reduced(mean(values, axis<-1>), {}, o.reduce, "multilabel_soft_margin_loss");
}
// Lin et al. 2017, as torchvision.ops.sigmoid_focal_loss: (1 - p_t)^gamma times the binary cross-entropy of logits, times
// alpha where t is 1 and 1 - alpha where it is 0 (alpha < 0: not).
struct FocalOptions {
    double alpha = 0.25, gamma = 2;
    var weight = {};
    reduction reduce = reduction::mean;
};
constexpr var sigmoid_focal_loss(var x, var t, const FocalOptions& o = {}) {
    _::want_option(o.gamma >= 0, x, "gamma of sigmoid_focal_loss, 0 or more", o.gamma);
    _::want_option(o.alpha <= 1, x, "alpha of sigmoid_focal_loss, at most 1", o.alpha);
    const var entropy = binary_cross_entropy_with_logits(x, t, {{}, {}, reduction::none});
    const var p = sigmoid(x), miss = p + t - 2 * (p * t);
    var values = entropy * (o.gamma == 1 ? miss : o.gamma == 2 ? square(miss) : pow(miss, o.gamma));
    if (o.alpha >= 0) values = values * ((2 * o.alpha - 1) * t + (1 - o.alpha));
    return _::reduced(values, o.weight, o.reduce, "sigmoid_focal_loss");
}
// 1 - 2 Σ p t / (Σ p + Σ t + eps) of probabilities: over everything (Keras' Dice), or over each sample and then their mean.
struct DiceOptions {
    double eps = 1e-7;
    bool per_sample = false;
};
constexpr var dice_loss(var p, var t, const DiceOptions& o = {}) {
    _::want_same_extents(p, t, "dice_loss");
    const auto total = [&](const var& x) constexpr { return o.per_sample && x.rank() > 1 ? _::row_sum(flatten<1>(x)) : o.per_sample ? x : sum(x); };
    const var overlap = 2 * total(p * t) / (total(p) + total(t) + o.eps);
    return 1 - (o.per_sample ? mean(overlap) : overlap);
}

// --- numbers: targets of the prediction's extents ------------------------------------------------------------------------
// (y - t)². The mean of weighted values is over the sum of the weights.
constexpr var mse_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "mse_loss");
    return _::reduced(square(y - t), o, "mse_loss", true);
}
// |y - t|; weights as in mse_loss.
constexpr var l1_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "l1_loss");
    return _::reduced(abs(y - t), o, "l1_loss", true);
}
// e² / 2 where |e| <= delta, else delta (|e| - delta / 2).
constexpr var huber_loss(var y, var t, double delta = 1, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "huber_loss");
    _::want_option(delta > 0, y, "delta of huber_loss, above 0", delta);
    const var e = abs(y - t);
    return _::reduced(where(e <= delta, 0.5 * square(e), delta * (e - 0.5 * delta)), o, "huber_loss");
}
// Huber's over its delta, here beta; 0: the absolute difference.
constexpr var smooth_l1_loss(var y, var t, double beta = 1, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "smooth_l1_loss");
    _::want_option(beta >= 0, y, "beta of smooth_l1_loss, 0 or more", beta);
    const var e = abs(y - t);
    return _::reduced(beta > 0 ? where(e < beta, 0.5 / beta * square(e), e - 0.5 * beta) : e, o, "smooth_l1_loss");
}
// log(cosh(y - t)), without overflow (Keras).
constexpr var log_cosh_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "log_cosh_loss");
    const var e = y - t;
    return _::reduced(e + softplus(-2 * e) - 0.69314718055994530942, o, "log_cosh_loss", true);
}
// max(q e, (q - 1) e) with e = t - y: what the q-quantile of t minimises (Koenker & Bassett 1978), also called pinball. q: a
// number, or a value that broadcasts to y's extents ([C]: one for each of the last axis). t: y's extents, or 1 in their place.
template <class Q>
constexpr var quantile_loss(var y, var t, const Q& q, const LossOptions& o = {}) {
    if (t.rank() != y.rank()) _::want_same_extents(y, t, "quantile_loss");
    else _::beside(y, t, "quantile_loss");
    if constexpr (std::is_arithmetic_v<Q>) _::want_option(q >= 0 && q <= 1, y, "q of quantile_loss, 0 to 1", static_cast<double>(q));
    else _::want_no_more(y, q, "q of quantile_loss");
    const var e = t - y;
    return _::reduced(where(e >= 0, q * e, (q - 1) * e), o, "quantile_loss", true);
}

// --- distributions -------------------------------------------------------------------------------------------------------
// t (log t - log_p) of log-probabilities; target: probabilities, or their logarithms. PyTorch's default is the mean over all
// elements; reduction::batchmean is the divergence.
struct KLOptions {
    bool log_target = false;
    reduction reduce = reduction::mean;
    var weight = {};
};
constexpr var kl_div(var log_p, var t, const KLOptions& o = {}) {
    _::want_same_extents(log_p, t, "kl_div");
    if (o.log_target) return _::reduced(exp(t) * (t - log_p), o.weight, o.reduce, "kl_div");
    const var some = t > 0;
    return _::reduced(where(some, t * log(where(some, t, 1)), 0) - t * log_p, o.weight, o.reduce, "kl_div");
}
// exp(x) - t x, or x - t log(x + eps) without log_input; full adds Stirling's t log t - t + log(2 pi t) / 2 where t > 1.
struct PoissonOptions {
    bool log_input = true, full = false;
    double eps = 1e-8;
    reduction reduce = reduction::mean;
    var weight = {};
};
constexpr var poisson_nll_loss(var x, var t, const PoissonOptions& o = {}) {
    _::want_same_extents(x, t, "poisson_nll_loss");
    var values = o.log_input ? exp(x) - t * x : x - t * log(x + o.eps);
    if (o.full) {
        const var large = t > 1, l = log(where(large, t, 1));
        values = values + where(large, t * l - t + 0.5 * (_::log_2pi + l), 0);
    }
    return _::reduced(values, o.weight, o.reduce, "poisson_nll_loss");
}
// (log v + (y - t)² / v) / 2 with the variance v at least eps (below it, its gradient is that at eps); full adds log(2 pi) / 2.
// v: y's extents, the first of them ([N], a variance for each sample), or 1 in their place.
struct GaussianOptions {
    bool full = false;
    double eps = 1e-6;
    reduction reduce = reduction::mean;
    var weight = {};
};
constexpr var gaussian_nll_loss(var y, var t, var variance, const GaussianOptions& o = {}) {
    _::want_same_extents(y, t, "gaussian_nll_loss");
    variance = _::beside(y, variance, "variance of gaussian_nll_loss");
    const var v = variance + stop_gradient(max(variance, o.eps) - variance);
    const var values = 0.5 * (log(v) + square(y - t) / v);
    return _::reduced(o.full ? values + 0.5 * _::log_2pi : values, o.weight, o.reduce, "gaussian_nll_loss");
}

// --- margins -------------------------------------------------------------------------------------------------------------
// max(0, 1 - t y), t -1 or 1; 0 counts as -1 (Keras). Squared: its square.
constexpr var hinge_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "hinge_loss");
    return _::reduced(relu(1 - where(t == 0, -1, t) * y), o, "hinge_loss");
}
constexpr var squared_hinge_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "squared_hinge_loss");
    return _::reduced(square(relu(1 - where(t == 0, -1, t) * y)), o, "squared_hinge_loss");
}
// log(1 + exp(-t y)), t -1 or 1.
constexpr var soft_margin_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "soft_margin_loss");
    return _::reduced(softplus(-(t * y)), o, "soft_margin_loss");
}
// y where t is 1, max(0, margin - y) where it is -1: y is a distance.
constexpr var hinge_embedding_loss(var y, var t, double margin = 1, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "hinge_embedding_loss");
    return _::reduced(where(t == 1, y, 0) + where(t == -1, relu(margin - y), 0), o, "hinge_embedding_loss");
}
// Σ over the other classes of weight[label] max(0, margin - x[label] + x[i])^p / C: [..., C] and labels [...]; p 1 or 2.
struct MultiMarginOptions {
    int p = 1;
    double margin = 1;
    var weight = {};
    reduction reduce = reduction::mean;
};
constexpr var multi_margin_loss(var x, var labels, const MultiMarginOptions& o = {}) {
    const var hit = _::hits(x, labels, "multi_margin_loss");
    _::want_class_weight(x, o.weight, "multi_margin_loss");
    _::want_option(o.p == 1 || o.p == 2, x, "p of multi_margin_loss, 1 or 2", o.p);
    var m = relu(o.margin - sum(where(hit, x, 0), axis<-1>, keepdims) + x);
    if (o.p == 2) m = square(m);
    var values = _::row_sum(where(hit, 0, m)) * (1.0 / static_cast<double>(x.extent(-1)));
    if (o.weight.exists()) values = values * _::row_sum(where(hit, o.weight, 0));
    return _::reduced(values, {}, o.reduce, "multi_margin_loss");
}
// Σ over a sample's labels j and all other classes i of max(0, 1 - x[j] + x[i]) / C. x [..., C]; labels [..., C]: as many as
// there are, then -1 (what is behind it does not matter). O(C²) per sample.
constexpr var multilabel_margin_loss(var x, var labels, const LossOptions& o = {}) {
    _::want_same_extents(x, labels, "multilabel_margin_loss");
    _::builder& g = *x.g;
    const var at{&g, _::cast_to(g, labels.id, dtype::i32)};
    const var ended = cumsum<-1>(var{&g, _::cast_to(g, (at < 0).id, x.type())});
    const var label = where(ended > 0, -1, at);
    const var equal = unsqueeze<-2>(label) == unsqueeze<-1>(_::Iota::like(x, -1));                // [..., class, place]
    const var times = _::row_sum(var{&g, _::cast_to(g, equal.id, x.type())});                      // [..., C]
    const var m = relu(1 - unsqueeze<-1>(x) + unsqueeze<-2>(x)) * unsqueeze<-1>(times);             // [..., label's class, other]
    const var values = _::row_sum(_::row_sum(where(unsqueeze<-2>(times) == 0, m, 0)));
    return _::reduced(values * (1.0 / static_cast<double>(x.extent(-1))), o, "multilabel_margin_loss");
}

// --- pairs and triples: callables of (net, batch) use them -----------------------------------------------------------------
// 1 - cos(a, b) where t is 1, max(0, cos - margin) where it is -1. a, b [N, D] or [D]; t [N] or a number.
constexpr var cosine_embedding_loss(var a, var b, var t, double margin = 0, const LossOptions& o = {}) {
    const auto squares = [](const var& x) constexpr { return _::row_sum(square(x)) + 1e-12; };
    const var cosine = _::row_sum(a * b) / sqrt(squares(a) * squares(b));
    _::want_same_extents(cosine, t, "cosine_embedding_loss");
    return _::reduced(where(t == 1, 1 - cosine, 0) + where(t == -1, relu(cosine - margin), 0), o, "cosine_embedding_loss");
}
// max(0, margin - t (a - b)): t is 1 where a should be the greater, -1 where b should.
constexpr var margin_ranking_loss(var a, var b, var t, double margin = 0, const LossOptions& o = {}) {
    _::want_same_extents(a, b, "margin_ranking_loss");
    _::want_same_extents(a, t, "margin_ranking_loss");
    return _::reduced(relu(margin - t * (a - b)), o, "margin_ranking_loss");
}
// max(0, margin + d(anchor, positive) - d(anchor, negative)) with pairwise_distance's d, [..., D]; swap takes the nearer of
// d(anchor, negative) and d(positive, negative) (Balntas et al. 2016).
struct TripletOptions {
    double margin = 1, p = 2, eps = 1e-6;
    bool swap = false;
    reduction reduce = reduction::mean;
};
constexpr var triplet_margin_loss(var anchor, var positive, var negative, const TripletOptions& o = {}) {
    _::want_option(o.margin > 0, anchor, "margin of triplet_margin_loss, above 0", o.margin);
    const var near = pairwise_distance(anchor, positive, o.p, o.eps);
    var apart = pairwise_distance(anchor, negative, o.p, o.eps);
    if (o.swap) apart = min(apart, pairwise_distance(positive, negative, o.p, o.eps));
    return _::reduced(relu(o.margin + near - apart), {}, o.reduce, "triplet_margin_loss");
}
// t d² + (1 - t) max(0, margin - d)² of d = |a - b|: t is 1 for a pair that belongs together, 0 for one that does not (Hadsell et
// al. 2006, without their factor 1/2 and with t the other way round).
constexpr var contrastive_loss(var a, var b, var t, double margin = 1, const LossOptions& o = {}) {
    const var d = _::length_of<-1>(a - b, 2);
    _::want_same_extents(d, t, "contrastive_loss");
    return _::reduced(t * square(d) + (1 - t) * square(relu(margin - d)), o, "contrastive_loss");
}

}  // namespace etta
