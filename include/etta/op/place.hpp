// place.hpp: putting tensors into larger ones: the derivative of slicing, padding, concatenation and stacking.
#pragma once

#include "reduce.hpp"

namespace etta {
namespace _ {

// The operand laid into zeros of the result's extents. Attributes: (start, step) per axis, then the result's extents.
struct Place {
    static constexpr const char* name = "place";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 0;
    static constexpr int add(builder& g, int v, const std::int64_t* start_step, shape whole) {
        bool identity = g.extents_of(v) == whole;
        for (int i = 0; i < whole.rank; ++i) identity = identity && start_step[2 * i] == 0 && start_step[2 * i + 1] == 1;
        if (identity) return v;
        v = in_memory(g, v);
        std::int64_t t[3 * max_rank] = {};
        for (int i = 0; i < 2 * whole.rank; ++i) t[i] = start_step[i];
        for (int i = 0; i < whole.rank; ++i) t[2 * whole.rank + i] = whole.at[i].code;
        return g.add(&info_of<Place>::value, &v, 1, t, 3 * whole.rank, g.type_of(v), whole);
    }
    static constexpr void attributes(const rule_call& c, std::int64_t* t) {
        const node n = c.g->nodes[c.node];
        for (int i = 0; i < n.n_attrs; ++i) t[i] = c.g->attr(n, i);
    }
    static constexpr void vjp_rule(const rule_call& c) {
        std::int64_t t[3 * max_rank] = {};
        attributes(c, t);
        c.out[0] = Slice::add(*c.g, c.cotangents[0], t, c.g->extents_of(c.g->arg(c.g->nodes[c.node], 0)));
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        std::int64_t t[3 * max_rank] = {};
        attributes(c, t);
        c.out[0] = add(*c.g, c.tangents[0], t, c.g->extents_of(c.g->nodes[c.node].results));
    }
    static constexpr void batch_rule(builder& g, int node_id, const int* operands, const bool*, int* results) {
        const node n = g.nodes[node_id];
        const shape inner = g.extents_of(n.results);
        shape whole;
        whole.push(g.extents_of(operands[0])[0]);
        std::int64_t t[2 * max_rank] = {0, 1};
        for (int i = 0; i < inner.rank; ++i) whole.push(inner.at[i]), t[2 * i + 2] = g.attr(n, 2 * i), t[2 * i + 3] = g.attr(n, 2 * i + 1);
        results[0] = add(g, operands[0], t, whole);
    }
};

// Parts laid into zeros where none overlaps another: what a sum of placed values comes down to (concatenation, and the
// gradient of a value that is read in slices). Attributes: the parts' (start, step) per axis, then the result's extents.
inline constexpr int most_parts = 8;
struct join_rules {
    static constexpr const char* name = "join";
    static constexpr const char* onnx = "Concat";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 0;
    static constexpr int add(builder& g, const int* parts, int n, const std::int64_t* start_steps, shape whole);
    static constexpr vec<std::int64_t> attributes(const builder& g, const node& n) {
        vec<std::int64_t> t;
        for (int i = 0; i < n.n_attrs; ++i) t.push(g.attr(n, i));
        return t;
    }
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const vec<std::int64_t> t = attributes(g, n);
        const int rank = g.extents_of(n.results).rank;
        for (int k = 0; k < n.n_args; ++k) c.out[k] = Slice::add(g, c.cotangents[0], t.data + 2 * rank * k, g.extents_of(g.arg(n, k)));
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const vec<std::int64_t> t = attributes(g, n);
        const shape whole = g.extents_of(n.results);
        vec<int> parts;
        vec<std::int64_t> where;
        for (int k = 0; k < n.n_args; ++k) {
            if (c.tangents[k] < 0) continue;
            parts.push(c.tangents[k]);
            where.append(t.data + 2 * whole.rank * k, 2 * whole.rank);
        }
        if (parts.size > 0) c.out[0] = add(g, parts.data, parts.size, where.data, whole);
    }
    static constexpr void batch_rule(builder& g, int node_id, const int* operands, const bool* batched, int* results) {
        const node n = g.nodes[node_id];
        const vec<std::int64_t> t = attributes(g, n);
        const shape inner = g.extents_of(n.results);
        extent size(1);
        for (int k = 0; k < n.n_args; ++k)
            if (batched[k]) size = g.extents_of(operands[k])[0];
        vec<int> parts;
        vec<std::int64_t> where;
        for (int k = 0; k < n.n_args; ++k) {
            parts.push(batched[k] ? operands[k] : expand_to(g, operands[k], with_leading(size, g.extents_of(operands[k]))));
            where.push(0), where.push(1);
            where.append(t.data + 2 * inner.rank * k, 2 * inner.rank);
        }
        results[0] = add(g, parts.data, parts.size, where.data, with_leading(size, inner));
    }
};
template <int Parts>
struct Join : join_rules {
    static constexpr int parts = Parts;
};
template <int... N>
constexpr const op_info* join_info(int n, std::integer_sequence<int, N...>) {
    const op_info* of[] = {&info_of<Join<N + 2>>::value...};
    return of[n - 2];
}
constexpr int join_rules::add(builder& g, const int* parts, int n, const std::int64_t* start_steps, shape whole) {
    if (n == 1) return Place::add(g, parts[0], start_steps, whole);
    vec<int> ids;
    for (int k = 0; k < n; ++k) ids.push(in_memory(g, parts[k]));
    vec<std::int64_t> t;
    t.append(start_steps, 2 * whole.rank * n);
    for (int i = 0; i < whole.rank; ++i) t.push(whole.at[i].code);
    return g.add(join_info(n, std::make_integer_sequence<int, most_parts - 1>{}), ids.data, n, t.data, t.size, g.type_of(parts[0]), whole);
}

// a + b where both are parts in zeros and no part overlaps another; else -1.
constexpr int joined(builder& g, int a, int b) {
    const node x = g.of(a), y = g.of(b);
    const auto is_parts = [](const node& n) constexpr { return n.op->id == declare_op<Place>::id || n.op->name == join_rules::name; };
    if (!is_parts(x) || !is_parts(y) || x.n_args + y.n_args > most_parts || !(g.extents_of(a) == g.extents_of(b)) || g.type_of(a) != g.type_of(b)) return -1;
    const shape whole = g.extents_of(a);
    vec<int> parts;
    vec<std::int64_t> where;
    for (const node& n : {x, y})
        for (int k = 0; k < n.n_args; ++k) {
            parts.push(g.arg(n, k));
            for (int i = 0; i < 2 * whole.rank; ++i) where.push(g.attr(n, 2 * whole.rank * k + i));
        }
    for (int p = 0; p < x.n_args; ++p)
        for (int q = x.n_args; q < parts.size; ++q) {
            bool apart = false;
            for (int i = 0; i < whole.rank; ++i) {
                const extent m = g.extents_of(parts[p])[i], n = g.extents_of(parts[q])[i];
                const std::int64_t *const s = where.data + 2 * (whole.rank * p + i), *const t = where.data + 2 * (whole.rank * q + i);
                if (!m.is_static() || !n.is_static() || s[1] < 1 || t[1] < 1) continue;
                apart = apart || s[0] + (static_cast<index>(m.code) - 1) * s[1] < t[0] || t[0] + (static_cast<index>(n.code) - 1) * t[1] < s[0];
            }
            if (!apart) return -1;
        }
    return join_rules::add(g, parts.data, parts.size, where.data, whole);
}

constexpr int place_in(builder& g, int v, shape whole, const std::int64_t* start_step) {
    return Place::add(g, v, start_step, whole);
}

// x with `before` and `after` zeros on an axis.
constexpr var padded(var x, int axis, index before, index after) {
    shape whole = x.extents();
    const extent e = whole.at[axis];
    if (!e.is_static()) {
        x.g->blame(mistake::unbound, "pad", x.extents());
        return x;
    }
    whole.at[axis] = extent(static_cast<index>(e.code) + before + after);
    std::int64_t t[2 * max_rank] = {};
    for (int i = 0; i < whole.rank; ++i) t[2 * i + 1] = 1;
    t[2 * axis] = before;
    return {x.g, Place::add(*x.g, x.id, t, whole)};
}

struct Pad : CompositeOp<Pad> {  // attributes: axis, before, after
    static constexpr var body(auto x, const std::int64_t* a, int) {
        return padded(x, axis_of(*x.g, a[0], x.rank(), "pad"), a[1], a[2]);
    }
};

struct Concat : CompositeOp<Concat> {  // attribute: the axis. Each part is placed in zeros; the sum is one fused pass.
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t* t, int) {
        builder& g = *a.g;
        const int axis = axis_of(g, t[0], a.rank(), "concat");
        shape other = b.extents();
        const dtype type = strongest(a.type(), b.type());
        if (other.rank != a.rank() || type == dtype::none) {
            g.blame(other.rank != a.rank() ? mistake::rank : mistake::dtypes, "concat", a.extents(), b.extents(), a.type(), b.type());
            return a;
        }
        other.at[axis] = a.extents().at[axis];
        if (!g.same_shape(other, a.extents()) || a.extent(axis) < 0 || b.extent(axis) < 0) {
            g.blame(mistake::concat, "concat", a.extents(), b.extents());
            return a;
        }
        a.id = cast_to(g, a.id, type), b.id = cast_to(g, b.id, type);
        return padded(a, axis, 0, b.extent(axis)) + padded(b, axis, a.extent(axis), 0);
    }
};

}  // namespace _

// Zeros before and after on one axis.
template <int Axis, int Before, int After, operand X>
constexpr _::applied<_::Pad, _::attr<Axis, Before, After>, X> pad(X&& x) {
    static_assert(Before >= 0 && After >= 0, "etta: pad: a number of elements is negative; slice takes elements away");
    return _::apply<_::Pad, _::attr<Axis, Before, After>>(static_cast<X&&>(x));
}

// One after the other along an axis; the other extents are equal.
template <int Axis, class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::Concat, _::attr<Axis>, A, B> concat(A&& a, B&& b) { return _::apply<_::Concat, _::attr<Axis>>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <int Axis, class A, class B, class... More>
    requires(operand<A> && operand<B> && sizeof...(More) > 0)
constexpr auto concat(A&& a, B&& b, More&&... more) { return concat<Axis>(concat<Axis>(static_cast<A&&>(a), static_cast<B&&>(b)), static_cast<More&&>(more)...); }
template <int Axis, operand A>
constexpr auto concat(A&& a) { return slice<Axis, 0, _::far>(static_cast<A&&>(a)); }  // of one: itself, whatever the number of parts came from
// Along a new axis.
template <int Axis, class... X>
    requires(operand<X> && ...)
constexpr auto stack(X&&... x) { return concat<Axis>(unsqueeze<Axis>(static_cast<X&&>(x))...); }

}  // namespace etta
