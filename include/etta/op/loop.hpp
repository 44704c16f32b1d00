// loop.hpp: how values enter and leave a loop's body. A body is traced once, into the same Graph, and is whatever depends
// on the nodes of this file that stand for a step: its number, an element of a sequence, what is carried. What depends on
// none of them is computed once, outside. Results are nodes too (all steps' values, the last carry, all carries), so that a
// derivative adds carries and results to a loop that is there already instead of making another.
#pragma once

#include "matmul.hpp"
#include "place.hpp"

namespace etta::_ {

struct loop_op {
    static constexpr op_kind kind = op_kind::loop;
    static constexpr int flops = 0;
};
// Inside. Attributes: the loop; of a carry also its number.
struct LoopStep : loop_op {  // the step's number, i64: the position along the sequences, also in reverse
    static constexpr const char* name = "step";
    static constexpr bool differentiable = false;
};
struct LoopSlice : loop_op {  // a sequence's element at this step: its first axis is the steps
    static constexpr const char* name = "at_step";
};
struct LoopCarry : loop_op {  // operand: what it starts with
    static constexpr const char* name = "carry";
};
// Outside. Attributes: the loop; of a carry also its number.
struct LoopStack : loop_op {  // a value of the body at every step: [steps, …]
    static constexpr const char* name = "all_steps";
};
struct LoopLast : loop_op {  // operand: the carry; what it ends with
    static constexpr const char* name = "last_carry";
};
struct LoopHistory : loop_op {  // operand: the carry; [steps + 1, …]: what it starts with, then after each step; in reverse from the end
    static constexpr const char* name = "all_carries";
};

constexpr extent plus(extent e, index n) { return e.is_static() ? extent(e.code + n) : extent::of_symbol(e.symbol(), e.coefficient(), e.constant() + n); }
constexpr shape without_first(const shape& s) {
    shape r;
    for (int i = 1; i < s.rank; ++i) r.push(s.at[i]);
    return r;
}
constexpr int loop_of(const builder& g, int v) { return g.of(v).loop; }
// Is region r (a loop, or -1) loop l or inside of it?
constexpr bool inside(const builder& g, int r, int l) {
    while (r > l) r = g.loops[r].parent;
    return r == l;
}

constexpr int open_loop(builder& g, int parent, extent length, bool reverse) { return g.loops.push({parent, length, reverse}); }
constexpr int add_loop_node(builder& g, const op_info* op, int operand, int loop, std::int64_t number, int region, dtype t, const shape& s) {
    const std::int64_t a[2] = {loop, number};
    const int v = g.add(op, &operand, operand < 0 ? 0 : 1, a, 2, t, s);
    node& n = g.nodes[g.values[v].node];
    n.loop = region;
    n.carried = region == loop ? op->id == declare_op<LoopCarry>::id : region >= 0;
    return v;
}
constexpr int step_of(builder& g, int loop) { return add_loop_node(g, &info_of<LoopStep>::value, -1, loop, 0, loop, dtype::i64, shape{}); }
constexpr int at_step(builder& g, int loop, int sequence) {
    return add_loop_node(g, &info_of<LoopSlice>::value, sequence, loop, 0, loop, g.type_of(sequence), without_first(g.extents_of(sequence)));
}
// A new carry; its number. Its value inside is carries[number].in; the caller sets .next.
constexpr int add_carry(builder& g, int loop, int start) {
    int r = start;
    while (g.is<Reshape>(r)) r = g.arg(g.of(r), 0);
    const op_kind kind = g.of(r).op->kind;
    if (kind == op_kind::view || kind == op_kind::literal || (kind == op_kind::loop && !lies_whole(g, r))) start = copied(g, start);  // kernels see a carry as whole
    const int k = g.carries.size;
    const shape s = g.extents_of(start);
    return g.carries.push({loop, add_loop_node(g, &info_of<LoopCarry>::value, start, loop, k, loop, g.type_of(start), s), -1});
}
constexpr int start_of(const builder& g, int carry) { return g.arg(g.of(g.carries[carry].in), 0); }
constexpr int last_of(builder& g, int carry) {
    const carry_record c = g.carries[carry];
    const shape s = g.extents_of(c.in);
    return add_loop_node(g, &info_of<LoopLast>::value, c.in, c.loop, carry, g.loops[c.loop].parent, g.type_of(c.in), s);
}
// A carry at every step: as the steps start with it, or as they leave it.
constexpr int history_of(builder& g, int carry, bool after) {
    const carry_record c = g.carries[carry];
    const loop_record l = g.loops[c.loop];
    const shape s = g.extents_of(c.in);
    if (!l.length.is_static()) {  // no constant says which elements of the history these are
        const int v = after ? c.next : c.in;
        return g.of(v).loop == c.loop ? add_loop_node(g, &info_of<LoopStack>::value, v, c.loop, 0, l.parent, g.type_of(v), with_leading(l.length, s)) : expand_to(g, v, with_leading(l.length, s));
    }
    const int all = add_loop_node(g, &info_of<LoopHistory>::value, c.in, c.loop, carry, l.parent, g.type_of(c.in), with_leading(plus(l.length, 1), s));
    std::int64_t from[2 * max_rank] = {};
    for (int i = 0; i <= s.rank; ++i) from[2 * i + 1] = 1;
    from[0] = after != l.reverse;
    return Slice::add(g, all, from, with_leading(l.length, s));
}

constexpr bool used_inside(const builder& g, int loop, int v) {
    for (int i = g.values[v].node + 1; i < g.nodes.size; ++i) {
        const node& n = g.nodes[i];
        for (int k = 0; k < n.n_args && inside(g, n.loop, loop); ++k)
            if (g.arg(n, k) == v) return true;
    }
    return false;
}

// The value of v at all steps. O(nodes of the loop).
constexpr int stacked(builder& g, int loop, int v) {
    const node n = g.of(v);
    const loop_record l = g.loops[loop];
    const shape s = g.extents_of(v);
    if (n.loop != loop) return expand_to(g, v, with_leading(l.length, s));
    if (g.is<LoopSlice>(v)) return g.arg(n, 0);
    for (int k = 0; k < g.carries.size; ++k) {
        if (g.carries[k].loop != loop) continue;
        if (g.carries[k].in == v) return history_of(g, k, false);
        if (g.carries[k].next == v) return history_of(g, k, true);
    }
    // A product with a matrix that is the same at every step is one product over all of them, if no step needs its own.
    if (g.is<Contract>(v) && !used_inside(g, loop, v) && g.extents_of(g.arg(n, 1)).rank == 2 && loop_of(g, g.arg(n, 1)) != loop && s.rank < max_rank)
        return Contract::add(g, stacked(g, loop, g.arg(n, 0)), g.arg(n, 1));
    return add_loop_node(g, &info_of<LoopStack>::value, v, loop, 0, l.parent, g.type_of(v), with_leading(l.length, s));
}

// The values of v at all steps where it depends on no carry, computed outside of the loop; -1 if it is not of that kind.
constexpr int hoisted(builder& g, int loop, int v) {
    const node n = g.of(v);
    if (n.loop != loop || n.carried) return -1;
    if (g.is<LoopSlice>(v)) return g.arg(n, 0);
    if (n.op->kind != op_kind::elementwise) return -1;
    int args[4] = {};
    const shape s = with_leading(g.loops[loop].length, g.extents_of(v));
    for (int k = 0; k < n.n_args; ++k) {
        const int a = g.arg(n, k);
        args[k] = loop_of(g, a) == loop ? hoisted(g, loop, a) : expand_to(g, a, s);
        if (args[k] < 0) return -1;
    }
    std::int64_t t[2 * max_rank] = {};
    for (int k = 0; k < n.n_attrs; ++k) t[k] = g.attr(n, k);
    return g.add(n.op, args, n.n_args, t, n.n_attrs, g.type_of(v), s);
}
constexpr int product_outside(builder& g, int a, int b) {
    const int loop = loop_of(g, a);
    if (loop < 0 || g.extents_of(b).rank != 2 || loop_of(g, b) == loop || g.extents_of(a).rank == max_rank) return -1;
    const int all = hoisted(g, loop, a);
    return all < 0 ? -1 : at_step(g, loop, Contract::add(g, all, b));
}

// The sum of v over all steps: outside if that is linear algebra, else by a carry.
constexpr int sum_of_steps(builder& g, int loop, int v) {
    const node n = g.of(v);
    const extent length = g.loops[loop].length;
    const shape s = g.extents_of(v);
    if (n.loop != loop) return (var{&g, v} * var{&g, g.extent_literal(length, g.type_of(v))}).id;
    if (g.is<Add>(v)) {
        const int a = sum_of_steps(g, loop, g.arg(n, 0));
        return add_values(g, a, sum_of_steps(g, loop, g.arg(n, 1)));
    }
    if (g.is<Permute>(v)) {
        std::int64_t order[max_rank] = {};
        for (int k = 0; k < n.n_attrs; ++k) order[k] = g.attr(n, k);
        return Permute::add(g, sum_of_steps(g, loop, g.arg(n, 0)), order);
    }
    if (g.is<Reshape>(v)) return reshape_to(g, sum_of_steps(g, loop, g.arg(n, 0)), s);
    if (g.is<Contract>(v) && s.rank == 2 && g.extents_of(g.arg(n, 1)).rank == 2) {
        const int left = stacked(g, loop, Contract::swapped(g, g.arg(n, 0)));
        return ContractTerms::add(g, Contract::swapped(g, left), stacked(g, loop, g.arg(n, 1)));
    }
    const int carry = add_carry(g, loop, expand_to(g, g.literal(0, g.type_of(v)), s));
    g.carries[carry].next = add_values(g, g.carries[carry].in, v);
    return last_of(g, carry);
}

}  // namespace etta::_
