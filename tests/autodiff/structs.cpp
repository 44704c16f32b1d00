// Arguments and results that are more than one tensor: structs, arrays, tuples.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <array>
#include <tuple>

using namespace etta;

namespace {
struct Spring {
    double stiffness;
    Tensor<double, 3> at;
};
struct Pair {
    Spring left, right;
};
template <class Real>
struct Pendulum {
    Real length, damping;
};
template <template <class, std::size_t...> class T>
struct Affine {
    T<double, 2, 3> weight;
    T<double, 2> bias;
};
struct Spread {
    var mean, variance;
};
constexpr auto energy = [](auto k, auto x) { return sum(k * x * x * x); };
bool close(double a, double b) { return std::abs(a - b) < 1e-12 * (1 + std::abs(b)); }
}  // namespace

TEST_CASE("a struct's gradient is a struct of the same type, and agrees with the gradients of its members") {
    const Spring s{2.5, {1, -2, 3}};
    const auto [value, g] = value_and_grad([](auto s) {
        auto [k, x] = s;
        return energy(k, x);
    })(s);
    const auto [plain, gk, gx] = value_and_grad<0, 1>(energy)(s.stiffness, s.at);
    static_assert(std::is_same_v<decltype(g), const Spring>);
    CHECK(close(value, plain));
    CHECK(close(g.stiffness, gk));
    CHECK(allclose(g.at, gx));
}

TEST_CASE("structs of structs work") {
    const Pair p{{2.0, {1, 2, 3}}, {-1.0, {4, 5, 6}}};
    const auto g = grad([](auto p) {
        auto [left, right] = p;
        auto [k, x] = left;
        auto [q, y] = right;
        return energy(k, x) + q * sum(y);
    })(p);
    static_assert(std::is_same_v<decltype(g), const Pair>);
    CHECK(close(g.left.stiffness, 1 + 8 + 27));
    CHECK(close(g.right.stiffness, 15));
    CHECK((g.right.at[0] == -1 && g.right.at[2] == -1));
}

TEST_CASE("a struct template over a number or over Tensor keeps its members' names inside") {
    const Pendulum<double> p{2, 0.5};
    const Tensor<double, 2> t = {1, 3};
    const auto g = grad([](auto p, auto t) { return sum(p.length * exp(-p.damping * t)); })(p, t);
    static_assert(std::is_same_v<decltype(g), const Pendulum<double>>);
    CHECK(close(g.length, std::exp(-0.5) + std::exp(-1.5)));
    CHECK(close(g.damping, -2 * (std::exp(-0.5) + 3 * std::exp(-1.5))));

    const Affine<Tensor> a{{1, 2, 3, 4, 5, 6}, {1, 2}};
    const Tensor<double, 3> x = {1, 2, 3};
    const auto [ga, gx] = grad<0, 1>([](auto a, auto x) { return sum(square(matmul(a.weight, x) + a.bias)); })(a, x);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(ga)>, Affine<Tensor>>);
    CHECK((ga.bias[0] == 30 && ga.bias[1] == 68));
    CHECK((ga.weight(0, 1) == 60 && ga.weight(1, 2) == 204));
    CHECK((gx[0] == 302 && gx[1] == 400 && gx[2] == 498));
}

TEST_CASE("arrays and tuples go in, arrays, pairs and tuples come out") {
    const Tensor<double, 3> x = {1, 2, 3};
    const std::array<Tensor<double, 3>, 2> two{x, x};
    const auto [ga, gb] = grad([](auto a) { return sum(a[0] * a[1] * a[1]); })(two);
    CHECK((ga[1] == 4 && gb[1] == 8));
    const auto [s, d] = call([](auto t) {
        auto [x, k] = t;
        return std::pair{sum(x), k * x};
    }, std::tuple{x, 2.0});
    CHECK(s == 6);
    CHECK(d[2] == 6);
    const auto [p, q, r] = call([](auto x) { return std::tuple{x + 1, std::array{sum(x), prod(x)}, x > 2}; }, x);
    CHECK(p[0] == 2);
    CHECK((get<0>(q) == 6 && get<1>(q) == 6));
    CHECK((!r[0] && r[2]));
    const auto longer = call([](auto p) {
        p.length = p.length * 2;
        return p;
    }, Pendulum<double>{2, 0.5});
    static_assert(std::is_same_v<decltype(longer), const Pendulum<double>>);
    CHECK((longer.length == 4 && longer.damping == 0.5));
}

TEST_CASE("a struct of traced values that is no template comes back as results") {
    const Tensor<double, 3> x{1, 2, 6};
    const auto [mean, variance] = call([](auto x) { return Spread{etta::mean(x), square(x - etta::mean(x))}; }, x);
    CHECK(mean == 3);
    CHECK(variance(2) == 9);
}

TEST_CASE("gradients with respect to structs compose") {
    const Pendulum<double> p{2, 0.5};
    const auto second = grad([](auto p) {
        const auto g = grad([](auto p) { return p.length * p.length * exp(p.damping); })(p);
        return g.length * g.damping;
    })(p);  // d(2 l e^d · l² e^d) = (6 l² e^2d, 4 l³ e^2d)
    CHECK(close(second.length, 24 * std::exp(1.0)));
    CHECK(close(second.damping, 32 * std::exp(1.0)));
}

TEST_CASE("run-time extents in a struct") {
    struct Data {
        Tensor<double, dyn> x;
        double k;
    };
    Data d{Tensor<double, dyn>(5), 3};
    d.x = 2;
    const auto g = grad([](auto d) {
        auto [x, k] = d;
        return sum(k * x * x);
    })(d);
    CHECK(g.x.extent(0) == 5);
    CHECK(g.x[4] == 12);
    CHECK(g.k == 20);
}
