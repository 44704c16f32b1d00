// The derivatives of qr, first and second, against differences; vmap of factorisations against a batch.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

// Symmetric in its argument's elements and positive definite, so that differences see symmetric matrices only.
constexpr auto definite(auto x) { return matmul(x, transpose(x)) + eye_like(matmul(x, transpose(x))); }

}  // namespace

TEST_CASE("the derivatives of qr agree with differences: square, tall, wide") {
    const auto f = [](auto x) { auto [q, r] = qr(x); return sum(sin(q) * (1 + iota_like<0>(q) + 3 * iota_like<1>(q))) + flatten<0>(cos(r)); };
    CHECK(gradient_error(f, general<double, 3, 3>(1, 5)) < 1e-6);
    CHECK(gradient_error(f, general<double, 4, 2>(1, 6)) < 1e-6);
    CHECK(gradient_error(f, general<double, 2, 4>(1, 7)) < 1e-6);
    CHECK(second_derivative_error(f, general<double, 3, 2>(1, 6)) < 1e-6);
}

TEST_CASE("vmap of a factorisation is the factorisation of a batch") {
    const auto x = general<double, 2, 3, 3>(1, 8);
    const auto l = vmap([](auto x) { return cholesky(definite(x)); })(x);
    const auto s = eval(matmul(x, transpose(x)) + eye_like(x));
    CHECK(distance(grid(l, 1), grid(eval(cholesky(s)), 1)) < 1e-15);
    const auto u = vmap([](auto x) { return get<2>(lu(x)); })(x);
    CHECK(distance(grid(u, 1), grid(eval(get<2>(lu(x))), 1)) == 0);
    const auto r = vmap([](auto x) { return get<1>(qr(x)); })(x);
    CHECK(distance(grid(r, 1), grid(eval(get<1>(qr(x))), 1)) < 1e-15);
    const auto g = vmap(grad([](auto x) { return sum(get<1>(qr(x))); }))(x);
    const auto one = grad([](auto x) { return sum(get<1>(qr(x))); })(eval(x(1) * 1));
    CHECK(distance(grid(g, 1), grid(one)) < 1e-13);
}
