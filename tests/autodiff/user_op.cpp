// An op of a user's own, with its own gradient: it computes, fuses and differentiates like the library's.
#include <etta/op/activation.hpp>
#include <etta/run/call.hpp>

#include "catch.hpp"
#include "expr/near.hpp"

namespace user {

struct Swish : etta::ElementwiseOp<Swish> {
    static constexpr auto name = "swish";
    static constexpr auto eval(auto x) { return x / (1 + exp(-x)); }
    static constexpr auto vjp(auto x, auto, auto g) {
        auto s = 1 / (1 + exp(-x));
        return g * s * (1 + x * (1 - s));
    }
};
inline constexpr auto swish = etta::op<Swish>;

struct Hypot : etta::ElementwiseOp<Hypot> {  // of two operands
    static constexpr auto name = "hypot";
    static constexpr int operands = 2;
    static constexpr auto eval(auto x, auto y) { return sqrt(x * x + y * y); }
    static constexpr auto vjp(auto x, auto y, auto r, auto g) { return etta::grads{g * x / r, g * y / r}; }
};
inline constexpr auto hypot = etta::op<Hypot>;

struct Half : etta::ElementwiseOp<Half> {  // a gradient that is wrong on purpose, to see that it is the one used
    static constexpr auto name = "half";
    static constexpr auto eval(auto x) { return x * 0.5f; }
    static constexpr auto vjp(auto, auto, auto g) { return 100 * g; }
};
inline constexpr auto half = etta::op<Half>;

double reference(double x) { return x / (1 + std::exp(-x)); }
double slope(double x) {
    const double s = 1 / (1 + std::exp(-x));
    return s * (1 + x * (1 - s));
}

}  // namespace user

using etta::Tensor;

TEST_CASE("a user's op stands in expressions, on tensors, views and expressions") {
    Tensor<double, 33> x, y;
    fill(x);
    y = user::swish(3 * x) + 1;
    CHECK(difference(y, [&](long i) { return user::reference(3 * x[i]) + 1; }) == "");
    y = user::hypot(x, 0.5) * user::hypot(x, x);
    CHECK(difference(y, [&](long i) { return std::sqrt(x[i] * x[i] + 0.25) * std::sqrt(2 * x[i] * x[i]); }) == "");
    Tensor<float, 7> f, g;
    fill(f);
    g = user::swish(f);
    CHECK(difference(g, [&](long i) { return user::reference(f[i]); }) == "");
}

TEST_CASE("a user's op has the gradient that its author wrote, to any order") {
    Tensor<double, 9> x;
    fill(x);
    const auto g = etta::grad([](auto x) { return sum(user::swish(x)); })(x);
    CHECK(difference(g, [&](long i) { return user::slope(x[i]); }) == "");
    const auto second = etta::derivative<2>([](auto x) { return user::swish(x); })(x);
    CHECK(difference(second, [&](long i) { return (user::slope(x[i] + 1e-5) - user::slope(x[i] - 1e-5)) / 2e-5; }, 1e-8) == "");
    const auto forward = etta::jvp([](auto x) { return user::swish(x); })(etta::args(x), etta::args(x));
    CHECK(difference(get<1>(forward), [&](long i) { return user::slope(x[i]) * x[i]; }) == "");
    auto [dx, dy] = etta::grad<0, 1>([](auto x, auto y) { return sum(user::hypot(x, y) * y); })(x, x);
    CHECK(difference(dx, [&](long i) { return x[i] * x[i] / std::abs(x[i] * std::sqrt(2.0)); }) == "");
    CHECK(difference(etta::grad([](auto x) { return sum(user::half(x)); })(x), [](long) { return 100; }) == "");
}
