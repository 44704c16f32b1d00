// interop.hpp: views of what other libraries own, none of whose headers is included here: Eigen's matrices, maps and
// blocks, mdspans (std's, Kokkos'), standard containers. Known by what they offer; sizes that are constants there are
// constants here. Nothing is copied, so what is viewed must outlive the view.
#pragma once

#include "tensor.hpp"

namespace etta {
namespace _ {

template <bool Contiguous>
using layout_if = std::conditional_t<Contiguous, row_major, strided>;

// A view with all it may need: extents where they are dyn, strides where they are stored.
template <class T, class Extents, class Layout>
constexpr View<T, Extents, Layout> view_of(T* data, const index* extent, const index* stride) {
    View<T, Extents, Layout> v;
    v.pointer = data;
    int d = 0;
    for (int i = 0; i < Extents::rank; ++i) {
        if constexpr (Extents::dynamic_rank > 0) {
            if (Extents::value[i] == dyn) v.dynamic[d++] = extent[i];
        }
        if constexpr (std::is_same_v<Layout, strided>) v.stride_of[i] = stride[i];
    }
    (void)d, (void)extent, (void)stride;
    return v;
}

// --- Eigen ---------------------------------------------------------------------------------------------------------
// Direct access to memory: Matrix, Array, Map, Ref, and blocks of these. Expressions have no data().
template <class X>
concept eigen_object = requires(X& x) {
    X::RowsAtCompileTime, X::ColsAtCompileTime, X::InnerStrideAtCompileTime, X::OuterStrideAtCompileTime, X::IsRowMajor;
    typename X::PlainObject;
    x.data(), x.rows(), x.cols(), x.innerStride(), x.outerStride();
};
constexpr std::size_t eigen_extent(long n) { return n < 0 ? dyn : static_cast<std::size_t>(n); }  // Eigen::Dynamic is -1

template <class X>
struct eigen_facts {
    static constexpr long rows = X::RowsAtCompileTime, columns = X::ColsAtCompileTime;
    static constexpr bool owner = std::is_same_v<X, typename X::PlainObject>, row_by_row = bool(X::IsRowMajor);
    static constexpr bool vector = rows == 1 || columns == 1;
    // A row-major matrix is contiguous where its rows touch: an owner's do.
    static constexpr bool contiguous = long(X::InnerStrideAtCompileTime) == 1 &&
        (vector || (row_by_row && (owner || (columns >= 0 && long(X::OuterStrideAtCompileTime) == columns))));
    template <std::size_t... E>
    static constexpr extents<E...> shaped() { return {}; }
    static constexpr auto shape() {
        if constexpr (vector) return shaped<eigen_extent(rows == 1 ? columns : rows)>();
        else return shaped<eigen_extent(rows), eigen_extent(columns)>();
    }
};

// --- mdspan --------------------------------------------------------------------------------------------------------
template <class X>
concept mdspan_object = !is_tensor_like<X>::value && requires(const X& x) {
    typename X::extents_type;
    typename X::mapping_type;
    X::extents_type::static_extent(0);
    x.data_handle(), x.extent(0), x.mapping();
};
template <class X, std::size_t... I>
constexpr auto mdspan_extents(std::index_sequence<I...>) -> extents<static_cast<std::size_t>(X::extents_type::static_extent(I))...>;
// Is the layout row-major, whatever it is called? Tried on small extents, if only extents determine it.
template <class X, std::size_t... I>
constexpr bool mdspan_is_row_major(std::index_sequence<I...>) {
    using E = typename X::extents_type;
    using M = typename X::mapping_type;
    if constexpr (sizeof...(I) == 0) return true;
    else if constexpr (M::is_always_exhaustive() && M::is_always_strided() && std::is_constructible_v<M, E>) {
        constexpr auto size = [](std::size_t i) { return E::static_extent(i) == dyn ? 2 + i : E::static_extent(i); };
        const M m(E(static_cast<typename E::index_type>(size(I))...));
        const std::size_t extent[] = {size(I)...}, stride[] = {static_cast<std::size_t>(m.stride(I))...};
        std::size_t expected = 1;
        for (std::size_t i = sizeof...(I); i-- > 0; expected *= extent[i])
            if (stride[i] != expected) return false;
        return true;
    } else {
        return false;
    }
}
template <class X, std::size_t... I>
constexpr auto mdspan_view(const X& x, std::index_sequence<I...> axes) {
    static_assert(std::is_pointer_v<std::remove_cvref_t<decltype(x.data_handle())>>, "etta: view: an mdspan whose elements are reached by a plain pointer");
    static_assert(X::mapping_type::is_always_strided(), "etta: view: an mdspan whose layout has strides");
    constexpr bool contiguous = mdspan_is_row_major<X>(axes);
    const index extent[] = {static_cast<index>(x.extent(I))..., 0};
    index stride[sizeof...(I) + 1] = {};
    if constexpr (!contiguous) ((stride[I] = static_cast<index>(x.mapping().stride(I))), ...);
    using T = std::remove_pointer_t<std::remove_cvref_t<decltype(x.data_handle())>>;
    return view_of<T, decltype(mdspan_extents<X>(axes)), layout_if<contiguous>>(x.data_handle(), extent, stride);
}

// --- containers ----------------------------------------------------------------------------------------------------
template <class X>
concept element_container = !is_tensor_like<X>::value && !eigen_object<X> && !mdspan_object<X> && requires(X& x) {
    requires element<std::remove_const_t<std::remove_pointer_t<decltype(x.data())>>>;
    x.size();
};
template <class X>
inline constexpr std::size_t container_extent = dyn;
template <class X>
    requires requires { std::tuple_size<X>::value; }  // std::array
inline constexpr std::size_t container_extent<X> = std::tuple_size<X>::value;
template <class T, std::size_t N>
inline constexpr std::size_t container_extent<std::span<T, N>> = N;
template <class X>
inline constexpr bool points_at_others = false;
template <class T, std::size_t N>
inline constexpr bool points_at_others<std::span<T, N>> = true;

}  // namespace _

// An Eigen matrix, array, map or block: axes (row, column), or one axis for what is a vector by its type. Eigen's default
// order is by columns: such a view has strides. To write a result into Eigen's memory, assign to the view.
template <class X>
    requires _::eigen_object<std::remove_cvref_t<X>>
constexpr auto view(X&& x) {
    using F = _::eigen_facts<std::remove_cvref_t<X>>;
    static_assert(std::is_lvalue_reference_v<X> || !F::owner, "etta: view: a temporary matrix is gone before its view is used: name it first");
    using T = std::remove_pointer_t<decltype(x.data())>;
    const index inner = static_cast<index>(x.innerStride()), outer = static_cast<index>(x.outerStride());
    const index extent[] = {static_cast<index>(F::vector ? x.size() : x.rows()), static_cast<index>(x.cols())};
    const index stride[] = {F::vector || !F::row_by_row ? inner : outer, F::row_by_row ? inner : outer};
    return _::view_of<T, decltype(F::shape()), _::layout_if<F::contiguous>>(x.data(), extent, stride);
}

// An mdspan of any layout that has strides; layout_right (its default) gives a row-major view.
template <_::mdspan_object X>
constexpr auto view(const X& x) { return _::mdspan_view(x, std::make_index_sequence<X::extents_type::rank()>{}); }

// A std::vector, std::array, std::span, or what else has data() and size(): one axis, static for arrays and static spans.
template <class X>
    requires _::element_container<std::remove_cvref_t<X>>
constexpr auto view(X&& x) {
    using C = std::remove_cvref_t<X>;
    static_assert(std::is_lvalue_reference_v<X> || _::points_at_others<C>, "etta: view: a temporary container is gone before its view is used: name it first");
    using T = std::remove_pointer_t<decltype(x.data())>;
    const index n[] = {static_cast<index>(x.size())};
    return _::view_of<T, extents<_::container_extent<C>>, row_major>(x.data(), n, nullptr);
}

}  // namespace etta
