// scan.hpp: running sums and products along an axis, and the linear recurrence that they and their derivatives are cases of:
// s_i = a_i s_{i-1} + b_i. One sequential pass per line; lines are shared among threads.
#pragma once

#include "index.hpp"

namespace etta {
namespace _ {

// Attributes: axis, whether it runs from the end.
struct cumsum_rules {
    static constexpr const char* name = "cumsum";
    static constexpr const char* onnx = "CumSum";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int add(builder& g, int x, int axis, bool reverse);
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[0] = add(*c.g, c.cotangents[0], static_cast<int>(c.g->attr(n, 0)), c.g->attr(n, 1) == 0);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[0] >= 0) c.out[0] = add(*c.g, c.tangents[0], static_cast<int>(c.g->attr(n, 0)), c.g->attr(n, 1) != 0);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool*, int* results) {
        results[0] = add(g, operands[0], static_cast<int>(g.attr(g.nodes[id], 0)) + 1, g.attr(g.nodes[id], 1) != 0);
    }
};
template <class T>
struct Cumsum : cumsum_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand x = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        const int axis = static_cast<int>(w[0]), last = y.rank - 1;
        const index n = y.extent[axis], from = w[1] != 0 ? n - 1 : 0, step = w[1] != 0 ? -1 : 1;
        for_lines(y, axis, ctx, [&](const index* at, index lines) {
            T sum[line_block] = {};
            const T* in = reinterpret_cast<const T*>(x.data) + x.offset(at) + from * x.stride[axis];
            T* out = reinterpret_cast<T*>(y.data) + y.offset(at) + from * y.stride[axis];
            for (index k = 0; k < n; ++k, in += step * x.stride[axis], out += step * y.stride[axis])
                for (index i = 0; i < lines; ++i) out[i] = sum[i] = sum[i] + in[i * x.stride[last]];
        });
    }
};
constexpr int cumsum_rules::add(builder& g, int x, int axis, bool reverse) {
    const std::int64_t a[2] = {axis, reverse};
    return add_library(g, info_for_arithmetic<Cumsum>(g.type_of(x)), &x, 1, a, 2, g.type_of(x), g.extents_of(x));
}

// Attributes: axis, transposed. Forward: s_i = a_i s_{i-1} + b_i; its transpose, which runs from the end:
// r_i = a_{i+1} r_{i+1} + b_i. Each is what the other's derivative needs. Integers are not taken.
struct scan_rules {
    static constexpr const char* name = "linear_scan";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 2;
    static constexpr int add(builder& g, int a, int b, int axis, bool transposed);
    // The neighbour's value along the axis (before: i - 1, after: i + 1), 0 beyond the ends.
    static constexpr var neighbour(var x, int axis, int offset) {
        const var at = Iota::like(x, axis) + offset;
        return {x.g, Gather::add(*x.g, x.id, at.id, axis, false, false)};
    }
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const int axis = static_cast<int>(g.attr(n, 0));
        const bool transposed = g.attr(n, 1) != 0;
        const var y{&g, n.results}, b{&g, add(g, g.arg(n, 0), c.cotangents[0], axis, !transposed)};
        c.out[0] = (transposed ? neighbour(b, axis, -1) * y : b * neighbour(y, axis, -1)).id;
        c.out[1] = b.id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const int axis = static_cast<int>(g.attr(n, 0));
        const bool transposed = g.attr(n, 1) != 0;
        const var y{&g, n.results};
        int t = c.tangents[1];
        if (c.tangents[0] >= 0) {
            const var d{&g, c.tangents[0]};
            const int term = (transposed ? neighbour(d * y, axis, 1) : d * neighbour(y, axis, -1)).id;
            t = t < 0 ? term : add_values(g, t, term);
        }
        if (t >= 0) c.out[0] = add(g, g.arg(n, 0), t, axis, transposed);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
        const node n = g.nodes[id];
        int a = operands[0], b = operands[1];
        const extent size = g.extents_of(batched[0] ? a : b)[0];
        if (!batched[0]) a = expand_to(g, a, with_leading(size, g.extents_of(a)));
        if (!batched[1]) b = expand_to(g, b, with_leading(size, g.extents_of(b)));
        results[0] = add(g, a, b, static_cast<int>(g.attr(n, 0)) + 1, g.attr(n, 1) != 0);
    }
};
template <class T>
struct LinearScan : scan_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(w, ctx), b = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        const int axis = static_cast<int>(w[0]), last = y.rank - 1;
        const bool transposed = w[1] != 0;
        const index n = y.extent[axis], from = transposed ? n - 1 : 0, step = transposed ? -1 : 1;
        for_lines(y, axis, ctx, [&](const index* at, index lines) {
            T carry[line_block] = {};
            const T* p = reinterpret_cast<const T*>(a.data) + a.offset(at) + from * a.stride[axis];
            const T* q = reinterpret_cast<const T*>(b.data) + b.offset(at) + from * b.stride[axis];
            T* out = reinterpret_cast<T*>(y.data) + y.offset(at) + from * y.stride[axis];
            for (index k = 0; k < n; ++k) {
                for (index i = 0; i < lines; ++i) {
                    const T x = p[i * a.stride[last]], z = q[i * b.stride[last]];
                    if (transposed) carry[i] = x * (out[i] = carry[i] + z);
                    else out[i] = carry[i] = x * carry[i] + z;
                }
                p += step * a.stride[axis], q += step * b.stride[axis], out += step * y.stride[axis];
            }
        });
    }
};
constexpr int scan_rules::add(builder& g, int a, int b, int axis, bool transposed) {
    const std::int64_t t[2] = {axis, transposed};
    const int ids[2] = {a, b};
    return add_library(g, g.type_of(a) == dtype::f64 ? &info_of<LinearScan<double>>::value : &info_of<LinearScan<float>>::value, ids, 2, t, 2, g.type_of(a), g.extents_of(a));
}

struct CumsumAlong : CompositeOp<CumsumAlong> {  // attribute: the axis
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        const int axis = axis_of(g, a[0], x.rank(), "cumsum");
        if (!is_floating(x.type())) x.id = cast_to(g, x.id, dtype::i64);
        return x.rank() == 0 ? x : var{&g, cumsum_rules::add(g, x.id, axis, false)};
    }
};
// The recurrence whose b is the first element, then zeros: exact, as are its derivatives, where x is 0.
struct CumprodAlong : CompositeOp<CumprodAlong> {
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        const int axis = axis_of(g, a[0], x.rank(), "cumprod");
        x = as_floating(x);
        if (x.rank() == 0) return x;
        return {&g, scan_rules::add(g, x.id, where(Iota::like(x, axis) == 0, x, 0).id, axis, false)};
    }
};
struct LinearScanAlong : CompositeOp<LinearScanAlong> {
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t* t, int) {
        builder& g = *a.g;
        const dtype type = strongest(a.type(), b.type());
        const shape s = broadcast_shapes(a.extents(), b.extents());
        if (type == dtype::none || s.rank <= 0) {
            g.blame(type == dtype::none ? mistake::dtypes : mistake::broadcast, "linear_scan", a.extents(), b.extents(), a.type(), b.type());
            return a;
        }
        const dtype f = is_floating(type) ? type : dtype::f32;
        const int axis = axis_of(g, t[0], s.rank, "linear_scan");
        return {&g, scan_rules::add(g, expand_to(g, cast_to(g, a.id, f), s), expand_to(g, cast_to(g, b.id, f), s), axis, false)};
    }
};

}  // namespace _

// y_i = x_0 + … + x_i along an axis. Integers sum in 64 bits.
template <int Axis = -1, operand X>
constexpr _::applied<_::CumsumAlong, _::attr<Axis>, X> cumsum(X&& x) { return _::apply<_::CumsumAlong, _::attr<Axis>>(static_cast<X&&>(x)); }
// y_i = x_0 * … * x_i along an axis. Integers give float.
template <int Axis = -1, operand X>
constexpr _::applied<_::CumprodAlong, _::attr<Axis>, X> cumprod(X&& x) { return _::apply<_::CumprodAlong, _::attr<Axis>>(static_cast<X&&>(x)); }
// s_i = a_i s_{i-1} + b_i along an axis, s_{-1} = 0: exponential averages, state space models.
template <int Axis = -1, class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::LinearScanAlong, _::attr<Axis>, A, B> linear_scan(A&& a, B&& b) { return _::apply<_::LinearScanAlong, _::attr<Axis>>(static_cast<A&&>(a), static_cast<B&&>(b)); }

}  // namespace etta
