// matrices.hpp: matrices to factorise, and products and determinants by the definition, in double.
#pragma once

#include <etta/core/tensor.hpp>

#include <cmath>
#include <vector>

namespace {

inline const long sizes[] = {0, 1, 2, 3, 5, 8, 17, 33, 70};

// Waves that no symmetry cancels; `diagonal` is added on the diagonal of the last two axes.
template <class T, std::size_t... E, class... N>
etta::Tensor<T, E...> general(double diagonal, int k, N... n) {
    etta::Tensor<T, E...> t(n...);
    constexpr int rank = sizeof...(E);
    const long rows = t.extent(rank - 2), columns = t.extent(rank - 1);
    for (long i = 0; i < t.size(); ++i) {
        const long c = i % columns, r = i / columns % rows;
        t.data()[i] = static_cast<T>(std::sin(1.7 * static_cast<double>(i) + 0.3 * static_cast<double>(i * i % 17) + k) + (r == c ? diagonal : 0));
    }
    return t;
}

// A row-major matrix of doubles, from any tensor's matrix number q.
struct grid {
    long rows = 0, columns = 0;
    std::vector<double> at;

    grid(long r, long c) : rows(r), columns(c), at(static_cast<std::size_t>(r * c)) {}
    template <class Tensor>
        requires requires { Tensor::rank; }
    explicit grid(const Tensor& t, long q = 0) : grid(t.extent(Tensor::rank - 2), t.extent(Tensor::rank - 1)) {
        for (long i = 0; i < rows * columns; ++i) at[static_cast<std::size_t>(i)] = static_cast<double>(t.data()[q * rows * columns + i]);
    }
    double& operator()(long i, long j) { return at[static_cast<std::size_t>(i * columns + j)]; }
    double operator()(long i, long j) const { return at[static_cast<std::size_t>(i * columns + j)]; }
};
inline grid times(const grid& a, const grid& b) {
    grid c(a.rows, b.columns);
    for (long i = 0; i < a.rows; ++i)
        for (long j = 0; j < b.columns; ++j)
            for (long k = 0; k < a.columns; ++k) c(i, j) += a(i, k) * b(k, j);
    return c;
}
inline grid turned(const grid& a) {
    grid c(a.columns, a.rows);
    for (long i = 0; i < a.rows; ++i)
        for (long j = 0; j < a.columns; ++j) c(j, i) = a(i, j);
    return c;
}
inline grid identity(long n) {
    grid c(n, n);
    for (long i = 0; i < n; ++i) c(i, i) = 1;
    return c;
}
// The greatest difference; infinite for NaN and for other shapes.
inline double distance(const grid& a, const grid& b) {
    if (a.rows != b.rows || a.columns != b.columns) return HUGE_VAL;
    double d = 0;
    for (std::size_t i = 0; i < a.at.size(); ++i) {
        const double e = std::abs(a.at[i] - b.at[i]);
        d = e <= d ? d : std::isnan(e) ? HUGE_VAL : e;
    }
    return d;
}
// By cofactors of the first row. O(n!).
inline double determinant(const grid& a) {
    if (a.rows == 0) return 1;
    double sum = 0;
    for (long c = 0; c < a.columns; ++c) {
        grid minor(a.rows - 1, a.columns - 1);
        for (long i = 1; i < a.rows; ++i)
            for (long j = 0; j < a.columns; ++j)
                if (j != c) minor(i - 1, j < c ? j : j - 1) = a(i, j);
        sum += (c % 2 == 0 ? 1 : -1) * a(0, c) * determinant(minor);
    }
    return sum;
}
template <class Tensor>
bool all_nan(const Tensor& t) {
    for (long i = 0; i < t.size(); ++i)
        if (!std::isnan(t.data()[i])) return false;
    return t.size() > 0;
}

}  // namespace
