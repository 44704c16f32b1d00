// fill.hpp: draws a parameter's first numbers. Number k of parameter i is a function of (seed, i, k), in double, so that a seed
// gives the same weights on every machine.
#pragma once

#include "init.hpp"
#include "../core/create.hpp"

namespace etta::_ {

// Kinds: a bit for each kind of start that may occur. What a model's layers do not ask for is not compiled.
constexpr bool may_be(unsigned kinds, int kind) { return (kinds >> kind) & 1; }
template <unsigned Kinds>
inline double drawn(const start_value& v, seed s, std::uint64_t stream, index k) {
    const philox_block b = philox(s, stream, static_cast<std::uint64_t>(k));
    if (may_be(Kinds, start_value::uniform) && v.kind == start_value::uniform) return v.a + (v.b - v.a) * to_unit_double(b.low());
    if constexpr (may_be(Kinds, start_value::normal) || may_be(Kinds, start_value::orthogonal) || may_be(Kinds, start_value::sparse)) {
        if (v.kind == start_value::orthogonal) return to_normal_double(b.high());
        if (v.kind == start_value::normal) return v.a + v.b * to_normal_double(b.high());
        if (v.kind == start_value::sparse) return v.b * to_normal_double(b.high());
    }
    if constexpr (may_be(Kinds, start_value::truncated))
        if (v.kind == start_value::truncated) {
            const double q = v.c + (v.d - v.c) * to_unit_double(b.low());
            if (v.tail) return v.a + v.b * normal_quantile(q - 0.5, q);
            const double p = 0.5 - (q < 0 ? -q : q);
            return v.a + v.b * normal_quantile(q, p > 0x1p-60 ? p : 0x1p-60);
        }
    return v.a;
}

// n vectors of m >= n elements, orthonormal: Gram and Schmidt's way, each vector twice, which is as exact as reflections
// (Giraud et al. 2005). The diagonal of R is positive, which makes the distribution uniform (Mezzadri 2007). O(n² m).
inline void orthonormalise(double* x, index n, index m) {
    for (index i = 0; i < n; ++i) {
        double* const v = x + i * m;
        for (int pass = 0; pass < 2; ++pass)
            for (index j = 0; j < i; ++j) {
                const double* const u = x + j * m;
                double dot = 0;
                for (index k = 0; k < m; ++k) dot += u[k] * v[k];
                for (index k = 0; k < m; ++k) v[k] -= dot * u[k];
            }
        double square = 0;
        for (index k = 0; k < m; ++k) square += v[k] * v[k];
        const double scale = 1 / __builtin_sqrt(square);
        for (index k = 0; k < m; ++k) v[k] *= scale;
    }
}

// The parts of starting a matrix as a whole.
template <unsigned Kinds, class Put>
inline void draw_orthogonal(const start_value& v, index rows, index columns, seed s, std::uint64_t stream, const Put& put) {
    const bool wide = rows <= columns;
    const index n = wide ? rows : columns, m = wide ? columns : rows, count = rows * columns;
    heap_elements<double> x(count);
    for (index k = 0; k < count; ++k) x.data()[wide ? k : k % columns * rows + k / columns] = drawn<Kinds>(v, s, stream, k);
    orthonormalise(x.data(), n, m);
    for (index k = 0; k < count; ++k) put(k, v.a * x.data()[wide ? k : k % columns * rows + k / columns]);
}
template <class Put>
inline void draw_dirac(const start_value& v, index rows, index columns, const Put& put) {
    const index per_group = rows / static_cast<index>(v.a), taps = static_cast<index>(v.c), middle = static_cast<index>(v.d);
    for (index k = 0; k < rows * columns; ++k) put(k, k % taps == middle && k / columns % per_group == k % columns / taps ? 1.0 : 0.0);
}
// The first of the rows in random order, another one for each column, become 0.
template <class Put>
inline void clear_part(double part, index rows, index columns, seed s, std::uint64_t stream, const Put& put) {
    const double wanted = part * static_cast<double>(rows);
    index zeros = static_cast<index>(wanted);
    if (static_cast<double>(zeros) < wanted) ++zeros;
    heap_elements<index> order(rows);
    for (index c = 0; c < columns; ++c) {
        for (index r = 0; r < rows; ++r) order.data()[r] = r;
        shuffle(order.data(), rows, s, stream + ((static_cast<std::uint64_t>(c) + 1) << 32));
        for (index r = 0; r < zeros && r < rows; ++r) put(order.data()[r] * columns + c, 0.0);
    }
}

// The parameter has `count` elements in `rows` rows, put(k, x) stores one.
template <unsigned Kinds, class Put>
inline void draw_parameter(const start_value& v, index rows, index count, seed s, std::uint64_t stream, const Put& put) {
    [[maybe_unused]] const index columns = rows > 0 ? count / rows : 0;
    if constexpr (may_be(Kinds, start_value::orthogonal))
        if (v.kind == start_value::orthogonal) return draw_orthogonal<Kinds>(v, rows, columns, s, stream, put);
    if constexpr (may_be(Kinds, start_value::dirac))
        if (v.kind == start_value::dirac) return draw_dirac(v, rows, columns, put);
    if constexpr (may_be(Kinds, start_value::eye))
        if (v.kind == start_value::eye) {
            for (index k = 0; k < count; ++k) put(k, k / columns == k % columns ? v.a : 0.0);
            return;
        }
    for (index k = 0; k < count; ++k) put(k, drawn<Kinds>(v, s, stream, k));
    if constexpr (may_be(Kinds, start_value::sparse))
        if (v.kind == start_value::sparse) clear_part(v.a, rows, columns, s, stream, put);
}

// The Euclidean length of each row of an earlier parameter.
template <class T>
inline void row_lengths(const T* from, index rows, index count, T* to) {
    for (index r = 0; r < rows; ++r) {
        double square = 0;
        for (index k = r * (count / rows); k < (r + 1) * (count / rows); ++k) square += static_cast<double>(from[k]) * static_cast<double>(from[k]);
        to[r] = static_cast<T>(__builtin_sqrt(square));
    }
}

// Parameter i of a model, whose elements begin at p.
template <unsigned Kinds, class T>
inline void fill_parameter(T* p, const start_value& v, index rows, index count, seed s, int i) {
    draw_parameter<Kinds>(v, rows, count, s, static_cast<std::uint64_t>(i), [p](index k, double x) { p[k] = static_cast<T>(x); });
    if (v.zero_row >= 0 && v.zero_row < rows)
        for (index k = 0; k < count / rows; ++k) p[v.zero_row * (count / rows) + k] = T(0);
}

// u and v of unit length with w v ~ sigma u and wᵀ u ~ sigma v, by 15 steps of the power method from a random v (PyTorch's number).
// w is the matrix [rows, outer * inner] whose element (r, (o, i)) lies at (o * rows + r) * inner + i.
template <class T>
inline void power_method(const T* w, index outer, index rows, index inner, T* u, T* v, seed s, std::uint64_t stream) {
    const index columns = outer * inner;
    heap_elements<double> left(rows), right(columns);
    for (index k = 0; k < columns; ++k) right.data()[k] = to_normal_double(philox(s, stream, static_cast<std::uint64_t>(k)).high());
    const auto unit = [](double* x, index n) {
        double square = 0;
        for (index k = 0; k < n; ++k) square += x[k] * x[k];
        const double scale = square > 0 ? 1 / __builtin_sqrt(square) : 0;
        for (index k = 0; k < n; ++k) x[k] *= scale;
    };
    const auto each = [&](const auto& f) {  // f(element, row, column)
        for (index o = 0; o < outer; ++o)
            for (index r = 0; r < rows; ++r)
                for (index i = 0; i < inner; ++i) f(static_cast<double>(w[(o * rows + r) * inner + i]), r, o * inner + i);
    };
    unit(right.data(), columns);
    for (int step = 0; step < 15; ++step) {
        for (index r = 0; r < rows; ++r) left.data()[r] = 0;
        each([&](double x, index r, index c) { left.data()[r] += x * right.data()[c]; });
        unit(left.data(), rows);
        for (index c = 0; c < columns; ++c) right.data()[c] = 0;
        each([&](double x, index r, index c) { right.data()[c] += x * left.data()[r]; });
        unit(right.data(), columns);
    }
    for (index r = 0; r < rows; ++r) u[r] = static_cast<T>(left.data()[r]);
    for (index c = 0; c < columns; ++c) v[c] = static_cast<T>(right.data()[c]);
}

// The states of a model that start from its parameters.
template <class Facts>
inline constexpr bool states_of_parameters = [] {
    bool some = false;
    for (int i = 0; i < Facts::n_states; ++i) some = some || Facts::states.start[i].kind == start_value::right_singular;
    return some;
}();
template <class Facts, class T>
inline void fill_states_from(const T* parameters, char* states, seed s) {
    for (int i = 0; i < Facts::n_states; ++i) {
        const start_value& v = Facts::states.start[i];
        if (v.kind != start_value::right_singular) continue;
        const int slot = static_cast<int>(v.a), axis = static_cast<int>(v.b);
        const shape& e = Facts::layout.extents[slot];
        index outer = 1, inner = 1;
        for (int k = 0; k < axis; ++k) outer *= static_cast<index>(e.at[k].code);
        for (int k = axis + 1; k < e.rank; ++k) inner *= static_cast<index>(e.at[k].code);
        const auto at = [&](int state) { return reinterpret_cast<T*>(states + Facts::states.at[state].offset); };
        power_method(parameters + Facts::starts.at[slot].first, outer, static_cast<index>(e.at[axis].code), inner, at(static_cast<int>(v.c)), at(i), s,
                     static_cast<std::uint64_t>(Facts::n_parameters + i));
    }
}

}  // namespace etta::_
