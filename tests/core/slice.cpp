// Parts of tensors, other orders of them, and walks through them: values are NumPy's.
#include <etta/core/create.hpp>
#include <etta/core/strided.hpp>
#include <etta/op/op.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

using etta::all;
using etta::dyn;
using etta::extents;
using etta::range;
using etta::Tensor;

namespace {
template <class X>
bool holds(const X& x, std::initializer_list<double> want) {
    auto w = want.begin();
    for (const auto& e : x)
        if (w == want.end() || double(e) != *w++) return false;
    return w == want.end();
}
template <class V, std::size_t... E>
constexpr bool has_extents = std::is_same_v<typename V::extents_type, extents<E...>>;
}  // namespace

TEST_CASE("a range of an axis is a view of it") {
    auto t = etta::arange<int, 12>();
    Tensor<int, 3, 4> m = reshape<3, 4>(t);
    const auto middle = m(range(1, 3), all);
    CHECK((has_extents<decltype(middle), dyn, 4> && middle.extent(0) == 2));
    CHECK(holds(middle, {4, 5, 6, 7, 8, 9, 10, 11}));
    CHECK(holds(m(all, range(1, 3)), {1, 2, 5, 6, 9, 10}));
    CHECK(holds(m(range(0, 2), range(1, 4)), {1, 2, 3, 5, 6, 7}));
    CHECK(holds(m(1, range(2, all)), {6, 7}));
    CHECK(holds(m(range(0, 3), 2), {2, 6, 10}));
    CHECK(holds(m(range(2, 3)), {8, 9, 10, 11}));  // axes not mentioned are kept
    CHECK(holds(m(all, range(1, -1)), {1, 2, 5, 6, 9, 10}));
    CHECK(holds(m(range(-1, all), range(-2, all)), {10, 11}));
    CHECK(m(range(3, 3), all).size() == 0);
    CHECK(m(range(2, 1), all).size() == 0);
    CHECK(holds(m(range(0, 3), range(1, 4))(range(1, 2), range(0, 3, 2)), {5, 7}));  // of a range
}

TEST_CASE("a range may step, forward and backward") {
    const auto v = etta::arange<int, 7>();
    CHECK(holds(v(range(0, 7, 2)), {0, 2, 4, 6}));
    CHECK(holds(v(range(1, 6, 3)), {1, 4}));
    CHECK(holds(v(range(5, 1, -2)), {5, 3}));
    CHECK(holds(v(range(-1, all, -1)), {6, 5, 4, 3, 2, 1, 0}));
    CHECK(holds(v(range(2, all, -1)), {2, 1, 0}));
    CHECK(holds(v(range(6, all, 5)), {6}));
    CHECK(holds(v(range(2, -1, 2)), {2, 4}));
    CHECK(holds(eval(v(range(-1, all, -1)) * 10 + v), {60, 51, 42, 33, 24, 15, 6}));
    const Tensor<int, 0> none;
    CHECK((none(range(0, 0)).size() == 0 && none(range(0, all)).size() == 0 && none(range(-1, all, -1)).size() == 0));
}

TEST_CASE("a range of constants keeps a static extent static") {
    Tensor<float, 4, 6> m = etta::from_function<float, 4, 6>([](auto i, auto j) { return float(10 * i + j); });
    const auto part = m(range<1, 3>(), range<0, 6, 2>());
    CHECK(has_extents<decltype(part), 2, 3>);
    CHECK(holds(part, {10, 12, 14, 20, 22, 24}));
    CHECK(has_extents<decltype(m(range<1>(), 0)), 3>);
    CHECK(has_extents<decltype(m(range<-3, -1>(), range<-1, 1, -2>())), 2, 2>);
    CHECK(holds(m(range<-3, -1>(), range<-1, 1, -2>()), {15, 13, 25, 23}));
    static_assert(std::is_same_v<decltype(eval(part + 1)), Tensor<float, 2, 3>>);
    // Of a run-time extent: static where the bounds alone tell how many there are.
    Tensor<float, dyn, 2> d(5);
    CHECK(has_extents<decltype(d(range<1, 4>(), all)), 3, 2>);
    CHECK(has_extents<decltype(d(range<1>(), all)), dyn, 2>);
    CHECK(d(range<1>(), all).extent(0) == 4);
    CHECK(has_extents<decltype(d(range<-3, -1>(), all)), dyn, 2>);
    CHECK_THROWS_WITH(d(range<1, 7>(), all), says("range(1, 7, 1) of an axis of 5 elements"));
}

TEST_CASE("a bound or a number outside of its axis is an error") {
    Tensor<int, 3, 4> m;
    CHECK_THROWS_WITH(m(range(1, 4), all), says("range(1, 4, 1) of an axis of 3 elements"));
    CHECK_THROWS_WITH(m(range(-4, 2), all), says("axis of 3"));
    CHECK_THROWS_AS(m(range(4, all), all), etta::Error);
    CHECK_THROWS_WITH(m(all, range(0, 4, 0)), says("range(0, 4, 0)"));
    CHECK_THROWS_WITH(m(range(3, all, -1), all), says("range(3, all, -1)"));
    CHECK_THROWS_AS(m(all, range(2, -6, -1)), etta::Error);
    CHECK_THROWS_WITH(m(-1, all), says("outside of its axis"));
    CHECK_THROWS_AS(m(all, 4), etta::Error);
}

TEST_CASE("what is assigned to a range is written to the tensor") {
    Tensor<float, 4, 3> m;
    m(range(1, 3), all) = 1;
    CHECK(holds(m, {0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0}));
    Tensor<float, 3> v = {1, 2, 3};
    m(range<2, 4>(), all) = v * 10;  // broadcasts
    CHECK(holds(m, {0, 0, 0, 1, 1, 1, 10, 20, 30, 10, 20, 30}));
    m(range(0, 4, 2), range<1, 3>()) += 5;
    CHECK(holds(m, {0, 5, 5, 1, 1, 1, 10, 25, 35, 10, 20, 30}));
    // From the same tensor, overlapping, to the right and to the left.
    auto a = etta::arange<int, 6>(), b = a;
    a(range(1, 6)) = a(range(0, 5));
    CHECK(holds(a, {0, 0, 1, 2, 3, 4}));
    b(range(0, 5)) = b(range(1, 6));
    CHECK(holds(b, {1, 2, 3, 4, 5, 5}));
    auto c = etta::arange<int, 5>();
    c(range(0, all)) = c(range(-1, all, -1));
    CHECK(holds(c, {4, 3, 2, 1, 0}));
    Tensor<float, dyn, 2> d(3);
    d(range(1, all), 0) = 7;
    CHECK(holds(d, {0, 0, 7, 0, 7, 0}));
    CHECK_THROWS_AS(d(range(0, 2), all) = d(range(0, 3), all) + 0, etta::Error);
}

TEST_CASE("a view without a name is written to by a view of its own type") {
    Tensor<int, 2, 2> m = {1, 2, 3, 4};
    m(0, all) = m(1, all);
    CHECK(holds(m, {3, 4, 3, 4}));
    auto row = m(0, all);
    m(all, 1) = 9;
    row = m(1, all);  // has a name: it points elsewhere now
    row = 7;
    CHECK(holds(m, {3, 9, 7, 7}));
    static_assert(std::is_trivially_copyable_v<decltype(row)>);
}

TEST_CASE("permuted and transposed views are written to") {
    Tensor<int, 2, 3> m = {1, 2, 3, 4, 5, 6};
    const auto t = transpose_view(m);
    CHECK((has_extents<decltype(t), 3, 2>));
    CHECK(holds(t, {1, 4, 2, 5, 3, 6}));
    CHECK(t(2, 1) == 6);
    t(0, all) = 0;
    CHECK(holds(m, {0, 2, 3, 0, 5, 6}));
    Tensor<int, 3, 2> other = {1, 2, 3, 4, 5, 6};
    transpose_view(m) = other;
    CHECK(holds(m, {1, 3, 5, 2, 4, 6}));
    Tensor<double, 2, 3, 4> c = etta::from_function<double, 2, 3, 4>([](auto i, auto j, auto k) { return double(100 * i + 10 * j + k); });
    const auto p = etta::permute_view<2, 0, -2>(c);
    CHECK((has_extents<decltype(p), 4, 2, 3> && p(3, 1, 2) == 123));
    CHECK(allclose(eval(p + 0), eval(permute<2, 0, 1>(c))));
    Tensor<float, dyn, 2> d(3);
    d(2, 1) = 8;
    const auto dt = transpose_view(d);
    CHECK((has_extents<decltype(dt), 2, dyn> && dt.extent(1) == 3 && dt(1, 2) == 8));
    const auto& fixed = d;
    static_assert(std::is_same_v<decltype(transpose_view(fixed)(0, 0)), const float&>);
}

TEST_CASE("a broadcast view repeats what it looks at, to be read only") {
    Tensor<int, 3> row = {1, 2, 3};
    const auto rows = etta::broadcast_view<2, 3>(row);
    CHECK(holds(rows, {1, 2, 3, 1, 2, 3}));
    static_assert(std::is_same_v<decltype(rows(0, 0)), const int&>);
    Tensor<int, 2, 1> column = {5, 6};
    CHECK(holds(etta::broadcast_view<2, 2>(column), {5, 5, 6, 6}));
    CHECK(holds(etta::broadcast_view<2, 2, 1>(column), {5, 6, 5, 6}));
    CHECK(holds(eval(etta::broadcast_view<2, 3>(row) * etta::broadcast_view<2, 3>(column)), {5, 10, 15, 6, 12, 18}));
    row[0] = 7;
    CHECK(rows(1, 0) == 7);
    Tensor<int, dyn> d = {1, 2};
    const auto wide = etta::broadcast_view<3, dyn>(d);
    CHECK((has_extents<decltype(wide), 3, dyn> && holds(wide, {1, 2, 1, 2, 1, 2})));
    CHECK_THROWS_WITH((etta::broadcast_view<2, 3>(d)), says("2 elements where 3"));
}

TEST_CASE("memory of others may have any strides") {
    float memory[12];
    std::iota(memory, memory + 12, 0.f);
    const auto by_columns = etta::view(memory, extents<3, 4>{}, {1, 3});
    CHECK((by_columns(2, 0) == 2 && by_columns(0, 1) == 3));
    CHECK(holds(by_columns(0, all), {0, 3, 6, 9}));
    const auto some = etta::view(memory, extents<dyn, 2>{}, {4, 2}, 3);
    CHECK(holds(some, {0, 2, 4, 6, 8, 10}));
    some = some + 100;
    CHECK((memory[0] == 100 && memory[1] == 1 && memory[10] == 110 && memory[11] == 11));
    const auto backward = etta::view(memory + 11, extents<3>{}, {-1});
    CHECK(holds(backward, {11, 110, 9}));
}

TEST_CASE("the elements of any view can be walked through in order") {
    auto t = etta::arange<int, 24>();
    Tensor<int, 2, 3, 4> c = reshape<2, 3, 4>(t);
    const auto part = c(all, range(0, 3, 2), range(1, 3));
    std::vector<int> seen(part.begin(), part.end());
    CHECK(seen == std::vector<int>{1, 2, 9, 10, 13, 14, 21, 22});
    for (int& e : c(1, all, 0)) e = -1;
    CHECK((c(1, 0, 0) == -1 && c(1, 2, 0) == -1 && c(1, 0, 1) == 13));
    CHECK(std::count(part.begin(), part.end(), 9) == 1);
    CHECK(*std::max_element(part.begin(), part.end()) == 22);
    static_assert(std::forward_iterator<decltype(part.begin())> && std::is_pointer_v<decltype(c.view().begin())>);
    const auto empty = c(all, range(1, 1), all);
    CHECK(empty.begin() == empty.end());
    Tensor<float> one;
    CHECK(std::distance(one.view().begin(), one.view().end()) == 1);
    int n = 0;
    for (const int e : c(1, 2, range(3, 4))) n += e;
    CHECK(n == 23);
}
