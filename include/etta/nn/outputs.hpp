// outputs.hpp: models of several inputs or outputs: what a network's tuple or struct of traced values means, and how such a model is
// called and run. Results come back in the structure that the network gives them, as those of functions do (run/result_tree.hpp).
#pragma once

#include "../run/assign.hpp"
#include "../run/result_tree.hpp"
#include "ids.hpp"

namespace etta::_ {

template <int... N>
inline constexpr int sum_of_counts = ((N < 0) || ...) ? -1 : (N + ... + 0);
// How many traced values an M holds; below 0 where it holds anything else.
template <class M>
constexpr int values_in();
template <class M, std::size_t... I>
constexpr int values_in_elements(std::index_sequence<I...>) { return sum_of_counts<values_in<std::remove_cvref_t<decltype(get<I>(std::declval<M&>()))>>()...>; }
template <class... T>
constexpr int values_in_members(type_list<T...>) { return sum_of_counts<values_in<T>()...>; }
template <class M>
constexpr int values_in() {
    if constexpr (std::is_same_v<M, var>) return 1;
    else if constexpr (tuple_like<M>) return values_in_elements<M>(std::make_index_sequence<std::tuple_size<M>::value>{});
    else if constexpr (structure<M>) return values_in_members(member_types<M>{});
    else return -1;
}

// A recurrent layer's result is a struct of tensors, too; but who returns it as it is has forgotten which one is meant.
template <class Y>
    requires(!std::is_convertible_v<Y, var> && !requires { typename Y::etta_recurrent; } && values_in<Y>() > 0)
struct returned<Y> {
    static constexpr int count = values_in<Y>();
    static constexpr void add(builder& g, const Y& y) { collect(y, g.outputs); }
};

// The tensors that N samples' outputs become; Single: one sample, without the batch's axis.
template <class M, index N, bool Single>
struct model_outputs {};
template <class M, index N, bool Single, int I>
struct output_of<model_outputs<M, N, Single>, I> {
    static constexpr model_output output = M::facts::layout.outputs[I];
    template <std::size_t... K>
    static auto type(std::index_sequence<K...>) {
        using T = type_of<output.type>;
        if constexpr (Single) return std::type_identity<Tensor<T, static_cast<std::size_t>(output.extents.at[K + 1].code)...>>{};
        else return std::type_identity<Tensor<T, static_cast<std::size_t>(N), static_cast<std::size_t>(output.extents.at[K + 1].code)...>>{};
    }
    using tensor = typename decltype(type(std::make_index_sequence<static_cast<std::size_t>(output.extents.rank - 1)>{}))::type;
    static tensor make(const index*) { return {}; }
};

// In what structure they come.
template <class M>
using output_mirror = std::conditional_t<M::traced::one_output, var, typename M::traced::result>;

template <class M, std::size_t... K>
void check_inputs(const void* const* x, index n, std::index_sequence<K...>) {
    using inputs = model_inputs<typename M::input_type>;
    (check_ids<typename M::facts, static_cast<int>(K)>(static_cast<const type_of<inputs::types[K]>*>(x[K]), n, inputs::sizes[K], inputs::sizes[K]), ...);
}
// n samples; p: the inputs, then the outputs.
template <class M>
void run_pointers(M& m, const void* const* p, index n) {
    if (n < 0 || n > M::batch_bound) fail_with<>("a batch of %lld is larger than the model's max_batch<%d>", static_cast<long long>(n), M::batch_bound);
    if (n == 0) return;
    check_inputs<M>(p, n, std::make_index_sequence<M::n_inputs>{});
    m.reserve();
    char* buffers[first_argument_buffer + M::n_inputs + M::n_outputs] = {m.workspace.data(), reinterpret_cast<char*>(m.parameters.data()), m.states.data()};
    for (int k = 0; k < M::n_inputs + M::n_outputs; ++k) buffers[first_argument_buffer + k] = static_cast<char*>(const_cast<void*>(p[k]));
    run_calls<this_target>(M::program::run_table, buffers, &n);
}
// The same by pointers to the elements of each.
template <class M, class Sequence>
struct pointers_of;
template <class M, std::size_t... I>
struct pointers_of<M, std::index_sequence<I...>> {
    using inputs = model_inputs<typename M::input_type>;
    template <int K>
    static constexpr dtype type_at() {
        if constexpr (K < inputs::count) return inputs::types[K];
        else return M::facts::layout.outputs[K - inputs::count].type;
    }
    template <int K, class T = type_of<type_at<K>()>>
    using pointer = std::conditional_t<(K < inputs::count), const T*, T*>;

    static void run(M& m, pointer<static_cast<int>(I)>... p, index n) {
        const void* const all[] = {p...};
        run_pointers(m, all, n);
    }
};

// n samples whose inputs lie one behind the other; y: a pointer to each output.
template <class M>
void run_joined(M& m, const typename M::input_element* x, char* const* y, index n) {
    using inputs = model_inputs<typename M::input_type>;
    using T = typename M::input_element;
    constexpr index size = M::input_type::sample_size;
    heap_elements<T> parts(n * size);
    const void* p[M::n_inputs + M::n_outputs];
    T* to = parts.data();
    for (int k = 0, at = 0; k < M::n_inputs; at += static_cast<int>(inputs::sizes[k++])) {
        p[k] = to;
        for (index i = 0; i < n; ++i, to += inputs::sizes[k]) __builtin_memcpy(to, x + i * size + at, static_cast<std::size_t>(inputs::sizes[k]) * sizeof(T));
    }
    for (int k = 0; k < M::n_outputs; ++k) p[M::n_inputs + k] = y[k];
    run_pointers(m, p, n);
}

// How many samples an input's tensor has.
template <class M, int K, class X>
constexpr index samples_in() {
    using inputs = model_inputs<typename M::input_type>;
    static_assert(std::is_same_v<typename X::value_type, type_of<inputs::types[K]>>, "etta: the element type of the model's input is another");
    static_assert(X::extents_type::dynamic_rank == 0, "etta: run-time extents: use run(x, y, n)");
    constexpr index n = X::extents_type::static_size / inputs::sizes[K];
    static_assert(n * inputs::sizes[K] == X::extents_type::static_size && n >= 1, "etta: the tensor is not a whole number of the model's samples");
    return n;
}
template <class M, std::size_t... K, class... X>
auto call_with_tensors(M& m, std::index_sequence<K...>, const X&... x) {
    using inputs = model_inputs<typename M::input_type>;
    constexpr index counts[] = {samples_in<M, static_cast<int>(K), X>()...}, n = counts[0];
    static_assert(((counts[K] == n) && ...), "etta: the tensors have different numbers of the model's samples");
    static_assert(n <= M::batch_bound, "etta: more samples than the model's max_batch");
    using R = result_tree<model_outputs<M, n, n == 1 && ((X::rank == inputs::samples[K].rank) && ...)>, output_mirror<M>, 0>;
    typename R::storage out = R::make(nullptr);
    char* y[M::n_outputs];
    char** next = y;
    R::bind(out, next);
    const void* p[M::n_inputs + M::n_outputs] = {x.data()...};
    for (int k = 0; k < M::n_outputs; ++k) p[M::n_inputs + k] = y[k];
    run_pointers(m, p, n);
    if constexpr (M::traced::one_output) return out;
    else return R::finish(static_cast<typename R::storage&&>(out));
}
template <class M, class... X>
auto call_model(M& m, const X&... x) {
    static_assert(sizeof...(X) == M::n_inputs, "etta: the model has another number of inputs");
    if constexpr (sizeof...(X) == M::n_inputs) return call_with_tensors(m, std::index_sequence_for<X...>{}, x...);
}

}  // namespace etta::_
