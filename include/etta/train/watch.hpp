// watch.hpp: where numbers that are not finite come from. watch(trainer) makes an error about a loss or a gradient name the
// first place: a parameter, what enters or leaves a layer, a gradient. It costs nothing until then but compiling one
// more program, which counts what is not finite between the layers.
#pragma once

#include "trainer.hpp"

namespace etta {
namespace _ {

// Arguments as in a training step; 8: how many elements of each noted value are not finite, 64 bytes apart.
template <class Net, class In, int Batch, class Loss>
struct watch_source {
    static constexpr builder traced(late later) { return training_source<Net, In, Batch, Loss>::trace(true, later, true); }
    static constexpr bool countable(const builder& g, int v) { return is_floating(g.type_of(v)) && g.of(v).loop < 0; }
    static constexpr int n_notes = traced({}).watched_values.size / 3;
    struct notes_type {
        int scope[n_notes + 1] = {};
        bool leaves[n_notes + 1] = {};
        int output[n_notes + 1] = {};  // -1: not counted
        int n_outputs = 0;
    };
    static constexpr notes_type read(const builder& g, vec<int>& values) {
        notes_type r{};
        for (int i = 0; i < n_notes; ++i) {
            const int* const note = g.watched_values.data + 3 * i;
            r.scope[i] = note[0], r.leaves[i] = note[2] != 0, r.output[i] = -1;
            if (!countable(g, note[1])) continue;
            for (int k = 0; k < values.size; ++k)
                if (values[k] == note[1]) r.output[i] = k;
            if (r.output[i] < 0) r.output[i] = values.push(note[1]);
        }
        r.n_outputs = values.size;
        return r;
    }
    static constexpr notes_type find_notes(late later) {
        vec<int> values;
        return read(traced(later), values);
    }
    static constexpr notes_type notes = find_notes({});
    static constexpr builder make(late later) {
        builder g = traced(later);
        vec<int> values;
        read(g, values);
        g.outputs = vec<int>();
        g.next_states = vec<int>();
        for (const int v : values) g.outputs.push(sum(1.0f - var{&g, cast_to(g, isfinite(var{&g, v}).id, dtype::f32)}).id);
        finish(g);
        return g;
    }
    struct output_places {
        place at[n_notes + 1];
    };
    static constexpr output_places make_places() {
        output_places p{};
        for (int i = 0; i < notes.n_outputs; ++i) p.at[i] = {first_argument_buffer + 8, 64 * i};
        return p;
    }
    static constexpr output_places out_places = make_places();
    static constexpr binding places(const graph_view&) { return bound_to<model_facts<Net, In, Batch>>(out_places.at); }
};

template <class T>
index not_finite(const T* x, index n) {
    index k = 0;
    if constexpr (std::is_floating_point_v<T>)
        for (index i = 0; i < n; ++i) k += !(x[i] - x[i] == 0);
    return k;
}

template <class M, class Loss, class Rule>
std::string first_not_finite(Trainer<M, Loss, Rule>& trainer, const typename M::input_element* x, const void* y, index n) {
    using S = watch_source<typename M::net_type, typename M::input_type, M::batch_bound, Loss>;
    using P = program<S, this_target>;
    const auto elements = [](index k) { return " (" + std::to_string(k) + (k == 1 ? " element)" : " elements)"); };
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = trainer.model().parameter(i);
        if (const index k = not_finite(p.data, p.size); k > 0) return "parameter '" + std::string(p.name) + "' is not finite" + elements(k);
    }
    heap_elements<char> workspace(P::workspace_bytes), results(64 * (S::n_notes + 1));
    trainer.template run_beside<P>(x, y, n, workspace.data(), results.data());
    for (int i = 0; i < S::n_notes; ++i) {
        float bad = 0;
        if (S::notes.output[i] >= 0) __builtin_memcpy(&bad, results.data() + 64 * S::notes.output[i], sizeof bad);
        if (bad == 0) continue;
        const std::string_view name = path_of<typename M::facts>(S::notes.scope[i]).view();
        const std::string layer(name.substr(0, name.rfind('.') == name.npos ? name.size() : name.rfind('.')));
        const std::string what = S::notes.leaves[i] ? "the first values that are not finite leave" : "the first values that are not finite enter";
        return what + " layer '" + layer + "'" + elements(static_cast<index>(bad));
    }
    for (int i = M::n_parameters - 1; i >= 0; --i) {  // backwards, as they are computed
        const auto p = parameter_of<typename M::facts>(trainer.gradient_data(), i);
        if (const index k = not_finite(p.data, p.size); k > 0)
            return "what enters and leaves the layers is finite, the gradient of '" + std::string(p.name) + "' is not" + elements(k);
    }
    return "what enters and leaves the layers is finite";
}

}  // namespace _

// From now on, the trainer's errors about losses and gradients (with clip_norm) that are not finite say where that begins.
template <class M, class Loss, class Rule>
void watch(Trainer<M, Loss, Rule>& trainer) {
    trainer.explain = &_::first_not_finite<M, Loss, Rule>;
}

}  // namespace etta
