// near.hpp: filling tensors with numbers that no accident repeats, and comparing them with a reference written in double.
#pragma once

#include <etta/core/tensor.hpp>

#include <cmath>
#include <limits>
#include <string>

// Number i of the k-th sequence, in -1 .. 1.
inline double wave(long i, int k = 0) { return std::sin(0.7 * static_cast<double>(i) + 1.3 * k + 0.1); }

template <class T, class E, class S>
void fill(etta::basic_tensor<T, E, S>& t, int k = 0) {
    for (long i = 0; i < t.size(); ++i) t[i] = static_cast<T>(std::is_integral_v<T> ? 10 * wave(i, k) : wave(i, k));
}

// "" where every element of t is reference(i, j, …) within relative + absolute `tolerance`; else the first that is not.
template <class X, class F>
std::string difference(const X& x, F reference, double tolerance = -1) {
    const auto v = [&] {
        if constexpr (requires { x.view(); }) return x.view();
        else return x;
    }();
    using V = std::remove_cvref_t<decltype(v)>;
    using T = typename V::value_type;
    if (tolerance < 0) tolerance = std::is_same_v<T, double> ? 1e-13 : std::is_same_v<T, float> ? 2e-6 : 0;
    long n[4] = {1, 1, 1, 1};
    for (int k = 0; k < V::rank; ++k) n[k] = v.extent(k);
    for (long i = 0; i < n[0]; ++i)
        for (long j = 0; j < n[1]; ++j)
            for (long kl = 0; kl < n[2] * n[3]; ++kl) {
                const long k = kl / n[3], l = kl % n[3];
                double got = 0, want = 0;
                if constexpr (V::rank == 0) got = double(v()), want = double(reference());
                else if constexpr (V::rank == 1) got = double(v(i)), want = double(reference(i));
                else if constexpr (V::rank == 2) got = double(v(i, j)), want = double(reference(i, j));
                else if constexpr (V::rank == 3) got = double(v(i, j, k)), want = double(reference(i, j, k));
                else got = double(v(i, j, k, l)), want = double(reference(i, j, k, l));
                if (got == want || (got != got && want != want)) continue;
                if (!(std::abs(got - want) <= tolerance * (1 + std::abs(want))))
                    return "at " + std::to_string(i) + ", " + std::to_string(j) + ", " + std::to_string(k) + ", " + std::to_string(l) + ": " +
                           std::to_string(got) + ", expected " + std::to_string(want);
            }
    return "";
}
