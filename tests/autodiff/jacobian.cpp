// Jacobians of functions of several arguments with several results, and what jvp, vjp and vmap make of structs.
#include <etta/etta.hpp>

#include "catch.hpp"
#include "expr/near.hpp"

#include <array>
#include <tuple>

using namespace etta;

namespace {

// y_i = sin(Σ_k a_ik x_k), s = Σ x_k³, z = x · x: a matrix and a vector in; a vector, a number and a matrix out.
const auto several = [](auto a, auto x) { return std::tuple{sin(matmul(a, x)), sum(x * x * x), outer(x, x)}; };

template <class A, class X>
struct derivatives {
    const A& a;
    const X& x;
    double angle(long i) const {
        double s = 0;
        for (long k = 0; k < x.extent(0); ++k) s += a(i, k) * x[k];
        return s;
    }
    double y_a(long i, long j, long k) const { return i == j ? std::cos(angle(i)) * x[k] : 0; }
    double y_x(long i, long k) const { return std::cos(angle(i)) * a(i, k); }
    double s_x(long k) const { return 3 * x[k] * x[k]; }
    double z_x(long i, long j, long k) const { return (i == k ? x[j] : 0) + (j == k ? x[i] : 0); }
};
template <class A, class X>
void check_several(const A& a, const X& x) {
    const derivatives<A, X> d{a, x};
    const auto [y_x, s_x, z_x] = jacobian<1>(several)(a, x);
    CHECK(difference(y_x, [&](long i, long k) { return d.y_x(i, k); }) == "");
    CHECK(difference(s_x, [&](long k) { return d.s_x(k); }) == "");
    CHECK(difference(z_x, [&](long i, long j, long k) { return d.z_x(i, j, k); }) == "");
    const auto [y, s, z] = jacobian<0, 1>(several)(a, x);
    CHECK(difference(get<0>(y), [&](long i, long j, long k) { return d.y_a(i, j, k); }) == "");
    CHECK(difference(get<1>(y), [&](long i, long k) { return d.y_x(i, k); }) == "");
    CHECK(difference(get<0>(s), [](long, long) { return 0; }) == "");
    CHECK(difference(get<1>(s), [&](long k) { return d.s_x(k); }) == "");
    CHECK(difference(get<0>(z), [](long, long, long, long) { return 0; }) == "");
    CHECK(difference(get<1>(z), [&](long i, long j, long k) { return d.z_x(i, j, k); }) == "");
}

struct Spring {
    double stiffness;
    Tensor<double, 3> at;
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
template <template <class, std::size_t...> class T>
struct Two {
    Affine<T> first;
    T<double> scale;
};
const Affine<Tensor> affine{{0.1, -0.2, 0.3, 0.4, 0.5, -0.6}, {1, -2}};
const Tensor<double, 3> point{0.5, -1, 2};
const auto dense = [](auto p, auto x) { return square(matmul(p.weight, x) + p.bias); };
double before(int i) {
    double s = affine.bias[i];
    for (int k = 0; k < 3; ++k) s += affine.weight(i, k) * point[k];
    return s;
}

}  // namespace

TEST_CASE("the jacobian of a function with several results is one of each, by each argument") {
    Tensor<double, 2, 3> a;
    Tensor<double, 3> x;
    fill(a), fill(x, 1);
    check_several(a, x);
    static_assert(std::is_same_v<decltype(jacobian<1>(several)(a, x)), results<Tensor<double, 2, 3>, Tensor<double, 3>, Tensor<double, 3, 3, 3>>>);
}

TEST_CASE("jacobians of several results with extents known when they run") {
    Tensor<double, 2, 4> a;
    Tensor<double, dyn> x(4);
    fill(a), fill(x, 1);
    check_several(a, x);
    // a matrix of which two extents are: backwards
    Tensor<double, dyn, dyn> c(3, 4);
    fill(c);
    const auto [rows, all] = jacobian([](auto c, auto x) { return std::pair{matmul(c, x), sum(c * c)}; })(c, x);
    CHECK(difference(rows, [&](long i, long j, long k) { return i == j ? x[k] : 0; }) == "");
    CHECK(difference(all, [&](long i, long j) { return 2 * c(i, j); }) == "");
}

TEST_CASE("jacobians are what jvp and vjp give, direction by direction, forwards and backwards") {
    Tensor<double, 3> u{0.3, -0.2, 0.9};
    Tensor<double, 7> w{1, 2, -1, 0.5, 0, 0.25, -2};
    // 3 numbers to 12: forwards; 7 to 4: backwards.
    const auto tall = [](auto u) { return std::pair{exp(u) * sum(u * u), reshape<-1, 1>(u) * cos(u)}; };
    const auto wide = [](auto w) { return std::pair{slice<0, 0, 3>(w) * sum(square(w)), prod(sin(w + 2))}; };
    const auto both = [](auto f, const auto& x) {
        const auto [j0, j1] = jacobian(f)(x);
        for (long k = 0; k < x.size(); ++k) {
            auto dx = x;
            dx = 0, dx[k] = 1;
            const auto r = jvp(f)(args(x), args(dx));  // y0, y1, their tangents
            const long n0 = get<0>(r).size(), n1 = j1.size() / x.size();
            for (long i = 0; i < n0; ++i) CHECK(j0.data()[i * x.size() + k] == Approx(get<2>(r)[i]).margin(1e-14));
            if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(get<3>(r))>>) CHECK(j1.data()[k] == Approx(get<3>(r)).margin(1e-14));
            else
                for (long i = 0; i < n1; ++i) CHECK(j1.data()[i * x.size() + k] == Approx(get<3>(r).data()[i]).margin(1e-14));
            auto c0 = get<0>(r);
            auto c1 = get<1>(r);
            c0 = 0, c1 = 0;
            for (long i = 0; i < n0; ++i) {
                c0[i] = 1;
                CHECK(vjp(f)(args(x), args(c0, c1))[k] == Approx(j0.data()[i * x.size() + k]).margin(1e-14));
                c0[i] = 0;
            }
        }
    };
    both(tall, u);
    both(wide, w);
}

TEST_CASE("what a result does not depend on, and results that are no real numbers, have jacobians of zeros") {
    const Tensor<double, 3> x{1, 2, 3};
    const auto [a, b, c] = jacobian([](auto x) { return std::tuple{x * x, x > 2, 0 * x[1] + 4.0}; })(x);
    CHECK(difference(a, [&](long i, long j) { return i == j ? 2 * x[i] : 0; }) == "");
    CHECK(difference(b, [](long, long) { return 0; }) == "");
    CHECK(difference(c, [](long) { return 0; }) == "");
    const auto [d, e] = jacobian([](auto x) { return std::pair{sum(x), x[0] > 2}; })(x);  // backwards
    CHECK(difference(d, [](long) { return 1; }) == "");
    CHECK(difference(e, [](long) { return 0; }) == "");
}

TEST_CASE("jacobians by structs have their structure") {
    const auto by_all = jacobian<0, 1>(dense)(affine, point);
    const auto& by_struct = get<0>(by_all);
    CHECK(difference(by_struct.weight, [](long i, long j, long k) { return i == j ? 2 * before(static_cast<int>(i)) * point[k] : 0; }) == "");
    CHECK(difference(by_struct.bias, [](long i, long j) { return i == j ? 2 * before(static_cast<int>(i)) : 0; }) == "");
    CHECK(difference(get<1>(by_all), [](long i, long k) { return 2 * before(static_cast<int>(i)) * affine.weight(i, k); }) == "");
    // of a number, it is the gradient
    const auto energy = [](auto p, auto x) { return sum(dense(p, x)); };
    const auto g = jacobian(energy)(affine, point);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(g)>, Affine<Tensor>>);
    CHECK(allclose(g.weight, grad(energy)(affine, point).weight));
    // structs of structs
    const Two<Tensor> two{affine, {3}};
    const auto t = jacobian([](auto p, auto x) { return p.scale * dense(p.first, x); })(two, point);
    CHECK(difference(t.first.bias, [](long i, long j) { return i == j ? 6 * before(static_cast<int>(i)) : 0; }) == "");
    CHECK(difference(t.scale, [](long i) { return before(static_cast<int>(i)) * before(static_cast<int>(i)); }) == "");
    // P<double>: P of what each is; a plain struct: its members in order, or the struct where they fit
    const Tensor<double, 2> time{1, 2};
    const Pendulum<Tensor<double, 2>> p = jacobian([](auto p, auto t) { return p.length * exp(-p.damping * t); })(Pendulum<double>{2, 0.5}, time);
    CHECK(difference(p.damping, [&](long i) { return -2 * time[i] * std::exp(-0.5 * time[i]); }) == "");
    const Spring spring{2, {1, 2, 3}};
    const auto [k, at] = jacobian([](auto s) {
        auto [k, x] = s;
        return k * x;
    })(spring);
    CHECK((k[1] == 2 && at(1, 1) == 2 && at(0, 1) == 0));
    const Spring whole = jacobian([](auto s) {
        auto [k, x] = s;
        return k * sum(x);
    })(spring);
    CHECK((whole.stiffness == 6 && whole.at[2] == 2));
}

TEST_CASE("hessians by several arguments and by structs are nested in both") {
    const auto energy = [](auto p, auto x) { return sum(dense(p, x)); };
    const auto h = hessian(energy)(affine, point);
    CHECK(difference(h.bias.bias, [](long i, long j) { return i == j ? 2 : 0; }) == "");
    CHECK(difference(h.weight.bias, [](long i, long k, long j) { return i == j ? 2 * point[k] : 0; }) == "");
    CHECK(difference(h.bias.weight, [](long j, long i, long k) { return i == j ? 2 * point[k] : 0; }) == "");
    CHECK(difference(h.weight.weight, [](long i, long k, long j, long l) { return i == j ? 2 * point[k] * point[l] : 0; }) == "");
    const auto mixed = jacobian<1>(grad<0>(energy))(affine, point);
    CHECK(difference(mixed.bias, [](long i, long k) { return 2 * affine.weight(i, k); }) == "");
    const auto q = hessian([](auto p) { return p.length * p.length * exp(p.damping); })(Pendulum<double>{2, 0.5});
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(q)>, Pendulum<Pendulum<double>>>);
    CHECK(q.length.damping == Approx(4 * std::exp(0.5)));
    CHECK(q.damping.damping == Approx(4 * std::exp(0.5)));
    // and it is an argument like any struct
    CHECK(call([](auto q) { return q.length.length - q.damping.length; }, q) == Approx(-2 * std::exp(0.5)));
    const auto [first, second] = hessian<0, 1>([](auto a, auto b) { return sum(a * a) * b; })(point, 3.0);
    CHECK(difference(get<0>(first), [](long i, long j) { return i == j ? 6 : 0; }) == "");
    CHECK(difference(get<1>(first), [](long i) { return 2 * point[i]; }) == "");
    CHECK(difference(get<0>(second), [](long i) { return 2 * point[i]; }) == "");
    CHECK(get<1>(second) == 0);
}

TEST_CASE("jacobians of several results compose") {
    // d/dx of |∂y|² + |∂s|² with y = x², s = Σ x³
    const auto g = grad([](auto x) {
        const auto [y, s] = jacobian([](auto x) { return std::pair{x * x, sum(x * x * x)}; })(x);
        return sum(square(y)) + sum(square(s));
    })(point);
    CHECK(difference(g, [](long i) { return 8 * point[i] + 36 * point[i] * point[i] * point[i]; }) == "");
    // names inside
    const auto n = grad<1>([](auto p, auto x) {
        const auto j = jacobian(dense)(p, x);
        return sum(j.bias) + sum(j.weight);
    })(affine, point);
    const auto want = [](long l) {  // Σ_i 2 b_i + Σ_ik 2 b_i x_k
        double s = 0;
        for (int i = 0; i < 2; ++i) s += 2 * affine.weight(i, l) * (1 + point[0] + point[1] + point[2]) + 2 * before(i);
        return s;
    };
    CHECK(difference(n, want) == "");
    Tensor<double, 4, 3> batch;
    fill(batch);
    const auto [y, s] = vmap(jacobian([](auto x) { return std::pair{x * x, sum(x * x * x)}; }))(batch);
    CHECK(difference(y, [&](long n, long i, long j) { return i == j ? 2 * batch(n, i) : 0; }) == "");
    CHECK(difference(s, [&](long n, long i) { return 3 * batch(n, i) * batch(n, i); }) == "");
    const auto per_sample = vmap<-1, 0>(jacobian(dense))(affine, batch);
    CHECK(difference(per_sample.bias, [&](long n, long i, long j) {
              double b = affine.bias[i];
              for (int k = 0; k < 3; ++k) b += affine.weight(i, k) * batch(n, k);
              return i == j ? 2 * b : 0;
          }) == "");
    const auto twice = jacobian(jacobian([](auto x) { return std::pair{sum(x * x * x), x[0] * x[1]}; }))(point);
    CHECK(difference(get<0>(twice), [](long i, long j) { return i == j ? 6 * point[i] : 0; }) == "");
    CHECK(difference(get<1>(twice), [](long i, long j) { return i + j == 1 ? 1 : 0; }) == "");
}

TEST_CASE("jvp, vjp and vmap of structs, arrays and tuples in tuples") {
    const auto scaled = [](auto p, auto x) {
        p.weight = p.weight * sum(x);
        return p;
    };
    const auto [y, dy] = jvp(scaled)(args(affine, point), args(affine, Tensor<double, 3>{0, 1, 0}));
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(dy)>, Affine<Tensor>>);
    CHECK(difference(dy.weight, [](long i, long k) { return 2.5 * affine.weight(i, k); }) == "");  // 1.5 from the weight, 1 from x
    CHECK(difference(dy.bias, [](long i) { return affine.bias[i]; }) == "");
    const auto [dp, dx] = vjp(scaled)(args(affine, point), args(y));
    CHECK(difference(dp.weight, [](long i, long k) { return 2.25 * affine.weight(i, k); }) == "");
    double squares = 0;
    for (const double w : affine.weight) squares += w * w;
    CHECK(difference(dx, [&](long) { return 1.5 * squares; }) == "");
    const auto deep = [](auto x) { return std::tuple{sum(x), std::array{x, 2 * x}}; };
    const auto [s, two, ds, dtwo] = jvp(deep)(args(point), args(point));
    CHECK((s == 1.5 && ds == 1.5 && get<1>(two)[2] == 4 && get<1>(dtwo)[2] == 4));
    CHECK(vjp(deep)(args(point), args(1.0, point, point))[2] == 7);
    const Spring spring{2, {1, 2, 3}};
    const auto [same, tangent] = jvp([](auto s) { return s; })(args(spring), args(spring));
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(tangent)>, Spring>);
    CHECK((same.stiffness == 2 && tangent.at[1] == 2));

    Tensor<double, 4, 3> batch;
    fill(batch);
    const auto gradients = vmap<-1, 0>(grad([](auto p, auto x) { return sum(dense(p, x)); }))(affine, batch);
    CHECK((gradients.weight.extent(0) == 4 && gradients.weight.rank == 3));
    CHECK(difference(gradients.bias, [&](long n, long i) {
              double b = affine.bias[i];
              for (int k = 0; k < 3; ++k) b += affine.weight(i, k) * batch(n, k);
              return 2 * b;
          }) == "");
    const Pendulum<Tensor<double, 2>> many{{1, 2}, {3, 4}};
    CHECK(difference(vmap([](auto p) { return p.length * p.damping; })(many), [&](long i) { return many.length[i] * many.damping[i]; }) == "");
}

TEST_CASE("a view in a struct has a part in derivatives") {
    const Tensor<double, 2, 3> x{1, 2, 3, 4, 5, 6};
    const auto g = grad([](auto x) {
        const auto inner = grad([](auto p) { return sum(square(reshape<1, 3>(p.length))) + sum(p.damping); })(Pendulum<var>{x[0], x[1]});
        return sum(inner.length);
    })(x);
    CHECK(difference(g, [](long i, long) { return i == 0 ? 2 : 0; }) == "");
}
