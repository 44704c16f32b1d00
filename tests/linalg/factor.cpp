// cholesky, lu, qr: products of the factors against the matrix, shapes of the factors, batches, views, float, edges.
#include <etta/linalg/linalg.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

// a aᵀ / n + 1 on the diagonal: positive definite.
template <class T>
Tensor<T, dyn, dyn> definite(long n) {
    const auto a = general<T, dyn, dyn>(0, 1, n, n);
    const grid g = times(grid(a), turned(grid(a)));
    Tensor<T, dyn, dyn> s(n, n);
    for (long i = 0; i < n * n; ++i) s.data()[i] = static_cast<T>(g.at[static_cast<std::size_t>(i)] / static_cast<double>(n) + (i % n == i / n ? 1 : 0));
    return s;
}
double above(const grid& g) {
    double worst = 0;
    for (long i = 0; i < g.rows; ++i)
        for (long j = i + 1; j < g.columns; ++j) worst = std::max(worst, std::abs(g(i, j)));
    return worst;
}
template <class T>
double cholesky_error(long n) {
    auto a = definite<T>(n);
    const grid want(a);
    for (long i = 0; i < n; ++i)
        for (long j = i + 1; j < n; ++j) a(i, j) = static_cast<T>(NAN);  // never read
    const grid l(call([](auto a) { return cholesky(a); }, a));
    return above(l) > 0 ? HUGE_VAL : distance(times(l, turned(l)), want);
}
template <class T>
double lu_error(long n) {
    const auto a = general<T, dyn, dyn>(0, 2, n, n);
    const auto [p, l, u] = call([](auto a) { return lu(a); }, a);
    grid permuted(n, n);
    double error = above(turned(grid(u)));
    for (long i = 0; i < n; ++i) {
        for (long j = 0; j < n; ++j) permuted(i, j) = static_cast<double>(a(p[i], j));
        for (long j = 0; j < i; ++j) error = std::max(error, std::abs(static_cast<double>(l(i, j))) > 1 ? HUGE_VAL : 0);
        error = std::max(error, std::abs(static_cast<double>(l(i, i)) - 1));
    }
    return std::max({error, above(grid(l)), distance(times(grid(l), grid(u)), permuted)});
}
template <class T>
double qr_error(long m, long n) {
    const auto a = general<T, dyn, dyn>(0, 3, m, n);
    const auto [q, r] = call([](auto a) { return qr(a); }, a);
    return std::max({distance(times(grid(q), grid(r)), grid(a)), distance(times(turned(grid(q)), grid(q)), identity(n)), above(turned(grid(r)))});
}

}  // namespace

TEST_CASE("cholesky: L Lᵀ is the matrix, whose upper triangle is not read, at every size") {
    for (const long n : sizes) {
        INFO(n);
        CHECK(cholesky_error<double>(n) < 1e-14 * static_cast<double>(n + 1));
        CHECK(cholesky_error<float>(n) < 1e-6 * static_cast<double>(n + 1));
    }
}

TEST_CASE("lu: L U is the matrix with its rows permuted, |L| <= 1, at every size") {
    for (const long n : sizes) {
        INFO(n);
        CHECK(lu_error<double>(n) < 1e-14 * static_cast<double>(n + 1));
        CHECK(lu_error<float>(n) < 1e-6 * static_cast<double>(n + 1));
    }
}

TEST_CASE("qr: Q R is the matrix, Q's columns are orthonormal, R is a triangle, square and tall") {
    for (const long n : sizes)
        for (const long more : {0, 1, 40}) {
            INFO(n << " " << more);
            CHECK(qr_error<double>(n + more, n) < 2e-15 * static_cast<double>(n + more + 4));
            CHECK(qr_error<float>(n + more, n) < 1e-6 * static_cast<double>(n + more + 4));
        }
    CHECK(all_nan(call([](auto a) { return get<0>(qr(a)); }, general<double, dyn, dyn>(0, 3, 2, 5))));  // k = n, m < n
}

TEST_CASE("qr of a wide matrix has m columns in Q, and LAPACK's signs") {
    const auto a = general<double, 3, 5>(0, 4);
    auto [q, r] = qr(a);
    const auto qs = eval(q);
    const auto rs = eval(r);
    static_assert(std::is_same_v<decltype(qs), const Tensor<double, 3, 3>> && std::is_same_v<decltype(rs), const Tensor<double, 3, 5>>);
    CHECK(distance(times(grid(qs), grid(rs)), grid(a)) < 1e-14);
    CHECK(distance(times(turned(grid(qs)), grid(qs)), identity(3)) < 1e-14);
    const Tensor<double, 2, 2> b = {3, 1, 4, 2};
    const auto s = eval(get<1>(qr(b)));  // numpy.linalg.qr: [[-5, -2.2], [0, 0.4]]
    CHECK((s(0, 0) == Approx(-5) && s(0, 1) == Approx(-2.2) && s(1, 0) == 0 && s(1, 1) == Approx(0.4)));
    const Tensor<double, 1, 1> one = {-2};
    CHECK(eval(get<1>(qr(one)))(0, 0) == -2);
}

TEST_CASE("a batch is factorised matrix by matrix, also through a view, and written into one") {
    const auto a = general<double, 3, 2, 5, 5>(4, 5);
    const auto [p, l, u] = call([](auto a) { return lu(a); }, a);
    const auto one = eval(matmul(l, u));
    for (long i = 0; i < 3; ++i)
        for (long j = 0; j < 2; ++j)
            for (long r = 0; r < 5; ++r)
                for (long c = 0; c < 5; ++c) CHECK(one(i, j, r, c) == Approx(a(i, j, p(i, j, r), c)));
    const auto s = eval(matmul(a, transpose(a)));
    const auto from_view = eval(cholesky(permute<1, 0, 3, 2>(s)));  // symmetric: the matrices of s in another order
    const auto plain = eval(cholesky(s));
    for (long i = 0; i < 3; ++i)
        for (long j = 0; j < 2; ++j)
            for (long k = 0; k < 25; ++k) CHECK(from_view(j, i, k / 5, k % 5) == Approx(plain(i, j, k / 5, k % 5)));
    Tensor<double, 5, 5, 3> into;
    into(all, all, 1) = cholesky(s(1, 1));
    for (long k = 0; k < 25; ++k) CHECK((into(k / 5, k % 5, 1) == plain(1, 1, k / 5, k % 5) && into(k / 5, k % 5, 2) == 0));
    const auto turned_over = eval(transpose(a(0, 1)));
    CHECK(distance(grid(eval(get<0>(qr(transpose(a(0, 1)))))), grid(eval(get<0>(qr(turned_over))))) == 0);
}

TEST_CASE("a matrix that is not positive definite gives NaN, the others of its batch do not") {
    const Tensor<double, 4, 2, 2> a = {4, 2, 2, 3, 1, 2, 2, 1, 0, 0, 0, 0, NAN, 0, 0, 1};
    const auto l = eval(cholesky(a));
    CHECK((l(0, 0, 0) == 2 && l(0, 1, 0) == 1 && l(0, 0, 1) == 0 && l(0, 1, 1) == Approx(std::sqrt(2.0))));
    for (long k = 4; k < 16; ++k) CHECK(std::isnan(l.data()[k]));
    const Tensor<float, 1, 1> infinite = {INFINITY};
    CHECK(all_nan(eval(cholesky(infinite))));
}

TEST_CASE("lu and qr of singular matrices are factorisations all the same") {
    const Tensor<double, 3, 3> a = {1, 2, 3, 2, 4, 6, 1, 1, 1}, zero = {};
    const auto [p, l, u] = call([](auto a) { return lu(a); }, a);
    const auto product = eval(matmul(l, u));
    for (long i = 0; i < 3; ++i)
        for (long j = 0; j < 3; ++j) CHECK(product(i, j) == Approx(a(p[i], j)));
    CHECK(u(2, 2) == 0);
    const auto [q, r] = call([](auto a) { return qr(a); }, zero);
    CHECK(distance(grid(q), identity(3)) == 0);
    CHECK(distance(grid(r), grid(3, 3)) == 0);
}

TEST_CASE("integers are factorised as float") {
    const Tensor<int, 2, 2> a = {4, 2, 2, 3};
    const auto l = eval(cholesky(a));
    static_assert(std::is_same_v<decltype(l), const Tensor<float, 2, 2>>);
    CHECK(l(1, 1) == Approx(std::sqrt(2.0f)));
}
