// Tensor and View: where the elements lie, who owns them, what is refused.
#include <etta/core/tensor.hpp>

#include <cstdint>
#include <vector>

#include "catch.hpp"

using etta::all;
using etta::dyn;
using etta::Tensor;

namespace {
template <class T>
bool aligned(const T& t) { return reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0; }
template <class T>
concept has_default = requires { T(); };
}  // namespace

TEST_CASE("a small tensor is its elements, a large one a pointer to them") {
    static_assert(sizeof(Tensor<float, 4, 4>) == 64 && alignof(Tensor<float, 4, 4>) == 64);
    static_assert(sizeof(Tensor<float, 32, 32>) == 4096 && alignof(Tensor<float, 32, 32>) == 64);
    static_assert(sizeof(Tensor<float, 1, 3>) == 64);  // padded, so that an array of them stays aligned
    static_assert(sizeof(Tensor<double, 64, 64>) <= 32);
    static_assert(sizeof(etta::InlineTensor<double, 64, 64>) == 64 * 64 * 8);
    static_assert(std::is_trivially_copyable_v<etta::View<float, etta::extents<3, 4>>>);
    static_assert(!has_default<Tensor<float, dyn>> && has_default<Tensor<float, 0>>);
    CHECK(aligned(Tensor<float, 3>()));
    CHECK(aligned(Tensor<double, 100, 100>()));
    CHECK(aligned(Tensor<std::int8_t, dyn>(5)));
}

TEST_CASE("elements start at zero and follow each other row by row") {
    Tensor<int, 2, 3> t;
    for (const int x : t) CHECK(x == 0);
    t = {1, 2, 3, 4, 5, 6};
    CHECK(t(0, 2) == 3);
    CHECK(t(1, 0) == 4);
    CHECK(t[5] == 6);
    t(1, 1) = 50;
    CHECK(t[4] == 50);
    const Tensor<int, 2, 3>& same = t;
    CHECK(same(1, 1) == 50);
    static_assert(std::is_same_v<decltype(same(1, 1)), const int&>);
    CHECK(t.end() - t.begin() == 6);
}

TEST_CASE("run-time extents are given in order, one number per dyn") {
    Tensor<float, dyn, 3, dyn> t(2, 4);
    CHECK(t.size() == 24);
    CHECK(t.extent(0) == 2);
    CHECK(t.extent(1) == 3);
    CHECK(t.extent(2) == 4);
    CHECK(t.extent(-1) == 4);
    CHECK(t.view().stride(0) == 12);
    t(1, 2, 3) = 7;
    CHECK(t[23] == 7);
    CHECK(Tensor<float, dyn>(0).size() == 0);
    CHECK_THROWS_WITH((Tensor<float, dyn>(-1)), says("negative"));
}

TEST_CASE("a tensor is built from a list or a span of exactly its size") {
    const std::vector<float> v{1, 2, 3};
    const Tensor<float, 3> t{std::span<const float>(v)};
    CHECK(t[2] == 3);
    CHECK_THROWS_AS((Tensor<float, 2>{std::span<const float>(v)}), etta::Error);
    CHECK_THROWS_AS((Tensor<float, 4>{1.f, 2.f, 3.f}), etta::Error);
}

TEST_CASE("copies are independent, moves take the elements along") {
    SECTION("inside the object") {
        Tensor<float, 3> a{1, 2, 3}, b = a;
        b[0] = 10;
        CHECK(a[0] == 1);
        const Tensor<float, 3> c = std::move(b);
        CHECK(c[0] == 10);
    }
    SECTION("on the heap") {
        Tensor<float, 40, 40> a;
        a(39, 39) = 5;
        Tensor<float, 40, 40> b = a;
        CHECK(b(39, 39) == 5);
        b(39, 39) = 6;
        CHECK(a(39, 39) == 5);
        const float* where = b.data();
        Tensor<float, 40, 40> c = std::move(b);
        CHECK(c.data() == where);
        a = std::move(c);
        CHECK(a.data() == where);
        CHECK(a(39, 39) == 6);
    }
    SECTION("of run-time extents: the extents come along") {
        Tensor<float, dyn> a(3), b(5);
        a[2] = 1;
        b = a;
        CHECK(b.extent(0) == 3);
        CHECK(b.size() == 3);
        CHECK(b[2] == 1);
        Tensor<float, dyn> c(std::move(b));
        CHECK(c[2] == 1);
    }
    SECTION("to itself") {
        Tensor<float, 40, 40> a;
        a[7] = 3;
        const auto& same = a;
        a = same;
        CHECK(a[7] == 3);
    }
}

TEST_CASE("numbers pick along an axis, all keeps it") {
    Tensor<int, 2, 3, 4> t;
    for (int i = 0; i < 24; ++i) t[i] = i;
    auto row = t(1, 2);  // the last axis is kept
    static_assert(decltype(row)::rank == 1);
    CHECK(row.extent(0) == 4);
    CHECK(row(3) == 23);
    auto column = t(1, all, 2);
    CHECK(column.extent(0) == 3);
    CHECK(column.stride(0) == 4);
    CHECK(column(2) == 22);
    auto plane = t(all, 1, all);
    CHECK(plane(1, 3) == 19);
    column(0) = -1;
    CHECK(t(1, 0, 2) == -1);
    auto one = t(all, all, 1)(1, all)(2);  // slices of slices
    CHECK(one == 21);

    Tensor<double, dyn, 3> points(4);
    points(2, 1) = 5;
    auto y = points(all, 1);
    CHECK(y.extent(0) == 4);
    CHECK(y(2) == 5);
    CHECK(points(2, all)(1) == 5);
}

TEST_CASE("a view looks at memory that is somebody else's") {
    float memory[6] = {1, 2, 3, 4, 5, 6};
    auto v = etta::view(memory, etta::extents<2, 3>{});
    CHECK(v(1, 0) == 4);
    v(1, 0) = 40;
    CHECK(memory[3] == 40);
    auto d = etta::view(memory, etta::extents<dyn, 2>{}, 3);
    CHECK(d.size() == 6);
    CHECK(d(2, 1) == 6);
    std::vector<double> numbers{1, 2, 3};
    auto s = etta::view(std::span<double>(numbers));
    CHECK(s.extent(0) == 3);
    CHECK(s(2) == 3);
    const float constant[2] = {1, 2};
    static_assert(std::is_same_v<decltype(etta::view(constant, etta::extents<2>{})(0)), const float&>);
}
