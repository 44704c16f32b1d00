// Compound assignment, noalias, eval of run-time extents.
#include <etta/etta.hpp>

#include "../catch.hpp"

using namespace etta;

TEST_CASE("compound assignment computes in place, by NumPy's rules") {
    Tensor<float, 2, 3> m = {1, 2, 3, 4, 5, 6};
    const Tensor<float, 3> row = {10, 20, 30};
    m += row;
    CHECK((m(0, 0) == 11 && m(1, 2) == 36));
    m -= 1;
    m *= 2;
    m /= row;
    CHECK((m(0, 0) == 2 && m(1, 1) == Approx(48.0 / 20)));
    m(0, all) += m(1, all) * 0.5f;
    CHECK(m(0, 0) == Approx(2 + 0.5 * 26.0 / 10));
    m(all, 2) *= 0;
    CHECK((m(0, 2) == 0 && m(1, 2) == 0));
    Tensor<int, 3> n = {1, 2, 3};
    n += 1;
    n *= n;
    CHECK((n[0] == 4 && n[2] == 16));
}

TEST_CASE("compound assignment of what reads the destination elsewhere is safe") {
    Tensor<double, 3, 3> a = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    a += a.t();
    CHECK((a(0, 1) == 6 && a(1, 0) == 6 && a(2, 2) == 18));
    a += matmul(a, a);
    CHECK(a(0, 0) == 2 + 4 + 36 + 100);
}

TEST_CASE("noalias gives the same where nothing overlaps") {
    const Tensor<double, 2, 2> a = {1, 2, 3, 4}, b = {5, 6, 7, 8};
    Tensor<double, 2, 2> c, d;
    c = matmul(a, b) + a;
    d.noalias() = matmul(a, b) + a;
    CHECK(allclose(c, d));
    d.view().noalias() = 3;
    CHECK(d(1, 1) == 3);
}

TEST_CASE("eval and compound assignment with run-time extents") {
    Tensor<double, dyn, 3> p(4);
    p = 1.5;
    p += 1;
    const auto r = eval(p * 2 + 1);
    CHECK((r.extent(0) == 4 && r(3, 2) == 6));
    const auto t = eval(p.t());
    CHECK((t.extent(0) == 3 && t.extent(1) == 4));
    CHECK(eval(sum(p, axis<0>))[1] == 10);
    const auto product = eval(matmul(p, p.t()));
    CHECK((product.extent(0) == 4 && product.extent(1) == 4 && product(2, 3) == 3 * 2.5 * 2.5));
    Tensor<double, dyn, 3> none(0);
    CHECK(eval(none * 2).size() == 0);
}

TEST_CASE("inside a traced function, += gives a name a new value") {
    const Tensor<double, 3> x = {1, 2, 3};
    const auto f = [](auto x) {
        auto total = x[0];
        for (int i = 1; i < 3; ++i) total += x[i] * x[i];
        auto y = x;  // x stays what it was
        y *= 2, y -= 1, y /= x;
        return total + sum(y) * 0 + sum(x);
    };
    CHECK(call(f, x) == 1 + 4 + 9 + 6);
    const auto g = grad(f)(x);
    CHECK((g[0] == 2 && g[1] == 5 && g[2] == 7));
}
