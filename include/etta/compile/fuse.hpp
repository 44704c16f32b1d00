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

enum class kernel_kind : int { loop, gemm, library, repeat, conv };  // repeat: a loop's body; only in code, a library call till then
// A product with what follows it, done where its elements are finished.
constexpr bool is_product(kernel_kind k) { return k == kernel_kind::gemm || k == kernel_kind::conv; }

// A kernel's registers have as many elements as one of its widest type has; the types in this order.
constexpr int width_of(dtype t) { return t == dtype::f64 ? 6 : t == dtype::f32 ? 5 : t == dtype::i64 ? 4 : t == dtype::i32 ? 3 : t == dtype::i16 ? 2 : t == dtype::i8 ? 1 : 0; }

struct kernel {
    kernel_kind kind = kernel_kind::loop;
    int anchor = -1;    // gemm, conv, library: the node
    shape space;        // what is iterated over (gemm, conv: the product's extents)
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

// What passes ask of every value time and again, in plain arrays: a constant evaluation pays for each call and each member.
struct value_table {
    vec<int> node_of, root;  // the node it is a result of; where its elements come from once views are looked through
    vec<op_kind> kind;     // of that node
    vec<char> one;         // it has one element
    vec<int> through;      // the value behind views that change nothing but the extents; -1 where that is a leaf or another view
    vec<char> inlined;     // a scalar computed from leaves alone (1 / n, a rate times a weight): every kernel that reads one computes
                           // it, once per call, rather than a kernel of its own storing it
    vec<char> width;       // of the widest type in a value; in what computes it, too, where it is inlined

    constexpr explicit value_table(const graph_view& g) : node_of(g.n_values), root(g.n_values), kind(g.n_values), one(g.n_values), through(g.n_values), inlined(g.n_values), width(g.n_values) {
        for (int i = 0; i < g.n_nodes; ++i) {
            const node& n = g.nodes[i];
            const op_kind k = n.op->kind;
            const bool view = k == op_kind::view, computed = k != op_kind::input && k != op_kind::literal && !view;
            for (int v = n.results; v < n.results + n.n_results; ++v) {
                const shape& s = g.values[v].extents;
                bool single = true;
                for (int d = 0; d < s.rank && single; ++d) single = s.at[d].code == 1;
                node_of.data[v] = i, kind.data[v] = k, one.data[v] = single;
                const int under = view ? g.args[n.args] : v;
                root.data[v] = view ? root.data[under] : v;
                width.data[v] = static_cast<char>(view ? width.data[under] : width_of(g.values[v].type));
                through.data[v] = computed ? v : view && (single || n.op->id == declare_op<Expand>::id) ? through.data[under] : -1;
                if (!single || k != op_kind::elementwise) continue;
                bool all = true;
                char widest = width.data[v];
                for (int a = 0; a < n.n_args && all; ++a) {
                    const int r = root.data[g.args[n.args + a]];
                    all = inlined.data[r] != 0 || (one.data[r] && (kind.data[r] == op_kind::input || kind.data[r] == op_kind::literal));
                    if (width.data[r] > widest) widest = width.data[r];
                }
                inlined.data[v] = all;
                if (all) width.data[v] = widest;
            }
        }
    }
};

struct fuser {
    graph_view g;
    fusion f;
    value_table t;
    vec<char> required;  // per value: must lie in memory
    vec<int> stamp;      // per node: the group it was last put into
    int group_id = 0;

    constexpr explicit fuser(graph_view graph) : g(graph), t(graph), required(graph.n_values), stamp(graph.n_nodes, -1) {
        f.home = vec<int>(g.n_nodes, -1);
        f.next = vec<int>(g.n_nodes, -1);
        f.stored = vec<char>(g.n_values);
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
        const op_kind k = t.kind.data[v];
        return (k == op_kind::elementwise || k == op_kind::reduce || k == op_kind::generator) && f.home.data[t.node_of.data[v]] < 0;
    }
    constexpr bool is_reduce(int v) const { return t.kind.data[v] == op_kind::reduce; }
    constexpr bool is_leaf(int v) const { return t.kind.data[v] == op_kind::input || t.kind.data[v] == op_kind::literal; }
    constexpr const shape& extents(int v) const { return g.values[v].extents; }
    constexpr unsigned reduced_axes(int v) const { return static_cast<unsigned>(g.attr(g.nodes[t.node_of.data[v]], 0)); }
    constexpr const shape& reduced_space(int v) const { return extents(g.args[g.nodes[t.node_of.data[v]].args]); }

    // One kernel can hold a reduction and what depends on it: enough rows to share out, or little work.
    constexpr bool rows_pay(const shape& space, unsigned axes) const {
        return planned_count(g, space) <= 1 << 14 || planned_count(g, reduced(space, axes)) >= 16;
    }

    // Does a row-level value come, through element-wise ops of its own shape, from a reduction of `space` over `axes`?
    constexpr bool reaches_reduction(int v, const shape& space, unsigned axes, int depth) const {
        if (depth > 16 || !floating(v)) return false;
        if (is_reduce(v)) return reduced_space(v) == space && reduced_axes(v) == axes;
        const node& n = g.nodes[t.node_of.data[v]];
        for (int k = 0; k < n.n_args; ++k)
            if (t.kind.data[g.args[n.args + k]] != op_kind::view && reaches_reduction(g.args[n.args + k], space, axes, depth + 1)) return true;
        return false;
    }

    constexpr void join(group& s, int v, vec<int>& work) {
        const int n = t.node_of.data[v];
        if (stamp.data[n] == group_id) return;
        stamp.data[n] = group_id;
        s.members.push(n);
        work.push(n);
    }

    // How operand `a` of a member at this level (full: element of the space; row: reduced over axes) is had.
    constexpr void visit(group& s, int a, bool full, vec<int>& work) {
        const int r = t.root.data[a];
        if (is_leaf(r) || (t.inlined.data[r] && !required.data[r])) return;
        bool only_expand = true, scalar = t.one.data[a];
        for (int u = a; u != r;) {
            const node& n = g.nodes[t.node_of.data[u]];
            only_expand = only_expand && n.op->id == declare_op<Expand>::id;
            u = g.args[n.args];
            scalar = scalar && t.one.data[u];
        }
        const bool direct = r == a || scalar;
        if (!floating(r)) {
            const int h = f.home.data[t.node_of.data[r]];
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
            const node& n = g.nodes[work.data[--work.size]];
            const bool full = n.op->kind == op_kind::reduce || extents(n.results) == s.space;
            for (int k = 0; k < n.n_args; ++k) visit(s, g.args[n.args + k], full, work);
        }
        return s;
    }

    // A product's registers are of the product's type: nothing wider joins it.
    constexpr bool no_wider(const group& s, const kernel& product) const {
        const int widest = width_of(g.values[g.nodes[product.anchor].results].type);
        for (const int m : s.members) {
            const node& n = g.nodes[m];
            if (t.width.data[n.results] > widest) return false;
            for (int a = 0; a < n.n_args; ++a)
                if (t.width.data[g.arg(n, a)] > widest) return false;
        }
        return true;
    }
    constexpr bool fits(const group& s, const kernel& k) const {
        if (!s.direct || k.kind == kernel_kind::library) return false;
        if (is_product(k.kind)) return s.axes == 0 && s.space == k.space && no_wider(s, k);
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
                if (const int r = t.root.data[g.arg(g.nodes[m], a)]; t.kind.data[r] != op_kind::literal) roots.push(r);
        int members = s.members.size;
        bool shares = false;
        for (int i = k.first; i >= 0; i = f.next[i], ++members)
            for (int a = 0; a < g.nodes[i].n_args && !shares; ++a) {
                const int r = t.root.data[g.arg(g.nodes[i], a)];
                for (int q = 0; q < roots.size && !shares; ++q) shares = roots.data[q] == r;
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
                const int later = s.members[j];
                s.members[j] = s.members[j - 1], s.members[j - 1] = later;
            }
        for (int i = 0; i < s.members.size; ++i) append(k, s.members.data[i]);
    }

    constexpr void append(int k, int n) {
        f.home.data[n] = k;
        kernel& into = f.kernels.data[k];
        if (into.first < 0) into.first = n;
        else f.next.data[into.last] = n;
        into.last = n;
    }

    // Does it come from parameters and states alone?
    constexpr bool of_parameters(int v, int depth) const {
        const int r = t.root.data[v];
        const node& n = g.nodes[t.node_of.data[r]];
        if (n.op->kind == op_kind::input) return static_cast<storage>(g.attr(n, 0)) != storage::argument;
        if (n.op->kind == op_kind::literal) return true;
        if (depth == 0 || !floating(r)) return false;
        for (int k = 0; k < n.n_args; ++k)
            if (!of_parameters(g.args[n.args + k], depth - 1)) return false;
        return true;
    }
    // What comes from parameters alone and is spread over the product of node i, or over what follows it - a normalisation's scale
    // per channel - is computed before the product: behind it, it would part the product from its followers.
    constexpr void demand_scales(int i) {
        for (++i; i < g.n_nodes; ++i) {
            const node& n = g.nodes[i];
            if (n.op->kind == op_kind::contraction || n.op->kind == op_kind::library) return;
            if (n.op->kind != op_kind::elementwise) continue;
            for (int k = 0; k < n.n_args; ++k) {
                const int a = g.args[n.args + k], r = t.root.data[a];
                if (a != r && !t.one.data[r] && floating(r) && of_parameters(r, 8)) demand(r);
            }
        }
    }

    constexpr void require(int v) {
        const int r = t.root.data[v];
        if (!is_leaf(r)) required.data[r] = 1;
    }

    constexpr fusion run() {
        for (int i = 0; i < g.n_outputs; ++i)
            if (g.outputs[i] >= 0) require(g.outputs[i]);
        for (int i = 0; i < g.n_nodes; ++i) {
            const node& n = g.nodes[i];
            const op_kind kind = n.op->kind;
            const bool view = kind == op_kind::view;
            if (kind != op_kind::contraction && kind != op_kind::library && !(view && n.op->id == declare_op<Reshape>::id)) continue;
            if (view && t.one.data[n.results]) continue;
            for (int k = 0; k < n.n_args; ++k)
                if (!view || !t.inlined.data[t.root.data[g.args[n.args + k]]]) require(g.args[n.args + k]);
        }
        for (int i = 0; i < g.n_nodes; ++i) {
            const node& n = g.nodes[i];
            const op_kind kind = n.op->kind;
            if (kind == op_kind::contraction || kind == op_kind::library) {
                for (int k = 0; k < n.n_args; ++k) demand(t.root.data[g.args[n.args + k]]);
                demand_scales(i);
                kernel fresh;
                const bool epilogue = n.op->has_epilogue && n.op->epilogue(g.attrs + n.attrs);
                fresh.kind = kind == op_kind::contraction ? kernel_kind::gemm : epilogue ? kernel_kind::conv : kernel_kind::library;
                fresh.anchor = i;
                fresh.space = extents(n.results);
                append(f.kernels.push(fresh), i);
            } else if (required.data[n.results]) {
                demand(n.results);
            }
        }
        for (int v = 0; v < g.n_values; ++v)
            if (required.data[v]) f.stored.data[v] = 1;
        for (int i = 0; i < g.n_nodes; ++i) {  // what another kernel reads is stored
            const int home = f.home.data[i];
            if (home < 0) continue;
            const node& n = g.nodes[i];
            const bool library = f.kernels[home].kind == kernel_kind::library;
            for (int k = 0; k < n.n_args; ++k) {
                const int r = t.root.data[g.args[n.args + k]];
                if (is_leaf(r)) continue;
                const int made = f.home.data[t.node_of.data[r]];
                if (t.inlined.data[r] && made < 0) continue;
                if (made != home || library) f.stored.data[r] = 1;
            }
            if (library)
                for (int k = 0; k < n.n_results; ++k) f.stored.data[n.results + k] = 1;
        }
        return static_cast<fusion&&>(f);
    }
};

}  // namespace etta::_
