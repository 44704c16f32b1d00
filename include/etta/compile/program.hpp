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

struct table_entry {
    kernel_function run;
    int words;  // where the call's data starts
    bool parallel;
};

// Source supplies
//   static constexpr builder make();                     the Graph (traced, differentiated)
//   template <…> static constexpr binding bind(...)      via `places`: where parameters, states and outputs lie
// and Program<Source, Target> turns it into the table. Two constant evaluations each, one for the sizes.
template <class Source>
struct graph_constant {
    static constexpr graph_sizes sizes = Source::make().sizes();
    static constexpr auto value = Source::make().template freeze<graph_of<sizes>>();
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

template <class Source, class Target>
struct program {
    static constexpr const auto& graph = graph_constant<Source>::value;
    static constexpr graph_view view = graph.view();
    static constexpr int n_symbols = graph_constant<Source>::sizes.symbols;
    static constexpr auto symbols = planning_symbols<n_symbols>(view);
    static constexpr binding bind() {
        binding b = Source::places(view);
        b.symbols = symbols.at;
        return b;
    }
    static constexpr graph_sizes sizes = graph_constant<Source>::sizes;
    static constexpr auto scheduled = scheduler<sizes.nodes, sizes.values>(view, bind()).s;
    static constexpr schedule_view schedule = scheduled.view();
    static constexpr plan_sizes table_sizes = planner(view, bind(), schedule).run().sizes();
    static_assert(!table_sizes.too_large, "etta: one fused kernel would have more than 4095 instructions or 31 passes: split it with a tensor in between");
    static constexpr auto table = planner(view, bind(), schedule).run().template freeze<plan_of<table_sizes>>();
    static constexpr const kernel* fused = scheduled.kernels;

    static constexpr index workspace_bytes = scheduled.workspace_bytes;
    static constexpr index flops = flops_of(view, symbols.at);  // of one run with every extent at its bound

    template <int K, std::size_t... W, std::size_t... O>
    static constexpr kernel_function kernel_at(std::index_sequence<W...>, std::index_sequence<O...>) {
        return kernel_entry<code<table.codes[table.kernels[K].code + static_cast<int>(W)]...>,
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

    // What is left of it at run time.
    struct entries {
        table_entry at[table.n_calls + 1];
    };
    static constexpr int n_calls = table.n_calls;
    static constexpr call_words data() { return lay_out_calls(view, bind(), schedule, table.calls, n_calls, table.slots); }
    static constexpr int n_words = data().words.size;
    struct data_words {
        int first[table.n_calls + 1];
        std::int64_t at[n_words + 1];
    };
    static constexpr data_words make_words() {
        const call_words d = data();
        data_words r{};
        for (int i = 0; i < n_calls; ++i) r.first[i] = d.first[i];
        for (int i = 0; i < n_words; ++i) r.at[i] = d.words[i];
        return r;
    }
    static constexpr data_words words = make_words();
    static constexpr entries make_entries() {
        const auto f = make_functions(std::make_index_sequence<static_cast<std::size_t>(table.n_kernels)>{});
        entries e{};
        for (int i = 0; i < n_calls; ++i) e.at[i] = {f.at[table.calls[i].kernel], words.first[i], table.calls[i].parallel};
        return e;
    }
    static constexpr entries calls = make_entries();
    static constexpr bool parallel = [] {
        for (int i = 0; i < n_calls; ++i)
            if (table.calls[i].parallel) return true;
        return false;
    }();
};

}  // namespace etta::_
