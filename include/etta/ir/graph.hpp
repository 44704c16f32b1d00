// graph.hpp: the Graph, etta's intermediate representation. Values are (node, result number); nodes hold an op, value
// ids and integer attributes; everything lies in flat arrays. A builder grows one during constant evaluation: equal
// nodes are merged as they are added (hash consing), so common subexpressions never exist. freeze() copies the live
// part into arrays of exactly its size; passes read those through graph_view.
#pragma once

#include "../core/extents.hpp"
#include "op_info.hpp"
#include "vec.hpp"

namespace etta::_ {

struct value {
    int node = -1;
    int result = 0;
    dtype type = dtype::none;
    shape extents;
};

struct node {
    const op_info* op = nullptr;
    int args = 0, n_args = 0;        // into the operand pool: value ids
    int attrs = 0, n_attrs = 0;      // into the attribute pool
    int results = 0, n_results = 1;  // value ids results … results + n_results - 1
    int loop = -1;                   // the loop whose body it is in
    bool carried = false;            // depends on what that loop carries from step to step
};

// A loop: the nodes with its number are its body, which is traced once and runs `length` times. In reverse, step 0 is the
// last element. Values enter a body by nodes of their own and leave it likewise (op/loop.hpp), so both can be added later.
struct loop_record {
    int parent = -1;  // the loop whose body it stands in
    extent length;
    bool reverse = false;
};
// What a loop carries from one step to the next: the value a step starts with, the one it ends with.
struct carry_record {
    int loop = -1;
    int in = -1, next = -1;
};

// A run-time extent. bound > 0: planned for 1..bound. bound 0: etta::dyn, known when the program is called.
struct symbol {
    index bound = 0;
    extent equals;  // dyn only: what a trace found it must equal (itself if nothing)
};

// What kind of buffer an input node stands for (its first attribute; the second is its ordinal there; a third says that its
// strides are known at run time only).
enum class storage : std::int64_t { argument, parameter, state };

enum class mistake : int {
    none, broadcast, inner_extents, dtypes, rank, axis, reshape_size, layer_input, layer_rank, state_shape, target,
    channels, window, concat, square, unbound, right_hand_side, carry, escaped, random, state_in_loop, weight, option, per_axis,
    stream_reverse, stream_later, stream_memory, stream_length, stream_rate  // these last: what only a Stream refuses
};

// The first mistake of a trace. Tracing goes on with poisoned variables; one static_assert then reports this.
struct failure {
    mistake what = mistake::none;
    std::string_view op;
    int scope = -1;
    shape expected, got;
    dtype type_a = dtype::none, type_b = dtype::none;
    double value = 0;  // of an option
};

// How a parameter starts: the constant a, or drawn from U(a, b), N(a, b²) or the part of N(a, b²) between the quantiles 1/2 + c
// and 1/2 + d; or as a whole (nn/fill.hpp): a times an orthogonal matrix, N(0, b²) with the part a of each column 0, a times the
// identity, Dirac's kernels in a groups of b channels (taps: c, the middle one: d), the lengths of the rows of parameter a. Of states:
// the constant, or the singular vectors to the largest singular value of parameter a, its axis b as rows (right: the left one's state is c).
struct start_value {
    enum kind_t : int { constant, uniform, normal, truncated, orthogonal, sparse, eye, dirac, lengths, left_singular, right_singular, refused } kind = constant;
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int zero_row = -1;  // a row of zeros all the same; -1: none
    bool tail = false;  // truncated: c and d are the quantiles themselves, both small
    friend constexpr bool operator==(const start_value& x, const start_value& y) {
        return x.kind == y.kind && x.a == y.a && x.b == y.b && x.c == y.c && x.d == y.d && x.zero_row == y.zero_row && x.tail == y.tail;
    }
};

struct input_op {
    static constexpr const char* name = "input";
    static constexpr op_kind kind = op_kind::input;
};
struct literal_op {
    static constexpr const char* name = "literal";
    static constexpr op_kind kind = op_kind::literal;
};

// A Graph that somebody else owns.
struct graph_view {
    const node* nodes = nullptr;
    int n_nodes = 0;
    const value* values = nullptr;
    int n_values = 0;
    const int* args = nullptr;
    const std::int64_t* attrs = nullptr;
    const int* outputs = nullptr;
    int n_outputs = 0;
    const symbol* symbols = nullptr;
    int n_symbols = 0;

    constexpr const node& of(int v) const { return nodes[values[v].node]; }
    constexpr int arg(const node& n, int i) const { return args[n.args + i]; }
    constexpr std::int64_t attr(const node& n, int i) const { return attrs[n.attrs + i]; }
};

// A Graph with loops is lowered (compile/lower.hpp) to several without: the bodies follow the outermost in the same arrays.
// Numbers in a segment count from its own start.
struct segment {
    int nodes = 0, n_nodes = 0, values = 0, n_values = 0, args = 0, attrs = 0, outputs = 0, n_outputs = 0;
    int parent = 0, call = -1;                  // the segment that runs it, and the node there that does
    int n_carries = 0, n_sliced = 0, n_whole = 0;  // what goes in, after the step's number
};

struct graph_sizes {
    int nodes = 0, values = 0, args = 0, attrs = 0, outputs = 0, symbols = 0, segments = 0;
    constexpr bool within(const graph_sizes& room) const {
        return nodes <= room.nodes && values <= room.values && args <= room.args && attrs <= room.attrs && outputs <= room.outputs && symbols <= room.symbols && segments <= room.segments;
    }
};

// A Graph as a constant, in arrays of its size or, where that was guessed, of a little more.
template <int Nodes, int Values, int Args, int Attrs, int Outputs, int Symbols, int Segments>
struct graph {
    node nodes[Nodes + 1] = {};
    value values[Values + 1] = {};
    int args[Args + 1] = {};
    std::int64_t attrs[Attrs + 1] = {};
    int outputs[Outputs + 1] = {};
    symbol symbols[Symbols + 1] = {};
    segment segments[Segments + 1] = {};
    graph_sizes sizes;

    constexpr bool fits() const { return sizes.within({Nodes, Values, Args, Attrs, Outputs, Symbols, Segments}); }
    constexpr graph_view view() const {
        return {nodes, sizes.nodes, values, sizes.values, args, attrs, outputs, sizes.outputs, symbols, sizes.symbols};
    }
    constexpr graph_view view(int k) const {
        const segment& s = segments[k];
        return {nodes + s.nodes, s.n_nodes, values + s.values, s.n_values, args + s.args, attrs + s.attrs, outputs + s.outputs, s.n_outputs, symbols, sizes.symbols};
    }
};

// Who is told that a layer is called (at this address, of a type with this name; or of the parameter in this slot), with which
// value, and that it has returned.
struct layer_watch {
    void (*enter)(layer_watch&, const builder&, int value, const void* layer, std::string_view (*type)(), int slot);
    void (*leave)(layer_watch&, const builder&);
};

// An argument whose elements are ids of an embedding: its parameter's slot, and how many rows it has.
struct id_table {
    int input = 0, parameter = -1;
    std::int64_t rows = 0;
};

struct builder {
    vec<node> nodes;
    vec<value> values;
    vec<int> args;
    vec<std::int64_t> attrs;
    vec<int> outputs;
    vec<symbol> symbols;
    vec<loop_record> loops;
    vec<carry_record> carries;
    vec<segment> segments;  // of a lowered Graph
    vec<int> table;   // hash table of node ids + 1, 0 empty; power of two
    // Models: the value of each parameter slot (-1 while its layer is not called), how it starts, the model's dtype.
    vec<int> params;
    vec<start_value> starts;
    dtype model_type = dtype::f32;
    // Of each state slot: its input, what its layer has put in its place (-1: nothing), how it starts.
    vec<int> states, next_states;
    vec<start_value> state_starts;
    bool training = false;  // a training step is traced, not an evaluation: layers may differ
    int key_argument = -1;  // the argument that is the seed of random numbers; the next is the step. -1: none are drawn here
    int sites = 0;          // random draws so far: what tells them apart
    int least_batch = 1;    // the fewest samples that a layer can be trained with
    vec<id_table> id_tables;  // of embeddings whose ids are an input
    bool streaming = false; // layers with a memory go on where the last call left them (nn/stream.hpp)
    vec<int> memory, next_memory;  // values that are kept from call to call: input, what follows it
    int stream_place = -1;         // of these, the position in the stream
    index stream_step = 0;         // how many positions a piece has; 0: none are counted
    index stream_length = 0;       // how many positions attention can look back
    vec<int> transposed;           // per value kept: the parameter whose transpose it is (then it does not change), or -1
    failure error;
    bool unified = false;  // a dyn extent was found equal to another: shapes must be resolved
    int scope = -1;   // the layer being called: where a mistake is reported
    bool watched = false;  // note what enters and what leaves each layer: (scope, value, 0 or 1)
    vec<int> watched_values;
    layer_watch* layers = nullptr;  // nn/rows.hpp; null: nobody
    vec<int> origin;                // then, per node: the row of the layers' table that it belongs to, or -1. Else empty
    // What has been added since belongs to the derivative of node i (train/profile.hpp: rows are even, their derivatives odd).
    constexpr void note_derivative(int i) {
        if (origin.size == 0) return;
        const int row = origin.data[i] < 0 ? -1 : origin.data[i] | 1;
        while (origin.size < nodes.size) origin.push(row);
    }

    // --- symbols -----------------------------------------------------------------------------------------------
    constexpr extent new_symbol(index bound = 0) {
        const int s = symbols.size;
        const extent e = extent::of_symbol(s);
        symbols.push({bound, e});
        return e;
    }
    constexpr extent resolve(extent e) const {
        while (e.is_symbol() && symbols.data[(e.code >> 56) & 0x7f].equals.code != e.code) e = symbols.data[(e.code >> 56) & 0x7f].equals;
        return e;
    }
    constexpr void resolve(shape& s) const {
        for (int i = 0; i < s.rank; ++i) s.at[i] = resolve(s.at[i]);
    }
    // Are two extents the same? A dyn one is made so: the run-time check is at the program's entry.
    constexpr bool unify(extent a, extent b) {
        a = resolve(a), b = resolve(b);
        if (a == b) return true;
        if (is_free(a)) return symbols[a.symbol()].equals = b, unified = true;
        if (is_free(b)) return symbols[b.symbol()].equals = a, unified = true;
        return false;
    }
    constexpr bool is_free(extent e) const {
        return !e.is_static() && symbols[e.symbol()].bound == 0 && e.coefficient() == 1 && e.constant() == 0;
    }
    constexpr bool same_shape(const shape& a, const shape& b) {
        if (a.rank != b.rank) return false;
        for (int i = 0; i < a.rank; ++i)
            if (!unify(a.at[i], b.at[i])) return false;
        return true;
    }

    // --- reading -----------------------------------------------------------------------------------------------
    constexpr const node& of(int v) const { return nodes.data[values.data[v].node]; }
    constexpr int arg(const node& n, int i) const { return args.data[n.args + i]; }
    constexpr std::int64_t attr(const node& n, int i) const { return attrs.data[n.attrs + i]; }
    constexpr const shape& extents_of(int v) const { return values.data[v].extents; }
    constexpr dtype type_of(int v) const { return values.data[v].type; }
    template <class Op>
    constexpr bool is(int v) const {
        return of(v).op->id == declare_op<Op>::id;
    }

    // --- mistakes ----------------------------------------------------------------------------------------------
    constexpr void blame(mistake what, const char* op, const shape& expected = {}, const shape& got = {},
                         dtype a = dtype::none, dtype b = dtype::none, double value = 0) {
        if (error.what != mistake::none) return;
        error = {what, op, scope, expected, got, a, b, value};
    }

    // --- adding ------------------------------------------------------------------------------------------------
    constexpr std::uint64_t hash_of(const op_info* op, const int* a, int na, const std::int64_t* t, int nt,
                                    dtype type) const {
        std::uint64_t h = op->id + static_cast<std::uint64_t>(type);
        for (int i = 0; i < na; ++i) h = (h ^ static_cast<std::uint64_t>(a[i])) * 0x9e3779b97f4a7c15ull, h ^= h >> 29;
        for (int i = 0; i < nt; ++i) h = (h ^ (static_cast<std::uint64_t>(t[i]) + 77)) * 0x9e3779b97f4a7c15ull, h ^= h >> 29;
        return h = (h ^ 1) * 0x9e3779b97f4a7c15ull, h ^ (h >> 29);
    }
    constexpr bool matches(const node& n, const op_info* op, const int* a, int na, const std::int64_t* t, int nt,
                           dtype type) const {
        if (n.op->id != op->id || n.n_args != na || n.n_attrs != nt || values.data[n.results].type != type) return false;
        for (int i = 0; i < na; ++i)
            if (args.data[n.args + i] != a[i]) return false;
        for (int i = 0; i < nt; ++i)
            if (attrs.data[n.attrs + i] != t[i]) return false;
        return true;
    }
    constexpr void rehash() {
        const int n = table.size < 64 ? 128 : 4 * table.size;
        table = vec<int>(n, 0);
        for (int i = 0; i < nodes.size; ++i) {
            const node& m = nodes.data[i];
            std::uint64_t h = hash_of(m.op, args.data + m.args, m.n_args, attrs.data + m.attrs, m.n_attrs,
                                      values.data[m.results].type);
            while (table.data[h & static_cast<std::uint64_t>(n - 1)] != 0) ++h;
            table.data[h & static_cast<std::uint64_t>(n - 1)] = i + 1;
        }
    }

    // A node is in the innermost loop that one of its operands is in; the other operands' loops are around that one.
    constexpr void find_region(node& n, const int* a, int na) {
        for (int i = 0; i < na; ++i) {
            const node& m = of(a[i]);
            if (m.loop > n.loop) n.loop = m.loop, n.carried = m.carried;
            else if (m.loop == n.loop) n.carried = n.carried || m.carried;
        }
        for (int i = 0; i < na; ++i) {
            int r = n.loop;
            while (r > of(a[i]).loop) r = loops[r].parent;
            if (r != of(a[i]).loop) blame(mistake::escaped, n.op->name.text, extents_of(a[i]));
        }
    }
    // The first mistake of a finished trace: what it returns may also lie in a loop's body.
    constexpr failure first_mistake() const {
        failure e = error;
        for (const int o : outputs)
            if (o >= 0 && loops.size > 0 && of(o).loop >= 0 && e.what == mistake::none) e = {mistake::escaped, "scan", scope, extents_of(o), {}, dtype::none, dtype::none};
        return e;
    }
    // Adds a node (or finds the equal one) with one result of this type and shape; returns its value id.
    constexpr int add(const op_info* op, const int* a, int na, const std::int64_t* t, int nt, dtype type,
                      const shape& extents) {
        if (2 * nodes.size >= table.size) rehash();
        std::uint64_t h = hash_of(op, a, na, t, nt, type);
        const std::uint64_t wrap = static_cast<std::uint64_t>(table.size - 1);
        for (int slot = table.data[h & wrap]; slot != 0; slot = table.data[++h & wrap])
            if (matches(nodes.data[slot - 1], op, a, na, t, nt, type)) return nodes.data[slot - 1].results;
        const int id = nodes.size;
        table.data[h & wrap] = id + 1;
        nodes.push({op, args.size, na, attrs.size, nt, values.size, 1});
        if (loops.size > 0) find_region(nodes.back(), a, na);
        args.append(a, na);
        attrs.append(t, nt);
        value v{id, 0, type, extents};
        if (unified) resolve(v.extents);
        return values.push(v);
    }
    // One more result of the node that add() has just made.
    constexpr int add_result(int first, dtype type, const shape& extents) {
        node& n = nodes[values[first].node];
        if (n.results + n.n_results < values.size) return n.results + n.n_results - 1;  // merged with an equal node
        value v;
        v.node = values[first].node, v.result = n.n_results++, v.type = type, v.extents = extents;
        return values.push(v);
    }

    constexpr int input(storage kind, int ordinal, dtype type, const shape& extents, bool row_major = true) {
        const std::int64_t t[3] = {static_cast<std::int64_t>(kind), ordinal, 1};
        return add(&info_of<input_op>::value, nullptr, 0, t, row_major ? 2 : 3, type, extents);
    }
    constexpr int literal(double x, dtype type) {
        std::int64_t bits = 0;
        if (type == dtype::f32) bits = std::int64_t{__builtin_bit_cast(std::uint32_t, static_cast<float>(x))};
        else if (type == dtype::f64) bits = __builtin_bit_cast(std::int64_t, x);
        else bits = static_cast<std::int64_t>(x);
        return add(&info_of<literal_op>::value, nullptr, 0, &bits, 1, type, shape{});
    }
    // A run-time extent as a number; a literal where it is static.
    constexpr int extent_literal(extent e, dtype type) {
        e = resolve(e);
        if (e.is_static()) return literal(static_cast<double>(e.code), type);
        const std::int64_t t[2] = {0, e.code};
        return add(&info_of<literal_op>::value, nullptr, 0, t, 2, type, shape{});
    }
    // The constant a value is everywhere (through broadcasts), if it is one.
    constexpr bool constant(int v, double& out) const {
        while (of(v).op->kind == op_kind::view && of(v).n_args == 1) v = arg(of(v), 0);
        const node& n = of(v);
        if (n.op->kind != op_kind::literal || n.n_attrs != 1) return false;
        const std::int64_t bits = attr(n, 0);
        const dtype t = values[v].type;
        out = t == dtype::f32   ? static_cast<double>(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)))
              : t == dtype::f64 ? __builtin_bit_cast(double, bits)
                                : static_cast<double>(bits);
        return true;
    }
    constexpr bool is_constant(int v, double x) const {
        double c = 0;
        return constant(v, c) && c == x;
    }

    // --- finishing ---------------------------------------------------------------------------------------------
    // Drops what no output needs (inputs stay: their order is the caller's) and renumbers.
    constexpr void compact() {
        vec<char> live(nodes.size, 0);
        for (const int o : outputs)
            if (o >= 0) live.data[values.data[o].node] = 1;
        for (int i = nodes.size - 1; i >= 0; --i) {
            const node& n = nodes.data[i];
            if (n.op->kind == op_kind::input || n.op->effect) live.data[i] = 1;
            if (!live.data[i]) continue;
            for (int k = 0; k < n.n_args; ++k) live.data[values.data[args.data[n.args + k]].node] = 1;
        }
        // In place: operands, attributes and values lie in the order of their nodes, so all move towards the front.
        vec<int> renamed(values.size, -1);
        int n_nodes = 0, n_values = 0, n_args = 0, n_attrs = 0;
        for (int i = 0; i < nodes.size; ++i) {
            if (!live.data[i]) continue;
            node n = nodes.data[i];
            const int first_arg = n_args, first_attr = n_attrs, first_value = n_values;
            for (int k = 0; k < n.n_args; ++k) args.data[n_args++] = renamed.data[args.data[n.args + k]];
            for (int k = 0; k < n.n_attrs; ++k) attrs.data[n_attrs++] = attrs.data[n.attrs + k];
            for (int k = 0; k < n.n_results; ++k) {
                value& v = values.data[n_values] = values.data[n.results + k];
                v.node = n_nodes, renamed.data[n.results + k] = n_values++;
                if (unified) resolve(v.extents);
            }
            if (n_nodes < origin.size) origin.data[n_nodes] = i < origin.size ? origin.data[i] : -1;
            n.args = first_arg, n.attrs = first_attr, n.results = first_value, nodes.data[n_nodes++] = n;
        }
        for (int& o : outputs) o = o < 0 ? -1 : renamed[o];
        for (vec<int>* const slots : {&params, &states, &next_states})
            for (int& p : *slots) p = p < 0 ? -1 : renamed[p];
        nodes.size = n_nodes, values.size = n_values, args.size = n_args, attrs.size = n_attrs;
    }
    constexpr graph_sizes sizes() const {
        return {nodes.size, values.size, args.size, attrs.size, outputs.size, symbols.size, segments.size};
    }
    template <class Graph>
    constexpr Graph freeze() const {
        Graph r{};
        freeze_into(r);
        return r;
    }
    // If it fits; else r is told the sizes only.
    template <class Graph>
    constexpr void freeze_into(Graph& r) const {
        r.sizes = sizes();
        if (!r.fits()) return;
        for (int i = 0; i < nodes.size; ++i) r.nodes[i] = nodes.data[i];
        for (int i = 0; i < values.size; ++i) r.values[i] = values.data[i];
        for (int i = 0; i < args.size; ++i) r.args[i] = args.data[i];
        for (int i = 0; i < attrs.size; ++i) r.attrs[i] = attrs.data[i];
        for (int i = 0; i < outputs.size; ++i) r.outputs[i] = outputs.data[i];
        for (int i = 0; i < symbols.size; ++i) r.symbols[i] = symbols.data[i];
        for (int i = 0; i < segments.size; ++i) r.segments[i] = segments.data[i];
    }
};

template <graph_sizes S>
using graph_of = graph<S.nodes, S.values, S.args, S.attrs, S.outputs, S.symbols, S.segments>;

}  // namespace etta::_
