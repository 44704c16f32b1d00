// call.hpp: compiles a traced callable for the types it is called with, and runs it: what stands behind grad(f)(x) on
// tensors. Results with no axis come back as plain numbers.
#pragma once

#include "../autodiff/grad.hpp"
#include "assign.hpp"

namespace etta {
namespace _ {

template <class Leaf>
struct argument_of;  // one argument's input node
template <class T, std::size_t... E, class L>
struct argument_of<View<T, extents<E...>, L>> {
    static constexpr dtype type = dtype_of<std::remove_const_t<T>>;
    static constexpr int make(builder& g, int ordinal, dtype) {
        shape s;
        (s.push(E == dyn ? g.new_symbol() : extent(static_cast<index>(E))), ...);
        return g.input(storage::argument, ordinal, type, s);
    }
};
template <class T>
struct argument_of<scalar_operand<T>> {
    static constexpr dtype type = dtype::none;
    static constexpr int make(builder& g, int ordinal, dtype beside) { return g.input(storage::argument, ordinal, literal_type<T>(beside == dtype::none ? dtype::f64 : beside), shape{}); }
};

template <class F, class... Leaf>
struct call_source {
    static constexpr dtype beside() {
        dtype t = dtype::none;
        ((t = strongest(t, argument_of<Leaf>::type)), ...);
        return t;
    }
    static constexpr builder trace() {
        builder g;
        int next = 0;
        const dtype t = beside();
        const auto one = [&](int id) constexpr { return var{&g, id}; };
        // Braces fix the order of evaluation.
        const var x[] = {one(argument_of<Leaf>::make(g, next++, t))...};
        collect(invoke(g, x, std::make_index_sequence<sizeof...(Leaf)>{}), g.outputs);
        return g;
    }
    template <std::size_t... I>
    static constexpr auto invoke(builder& g, const var* x, std::index_sequence<I...>) {
        if constexpr (requires { F{}.trace(g, x[I]...); }) return F{}.trace(g, x[I]...);
        else return F{}(x[I]...);
    }
    static constexpr builder make() {
        builder g = trace();
        settle_outputs(g);
        g.compact();
        return g;
    }
    static constexpr failure error = trace().error;
    static constexpr int n_outputs = trace().outputs.size;
    struct output_places {
        place at[n_outputs + 1];
    };
    static constexpr output_places make_places() {
        output_places p{};
        for (int i = 0; i < n_outputs; ++i) p.at[i] = {first_argument_buffer + static_cast<int>(sizeof...(Leaf)) + i, 0};
        return p;
    }
    static constexpr output_places out_places = make_places();
    static constexpr planned_strides<Leaf...> strides{};
    static constexpr binding places(const graph_view&) {
        binding b;
        b.outputs = out_places.at;
        b.strides = strides.of;
        return b;
    }
};

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
    if constexpr (Tn::rank == 0) return typename Tn::value_type(t.data()[0]);
    else return static_cast<Tn&&>(t);
}

inline results<> move_results() { return {}; }
template <class First, class... Rest>
results<First, Rest...> move_results(First&& f, Rest&&... r) {
    return {static_cast<First&&>(f), move_results(static_cast<Rest&&>(r)...)};
}
template <class P, std::size_t... O>
results<typename output_of<P, static_cast<int>(O)>::tensor...> make_outputs(const index* symbols, std::index_sequence<O...>) {
    return move_results(output_of<P, static_cast<int>(O)>::make(symbols)...);
}

template <class Self, class Target, class... Leaf, std::size_t... O>
auto run_call(std::index_sequence<O...>, const Leaf&... leaf) {
    using S = call_source<Self, Leaf...>;
    using P = program<S, Target>;
    leaf_collector<static_cast<int>(sizeof...(Leaf) + sizeof...(O)), P::n_symbols> c{P::view};
    (c(leaf), ...);
    results<typename output_of<P, static_cast<int>(O)>::tensor...> out = make_outputs<P>(c.symbols, std::index_sequence<O...>{});
    ((c.buffers[first_argument_buffer + sizeof...(Leaf) + O] = reinterpret_cast<char*>(get<O>(out).data())), ...);
    if constexpr ((needs_layout<Leaf> || ...)) {
        run_with_layout<P, Target>(c.buffers, c.symbols, c.stride_of, S::places(P::view));
    } else {
        heap_elements<char> workspace;
        if constexpr (P::workspace_bytes > 0) workspace = heap_elements<char>(P::workspace_bytes);
        c.buffers[workspace_buffer] = workspace.data();
        run_calls<Target>(P::run_table, c.buffers, c.symbols);
    }
    if constexpr (sizeof...(O) == 1) return number_or_tensor(get<0>(static_cast<decltype(out)&&>(out)));
    else return move_results(number_or_tensor(get<O>(static_cast<decltype(out)&&>(out)))...);
}

template <class T>
struct call_leaf : leaf_or_var<T> {};
template <class T>
struct call_leaf<scalar_operand<T>> {
    using type = scalar_operand<T>;
    static constexpr const type& of(const type& x) { return x; }
};

template <class Self, class... X>
auto call_program(const X&... x) {
    using S = call_source<Self, typename call_leaf<X>::type...>;
    if constexpr (!std::is_default_constructible_v<Self>) {
        static_assert(always_false<Self>, "etta: a compiled function cannot capture: pass what it needs as an argument");
    } else if constexpr (check<S>()) {
        return run_call<Self, this_target>(std::make_index_sequence<static_cast<std::size_t>(S::n_outputs)>{}, static_cast<const typename call_leaf<X>::type&>(call_leaf<X>::of(x))...);
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
