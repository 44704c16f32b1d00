// repeat, tile, split, one_hot, triangles, diagonals, products of vectors, einsum.
#include <etta/op/einsum.hpp>
#include <etta/op/place.hpp>

#include "../catch.hpp"
#include "../holds.hpp"
#include "../gradient_check.hpp"

using namespace etta;

namespace {

template <class T, std::size_t... E>
Tensor<T, E...> counting(double scale = 1) {
    Tensor<T, E...> t;
    for (long i = 0; i < t.size(); ++i) t[i] = static_cast<T>(scale * static_cast<double>(i % 7 + 1) - (i % 3));
    return t;
}

}  // namespace

TEST_CASE("repeat and tile follow NumPy") {
    Tensor<int, 2, 2> x = {1, 2, 3, 4};
    CHECK(holds(eval(repeat<2>(x)), {1, 1, 2, 2, 3, 3, 4, 4}));
    CHECK(holds(eval(repeat<2, 0>(x)), {1, 2, 1, 2, 3, 4, 3, 4}));
    CHECK(holds(eval(tile<2>(x)), {1, 2, 1, 2, 3, 4, 3, 4}));
    CHECK(holds(eval(tile<2, 1>(x)), {1, 2, 3, 4, 1, 2, 3, 4}));
    static_assert(std::is_same_v<decltype(eval(tile<3, 1, 2>(x))), Tensor<int, 3, 2, 4>>);
}

TEST_CASE("split gives equal parts, and part gives one of them") {
    const auto x = counting<float, 2, 6>();
    auto [a, b, c] = split<3>(x);
    CHECK(holds(eval(b), {x(0, 2), x(0, 3), x(1, 2), x(1, 3)}));
    CHECK(holds(eval(a + c), {x(0, 0) + x(0, 4), x(0, 1) + x(0, 5), x(1, 0) + x(1, 4), x(1, 1) + x(1, 5)}));
    CHECK(holds(eval(part<1, 2, 0>(x)), {x(1, 0), x(1, 1), x(1, 2), x(1, 3), x(1, 4), x(1, 5)}));
}

TEST_CASE("one_hot marks labels of any integer dtype, and a label that is none not at all") {
    Tensor<std::uint8_t, 3> u = {2, 0, 7};
    CHECK(holds(eval(one_hot<3>(u)), {0, 0, 1, 1, 0, 0, 0, 0, 0}));
    Tensor<std::int64_t, 2, 1> n = {1, -1};
    const auto y = eval(one_hot<2, double>(n));
    static_assert(std::is_same_v<decltype(y), const Tensor<double, 2, 1, 2>>);
    CHECK(holds(y, {0, 1, 0, 0}));
}

TEST_CASE("triangles and diagonals follow NumPy") {
    Tensor<int, 3, 4> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    CHECK(holds(eval(tril(x)), {1, 0, 0, 0, 5, 6, 0, 0, 9, 10, 11, 0}));
    CHECK(holds(eval(triu<1>(x)), {0, 2, 3, 4, 0, 0, 7, 8, 0, 0, 0, 12}));
    CHECK(holds(eval(diagonal(x)), {1, 6, 11}));
    CHECK(holds(eval(diagonal<2>(x)), {3, 8}));
    CHECK(holds(eval(diagonal<-1>(x)), {5, 10}));
    CHECK(eval(trace(x))() == 18);
    CHECK(holds(eval(eye_like<-1>(x)), {0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}));
    Tensor<int, 2> v = {7, 8};
    CHECK(holds(eval(diag(v)), {7, 0, 0, 8}));
    CHECK(holds(eval(diag<1>(v)), {0, 7, 0, 0, 0, 8, 0, 0, 0}));
    CHECK(holds(eval(diag<-1>(v)), {0, 0, 0, 7, 0, 0, 0, 8, 0}));
    CHECK(holds(eval(full_like(v, 3)), {3, 3}));
    CHECK(holds(eval(iota_like<1>(x)), {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}));
}

TEST_CASE("outer, dot and cross multiply vectors") {
    Tensor<double, 3> a = {1, 2, 3}, b = {3, 1, 4};
    CHECK(holds(eval(outer(a, b)), {3, 1, 4, 6, 2, 8, 9, 3, 12}));
    CHECK(eval(dot(a, b))() == 17);
    CHECK(holds(eval(cross(a, b)), {5, 5, -5}));
    const auto many = counting<double, 3, 5>();
    Tensor<double, 3, 1> one = {1, 2, 3};
    const auto y = eval(cross<0>(many, one));
    for (int j = 0; j < 5; ++j) CHECK(y(0, j) == many(1, j) * 3 - many(2, j) * 2);
    Tensor<std::int8_t, 200> small;
    for (auto& e : small) e = 100;
    CHECK(eval(dot(small, small))() == 200 * std::int8_t(100 * 100));  // products in int8, as NumPy; the sum in 64 bits
}

TEST_CASE("einsum agrees with its loops") {
    const auto a = counting<double, 2, 3, 4>();
    const auto b = counting<double, 2, 4, 5>(0.5);
    const auto m = counting<double, 4, 4>();
    const auto y = eval(einsum<"bij,bjk->bik">(a, b));
    const auto z = eval(einsum<"bij, cjk -> kb">(a, b));
    for (int n = 0; n < 2; ++n)
        for (int k = 0; k < 5; ++k) {
            double t = 0;
            for (int i = 0; i < 3; ++i) {
                double s = 0;
                for (int j = 0; j < 4; ++j) s += a(n, i, j) * b(n, j, k), t += a(n, i, j) * (b(0, j, k) + b(1, j, k));
                CHECK(y(n, i, k) == Approx(s));
            }
            CHECK(z(k, n) == Approx(t));
        }
    CHECK(eval(einsum<"ii">(m))() == m(0, 0) + m(1, 1) + m(2, 2) + m(3, 3));
    CHECK(holds(eval(einsum<"ii->i">(m)), {m(0, 0), m(1, 1), m(2, 2), m(3, 3)}));
    CHECK(eval(einsum<"ij->ji">(m))(1, 2) == m(2, 1));
    CHECK(eval(einsum<"ij,ij">(m, m))() == Approx(eval(sum(m * m))()));
    const auto q = counting<double, 2, 3, 2, 4>();
    const auto k = counting<double, 2, 5, 2, 4>(0.3);
    const auto scores = eval(einsum<"bqhd,bkhd->bhqk">(q, k));
    static_assert(std::is_same_v<decltype(scores), const Tensor<double, 2, 2, 3, 5>>);
    double s = 0;
    for (int d = 0; d < 4; ++d) s += q(1, 2, 1, d) * k(1, 4, 1, d);
    CHECK(scores(1, 1, 2, 4) == Approx(s));
}

TEST_CASE("a triangle may be taken of a product, in the product's kernel") {
    const auto a = counting<double, 2, 3, 4>();
    const auto b = counting<double, 2, 4, 5>();
    const auto whole = eval(matmul(a, b)), upper = eval(triu<1>(matmul(a, b))), lower = eval(tril(matmul(a, b)));
    for (int n = 0; n < 2; ++n)
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 5; ++j) CHECK((upper(n, i, j) == (j > i ? whole(n, i, j) : 0) && lower(n, i, j) == (j > i ? 0 : whole(n, i, j))));
}

TEST_CASE("the derivatives of what rearranges agree with differences") {
    const auto x = counting<double, 3, 4>(0.3);
    const auto y = counting<double, 4, 2>(0.2);
    Tensor<double, 3> u = {0.3, 1.1, -0.7}, v = {0.2, -0.4, 0.9};
    CHECK(gradient_error([](auto x) { return square(repeat<2, 0>(x)) + sin(tile<2, 1>(x)); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { auto [a, b] = split<2>(x); return square(a) * b; }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return tril(x) * exp(triu<1>(x)) + trace(x) * sum(square(diagonal<1>(x))); }, x) < 1e-6);
    CHECK(gradient_error([](auto u, auto v) { return outer(u, v) * dot(u, u) + cross(u, v) + square(diag(u)); }, u, v) < 1e-6);
    CHECK(gradient_error([](auto x, auto y) { return square(einsum<"ij,jk->ki">(x, y)); }, x, y) < 1e-6);
    CHECK(second_derivative_error([](auto x, auto y) { return square(einsum<"ij,jk->i">(x, y)); }, x, y) < 1e-6);
}
