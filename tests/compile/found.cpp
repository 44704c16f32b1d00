// What random programs (random_programs.py) found: each a program that was once wrong, by name of what it proves.
#include <etta/etta.hpp>

#include "catch.hpp"
#include "program_check.hpp"

using etta::Tensor;

namespace {

struct SumOfParts {
    constexpr auto operator()(auto x) const { return sum(etta::flip<0>(x)) + sum(etta::slice<0, 1, 7, 3>(x)); }
};
struct SumOfWindows {
    constexpr auto operator()(auto x) const { return sum(etta::avg_pool<2>(x)) + sum(etta::slice<3, 1, 3>(x)); }
};
template <class F>
struct Gradient {
    constexpr auto operator()(auto x) const { return etta::value_and_grad(F{})(x); }
};

// Each line uses the one before several times: what inlines a use at a time takes 4^20 steps.
struct ScalarChain {
    constexpr auto operator()(auto a, auto x) const {
        for (int i = 0; i < 20; ++i) a = a * a / (1 + a * a) + 0.5;
        return a * x;
    }
};

}  // namespace

TEST_CASE("a constant is placed and folded as any operand: the gradient of a sum of parts") {
    auto x = check::filled(Tensor<double, 8>{}, 1);
    CHECK(check::program_error(Gradient<SumOfParts>{}, x) < 1e-12);
    auto image = check::filled(Tensor<double, 1, 2, 6, 6>{}, 1);
    const auto g = etta::grad(SumOfWindows{})(image);
    for (int i = 0; i < 6; ++i) CHECK(g(0, 1, 2, i) == Approx(i == 1 || i == 2 ? 1.25 : 0.25));
}
TEST_CASE("a scalar of leaves that is used several times is emitted once") {
    auto x = check::filled(Tensor<double, 8>{}, 1);
    CHECK(check::program_error(ScalarChain{}, 0.7, x) < 1e-12);
}
