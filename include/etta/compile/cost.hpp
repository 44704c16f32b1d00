// cost.hpp: what a Graph costs, as constants: floating-point operations and bytes. A multiply-add counts as two; an
// element-wise op counts what it states (flops); views and copies count nothing.
#pragma once

#include "schedule.hpp"

namespace etta::_ {

// Operations of one node with every extent at its bound.
constexpr index flops_of(const graph_view& g, const node& n, const index* symbols) {
    const shape& out = g.values[n.results].extents;
    switch (n.op->kind) {
        case op_kind::elementwise: return out.count(symbols) * n.op->flops;
        case op_kind::reduce: return g.values[g.arg(n, 0)].extents.count(symbols) * n.op->flops;
        case op_kind::contraction: {
            const shape& a = g.values[g.arg(n, 0)].extents;
            return 2 * out.count(symbols) * a[-1].at(symbols) * (n.op->id == declare_op<ContractTerms>::id ? a[0].at(symbols) : 1);
        }
        case op_kind::library: return n.op->has_work ? n.op->work(g, n, symbols) : out.count(symbols) * n.op->flops;
        default: return 0;
    }
}
constexpr index flops_of(const graph_view& g, const index* symbols, const body_facts* bodies) {
    index sum = 0;
    for (int i = 0; i < g.n_nodes; ++i) {
        const node& n = g.nodes[i];
        sum += flops_of(g, n, symbols);
        if (!is_loop_call(n)) continue;
        extent steps;
        steps.code = g.attr(n, RunLoop::length_at);
        sum += steps.at(symbols) * bodies[g.attr(n, RunLoop::segment_at)].flops;
    }
    return sum;
}

}  // namespace etta::_
