// reduce.hpp: reductions over any axes. In the Graph a reduction keeps its axes with extent 1; dropping them is a view.
// A reduction is a monoid: an identity, a combination of lanes, and a fixed tree over the last register.
#pragma once

#include "arithmetic.hpp"

namespace etta {

// Which axes: sum(x, axis<1>), mean(x, axis<0, 2>, keepdims). Negative ones count from the end.
template <int... Axes>
struct axes_t {};
template <int... Axes>
inline constexpr axes_t<Axes...> axis{};
struct keepdims_t {};
inline constexpr keepdims_t keepdims{};

namespace _ {

constexpr index factor_of(const builder& g, const shape& s, unsigned axes) {
    index n = 1;
    for (int i = 0; i < s.rank; ++i)
        if ((axes >> i) & 1) {
            const extent e = g.resolve(s.at[i]);
            n *= e.is_static() ? static_cast<index>(e.code) : -1;
        }
    return n;
}

// A reduction to one element has no rows that threads could share. A long one is done in two: its last axes row by row, then what is
// left; in that order whatever the number of threads. The axes that are left, or 0 where it is not worth it.
constexpr unsigned rows_of_total(const builder& g, const shape& s, unsigned axes) {
    constexpr index least_rows = 16, least_columns = 1024, least = index{1} << 17;
    index n = 1, rows = 1;
    unsigned left = 0;
    for (int i = 0; i < s.rank; ++i) {
        const extent e = g.resolve(s.at[i]);
        if (!e.is_static()) return 0;
        if (((axes >> i) & 1) && rows < least_rows) rows *= static_cast<index>(e.code), left |= 1u << i;
        n *= static_cast<index>(e.code);
    }
    return n >= least && rows >= least_rows && n / rows >= least_columns ? left : 0;
}

template <class Op>
struct reduce_op {
    static constexpr op_kind kind = op_kind::reduce;
    static constexpr bool cheap = false;

    static constexpr int add(builder& g, int v, unsigned axes) {
        shape to = g.extents_of(v);
        unsigned kept = 0;
        bool total = true;
        for (int i = 0; i < to.rank; ++i) {
            if ((axes >> i) & 1 && !to.at[i].is(1)) to.at[i] = extent(1), kept |= 1u << i;
            total = total && to.at[i].is(1);
        }
        if (kept == 0) return v;  // nothing but extents of 1: the value itself
        if (const unsigned left = total ? rows_of_total(g, g.extents_of(v), kept) : 0; left != 0) return add(g, add(g, v, kept & ~left), left);
        const std::int64_t t = kept;
        return g.add(&info_of<Op>::value, &v, 1, &t, 1, g.type_of(v), to);
    }
    static constexpr unsigned axes_of(const builder& g, const node& n) { return static_cast<unsigned>(g.attr(n, 0)); }
};

struct Sum : reduce_op<Sum> {
    static constexpr const char* name = "sum";
    static constexpr const char* onnx = "ReduceSum";
    template <class T>
    static constexpr T identity = T(0);
    static constexpr auto combine(auto acc, auto x) { return acc + x; }
    static constexpr auto horizontal(auto x) { return reduce_add(x); }
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[0] = expand_to(*c.g, c.cotangents[0], c.g->extents_of(c.g->arg(n, 0)));
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] >= 0) c.out[0] = add(*c.g, c.tangents[0], axes_of(*c.g, c.g->nodes[c.node]));
    }
};

constexpr int sum_over(builder& g, int v, unsigned axes) { return Sum::add(g, v, axes); }

// Max and min share their derivative: shared evenly among the elements that attain the extremum, as in JAX.
template <class Op>
struct extremum_op : reduce_op<Op> {
    static constexpr var attained(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        const var x{c.g, c.g->arg(n, 0)}, y{c.g, n.results};
        var hit = var{c.g, cast_to(*c.g, (x == y).id, x.type())};
        return hit / var{c.g, sum_over(*c.g, hit.id, reduce_op<Op>::axes_of(*c.g, n))};
    }
    static constexpr void vjp_rule(const rule_call& c) { c.out[0] = (attained(c) * var{c.g, c.cotangents[0]}).id; }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const unsigned axes = reduce_op<Op>::axes_of(*c.g, c.g->nodes[c.node]);
        c.out[0] = sum_over(*c.g, (attained(c) * var{c.g, c.tangents[0]}).id, axes);
    }
};

template <class T>
constexpr T lowest_of() {
    if constexpr (std::is_same_v<T, float>) return -__builtin_inff();
    else if constexpr (std::is_same_v<T, double>) return -__builtin_inf();
    else return std::is_signed_v<T> ? static_cast<T>(T(1) << (8 * sizeof(T) - 1)) : T(0);
}
template <class T>
constexpr T highest_of() {
    if constexpr (std::is_same_v<T, float>) return __builtin_inff();
    else if constexpr (std::is_same_v<T, double>) return __builtin_inf();
    else return static_cast<T>(~lowest_of<T>());
}

struct Max : extremum_op<Max> {
    static constexpr const char* name = "max";
    static constexpr const char* onnx = "ReduceMax";
    template <class T>
    static constexpr T identity = lowest_of<T>();
    static constexpr auto combine(auto acc, auto x) { return max(acc, x); }
    static constexpr auto horizontal(auto x) { return reduce_max(x); }
};
struct Min : extremum_op<Min> {
    static constexpr const char* name = "min";
    static constexpr const char* onnx = "ReduceMin";
    template <class T>
    static constexpr T identity = highest_of<T>();
    static constexpr auto combine(auto acc, auto x) { return min(acc, x); }
    static constexpr auto horizontal(auto x) { return reduce_min(x); }
};

struct Prod : reduce_op<Prod> {
    static constexpr const char* name = "prod";
    static constexpr const char* onnx = "ReduceProd";
    template <class T>
    static constexpr T identity = T(1);
    static constexpr auto combine(auto acc, auto x) { return acc * x; }
    static constexpr auto horizontal(auto x) { return reduce_mul(x); }
    // The product of the other elements, also where one of them is 0.
    static constexpr var others(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        const unsigned axes = axes_of(*c.g, n);
        const var x{c.g, c.g->arg(n, 0)};
        const var zero = x == 0, filled = where(zero, 1, x);
        const var zeros{c.g, sum_over(*c.g, cast_to(*c.g, zero.id, x.type()), axes)};
        const var p{c.g, add(*c.g, filled.id, axes)};
        return where(zero, where(zeros == 1, p, 0), where(zeros == 0, p / filled, 0));
    }
    static constexpr void vjp_rule(const rule_call& c) { c.out[0] = (others(c) * var{c.g, c.cotangents[0]}).id; }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        c.out[0] = sum_over(*c.g, (others(c) * var{c.g, c.tangents[0]}).id, axes_of(*c.g, c.g->nodes[c.node]));
    }
};

// The axes as a mask; attributes: keepdims, then the axes (none: all).
constexpr unsigned axes_mask(var x, const std::int64_t* a, int n, const char* op) {
    unsigned axes = 0;
    for (int i = 1; i < n; ++i) axes |= 1u << axis_of(*x.g, a[i], x.rank(), op);
    return n <= 1 ? (1u << x.rank()) - 1 : axes;
}
// A long vector that lies in memory, as rows, if all of it is reduced to a number: see rows_of_total. Attributes as above.
constexpr var in_rows(var x, const std::int64_t* a, int n) {
    if (a[0] != 0 || n > 1 || x.rank() != 1 || x.g->of(x.id).op->kind != op_kind::input || !lies_whole(*x.g, x.id)) return x;
    const index size = x.extent(0);
    for (index rows = 64; rows >= 16; --rows) {
        const shape s(extent(rows), extent(size / rows));
        if (size > 0 && size % rows == 0) return rows_of_total(*x.g, s, 3) != 0 ? var{x.g, reshape_to(*x.g, x.id, s)} : x;
    }
    return x;
}
constexpr var drop_axes(var x, unsigned axes, bool keep) {
    if (keep) return x;
    shape s;
    for (int i = 0; i < x.rank(); ++i)
        if (!((axes >> i) & 1)) s.push(x.extents()[i]);
    return {x.g, reshape_to(*x.g, x.id, s)};
}

template <class Op>
struct Reduction : CompositeOp<Reduction<Op>> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        x = in_rows(x, a, n);
        const unsigned axes = axes_mask(x, a, n, Op::name);
        const dtype t = x.type();
        if (!is_floating(t) && (std::is_same_v<Op, Sum> || std::is_same_v<Op, Prod> || t == dtype::boolean))
            x = {x.g, cast_to(*x.g, x.id, dtype::i64)};  // integers accumulate in 64 bits
        return drop_axes({x.g, Op::add(*x.g, x.id, axes)}, axes, a[0] != 0);
    }
};

// The number of elements reduced over: a constant, or computed from the run-time extents.
constexpr var count_over(var x, unsigned axes) {
    index known = 1;
    var run_time;
    for (int i = 0; i < x.rank(); ++i) {
        if (!((axes >> i) & 1)) continue;
        const extent e = x.g->resolve(x.extents()[i]);
        if (e.is_static()) {
            known *= static_cast<index>(e.code);
            continue;
        }
        const var n{x.g, x.g->extent_literal(e, x.type())};
        run_time = run_time.exists() ? run_time * n : n;
    }
    const var n{x.g, x.g->literal(static_cast<double>(known), x.type())};
    return run_time.exists() ? run_time * n : n;
}

constexpr var as_floating(var x) { return is_floating(x.type()) ? x : var{x.g, cast_to(*x.g, x.id, dtype::f32)}; }

// x divided by a count, as a multiplication where the count is a constant.
constexpr var divide_by(var x, var count) {
    double c = 0;
    return x.g->constant(count.id, c) && c != 0 ? x * (1.0 / c) : x / count;
}

struct Mean : CompositeOp<Mean> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        x = in_rows(x, a, n);
        const unsigned axes = axes_mask(x, a, n, "mean");
        x = as_floating(x);
        return drop_axes(divide_by(var{x.g, sum_over(*x.g, x.id, axes)}, count_over(x, axes)), axes, a[0] != 0);
    }
};

template <class Op, bool Keep, operand X, int... Axes>
constexpr applied<Op, attr<Keep, Axes...>, X> reduction(X&& x, axes_t<Axes...>) {
    return apply<Op, attr<Keep, Axes...>>(static_cast<X&&>(x));
}

}  // namespace _

// Each reduction takes f(x) over everything, f(x, axis<…>) and f(x, axis<…>, keepdims). Integers sum and multiply in
// 64 bits. Empty extents give the identity (0, 1, -inf, inf). O(elements), one pass, fused with what makes x.
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Sum>, _::attr<false, A...>, X> sum(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Reduction<_::Sum>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Sum>, _::attr<true, A...>, X> sum(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Reduction<_::Sum>, true>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Prod>, _::attr<false, A...>, X> prod(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Reduction<_::Prod>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Prod>, _::attr<true, A...>, X> prod(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Reduction<_::Prod>, true>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Mean, _::attr<false, A...>, X> mean(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Mean, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Mean, _::attr<true, A...>, X> mean(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Mean, true>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Max>, _::attr<false, A...>, X> max(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Reduction<_::Max>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Max>, _::attr<true, A...>, X> max(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Reduction<_::Max>, true>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Min>, _::attr<false, A...>, X> min(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Reduction<_::Min>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Min>, _::attr<true, A...>, X> min(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Reduction<_::Min>, true>(static_cast<X&&>(x), a); }

}  // namespace etta
