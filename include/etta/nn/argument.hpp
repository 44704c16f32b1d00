// argument.hpp: models as arguments of traced functions: grad<0>(f)(model, x) with f = [](auto net, auto x) { … net(x) … }.
// The function sees the network bound to the model's parameters; a gradient with respect to it has its parameters' names.
#pragma once

#include "../run/call.hpp"
#include "model.hpp"

namespace etta {

// Values that lie as a model's parameters do: what a gradient with respect to the model is.
template <class M>
struct ParameterValues {
    using element = typename M::element;
    static constexpr int n_parameters = M::n_parameters;
    _::heap_elements<element> values{M::facts::layout.elements};

    element* data() { return values.data(); }
    const element* data() const { return values.data(); }
    named_view<element> parameter(int i) { return _::parameter_of<typename M::facts>(data(), i); }
    template <_::name_literal Name>
    auto parameter() { return _::parameter_view<typename M::facts, Name>(data()); }
};

namespace _ {

// What a traced function sees of a model: the network, and behind it the parameters' traced values.
template <class M>
class bound_net {
public:
    using etta_traced = void;
    constexpr bound_net() = default;
    template <class... X>
    constexpr auto operator()(const X&... x) const { return net_(x...); }
    template <class F>
    constexpr void etta_each_var(const F& f) const {
        for (int i = 0; i < M::n_parameters; ++i) f(var{graph_, graph_->params[first_ + i]});
    }
    // The parameters become views of one input, each apart; states, of the model's element type or counts, of two more.
    constexpr void bind(builder& g, int flat, int states, int counts) {
        graph_ = &g, first_ = g.params.size;
        bind_parameters f{&g, first_, g.states.size};
        walk(net_, no_path{}, f);
        const auto& l = M::facts::layout;
        for (int i = 0; i < M::n_parameters; ++i) {
            const std::int64_t start_step[2] = {l.at[i].offset / static_cast<index>(sizeof(typename M::element)), 1};
            g.params.push(Apart::of(g, reshape_to(g, Slice::add(g, flat, start_step, shape(l.count[i])), l.extents[i])));
            g.starts.push(start_value{});
        }
        const auto& s = M::facts::states;
        for (int i = 0; i < M::n_states; ++i) {
            const std::int64_t start_step[2] = {s.at[i].offset / size_of(s.type[i]), 1};
            g.states.push(reshape_to(g, Slice::add(g, s.type[i] == dtype::i64 ? counts : states, start_step, shape(s.count[i])), s.extents[i]));
            g.next_states.push(-1);
            g.state_starts.push(start_value{});
        }
    }

private:
    typename M::net_type net_{};
    builder* graph_ = nullptr;
    int first_ = 0;
};
// A gradient with respect to it.
template <class M>
struct net_gradient {
    using etta_traced = void;
    builder* g = nullptr;
    int at[M::n_parameters + 1] = {};

    template <class F>
    constexpr void etta_each_var(const F& f) const {
        for (int i = 0; i < M::n_parameters; ++i) f(var{g, at[i]});
    }
    constexpr void etta_places(vec<place>& to, int& block) const {
        for (int i = 0; i < M::n_parameters; ++i) {
            const place p{block, M::facts::layout.at[i].offset};
            to.push(p);
        }
        ++block;
    }
};
template <class M>
struct gradient_mirror<bound_net<M>> {
    static constexpr net_gradient<M> of(const bound_net<M>& m, const int* ids, int& next) {
        net_gradient<M> r{};
        m.etta_each_var([&](const var& v) constexpr { r.g = v.g; });
        for (int i = 0; i < M::n_parameters; ++i) r.at[i] = ids[next++];
        return r;
    }
};

template <class Net, class In, class Batch>
struct tree<Model<Net, In, Batch>> {
    using M = Model<Net, In, Batch>;
    using mirror = bound_net<M>;
    using buffer = View<const typename M::element, extents<static_cast<std::size_t>(M::facts::layout.elements)>>;
    static constexpr bool has_states = M::n_states > 0;
    template <class T>
    using state_buffer = View<const T, extents<static_cast<std::size_t>(M::state_bytes) / sizeof(T)>>;
    using states = state_buffer<typename M::element>;
    using counts = state_buffer<std::int64_t>;
    using leaves = std::conditional_t<has_states, type_list<buffer, states, counts>, type_list<buffer>>;
    static constexpr void fill(mirror& m, builder& g, int& ordinal, dtype beside) {
        const int p = argument_of<buffer>::make(g, ordinal++, beside);
        int s = -1, c = -1;
        if constexpr (has_states) s = argument_of<states>::make(g, ordinal++, beside), c = argument_of<counts>::make(g, ordinal++, beside);
        m.bind(g, p, s, c);
    }
    template <class F>
    static void each(const M& m, F& f) {
        f(buffer(m.parameters.data()));
        if constexpr (has_states) {
            f(states(reinterpret_cast<const typename M::element*>(m.states.data())));
            f(counts(reinterpret_cast<const std::int64_t*>(m.states.data())));
        }
    }
};
template <class P, class M, int First>
struct result_tree<P, net_gradient<M>, First> {
    static constexpr int outputs = M::n_parameters;
    using storage = ParameterValues<M>;
    static storage make(const index*) { return {}; }
    static void bind(storage& s, char**& buffer) { *buffer++ = reinterpret_cast<char*>(s.data()); }
    static storage finish(storage&& s) { return static_cast<storage&&>(s); }
};

}  // namespace _
}  // namespace etta
