// lower.hpp: the last pass over a builder. Without loops it drops what nothing needs. With loops, each body becomes a Graph
// of its own (a segment) whose inputs are arguments: the step's number, the carries, the sequences' elements, then what the
// body reads from outside. In its place stands one library call that runs the body's program step by step. So fusion, memory
// planning and code generation know nothing of loops, and a loop of a million steps compiles like one of two.
#pragma once

#include "../autodiff/order.hpp"

namespace etta::_ {

// Runs a segment. Operands: what carries start with, sequences, values from outside. Results: per carry two, its last value
// and room for every other one, or its history and nothing; the stacked values; the body's workspace.
struct RunLoop {
    static constexpr const char* name = "loop";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 0;
    static constexpr bool differentiable = false;
    // Attributes: segment, length (an extent's code), whether in reverse, per carry whether its history is kept, then the
    // bytes of an element of each carry, sequence and stacked value.
    static constexpr int segment_at = 0, length_at = 1, reverse_at = 2, kept_at = 3;
};
constexpr bool is_loop_call(const node& n) { return n.op->id == declare_op<RunLoop>::id; }

struct lowering_pass {
    builder& g;
    vec<char> live;            // per node
    vec<int> number;           // per loop: its segment, or -1
    vec<builder> segments;
    vec<segment> facts;

    constexpr explicit lowering_pass(builder& from) : g(from), live(from.nodes.size, 0), number(from.loops.size, -1) {}

    constexpr void find_live() {
        vec<int> work;
        const auto mark = [&](int v) constexpr {
            if (v < 0 || live[g.values[v].node]) return;
            live[g.values[v].node] = 1;
            work.push(g.values[v].node);
        };
        for (const int o : g.outputs) mark(o);
        for (int i = 0; i < g.nodes.size; ++i)
            if (g.nodes[i].op->kind == op_kind::input || g.nodes[i].op->effect) mark(g.nodes[i].results);
        while (work.size > 0) {
            const node& n = g.nodes[work.pop()];
            for (int k = 0; k < n.n_args; ++k) mark(g.arg(n, k));
            if (n.op->id == declare_op<LoopCarry>::id) mark(g.carries[static_cast<int>(g.attr(n, 1))].next);
        }
    }

    // What goes into loop l's body and comes out of it.
    struct interface {
        vec<int> carries;  // their numbers
        vec<int> sliced;   // LoopSlice values
        vec<int> whole;    // values from outside
        vec<int> stacked;  // values of the body
        vec<int> effects;
        vec<char> history;  // per carry listed
    };
    constexpr bool of_literal(int v) const {
        while (g.of(v).op->kind == op_kind::view) v = g.arg(g.of(v), 0);
        return g.of(v).op->kind == op_kind::literal;
    }
    constexpr interface interface_of(int l) {
        interface f;
        const auto captured = [&](int v) constexpr {
            if (inside(g, loop_of(g, v), l) || of_literal(v)) return;
            for (const int w : f.whole)
                if (w == v) return;
            f.whole.push(v);
        };
        for (int i = 0; i < g.nodes.size; ++i) {
            if (!live[i]) continue;
            const node& n = g.nodes[i];
            const bool body = inside(g, n.loop, l), mine = n.op->kind == op_kind::loop && g.attr(n, 0) == l;
            if (body && n.op->effect) f.effects.push(n.results);
            if (mine && body && n.op->id == declare_op<LoopCarry>::id) {
                f.carries.push(static_cast<int>(g.attr(n, 1))), f.history.push(0);
                captured(g.carries[static_cast<int>(g.attr(n, 1))].next);
            } else if (mine && body && n.op->id == declare_op<LoopSlice>::id) {
                f.sliced.push(n.results);
            } else if (mine && n.op->id == declare_op<LoopStack>::id) {
                f.stacked.push(g.arg(n, 0));
            } else if (body) {
                for (int k = 0; k < n.n_args; ++k) captured(g.arg(n, k));
            }
        }
        for (int i = 0; i < g.nodes.size; ++i)
            if (live[i] && g.nodes[i].op->id == declare_op<LoopHistory>::id && g.attr(g.nodes[i], 0) == l)
                for (int k = 0; k < f.carries.size; ++k)
                    if (f.carries[k] == g.attr(g.nodes[i], 1)) f.history[k] = 1;
        return f;
    }

    // Segment s of region r (a loop; -1 outside of all).
    constexpr void emit(int s, int r) {
        builder out;
        out.symbols = g.symbols, out.unified = g.unified;
        vec<int> renamed(g.values.size, -1), roots;
        if (r < 0) {
            for (const node& n : g.nodes) {
                if (n.op->kind != op_kind::input) continue;
                const value v = g.values[n.results];
                renamed[n.results] = out.add(n.op, nullptr, 0, g.attrs.data + n.attrs, n.n_attrs, v.type, v.extents);
            }
            for (const int o : g.outputs) roots.push(o);
            for (int i = 0; i < g.nodes.size; ++i)
                if (live[i] && g.nodes[i].op->effect && g.nodes[i].loop < 0) roots.push(g.nodes[i].results);
        } else {
            const interface f = interface_of(r);
            int ordinal = 0;
            const auto enter = [&](int v, dtype t, shape e) constexpr {
                const int id = out.input(storage::argument, ordinal++, t, e);
                if (v >= 0) renamed[v] = id;
            };
            enter(-1, dtype::i64, shape{});
            for (const int c : f.carries) enter(g.carries[c].in, g.type_of(g.carries[c].in), g.extents_of(g.carries[c].in));
            for (const int v : f.sliced) enter(v, g.type_of(v), g.extents_of(v));
            for (const int v : f.whole) enter(v, g.type_of(v), g.extents_of(v));
            for (int i = 0; i < g.nodes.size; ++i)
                if (live[i] && g.nodes[i].loop == r && g.nodes[i].op->id == declare_op<LoopStep>::id) renamed[g.nodes[i].results] = 0;
            for (const int c : f.carries) roots.push(g.carries[c].next);
            for (const int v : f.stacked) roots.push(v);
            for (const int v : f.effects) roots.push(v);
            facts[s].n_carries = f.carries.size, facts[s].n_sliced = f.sliced.size, facts[s].n_whole = f.whole.size;
        }
        for (const int u : units_before(g, {r, r >= 0}, roots.data, roots.size, &live)) {
            if (u >= 0) copy(out, renamed, g.nodes[u], r);
            else call(out, renamed, s, loop_of_unit(u), r);
        }
        if (r < 0) {
            for (const int o : g.outputs) out.outputs.push(o < 0 ? -1 : use(out, renamed, o, r));
        } else {
            const interface f = interface_of(r);
            for (const int c : f.carries) out.outputs.push(use(out, renamed, g.carries[c].next, r));
            for (const int v : f.stacked) out.outputs.push(use(out, renamed, v, r));
        }
        settle_outputs(out);
        segments[s] = static_cast<builder&&>(out);
    }

    // Value v in segment `out`: known already, or constant and made again.
    constexpr int use(builder& out, vec<int>& renamed, int v, int r) {
        if (renamed[v] >= 0) return renamed[v];
        if (of_literal(v)) copy(out, renamed, g.of(v), r);
        if (renamed[v] < 0) {  // a value of a loop that has ended, or of one beside
            g.blame(mistake::escaped, "scan", g.extents_of(v));
            renamed[v] = 0;
        }
        return renamed[v];
    }
    constexpr void copy(builder& out, vec<int>& renamed, const node n, int r) {
        if (renamed[n.results] >= 0 || n.op->kind == op_kind::loop) return;
        const int before = out.nodes.size;
        vec<int> args;
        for (int k = 0; k < n.n_args; ++k) args.push(use(out, renamed, g.arg(n, k), r));
        for (int k = 0; k < n.n_results; ++k) {
            const value v = g.values[n.results + k];
            renamed[n.results + k] = k == 0 ? out.add(n.op, args.data, args.size, g.attrs.data + n.attrs, n.n_attrs, v.type, v.extents)
                                            : out.add_result(renamed[n.results], v.type, v.extents);
        }
        const int old = g.values[n.results].node;
        if (old < g.origin.size && out.nodes.size > before) note_origin(out, g.origin[old]);
    }
    // Of the node that was added last.
    static constexpr void note_origin(builder& out, int row) {
        while (out.origin.size < out.nodes.size) out.origin.push(-1);
        out.origin.back() = row;
    }
    constexpr void call(builder& out, vec<int>& renamed, int s, int l, int r) {
        const interface f = interface_of(l);
        const loop_record loop = g.loops[l];
        vec<int> args;
        vec<std::int64_t> attrs, sizes;
        vec<value> results;
        const auto result = [&](int v, bool steps, extent n) constexpr {
            value x = g.values[v];
            if (steps) x.extents = with_leading(n, x.extents);
            return results.push(x);
        };
        attrs.push(number[l]), attrs.push(loop.length.code), attrs.push(loop.reverse);
        vec<int> carry_at, stack_at;
        for (int k = 0; k < f.carries.size; ++k) {
            const int in = g.carries[f.carries[k]].in;
            args.push(use(out, renamed, start_of(g, f.carries[k]), r));
            attrs.push(f.history[k]), sizes.push(size_of(g.type_of(in)));
            carry_at.push(result(in, f.history[k], plus(loop.length, 1)));
            value other = g.values[in];  // one slot more, to go to and fro between; none beside a history
            if (f.history[k]) other.type = dtype::u8, other.extents = shape(extent(0));
            results.push(other);
        }
        for (const int v : f.sliced) args.push(in_memory(out, use(out, renamed, g.arg(g.of(v), 0), r))), sizes.push(size_of(g.type_of(v)));
        for (const int v : f.whole) args.push(in_memory(out, use(out, renamed, v, r)));
        for (const int v : f.stacked) stack_at.push(result(v, true, loop.length)), sizes.push(size_of(g.type_of(v)));
        value scratch;
        scratch.type = dtype::u8, scratch.extents = shape(extent(0));
        results.push(scratch);
        for (const std::int64_t n : sizes) attrs.push(n);
        const int first = out.add(&info_of<RunLoop>::value, args.data, args.size, attrs.data, attrs.size, results[0].type, results[0].extents);
        for (int k = 1; k < results.size; ++k) out.add_result(first, results[k].type, results[k].extents);
        facts[number[l]].parent = s, facts[number[l]].call = out.values[first].node;
        for (int i = 0; i < g.nodes.size; ++i) {
            const node& n = g.nodes[i];
            if (!live[i] || n.op->kind != op_kind::loop || n.loop == l || g.attr(n, 0) != l) continue;
            if (n.op->id == declare_op<LoopStack>::id) {
                for (int k = 0; k < f.stacked.size; ++k)
                    if (f.stacked[k] == g.arg(n, 0)) renamed[n.results] = first + stack_at[k];
                continue;
            }
            for (int k = 0; k < f.carries.size; ++k)
                if (f.carries[k] == g.attr(n, 1)) renamed[n.results] = n.op->id == declare_op<LoopHistory>::id || !f.history[k] ? first + carry_at[k] : last_of_history(out, first + carry_at[k], loop);
        }
    }
    constexpr int last_of_history(builder& out, int all, const loop_record& loop) {
        const shape s = out.extents_of(all);
        std::int64_t from[2 * max_rank] = {};
        for (int k = 0; k < s.rank; ++k) from[2 * k + 1] = 1;
        if (!loop.reverse) from[0] = static_cast<std::int64_t>(loop.length.code);
        return reshape_to(out, Slice::add(out, all, from, with_leading(extent(1), without_first(s))), without_first(s));
    }

    constexpr void run() {
        find_live();
        int n = 1;
        for (int i = 0; i < g.nodes.size; ++i)
            if (live[i])
                for (int l = g.nodes[i].loop; l >= 0 && number[l] < 0; l = g.loops[l].parent) number[l] = 0;
        for (int l = 0; l < g.loops.size; ++l)
            if (number[l] == 0) number[l] = n++;
        segments = vec<builder>(n);
        facts = vec<segment>(n);
        emit(0, -1);
        for (int l = 0; l < g.loops.size; ++l)
            if (number[l] > 0) emit(number[l], l);
        builder all;
        all.symbols = g.symbols, all.error = g.error;
        for (int s = 0; s < n; ++s) {
            const builder& b = segments[s];
            segment& f = facts[s];
            f.nodes = all.nodes.size, f.values = all.values.size, f.args = all.args.size, f.attrs = all.attrs.size, f.outputs = all.outputs.size;
            f.n_nodes = b.nodes.size, f.n_values = b.values.size, f.n_outputs = b.outputs.size;
            for (const node& x : b.nodes) all.nodes.push(x);
            for (const value& x : b.values) all.values.push(x);
            for (const int x : b.args) all.args.push(x);
            for (const std::int64_t x : b.attrs) all.attrs.push(x);
            for (int i = 0; g.origin.size > 0 && i < b.nodes.size; ++i) all.origin.push(i < b.origin.size ? b.origin.data[i] : -1);
            for (const int x : b.outputs) all.outputs.push(x);
            if (n > 1) all.segments.push(f);
        }
        g = static_cast<builder&&>(all);
    }
};

// What every traced Graph goes through before it is made a constant.
constexpr void finish(builder& g) {
    settle_outputs(g);
    if (g.loops.size == 0) g.compact();
    else lowering_pass(g).run();
}

}  // namespace etta::_
