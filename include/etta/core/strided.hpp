// strided.hpp: the same elements in another order, or the same ones again and again, as views that can be named, written to
// and handed on; as operands of an expression transpose, permute and broadcast_to do the same.
#pragma once

#include "interop.hpp"

namespace etta {
namespace _ {

template <class X>
constexpr auto lasting_view(X&& x) {
    if constexpr (requires { x.view(); }) {
        static_assert(std::is_lvalue_reference_v<X>, "etta: a temporary tensor is gone before its view is used: name it first");
        return x.view();
    } else {
        return x;
    }
}
// Are these the numbers from 0 to rank - 1, each once?
template <int... Axes>
constexpr bool orders(int rank) {
    unsigned seen = 0;
    ((seen |= 1u << ((Axes < 0 ? Axes + rank : Axes) & 31)), ...);
    return sizeof...(Axes) == static_cast<std::size_t>(rank) && seen + 1 == 1u << rank;
}
template <int... Axes, class V>
constexpr auto permuted(const V& v) {
    constexpr int order[] = {(Axes < 0 ? Axes + V::rank : Axes)..., 0};
    index extent[V::rank + 1] = {}, stride[V::rank + 1] = {};
    for (int i = 0; i < V::rank; ++i) extent[i] = v.extent(order[i]), stride[i] = v.stride(order[i]);
    return view_of<typename V::element_type, extents<V::extents_type::value[Axes < 0 ? Axes + V::rank : Axes]...>, strided>(v.data(), extent, stride);
}
template <class V, int... I>
constexpr auto transposed(const V& v, std::integer_sequence<int, I...>) {
    return permuted<(I + 2 < V::rank ? I : I + 2 == V::rank ? V::rank - 1 : V::rank - 2)...>(v);
}

// The extent of result axis i when x's axes are aligned to the right of Extents; dyn takes what x has.
template <class From, class To>
struct broadcast_extents {
    static constexpr int shift = To::rank - From::rank;
    static constexpr std::size_t from(int i) { return i < shift ? 1 : From::value[i - shift]; }
    static constexpr std::size_t at(int i) { return To::value[i] != dyn ? To::value[i] : i < shift ? 0 : from(i); }
    static constexpr bool fits() {
        for (int i = 0; i < To::rank; ++i)
            if ((To::value[i] == dyn && i < shift) || (from(i) != dyn && from(i) != 1 && from(i) != at(i))) return false;
        return shift >= 0;
    }
    template <std::size_t... I>
    static constexpr extents<at(static_cast<int>(I))...> joint(std::index_sequence<I...>) { return {}; }
    using type = decltype(joint(std::make_index_sequence<static_cast<std::size_t>(To::rank)>{}));
};

}  // namespace _

// Axis i of the result is axis Axes[i] of x: permute_view<2, 0, 1>(x) = y writes into x.
template <int... Axes, class X>
    requires _::is_tensor_like<std::remove_cvref_t<X>>::value
constexpr auto permute_view(X&& x) {
    const auto v = _::lasting_view(static_cast<X&&>(x));
    static_assert(_::orders<Axes...>(decltype(v)::rank), "etta: permute_view names every axis once");
    return _::permuted<Axes...>(v);
}
// The last two axes swapped.
template <class X>
    requires _::is_tensor_like<std::remove_cvref_t<X>>::value
constexpr auto transpose_view(X&& x) {
    const auto v = _::lasting_view(static_cast<X&&>(x));
    static_assert(decltype(v)::rank >= 2, "etta: transpose_view: two axes are swapped, there are fewer");
    return _::transposed(v, std::make_integer_sequence<int, decltype(v)::rank>{});
}
// x repeated along axes of extent 1 and along new ones in front, with strides of 0: broadcast_view<4, 3>(row). To be read only:
// several of its elements are one. An extent dyn is x's.
template <std::size_t... E, class X>
    requires _::is_tensor_like<std::remove_cvref_t<X>>::value
constexpr auto broadcast_view(X&& x) {
    const auto v = _::lasting_view(static_cast<X&&>(x));
    using V = std::remove_const_t<decltype(v)>;
    using to = _::broadcast_extents<typename V::extents_type, extents<E...>>;
    static_assert(to::fits(), "etta: broadcast_view: x does not broadcast to these extents");
    constexpr std::size_t rank = sizeof...(E);
    index extent[rank + 1] = {}, stride[rank + 1] = {};
    if constexpr (to::fits()) {
        for (int i = 0; i < static_cast<int>(rank); ++i) {
            const int k = i - to::shift;
            extent[i] = to::at(i) == dyn ? v.extent(k) : static_cast<index>(to::at(i));
            if (k < 0 || to::from(i) == 1) continue;
            if (v.extent(k) != extent[i]) fail_with<>("broadcast_view: an axis has %lld elements where %lld are asked for", static_cast<long long>(v.extent(k)), static_cast<long long>(extent[i]));
            stride[i] = v.stride(k);
        }
        return _::view_of<const typename V::element_type, typename to::type, strided>(v.data(), extent, stride);
    }
}

// Memory of others with its own strides, in elements, of any sign: view(pointer, extents<3, 4>{}, {1, 3}) has its columns one
// behind the other. Extents that are dyn follow, one number each.
template <class T, std::size_t... E, class... N>
    requires(sizeof...(E) > 0)
constexpr auto view(T* pointer, extents<E...>, const index (&strides)[sizeof...(E)], N... n) {
    static_assert(sizeof...(N) == static_cast<std::size_t>(extents<E...>::dynamic_rank), "etta: view: one number for each dyn");
    View<T, extents<E...>, strided> v(pointer, n...);
    for (std::size_t i = 0; i < sizeof...(E); ++i) v.stride_of[i] = strides[i];
    return v;
}

}  // namespace etta
