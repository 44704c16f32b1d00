// print.hpp: Graphs and programs for people: as text, one line per node or per kernel call, and as DOT for Graphviz. Not
// templates over programs: everything is read from the views.
#pragma once

#include <cstdio>
#include <string>

#include "cost.hpp"

namespace etta::_ {

inline std::string text_of(extent e) {
    if (e.is_static()) return std::to_string(e.code);
    std::string s = e.coefficient() == 1 ? "" : std::to_string(e.coefficient()) + "*";
    s += static_cast<char>('n' + e.symbol() % 12);
    if (e.constant() != 0) s += (e.constant() > 0 ? "+" : "") + std::to_string(e.constant());
    return s;
}
inline std::string text_of(const shape& s) {
    std::string r = "[";
    for (int i = 0; i < s.rank; ++i) r += (i > 0 ? ", " : "") + text_of(s.at[i]);
    return r + "]";
}
inline std::string text_of(const value& v) { return std::string(name_of(v.type)) + text_of(v.extents); }

inline std::string text_of_node(const graph_view& g, const node& n) {
    std::string s = "%" + std::to_string(n.results) + " = " + std::string(n.op->name);
    if (n.op->kind == op_kind::input) {
        constexpr const char* where[] = {"argument", "parameter", "state"};
        s = "%" + std::to_string(n.results) + " = " + where[g.attr(n, 0)] + " " + std::to_string(g.attr(n, 1));
    } else if (n.op->kind == op_kind::literal) {
        if (n.n_attrs == 2) {
            extent e;
            e.code = g.attr(n, 1);
            s += " " + text_of(e);
        } else {
            const std::int64_t bits = g.attr(n, 0);
            const dtype t = g.values[n.results].type;
            char b[40];
            std::snprintf(b, sizeof b, " %.9g", t == dtype::f32   ? static_cast<double>(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)))
                                               : t == dtype::f64 ? __builtin_bit_cast(double, bits)
                                                                 : static_cast<double>(bits));
            s += b;
        }
    } else {
        s += "(";
        for (int i = 0; i < n.n_args; ++i) s += (i > 0 ? ", %" : "%") + std::to_string(g.arg(n, i));
        s += ")";
    }
    return s + " : " + text_of(g.values[n.results]);
}

// One line per node: %6 = add(%3, %5) : float[64, 128]
inline std::string graph_text(const graph_view& g) {
    std::string s;
    for (int i = 0; i < g.n_nodes; ++i) s += text_of_node(g, g.nodes[i]) + "\n";
    for (int i = 0; i < g.n_outputs; ++i)
        if (g.outputs[i] >= 0) s += "output " + std::to_string(i) + " = %" + std::to_string(g.outputs[i]) + "\n";
    return s;
}

inline std::string dot_escaped(const std::string& s) {
    std::string r;
    for (const char c : s) {
        if (c == '"' || c == '\\') r += '\\';
        r += c;
    }
    return r;
}

// For Graphviz: nodes with shapes and what note(i) says of them, edges, and boxes around some: box[node] (-1: none) of n_boxes, each
// with its label(k).
inline std::string no_note(int) { return ""; }
template <class Label, class Note = std::string (*)(int)>
std::string graph_dot(const graph_view& g, const int* box, int n_boxes, const Label& label, const Note& note = no_note) {
    std::string s = "digraph etta {\n  rankdir=TB; node [shape=box, fontname=\"sans-serif\", fontsize=10];\n";
    const auto line = [&](int i) {
        const node& n = g.nodes[i];
        std::string r = "  n" + std::to_string(i) + " [label=\"" + dot_escaped(std::string(n.op->name)) + "\\n" +
                        dot_escaped(text_of(g.values[n.results]) + note(i)) + "\"";
        if (n.op->kind == op_kind::input) r += ", style=filled, fillcolor=\"#dde8f5\"";
        return r + "];\n";
    };
    for (int k = 0; k < n_boxes; ++k) {
        s += "  subgraph cluster_" + std::to_string(k) + " { label=\"" + dot_escaped(label(k)) + "\"; color=\"#999999\";\n";
        for (int i = 0; i < g.n_nodes; ++i)
            if (box[i] == k) s += "  " + line(i);
        s += "  }\n";
    }
    for (int i = 0; i < g.n_nodes; ++i)
        if (n_boxes == 0 || box[i] < 0) s += line(i);
    for (int i = 0; i < g.n_nodes; ++i)
        for (int k = 0; k < g.nodes[i].n_args; ++k)
            s += "  n" + std::to_string(g.values[g.arg(g.nodes[i], k)].node) + " -> n" + std::to_string(i) + ";\n";
    return s + "}\n";
}

inline index bytes_of(const graph_view& g, int v, const index* symbols) {
    index n = size_of(g.values[v].type);
    for (int i = 0; i < g.values[v].extents.rank; ++i) n *= g.values[v].extents.at[i].at(symbols);
    return n;
}
// Of a kernel, with every extent at its bound: each operand from outside of it counts once, by what of it is read.
inline std::string kernel_text(const graph_view& g, const schedule_view& f, int k, const index* symbols) {
    constexpr const char* kinds[] = {"loop", "gemm", "library", "repeat", "conv"};
    index flops = 0, reads = 0, writes = 0;
    for (int i = f.kernels[k].first; i >= 0; i = f.next[i]) {
        const node& n = g.nodes[i];
        flops += flops_of(g, n, symbols);
        for (int r = 0; r < n.n_results; ++r)
            if (f.offsets[n.results + r] >= 0 || f.output_number[n.results + r] >= 0) writes += bytes_of(g, n.results + r, symbols);
        for (int a = 0; a < n.n_args; ++a) {
            int root = g.arg(n, a);
            bool before = false;  // did the kernel read it already?
            for (int j = f.kernels[k].first; j >= 0 && j <= i; j = f.next[j])
                for (int b = 0; b < (j == i ? a : g.nodes[j].n_args); ++b) before = before || g.arg(g.nodes[j], b) == root;
            while (g.of(root).op->kind == op_kind::view && g.of(root).n_args == 1) root = g.arg(g.of(root), 0);
            const index all = bytes_of(g, root, symbols), seen = bytes_of(g, g.arg(n, a), symbols);  // a broadcast view has more, a slice less
            if (!before && g.of(root).op->kind != op_kind::literal && f.home[g.values[root].node] != k) reads += all < seen ? all : seen;
        }
    }
    return std::string(kinds[static_cast<int>(f.kernels[k].kind)]) + " over " + text_of(f.kernels[k].space) + ", " + std::to_string(flops) + " flops, reads " +
           std::to_string(reads) + " and writes " + std::to_string(writes) + " bytes";
}
// Where a node's results lie: "  -> workspace + 64"; each with `before` in front.
inline std::string places_text(const graph_view& g, const schedule_view& f, int i, const char* before) {
    std::string s;
    for (int v = g.nodes[i].results; v < g.nodes[i].results + g.nodes[i].n_results; ++v) {
        if (f.offsets[v] >= 0) s += before + ("workspace + " + std::to_string(f.offsets[v]));
        else if (f.output_number[v] >= 0) s += before + ("output " + std::to_string(f.output_number[v]));
    }
    return s;
}
// One block per kernel call: what it computes, its operations, and where its results lie.
inline std::string schedule_text(const graph_view& g, const schedule_view& f, const index* symbols, index workspace_bytes) {
    std::string s;
    for (int k = 0; k < f.n_kernels; ++k) {
        s += "kernel " + std::to_string(k) + ": " + kernel_text(g, f, k, symbols) + "\n";
        for (int i = f.kernels[k].first; i >= 0; i = f.next[i]) s += "    " + text_of_node(g, g.nodes[i]) + places_text(g, f, i, "  -> ") + "\n";
    }
    return s + "workspace: " + std::to_string(workspace_bytes) + " bytes\n";
}

}  // namespace etta::_

namespace etta {

// A program - Model's, Trainer's: decltype(trainer)::program - as text: its Graph, or its kernels with the memory plan.
// A loop's body follows as a program of its own.
template <class Program>
std::string graph_text() {
    std::string s = _::graph_text(Program::view);
    Program::each_body([&](auto body, int k) {
        using Body = decltype(body);
        s += "body of loop " + std::to_string(k) + ":\n" + _::graph_text(Body::view);
    });
    return s;
}
template <class Program>
std::string program_text() {
    std::string s = _::schedule_text(Program::view, Program::schedule, Program::symbols.at, Program::workspace_bytes);
    Program::each_body([&](auto body, int k) {
        using Body = decltype(body);
        s += "body of loop " + std::to_string(k) + ":\n" + _::schedule_text(Body::view, Body::schedule, Body::symbols.at, Body::workspace_bytes);
    });
    return s;
}
// As DOT: `dot -Tsvg`. Kernels are boxes around the nodes they compute, with their FLOPs and bytes; results say where they lie.
template <class Program>
std::string program_dot() {
    std::string s = _::graph_dot(
        Program::view, Program::schedule.home, Program::schedule.n_kernels,
        [](int k) { return "kernel " + std::to_string(k) + ": " + _::kernel_text(Program::view, Program::schedule, k, Program::symbols.at); },
        [](int i) { return _::places_text(Program::view, Program::schedule, i, " in "); });
    return s.insert(s.find("rankdir"), "label=\"workspace: " + std::to_string(Program::workspace_bytes) + " bytes\"; ");
}

}  // namespace etta
