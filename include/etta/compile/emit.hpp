// emit.hpp: from a schedule to a plan: the bytecode of each distinct kernel and the calls in order. Then the calls' data.
#pragma once

#include "schedule.hpp"

namespace etta::_ {

struct plan_sizes {
    int codes, ops, kernels, calls, slots;
    bool too_large;
    constexpr bool within(const plan_sizes& o) const { return codes <= o.codes && ops <= o.ops && kernels <= o.kernels && calls <= o.calls && slots <= o.slots; }
};

// A plan in arrays of exactly its size.
template <int Codes, int Ops, int Kernels, int Calls, int Slots>
struct plan {
    std::uint64_t codes[Codes + 1] = {};
    std::uint64_t ops[Ops + 1] = {};
    distinct_kernel kernels[Kernels + 1] = {};
    call calls[Calls + 1] = {};
    slot slots[Slots + 1] = {};
    static constexpr int n_kernels = Kernels, n_calls = Calls;

    constexpr plan() = default;
    constexpr plan(const plan_sizes& n, const std::uint64_t* code, const std::uint64_t* op, const distinct_kernel* kernel, const call* called, const slot* operand) {
        for (int i = 0; i < n.codes; ++i) codes[i] = code[i];
        for (int i = 0; i < n.ops; ++i) ops[i] = op[i];
        for (int i = 0; i < n.kernels; ++i) kernels[i] = kernel[i];
        for (int i = 0; i < n.calls; ++i) calls[i] = called[i];
        for (int i = 0; i < n.slots; ++i) slots[i] = operand[i];
    }
};
template <plan_sizes S>
using plan_of = plan<S.codes, S.ops, S.kernels, S.calls, S.slots>;

struct planner {
    graph_view g;
    binding b;
    schedule_view f;
    vec<std::uint64_t> codes, ops;
    vec<distinct_kernel> kernels;
    vec<call> calls;
    vec<slot> slots;
    vec<int> reg, reg_stage;  // per value: its register in the kernel being emitted; the stage that is valid for

    constexpr planner(graph_view graph, binding binds, schedule_view schedule) : g(graph), b(binds), f(schedule) {
        reg = vec<int>(g.n_values, -1);
        reg_stage = vec<int>(g.n_values, -1);
    }

    constexpr plan_sizes sizes() const {
        return {codes.size, ops.size, kernels.size, calls.size, slots.size, too_large};
    }
    template <class Plan>
    constexpr Plan freeze() const {
        return Plan(sizes(), codes.data, ops.data, kernels.data, calls.data, slots.data);
    }
    // Its sizes; and the plan, if it fits.
    template <class Plan>
    struct fitted {
        plan_sizes sizes;
        Plan at;
    };
    template <class Plan>
    constexpr fitted<Plan> freeze_within(const plan_sizes& room) const {
        return {sizes(), sizes().within(room) ? freeze<Plan>() : Plan()};
    }

    // --- bytecode ----------------------------------------------------------------------------------------------------
    vec<std::uint64_t> code;
    vec<std::uint64_t> local_ops;
    vec<slot> local_slots;
    int current = -1;

    constexpr int local_op(std::uint64_t id) {
        for (int i = 0; i < local_ops.size; ++i)
            if (local_ops.data[i] == id) return i;
        return local_ops.push(id);
    }
    constexpr int push(instr i) {
        if (code.size >= 4095 || i.stage > 31 || i.op > 4095) too_large = true;
        return code.push(i.encode());
    }
    bool too_large = false;  // a kernel does not fit the instruction word
    constexpr level level_of(int r) const { return instr::decode(code.data[r]).level; }

    constexpr lane_class lane_of(const access& a, int lane) const {
        return lane < 0 || a.strides[lane] == 0 ? lane_class::uniform
               : a.strides[lane] == 1           ? lane_class::contiguous
                                                : lane_class::strided;
    }
    // Value v is in register r from stage s on, in this kernel.
    constexpr int keep(int v, int r, int s) {
        return reg.data[v] = r, reg_stage.data[v] = s, kept.push(v), r;
    }
    vec<int> kept;

    // Has value a no elements along this axis of a space? Such an axis is stepped along, so that nothing is read.
    constexpr bool empty_along(int a, const shape& space, int axis) const {
        const shape& s = g.values[a].extents;
        const int own = axis + s.rank - space.rank;
        return own >= 0 && s.at[own].is(0);
    }
    // Loads value a (a leaf, a view of something, or a stored value) at the level its strides allow.
    constexpr int load(int a, int s) {
        if (reg.data[a] >= 0 && (reg_stage.data[a] == s || level_of(reg.data[a]) != level::full)) return reg.data[a];
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
                if ((ac.strides[d] != 0 && !kn.space.at[d].is(1)) || empty_along(a, kn.space, d)) (((kn.axes >> d) & 1) ? any_col : any_row) = true;
            i.kind = instruction::load;
            i.level = is_product(kn.kind) ? (any_row ? level::full : level::once)
                      : any_col           ? level::full
                      : any_row           ? level::row
                                          : level::once;
            if (i.level != level::full) i.stage = 0;
            i.src[0] = static_cast<int>(lane_of(ac, ax.lane_axis));
            sl.value = a;
        }
        for (int k = 0; k < local_slots.size && i.kind == instruction::literal; ++k)
            if (local_slots[k].kind == slot::literal && local_slots[k].value == r) {
                for (int c = 1; c < code.size; ++c) {
                    const instr o = instr::decode(code[c]);
                    if (o.kind == instruction::literal && o.op == k) return keep(a, c, s);
                }
            }
        i.op = local_slots.push(sl);
        return keep(a, push(i), s);
    }

    constexpr int operand(int a, int s) {
        const int m = f.operand_member(g, a, current);
        if (m < 0) {
            const int r = root_of(g, a);
            if (f.inlined[r] && f.home[g.values[r].node] < 0) return keep(a, inline_scalar(r), 0);
            return load(a, s);
        }
        if (f.is_full[m] && f.kernels[current].axes != 0 && f.stage[m] < s && f.stored[m]) return load(m, s);
        return reg[m];
    }

    // A scalar computed from leaves alone, with those it is computed from, each once: their graph may share a lot and be deep.
    constexpr int inline_scalar(int v) {
        vec<int> open;
        open.push(v);
        while (open.size > 0) {
            const int x = open[open.size - 1], before = open.size;
            const node& n = g.of(x);
            for (int k = 0; k < n.n_args && reg[x] < 0; ++k) {
                const int a = root_of(g, g.arg(n, k));
                if (f.inlined[a] && reg[a] < 0) open.push(a);
            }
            if (open.size > before) continue;
            --open.size;
            if (reg[x] >= 0) continue;
            instr i{};
            i.kind = instruction::op;
            i.level = level::once;
            i.type = g.values[x].type;
            i.op = local_op(n.op->id);
            for (int k = 0; k < n.n_args; ++k) {
                const int a = root_of(g, g.arg(n, k));
                i.src[k] = f.inlined[a] ? reg[a] : load(a, 0);
            }
            keep(x, push(i), 0);
        }
        return reg[v];
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
            const access at = position_access(g, v, kn.space, b);
            bool along_row = false;
            for (int d = 0; d < kn.space.rank; ++d) along_row = along_row || (((kn.axes >> d) & 1) && at.strides[d] != 0);
            i.level = is_product(kn.kind) || (f.is_full[v] && along_row) ? level::full : level::row;
            i.src[0] = static_cast<int>(ax.lane_axis >= 0 && at.strides[ax.lane_axis] != 0 ? lane_class::contiguous : lane_class::uniform);
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
        keep(v, push(i), s);
    }
    constexpr void emit_store(int v, int s, bool full) {
        instr i{};
        i.kind = instruction::store;
        i.level = full ? level::full : level::row;
        i.stage = s;
        i.type = g.values[v].type;
        const kernel& kn = f.kernels[current];
        i.src[0] = reg[v];
        i.src[1] = static_cast<int>(lane_of(access_in(g, v, kn.space, b), axes_of_kernel(kn).lane_axis));
        i.op = local_slots.push({slot::store, v});
        push(i);
    }

    constexpr void emit_kernel(int k) {
        const kernel& kn = f.kernels[k];
        current = k;
        code.size = 0, local_ops.size = 0, local_slots.size = 0;
        for (const int v : kept) reg.data[v] = -1, reg_stage.data[v] = -1;
        kept.size = 0;
        header h;
        h.kind = kn.kind;
        call c;
        c.source = k;
        const index depth = kn.kind == kernel_kind::gemm ? depth_of(g, kn, b.symbols) : 1;
        c.parallel = worth_sharing(g, f, kn, planned_count(g, kn.space), depth, b);
        if (kn.kind == kernel_kind::library && is_loop_call(g.nodes[kn.anchor])) {
            h.kind = kernel_kind::repeat;
            code.push(h.encode());
            code.push(static_cast<std::uint64_t>(g.attr(g.nodes[kn.anchor], RunLoop::segment_at)));
        } else if (kn.kind == kernel_kind::library) {
            local_op(g.nodes[kn.anchor].op->id);
            code.push(h.encode());
        } else {
            const axis_lists ax = axes_of_kernel(kn);
            h.lane_reduced = ax.lane_reduced;
            vec<int> members;
            for (int i = kn.first; i >= 0; i = f.next[i]) members.push(i);
            int last_stage = 0;
            for (const int i : members) {
                const int v = g.nodes[i].results;
                if (f.stage[v] > last_stage) last_stage = f.stage[v];
            }
            code.push(0);
            if (is_product(kn.kind)) {
                const node& n = g.nodes[kn.anchor];
                h.type = g.values[n.results].type;
                if (kn.kind == kernel_kind::gemm) {
                    const int va = g.arg(n, 0), vb = g.arg(n, 1);
                    const access aa = access_of(g, va, b), ab = access_of(g, vb, b);
                    const int ra = g.values[va].extents.rank, rb = g.values[vb].extents.rank;
                    h.a_k = lane_of(aa, ra - 1), h.b_k = lane_of(ab, rb - 2), h.b_n = lane_of(ab, rb - 1);
                }
                instr acc{};
                acc.kind = instruction::header;  // register 1: the product
                acc.level = level::full;
                acc.type = h.type;
                keep(n.results, push(acc), 0);
                local_op(kn.kind == kernel_kind::gemm ? declare_op<Contract>::id : n.op->id);
                if (f.stored[n.results]) emit_store(n.results, 0, true);
            }
            vec<char> needed(members.size, 0);
            for (int s = 0; s <= last_stage; ++s) {
                // What this stage must have: its row-level values, its reductions, its stores, and what those read.
                for (int m = members.size - 1; m >= 0; --m) {
                    const node& n = g.nodes[members[m]];
                    const int v = n.results;
                    const bool reduces = n.op->kind == op_kind::reduce;
                    const bool mine = reduces ? f.stage[v] == s + 1 : f.stage[v] == s;
                    needed[m] = mine && (reduces || !f.is_full[v] || f.stored[v] || used_in(v, k, s));
                }
                for (int m = members.size - 1; m >= 0; --m) {
                    if (!needed[m]) continue;
                    const node& n = g.nodes[members[m]];
                    for (int j = 0; j < n.n_args; ++j) {
                        const int a = f.operand_member(g, g.arg(n, j), k);
                        if (a < 0 || !f.is_full[a] || f.stage[a] >= s || f.stored[a]) continue;
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
                    } else if (f.stored[n.results] && f.stage[n.results] == s) {
                        emit_store(n.results, s, f.is_full[n.results]);
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
            if (f.reads_in_stage(n) != s) continue;
            for (int j = 0; j < n.n_args; ++j)
                if (f.operand_member(g, g.arg(n, j), k) == v) return true;
        }
        return false;
    }

    // The number of this bytecode in the list of distinct kernels.
    constexpr int distinct() {
        for (int i = 0; i < kernels.size; ++i) {
            const distinct_kernel& d = kernels.data[i];
            if (d.n_code != code.size || d.n_ops != local_ops.size) continue;
            bool same = true;
            for (int j = 0; j < code.size && same; ++j) same = codes.data[d.code + j] == code.data[j];
            for (int j = 0; j < local_ops.size && same; ++j) same = ops.data[d.ops + j] == local_ops.data[j];
            if (same) return i;
        }
        distinct_kernel d;
        d.code = codes.size, d.n_code = code.size, d.ops = ops.size, d.n_ops = local_ops.size;
        for (const std::uint64_t w : code) codes.push(w);
        for (const std::uint64_t o : local_ops) ops.push(o);
        return kernels.push(d);
    }

    constexpr planner& run() {
        for (int k = 0; k < f.n_kernels; ++k) emit_kernel(k);
        return *this;
    }
};

// The data of all calls in arrays.
struct call_data_sizes {
    int words, places, most_words;  // most: of a layout that merges no axes
};
template <int Words, int Places, int Calls>
struct call_data_arrays {
    call_data_sizes sizes{};
    std::int64_t words[Words + 1] = {}, places[Places + 1] = {};
    int first_words[Calls + 1] = {}, first_places[Calls + 1] = {};
};
// The data of all calls: words, each distinct stretch once, and places (plan.hpp).
struct call_data {
    struct start {
        int words, places;
    };
    vec<start> first;
    vec<std::int64_t> words, places;
    int most_words = 0;

    // Its sizes; and the data, if it fits.
    template <int Words, int Places, int Calls>
    constexpr call_data_arrays<Words, Places, Calls> freeze_within() const {
        call_data_arrays<Words, Places, Calls> r{{words.size, places.size, most_words}};
        if (words.size > Words || places.size > Places) return r;
        for (int i = 0; i < words.size; ++i) r.words[i] = words.data[i];
        for (int i = 0; i < places.size; ++i) r.places[i] = places.data[i];
        for (int i = 0; i < Calls; ++i) r.first_words[i] = first.data[i].words, r.first_places[i] = first.data[i].places;
        return r;
    }

    struct writer {
        vec<std::int64_t>& words;
        vec<std::int64_t>& places;
        constexpr void operator()(std::int64_t w) const { words.push(w); }
        constexpr void place(std::int64_t p) const { places.push(p); }
    };
    // The last stretch, from `at` on, is dropped where an earlier one is equal.
    constexpr int merged(int at) {
        const int n = words.size - at;
        const std::int64_t* const mine = words.data + at;
        const start* const starts = first.data;
        for (int c = first.size - 1; c >= 0; --c) {
            const int from = starts[c].words;
            const std::int64_t* const other = words.data + from;
            int k = 0;
            while (k < n && from + k < at && other[k] == mine[k]) ++k;
            if (k < n) continue;
            words.size = at;
            return from;
        }
        return at;
    }
};
constexpr call_data lay_out_calls(const graph_view& g, const binding& b, const schedule_view& f, const call* calls, int n_calls,
                                   const slot* slots) {
    call_data r;
    const layout l{g, f.offsets, f.output_number, b};
    for (int i = 0; i < n_calls; ++i) {
        const int at = r.words.size, places = r.places.size;
        l.write(f.kernels[calls[i].source], slots + calls[i].slots, calls[i].n_slots, call_data::writer{r.words, r.places});
        r.most_words += r.words.size - at + (calls[i].n_slots + 3) * max_rank;
        r.first.push({r.merged(at), places});
    }
    return r;
}

}  // namespace etta::_
