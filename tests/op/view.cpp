// permute, unsqueeze, broadcast_to: what moves no data. Values are NumPy's.
#include <etta/core/create.hpp>
#include <etta/op/shape.hpp>

#include "../catch.hpp"
#include "../holds.hpp"
#include "../gradient_check.hpp"

using namespace etta;

namespace {

template <class T, std::size_t... E>
Tensor<T, E...> counting() {
    Tensor<T, E...> t;
    for (long i = 0; i < t.size(); ++i) t[i] = static_cast<T>(i);
    return t;
}

}  // namespace

TEST_CASE("permute orders the axes as its numbers say, negative ones counted from the end") {
    const auto x = counting<int, 2, 3, 4>();
    const auto y = eval(permute<2, 0, 1>(x));
    static_assert(std::is_same_v<decltype(y), const Tensor<int, 4, 2, 3>>);
    CHECK(holds(y, {0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23}));
    CHECK(allclose(eval(permute<-1, 0, -2>(x)), y));
    CHECK(allclose(eval(permute<1, 2, 0>(permute<2, 0, 1>(x))), x));
    // Beside what is not permuted, in one kernel.
    const auto a = counting<int, 2, 3>();
    const auto b = counting<int, 3, 2>();
    const auto z = eval(permute<1, 0>(a) * 10 + b);
    CHECK(holds(z, {0, 31, 12, 43, 24, 55}));
    Tensor<double, dyn, 2> d(3);
    for (int i = 0; i < 6; ++i) d[i] = i;
    const auto e = eval(permute<1, 0>(d));
    CHECK((e.extent(0) == 2 && e.extent(1) == 3 && holds(e, {0, 2, 4, 1, 3, 5})));
}

TEST_CASE("unsqueeze puts an axis of extent 1 where it says, squeeze takes it away") {
    const auto x = counting<float, 2, 3>();
    static_assert(std::is_same_v<decltype(eval(unsqueeze<0>(x))), Tensor<float, 1, 2, 3>>);
    static_assert(std::is_same_v<decltype(eval(unsqueeze<1>(x))), Tensor<float, 2, 1, 3>>);
    static_assert(std::is_same_v<decltype(eval(unsqueeze<-1>(x))), Tensor<float, 2, 3, 1>>);
    static_assert(std::is_same_v<decltype(eval(unsqueeze<-3>(x))), Tensor<float, 1, 2, 3>>);
    static_assert(std::is_same_v<decltype(eval(squeeze<1>(unsqueeze<1>(x)))), Tensor<float, 2, 3>>);
    CHECK(holds(eval(unsqueeze<1>(x)), {0, 1, 2, 3, 4, 5}));
    Tensor<float, 3> v = {1, 2, 3};
    CHECK(holds(eval(unsqueeze<1>(v) - unsqueeze<0>(v)), {0, -1, -2, 1, 0, -1, 2, 1, 0}));
    CHECK(holds(eval(unsqueeze<1>(x(all, 1)) + x(all, 2)), {3, 6, 6, 9}));
    Tensor<float> one;
    one[0] = 7;
    CHECK(holds(eval(unsqueeze<0>(one)), {7}));
}

TEST_CASE("broadcast_to repeats axes of extent 1 and adds axes in front") {
    Tensor<int, 3> v = {1, 2, 3};
    Tensor<int, 2, 1> c = {4, 5};
    CHECK(holds(eval(broadcast_to<2, 3>(v)), {1, 2, 3, 1, 2, 3}));
    CHECK(holds(eval(broadcast_to<2, 3>(c)), {4, 4, 4, 5, 5, 5}));
    static_assert(std::is_same_v<decltype(eval(broadcast_to<2, 2, 3>(c))), Tensor<int, 2, 2, 3>>);
    CHECK(holds(eval(broadcast_to<2, 2, 3>(c)), {4, 4, 4, 5, 5, 5, 4, 4, 4, 5, 5, 5}));
    CHECK(holds(eval(sum(broadcast_to<4, 3>(v), axis<0>)), {4, 8, 12}));
    CHECK(holds(eval(permute<1, 0>(broadcast_to<2, 3>(v))), {1, 1, 2, 2, 3, 3}));
    CHECK(eval(broadcast_to<0, 3>(v)).size() == 0);
    Tensor<int> one;
    one[0] = 7;
    CHECK(holds(eval(broadcast_to<2, 2>(one)), {7, 7, 7, 7}));
}

TEST_CASE("the derivatives of views agree with differences, the second ones too") {
    Tensor<double, 2, 3> x = {0.3, -0.7, 1.1, 0.2, 0.9, -0.4};
    Tensor<double, 3> v = {0.5, -0.2, 0.8};
    constexpr auto views = [](auto x, auto v) { return sin(permute<1, 0>(x)) * broadcast_to<3, 2>(unsqueeze<1>(v)) + square(permute<1, 0>(broadcast_to<2, 3>(v)) * permute<1, 0>(x)); };
    CHECK(gradient_error(views, x, v) < 1e-6);
    CHECK(second_derivative_error(views, x, v) < 1e-6);
}
