// view.hpp: ops that move no data: broadcasting, reshape, transposition, slices, flips. Each is a rule on strides; the
// kernels that read a view apply the rules when their table is laid out.
#pragma once

#include "kinds.hpp"

namespace etta {
namespace _ {

// Views are linear: the tangent of a view is the same view of the tangent.
template <class Op>
struct view_op {
    static constexpr op_kind kind = op_kind::view;
    static constexpr int flops = 0;
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[0] < 0) return;
        std::int64_t t[4 * max_rank] = {};
        for (int i = 0; i < n.n_attrs; ++i) t[i] = c.g->attr(n, i);
        c.out[0] = c.g->add(n.op, c.tangents, 1, t, n.n_attrs, c.g->type_of(c.tangents[0]), c.g->extents_of(n.results));
    }
};

constexpr int reshape_to(builder& g, int v, shape to);
constexpr int copied(builder& g, int v);                // an element-wise identity: the view's elements in memory
constexpr int transposed_product(builder& g, int v);    // matmul.hpp: (a b)ᵀ as a product, or -1 if v is none
constexpr int sum_over(builder& g, int v, unsigned axes);
constexpr int place_in(builder& g, int v, shape whole, const std::int64_t* start_step);

struct Expand : view_op<Expand> {
    static constexpr const char* name = "expand";
    static constexpr const char* onnx = "Expand";
    static constexpr bool view_rule(const view_call& c, access& a) {
        access r{a.offset, {}};
        for (int i = 1; i <= c.in_rank; ++i)
            if (c.in[c.in_rank - i] == c.out[c.out_rank - i] && !(c.in[c.in_rank - i] == 1))
                r.strides[c.out_rank - i] = a.strides[c.in_rank - i];
        a = r;
        return true;
    }
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const shape in = g.extents_of(g.arg(n, 0)), out = g.extents_of(n.results);
        unsigned axes = 0;
        for (int i = 1; i <= out.rank; ++i)
            if (i > in.rank || (in[-i].is(1) && !out[-i].is(1))) axes |= 1u << (out.rank - i);
        c.out[0] = reshape_to(g, sum_over(g, c.cotangents[0], axes), in);
    }
};

struct Reshape : view_op<Reshape> {
    static constexpr const char* name = "reshape";
    static constexpr const char* onnx = "Reshape";
    // Groups of axes with equal products map onto each other; inside a group the operand must be evenly strided.
    static constexpr bool view_rule(const view_call& c, access& a) {
        access r{a.offset, {}};
        int i = 0, o = 0;
        while (o < c.out_rank) {
            index n_in = 1, n_out = c.out[o];
            const int o0 = o++;
            int first = -1, last = -1;
            const auto take = [&] {
                n_in *= c.in[i];
                if (c.in[i] != 1) {
                    if (first < 0) first = i;
                    else if (a.strides[last] != a.strides[i] * c.in[i]) return false;
                    last = i;
                }
                ++i;
                return true;
            };
            while (n_in != n_out) {
                if (n_in < n_out && i < c.in_rank) {
                    if (!take()) return false;
                } else if (n_in > n_out && o < c.out_rank) {
                    n_out *= c.out[o++];
                } else {
                    return false;
                }
            }
            index s = last < 0 ? 0 : a.strides[last];
            for (int k = o - 1; k >= o0; --k) r.strides[k] = s, s *= c.out[k];
        }
        a = r;
        return true;
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[0] = reshape_to(*c.g, c.cotangents[0], c.g->extents_of(c.g->arg(n, 0)));
    }
    static constexpr void jvp_rule(const rule_call& c) {  // the tangent may be a view that needs a copy first
        if (c.tangents[0] >= 0) c.out[0] = reshape_to(*c.g, c.tangents[0], c.g->extents_of(c.g->nodes[c.node].results));
    }
};

// A view as a node of its own, which no rule for views looks through: what a derivative is taken with respect to.
struct Apart : Reshape {
    static constexpr const char* name = "apart";
    static constexpr int of(builder& g, int v) {
        if (g.of(v).op->kind != op_kind::view) return v;
        const shape s = g.extents_of(v);
        return g.add(&info_of<Apart>::value, &v, 1, nullptr, 0, g.type_of(v), s);
    }
};

struct Permute : view_op<Permute> {  // attributes: result axis i is operand axis attr(i)
    static constexpr const char* name = "permute";
    static constexpr const char* onnx = "Transpose";
    static constexpr bool view_rule(const view_call& c, access& a) {
        access r{a.offset, {}};
        for (int i = 0; i < c.out_rank; ++i) r.strides[i] = a.strides[c.attrs[i]];
        a = r;
        return true;
    }
    static constexpr int add(builder& g, int v, const std::int64_t* order) {
        const shape s = g.extents_of(v);
        std::int64_t t[max_rank] = {};
        bool identity = true;
        int from = v;
        for (int i = 0; i < s.rank; ++i) t[i] = order[i];
        if (g.is<Permute>(v)) {  // a permutation of a permutation is one
            const node n = g.of(v);
            from = g.arg(n, 0);
            for (int i = 0; i < s.rank; ++i) t[i] = g.attr(n, static_cast<int>(order[i]));
        }
        shape to = g.extents_of(from);
        const shape base = to;
        for (int i = 0; i < s.rank; ++i) to.at[i] = base.at[t[i]], identity = identity && t[i] == i;
        if (identity) return from;
        if (to.rank >= 2 && t[to.rank - 1] == to.rank - 2 && t[to.rank - 2] == to.rank - 1) {
            bool swap = true;
            for (int i = 0; i + 2 < to.rank; ++i) swap = swap && t[i] == i;
            const int product = swap ? transposed_product(g, from) : -1;
            if (product >= 0) return product;
        }
        return g.add(&info_of<Permute>::value, &from, 1, t, s.rank, g.type_of(v), to);
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        std::int64_t t[max_rank] = {};
        for (int i = 0; i < n.n_attrs; ++i) t[c.g->attr(n, i)] = i;
        c.out[0] = add(*c.g, c.cotangents[0], t);
    }
};

struct Slice : view_op<Slice> {  // attributes: (start, step) per axis; the counts are the result's extents
    static constexpr const char* name = "slice";
    static constexpr const char* onnx = "Slice";
    static constexpr bool view_rule(const view_call& c, access& a) {
        for (int i = 0; i < c.out_rank; ++i) {
            a.offset += c.attrs[2 * i] * a.strides[i];
            a.strides[i] *= c.attrs[2 * i + 1];
        }
        return true;
    }
    static constexpr int add(builder& g, int v, const std::int64_t* start_step, shape to) {
        if (g.extents_of(v) == to) {
            bool identity = true;
            for (int i = 0; i < to.rank; ++i) identity = identity && start_step[2 * i] == 0 && start_step[2 * i + 1] == 1;
            if (identity) return v;
        }
        // Attributes end with the counts, so that slices of different lengths are different nodes.
        std::int64_t t[3 * max_rank] = {};
        for (int i = 0; i < 2 * to.rank; ++i) t[i] = start_step[i];
        for (int i = 0; i < to.rank; ++i) t[2 * to.rank + i] = to.at[i].code;
        return g.add(&info_of<Slice>::value, &v, 1, t, 3 * to.rank, g.type_of(v), to);
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        std::int64_t t[2 * max_rank] = {};
        for (int i = 0; i < 2 * c.g->extents_of(n.results).rank; ++i) t[i] = c.g->attr(n, i);
        c.out[0] = place_in(*c.g, c.cotangents[0], c.g->extents_of(c.g->arg(n, 0)), t);
    }
};

constexpr int expand_to(builder& g, int v, shape to) {
    if (g.extents_of(v) == to) return v;
    if (g.is<Expand>(v) && g.extents_of(g.arg(g.of(v), 0)).rank <= to.rank) v = g.arg(g.of(v), 0);
    std::int64_t t[max_rank] = {};
    for (int i = 0; i < to.rank; ++i) t[i] = to.at[i].code;
    return g.add(&info_of<Expand>::value, &v, 1, t, to.rank, g.type_of(v), to);
}

// Products of extents agree: constants multiply, and the one symbol's coefficient with them.
constexpr bool same_count(const builder& g, const shape& a, const shape& b) {
    const auto product = [&g](const shape& s, int& sym) constexpr {
        index n = 1;
        for (int i = 0; i < s.rank; ++i) {
            const extent e = g.resolve(s.at[i]);
            n *= e.is_static() ? e.code : e.coefficient();
            if (!e.is_static()) sym = sym * 128 + e.symbol() + 1;
        }
        return n;
    };
    int sa = 0, sb = 0;
    return product(a, sa) == product(b, sb) && sa == sb;
}

constexpr bool only_ones_differ(const shape& a, const shape& b) {
    int i = 0, j = 0;
    while (i < a.rank || j < b.rank) {
        if (i < a.rank && a.at[i].is(1)) ++i;
        else if (j < b.rank && b.at[j].is(1)) ++j;
        else if (i < a.rank && j < b.rank && a.at[i] == b.at[j]) ++i, ++j;
        else return false;
    }
    return true;
}

// Where a reshape cuts or joins axes, is a bounded extent (a batch) among them, and not the first? Memory is laid out for its
// bound, so that only what is inside of it has strides that never change.
constexpr bool merges_bounded(const builder& g, const shape& a, const shape& b) {
    const auto bounded = [&g](extent e) constexpr { return !e.is_static() && g.symbols[e.symbol()].bound > 0; };
    int first_a = 0, first_b = 0, end_a = a.rank, end_b = b.rank;  // what remains without the axes that both have
    while (true) {
        while (first_a < end_a && a.at[first_a].is(1)) ++first_a;
        while (first_b < end_b && b.at[first_b].is(1)) ++first_b;
        if (first_a == end_a || first_b == end_b || !(a.at[first_a] == b.at[first_b])) break;
        ++first_a, ++first_b;
    }
    while (true) {
        while (end_a > first_a && a.at[end_a - 1].is(1)) --end_a;
        while (end_b > first_b && b.at[end_b - 1].is(1)) --end_b;
        if (first_a == end_a || first_b == end_b || !(a.at[end_a - 1] == b.at[end_b - 1])) break;
        --end_a, --end_b;
    }
    for (int i = first_a + 1; i < end_a; ++i)
        if (bounded(a.at[i])) return true;
    for (int i = first_b + 1; i < end_b; ++i)
        if (bounded(b.at[i])) return true;
    return false;
}

// Do a value's elements lie row-major, one after the other? Those of a slice do that restricts its first axis only.
constexpr bool lies_whole(const builder& g, int v) {
    const node& n = g.of(v);
    if (n.op->kind == op_kind::input) return n.n_attrs != 3;
    if (n.op->kind == op_kind::loop) return n.n_args == 0 || n.loop != g.attr(n, 0) || lies_whole(g, g.arg(n, 0));  // an element of a sequence
    if (n.op->kind != op_kind::view) return true;
    if (n.op->id == declare_op<Reshape>::id || n.op->id == declare_op<Apart>::id) return lies_whole(g, g.arg(n, 0));
    if (n.op->id != declare_op<Slice>::id) return false;
    const shape &from = g.extents_of(g.arg(n, 0)), &to = g.extents_of(v);
    for (int i = 0; i < to.rank; ++i)
        if (g.attr(n, 2 * i + 1) != 1 || (i > 0 && !(from.at[i] == to.at[i]))) return false;
    return lies_whole(g, g.arg(n, 0));
}

constexpr int reshaped_from(const builder& g, int v) {
    if (!g.is<Reshape>(v)) return -1;
    const int r = g.arg(g.of(v), 0);
    const op_kind k = g.of(r).op->kind;  // what lies in memory, or is a view of it, is not computed by a kernel that one could join
    return k == op_kind::view || k == op_kind::input || only_ones_differ(g.extents_of(r), g.extents_of(v)) ? -1 : r;
}

constexpr int reshape_to(builder& g, int v, shape to) {
    if (g.extents_of(v) == to) return v;
    if (!same_count(g, g.extents_of(v), to)) {
        g.blame(mistake::reshape_size, "reshape", g.extents_of(v), to);
        return v;
    }
    if (g.is<Reshape>(v)) return reshape_to(g, g.arg(g.of(v), 0), to);
    // Of what lies row-major in memory, any reshape is free; of another view, only one that adds or drops extents of 1.
    if (!only_ones_differ(g.extents_of(v), to)) {
        if (merges_bounded(g, g.extents_of(v), to)) {
            g.blame(mistake::unbound, "reshape", g.extents_of(v), to);
            return v;
        }
        if (!lies_whole(g, v)) v = copied(g, v);
    }
    std::int64_t t[max_rank] = {};
    for (int i = 0; i < to.rank; ++i) t[i] = to.at[i].code;
    return g.add(&info_of<Reshape>::value, &v, 1, t, to.rank, g.type_of(v), to);
}

// The axis as a non-negative number; blames the caller's op when there is none such.
constexpr int axis_of(builder& g, std::int64_t axis, int rank, const char* op) {
    const std::int64_t a = axis < 0 ? axis + rank : axis;
    if (a >= 0 && a < rank) return static_cast<int>(a);
    g.blame(mistake::axis, op, shape(index{rank}), shape(extent(axis < 0 ? -axis : axis)));
    return 0;
}

struct Transpose : CompositeOp<Transpose> {  // attributes: the order of axes; none: the last two swap
    static constexpr var body(auto x, const std::int64_t* order, int n) {
        std::int64_t t[max_rank] = {};
        const int rank = x.rank();
        if (n != 0 && n != rank) x.g->blame(mistake::rank, "permute", shape(index{n}), x.extents());
        unsigned seen = 0;
        for (int i = 0; i < rank; ++i) t[i] = n == rank ? axis_of(*x.g, order[i], rank, "permute") : i, seen |= 1u << t[i];
        if (seen + 1 != 1u << rank) {  // an axis twice, another not at all
            shape named;
            for (int i = 0; i < rank; ++i) named.push(extent(t[i]));
            x.g->blame(mistake::axis, "permute", x.extents(), named);
            return x;
        }
        if (n == 0 && rank >= 2) t[rank - 1] = rank - 2, t[rank - 2] = rank - 1;
        return {x.g, Permute::add(*x.g, x.id, t)};
    }
};

struct ReshapeTo : CompositeOp<ReshapeTo> {  // attributes: extents; one may be -1 (inferred)
    static constexpr var body(auto x, const std::int64_t* to, int n) {
        shape s;
        index known = 1;
        int unknown = -1;
        for (int i = 0; i < n; ++i) {
            s.push(extent(to[i] < 0 ? 1 : to[i]));
            if (to[i] < 0) unknown = i;
            else known *= to[i];
        }
        if (unknown >= 0) {
            extent rest(1);
            for (int i = 0; i < x.rank(); ++i) {
                const extent e = x.g->resolve(x.extents()[i]);
                rest = rest.is_static() ? e.times(rest.code) : rest.times(e.is_static() ? e.code : 0);
            }
            if (known != 0) {
                s.at[unknown] = rest.is_static() ? extent(rest.code / known)
                                                 : extent::of_symbol(rest.symbol(), rest.coefficient() / known);
            }
        }
        return {x.g, reshape_to(*x.g, x.id, s)};
    }
};

struct Flatten : CompositeOp<Flatten> {  // attribute: the first axis that is flattened
    static constexpr var body(auto x, const std::int64_t* a, int) {
        shape s;
        extent rest(1);
        const int from = axis_of(*x.g, a[0], x.rank() + 1, "flatten");
        for (int i = 0; i < x.rank(); ++i) {
            const extent e = x.extents()[i];
            if (i < from) s.push(e);
            else rest = rest.is_static() ? e.times(rest.code) : rest.times(e.is_static() ? e.code : 0);
        }
        s.push(rest);
        return {x.g, reshape_to(*x.g, x.id, s)};
    }
};

struct Squeeze : CompositeOp<Squeeze> {  // attributes: axes of extent 1 to drop
    static constexpr var body(auto x, const std::int64_t* axes, int n) {
        unsigned drop = 0;
        for (int i = 0; i < n; ++i) drop |= 1u << axis_of(*x.g, axes[i], x.rank(), "squeeze");
        shape s;
        for (int i = 0; i < x.rank(); ++i)
            if (!((drop >> i) & 1)) s.push(x.extents()[i]);
        return {x.g, reshape_to(*x.g, x.id, s)};
    }
};

struct Unsqueeze : CompositeOp<Unsqueeze> {  // attribute: where the new axis stands in the result
    static constexpr var body(auto x, const std::int64_t* a, int) {
        const int at = axis_of(*x.g, a[0], x.rank() + 1, "unsqueeze");
        shape s;
        for (int i = 0; i <= x.rank(); ++i) {
            if (i == at) s.push(extent(1));
            if (i < x.rank()) s.push(x.extents()[i]);
        }
        return {x.g, reshape_to(*x.g, x.id, s)};
    }
};

struct BroadcastTo : CompositeOp<BroadcastTo> {  // attributes: extents
    static constexpr var body(auto x, const std::int64_t* to, int n) {
        shape s;
        for (int i = 0; i < n; ++i) s.push(extent(to[i]));
        const shape joint = broadcast_shapes(x.extents(), s);
        if (joint.rank < 0 || !(joint == s)) {
            x.g->blame(mistake::broadcast, "broadcast_to", x.extents(), s);
            return x;
        }
        return {x.g, expand_to(*x.g, x.id, s)};
    }
};

inline constexpr std::int64_t far = std::int64_t{1} << 40;  // a bound past any end

struct SliceAxis : CompositeOp<SliceAxis> {  // attributes: axis, start, stop, step; negative bounds from the end
    static constexpr var body(auto x, const std::int64_t* a, int) {
        const int axis = axis_of(*x.g, a[0], x.rank(), "slice");
        const index n = x.extent(axis);
        shape to = x.extents();
        std::int64_t t[2 * max_rank] = {};
        for (int i = 0; i < x.rank(); ++i) t[2 * i + 1] = 1;
        if (n < 0) {
            x.g->blame(mistake::unbound, "slice", x.extents());
            return x;
        }
        const std::int64_t step = a[3], lowest = step > 0 ? 0 : -1, highest = step > 0 ? n : n - 1;
        const auto clamp = [&](std::int64_t i) constexpr {
            if (i < 0 && i != -far) i += n;
            return i < lowest ? lowest : i > highest ? highest : i;
        };
        const std::int64_t start = clamp(a[1]), stop = clamp(a[2]);
        const std::int64_t count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        to.at[axis] = extent(count < 0 ? 0 : count);
        t[2 * axis] = start, t[2 * axis + 1] = step;
        return {x.g, Slice::add(*x.g, x.id, t, to)};
    }
};

}  // namespace _

constexpr var var::t() const { return _::Transpose::body(*this, nullptr, 0); }

constexpr var var::operator[](int i) const {
    const index n = extent(0);
    const std::int64_t at = i < 0 ? i + n : i;
    if (rank() == 0 || (n >= 0 && (at < 0 || at >= n))) {
        g->blame(_::mistake::axis, "operator[]", extents(), shape(etta::extent(at < 0 ? -at : at)));
        return *this;
    }
    const std::int64_t a[4] = {0, at, at + 1, 1}, zero = 0;
    return _::Squeeze::body(_::SliceAxis::body(*this, a, 4), &zero, 1);
}

// The order of axes that Axes lists: permute<0, 2, 3, 1>(x) is NHWC from NCHW. Costs nothing until it is read.
template <int... Axes, operand X>
constexpr _::applied<_::Transpose, _::attr<Axes...>, X> permute(X&& x) { return _::apply<_::Transpose, _::attr<Axes...>>(static_cast<X&&>(x)); }
// The last two axes swapped.
template <operand X>
constexpr _::applied<_::Transpose, _::attr<>, X> transpose(X&& x) { return _::apply<_::Transpose>(static_cast<X&&>(x)); }
// Same elements, row-major, other extents; one may be -1 and is inferred.
template <int... Extents, operand X>
constexpr _::applied<_::ReshapeTo, _::attr<Extents...>, X> reshape(X&& x) {
    static_assert((0 + ... + (Extents < 0 ? 1 : 0)) <= 1 && ((Extents >= -1) && ...), "etta: reshape: one extent may be -1, the others are not negative");
    return _::apply<_::ReshapeTo, _::attr<Extents...>>(static_cast<X&&>(x));
}
// All axes from From on become one; the default keeps the batch.
template <int From = 1, operand X>
constexpr _::applied<_::Flatten, _::attr<From>, X> flatten(X&& x) { return _::apply<_::Flatten, _::attr<From>>(static_cast<X&&>(x)); }
template <int... Axes, operand X>
constexpr _::applied<_::Squeeze, _::attr<Axes...>, X> squeeze(X&& x) { return _::apply<_::Squeeze, _::attr<Axes...>>(static_cast<X&&>(x)); }
template <int Axis, operand X>
constexpr _::applied<_::Unsqueeze, _::attr<Axis>, X> unsqueeze(X&& x) { return _::apply<_::Unsqueeze, _::attr<Axis>>(static_cast<X&&>(x)); }
template <int... Extents, operand X>
constexpr _::applied<_::BroadcastTo, _::attr<Extents...>, X> broadcast_to(X&& x) {
    static_assert(((Extents >= 0) && ...), "etta: broadcast_to: an extent is negative");
    return _::apply<_::BroadcastTo, _::attr<Extents...>>(static_cast<X&&>(x));
}
// x[..., Start:Stop:Step, ...] on one axis, Python's rules.
template <int Axis, std::int64_t Start, std::int64_t Stop, std::int64_t Step = 1, operand X>
constexpr _::applied<_::SliceAxis, _::attr<Axis, Start, Stop, Step>, X> slice(X&& x) {
    static_assert(Step != 0, "etta: slice: the step is 0");
    return _::apply<_::SliceAxis, _::attr<Axis, Start, Stop, Step>>(static_cast<X&&>(x));
}
// The axis in reverse order.
template <int Axis, operand X>
constexpr _::applied<_::SliceAxis, _::attr<Axis, _::far, -_::far, -1>, X> flip(X&& x) {
    return _::apply<_::SliceAxis, _::attr<Axis, _::far, -_::far, -1>>(static_cast<X&&>(x));
}

}  // namespace etta
