// eigh and svd: factors multiplied back and orthonormal at every size, order, batches and views, float, sizes known late; matrices that
// are hard (rank, degenerate, graded, huge, tiny) or have no answer; pinv, matrix_rank, cond.
#include <etta/linalg/linalg.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

double greatest(const grid& a) {
    double g = 0;
    for (const double x : a.at) g = std::max(g, std::abs(x));
    return g;
}
// a = v diag(w) vᵀ: the worst of residual and lack of orthogonality, relative; infinite where w does not ascend.
double eigen_error(const grid& a, const grid& v, const std::vector<double>& w) {
    grid scaled = v;
    for (long i = 0; i < v.rows; ++i)
        for (long j = 0; j < v.columns; ++j) scaled(i, j) *= w[static_cast<std::size_t>(j)];
    for (std::size_t i = 1; i < w.size(); ++i)
        if (!(w[i - 1] <= w[i])) return HUGE_VAL;
    const double size = greatest(a) > 0 ? greatest(a) : 1;
    return std::max(distance(times(scaled, turned(v)), a) / size, distance(times(turned(v), v), identity(v.columns)));
}
double svd_error(const grid& a, const grid& u, const std::vector<double>& s, const grid& vt) {
    grid scaled = u;
    for (long i = 0; i < u.rows; ++i)
        for (long j = 0; j < u.columns; ++j) scaled(i, j) *= s[static_cast<std::size_t>(j)];
    for (std::size_t i = 0; i < s.size(); ++i)
        if (!(s[i] >= 0) || (i > 0 && !(s[i - 1] >= s[i]))) return HUGE_VAL;
    const double size = greatest(a) > 0 ? greatest(a) : 1;
    return std::max({distance(times(scaled, vt), a) / size, distance(times(turned(u), u), identity(u.columns)), distance(times(vt, turned(vt)), identity(vt.rows))});
}
template <class T>
std::vector<double> numbers(const T& t) {
    return std::vector<double>(t.data(), t.data() + t.size());
}
constexpr auto eigen_of = [](auto a) { return eigh(a); };
constexpr auto svd_of = [](auto a) { return svd(a); };
template <class T>
double error_of_eigh(Tensor<T, dyn, dyn> a) {
    const long n = a.extent(0);
    for (long i = 0; i < n; ++i)
        for (long j = 0; j < i; ++j) a(j, i) = a(i, j);
    const grid want(a);
    for (long i = 0; i < n; ++i)
        for (long j = i + 1; j < n; ++j) a(i, j) = static_cast<T>(NAN);  // never read
    const auto [w, v] = call(eigen_of, a);
    return eigen_error(want, grid(v), numbers(w));
}
template <class T>
double error_of_svd(const Tensor<T, dyn, dyn>& a) {
    const auto [u, s, vt] = call(svd_of, a);
    return svd_error(grid(a), grid(u), numbers(s), grid(vt));
}
Tensor<double, dyn, dyn> dense(long m, long n, std::initializer_list<double> x) {
    Tensor<double, dyn, dyn> t(m, n);
    std::copy(x.begin(), x.end(), t.data());
    return t;
}

}  // namespace

TEST_CASE("eigh: V diag(w) Vᵀ is the matrix, of which the lower triangle is read; w ascends, at every size") {
    for (const long n : sizes) {
        INFO(n);
        CHECK(error_of_eigh(general<double, dyn, dyn>(0, 1, n, n)) < 4e-15 * static_cast<double>(n + 1));
        CHECK(error_of_eigh(general<float, dyn, dyn>(0, 1, n, n)) < 1e-6 * static_cast<double>(n + 1));
    }
}

TEST_CASE("svd: U diag(s) Vᵀ is the matrix, s descends, vectors are orthonormal, square and tall") {
    for (const long n : sizes)
        for (const long more : {0, 1, 40}) {
            INFO(n << " " << more);
            CHECK(error_of_svd(general<double, dyn, dyn>(0, 3, n + more, n)) < 4e-15 * static_cast<double>(n + 4));
            CHECK(error_of_svd(general<float, dyn, dyn>(0, 3, n + more, n)) < 1e-6 * static_cast<double>(n + 4));
        }
    const auto [u, s, vt] = call(svd_of, general<double, dyn, dyn>(0, 3, 2, 5));  // k = n, m < n
    CHECK((all_nan(u) && all_nan(s) && all_nan(vt)));
}

TEST_CASE("hard matrices have their decompositions") {
    const auto both = [](Tensor<double, dyn, dyn> a) {
        CHECK(error_of_svd(a) < 1e-14);
        if (a.extent(0) == a.extent(1)) CHECK(error_of_eigh(a) < 1e-14);
    };
    both(dense(3, 3, {0, 0, 0, 0, 0, 0, 0, 0, 0}));
    both(dense(3, 3, {1, 2, 3, 2, 4, 6, 3, 6, 9}));                                  // rank 1
    both(dense(4, 4, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}));             // all equal
    both(dense(4, 4, {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0}));             // 1 and -1, twice each
    both(dense(4, 3, {0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0}));                         // zero columns in between
    both(dense(3, 3, {1e300, 2e300, 0, 2e300, 1e300, 1e299, 0, 1e299, -3e300}));     // squares overflow
    both(dense(3, 3, {1e-300, 2e-300, 0, 2e-300, 1e-300, 1e-301, 0, 1e-301, -3e-300}));
    both(dense(2, 2, {1, 1e-200, 1e-200, -1e-200}));
    Tensor<double, dyn, dyn> hilbert(8, 8), graded(6, 6);
    for (long i = 0; i < 8; ++i)
        for (long j = 0; j < 8; ++j) hilbert(i, j) = 1.0 / static_cast<double>(i + j + 1);
    for (long i = 0; i < 36; ++i) graded.data()[i] = (1 + 0.3 * std::sin(static_cast<double>(i * i))) * std::pow(1e-4, static_cast<double>(i / 6 + i % 6));
    both(hilbert), both(graded);
    const double least = 5e-324;  // [1 0 2; 0 1 0; 2 0 0]: (1 ± √17) / 2 and 1, rounded
    const auto w = call([](auto a) { return eigvalsh(a); }, dense(3, 3, {least, 0, 2 * least, 0, least, 0, 2 * least, 0, 0}));
    CHECK((w[0] == -2 * least && w[1] == least && w[2] == 3 * least));
    // A singular value 10 orders below the greatest, to full precision: numpy in 50 digits gives 1.1115389663724418e-10.
    CHECK(call([](auto a) { return svdvals(a); }, hilbert)[7] == Approx(1.1115389663724418e-10).epsilon(1e-6));
    // One-sided rotations see columns of very different sizes exactly: orthogonal columns times 1, 1e-60, 1e-120.
    const auto columns = dense(3, 3, {2, -1e-60, 2e-120, 2, 2e-60, -1e-120, 1, -2e-60, -2e-120});
    const auto s = call([](auto a) { return svdvals(a); }, columns);
    CHECK((s[0] == Approx(3).epsilon(1e-15) && s[1] == Approx(3e-60).epsilon(1e-14) && s[2] == Approx(3e-120).epsilon(1e-14)));
}

TEST_CASE("a matrix with NaN or an infinity gives NaN, the others of its batch do not") {
    Tensor<double, 3, 2, 2> a = {2, 0, 0, 1, 1, 0, NAN, 1, INFINITY, 0, 0, 1};
    const auto [w, v] = call(eigen_of, a);
    const auto [u, s, vt] = call(svd_of, a);
    CHECK((w(0, 0) == 1 && w(0, 1) == 2 && s(0, 0) == 2 && s(0, 1) == 1));
    for (long i = 2; i < 6; ++i) CHECK((std::isnan(w.data()[i]) && std::isnan(s.data()[i])));
    for (long i = 4; i < 12; ++i) CHECK((std::isnan(v.data()[i]) && std::isnan(u.data()[i]) && std::isnan(vt.data()[i])));
    CHECK(all_nan(eval(pinv(a(1)))));
    CHECK(eval(matrix_rank(a(1)))() == 0);
}

TEST_CASE("shapes: wide matrices, a batch through a view, one element, integers") {
    const auto a = general<double, 2, 3, 5>(0, 4);
    const auto [u, s, vt] = call(svd_of, a);
    static_assert(std::is_same_v<decltype(u), const Tensor<double, 2, 3, 3>> && std::is_same_v<decltype(vt), const Tensor<double, 2, 3, 5>>);
    const auto [u2, s2, vt2] = call([](auto a) { return svd(transpose(a)); }, a);
    for (long q = 0; q < 2; ++q) {
        CHECK(svd_error(grid(a, q), grid(u, q), {s(q, 0), s(q, 1), s(q, 2)}, grid(vt, q)) < 2e-15);
        CHECK(distance(turned(grid(u2, q)), grid(vt, q)) == 0);
        CHECK(distance(turned(grid(vt2, q)), grid(u, q)) == 0);
    }
    const Tensor<int, 1, 1> one = {-3};
    auto [w, v] = eigh(one);
    const auto value = eval(w);
    static_assert(std::is_same_v<decltype(value), const Tensor<float, 1>>);
    CHECK((value[0] == -3 && eval(v)(0, 0) == 1 && eval(svdvals(one))[0] == 3));
}

TEST_CASE("a batch gives the bits of its matrices one by one") {
    const auto a = general<double, 9, 33, 33>(1, 6);
    const auto [w, v] = call(eigen_of, a);
    const auto [u, s, vt] = call(svd_of, a);
    for (long q = 0; q < 9; ++q) {
        Tensor<double, 33, 33> one;
        one = a(q);
        const auto [w1, v1] = call(eigen_of, one);
        const auto [u1, s1, vt1] = call(svd_of, one);
        CHECK((distance(grid(v, q), grid(v1)) == 0 && distance(grid(u, q), grid(u1)) == 0 && distance(grid(vt, q), grid(vt1)) == 0));
        for (long i = 0; i < 33; ++i) CHECK((w(q, i) == w1[i] && s(q, i) == s1[i]));
    }
}

TEST_CASE("pinv satisfies Penrose's conditions for any rank; matrix_rank and cond agree with it") {
    const auto check = [](const auto& a, long rank) {
        const grid g(a), p(eval(pinv(a)));
        const grid ap = times(g, p), pa = times(p, g);
        CHECK(distance(times(ap, g), g) < 1e-14);
        CHECK(distance(times(pa, p), p) < 1e-13);
        CHECK(distance(ap, turned(ap)) < 1e-14);
        CHECK(distance(pa, turned(pa)) < 1e-14);
        CHECK(eval(matrix_rank(a))() == rank);
    };
    check(general<double, 4, 3>(1, 3), 3);
    check(general<double, 3, 5>(1, 4), 3);
    check(Tensor<double, 3, 3>{1, 2, 3, 2, 4, 6, 1, 0, 1}, 2);
    check(Tensor<double, 2, 3>{}, 0);
    check(general<double, dyn, dyn>(1, 3, 6, 4), 4);
    const Tensor<double, 2, 2> d = {0, -4, 0.5, 0}, flat = {1, 1, 1, 1};
    CHECK(eval(cond(d))() == 8);
    CHECK(eval(cond(flat))() > 1e15);
}
