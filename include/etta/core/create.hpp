// create.hpp: tensors from nothing: zeros, ones, full, arange, linspace, eye, from_function, uniform, normal; and allclose.
// Extents are template arguments; sizes above 4 KiB lie on the heap.
#pragma once

#include "random.hpp"
#include "tensor.hpp"

namespace etta {

template <class T, std::size_t... E>
Tensor<T, E...> zeros() { return Tensor<T, E...>{}; }

template <class T, std::size_t... E>
Tensor<T, E...> full(T value) {
    Tensor<T, E...> t;
    for (T& x : t) x = value;
    return t;
}
template <class T, std::size_t... E>
Tensor<T, E...> ones() { return full<T, E...>(T(1)); }

// start, start + step, …
template <class T, std::size_t N>
Tensor<T, N> arange(T start = T(0), T step = T(1)) {
    Tensor<T, N> t;
    for (index i = 0; i < static_cast<index>(N); ++i) t[i] = static_cast<T>(start + static_cast<T>(i) * step);
    return t;
}
// N numbers from first to last, both included.
template <class T, std::size_t N>
    requires std::is_floating_point_v<T>
Tensor<T, N> linspace(T first, T last) {
    Tensor<T, N> t;
    for (index i = 0; i < static_cast<index>(N); ++i)
        t[i] = N == 1 ? first : i + 1 == static_cast<index>(N) ? last : first + (last - first) * (static_cast<T>(i) / static_cast<T>(N - 1));
    return t;
}
template <class T, std::size_t N, std::size_t M = N>
Tensor<T, N, M> eye() {
    Tensor<T, N, M> t;
    for (index i = 0; i < static_cast<index>(N < M ? N : M); ++i) t(i, i) = T(1);
    return t;
}

namespace _ {
template <class T, class F, std::size_t... I>
T call_at(const F& f, const index* at, std::index_sequence<I...>) { return static_cast<T>(f(at[I]...)); }
}  // namespace _

// Element (i, j, …) is f(i, j, …).
template <class T, std::size_t... E, class F>
Tensor<T, E...> from_function(const F& f) {
    Tensor<T, E...> t;
    constexpr int rank = sizeof...(E);
    index at[rank + 1] = {};
    for (index k = 0; k < t.size(); ++k) {
        t[k] = _::call_at<T>(f, at, std::make_index_sequence<sizeof...(E)>{});
        for (int d = rank - 1; d >= 0 && ++at[d] == t.extent(d); --d) at[d] = 0;
    }
    return t;
}

// Uniform in [0, 1) and standard normal: element i is a function of (seed, stream, i) alone.
template <class T, std::size_t... E>
    requires std::is_floating_point_v<T>
Tensor<T, E...> uniform(seed s, std::uint64_t stream = 0) {
    Tensor<T, E...> t;
    for (index i = 0; i < t.size(); ++i) t[i] = uniform_at<T>(s, stream, static_cast<std::uint64_t>(i));
    return t;
}
template <class T, std::size_t... E>
    requires std::is_floating_point_v<T>
Tensor<T, E...> normal(seed s, std::uint64_t stream = 0) {
    Tensor<T, E...> t;
    for (index i = 0; i < t.size(); ++i) t[i] = normal_at<T>(s, stream, static_cast<std::uint64_t>(i));
    return t;
}

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
