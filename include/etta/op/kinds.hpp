// kinds.hpp: what ops have in common, one base per kind. An op is a struct that derives from one of these and adds its
// name, its value on lanes and its derivative; nothing else in the library has to know it.
#pragma once

#include "../ir/var.hpp"

namespace etta {

// Cotangents of an op of several operands, one each; var{} where there is none.
template <int N>
struct grads {
    var of[N];
    constexpr const var& operator[](int i) const { return of[i]; }
};
grads(var, var) -> grads<2>;
grads(var, var, var) -> grads<3>;

namespace _ {

// Views are ops too, but every kind needs expand (broadcasting) and cast: declared here, defined in op/view.hpp.
// Shapes by value: a reference into the Graph would dangle as soon as it grows.
constexpr int expand_to(builder& g, int v, shape to);
constexpr int cast_to(builder& g, int v, dtype to);
constexpr int add_values(builder& g, int a, int b);
constexpr int reshape_to(builder& g, int v, shape to);
constexpr int reshaped_from(const builder& g, int v);  // what a reshape (of more than ones) reshapes, or -1

// The same with one axis more in front: a batch, or the steps of a loop.
constexpr shape with_leading(extent n, const shape& s) {
    shape r;
    r.push(n);
    for (int i = 0; i < s.rank; ++i) r.push(s.at[i]);
    return r;
}

constexpr dtype result_of(result_type rule, dtype t) {
    switch (rule) {
        case result_type::same: return t;
        case result_type::floating: return is_floating(t) ? t : dtype::f32;
        case result_type::boolean: return dtype::boolean;
        case result_type::index: return dtype::i64;
    }
    return t;
}

// Promotes and broadcasts the operands of an element-wise op, then adds it. `first`: operands before it keep their
// dtype (the condition of where).
constexpr int add_elementwise(builder& g, const op_info& op, const int* operands, int n, const std::int64_t* attrs,
                              int n_attrs, int first = 0) {
    int ids[4] = {};
    dtype t = dtype::none;
    shape s;
    for (int i = 0; i < n; ++i) {
        ids[i] = operands[i];
        if (ids[i] < 0) return -1;
        if (i >= first) {
            const dtype u = g.type_of(ids[i]), p = strongest(t, u);
            if (p == dtype::none) {
                g.blame(mistake::dtypes, op.name.text, {}, {}, t, u);
                return ids[i];
            }
            t = p;
        }
        const shape& e = g.extents_of(ids[i]);
        if (i == 0) {
            s = e;
        } else if (!(s == e)) {
            shape a = s, b = e;  // dyn extents that meet are the same extent
            for (int k = 1; k <= a.rank && k <= b.rank; ++k) {
                const extent x = g.resolve(a[-k]), y = g.resolve(b[-k]);
                if (!x.is(1) && !y.is(1)) g.unify(x, y);
                a[-k] = g.resolve(x), b[-k] = g.resolve(y);
            }
            const shape joint = broadcast_shapes(a, b);
            if (joint.rank < 0) {
                g.blame(mistake::broadcast, op.name.text, a, b);
                return ids[0];
            }
            s = joint;
        }
    }
    if (op.result == result_type::floating && !is_floating(t)) t = dtype::f32;
    for (int i = 0; i < n; ++i) {
        if (i >= first) ids[i] = cast_to(g, ids[i], t);
        ids[i] = expand_to(g, ids[i], s);
    }
    if (op.has_simplify && n_attrs == 0) {
        const int simpler = op.simplify(g, ids);
        if (simpler >= 0) return simpler;
    }
    return g.add(&op, ids, n, attrs, n_attrs, result_of(op.result, t), s);
}
// A function of one operand commutes with reshape; before it, it can join the kernel that makes the operand.
constexpr int trace_elementwise(builder& g, const op_info& op, const int* ids, int n, const std::int64_t* attrs, int n_attrs, int first) {
    const int inner = n == 1 && ids[0] >= 0 ? reshaped_from(g, ids[0]) : -1;
    if (inner < 0) return add_elementwise(g, op, ids, n, attrs, n_attrs, first);
    const shape to = g.extents_of(ids[0]);
    return reshape_to(g, trace_elementwise(g, op, &inner, 1, attrs, n_attrs, first), to);
}

// An op's rules, called: an element-wise one's follow from its partial products, for its Jacobian is its own transpose.
constexpr void call_vjp(const rule_call& c) {
    const node n = c.g->nodes[c.node];
    if (!n.op->has_partials) return n.op->vjp(c);
    int x[3] = {};
    for (int i = 0; i < n.n_args; ++i) x[i] = c.g->arg(n, i);
    n.op->partials(*c.g, x, n.results, c.cotangents[0], c.out);
}
constexpr void call_jvp(const rule_call& c) {
    const node n = c.g->nodes[c.node];
    if (!n.op->has_partials) return n.op->jvp(c);
    int x[3] = {}, sum = -1;
    for (int i = 0; i < n.n_args; ++i) x[i] = c.g->arg(n, i);
    for (int i = 0; i < n.n_args; ++i) {
        if (c.tangents[i] < 0) continue;
        int products[3] = {-1, -1, -1};
        n.op->partials(*c.g, x, n.results, c.tangents[i], products);
        sum = sum < 0 ? products[i] : products[i] < 0 ? sum : add_values(*c.g, sum, products[i]);
    }
    c.out[0] = sum;
}

}  // namespace _

// An op that maps elements to elements. Derive from it, giving
//   name, eval(lanes…) and, if differentiable, vjp(operands…, result, cotangent) in terms of op functions.
// With several operands set `operands` and return grads{…}. The JVP follows: an element-wise Jacobian is its transpose.
template <class Op>
struct ElementwiseOp {
    static constexpr _::op_kind kind = _::op_kind::elementwise;
    static constexpr _::result_type result = _::result_type::floating;
    static constexpr int operands = 1;

    static constexpr int trace(_::builder& g, const int* ids, int n, const std::int64_t* attrs, int n_attrs) {
        return _::trace_elementwise(g, _::info_of<Op>::value, ids, n, attrs, n_attrs, Op::first_promoted);
    }
    static constexpr int first_promoted = 0;
    static constexpr bool differentiable = true;

    // g times the derivative by each operand. The one function that is instantiated for each op: both sweeps use it.
    static constexpr void partials(_::builder& b, const int* x, int y, int cotangent, int* products) {
        if constexpr (Op::differentiable) {
            const var r{&b, y}, g{&b, cotangent};
            if constexpr (Op::operands == 1) {
                products[0] = Op::vjp(var{&b, x[0]}, r, g).id;
            } else if constexpr (Op::operands == 2) {
                const grads<2> p = Op::vjp(var{&b, x[0]}, var{&b, x[1]}, r, g);
                products[0] = p[0].id, products[1] = p[1].id;
            } else {
                const grads<3> p = Op::vjp(var{&b, x[0]}, var{&b, x[1]}, var{&b, x[2]}, r, g);
                products[0] = p[0].id, products[1] = p[1].id, products[2] = p[2].id;
            }
        }
    }
};

// Element-wise with a truth value as result; no derivative.
template <class Op>
struct PredicateOp : ElementwiseOp<Op> {
    static constexpr _::result_type result = _::result_type::boolean;
    static constexpr bool differentiable = false;
    static constexpr int operands = 2;
};

// A function of other ops: traced through, so it has no node, no kernel and no derivative of its own. For tensors it
// keeps expressions small: `softmax(softmax(x))` names each level once.
// Give it: static constexpr var body(var…, const std::int64_t* attrs).
template <class Op>
struct CompositeOp {
    static constexpr int trace(_::builder& g, const int* ids, int n, const std::int64_t* attrs, int n_attrs) {
        for (int i = 0; i < n; ++i)
            if (ids[i] < 0) return -1;
        if constexpr (requires { Op::operands; }) {
            if constexpr (Op::operands == 3) return Op::body(var{&g, ids[0]}, var{&g, ids[1]}, var{&g, ids[2]}, attrs, n_attrs).id;
            else if constexpr (Op::operands == 2) return Op::body(var{&g, ids[0]}, var{&g, ids[1]}, attrs, n_attrs).id;
            else return Op::body(var{&g, ids[0]}, attrs, n_attrs).id;
        } else {
            return Op::body(var{&g, ids[0]}, attrs, n_attrs).id;
        }
    }
};

// A user's op as a function object: `inline constexpr auto swish = etta::op<Swish>;`
template <class Op>
struct op_function {
    template <class... X>
        requires _::operands<X...>
    constexpr _::applied<Op, _::attr<>, X...> operator()(X&&... x) const {
        return _::apply<Op>(static_cast<X&&>(x)...);
    }
};
template <class Op>
inline constexpr op_function<Op> op{};

}  // namespace etta
