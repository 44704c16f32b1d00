// result_tree.hpp: what results become outside: a program's outputs as tensors, and those in the structure that a function or a
// network gives them.
#pragma once

#include "../autodiff/tree.hpp"
#include "../core/tensor.hpp"

namespace etta::_ {

template <class Program, int I>
struct output_of {
    static constexpr value v = Program::view.values[Program::view.outputs[I]];
    template <std::size_t... K>
    static auto type(std::index_sequence<K...>) -> Tensor<type_of<v.type>, (v.extents.at[K].is_static() ? static_cast<std::size_t>(v.extents.at[K].code) : dyn)...>;
    using tensor = decltype(type(std::make_index_sequence<static_cast<std::size_t>(v.extents.rank)>{}));
    static tensor make(const index* symbols) {
        if constexpr (tensor::is_static) return tensor{};
        else return sized(symbols, std::make_index_sequence<static_cast<std::size_t>(tensor::extents_type::dynamic_rank)>{});
    }
    template <std::size_t... K>
    static tensor sized(const index* symbols, std::index_sequence<K...>) {
        index n[sizeof...(K)] = {};
        int d = 0;
        for (int i = 0; i < v.extents.rank; ++i)
            if (!v.extents.at[i].is_static()) n[d++] = v.extents.at[i].at(symbols);
        return tensor(n[K]...);
    }
};

template <class T>
auto number_or_tensor(T&& t) {
    using Tn = std::remove_cvref_t<T>;
    if constexpr (requires { requires Tn::rank == 0; }) return typename Tn::value_type(t.data()[0]);
    else return static_cast<Tn&&>(t);
}

// A number, or the tensor without axes that a struct has in its place.
template <class T>
struct number_member {
    T x;
    operator T() const { return x; }
    template <class S>
    operator basic_tensor<T, extents<>, S>() const { return {x}; }
};
template <class T>
decltype(auto) as_member(T&& t) {
    if constexpr (std::is_arithmetic_v<std::remove_cvref_t<T>>) return number_member<std::remove_cvref_t<T>>{t};
    else return static_cast<T&&>(t);
}

// What a mirror M of results becomes outside: storage(symbols) makes room for it, bind() says where, finish() gives it the
// structure that the function's result (or the argument it is the gradient of) has. First: the number of its first output.
template <class P, class M, int First>
struct result_tree;
template <class P, int First>
struct result_tree<P, var, First> {
    static constexpr int outputs = 1;
    using storage = typename output_of<P, First>::tensor;
    static storage make(const index* symbols) { return output_of<P, First>::make(symbols); }
    static void bind(storage& s, char**& buffer) { *buffer++ = reinterpret_cast<char*>(s.data()); }
    static auto finish(storage&& s) { return number_or_tensor(static_cast<storage&&>(s)); }
};
template <class P, int First, class... M>
struct result_list;
template <class P, int First>
struct result_list<P, First> {
    static constexpr int outputs = 0;
    using storage = results<>;
    static storage make(const index*) { return {}; }
    static void bind(storage&, char**&) {}
    static results<> finish(storage&&) { return {}; }
    template <class X, class... Done>
    static X build(storage&&, Done&&... done) { return X{as_member(static_cast<Done&&>(done))...}; }
};
template <class P, int First, class M, class... Rest>
struct result_list<P, First, M, Rest...> {
    using one = result_tree<P, M, First>;
    using more = result_list<P, First + one::outputs, Rest...>;
    static constexpr int outputs = one::outputs + more::outputs;
    struct storage {
        typename one::storage first;
        typename more::storage rest;
    };
    static storage make(const index* symbols) { return {one::make(symbols), more::make(symbols)}; }
    static void bind(storage& s, char**& buffer) { one::bind(s.first, buffer), more::bind(s.rest, buffer); }
    static auto finish(storage&& s) {
        return joined(one::finish(static_cast<typename one::storage&&>(s.first)), more::finish(static_cast<typename more::storage&&>(s.rest)));
    }
    template <class A, class... B>
    static results<A, B...> joined(A&& a, results<B...>&& b) { return {static_cast<A&&>(a), static_cast<results<B...>&&>(b)}; }
    // X{all of them}: the struct that the mirror stood for.
    template <class X, class... Done>
    static X build(storage&& s, Done&&... done) {
        return more::template build<X>(static_cast<typename more::storage&&>(s.rest), static_cast<Done&&>(done)..., one::finish(static_cast<typename one::storage&&>(s.first)));
    }
};
template <class P, int First, class M, std::size_t... I>
auto list_of_elements(std::index_sequence<I...>) -> result_list<P, First, std::remove_cvref_t<decltype(get<I>(std::declval<M&>()))>...>;
template <class P, tuple_like M, int First>
struct result_tree<P, M, First> : decltype(list_of_elements<P, First, M>(std::make_index_sequence<std::tuple_size<M>::value>{})) {};
template <class P, class X, class... V, int First>
struct result_tree<P, members<X, V...>, First> : result_list<P, First, V...> {
    static X finish(typename result_list<P, First, V...>::storage&& s) { return result_list<P, First, V...>::template build<X>(static_cast<typename result_list<P, First, V...>::storage&&>(s)); }
};
// What a struct that is a mirror becomes, from what its members do: P<traced> -> P<Tensor>, P<V> -> P<what its first member is>. A
// Jacobian's P<instead<J>::of> -> P of tensors with further axes, or of such structs; results where there is no such P.
template <std::size_t... A>
struct in_front {
    template <class T, std::size_t... E>
    using tensor = Tensor<T, A..., E...>;
    template <template <template <class, std::size_t...> class> class S>
    using in = S<tensor>;
};
template <>
struct in_front<> {
    template <template <template <class, std::size_t...> class> class S>
    using in = S<Tensor>;
};
template <std::size_t... A>
struct behind {
    template <class T, std::size_t... E>
    using tensor = Tensor<T, E..., A...>;
    template <template <template <class, std::size_t...> class> class S>
    using in = S<tensor>;
};
template <template <template <class, std::size_t...> class> class S>
struct for_each_element {
    template <class T, std::size_t... E>
    using of = typename in_front<E...>::template in<S>;
};
// The type that has Done's members: the first of these or else the second.
template <class... M>
auto as_results(type_list<M...>) -> results<M...>;
template <class X, class Y, class Done>
using made_of = std::conditional_t<std::is_same_v<decltype(as_results(member_types<X>{})), Done>, X, Y>;
template <template <std::size_t...> class Put, class E, std::size_t From, std::size_t... I>
auto axes_of(std::index_sequence<I...>) -> Put<E::value[From + I]...>;

template <class M, class First, class Done>
struct outside;  // First: its first output, as a tensor; Done: what its members have become
template <template <class> class S, class V, class First, class D, class... More>
struct outside<S<V>, First, results<D, More...>> {
    using type = S<D>;
};
template <class X, class... D>
concept made_from = requires(D&&... d) { X{as_member(static_cast<D&&>(d))...}; };
template <template <template <class, std::size_t...> class> class S, class First, class... D>
struct outside<S<traced>, First, results<D...>> {
    using type = std::conditional_t<made_from<S<Tensor>, D...>, S<Tensor>, results<D...>>;  // (of vectors: results)
};
template <template <template <class, std::size_t...> class> class S, class First, class Done>
struct outside<S<instead<var>::of>, First, Done> {
    template <class T, class E, class L, class... Leaf>
    static auto find(type_list<View<T, E, L>, Leaf...>) {
        using all = typename First::extents_type;
        constexpr std::make_index_sequence<static_cast<std::size_t>(all::rank - E::rank)> more;
        using front = typename decltype(axes_of<in_front, all, 0>(more))::template in<S>;
        using back = typename decltype(axes_of<behind, all, static_cast<std::size_t>(E::rank)>(more))::template in<S>;
        if constexpr (all::rank == E::rank) return static_cast<S<Tensor>*>(nullptr);
        else return static_cast<made_of<front, made_of<back, Done, Done>, Done>*>(nullptr);
    }
    using type = std::remove_pointer_t<decltype(find(typename tree<S<Tensor>>::leaves{}))>;
};
template <template <template <class, std::size_t...> class> class S, class Done>
struct outside_of_structs {
    using type = Done;
};
template <template <template <class, std::size_t...> class> class S, template <template <class, std::size_t...> class> class Q, template <class, std::size_t...> class T, class... More>
struct outside_of_structs<S, results<Q<T>, More...>> {
    using type = made_of<S<for_each_element<Q>::template of>, results<Q<T>, More...>, results<Q<T>, More...>>;
};
template <template <template <class, std::size_t...> class> class S, template <class, std::size_t...> class T, class First, class Done>
struct outside<S<T>, First, Done> : outside_of_structs<S, Done> {};
template <class P, int First, class... V>
auto list_of_members(type_list<V...>) -> result_list<P, First, V...>;
template <class P, structure M, int First>
    requires(!tuple_like<M>)
struct result_tree<P, M, First> : decltype(list_of_members<P, First>(member_types<M>{})) {
    using list = decltype(list_of_members<P, First>(member_types<M>{}));
    static auto finish(typename list::storage&& s) {
        using Done = decltype(list::finish(static_cast<typename list::storage&&>(s)));
        return build<outside<M, typename output_of<P, First>::tensor, Done>, Done>(static_cast<typename list::storage&&>(s));
    }

private:
    // A struct that is no template: results, for structured bindings.
    template <class O, class Done>
    static auto build(typename list::storage&& s) {
        if constexpr (requires { requires !std::is_same_v<typename O::type, Done>; }) return list::template build<typename O::type>(static_cast<typename list::storage&&>(s));
        else return list::finish(static_cast<typename list::storage&&>(s));
    }
};

template <class P, class X, class... V, int First>
struct result_tree<P, members<changed<X>, V...>, First> : result_list<P, First, V...> {
    using list = result_list<P, First, V...>;
    static auto finish(typename list::storage&& s) {
        using Done = decltype(list::finish(static_cast<typename list::storage&&>(s)));
        if constexpr (std::is_same_v<made_of<X, void, Done>, X>) return list::template build<X>(static_cast<typename list::storage&&>(s));
        else return list::finish(static_cast<typename list::storage&&>(s));
    }
};

}  // namespace etta::_
