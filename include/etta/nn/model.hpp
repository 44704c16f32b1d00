// model.hpp: a network with its parameters: traced, planned and compiled for one input, with every buffer's size a
// constant. The Model owns parameters and one inference workspace; training state belongs to a Trainer (train/).
#pragma once

#include "../run/assign.hpp"
#include "layers.hpp"
#include "loss.hpp"

namespace etta {

// What a model is fed: dtype and extents of one sample.
template <class T, int... E>
struct Input {
    using element = T;
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

// A model traced with a batch axis in front of its input.
template <class Net, class In, int Batch>
struct traced_model {
    static constexpr int n_parameters = parameter_count<Net>();

    static constexpr var prepare(builder& g, Net& net) {
        g.model_type = dtype_of<typename In::element>;
        g.params = vec<int>(n_parameters, -1);
        g.starts = vec<start_value>(n_parameters, start_value{});
        bind_parameters f{&g};
        walk(net, no_path{}, f);
        shape s = In::sample(), b;
        b.push(g.new_symbol(Batch));
        for (int i = 0; i < s.rank; ++i) b.push(s.at[i]);
        return {&g, g.input(storage::argument, 0, dtype_of<typename In::element>, b)};
    }
    static constexpr builder forward() {
        builder g;
        Net net{};
        const var x = prepare(g, net);
        const Net& bound = net;
        g.outputs.push(var(bound(x)).id);
        return g;
    }
};

// Where every parameter lies in the flat buffer, what it is called and how it starts.
template <int N>
struct parameter_layout {
    shape extents[N + 1];
    start_value start[N + 1];
    place at[N + 1];
    index count[N + 1] = {};
    index elements = 0;  // of the whole buffer, pads included
    shape output;        // the prediction's extents, batch first
    int missing = -1;    // a parameter whose layer is never called
};

template <class Net, class In, int Batch>
constexpr auto lay_out_parameters() {
    using M = traced_model<Net, In, Batch>;
    const builder g = M::forward();
    parameter_layout<M::n_parameters> l{};
    l.output = g.extents_of(g.outputs[0]);
    const index size = sizeof(typename In::element);
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
        l.count[i] = n;
        l.elements += align_up(n * size) / size;
    }
    return l;
}

template <class Net, class In, int Batch>
struct model_facts {
    static constexpr int n_parameters = parameter_count<Net>();
    static constexpr auto paths = parameter_paths<Net>();
    static constexpr auto layout = lay_out_parameters<Net, In, Batch>();
};

// The inference program: input (argument 0), prediction (argument 1).
template <class Net, class In, int Batch>
struct inference_source {
    static constexpr builder make() {
        builder g = traced_model<Net, In, Batch>::forward();
        settle_outputs(g);
        g.compact();
        return g;
    }
    static constexpr failure error = traced_model<Net, In, Batch>::forward().error;
    static constexpr place out_place[1] = {{first_argument_buffer + 1, 0}};
    static constexpr binding places(const graph_view&) {
        binding b;
        b.parameters = model_facts<Net, In, Batch>::layout.at;
        b.outputs = out_place;
        return b;
    }
};

template <class T>
inline void fill_parameters(T* p, const shape* extents, const start_value* start, const place* at, const index* count, int n, seed s) {
    (void)extents;
    for (int i = 0; i < n; ++i) {
        T* const q = p + at[i].offset / static_cast<index>(sizeof(T));
        for (index k = 0; k < count[i]; ++k) {
            const philox_block b = philox(s, static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(k));
            const double u = to_unit_double(b.low());
            switch (start[i].kind) {
                case start_value::constant: q[k] = static_cast<T>(start[i].a); break;
                case start_value::uniform: q[k] = static_cast<T>(start[i].a + (start[i].b - start[i].a) * u); break;
                case start_value::normal: q[k] = static_cast<T>(start[i].a + start[i].b * to_normal_double(b.high())); break;
            }
        }
    }
}

}  // namespace _

// A parameter as it lies in the model's buffer.
template <class T>
struct named_view {
    std::string_view name;
    T* data;
    const shape* extents;
    index size;
};

// A network and its parameters. The buffers' sizes are constants: parameter_bytes, workspace_bytes.
template <class Net, class In, class Batch = max_batch<64>>
struct Model {
    using net_type = Net;
    using input_type = In;
    using element = typename In::element;
    static constexpr int batch_bound = Batch::value;
    using facts = _::model_facts<Net, In, Batch::value>;
    using source = _::inference_source<Net, In, Batch::value>;
    using program = _::program<source, this_target>;
    static constexpr int n_parameters = facts::n_parameters;
    static constexpr index parameter_bytes = facts::layout.elements * static_cast<index>(sizeof(element));
    static constexpr index parameter_count = [] {
        index n = 0;
        for (int i = 0; i < n_parameters; ++i) n += facts::layout.count[i];
        return n;
    }();
    static constexpr shape output_shape = facts::layout.output;
    static constexpr index output_size = [] {  // per sample
        index n = 1;
        for (int i = 1; i < output_shape.rank; ++i) n *= static_cast<index>(output_shape.at[i].code);
        return n;
    }();

    explicit Model(seed s = seed(0)) : parameters(facts::layout.elements) { initialise(s); }

    void initialise(seed s) {
        _::fill_parameters(parameters.data(), facts::layout.extents, facts::layout.start, facts::layout.at, facts::layout.count, n_parameters, s);
    }

    // Parameter i: its name, elements and extents.
    named_view<element> parameter(int i) {
        return {facts::paths.at[i].view(), parameters.data() + facts::layout.at[i].offset / static_cast<index>(sizeof(element)),
                &facts::layout.extents[i], facts::layout.count[i]};
    }

    // Bytes an inference needs beside the parameters: a constant too (not a data member, so that a program that only
    // trains does not compile the inference program).
    static constexpr index workspace_bytes() { return program::workspace_bytes; }
    // Allocates the workspace now rather than at the first inference.
    void reserve() {
        if (workspace.data() == nullptr) workspace = _::heap_elements<char>(workspace_bytes());
    }

    // n samples at x -> n predictions at y. n <= the batch bound; no allocation.
    void run(const element* x, element* y, index n) {
        if (n < 0 || n > batch_bound) fail<>("a batch of " + std::to_string(n) + " is larger than the model's max_batch<" + std::to_string(batch_bound) + ">");
        if (n == 0) return;
        reserve();
        char* const buffers[] = {workspace.data(), reinterpret_cast<char*>(parameters.data()), nullptr,
                                 const_cast<char*>(reinterpret_cast<const char*>(x)), reinterpret_cast<char*>(y)};
        _::run_calls<this_target>(program::calls.at, program::n_calls, program::words.at, buffers, &n, program::parallel);
    }

    _::heap_elements<element> parameters;
    _::heap_elements<char> workspace;
};

}  // namespace etta
