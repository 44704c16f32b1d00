// traced.hpp: a network struct traced for its inputs: its Graph, where every parameter lies in the flat buffer, what it is
// called and how it starts. Everything here is a constant; it stands below Model (hosted) and Compiled (firmware).
#pragma once

#include "../compile/program.hpp"
#include "inputs.hpp"
#include "layers.hpp"
#include "state.hpp"

namespace etta {

namespace _ {

// What a network's operator() returns, if it is a Y that is no tensor: outputs.hpp knows those of several.
template <class Y>
struct returned {
    static constexpr int count = 1;
    static constexpr void add(builder& g, const Y&) {
        static_assert(always_false<Y>, "etta: a model's operator() must return one tensor, or (not in firmware) several in a tuple or struct; a recurrent layer's result has it in .y");
        g.outputs.push(0);
    }
};

// A model traced with a batch axis in front of its inputs; Batch 0: one sample, its axis a static 1.
template <class Net, class In, int Batch>
struct traced_model {
    static constexpr int n_parameters = parameter_count<Net>();
    static constexpr int n_states = state_count<Net>();
    using inputs = model_inputs<In>;
    using result = decltype(inputs::call(std::declval<const Net&>(), std::declval<const typename inputs::traced&>()));
    static constexpr bool one_output = std::is_convertible_v<result, var>;

    // Parameters and states are to be found; the batch's extent.
    static constexpr extent begin(builder& g, Net& net, bool training) {
        g.model_type = dtype_of<typename In::parameter_element>;
        g.training = training;
        g.params = vec<int>(n_parameters, -1);
        g.starts = vec<start_value>(n_parameters, start_value{});
        g.states = g.next_states = vec<int>(n_states, -1);
        g.state_starts = vec<start_value>(n_states, start_value{});
        bind_parameters f{&g, 0, 0, n_parameters};
        walk(net, no_path{}, f);
        return Batch == 0 ? extent(1) : g.new_symbol(Batch);
    }
    // What the network is called with: its inputs as arguments, or all in one.
    static constexpr typename inputs::traced prepare(builder& g, Net& net, bool training = false) { return inputs::make(g, begin(g, net, training)); }
    static constexpr typename inputs::traced prepare_joined(builder& g, Net& net, bool training) { return inputs::make_joined(g, begin(g, net, training)); }
    // Calls it; what it returns becomes the Graph's outputs.
    static constexpr auto call(builder& g, const Net& net, const typename inputs::traced& x) {
        const auto y = inputs::call(net, x);
        if constexpr (one_output) {
            g.outputs.push(var(y).id);
            return var(y);
        } else {
            returned<result>::add(g, y);
            return y;
        }
    }
    static constexpr builder forward(bool training = false, late = {}) {
        builder g;
        Net net{};
        const typename inputs::traced x = prepare(g, net, training);
        call(g, net, x);
        return g;
    }
};
template <class M>
constexpr int output_count() {
    if constexpr (M::one_output) return 1;
    else return returned<typename M::result>::count;
}

struct model_output {
    shape extents;  // batch first
    dtype type = dtype::none;
};
// Where every parameter lies in the flat buffer, and how it starts.
template <int N, int InputCount, int OutputCount>
struct parameter_layout {
    static constexpr int n_inputs = InputCount, n_outputs = OutputCount;
    shape extents[N + 1];
    start_value start[N + 1];
    place at[N + 1];
    index count[N + 1] = {}, rows[N + 1] = {};  // rows: the first extent
    index elements = 0;  // of the whole buffer, pads included
    model_output outputs[OutputCount];
    int missing = -1;    // a parameter whose layer is never called
    failure error;       // of the trace; then nothing else is known
    graph_sizes traced;  // as called, before it is finished
    int loops = 0;
    id_table ids[InputCount];  // of each input: the table whose rows its elements are
    int unbatched = -1;        // an output that does not begin with the batch
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
    parameter_layout<M::n_parameters, M::inputs::count, output_count<M>()> l{};
    l.error = g.first_mistake(), l.traced = g.sizes(), l.loops = g.loops.size;
    if (l.error.what != mistake::none) return l;
    for (int i = l.n_outputs - 1; i >= 0; --i) {
        l.outputs[i] = {g.extents_of(g.outputs[i]), g.type_of(g.outputs[i])};
        if (Batch > 0 && (l.outputs[i].extents.rank == 0 || !(l.outputs[i].extents.at[0] == extent::of_symbol(0)))) l.unbatched = i;
    }
    for (const id_table& t : g.id_tables) {
        if (t.input >= M::inputs::count) continue;
        id_table& known = l.ids[t.input];
        if (known.parameter < 0 || t.rows < known.rows) known = t;
    }
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

// The inference program. Arguments: the inputs, then the outputs.
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
    static constexpr int n_outputs = output_count<traced_model<Net, In, Batch>>();
    struct output_places {
        place at[n_outputs];
    };
    static constexpr output_places make_places() {
        output_places p{};
        for (int i = 0; i < n_outputs; ++i) p.at[i] = {first_argument_buffer + model_inputs<In>::count + i, 0};
        return p;
    }
    static constexpr output_places out_places = make_places();
    static constexpr binding places(const graph_view&) { return bound_to<model_facts<Net, In, Batch>>(out_places.at); }
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
