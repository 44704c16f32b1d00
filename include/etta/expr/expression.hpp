// expression.hpp: expressions over tensors. `a * x + tanh(y)` is a small value: operator types, views of the operands by
// value, nothing computed. Its type is lowered to a Graph; its leaves are collected in the same order.
#pragma once

#include "../core/tensor.hpp"
#include "../ir/var.hpp"

namespace etta {
namespace _ {

template <class T, class E, class L>
struct is_expression<View<T, E, L>> : std::true_type {};
template <class T, class E, class S>
struct is_expression<basic_tensor<T, E, S>> : std::true_type {};
template <class Op, class Attrs, class... X>
struct is_expression<expression<Op, Attrs, X...>> : std::true_type {};

// How each kind of operand stands in an expression.
template <class T, class E, class L>
struct leaf_of_view {
    using type = View<const T, E, L>;
    static constexpr type of(const View<T, E, L>& v) {
        type r;
        r.pointer = v.pointer;
        for (int i = 0; i < static_cast<int>(sizeof(r.stride_of) / sizeof(index)); ++i) r.stride_of[i] = v.stride_of[i];
        if constexpr (E::dynamic_rank > 0)
            for (int i = 0; i < E::dynamic_rank; ++i) r.dynamic[i] = v.dynamic[i];
        return r;
    }
};
template <class X, class Bare>
struct leaf_of;
template <class X, class T, class E, class L>
struct leaf_of<X, View<T, E, L>> : leaf_of_view<T, E, L> {};
template <class X, class T, class E, class S>
struct leaf_of<X, basic_tensor<T, E, S>> {
    using type = View<const T, E, row_major>;
    static type of(const basic_tensor<T, E, S>& t) {
        static_assert(std::is_lvalue_reference_v<X>,
                      "etta: a temporary tensor in an expression would be gone before the expression is evaluated: give "
                      "it a name first");
        return t.view();
    }
};
template <class X, class Op, class A, class... Y>
struct leaf_of<X, expression<Op, A, Y...>> {
    using type = expression<Op, A, Y...>;
    static constexpr const type& of(const type& e) { return e; }
};

template <class X>
    requires operand<X>
struct leaf_type<X> : leaf_of<X, bare<X>> {};
template <>
struct leaf_type<var&> {
    using type = void;
};
template <>
struct leaf_type<const var&> {
    using type = void;
};
template <>
struct leaf_type<var> {
    using type = void;
};

// Operands held one after the other; a plain aggregate costs less to instantiate than std::tuple.
template <class... X>
struct operand_list;
template <>
struct operand_list<> {};
template <class X0, class... X>
struct operand_list<X0, X...> {
    X0 first;
    operand_list<X...> rest;
    constexpr operand_list(const X0& x0, const X&... x) : first(x0), rest(x...) {}
};
template <class X0>
struct operand_list<X0> {
    X0 first;
    constexpr operand_list(const X0& x0) : first(x0) {}
};

template <class Op, class Attrs, class... X>
struct expression {
    operand_list<X...> operands;
    constexpr expression(const X&... x) : operands(x...) {}
    constexpr void etta_expression() const {}
    constexpr auto t() const { return transpose(*this); }  // the last two axes
};

// --- lowering ------------------------------------------------------------------------------------------------------
// The Graph of an expression type. `next` counts leaves; dyn extents become symbols in order of appearance.
template <class T>
struct lowering;
template <class T, std::size_t... E, class L>
struct lowering<View<T, extents<E...>, L>> {
    static constexpr int make(builder& g, int& next) {
        shape s;
        (s.push(E == dyn ? g.new_symbol() : extent(static_cast<index>(E))), ...);
        return g.input(storage::argument, next++, dtype_of<std::remove_const_t<T>>, s, View<T, extents<E...>, L>::contiguous);
    }
};
template <class T>
struct lowering<scalar_operand<T>> {
    // A rank-0 input in the dtype it takes beside the other operands; the caller converts the number once per run.
    static constexpr int make(builder& g, int ordinal, dtype beside) {
        return g.input(storage::argument, ordinal, literal_type<T>(beside), shape{});
    }
};
template <class T>
inline constexpr bool is_number = false;
template <class T>
inline constexpr bool is_number<scalar_operand<T>> = true;

template <class Op, class Attrs, class... X>
struct lowering<expression<Op, Attrs, X...>> {
    static constexpr int make(builder& g, int& next) {
        int ids[sizeof...(X)] = {}, ordinals[sizeof...(X)] = {};
        dtype beside = dtype::none;
        int i = 0;
        ((first<X>(g, next, ids[i], ordinals[i], beside), ++i), ...);
        i = 0;
        ((second<X>(g, ids[i], ordinals[i], beside), ++i), ...);
        return Op::trace(g, ids, static_cast<int>(sizeof...(X)), Attrs::list, Attrs::count);
    }
    // Leaves are numbered in order of appearance; a number's dtype needs the other operands first.
    template <class X0>
    static constexpr void first(builder& g, int& next, int& id, int& ordinal, dtype& beside) {
        if constexpr (is_number<X0>) ordinal = next++;
        else id = lowering<X0>::make(g, next), beside = strongest(beside, g.type_of(id));
    }
    template <class X0>
    static constexpr void second(builder& g, int& id, int ordinal, dtype beside) {
        if constexpr (is_number<X0>) id = lowering<X0>::make(g, ordinal, beside);
    }
};

// --- leaves at run time --------------------------------------------------------------------------------------------
template <class X>
struct leaf_count {
    static constexpr int value = 1;
};
template <class Op, class Attrs, class... X>
struct leaf_count<expression<Op, Attrs, X...>> {
    static constexpr int value = (0 + ... + leaf_count<X>::value);
};

// Calls f(leaf) for every leaf in order.
template <class X, class F>
ETTA_INLINE void each_leaf(const X& leaf, F& f) {
    f(leaf);
}
template <class F>
ETTA_INLINE void each_operand(const operand_list<>&, F&) {}
template <class Op, class Attrs, class... X, class F>
ETTA_INLINE void each_leaf(const expression<Op, Attrs, X...>& e, F& f);
template <class X, class F>
ETTA_INLINE void each_operand(const operand_list<X>& l, F& f) {
    each_leaf(l.first, f);
}
template <class X0, class X1, class... X, class F>
ETTA_INLINE void each_operand(const operand_list<X0, X1, X...>& l, F& f) {
    each_leaf(l.first, f);
    each_operand(l.rest, f);
}
template <class Op, class Attrs, class... X, class F>
ETTA_INLINE void each_leaf(const expression<Op, Attrs, X...>& e, F& f) {
    each_operand(e.operands, f);
}

}  // namespace _
}  // namespace etta
