// ctc.hpp: connectionist temporal classification (Graves et al. 2006): the loss of a sequence of labels without saying which
// step each belongs to, as a loop over the steps; and decoding what a network has said.
#pragma once

#include <vector>

#include "../autodiff/scan.hpp"
#include "../io/sort.hpp"
#include "../op/op.hpp"
#include "loss.hpp"

namespace etta {

// As torch.nn.CTCLoss has them. input_lengths: [N], any integer type: a sample's steps that count, of T.
struct CTCOptions {
    int blank = 0;
    reduction reduce = reduction::mean;  // over each sample's number of labels, then over the batch; sum, none: of the values
    bool zero_infinity = false;          // samples whose labels do not fit into their steps cost nothing, rather than about 1e30
    var input_lengths = {};
};

// -log p(labels | logits), summed over all ways to align them: torch.nn.CTCLoss. logits [N, T, C]; labels [N, S], any integer type,
// 0 … C - 1 but the blank, a negative one and all behind it are padding. O(N T S).
template <class V>
    requires std::is_same_v<V, var>  // a template, so that only programs that call it compile its loop
constexpr var ctc_loss(V logits, V labels, const CTCOptions& o = {}) {
    _::builder& g = *logits.g;
    if (logits.rank() != 3 || labels.rank() != 2 || labels.extent(1) < 1) {
        g.blame(_::mistake::rank, "ctc_loss", logits.extents(), labels.extents());
        return logits;
    }
    constexpr double never = -1e30;
    const auto as_logits = [&](var x) constexpr { return var{&g, _::cast_to(g, x.id, logits.type())}; };
    const index n_labels = labels.extent(1), states = 2 * n_labels + 1;
    const shape row(logits.extents()[0], extent(states));
    const auto sliced = [&](var x, index from, index to) constexpr {
        const std::int64_t a[4] = {1, from, to, 1};
        return _::SliceAxis::body(x, a, 4);
    };
    const var s{&g, _::expand_to(g, _::Iota::of(g, shape(extent(states)), 0).id, row)};
    const auto shifted = [&](var x, index by, double fill) constexpr { return where(s < by, fill, _::padded(sliced(x, 0, states - by), 1, by, 0)); };
    // Blank, first label, blank, second label, …, blank.
    const var known = labels >= 0, one = where(known, labels, o.blank), blank = one * 0 + o.blank;
    const var pairs{&g, _::reshape_to(g, concat<2>(unsqueeze<2>(blank), unsqueeze<2>(one)).id, shape(row.at[0], extent(2 * n_labels)))};
    const var path = concat<1>(pairs, sliced(blank, 0, 1));
    const var may_skip = path != o.blank && path != shifted(path, 2, o.blank);
    const var said = take_along_axis<2>(log_softmax(logits), unsqueeze<1>(path));  // [N, T, states]
    const var start = where(s == 0, as_logits(s) * 0, never);
    const auto step = [&](const var& a, const var& now) constexpr {
        const var b = shifted(a, 1, never), c = where(may_skip, shifted(a, 2, never), never);
        const var most = stop_gradient(max(max(a, b), c));
        return most + log(exp(a - most) + exp(b - most) + exp(c - most)) + now;
    };
    const var steps = permute<1, 0, 2>(said);
    var end;
    if (o.input_lengths.exists()) {  // [T, N, 1]: does the step count?
        const var counts = unsqueeze<-1>(unsqueeze<-1>(_::Iota::of(g, shape(steps.extents()[0]), 0)) < o.input_lengths);
        end = fold([&](var a, var now, var counts) constexpr { return where(counts, step(a, now), a); }, start, steps, counts);
    } else {
        end = fold([&](var a, var now) constexpr { return step(a, now); }, start, steps);
    }
    const var count = sum(cast<std::int32_t>(known), axis<1>, keepdims), last = 2 * count;
    const var total = logsumexp(where(s == last || s == last - 1, end, never), axis<1>);
    const var cost = o.zero_infinity ? where(total < 0.5 * never, 0, -total) : -total;
    if (o.reduce == reduction::none) return cost;
    if (o.reduce == reduction::sum) return sum(cost);
    return mean(cost / max(as_logits(squeeze<1>(count)), 1));
}

// Connectionist temporal classification of logits [N, T, C] and Labels labels (int32) each: see ctc_loss.
template <int Labels, int Blank = 0, bool ZeroInfinity = false>
struct CTC {
    static constexpr dtype target = dtype::i32;
    static constexpr bool labels = false;
    static constexpr shape target_shape(const shape& prediction) { return shape(prediction.at[0], extent(index{Labels})); }
    constexpr var operator()(var y, var t) const { return ctc_loss(y, t, {.blank = Blank, .zero_infinity = ZeroInfinity}); }

    // For a Trainer, before anything is computed. Fails for a label that is no class or the blank, and for one behind a negative one.
    // of_data: of a batch of one, its number in the data set.
    ETTA_COLD static void check_labels(const std::int32_t* y, index samples, index classes, index of_data = -1) {
        for (index i = 0; i < samples; ++i, y += Labels)
            for (int k = 0; k < Labels; ++k) {
                const char* const what = y[k] >= classes ? "is none of the classes" : y[k] == Blank ? "is the blank" : y[k] >= 0 && k > 0 && y[k - 1] < 0 ? "stands behind the end of the list, a negative label" : nullptr;
                if (what != nullptr)
                    fail_with<>("label %d in place %d of sample %lld %s %s (CTC; %lld classes, the blank is %d)", y[k], k, static_cast<long long>(of_data < 0 ? i : of_data),
                                of_data < 0 ? "in the batch" : "of the data", what, static_cast<long long>(classes), Blank);
            }
    }
};

// The labels of the likeliest path: what is largest at each step, repetitions and blanks dropped. logits: T rows of C.
template <class T>
std::vector<int> ctc_greedy(const T* logits, index steps, index classes, int blank = 0) {
    std::vector<int> labels;
    int before = blank;
    for (index t = 0; t < steps; ++t, logits += classes) {
        int best = 0;
        for (int c = 1; c < static_cast<int>(classes); ++c)
            if (logits[c] > logits[best]) best = c;
        if (best != blank && best != before) labels.push_back(best);
        before = best;
    }
    return labels;
}

// Labels, and the logarithm of the probability of all their alignments that the beam kept: the whole one where it was wide enough.
struct CTCHypothesis {
    std::vector<int> labels;
    double log_probability;
};
// The labels whose alignments together are likeliest, best first, among the `beam` best prefixes of each step (Hannun et al. 2014,
// without a language model). logits: T rows of C. O(T beam C) sequences.
template <class T>
std::vector<CTCHypothesis> ctc_beams(const T* logits, index steps, index classes, int beam = 16, int blank = 0) {
    if (beam < 1 || blank < 0 || blank >= classes) fail<>("ctc: a beam of 1 or more, and a blank that is one of the " + std::to_string(classes) + " classes");
    struct prefix {
        std::vector<int> labels;
        double blank, label;  // of paths that end in a blank, in the last label
        double sum() const { return blank + label; }
    };
    std::vector<prefix> now{{{}, 1.0, 0.0}};
    double scaled = 0;  // so much was taken out, as a logarithm
    for (index t = 0; t < steps; ++t, logits += classes) {
        double most = logits[0], all = 0;
        for (index c = 1; c < classes; ++c) most = most < static_cast<double>(logits[c]) ? static_cast<double>(logits[c]) : most;
        std::vector<double> p(static_cast<std::size_t>(classes));
        for (index c = 0; c < classes; ++c) all += p[static_cast<std::size_t>(c)] = __builtin_exp(static_cast<double>(logits[c]) - most);
        std::vector<prefix> next;
        const auto of = [&](const std::vector<int>& labels) -> prefix& {
            for (prefix& q : next)
                if (q.labels == labels) return q;
            next.push_back({labels, 0, 0});
            return next.back();
        };
        for (const prefix& q : now) {
            prefix& stays = of(q.labels);
            stays.blank += q.sum() * p[static_cast<std::size_t>(blank)] / all;
            if (!q.labels.empty()) stays.label += q.label * p[static_cast<std::size_t>(q.labels.back())] / all;
            for (int c = 0; c < static_cast<int>(classes); ++c) {
                if (c == blank) continue;
                std::vector<int> longer = q.labels;
                longer.push_back(c);
                const bool again = !q.labels.empty() && q.labels.back() == c;  // only behind a blank is it a new one
                of(longer).label += (again ? q.blank : q.sum()) * p[static_cast<std::size_t>(c)] / all;
            }
        }
        _::sort(next.data(), next.size(), [](const prefix& a, const prefix& b) { return a.sum() > b.sum(); });
        if (next.size() > static_cast<std::size_t>(beam)) next.resize(static_cast<std::size_t>(beam));
        while (next.size() > 1 && next.back().sum() == 0) next.pop_back();
        double scale = 0;
        for (const prefix& q : next) scale += q.sum();
        for (prefix& q : next) q.blank /= scale, q.label /= scale;
        scaled += __builtin_log(scale);
        now = static_cast<std::vector<prefix>&&>(next);
    }
    std::vector<CTCHypothesis> r;
    for (prefix& q : now) r.push_back({static_cast<std::vector<int>&&>(q.labels), scaled + __builtin_log(q.sum())});
    return r;
}
template <class T>
std::vector<int> ctc_beam(const T* logits, index steps, index classes, int beam = 16, int blank = 0) {
    return ctc_beams(logits, steps, classes, beam, blank).front().labels;
}

}  // namespace etta
