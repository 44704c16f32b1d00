// fuse.hpp: decides which nodes share a kernel, in which order kernels run, and which values are stored.
//
// Kernels are numbered in the order they run. A value is computed when something needs it in memory (an output, a GEMM
// operand, another kernel): its not yet computed element-wise and reducing ancestors over the same space join it. The
// group then joins the *latest* kernel among those that made its operands, if that one runs over the same space; every
// other operand comes from an earlier kernel, so no cycle can arise and nothing has to be proved. A value used by
// several kernels is computed by the first and stored once.
#pragma once

#include "lower.hpp"

namespace etta::_ {

enum class kernel_kind : int { loop, gemm, library, repeat };  // repeat: a loop's body; only in code, a library call till then

struct kernel {
    kernel_kind kind = kernel_kind::loop;
    int anchor = -1;    // gemm, library: the node
    shape space;        // what is iterated over (gemm: the product's extents)
    unsigned axes = 0;  // loop: the reduced axes; 0 for a map
    int first = -1;     // members, a linked list in ascending order
    int last = -1;
};

struct fusion {
    vec<kernel> kernels;
    vec<int> home;     // per node: its kernel; -1 for leaves and views
    vec<int> next;     // per node: the next member of its kernel
    vec<char> stored;  // per value: lies in memory
};

// Where a value's elements come from once views are looked through.
constexpr int root_of(const graph_view& g, int v) {
    while (g.of(v).op->kind == op_kind::view) v = g.arg(g.of(v), 0);
    return v;
}

constexpr bool is_leaf(const graph_view& g, int v) {
    const op_kind k = g.of(v).op->kind;
    return k == op_kind::input || k == op_kind::literal;
}

// The extents with the axes reduced.
constexpr shape reduced(shape s, unsigned axes) {
    for (int i = 0; i < s.rank; ++i)
        if ((axes >> i) & 1) s.at[i] = extent(1);
    return s;
}

// Equal up to leading ones.
constexpr bool same_aligned(const shape& a, const shape& b) {
    const int rank = a.rank > b.rank ? a.rank : b.rank;
    for (int i = 1; i <= rank; ++i) {
        const extent x = i <= a.rank ? a[-i] : extent(1), y = i <= b.rank ? b[-i] : extent(1);
        if (!(x == y)) return false;
    }
    return true;
}

constexpr index planned_count(const graph_view& g, const shape& s) {
    index n = 1;
    for (int i = 0; i < s.rank; ++i) {
        const extent e = s.at[i];
        n *= e.is_static() ? static_cast<index>(e.code)
                           : e.coefficient() * (g.symbols[e.symbol()].bound > 0 ? g.symbols[e.symbol()].bound : 1024) + e.constant();
    }
    return n;
}

constexpr bool is_one(const shape& s) {
    for (int i = 0; i < s.rank; ++i)
        if (!s.at[i].is(1)) return false;
    return true;
}

// Scalars computed from leaves alone (1 / n, a rate times a weight): every kernel that reads one computes it, once per
// call, rather than a kernel of its own storing it.
constexpr vec<char> scalars_of_leaves(const graph_view& g) {
    vec<char> r(g.n_values, 0);
    for (int i = 0; i < g.n_nodes; ++i) {
        const node& n = g.nodes[i];
        if (n.op->kind != op_kind::elementwise || !is_one(g.values[n.results].extents)) continue;
        bool all = true;
        for (int k = 0; k < n.n_args && all; ++k) {
            const int a = root_of(g, g.arg(n, k));
            all = r[a] != 0 || (is_leaf(g, a) && is_one(g.values[a].extents));
        }
        r[n.results] = all;
    }
    return r;
}

struct fuser {
    graph_view g;
    fusion f;
    vec<char> required;  // per value: must lie in memory
    vec<char> inlined;   // per value: a scalar of leaves
    vec<int> stamp;      // per node: the group it was last put into
    int group_id = 0;

    constexpr explicit fuser(graph_view graph) : g(graph) {
        f.home = vec<int>(g.n_nodes, -1);
        f.next = vec<int>(g.n_nodes, -1);
        f.stored = vec<char>(g.n_values, 0);
        required = vec<char>(g.n_values, 0);
        stamp = vec<int>(g.n_nodes, -1);
        inlined = scalars_of_leaves(g);
    }

    struct group {
        shape space;
        unsigned axes = 0;
        vec<int> members;
        vec<int> pending;    // values that must be computed by an earlier kernel first
        int latest = -1;     // the last kernel among those that made an operand
        bool direct = true;  // every operand from `latest` is read at the very element (or row) being computed
    };

    constexpr bool floating(int v) const {
        const op_kind k = g.of(v).op->kind;
        return f.home[g.values[v].node] < 0 && (k == op_kind::elementwise || k == op_kind::reduce || k == op_kind::generator);
    }
    constexpr bool is_reduce(int v) const { return g.of(v).op->kind == op_kind::reduce; }
    constexpr const shape& extents(int v) const { return g.values[v].extents; }
    constexpr unsigned reduced_axes(int v) const { return static_cast<unsigned>(g.attr(g.of(v), 0)); }
    constexpr const shape& reduced_space(int v) const { return extents(g.arg(g.of(v), 0)); }

    // One kernel can hold a reduction and what depends on it: enough rows to share out, or little work.
    constexpr bool rows_pay(const shape& space, unsigned axes) const {
        return planned_count(g, space) <= 1 << 14 || planned_count(g, reduced(space, axes)) >= 16;
    }

    // Does a row-level value come, through element-wise ops of its own shape, from a reduction of `space` over `axes`?
    constexpr bool reaches_reduction(int v, const shape& space, unsigned axes, int depth) const {
        if (depth > 16 || !floating(v)) return false;
        if (is_reduce(v)) return reduced_space(v) == space && reduced_axes(v) == axes;
        const node& n = g.of(v);
        for (int k = 0; k < n.n_args; ++k)
            if (g.of(g.arg(n, k)).op->kind != op_kind::view && reaches_reduction(g.arg(n, k), space, axes, depth + 1)) return true;
        return false;
    }

    constexpr void join(group& s, int v, vec<int>& work) {
        const int n = g.values[v].node;
        if (stamp[n] == group_id) return;
        stamp[n] = group_id;
        s.members.push(n);
        work.push(n);
    }

    // How operand `a` of a member at this level (full: element of the space; row: reduced over axes) is had.
    constexpr void visit(group& s, int a, bool full, vec<int>& work) {
        bool only_expand = true, scalar = is_one(extents(a));
        int r = a;
        while (g.of(r).op->kind == op_kind::view) {
            only_expand = only_expand && g.of(r).op->id == declare_op<Expand>::id;
            r = g.arg(g.of(r), 0);
            scalar = scalar && is_one(extents(r));
        }
        const bool direct = r == a || scalar;
        if (is_leaf(g, r) || (inlined[r] && !required[r])) return;
        if (!floating(r)) {
            const int h = f.home[g.values[r].node];
            const bool here = direct || (only_expand && s.axes != 0 && full && same_aligned(extents(r), reduced(s.space, s.axes)));
            if (h > s.latest) s.latest = h, s.direct = here;
            else if (h == s.latest) s.direct = s.direct && here;
            return;
        }
        if (direct && !is_reduce(r)) return join(s, r, work);
        if (direct) {  // a reduction read at its own extents: by a row-level member, or the whole group is row-level
            if (s.axes == 0 && (s.space == extents(r) || scalar) && rows_pay(reduced_space(r), reduced_axes(r))) {
                s.space = reduced_space(r), s.axes = reduced_axes(r);
                return join(s, r, work);
            }
            if (s.axes != 0 && !full && reduced_space(r) == s.space && reduced_axes(r) == s.axes) return join(s, r, work);
        } else if (only_expand && full && extents(r).rank == s.space.rank) {
            unsigned axes = 0;
            for (int i = 0; i < s.space.rank; ++i)
                if (extents(r).at[i].is(1) && !s.space.at[i].is(1)) axes |= 1u << i;
            if (axes != 0 && (s.axes == 0 || s.axes == axes) && rows_pay(s.space, axes) && reaches_reduction(r, s.space, axes, 0)) {
                s.axes = axes;
                return join(s, r, work);
            }
        }
        s.pending.push(r);
    }

    constexpr group gather(int v) {
        group s;
        ++group_id;
        s.space = is_reduce(v) ? reduced_space(v) : extents(v);
        s.axes = is_reduce(v) ? reduced_axes(v) : 0;
        vec<int> work;
        join(s, v, work);
        while (work.size > 0) {
            const node& n = g.nodes[work.pop()];
            const bool full = n.op->kind == op_kind::reduce || extents(n.results) == s.space;
            for (int k = 0; k < n.n_args; ++k) visit(s, g.arg(n, k), full, work);
        }
        return s;
    }

    constexpr bool fits(const group& s, const kernel& k) const {
        if (!s.direct || k.kind == kernel_kind::library) return false;
        if (k.kind == kernel_kind::gemm) return s.axes == 0 && s.space == k.space;
        if (s.space == k.space) return s.axes == 0 || s.axes == k.axes || (k.axes == 0 && rows_pay(s.space, s.axes));
        return s.axes == 0 && k.axes != 0 && (s.space == reduced(k.space, k.axes) || (is_one(s.space) && is_one(reduced(k.space, k.axes))));
    }

    // A map whose operands are there before the last kernel may as well join that one, if it reads what that reads: the gates
    // of a cell, all cut from one product. Small ones only, so that what fuses does not grow with a network's depth.
    constexpr bool beside(const group& s) const {
        const kernel& k = f.kernels[f.kernels.size - 1];
        if (k.kind != kernel_kind::loop || k.axes != 0 || s.axes != 0 || !(s.space == k.space)) return false;
        vec<int> roots;
        for (const int m : s.members)
            for (int a = 0; a < g.nodes[m].n_args; ++a)
                if (const int r = root_of(g, g.arg(g.nodes[m], a)); g.of(r).op->kind != op_kind::literal) roots.push(r);
        int members = s.members.size;
        bool shares = false;
        for (int i = k.first; i >= 0; i = f.next[i], ++members)
            for (int a = 0; a < g.nodes[i].n_args && !shares; ++a) {
                const int r = root_of(g, g.arg(g.nodes[i], a));
                for (const int q : roots) shares = shares || q == r;
            }
        return shares && members <= 32;
    }

    constexpr void demand(int v) {
        if (!floating(v)) return;
        group s = gather(v);
        while (s.pending.size > 0) {
            for (int i = 0; i < s.pending.size; ++i) demand(s.pending[i]);
            s = gather(v);
        }
        int k = s.latest;
        if (k + 1 < f.kernels.size && beside(s)) k = f.kernels.size - 1, s.direct = true;
        if (k >= 0 && fits(s, f.kernels[k])) {
            if (s.axes != 0) f.kernels[k].axes = s.axes;
        } else {
            kernel fresh;
            fresh.space = s.space, fresh.axes = s.axes;
            k = f.kernels.push(fresh);
        }
        for (int i = 1; i < s.members.size; ++i)  // ascending; nearly sorted in reverse, and short
            for (int j = i; j > 0 && s.members[j - 1] > s.members[j]; --j) {
                const int t = s.members[j];
                s.members[j] = s.members[j - 1], s.members[j - 1] = t;
            }
        for (const int n : s.members) append(k, n);
    }

    constexpr void append(int k, int n) {
        f.home[n] = k;
        kernel& into = f.kernels[k];
        if (into.first < 0) into.first = n;
        else f.next[into.last] = n;
        into.last = n;
    }

    constexpr void require(int v) {
        const int r = root_of(g, v);
        if (!is_leaf(g, r)) required[r] = 1;
    }

    constexpr fusion run() {
        for (int i = 0; i < g.n_outputs; ++i)
            if (g.outputs[i] >= 0) require(g.outputs[i]);
        for (int i = 0; i < g.n_nodes; ++i) {
            const node& n = g.nodes[i];
            const bool whole = n.op->kind == op_kind::contraction || n.op->kind == op_kind::library ||
                               n.op->id == declare_op<Reshape>::id;
            const bool view = n.op->kind == op_kind::view, scalar = view && is_one(extents(n.results));
            if (whole && !scalar)
                for (int k = 0; k < n.n_args; ++k)
                    if (!view || !inlined[root_of(g, g.arg(n, k))]) require(g.arg(n, k));
        }
        for (int i = 0; i < g.n_nodes; ++i) {
            const node& n = g.nodes[i];
            if (n.op->kind == op_kind::contraction || n.op->kind == op_kind::library) {
                for (int k = 0; k < n.n_args; ++k) demand(root_of(g, g.arg(n, k)));
                kernel fresh;
                fresh.kind = n.op->kind == op_kind::contraction ? kernel_kind::gemm : kernel_kind::library;
                fresh.anchor = i;
                fresh.space = extents(n.results);
                append(f.kernels.push(fresh), i);
            } else if (required[n.results]) {
                demand(n.results);
            }
        }
        for (int v = 0; v < g.n_values; ++v)
            if (required[v]) f.stored[v] = 1;
        for (int i = 0; i < g.n_nodes; ++i) {  // what another kernel reads is stored
            if (f.home[i] < 0) continue;
            const node& n = g.nodes[i];
            for (int k = 0; k < n.n_args; ++k) {
                const int r = root_of(g, g.arg(n, k));
                if (is_leaf(g, r) || (inlined[r] && f.home[g.values[r].node] < 0)) continue;
                if (f.home[g.values[r].node] != f.home[i] || n.op->kind == op_kind::library) f.stored[r] = 1;
            }
            if (n.op->kind == op_kind::library)
                for (int k = 0; k < n.n_results; ++k) f.stored[n.results + k] = 1;
        }
        return static_cast<fusion&&>(f);
    }
};

}  // namespace etta::_
