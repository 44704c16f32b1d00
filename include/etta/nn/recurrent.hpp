// recurrent.hpp: RNN, LSTM and GRU with PyTorch's gates, names and starting values, as loops over the sequence's axis
// (autodiff/scan.hpp). What depends on the input alone is one product over all steps, outside of the loop.
#pragma once

#include "../autodiff/scan.hpp"
#include "layers.hpp"

namespace etta {

// What a recurrent layer returns: auto [y, last] = lstm(x). y: the top layer's output at every step, [N, T, D H], D = 2 if
// bidirectional; last: the state behind the last step, per layer and direction (below).
template <class State, int N>
struct RecurrentResult {
    using etta_recurrent = void;
    var y;
    std::array<State, N> last;
};
struct LSTMState {
    var h, c;  // [N, H]
};

namespace _ {

// One cell's parameters: Gates blocks of Hidden rows each. Every one starts as U(-1/sqrt(Hidden), 1/sqrt(Hidden)).
template <int Hidden, int Gates, bool Bias>
struct recurrent_parameters {
    Param<sized<Gates * Hidden, last>, init::fan_in_uniform> weight_ih;
    Param<sized<Gates * Hidden, Hidden>, init::fan_in_uniform> weight_hh;
    Param<sized<Gates * Hidden>, init::fan_in_uniform> bias_ih, bias_hh;
    constexpr var input_part(var x) const { return matmul(x, weight_ih(x, Hidden).t()) + bias_ih(x, Hidden); }
    constexpr var state_part(var h) const { return matmul(h, weight_hh(h, Hidden).t()) + bias_hh(h, Hidden); }
    constexpr var hidden_bias(var x) const { return bias_hh(x, Hidden); }
    // Both parts of a step on its own. In a stream x is often made of the network's last answer, so little waits for it.
    constexpr var both_parts(var x, var h) const { return matmul(h, weight_hh(h, Hidden).t()) + (matmul(x, weight_ih(x, Hidden).t()) + (bias_ih(x, Hidden) + bias_hh(x, Hidden))); }
    template <class F>
    constexpr void each(F&& f) {
        f(weight_ih, "weight_ih"), f(weight_hh, "weight_hh"), f(bias_ih, "bias_ih"), f(bias_hh, "bias_hh");
    }
};
template <int Hidden, int Gates>
struct recurrent_parameters<Hidden, Gates, false> {
    Param<sized<Gates * Hidden, last>, init::fan_in_uniform> weight_ih;
    Param<sized<Gates * Hidden, Hidden>, init::fan_in_uniform> weight_hh;
    constexpr var input_part(var x) const { return matmul(x, weight_ih(x, Hidden).t()); }
    constexpr var state_part(var h) const { return matmul(h, weight_hh(h, Hidden).t()); }
    constexpr var both_parts(var x, var h) const { return state_part(h) + input_part(x); }
    template <class F>
    constexpr void each(F&& f) {
        f(weight_ih, "weight_ih"), f(weight_hh, "weight_hh");
    }
};
// Gate number I of [N, Gates * Hidden].
template <int I, int Hidden>
constexpr var gate(var z) { return slice<-1, I * Hidden, (I + 1) * Hidden>(z); }

// A cell: one step from the input's part of the gates. Biases that are only ever added are added outside of the loop.
template <int Hidden>
struct lstm_cell {
    static constexpr int hidden = Hidden, gates = 4;
    using state = LSTMState;
    template <class P>
    static constexpr var prepare(const P& p, var x) {
        if constexpr (requires { p.hidden_bias(x); }) return p.input_part(x) + p.hidden_bias(x);
        else return p.input_part(x);
    }
    template <class P>
    static constexpr state step(const P& p, var gates, const state& s) { return from(matmul(s.h, p.weight_hh(s.h, Hidden).t()) + gates, s); }
    template <class P>
    static constexpr state one_step(const P& p, var x, const state& s) { return from(p.both_parts(x, s.h), s); }
    static constexpr state from(var z, const state& s) {
        // In the order in which a step of a stream waits the least.
        const var forget = sigmoid(gate<1, Hidden>(z)), input = sigmoid(gate<0, Hidden>(z)), cell = tanh(gate<2, Hidden>(z));
        const var fresh = input * cell, c = forget * s.c + fresh;
        return {sigmoid(gate<3, Hidden>(z)) * tanh(c), c};
    }
    static constexpr var output(const state& s) { return s.h; }
};
template <int Hidden>
struct gru_cell {  // h' = (1 - z) n + z h, n = tanh(x_n + r (W h + b)): the reset gate after the product, as in PyTorch
    static constexpr int hidden = Hidden, gates = 3;
    using state = var;
    template <class P>
    static constexpr var prepare(const P& p, var x) { return p.input_part(x); }
    template <class P>
    static constexpr state one_step(const P& p, var x, const state& h) { return step(p, prepare(p, x), h); }
    template <class P>
    static constexpr state step(const P& p, var gates, const state& h) {
        const var g = p.state_part(h);
        const var r = sigmoid(gate<0, Hidden>(gates) + gate<0, Hidden>(g)), z = sigmoid(gate<1, Hidden>(gates) + gate<1, Hidden>(g));
        const var n = tanh(gate<2, Hidden>(gates) + r * gate<2, Hidden>(g));
        return n + z * (h - n);
    }
    static constexpr var output(const state& h) { return h; }
};
template <int Hidden, bool Relu>
struct rnn_cell {
    static constexpr int hidden = Hidden, gates = 1;
    using state = var;
    template <class P>
    static constexpr var prepare(const P& p, var x) {
        if constexpr (requires { p.hidden_bias(x); }) return p.input_part(x) + p.hidden_bias(x);
        else return p.input_part(x);
    }
    template <class P>
    static constexpr state step(const P& p, var gates, const state& h) { return from(matmul(h, p.weight_hh(h, Hidden).t()) + gates); }
    template <class P>
    static constexpr state one_step(const P& p, var x, const state& h) { return from(p.both_parts(x, h)); }
    static constexpr state from(var z) {
        if constexpr (Relu) return relu(z);
        else return tanh(z);
    }
    static constexpr var output(const state& h) { return h; }
};

// Zeros [N, H] beside an input [N, …].
constexpr var zero_state(var x, int hidden) { return {x.g, expand_to(*x.g, x.g->literal(0, x.type()), shape(x.extents()[0], extent(index{hidden})))}; }
template <class State>
constexpr State zero_states(var x, int hidden) {
    const var z = zero_state(x, hidden);
    if constexpr (std::is_same_v<State, var>) return z;
    else return {z, z};
}
constexpr var kept_where(var running, var fresh, var old) { return where(running, fresh, old); }
constexpr LSTMState kept_where(var running, const LSTMState& fresh, const LSTMState& old) { return {where(running, fresh.h, old.h), where(running, fresh.c, old.c)}; }

// Layers times directions of a cell. Parameters are named as in PyTorch: weight_ih_l0, bias_hh_l1_reverse, …
template <class Cell, int Layers, bool Bidirectional, bool Bias>
struct recurrent {
    static_assert(Layers >= 1, "etta: a recurrent layer has at least one layer");
    static constexpr int directions = Bidirectional ? 2 : 1, cells = Layers * directions;
    using parameters = recurrent_parameters<Cell::hidden, Cell::gates, Bias>;
    using state = typename Cell::state;
    using states = std::array<state, cells>;
    std::array<parameters, cells> of;

    using etta_named = void;
    template <class F>
    constexpr void etta_members(F&& f) {
        for (int k = 0; k < cells; ++k) of[k].each([&](auto& p, std::string_view name) constexpr { f(p, name, "_l", k / directions, k % directions == 1 ? "_reverse" : ""); });
    }

    // [N, T, In] -> [N, T, D H] and the last states. start: the states before the first step (zeros); lengths, [N]: steps
    // from there on leave the state as it is and give zeros, for both directions.
    constexpr RecurrentResult<state, cells> operator()(var x) const {
        if (!in_stream(*x.g)) return run(x, zeros(x), var{});
        if constexpr (Bidirectional) {  // backwards it would begin with what is yet to come
            const in_layer here(x, of[0].weight_ih.slot);
            x.g->blame(mistake::stream_reverse, "recurrent layer");
            return run(x, zeros(x), var{});
        } else {
            return run(x, remembered(zeros(x)), var{}, true);
        }
    }
    constexpr RecurrentResult<state, cells> operator()(var x, const states& start) const { return run(x, start, var{}); }
    constexpr RecurrentResult<state, cells> operator()(var x, const states& start, var lengths) const { return run(x, start, lengths); }
    // The states before the first step, for a batch like x.
    static constexpr states zeros(var x) {
        states s{};
        for (auto& one : s) one = zero_states<state>(x, Cell::hidden);
        return s;
    }
    // One step: [N, In] and the states before it -> the output [N, H] and the states after it. Not for both directions.
    constexpr results<var, states> step(var x, states s) const {
        static_assert(!Bidirectional, "etta: step by step there is only one direction");
        const in_layer here(x, of[0].weight_ih.slot);
        for (int k = 0; k < Layers; ++k) {
            s[k] = Cell::one_step(of[k], x, s[k]);
            x = Cell::output(s[k]);
        }
        return {x, {s, {}}};
    }

private:
    // The states that the last call of a Stream left (it starts with zeros).
    static constexpr states remembered(states s) {
        for (auto& one : s)
            each_var(one, [](var& v) constexpr {
                builder& g = *v.g;
                v.id = g.input(storage::argument, 2 + 2 * g.memory.size, v.type(), shape(v.extents()));
                g.memory.push(v.id), g.next_memory.push(-1), g.transposed.push(-1);
            });
        return s;
    }
    constexpr RecurrentResult<state, cells> run(var x, const states& start, var lengths, bool remember = false) const {
        int k = x.g->memory.size;  // (other values may be kept on the way)
        for (const auto& one : start) each_var(one, [&](const var&) constexpr { --k; });
        const auto r = run_all(x, start, lengths);
        if (remember) {
            for (const auto& one : r.last) each_var(one, [&](const var& v) constexpr { x.g->next_memory[k++] = v.id; });
        }
        return r;
    }
    constexpr RecurrentResult<state, cells> run_all(var x, const states& start, var lengths) const {
        const in_layer here(x, of[0].weight_ih.slot);
        RecurrentResult<state, cells> r{x, start};
        if (x.rank() != 3) {
            const extent any = extent::of_symbol(0);
            x.g->blame(mistake::rank, "recurrent layer", shape(any, any, any), x.extents());
            return r;
        }
        if (lengths.g != nullptr) lengths = unsqueeze<1>(lengths);
        for (int layer = 0; layer < Layers; ++layer) {
            var y[directions];
            for (int d = 0; d < directions; ++d) {
                const int k = layer * directions + d;
                const parameters& p = of[k];
                if (r.y.extent(1) == 1 && lengths.g == nullptr) {  // one step is none
                    r.last[k] = Cell::one_step(p, squeeze<1>(r.y), start[k]);
                    y[d] = unsqueeze<1>(Cell::output(r.last[k]));
                    continue;
                }
                const var all = permute<1, 0, 2>(Cell::prepare(p, r.y));
                scan_body body{*x.g, open_loop(*x.g, scan_region(*x.g, all, start[k]), all.extents()[0], d == 1)};
                const state in = body.enter(start[k]);
                state out = Cell::step(p, body.element(all), in);
                var seen = Cell::output(out);
                if (lengths.g != nullptr) {
                    const var running = var{x.g, step_of(*x.g, body.loop)} < lengths;
                    out = kept_where(running, out, in);
                    seen = where(running, Cell::output(out), 0);
                }
                body.leave(out);
                r.last[k] = body.last(start[k]);
                y[d] = permute<1, 0, 2>(body.all(seen));
            }
            if constexpr (Bidirectional) r.y = concat<-1>(y[0], y[1]);
            else r.y = y[0];
        }
        return r;
    }
};

}  // namespace _

// Long short-term memory: [N, T, In] -> [N, T, H]. Gates in PyTorch's order: input, forget, cell, output.
template <int Hidden, int Layers = 1, bool Bidirectional = false, bool Bias = true>
struct LSTM : _::recurrent<_::lstm_cell<Hidden>, Layers, Bidirectional, Bias> {};
// Gated recurrent unit; gates: reset, update, new.
template <int Hidden, int Layers = 1, bool Bidirectional = false, bool Bias = true>
struct GRU : _::recurrent<_::gru_cell<Hidden>, Layers, Bidirectional, Bias> {};
// h' = tanh(W x + b + U h + c); with Relu, relu.
template <int Hidden, int Layers = 1, bool Bidirectional = false, bool Bias = true, bool Relu = false>
struct RNN : _::recurrent<_::rnn_cell<Hidden, Relu>, Layers, Bidirectional, Bias> {};

// In a Sequential: the outputs at every step, [N, T, D H], or behind the last one, [N, D H].
template <class Layer>
struct AllOutputs {
    Layer layer;
    constexpr var operator()(var x) const { return layer(x).y; }
};
template <class Layer>
struct LastOutput {
    Layer layer;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        const auto r = layer(x);
        constexpr int d = Layer::directions;
        const auto h = [&](int k) constexpr {
            if constexpr (requires { r.last[0].h; }) return r.last[k].h;
            else return r.last[k];
        };
        if constexpr (d == 2) return concat<-1>(h(Layer::cells - 2), h(Layer::cells - 1));
        else return h(Layer::cells - 1);
    }
};
// The same layer at every step: [N, T, …] -> [N, T, …]. In a Stream, too, each step is by itself.
template <class Layer>
struct TimeDistributed {
    Layer layer;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        _::builder& g = *x.g;
        const shape s = x.extents();
        if (s.rank < 2) {
            g.blame(_::mistake::rank, "TimeDistributed", s, s);
            return x;
        }
        if (s.at[1].is_static()) {  // the steps are samples: one batch of them all
            shape samples(s.at[0].times(s.at[1].code)), apart(s.at[0], s.at[1]);
            for (int i = 2; i < s.rank; ++i) samples.push(s.at[i]);
            const index length = g.stream_length;
            g.stream_length = -1;
            const var y = layer(var{&g, _::reshape_to(g, x.id, samples)});
            g.stream_length = length;
            for (int i = 1; i < y.rank(); ++i) apart.push(y.extents()[i]);
            return {&g, _::reshape_to(g, y.id, apart)};
        }
        std::int64_t order[max_rank] = {1, 0};
        for (int i = 2; i < s.rank; ++i) order[i] = i;
        const var all{&g, _::Permute::add(g, x.id, order)};
        _::scan_body body{g, _::open_loop(g, _::scan_region(g, all), s.at[1], false)};
        const var y = body.all(layer(body.element(all)));
        for (int i = 2; i < y.rank(); ++i) order[i] = i;
        return {&g, _::Permute::add(g, y.id, order)};
    }
};

}  // namespace etta
