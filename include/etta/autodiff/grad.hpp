// grad.hpp: transformations of functions, in JAX's vocabulary: grad, value_and_grad, vjp, jvp, jacobian, hessian, vmap,
// derivative. Each takes a callable and gives a callable, so they compose to any order. Called with tensors, the result
// is a compiled program of those types; called with traced values (inside another transformation or a model) it adds to
// the Graph being traced.
#pragma once

#include "../op/softmax.hpp"
#include "scan.hpp"

namespace etta {

// Arguments in a bundle: jvp(f)(args(x, k), args(v, 0.0)).
template <class... T>
struct arguments {
    _::operand_list<T...> list;
};

namespace _ {

template <class... X>
constexpr builder* tracer(const X&... x) {
    builder* g = nullptr;
    const auto find = [&](const auto& v) constexpr { each_var(v, [&](const var& u) constexpr { g = u.g; }); };
    (find(x), ...);
    return g;
}
// A number as a traced value; what is traced already, as it is. A view becomes a node of its own: else a view of it in the
// function would be one of what lies behind it, and have no part in the derivative.
template <class X>
constexpr decltype(auto) as_traced(builder& g, const X& x) {
    if constexpr (std::is_arithmetic_v<X>) return var{&g, g.literal(static_cast<double>(x), literal_type<X>(dtype::f64))};
    else if constexpr (std::is_same_v<X, var>) return var{x.g, Apart::of(*x.g, x.id)};
    else return (x);
}
template <class... X>
constexpr bool only_vars() {
    constexpr bool yes = (std::is_same_v<X, var> && ...);
    static_assert(yes, "etta: this transformation takes tensors and numbers; structs, arrays and models only grad and value_and_grad do");
    return yes;
}

template <std::size_t... I>
constexpr auto results_of(const var* v, std::index_sequence<I...>) {
    return make_results(v[I]...);
}

// A scalar output's seed cotangent; anything else is a mistake of the caller.
constexpr int seed_of(builder& g, int y, const char* who) {
    if (!is_floating(g.type_of(y)) || g.extents_of(y).rank != 0) g.blame(mistake::rank, who, shape{}, g.extents_of(y));
    return filled_like(g, y, 1);
}

// Compiles Self (a transformation or any captureless callable of traced values) for tensors and runs it: run/call.hpp.
template <class Self, class... X>
auto call_program(const X&... x);

// What all transformations share: called with tensors they become a program (run/call.hpp defines that).
template <class Self>
struct transformed {
    template <class... X>
        requires(is_traced<X>() || ...)
    constexpr auto operator()(const X&... x) const {
        builder& g = *tracer(x...);
        return static_cast<const Self&>(*this).trace(g, as_traced(g, x)...);
    }
    template <class... X>
        requires(!(is_traced<X>() || ...) && sizeof...(X) > 0)
    auto operator()(const X&... x) const {
        return call_program<Self>(x...);
    }
};

template <class F, bool WithValue, int... I>
struct gradient : transformed<gradient<F, WithValue, I...>> {
    F f;
    constexpr explicit gradient(const F& fn) : f(fn) {}
    constexpr gradient() = default;
    template <class... X>
    constexpr auto trace(builder& g, const X&... x) const {
        const auto result = f(x...);
        static_assert(std::is_same_v<bare<decltype(result)>, var>, "etta: grad: the function returns one number (value_and_grad gives it too)");
        const var y = result;
        vec<int> wrt;
        (collect(argument<I>(x...), wrt), ...);
        vec<int> out(wrt.size, -1);
        const int one = seed_of(g, y.id, "grad");
        pull_back(g, &y.id, &one, 1, wrt.data, wrt.size, out.data);
        for (int k = 0; k < wrt.size; ++k)
            if (out[k] < 0) out[k] = filled_like(g, wrt[k], 0);
        int next = 0;
        if constexpr (sizeof...(I) == 1 && !WithValue) return gradient_mirror<bare<decltype(argument<I...>(x...))>>::of(argument<I...>(x...), out.data, next);
        else return several(y, out.data, next, argument<I>(x...)...);
    }

private:
    template <int K, class First, class... Rest>
    static constexpr const auto& argument(const First& first, const Rest&... rest) {
        if constexpr (K == 0) return first;
        else return argument<K - 1>(rest...);
    }
    template <class... A>
    static constexpr auto several(const var& y, const int* ids, int& next, const A&... a) {
        using All = results<decltype(gradient_mirror<A>::of(a, ids, next))...>;
        if constexpr (WithValue) return results<var, decltype(gradient_mirror<A>::of(a, ids, next))...>{y, in_order<All>(ids, next, a...)};
        else return in_order<All>(ids, next, a...);
    }
    template <class All, class A, class... B>
    static constexpr All in_order(const int* ids, int& next, const A& a, const B&... b) {
        All r{};
        r.first = gradient_mirror<A>::of(a, ids, next);
        if constexpr (sizeof...(B) > 0) r.rest = in_order<decltype(r.rest)>(ids, next, b...);
        return r;
    }
};

template <class X>
struct leaf_or_var : leaf_type<const X&> {};
template <>
struct leaf_or_var<var> {
    using type = var;
    static constexpr const var& of(const var& v) { return v; }
};

// A transformation of two bundles as a function of all their members, N of them in the first.
template <class Self, std::size_t N>
struct unbundled {
    Self self;
    template <class... X>
    constexpr auto trace(builder& g, const X&... x) const {
        return self.template trace<N>(g, x...);
    }
};

// Two bundles of arguments, primal and (co)tangent.
template <class Self>
struct transformed_pair {
    template <class... X, class... T>
    constexpr auto operator()(const arguments<X...>& x, const arguments<T...>& t) const {
        return pair_call(x.list, t.list);
    }

private:
    template <class... X, class... T>
    constexpr auto pair_call(const operand_list<X...>& x, const operand_list<T...>& t) const {
        return unpack(x, [&](const auto&... a) constexpr { return unpack(t, [&](const auto&... b) constexpr { return call<sizeof...(X)>(a..., b...); }); });
    }
    template <std::size_t N, class... A>
    constexpr auto call(const A&... a) const {
        if constexpr ((is_traced<A>() || ...)) {
            builder& g = *tracer(a...);
            return static_cast<const Self&>(*this).template trace<N>(g, as_traced(g, a)...);
        } else {
            return call_program<unbundled<Self, N>>(a...);
        }
    }
    template <class F>
    static constexpr auto unpack(const operand_list<>&, const F& f) { return f(); }
    template <class A, class F>
    static constexpr auto unpack(const operand_list<A>& l, const F& f) { return f(l.first); }
    template <class A, class B, class... Rest, class F>
    static constexpr auto unpack(const operand_list<A, B, Rest...>& l, const F& f) {
        return unpack(l.rest, [&](const auto&... r) constexpr { return f(l.first, r...); });
    }
};

template <class F, std::size_t... I>
constexpr auto call_first(const F& f, const var* x, std::index_sequence<I...>) {
    return f(x[I]...);
}
template <class Y>
inline constexpr int result_count = 1;
template <tuple_like Y>
inline constexpr int result_count<Y> = std::tuple_size<Y>::value;

template <class F>
struct forward_derivative : transformed_pair<forward_derivative<F>> {  // y and its tangent
    F f;
    constexpr explicit forward_derivative(const F& fn) : f(fn) {}
    constexpr forward_derivative() = default;
    template <std::size_t n, class... X>
    constexpr auto trace(builder& g, const X&... both) const {
        static_assert(sizeof...(X) == 2 * n && only_vars<X...>(), "etta: jvp: as many tangents as arguments");
        const var all[] = {both...};
        const auto y = call_first(f, all, std::make_index_sequence<n>{});
        constexpr std::size_t m = static_cast<std::size_t>(result_count<bare<decltype(y)>>);
        vec<int> out;
        collect(y, out);
        int wrt[n] = {}, tangents[n] = {}, result[m] = {};
        for (std::size_t k = 0; k < n; ++k) {
            wrt[k] = all[k].id;
            tangents[k] = expand_to(g, cast_to(g, all[n + k].id, all[k].type()), all[k].extents());
        }
        push_forward(g, wrt, tangents, static_cast<int>(n), out.data, static_cast<int>(m), result);
        var r[2 * m] = {};
        for (std::size_t k = 0; k < m; ++k) {
            r[k] = {&g, out[static_cast<int>(k)]};
            r[m + k] = {&g, result[k] >= 0 ? result[k] : filled_like(g, r[k].id, 0)};
        }
        return results_of(r, std::make_index_sequence<2 * m>{});
    }
};

template <class F>
struct reverse_derivative : transformed_pair<reverse_derivative<F>> {  // cotangents of all arguments
    F f;
    constexpr explicit reverse_derivative(const F& fn) : f(fn) {}
    constexpr reverse_derivative() = default;
    // The first bundle's size is what f takes; the second has one cotangent per result.
    template <std::size_t n, class... X>
    constexpr auto trace(builder& g, const X&... both) const {
        const var all[] = {both...};
        const auto y = call_first(f, all, std::make_index_sequence<n>{});
        constexpr std::size_t m = sizeof...(X) - n;
        static_assert(m == static_cast<std::size_t>(result_count<bare<decltype(y)>>), "etta: vjp: as many cotangents as results");
        vec<int> out;
        collect(y, out);
        int wrt[n] = {}, cot[m] = {}, result[n] = {};
        for (std::size_t k = 0; k < n; ++k) wrt[k] = all[k].id;
        for (std::size_t k = 0; k < m; ++k) cot[k] = expand_to(g, cast_to(g, all[n + k].id, g.type_of(out[static_cast<int>(k)])), g.extents_of(out[static_cast<int>(k)]));
        pull_back(g, out.data, cot, static_cast<int>(m), wrt, static_cast<int>(n), result);
        var r[n] = {};
        for (std::size_t k = 0; k < n; ++k) r[k] = {&g, result[k] >= 0 ? result[k] : filled_like(g, wrt[k], 0)};
        if constexpr (n == 1) return r[0];
        else return results_of(r, std::make_index_sequence<n>{});
    }
};

// A stand-in for one sample's value while a stretch is traced that will be batched; dead afterwards.
struct Hole {
    static constexpr const char* name = "hole";
    static constexpr op_kind kind = op_kind::generator;
    static constexpr int add(builder& g, dtype t, const shape& s) {
        const std::int64_t a = g.nodes.size;
        return g.add(&info_of<Hole>::value, nullptr, 0, &a, 1, t, s);
    }
};

constexpr extent element_count(const shape& s) {
    extent n(1);
    for (int i = 0; i < s.rank; ++i) n = n.is_static() ? s.at[i].times(n.code) : n.times(s.at[i].is_static() ? s.at[i].code : 0);
    return n;
}
// The unit tensors of shape s: [count, s…].
constexpr int unit_basis(builder& g, dtype t, const shape& s) {
    const extent n = element_count(s);
    const shape square(n, n);
    std::int64_t rows[3] = {0, n.code, n.code}, cols[3] = {1, n.code, n.code};
    const var i{&g, g.add(&info_of<Iota>::value, nullptr, 0, rows, 3, dtype::i32, square)}, j{&g, g.add(&info_of<Iota>::value, nullptr, 0, cols, 3, dtype::i32, square)};
    return reshape_to(g, cast_to(g, (i == j).id, t), with_leading(n, s));
}

template <class F, int I>
struct jacobian_of : transformed<jacobian_of<F, I>> {
    F f;
    constexpr explicit jacobian_of(const F& fn) : f(fn) {}
    constexpr jacobian_of() = default;
    template <class... X>
    constexpr auto trace(builder& g, const X&... x) const {
        static_assert(only_vars<X...>());
        const var all[] = {x...};
        const var y = f(x...);
        const int in = all[I].id;
        const shape sx = g.extents_of(in), sy = g.extents_of(y.id);
        shape s = sy;
        for (int k = 0; k < sx.rank; ++k) s.push(sx.at[k]);
        const extent nx = element_count(sx), ny = element_count(sy);
        const bool forward = !ny.is_static() || (nx.is_static() && nx.code <= ny.code);  // what is known late is taken to be many
        const int hole = Hole::add(g, g.type_of(forward ? in : y.id), forward ? sx : sy);
        int d = -1;
        if (forward) push_forward(g, &in, &hole, 1, &y.id, 1, &d);
        else pull_back(g, &y.id, &hole, 1, &in, 1, &d);
        if (d < 0) return var{&g, expand_to(g, g.literal(0, y.type()), s)};
        const extent n = element_count(forward ? sx : sy);
        vec<int> mapped(g.values.size, -1);
        const int last = g.nodes.size - 1;
        const int basis = unit_basis(g, g.type_of(hole), forward ? sx : sy);
        mapped[hole] = basis;
        batch_nodes(g, g.values[hole].node + 1, last, n, mapped);
        int r = mapped[d] >= 0 ? mapped[d] : expand_to(g, d, with_leading(n, g.extents_of(d)));
        if (forward) {  // [x…, y…] -> [y…, x…]
            std::int64_t order[max_rank] = {};
            for (int k = 0; k < sy.rank; ++k) order[k] = k + 1;
            order[sy.rank] = 0;
            r = Permute::add(g, r, order);
        }
        return var{&g, reshape_to(g, r, s)};
    }
};

template <class F, int... Axes>
struct mapped_function : transformed<mapped_function<F, Axes...>> {
    F f;
    constexpr explicit mapped_function(const F& fn) : f(fn) {}
    constexpr mapped_function() = default;
    template <class... X>
    constexpr auto trace(builder& g, const X&... x) const {
        static_assert(only_vars<X...>());
        constexpr int given = sizeof...(Axes);
        constexpr int axes[] = {Axes..., 0};
        const var all[] = {x...};
        var inner[sizeof...(X)] = {};
        int batched[sizeof...(X)] = {};
        extent n(1);
        const int first = g.nodes.size;
        for (int k = 0; k < static_cast<int>(sizeof...(X)); ++k) {
            inner[k] = all[k], batched[k] = -1;
            const int axis = k < given ? axes[k] : given == 1 ? axes[0] : -1;
            if (axis < 0) continue;
            const shape s = all[k].extents();
            std::int64_t order[max_rank] = {axis};
            shape one;
            for (int d = 0, at = 1; d < s.rank; ++d)
                if (d != axis) order[at++] = d, one.push(s.at[d]);
            n = s.at[axis];
            batched[k] = Permute::add(g, all[k].id, order);
            inner[k] = {&g, Hole::add(g, all[k].type(), one)};
        }
        const auto y = call_first(f, inner, std::make_index_sequence<sizeof...(X)>{});
        constexpr int m = result_count<bare<decltype(y)>>;
        vec<int> out;
        collect(y, out);
        vec<int> mapped(g.values.size, -1);
        for (int k = 0; k < static_cast<int>(sizeof...(X)); ++k)
            if (batched[k] >= 0) mapped[inner[k].id] = batched[k];
        batch_nodes(g, first, g.nodes.size - 1, n, mapped);
        var r[m] = {};
        for (int k = 0; k < m; ++k) r[k] = {&g, mapped[out[k]] >= 0 ? mapped[out[k]] : expand_to(g, out[k], with_leading(n, g.extents_of(out[k])))};
        if constexpr (m == 1) return r[0];
        else return results_of(r, std::make_index_sequence<static_cast<std::size_t>(m)>{});
    }
};

// The K-th derivative of an element-wise function (a network applied to each sample of one coordinate) at every element.
template <class F, int K>
struct pointwise_derivative : transformed<pointwise_derivative<F, K>> {
    F f;
    constexpr explicit pointwise_derivative(const F& fn) : f(fn) {}
    constexpr pointwise_derivative() = default;
    constexpr auto trace(builder& g, const var& x) const {
        if constexpr (K == 0) {
            return f(x);
        } else {
            const var y = pointwise_derivative<F, K - 1>(f).trace(g, x);
            int d = -1;
            const int one = filled_like(g, x.id, 1);
            push_forward(g, &x.id, &one, 1, &y.id, 1, &d);
            return var{&g, d >= 0 ? d : filled_like(g, y.id, 0)};
        }
    }
};

}  // namespace _

// The gradient of a scalar function with respect to arguments I… (default: the first). One: the gradient itself; several:
// results in that order. About 2 to 4 times the cost of f.
template <int... I, class F>
constexpr auto grad(const F& f) {
    if constexpr (sizeof...(I) == 0) return _::gradient<F, false, 0>(f);
    else return _::gradient<F, false, I...>(f);
}
// The value too: auto [value, gradient] = value_and_grad<0>(f)(x).
template <int... I, class F>
constexpr auto value_and_grad(const F& f) {
    if constexpr (sizeof...(I) == 0) return _::gradient<F, true, 0>(f);
    else return _::gradient<F, true, I...>(f);
}
// Arguments as a bundle.
template <class... X>
constexpr auto args(const X&... x) {
    return arguments<typename _::leaf_or_var<X>::type...>{{_::leaf_or_var<X>::of(x)...}};
}
// Forward mode: jvp(f)(args(x…), args(tangents…)) -> results(y…, tangents of y…).
template <class F>
constexpr auto jvp(const F& f) { return _::forward_derivative<F>(f); }
// Reverse mode: vjp(f)(args(x…), args(cotangents of y…)) -> cotangents of x….
template <class F>
constexpr auto vjp(const F& f) { return _::reverse_derivative<F>(f); }
// d y / d x_I, with y's extents first: forward or reverse, whichever has fewer directions.
template <int I = 0, class F>
constexpr auto jacobian(const F& f) { return _::jacobian_of<F, I>(f); }
// Second derivatives of a scalar function: [x…, x…].
template <int I = 0, class F>
constexpr auto hessian(const F& f) {
    auto g = grad<I>(f);
    return _::jacobian_of<decltype(g), I>(g);
}
// f for one sample -> f for a batch along the given axis of each argument (-1: the same for all); the results' first axis.
template <int... Axes, class F>
constexpr auto vmap(const F& f) {
    if constexpr (sizeof...(Axes) == 0) return _::mapped_function<F, 0>(f);
    else return _::mapped_function<F, Axes...>(f);
}
// The K-th derivative of a function that acts on each element (or each sample of one coordinate) on its own.
template <int K = 1, class F>
constexpr auto derivative(const F& f) { return _::pointwise_derivative<F, K>(f); }

}  // namespace etta
