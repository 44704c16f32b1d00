// The derivatives of svd, first and second, forward and reverse, against differences.
#include <etta/linalg/linalg.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"
#include "matrices.hpp"

using namespace etta;

namespace {

constexpr auto of_svd = [](auto x) {
    auto [u, s, vt] = svd(x);
    return matmul(square(u) * (1 + iota_like<-1>(u)) + sin(unsqueeze<-2>(s)), square(vt) * (2 + iota_like<-2>(vt))) + 3 * matmul(u * cos(unsqueeze<-2>(s)), vt);
};

}  // namespace

TEST_CASE("the derivatives of svd agree with differences: square, tall, wide, a batch") {
    CHECK(gradient_error(of_svd, general<double, 3, 3>(1, 5)) < 1e-6);
    CHECK(gradient_error(of_svd, general<double, 4, 2>(1, 6)) < 1e-6);
    CHECK(gradient_error(of_svd, general<double, 2, 2, 4>(1, 7)) < 1e-6);
    CHECK(second_derivative_error(of_svd, general<double, 3, 2>(1, 6)) < 1e-6);
}
