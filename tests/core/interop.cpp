// Views of what other libraries own: Eigen's objects, mdspans, containers.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <array>
#include <span>
#include <vector>

#if __has_include(<mdspan>)
#include <mdspan>
#endif
#if ETTA_TEST_EIGEN
#include <Eigen/Core>
#endif

using etta::dyn, etta::extents, etta::view, etta::View, etta::strided;
template <class T, std::size_t... E>
using rows_of = View<T, extents<E...>>;
template <class T, std::size_t... E>
using steps_of = View<T, extents<E...>, strided>;

namespace {
// What an mdspan offers, as little as that: the standard's is in few libraries yet.
namespace look_alike {
template <std::size_t... E>
struct extents {
    using index_type = int;
    int at[sizeof...(E) + 1] = {};
    constexpr extents() = default;
    template <class... N>
        requires(sizeof...(N) == sizeof...(E) && sizeof...(E) > 0)
    constexpr explicit extents(N... n) : at{static_cast<int>(n)...} {}
    static constexpr std::size_t rank() { return sizeof...(E); }
    static constexpr std::size_t static_extent(std::size_t i) {
        constexpr std::size_t e[] = {E..., 0};
        return e[i];
    }
    constexpr int extent(std::size_t i) const { return at[i]; }
};
template <class E, bool Right>
struct compact {
    E of;
    constexpr explicit compact(const E& e) : of(e) {}
    static constexpr bool is_always_exhaustive() { return true; }
    static constexpr bool is_always_strided() { return true; }
    constexpr int stride(std::size_t i) const {
        int s = 1;
        for (std::size_t k = 0; k < E::rank(); ++k)
            if (Right ? k > i : k < i) s *= of.extent(k);
        return s;
    }
};
template <class E>
struct stepping {
    E of;
    std::array<int, E::rank()> steps;
    static constexpr bool is_always_exhaustive() { return false; }
    static constexpr bool is_always_strided() { return true; }
    constexpr int stride(std::size_t i) const { return steps[i]; }
};
template <class T, class E, class M>
struct mdspan {
    using extents_type = E;
    using mapping_type = M;
    T* p;
    M m;
    constexpr T* data_handle() const { return p; }
    constexpr const M& mapping() const { return m; }
    constexpr int extent(std::size_t i) const { return m.of.extent(i); }
};
}  // namespace look_alike
}  // namespace

TEST_CASE("containers are viewed with one axis, static where their size is") {
    std::vector<double> v{1, 2, 3};
    const std::vector<float> c{1, 2};
    std::array<int, 4> a{1, 2, 3, 4};
    static_assert(std::is_same_v<decltype(view(v)), rows_of<double, dyn>>);
    static_assert(std::is_same_v<decltype(view(c)), rows_of<const float, dyn>>);
    static_assert(std::is_same_v<decltype(view(a)), rows_of<int, 4>>);
    static_assert(std::is_same_v<decltype(view(std::span<const double>(v))), rows_of<const double, dyn>>);
    static_assert(std::is_same_v<decltype(view(std::span<double, 3>(v))), rows_of<double, 3>>);
    view(v) = view(v) * 2 + 1;
    CHECK((v[0] == 3 && v[2] == 7));
    view(a) += 1;
    CHECK((a[0] == 2 && a[3] == 5));
    CHECK(etta::eval(sum(view(c)))() == 3);
    std::vector<double> none;
    view(none) = view(none) + 1;
}

TEST_CASE("an mdspan's static extents stay static, and layout_right is row-major") {
    namespace l = look_alike;
    double memory[24] = {};
    for (int i = 0; i < 24; ++i) memory[i] = i;
    using E = l::extents<2, dyn, 4>;
    const l::mdspan<double, E, l::compact<E, true>> right{memory, l::compact<E, true>(E(2, 3, 4))};
    const l::mdspan<const double, E, l::compact<E, false>> left{memory, l::compact<E, false>(E(2, 3, 4))};
    static_assert(std::is_same_v<decltype(view(right)), rows_of<double, 2, dyn, 4>>);
    static_assert(std::is_same_v<decltype(view(left)), steps_of<const double, 2, dyn, 4>>);
    CHECK(view(right).extent(1) == 3);
    CHECK((view(right)(1, 2, 3) == 23 && view(left)(1, 2, 3) == 1 + 2 * 2 + 6 * 3));
    using V = l::extents<dyn>;
    const l::mdspan<double, V, l::stepping<V>> even{memory, {V(12), {2}}};
    static_assert(std::is_same_v<decltype(view(even)), steps_of<double, dyn>>);
    view(even) = view(even) + 100;
    CHECK((memory[2] == 102 && memory[3] == 3 && memory[22] == 122));
    CHECK(etta::call([](auto x) { return sum(x); }, view(left)) == 23 * 24 / 2 + 1200);
    using S = l::extents<>;
    CHECK(view(l::mdspan<double, S, l::compact<S, true>>{memory + 3, l::compact<S, true>(S())})() == 3);
}

#if defined(__cpp_lib_mdspan)
TEST_CASE("the standard's mdspan is viewed like any other") {
    float memory[12] = {};
    std::mdspan<float, std::extents<int, 3, std::dynamic_extent>> m(memory, 4);
    static_assert(std::is_same_v<decltype(view(m)), rows_of<float, 3, dyn>>);
    std::mdspan<float, std::dextents<int, 2>, std::layout_left> f(memory, 3, 4);
    static_assert(std::is_same_v<decltype(view(f)), steps_of<float, dyn, dyn>>);
    view(m) = 2;
    view(f)(2, 3) = 5;
    CHECK((memory[0] == 2 && memory[11] == 5));
}
#endif

#if ETTA_TEST_EIGEN
TEST_CASE("Eigen's objects are viewed where they lie, their static sizes as static extents") {
    Eigen::Matrix<float, 2, 3> fixed;
    Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor> points(4, 3);
    Eigen::MatrixXd any(3, 4);
    Eigen::VectorXd v(5);
    const Eigen::RowVector3f row(1, 2, 3);
    Eigen::ArrayXXf array(2, 2);
    static_assert(std::is_same_v<decltype(view(fixed)), steps_of<float, 2, 3>>);
    static_assert(std::is_same_v<decltype(view(points)), rows_of<double, dyn, 3>>);
    static_assert(std::is_same_v<decltype(view(any)), steps_of<double, dyn, dyn>>);
    static_assert(std::is_same_v<decltype(view(v)), rows_of<double, dyn>>);
    static_assert(std::is_same_v<decltype(view(row)), rows_of<const float, 3>>);
    static_assert(std::is_same_v<decltype(view(array)), steps_of<float, dyn, dyn>>);

    fixed << 1, 2, 3, 4, 5, 6;
    CHECK((view(fixed)(0, 2) == 3 && view(fixed)(1, 0) == 4));
    etta::Tensor<float, 2, 3> t;
    t = view(fixed) * 10 + view(row);
    CHECK((t(0, 0) == 11 && t(1, 2) == 63));
    any.setZero(), v.setConstant(2), points.setOnes();
    view(any)(2, 3) = 7;
    CHECK(any(2, 3) == 7);
    view(v) = exp(view(v));
    CHECK(v[4] == Approx(std::exp(2.0)));
    view(points) *= 3;
    CHECK(points(3, 2) == 3);
}

TEST_CASE("blocks and maps of Eigen's are viewed with their strides, and results are written into them") {
    Eigen::MatrixXd m = Eigen::MatrixXd::Zero(4, 5);
    view(m.block(1, 2, 2, 3)) = 1.5;
    view(m.row(3)) = view(m.row(1)) * 2;
    CHECK((m(1, 2) == 1.5 && m(2, 4) == 1.5 && m(0, 2) == 0 && m(3, 3) == 3));
    static_assert(std::is_same_v<decltype(view(m.col(1))), rows_of<double, dyn>>);
    static_assert(std::is_same_v<decltype(view(m.row(1))), steps_of<double, dyn>>);
    using Rows = Eigen::Matrix<double, 2, 3, Eigen::RowMajor>;
    double memory[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    Eigen::Map<Rows> map(memory);
    static_assert(std::is_same_v<decltype(view(map)), rows_of<double, 2, 3>>);
    CHECK(view(map)(1, 1) == 4);
    Eigen::Map<Rows, 0, Eigen::OuterStride<4>> wide(memory);
    static_assert(std::is_same_v<decltype(view(wide)), steps_of<double, 2, 3>>);
    CHECK(view(wide)(1, 1) == 5);
    Eigen::Map<const Rows, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> every(memory, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(6, 2));
    CHECK(view(every)(1, 2) == 10);
}

TEST_CASE("a product and a gradient read Eigen's memory as their own") {
    Eigen::MatrixXd a(3, 4), out(3, 3);
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 4; ++j) a(i, j) = std::sin(i + 3.0 * j);
    view(out) = matmul(view(a), transpose(view(a)));
    const Eigen::MatrixXd expected = a * a.transpose();
    CHECK((out - expected).norm() < 1e-13);
    const auto g = etta::grad([](auto a) { return sum(square(a)); })(view(a));
    CHECK((g.extent(0) == 3 && g(2, 3) == Approx(2 * a(2, 3))));
}
#endif
