// schedule.hpp: what fusion decided, completed for code generation: the stage each value of a row kernel is available in,
// what is stored, and where it lies (buffers are reused once their last reader has run). A constant of its own, so that
// no single constant evaluation grows with everything at once.
#pragma once

#include "plan.hpp"

namespace etta::_ {

// A schedule that somebody else owns.
struct schedule_view {
    const kernel* kernels = nullptr;
    int n_kernels = 0;
    const int *home = nullptr, *next = nullptr;  // per node: its kernel; the next member of it
    const char* stored = nullptr;                // per value, as all below: lies in memory
    const char* inlined = nullptr;               // a scalar that each reader computes itself
    const int* stage = nullptr;                  // the pass over the row in which it becomes available
    const char* is_full = nullptr;               // computed per element of a row (else per row, or once)
    const index* offsets = nullptr;              // in the workspace, or -1
    const int* output_number = nullptr;          // the output it is stored as, or -1
    const int* through = nullptr;                // the value behind views that change nothing but the extents, or -1 (value_table)

    // The member of kernel k behind operand a that is read at this very place, or -1.
    constexpr int operand_member(const graph_view& g, int a, int k) const {
        const int m = through[a];
        return m >= 0 && home[g.values[m].node] == k ? m : -1;
    }
    constexpr int reads_in_stage(const node& n) const { return n.op->kind == op_kind::reduce ? stage[n.results] - 1 : stage[n.results]; }
};

template <int Nodes, int Values>
struct schedule {
    kernel kernels[Nodes + 1] = {};
    int n_kernels = 0;
    int home[Nodes + 1] = {}, next[Nodes + 1] = {};
    char stored[Values + 1] = {}, inlined[Values + 1] = {}, is_full[Values + 1] = {};
    int stage[Values + 1] = {}, output_number[Values + 1] = {}, through[Values + 1] = {};
    index offsets[Values + 1] = {};
    index workspace_bytes = 0;

    constexpr schedule_view view() const {
        return {kernels, n_kernels, home, next, stored, inlined, stage, is_full, offsets, output_number, through};
    }
};

// Works on arrays of its own, which compilers read and write far more quickly in constants than the members of a schedule.
struct scheduler {
    graph_view g;
    binding b;
    fuser made;
    fusion f;
    vec<char> is_full;
    vec<int> stage, output_number;
    vec<index> offsets;
    index workspace_bytes = 0;
    schedule_view s;

    constexpr scheduler(graph_view graph, binding binds) : g(graph), b(binds), made(graph), f(made.run()), is_full(g.n_values), stage(g.n_values, -1), output_number(g.n_values), offsets(g.n_values, -1) {
        const value_table& t = made.t;
        number_outputs(g, output_number.data);
        s = {f.kernels.data, f.kernels.size, f.home.data, f.next.data, f.stored.data, t.inlined.data, stage.data, is_full.data, offsets.data, output_number.data, t.through.data};
        for (int k = 0; k < f.kernels.size; ++k) {
            const kernel& kn = f.kernels.data[k];
            if (kn.kind == kernel_kind::library) continue;
            if (assign_stages(k, kn)) spill(k, kn);
            if (kn.kind == kernel_kind::conv) keep_sums(kn);
        }
        plan_memory();
    }
    scheduler(const scheduler&) = delete;  // s points into it
    scheduler& operator=(const scheduler&) = delete;
    template <int Nodes, int Values>
    constexpr schedule<Nodes, Values> freeze() const {
        schedule<Nodes, Values> r{};
        r.n_kernels = f.kernels.size, r.workspace_bytes = workspace_bytes;
        for (int i = 0; i < f.kernels.size; ++i) r.kernels[i] = f.kernels.data[i];
        for (int i = 0; i < Nodes; ++i) r.home[i] = f.home.data[i], r.next[i] = f.next.data[i];
        for (int v = 0; v < Values; ++v) {
            r.stored[v] = f.stored.data[v], r.inlined[v] = made.t.inlined.data[v], r.is_full[v] = is_full.data[v];
            r.stage[v] = stage.data[v], r.output_number[v] = output_number.data[v], r.offsets[v] = offsets.data[v], r.through[v] = made.t.through.data[v];
        }
        return r;
    }
    constexpr int operand_member(int a, int k) const { return s.operand_member(g, a, k); }

    // --- stages ------------------------------------------------------------------------------------------------------
    // A row kernel runs over its row once per stage; a reduction's result is there from the next stage on. An element
    // value wanted in a later stage is computed again if that is cheap, else stored and read back while it is in cache.
    // Whether there is more than one.
    constexpr bool assign_stages(int k, const kernel& kn) {
        const int *const through = made.t.through.data, *const node_of = made.t.node_of.data, *const home = f.home.data;
        const bool product = is_product(kn.kind);
        int last = 0;
        for (int i = kn.first; i >= 0; i = f.next.data[i]) {
            const node& n = g.nodes[i];
            const int v = n.results;
            const bool reduces = n.op->kind == op_kind::reduce;
            int at = 0;
            if (last > 0)
                for (int j = 0; j < n.n_args; ++j) {
                    const int m = through[g.args[n.args + j]];
                    if (m >= 0 && home[node_of[m]] == k && stage.data[m] > at) at = stage.data[m];
                }
            stage.data[v] = reduces ? ++at : at;
            if (at > last) last = at;
            is_full.data[v] = product || (!reduces && kn.axes != 0 && g.values[v].extents == kn.space);
        }
        return last > 0;
    }
    constexpr bool recomputable(int v, int k, int depth) const {
        const node& n = g.of(v);
        if (!n.op->cheap || depth > 4) return false;
        for (int j = 0; j < n.n_args; ++j) {
            const int m = s.operand_member(g, g.arg(n, j), k);
            if (m >= 0 && is_full.data[m] && !f.stored.data[m] && !recomputable(m, k, depth + 1)) return false;
        }
        return true;
    }
    constexpr void spill(int k, const kernel& kn) {
        if (kn.axes == 0) return;
        for (int i = kn.first; i >= 0; i = f.next.data[i]) {
            const node& n = g.nodes[i];
            for (int j = 0; j < n.n_args; ++j) {
                const int m = s.operand_member(g, g.arg(n, j), k);
                if (m >= 0 && is_full.data[m] && stage.data[m] < s.reads_in_stage(n) && !recomputable(m, k, 0)) f.stored.data[m] = 1;
            }
        }
    }

    // A convolution adds up its channels in memory, some at a time: where the first value of its type will lie that is stored, if
    // there is one.
    constexpr void keep_sums(const kernel& kn) {
        const int product = g.nodes[kn.anchor].results;
        for (int i = kn.first; i >= 0; i = f.next.data[i])
            if (const int v = g.nodes[i].results; f.stored.data[v] && g.values[v].type == g.values[product].type) return;
        f.stored.data[product] = 1;
    }

    // --- memory ------------------------------------------------------------------------------------------------------
    constexpr index bytes_of(int v) const {
        if (const node& m = g.of(v); is_loop_call(m) && v == m.results + m.n_results - 1) return align_up(b.bodies[g.attr(m, RunLoop::segment_at)].workspace_bytes + 1);
        index n = size_of(g.values[v].type);
        for (int i = 0; i < g.values[v].extents.rank; ++i) n *= g.values[v].extents.at[i].at(b.symbols);
        return align_up(n < 1 ? 1 : n);
    }
    // Gaps below the top, sorted. Plain arrays: structs in constants take compilers several times as long.
    vec<index> gap_at, gap_bytes;
    constexpr void remove_gap(int i) {
        for (--gap_at.size, --gap_bytes.size; i < gap_at.size; ++i) gap_at.data[i] = gap_at.data[i + 1], gap_bytes.data[i] = gap_bytes.data[i + 1];
    }
    constexpr index allocate(index bytes) {
        const int gaps = gap_at.size;
        for (int i = 0; i < gaps; ++i) {
            if (gap_bytes.data[i] < bytes) continue;
            const index at = gap_at.data[i];
            gap_at.data[i] += bytes, gap_bytes.data[i] -= bytes;
            if (gap_bytes.data[i] == 0) remove_gap(i);
            return at;
        }
        index at = top;
        if (gaps > 0 && gap_at.data[gaps - 1] + gap_bytes.data[gaps - 1] == top) at = gap_at.data[gaps - 1], remove_gap(gaps - 1);
        top = at + bytes;
        if (top > workspace_bytes) workspace_bytes = top;
        return at;
    }
    constexpr void release(index offset, index bytes) {
        int i = gap_at.size;
        while (i > 0 && gap_at.data[i - 1] > offset) --i;
        if (i < gap_at.size && offset + bytes == gap_at.data[i]) {
            gap_at.data[i] = offset, gap_bytes.data[i] += bytes;
        } else {
            gap_at.push(0), gap_bytes.push(0);
            for (int j = gap_at.size - 1; j > i; --j) gap_at.data[j] = gap_at.data[j - 1], gap_bytes.data[j] = gap_bytes.data[j - 1];
            gap_at.data[i] = offset, gap_bytes.data[i] = bytes;
        }
        if (i > 0 && gap_at.data[i - 1] + gap_bytes.data[i - 1] == gap_at.data[i]) gap_bytes.data[i - 1] += gap_bytes.data[i], remove_gap(i);
    }
    index top = 0;

    // First fit, in the order the values are made. O(values x gaps).
    constexpr void plan_memory() {
        vec<index> bytes(g.n_values);
        vec<int> last_use(g.n_values, -1), dying(f.kernels.size, -1), next_dying(g.n_values, -1);
        for (int i = 0; i < g.n_nodes; ++i) {
            const int home = f.home.data[i];
            if (home < 0) continue;
            const node& n = g.nodes[i];
            for (int k = 0; k < n.n_args; ++k) {
                const int r = made.t.root.data[g.args[n.args + k]];
                if (home > last_use.data[r]) last_use.data[r] = home;
            }
        }
        for (int k = 0; k < f.kernels.size; ++k) {
            for (int i = f.kernels.data[k].first; i >= 0; i = f.next.data[i])
                for (int v = g.nodes[i].results, end = v + g.nodes[i].n_results; v < end; ++v) {
                    if (!f.stored.data[v] || output_number.data[v] >= 0) continue;
                    bytes.data[v] = bytes_of(v);
                    offsets.data[v] = allocate(bytes.data[v]);
                    const int until = last_use.data[v] < k ? k : last_use.data[v];
                    next_dying.data[v] = dying.data[until], dying.data[until] = v;
                }
            for (int v = dying.data[k]; v >= 0; v = next_dying.data[v]) release(offsets.data[v], bytes.data[v]);
        }
    }
};

// Multiply-adds per element of a product.
constexpr index depth_of(const graph_view& g, const kernel& k, const index* symbols) {
    const node& n = g.nodes[k.anchor];
    const shape& a = g.values[g.arg(n, 0)].extents;
    return a[-1].at(symbols) * (n.op->id == declare_op<ContractTerms>::id ? a[0].at(symbols) : 1);
}

// Is a kernel of `elements` elements worth more than one thread? A barrier costs about a microsecond, in which one core does
// some 2^15 element-wise operations (2^17 of a product).
constexpr bool worth_sharing(const graph_view& g, const schedule_view& f, const kernel& k, index elements, index depth, const binding& b) {
    if (k.kind == kernel_kind::library) return !is_loop_call(g.nodes[k.anchor]) || b.bodies[g.attr(g.nodes[k.anchor], RunLoop::segment_at)].parallel;
    if (k.kind == kernel_kind::gemm) return elements * depth >= 1 << 17;
    if (k.kind == kernel_kind::conv) return true;
    index per_element = 1;
    for (int i = k.first; i >= 0; i = f.next[i]) per_element += g.nodes[i].op->flops;
    return elements * per_element >= 1 << 16;
}

}  // namespace etta::_
