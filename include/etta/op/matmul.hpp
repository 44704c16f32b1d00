// matmul.hpp: the matrix product, batched, with either side transposed (a view), and with vectors (NumPy's rules). Its
// kernel is a GEMM that takes the element-wise chain behind it as epilogue.
#pragma once

#include "reduce.hpp"

namespace etta {
namespace _ {

constexpr int product_outside(builder& g, int a, int b);  // op/loop.hpp: a product that no loop has to repeat, or -1
constexpr int sum_of_products(builder& g, int a, int b);

// A network called for one sample after another reads its matrices column by column; small ones are kept transposed.
constexpr int kept_transposed(builder& g, int b) {
    const node n = g.of(b);
    if (n.op->id != declare_op<Permute>::id || g.extents_of(b).rank != 2) return b;
    const node w = g.of(g.arg(n, 0));
    const shape s = g.extents_of(b);
    if (w.op->kind != op_kind::input || g.attr(w, 0) != static_cast<std::int64_t>(storage::parameter) || !s.is_static() || s[0].code * s[1].code > 1 << 14 || s[1].is(1)) return b;
    const int parameter = static_cast<int>(g.attr(w, 1));
    for (int i = 0; i < g.memory.size; ++i)
        if (g.transposed[i] == parameter) return g.memory[i];
    const int v = g.input(storage::argument, 2 + 2 * g.memory.size, g.type_of(b), s);
    g.memory.push(v), g.next_memory.push(-1), g.transposed.push(parameter);
    return v;
}

struct Contract {  // [batch…, M, K] x [batch…, K, N] with equal batch axes, or [rows…, K] x [K, N]
    static constexpr const char* name = "matmul";
    static constexpr const char* onnx = "MatMul";
    static constexpr op_kind kind = op_kind::contraction;
    static constexpr bool cheap = false;

    static constexpr int add(builder& g, int a, int b) {
        if (g.loops.size > 0) {
            const int outside = product_outside(g, a, b);
            if (outside >= 0) return outside;
        }
        if (g.streaming) {
            if (g.extents_of(a)[-1].is(1)) return (var{&g, a} * var{&g, b}).id;  // joins the kernel behind it
            b = kept_transposed(g, b);
        }
        shape s = g.extents_of(a);
        s[-1] = g.extents_of(b)[-1];
        const int ids[2] = {in_memory(g, a), in_memory(g, b)};
        return g.add(&info_of<Contract>::value, ids, 2, nullptr, 0, g.type_of(a), s);
    }
    static constexpr int swapped(builder& g, int v) { return Transpose::body(var{&g, v}, nullptr, 0).id; }
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const int a = g.arg(n, 0), b = g.arg(n, 1), y = c.cotangents[0];
        c.out[0] = add(g, y, swapped(g, b));
        const shape& sa = g.extents_of(a);
        if (g.extents_of(b).rank == sa.rank) {
            c.out[1] = add(g, swapped(g, a), y);
        } else if (sa.rank == 3 && !whole_rows(g, a, y)) {
            c.out[1] = sum_of_products(g, swapped(g, a), y);
        } else {  // one product over all rows
            extent rows(1);
            int batch = 0;
            for (int i = 0; i + 1 < sa.rank; ++i) {
                const extent e = sa.at[i];
                if (!e.is_static() && g.symbols[e.symbol()].bound > 0) batch = i;
                rows = rows.is_static() ? e.times(rows.code) : rows.times(e.is_static() ? e.code : 0);
            }
            const extent k = sa[-1], m = g.extents_of(y)[-1];
            c.out[1] = add(g, swapped(g, reshape_to(g, with_first(g, a, batch), shape(rows, k))), reshape_to(g, with_first(g, y, batch), shape(rows, m)));
        }
    }
    // That axis in front: only a first axis whose extent is bounded can be joined with others.
    static constexpr int with_first(builder& g, int v, int axis) {
        if (axis == 0) return v;
        std::int64_t order[max_rank] = {axis};
        for (int i = 1; i < g.extents_of(v).rank; ++i) order[i] = i <= axis ? i - 1 : i;
        return Permute::add(g, v, order);
    }
    // Do the rows of both lie one after the other?
    static constexpr bool whole_rows(const builder& g, int a, int y) {
        const shape s = g.extents_of(a);
        return lies_whole(g, a) && lies_whole(g, y) && (s.at[1].is_static() || s.at[0].is(1));
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const int a = g.arg(n, 0), b = g.arg(n, 1);
        const int left = c.tangents[0] < 0 ? -1 : add(g, c.tangents[0], b);
        const int right = c.tangents[1] < 0 ? -1 : add(g, a, c.tangents[1]);
        c.out[0] = left < 0 ? right : right < 0 ? left : (var{&g, left} + var{&g, right}).id;
    }
};

// The sum over the first axis of products: [S, M, K] x [S, K, N] -> [M, N]. One pass, as if K were S times as long.
struct ContractTerms {
    static constexpr const char* name = "sum_of_products";
    static constexpr op_kind kind = op_kind::contraction;
    static constexpr bool cheap = false;

    static constexpr int add(builder& g, int a, int b) {
        const shape sa = g.extents_of(a);
        const int ids[2] = {in_memory(g, a), in_memory(g, b)};
        return g.add(&info_of<ContractTerms>::value, ids, 2, nullptr, 0, g.type_of(a), shape(sa[1], g.extents_of(b)[2]));
    }
    static constexpr int repeated(builder& g, int y, extent terms) {
        const shape s = g.extents_of(y);
        return expand_to(g, y, shape(terms, s[0], s[1]));
    }
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const int a = g.arg(n, 0), b = g.arg(n, 1), y = repeated(g, c.cotangents[0], g.extents_of(a)[0]);
        c.out[0] = Contract::add(g, y, Contract::swapped(g, b));
        c.out[1] = Contract::add(g, Contract::swapped(g, a), y);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const int left = c.tangents[0] < 0 ? -1 : add(g, c.tangents[0], g.arg(n, 1));
        const int right = c.tangents[1] < 0 ? -1 : add(g, g.arg(n, 0), c.tangents[1]);
        c.out[0] = left < 0 ? right : right < 0 ? left : add_values(g, left, right);
    }
};
constexpr int sum_of_products(builder& g, int a, int b) { return ContractTerms::add(g, a, b); }

constexpr int transposed_product(builder& g, int v) {
    if (g.is<ContractTerms>(v)) return ContractTerms::add(g, Contract::swapped(g, g.arg(g.of(v), 1)), Contract::swapped(g, g.arg(g.of(v), 0)));
    if (!g.is<Contract>(v)) return -1;
    const node n = g.of(v);
    const int a = g.arg(n, 0), b = g.arg(n, 1);
    if (g.extents_of(a).rank != g.extents_of(b).rank) return -1;
    return Contract::add(g, Contract::swapped(g, b), Contract::swapped(g, a));
}

struct Matmul : CompositeOp<Matmul> {
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t*, int) {
        builder& g = *a.g;
        const dtype t = strongest(a.type(), b.type());
        if (t == dtype::none || a.rank() == 0 || b.rank() == 0) {
            g.blame(t == dtype::none ? mistake::dtypes : mistake::rank, "matmul", a.extents(), b.extents(), a.type(), b.type());
            return a;
        }
        a.id = cast_to(g, a.id, t), b.id = cast_to(g, b.id, t);
        const bool row = a.rank() == 1, column = b.rank() == 1;
        const std::int64_t zero = 0, one = 1;
        if (row) a = Unsqueeze::body(a, &zero, 1);
        if (column) b = Unsqueeze::body(b, &one, 1);
        shape sa = a.extents(), sb = b.extents();
        if (!g.unify(sa[-1], sb[-2])) {
            g.blame(mistake::inner_extents, "matmul", shape(sa[-1]), shape(sb[-2]));
            return a;
        }
        var y;
        if (sb.rank == 2) {
            y = {&g, Contract::add(g, a.id, b.id)};
        } else {
            shape ba = sa, bb = sb;
            ba.rank -= 2, bb.rank -= 2;
            shape batch = broadcast_shapes(ba, bb);
            if (batch.rank < 0) {
                g.blame(mistake::broadcast, "matmul", sa, sb);
                return a;
            }
            shape ta = batch, tb = batch;
            ta.push(sa[-2]), ta.push(sa[-1]), tb.push(sb[-2]), tb.push(sb[-1]);
            y = {&g, Contract::add(g, expand_to(g, a.id, ta), expand_to(g, b.id, tb))};
        }
        if (column) {
            const std::int64_t last = -1;
            y = Squeeze::body(y, &last, 1);
        }
        if (row) {
            const std::int64_t at = column ? -1 : -2;
            y = Squeeze::body(y, &at, 1);
        }
        return y;
    }
};

}  // namespace _

// The matrix product: [M, K] x [K, N] -> [M, N]; leading axes are a batch and broadcast; a vector is a row on the left, a
// column on the right. O(M N K).
template <class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::Matmul, _::attr<>, A, B> matmul(A&& a, B&& b) { return _::apply<_::Matmul>(static_cast<A&&>(a), static_cast<B&&>(b)); }

}  // namespace etta
