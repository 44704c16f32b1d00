// rows.hpp: a model's layers as rows: which nodes of the model's program each layer made. What tables (summary.hpp), times
// (profile.hpp) and pictures (draw.hpp) of a model are made of. A trace of its own, for programs that ask for one of these.
#pragma once

#include "model.hpp"

namespace etta {

// A row: a layer, or operations that stand between layers, which are named "(add, relu)" behind the path of what they stand in.
struct LayerRow {
    std::string_view name;  // the layer's path, "blocks.3.up"
    std::string_view type;  // "Linear"; of operations between layers ""
    shape output;           // extents of what it gives (the last call's)
    int calls = 0;          // how often the network calls it; 0: operations
    index parameters = 0, states = 0;  // elements that are the layer's own
    index bytes = 0;                   // of these
    index flops = 0;                   // of all its calls, on the largest batch
};

namespace _ {

// The name of a type without namespaces and arguments.
template <class T>
constexpr std::string_view type_name() {
    if constexpr (requires { T::etta_type; }) {
        return T::etta_type;
    } else {
        std::string_view s = printed_name<T>();
        const std::size_t from = s.find("T = ");
        if (from == s.npos) return "";
        s = s.substr(from + 4);
        std::size_t begin = 0, end = 0;
        while (end < s.size() && s[end] != '<' && s[end] != ']' && s[end] != ';') {
            const bool word = (s[end] >= 'a' && s[end] <= 'z') || (s[end] >= 'A' && s[end] <= 'Z') || (s[end] >= '0' && s[end] <= '9') || s[end] == '_';
            ++end;
            if (!word) begin = end;  // behind the last ::
        }
        return s.substr(begin, end - begin);
    }
}

// Notes which nodes each call of a layer makes. Calls are in the order in which they begin: an inner one stands behind the one around
// it. (A template, as what follows: what a program does not call is only parsed.)
template <class Net>
struct call_watch : layer_watch {
    struct known_layer {
        const void* at;
        std::string_view type;  // a layer begins where its first member does: types tell them apart
    };
    struct call {
        int layer, slot;     // its number among `known` (-1: none of these), or a parameter's slot
        int input;           // the value it is called with
        int first, end = 0;  // nodes
        int outer = -1;      // the call around it
    };
    vec<known_layer> known;
    vec<call> calls;
    int open = -1, last = 0;

    constexpr call_watch() : layer_watch{&begin_call, &end_call} {}
    static constexpr void begin_call(layer_watch& watch, const builder& g, int value, const void* layer, std::string_view (*type)(), int slot) {
        call_watch& w = static_cast<call_watch&>(watch);
        int found = -1;
        for (int i = 0, k = w.last; layer != nullptr && i < w.known.size && found < 0; ++i, k = k + 1 < w.known.size ? k + 1 : 0)
            if (w.known.data[k].at == layer && w.known.data[k].type == type()) found = w.last = k;
        w.open = w.calls.push({found, slot, value, g.nodes.size, 0, w.open});
    }
    static constexpr void end_call(layer_watch& watch, const builder& g) {
        call_watch& w = static_cast<call_watch&>(watch);
        w.calls[w.open].end = g.nodes.size;
        w.open = w.calls[w.open].outer;
    }
};

// Every layer and struct of layers, the outer before the inner; and whose the parameters and states are.
template <class Net>
struct layer_list {
    struct entry {
        path name;
        std::string_view type;
    };
    vec<entry> at;
    vec<int> of_parameter, of_state;
    call_watch<Net>* watch = nullptr;

    template <class M>
    constexpr void add(const M& m, const path& p, int outer) {
        using T = std::remove_cv_t<M>;
        if constexpr (parameter<T>) {
            of_parameter.push(outer);
        } else if constexpr (stateful<T>) {
            of_state.push(outer);
        } else if constexpr (is_array<T>) {
            for (std::size_t i = 0; i < m.size(); ++i) add(m[i], p.with(i), outer);
        } else if constexpr (std::is_class_v<T>) {
            const int me = at.push({p, type_name<T>()});
            watch->known.push({&m, printed_name<T>()});
            T& inside = const_cast<T&>(m);  // walks take what they could change
            if constexpr (named_members<T>) inside.etta_members([&](auto& q, std::string_view name, std::string_view, int, std::string_view) constexpr { add(q, p.with(name), me); });
            else if constexpr (requires { typename T::etta_sequence; }) inside.etta_layers([&](auto& layer, std::size_t i) constexpr { add(layer, p.with(i), me); });
            else if constexpr (!std::is_empty_v<T>) add_members(inside, p, me, std::make_index_sequence<member_count<T>()>{});
        }
    }
    template <class T, std::size_t... I>
    constexpr void add_members(T& m, const path& p, int me, std::index_sequence<I...>) {
        with_members(m, [&](auto&... member) constexpr { (add(member, p.with(member_name<T, I>()), me), ...); });
    }
};

// What a row reads: another row, or the network's input.
struct row_edge {
    int from, to;
    static constexpr int input = -1, output = -2;
};

template <class Net>
struct row_builder {
    struct row {
        int layer, from = -1;  // from: operations, by the layer they stand in (0: the network)
        int call = -1;         // the last
        int calls = 0;
        int output = -1;       // a value
        path name;
    };
    using layer_list = _::layer_list<Net>;
    using call_watch = _::call_watch<Net>;
    const layer_list& list;
    const call_watch& watch;
    vec<row> rows;
    vec<int> row_of_layer, owner;  // owner: per node, its row in the end
    vec<row_edge> edges;
    vec<int> maker;    // per value: the row that it comes from, also where that passes on what it is given
    vec<char> whole;   // per layer: what it computes beside its inner layers is part of its row
    vec<char> needed;  // per node: something needs it (with loops: taken to be so)

    static constexpr int nobody = -3;

    constexpr row_builder(const layer_list& l, const call_watch& w, const builder& g) : list(l), watch(w), row_of_layer(l.at.size, -1), owner(g.nodes.size, -1), maker(g.values.size, nobody), whole(l.at.size, 1), needed(g.nodes.size, g.loops.size > 0) {
        for (const int o : g.outputs) needed[g.values[o].node] = 1;
        for (int i = g.nodes.size - 1; i >= 0; --i)
            for (int k = 0; needed[i] && k < g.nodes[i].n_args; ++k) needed[g.values[g.arg(g.nodes[i], k)].node] = 1;
        bool calls_network = l.at.size == 1;
        vec<int> layer_of_call(w.calls.size, -1);
        for (int c = 0; c < w.calls.size; ++c) {
            const typename call_watch::call& k = w.calls[c];
            layer_of_call[c] = k.layer >= 0 ? k.layer : k.slot >= 0 ? layer_of_slot(k.slot) : -1;
            if (layer_of_call[c] == 0) calls_network = true;
            if (layer_of_call[c] < 0) layer_of_call[c] = k.outer < 0 ? 0 : layer_of_call[k.outer];  // made while it was called: part of what calls it
            if (k.outer >= 0 && layer_of_call[k.outer] != layer_of_call[c]) whole[layer_of_call[k.outer]] = 0;
            for (int i = k.first; i < k.end; ++i) owner[i] = c;
        }
        for (const int p : l.of_parameter) whole[p] = 1;
        for (const int s : l.of_state) whole[s] = 1;
        whole[0] = calls_network;
        int current = -1, next = 0;
        const auto begin_calls = [&](int i) constexpr {
            for (; next < w.calls.size && w.calls[next].first == i; ++next)
                if (whole[layer_of_call[next]]) {
                    const typename call_watch::call& k = w.calls[next];
                    row& r = rows[row_of(layer_of_call[next])];
                    if (k.outer >= 0 && layer_of_call[k.outer] == layer_of_call[next]) continue;  // says once more where it is
                    bool counts = k.first == k.end;
                    for (int n = k.first; n < k.end; ++n) counts = counts || (needed[n] && !of_weights(g, g.nodes[n]));
                    r.call = next, r.calls += counts;
                    if (k.first == k.end) join(k.input, row_of(layer_of_call[next])), maker[k.input] = row_of(layer_of_call[next]);
                }
        };
        vec<int> of_node(g.nodes.size, -1);
        for (int i = 0; i < g.nodes.size; ++i) {
            begin_calls(i);
            const node& n = g.nodes[i];
            if (n.op->kind == op_kind::input && g.attr(n, 0) == static_cast<std::int64_t>(storage::argument)) maker[n.results] = row_edge::input;
            if (n.op->kind == op_kind::input || constant(g, n)) continue;
            const int layer = owner[i] < 0 ? 0 : layer_of_call[owner[i]];
            int r = whole[layer] ? row_of(layer) : -1;
            for (int k = 0; k < n.n_args && r < 0; ++k) {  // beside a parameter that no layer has asked for: the layer of that
                int v = g.arg(n, k);
                while (g.of(v).op->kind == op_kind::view) v = g.arg(g.of(v), 0);
                const node& m = g.of(v);
                if (m.op->kind == op_kind::input && g.attr(m, 0) == static_cast<std::int64_t>(storage::parameter)) r = row_of(list.of_parameter[static_cast<int>(g.attr(m, 1))]);
                if (m.op->kind == op_kind::input && g.attr(m, 0) == static_cast<std::int64_t>(storage::state)) r = row_of(list.of_state[static_cast<int>(g.attr(m, 1))]);
            }
            if (r < 0) r = current >= 0 && rows[current].from == layer ? current : rows.push({-1, layer, -1, 0, -1, path{}});
            if (rows[r].layer >= 0 && !whole[layer] && rows[r].calls == 0) rows[r].calls = 1;
            current = of_node[i] = r;
            for (int k = 0; k < n.n_results; ++k) maker[n.results + k] = r;
            for (int k = 0; needed[i] && k < n.n_args; ++k) join(g.arg(n, k), r);
        }
        begin_calls(g.nodes.size);
        for (const int o : g.outputs) join(o, row_edge::output);
        for (const int p : l.of_parameter) row_of(p);
        for (const int s : l.of_state) row_of(s);
        find_outputs(g, of_node);
        owner = static_cast<vec<int>&&>(of_node);
    }
    // A row's name: a layer's path (of the network itself its type), or "blocks.0 (add, relu)": at most three operations, views only
    // where there is nothing else.
    constexpr path name_of(const builder& g, int r) const {
        if (rows[r].layer == 0) return path{}.with(list.at[0].type);
        if (rows[r].from < 0) return rows[r].name;
        path p = list.at[rows[r].from].name;
        std::string_view seen[4] = {};
        int n = 0;
        bool computes = false;
        for (int i = 0; i < owner.size; ++i) computes = computes || (owner[i] == r && g.nodes[i].op->kind != op_kind::view);
        for (int i = 0; i < owner.size && n < 4; ++i) {
            if (owner[i] != r || (computes && g.nodes[i].op->kind == op_kind::view)) continue;
            bool known = false;
            for (int k = 0; k < n; ++k) known = known || seen[k] == g.nodes[i].op->name;
            if (!known) seen[n++] = g.nodes[i].op->name;
        }
        const auto add = [&](std::string_view s) constexpr {
            for (const char c : s)
                if (p.size < 111) p.at[p.size++] = c;
        };
        add(p.size > 0 ? " (" : "(");
        for (int k = 0; k < n; ++k) add(k == 0 ? "" : ", "), add(k == 3 ? "..." : seen[k]);
        add(")");
        return p;
    }
    // A parameter or state, or a view of one: equal calls share these.
    static constexpr bool of_weights(const builder& g, node n) {
        while (n.op->kind == op_kind::view) n = g.of(g.arg(n, 0));
        return n.op->kind == op_kind::literal || (n.op->kind == op_kind::input && g.attr(n, 0) != static_cast<std::int64_t>(storage::argument));
    }
    // A number, also where it stands for many.
    static constexpr bool constant(const builder& g, node n) {
        while (n.op->kind == op_kind::view) n = g.of(g.arg(n, 0));
        return n.op->kind == op_kind::literal;
    }
    constexpr void join(int value, int to) {
        const int from = maker[value];
        bool known = from == nobody || from == to;
        for (int k = 0; k < edges.size && !known; ++k) known = edges[k].from == from && edges[k].to == to;
        if (!known) edges.push({from, to});
    }
    constexpr int layer_of_slot(int slot) const { return slot < list.of_parameter.size ? list.of_parameter[slot] : list.of_state[slot - list.of_parameter.size]; }
    constexpr int row_of(int layer) {
        if (row_of_layer[layer] < 0) row_of_layer[layer] = rows.push({layer, -1, -1, 0, -1, list.at[layer].name});
        return row_of_layer[layer];
    }
    // What a row gives: the last of its values that another row reads, else its last; what goes in if it computes nothing.
    constexpr void find_outputs(const builder& g, const vec<int>& of_node) {
        vec<char> read(g.values.size, 0);
        for (int i = 0; i < g.nodes.size; ++i)
            for (int k = 0; needed[i] && k < g.nodes[i].n_args; ++k) {
                const int a = g.arg(g.nodes[i], k);
                if (of_node[i] != of_node[g.values[a].node]) read[a] = 1;
            }
        for (const int o : g.outputs) read[o] = 1;
        vec<char> certain(rows.size, 0);
        for (int v = 0; v < g.values.size; ++v) {
            const int r = of_node[g.values[v].node];
            if (r < 0 || (certain[r] && !read[v])) continue;
            rows[r].output = v, certain[r] = read[v];
        }
        for (row& r : rows)
            if (r.output < 0 && r.call >= 0) r.output = watch.calls[r.call].input;
    }
};

// A table's contents, of exactly its size.
struct row_sizes {
    int rows, nodes, edges;
};
struct row_data {
    path name;
    std::string_view type;
    shape output;
    int calls = 0;
    index parameters = 0, states = 0, bytes = 0, flops = 0;
};
template <row_sizes S>
struct row_table {
    row_data rows[S.rows + 1] = {};
    int row_of[S.nodes + 1] = {};  // of the program's nodes, bodies of loops behind it; -1: none
    row_edge edges[S.edges + 1] = {};
};

// The same without its size.
struct row_view {
    const row_data* rows;
    int n_rows;
    const int* row_of;
    const row_edge* edges;
    int n_edges;
    LayerRow operator[](int i) const {
        const row_data& r = rows[i];
        return {r.name.view(), r.type, r.output, r.calls, r.parameters, r.states, r.bytes, r.flops};
    }
};

template <class M>
struct layer_rows {
    using net = typename M::net_type;
    using facts = typename M::facts;
    using program = typename M::program;

    struct traced {
        builder g;
        vec<row_data> rows;
        vec<row_edge> edges;
    };
    static constexpr traced trace() {
        traced t;
        if constexpr (std::is_same_v<typename M::source, nothing_source>) return t;  // there has been a message
        builder& g = t.g;
        call_watch<net> watch;
        layer_list<net> list;
        list.watch = &watch;
        net n{};
        const auto x = M::traced::prepare(g, n);
        list.add(n, path{}, 0);
        g.layers = &watch;
        const net& bound = n;
        M::traced::call(g, bound, x);
        g.layers = nullptr;
        row_builder<net> made(list, watch, g);
        for (const typename row_builder<net>::row& r : made.rows) {
            const row_data d{made.name_of(g, static_cast<int>(&r - made.rows.data)), r.layer >= 0 ? list.at[r.layer].type : std::string_view{}, r.output >= 0 ? g.extents_of(r.output) : shape{},
                             r.layer >= 0 ? r.calls : 0};
            t.rows.push(d);
        }
        own(list, made, t.rows);
        t.edges = made.edges;
        g.origin = static_cast<vec<int>&&>(made.owner);
        finish(g);
        return drop_unused(static_cast<traced&&>(t));
    }
    static constexpr void own(const layer_list<net>& list, const row_builder<net>& made, vec<row_data>& rows) {
        for (int i = 0; i < list.of_parameter.size; ++i) {
            row_data& d = rows[made.row_of_layer[list.of_parameter[i]]];
            d.parameters += facts::layout.count[i], d.bytes += facts::layout.count[i] * static_cast<index>(sizeof(typename M::element));
        }
        for (int i = 0; i < list.of_state.size; ++i) {
            row_data& d = rows[made.row_of_layer[list.of_state[i]]];
            d.states += facts::states.count[i], d.bytes += facts::states.count[i] * size_of(facts::states.type[i]);
        }
    }
    // Operations of which nothing is left in the program go; the rest gets its costs.
    static constexpr traced drop_unused(traced t) {
        vec<int> renamed(t.rows.size, -1);
        vec<char> lives(t.rows.size, 0);
        while (t.g.origin.size < t.g.nodes.size) t.g.origin.push(-1);
        for (int s = 1; s < t.g.segments.size; ++s) {  // a loop is where its body is
            const segment& f = t.g.segments[s];
            int& call = t.g.origin[t.g.segments[f.parent].nodes + f.call];
            for (int i = f.nodes; i < f.nodes + f.n_nodes && call < 0; ++i) call = t.g.origin[i];
        }
        for (int i = 0; i < t.g.nodes.size; ++i)
            if (t.g.origin[i] >= 0) lives[t.g.origin[i]] = 1;
        int n = 0;
        for (int r = 0; r < t.rows.size; ++r)
            if (lives[r] || t.rows[r].calls > 0) t.rows[n] = t.rows[r], renamed[r] = n++;
        t.rows.size = n;
        for (int& o : t.g.origin) o = o < 0 ? -1 : renamed[o];
        int m = 0;
        for (const row_edge e : t.edges) {
            const int from = e.from < 0 ? e.from : renamed[e.from], to = e.to < 0 ? e.to : renamed[e.to];
            if ((e.from < 0 || from >= 0) && (e.to < 0 || to >= 0)) t.edges[m++] = {from, to};
        }
        t.edges.size = m;
        if (n == 0) return t;
        const auto& graph = program::graph;
        const int segments = program::n_segments;
        for (int s = 0; s < (segments > 0 ? segments : 1); ++s) {
            const graph_view v = segments > 0 ? graph.view(s) : graph.view();
            index times = 1;
            for (int k = s; k > 0; k = graph.segments[k].parent) {
                const graph_view around = graph.view(graph.segments[k].parent);
                extent steps;
                steps.code = around.attr(around.nodes[graph.segments[k].call], RunLoop::length_at);
                times *= steps.at(program::symbols.at);
            }
            const int first = segments > 0 ? graph.segments[s].nodes : 0;
            for (int i = 0; i < v.n_nodes; ++i) {
                const int r = t.g.origin[first + i];
                t.rows[r < 0 ? n - 1 : r].flops += times * flops_of(v, v.nodes[i], program::symbols.at);
            }
        }
        return t;
    }
    static constexpr row_sizes sizes = [] {
        const traced t = trace();
        return row_sizes{t.rows.size, t.g.nodes.size, t.edges.size};
    }();
    static_assert(sizes.nodes == graph_constant<typename M::source>::sizes.nodes, "etta: a network traces to another Graph the second time");
    static constexpr row_table<sizes> table = [] {
        const traced t = trace();
        row_table<sizes> r{};
        for (int i = 0; i < sizes.rows; ++i) r.rows[i] = t.rows[i];
        for (int i = 0; i < sizes.nodes; ++i) r.row_of[i] = t.g.origin[i];
        for (int i = 0; i < sizes.edges; ++i) r.edges[i] = t.edges[i];
        return r;
    }();
    static constexpr row_view view() { return {table.rows, sizes.rows, table.row_of, table.edges, sizes.edges}; }
};

}  // namespace _
}  // namespace etta
