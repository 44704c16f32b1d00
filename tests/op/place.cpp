// pad, concat, stack; Place and Fold: what slices, padding and windows are the derivatives of.
#include <etta/op/op.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"
#include "../holds.hpp"
#include "../gradient_check.hpp"

#include <cmath>

using etta::all;
using etta::eval;
using etta::grad;
using etta::Tensor;

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

TEST_CASE("pad lays zeros around, on one axis") {
    Tensor<int, 2, 2> x = {1, 2, 3, 4};
    CHECK(holds(eval(etta::pad<1, 1, 2>(x)), {0, 1, 2, 0, 0, 0, 3, 4, 0, 0}));
    CHECK(holds(eval(etta::pad<-2, 1, 0>(x)), {0, 0, 1, 2, 3, 4}));
    CHECK(holds(eval(etta::pad<0, 0, 0>(x)), {1, 2, 3, 4}));
    CHECK(holds(eval(etta::pad<0, 0, 1>(pad<1, 1, 0>(x * 2))), {0, 2, 4, 0, 6, 8, 0, 0, 0}));
    Tensor<double, 0> nothing;
    CHECK(holds(eval(etta::pad<0, 1, 1>(nothing)), {0, 0}));
}

TEST_CASE("concat puts one behind the other, along any axis and in any number") {
    Tensor<int, 2, 2> a = {1, 2, 3, 4};
    Tensor<int, 2, 1> b = {5, 6};
    CHECK(holds(eval(etta::concat<1>(a, b)), {1, 2, 5, 3, 4, 6}));
    CHECK(holds(eval(etta::concat<-1>(b, a, b)), {5, 1, 2, 5, 6, 3, 4, 6}));
    CHECK(holds(eval(etta::concat<0>(a, a.t())), {1, 2, 3, 4, 1, 3, 2, 4}));
    CHECK(holds(eval(etta::concat<0>(a(0, all), b(all, 0))), {1, 2, 5, 6}));
    // More parts than one node joins.
    Tensor<int, 1> one = {1};
    CHECK(holds(eval(etta::concat<0>(one, 2 * one, 3 * one, 4 * one, 5 * one, 6 * one, 7 * one, 8 * one, 9 * one, 10 * one)), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    // The wider dtype; an operand without elements.
    Tensor<double, 1> half = {0.5};
    const auto mixed = eval(etta::concat<0>(one, half));
    static_assert(std::is_same_v<decltype(mixed), const Tensor<double, 2>>);
    CHECK(holds(mixed, {1, 0.5}));
    Tensor<int, 0> nothing;
    CHECK(holds(eval(etta::concat<0>(nothing, one, nothing)), {1}));
    Tensor<bool, 2> yes = {true, false};
    CHECK(holds(eval(etta::concat<0>(yes, !yes)), {1, 0, 0, 1}));
    // What is not a number stays where it is: nothing is added to it, and it reaches nobody.
    Tensor<float, 2> bad = {NAN, -0.f}, fine = {1, 2};
    const auto both = eval(etta::concat<0>(bad, fine));
    CHECK((std::isnan(both[0]) && std::signbit(both[1]) && both[2] == 1 && both[3] == 2));
}

TEST_CASE("stack puts its operands along a new axis") {
    Tensor<int, 2> a = {1, 2}, b = {3, 4}, c = {5, 6};
    CHECK(holds(eval(etta::stack<0>(a, b, c)), {1, 2, 3, 4, 5, 6}));
    CHECK(holds(eval(etta::stack<1>(a, b, c)), {1, 3, 5, 2, 4, 6}));
    static_assert(std::is_same_v<decltype(eval(etta::stack<-1>(a, b, c))), Tensor<int, 2, 3>>);
    CHECK(holds(eval(etta::stack<-1>(a, b, c)), {1, 3, 5, 2, 4, 6}));
    static_assert(std::is_same_v<decltype(eval(etta::stack<0>(a))), Tensor<int, 1, 2>>);
    Tensor<int, 2, 2> m = {1, 2, 3, 4};
    CHECK(holds(eval(etta::stack<1>(m, -m)), {1, 2, -1, -2, 3, 4, -3, -4}));
    const auto ends = etta::call([](auto x) { return stack<0>(x[-1], x[0]); }, c);  // of numbers
    CHECK(holds(ends, {6, 5}));
}

TEST_CASE("the derivatives of what is put together agree with differences, the second ones too") {
    Tensor<double, 2, 2> x = {0.3, -0.7, 1.1, 0.2};
    Tensor<double, 2, 2> y = {0.9, 0.4, -0.2, 0.6};
    CHECK(gradient_error([](auto x, auto y) { return square(pad<1, 1, 2>(concat<0>(x * y, sin(x), x))) + pad<1, 0, 3>(exp(concat<0>(y, x, y))); }, x, y) < 1e-6);
    CHECK(gradient_error([](auto x, auto y) { return exp(stack<1>(x, y, x * y)); }, x, y) < 1e-6);
    CHECK(gradient_error([](auto x, auto y) { return square(concat<1>(x, y, x, y, x, y * x, x, y, x, y)); }, x, y) < 1e-6);  // more parts than one node joins
    CHECK(second_derivative_error([](auto x, auto y) { return sin(stack<0>(concat<1>(x * y, x), pad<1, 2, 0>(square(y)))); }, x, y) < 1e-6);
}
