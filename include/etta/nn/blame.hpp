// blame.hpp: the layer that a mistake stands in where no parameter says so: found by a second trace, which only a mistake asks for, so
// that models without one pay for no names of layers without parameters.
#pragma once

#include "traced.hpp"

namespace etta::_ {

// Notes which layers are being called when the first mistake is made.
struct mistake_watch : layer_watch {
    struct call {
        const void* layer;
        std::string_view (*type)();
    };
    vec<call> open;
    bool made = false;

    constexpr mistake_watch() : layer_watch{&begin_call, &end_call} {}
    static constexpr void begin_call(layer_watch& watch, const builder& g, int, const void* layer, std::string_view (*type)(), int) {
        mistake_watch& w = static_cast<mistake_watch&>(watch);
        if (!w.knows(g)) w.open.push({layer, type});
    }
    static constexpr void end_call(layer_watch& watch, const builder& g) {
        mistake_watch& w = static_cast<mistake_watch&>(watch);
        if (!w.knows(g)) --w.open.size;
    }
    constexpr bool knows(const builder& g) { return made = made || g.error.what != mistake::none; }
};

// Where in a network a layer at this address and of this type stands. (It begins where its first member does: types tell them apart.)
struct find_layer {
    const void* at;
    std::string_view type;
    path found{};

    template <class M>
    constexpr void look(const M& m, const path& p) {
        using T = std::remove_cv_t<M>;
        if constexpr (is_array<T>) {
            for (std::size_t i = 0; i < m.size(); ++i) look(m[i], p.with(i));
        } else if constexpr (std::is_class_v<T> && !parameter<T> && !stateful<T>) {
            if (&m == at && printed_name<T>() == type) found = p;
            T& inside = const_cast<T&>(m);  // walks take what they could change
            if constexpr (requires { typename T::etta_sequence; }) inside.etta_layers([&](auto& layer, std::size_t i) constexpr { look(layer, p.with(i)); });
            else if constexpr (!named_members<T> && !std::is_empty_v<T>) look_in(inside, p, std::make_index_sequence<member_count<T>()>{});
        }
    }
    template <class T, std::size_t... I>
    constexpr void look_in(T& m, const path& p, std::index_sequence<I...>) {
        with_members(m, [&](auto&... member) constexpr { (look(member, p.with(member_name<T, I>())), ...); });
    }
};

// The innermost that is a member of the network; an empty path if there is none.
template <class Net, class In, int Batch>
constexpr path blamed_layer() {
    using M = traced_model<Net, In, Batch>;
    for (int training = 1; training >= 0; --training) {
        builder g;
        Net net{};
        mistake_watch watch;
        g.layers = &watch;
        const auto x = M::prepare(g, net, training == 1);
        M::call(g, net, x);
        for (int i = watch.open.size - 1; i >= 0; --i) {
            const mistake_watch::call& c = watch.open.data[i];
            if (c.layer == nullptr) continue;
            find_layer f{c.layer, c.type()};
            f.look(net, path{});
            if (f.found.size > 0) return f.found;
        }
        if (watch.knows(g)) return {};
    }
    return {};
}

}  // namespace etta::_
