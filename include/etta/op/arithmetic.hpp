// arithmetic.hpp: + - * / and the operators that compare, combine truth values and choose. Their derivatives, and the
// identities (x + 0, x * 1, …) that keep generated derivatives small.
#pragma once

#include "view.hpp"

namespace etta {

namespace _ {

struct Cast : ElementwiseOp<Cast> {  // attribute: the dtype; exact meaning in core/dtype.hpp
    static constexpr const char* name = "cast";
    static constexpr const char* onnx = "Cast";
    template <class To>
    static constexpr auto eval_to(auto x) { return convert<To>(x); }
    static constexpr int trace(builder& g, const int* ids, int, const std::int64_t* t, int) {
        return cast_to(g, ids[0], static_cast<dtype>(t[0]));
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const dtype from = c.g->type_of(c.g->arg(c.g->nodes[c.node], 0));
        c.out[0] = is_floating(from) ? cast_to(*c.g, c.cotangents[0], from) : -1;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        const dtype to = c.g->type_of(c.g->nodes[c.node].results);
        c.out[0] = is_floating(to) && c.tangents[0] >= 0 ? cast_to(*c.g, c.tangents[0], to) : -1;
    }
};

constexpr int cast_to(builder& g, int v, dtype to) {
    if (g.type_of(v) == to) return v;
    double c = 0;
    if (g.of(v).op->kind == op_kind::literal && g.constant(v, c)) return g.literal(c, to);
    const std::int64_t t = static_cast<std::int64_t>(to);
    return g.add(&info_of<Cast>::value, &v, 1, &t, 1, to, g.extents_of(v));
}

constexpr int joined(builder& g, int a, int b);  // op/place.hpp: the sum of values in different places of zeros, or -1

struct Add : ElementwiseOp<Add> {
    static constexpr const char* name = "add";
    static constexpr const char* onnx = "Add";
    static constexpr int operands = 2;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto a, auto b) { return a + b; }
    static constexpr auto vjp(auto, auto, auto, auto g) { return grads{g, g}; }
    static constexpr int simplify(builder& g, const int* x) {
        return g.is_constant(x[0], 0) ? x[1] : g.is_constant(x[1], 0) ? x[0] : joined(g, x[0], x[1]);
    }
};

constexpr int add_values(builder& g, int a, int b) {
    const int x[2] = {a, b};
    return Add::trace(g, x, 2, nullptr, 0);
}

struct Subtract : ElementwiseOp<Subtract> {
    static constexpr const char* name = "subtract";
    static constexpr const char* onnx = "Sub";
    static constexpr int operands = 2;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto a, auto b) { return a - b; }
    static constexpr auto vjp(auto, auto, auto, auto g) { return grads{g, -g}; }
    static constexpr int simplify(builder& g, const int* x) { return g.is_constant(x[1], 0) ? x[0] : -1; }
};

struct Multiply : ElementwiseOp<Multiply> {
    static constexpr const char* name = "multiply";
    static constexpr const char* onnx = "Mul";
    static constexpr int operands = 2;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto a, auto b) { return a * b; }
    static constexpr auto vjp(auto a, auto b, auto, auto g) { return grads{g * b, g * a}; }
    static constexpr int simplify(builder& g, const int* x) {
        return g.is_constant(x[0], 1) ? x[1] : g.is_constant(x[1], 1) ? x[0] : -1;
    }
};

struct Divide : ElementwiseOp<Divide> {  // true division: integers give float, as in PyTorch
    static constexpr const char* name = "divide";
    static constexpr const char* onnx = "Div";
    static constexpr int operands = 2;
    static constexpr int flops = 4;
    static constexpr auto eval(auto a, auto b) { return a / b; }
    static constexpr auto vjp(auto, auto b, auto y, auto g) {
        auto q = g / b;
        return grads{q, -(q * y)};
    }
    static constexpr int simplify(builder& g, const int* x) { return g.is_constant(x[1], 1) ? x[0] : -1; }
};

struct Negate : ElementwiseOp<Negate> {
    static constexpr const char* name = "negate";
    static constexpr const char* onnx = "Neg";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return -x; }
    static constexpr auto vjp(auto, auto, auto g) { return -g; }
    static constexpr int simplify(builder& g, const int* x) {
        double c = 0;
        if (g.of(x[0]).op->kind == op_kind::literal && g.constant(x[0], c)) return g.literal(-c, g.type_of(x[0]));
        return g.is<Negate>(x[0]) ? g.arg(g.of(x[0]), 0) : -1;
    }
};

struct Equal : PredicateOp<Equal> {
    static constexpr const char* name = "equal";
    static constexpr const char* onnx = "Equal";
    static constexpr auto eval(auto a, auto b) { return a == b; }
    static constexpr int simplify(builder& g, const int* x);
};
struct NotEqual : PredicateOp<NotEqual> {
    static constexpr const char* name = "not_equal";
    static constexpr auto eval(auto a, auto b) { return a != b; }
    static constexpr int simplify(builder& g, const int* x);
};
struct Less : PredicateOp<Less> {
    static constexpr const char* name = "less";
    static constexpr const char* onnx = "Less";
    static constexpr auto eval(auto a, auto b) { return a < b; }
    static constexpr int simplify(builder& g, const int* x);
};
struct LessEqual : PredicateOp<LessEqual> {
    static constexpr const char* name = "less_equal";
    static constexpr const char* onnx = "LessOrEqual";
    static constexpr auto eval(auto a, auto b) { return a <= b; }
    static constexpr int simplify(builder& g, const int* x);
};
struct LogicalAnd : PredicateOp<LogicalAnd> {
    static constexpr const char* name = "logical_and";
    static constexpr const char* onnx = "And";
    static constexpr auto eval(auto a, auto b) { return a & b; }
};
struct LogicalOr : PredicateOp<LogicalOr> {
    static constexpr const char* name = "logical_or";
    static constexpr const char* onnx = "Or";
    static constexpr auto eval(auto a, auto b) { return a | b; }
};
struct LogicalXor : PredicateOp<LogicalXor> {
    static constexpr const char* name = "logical_xor";
    static constexpr const char* onnx = "Xor";
    static constexpr auto eval(auto a, auto b) { return a ^ b; }
};
struct LogicalNot : PredicateOp<LogicalNot> {
    static constexpr const char* name = "logical_not";
    static constexpr const char* onnx = "Not";
    static constexpr int operands = 1;
    static constexpr auto eval(auto a) { return !a; }
};

// Truth values compare by logic: registers hold them as masks.
constexpr bool is_truth(const builder& g, const int* x) { return g.type_of(x[0]) == dtype::boolean; }
constexpr int negated(builder& g, int v) { return LogicalNot::trace(g, &v, 1, nullptr, 0); }
constexpr int NotEqual::simplify(builder& g, const int* x) { return is_truth(g, x) ? LogicalXor::trace(g, x, 2, nullptr, 0) : -1; }
constexpr int Equal::simplify(builder& g, const int* x) { return is_truth(g, x) ? negated(g, LogicalXor::trace(g, x, 2, nullptr, 0)) : -1; }
constexpr int LessEqual::simplify(builder& g, const int* x) {
    const int y[2] = {is_truth(g, x) ? negated(g, x[0]) : -1, x[1]};
    return y[0] < 0 ? -1 : LogicalOr::trace(g, y, 2, nullptr, 0);
}
constexpr int Less::simplify(builder& g, const int* x) {
    const int y[2] = {is_truth(g, x) ? negated(g, x[0]) : -1, x[1]};
    return y[0] < 0 ? -1 : LogicalAnd::trace(g, y, 2, nullptr, 0);
}

struct Where : ElementwiseOp<Where> {
    static constexpr const char* name = "where";
    static constexpr const char* onnx = "Where";
    static constexpr int operands = 3;
    static constexpr int first_promoted = 1;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto m, auto a, auto b) { return select(m, a, b); }
    static constexpr auto vjp(auto m, auto, auto, auto, auto g) {
        return grads{var{}, where(m, g, 0), where(m, 0, g)};
    }
};

struct Copy : ElementwiseOp<Copy> {  // puts a view's elements in memory
    static constexpr const char* name = "copy";
    static constexpr const char* onnx = "Identity";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return x; }
    static constexpr auto vjp(auto, auto, auto g) { return g; }
};
constexpr int copied(builder& g, int v) { return Copy::trace(g, &v, 1, nullptr, 0); }
// What a kernel with a pointer to its operand (GEMM, library ops) can read: literals are in no buffer, so they get one.
constexpr int in_memory(builder& g, int v) {
    int r = v;
    while (g.of(r).op->kind == op_kind::view) r = g.arg(g.of(r), 0);
    return g.of(r).op->kind == op_kind::literal ? copied(g, v) : v;
}

// Every output its own memory in its own order: copies views (but not reshapes), leaves and repeated outputs.
constexpr void settle_outputs(builder& g) {
    vec<char> taken(g.values.size, 0);
    for (int i = 0; i < g.outputs.size; ++i) {
        const int v = g.outputs[i];
        if (v < 0) continue;
        int r = v;
        while (g.is<Reshape>(r)) r = g.arg(g.of(r), 0);
        const op_kind k = g.of(r).op->kind;
        if (k != op_kind::view && k != op_kind::input && k != op_kind::literal && !taken[r]) {
            taken[r] = 1;
            continue;
        }
        const std::int64_t t = i;  // copies of one value for several outputs are different nodes
        g.outputs[i] = g.add(&info_of<Copy>::value, &v, 1, &t, 1, g.type_of(v), g.extents_of(v));
    }
}

// Inside a transformed function, the identity whose derivative is zero.
struct StopGradient : ElementwiseOp<StopGradient> {
    static constexpr const char* name = "stop_gradient";
    static constexpr const char* onnx = "Identity";
    static constexpr result_type result = result_type::same;
    static constexpr bool differentiable = false;
    static constexpr auto eval(auto x) { return x; }
};

}  // namespace _

template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Add, _::attr<>, A, B> operator+(A&& a, B&& b) { return _::apply<_::Add>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Subtract, _::attr<>, A, B> operator-(A&& a, B&& b) { return _::apply<_::Subtract>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Multiply, _::attr<>, A, B> operator*(A&& a, B&& b) { return _::apply<_::Multiply>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Divide, _::attr<>, A, B> operator/(A&& a, B&& b) { return _::apply<_::Divide>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <operand X>
constexpr _::applied<_::Negate, _::attr<>, X> operator-(X&& x) { return _::apply<_::Negate>(static_cast<X&&>(x)); }

template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Equal, _::attr<>, A, B> operator==(A&& a, B&& b) { return _::apply<_::Equal>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::NotEqual, _::attr<>, A, B> operator!=(A&& a, B&& b) { return _::apply<_::NotEqual>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Less, _::attr<>, A, B> operator<(A&& a, B&& b) { return _::apply<_::Less>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::LessEqual, _::attr<>, A, B> operator<=(A&& a, B&& b) { return _::apply<_::LessEqual>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Less, _::attr<>, B, A> operator>(A&& a, B&& b) { return _::apply<_::Less>(static_cast<B&&>(b), static_cast<A&&>(a)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::LessEqual, _::attr<>, B, A> operator>=(A&& a, B&& b) { return _::apply<_::LessEqual>(static_cast<B&&>(b), static_cast<A&&>(a)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::LogicalAnd, _::attr<>, A, B> operator&&(A&& a, B&& b) { return _::apply<_::LogicalAnd>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::LogicalOr, _::attr<>, A, B> operator||(A&& a, B&& b) { return _::apply<_::LogicalOr>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::LogicalXor, _::attr<>, A, B> operator^(A&& a, B&& b) { return _::apply<_::LogicalXor>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <operand X>
constexpr _::applied<_::LogicalNot, _::attr<>, X> operator!(X&& x) { return _::apply<_::LogicalNot>(static_cast<X&&>(x)); }

// condition ? a : b, element by element; both sides are evaluated. a and b broadcast with the condition.
template <class M, class A, class B>
    requires _::operands<M, A, B>
constexpr _::applied<_::Where, _::attr<>, M, A, B> where(M&& m, A&& a, B&& b) {
    return _::apply<_::Where>(static_cast<M&&>(m), static_cast<A&&>(a), static_cast<B&&>(b));
}
template <operand X>
constexpr _::applied<_::StopGradient, _::attr<>, X> stop_gradient(X&& x) { return _::apply<_::StopGradient>(static_cast<X&&>(x)); }
// The same values in another dtype: cast<double>(x). Floats to integers truncate, saturate, and NaN gives 0.
template <element To, operand X>
constexpr _::applied<_::Cast, _::attr<static_cast<std::int64_t>(dtype_of<To>)>, X> cast(X&& x) { return _::apply<_::Cast, _::attr<static_cast<std::int64_t>(dtype_of<To>)>>(static_cast<X&&>(x)); }

}  // namespace etta
