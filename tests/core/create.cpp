// Tensors from nothing, from lists, from spans and from expressions. Values are NumPy's.
#include <etta/core/create.hpp>
#include <etta/op/op.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"
#include "../holds.hpp"

#include <cmath>
#include <span>
#include <vector>

using etta::dyn;
using etta::seed;
using etta::Tensor;

namespace {
template <class A, class B>
constexpr bool same = std::is_same_v<A, B>;
template <class T>
concept takes_ragged = requires { T{{1, 2}, {3}}; };
}  // namespace

TEST_CASE("zeros, ones and full fill tensors of static extents") {
    static_assert(same<decltype(etta::zeros<int, 2, 3>()), Tensor<int, 2, 3>>);
    CHECK(holds(etta::zeros<int, 2, 2>(), {0, 0, 0, 0}));
    CHECK(holds(etta::ones<float, 3>(), {1, 1, 1}));
    CHECK(holds(etta::ones<bool, 2>(), {1, 1}));
    CHECK(holds(etta::full<double, 2, 2>(-0.5), {-0.5, -0.5, -0.5, -0.5}));
    CHECK(holds(etta::full<std::int8_t, 2>(-7), {-7, -7}));
    CHECK(etta::full<float>(7)() == 7);
    CHECK(etta::ones<float, 0, 3>().size() == 0);
    const auto big = etta::full<double, 40, 40>(3);
    CHECK((big[0] == 3 && big[1599] == 3));
}

TEST_CASE("arange counts and linspace divides, and both ends are exact") {
    CHECK(holds(etta::arange<int, 5>(), {0, 1, 2, 3, 4}));
    CHECK(holds(etta::arange<int, 4>(10, -3), {10, 7, 4, 1}));
    CHECK(holds(etta::arange<float, 4>(1, 0.5f), {1, 1.5, 2, 2.5}));
    CHECK(etta::arange<int, 0>().size() == 0);
    CHECK(holds(etta::linspace<double, 5>(0, 1), {0, 0.25, 0.5, 0.75, 1}));
    CHECK(holds(etta::linspace<double, 3>(2, -2), {2, 0, -2}));
    CHECK(holds(etta::linspace<float, 1>(3, 9), {3}));
    CHECK(etta::linspace<float, 0>(3, 9).size() == 0);
    const auto tenths = etta::linspace<float, 11>(0, 1);
    CHECK(tenths[10] == 1);
    for (int i = 0; i < 11; ++i) CHECK(std::abs(tenths[i] - float(i) / 10) < 1e-7f);
}

TEST_CASE("eye has ones on its diagonal, square or not") {
    CHECK(holds(etta::eye<int, 2>(), {1, 0, 0, 1}));
    CHECK(holds(etta::eye<float, 2, 3>(), {1, 0, 0, 0, 1, 0}));
    CHECK(holds(etta::eye<float, 3, 2>(), {1, 0, 0, 1, 0, 0}));
}

TEST_CASE("from_function calls with an element's indices") {
    CHECK(holds(etta::from_function<float, 2, 3>([](auto i, auto j) { return float(10 * i + j); }), {0, 1, 2, 10, 11, 12}));
    CHECK(holds(etta::from_function<int, 2, 1, 2>([](auto i, auto j, auto k) { return int(100 * i + 10 * j + k); }), {0, 1, 100, 101}));
    CHECK(etta::from_function<double>([] { return 2.5; })() == 2.5);
    CHECK(etta::from_function<float, 2, 0>([](auto, auto) { return 1.f; }).size() == 0);
}

TEST_CASE("uniform and normal are functions of the seed, the stream and the place, with the moments they say") {
    const auto u = etta::uniform<double, 100, 100>(seed(3));
    const auto n = etta::normal<double, 100, 100>(seed(3));
    double mean = 0, square = 0, spread = 0, low = 1, high = 0;
    for (long i = 0; i < u.size(); ++i) {
        mean += u[i] / 1e4, spread += n[i] / 1e4, square += n[i] * n[i] / 1e4;
        low = std::fmin(low, u[i]), high = std::fmax(high, u[i]);
    }
    CHECK((low >= 0 && low < 0.001 && high < 1 && high > 0.999));
    CHECK(std::abs(mean - 0.5) < 4 * std::sqrt(1.0 / 12 / 1e4));
    CHECK(std::abs(spread) < 4 / std::sqrt(1e4));
    CHECK(std::abs(square - 1) < 4 * std::sqrt(2 / 1e4));
    const auto few = etta::uniform<double, 7>(seed(3));
    for (int i = 0; i < 7; ++i) CHECK((few[i] == u[i] && few[i] == etta::uniform_at<double>(seed(3), 0, std::uint64_t(i))));
    CHECK(etta::uniform<float, 4>(seed(3), 1)[0] != etta::uniform<float, 4>(seed(3))[0]);
    CHECK(etta::normal<float, 4>(seed(3))[0] != etta::normal<float, 4>(seed(4))[0]);
}

TEST_CASE("run-time extents come first, one number per dyn") {
    const auto z = etta::zeros<float, dyn, 3>(4);
    static_assert(same<decltype(z), const Tensor<float, dyn, 3>>);
    CHECK((z.extent(0) == 4 && z.size() == 12 && z[11] == 0));
    const auto o = etta::ones<int, dyn, 2, dyn>(3, 4);
    CHECK((o.extent(0) == 3 && o.extent(2) == 4 && o[0] == 1 && o[23] == 1));
    const auto f = etta::full<float, dyn, 2>(2, 1.5);
    CHECK(holds(f, {1.5, 1.5, 1.5, 1.5}));
    CHECK(holds(etta::arange<float, dyn>(3), {0, 1, 2}));
    CHECK(holds(etta::arange<int, dyn>(3, 5, -2), {5, 3, 1}));
    CHECK(holds(etta::linspace<double, dyn>(3, 1, 2), {1, 1.5, 2}));
    const auto e = etta::eye<float, dyn>(2);
    static_assert(same<decltype(e), const Tensor<float, dyn, dyn>>);
    CHECK(holds(e, {1, 0, 0, 1}));
    CHECK(holds(etta::from_function<int, dyn, 2>(2, [](auto i, auto j) { return int(10 * i + j); }), {0, 1, 10, 11}));
    const auto u = etta::uniform<float, dyn>(5, seed(1));
    const auto n = etta::normal<double, dyn, dyn>(2, 3, seed(1), 7);
    const auto same_u = etta::uniform<float, 5>(seed(1));
    const auto same_n = etta::normal<double, 2, 3>(seed(1), 7);
    for (int i = 0; i < 5; ++i) CHECK(u[i] == same_u[i]);
    for (int i = 0; i < 6; ++i) CHECK(n[i] == same_n[i]);
    CHECK(etta::zeros<float, dyn>(0).size() == 0);
    CHECK_THROWS_WITH((etta::zeros<float, dyn>(-1)), says("negative"));
}

TEST_CASE("lists give elements, nested lists rows and planes") {
    const Tensor<float, 2, 3> m{{1, 2, 3}, {4, 5, 6}};
    CHECK(holds(m, {1, 2, 3, 4, 5, 6}));
    const Tensor<double, 2, 2, 2> c = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
    CHECK(holds(c, {1, 2, 3, 4, 5, 6, 7, 8}));
    CHECK(holds(Tensor<float, 1, 2>{{1, 2}}, {1, 2}));
    CHECK(holds(Tensor<int, 1, 2, 2>{{{1, 2}, {3, 4}}}, {1, 2, 3, 4}));
    CHECK(holds(Tensor<bool, 2, 2>{{true, false}, {false, true}}, {1, 0, 0, 1}));
    static_assert(!takes_ragged<Tensor<int, 2, 2, 2>>);
    Tensor<float, dyn> v = {1, 2, 3};
    CHECK((v.extent(0) == 3 && holds(v, {1, 2, 3})));
    CHECK((Tensor<int, dyn>{5}.size() == 1 && Tensor<int, dyn>(5).size() == 5));  // as std::vector
    v = Tensor<float, dyn>{4, 5};
    CHECK(holds(v, {4, 5}));
    CHECK_THROWS_WITH((Tensor<float, 4>{1.f, 2.f, 3.f}), says("3 are given") && says("4 elements"));
}

TEST_CASE("a span's elements fill run-time extents that fit") {
    const std::vector<float> v{1, 2, 3, 4, 5, 6};
    const std::span<const float> s(v);
    const Tensor<float, dyn, 3> m(s, 2);
    CHECK((m.extent(0) == 2 && m(1, 0) == 4));
    const Tensor<float, dyn, 3> inferred(s);
    CHECK((inferred.extent(0) == 2 && inferred(1, 2) == 6));
    const Tensor<float, dyn, dyn> n(s, 3, 2);
    CHECK(n(2, 1) == 6);
    CHECK_THROWS_WITH((Tensor<float, dyn, 3>(s, 3)), says("6 are given") && says("9 elements"));
    CHECK_THROWS_WITH((Tensor<float, dyn, 4>(s)), says("6 are given") && says("4 elements"));
}

TEST_CASE("a tensor of run-time extents takes them from the expression it is built from") {
    Tensor<float, dyn> x = {1, 2, 3};
    const Tensor<float, dyn> y = 2 * x;
    CHECK((y.extent(0) == 3 && holds(y, {2, 4, 6})));
    Tensor<double, dyn, 2> m(3);
    for (int i = 0; i < 6; ++i) m[i] = i;
    const Tensor<double, dyn, dyn> t = m.t() + 1;
    CHECK((t.extent(0) == 2 && t.extent(1) == 3 && holds(t, {1, 3, 5, 2, 4, 6})));
    const Tensor<double, 2, dyn> product = matmul(m.t(), m);
    CHECK((product.extent(1) == 2 && product(1, 1) == 35));
    const Tensor<double, dyn> column = m(etta::all, 1);  // a view
    CHECK(holds(column, {1, 3, 5}));
    Tensor<float, 2, 2> fixed{{1, 2}, {3, 4}};
    const Tensor<float, dyn, dyn> of_static = fixed;
    CHECK((of_static.extent(0) == 2 && of_static(1, 0) == 3));
    Tensor<int, 2, 2> whole{{1, 2}, {3, 4}};
    const Tensor<double, dyn, 2> wide = whole * 2;  // the tensor's dtype
    CHECK(holds(wide, {2, 4, 6, 8}));
    Tensor<float, dyn> other = {1, 2};
    CHECK_THROWS_WITH((Tensor<float, dyn>(x + other)), says("differ"));
    Tensor<float, 2, dyn> two(3);
    CHECK_THROWS_AS((Tensor<float, dyn, 2>(two + 0)), etta::Error);
}
