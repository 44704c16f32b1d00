// grad.hpp: transformations of functions, in JAX's vocabulary: grad, value_and_grad, vjp, jvp, vmap, derivative; jacobian and
// hessian are in jacobian.hpp. Each takes a callable and gives a callable, so they compose to any order. Called with tensors, the result
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
    if constexpr (std::is_arithmetic_v<X>) {
        return var{&g, g.literal(static_cast<double>(x), literal_type<X>(dtype::f64))};
    } else if constexpr (traced_network<X> || traced_parameter<X> || !is_traced<X>()) {
        return (x);
    } else {
        X apart = x;
        each_var(apart, [](var& v) constexpr { v.id = Apart::of(*v.g, v.id); });
        return apart;
    }
}
template <int K, class First, class... Rest>
constexpr const auto& argument_at(const First& first, const Rest&... rest) {
    if constexpr (K == 0) return first;
    else return argument_at<K - 1>(rest...);
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
        (collect(argument_at<I>(x...), wrt), ...);
        vec<int> out(wrt.size, -1);
        const int one = seed_of(g, y.id, "grad");
        pull_back(g, &y.id, &one, 1, wrt.data, wrt.size, out.data);
        for (int k = 0; k < wrt.size; ++k)
            if (out[k] < 0) out[k] = filled_like(g, wrt[k], 0);
        int next = 0;
        if constexpr (sizeof...(I) == 1 && !WithValue) return gradient_mirror<bare<decltype(argument_at<I...>(x...))>>::of(argument_at<I...>(x...), out.data, next);
        else return several(y, out.data, next, argument_at<I>(x...)...);
    }

private:
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
struct leaf_or_var : std::conditional_t<operand<X>, leaf_type<const X&>, leaf_or_tree<X>> {};
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

template <class F, class X, std::size_t... I>
constexpr auto call_first(const F& f, const X& x, std::index_sequence<I...>) {
    return f(get<I>(x)...);
}
// The values of x[First], x[First + 1], …, and how many these are.
template <std::size_t First, class X, std::size_t... I>
constexpr vec<int> values_from(const X& x, std::index_sequence<I...>) {
    vec<int> r;
    (collect(get<First + I>(x), r), ...);
    return r;
}
template <std::size_t First, class X, std::size_t... I>
constexpr int count_from(std::index_sequence<I...>) {
    return (0 + ... + count_values<bare<decltype(get<First + I>(std::declval<X&>()))>>());
}
template <class... J>
struct by_arguments {
    using type = results<J...>;
};
template <class J>
struct by_arguments<J> {
    using type = J;
};
template <class X, std::size_t... I>
auto first_of(std::index_sequence<I...>) -> typename by_arguments<bare<decltype(get<I>(std::declval<X&>()))>...>::type;

// A function's results, and then as many again of the same structure.
template <class Y>
struct twice {
    using type = results<Y, Y>;
};
template <class Y, std::size_t... I>
auto twice_each(std::index_sequence<I...>) -> results<bare<decltype(get<I>(std::declval<Y&>()))>..., bare<decltype(get<I>(std::declval<Y&>()))>...>;
template <tuple_like Y>
struct twice<Y> {
    using type = decltype(twice_each<Y>(std::make_index_sequence<std::tuple_size<Y>::value>{}));
};
template <class X, class... V>
struct twice<members<X, V...>> {
    using type = results<members<X, V...>, members<X, V...>>;
};

template <class F>
struct forward_derivative : transformed_pair<forward_derivative<F>> {  // y and its tangent
    F f;
    constexpr explicit forward_derivative(const F& fn) : f(fn) {}
    constexpr forward_derivative() = default;
    template <std::size_t n, class... X>
    constexpr auto trace(builder& g, const X&... both) const {
        constexpr std::make_index_sequence<n> each;
        static_assert(sizeof...(X) == 2 * n && count_from<0, results<X...>>(each) == count_from<n, results<X...>>(each), "etta: jvp: as many tangents as arguments");
        const auto all = make_results(both...);
        const auto y = call_first(f, all, each);
        vec<int> out, wrt = values_from<0>(all, each), tangents = values_from<n>(all, each);
        collect(y, out);
        const int m = out.size;
        vec<int> dy(m, -1);
        for (int k = 0; k < wrt.size; ++k) tangents[k] = expand_to(g, cast_to(g, tangents[k], g.type_of(wrt[k])), g.extents_of(wrt[k]));
        push_forward(g, wrt.data, tangents.data, wrt.size, out.data, m, dy.data);
        typename twice<bare<decltype(y)>>::type r{};
        int next = 0;
        each_var(r, [&](var& v) constexpr {
            const int k = next++;
            v = {&g, k < m ? out[k] : dy[k - m] >= 0 ? dy[k - m] : filled_like(g, out[k - m], 0)};
        });
        return r;
    }
};

template <class F>
struct reverse_derivative : transformed_pair<reverse_derivative<F>> {  // cotangents of all arguments
    F f;
    constexpr explicit reverse_derivative(const F& fn) : f(fn) {}
    constexpr reverse_derivative() = default;
    // The first bundle's size is what f takes; the second has a cotangent for each result, or for each tensor in them.
    template <std::size_t n, class... X>
    constexpr auto trace(builder& g, const X&... both) const {
        constexpr std::make_index_sequence<n> each;
        constexpr std::make_index_sequence<sizeof...(X) - n> others;
        const auto all = make_results(both...);
        const auto y = call_first(f, all, each);
        static_assert(count_from<n, results<X...>>(others) == count_values<bare<decltype(y)>>(), "etta: vjp: as many cotangents as results");
        vec<int> out, wrt = values_from<0>(all, each), cot = values_from<n>(all, others), dx(wrt.size, -1);
        collect(y, out);
        for (int k = 0; k < out.size; ++k) cot[k] = expand_to(g, cast_to(g, cot[k], g.type_of(out[k])), g.extents_of(out[k]));
        pull_back(g, out.data, cot.data, out.size, wrt.data, wrt.size, dx.data);
        decltype(first_of<results<X...>>(each)) r{};
        int next = 0;
        each_var(r, [&](var& v) constexpr {
            const int k = next++;
            v = {&g, dx[k] >= 0 ? dx[k] : filled_like(g, wrt[k], 0)};
        });
        return r;
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

template <class F, int... Axes>
struct mapped_function : transformed<mapped_function<F, Axes...>> {
    F f;
    constexpr explicit mapped_function(const F& fn) : f(fn) {}
    constexpr mapped_function() = default;
    template <class... X>
    constexpr auto trace(builder& g, const X&... x) const {
        constexpr int given = sizeof...(Axes);
        constexpr int axes[] = {Axes..., 0};
        auto inner = make_results(x...);
        vec<int> holes, batched;
        extent n(1);
        const int first = g.nodes.size;
        int argument = 0;
        each_element(inner, [&](auto& a) constexpr {
            const int k = argument++, axis = k < given ? axes[k] : given == 1 ? axes[0] : -1;
            if (axis < 0) return;
            if constexpr (traced_network<bare<decltype(a)>>) g.blame(mistake::axis, "vmap", shape{}, shape(axis));
            else each_var(a, [&](var& v) constexpr {
                const shape s = v.extents();
                std::int64_t order[max_rank] = {axis};
                shape one;
                for (int d = 0, at = 1; d < s.rank; ++d)
                    if (d != axis) order[at++] = d, one.push(s.at[d]);
                n = s.at[axis];
                batched.push(Permute::add(g, v.id, order));
                holes.push(v.id = Hole::add(g, v.type(), one));
            });
        }, std::make_index_sequence<sizeof...(X)>{});
        const auto y = call_first(f, inner, std::make_index_sequence<sizeof...(X)>{});
        no_models<bare<decltype(y)>>();
        vec<int> out;
        collect(y, out);
        vec<int> mapped(g.values.size, -1);
        for (int k = 0; k < holes.size; ++k) mapped[holes[k]] = batched[k];
        batch_nodes(g, first, g.nodes.size - 1, n, mapped);
        typename nested<bare<decltype(y)>, var>::type r{};
        int next = 0;
        each_var(r, [&](var& v) constexpr {
            const int k = out[next++];
            v = {&g, mapped[k] >= 0 ? mapped[k] : expand_to(g, k, with_leading(n, g.extents_of(k)))};
        });
        return r;
    }

private:
    template <class R, class One, std::size_t... I>
    static constexpr void each_element(R& r, const One& one, std::index_sequence<I...>) {
        (one(get<I>(r)), ...);
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
