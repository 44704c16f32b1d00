// model.hpp: a network with its parameters: traced, planned and compiled for its inputs, with every buffer's size a
// constant. The Model owns parameters, state and one inference workspace; training state belongs to a Trainer (train/).
#pragma once

#include "../run/assign.hpp"
#include "check.hpp"
#include "fill.hpp"
#include "outputs.hpp"
#include "pattern.hpp"

namespace etta {

// A parameter as it lies in the model's buffer.
template <class T>
struct named_view {
    std::string_view name;
    T* data;
    const shape* extents;
    index size;
};

// A state as it lies in the model's buffer: elements of the model's type, or std::int64_t.
struct named_state {
    std::string_view name;
    dtype type;
    void* data;
    const shape* extents;
    index size;
};

namespace _ {

// A parameter's name as a template argument: model.parameter<"fc1.weight">().
template <std::size_t N>
struct name_literal {
    char at[N] = {};
    consteval name_literal(const char (&s)[N]) {
        for (std::size_t i = 0; i < N; ++i) at[i] = s[i];
    }
    constexpr std::string_view view() const { return {at, N - 1}; }
};
template <class Name>
inline constexpr bool parameter_exists = false;
template <class Name>
inline constexpr bool state_exists = false;
template <auto Name, std::size_t... I>
constexpr auto spell_name(std::index_sequence<I...>) -> name_<Name.at[I]...>;

template <class Facts>
constexpr int parameter_number(std::string_view name) {
    for (int i = 0; i < Facts::n_parameters; ++i)
        if (Facts::paths.at[i].view() == name) return i;
    return -1;
}
template <class Facts>
constexpr int state_number(std::string_view name) {
    for (int i = 0; i < Facts::n_states; ++i)
        if (Facts::state_paths.at[i].view() == name) return i;
    return -1;
}
template <class Facts, int I, std::size_t... K>
auto state_view(char* states, std::index_sequence<K...>) {
    using T = type_of<Facts::states.type[I]>;
    return View<T, extents<static_cast<std::size_t>(Facts::states.extents[I].at[K].code)...>>(reinterpret_cast<T*>(states + Facts::states.at[I].offset));
}
template <class Facts, class T>
constexpr named_view<T> parameter_of(T* parameters, int i) {
    return {Facts::paths.at[i].view(), parameters + Facts::starts.at[i].first, &Facts::layout.extents[i], Facts::layout.count[i]};
}
template <class Facts, int I, class T, std::size_t... K>
auto parameter_view(T* parameters, std::index_sequence<K...>) {
    return View<T, extents<static_cast<std::size_t>(Facts::layout.extents[I].at[K].code)...>>(parameters + Facts::starts.at[I].first);
}
template <class Facts, name_literal Name, class T>
auto parameter_view(T* parameters) {
    constexpr int i = parameter_number<Facts>(Name.view());
    if constexpr (i < 0) static_assert(parameter_exists<decltype(spell_name<Name>(std::make_index_sequence<sizeof(Name.at) - 1>{}))>, "etta: the model has no parameter of this name");
    else return parameter_view<Facts, i>(parameters, std::make_index_sequence<static_cast<std::size_t>(Facts::layout.extents[i].rank)>{});
}

}  // namespace _

// A network and its parameters. The buffers' sizes are constants: parameter_bytes, workspace_bytes.
template <class Net, class In, class Batch = max_batch<64>>
struct Model {
    using net_type = Net;
    using input_type = In;
    using element = typename In::parameter_element;
    using input_element = typename In::element;
    using input_pointers = typename _::model_inputs<In>::pointers;  // one to the elements of each input
    static constexpr int batch_bound = Batch::value;
    using facts = _::model_facts<Net, In, Batch::value>;
    using traced = _::traced_model<Net, In, Batch::value>;
    using source = _::sound<_::check_model<Net, In, Batch::value, _::inference_source<Net, In, Batch::value>>(), _::inference_source<Net, In, Batch::value>>;
    using program = _::program<source, this_target>;
    static constexpr int n_parameters = facts::n_parameters;
    static constexpr index parameter_bytes = facts::layout.elements * static_cast<index>(sizeof(element));
    static constexpr index parameter_count = [] {
        index n = 0;
        for (int i = 0; i < n_parameters; ++i) n += facts::layout.count[i];
        return n;
    }();
    static constexpr int n_inputs = _::model_inputs<In>::count, n_outputs = _::output_count<traced>();
    static constexpr shape output_shape = facts::layout.outputs[0].extents;  // of the first output, as output_size
    static constexpr index output_size = [] {  // per sample
        index n = 1;
        for (int i = 1; i < output_shape.rank; ++i) n *= static_cast<index>(output_shape.at[i].code);
        return n;
    }();

    static constexpr unsigned start_kinds = [] {
        unsigned kinds = 0;
        for (int i = 0; i < n_parameters; ++i) kinds |= 1u << facts::starts.values[facts::starts.at[i].start].kind;
        return kinds;
    }();
    static constexpr int n_states = facts::n_states;  // running means and the like
    static constexpr index state_bytes = facts::states.bytes;

    explicit Model(seed s = seed(0)) : parameters(facts::layout.elements) {
        if constexpr (n_states > 0) states = _::heap_elements<char>(state_bytes);
        initialise(s);
    }

    void initialise(seed s) {
        for (int i = 0; i < n_parameters; ++i) {
            const _::starting_parameter& p = facts::starts.at[i];
            const initialiser& v = facts::starts.values[p.start];
            if (v.kind == initialiser::lengths) {
                const _::starting_parameter& rows = facts::starts.at[static_cast<int>(v.a)];
                _::row_lengths(parameters.data() + rows.first, rows.rows, rows.count, parameters.data() + p.first);
            } else {
                _::fill_parameter<start_kinds>(parameters.data() + p.first, v, p.rows, p.count, s, i);
            }
        }
        if constexpr (n_states > 0) _::fill_states<facts>(states.data());
        if constexpr (_::states_of_parameters<facts>) _::fill_states_from<facts>(parameters.data(), states.data(), s);
    }

    // The parameters whose names fit the pattern ('*': any characters, '?': one) start as the initialiser says:
    // model.initialise("conv*.weight", init::orthogonal{}, seed(1)). Returns how many; an error if there are none, or if one has
    // extents that the initialiser does not take. Their numbers are those of a model whose layers have this initialiser.
    template <class Init>
    int initialise(std::string_view pattern, Init, seed s) {
        int n = 0;
        for (int pass = 0; pass < 2; ++pass)  // first all are looked at, then all are changed
            for (int i = n = 0; i < n_parameters; ++i) {
                if (!_::pattern_matches(pattern, facts::paths.at[i].view())) continue;
                const shape& e = facts::layout.extents[i];
                const _::starting_parameter& p = facts::starts.at[i];
                const initialiser v = Init::of(e, p.rows > 0 ? static_cast<double>(p.count / p.rows) : 0);
                if (v.kind == initialiser::refused) fail<>("initialise: '" + std::string(facts::paths.at[i].view()) + "' has rank " + std::to_string(e.rank) + ", which this initialiser does not take");
                if (pass == 1) _::fill_parameter<~0u>(parameters.data() + p.first, v, p.rows, p.count, s, i);
                ++n;
            }
        if (n == 0) fail<>("initialise: no parameter of the model fits '" + std::string(pattern) + "'");
        if constexpr (_::states_of_parameters<facts>) _::fill_states_from<facts>(parameters.data(), states.data(), s);
        return n;
    }

    // Parameter i: its name, elements and extents.
    named_view<element> parameter(int i) {
        if (i < 0 || i >= n_parameters) fail_with<>("the model has %d parameters, none of which is number %d (they count from 0)", n_parameters, i);
        return _::parameter_of<facts>(parameters.data(), i);
    }
    // By name: an error that lists the names if there is none.
    named_view<element> parameter(std::string_view name) {
        const int i = _::parameter_number<facts>(name);
        if (i < 0) {
            std::string there;
            for (int k = 0; k < n_parameters; ++k) there += (k > 0 ? ", " : "") + std::string(facts::paths.at[k].view());
            fail<>("the model has no parameter '" + std::string(name) + "'; it has " + there);
        }
        return parameter(i);
    }
    // model.parameter<"fc1.weight">(): a View with the parameter's extents; an unknown name does not compile.
    template <_::name_literal Name>
    auto parameter() { return _::parameter_view<facts, Name>(parameters.data()); }

    // State i, or by its name, as for parameters.
    named_state state(int i) {
        if (i < 0 || i >= n_states) fail_with<>("the model has %d states, none of which is number %d (they count from 0)", n_states, i);
        return {facts::state_paths.at[i].view(), facts::states.type[i], states.data() + facts::states.at[i].offset, &facts::states.extents[i], facts::states.count[i]};
    }
    template <_::name_literal Name>
    auto state() {
        constexpr int i = _::state_number<facts>(Name.view());
        if constexpr (i < 0) static_assert(_::state_exists<decltype(_::spell_name<Name>(std::make_index_sequence<sizeof(Name.at) - 1>{}))>, "etta: the model has no state of this name");
        else return _::state_view<facts, i>(states.data(), std::make_index_sequence<static_cast<std::size_t>(facts::states.extents[i].rank)>{});
    }

    // Bytes an inference needs beside the parameters: a constant too (not a data member, so that a program that only
    // trains does not compile the inference program).
    static constexpr index workspace_bytes() { return program::workspace_bytes; }
    // Allocates the workspace now rather than at the first inference.
    void reserve() {
        if (workspace.data() == nullptr) workspace = _::heap_elements<char>(workspace_bytes());
    }

    // One sample (its extents, or as many elements) or a static batch of them -> a tensor of predictions; of several inputs or
    // outputs, a tensor for each, in the structure that the network returns: auto [mean, spread] = model(image, age).
    template <class X, class... More>
        requires(_::is_tensor_like<X>::value && (_::is_tensor_like<More>::value && ...))
    auto operator()(const X& x, const More&... more) {
        return _::call_model(*this, x, more...);
    }
    template <class X>
        requires(_::is_tensor_like<X>::value && traced::one_output && n_inputs == 1)
    auto operator()(const X& x) {
        static_assert(std::is_same_v<typename X::value_type, input_element>, "etta: the element type of the model's input is another");
        static_assert(X::extents_type::dynamic_rank == 0, "etta: run-time extents: use run(x, y, n)");
        constexpr index n = X::extents_type::static_size / In::sample_size;
        static_assert(n * In::sample_size == X::extents_type::static_size && n >= 1, "etta: the tensor is not a whole number of the model's samples");
        static_assert(n <= batch_bound, "etta: more samples than the model's max_batch");
        return predict<n, X::rank == In::sample().rank>(x, std::make_index_sequence<static_cast<std::size_t>(output_shape.rank - 1)>{});
    }

    // n samples at x -> n predictions at y. n <= the batch bound; no allocation.
    void run(const input_element* x, element* y, index n) {
        static_assert(n_inputs == 1 && n_outputs == 1, "etta: a model of several inputs or outputs takes a pointer for each, then the number of samples: run(x1, x2, y1, y2, n)");
        if (n < 0 || n > batch_bound) fail_with<>("a batch of %lld is larger than the model's max_batch<%d>", static_cast<long long>(n), batch_bound);
        if (n == 0) return;
        _::check_all_ids<facts, In>(x, n);
        reserve();
        char* const buffers[] = {workspace.data(), reinterpret_cast<char*>(parameters.data()), states.data(),
                                 const_cast<char*>(reinterpret_cast<const char*>(x)), reinterpret_cast<char*>(y)};
        _::run_calls<this_target>(program::run_table, buffers, &n);
    }
    // Of several: n samples of each input, one pointer after the other, then one to each output: run(x1, x2, y1, y2, n).
    template <class... P>
        requires(sizeof...(P) > 3)
    void run(P... p) {
        using pointers = _::pointers_of<Model, std::make_index_sequence<n_inputs + n_outputs>>;
        if constexpr (requires { pointers::run(*this, p...); }) pointers::run(*this, p...);
        else static_assert(_::always_false<pointers>, "etta: run() takes a pointer to the elements of each input, then of each output, then the number of samples");
    }

    _::heap_elements<element> parameters;
    _::heap_elements<char> states;
    _::heap_elements<char> workspace;

private:
    template <index N, bool Single, class X, std::size_t... I>
    auto predict(const X& x, std::index_sequence<I...>) {
        using One = Tensor<element, static_cast<std::size_t>(output_shape.at[I + 1].code)...>;
        using Many = Tensor<element, static_cast<std::size_t>(N), static_cast<std::size_t>(output_shape.at[I + 1].code)...>;
        std::conditional_t<Single && N == 1, One, Many> y;
        run(x.data(), y.data(), N);
        return y;
    }
};

}  // namespace etta
