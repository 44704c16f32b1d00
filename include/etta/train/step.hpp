// step.hpp: one training step as a program: forward, loss and backward in one table of calls that writes loss,
// prediction and gradients; then the update, one fused pass. Between them stands the guard: nothing is updated from a
// loss that is not finite.
#pragma once

#include "../autodiff/sweep.hpp"
#include "../nn/loss.hpp"
#include "../nn/model.hpp"
#include "../optim/optimizer.hpp"

namespace etta::_ {

// Arguments: input 0, target 1; outputs: loss 2, prediction 3, gradients in 4 (laid out like the parameters), new states in
// 5 (laid out like the states; the step's guard decides whether they become the model's). What random numbers are made from:
// the seed 6, the number of the step 7. The samples' weights, for a loss that takes some: 9 (8: watch.hpp). Several inputs lie one
// behind the other in each sample of argument 0; of several outputs the first is the prediction.
template <class Net, class In, int Batch, class Loss>
struct training_source {
    static constexpr int n_parameters = parameter_count<Net>();
    static constexpr int n_states = state_count<Net>();
    using M = traced_model<Net, In, Batch>;

    static constexpr var target_for(builder& g, var y) {
        return {&g, g.input(storage::argument, 1, target_type<Loss>(g.model_type), target_shape<Loss>(y.extents()))};
    }
    // y: what the network returns, or its first output.
    template <class Y>
    static constexpr var loss_of(builder& g, const Y& y, var first) {
        const var target = target_for(g, first);
        if constexpr (takes_weights<Loss, Y>) return Loss{}(y, target, var{&g, g.input(storage::argument, 9, g.model_type, weight_shape<Loss>(first.extents()))});
        else return Loss{}(y, target);
    }
    // Watch: who is told of the network, its prediction and the loss (train/profile.hpp).
    template <class Watch = void>
    static constexpr builder trace(bool training, late = {}, bool watched = false, [[maybe_unused]] Watch* watch = nullptr) {
        builder g;
        g.watched = watched;
        Net net{};
        const auto x = M::prepare_joined(g, net, training);
        if (training) g.key_argument = 6;
        if constexpr (!std::is_void_v<Watch>) watch->begin(g, net);
        const Net& bound = net;
        [[maybe_unused]] const auto outputs = M::call(g, bound, x);
        if constexpr (!std::is_void_v<Watch>) watch->predicted(g);
        const var y{&g, g.outputs[0]};
        g.outputs.size = 0;
        var loss;
        if constexpr (loss_of_prediction<Loss>) {
            if constexpr (sees_all<Loss, typename M::result>()) loss = loss_of(g, outputs, y);
            else loss = loss_of(g, y, y);
        } else {  // calls the network itself: its first call is the one above, which neither draws nor updates a second time
            g.sites = 0;
            for (int& s : g.next_states) s = -1;
            const var target = target_for(g, y);
            if constexpr (std::is_same_v<typename M::inputs::traced, var>) loss = Loss{}(bound, TracedBatch{x, target});
            else loss = Loss{}(bound, TracedBatchOf<M::inputs::count>{x, target});
        }
        if (loss.rank() != 0) g.blame(mistake::target, "loss", shape{}, loss.extents());
        g.outputs.push(loss.id);
        g.outputs.push(y.id);
        if constexpr (!std::is_void_v<Watch>) watch->loss(g);
        return g;
    }
    // facts: what is to be said of it, from the same trace. A Graph with a mistake is not finished.
    template <class Watch = void>
    static constexpr builder make(late later = {}, step_facts<n_states>* facts = nullptr, Watch* watch = nullptr) {
        builder g = trace(true, later, false, watch);
        if (facts != nullptr) {
            facts->error = g.first_mistake(), facts->least_batch = g.least_batch;
            for (int i = 0; i < n_states; ++i) facts->updates[i] = g.next_states[i] >= 0;
            if (facts->error.what != mistake::none) return {};
        }
        const int loss = g.outputs[0];
        const int one = g.literal(1, g.type_of(loss));
        vec<int> gradients(n_parameters, -1);
        pull_back(g, &loss, &one, 1, g.params.data, n_parameters, gradients.data);
        for (int i = 0; i < n_parameters; ++i) g.outputs.push(gradients[i] >= 0 ? gradients[i] : filled_like(g, g.params[i], 0));
        for (const int s : g.next_states)
            if (s >= 0) g.outputs.push(s);
        if (facts != nullptr && (facts->error = g.first_mistake()).what != mistake::none) return {};
        finish(g);
        return g;
    }
    // Gradients make about as many nodes again as there are, and half as many.
    static constexpr graph_sizes guess() {
        const auto& l = model_facts<Net, In, Batch>::layout;
        const graph_sizes& s = l.traced;
        return {s.nodes * 5 / 2 + 64, s.values * 5 / 2 + 64, 3 * s.args + 96, s.attrs * 9 / 4 + 96, 2 + n_parameters + n_states, s.symbols, l.loops > 0 ? 2 * l.loops + 1 : 0};
    }
    static constexpr graph_sizes room = guess();
    struct once {
        step_facts<n_states> facts;
        graph_of<room> graph;
    };
    static constexpr once make_once(late later) {
        once r{};
        make(later, &r.facts).freeze_into(r.graph);
        return r;
    }
    // The network has been tried before (inference_source): its prediction will do.
    static constexpr failure find_error(late later) {
        if constexpr (loss_of_prediction<Loss> && M::one_output) {
            const auto& l = model_facts<Net, In, Batch>::layout;
            if (l.error.what != mistake::none) return l.error;
            builder g;
            Net net{};
            M::prepare(g, net, true);
            const var y{&g, g.input(storage::argument, 3, g.model_type, l.outputs[0].extents)};
            loss_of(g, y, y);
            return g.first_mistake();
        } else {
            return trace(true, later).first_mistake();
        }
    }
    static constexpr once made = make_once({});
    static constexpr step_facts<n_states> facts = made.facts;  // a copy: what runs reads it, and shall not drag the Graph along
    static constexpr const graph_of<room>& graph = made.graph;  // not by auto: that would make it at once, before find_error is asked
    static constexpr failure error = facts.error;
    struct output_places {
        place at[n_parameters + n_states + 2];
    };
    static constexpr output_places make_places() {
        output_places p{};
        p.at[0] = {first_argument_buffer + 2, 0};
        p.at[1] = {first_argument_buffer + 3, 0};
        for (int i = 0; i < n_parameters; ++i) p.at[i + 2] = {first_argument_buffer + 4, model_facts<Net, In, Batch>::layout.at[i].offset};
        for (int i = 0, n = n_parameters + 2; i < n_states; ++i)
            if (facts.updates[i]) p.at[n++] = {first_argument_buffer + 5, model_facts<Net, In, Batch>::states.at[i].offset};
        return p;
    }
    static constexpr output_places out_places = make_places();
    static constexpr binding places(const graph_view&) { return bound_to<model_facts<Net, In, Batch>>(out_places.at); }
};

// Loss and prediction only, on the same arguments.
template <class Net, class In, int Batch, class Loss>
struct evaluation_source {
    static constexpr builder make(late later) {
        builder g = training_source<Net, In, Batch, Loss>::trace(false, later);
        finish(g);
        return g;
    }
    static constexpr place out_places[2] = {{first_argument_buffer + 2, 0}, {first_argument_buffer + 3, 0}};
    static constexpr binding places(const graph_view&) { return bound_to<model_facts<Net, In, Batch>>(out_places); }
};

// Arguments: parameters 0, gradients 1, states, scalars; the results go where parameters and states lie. For 1 to N elements:
// all of them, or one run of parameters at a time.
template <class Rule, class T, index N>
struct update_source {
    static constexpr builder make(late) {
        builder g;
        const dtype t = dtype_of<T>;
        const shape all(g.new_symbol(N));
        var state[Rule::states + 1], next[Rule::states + 1], scalar[Rule::scalars + 1];
        const var p{&g, g.input(storage::argument, 0, t, all)};
        for (int i = 0; i < Rule::states; ++i) state[i] = {&g, g.input(storage::argument, 2 + i, t, all)};
        for (int i = 0; i <= Rule::scalars; ++i) scalar[i] = {&g, g.input(storage::argument, 2 + Rule::states + i, t, shape{})};
        const var d = scalar[Rule::scalars] * var{&g, g.input(storage::argument, 1, t, all)};  // the last scalar shortens the gradient
        const var q = Rule::update({p, d, state, scalar, next});
        g.outputs.push(q.id);
        for (int i = 0; i < Rule::states; ++i) g.outputs.push(next[i].id);
        finish(g);
        return g;
    }
    struct output_places {
        place at[Rule::states + 1];
    };
    static constexpr output_places make_places() {
        output_places p{};
        p.at[0] = {first_argument_buffer, 0};
        for (int i = 0; i < Rule::states; ++i) p.at[i + 1] = {first_argument_buffer + 2 + i, 0};
        return p;
    }
    static constexpr output_places out_places = make_places();
    static constexpr binding places(const graph_view&) {
        binding b;
        b.outputs = out_places.at;
        return b;
    }
};

}  // namespace etta::_
