// attention.hpp: scaled dot-product attention as one op with kernels of its own (run/cpu/attention.hpp), which never store
// the matrix of scores: the forward keeps one number per row, the logarithm of the sum of exp, and the backward computes the
// scores again from it, block by block. Memory grows with L, not L².
//
// Inside, heads stand behind positions: q [..., L, H, D], k [..., S, K, D], v [..., S, K, E], result [..., L, H, E], as
// projections write them, so that a layer needs no copies. Leading axes are a batch. H is a multiple of K: grouped queries.
// Or one operand [..., L, H + 2 K, D] has all three ("packed"), and one gradient comes back.
//
// First derivatives of the result have the kernel; those of the backward op, and forward mode, are traced as plain ops.
#pragma once

#include "matmul.hpp"
#include "place.hpp"
#include "random.hpp"
#include "softmax.hpp"

namespace etta {

// Options of attention: row i sees keys 0 … i only (the first row the first key, whatever S, as in PyTorch).
struct causal {};
// The scores' factor Num / Den instead of 1 / sqrt(D).
template <int Num, int Den = 1>
struct scaled_by {};

namespace _ {

// The attributes of both ops.
struct attention_attributes {
    static constexpr int count = 9;  // numbers 4 and 8: the scale and the factor as a float's bits, for processors without doubles
    std::int64_t causal = 0;
    std::int64_t scale = 0;      // a double's bits
    std::int64_t packed = 0;     // packed: K; else 0
    std::int64_t learned = 0;    // the mask may have a derivative
    std::int64_t keep = 0;       // dropout: a probability stays with this probability, a double's bits; 0: there is none
    std::int64_t skipped = 0;    // leading axes that share their random numbers (a vmap's)

    constexpr void write(std::int64_t* t) const {
        t[0] = causal, t[1] = scale, t[2] = packed, t[3] = learned;
        t[4] = __builtin_bit_cast(std::uint32_t, static_cast<float>(factor()));
        t[5] = keep, t[6] = skipped, t[7] = 0, t[8] = 0;
        if (keep == 0) return;
        t[7] = drop_threshold(kept());
        t[8] = __builtin_bit_cast(std::uint32_t, static_cast<float>(1 / kept()));
    }
    static constexpr attention_attributes of(const builder& g, const node& n) {
        return {g.attr(n, 0), g.attr(n, 1), g.attr(n, 2), g.attr(n, 3), g.attr(n, 5), g.attr(n, 6)};
    }
    constexpr int sources() const { return packed != 0 ? 1 : 3; }
    constexpr int keys() const { return keep != 0 ? 2 : 0; }  // operands behind the mask: seed and stream
    constexpr double factor() const { return __builtin_bit_cast(double, scale); }
    constexpr double kept() const { return __builtin_bit_cast(double, keep); }
};

constexpr int swapped_axes(builder& g, int v, int a, int b) {
    std::int64_t order[max_rank] = {};
    for (int i = 0; i < g.extents_of(v).rank; ++i) order[i] = i == a ? b : i == b ? a : i;
    return Permute::add(g, v, order);
}
// [..., L, H, D] <-> [..., H, L, D]
constexpr int swapped_heads(builder& g, int v) {
    const int rank = g.extents_of(v).rank;
    return swapped_axes(g, v, rank - 3, rank - 2);
}

constexpr var plus(var a, var b) { return !a.exists() ? b : !b.exists() ? a : a + b; }
constexpr var sum_last(var x) { return sum_along(x, 1u << (x.rank() - 1)); }

// The composite form: operands as [..., K, H / K, L, D] and [..., K, 1, S, D], whose products broadcast over a group.
struct attention_terms {
    builder* g;
    attention_attributes a;
    shape packed;
    index heads, kv, group;
    var q, k, v, mask, p, bits;

    // From a node's operands.
    constexpr attention_terms(builder& b, const attention_attributes& attrs, const int* operands, bool masked) : g(&b), a(attrs) {
        int part[3] = {operands[0], operands[0], operands[0]};
        packed = b.extents_of(operands[0]);
        if (a.packed != 0) {
            kv = static_cast<index>(a.packed), heads = static_cast<index>(packed[-2].code) - 2 * kv;
            const index from[3] = {0, heads, heads + kv};
            for (int i = 0; i < 3; ++i) part[i] = part_of(operands[0], from[i], i == 0 ? heads : kv);
        } else {
            part[1] = operands[1], part[2] = operands[2];
            heads = static_cast<index>(packed[-2].code), kv = static_cast<index>(b.extents_of(part[1])[-2].code);
        }
        group = heads / kv;
        q = split(part[0]), k = split(part[1]), v = split(part[2]);
        if (masked) {
            mask = {g, operands[a.sources()]};
            shape s = mask.extents(), to;
            for (int i = 0; i + 3 < s.rank; ++i) to.push(s.at[i]);
            to.push(extent(kv)), to.push(extent(group)), to.push(s[-2]), to.push(s[-1]);
            mask = {g, reshape_to(b, mask.id, to)};
        }
        p = probabilities();
        if (a.keep == 0) return;
        // The kernels' numbers: element i of all scores is made from block i of the stream.
        const int key = a.sources() + (masked ? 1 : 0);
        shape drawn;
        for (int i = static_cast<int>(a.skipped); i < p.rank(); ++i) drawn.push(p.extents()[i]);
        bits = {g, RandomWord::add(b, drawn, operands[key], operands[key + 1], -1)};
    }
    // The probabilities' dropout, or anything else's by the same numbers: linear, and its own transpose.
    constexpr var dropped(var x) const {
        if (a.keep == 0) return x;
        return drop(x, {g, RandomWord::again(*g, bits.id)}, a.kept()) * (1 / a.kept());
    }
    constexpr int part_of(int x, index from, index count) const {
        shape to = g->extents_of(x);
        std::int64_t t[2 * max_rank] = {};
        for (int i = 0; i < to.rank; ++i) t[2 * i + 1] = 1;
        t[2 * (to.rank - 2)] = from;
        to[-2] = extent(count);
        return Slice::add(*g, x, t, to);
    }
    // [..., L, H, D] -> [..., K, H / K, L, D], and back.
    constexpr var split(int x) const {
        if (x < 0) return {};
        x = swapped_heads(*g, x);
        const shape s = g->extents_of(x);
        shape to;
        for (int i = 0; i + 3 < s.rank; ++i) to.push(s.at[i]);
        const index here = static_cast<index>(s[-3].code);
        to.push(extent(kv)), to.push(extent(here / kv)), to.push(s[-2]), to.push(s[-1]);
        return {g, reshape_to(*g, x, to)};
    }
    constexpr int joined(var x) const {
        const shape s = x.extents();
        shape to;
        for (int i = 0; i + 4 < s.rank; ++i) to.push(s.at[i]);
        to.push(extent(static_cast<index>(s[-4].code * s[-3].code))), to.push(s[-2]), to.push(s[-1]);
        return swapped_heads(*g, reshape_to(*g, x.id, to));
    }
    constexpr int joined_group(var x) const { return joined(group == 1 ? x : sum_along(x, 1u << (x.rank() - 3))); }
    constexpr var times(double f, var x) const { return f * x; }

    constexpr var probabilities() const {
        var s = matmul(times(a.factor(), q), k.t());
        const var none{g, g->literal(-__builtin_inf(), s.type())};
        if (mask.exists()) s = s + mask;
        if (a.causal != 0) s = where(Iota::like(s, -1) <= Iota::like(s, -2), s, none);
        const unsigned last = 1u << (s.rank() - 1);
        const var most = row_shift(s, last);
        const var e = exp(s - where(most == none, 0, most)), total = sum_along(e, last);
        return apply<Portion>(e, where(total == 0, 1, total));
    }
    // dp -> the scores' derivative, and its like: p (x - sum(p x)).
    constexpr var through_softmax(var x) const { return p * (x - sum_last(p * x)); }
    // Cotangents (or values) of q, k and v in the operands' layout; each may be missing.
    constexpr void store(int* out, var dq, var dk, var dv) const {
        const int parts[3] = {dq.exists() ? joined(dq) : -1, dk.exists() ? joined_group(dk) : -1, dv.exists() ? joined_group(dv) : -1};
        if (a.packed == 0) {
            for (int i = 0; i < 3; ++i) out[i] = parts[i];
            return;
        }
        const index from[3] = {0, heads, heads + kv}, count[3] = {heads, kv, kv};
        var all;
        for (int i = 0; i < 3; ++i)
            if (parts[i] >= 0) all = plus(all, padded({g, parts[i]}, packed.rank - 2, from[i], heads + 2 * kv - from[i] - count[i]));
        out[0] = all.id;
    }
    // The scores' derivative as one of the mask.
    constexpr int joined_scores(var x) const {
        const shape s = x.extents();
        shape to;
        for (int i = 0; i + 4 < s.rank; ++i) to.push(s.at[i]);
        to.push(extent(heads)), to.push(s[-2]), to.push(s[-1]);
        return reshape_to(*g, x.id, to);
    }
    // A value for each source (a tangent, a cotangent), as q, k and v are.
    constexpr void split_sources(const int* from, var* to) const {
        for (int i = 0; i < 3; ++i) {
            const index at[3] = {0, heads, heads + kv};
            if (a.packed == 0) to[i] = split(from[i]);
            else if (from[0] >= 0) to[i] = split(part_of(from[0], at[i], i == 0 ? heads : kv));
        }
    }
    // The scores' tangent.
    constexpr var scores_tangent(var tq, var tk, int tmask) const {
        var r;
        if (tq.exists()) r = plus(r, times(a.factor(), matmul(tq, k.t())));
        if (tk.exists()) r = plus(r, times(a.factor(), matmul(q, tk.t())));
        if (tmask >= 0) {
            var m{g, tmask};
            m.id = reshape_to(*g, m.id, mask.extents());
            r = plus(r, m);
        }
        return r;
    }
};

constexpr int attention_forward(builder& g, const int* operands, int n, const attention_attributes& a);
constexpr int attention_backward(builder& g, const int* operands, int n, const attention_attributes& a);
constexpr int in_memory_all(builder& g, const int* from, int n, int* to) {
    for (int i = 0; i < n; ++i) to[i] = in_memory(g, from[i]);
    return n;
}
// Operands with a batch axis in front, but for seed and stream, which stand before the last `behind`.
constexpr attention_attributes with_leading_axis(builder& g, attention_attributes a, const int* operands, const bool* batched, int n, int behind, int* to) {
    extent size(1);
    for (int i = 0; i < n; ++i)
        if (batched[i]) size = g.extents_of(operands[i])[0];
    for (int i = 0; i < n; ++i) {
        to[i] = operands[i];
        if (batched[i] || (i < n - behind && i >= n - behind - a.keys())) continue;
        const shape s = g.extents_of(to[i]);
        to[i] = expand_to(g, to[i], with_leading(size, s));
    }
    if (a.keep != 0) ++a.skipped;
    return a;
}

// Of `by_q` products of every score with a row of q or k, `by_v` with one of v; scores that a causal mask leaves out are not computed.
constexpr index attention_work(const graph_view& g, const node& n, const index* symbols, int by_q, int by_v, int o) {
    const shape &q = g.values[g.arg(n, 0)].extents, &out = g.values[o].extents;
    const bool packed = g.attr(n, 2) != 0;
    const index l = out[-3].at(symbols), s = packed ? l : g.values[g.arg(n, 1)].extents[-3].at(symbols), e = out[-1].at(symbols);
    if (l == 0 || e == 0) return 0;
    const index keys = g.attr(n, 0) == 0 ? l * s : s < l ? s * (s + 1) / 2 + (l - s) * s : l * (l + 1) / 2;
    return 2 * (by_q * q[-1].at(symbols) + by_v * e) * keys * (out.count(symbols) / (l * e));
}

// (q, k, v or qkv; mask, if there is one) -> (o, the rows' logarithm of the sum of exp [..., H, L]). A mask [..., H, L, S]
// is added to the scores; a row all of whose scores are -inf gives zeros, and +inf as its logarithm.
struct attention_forward_rules {
    static constexpr const char* name = "attention";
    static constexpr const char* onnx = "Attention";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool cheap = false;
    static constexpr index work(const graph_view& g, const node& n, const index* symbols) { return attention_work(g, n, symbols, 1, 1, n.results); }

    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        if (c.cotangents[0] < 0) return;
        const attention_attributes a = attention_attributes::of(g, n);
        int ids[9] = {};
        for (int i = 0; i < n.n_args; ++i) ids[i] = g.arg(n, i);
        ids[n.n_args] = n.results, ids[n.n_args + 1] = n.results + 1, ids[n.n_args + 2] = c.cotangents[0];
        const int first = attention_backward(g, ids, n.n_args + 3, a);
        for (int i = 0; i < a.sources(); ++i) c.out[i] = first + i;
        if (n.n_args - a.keys() > a.sources() && a.learned != 0) {
            const attention_terms t(g, a, ids, true);
            c.out[a.sources()] = t.joined_scores(t.through_softmax(t.dropped(matmul(t.split(c.cotangents[0]), t.v.t()))));
        }
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const attention_attributes a = attention_attributes::of(g, n);
        int ids[6] = {};
        for (int i = 0; i < n.n_args; ++i) ids[i] = g.arg(n, i);
        const bool masked = n.n_args - a.keys() > a.sources();
        const attention_terms t(g, a, ids, masked);
        var tan[3], y;
        t.split_sources(c.tangents, tan);
        const var ts = t.scores_tangent(tan[0], tan[1], masked ? c.tangents[a.sources()] : -1);
        if (ts.exists()) y = plus(y, matmul(t.dropped(t.through_softmax(ts)), t.v));
        if (tan[2].exists()) y = plus(y, matmul(t.dropped(t.p), tan[2]));
        if (y.exists()) c.out[0] = t.joined(y);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
        const node n = g.nodes[id];
        int ids[6] = {};
        const attention_attributes a = with_leading_axis(g, attention_attributes::of(g, n), operands, batched, n.n_args, 0, ids);
        const int first = attention_forward(g, ids, n.n_args, a);
        results[0] = first, results[1] = first + 1;
    }
};

// (the forward's operands, o, its logarithms, o's cotangent) -> cotangents of q, k and v, or of qkv. Its own derivatives take
// o and the logarithms for what they are, functions of the other operands.
struct attention_backward_rules {
    static constexpr const char* name = "attention_backward";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool cheap = false;
    static constexpr index work(const graph_view& g, const node& n, const index* symbols) { return attention_work(g, n, symbols, 3, 2, g.arg(n, n.n_args - 3)); }

    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const attention_attributes a = attention_attributes::of(g, n);
        int ids[9] = {};
        for (int i = 0; i < n.n_args; ++i) ids[i] = g.arg(n, i);
        const bool masked = n.n_args - 3 - a.keys() > a.sources();
        const attention_terms t(g, a, ids, masked);
        var w[3], scores_bar, p_bar, q_bar, k_bar, v_bar, o_bar;  // the bars: cotangents of what is named
        t.split_sources(c.cotangents, w);
        const var o = t.split(ids[n.n_args - 1]), dp = t.dropped(matmul(o, t.v.t())), d = dp - sum_last(t.p * dp);
        const double f = a.factor();
        var s;  // cotangent of the scores' derivative p d, which dq = f p d k and dk = f (p d)ᵀ q come from
        if (w[0].exists()) s = plus(s, t.times(f, matmul(w[0], t.k.t()))), k_bar = t.times(f, matmul((t.p * d).t(), w[0]));
        if (w[1].exists()) s = plus(s, t.times(f, matmul(t.q, w[1].t()))), q_bar = t.times(f, matmul(t.p * d, w[1]));
        if (s.exists()) {
            const var row = sum_last(s * t.p), dp_bar = t.p * (s - row);
            p_bar = s * d - row * dp;
            const var through = t.dropped(dp_bar);
            o_bar = matmul(through, t.v), v_bar = matmul(through.t(), o);
        }
        if (w[2].exists()) p_bar = plus(p_bar, t.dropped(matmul(o, w[2].t()))), o_bar = plus(o_bar, matmul(t.dropped(t.p), w[2]));
        if (!p_bar.exists()) return;
        scores_bar = t.through_softmax(p_bar);
        q_bar = plus(q_bar, t.times(f, matmul(scores_bar, t.k)));
        k_bar = plus(k_bar, t.times(f, matmul(scores_bar.t(), t.q)));
        t.store(c.out, q_bar, k_bar, v_bar);
        if (masked && a.learned != 0) c.out[a.sources()] = t.joined_scores(scores_bar);
        c.out[n.n_args - 1] = t.joined(o_bar);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const attention_attributes a = attention_attributes::of(g, n);
        int ids[9] = {};
        for (int i = 0; i < n.n_args; ++i) ids[i] = g.arg(n, i);
        const bool masked = n.n_args - 3 - a.keys() > a.sources();
        const attention_terms t(g, a, ids, masked);
        var tan[3], tdp, dq, dk, dv;
        t.split_sources(c.tangents, tan);
        const var o = t.split(ids[n.n_args - 1]), to = t.split(c.tangents[n.n_args - 1]);
        const var dp = t.dropped(matmul(o, t.v.t())), d = dp - sum_last(t.p * dp), ds = t.p * d;
        const var ts = t.scores_tangent(tan[0], tan[1], masked ? c.tangents[a.sources()] : -1);
        var tp, tds;
        if (ts.exists()) tp = t.through_softmax(ts);
        if (to.exists()) tdp = t.dropped(matmul(to, t.v.t()));
        if (tan[2].exists()) tdp = plus(tdp, t.dropped(matmul(o, tan[2].t())));
        if (tdp.exists()) tds = t.through_softmax(tdp);
        if (tp.exists()) tds = plus(tds, tp * d - t.p * sum_last(tp * dp));
        if (tds.exists()) dq = matmul(tds, t.k), dk = matmul(tds.t(), t.q);
        if (tan[1].exists()) dq = plus(dq, matmul(ds, tan[1]));
        if (tan[0].exists()) dk = plus(dk, matmul(ds.t(), tan[0]));
        if (tp.exists()) dv = matmul(t.dropped(tp).t(), o);
        if (to.exists()) dv = plus(dv, matmul(t.dropped(t.p).t(), to));
        if (dq.exists()) dq = t.times(a.factor(), dq);
        if (dk.exists()) dk = t.times(a.factor(), dk);
        t.store(c.out, dq, dk, dv);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
        const node n = g.nodes[id];
        int ids[9] = {};
        const attention_attributes a = with_leading_axis(g, attention_attributes::of(g, n), operands, batched, n.n_args, 3, ids);
        const int first = attention_backward(g, ids, n.n_args, a);
        for (int i = 0; i < n.n_results; ++i) results[i] = first + i;
    }
};

// What the operands are is part of the type, since a kernel reads them before the attributes. With: 1 a mask, 2 dropout.
template <class T, bool Packed, int With>
struct AttentionForward : attention_forward_rules {};
template <class T, bool Packed, int With>
struct AttentionBackward : attention_backward_rules {};
template <template <class, bool, int> class Op, bool Packed, int With>
constexpr const op_info* attention_info_for(dtype t) {
    return t == dtype::f64 ? &info_of<Op<double, Packed, With>>::value : &info_of<Op<float, Packed, With>>::value;
}
template <template <class, bool, int> class Op, bool Packed>
constexpr const op_info* attention_info_with(dtype t, int with) {
    if (with >= 2) return with == 3 ? attention_info_for<Op, Packed, 3>(t) : attention_info_for<Op, Packed, 2>(t);
    return with == 1 ? attention_info_for<Op, Packed, 1>(t) : attention_info_for<Op, Packed, 0>(t);
}
template <template <class, bool, int> class Op>
constexpr const op_info* attention_info(dtype t, const attention_attributes& a, int n) {  // n operands that every call has
    const int with = (n - a.keys() > a.sources() ? 1 : 0) + a.keys();
    return a.packed != 0 ? attention_info_with<Op, true>(t, with) : attention_info_with<Op, false>(t, with);
}

constexpr int attention_forward(builder& g, const int* operands, int n, const attention_attributes& a) {
    int ids[6] = {};
    in_memory_all(g, operands, n, ids);
    std::int64_t t[attention_attributes::count] = {};
    a.write(t);
    const dtype type = g.type_of(ids[0]);
    shape o = g.extents_of(ids[0]), rows = o;
    if (a.packed != 0) o[-2] = extent(static_cast<index>(o[-2].code - 2 * a.packed));
    else o[-1] = g.extents_of(ids[2])[-1];
    --rows.rank;
    rows[-1] = o[-3], rows[-2] = o[-2];
    const int first = g.add(attention_info<AttentionForward>(type, a, n), ids, n, t, attention_attributes::count, type, o);
    if (g.of(first).n_results == 1) g.add_result(first, type, rows);
    return first;
}
constexpr int attention_backward(builder& g, const int* operands, int n, const attention_attributes& a) {
    int ids[9] = {};
    in_memory_all(g, operands, n, ids);
    std::int64_t t[attention_attributes::count] = {};
    a.write(t);
    const dtype type = g.type_of(ids[0]);
    const shape like = g.extents_of(ids[0]);
    const int first = g.add(attention_info<AttentionBackward>(type, a, n - 3), ids, n, t, attention_attributes::count, type, like);
    if (g.of(first).n_results == 1)
        for (int i = 1; i < a.sources(); ++i) {
            const shape s = g.extents_of(ids[i]);
            g.add_result(first, type, s);
        }
    return first;
}

// A mask as what is added to the scores, [..., H, L, S]; a truth value says which keys take part. One of two axes less than
// the scores have, [..., S], is for keys alone.
constexpr int scores_mask(builder& g, var m, dtype type, const shape& scores, bool& learned) {
    learned = m.type() != dtype::boolean;
    if (!learned) m = where(m, var{&g, g.literal(0, type)}, var{&g, g.literal(-__builtin_inf(), type)});
    m = {&g, cast_to(g, m.id, type)};
    if (m.rank() == scores.rank - 2) {
        const shape s = m.extents();
        shape to;
        for (int i = 0; i + 1 < s.rank; ++i) to.push(s.at[i]);
        to.push(extent(1)), to.push(extent(1)), to.push(s[-1]);
        m = {&g, reshape_to(g, m.id, to)};
    }
    if (m.rank() != scores.rank || !(broadcast_shapes(m.extents(), scores) == scores)) {
        g.blame(mistake::broadcast, "attention", scores, m.extents());
        return -1;
    }
    return expand_to(g, m.id, scores);
}

constexpr std::int64_t default_scale(index d) { return __builtin_bit_cast(std::int64_t, 1 / [](double x) constexpr {
    double r = x > 1 ? x : 1, next = (r + x / r) / 2;  // Newton's iteration from above
    while (next < r) r = next, next = (r + x / r) / 2;
    return r;
}(static_cast<double>(d))); }

// Operands q, k, v and perhaps a mask; attributes: causal, numerator, denominator of the scale (0: the default).
struct Attention {
    static constexpr int trace(builder& g, const int* operands, int n, const std::int64_t* attrs, int) {
        int ids[4] = {};
        shape s[3];
        for (int i = 0; i < n; ++i)
            if ((ids[i] = operands[i]) < 0) return -1;
        for (int i = 0; i < 3; ++i) s[i] = g.extents_of(ids[i]);
        const dtype t = g.type_of(ids[0]);
        for (int i = 0; i < 3; ++i) {
            if (g.type_of(ids[i]) != t || !is_floating(t)) return refuse(g, ids[0], mistake::dtypes, s[0], s[i], t, g.type_of(ids[i]));
            if (s[i].rank < 3 || s[i].rank != s[0].rank || s[i].rank + 2 > max_rank) return refuse(g, ids[0], mistake::rank, s[0], s[i]);
            for (int k = 1; k <= 3; ++k)
                if (!s[i][-k].is_static()) return refuse(g, ids[0], mistake::unbound, s[0], s[i]);
        }
        const int last = s[0].rank - 1;
        shape scores = s[0], want_k = s[0], want_v = s[1];
        scores.at[last] = s[1].at[last - 1];
        want_k.at[last - 2] = s[1].at[last - 2], want_k.at[last - 1] = s[1].at[last - 1], want_v.at[last] = s[2].at[last];
        const bool divides = s[1].at[last - 2].code > 0 && s[0].at[last - 2].code % s[1].at[last - 2].code == 0;
        if (!g.same_shape(want_k, s[1]) || !divides) return refuse(g, ids[0], mistake::broadcast, s[0], s[1]);
        if (!g.same_shape(want_v, s[2])) return refuse(g, ids[0], mistake::broadcast, s[1], s[2]);
        attention_attributes a;
        a.causal = attrs[0];
        a.scale = attrs[2] == 0 ? default_scale(static_cast<index>(s[0].at[last].code)) : __builtin_bit_cast(std::int64_t, static_cast<double>(attrs[1]) / static_cast<double>(attrs[2]));
        if (n > 3) {
            bool learned = false;
            ids[3] = scores_mask(g, {&g, ids[3]}, t, scores, learned);
            if (ids[3] < 0) return ids[0];
            a.learned = learned;
        }
        for (int i = 0; i < 3; ++i) ids[i] = swapped_heads(g, ids[i]);
        return swapped_heads(g, attention_forward(g, ids, n, a));
    }
    static constexpr int refuse(builder& g, int v, mistake m, const shape& a, const shape& b, dtype t = dtype::none, dtype u = dtype::none) {
        g.blame(m, "attention", a, b, t, u);
        return v;
    }
};

// Of one operand [..., L, H + 2 K, D] with queries, keys and values behind each other -> [..., L, H, D]. For layers.
// `p`: each probability is dropped with probability p, the rest divided by 1 - p (0 < p < 1; in training steps only).
constexpr int with_dropout(builder& g, int* ids, int n, attention_attributes& a, double p) {
    if (p <= 0) return n;
    const random_key key = next_key({&g, ids[0]});
    if (key.seed < 0) return n;
    a.keep = __builtin_bit_cast(std::int64_t, 1 - p);
    ids[n] = key.seed, ids[n + 1] = key.stream;
    return n + 2;
}
constexpr var packed_attention(var qkv, index kv_heads, bool is_causal, var mask = {}, double p = 0) {
    builder& g = *qkv.g;
    shape scores = qkv.extents();
    attention_attributes a;
    a.causal = is_causal, a.packed = kv_heads, a.scale = default_scale(static_cast<index>(scores[-1].code));
    const extent rows = scores[-3];
    scores[-3] = extent(static_cast<index>(scores[-2].code - 2 * kv_heads)), scores[-2] = rows, scores[-1] = rows;
    int ids[4] = {qkv.id, -1};
    if (mask.exists()) {
        bool learned = false;
        ids[1] = scores_mask(g, mask, qkv.type(), scores, learned);
        if (ids[1] < 0) return qkv;
        a.learned = learned;
    }
    return {&g, attention_forward(g, ids, with_dropout(g, ids, mask.exists() ? 2 : 1, a, p), a)};
}

// Operands with heads behind positions, as they are inside: q [..., L, H, D], k [..., S, K, D], v [..., S, K, E] ->
// [..., L, H, E]. For layers.
constexpr var positions_first_attention(var q, var k, var v, bool is_causal, var mask = {}, double p = 0) {
    builder& g = *q.g;
    shape scores = q.extents();
    attention_attributes a;
    a.causal = is_causal, a.scale = default_scale(static_cast<index>(scores[-1].code));
    const extent rows = scores[-3];
    scores[-3] = scores[-2], scores[-2] = rows, scores[-1] = k.extents()[-3];
    int ids[6] = {q.id, k.id, v.id, -1};
    if (mask.exists()) {
        bool learned = false;
        ids[3] = scores_mask(g, mask, q.type(), scores, learned);
        if (ids[3] < 0) return q;
        a.learned = learned;
    }
    return {&g, attention_forward(g, ids, with_dropout(g, ids, mask.exists() ? 4 : 3, a, p), a)};
}

template <class... Options>
struct attention_options {
    static constexpr std::int64_t causal = (std::is_same_v<Options, etta::causal> || ... || false);
    static constexpr std::int64_t num = 0, den = 0;
};
template <class First, class... Rest>
struct attention_options<First, Rest...> : attention_options<Rest...> {
    static constexpr std::int64_t causal = std::is_same_v<First, etta::causal> || attention_options<Rest...>::causal;
};
template <int Num, int Den, class... Rest>
struct attention_options<scaled_by<Num, Den>, Rest...> : attention_options<Rest...> {
    static constexpr std::int64_t num = Num, den = Den;
};
template <class... Options>
using attention_attr = attr<attention_options<Options...>::causal, attention_options<Options...>::num, attention_options<Options...>::den>;

}  // namespace _

// softmax(q kᵀ / sqrt(D)) v (Vaswani et al. 2017): q [..., H, L, D], k [..., K, S, D], v [..., K, S, E] -> [..., H, L, E],
// with equal leading axes and H a multiple of K; heads h K / H … share a key. Computed in blocks (Dao et al. 2022, online
// softmax of Milakov & Gimelshein 2018): O(L S) time, O(L) memory. Options: causal, scaled_by<Num, Den>.
template <class... Options, class Q, class K, class V>
    requires operand<Q> && operand<K> && operand<V>
constexpr _::applied<_::Attention, _::attention_attr<Options...>, Q, K, V> attention(Q&& q, K&& k, V&& v) {
    return _::apply<_::Attention, _::attention_attr<Options...>>(static_cast<Q&&>(q), static_cast<K&&>(k), static_cast<V&&>(v));
}
// With a mask: truth values, true where a key takes part, or numbers added to the scores. [..., S] for keys (padding), or
// what broadcasts to [..., H, L, S]. A row that sees no key is zero, and so are its derivatives.
template <class... Options, class Q, class K, class V, class M>
    requires operand<Q> && operand<K> && operand<V> && operand<M>
constexpr _::applied<_::Attention, _::attention_attr<Options...>, Q, K, V, M> attention(Q&& q, K&& k, V&& v, M&& mask) {
    return _::apply<_::Attention, _::attention_attr<Options...>>(static_cast<Q&&>(q), static_cast<K&&>(k), static_cast<V&&>(v), static_cast<M&&>(mask));
}

}  // namespace etta
