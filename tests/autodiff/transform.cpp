// jvp, vjp, jacobian, hessian, vmap, derivative, and what they give when composed.
#include <etta/op/activation.hpp>
#include <etta/run/call.hpp>

#include "catch.hpp"
#include "expr/near.hpp"

using etta::args;
using etta::axis;
using etta::get;
using etta::grad;
using etta::hessian;
using etta::jacobian;
using etta::jvp;
using etta::Tensor;
using etta::vjp;
using etta::vmap;

namespace {
// f_i = sin(x_i) |x|²
const auto wavy = [](auto x) { return sin(x) * sum(x * x); };
template <class X>
auto wavy_jacobian(const X& x) {
    return [&](long i, long j) {
        double s = 0;
        for (const double v : x) s += v * v;
        return 2 * std::sin(x[i]) * x[j] + (i == j ? std::cos(x[i]) * s : 0);
    };
}
// Rosenbrock's function, whose Hessian is a band.
const auto rosenbrock = [](auto x) {
    auto a = etta::slice<0, 0, 4>(x), b = etta::slice<0, 1, 5>(x);
    return sum(100 * square(b - a * a) + square(1 - a));
};
template <class X>
auto rosenbrock_hessian(const X& x) {
    return [&](long i, long j) {
        if (i > j) std::swap(i, j);
        if (j == i + 1) return -400 * x[i];
        if (i != j) return 0.0;
        return (i < 4 ? 1200 * x[i] * x[i] - 400 * x[i + 1] + 2 : 0) + (i > 0 ? 200 : 0);
    };
}
const auto energy = [](auto x, auto k) { return sum(k * square(x) + cos(x) * sum(x)); };

Tensor<double, 5> vector(int k = 0) {
    Tensor<double, 5> x;
    fill(x, k);
    return x;
}
}  // namespace

TEST_CASE("jvp gives the value and the derivative along a direction, vjp the transpose") {
    const auto x = vector(), v = vector(1);
    const auto J = wavy_jacobian(x);
    auto [y, dy] = jvp(wavy)(args(x), args(v));
    double s = 0;
    for (const double u : x) s += u * u;
    CHECK(difference(y, [&](long i) { return std::sin(x[i]) * s; }) == "");
    CHECK(difference(dy, [&](long i) {
              double d = 0;
              for (int j = 0; j < 5; ++j) d += J(i, j) * v[j];
              return d;
          }) == "");
    const auto back = vjp(wavy)(args(x), args(v));
    CHECK(difference(back, [&](long j) {
              double d = 0;
              for (int i = 0; i < 5; ++i) d += v[i] * J(i, j);
              return d;
          }) == "");
}

TEST_CASE("jvp and vjp agree on functions of several arguments with several results") {
    const auto f = [](auto a, auto x) {
        auto y = matmul(a, x);
        return etta::_::make_results(tanh(y), sum(a * a));
    };
    Tensor<double, 3, 5> a, da;
    Tensor<double, 3> cy;
    const auto x = vector(), dx = vector(1);
    fill(a, 2), fill(da, 3), fill(cy, 4);
    const double cs = 0.3;
    auto [y, s, ty, ts] = jvp(f)(args(a, x), args(da, dx));
    auto [ca, cx] = vjp(f)(args(a, x), args(cy, cs));
    CHECK(difference(y, [&](long i) {
              double d = 0;
              for (int k = 0; k < 5; ++k) d += a(i, k) * x[k];
              return std::tanh(d);
          }) == "");
    double forward = cs * ts, reverse = 0;
    for (int i = 0; i < 3; ++i) forward += cy[i] * ty[i];
    for (int i = 0; i < 15; ++i) reverse += ca[i] * da[i];
    for (int i = 0; i < 5; ++i) reverse += cx[i] * dx[i];
    CHECK(forward == Approx(reverse).epsilon(1e-13));
    CHECK(s == Approx(etta::call([](auto a) { return sum(a * a); }, a)));
}

TEST_CASE("jacobians are right when wide, tall and square") {
    const auto x = vector();
    CHECK(difference(jacobian(wavy)(x), wavy_jacobian(x)) == "");
    // tall: 3 arguments, 12 results
    Tensor<double, 3> u{0.3, -0.2, 0.9};
    Tensor<double, 4, 3> w;
    fill(w);
    const auto tall = [](auto u, auto w) { return w * tanh(u); };
    const auto J = jacobian(tall)(u, w);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(J)>, Tensor<double, 4, 3, 3>>);
    CHECK(difference(J, [&](long i, long j, long k) { return j == k ? w(i, j) * (1 - std::tanh(u[j]) * std::tanh(u[j])) : 0; }) == "");
    // wide: 12 arguments, 4 results
    const auto wide = jacobian<1>([](auto u, auto w) { return square(matmul(w, u)); })(u, w);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(wide)>, Tensor<double, 4, 4, 3>>);
    CHECK(difference(wide, [&](long i, long j, long k) {
              double s = 0;
              for (int n = 0; n < 3; ++n) s += w(i, n) * u[n];
              return i == j ? 2 * s * u[k] : 0;
          }) == "");
    // a function that does not depend on its argument
    CHECK(difference(jacobian([](auto u, auto w) { return sum(w, axis<0>) + 0 * u; })(u, w), [](long, long) { return 0; }) == "");
}

TEST_CASE("a scalar function's jacobian is its gradient") {
    const auto x = vector();
    const auto J = jacobian([](auto x) { return sum(x * x * x); })(x);
    CHECK(difference(J, [&](long i) { return 3 * x[i] * x[i]; }) == "");
}

TEST_CASE("hessians agree with closed forms") {
    const auto x = vector();
    CHECK(difference(hessian([](auto x) { return sum(x * x * x) + x[0] * x[4]; })(x),
                     [&](long i, long j) { return i == j ? 6 * x[i] : i + j == 4 && i * j == 0 ? 1 : 0; }) == "");
    const auto H = hessian(energy)(x, 0.5);
    double s = 0;
    for (const double v : x) s += v;
    double c = 0;
    for (const double v : x) c += std::cos(v);
    CHECK(difference(H, [&](long i, long j) {
              return (i == j ? 1 - std::cos(x[i]) * s : 0) - std::sin(x[i]) - std::sin(x[j]);
          }) == "");
}

TEST_CASE("slices have hessians") {
    const auto x = vector();
    CHECK(difference(hessian(rosenbrock)(x), rosenbrock_hessian(x), 1e-12) == "");
}

TEST_CASE("a Hessian times a vector is the same forward over reverse and reverse over reverse") {
    const auto x = vector(), v = vector(3);
    const auto H = hessian(energy)(x, 0.5);
    const auto want = [&](long i) {
        double d = 0;
        for (int j = 0; j < 5; ++j) d += H(i, j) * v[j];
        return d;
    };
    const auto forward = jvp(grad<0>(energy))(args(x, 0.5), args(v, 0.0));
    CHECK(difference(get<1>(forward), want) == "");
    const auto reverse = grad<0>([](auto x, auto k, auto v) { return sum(grad<0>(energy)(x, k) * v); })(x, 0.5, v);
    CHECK(difference(reverse, want) == "");
    const auto pulled = vjp(grad<0>(energy))(args(x, 0.5), args(v));
    CHECK(difference(get<0>(pulled), want) == "");
}

TEST_CASE("gradients of gradients go on") {
    const auto x = vector();
    const auto third = grad([](auto x) { return sum(grad([](auto x) { return sum(grad([](auto x) { return sum(sin(x)); })(x)); })(x)); })(x);
    CHECK(difference(third, [&](long i) { return -std::cos(x[i]); }) == "");
    // |grad|² of x³
    const auto g = grad([](auto x) { return sum(square(grad([](auto y) { return sum(y * y * y); })(x))); })(x);
    CHECK(difference(g, [&](long i) { return 36 * x[i] * x[i] * x[i]; }) == "");
}

TEST_CASE("the derivative of an element-wise function, to any order") {
    const auto x = vector();
    const auto f = [](auto x) { return sin(2 * x); };
    CHECK(difference(etta::derivative(f)(x), [&](long i) { return 2 * std::cos(2 * x[i]); }) == "");
    CHECK(difference(etta::derivative<2>(f)(x), [&](long i) { return -4 * std::sin(2 * x[i]); }) == "");
    CHECK(difference(etta::derivative<5>(f)(x), [&](long i) { return 32 * std::cos(2 * x[i]); }) == "");
    // a derivative inside a loss, as in a PINN
    const auto loss = grad([](auto x) {
        auto u_xx = etta::derivative<2>([](auto x) { return x * x * x * x; })(x);
        return sum(square(u_xx));
    })(x);
    CHECK(difference(loss, [&](long i) { return 576 * x[i] * x[i] * x[i]; }) == "");
}

TEST_CASE("vmap turns a function of a sample into one of a batch") {
    Tensor<double, 4, 5> batch;
    fill(batch);
    const auto sample = [&](long n) {
        Tensor<double, 5> x;
        x = batch(n, etta::all);
        return x;
    };
    const auto each = [&](const auto& got, auto f) {
        for (long n = 0; n < 4; ++n) {
            const auto want = f(sample(n));
            const auto row = got(n, etta::all);
            const std::string d = difference(row, [&](long i) { return want[i]; }, 1e-12);
            if (d != "") return "sample " + std::to_string(n) + ", " + d;
        }
        return std::string();
    };
    CHECK(each(vmap(wavy)(batch), [](const auto& x) { return etta::call(wavy, x); }) == "");
    const auto loss = [](auto x) { return logsumexp(x * x) * x[2]; };
    CHECK(each(vmap(grad(loss))(batch), [&](const auto& x) { return grad(loss)(x); }) == "");
    // values per sample
    const auto norms = vmap([](auto x) { return sqrt(sum(x * x)); })(batch);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(norms)>, Tensor<double, 4>>);
    CHECK(difference(norms, [&](long n) {
              double s = 0;
              for (int i = 0; i < 5; ++i) s += batch(n, i) * batch(n, i);
              return std::sqrt(s);
          }) == "");
    // along another axis; the others shared
    Tensor<double, 3, 5> w;
    fill(w, 1);
    const auto layer = [](auto w, auto x) { return tanh(matmul(w, x)); };
    const auto y = vmap<-1, 0>(layer)(w, batch);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(y)>, Tensor<double, 4, 3>>);
    const auto want = [&](long n, long i) {
        double s = 0;
        for (int k = 0; k < 5; ++k) s += w(i, k) * batch(n, k);
        return std::tanh(s);
    };
    CHECK(difference(y, want) == "");
    const Tensor<double, 5, 4> columns = transpose(batch);
    CHECK(difference(vmap<-1, 1>(layer)(w, columns), want) == "");
    // both: a product of matrices per sample
    Tensor<double, 4, 3, 5> ws;
    fill(ws, 2);
    CHECK(difference(vmap<0, 0>(layer)(ws, batch), [&](long n, long i) {
              double s = 0;
              for (int k = 0; k < 5; ++k) s += ws(n, i, k) * batch(n, k);
              return std::tanh(s);
          }) == "");
    // per-sample gradients of a layer's weights
    const auto per_sample = vmap<-1, 0>(grad([](auto w, auto x) { return sum(square(matmul(w, x))); }))(w, batch);
    CHECK(difference(per_sample, [&](long n, long i, long j) {
              double s = 0;
              for (int k = 0; k < 5; ++k) s += w(i, k) * batch(n, k);
              return 2 * s * batch(n, j);
          }) == "");
}
