// assign.hpp: evaluates an expression into a view: the customisation point behind every tensor assignment. The program
// is a constant of the two types; with static extents and row-major operands its data is too, else the data part of the
// layout is computed from the operands at hand.
#pragma once

#include "../expr/expression.hpp"
#include "../compile/mistakes.hpp"
#include "cpu/execute.hpp"
#include "cpu/attention.hpp"
#include "cpu/conv.hpp"
#include "cpu/place.hpp"
#include "cpu/pool.hpp"
#include "cpu/repeat.hpp"

namespace etta {
namespace _ {

template <class E>
constexpr int lower_any(builder& g, int& next) {
    return lowering<E>::make(g, next);
}

// Strides while compiling: a strided view's are known at run time only, and no kernel may count on theirs being 1 or on
// two axes being one.
inline constexpr index unknown_strides[max_rank] = {1000003, 1000187, 1000211, 1000403, 1000621, 1000829, 1001003, 1001191};
template <class... Leaf>
struct planned_strides {
    argument_strides of[(0 + ... + leaf_count<Leaf>::value) + 1] = {};
    constexpr planned_strides() {
        int n = 0;
        (put(static_cast<const Leaf*>(nullptr), n), ...);
    }
    template <class X>
    constexpr void put(const X*, int& n) { ++n; }
    template <class T, class E>
    constexpr void put(const View<T, E, strided>*, int& n) { of[n++] = {true, unknown_strides}; }
    template <class Op, class A, class... X>
    constexpr void put(const expression<Op, A, X...>*, int& n) { (put(static_cast<const X*>(nullptr), n), ...); }
};

// One output per expression, of the given dtype and extents (Rank < 0: the expression's own).
template <class E, class Dst>
struct assignment_source {
    static constexpr builder make(late) {
        builder g;
        int next = 0;
        var y{&g, lower_any<E>(g, next)};
        if constexpr (!std::is_same_v<Dst, void>) y = fit<typename Dst::extents_type>(g, y, dtype_of<typename Dst::value_type>);
        g.outputs.push(y.id);
        finish(g);
        return g;
    }
    template <class Extents>
    static constexpr var fit(builder& g, var y, dtype t) {
        shape to;
        for (int i = 0; i < Extents::rank; ++i)
            to.push(Extents::value[i] == dyn ? g.new_symbol() : extent(static_cast<index>(Extents::value[i])));
        if (promote(t, y.type()) != t) g.blame(mistake::dtypes, "assignment", {}, {}, t, y.type());
        y.id = cast_to(g, y.id, t);
        if (g.extents_of(y.id).rank == to.rank && g.same_shape(g.extents_of(y.id), to)) return y;
        const shape joint = broadcast_shapes(g.extents_of(y.id), to);
        if (joint.rank != to.rank || !g.same_shape(joint, to)) {
            g.blame(mistake::broadcast, "assignment", to, g.extents_of(y.id));
            return y;
        }
        return {&g, expand_to(g, y.id, to)};
    }
    static constexpr failure error = make({}).error;
    static constexpr place out_place[1] = {{first_argument_buffer + leaf_count<E>::value, 0}};
    static constexpr planned_strides<E> strides{};
    static constexpr binding places(const graph_view&) {
        binding b;
        b.outputs = out_place;
        b.has_strides = true, b.strides = strides.of;
        return b;
    }
};

// Gathers the leaves of an expression: pointers, strides, run-time extents.
template <int Leaves, int Symbols>
struct leaf_collector {
    graph_view g;
    char* buffers[first_argument_buffer + Leaves + 1] = {};
    index strides[Leaves + 1][max_rank] = {};
    argument_strides stride_of[Leaves + 1] = {};
    index symbols[Symbols + 1] = {};
    alignas(8) char numbers[8 * (Leaves + 1)] = {};
    int leaf = 0, symbol = 0;

    template <class T, class E, class L>
    ETTA_INLINE void operator()(const View<T, E, L>& v) {
        buffers[first_argument_buffer + leaf] = reinterpret_cast<char*>(const_cast<std::remove_const_t<T>*>(v.data()));
        if constexpr (!View<T, E, L>::contiguous) {
            for (int i = 0; i < v.rank; ++i) strides[leaf][i] = v.stride(i);
            stride_of[leaf] = {true, strides[leaf]};
        }
        if constexpr (E::dynamic_rank > 0)
            for (int i = 0; i < E::rank; ++i)
                if (E::value[i] == dyn) symbols[symbol++] = v.extent(i);
        ++leaf;
    }
    template <class T>
    ETTA_INLINE void operator()(const scalar_operand<T>& x) {
        char* const p = numbers + 8 * leaf;
        switch (type_of_leaf()) {
            case dtype::f32: write(p, static_cast<float>(x.value)); break;
            case dtype::f64: write(p, static_cast<double>(x.value)); break;
            case dtype::i8: write(p, static_cast<std::int8_t>(x.value)); break;
            case dtype::i16: write(p, static_cast<std::int16_t>(x.value)); break;
            case dtype::i32: write(p, static_cast<std::int32_t>(x.value)); break;
            case dtype::i64: write(p, static_cast<std::int64_t>(x.value)); break;
            case dtype::u8: write(p, static_cast<std::uint8_t>(x.value)); break;
            default: write(p, static_cast<bool>(x.value)); break;
        }
        buffers[first_argument_buffer + leaf++] = p;
    }
    template <class T>
    static void write(char* p, T x) {
        __builtin_memcpy(p, &x, sizeof x);
    }
    ETTA_INLINE dtype type_of_leaf() const {
        for (int i = 0; i < g.n_nodes; ++i)
            if (g.nodes[i].op->kind == op_kind::input && g.attr(g.nodes[i], 1) == leaf) return g.values[g.nodes[i].results].type;
        return dtype::none;
    }
};

template <class T>
inline constexpr bool needs_layout = true;
template <class T, class E, class L>
inline constexpr bool needs_layout<View<T, E, L>> = E::dynamic_rank > 0 || !std::is_same_v<L, row_major>;
template <class T>
inline constexpr bool needs_layout<scalar_operand<T>> = false;
template <class Op, class A, class... X>
inline constexpr bool needs_layout<expression<Op, A, X...>> = (needs_layout<X> || ...);

// The extents that the trace unified really are equal.
template <class Target>
inline void check_symbols(const graph_view& g, const index* given) {
    for (int i = 0; i < g.n_symbols; ++i) {
        extent e = g.symbols[i].equals;
        if (e == extent::of_symbol(i)) continue;
        while (!e.is_static() && !(g.symbols[e.symbol()].equals == e)) e = g.symbols[e.symbol()].equals;
        if (e.at(given) != given[i]) fail<Target>("the run-time extents of two operands differ");
    }
}

struct call_writer {
    std::int64_t *word, *next_place;
    void operator()(std::int64_t w) { *word++ = w; }
    void place(std::int64_t p) { *next_place++ = p; }
};
// One segment's calls, laid out for the extents and strides at hand.
template <class P, class Target>
struct run_time_table {
    table_entry calls[P::n_calls + 1];
    std::int64_t words[P::sizes_of_data.most_words + 1], places[P::n_places + 1];
    index bytes = 0;  // of its workspace
    bool parallel = false;

    program_table table() const { return {P::functions.at, calls, P::n_calls, words, places, parallel}; }
    void write(const index* symbols, const binding& b) {
        index offsets[P::n_values + 1];
        for (int v = 0; v < P::n_values; ++v) {
            offsets[v] = P::scheduled.offsets[v];
            if (offsets[v] < 0) continue;
            offsets[v] = bytes;
            const node& n = P::view.of(v);
            const bool room = is_loop_call(n) && v == n.results + n.n_results - 1;  // a body's workspace
            bytes += align_up((room ? b.bodies[P::view.attr(n, RunLoop::segment_at)].workspace_bytes : size_of(P::view.values[v].type) * P::view.values[v].extents.count(symbols)) + 64);
        }
        const layout l{P::view, offsets, P::scheduled.output_number, b};
        call_writer out{words, places};
        for (int i = 0; i < P::n_calls; ++i) {
            const call& c = P::table.calls[i];
            const kernel& k = P::fused[c.source];
            const index depth = k.kind == kernel_kind::gemm ? depth_of(P::view, k, symbols) : 1;
            calls[i] = {static_cast<std::uint16_t>(c.kernel), P::shares && worth_sharing(P::view, P::schedule, k, k.space.count(symbols), depth, b),
                        static_cast<int>(out.word - words), static_cast<int>(out.next_place - places)};
            parallel = parallel || calls[i].parallel;
            l.write(k, P::table.slots + c.slots, c.n_slots, out);
        }
    }
};
// Loops' bodies: bindings from the outermost inwards (strides), tables from the innermost outwards (workspaces).
template <class P, class Target, int K>
struct run_time_body {
    using body = program_of_segment<P, K>;
    using at = body_places<typename P::source_type, Target, K>;
    typename at::layout layout;
    argument_strides strides[at::n_arguments + 1];
    run_time_table<body, Target> calls;

    void bind(const index* symbols, binding* bindings) {
        layout = lay_out_body<typename at::layout>(at::around, at::facts, bindings[at::facts.parent]);
        for (int i = 0; i < at::n_arguments; ++i) strides[i] = {layout.given[i], layout.strides[i]};
        binding& b = bindings[K];
        b = bindings[0];
        b.symbols = symbols, b.outputs = layout.outputs, b.has_strides = true, b.strides = strides;
    }
    void write(const index* symbols, const binding* bindings, body_facts* facts, program_table* tables) {
        calls.write(symbols, bindings[K]);
        facts[K] = {calls.bytes + 64, 0, calls.parallel};
        tables[K] = calls.table();
    }
};
template <class P, class Target, class Segments>
struct run_time_bodies;
template <class P, class Target, int Outermost, int... K>
struct run_time_bodies<P, Target, std::integer_sequence<int, Outermost, K...>> : run_time_body<P, Target, K>... {
    void write(const index* symbols, binding* bindings, body_facts* facts, program_table* tables) {
        (run_time_body<P, Target, K>::bind(symbols, bindings), ...);
        (run_time_body<P, Target, static_cast<int>(sizeof...(K)) + 1 - K>::write(symbols, bindings, facts, tables), ...);
    }
};
// Runs program P with a layout computed now. O(graph) before the kernels start; one allocation if values are stored.
template <class P, class Target>
ETTA_NOINLINE void run_with_layout(char** buffers, const index* symbols, const argument_strides* strides, binding b) {
    b.symbols = symbols;
    b.has_strides = true, b.strides = strides;
    check_symbols<Target>(P::view, symbols);
    body_facts facts[P::n_segments + 1];
    program_table tables[P::n_segments + 1];
    b.bodies = facts;
    run_time_table<P, Target> calls;
    const auto run = [&](const program_table* bodies) {
        calls.write(symbols, b);
        heap_elements<char> workspace;
        if (calls.bytes > 0) workspace = heap_elements<char>(calls.bytes);
        buffers[workspace_buffer] = workspace.data();
        run_calls<Target>(calls.table(), buffers, symbols, bodies);
    };
    if constexpr (P::n_segments > 0) {
        binding bindings[P::n_segments] = {b};
        run_time_bodies<P, Target, std::make_integer_sequence<int, P::n_segments>> inner;
        inner.write(symbols, bindings, facts, tables);
        run(tables);
    } else {
        run(nullptr);
    }
}

struct range {
    const char *begin, *end;
};
template <class V>
ETTA_INLINE range bytes_of(const V& v) {
    const char* lo = reinterpret_cast<const char*>(v.data());
    const char* hi = lo;
    if (v.size() == 0) return {lo, lo};
    for (int i = 0; i < v.rank; ++i) {
        const index reach = (v.extent(i) - 1) * v.stride(i) * static_cast<index>(sizeof(typename V::value_type));
        (reach < 0 ? lo : hi) += reach;
    }
    return {lo, hi + sizeof(typename V::value_type)};
}
// Does any leaf overlap the destination other than by being it, element for element?
struct overlap_test {
    range to;
    const void* data;
    bool contiguous, elementwise;
    int rank;
    const index* extents;
    bool found = false;
    template <class T, class E, class L>
    ETTA_INLINE void operator()(const View<T, E, L>& v) {
        const range r = bytes_of(v);
        if (r.end <= to.begin || to.end <= r.begin) return;
        bool same = elementwise && contiguous && View<T, E, L>::contiguous && v.data() == data && v.rank == rank;
        for (int i = 0; same && i < v.rank; ++i) same = v.extent(i) == extents[i];
        found = found || !same;
    }
    template <class T>
    ETTA_INLINE void operator()(const scalar_operand<T>&) {}
};

// Is every operand read at the element that is written? Not where a view moves elements (transposed, flipped, …).
constexpr bool reads_in_place(const graph_view& g) {
    for (int i = 0; i < g.n_nodes; ++i)
        if (g.nodes[i].op->kind == op_kind::view && g.nodes[i].op->id != declare_op<Expand>::id) return false;
    return true;
}

// f(element number in row-major order, element) for every element of a view.
template <class V, class F>
ETTA_INLINE void each_element(const V& v, const F& f) {
    typename V::element_type* p = v.data();
    const index n = v.size();
    if constexpr (V::contiguous) {
        for (index i = 0; i < n; ++i) f(i, p[i]);
        return;
    }
    index at[max_rank] = {};
    for (index i = 0; i < n; ++i) {
        f(i, *p);
        for (int k = V::rank - 1; k >= 0; --k) {
            p += v.stride(k);
            if (++at[k] < v.extent(k)) break;
            p -= v.stride(k) * v.extent(k);
            at[k] = 0;
        }
    }
}

// A view's elements are not always contiguous: then a contiguous temporary is computed and copied out of.
template <class Target, class Dst, class E>
    requires(!Dst::contiguous)
void evaluate_into(const Dst& to, const E& e, bool);

template <class Target, class Dst, class E>
ETTA_INLINE void run_into(const Dst& to, const E& e) {
    using S = assignment_source<E, Dst>;
    using P = program<S, Target>;
    constexpr int leaves = leaf_count<E>::value;
    leaf_collector<leaves, P::n_symbols> c{P::view};
    each_leaf(e, c);
    c.buffers[first_argument_buffer + leaves] = reinterpret_cast<char*>(to.data());
    if constexpr (needs_layout<E> || needs_layout<Dst>) {
        if constexpr (Dst::extents_type::dynamic_rank > 0)
            for (int i = 0; i < Dst::rank; ++i)
                if (Dst::extents_type::value[i] == dyn) c.symbols[c.symbol++] = to.extent(i);
        run_with_layout<P, Target>(c.buffers, c.symbols, c.stride_of, S::places(P::view));
    } else if constexpr (P::workspace_bytes == 0) {
        run_calls<Target>(P::run_table, c.buffers, c.symbols);
    } else if constexpr (P::workspace_bytes <= 4096) {
        alignas(64) char workspace[P::workspace_bytes];
        c.buffers[workspace_buffer] = workspace;
        run_calls<Target>(P::run_table, c.buffers, c.symbols);
    } else {
        heap_elements<char> workspace(P::workspace_bytes, unfilled{});
        c.buffers[workspace_buffer] = workspace.data();
        run_calls<Target>(P::run_table, c.buffers, c.symbols);
    }
}

template <class Target, class Dst, class E>
ETTA_INLINE void evaluate_into(const Dst& to, const E& e, bool may_alias) {
    using S = assignment_source<E, Dst>;
    if constexpr (check<S>()) {
        using P = program<S, Target>;
        constexpr bool map = P::n_calls == 1 && P::fused[0].kind == kernel_kind::loop && P::fused[0].axes == 0 && reads_in_place(P::view);
        if (may_alias) {
            index extents[max_rank] = {};
            for (int i = 0; i < to.rank; ++i) extents[i] = to.extent(i);
            overlap_test t{bytes_of(to), to.data(), true, map, to.rank, extents};
            each_leaf(e, t);
            if (t.found) {
                heap_elements<typename Dst::value_type> copy(to.size(), unfilled{});
                Dst other = to;
                other.pointer = copy.data();
                run_into<Target>(other, e);
                __builtin_memcpy(static_cast<void*>(to.data()), copy.data(), static_cast<std::size_t>(to.size()) * sizeof(typename Dst::value_type));
                return;
            }
        }
        run_into<Target>(to, e);
    }
}

template <class Target, class Dst, class E>
    requires(!Dst::contiguous)
void evaluate_into(const Dst& to, const E& e, bool) {
    View<typename Dst::value_type, typename Dst::extents_type> whole;
    if constexpr (Dst::extents_type::dynamic_rank > 0)
        for (int i = 0; i < Dst::extents_type::dynamic_rank; ++i) whole.dynamic[i] = to.dynamic[i];
    const heap_elements<typename Dst::value_type> copy(to.size(), unfilled{});
    whole.pointer = const_cast<typename Dst::value_type*>(copy.data());
    evaluate_into<Target>(whole, e, false);
    each_element(to, [&](index i, auto& element) { element = whole.pointer[i]; });
}

// What an expression's value is: the dtype and extents of its Graph.
template <class E>
struct value_type_of {
    static constexpr auto& graph = graph_constant<assignment_source<E, void>>::value;
    static constexpr value v = graph.values[graph.outputs[0]];
    static constexpr int n_symbols = graph_constant<assignment_source<E, void>>::sizes.symbols;
    template <std::size_t... I>
    static constexpr auto type(std::index_sequence<I...>)
        -> Tensor<type_of<v.type>, (v.extents.at[I].is_static() ? static_cast<std::size_t>(v.extents.at[I].code) : dyn)...>;
    using tensor = decltype(type(std::make_index_sequence<static_cast<std::size_t>(v.extents.rank)>{}));
};

// A tensor for the value of an expression whose extents only its operands know.
struct symbol_reader {
    index* at;
    template <class T, class E, class L>
    void operator()(const View<T, E, L>& v) {
        for (int i = 0; i < E::rank; ++i)
            if (E::value[i] == dyn) *at++ = v.extent(i);
    }
    template <class T>
    void operator()(const scalar_operand<T>&) {}
};
template <class Out, class Type, class E, std::size_t... D>
Out sized_like(const E& e, std::index_sequence<D...>) {
    index symbols[Type::n_symbols + 1] = {}, n[sizeof...(D)] = {};
    symbol_reader r{symbols};
    each_leaf(e, r);
    int d = 0;
    for (int i = 0; i < Type::v.extents.rank; ++i)
        if (!Type::v.extents.at[i].is_static()) n[d++] = Type::v.extents.at[i].at(symbols);
    return Out(n[D]...);
}

template <class T>
struct is_expression_node : std::false_type {};
template <class Op, class A, class... X>
struct is_expression_node<expression<Op, A, X...>> : std::true_type {};

// The run-time extents of a tensor that is made of an expression, a tensor or a view.
template <class Extents, class X>
struct taken_extents {
    static constexpr bool known = X::rank >= Extents::rank;  // more axes: the assignment refuses them
    static void read(const X& x, index* dynamic) {
        for (int i = 0; i < Extents::rank; ++i)
            if (Extents::value[i] == dyn) *dynamic++ = x.extent(i);
    }
};
template <class Extents, class Op, class A, class... X>
struct taken_extents<Extents, expression<Op, A, X...>> {
    using E = expression<Op, A, X...>;
    static constexpr bool sound = assignment_source<E, void>::error.what == mistake::none;  // else the assignment will say what is not
    static constexpr bool is_known() {
        if constexpr (sound) return value_type_of<E>::v.extents.rank >= Extents::rank;
        else return true;
    }
    static constexpr bool known = is_known();
    static void read(const E& e, index* dynamic) {
        if constexpr (sound) {
            using Type = value_type_of<E>;
            index symbols[Type::n_symbols + 1] = {};
            symbol_reader r{symbols};
            each_leaf(e, r);
            for (int i = 0; i < Extents::rank; ++i)
                if (Extents::value[i] == dyn) *dynamic++ = Type::v.extents.at[i].at(symbols);
        }
    }
};

}  // namespace _

// Evaluates e into `to`. Safe where they overlap: then a temporary is used.
template <class Dst, class E>
ETTA_INLINE void assign(const Dst& to, const E& e) {
    if constexpr (operand<E>) {
        if constexpr (_::is_expression_node<E>::value) _::evaluate_into<this_target>(to, e, true);
        else _::evaluate_into<this_target>(to, _::apply<_::Copy>(e), true);
    } else {
        const typename Dst::value_type x = static_cast<typename Dst::value_type>(e);
        _::each_element(to, [&](index, auto& element) { element = x; });
    }
}

// The same where no operand overlaps `to`: not looked at.
template <class Dst, class E>
ETTA_INLINE void assign_noalias(const Dst& to, const E& e) {
    if constexpr (_::is_expression_node<E>::value) _::evaluate_into<this_target>(to, e, false);
    else assign(to, e);
}

// The expression's value as a new tensor: eval(a + b).
template <class E>
    requires operand<E>
auto eval(const E& e) {
    if constexpr (!_::is_expression_node<E>::value) {
        return eval(_::apply<_::Copy>(e));
    } else if constexpr (_::check<_::assignment_source<E, void>>()) {
        using Out = typename _::value_type_of<E>::tensor;
        if constexpr (Out::is_static) {
            Out out;
            _::evaluate_into<this_target>(out.view(), e, false);
            return out;
        } else {
            Out out = _::sized_like<Out, _::value_type_of<E>>(e, std::make_index_sequence<static_cast<std::size_t>(Out::extents_type::dynamic_rank)>{});
            _::evaluate_into<this_target>(out.view(), e, false);
            return out;
        }
    }
}

}  // namespace etta
