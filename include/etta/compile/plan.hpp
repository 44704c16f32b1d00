// plan.hpp: turns fused groups into kernels (bytecode) and calls (data). A kernel's bytecode says what is computed per
// element; everything that is only a number - extents, strides, offsets, constants - is data in the call's words, so
// that layers of different sizes share kernels. The data part (layout) runs again at run time where extents or strides
// are not known while compiling; the bytecode never changes.
#pragma once

#include "fuse.hpp"

namespace etta::_ {

// --- bytecode ------------------------------------------------------------------------------------------------------
// One word per instruction; instruction i defines register i. Fields, low bits first:
//   kind 3 | level 2 | stage 5 | op or slot 12 | dtype 4 | source registers (or stride class) 3 x 12
enum class instruction : std::uint64_t { header, load, literal, position, op, reduce, store };
// How often an instruction runs: once per kernel call, once per row (in a map: per element), per element of a row.
enum class level : std::uint64_t { once, row, full };
// How a slot's elements follow each other along the lane axis.
enum class lane_class : std::uint64_t { uniform, contiguous, strided };

struct instr {
    instruction kind;
    enum level level;
    int stage, op;
    dtype type;
    int src[3];

    static constexpr instr decode(std::uint64_t w) {
        return {static_cast<instruction>(w & 7),
                static_cast<enum level>((w >> 3) & 3),
                static_cast<int>((w >> 5) & 31),
                static_cast<int>((w >> 10) & 0xfff),
                static_cast<dtype>((w >> 22) & 15),
                {static_cast<int>((w >> 26) & 0xfff), static_cast<int>((w >> 38) & 0xfff), static_cast<int>(w >> 50)}};
    }
    constexpr std::uint64_t encode() const {
        return static_cast<std::uint64_t>(kind) | static_cast<std::uint64_t>(level) << 3 |
               static_cast<std::uint64_t>(stage) << 5 | static_cast<std::uint64_t>(op) << 10 |
               static_cast<std::uint64_t>(type) << 22 | static_cast<std::uint64_t>(src[0]) << 26 |
               static_cast<std::uint64_t>(src[1]) << 38 | static_cast<std::uint64_t>(src[2]) << 50;
    }
};

// The header word: kernel kind 3 | lanes run along a reduced axis 1 | stages 5 | slots 12 | element type 4 | for a GEMM the
// lane classes of A along K, of B along K and along N, 2 bits each.
struct header {
    kernel_kind kind = kernel_kind::loop;
    bool lane_reduced = false;
    int stages = 0, slots = 0;
    dtype type = dtype::none;
    lane_class a_k = lane_class::uniform, b_k = lane_class::uniform, b_n = lane_class::uniform;

    constexpr std::uint64_t encode() const {
        return static_cast<std::uint64_t>(kind) | static_cast<std::uint64_t>(lane_reduced) << 3 |
               static_cast<std::uint64_t>(stages) << 4 | static_cast<std::uint64_t>(slots) << 9 |
               static_cast<std::uint64_t>(type) << 21 | static_cast<std::uint64_t>(a_k) << 25 |
               static_cast<std::uint64_t>(b_k) << 27 | static_cast<std::uint64_t>(b_n) << 29;
    }
    static constexpr header decode(std::uint64_t w) {
        header h;
        h.kind = static_cast<kernel_kind>(w & 7);
        h.lane_reduced = (w >> 3) & 1;
        h.stages = static_cast<int>((w >> 4) & 31);
        h.slots = static_cast<int>((w >> 9) & 0xfff);
        h.type = static_cast<dtype>((w >> 21) & 15);
        h.a_k = static_cast<lane_class>((w >> 25) & 3);
        h.b_k = static_cast<lane_class>((w >> 27) & 3);
        h.b_n = static_cast<lane_class>((w >> 29) & 3);
        return h;
    }
};

// --- calls ---------------------------------------------------------------------------------------------------------
// Where a leaf or an output lies: a buffer's number and a byte offset in it.
struct place {
    int buffer = 0;
    index offset = 0;
};
inline constexpr int workspace_buffer = 0, parameter_buffer = 1, state_buffer = 2, first_argument_buffer = 3;

// A call's data has two parts. Words: extents, then per slot (an operand: a value read or written, or a literal) one stride
// (in elements) per row axis, per column axis and for the lane; a literal's last word is an extent's code (0: none). Equal
// layers have equal words, which are stored once. A product's operands have words of their own behind these. Places: one word
// per slot, a buffer and a byte offset, or a literal's bits.
constexpr std::int64_t packed(place p) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(p.buffer) << 56 | (static_cast<std::uint64_t>(p.offset) & 0xffffffffffffffull)); }
constexpr int buffer_of(std::int64_t packed) { return static_cast<int>(static_cast<std::uint64_t>(packed) >> 56); }
constexpr index offset_of(std::int64_t packed) { return static_cast<index>(static_cast<std::uint64_t>(packed) << 8) >> 8; }

struct slot {
    enum kind_t : int { load, store, literal, position } kind = load;
    int value = -1;
};

struct call {
    int kernel = -1;        // into the list of distinct kernels
    int slots = 0, n_slots = 0;
    int source = -1;        // the fused group
    bool parallel = false;  // worth more than one thread
};

struct distinct_kernel {
    int code = 0, n_code = 0;
    int ops = 0, n_ops = 0;
};

inline constexpr index buffer_alignment = 64;
constexpr index align_up(index n, index to = buffer_alignment) { return (n + to - 1) / to * to; }

// An argument's strides in elements, where it is not row-major.
struct argument_strides {
    bool given = false;
    const index* at = nullptr;
};
// What the program that runs a loop's body has to know of the body's (compile/lower.hpp).
struct body_facts {
    index workspace_bytes = 0, flops = 0;
    bool parallel = false;
};
// What a layout is computed from: the extents' values and where leaves and outputs lie.
struct binding {
    const index* symbols = nullptr;      // value per symbol; the bound where bounded
    const place* parameters = nullptr;   // per ordinal
    const place* states = nullptr;
    const place* outputs = nullptr;      // per output of the Graph
    bool has_strides = false;
    const argument_strides* strides = nullptr;  // per argument
    const body_facts* bodies = nullptr;         // per segment
};

// How elements of value v are addressed, from its root through its views.
constexpr access access_of(const graph_view& g, int v, const binding& b) {
    int chain[32] = {};
    int n = 0;
    for (; g.of(v).op->kind == op_kind::view; v = g.arg(g.of(v), 0)) chain[n++] = v;
    access a;
    const shape& s = g.values[v].extents;
    const node& leaf = g.of(v);
    argument_strides own;
    if (leaf.op->kind == op_kind::input && static_cast<storage>(g.attr(leaf, 0)) == storage::argument && b.has_strides)
        own = b.strides[g.attr(leaf, 1)];
    index stride = 1;
    for (int i = s.rank - 1; i >= 0; --i) {
        a.strides[i] = own.given ? own.at[i] : stride;
        stride *= s.at[i].at(b.symbols);
    }
    index in[max_rank] = {}, out[max_rank] = {};
    for (int i = 0; i < s.rank; ++i) in[i] = s.at[i].at(b.symbols);
    int rank = s.rank;
    while (n > 0) {
        const int u = chain[--n];
        const node& m = g.of(u);
        const shape& t = g.values[u].extents;
        for (int i = 0; i < t.rank; ++i) out[i] = t.at[i].at(b.symbols);
        if (!m.op->view({g.attrs + m.attrs, rank, t.rank, in, out}, a)) a.offset = -1;
        rank = t.rank;
        for (int i = 0; i < rank; ++i) in[i] = out[i];
    }
    return a;
}

// The same, with the axes of `space`: aligned to the right, 0 along axes where v has extent 1.
constexpr access access_in(const graph_view& g, int v, const shape& space, const binding& b) {
    const access a = access_of(g, v, b);
    const shape& s = g.values[v].extents;
    access r{a.offset, {}};
    for (int i = 1; i <= s.rank && i <= space.rank; ++i)
        r.strides[space.rank - i] = s[-i].is(1) ? 0 : a.strides[s.rank - i];
    return r;
}

// A generator's index as the offset of an address that is never read: along one axis, its first attribute; or through all of
// them in row-major order (-1), which does not change with the number of samples.
constexpr access position_access(const graph_view& g, int v, const shape& space, const binding& b) {
    const std::int64_t axis = g.attr(g.of(v), 0);
    if (axis < 0) return access_in(g, v, space, b);
    access a;
    a.strides[axis] = 1;
    return a;
}

// The axes of a kernel's space, sorted into rows (kept) and columns (reduced); the lane axis comes last of its list.
struct axis_lists {
    int rows[max_rank] = {}, cols[max_rank] = {};
    int n_rows = 0, n_cols = 0, lane_axis = -1;
    bool lane_reduced = false;
};

constexpr axis_lists axes_of_kernel(const kernel& k) {
    axis_lists a;
    if (is_product(k.kind)) {  // rows: batch and M, or samples, channels and lines; lanes: N, or along a line
        for (int i = 0; i + 1 < k.space.rank; ++i) a.rows[a.n_rows++] = i;
        a.lane_axis = k.space.rank - 1;
        return a;
    }
    for (int i = k.space.rank - 1; i >= 0 && a.lane_axis < 0; --i)
        if (!k.space.at[i].is(1)) a.lane_axis = i;
    a.lane_reduced = a.lane_axis >= 0 && ((k.axes >> a.lane_axis) & 1);
    for (int i = 0; i < k.space.rank; ++i) {
        if (i == a.lane_axis || k.space.at[i].is(1)) continue;
        if ((k.axes >> i) & 1) a.cols[a.n_cols++] = i;
        else a.rows[a.n_rows++] = i;
    }
    return a;
}

// Per value, the number of the output that it is the root of, or -1.
constexpr void number_outputs(const graph_view& g, int* number) {
    for (int v = 0; v < g.n_values; ++v) number[v] = -1;
    for (int i = g.n_outputs - 1; i >= 0; --i)
        if (g.outputs[i] >= 0) number[root_of(g, g.outputs[i])] = i;
}

// Not constexpr: a plan that reads what lies nowhere does not compile, and the compiler names this function.
inline void operand_lies_in_no_buffer() {}

// Writes one call's words; returns how many. Adjacent axes that every slot walks evenly become one.
struct layout {
    graph_view g;
    const index* offsets;     // per value: byte offset in the workspace, or -1
    const int* output_number;  // per value: which output it is stored as, or -1
    binding b;

    constexpr place place_of(int v, bool& found) const {
        const node& n = g.of(v);
        found = true;
        if (n.op->kind == op_kind::input) {
            const int ordinal = static_cast<int>(g.attr(n, 1));
            switch (static_cast<storage>(g.attr(n, 0))) {
                case storage::argument: return {first_argument_buffer + ordinal, 0};
                case storage::parameter: return b.parameters[ordinal];
                case storage::state: return b.states[ordinal];
            }
        }
        if (output_number[v] >= 0) return b.outputs[output_number[v]];
        found = offsets[v] >= 0;
        return {workspace_buffer, offsets[v]};
    }

    template <class Out>
    constexpr void write(const kernel& k, const slot* slots, int n_slots, Out&& put) const {
        if (k.kind == kernel_kind::library) return write_library(k, put);
        axis_lists a = axes_of_kernel(k);
        vec<access> accesses;
        accesses.reserve(n_slots + 2);
        int extra = 0;
        const bool gemm = k.kind == kernel_kind::gemm;
        if (gemm) {
            const node& n = g.nodes[k.anchor];
            for (int i = 0; i < 2; ++i, ++extra) accesses.push(gemm_access(k, g.arg(n, i), i == 1));
        }
        for (int i = 0; i < n_slots; ++i) accesses.push(slots[i].kind != slot::literal ? slot_access(k, slots[i]) : access{});
        const int n_all = extra + n_slots;
        extent rows[max_rank] = {}, cols[max_rank] = {};
        for (int i = 0; i < a.n_rows; ++i) rows[i] = k.space.at[a.rows[i]];
        for (int i = 0; i < a.n_cols; ++i) cols[i] = k.space.at[a.cols[i]];
        extent lane = a.lane_axis < 0 ? extent(1) : k.space.at[a.lane_axis];
        // Collapse: merge list[i] into list[i + 1].
        const auto even = [&](int outer, int inner, extent inner_extent) constexpr {
            // (An extent that happens to be 1 at run time has strides of no meaning, which the bytecode does not expect to be stepped by.)
            if (!inner_extent.is_static() && (g.symbols[inner_extent.symbol()].bound > 0 || inner_extent.at(b.symbols) == 1)) return false;
            for (int s = 0; s < n_all; ++s)
                if (accesses[s].strides[outer] != accesses[s].strides[inner] * inner_extent.at(b.symbols)) return false;
            return true;
        };
        const auto product = [&](extent x, extent y) constexpr {
            if (x.is_static()) return y.is_static() ? extent(x.code * y.code) : y.times(x.code);
            return y.is_static() ? x.times(y.code) : extent(x.at(b.symbols) * y.at(b.symbols));
        };
        const auto collapse = [&](int* list, extent* e, int& n) constexpr {
            for (int i = n - 2; i >= 0; --i)
                if (even(list[i], list[i + 1], e[i + 1])) {
                    e[i + 1] = product(e[i], e[i + 1]);
                    for (int j = i; j + 1 < n; ++j) list[j] = list[j + 1], e[j] = e[j + 1];
                    --n;
                }
        };
        if (k.kind != kernel_kind::conv) collapse(a.rows, rows, a.n_rows);
        collapse(a.cols, cols, a.n_cols);
        if (!is_product(k.kind) && a.lane_axis >= 0) {
            int* const list = a.lane_reduced ? a.cols : a.rows;
            extent* const e = a.lane_reduced ? cols : rows;
            int& n = a.lane_reduced ? a.n_cols : a.n_rows;
            while (n > 0 && even(list[n - 1], a.lane_axis, lane)) lane = product(e[n - 1], lane), --n;
        }
        put(a.n_rows);
        put(a.n_cols);
        for (int i = 0; i < a.n_rows; ++i) put(rows[i].code);
        for (int i = 0; i < a.n_cols; ++i) put(cols[i].code);
        put(lane.code);
        for (int s = 0; s < n_all; ++s) {
            const slot this_slot = s < extra ? slot{slot::load, g.arg(g.nodes[k.anchor], s)} : slots[s - extra];
            if (this_slot.kind == slot::literal) {
                const node& n = g.of(this_slot.value);
                put.place(g.attr(n, 0));
                for (int i = 0; i < a.n_rows + a.n_cols; ++i) put(0);
                put(n.n_attrs == 2 ? g.attr(n, 1) : 0);
                continue;
            }
            const int v = this_slot.value;
            if (this_slot.kind == slot::position) {
                put.place(packed({0, accesses[s].offset}));
            } else {
                bool found = false;
                const place p = place_of(root_of(g, v), found);
                if (!found) operand_lies_in_no_buffer();
                put.place(packed({p.buffer, p.offset + accesses[s].offset * size_of(g.values[v].type)}));
            }
            for (int i = 0; i < a.n_rows; ++i) put(accesses[s].strides[a.rows[i]]);
            for (int i = 0; i < a.n_cols; ++i) put(accesses[s].strides[a.cols[i]]);
            put(a.lane_axis < 0 ? 0 : accesses[s].strides[a.lane_axis]);
        }
        if (gemm) {
            const node& n = g.nodes[k.anchor];
            const int va = g.arg(n, 0), vb = g.arg(n, 1);
            const shape &sa = g.values[va].extents, &sb = g.values[vb].extents;
            put(sa[-1].code);
            put(access_of(g, va, b).strides[sa.rank - 1]);
            put(access_of(g, vb, b).strides[sb.rank - 2]);
            const bool sum = n.op->id == declare_op<ContractTerms>::id;  // over the first axis: how many, how far apart
            put(sum ? sa.at[0].code : 1);
            put(sum ? access_of(g, va, b).strides[0] : 0);
            put(sum ? access_of(g, vb, b).strides[0] : 0);
        } else if (k.kind == kernel_kind::conv) {
            write_operands(g.nodes[k.anchor], g.nodes[k.anchor].n_args, n_slots, put);
        }
    }

    constexpr access slot_access(const kernel& k, const slot& s) const {
        return s.kind == slot::position ? position_access(g, s.value, k.space, b) : access_in(g, s.value, k.space, b);
    }
    // A over (batch…, M), B over (batch…, -, N); the strides along K are words of their own.
    constexpr access gemm_access(const kernel& k, int v, bool right) const {
        const access a = access_of(g, v, b);
        const shape& s = g.values[v].extents;
        access r{a.offset, {}};
        const int shift = k.space.rank - s.rank;
        for (int i = shift < 0 ? -shift : 0; i + 2 < s.rank; ++i) r.strides[i + shift] = s.at[i].is(1) ? 0 : a.strides[i];
        if (right) r.strides[k.space.rank - 1] = a.strides[s.rank - 1];
        else r.strides[k.space.rank - 2] = a.strides[s.rank - 2];
        return r;
    }

    // Library kernels get, for every operand and result: its place's number, its rank, then (extent, stride) per axis; then
    // the attributes, then the size of the first result's elements.
    template <class Out>
    constexpr void write_library(const kernel& k, Out& put) const {
        const node& n = g.nodes[k.anchor];
        write_operands(n, n.n_args + n.n_results, 0, put);
        put(size_of(g.values[n.results].type));
    }
    // `count` of the operands and the results behind them, then the attributes. Their places begin with number `first`: those of a
    // convolution's operands follow its slots.
    template <class Out>
    constexpr void write_operands(const node& n, int count, int first, Out& put) const {
        for (int i = 0; i < count; ++i) {
            const int v = i < n.n_args ? g.arg(n, i) : n.results + i - n.n_args;
            const access a = access_of(g, v, b);
            bool found = false;
            const place p = place_of(root_of(g, v), found);
            if (!found) operand_lies_in_no_buffer();
            const shape& s = g.values[v].extents;
            put.place(packed({p.buffer, p.offset + a.offset * size_of(g.values[v].type)}));
            put(first + i);
            put(s.rank);
            for (int d = 0; d < s.rank; ++d) put(s.at[d].code), put(a.strides[d]);
        }
        for (int i = 0; i < n.n_attrs; ++i) put(g.attr(n, i));
    }
};

}  // namespace etta::_
