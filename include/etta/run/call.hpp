// call.hpp: compiles a traced callable for the types it is called with, and runs it: what stands behind grad(f)(x) on
// tensors. Results with no axis come back as plain numbers.
#pragma once

#include "../autodiff/jacobian.hpp"
#include "assign.hpp"
#include "result_tree.hpp"

namespace etta {
namespace _ {

template <class T, std::size_t... E, class L>
struct argument_of<View<T, extents<E...>, L>> {
    static constexpr dtype type = dtype_of<std::remove_const_t<T>>;
    static constexpr int make(builder& g, int ordinal, dtype) {
        shape s;
        (s.push(E == dyn ? g.new_symbol() : extent(static_cast<index>(E))), ...);
        return g.input(storage::argument, ordinal, type, s, View<T, extents<E...>, L>::contiguous);
    }
};
template <class T>
struct argument_of<scalar_operand<T>> {
    static constexpr dtype type = dtype::none;
    static constexpr int make(builder& g, int ordinal, dtype beside) { return g.input(storage::argument, ordinal, literal_type<T>(beside == dtype::none ? dtype::f64 : beside), shape{}); }
};

template <class... Leaf>
constexpr dtype strongest_leaf(type_list<Leaf...>) {
    dtype t = dtype::none;
    ((t = strongest(t, argument_of<Leaf>::type)), ...);
    return t;
}
template <class... Leaf>
constexpr int count_leaves(type_list<Leaf...>) { return sizeof...(Leaf); }
template <class... Leaf>
constexpr planned_strides<Leaf...> strides_of_leaves(type_list<Leaf...>) { return {}; }
template <class... Leaf>
constexpr bool any_needs_layout(type_list<Leaf...>) { return (needs_layout<Leaf> || ...); }

// Where the values a function returned are written: each to a buffer of its own; a gradient with respect to a model to one.
template <class M>
constexpr void place_results(const M& m, vec<place>& at, int& block);
template <class M, std::size_t... I>
constexpr void place_elements_of(const M& m, vec<place>& at, int& block, std::index_sequence<I...>) {
    (place_results(get<I>(m), at, block), ...);
}
template <class M>
constexpr void place_results(const M& m, vec<place>& at, int& block) {
    if constexpr (requires { m.etta_places(at, block); }) m.etta_places(at, block);
    else if constexpr (tuple_like<M>) place_elements_of(m, at, block, std::make_index_sequence<std::tuple_size<M>::value>{});
    else each_var(m, [&](const var&) constexpr { at.push({block++, 0}); });
}

template <class F, class... Arg>
struct call_source {
    using leaves = typename concat_lists<typename tree<Arg>::leaves...>::type;
    static constexpr int n_leaves = count_leaves(leaves{});

    static constexpr auto call(builder& g) {
        results<typename tree<Arg>::mirror...> x{};
        int ordinal = 0;
        fill(g, x, ordinal, strongest_leaf(leaves{}), std::index_sequence_for<Arg...>{});
        return invoke(g, x, std::index_sequence_for<Arg...>{});
    }
    template <class X, std::size_t... I>
    static constexpr void fill(builder& g, X& x, int& ordinal, dtype beside, std::index_sequence<I...>) {
        (tree<Arg>::fill(get<I>(x), g, ordinal, beside), ...);
    }
    template <class X, std::size_t... I>
    static constexpr auto invoke(builder& g, const X& x, std::index_sequence<I...>) {
        if constexpr (requires { F{}.trace(g, get<I>(x)...); }) return F{}.trace(g, get<I>(x)...);
        else return F{}(get<I>(x)...);
    }
    using result = decltype(call(std::declval<builder&>()));
    static constexpr builder trace(late) {
        builder g;
        collect(call(g), g.outputs);
        return g;
    }
    static constexpr builder make(late later) {
        builder g = trace(later);
        finish(g);
        return g;
    }
    static constexpr failure find_error(late later) { return trace(later).first_mistake(); }
    static constexpr failure error = trace({}).first_mistake();
    static constexpr int n_outputs = trace({}).outputs.size;
    template <int N>
    struct output_places {
        place at[N + 1];
    };
    template <int N>
    static constexpr output_places<N> make_places() {
        output_places<N> p{};
        builder g;
        vec<place> at;
        int block = first_argument_buffer + n_leaves;
        place_results(call(g), at, block);
        for (int i = 0; i < N; ++i) p.at[i] = at[i];
        return p;
    }
    template <int N>
    static constexpr output_places<N> out_places = make_places<N>();
    static constexpr auto strides = strides_of_leaves(leaves{});
    static constexpr binding places(const graph_view&) {
        binding b;
        b.outputs = out_places<n_outputs>.at;
        b.has_strides = true, b.strides = strides.of;
        return b;
    }
};

template <class Self, class Target, class... Arg>
auto run_call(const Arg&... arg) {
    using S = call_source<Self, Arg...>;
    using P = program<S, Target>;
    using R = result_tree<P, typename S::result, 0>;
    leaf_collector<S::n_leaves + S::n_outputs, P::n_symbols> c{P::view};
    (tree<Arg>::each(arg, c), ...);
    typename R::storage out = R::make(c.symbols);
    char** buffer = c.buffers + first_argument_buffer + S::n_leaves;
    R::bind(out, buffer);
    if constexpr (any_needs_layout(typename S::leaves{})) {
        run_with_layout<P, Target>(c.buffers, c.symbols, c.stride_of, S::places(P::view));
    } else {
        heap_elements<char> workspace;
        if constexpr (P::workspace_bytes > 0) workspace = heap_elements<char>(P::workspace_bytes, unfilled{});
        c.buffers[workspace_buffer] = workspace.data();
        run_calls<Target>(P::run_table, c.buffers, c.symbols);
    }
    return R::finish(static_cast<typename R::storage&&>(out));
}

template <class Self, class... X>
auto call_program(const X&... x) {
    using S = call_source<Self, typename leaf_or_tree<X>::type...>;
    if constexpr (!std::is_default_constructible_v<Self>) {
        static_assert(always_false<Self>, "etta: a compiled function cannot capture: pass what it needs as an argument");
    } else if constexpr (!check_traceable<S>()) {
    } else if constexpr (check<S>()) {
        return run_call<Self, this_target, typename leaf_or_tree<X>::type...>(leaf_or_tree<X>::of(x)...);
    }
}

}  // namespace _

// Compiles a captureless callable for the tensors given and runs it: etta::call([](auto x, auto y) { … }, x, y). What it
// returns (one value or several through grad and its kin) comes back as tensors; numbers where there is no axis.
template <class F, class... X>
auto call(const F&, const X&... x) {
    return _::call_program<F>(x...);
}

}  // namespace etta
