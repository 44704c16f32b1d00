// batch.hpp: the third transformation, vmap: a stretch of nodes that was traced on one sample becomes the same stretch on
// a batch, with the batch as the first axis of whatever depends on it. Rules go by kind; library ops bring their own.
#pragma once

#include "../op/matmul.hpp"
#include "sweep.hpp"

namespace etta::_ {

constexpr shape with_batch(extent n, const shape& s) {
    shape r;
    r.push(n);
    for (int i = 0; i < s.rank; ++i) r.push(s.at[i]);
    return r;
}

struct Without {
    static constexpr std::string_view name = "without";
    static constexpr op_kind kind = op_kind::library;
};

// Appends batched versions of the nodes from `first` to `last` that depend on a mapped value. mapped[v]: the batched
// value of v, or -1 where v is the same for every sample. O(nodes).
constexpr void batch_nodes(builder& g, int first, int last, extent n, vec<int>& mapped) {
    for (int i = first; i <= last; ++i) {
        const node m = g.nodes[i];
        while (mapped.size < g.values.size) mapped.push(-1);
        if (mapped[m.results] >= 0) continue;
        bool any = false;
        int args[4] = {};
        bool batched[4] = {};
        for (int k = 0; k < m.n_args && k < 4; ++k) {
            const int a = g.arg(m, k);
            batched[k] = mapped[a] >= 0;
            args[k] = batched[k] ? mapped[a] : a;
            any = any || batched[k];
        }
        if (!any) continue;
        const shape out = with_batch(n, g.extents_of(m.results));
        const dtype t = g.type_of(m.results);
        std::int64_t attrs[3 * max_rank + 4] = {};
        for (int k = 0; k < m.n_attrs; ++k) attrs[k] = g.attr(m, k);
        int r = -1;
        const auto whole = [&](int k) constexpr {  // operand k with the batch axis
            const int a = args[k];
            return batched[k] ? a : expand_to(g, a, with_batch(n, g.extents_of(a)));
        };
        switch (m.op->kind) {
            case op_kind::elementwise: {
                int ids[4] = {};
                for (int k = 0; k < m.n_args; ++k) ids[k] = whole(k);
                r = g.add(m.op, ids, m.n_args, attrs, m.n_attrs, t, out);
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
                } else if (m.op->id == declare_op<Reshape>::id) {
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
                if (m.op->has_batch) m.op->batch(g, i, args, batched, &r);
                else g.blame(mistake::unbound, m.op->name, g.extents_of(m.results));
                if (m.op->effect) g.nodes[i].op = &info_of<Without>::value;  // the one sample's is not run
                break;
            default: break;
        }
        mapped[m.results] = r < 0 ? m.results : r;
    }
}

}  // namespace etta::_
