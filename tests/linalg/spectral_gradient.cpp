// The derivatives of eigh, first and second, forward and reverse, against differences, of functions that no sign of a vector changes;
// equal eigenvalues; vmap; sizes known late.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

constexpr auto of_eigen = [](auto x) {
    auto [w, v] = eigh(x + transpose(x));
    return square(v) * (1 + iota_like<-2>(v) + 3 * iota_like<-1>(v)) + matmul(v * sin(unsqueeze<-2>(w)), transpose(v)) + cos(unsqueeze<-2>(w));
};

}  // namespace

TEST_CASE("the derivatives of eigh agree with differences") {
    CHECK(gradient_error(of_eigen, general<double, 4, 4>(1, 1)) < 1e-6);
    CHECK(gradient_error(of_eigen, general<double, 2, 3, 3>(0, 2)) < 1e-6);
    CHECK(second_derivative_error(of_eigen, general<double, 3, 3>(1, 3)) < 1e-6);
}

TEST_CASE("equal eigenvalues: gradients of the values are finite, those of the vectors are not") {
    const Tensor<double, 3, 3> one = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const auto g = grad([](auto a) { return sum(square(eigvalsh(a))); })(one);
    CHECK(distance(grid(g), grid(Tensor<double, 3, 3>{2, 0, 0, 0, 2, 0, 0, 0, 2})) < 1e-15);
    const auto n = grad([](auto a) { return sum(svdvals(a)); })(one);
    CHECK(distance(grid(n), identity(3)) < 1e-15);
    const auto v = grad([](auto a) { return sum(square(get<1>(eigh(a))) * (1 + iota_like<0>(a) * iota_like<1>(a))); })(one);
    CHECK(!std::isfinite(v(0, 1)));
}

TEST_CASE("vmap of a decomposition is that of a batch; the gradient of eigh is symmetric; derivatives of sizes known late") {
    const auto x = general<double, 2, 3, 3>(1, 8);
    const auto w = vmap([](auto x) { return get<0>(eigh(x)); })(x);
    const auto p = vmap([](auto x) { return pinv(x) + get<2>(svd(x)); })(x);
    CHECK(distance(grid(w), grid(eval(eigvalsh(x)))) == 0);
    CHECK(distance(grid(p, 1), grid(eval(pinv(x) + get<2>(svd(x))), 1)) == 0);
    const auto fixed = general<double, 3, 3>(1, 9);
    const auto g = grad([](auto a) { return sum(square(get<1>(eigh(a))) * (1 + iota_like<0>(a) + 3 * iota_like<1>(a))); })(fixed);
    CHECK(distance(grid(g), turned(grid(g))) == 0);
    const auto f = [](auto x) { auto [u, s, vt] = svd(x); return sum(square(u)) + sum(matmul(u * sin(s), vt) * (1 + iota_like<0>(x))) + sum(pinv(x)); };
    Tensor<double, dyn, dyn> late(4, 3);
    const auto known = general<double, 4, 3>(1, 9);
    late = known;
    CHECK(distance(grid(grad(f)(late)), grid(grad(f)(known))) < 1e-13);
}
