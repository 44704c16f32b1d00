// update.hpp: an update rule applied to a model's parameters: one fused pass over the flat buffers where the rule is element by
// element (with groups: over stretches of them), or parameter by parameter where it looks at whole ones. And where its states lie.
#pragma once

#include "../optim/groups.hpp"
#include "../optim/layerwise.hpp"
#include "gradient.hpp"

namespace etta::_ {

constexpr index elements_of(const shape& s) {
    index n = 1;
    for (int i = 0; i < s.rank; ++i) n *= static_cast<index>(s.at[i].code);
    return n;
}

// Of every parameter, each of the rule's states: where in their buffer, and of what extents. Laid out like the parameters, one
// state behind the other; a rule with extents of its own needs no more room than those.
template <int States, int N>
struct rule_state_layout {
    index at[States + 1][N + 1] = {};
    shape extents[States + 1][N + 1];
    index elements = 0;
};
template <class Rule, class Facts, class T>
constexpr auto lay_out_rule_states() {
    rule_state_layout<Rule::states, Facts::n_parameters> l{};
    for (int k = 0; k < Rule::states; ++k) {
        for (int i = 0; i < Facts::n_parameters; ++i) {
            l.extents[k][i] = Facts::layout.extents[i];
            l.at[k][i] = k * Facts::layout.elements + Facts::layout.at[i].offset / static_cast<index>(sizeof(T));
            if constexpr (sees_extents<Rule>) {
                l.extents[k][i] = Rule::state_extents(k, Facts::layout.extents[i]);
                l.at[k][i] = l.elements;
                l.elements += align_up(elements_of(l.extents[k][i]) * static_cast<index>(sizeof(T))) / static_cast<index>(sizeof(T));
            }
        }
    }
    if constexpr (!sees_extents<Rule>) l.elements = Rule::states * Facts::layout.elements;
    return l;
}
template <class Rule, class Facts, class T>
inline constexpr auto rule_states = lay_out_rule_states<Rule, Facts, T>();

// One parameter's update. Arguments: parameter 0, gradient 1, states, scalars; then the results, which must not lie where the
// arguments do: a reduction reads all of them before the first element is known. E: the parameter's extents, or the bound of a
// flat one's length.
template <class Rule, class T, index... E>
struct parameter_update_source {
    static constexpr shape extents_of_parameter(builder& g) {
        if constexpr (sees_extents<Rule>) return shape(E...);
        else return shape(g.new_symbol(E)...);
    }
    static constexpr int first_scalar = 2 + Rule::states, first_result = first_scalar + Rule::scalars;
    static constexpr builder make(late) {
        builder g;
        const dtype t = dtype_of<T>;
        const shape all = extents_of_parameter(g);
        var state[Rule::states + 1], next[Rule::states + 1], scalar[Rule::scalars + 1];
        const var p{&g, g.input(storage::argument, 0, t, all)}, d{&g, g.input(storage::argument, 1, t, all)};
        for (int i = 0; i < Rule::states; ++i) {
            if constexpr (sees_extents<Rule>) {
                const shape s = Rule::state_extents(i, all);
                if (elements_of(s) > 0) state[i] = {&g, g.input(storage::argument, 2 + i, t, s)};
            } else {
                state[i] = {&g, g.input(storage::argument, 2 + i, t, all)};
            }
        }
        for (int i = 0; i < Rule::scalars; ++i) scalar[i] = {&g, g.input(storage::argument, first_scalar + i, t, shape{})};
        const var q = Rule::update({p, d, state, scalar, next});
        g.outputs.push(q.id);
        for (int i = 0; i < Rule::states; ++i)
            if (next[i].id >= 0) g.outputs.push(next[i].id);
        finish(g);
        return g;
    }
    struct output_places {
        place at[Rule::states + 1];
    };
    static constexpr output_places make_places() {  // states that are there follow each other
        output_places p{};
        int n = 0;
        p.at[n++] = {first_argument_buffer + first_result, 0};
        for (int i = 0; i < Rule::states; ++i) {
            bool there = true;
            if constexpr (sees_extents<Rule>) there = elements_of(Rule::state_extents(i, shape(E...))) > 0;
            if (there) p.at[n++] = {first_argument_buffer + first_result + 1 + i, 0};
        }
        return p;
    }
    static constexpr output_places out_places = make_places();
    static constexpr binding places(const graph_view&) {
        binding b;
        b.outputs = out_places.at;
        return b;
    }
};

// Room for one parameter's results and the program's workspace: made in the first step, which alone allocates.
struct update_room {
    heap_elements<char> results, workspace;
};

// n elements; `states`: where each of the parameter's states lies, and how many elements it has.
template <class Rule, class T, index... E>
void run_parameter_update(const double* prepared, T* parameter, const T* gradient, T* const* states, const index* counts, index n, update_room& room) {
    using S = parameter_update_source<Rule, T, E...>;
    using P = program<S, this_target>;
    index bytes = align_up(n * static_cast<index>(sizeof(T)));
    for (int k = 0; k < Rule::states; ++k) bytes += align_up(counts[k] * static_cast<index>(sizeof(T)));
    if (room.results.size < bytes) room.results = heap_elements<char>(bytes);
    if (room.workspace.size < P::workspace_bytes) room.workspace = heap_elements<char>(P::workspace_bytes);
    T scalars[Rule::scalars + 1];
    for (int i = 0; i < Rule::scalars; ++i) scalars[i] = static_cast<T>(prepared[i]);
    char* buffers[first_argument_buffer + S::first_result + 1 + Rule::states] = {};
    buffers[workspace_buffer] = room.workspace.data();
    char** const a = buffers + first_argument_buffer;
    a[0] = reinterpret_cast<char*>(parameter);
    a[1] = const_cast<char*>(reinterpret_cast<const char*>(gradient));
    for (int i = 0; i < Rule::scalars; ++i) a[S::first_scalar + i] = reinterpret_cast<char*>(&scalars[i]);
    char* next = room.results.data();
    a[S::first_result] = next, next += align_up(n * static_cast<index>(sizeof(T)));
    for (int k = 0; k < Rule::states; ++k) {
        a[2 + k] = reinterpret_cast<char*>(states[k]);
        a[S::first_result + 1 + k] = next, next += align_up(counts[k] * static_cast<index>(sizeof(T)));
    }
    program_table table = P::run_table;
    table.parallel = table.parallel && n >= 1 << 15;
    run_calls<this_target>(table, buffers, &n);
    __builtin_memcpy(parameter, a[S::first_result], static_cast<std::size_t>(n) * sizeof(T));
    for (int k = 0; k < Rule::states; ++k)
        if (counts[k] > 0) __builtin_memcpy(states[k], a[S::first_result + 1 + k], static_cast<std::size_t>(counts[k]) * sizeof(T));
}

template <class Rule, class Facts, class T, int I, std::size_t... K>
void update_parameter(const double* prepared, T* parameters, const T* gradients, T* states, update_room& room) {
    constexpr auto& l = rule_states<Rule, Facts, T>;
    T* state[Rule::states + 1] = {};
    index counts[Rule::states + 1] = {};
    for (int k = 0; k < Rule::states; ++k) state[k] = states + l.at[k][I], counts[k] = elements_of(l.extents[k][I]);
    const index first = Facts::starts.at[I].first, n = Facts::starts.at[I].count;
    T* const p = parameters + first;
    const T* const g = gradients + first;
    if constexpr (sees_extents<Rule>) run_parameter_update<Rule, T, static_cast<index>(Facts::layout.extents[I].at[K].code)...>(prepared, p, g, state, counts, n, room);
    else run_parameter_update<Rule, T, Facts::layout.elements>(prepared, p, g, state, counts, n, room);
}

// Each parameter's update. A table: a function that took all parameters' numbers would have a name as long as the network.
template <class Rule, class Facts, class T>
struct parameter_updates {
    using function = void (*)(const double*, T*, const T*, T*, update_room&);
    struct list {
        function at[Facts::n_parameters + 1];
    };
    template <int I, std::size_t... K>
    static constexpr function one(std::index_sequence<K...>) { return &update_parameter<Rule, Facts, T, I, K...>; }
    template <std::size_t... I>
    static constexpr list make(std::index_sequence<I...>) {
        return {{one<static_cast<int>(I)>(std::make_index_sequence<static_cast<std::size_t>(Facts::layout.extents[I].rank)>{})..., nullptr}};
    }
    static constexpr list all = make(std::make_index_sequence<static_cast<std::size_t>(Facts::n_parameters)>{});
};

// Does it want to know the rate of the step before, too?
template <class Rule>
inline constexpr bool wants_last_rate = requires(const Rule& r, double* s) { r.prepare(1L, 1.0, 1.0, s); };

// The update of all parameters by `scale` times the gradient, run by run; `each` calls a function with every run that is not frozen.
// (A rule that looks at whole parameters takes the gradient as it is: scale 1.)
template <class Rule, class Facts, class T, class Each>
void update_each(const Rule& rule, long step, double factor, double last_factor, double scale, T* parameters, const T* gradients, T* states, update_room& room, const Each& each) {
    double s[Rule::scalars + 1];
    each([&](const update_run& r) {
        const Rule here = rule_of_group(rule, r.options);
        if constexpr (wants_last_rate<Rule>) here.prepare(step, here.lr * factor, here.lr * last_factor, s);
        else here.prepare(step, here.lr * factor, s);
        if constexpr (per_parameter<Rule>) {
            for (int i = 0; i < Facts::n_parameters; ++i)
                if (Facts::starts.at[i].first >= r.first && Facts::starts.at[i].first < r.first + r.count) parameter_updates<Rule, Facts, T>::all.at[i](s, parameters, gradients, states, room);
        } else {
            run_update<Rule, T, Facts::layout.elements>(s, parameters + r.first, gradients + r.first, states + r.first, r.count, scale);
        }
    });
}

}  // namespace etta::_
