// emit.hpp: from fused groups to a plan: the bytecode of each distinct kernel, the calls in order with their data, and
// where every stored value lies (buffers are reused once their last reader has run).
#pragma once

#include "plan.hpp"

namespace etta::_ {

struct plan_sizes {
    int codes, ops, kernels, calls, words, slots, values, fused, nodes;
};

// A plan in arrays of exactly its size. `fused` and `slots` are what a run-time layout needs.
template <int Codes, int Ops, int Kernels, int Calls, int Words, int Slots, int Values, int Fused>
struct plan {
    std::uint64_t codes[Codes + 1] = {};
    std::uint64_t ops[Ops + 1] = {};
    distinct_kernel kernels[Kernels + 1] = {};
    call calls[Calls + 1] = {};
    std::int64_t words[Words + 1] = {};
    slot slots[Slots + 1] = {};
    index offsets[Values + 1] = {};
    kernel fused[Fused + 1] = {};
    index workspace_bytes = 0;
    static constexpr int n_kernels = Kernels, n_calls = Calls, n_words = Words, n_fused = Fused;
};
template <plan_sizes S>
using plan_of = plan<S.codes, S.ops, S.kernels, S.calls, S.words, S.slots, S.values, S.fused>;

struct planner {
    graph_view g;
    binding b;
    fusion f;
    vec<char> inlined;
    vec<std::uint64_t> codes, ops;
    vec<distinct_kernel> kernels;
    vec<call> calls;
    vec<std::int64_t> words;
    vec<slot> slots;
    vec<index> offsets;
    index workspace_bytes = 0;

    // Per member of the kernel being emitted.
    vec<int> stage, reg, reg_stage;  // per value: the stage it is available in; its register; the stage that is valid for
    vec<char> is_full;               // per value: computed per element (else per row, or once)

    constexpr planner(graph_view graph, binding binds) : g(graph), b(binds) {
        f = fuser(g).run();
        inlined = scalars_of_leaves(g);
        stage = vec<int>(g.n_values, -1);
        reg = vec<int>(g.n_values, -1);
        reg_stage = vec<int>(g.n_values, -1);
        is_full = vec<char>(g.n_values, 0);
        offsets = vec<index>(g.n_values, -1);
    }

    constexpr plan_sizes sizes() const {
        return {codes.size, ops.size, kernels.size, calls.size, words.size, slots.size, g.n_values, f.kernels.size, g.n_nodes};
    }
    template <class Plan>
    constexpr Plan freeze() const {
        Plan p{};
        for (int i = 0; i < codes.size; ++i) p.codes[i] = codes[i];
        for (int i = 0; i < ops.size; ++i) p.ops[i] = ops[i];
        for (int i = 0; i < kernels.size; ++i) p.kernels[i] = kernels[i];
        for (int i = 0; i < calls.size; ++i) p.calls[i] = calls[i];
        for (int i = 0; i < words.size; ++i) p.words[i] = words[i];
        for (int i = 0; i < slots.size; ++i) p.slots[i] = slots[i];
        for (int i = 0; i < offsets.size; ++i) p.offsets[i] = offsets[i];
        for (int i = 0; i < f.kernels.size; ++i) p.fused[i] = f.kernels[i];
        p.workspace_bytes = workspace_bytes;
        return p;
    }

    // --- stages ------------------------------------------------------------------------------------------------------
    // A row kernel runs over its row once per stage; a reduction's result is there from the next stage on. An element
    // value wanted in a later stage is computed again if that is cheap, else stored and read back while it is in cache.
    constexpr int operand_member(int a, int k) const {  // the member behind operand a that is read at this very place, or -1
        int r = a;
        while (g.of(r).op->kind == op_kind::view && (g.of(r).op->id == declare_op<Expand>::id || is_one(g.values[r].extents))) r = g.arg(g.of(r), 0);
        if (g.of(r).op->kind == op_kind::view || is_leaf(g, r)) return -1;
        if (f.home[g.values[r].node] != k) return -1;
        return r;
    }
    constexpr void assign_stages(int k) {
        const kernel& kn = f.kernels[k];
        for (int i = kn.first; i >= 0; i = f.next[i]) {
            const node& n = g.nodes[i];
            const int v = n.results;
            int s = 0;
            for (int j = 0; j < n.n_args; ++j) {
                const int m = operand_member(g.arg(n, j), k);
                if (m >= 0 && stage[m] > s) s = stage[m];
            }
            const bool reduces = n.op->kind == op_kind::reduce;
            stage[v] = reduces ? s + 1 : s;
            is_full[v] = kn.kind == kernel_kind::gemm || (!reduces && kn.axes != 0 && g.values[v].extents == kn.space);
        }
    }
    constexpr int reads_in_stage(const node& n) const {
        return n.op->kind == op_kind::reduce ? stage[n.results] - 1 : stage[n.results];
    }
    constexpr bool recomputable(int v, int k, int depth) const {
        const node& n = g.of(v);
        if (!n.op->cheap || depth > 4) return false;
        for (int j = 0; j < n.n_args; ++j) {
            const int m = operand_member(g.arg(n, j), k);
            if (m >= 0 && is_full[m] && !f.stored[m] && !recomputable(m, k, depth + 1)) return false;
        }
        return true;
    }
    constexpr void spill(int k) {
        const kernel& kn = f.kernels[k];
        if (kn.axes == 0) return;
        for (int i = kn.first; i >= 0; i = f.next[i]) {
            const node& n = g.nodes[i];
            for (int j = 0; j < n.n_args; ++j) {
                const int m = operand_member(g.arg(n, j), k);
                if (m >= 0 && is_full[m] && stage[m] < reads_in_stage(n) && !recomputable(m, k, 0)) f.stored[m] = 1;
            }
        }
    }

    // --- bytecode ----------------------------------------------------------------------------------------------------
    vec<std::uint64_t> code;
    vec<std::uint64_t> local_ops;
    vec<slot> local_slots;
    int current = -1;

    constexpr int local_op(std::uint64_t id) {
        for (int i = 0; i < local_ops.size; ++i)
            if (local_ops[i] == id) return i;
        return local_ops.push(id);
    }
    constexpr int push(instr i) { return code.push(i.encode()); }
    constexpr level level_of(int r) const { return instr::decode(code[r]).level; }

    constexpr lane_class lane_of(const access& a, int lane) const {
        return lane < 0 || a.strides[lane] == 0 ? lane_class::uniform
               : a.strides[lane] == 1           ? lane_class::contiguous
                                                : lane_class::strided;
    }
    // Loads value a (a leaf, a view of something, or a stored value) at the level its strides allow.
    constexpr int load(int a, int s) {
        if (reg[a] >= 0 && (reg_stage[a] == s || level_of(reg[a]) != level::full)) return reg[a];
        const kernel& kn = f.kernels[current];
        const int r = root_of(g, a);
        instr i{};
        i.type = g.values[a].type;
        i.stage = s;
        slot sl;
        sl.value = r;
        if (g.of(r).op->kind == op_kind::literal) {
            i.kind = instruction::literal;
            i.level = level::once;
            i.stage = 0;
            sl.kind = slot::literal;
        } else {
            const axis_lists ax = axes_of_kernel(kn);
            const access ac = access_in(g, a, kn.space, b);
            bool any_row = false, any_col = false;
            for (int d = 0; d < kn.space.rank; ++d)
                if (ac.strides[d] != 0 && !kn.space.at[d].is(1)) (((kn.axes >> d) & 1) ? any_col : any_row) = true;
            i.kind = instruction::load;
            i.level = kn.kind == kernel_kind::gemm ? (any_row ? level::full : level::once)
                      : any_col                    ? level::full
                      : any_row                    ? level::row
                                                   : level::once;
            if (i.level != level::full) i.stage = 0;
            i.src[0] = static_cast<int>(lane_of(ac, ax.lane));
            sl.value = a;
        }
        for (int k = 0; k < local_slots.size && i.kind == instruction::literal; ++k)
            if (local_slots[k].kind == slot::literal && local_slots[k].value == r) {
                for (int c = 1; c < code.size; ++c) {
                    const instr o = instr::decode(code[c]);
                    if (o.kind == instruction::literal && o.op == k) return reg[a] = c;
                }
            }
        i.op = local_slots.push(sl);
        reg[a] = push(i);
        reg_stage[a] = s;
        return reg[a];
    }

    constexpr int operand(int a, int s) {
        const int m = operand_member(a, current);
        if (m < 0) {
            const int r = root_of(g, a);
            if (inlined[r] && f.home[g.values[r].node] < 0) return reg[a] = inline_scalar(r);
            return load(a, s);
        }
        if (is_full[m] && f.kernels[current].axes != 0 && stage[m] < s && f.stored[m]) return load(m, s);
        return reg[m];
    }

    constexpr int inline_scalar(int v) {
        const node& n = g.of(v);
        instr i{};
        i.kind = instruction::op;
        i.level = level::once;
        i.type = g.values[v].type;
        i.op = local_op(n.op->id);
        for (int k = 0; k < n.n_args; ++k) {
            const int a = root_of(g, g.arg(n, k));
            i.src[k] = inlined[a] ? inline_scalar(a) : load(a, 0);
        }
        const std::uint64_t word = i.encode();
        for (int c = 1; c < code.size; ++c)
            if (code[c] == word) return c;
        return code.push(word);
    }

    // Emits node n so that its value is in a register in stage s.
    constexpr void emit_node(int ni, int s) {
        const node& n = g.nodes[ni];
        const int v = n.results;
        instr i{};
        i.stage = s;
        i.type = g.values[v].type;
        if (n.op->kind == op_kind::generator) {
            i.kind = instruction::position;
            const kernel& kn = f.kernels[current];
            const axis_lists ax = axes_of_kernel(kn);
            const int d = static_cast<int>(g.attr(n, 0));
            i.level = is_full[v] && ((kn.axes >> d) & 1) ? level::full : level::row;
            i.src[0] = static_cast<int>(d == ax.lane ? lane_class::contiguous : lane_class::uniform);
            i.op = local_slots.push({slot::position, v});
        } else if (n.op->kind == op_kind::reduce) {
            i.kind = instruction::reduce;
            i.level = level::full;
            i.op = local_op(n.op->id);
            i.src[0] = operand(g.arg(n, 0), s);
        } else {
            i.kind = instruction::op;
            i.op = local_op(n.op->id);
            i.level = level::once;
            for (int k = 0; k < n.n_args; ++k) {
                i.src[k] = operand(g.arg(n, k), s);
                const level l = level_of(i.src[k]);
                const instr src = instr::decode(code[i.src[k]]);
                const level seen = src.kind == instruction::reduce ? level::row : l;
                if (seen > i.level) i.level = seen;
            }
            if (i.level == level::once) i.stage = 0;
        }
        reg[v] = push(i);
        reg_stage[v] = s;
    }
    constexpr void emit_store(int v, int s, bool full) {
        instr i{};
        i.kind = instruction::store;
        i.level = full ? level::full : level::row;
        i.stage = s;
        i.type = g.values[v].type;
        const kernel& kn = f.kernels[current];
        i.src[0] = reg[v];
        i.src[1] = static_cast<int>(lane_of(access_in(g, v, kn.space, b), axes_of_kernel(kn).lane));
        i.op = local_slots.push({slot::store, v});
        push(i);
    }

    constexpr void emit_kernel(int k) {
        const kernel& kn = f.kernels[k];
        current = k;
        code = {}, local_ops = {}, local_slots = {};
        header h;
        h.kind = kn.kind;
        call c;
        c.source = k;
        c.parallel = planned_count(g, kn.space) >= 8192;
        if (kn.kind == kernel_kind::library) {
            local_op(g.nodes[kn.anchor].op->id);
            c.parallel = true;
            code.push(h.encode());
        } else {
            const axis_lists ax = axes_of_kernel(kn);
            h.lane_reduced = ax.lane_reduced;
            vec<int> members;
            for (int i = kn.first; i >= 0; i = f.next[i]) members.push(i);
            int last_stage = 0;
            for (const int i : members) {
                const int v = g.nodes[i].results;
                if (stage[v] > last_stage) last_stage = stage[v];
                reg[v] = -1, reg_stage[v] = -1;
                for (int j = 0; j < g.nodes[i].n_args; ++j) {
                    for (int a = g.arg(g.nodes[i], j);; a = g.arg(g.of(a), 0)) {
                        reg[a] = -1, reg_stage[a] = -1;
                        if (g.of(a).op->kind != op_kind::view) break;
                    }
                }
            }
            code.push(0);
            if (kn.kind == kernel_kind::gemm) {
                const node& n = g.nodes[kn.anchor];
                h.type = g.values[n.results].type;
                const int va = g.arg(n, 0), vb = g.arg(n, 1);
                const access aa = access_of(g, va, b), ab = access_of(g, vb, b);
                const int ra = g.values[va].extents.rank, rb = g.values[vb].extents.rank;
                h.a_k = lane_of(aa, ra - 1), h.b_k = lane_of(ab, rb - 2), h.b_n = lane_of(ab, rb - 1);
                instr acc{};
                acc.kind = instruction::header;  // register 1: the product
                acc.level = level::full;
                acc.type = h.type;
                reg[n.results] = push(acc), reg_stage[n.results] = 0;
                local_op(n.op->id);
                const index depth = g.values[va].extents[-1].at(b.symbols);
                c.parallel = planned_count(g, kn.space) * depth >= 1 << 17;
                if (f.stored[n.results]) emit_store(n.results, 0, true);
            }
            vec<char> needed(members.size, 0);
            for (int s = 0; s <= last_stage; ++s) {
                // What this stage must have: its row-level values, its reductions, its stores, and what those read.
                for (int m = members.size - 1; m >= 0; --m) {
                    const node& n = g.nodes[members[m]];
                    const int v = n.results;
                    const bool reduces = n.op->kind == op_kind::reduce;
                    const bool mine = reduces ? stage[v] == s + 1 : stage[v] == s;
                    needed[m] = mine && (reduces || !is_full[v] || f.stored[v] || used_in(v, k, s));
                }
                for (int m = members.size - 1; m >= 0; --m) {
                    if (!needed[m]) continue;
                    const node& n = g.nodes[members[m]];
                    for (int j = 0; j < n.n_args; ++j) {
                        const int a = operand_member(g.arg(n, j), k);
                        if (a < 0 || !is_full[a] || stage[a] >= s || f.stored[a]) continue;
                        for (int q = 0; q < m; ++q)
                            if (g.nodes[members[q]].results == a) needed[q] = 1;
                    }
                }
                for (int m = 0; m < members.size; ++m) {
                    if (!needed[m] || members[m] == kn.anchor) continue;
                    const node& n = g.nodes[members[m]];
                    emit_node(members[m], s);
                    if (n.op->kind == op_kind::reduce) {
                        if (f.stored[n.results]) pending_stores.push(n.results);
                    } else if (f.stored[n.results] && stage[n.results] == s) {
                        emit_store(n.results, s, is_full[n.results]);
                    }
                }
                for (const int v : pending_stores) emit_store(v, s + 1, false);
                pending_stores.size = 0;
            }
            h.stages = last_stage;
            h.slots = local_slots.size;
            code[0] = h.encode();
        }
        c.kernel = distinct();
        c.slots = slots.size, c.n_slots = local_slots.size;
        for (const slot& s : local_slots) slots.push(s);
        calls.push(c);
    }
    vec<int> pending_stores;

    constexpr bool used_in(int v, int k, int s) const {
        for (int i = f.kernels[k].first; i >= 0; i = f.next[i]) {
            const node& n = g.nodes[i];
            if (reads_in_stage(n) != s) continue;
            for (int j = 0; j < n.n_args; ++j)
                if (operand_member(g.arg(n, j), k) == v) return true;
        }
        return false;
    }

    // The number of this bytecode in the list of distinct kernels.
    constexpr int distinct() {
        for (int i = 0; i < kernels.size; ++i) {
            const distinct_kernel& d = kernels[i];
            if (d.n_code != code.size || d.n_ops != local_ops.size) continue;
            bool same = true;
            for (int j = 0; j < code.size && same; ++j) same = codes[d.code + j] == code[j];
            for (int j = 0; j < local_ops.size && same; ++j) same = ops[d.ops + j] == local_ops[j];
            if (same) return i;
        }
        distinct_kernel d;
        d.code = codes.size, d.n_code = code.size, d.ops = ops.size, d.n_ops = local_ops.size;
        for (const std::uint64_t w : code) codes.push(w);
        for (const std::uint64_t o : local_ops) ops.push(o);
        return kernels.push(d);
    }

    // --- memory ------------------------------------------------------------------------------------------------------
    constexpr bool is_output(int v) const {
        for (int i = 0; i < g.n_outputs; ++i)
            if (g.outputs[i] >= 0 && root_of(g, g.outputs[i]) == v) return true;
        return false;
    }
    constexpr index bytes_of(int v) const {
        index n = size_of(g.values[v].type);
        for (int i = 0; i < g.values[v].extents.rank; ++i) n *= g.values[v].extents.at[i].at(b.symbols);
        return align_up(n < 1 ? 1 : n);
    }
    // First fit over the values that live at the same time, in the order they are made. O(values x live values).
    constexpr void plan_memory() {
        vec<int> last_use(g.n_values, -1);
        for (int i = 0; i < g.n_nodes; ++i) {
            if (f.home[i] < 0) continue;
            const node& n = g.nodes[i];
            for (int k = 0; k < n.n_args; ++k) {
                const int r = root_of(g, g.arg(n, k));
                if (f.home[i] > last_use[r]) last_use[r] = f.home[i];
            }
        }
        struct block {
            index offset, bytes;
            int until;
        };
        vec<block> live;  // sorted by offset
        vec<char> output(g.n_values, 0);
        for (int i = 0; i < g.n_outputs; ++i)
            if (g.outputs[i] >= 0) output[root_of(g, g.outputs[i])] = 1;
        for (int k = 0; k < f.kernels.size; ++k) {
            int kept = 0;
            for (int i = 0; i < live.size; ++i)
                if (live[i].until >= k) live[kept++] = live[i];
            live.size = kept;
            for (int i = f.kernels[k].first; i >= 0; i = f.next[i])
                for (int r = 0; r < g.nodes[i].n_results; ++r) {
                    const int v = g.nodes[i].results + r;
                    if (!f.stored[v] || output[v]) continue;
                    const index bytes = bytes_of(v);
                    index at = 0;
                    int where = 0;
                    for (; where < live.size; ++where) {
                        if (live[where].offset - at >= bytes) break;
                        at = live[where].offset + live[where].bytes;
                    }
                    offsets[v] = at;
                    if (at + bytes > workspace_bytes) workspace_bytes = at + bytes;
                    live.push({});
                    for (int j = live.size - 1; j > where; --j) live[j] = live[j - 1];
                    live[where] = {at, bytes, last_use[v] < k ? k : last_use[v]};
                }
        }
    }

    constexpr planner& run() {
        for (int k = 0; k < f.kernels.size; ++k) {
            if (f.kernels[k].kind == kernel_kind::library) continue;
            assign_stages(k);
            spill(k);
        }
        plan_memory();
        for (int k = 0; k < f.kernels.size; ++k) emit_kernel(k);
        const layout l{g, offsets.data, b};
        for (call& c : calls) {
            std::int64_t buffer[2048] = {};
            const int n = l.write(f.kernels[c.source], slots.data + c.slots, c.n_slots, buffer);
            c.words = words.size, c.n_words = n;
            for (int i = 0; i < n; ++i) words.push(buffer[i]);
        }
        return *this;
    }
};

}  // namespace etta::_
