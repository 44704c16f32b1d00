// check.hpp: the messages for mistakes in a model: which layer, what it expects, what it got; a layer that is never called.
#pragma once

#include "blame.hpp"
#include "../compile/mistakes.hpp"

namespace etta {

// Printed in error messages: the layer a mistake stands in.
template <char... Name>
struct layer {};
template <class Shape>
struct expects {};
template <class Shape>
struct gets {};
// An op in a layer.
template <class Layer, class Op>
struct op_of {};
// Which output of a model, from 0 on.
template <int Number>
struct output_number {};

namespace _ {

// A mistake's place is a parameter's slot, or a state's behind those.
template <class Facts>
constexpr const path& path_of(int scope) {
    return scope < Facts::n_parameters ? Facts::paths.at[scope < 0 ? 0 : scope] : Facts::state_paths.at[scope - Facts::n_parameters];
}
// The path of the parameter without its last component: its layer.
template <class Facts>
constexpr int layer_length(int slot) {
    if (slot < 0) return 0;
    const path& p = path_of<Facts>(slot);
    for (int i = p.size - 1; i > 0; --i)
        if (p.at[i] == '.') return i;
    return p.size;
}
template <class Facts, int Slot, std::size_t... I>
constexpr auto spell_layer(std::index_sequence<I...>) -> layer<path_of<Facts>(Slot).at[I]...>;
template <class Facts, int Slot>
using layer_name = decltype(spell_layer<Facts, Slot>(std::make_index_sequence<static_cast<std::size_t>(layer_length<Facts>(Slot))>{}));

template <class Layer, class Expects, class Gets>
inline constexpr bool layer_fits = false;
template <class Layer>
inline constexpr bool layer_is_called = false;
template <class Layer>
inline constexpr bool state_is_kept_outside_of_loops = false;
template <class Prediction, class Target>
inline constexpr bool target_fits = false;
template <class Layer>
inline constexpr bool layer_streams = false;

// What a Model takes and a Stream does not.
template <mistake What, class Layer>
constexpr void refuse_stream() {
    if constexpr (What == mistake::stream_reverse) static_assert(layer_streams<Layer>, "etta: a layer of both directions wants the whole signal, of which a Stream knows no later part: use one direction, or a Model");
    else if constexpr (What == mistake::stream_later) static_assert(layer_streams<Layer>, "etta: self-attention in a Stream is causal and without a mask ({.causal = true}), since later positions are yet to come: use a Model");
    else if constexpr (What == mistake::stream_memory) static_assert(layer_streams<Layer>, "etta: attention to another sequence is not there in a Stream, which would see that one's last piece only: use a Model");
    else if constexpr (What == mistake::stream_length) static_assert(layer_streams<Layer>, "etta: a Stream with attention wants to know how many positions to keep, those of a piece at least: Stream<Net, In, Length>");
    else static_assert(layer_streams<Layer>, "etta: the layers of a Stream count positions at different rates");
}

template <class Net, class Inputs>
inline constexpr bool network_takes = false;
template <class Net, class Output, class Gets>
inline constexpr bool batch_comes_first = false;
template <class Net, class In>
constexpr bool check_call() {
    if constexpr (model_inputs<In>::template takes<Net>) return true;
    else static_assert(network_takes<Net, In>, "etta: a network's operator() takes the model's inputs, a value for each, and is const");
    return false;
}
template <class Net, class Facts, std::size_t... I>
constexpr bool check_outputs(std::index_sequence<I...>) {
    constexpr int bad = Facts::layout.unbatched;
    using Gets = shape_<printed<Facts::layout.outputs[bad].extents.at[I].code>()...>;
    static_assert(batch_comes_first<Net, output_number<bad>, gets<Gets>>, "etta: an output of a model begins with the batch's axis");
    return false;
}

// Stands in for a program that cannot be made, so that the message about it is the only one.
struct nothing_source {
    static constexpr builder make(late) { return {}; }
    static constexpr failure error{};
    static constexpr step_facts<0> facts{};
    static constexpr binding places(const graph_view&) { return {}; }
};
template <bool Ok, class Source>
using sound = std::conditional_t<Ok, Source, nothing_source>;

// Where no parameter says which layer it is.
template <class Net, class In, int Batch>
inline constexpr path blamed = blamed_layer<Net, In, Batch>();
template <class Net, class In, int Batch, class Source, std::size_t... I>
constexpr bool check_in_layer(std::index_sequence<I...>) {
    if constexpr (sizeof...(I) == 0) return check<Source>();
    else return check<Source, op_of<layer<blamed<Net, In, Batch>.at[I]...>, op_name<Source>>>();
}

template <class Net, class In, int Batch, class Source>
constexpr bool check_trace() {
    using facts = model_facts<Net, In, Batch>;
    constexpr failure e = Source::error;
    if constexpr (e.what == mistake::state_in_loop && e.scope >= 0) {
        static_assert(state_is_kept_outside_of_loops<layer_name<facts, e.scope>>, "etta: a layer updates its state in a loop, once a step: call it on all steps at once, as TimeDistributed does");
        return false;
    } else if constexpr (e.what >= mistake::stream_reverse) {
        refuse_stream<e.what, layer_name<facts, e.scope>>();
        return false;
    } else if constexpr (e.what != mistake::none && e.what != mistake::random && e.what != mistake::option && e.what != mistake::per_axis && e.scope >= 0) {
        using L = layer_name<facts, e.scope>;
        using A = decltype(expected_shape<Source>(std::make_index_sequence<static_cast<std::size_t>(e.expected.rank)>{}));
        using B = decltype(got_shape<Source>(std::make_index_sequence<static_cast<std::size_t>(e.got.rank)>{}));
        static_assert(layer_fits<L, expects<A>, gets<B>>, "etta: a layer does not fit what comes before it");
        return false;
    } else if constexpr (e.what != mistake::none && e.scope >= 0) {
        return check<Source, op_of<layer_name<facts, e.scope>, op_name<Source>>>();
    } else if constexpr (e.what != mistake::none) {
        return check_in_layer<Net, In, Batch, Source>(std::make_index_sequence<static_cast<std::size_t>(blamed<Net, In, Batch>.size)>{});
    } else if constexpr (facts::layout.missing >= 0) {
        static_assert(layer_is_called<layer_name<facts, facts::layout.missing>>, "etta: a layer of the model is never called");
        return false;
    } else if constexpr (facts::states.missing >= 0) {
        static_assert(layer_is_called<layer_name<facts, facts::n_parameters + facts::states.missing>>, "etta: a layer of the model is never called");
        return false;
    } else if constexpr (facts::layout.unbatched >= 0) {
        return check_outputs<Net, facts>(std::make_index_sequence<static_cast<std::size_t>(facts::layout.outputs[facts::layout.unbatched].extents.rank)>{});
    } else {
        return true;
    }
}
// True if the model's members are layers and it traced without a mistake; else a static_assert has said what is wrong.
template <class Net, class In, int Batch, class Source>
constexpr bool check_model() {
    if constexpr (!check_members<Net>() || !check_call<Net, In>()) return false;
    else if constexpr (!check_traceable<Source>()) return false;
    else return check_trace<Net, In, Batch, Source>();
}

}  // namespace _
}  // namespace etta
