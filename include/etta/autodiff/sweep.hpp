// sweep.hpp: the two sweeps that every transformation is made of. Both read a stretch of a builder's nodes and append
// the derivative to the same builder: there is no tape, and a derivative is as differentiable as what it came from.
#pragma once

#include "../op/place.hpp"
#include "order.hpp"

namespace etta::_ {

// Which values depend on any of `roots` through differentiable ops. O(nodes), times the depth to which loops stand in loops.
constexpr vec<char> depends_on(const builder& g, const int* roots, int n_roots) {
    vec<char> found(g.values.size, 0);
    char* const d = found.data;
    int first = g.values.size;
    for (int i = 0; i < n_roots; ++i)
        if (roots[i] >= 0) {
            d[roots[i]] = 1;
            if (roots[i] < first) first = roots[i];
        }
    if (first == g.values.size) return found;
    for (bool again = true; again;) {
        again = false;
        for (int i = g.values[first].node; i < g.nodes.size; ++i) {
            const node& n = g.nodes.data[i];
            if (!n.op->differentiable) continue;
            char any = 0;
            for (int k = 0; k < n.n_args; ++k) any |= d[g.args.data[n.args + k]];
            if (!any) continue;
            for (int k = 0; k < n.n_results; ++k) {
                const int v = n.results + k;
                if (is_floating(g.values.data[v].type)) d[v] = 1;
            }
        }
        for (const carry_record& c : g.carries)
            if (c.next >= 0 && d[c.next] && !d[c.in]) {
                d[c.in] = 1, again = true;
                if (c.in < first) first = c.in;
            }
    }
    return found;
}

constexpr int accumulate(builder& g, int sum, int term) {
    if (term < 0) return sum;
    return sum < 0 ? term : add_values(g, sum, term);
}

// A value as a whole tensor of zeros or ones of this shape.
constexpr int filled_like(builder& g, int v, double x) {
    return expand_to(g, g.literal(x, g.type_of(v)), g.extents_of(v));
}

// What a node is replaced by that must not be looked at again.
struct Without {
    static constexpr const char* name = "without";
    static constexpr op_kind kind = op_kind::library;
};

// --- reverse ---------------------------------------------------------------------------------------------------------
// The values of a loop's body as the reverse loop sees them. What is dear to compute was stored at every step, as were the
// carries; the rest is computed again. Stored is what is asked for, no more.
struct mirror_of_body {
    builder& g;
    int loop, reverse;
    mirror_of_body* outer;  // of the body that the loop stands in, if that is swept too
    vec<int> memo = {};

    constexpr int outside(int v) { return outer != nullptr ? outer->of(v) : v; }
    constexpr int of(int v) {
        if (!inside(g, loop_of(g, v), loop)) return outside(v);
        while (memo.size < g.values.size) memo.push(-1);
        if (memo[v] < 0) {
            const int r = make(v);
            while (memo.size < g.values.size) memo.push(-1);
            memo[v] = r;
        }
        return memo[v];
    }

private:
    constexpr int make(int v) {
        const node n = g.of(v);
        if (g.is<LoopStep>(v) && n.loop == loop) return step_of(g, reverse);
        const bool dear = n.op->kind == op_kind::loop || n.op->kind == op_kind::contraction || n.op->kind == op_kind::library ||
                          n.op->kind == op_kind::reduce || (n.op->kind == op_kind::elementwise && !n.op->cheap && n.op->stored);
        if (dear && n.n_results == 1) return at_step(g, reverse, outside(stacked(g, loop, v)));
        vec<int> args;
        vec<std::int64_t> t;
        for (int k = 0; k < n.n_args; ++k) args.push(of(g.arg(n, k)));
        for (int k = 0; k < n.n_attrs; ++k) t.push(g.attr(n, k));
        const int first = g.add(n.op, args.data, n.n_args, t.data, n.n_attrs, g.type_of(n.results), g.extents_of(n.results));
        for (int k = 1; k < n.n_results; ++k) g.add_result(first, g.type_of(n.results + k), g.extents_of(n.results + k));
        return first + (v - n.results);
    }
};

struct reverse_sweep {
    builder& g;
    vec<char> reached;

    // Runs a node's rule; through a mirror, on a stand-in that has the mirrored operands and results.
    constexpr void apply(int i, const int* cotangents, int* theirs, mirror_of_body* mirror) {
        if (mirror == nullptr) return call_vjp({&g, i, cotangents, nullptr, theirs});
        node n = g.nodes[i];
        vec<int> args;
        for (int k = 0; k < n.n_args; ++k) args.push(mirror->of(g.arg(n, k)));
        n.results = mirror->of(n.results);
        n.args = g.args.size;
        for (const int a : args) g.args.push(a);
        const int stand_in = g.nodes.push(n);
        call_vjp({&g, stand_in, cotangents, nullptr, theirs});
        node& done = g.nodes[stand_in];
        done.op = &info_of<Without>::value, done.n_args = done.n_attrs = 0, done.loop = -1;
    }

    // The units of `order`, last first: cot holds a cotangent per value (-1: none) and is added to.
    constexpr void run(const vec<int>& order, vec<int>& cot, int region, mirror_of_body* mirror) {
        for (int q = order.size - 1; q >= 0; --q) {
            const int i = order[q];
            if (i < 0) {
                loop(loop_of_unit(i), cot, region, mirror);
                continue;
            }
            const node n = g.nodes[i];
            bool any = false, needed = false;
            for (int k = 0; k < n.n_results; ++k) any = any || cot[n.results + k] >= 0;
            if (!any || !n.op->has_vjp || !n.op->differentiable) continue;
            for (int k = 0; k < n.n_args; ++k) needed = needed || reached[g.args[n.args + k]];
            if (!needed) continue;
            vec<int> mine(n.n_results, -1), theirs(n.n_args, -1);
            for (int k = 0; k < n.n_results; ++k) mine[k] = cot[n.results + k];
            apply(i, mine.data, theirs.data, mirror);
            for (int k = 0; k < n.n_args; ++k) {
                const int a = g.args[n.args + k];
                if (reached[a]) cot[a] = accumulate(g, cot[a], theirs[k]);
            }
            g.note_derivative(i);
        }
    }

    // A loop's reverse runs the other way. It carries the carries' cotangents; what its body gives per step for values
    // from outside is summed over the steps.
    constexpr void loop(int l, vec<int>& cot, int region, mirror_of_body* outer) {
        const int n_nodes = g.nodes.size, n_carries = g.carries.size, n_values = reached.size;
        int seen = 0;
        while (seen < n_nodes && !(leaves(seen, l) && cot[g.nodes[seen].results] >= 0)) ++seen;
        if (seen == n_nodes) return;
        const int back = open_loop(g, region, g.loops[l].length, !g.loops[l].reverse);
        vec<int> in(n_values, -1), mine(n_carries, -1), roots;
        for (int c = 0; c < n_carries; ++c) {
            const carry_record k = g.carries[c];
            if (k.loop != l || k.in >= n_values || !reached[k.in]) continue;
            int last = -1;
            for (int i = 0; i < n_nodes; ++i)
                if (leaves(i, l) && g.nodes[i].op->id == declare_op<LoopLast>::id && g.attr(g.nodes[i], 1) == c) last = cot[g.nodes[i].results];
            mine[c] = add_carry(g, back, last >= 0 ? last : filled_like(g, k.in, 0));
            in[k.next] = accumulate(g, in[k.next], g.carries[mine[c]].in);
            roots.push(k.next);
        }
        vec<int> starts(n_carries, -1);
        for (int i = 0; i < n_nodes; ++i) {
            const int d = leaves(i, l) ? cot[g.nodes[i].results] : -1;
            if (d < 0) continue;
            const node n = g.nodes[i];
            const int v = g.arg(n, 0);
            if (n.op->id == declare_op<LoopStack>::id) {
                in[v] = accumulate(g, in[v], at_step(g, back, d));
                roots.push(v);
            } else if (n.op->id == declare_op<LoopHistory>::id) {
                const int c = static_cast<int>(g.attr(n, 1));
                const shape s = g.extents_of(d), one = with_leading(extent(1), without_first(s));
                const bool reverse = g.loops[l].reverse;
                std::int64_t from[2 * max_rank] = {};
                for (int k = 0; k < s.rank; ++k) from[2 * k + 1] = 1;
                from[0] = !reverse;
                const int after = Slice::add(g, d, from, with_leading(g.loops[l].length, without_first(s)));
                from[0] = reverse ? static_cast<std::int64_t>(g.loops[l].length.code) : 0;
                starts[c] = accumulate(g, starts[c], reshape_to(g, Slice::add(g, d, from, one), without_first(s)));
                const int next = g.carries[c].next;
                in[next] = accumulate(g, in[next], at_step(g, back, after));
            }
        }
        g.note_derivative(seen);
        mirror_of_body mirror{g, l, back, outer};
        run(units_before(g, {l, true}, roots.data, roots.size), in, back, &mirror);
        for (int c = 0; c < n_carries; ++c) {
            if (mine[c] < 0) continue;
            const int k = g.carries[c].in, start = start_of(g, c);
            g.carries[mine[c]].next = in[k] >= 0 ? in[k] : filled_like(g, k, 0);
            if (reached[start]) cot[start] = accumulate(g, accumulate(g, cot[start], last_of(g, mine[c])), starts[c]);
        }
        for (int v = 0; v < n_values; ++v) {
            if (in[v] < 0) continue;
            const node n = g.of(v);
            if (n.loop == l && n.op->id == declare_op<LoopSlice>::id) {
                const int sequence = g.arg(n, 0);
                if (reached[sequence]) cot[sequence] = accumulate(g, cot[sequence], stacked(g, back, in[v]));
            } else if (!inside(g, n.loop, l) && reached[v]) {
                cot[v] = accumulate(g, cot[v], sum_of_steps(g, back, in[v]));
            }
        }
        g.note_derivative(seen);
    }
    // Is node i a result of loop l?
    constexpr bool leaves(int i, int l) const {
        const node& n = g.nodes[i];
        return n.op->kind == op_kind::loop && g.attr(n, 0) == l && n.loop != l && n.results < reached.size;
    }
};

constexpr int region_of(const builder& g, const int* values, int n, int region = -1) {
    for (int i = 0; i < n && g.loops.size > 0; ++i)
        if (values[i] >= 0 && loop_of(g, values[i]) > region) region = loop_of(g, values[i]);
    return region;
}

// Reverse sweep: given cotangents of some outputs, appends the cotangents of `wrt` and writes their ids (-1: zero).
// Each op is visited once; the result is about 2 to 3 times as many nodes as the stretch has.
constexpr void pull_back(builder& g, const int* outputs, const int* cotangents, int n_outputs, const int* wrt, int n_wrt,
                         int* result) {
    reverse_sweep s{g, depends_on(g, wrt, n_wrt)};
    vec<int> cot(g.values.size, -1);
    int last = -1;
    for (int i = 0; i < n_outputs; ++i) {
        cot[outputs[i]] = accumulate(g, cot[outputs[i]], cotangents[i]);
        if (g.values[outputs[i]].node > last) last = g.values[outputs[i]].node;
    }
    int first = g.values.size;
    for (int i = 0; i < n_wrt; ++i)
        if (wrt[i] >= 0 && wrt[i] < first) first = wrt[i];
    const int stop = first < s.reached.size ? g.values[first].node : last + 1;
    vec<int> order;
    const int region = region_of(g, cotangents, n_outputs, region_of(g, outputs, n_outputs));
    if (g.loops.size > 0) order = units_before(g, {region}, outputs, n_outputs);
    else for (int i = stop; i <= last; ++i) order.push(i);
    s.run(order, cot, region, nullptr);
    for (int i = 0; i < n_wrt; ++i) result[i] = wrt[i] < 0 ? -1 : cot[wrt[i]];
}

// --- forward ---------------------------------------------------------------------------------------------------------
struct forward_sweep {
    builder& g;
    vec<char> reached;
    vec<int> tan;

    constexpr void run(const vec<int>& order) {
        for (const int i : order) {
            if (i < 0) {
                loop(loop_of_unit(i));
                continue;
            }
            const node n = g.nodes[i];
            if (!reached[n.results] || !n.op->has_jvp || tan[n.results] >= 0) continue;
            vec<int> theirs(n.n_args, -1), mine(n.n_results, -1);
            bool any = false;
            for (int k = 0; k < n.n_args; ++k) theirs[k] = tan[g.args[n.args + k]], any = any || theirs[k] >= 0;
            if (!any) continue;
            call_jvp({&g, i, nullptr, theirs.data, mine.data});
            for (int k = 0; k < n.n_results; ++k) tan[n.results + k] = mine[k];
        }
    }
    // Tangents run along in the same loop.
    constexpr void loop(int l) {
        const int n_nodes = g.nodes.size, n_carries = g.carries.size;
        vec<int> roots, mine(n_carries, -1);
        for (int c = 0; c < n_carries; ++c) {
            const carry_record k = g.carries[c];
            if (k.loop != l || k.in >= reached.size || !reached[k.in]) continue;
            const int start = tan[start_of(g, c)];
            mine[c] = add_carry(g, l, start >= 0 ? start : filled_like(g, k.in, 0));
            tan[k.in] = g.carries[mine[c]].in;
            roots.push(k.next);
        }
        for (int i = 0; i < n_nodes; ++i) {
            const node n = g.nodes[i];
            if (n.op->kind != op_kind::loop || g.attr(n, 0) != l || n.results >= reached.size) continue;
            if (n.loop == l && n.op->id == declare_op<LoopSlice>::id && tan[g.arg(n, 0)] >= 0) tan[n.results] = at_step(g, l, tan[g.arg(n, 0)]);
            if (n.loop != l && n.op->id == declare_op<LoopStack>::id) roots.push(g.arg(n, 0));
        }
        run(units_before(g, {l, true}, roots.data, roots.size));
        for (int c = 0; c < n_carries; ++c)
            if (mine[c] >= 0) g.carries[mine[c]].next = tan[g.carries[c].next] >= 0 ? tan[g.carries[c].next] : filled_like(g, g.carries[c].in, 0);
        for (int i = 0; i < n_nodes; ++i) {
            const node n = g.nodes[i];
            if (n.op->kind != op_kind::loop || g.attr(n, 0) != l || n.loop == l || n.results >= reached.size) continue;
            const int t = tan[g.arg(n, 0)], c = static_cast<int>(g.attr(n, 1));
            if (n.op->id == declare_op<LoopStack>::id) tan[n.results] = t >= 0 ? stacked(g, l, t) : -1;
            else if (mine[c] < 0) continue;
            else if (n.op->id == declare_op<LoopLast>::id) tan[n.results] = last_of(g, mine[c]);
            else tan[n.results] = whole_history(g, mine[c]);
        }
    }
    static constexpr int whole_history(builder& g, int carry) { return g.arg(g.of(history_of(g, carry, false)), 0); }
};

// Forward sweep: given tangents of `wrt`, appends the tangents of the outputs and writes their ids (-1: zero).
constexpr void push_forward(builder& g, const int* wrt, const int* tangents, int n_wrt, const int* outputs, int n_outputs,
                            int* result) {
    forward_sweep s{g, depends_on(g, wrt, n_wrt), vec<int>(g.values.size, -1)};
    int first = g.values.size, last = -1;
    for (int i = 0; i < n_wrt; ++i) {
        s.tan[wrt[i]] = tangents[i];
        if (wrt[i] < first) first = wrt[i];
    }
    for (int i = 0; i < n_outputs; ++i)
        if (g.values[outputs[i]].node > last) last = g.values[outputs[i]].node;
    vec<int> order;
    if (g.loops.size > 0) order = units_before(g, {region_of(g, outputs, n_outputs)}, outputs, n_outputs);
    else for (int i = first < s.reached.size ? g.values[first].node + 1 : last + 1; i <= last; ++i) order.push(i);
    s.run(order);
    for (int i = 0; i < n_outputs; ++i) result[i] = s.tan[outputs[i]];
}

}  // namespace etta::_
