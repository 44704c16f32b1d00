// Place and Fold: what slices, padding and windows are the derivatives of.
#include <etta/op/op.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"

using etta::grad;

TEST_CASE("a constant is laid into zeros like anything else: the derivative of an element that stands alone") {
    const etta::Tensor<double, 3> x{1, 2, 3};
    const auto g = grad([](auto x) { return x[0] + x[1] * x[1]; })(x);
    CHECK((g[0] == 1 && g[1] == 4 && g[2] == 0));
    const auto h = grad([](auto x) { return 3 * x[2] - sum(x); })(x);
    CHECK((h[0] == -1 && h[2] == 2));
    const auto both = etta::call([](auto x) { return concat<0>(full_like(x, 7), x); }, x);
    CHECK((both[0] == 7 && both[2] == 7 && both[3] == 1));
    const etta::Tensor<double, 1, 1, 4, 4> image{};
    const auto pooled = grad([](auto x) { return sum(avg_pool<2>(x)); })(image);
    CHECK((pooled[0] == 0.25 && pooled[15] == 0.25));
}
