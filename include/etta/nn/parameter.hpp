// parameter.hpp: parameters of layers, their initialisers, and the walk over a model that names them and gives each its
// slot. A parameter's extents are found at its layer's first call, from the layer's input.
#pragma once

#include "../core/reflect.hpp"
#include "../op/matmul.hpp"
#include "init.hpp"

namespace etta {

// The extents of a parameter, given its layer's input: numbers, or one of these.
inline constexpr int last = -1;      // the input's last extent
inline constexpr int channels = -2;  // the input's second extent: C of N, C, …
template <int... D>
struct sized {
    static constexpr shape of(const var& x) {
        shape s;
        (s.push(D == last ? x.extents()[-1] : D == channels ? x.extents()[x.rank() > 1 ? 1 : 0] : extent(index{D})), ...);
        return s;
    }
};
using last_extent = sized<last>;
// The last K extents of x.
template <int K>
struct last_extents {
    static constexpr shape of(const var& x) {
        shape s;
        for (int i = K; i > 0; --i) s.push(x.rank() < i ? extent(1) : x.extents()[-i]);
        return s;
    }
};

// A parameter of a layer: `Param<sized<64, last>> weight;` and, in the layer's call operator, `weight(x)`.
template <class Extents = last_extent, class Init = init::zeros>
struct Param {
    _::builder* g = nullptr;
    int slot = -1;
    using etta_parameter = void;

    // The parameter as a traced value; its extents follow from x. fan_in < 0: the product of its extents after the first.
    constexpr var operator()(const var& x, double fan_in = -1) const { return declare(x, Extents::of(x), fan_in); }
    constexpr var declare(const var& x, const shape& s, double fan_in = -1) const {
        _::builder& b = *x.g;
        if (slot < 0) return x;  // in a model whose members are refused
        if (b.params[slot] >= 0) {
            if (!(b.extents_of(b.params[slot]) == s)) b.blame(_::mistake::layer_input, "parameter", b.extents_of(b.params[slot]), s);
            return {&b, b.params[slot]};
        }
        if (fan_in < 0) {
            fan_in = 1;
            for (int i = 1; i < s.rank; ++i) fan_in *= static_cast<double>(s.at[i].code);
        }
        b.params[slot] = b.input(_::storage::parameter, slot, b.model_type, s);
        b.starts[slot] = Init::of(s, fan_in);
        if (b.starts[slot].kind == initialiser::refused) b.blame(_::mistake::rank, "initialiser", shape(b.starts[slot].a == 2 ? 2 : 3), s);
        return {&b, b.params[slot]};
    }
};

namespace _ {

struct left_out {};  // where an option leaves a parameter out

// Is a Stream traced, of which x may be any part? Not within a TimeDistributed, whose steps are each a whole (no length).
constexpr bool in_stream(const builder& g) { return g.streaming && g.stream_length >= 0; }

// While it lives, mistakes are blamed on the layer of this parameter; the outer layer's again afterwards. A layer without parameters
// says `this` instead: then it is in tables of the model's layers.
struct in_layer {
    builder* g;
    int outer;
    bool scoped;
    constexpr in_layer(const var& x, int slot) : in_layer(x, slot, nullptr, nullptr) {}
    template <class Layer>
    constexpr in_layer(const var& x, const Layer* layer, int slot = -1) : in_layer(x, slot, layer, &printed_name<Layer>) {}
    constexpr ~in_layer() {
        if (g->layers != nullptr) g->layers->leave(*g->layers, *g);
        if (!scoped) return;
        if (g->watched) note(g->values.size - 1, 1);  // its last value: the result has been computed when this is destroyed
        g->scope = outer;
    }
    constexpr void note(int value, int leaves) const {
        const int entry[3] = {g->scope, value, leaves};
        g->watched_values.append(entry, 3);
    }
    in_layer(const in_layer&) = delete;

private:
    constexpr in_layer(const var& x, int slot, const void* layer, std::string_view (*type)()) : g(x.g), outer(x.g->scope), scoped(slot >= 0 || layer == nullptr) {
        if (g->layers != nullptr) g->layers->enter(*g->layers, *g, x.id, layer, type, slot);
        if (!scoped) return;
        g->scope = slot;
        if (g->watched) note(x.id, 0);
    }
};

// A member's path, small and fixed: constant expressions have no std::string everywhere.
struct path {
    char at[112] = {};
    int size = 0;
    constexpr path with(std::string_view name) const {
        path p = *this;
        if (p.size > 0 && p.size < 111) p.at[p.size++] = '.';
        for (const char c : name)
            if (p.size < 111) p.at[p.size++] = c;
        return p;
    }
    constexpr path with(std::size_t i) const {
        char digits[8] = {};
        int n = 0;
        do digits[n++] = static_cast<char>('0' + i % 10), i /= 10;
        while (i > 0);
        char forward[8] = {};
        for (int k = 0; k < n; ++k) forward[k] = digits[n - 1 - k];
        return with(std::string_view(forward, static_cast<std::size_t>(n)));
    }
    // A name made of parts: "weight_ih" "_l" 0 "_reverse".
    constexpr path with(std::string_view name, std::string_view middle, std::size_t i, std::string_view end) const {
        path digits = path{}.with(i), p = with(name);
        for (const std::string_view part : {middle, digits.view(), end})
            for (const char c : part)
                if (p.size < 111) p.at[p.size++] = c;
        return p;
    }
    constexpr std::string_view view() const { return {at, static_cast<std::size_t>(size)}; }
};

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

template <class T>
concept parameter = requires { typename T::etta_parameter; };
template <class T>
concept named_members = requires { typename T::etta_named; };  // a layer that names its parameters itself
template <class T>
concept stateful = requires { typename T::etta_state; };  // state.hpp

// A path that nobody reads: walks that only count or bind pay nothing for names.
struct no_path {
    constexpr no_path with(std::string_view) const { return {}; }
    constexpr no_path with(std::size_t) const { return {}; }
    constexpr no_path with(std::string_view, std::string_view, std::size_t, std::string_view) const { return {}; }
};

// What a model's members may not be, found before anything walks over them.
enum class fault { none, too_many, c_array, not_a_layer };
template <class T>
constexpr fault member_fault() {
    fault f = fault::none;
    if constexpr (parameter<T> || stateful<T> || named_members<T>) {
        return f;
    } else if constexpr (is_array<T>) {
        return member_fault<typename T::value_type>();
    } else if constexpr (requires { typename T::etta_sequence; }) {
        T t{};
        t.etta_layers([&](auto& layer, std::size_t) constexpr { if (f == fault::none) f = member_fault<std::remove_cvref_t<decltype(layer)>>(); });
        return f;
    } else if constexpr (std::is_array_v<T>) {
        return fault::c_array;
    } else if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T>) {
        return fault::not_a_layer;
    } else if constexpr (std::is_empty_v<T>) {
        return f;
    } else if constexpr (member_count<T>() > max_members) {
        return fault::too_many;
    } else if constexpr (!takes_braces<T, member_count<T>()>()) {
        return fault::c_array;
    } else {
        T t{};
        with_members(t, [&](auto&... m) constexpr { ((f = f == fault::none ? member_fault<std::remove_cvref_t<decltype(m)>>() : f), ...); });
        return f;
    }
}
template <class Net>
constexpr bool check_members() {
    constexpr fault f = member_fault<Net>();
    static_assert(f != fault::too_many, "etta: a struct of a model has more than 40 members: put some of them into a struct of their own");
    static_assert(f != fault::c_array, "etta: a member of a model is a C array: use std::array");
    static_assert(f != fault::not_a_layer, "etta: a member of a model is not a layer: members are layers, parameters, structs of layers and std::arrays of these");
    return f == fault::none;
}

// Visits every parameter of a model in the order of the members: f(parameter&, path). And every state, if f has a function
// for them: f.state(state&, path).
template <class M, class Path, class F>
constexpr void walk(M& m, const Path& at, F& f) {
    using T = std::remove_cv_t<M>;
    if constexpr (parameter<T>) {
        f(m, at);
    } else if constexpr (named_members<T>) {
        m.etta_members([&](auto& p, std::string_view name, std::string_view middle, int i, std::string_view end) constexpr { walk(p, at.with(name, middle, static_cast<std::size_t>(i), end), f); });
    } else if constexpr (stateful<T>) {
        if constexpr (requires { f.state(m, at); }) f.state(m, at);
    } else if constexpr (is_array<T>) {
        for (std::size_t i = 0; i < m.size(); ++i) walk(m[i], at.with(i), f);
    } else if constexpr (requires { typename T::etta_sequence; }) {
        m.etta_layers([&](auto& layer, std::size_t i) constexpr { walk(layer, at.with(i), f); });
    } else if constexpr (std::is_class_v<T> && !std::is_empty_v<T> && member_fault<T>() == fault::none) {  // check_members has said what is wrong
        walk_members(m, at, f, std::make_index_sequence<member_count<T>()>{});
    }
}
template <class M, class Path, class F, std::size_t... I>
constexpr void walk_members(M& m, const Path& at, F& f, std::index_sequence<I...>) {
    using T = std::remove_cv_t<M>;
    if constexpr (std::is_same_v<Path, path>) with_members(m, [&](auto&... member) constexpr { (walk(member, at.with(member_name<T, I>()), f), ...); });
    else with_members(m, [&](auto&... member) constexpr { (walk(member, at, f), ...); });
}

struct count_parameters {
    int n = 0;
    template <class P>
    constexpr void operator()(P&, no_path) { ++n; }
};
struct bind_parameters {
    builder* g;
    int n = 0, n_states = 0;
    int scopes = 0;  // the number of parameters: states are scopes behind them
    template <class P>
    constexpr void operator()(P& p, no_path) { p.g = g, p.slot = n++; }
    template <class S>
    constexpr void state(S& s, no_path) { s.g = g, s.scope = scopes + n_states, s.slot = n_states++; }
};
template <class Net>
constexpr int parameter_count() {
    Net net{};
    count_parameters f;
    walk(net, no_path{}, f);
    return f.n;
}
template <int N>
struct path_table {
    path at[N + 1];
};
template <int N>
struct collect_paths {
    path_table<N> table{};
    int n = 0;
    template <class P>
    constexpr void operator()(P&, const path& p) { table.at[n++] = p; }
};
template <class Net>
constexpr auto parameter_paths() {
    Net net{};
    collect_paths<parameter_count<Net>()> f;
    walk(net, path{}, f);
    return f.table;
}

}  // namespace _
}  // namespace etta
