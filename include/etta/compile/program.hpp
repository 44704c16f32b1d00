// program.hpp: a compiled program: a constant table of calls (kernel pointer, data) and a workspace size known while
// compiling. Running it is a loop over the table. The back end's kernels are named here by bytecode; what they are is
// run/'s business (kernel_entry).
#pragma once

#include "abi.hpp"
#include "cost.hpp"
#include "emit.hpp"

namespace etta::_ {

// run/ defines: template <class Code, class Ops, class Target> struct kernel_entry { static constexpr kernel_function run; };
template <class Code, class Ops, class Target>
struct kernel_entry;
// and what runs a loop's body: template <…> struct repeat_entry { static constexpr kernel_function run; };
template <class Source, class Target, int Segment>
struct repeat_entry;

struct table_entry {
    std::uint16_t kernel;
    bool parallel;
    int words, places;  // where the call's data starts
};
// What is left of a program at run time: kernels, the calls of them, their data.
struct program_table {
    const kernel_function* kernels;
    const table_entry* calls;
    int n_calls;
    const std::int64_t *words, *places;
    bool parallel;  // one of the calls is
};

// Source supplies
//   static constexpr builder make(late);                 the Graph (traced, differentiated)
//   template <…> static constexpr binding bind(...)      via `places`: where parameters, states and outputs lie
// and Program<Source, Target> turns it into the table. A constant evaluation cannot make arrays of a size that it finds out, so
// there are two, one for the sizes; unless the source has guessed them: then it has the graph already, as `graph`.
template <class Source>
struct counted {
    static constexpr graph_sizes sizes = Source::make({}).sizes();
    static constexpr bool fits = false;
};
template <class Source>
    requires requires { Source::room; }
struct counted<Source> {
    static constexpr graph_sizes sizes = Source::graph.sizes;
    static constexpr bool fits = Source::graph.fits();
};
template <class Source>
struct graph_constant {
    static constexpr graph_sizes sizes = counted<Source>::sizes;
    struct made_again {
        static constexpr auto graph = Source::make({}).template freeze<graph_of<sizes>>();
    };
    static constexpr const auto& value = std::conditional_t<counted<Source>::fits, Source, made_again>::graph;
};

// The number every symbol stands for while planning: its bound, or for etta::dyn an odd one that no accident repeats.
template <int N>
struct symbol_values {
    index at[N + 1] = {};
};
template <int N>
constexpr symbol_values<N> planning_symbols(const graph_view& g) {
    symbol_values<N> v;
    for (int i = 0; i < N; ++i) v.at[i] = g.symbols[i].bound > 0 ? g.symbols[i].bound : 1009 + 2 * i;
    return v;
}

template <class Source, class Target, int Segment = 0>
struct program;

// Of the bodies that segment Segment runs.
template <int N>
struct body_list {
    body_facts at[N + 1] = {};
};
template <class Source, class Target, int Segment, int Body, int N>
constexpr void add_body_facts(body_list<N>& r) {
    if constexpr (Body > 0 && graph_constant<Source>::value.segments[Body].parent == Segment) {
        using P = program<Source, Target, Body>;
        r.at[Body] = {P::workspace_bytes, P::flops, P::constants.parallel};
    }
}
template <class Source, class Target, int Segment, int... Body>
constexpr body_list<sizeof...(Body)> facts_of_bodies(std::integer_sequence<int, Body...>) {
    body_list<sizeof...(Body)> r;
    (add_body_facts<Source, Target, Segment, Body>(r), ...);
    return r;
}

// Where a body's arguments and results lie: each in a buffer of its own, with the strides that the program around it has.
template <int Arguments, int Outputs>
struct body_layout {
    index strides[Arguments + 1][max_rank] = {};
    bool given[Arguments + 1] = {};
    place outputs[Outputs + 1] = {};
};
template <class Layout>
constexpr Layout lay_out_body(const graph_view& around, const segment& s, const binding& b) {
    Layout r{};
    const node& n = around.nodes[s.call];
    for (int k = 0; k < n.n_args; ++k) {
        if (k < s.n_carries) continue;
        const bool sliced = k < s.n_carries + s.n_sliced;
        const access a = access_of(around, around.arg(n, k), b);
        const int rank = around.values[around.arg(n, k)].extents.rank;
        for (int i = sliced; i < rank; ++i) r.strides[k + 1][i - sliced] = a.strides[i];
        r.given[k + 1] = true;
    }
    for (int k = 0; k < s.n_outputs; ++k) r.outputs[k] = {first_argument_buffer + 1 + n.n_args + k, 0};
    return r;
}
template <class Source, class Target, int Segment>
struct body_places {
    static constexpr segment facts = graph_constant<Source>::value.segments[Segment];
    static constexpr int n_arguments = 1 + facts.n_carries + facts.n_sliced + facts.n_whole;
    using layout = body_layout<n_arguments, facts.n_outputs>;
    static constexpr graph_view around = graph_constant<Source>::value.view(facts.parent);
    static constexpr binding outer() {
        binding b;
        if constexpr (facts.parent == 0) b = Source::places(around);
        else b = body_places<Source, Target, facts.parent>::bind();
        b.symbols = symbols.at;
        return b;
    }
    static constexpr auto symbols = planning_symbols<graph_constant<Source>::sizes.symbols>(around);
    static constexpr layout at = lay_out_body<layout>(around, facts, outer());
    struct stride_list {
        argument_strides of[n_arguments + 1] = {};
        constexpr stride_list() {
            for (int i = 0; i < n_arguments; ++i)
                if (at.given[i]) of[i] = {true, at.strides[i]};
        }
    };
    static constexpr stride_list strides{};
    static constexpr binding bind() {
        binding b;
        b.outputs = at.outputs;
        b.has_strides = true, b.strides = strides.of;
        return b;
    }
};

template <class P, int Segment>
struct segment_of;
template <class Source, class Target, int K, int Segment>
struct segment_of<program<Source, Target, K>, Segment> {
    using type = program<Source, Target, Segment>;
};
template <class P, int Segment>
using program_of_segment = typename segment_of<P, Segment>::type;

// Segment 0 is the program itself; the others are its loops' bodies.
template <class Source, class Target, int Segment>
struct program {
    using source_type = Source;
    static constexpr const auto& graph = graph_constant<Source>::value;
    static constexpr int n_segments = graph_constant<Source>::sizes.segments;
    static constexpr graph_view make_view() {
        if constexpr (n_segments > 0) return graph.view(Segment);
        else return graph.view();
    }
    static constexpr graph_view view = make_view();
    static constexpr int n_symbols = graph_constant<Source>::sizes.symbols;
    static constexpr auto symbols = planning_symbols<n_symbols>(view);
    static constexpr auto bodies = facts_of_bodies<Source, Target, Segment>(std::make_integer_sequence<int, n_segments>{});
    static constexpr binding bind() {
        binding b;
        if constexpr (Segment == 0) b = Source::places(view);
        else b = body_places<Source, Target, Segment>::bind();
        b.symbols = symbols.at, b.bodies = bodies.at;
        return b;
    }
    static constexpr int n_nodes = view.n_nodes, n_values = view.n_values;
    static constexpr auto scheduled = scheduler(view, bind()).template freeze<n_nodes, n_values>();
    static constexpr schedule_view schedule = scheduled.view();
    // Deep networks are planned into arrays of the size that their plans usually have, and from these into their own. What does
    // not fit, or is small, is planned again.
    static constexpr int n_scheduled = scheduled.n_kernels, n_deep = n_scheduled >= 64 ? n_scheduled : 0, n_different = n_deep < 24 ? n_deep : 24;
    static constexpr plan_sizes usual{18 * n_different, 8 * n_different, n_different, n_deep, 4 * n_deep, false};
    static constexpr auto planned = planner(view, bind(), schedule).run().template freeze_within<plan_of<usual>>(usual);
    static constexpr plan_sizes table_sizes = planned.sizes;
    static_assert(!table_sizes.too_large, "etta: one fused kernel would have more than 4095 instructions or 31 passes: split it with a tensor in between");
    struct copied_plan {
        static constexpr plan_of<table_sizes> value{table_sizes, planned.at.codes, planned.at.ops, planned.at.kernels, planned.at.calls, planned.at.slots};
    };
    struct planned_again {
        static constexpr auto value = planner(view, bind(), schedule).run().template freeze<plan_of<table_sizes>>();
    };
    static constexpr const auto& table = std::conditional_t<table_sizes.within(usual), copied_plan, planned_again>::value;
    static constexpr const kernel* fused = scheduled.kernels;

    static constexpr index workspace_bytes = scheduled.workspace_bytes;
    static constexpr index flops = flops_of(view, symbols.at, bodies.at);  // of one run with every extent at its bound

    template <int K, std::size_t... W, std::size_t... O>
    static constexpr kernel_function kernel_at(std::index_sequence<W...>, std::index_sequence<O...>) {
        constexpr const std::uint64_t* words = table.codes + table.kernels[K].code;
        if constexpr (header::decode(words[0]).kind == kernel_kind::repeat) return repeat_entry<Source, Target, static_cast<int>(words[1])>::run;
        else return kernel_entry<code<table.codes[table.kernels[K].code + static_cast<int>(W)]...>,
                            op_list<op_from_id<table.ops[table.kernels[K].ops + static_cast<int>(O)]>...>, Target>::run;
    }
    template <std::size_t... K>
    static constexpr auto make_functions(std::index_sequence<K...>) {
        struct { kernel_function at[sizeof...(K) + 1]; } r{
            {kernel_at<static_cast<int>(K)>(std::make_index_sequence<static_cast<std::size_t>(table.kernels[K].n_code)>{},
                                            std::make_index_sequence<static_cast<std::size_t>(table.kernels[K].n_ops)>{})...,
             nullptr}};
        return r;
    }

    // f(P{}, k) for every segment P behind the program's own.
    template <class F, int... K>
    static void each_body_of(const F& f, std::integer_sequence<int, K...>) {
        (f(program<Source, Target, K + 1>{}, K + 1), ...);
    }
    template <class F>
    static void each_body(const F& f) { each_body_of(f, std::make_integer_sequence<int, (n_segments > 0 ? n_segments - 1 : 0)>{}); }

    static constexpr int n_calls = table.n_calls;
    static_assert(table.n_kernels < 1 << 16, "etta: more than 65,535 different kernels in one program");
    // Likewise: the words of different calls are few, places are some per call.
    static constexpr int usual_words = n_deep > 0 ? 40 * table.n_kernels : 0, usual_places = n_deep > 0 ? table_sizes.slots + 3 * n_calls : 0;
    static constexpr auto laid_out = lay_out_calls(view, bind(), schedule, table.calls, n_calls, table.slots).template freeze_within<usual_words, usual_places, n_deep>();
    using data_sizes = call_data_sizes;
    static constexpr data_sizes sizes_of_data = laid_out.sizes;
    // A loop's body pays for its barriers at every step: a step of less than some 10 us is not shared out.
    static constexpr bool shares = Segment == 0 || flops >= 1 << 20;
    static constexpr int n_words = sizes_of_data.words, n_places = sizes_of_data.places;
    struct data {
        std::int64_t words[n_words + 1];
        std::int64_t places[n_places + 1];
        table_entry calls[table.n_calls + 1];
        bool parallel;
    };
    template <class Laid>
    static constexpr data fill_data(const Laid& d) {
        data r{};
        for (int i = 0; i < n_words; ++i) r.words[i] = d.words[i];
        for (int i = 0; i < n_places; ++i) r.places[i] = d.places[i];
        for (int i = 0; i < n_calls; ++i) {
            const call& c = table.calls[i];
            const bool parallel = c.parallel && shares;
            r.calls[i] = {static_cast<std::uint16_t>(c.kernel), parallel, d.first_words[i], d.first_places[i]};
            r.parallel = r.parallel || parallel;
        }
        return r;
    }
    struct filled {
        static constexpr data value = fill_data(laid_out);
    };
    struct laid_out_again {
        static constexpr data value = fill_data(lay_out_calls(view, bind(), schedule, table.calls, n_calls, table.slots).template freeze_within<n_words, n_places, table.n_calls>());
    };
    static constexpr const auto& constants = std::conditional_t<n_deep != 0 && n_words <= usual_words && n_places <= usual_places, filled, laid_out_again>::value;
    static constexpr auto functions = make_functions(std::make_index_sequence<static_cast<std::size_t>(table.n_kernels)>{});
    static constexpr index table_bytes = static_cast<index>(sizeof(constants) + sizeof(functions));  // flash, beside the code
    static constexpr program_table run_table{functions.at, constants.calls, n_calls, constants.words, constants.places, constants.parallel};
};

}  // namespace etta::_
