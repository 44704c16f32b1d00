// create.hpp: tensors from nothing: zeros, ones, full, arange, linspace, eye, from_function, uniform, normal; and allclose.
// Extents are template arguments; sizes above 4 KiB, and those with a dyn extent, lie on the heap.
#pragma once

#include "random.hpp"
#include "tensor.hpp"

namespace etta {

namespace _ {
template <std::size_t... E>
inline constexpr std::size_t n_dyn = static_cast<std::size_t>(extents<E...>::dynamic_rank);

template <std::size_t I, class First, class... Rest>
constexpr const auto& nth_argument(const First& first, const Rest&... rest) {
    if constexpr (I == 0) return first;
    else return nth_argument<I - 1>(rest...);
}
// The first arguments are the run-time extents.
template <class Out, std::size_t... D, class... A>
Out with_extents_of(std::index_sequence<D...>, const A&... a) { return Out(static_cast<index>(nth_argument<D>(a...))...); }
template <class Out, class... A>
Out with_extents(const A&... a) {
    return with_extents_of<Out>(std::make_index_sequence<static_cast<std::size_t>(Out::extents_type::dynamic_rank)>{}, a...);
}

template <class Out, class T>
Out filled_with(Out&& t, T value) {
    for (T& x : t) x = value;
    return static_cast<Out&&>(t);
}
template <class Out, class T>
Out counted_from(Out&& t, T start, T step) {
    for (index i = 0; i < t.size(); ++i) t[i] = static_cast<T>(start + static_cast<T>(i) * step);
    return static_cast<Out&&>(t);
}
template <class Out, class T>
Out spaced_from(Out&& t, T first, T last) {
    const index n = t.size();
    for (index i = 0; i < n; ++i)
        t[i] = n == 1 ? first : i + 1 == n ? last : first + (last - first) * (static_cast<T>(i) / static_cast<T>(n - 1));
    return static_cast<Out&&>(t);
}
template <class Out>
Out with_diagonal(Out&& t) {
    const index n = t.extent(0), m = t.extent(1);
    for (index i = 0; i < n && i < m; ++i) t(i, i) = typename Out::value_type(1);
    return static_cast<Out&&>(t);
}
template <class T, class F, std::size_t... I>
T call_at(const F& f, const index* at, std::index_sequence<I...>) { return static_cast<T>(f(at[I]...)); }
template <class Out, class F>
Out computed_by(Out&& t, const F& f) {
    constexpr int rank = Out::rank;
    index at[rank + 1] = {};
    for (index k = 0; k < t.size(); ++k) {
        t[k] = call_at<typename Out::value_type>(f, at, std::make_index_sequence<static_cast<std::size_t>(rank)>{});
        for (int d = rank - 1; d >= 0 && ++at[d] == t.extent(d); --d) at[d] = 0;
    }
    return static_cast<Out&&>(t);
}
template <bool Normal, class Out>
Out random_elements(Out&& t, seed s, std::uint64_t stream) {
    using T = typename Out::value_type;
    for (index i = 0; i < t.size(); ++i) {
        if constexpr (Normal) t[i] = normal_at<T>(s, stream, static_cast<std::uint64_t>(i));
        else t[i] = uniform_at<T>(s, stream, static_cast<std::uint64_t>(i));
    }
    return static_cast<Out&&>(t);
}
// What stands behind the extents: (seed) or (seed, stream).
template <bool Normal, class Out, class... A>
Out random_behind(const A&... a) {
    constexpr std::size_t n = static_cast<std::size_t>(Out::extents_type::dynamic_rank);
    std::uint64_t stream = 0;
    if constexpr (sizeof...(A) > n + 1) stream = static_cast<std::uint64_t>(nth_argument<n + 1>(a...));
    return random_elements<Normal>(with_extents<Out>(a...), nth_argument<n>(a...), stream);
}
}  // namespace _

// Run-time extents come first, one number per dyn: zeros<float, dyn, 3>(4), full<float, dyn>(4, 1.5f).
template <class T, std::size_t... E, class... N>
    requires(sizeof...(N) == _::n_dyn<E...> && (std::is_integral_v<N> && ...))
Tensor<T, E...> zeros(N... n) { return Tensor<T, E...>(n...); }

template <class T, std::size_t... E>
    requires(_::n_dyn<E...> == 0)
Tensor<T, E...> full(T value) { return _::filled_with(Tensor<T, E...>(), value); }
template <class T, std::size_t... E, class... A>
    requires(_::n_dyn<E...> > 0 && sizeof...(A) == _::n_dyn<E...> + 1)
Tensor<T, E...> full(const A&... a) { return _::filled_with(_::with_extents<Tensor<T, E...>>(a...), static_cast<T>(_::nth_argument<_::n_dyn<E...>>(a...))); }

template <class T, std::size_t... E, class... N>
    requires(sizeof...(N) == _::n_dyn<E...> && (std::is_integral_v<N> && ...))
Tensor<T, E...> ones(N... n) { return _::filled_with(Tensor<T, E...>(n...), T(1)); }

// start, start + step, …
template <class T, std::size_t N>
    requires(N != dyn)
Tensor<T, N> arange(T start = T(0), T step = T(1)) { return _::counted_from(Tensor<T, N>(), start, step); }
template <class T, std::size_t N>
    requires(N == dyn)
Tensor<T, N> arange(index n, T start = T(0), T step = T(1)) { return _::counted_from(Tensor<T, N>(n), start, step); }
// N numbers from first to last, both included.
template <class T, std::size_t N>
    requires(std::is_floating_point_v<T> && N != dyn)
Tensor<T, N> linspace(T first, T last) { return _::spaced_from(Tensor<T, N>(), first, last); }
template <class T, std::size_t N>
    requires(std::is_floating_point_v<T> && N == dyn)
Tensor<T, N> linspace(index n, T first, T last) { return _::spaced_from(Tensor<T, N>(n), first, last); }
// 1 on the diagonal; eye<float, dyn>(n) is square.
template <class T, std::size_t N, std::size_t M = N>
    requires(N != dyn && M != dyn)
Tensor<T, N, M> eye() { return _::with_diagonal(Tensor<T, N, M>()); }
template <class T, std::size_t N>
    requires(N == dyn)
Tensor<T, N, N> eye(index n) { return _::with_diagonal(Tensor<T, N, N>(n, n)); }

// Element (i, j, …) is f(i, j, …).
template <class T, std::size_t... E, class F>
    requires(_::n_dyn<E...> == 0)
Tensor<T, E...> from_function(const F& f) { return _::computed_by(Tensor<T, E...>(), f); }
template <class T, std::size_t... E, class... A>
    requires(_::n_dyn<E...> > 0 && sizeof...(A) == _::n_dyn<E...> + 1)
Tensor<T, E...> from_function(const A&... a) { return _::computed_by(_::with_extents<Tensor<T, E...>>(a...), _::nth_argument<_::n_dyn<E...>>(a...)); }

// Uniform in [0, 1) and standard normal: element i is a function of (seed, stream, i) alone.
template <class T, std::size_t... E>
    requires(std::is_floating_point_v<T> && _::n_dyn<E...> == 0)
Tensor<T, E...> uniform(seed s, std::uint64_t stream = 0) { return _::random_elements<false>(Tensor<T, E...>(), s, stream); }
template <class T, std::size_t... E, class... A>
    requires(std::is_floating_point_v<T> && _::n_dyn<E...> > 0 && sizeof...(A) > _::n_dyn<E...> && sizeof...(A) <= _::n_dyn<E...> + 2)
Tensor<T, E...> uniform(const A&... a) { return _::random_behind<false, Tensor<T, E...>>(a...); }
template <class T, std::size_t... E>
    requires(std::is_floating_point_v<T> && _::n_dyn<E...> == 0)
Tensor<T, E...> normal(seed s, std::uint64_t stream = 0) { return _::random_elements<true>(Tensor<T, E...>(), s, stream); }
template <class T, std::size_t... E, class... A>
    requires(std::is_floating_point_v<T> && _::n_dyn<E...> > 0 && sizeof...(A) > _::n_dyn<E...> && sizeof...(A) <= _::n_dyn<E...> + 2)
Tensor<T, E...> normal(const A&... a) { return _::random_behind<true, Tensor<T, E...>>(a...); }

// |a - b| <= absolute + relative |b| for every element (NumPy's rule; NaN is close to nothing). Same extents or false.
template <class A, class B>
    requires(_::is_tensor_like<A>::value && _::is_tensor_like<B>::value)
bool allclose(const A& a, const B& b, double relative = 1e-5, double absolute = 1e-8) {
    if constexpr (A::rank != B::rank) {
        return false;
    } else {
        if (a.size() != b.size()) return false;
        for (int i = 0; i < A::rank; ++i)
            if (a.extent(i) != b.extent(i)) return false;
        for (index i = 0; i < a.size(); ++i) {
            const double x = static_cast<double>(a.data()[i]), y = static_cast<double>(b.data()[i]);
            const double d = x - y, bound = absolute + relative * (y < 0 ? -y : y);
            if (x != y && !((d < 0 ? -d : d) <= bound)) return false;
        }
        return true;
    }
}

}  // namespace etta
