// loss_functions.hpp: losses as functions of traced values, under the names and with the formulas of torch.nn.functional
// (Keras' where PyTorch has none). Options are ordinary values, since a trace is ordinary code; loss.hpp makes of these what a
// Trainer takes.
#pragma once

#include "../op/op.hpp"
#include "distance.hpp"

namespace etta {

// What becomes of a loss's values: their mean, their sum, the values themselves, or their sum over the number of samples.
enum class reduction : int { mean, sum, none, batchmean };

// weight: broadcast to the values that it multiplies (a mask is a weight of zeros and ones).
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

// by_weight: the mean is that of the weights' distribution (sum of weighted values over the sum of weights).
constexpr var reduced(var values, const var& weight, etta::reduction r, bool by_weight = false) {
    if (weight.exists()) values = values * weight;
    if (r == etta::reduction::none) return values;
    if (r == etta::reduction::sum) return sum(values);
    if (r == etta::reduction::batchmean) return divide_by(sum(values), count_over(values, 1));
    if (!weight.exists() || !by_weight) return mean(values);
    return sum(values) / sum(var{values.g, expand_to(*values.g, weight.id, values.extents())});
}
constexpr var reduced(var values, const LossOptions& o, bool by_weight = false) { return reduced(values, o.weight, o.reduce, by_weight); }

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
    const bool ignores = o.ignore_index != CrossEntropyOptions::no_index;
    var picked = _::row_sum(where(hit, log_p, 0));
    if (!o.weight.exists() && !ignores && o.label_smoothing == 0) return -_::reduced(picked, {}, o.reduce);
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
    return -_::reduced(picked, {}, o.reduce);
}
// Softmax cross-entropy of logits [..., C] (classes along the last axis). target: labels [...] of an integer type, or
// probabilities [..., C] of a floating one; smoothing moves that part of the probability to all classes alike.
constexpr var cross_entropy(var logits, var target, const CrossEntropyOptions& o = {}) {
    const var log_p = log_softmax(logits);
    if (!is_floating(target.type())) return nll_loss(log_p, target, o);
    _::want_same_extents(logits, target, "cross_entropy");
    if (o.label_smoothing != 0) target = (1 - o.label_smoothing) * target + o.label_smoothing / static_cast<double>(logits.extent(-1));
    if (o.weight.exists()) target = target * o.weight;
    return -_::reduced(_::row_sum(target * log_p), {}, o.reduce);
}

// --- truth values: targets of the prediction's extents, 0 … 1 ------------------------------------------------------------
// -(t log p + (1 - t) log(1 - p)), the logarithms at least -100 (there the gradient is 0).
constexpr var binary_cross_entropy(var p, var t, const LossOptions& o = {}) {
    _::want_same_extents(p, t, "binary_cross_entropy");
    const auto log_of = [](var x) constexpr {
        const var none = x <= 3.720076e-44;  // exp(-100)
        return where(none, -100, log(where(none, 1, x)));
    };
    return -_::reduced(t * log_of(p) + (1 - t) * log_of(1 - p), o);
}
// The same of logits: p = sigmoid(x). pos_weight: [C] or the target's extents, multiplies the part of t.
struct BCEWithLogitsOptions {
    var weight = {}, pos_weight = {};
    reduction reduce = reduction::mean;
};
constexpr var binary_cross_entropy_with_logits(var x, var t, const BCEWithLogitsOptions& o = {}) {
    _::want_same_extents(x, t, "binary_cross_entropy_with_logits");
    const var wrong = softplus(-x);
    return _::reduced((1 - t) * x + (o.pos_weight.exists() ? (1 + (o.pos_weight - 1) * t) * wrong : wrong), o.weight, o.reduce);
}
// Mean over the classes of the binary cross-entropy of logits [..., C]; weight [C].
constexpr var multilabel_soft_margin_loss(var x, var t, const LossOptions& o = {}) {
    const var values = binary_cross_entropy_with_logits(x, t, {o.weight, {}, reduction::none});
    return _::reduced(mean(values, axis<-1>), {}, o.reduce);
}
// Lin et al. 2017, as torchvision.ops.sigmoid_focal_loss: (1 - p_t)^gamma times the binary cross-entropy of logits, times
// alpha where t is 1 and 1 - alpha where it is 0 (alpha < 0: not).
struct FocalOptions {
    double alpha = 0.25, gamma = 2;
    var weight = {};
    reduction reduce = reduction::mean;
};
constexpr var sigmoid_focal_loss(var x, var t, const FocalOptions& o = {}) {
    const var entropy = binary_cross_entropy_with_logits(x, t, {{}, {}, reduction::none});
    const var p = sigmoid(x), miss = p + t - 2 * (p * t);
    var values = entropy * (o.gamma == 1 ? miss : o.gamma == 2 ? square(miss) : pow(miss, o.gamma));
    if (o.alpha >= 0) values = values * ((2 * o.alpha - 1) * t + (1 - o.alpha));
    return _::reduced(values, o.weight, o.reduce);
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
    return _::reduced(square(y - t), o, true);
}
// |y - t|; weights as in mse_loss.
constexpr var l1_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "l1_loss");
    return _::reduced(abs(y - t), o, true);
}
// e² / 2 where |e| <= delta, else delta (|e| - delta / 2).
constexpr var huber_loss(var y, var t, double delta = 1, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "huber_loss");
    const var e = abs(y - t);
    return _::reduced(where(e <= delta, 0.5 * square(e), delta * (e - 0.5 * delta)), o);
}
// Huber's over its delta, here beta; 0: the absolute difference.
constexpr var smooth_l1_loss(var y, var t, double beta = 1, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "smooth_l1_loss");
    const var e = abs(y - t);
    return _::reduced(beta > 0 ? where(e < beta, 0.5 / beta * square(e), e - 0.5 * beta) : e, o);
}
// log(cosh(y - t)), without overflow (Keras).
constexpr var log_cosh_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "log_cosh_loss");
    const var e = y - t;
    return _::reduced(e + softplus(-2 * e) - 0.69314718055994530942, o, true);
}
// max(q e, (q - 1) e) with e = t - y: what the q-quantile of t minimises (Koenker & Bassett 1978), also called pinball. q: a
// number, or a value that broadcasts with y.
template <class Q>
constexpr var quantile_loss(var y, var t, const Q& q, const LossOptions& o = {}) {
    const var e = t - y;
    return _::reduced(where(e >= 0, q * e, (q - 1) * e), o, true);
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
    if (o.log_target) return _::reduced(exp(t) * (t - log_p), o.weight, o.reduce);
    const var some = t > 0;
    return _::reduced(where(some, t * log(where(some, t, 1)), 0) - t * log_p, o.weight, o.reduce);
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
    return _::reduced(values, o.weight, o.reduce);
}
// (log v + (y - t)² / v) / 2 with the variance v at least eps (below it, its gradient is that at eps); full adds log(2 pi) / 2.
// v broadcasts with y.
struct GaussianOptions {
    bool full = false;
    double eps = 1e-6;
    reduction reduce = reduction::mean;
    var weight = {};
};
constexpr var gaussian_nll_loss(var y, var t, var variance, const GaussianOptions& o = {}) {
    _::want_same_extents(y, t, "gaussian_nll_loss");
    const var v = variance + stop_gradient(max(variance, o.eps) - variance);
    const var values = 0.5 * (log(v) + square(y - t) / v);
    return _::reduced(o.full ? values + 0.5 * _::log_2pi : values, o.weight, o.reduce);
}

// --- margins -------------------------------------------------------------------------------------------------------------
// max(0, 1 - t y), t -1 or 1; 0 counts as -1 (Keras). Squared: its square.
constexpr var hinge_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "hinge_loss");
    return _::reduced(relu(1 - where(t == 0, -1, t) * y), o);
}
constexpr var squared_hinge_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "squared_hinge_loss");
    return _::reduced(square(relu(1 - where(t == 0, -1, t) * y)), o);
}
// log(1 + exp(-t y)), t -1 or 1.
constexpr var soft_margin_loss(var y, var t, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "soft_margin_loss");
    return _::reduced(softplus(-(t * y)), o);
}
// y where t is 1, max(0, margin - y) where it is -1: y is a distance.
constexpr var hinge_embedding_loss(var y, var t, double margin = 1, const LossOptions& o = {}) {
    _::want_same_extents(y, t, "hinge_embedding_loss");
    return _::reduced(where(t == 1, y, 0) + where(t == -1, relu(margin - y), 0), o);
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
    var m = relu(o.margin - sum(where(hit, x, 0), axis<-1>, keepdims) + x);
    if (o.p == 2) m = square(m);
    var values = _::row_sum(where(hit, 0, m)) * (1.0 / static_cast<double>(x.extent(-1)));
    if (o.weight.exists()) values = values * _::row_sum(where(hit, o.weight, 0));
    return _::reduced(values, {}, o.reduce);
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
    return _::reduced(values * (1.0 / static_cast<double>(x.extent(-1))), o);
}

// --- pairs and triples: callables of (net, batch) use them -----------------------------------------------------------------
// 1 - cos(a, b) where t is 1, max(0, cos - margin) where it is -1. a, b [N, D] or [D]; t [N] or a number.
constexpr var cosine_embedding_loss(var a, var b, var t, double margin = 0, const LossOptions& o = {}) {
    const auto squares = [](const var& x) constexpr { return _::row_sum(square(x)) + 1e-12; };
    const var cosine = _::row_sum(a * b) / sqrt(squares(a) * squares(b));
    _::want_same_extents(cosine, t, "cosine_embedding_loss");
    return _::reduced(where(t == 1, 1 - cosine, 0) + where(t == -1, relu(cosine - margin), 0), o);
}
// max(0, margin - t (a - b)): t is 1 where a should be the greater, -1 where b should.
constexpr var margin_ranking_loss(var a, var b, var t, double margin = 0, const LossOptions& o = {}) {
    _::want_same_extents(a, b, "margin_ranking_loss");
    _::want_same_extents(a, t, "margin_ranking_loss");
    return _::reduced(relu(margin - t * (a - b)), o);
}
// max(0, margin + d(anchor, positive) - d(anchor, negative)) with pairwise_distance's d, [..., D]; swap takes the nearer of
// d(anchor, negative) and d(positive, negative) (Balntas et al. 2016).
struct TripletOptions {
    double margin = 1, p = 2, eps = 1e-6;
    bool swap = false;
    reduction reduce = reduction::mean;
};
constexpr var triplet_margin_loss(var anchor, var positive, var negative, const TripletOptions& o = {}) {
    const var near = pairwise_distance(anchor, positive, o.p, o.eps);
    var apart = pairwise_distance(anchor, negative, o.p, o.eps);
    if (o.swap) apart = min(apart, pairwise_distance(positive, negative, o.p, o.eps));
    return _::reduced(relu(o.margin + near - apart), {}, o.reduce);
}
// t d² + (1 - t) max(0, margin - d)² of d = |a - b|: t is 1 for a pair that belongs together, 0 for one that does not (Hadsell et
// al. 2006, without their factor 1/2 and with t the other way round).
constexpr var contrastive_loss(var a, var b, var t, double margin = 1, const LossOptions& o = {}) {
    const var d = _::length_of<-1>(a - b, 2);
    _::want_same_extents(d, t, "contrastive_loss");
    return _::reduced(t * square(d) + (1 - t) * square(relu(margin - d)), o);
}

}  // namespace etta
