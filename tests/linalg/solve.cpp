// solve, triangular_solve, cholesky_solve, lstsq, inverse, det, slogdet: residuals, shapes, batches, edges.
#include <etta/linalg/linalg.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

grid column(const Tensor<double, dyn>& v) {
    grid g(v.extent(0), 1);
    for (long i = 0; i < g.rows; ++i) g(i, 0) = v[i];
    return g;
}
template <class T>
double solve_error(long n, long k) {
    const auto a = general<T, dyn, dyn>(3, 1, n, n);
    const auto b = general<T, dyn, dyn>(0, 2, n, k);
    return distance(times(grid(a), grid(call([](auto a, auto b) { return solve(a, b); }, a, b))), grid(b));
}
// a's lower or upper triangle, its diagonal 1 if `unit`, transposed if `t`.
grid part(const grid& a, bool upper, bool t, bool unit) {
    grid m(a.rows, a.rows);
    for (long i = 0; i < a.rows; ++i)
        for (long j = 0; j < a.rows; ++j)
            if (i == j || (j > i) == upper) m(i, j) = i == j && unit ? 1 : a(i, j);
    return t ? turned(m) : m;
}
template <triangle Which, bool T, bool Unit>
double triangular_error(long n, long k) {
    auto a = general<double, dyn, dyn>(4, 3, n, n);
    if (Unit)
        for (long i = 0; i < n * n; ++i) a.data()[i] /= 4;
    const auto b = general<double, dyn, dyn>(0, 4, n, k);
    const grid x(call([](auto a, auto b) { return triangular_solve<Which, T, Unit>(a, b); }, a, b));
    double size = 1;
    for (const double e : x.at) size = std::max(size, std::abs(e));
    return distance(times(part(grid(a), Which == triangle::upper, T, Unit), x), grid(b)) / size;
}

}  // namespace

TEST_CASE("solve: a x is b, at every size, for vectors and matrices") {
    for (const long n : sizes) {
        INFO(n);
        CHECK(solve_error<double>(n, 3) < 1e-13 * static_cast<double>(n + 1));
        CHECK(solve_error<double>(n, 67) < 1e-13 * static_cast<double>(n + 1));
        CHECK(solve_error<float>(n, 17) < 2e-5 * static_cast<double>(n + 1));
        const auto a = general<double, dyn, dyn>(3, 1, n, n);
        Tensor<double, dyn> b(n);
        for (long i = 0; i < n; ++i) b[i] = std::cos(static_cast<double>(i));
        CHECK(distance(times(grid(a), column(call([](auto a, auto b) { return solve(a, b); }, a, b))), column(b)) < 1e-13 * static_cast<double>(n + 1));
    }
}

TEST_CASE("triangular_solve: either triangle, transposed, with a unit diagonal; the rest is not read") {
    for (const long n : sizes)
        for (const long k : {1, 5, 70}) {
            INFO(n << " " << k);
            const double small = 1e-15 * static_cast<double>(n + 1);
            CHECK(triangular_error<triangle::lower, false, false>(n, k) < small);
            CHECK(triangular_error<triangle::lower, true, false>(n, k) < small);
            CHECK(triangular_error<triangle::upper, false, false>(n, k) < small);
            CHECK(triangular_error<triangle::upper, true, false>(n, k) < small);
            CHECK(triangular_error<triangle::lower, false, true>(n, k) < small);
            CHECK(triangular_error<triangle::upper, true, true>(n, k) < small);
        }
    const Tensor<double, 2, 2> l = {NAN, NAN, 3, NAN};
    const Tensor<double, 2> b = {1, 2};
    const auto x = eval(triangular_solve<triangle::lower, false, true>(l, b));
    CHECK((x[0] == 1 && x[1] == -1));
}

TEST_CASE("leading axes of a system broadcast, and its matrix may be a view") {
    const auto a = general<double, 3, 1, 4, 4>(3, 5);
    const auto b = general<double, 2, 4, 2>(0, 6);
    const auto x = eval(solve(a, b));
    static_assert(std::is_same_v<decltype(x), const Tensor<double, 3, 2, 4, 2>>);
    for (long i = 0; i < 3; ++i)
        for (long j = 0; j < 2; ++j) CHECK(distance(times(grid(a, i), grid(x, 2 * i + j)), grid(b, j)) < 1e-14);
    const auto v = general<double, 4, 1>(0, 7);
    const auto y = eval(solve(transpose(a), v(all, 0)));
    static_assert(std::is_same_v<decltype(y), const Tensor<double, 3, 1, 4>>);
    for (long i = 0; i < 3; ++i)
        for (long r = 0; r < 4; ++r) {
            double s = 0;
            for (long c = 0; c < 4; ++c) s += a(i, 0, c, r) * y(i, 0, c);
            CHECK(s == Approx(v(r, 0)));
        }
    const Tensor<float, 2, 2> f = {2, 0, 0, 4};
    const Tensor<int, 2> whole = {2, 2};
    const auto z = eval(solve(f, whole));
    CHECK((z[0] == 1 && z[1] == 0.5f));
}

TEST_CASE("cholesky_solve takes the factor; lstsq the matrix, tall or wide") {
    const auto a = general<double, 7, 5>(1, 8);
    const auto b = general<double, 5, 2>(0, 9);
    const auto s = eval(matmul(transpose(a), a));
    const auto l = eval(cholesky(s));
    CHECK(distance(times(grid(s), grid(eval(cholesky_solve(l, b)))), grid(b)) < 1e-12);
    const auto c = general<double, 7, 2>(0, 10);
    const auto x = eval(lstsq(a, c));  // aᵀ (a x - c) = 0
    grid residual = times(grid(a), grid(x));
    for (std::size_t i = 0; i < residual.at.size(); ++i) residual.at[i] -= c.data()[i];
    CHECK(distance(times(turned(grid(a)), residual), grid(5, 2)) < 1e-13);
    const auto wide = eval(lstsq(transpose(a), b));  // exact, and in the range of a: a s⁻¹ b
    CHECK(distance(times(turned(grid(a)), grid(wide)), grid(b)) < 1e-13);
    CHECK(distance(grid(wide), grid(eval(matmul(a, solve(s, b))))) < 1e-12);
    const auto many = general<double, 3, 7, 2>(0, 11);
    const auto each = eval(lstsq(a, many));
    const auto one = eval(lstsq(a, many(1)));
    for (long i = 0; i < 10; ++i) CHECK(each.data()[10 + i] == Approx(one.data()[i]));
    Tensor<double, dyn, dyn> late(7, 5);
    late = a;
    Tensor<double, dyn> v(7);
    for (long i = 0; i < 7; ++i) v[i] = c(i, 1);
    const auto y = call([](auto a, auto b) { return lstsq(a, b); }, late, v);
    for (long i = 0; i < 5; ++i) CHECK(y[i] == Approx(x(i, 1)));
}

TEST_CASE("inverse: a times it is the identity, at every size; a singular matrix gives NaN") {
    for (const long n : sizes) {
        INFO(n);
        const auto a = general<double, dyn, dyn>(3, 12, n, n);
        CHECK(distance(times(grid(a), grid(call([](auto a) { return inverse(a); }, a))), identity(n)) < 1e-13 * static_cast<double>(n + 1));
    }
    const Tensor<double, 2, 2, 2> a = {1, 2, 2, 4, 2, 0, 0, 4};
    const auto x = eval(inverse(a));
    for (long i = 0; i < 4; ++i) CHECK(std::isnan(x.data()[i]));
    CHECK((x(1, 0, 0) == 0.5 && x(1, 0, 1) == 0 && x(1, 1, 1) == 0.25));
    const Tensor<double, 2, 2> zero = {};
    const Tensor<double, 2> b = {1, 2};
    CHECK(all_nan(eval(solve(zero, b))));
    const Tensor<double, 0, 0> nothing;
    CHECK(eval(inverse(nothing)).size() == 0);
}

TEST_CASE("det and slogdet agree with cofactors, also where rows are exchanged, and do not overflow") {
    for (const long n : {0, 1, 2, 3, 4, 5, 6, 7}) {
        INFO(n);
        const auto a = general<double, dyn, dyn>(0, 13, n, n);
        const auto [s, l] = call([](auto a) { return slogdet(a); }, a);
        const double want = determinant(grid(a));
        CHECK(call([](auto a) { return det(a); }, a) == Approx(want));
        CHECK(s == (want > 0 ? 1 : -1));
        CHECK(l == Approx(std::log(std::abs(want))));
    }
    const Tensor<double, 0, 0> nothing;
    CHECK(call([](auto a) { return det(a); }, nothing) == 1);
    const Tensor<double, 2, 0, 0> none;
    const auto ones = eval(det(none));
    CHECK((ones[0] == 1 && ones[1] == 1));
    const Tensor<double, 4, 2, 2> a = {0, 1, 1, 0, 1, 0, 0, 1, 2, 3, 4, 5, 1, 2, 2, 4};
    const auto d = eval(det(a));
    CHECK((d[0] == -1 && d[1] == 1 && d[2] == Approx(-2) && d[3] == 0));
    const auto s = eval(get<0>(slogdet(a)));
    const auto l = eval(get<1>(slogdet(a)));
    CHECK((s[0] == -1 && s[3] == 0 && l[3] == -INFINITY));
    Tensor<float, 100, 100> big;
    for (long i = 0; i < 100; ++i) big(i, i) = 1e3f;
    CHECK(eval(get<1>(slogdet(big)))() == Approx(100 * std::log(1e3)).epsilon(1e-6));
    CHECK(std::isinf(eval(det(big))()));
}
