// inputs.hpp: what a model is fed, and how its network is called with it: one traced value for each input, an argument of its own
// in a program of inference; in a training step, where a sample's inputs lie one behind the other, a part of the one argument.
#pragma once

#include <array>

#include "../op/view.hpp"

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

namespace _ {
// The floating type of several inputs; float where there is none.
template <class... T>
constexpr dtype floating_type() {
    dtype t = dtype::none;
    ((t = t == dtype::none && is_floating(dtype_of<T>) ? dtype_of<T> : t), ...);
    return t == dtype::none ? dtype::f32 : t;
}
}  // namespace _

// Several inputs: Inputs<Input<float, 1, 28, 28>, Input<std::int32_t, 5>>. The network's operator() has a parameter for each. Element
// types may differ (a Trainer wants one); the parameters have that of the floating ones.
template <class First, class... More>
struct Inputs {
    using element = typename First::element;
    using parameter_element = type_of<_::floating_type<element, typename More::element...>()>;
    static constexpr bool one_floating_type = (!std::is_floating_point_v<element> || std::is_same_v<element, parameter_element>) &&
                                              ((!std::is_floating_point_v<typename More::element> || std::is_same_v<typename More::element, parameter_element>) && ...);
    static_assert(one_floating_type, "etta: a model's floating inputs have one type, that of its parameters: all float or all double");
    static constexpr shape sample() { return First::sample(); }                           // of the first
    static constexpr index sample_size = (First::sample_size + ... + More::sample_size);  // of all
};

// The largest batch: memory is planned for it, any smaller one runs too.
template <int N>
struct max_batch {
    static constexpr int value = N;
};

namespace _ {

// Input number `ordinal` of a Graph: s with the batch in front.
constexpr var batched_input(builder& g, int ordinal, dtype t, const shape& s, extent batch) {
    shape b;
    b.push(batch);
    for (int i = 0; i < s.rank; ++i) b.push(s.at[i]);
    return {&g, g.input(storage::argument, ordinal, t, b)};
}

// Where the elements of each input lie.
template <class... T>
struct pointers_to {
    const void* at[sizeof...(T)];
    constexpr pointers_to(const T*... p) : at{p...} {}
};

// How a network is called: with one value,
template <class In>
struct model_inputs {
    using traced = var;
    using pointers = pointers_to<typename In::element>;
    static constexpr int count = 1;
    static constexpr bool one_type = true;
    static constexpr dtype types[1] = {dtype_of<typename In::element>};
    static constexpr index sizes[1] = {In::sample_size};
    static constexpr shape samples[1] = {In::sample()};

    static constexpr var make(builder& g, extent batch) { return batched_input(g, 0, dtype_of<typename In::element>, In::sample(), batch); }
    static constexpr var make_joined(builder& g, extent batch) { return make(g, batch); }
    template <class Net>
    static constexpr bool takes = requires(const Net& net, const var& x) { net(x); };
    // (The input itself where that cannot be: check.hpp has a message about it.)
    template <class Net>
    static constexpr auto call(const Net& net, const var& x) {
        if constexpr (takes<Net>) return net(x);
        else return x;
    }
};
// or with several.
template <class First, class... More>
struct model_inputs<Inputs<First, More...>> {
    static constexpr int count = 1 + sizeof...(More);
    using traced = std::array<var, count>;
    using pointers = pointers_to<typename First::element, typename More::element...>;
    static constexpr bool one_type = (std::is_same_v<typename First::element, typename More::element> && ...);
    static constexpr dtype types[count] = {dtype_of<typename First::element>, dtype_of<typename More::element>...};
    static constexpr index sizes[count] = {First::sample_size, More::sample_size...};
    static constexpr shape samples[count] = {First::sample(), More::sample()...};

    static constexpr traced make(builder& g, extent batch) {
        traced x{};
        for (int k = 0; k < count; ++k) x[static_cast<std::size_t>(k)] = batched_input(g, k, types[k], samples[k], batch);
        return x;
    }
    // Of one argument [n, sample_size].
    static constexpr traced make_joined(builder& g, extent batch) {
        const var all = batched_input(g, 0, types[0], shape((First::sample_size + ... + More::sample_size)), batch);
        traced x{};
        std::int64_t start_step[4] = {0, 1, 0, 1};
        for (int k = 0; k < count; ++k) {
            shape to(batch);
            for (int i = 0; i < samples[k].rank; ++i) to.push(samples[k].at[i]);
            x[static_cast<std::size_t>(k)] = {&g, reshape_to(g, Slice::add(g, all.id, start_step, shape(batch, sizes[k])), to)};
            start_step[2] += sizes[k];
        }
        return x;
    }
    template <class>
    using one_value = const var&;
    template <class Net>
    static constexpr bool takes = requires(const Net& net, one_value<First> x, one_value<More>... more) { net(x, more...); };
    template <class Net>
    static constexpr auto call(const Net& net, const traced& x) {
        if constexpr (takes<Net>) return call_with(net, x, std::make_index_sequence<count>{});
        else return x[0];
    }
    template <class Net, std::size_t... I>
    static constexpr auto call_with(const Net& net, const traced& x, std::index_sequence<I...>) { return net(x[I]...); }
};

}  // namespace _
}  // namespace etta
