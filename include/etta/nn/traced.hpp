// traced.hpp: a network struct traced for one input: its Graph, where every parameter lies in the flat buffer, what it is
// called and how it starts. Everything here is a constant; it stands below Model (hosted) and Compiled (firmware).
#pragma once

#include "../compile/program.hpp"
#include "layers.hpp"
#include "state.hpp"

namespace etta {

// What a model is fed: dtype and extents of one sample. A floating type is that of the parameters too; beside integers (ids
// of tokens, classes) parameters are float.
template <class T, int... E>
struct Input {
    using element = T;
    using parameter_element = std::conditional_t<std::is_floating_point_v<T>, T, float>;
    static constexpr shape sample() {
        shape s;
        (s.push(extent(index{E})), ...);
        return s;
    }
    static constexpr index sample_size = (index{1} * ... * index{E});
};
// The largest batch: memory is planned for it, any smaller one runs too.
template <int N>
struct max_batch {
    static constexpr int value = N;
};

namespace _ {

// A model traced with a batch axis in front of its input; Batch 0: one sample, its axis a static 1.
template <class Net, class In, int Batch>
struct traced_model {
    static constexpr int n_parameters = parameter_count<Net>();
    static constexpr int n_states = state_count<Net>();

    static constexpr var prepare(builder& g, Net& net, bool training = false) {
        g.model_type = dtype_of<typename In::parameter_element>;
        g.training = training;
        g.params = vec<int>(n_parameters, -1);
        g.starts = vec<start_value>(n_parameters, start_value{});
        g.states = g.next_states = vec<int>(n_states, -1);
        g.state_starts = vec<start_value>(n_states, start_value{});
        bind_parameters f{&g, 0, 0, n_parameters};
        walk(net, no_path{}, f);
        shape s = In::sample(), b;
        b.push(Batch == 0 ? extent(1) : g.new_symbol(Batch));
        for (int i = 0; i < s.rank; ++i) b.push(s.at[i]);
        return {&g, g.input(storage::argument, 0, dtype_of<typename In::element>, b)};
    }
    static constexpr builder forward(bool training = false, late = {}) {
        builder g;
        Net net{};
        const var x = prepare(g, net, training);
        const Net& bound = net;
        const auto y = bound(x);
        static_assert(std::is_convertible_v<decltype(y), var>, "etta: a model's operator() must return one tensor; a recurrent layer's result has it in .y");
        if constexpr (std::is_convertible_v<decltype(y), var>) g.outputs.push(var(y).id);
        else g.outputs.push(x.id);
        return g;
    }
};

// Where every parameter lies in the flat buffer, and how it starts.
template <int N>
struct parameter_layout {
    shape extents[N + 1];
    start_value start[N + 1];
    place at[N + 1];
    index count[N + 1] = {}, rows[N + 1] = {};  // rows: the first extent
    index elements = 0;  // of the whole buffer, pads included
    shape output;        // the prediction's extents, batch first
    int missing = -1;    // a parameter whose layer is never called
    failure error;       // of the trace; then nothing else is known
    graph_sizes traced;  // as called, before it is finished
    int loops = 0;
    int id_table = -1;  // the table whose rows the input's elements are, and how many it has
    std::int64_t id_rows = 0;
};
// Where every state lies in the model's state buffer, and how it starts.
template <int N>
struct state_layout {
    shape extents[N + 1];
    start_value start[N + 1];
    place at[N + 1];
    dtype type[N + 1] = {};
    index count[N + 1] = {};
    index bytes = 0;   // of the whole buffer, pads included
    int missing = -1;  // a state whose layer is never called
};
// What a trace of a training step says beside its Graph.
template <int N>
struct step_facts {
    failure error;
    int least_batch = 1;
    bool updates[N + 1] = {};  // which states change
};
// What starting a model needs of it at run time; starts are few.
struct starting_parameter {
    int start;
    index first, count, rows;  // elements; rows: the first extent
};
template <int N>
struct parameter_starts {
    starting_parameter at[N + 1] = {};
    start_value values[N + 1] = {};
    int n_values = 0;

    template <class Layout>
    constexpr parameter_starts(const Layout& l, int n, index size) {
        for (int i = 0; i < n; ++i) {
            int k = n_values - 1;
            while (k >= 0 && !(values[k] == l.start[i])) --k;
            if (k < 0) values[k = n_values++] = l.start[i];
            at[i] = {k, l.at[i].offset / size, l.count[i], l.rows[i]};
        }
    }
};

template <class Net, class In, int Batch>
constexpr auto lay_out_parameters(late later) {
    using M = traced_model<Net, In, Batch>;
    const builder g = M::forward(false, later);
    parameter_layout<M::n_parameters> l{};
    l.error = g.first_mistake(), l.traced = g.sizes(), l.loops = g.loops.size;
    if (l.error.what != mistake::none) return l;
    l.output = g.extents_of(g.outputs[0]);
    l.id_table = g.id_table, l.id_rows = g.id_rows;
    const index size = sizeof(typename In::parameter_element);
    for (int i = 0; i < M::n_parameters; ++i) {
        if (g.params[i] < 0) {
            if (l.missing < 0) l.missing = i;
            continue;
        }
        l.extents[i] = g.extents_of(g.params[i]);
        l.start[i] = g.starts[i];
        l.at[i] = {parameter_buffer, l.elements * size};
        index n = 1;
        for (int k = 0; k < l.extents[i].rank; ++k) n *= static_cast<index>(l.extents[i].at[k].code);
        l.count[i] = n, l.rows[i] = l.extents[i].rank > 0 ? static_cast<index>(l.extents[i].at[0].code) : 1;
        l.elements += align_up(n * size) / size;
    }
    return l;
}

// A state that only training reads is looked for there.
template <class Net, class In, int Batch>
constexpr auto lay_out_states(late later) {
    using M = traced_model<Net, In, Batch>;
    state_layout<M::n_states> l{};
    if constexpr (M::n_states > 0) {
        builder g = M::forward(false, later);
        bool all = true;
        for (const int s : g.states) all = all && s >= 0;
        if (!all) g = M::forward(true, later);
        for (int i = 0; i < M::n_states; ++i) {
            if (g.states[i] < 0) {
                if (l.missing < 0) l.missing = i;
                continue;
            }
            l.extents[i] = g.extents_of(g.states[i]);
            l.type[i] = g.type_of(g.states[i]);
            l.start[i] = g.state_starts[i];
            l.at[i] = {state_buffer, l.bytes};
            l.count[i] = 1;
            for (int k = 0; k < l.extents[i].rank; ++k) l.count[i] *= static_cast<index>(l.extents[i].at[k].code);
            l.bytes += align_up(l.count[i] * size_of(l.type[i]));
        }
    }
    return l;
}

template <class Net, class In, int Batch>
struct model_facts {
    static constexpr int n_parameters = parameter_count<Net>();
    static constexpr int n_states = state_count<Net>();
    static constexpr auto state_paths = _::state_paths<Net>();
    static constexpr auto states = lay_out_states<Net, In, Batch>({});
    static constexpr auto paths = parameter_paths<Net>();
    static constexpr auto layout = lay_out_parameters<Net, In, Batch>({});
    static constexpr parameter_starts<n_parameters> all_starts{layout, n_parameters, static_cast<index>(sizeof(typename In::parameter_element))};
    static constexpr auto starts = [] {
        struct {
            starting_parameter at[n_parameters + 1];
            start_value values[all_starts.n_values + 1];
        } r{};
        for (int i = 0; i < n_parameters; ++i) r.at[i] = all_starts.at[i];
        for (int i = 0; i < all_starts.n_values; ++i) r.values[i] = all_starts.values[i];
        return r;
    }();
};

// Where a program of a model finds parameters and states, and puts its outputs.
template <class Facts>
constexpr binding bound_to(const place* outputs) {
    binding b;
    b.parameters = Facts::layout.at, b.states = Facts::states.at, b.outputs = outputs;
    return b;
}

// The inference program: input (argument 0), prediction (argument 1).
template <class Net, class In, int Batch>
struct inference_source {
    static constexpr builder make(late later) {
        builder g = traced_model<Net, In, Batch>::forward(false, later);
        finish(g);
        return g;
    }
    // As in training, where layers do more.
    static constexpr failure find_error(late later) { return traced_model<Net, In, Batch>::forward(true, later).first_mistake(); }
    static constexpr failure error = model_facts<Net, In, Batch>::layout.error;
    static constexpr place out_place[1] = {{first_argument_buffer + 1, 0}};
    static constexpr binding places(const graph_view&) { return bound_to<model_facts<Net, In, Batch>>(out_place); }
};

// States start from constants.
template <class Facts>
inline void fill_states(char* p) {
    for (int i = 0; i < Facts::n_states; ++i)
        for (index k = 0; k < Facts::states.count[i]; ++k) {
            char* const at = p + Facts::states.at[i].offset;
            const double x = Facts::states.start[i].a;
            if (Facts::states.type[i] == dtype::f32) reinterpret_cast<float*>(at)[k] = static_cast<float>(x);
            else if (Facts::states.type[i] == dtype::f64) reinterpret_cast<double*>(at)[k] = x;
            else reinterpret_cast<std::int64_t*>(at)[k] = static_cast<std::int64_t>(x);
        }
}

}  // namespace _

}  // namespace etta
