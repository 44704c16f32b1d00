// var.hpp: the traced variable, and apply(), through which every op function goes. Given variables it adds a node to
// their Graph; given tensors it makes an expression (expr/). So each op's public function is written once.
#pragma once

#include "graph.hpp"

namespace etta {

namespace _ {
template <class>
inline constexpr bool always_false = false;
}

// A value of a function or model that is being traced: the shape is a *value*, so `x = relu(fc(x))`, loops and helper
// functions are ordinary C++. Only this library's tracing makes one.
struct var {
    _::builder* g = nullptr;
    int id = -1;

    constexpr bool exists() const { return id >= 0; }
    constexpr int rank() const { return g->extents_of(id).rank; }
    constexpr dtype type() const { return g->type_of(id); }
    constexpr const shape& extents() const { return g->extents_of(id); }
    // The static extent of an axis (negative: from the end); -1 where it is known at run time only.
    constexpr index extent(int axis) const {
        const etta::extent e = g->extents_of(id)[axis];
        return e.is_static() ? static_cast<index>(e.code) : -1;
    }
    template <class B>
        requires std::is_same_v<B, bool>
    explicit constexpr operator B() const {
        static_assert(_::always_false<B>,
                      "etta: a branch on a traced value: its value is not known while compiling. Use where(condition, "
                      "a, b) instead of if or ?:");
        return false;
    }
    constexpr var t() const;               // transposed: the last two axes
    constexpr var operator[](int i) const;  // element i of the first axis (negative: from the end)
    // s += x[i]: the name stands for a new value from here on; nothing is overwritten.
    template <class X>
    constexpr var& operator+=(const X& x) { return *this = *this + x; }
    template <class X>
    constexpr var& operator-=(const X& x) { return *this = *this - x; }
    template <class X>
    constexpr var& operator*=(const X& x) { return *this = *this * x; }
    template <class X>
    constexpr var& operator/=(const X& x) { return *this = *this / x; }
};

namespace _ {

// Attributes as a type, for expressions; traced calls read the list.
template <std::int64_t... V>
struct attr {
    static constexpr int count = sizeof...(V);
    static constexpr std::int64_t list[sizeof...(V) + 1] = {V..., 0};
};

template <class T>
struct is_expression : std::false_type {};  // specialised by expr/ for views, tensors and expressions

template <class T>
using bare = std::remove_cvref_t<T>;

}  // namespace _

// What op functions accept: traced variables, tensors and views, expressions.
template <class T>
concept operand = std::is_same_v<_::bare<T>, var> || _::is_expression<_::bare<T>>::value;

namespace _ {

template <class T>
concept scalar_number = std::is_arithmetic_v<bare<T>>;

template <class... T>
concept operands = (operand<T> || ...) && ((operand<T> || scalar_number<T>) && ...);

template <class... T>
inline constexpr bool any_traced = (std::is_same_v<bare<T>, var> || ...);

// The dtype a literal takes beside tensors of dtype t: literals are weak.
template <class S>
constexpr dtype literal_type(dtype t) {
    if (is_floating(t)) return t;
    if constexpr (std::is_floating_point_v<S>) return dtype::f32;
    else return t == dtype::boolean && !std::is_same_v<S, bool> ? dtype::i32 : t;
}

constexpr dtype strongest(dtype a, dtype b) { return a == dtype::none ? b : b == dtype::none ? a : promote(a, b); }

// An operand of a traced call: a variable, or a number and how it takes its dtype.
struct traced_operand {
    builder* g;
    int id;
    double number;
    dtype (*type)(dtype);
};
constexpr traced_operand as_operand(const var& v) { return {v.g, v.id, 0, nullptr}; }
template <class T>
constexpr traced_operand as_operand(const T& x) {
    static_assert(scalar_number<T>, "etta: a tensor inside a traced function: pass it as an argument of the function");
    if constexpr (scalar_number<T>) return {nullptr, -1, static_cast<double>(x), &literal_type<T>};
    else return {nullptr, -1, 0, &literal_type<double>};
}
// Their ids; the Graph that they belong to.
constexpr builder& ids_of(const traced_operand* x, int n, int* ids) {
    builder* g = nullptr;
    dtype t = dtype::none;
    for (int i = 0; i < n; ++i)
        if (x[i].g != nullptr) g = x[i].g, t = strongest(t, g->type_of(x[i].id));
    for (int i = 0; i < n; ++i) ids[i] = x[i].g != nullptr ? x[i].id : g->literal(x[i].number, x[i].type(t));
    return *g;
}

template <class Op, class Attrs, class... X>
struct expression;

// expr/ says how a tensor, view, expression or number stands in an expression. (void: clang reads an op function's
// return type before its constraints.)
template <class X>
struct leaf_type {
    using type = void;
};
// A number beside tensors: stored in the expression, weak in its dtype. Said here, before anything can have asked.
template <class T>
struct scalar_operand {
    T value;
};
template <class X>
    requires scalar_number<X>
struct leaf_type<X> {
    using type = scalar_operand<bare<X>>;
    static constexpr type of(bare<X> x) { return {x}; }
};

template <bool Traced, class Op, class Attrs, class... X>
struct applied_type {
    using type = var;
};
template <class Op, class Attrs, class... X>
struct applied_type<false, Op, Attrs, X...> {
    using type = expression<Op, Attrs, typename leaf_type<X>::type...>;
};
// What apply returns. Op functions name it, for a deduced type could not be used while an op's own derivative is read.
template <class Op, class Attrs, class... X>
using applied = typename applied_type<any_traced<X...>, Op, Attrs, X...>::type;

// Op::trace(builder&, operand ids, count, attributes, count) -> value id. Kinds of ops supply it (op/kinds.hpp).
template <class Op, class Attrs = attr<>, class... X>
constexpr applied<Op, Attrs, X...> apply(X&&... x) {
    if constexpr (any_traced<X...>) {
        const traced_operand a[] = {as_operand(x)...};
        int ids[sizeof...(X)] = {};
        builder& g = ids_of(a, static_cast<int>(sizeof...(X)), ids);
        return var{&g, Op::trace(g, ids, static_cast<int>(sizeof...(X)), Attrs::list, Attrs::count)};
    } else {
        return {leaf_type<X>::of(x)...};
    }
}

}  // namespace _
}  // namespace etta
