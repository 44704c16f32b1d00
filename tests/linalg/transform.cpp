// Least squares: derivatives. Systems under vmap, against a loop; second derivatives by hessian; derivatives where sizes are known late.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

TEST_CASE("the derivatives of lstsq agree with differences, tall and wide") {
    const auto f = [](auto a, auto b) { return lstsq(a, b); };
    CHECK(gradient_error(f, general<double, 4, 2>(1, 10), general<double, 4, 2>(0, 11)) < 1e-6);
    CHECK(gradient_error(f, general<double, 2, 3>(1, 12), Tensor<double, 2>{1, -0.5}) < 1e-6);
}

TEST_CASE("vmap of a system is a loop over it, whichever operand it maps") {
    const auto a = general<double, 2, 3, 3>(2, 13);
    const auto b = general<double, 2, 3>(0, 14);
    const auto f = [](auto a, auto b) { return solve(a, b); };
    const auto both = vmap(f)(a, b);
    const auto one = vmap<-1, 0>(f)(eval(a(0) * 1), b);
    const auto many = vmap<0, -1>([](auto a, auto b) { return triangular_solve(a, b); })(a, eval(b(1) * 1));
    for (long i = 0; i < 2; ++i) {
        const auto x = eval(solve(a(i), b(i)));
        const auto y = eval(solve(a(0), b(i)));
        const auto z = eval(triangular_solve(a(i), b(1)));
        for (long r = 0; r < 3; ++r) CHECK((both(i, r) == x[r] && one(i, r) == y[r] && many(i, r) == z[r]));
    }
    const auto d = vmap([](auto a) { return det(a) + sum(inverse(a)); })(a);
    for (long i = 0; i < 2; ++i) CHECK(d[i] == Approx(eval(det(a(i)) + sum(inverse(a(i))))()));
    const auto h = hessian([](auto x) { return get<1>(slogdet(matmul(transpose(x), x))); })(eval(a(0) * 1));
    CHECK(std::isfinite(h(2, 2, 2, 2)));
}

TEST_CASE("derivatives of matrices whose size is known late") {
    const auto fixed = general<double, 3, 3>(2, 15);
    Tensor<double, dyn, dyn> a(3, 3);
    a = fixed;
    Tensor<double, dyn> b(3);
    b = fixed(0);
    const auto f = [](auto a, auto b) { return sum(square(solve(a, b))) + det(a); };
    const auto late = grad<0, 1>(f)(a, b);
    const auto known = grad<0, 1>(f)(fixed, eval(fixed(0) * 1));
    CHECK(distance(grid(get<0>(late)), grid(get<0>(known))) < 1e-13);
    for (long i = 0; i < 3; ++i) CHECK(get<1>(late)[i] == Approx(get<1>(known)[i]));
}
