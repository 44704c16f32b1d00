// batch.hpp: the third transformation, vmap: a stretch of nodes that was traced on one sample becomes the same stretch on
// a batch, with the batch as the first axis of whatever depends on it. Rules go by kind; library ops bring their own.
#pragma once

#include "sweep.hpp"

namespace etta::_ {

constexpr void batch_loop(builder& g, int loop, extent n, vec<int>& mapped);

// Appends batched versions of the units in `order` that depend on a mapped value. mapped[v]: the batched value of v, or -1
// where v is the same for every sample. O(nodes).
constexpr void batch_units(builder& g, const vec<int>& order, extent n, vec<int>& mapped) {
    for (const int i : order) {
        if (i < 0) {
            batch_loop(g, loop_of_unit(i), n, mapped);
            continue;
        }
        const node m = g.nodes[i];
        if (m.op->kind == op_kind::loop) continue;
        while (mapped.size < g.values.size) mapped.push(-1);
        if (mapped[m.results] >= 0) continue;
        bool any = false;
        constexpr int most = most_parts + 1;  // operands: attention's derivative has nine
        int args[most] = {};
        bool batched[most] = {};
        for (int k = 0; k < m.n_args && k < most; ++k) {
            const int a = g.arg(m, k);
            batched[k] = mapped[a] >= 0;
            args[k] = batched[k] ? mapped[a] : a;
            any = any || batched[k];
        }
        if (!any) continue;
        const shape out = with_leading(n, g.extents_of(m.results));
        const dtype t = g.type_of(m.results);
        vec<std::int64_t> attrs;
        for (int k = 0; k < m.n_attrs; ++k) attrs.push(g.attr(m, k));
        int r = -1, more[4] = {-1, -1, -1, -1};  // more: a library op's results
        const auto whole = [&](int k) constexpr {  // operand k with the batch axis
            const int a = args[k];
            return batched[k] ? a : expand_to(g, a, with_leading(n, g.extents_of(a)));
        };
        switch (m.op->kind) {
            case op_kind::elementwise: {
                int ids[4] = {};
                for (int k = 0; k < m.n_args; ++k) ids[k] = whole(k);
                r = g.add(m.op, ids, m.n_args, attrs.data, m.n_attrs, t, out);
                break;
            }
            case op_kind::reduce: {
                const std::int64_t axes = attrs[0] << 1;
                r = g.add(m.op, args, 1, &axes, 1, t, out);
                break;
            }
            case op_kind::view:
                if (m.op->id == declare_op<Expand>::id) {  // leading new axes stand between the batch and the rest
                    const shape& in = g.extents_of(g.arg(m, 0));
                    shape padded;
                    padded.push(n);
                    for (int k = in.rank; k < out.rank - 1; ++k) padded.push(extent(1));
                    for (int k = 0; k < in.rank; ++k) padded.push(in.at[k]);
                    r = expand_to(g, reshape_to(g, args[0], padded), out);
                } else if (m.op->id == declare_op<Reshape>::id || m.op->id == declare_op<Apart>::id) {
                    r = reshape_to(g, args[0], out);
                } else if (m.op->id == declare_op<Permute>::id) {
                    std::int64_t order[max_rank] = {};
                    for (int k = 0; k < m.n_attrs; ++k) order[k + 1] = attrs[k] + 1;
                    r = Permute::add(g, args[0], order);
                } else {
                    std::int64_t start_step[2 * max_rank] = {0, 1};
                    for (int k = 0; k < 2 * (out.rank - 1); ++k) start_step[k + 2] = attrs[k];
                    r = Slice::add(g, args[0], start_step, out);
                }
                break;
            case op_kind::contraction: {
                if (m.op->id == declare_op<ContractTerms>::id) {
                    const int all = sum_over(g, Contract::add(g, whole(0), whole(1)), 2);
                    r = reshape_to(g, all, out);
                    break;
                }
                const int a = args[0], b = args[1];
                if (batched[0] && !batched[1] && g.extents_of(b).rank == 2) {
                    r = Contract::add(g, a, b);
                } else {
                    const int rank_a = g.extents_of(g.arg(m, 0)).rank, rank_b = g.extents_of(g.arg(m, 1)).rank;
                    int wa = whole(0), wb = whole(1);
                    if (rank_a > rank_b) {  // [n, rows…, K] x [n, K, N]: the rows as one axis
                        shape wide = g.extents_of(wb), to;
                        to.push(n);
                        for (int k = rank_b; k < rank_a; ++k) to.push(extent(1));
                        for (int k = 1; k < wide.rank; ++k) to.push(wide.at[k]);
                        shape full = g.extents_of(wa);
                        full[-2] = wide[-2], full[-1] = wide[-1];
                        wb = expand_to(g, reshape_to(g, wb, to), full);
                    }
                    r = Contract::add(g, wa, wb);
                }
                break;
            }
            case op_kind::library:
                if (m.op->has_batch) m.op->batch(g, i, args, batched, more), r = more[0];
                else g.blame(mistake::unbound, m.op->name.text, g.extents_of(m.results));
                if (m.op->effect) g.nodes[i].op = &info_of<Without>::value;  // the one sample's is not run
                break;
            default: break;
        }
        mapped[m.results] = r < 0 ? m.results : r;
        for (int k = 1; k < m.n_results && k < 4; ++k) mapped[m.results + k] = more[k];
    }
}

// The nodes from `first` to `last`.
constexpr void batch_nodes(builder& g, int first, int last, extent n, vec<int>& mapped) {
    vec<int> order;
    if (g.loops.size == 0) {
        for (int i = first; i <= last; ++i) order.push(i);
    } else {
        vec<int> roots;
        int region = -1;
        for (int v = 0; v < mapped.size; ++v)
            if (mapped[v] >= 0 && loop_of(g, v) > region) region = loop_of(g, v);
        for (int i = first; i <= last; ++i) roots.push(g.nodes[i].results);
        for (const int u : units_before(g, {region}, roots.data, roots.size))
            if (u < 0 || (u >= first && u <= last)) order.push(u);
    }
    batch_units(g, order, n, mapped);
}

constexpr int axis_moved(builder& g, int v, int from, int to) {
    const int rank = g.extents_of(v).rank;
    std::int64_t order[max_rank] = {};
    for (int i = 0, k = 0; i < rank; ++i)
        if (i == to) order[i] = from;
        else order[i] = k == from ? (k += 2) - 1 : k++;
    return Permute::add(g, v, order);
}

// In the same loop, beside what is the same for every sample: the batch is a sequence's second axis.
constexpr void batch_loop(builder& g, int l, extent n, vec<int>& mapped) {
    const auto room = [&] {
        while (mapped.size < g.values.size) mapped.push(-1);
    };
    room();
    const int n_nodes = g.nodes.size, n_carries = g.carries.size;
    // What varies: from outside, and around the loop until nothing is added.
    vec<char> varies(g.values.size, 0);
    for (int v = 0; v < g.values.size; ++v) varies[v] = mapped[v] >= 0;
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < n_nodes; ++i) {
            const node& m = g.nodes[i];
            if (!inside(g, m.loop, l)) continue;
            bool any = false;
            for (int k = 0; k < m.n_args; ++k) any = any || varies[g.arg(m, k)];
            for (int k = 0; k < m.n_results && any; ++k) varies[m.results + k] = 1;
        }
        for (int c = 0; c < n_carries; ++c) {
            const carry_record& k = g.carries[c];
            if (inside(g, k.loop, l) && varies[k.next] && !varies[k.in]) varies[k.in] = 1, again = true;
        }
    }
    vec<int> roots, mine(n_carries, -1);
    for (int c = 0; c < n_carries; ++c) {
        const carry_record k = g.carries[c];
        if (k.loop != l || !varies[k.in] || mapped[k.in] >= 0) continue;
        const int start = start_of(g, c);
        mine[c] = add_carry(g, l, mapped[start] >= 0 ? mapped[start] : expand_to(g, start, with_leading(n, g.extents_of(start))));
        room();
        mapped[k.in] = g.carries[mine[c]].in;
        roots.push(k.next);
    }
    for (int i = 0; i < n_nodes; ++i) {
        const node m = g.nodes[i];
        if (m.op->kind != op_kind::loop || g.attr(m, 0) != l) continue;
        if (m.loop == l && m.op->id == declare_op<LoopSlice>::id && mapped[g.arg(m, 0)] >= 0 && mapped[m.results] < 0) {
            const int sliced = at_step(g, l, axis_moved(g, mapped[g.arg(m, 0)], 1, 0));
            room();
            mapped[m.results] = sliced;
        }
        if (m.loop != l && m.op->id == declare_op<LoopStack>::id) roots.push(g.arg(m, 0));
    }
    batch_units(g, units_before(g, {l, true}, roots.data, roots.size), n, mapped);
    room();
    for (int c = 0; c < n_carries; ++c) {
        if (mine[c] < 0) continue;
        const int next = g.carries[c].next;
        g.carries[mine[c]].next = mapped[next] >= 0 ? mapped[next] : expand_to(g, next, with_leading(n, g.extents_of(next)));
    }
    for (int i = 0; i < n_nodes; ++i) {
        const node m = g.nodes[i];
        if (m.op->kind != op_kind::loop || g.attr(m, 0) != l || m.loop == l || mapped[m.results] >= 0) continue;
        const int c = static_cast<int>(g.attr(m, 1)), v = g.arg(m, 0);
        int r = -1;
        if (m.op->id == declare_op<LoopStack>::id) r = mapped[v] >= 0 ? axis_moved(g, stacked(g, l, mapped[v]), 1, 0) : -1;
        else if (mine[c] < 0) r = -1;
        else if (m.op->id == declare_op<LoopLast>::id) r = last_of(g, mine[c]);
        else r = axis_moved(g, g.arg(g.of(history_of(g, mine[c], false)), 0), 1, 0);
        room();
        mapped[m.results] = r;
    }
}

}  // namespace etta::_
