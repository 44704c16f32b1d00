// The derivatives of cholesky and lu, first and second, against differences.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

// Symmetric in its argument's elements and positive definite, so that differences see symmetric matrices only.
constexpr auto definite(auto x) { return matmul(x, transpose(x)) + eye_like(matmul(x, transpose(x))); }

}  // namespace

TEST_CASE("the derivatives of cholesky agree with differences") {
    const auto x = general<double, 3, 3>(1, 1);
    const auto batch = general<double, 2, 2, 2>(1, 2);
    const auto f = [](auto x) { return cholesky(definite(x)); };
    CHECK(gradient_error(f, x) < 1e-6);
    CHECK(gradient_error(f, batch) < 1e-6);
    CHECK(second_derivative_error(f, x) < 1e-6);
    const Tensor<double, 1, 1> one = {4};
    CHECK(gradient_error([](auto x) { return cholesky(x); }, one) < 1e-6);
}

TEST_CASE("the gradient of cholesky is symmetric") {
    const Tensor<double, 2, 2> a = {4, 2, 2, 3};
    const auto g = grad([](auto a) { return sum(square(cholesky(a)) * (2 + iota_like<0>(a) + 3 * iota_like<1>(a))); })(a);
    CHECK((g(0, 1) == g(1, 0) && g(0, 1) != 0));
}

TEST_CASE("the derivatives of lu agree with differences, where rows are exchanged too") {
    const auto x = general<double, 4, 4>(0, 3);
    const auto batch = general<double, 2, 3, 3>(0, 4);
    const auto f = [](auto x) { auto [p, l, u] = lu(x); return sin(l) + cos(u); };
    CHECK(gradient_error(f, x) < 1e-6);
    CHECK(gradient_error(f, batch) < 1e-6);
    CHECK(second_derivative_error(f, general<double, 3, 3>(0, 3)) < 1e-6);
}
