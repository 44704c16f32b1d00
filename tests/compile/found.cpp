// What random programs (random_programs.py) found: each a program that was once wrong, by name of what it proves.
#include <etta/etta.hpp>

#include <limits>

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

struct Flat {
    constexpr auto operator()(auto x) const { return etta::flatten<0>(x) * 2; }
};
struct FlatDiagonal {
    constexpr auto operator()(auto x) const { return etta::diagonal(x); }
};

// Rows repeated between two extents, the inner of which is 1 when it runs.
struct RepeatedRows {
    constexpr auto operator()(auto x) const {
        auto d = x - mean(x, etta::axis<1>, etta::keepdims);
        return etta::repeat<2, 0>(d) * 1;
    }
};
struct RepeatedProduct {
    constexpr auto operator()(auto x) const { return matmul(etta::repeat<2, 0>(x), etta::repeat<2, 0>(x).t()); }
};

struct EmptySum {
    constexpr auto operator()(auto x, auto y) const { return sum(etta::flatten<0>(x)) + y * max(etta::flatten<0>(x * 2) - 1); }
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
TEST_CASE("a view with strides of its own is reshaped by its elements, not by its memory") {
    auto whole = check::filled(Tensor<double, 4, 2, 5>{}, 1);
    const auto view = whole(etta::all, 1, etta::all);
    CHECK(check::program_error(Flat{}, view) < 1e-15);
    CHECK(check::program_error(FlatDiagonal{}, view) < 1e-15);
    const Tensor<double, 20> y = etta::flatten<0>(view) * 2;
    const Tensor<double, 2, 10> z = etta::reshape<2, 10>(view);
    for (int i = 0; i < 20; ++i) {
        CHECK(y(i) == 2 * whole(i / 5, 1, i % 5));
        CHECK(z(i / 10, i % 10) == whole(i / 5, 1, i % 5));
    }
    const Tensor<double, 4> d = etta::diagonal(view);
    for (int i = 0; i < 4; ++i) CHECK(d(i) == whole(i, 1, i));
}
TEST_CASE("an extent that is 1 when the program runs is an extent like others") {
    for (int n : {1, 2, 4})
        for (int m : {1, 2, 3}) {
            auto x = check::filled(Tensor<double, etta::dyn, etta::dyn>(n, m), 1);
            CHECK(check::program_error(RepeatedRows{}, x) < 1e-12);
            CHECK(check::program_error(RepeatedProduct{}, x) < 1e-12);
        }
}
TEST_CASE("of an empty tensor nothing is read, however it is reshaped") {
    Tensor<double, 2, 0> x;
    CHECK(etta::call(EmptySum{}, x, 2.0) == -std::numeric_limits<double>::infinity());
}
