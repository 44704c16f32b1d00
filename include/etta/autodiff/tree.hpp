// tree.hpp: arguments and results that are more than one value: structs of tensors, arrays, tuples, models. What a traced
// function sees of one is its mirror: the same structure with a var in place of every tensor and number.
//
//   struct of tensors and numbers      its members in order, for structured bindings: auto [k, b] = p;
//   template <class T> struct P        P<double> is seen as P<var>: with the members' names
//   template <template <class, std::size_t...> class T> struct P   P<Tensor> is seen as P<traced>: with the names too
//   std::array, pair, tuple, results   std::array of mirrors; results of mirrors
//
// C++20 cannot make a struct with another's member names, hence the templates; they cost the user one line.
#pragma once

#include "../core/reflect.hpp"
#include "../expr/expression.hpp"
#include "../ir/results.hpp"

namespace etta {

// In a struct of the form P<Tensor>, what stands for Tensor inside a traced function.
template <class T, std::size_t... E>
using traced = var;

namespace _ {

// The members of a struct X, in order.
template <class X, class... V>
struct members : results<V...> {};

template <class... T>
struct type_list {};
template <class... L>
struct concat_lists {
    using type = type_list<>;
};
template <class... T>
struct concat_lists<type_list<T...>> {
    using type = type_list<T...>;
};
template <class... T, class... U, class... L>
struct concat_lists<type_list<T...>, type_list<U...>, L...> : concat_lists<type_list<T..., U...>, L...> {};

template <class M>
concept tuple_like = requires { std::tuple_size<M>::value; };
template <class M>
concept structure = std::is_class_v<M> && std::is_aggregate_v<M> && !std::is_empty_v<M> && !is_expression<M>::value && !is_number<M>;
template <class M>
concept traced_parameter = requires { typename M::etta_parameter; };  // nn/: a layer's parameter, bound to a Graph
template <class M>
concept traced_network = requires { typename M::etta_traced; };  // nn/: a model, or a gradient with respect to one

struct list_types {
    template <class... M>
    constexpr type_list<std::remove_cv_t<M>...> operator()(M&...) const { return {}; }
};
template <class X>
using member_types = decltype(with_members(std::declval<X&>(), list_types{}));

// --- mirrors -------------------------------------------------------------------------------------------------------
template <class M>
constexpr bool is_traced();
template <class M, std::size_t... I>
constexpr bool any_element_traced(std::index_sequence<I...>) {
    return (is_traced<std::remove_cvref_t<decltype(get<I>(std::declval<M&>()))>>() || ...);
}
template <class... T>
constexpr bool any_member_traced(type_list<T...>) { return (is_traced<T>() || ...); }
// Does M hold traced values?
template <class M>
constexpr bool is_traced() {
    if constexpr (std::is_same_v<M, var> || traced_parameter<M> || traced_network<M>) return true;
    else if constexpr (is_expression<M>::value || std::is_arithmetic_v<M>) return false;
    else if constexpr (tuple_like<M>) return any_element_traced<M>(std::make_index_sequence<std::tuple_size<M>::value>{});
    else if constexpr (structure<M>) return any_member_traced(member_types<M>{});
    else return false;
}

// f(var&) for every value of a mirror, in order. A parameter's value cannot be replaced: f gets a copy.
template <class M, class F>
constexpr void each_var(M& m, const F& f);
template <class M, class F, std::size_t... I>
constexpr void each_element_var(M& m, const F& f, std::index_sequence<I...>) {
    (each_var(get<I>(m), f), ...);
}
template <class M, class F>
constexpr void each_var(M& m, const F& f) {
    using T = std::remove_cv_t<M>;
    if constexpr (std::is_same_v<T, var>) {
        f(m);
    } else if constexpr (traced_parameter<T>) {
        var v{m.g, m.g->params[m.slot]};
        f(v);
    } else if constexpr (traced_network<T>) {
        m.etta_each_var(f);
    } else if constexpr (tuple_like<T>) {
        each_element_var(m, f, std::make_index_sequence<std::tuple_size<T>::value>{});
    } else if constexpr (structure<T>) {
        with_members(m, [&](auto&... x) constexpr { (each_var(x, f), ...); });
    }
}
template <class M>
constexpr void collect(const M& m, vec<int>& ids) {
    each_var(m, [&](const var& v) constexpr { ids.push(v.id); });
}
// The mirror with other values: what a gradient with respect to it is.
template <class M>
struct gradient_mirror {  // nn/: a model's gradient is a structure of its own
    static constexpr M of(M m, const int* ids, int& next) {
        each_var(m, [&](var& v) constexpr { v.id = ids[next++]; });
        return m;
    }
};

template <class... M>
constexpr bool no_models() {
    constexpr bool yes = !(traced_network<M> || ...);
    static_assert(yes, "etta: a model has a gradient (grad, value_and_grad); the other transformations are of tensors, numbers, and structs, arrays and tuples of these");
    return yes;
}
// How many values a mirror has.
template <class M>
constexpr int count_values() {
    int n = 0;
    if constexpr (no_models<M>()) {
        M m{};
        each_var(m, [&](const var&) constexpr { ++n; });
    }
    return n;
}

// What stands for a tensor in P<Tensor> where that is a mirror with another mirror J in place of each value.
template <class J>
struct instead {
    template <class T, std::size_t... E>
    using of = J;
};
// members<changed<X>, …>: the members of a struct X with other types, an X again only where those turn out to be the same.
template <class X>
struct changed {
    using type = changed;
};
template <class X>
struct changed<changed<X>> : changed<X> {};

// The mirror M with the mirror J in place of each value. nested<M, var>: M with values of other extents.
template <class M, class J>
struct nested;
template <class J>
struct nested<var, J> {
    using type = J;
};
template <class M, class J, std::size_t... I>
auto nested_elements(std::index_sequence<I...>) -> results<typename nested<std::remove_cvref_t<decltype(get<I>(std::declval<M&>()))>, J>::type...>;
template <tuple_like M, class J>
struct nested<M, J> {
    using type = decltype(nested_elements<M, J>(std::make_index_sequence<std::tuple_size<M>::value>{}));
};
template <class T, std::size_t N, class J>
struct nested<std::array<T, N>, J> {
    using type = std::array<typename nested<T, J>::type, N>;
};
template <class X, class... V, class J>
struct nested<members<X, V...>, J> {
    using type = members<typename changed<X>::type, typename nested<V, J>::type...>;
};
template <template <class> class P, class V, class J>
    requires(structure<P<V>> && !tuple_like<P<V>>)
struct nested<P<V>, J> {
    using type = P<typename nested<V, J>::type>;
};
template <template <template <class, std::size_t...> class> class P, template <class, std::size_t...> class T, class J>
struct nested<P<T>, J> {
    using type = P<instead<typename nested<T<float>, J>::type>::template of>;
};
template <traced_network M, class J>
struct nested<M, J> : nested<var, J> {};  // refused

// --- arguments -----------------------------------------------------------------------------------------------------
template <class Leaf>
struct argument_of;  // run/call.hpp: one tensor's or number's input node

// tree<X>: X's mirror, how it is filled with inputs, its leaves (views and numbers) as types and as values.
template <class X>
struct tree;

template <class X>
    requires(is_expression<X>::value || is_number<X>)
struct tree<X> {
    using mirror = var;
    using leaves = type_list<X>;
    static constexpr void fill(mirror& m, builder& g, int& ordinal, dtype beside) { m = {&g, argument_of<X>::make(g, ordinal++, beside)}; }
    template <class F>
    static void each(const X& x, F& f) { f(x); }
};
// How a member stands among the leaves.
template <class X>
struct leaf_or_tree {
    using type = X;
    static const X& of(const X& x) { return x; }
};
template <class X>
    requires(std::is_arithmetic_v<X> || is_tensor_like<X>::value)
struct leaf_or_tree<X> : leaf_type<const X&> {};
template <class X>
using tree_of = tree<typename leaf_or_tree<X>::type>;

template <class Mirror, class... X>
struct tree_of_elements {
    using mirror = Mirror;
    using leaves = typename concat_lists<typename tree_of<X>::leaves...>::type;
    static constexpr void fill(mirror& m, builder& g, int& ordinal, dtype beside) { fill_all(m, g, ordinal, beside, std::index_sequence_for<X...>{}); }
    template <std::size_t... I>
    static constexpr void fill_all(mirror& m, builder& g, int& ordinal, dtype beside, std::index_sequence<I...>) {
        (tree_of<X>::fill(get<I>(m), g, ordinal, beside), ...);
    }
    template <class T, class F>
    static void each(const T& x, F& f) { each_all(x, f, std::index_sequence_for<X...>{}); }
    template <class T, class F, std::size_t... I>
    static void each_all(const T& x, F& f, std::index_sequence<I...>) {
        (tree_of<X>::each(leaf_or_tree<X>::of(get<I>(x)), f), ...);
    }
};
template <class Mirror, class... X>
struct tree_of_members {
    using mirror = Mirror;
    using leaves = typename concat_lists<typename tree_of<X>::leaves...>::type;
    static constexpr void fill(mirror& m, builder& g, int& ordinal, dtype beside) {
        if constexpr (tuple_like<mirror>) tree_of_elements<Mirror, X...>::fill(m, g, ordinal, beside);
        else with_members(m, [&](auto&... v) constexpr { (tree_of<X>::fill(v, g, ordinal, beside), ...); });
    }
    template <class T, class F>
    static void each(const T& x, F& f) {
        with_members(x, [&](const auto&... v) { (tree_of<X>::each(leaf_or_tree<X>::of(v), f), ...); });
    }
};

template <class T, std::size_t N, std::size_t... I>
auto array_tree(std::index_sequence<I...>) -> tree_of_elements<std::array<typename tree_of<T>::mirror, N>, std::enable_if_t<(I < N), T>...>;
template <class T, std::size_t N>
struct tree<std::array<T, N>> : decltype(array_tree<T, N>(std::make_index_sequence<N>{})) {};
template <class... X>
struct tree<results<X...>> : tree_of_elements<results<typename tree_of<X>::mirror...>, X...> {};
template <template <class...> class Tuple, class... X>  // std::tuple, without its header, which is 1 % of what etta.hpp costs
    requires tuple_like<Tuple<X...>>
struct tree<Tuple<X...>> : tree_of_elements<results<typename tree_of<X>::mirror...>, X...> {};
template <class X, class Y>
struct tree<std::pair<X, Y>> : tree_of_elements<results<typename tree_of<X>::mirror, typename tree_of<Y>::mirror>, X, Y> {};

template <class X, class Members>
struct rebound {  // no template over what it holds
    using mirror = void;
};
template <template <template <class, std::size_t...> class> class P, template <class, std::size_t...> class T, class... M>
struct rebound<P<T>, type_list<M...>> {
    using mirror = P<traced>;
    template <class...>
    using tensors = P<Tensor>;
};
template <template <class> class P, class T, class... M>
    requires((std::is_same_v<M, T> && ...))
struct rebound<P<T>, type_list<M...>> {
    using mirror = P<typename tree_of<T>::mirror>;
};
template <class X, class Members, class Rebound>
struct struct_tree;
template <class X, class... M, class Rebound>
struct struct_tree<X, type_list<M...>, Rebound> : tree_of_members<Rebound, M...> {};
template <class X, class... M>
struct struct_tree<X, type_list<M...>, void> : tree_of_members<members<X, typename tree_of<M>::mirror...>, M...> {};
template <structure X>
    requires(!tuple_like<X>)
struct tree<X> : struct_tree<X, member_types<X>, typename rebound<X, member_types<X>>::mirror> {};

template <class X>
struct tree {
    static_assert(always_false<X>, "etta: an argument of a traced function is a tensor, a number, a model, or a plain struct, array or tuple of these");
    using mirror = var;
    using leaves = type_list<>;
    static constexpr void fill(mirror&, builder&, int&, dtype) {}
};

}  // namespace _
}  // namespace etta

namespace std {
template <class X, class... V>
struct tuple_size<etta::_::members<X, V...>> : integral_constant<size_t, sizeof...(V)> {};
template <size_t I, class X, class... V>
struct tuple_element<I, etta::_::members<X, V...>> : tuple_element<I, etta::results<V...>> {};
}  // namespace std
