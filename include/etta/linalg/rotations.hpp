// rotations.hpp: the two spectral factorisations of one matrix as plain loops over rows: what the ops in eigen.hpp and svd.hpp run, and
// classical/ too. Vectors lie in rows, so that a rotation of two of them is one loop over contiguous numbers.
//
// Both first scale by a power of two (exact) so that squares neither overflow nor vanish, both end after a fixed number of rounds, and
// both give NaN throughout where an element that is read is not finite, or the rounds did not do (which no finite matrix is known to need).
#pragma once

#include "../core/extents.hpp"

namespace etta::_ {

template <class T>
inline constexpr T rounding = static_cast<T>(sizeof(T) == 8 ? 0x1p-52 : 0x1p-23);
// Beside numbers of about 1 this is nothing, and its square can be computed.
template <class T>
inline constexpr T negligible = static_cast<T>(sizeof(T) == 8 ? 0x1p-480 : 0x1p-50);

template <class T>
T root_of(T x) {
    if constexpr (sizeof(T) == 4) return __builtin_sqrtf(x);
    else return __builtin_sqrt(x);
}
// Eight sums, so that they fit registers; the order depends on n alone.
template <class Target, class T>
T row_product(const T* a, const T* b, index n) {
    T sum[8] = {};
    index k = 0;
    for (; k + 8 <= n; k += 8)
        for (int i = 0; i < 8; ++i) sum[i] += a[k + i] * b[k + i];
    for (int i = 0; k < n; ++k, ++i) sum[i] += a[k] * b[k];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}
// x := c x + s y, y := c y - s x
template <class Target, class T>
void rotate_rows(T* x, T* y, index n, T c, T s) {
    for (index k = 0; k < n; ++k) {
        const T a = x[k], b = y[k];
        x[k] = c * a + s * b, y[k] = c * b - s * a;
    }
}
// x := x - f y
template <class Target, class T>
void subtract_row(T* x, const T* y, index n, T f) {
    for (index k = 0; k < n; ++k) x[k] -= f * y[k];
}
// The power of two that brings the greatest of n sizes below 1, or 0 where one is not finite.
template <class T>
struct scale_of {
    T greatest = T(0);
    void see(T x) {
        const T a = x < T(0) ? -x : x;
        if (!(a <= greatest) && greatest == greatest) greatest = a;  // NaN stays
    }
    T value() const {
        if (greatest - greatest != T(0)) return T(0);
        T f = T(1);
        while (greatest * f >= T(1)) f *= T(0.5);
        while (greatest * f < T(0.5) && f < static_cast<T>(sizeof(T) == 8 ? 0x1p1000 : 0x1p120)) f *= T(2);
        return f;
    }
};
template <class T>
void fill_nan(T* x, index n) {
    for (index i = 0; i < n; ++i) x[i] = static_cast<T>(__builtin_nan(""));
}

// The reflection I - beta v vᵀ that brings x (n numbers, greatest about 1 or less) to its first element, which is returned; x becomes v.
// beta = 2 / |v|² is not kept: reflection(v). Where x is nothing, v = 0.
template <class Target, class T>
T find_row_reflection(T* x, index n) {
    const T norm = root_of(row_product<Target>(x, x, n));
    if (!(norm > negligible<T>)) {
        for (index i = 0; i < n; ++i) x[i] = T(0);
        return T(0);
    }
    const T alpha = x[0] > T(0) ? -norm : norm;
    x[0] -= alpha;
    return alpha;
}
template <class Target, class T>
T reflection(const T* v, index n) {
    const T square = row_product<Target>(v, v, n);
    return square > T(0) ? T(2) / square : T(0);
}

// The symmetric z (n, n), of which the lower triangle is read: w its eigenvalues, ascending, and the rows of z eigenvectors. e: n numbers
// of scratch. Householder's reduction to a tridiagonal matrix, then implicit QR steps with Wilkinson's shift (Golub & Van Loan 2013,
// algorithms 8.3.1 and 8.3.3). Errors are some roundings of the greatest |eigenvalue|. At most 30 n steps (2 n are usual). O(9 n³).
template <class Target, class T>
void symmetric_eigen(index n, T* z, T* w, T* e) {
    scale_of<T> seen;
    for (index i = 0; i < n; ++i)
        for (index j = 0; j <= i; ++j) seen.see(z[i * n + j]);
    const T scale = seen.value();
    if (scale == T(0)) return fill_nan(z, n * n), fill_nan(w, n);
    for (index i = 0; i < n; ++i)
        for (index j = 0; j <= i; ++j) z[j * n + i] = z[i * n + j] *= scale;
    for (index j = 0; j + 2 < n; ++j) {
        const index m = n - j - 1;
        T *const v = z + j * n + j + 1, *const p = w + j + 1;  // w is free behind j
        w[j] = v[-1], e[j] = find_row_reflection<Target>(v, m);
        const T beta = reflection<Target>(v, m);
        for (index i = 0; i < m; ++i) p[i] = beta * row_product<Target>(z + (j + 1 + i) * n + j + 1, v, m);
        subtract_row<Target>(p, v, m, T(0.5) * beta * row_product<Target>(p, v, m));
        for (index i = 0; i < m; ++i) {
            T* const row = z + (j + 1 + i) * n + j + 1;
            const T a = v[i], b = p[i];
            for (index k = 0; k < m; ++k) row[k] -= a * p[k] + b * v[k];
        }
    }
    for (index j = n - 1; j >= 0; --j) {  // the transpose of the reflections' product, in their place
        T* const v = z + j * n + j + 1;
        const index m = n - j - 1;
        if (m < 2) {
            w[j] = v[-1];
            if (m == 1) e[j] = v[0];
        } else {
            const T beta = reflection<Target>(v, m);
            for (index i = j + 1; i < n; ++i) subtract_row<Target>(z + i * n + j + 1, v, m, beta * row_product<Target>(z + i * n + j + 1, v, m));
        }
        v[-1] = T(1);
        for (index i = j + 1; i < n; ++i) z[j * n + i] = z[i * n + j] = T(0);
    }
    const auto magnitude = [](T x) { return x < T(0) ? -x : x; };
    index steps = 30 * n;
    for (index end = n - 1; end > 0;) {
        const auto splits = [&](index i) { return magnitude(e[i]) <= rounding<T> * (magnitude(w[i]) + magnitude(w[i + 1])) + negligible<T>; };
        if (splits(end - 1)) {
            --end;
            continue;
        }
        index k = end - 1;
        while (k > 0 && !splits(k - 1)) --k;
        if (steps-- == 0) return fill_nan(z, n * n), fill_nan(w, n);
        const T half = (w[end - 1] - w[end]) * T(0.5), square = e[end - 1] * e[end - 1], root = root_of(half * half + square);
        T x = w[k] - w[end] + square / (half < T(0) ? half - root : half + root), y = e[k];
        for (const index start = k; k < end; ++k) {
            const T r = root_of(x * x + y * y), c = r > T(0) ? x / r : T(1), s = r > T(0) ? y / r : T(0);
            if (k > start) e[k - 1] = r;
            const T a = w[k], b = w[k + 1], f = e[k];
            w[k] = c * (c * a + s * f) + s * (c * f + s * b);
            w[k + 1] = s * (s * a - c * f) + c * (c * b - s * f);
            x = e[k] = c * (s * b - s * a) + (c * c - s * s) * f;
            if (k + 1 < end) y = s * e[k + 1], e[k + 1] *= c;
            rotate_rows<Target>(z + k * n, z + (k + 1) * n, n, c, s);
        }
    }
    for (index i = 0; i < n; ++i) {
        index least = i;
        for (index k = i + 1; k < n; ++k)
            if (w[k] < w[least]) least = k;
        const T value = w[least];
        w[least] = w[i], w[i] = value / scale;
        for (index k = 0; k < n && least != i; ++k) {
            const T a = z[i * n + k];
            z[i * n + k] = z[least * n + k], z[least * n + k] = a;
        }
    }
}

// n columns of a matrix as rows of x, m >= n numbers each: s becomes its singular values, descending, the rows of x left and of v (n, n)
// right singular vectors. g: n² numbers of scratch. Householder's QR, then one-sided Jacobi rotations of R's rows (Hestenes 1958; the
// greater one first: de Rijk 1989), which give small singular values and their vectors to full precision (Demmel & Veselić 1992). At most
// 60 sweeps (6 to 10 are usual). Singular values below negligible times the greatest become 0. O(6 m n² + 6 n³ sweeps).
template <class Target, class T>
void singular_values(index n, index m, T* x, T* v, T* s, T* g) {
    scale_of<T> seen;
    for (index i = 0; i < n * m; ++i) seen.see(x[i]);
    const T scale = seen.value();
    if (scale == T(0)) return fill_nan(x, n * m), fill_nan(v, n * n), fill_nan(s, n);
    for (index i = 0; i < n * m; ++i) x[i] *= scale;
    for (index j = 0; j < n; ++j) {
        T* const head = x + j * m + j;
        const T alpha = find_row_reflection<Target>(head, m - j), beta = reflection<Target>(head, m - j);
        for (index i = j + 1; i < n; ++i) subtract_row<Target>(x + i * m + j, head, m - j, beta * row_product<Target>(x + i * m + j, head, m - j));
        for (index i = 0; i < n; ++i) v[j * n + i] = i < j ? T(0) : i == j ? alpha : x[i * m + j], g[j * n + i] = static_cast<T>(i == j);
    }
    for (index j = n - 1; j >= 0; --j) {  // Qᵀ, in its reflections' place
        T* const head = x + j * m + j;
        const T beta = reflection<Target>(head, m - j);
        for (index i = j + 1; i < n; ++i) subtract_row<Target>(x + i * m + j, head, m - j, beta * row_product<Target>(x + i * m + j, head, m - j));
        const T f = beta * head[0];
        for (index k = 0; k < m - j; ++k) head[k] = static_cast<T>(k == 0) - f * head[k];
        for (index k = 0; k < j; ++k) x[j * m + k] = T(0);
    }
    // The rows of v: R, then its rotations' product with it; of g: the rotations.
    const T least = negligible<T> * negligible<T>, tolerance = rounding<T> * (T(2) + T(2) * root_of(static_cast<T>(n)));
    bool rotated = true;
    for (int sweep = 0; rotated; ++sweep) {
        if (sweep == 60) return fill_nan(x, n * m), fill_nan(v, n * n), fill_nan(s, n);
        rotated = false;
        for (index p = 0; p + 1 < n; ++p)
            for (index q = p + 1; q < n; ++q) {
                T *const a = v + p * n, *const b = v + q * n;
                const T pp = row_product<Target>(a, a, n), qq = row_product<Target>(b, b, n), pq = row_product<Target>(a, b, n);
                const bool exchange = qq > pp, apart = pp > least && qq > least && (pq < T(0) ? -pq : pq) > tolerance * root_of(pp) * root_of(qq);
                if (!exchange && !apart) continue;
                rotated = true;
                T t = T(0);
                if (apart) {
                    const T zeta = (pp - qq) / (T(2) * pq), size = zeta < T(0) ? -zeta : zeta;
                    t = size > T(1) / rounding<T> ? T(0.5) / size : T(1) / (size + root_of(T(1) + zeta * zeta));
                    if (zeta < T(0)) t = -t;
                }
                // A quarter turn more brings the greater one to p.
                const T c = T(1) / root_of(T(1) + t * t), c2 = exchange ? -c * t : c, s2 = exchange ? c : c * t;
                rotate_rows<Target>(a, b, n, c2, s2), rotate_rows<Target>(g + p * n, g + q * n, n, c2, s2);
            }
    }
    for (index k = 0; k < m; ++k) {  // x := g x, column by column
        for (index j = 0; j < n; ++j) s[j] = x[j * m + k];
        for (index j = 0; j < n; ++j) x[j * m + k] = row_product<Target>(g + j * n, s, n);
    }
    for (index j = 0; j < n; ++j) {
        T* const row = v + j * n;
        const T square = row_product<Target>(row, row, n);
        s[j] = square > least ? root_of(square) : T(0);
        if (s[j] > T(0)) {
            for (index k = 0; k < n; ++k) row[k] /= s[j];
            s[j] /= scale;
            continue;
        }
        for (index axis = 0; axis < n; ++axis) {  // no direction left: an axis made orthogonal to those before it
            for (index k = 0; k < n; ++k) row[k] = static_cast<T>(k == axis);
            for (int twice = 0; twice < 2; ++twice)
                for (index i = 0; i < j; ++i) subtract_row<Target>(row, v + i * n, n, row_product<Target>(row, v + i * n, n));
            const T left = row_product<Target>(row, row, n);
            if (left * static_cast<T>(2 * n) < T(1)) continue;
            for (index k = 0; k < n; ++k) row[k] /= root_of(left);
            break;
        }
    }
}

}  // namespace etta::_
