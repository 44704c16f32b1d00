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

// For Graphviz: nodes with shapes, edges, and boxes around some: box[node] (-1: none) of n_boxes, each with its label(k).
template <class Label>
std::string graph_dot(const graph_view& g, const int* box, int n_boxes, const Label& label) {
    std::string s = "digraph etta {\n  rankdir=TB; node [shape=box, fontname=\"sans-serif\", fontsize=10];\n";
    const auto line = [&](int i) {
        const node& n = g.nodes[i];
        std::string r = "  n" + std::to_string(i) + " [label=\"" + dot_escaped(std::string(n.op->name)) + "\\n" +
                        dot_escaped(text_of(g.values[n.results])) + "\"";
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

// One block per kernel call: what it computes, its operations, and where its results lie.
inline std::string schedule_text(const graph_view& g, const schedule_view& f, const index* symbols, index workspace_bytes) {
    std::string s;
    constexpr const char* kinds[] = {"loop", "gemm", "library"};
    for (int k = 0; k < f.n_kernels; ++k) {
        index flops = 0;
        for (int i = f.kernels[k].first; i >= 0; i = f.next[i]) flops += flops_of(g, g.nodes[i], symbols);
        s += "kernel " + std::to_string(k) + ": " + kinds[static_cast<int>(f.kernels[k].kind)] + " over " + text_of(f.kernels[k].space) +
             ", " + std::to_string(flops) + " flops\n";
        for (int i = f.kernels[k].first; i >= 0; i = f.next[i]) {
            s += "    " + text_of_node(g, g.nodes[i]);
            for (int r = 0; r < g.nodes[i].n_results; ++r) {
                const int v = g.nodes[i].results + r;
                if (f.offsets[v] >= 0) s += "  -> workspace + " + std::to_string(f.offsets[v]);
                else if (f.output_number[v] >= 0) s += "  -> output " + std::to_string(f.output_number[v]);
            }
            s += "\n";
        }
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
// As DOT: `dot -Tsvg`. Kernels are boxes around the nodes they compute.
template <class Program>
std::string program_dot() {
    return _::graph_dot(Program::view, Program::schedule.home, Program::schedule.n_kernels, [](int k) { return "kernel " + std::to_string(k); });
}

}  // namespace etta
