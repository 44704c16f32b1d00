// state.hpp: state of layers: tensors that belong to a model and change while it is trained, but that no optimizer touches
// (running means). In the Graph a state is a value in and a value out, so nothing is overwritten that is still read, and a
// step that fails changes no state. And what a layer asks of the trace it runs in.
#pragma once

#include "../op/loop.hpp"
#include "parameter.hpp"

namespace etta {

// Is a training step being traced? Else an evaluation: the two are different Graphs, so a layer may branch on this.
constexpr bool training(const var& x) { return x.g->training; }

// A state of a layer: `State<sized<channels>, init::zeros> running_mean;` and, in the layer's call operator,
//
//     const var old = running_mean(x);                       // its value; the input tells its extents
//     if (training(x)) running_mean.update(0.9 * old + 0.1 * now);
//
// Outputs of a training step are kept if the step is; an evaluation changes nothing. T: void is the model's element type; or
// std::int64_t, for counts.
template <class Extents = last_extent, class Init = init::zeros, class T = void>
struct State {
    static_assert(std::is_void_v<T> || std::is_same_v<T, std::int64_t>, "etta: a state has the model's element type (void), or is std::int64_t");
    _::builder* g = nullptr;
    int slot = -1;
    int scope = -1;  // for _::in_layer
    using etta_state = void;

    constexpr var operator()(const var& x) const { return declare(x, Extents::of(x)); }
    // After update(), in the same trace, this is the new value.
    constexpr var declare(const var& x, const shape& s) const {
        _::builder& b = *x.g;
        if (slot < 0) return x;  // in a model whose members are refused
        if (b.states[slot] < 0) {
            b.states[slot] = b.input(_::storage::state, slot, type(b), s);
            b.state_starts[slot] = Init::of(s, 1);
        } else if (!(b.extents_of(b.states[slot]) == s)) {
            b.blame(_::mistake::layer_input, "state", b.extents_of(b.states[slot]), s);
        }
        return {&b, b.next_states[slot] >= 0 ? b.next_states[slot] : b.states[slot]};
    }
    // What it is after this step; of the state's extents.
    constexpr void update(const var& next) const {
        _::builder& b = *next.g;
        if (slot < 0 || next.id < 0) return;
        if (b.states[slot] < 0) {
            b.states[slot] = b.input(_::storage::state, slot, type(b), next.extents());
            b.state_starts[slot] = Init::of(next.extents(), 1);
        }
        if (!(b.extents_of(b.states[slot]) == next.extents())) return b.blame(_::mistake::state_shape, "state", b.extents_of(b.states[slot]), next.extents());
        if (_::loop_of(b, next.id) >= 0) return b.blame(_::mistake::state_in_loop, "state", next.extents());
        b.next_states[slot] = _::cast_to(b, next.id, b.type_of(b.states[slot]));
    }

private:
    static constexpr dtype type(const _::builder& b) {
        if constexpr (std::is_void_v<T>) return b.model_type;
        else return dtype_of<T>;
    }
};

namespace _ {

struct count_states {
    int n = 0;
    template <class P>
    constexpr void operator()(P&, no_path) {}
    template <class S>
    constexpr void state(S&, no_path) { ++n; }
};
template <class Net>
constexpr int state_count() {
    Net net{};
    count_states f;
    walk(net, no_path{}, f);
    return f.n;
}
template <int N>
struct collect_state_paths {
    path_table<N> table{};
    int n = 0;
    template <class P>
    constexpr void operator()(P&, const path&) {}
    template <class S>
    constexpr void state(S&, const path& p) { table.at[n++] = p; }
};
template <class Net>
constexpr auto state_paths() {
    constexpr int n = state_count<Net>();
    collect_state_paths<n> f;
    if constexpr (n > 0) {
        Net net{};
        walk(net, path{}, f);
    }
    return f.table;
}

}  // namespace _
}  // namespace etta
