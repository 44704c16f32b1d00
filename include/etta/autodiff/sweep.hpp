// sweep.hpp: the two sweeps that every transformation is made of. Both read a stretch of a builder's nodes and append
// the derivative to the same builder: there is no tape, and a derivative is as differentiable as what it came from.
#pragma once

#include "../op/reduce.hpp"

namespace etta::_ {

// Which values depend on any of `roots` through differentiable ops. O(nodes).
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
    return found;
}

constexpr int accumulate(builder& g, int sum, int term) {
    if (term < 0) return sum;
    return sum < 0 ? term : add_values(g, sum, term);
}

// Reverse sweep: given cotangents of some outputs, appends the cotangents of `wrt` and writes their ids (-1: zero).
// Each op is visited once; the result is about 2 to 3 times as many nodes as the stretch has.
constexpr void pull_back(builder& g, const int* outputs, const int* cotangents, int n_outputs, const int* wrt, int n_wrt,
                         int* result) {
    const vec<char> found = depends_on(g, wrt, n_wrt);
    const char* const reached = found.data;
    vec<int> cotangent(g.values.size, -1);
    int* const cot = cotangent.data;
    int last = -1;
    for (int i = 0; i < n_outputs; ++i) {
        cot[outputs[i]] = accumulate(g, cot[outputs[i]], cotangents[i]);
        if (g.values[outputs[i]].node > last) last = g.values[outputs[i]].node;
    }
    int first = g.values.size;
    for (int i = 0; i < n_wrt; ++i)
        if (wrt[i] >= 0 && wrt[i] < first) first = wrt[i];
    const int stop = first < g.values.size ? g.values[first].node : last + 1;
    for (int i = last; i >= stop; --i) {
        const node n = g.nodes.data[i];
        bool any = false, needed = false;
        for (int k = 0; k < n.n_results; ++k) any = any || cot[n.results + k] >= 0;
        if (!any || !n.op->has_vjp || !n.op->differentiable) continue;
        for (int k = 0; k < n.n_args; ++k) needed = needed || reached[g.args.data[n.args + k]];
        if (!needed) continue;
        vec<int> mine(n.n_results, -1), theirs(n.n_args, -1);
        for (int k = 0; k < n.n_results; ++k) mine.data[k] = cot[n.results + k];
        n.op->vjp({&g, i, mine.data, nullptr, theirs.data});
        for (int k = 0; k < n.n_args; ++k) {
            const int a = g.args.data[n.args + k];
            if (reached[a]) cot[a] = accumulate(g, cot[a], theirs.data[k]);
        }
    }
    for (int i = 0; i < n_wrt; ++i) result[i] = wrt[i] < 0 ? -1 : cot[wrt[i]];
}

// Forward sweep: given tangents of `wrt`, appends the tangents of the outputs and writes their ids (-1: zero).
constexpr void push_forward(builder& g, const int* wrt, const int* tangents, int n_wrt, const int* outputs, int n_outputs,
                            int* result) {
    const vec<char> reached = depends_on(g, wrt, n_wrt);
    vec<int> tan(g.values.size, -1);
    int first = g.values.size, last = -1;
    for (int i = 0; i < n_wrt; ++i) {
        tan[wrt[i]] = tangents[i];
        if (wrt[i] < first) first = wrt[i];
    }
    for (int i = 0; i < n_outputs; ++i)
        if (g.values[outputs[i]].node > last) last = g.values[outputs[i]].node;
    for (int i = first < g.values.size ? g.values[first].node + 1 : last + 1; i <= last; ++i) {
        const node n = g.nodes[i];
        if (!reached[n.results] || !n.op->has_jvp || tan[n.results] >= 0) continue;
        vec<int> theirs(n.n_args, -1), mine(n.n_results, -1);
        bool any = false;
        for (int k = 0; k < n.n_args; ++k) theirs[k] = tan[g.args[n.args + k]], any = any || theirs[k] >= 0;
        if (!any) continue;
        n.op->jvp({&g, i, nullptr, theirs.data, mine.data});
        for (int k = 0; k < n.n_results; ++k) tan[n.results + k] = mine[k];
    }
    for (int i = 0; i < n_outputs; ++i) result[i] = tan[outputs[i]];
}

// A value as a whole tensor of zeros or ones of this shape.
constexpr int filled_like(builder& g, int v, double x) {
    return expand_to(g, g.literal(x, g.type_of(v)), g.extents_of(v));
}

}  // namespace etta::_
