// Gradients of functions of tensors: against closed forms and central differences in double.
#include <etta/op/activation.hpp>
#include <etta/run/call.hpp>

#include "catch.hpp"
#include "expr/near.hpp"

using etta::args;
using etta::axis;
using etta::get;
using etta::grad;
using etta::keepdims;
using etta::Tensor;
using etta::value_and_grad;

namespace {
// "" where grad(f)(x) agrees with central differences of f, element by element.
template <class F, class X>
std::string check_gradient(F f, X x, double tolerance = 1e-6) {
    const auto g = grad(f)(x);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(g)>, X>);
    for (long i = 0; i < x.size(); ++i) {
        const double was = x[i], h = 1e-5;
        x[i] = was + h;
        const double up = etta::call(f, x);
        x[i] = was - h;
        const double down = etta::call(f, x);
        x[i] = was;
        const double want = (up - down) / (2 * h);
        if (!(std::abs(g[i] - want) <= tolerance * (1 + std::abs(want))))
            return "element " + std::to_string(i) + ": " + std::to_string(g[i]) + ", differences give " + std::to_string(want);
    }
    return "";
}
Tensor<double, 3, 5> matrix(int k = 0) {
    Tensor<double, 3, 5> x;
    fill(x, k);
    return x;
}
}  // namespace

TEST_CASE("gradients agree with central differences") {
    Tensor<double, 3, 5> x = matrix();
    SECTION("element-wise") {
        CHECK(check_gradient([](auto x) { return sum(exp(sin(x)) * x - 2 / (x * x + 1)); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(tanh(x) / (3 + cos(x)) + log(2 + x) * sqrt(x + 2)); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(where(x > 0.2, square(x), 3 * x) + relu(x - 0.3)); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(1 - (2 - x) * (x - 1) / 4 + (-x)); }, x) == "");
    }
    SECTION("broadcasts and reductions") {
        CHECK(check_gradient([](auto x) { return sum(square(x - mean(x, axis<0>)) * sum(x, axis<1>, keepdims)); }, x) == "");
        CHECK(check_gradient([](auto x) { return max(x * x) + min(x) * sum(prod(x, axis<1>)); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(softmax(x) * x); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(etta::log_softmax<0>(x) * x) + logsumexp(2 * x); }, x) == "");
        CHECK(check_gradient([](auto x) { return mean(x) * mean(x * x) + sum(sum(x, axis<0>) * sum(x * x, axis<0>)); }, x) == "");
    }
    SECTION("products and views") {
        CHECK(check_gradient([](auto x) { return sum(square(matmul(x, x.t()))); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(matmul(x.t(), x) * sum(x)); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(etta::reshape<5, 3>(x) * etta::transpose(x) * 2); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(matmul(x, sum(x, axis<0>)) * x[1][2]); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(x[0] * x[2]) * x[1][1]; }, x) == "");
    }
    SECTION("slices") {
        CHECK(check_gradient([](auto x) { return sum(square(etta::slice<1, 1, 4>(x)) * etta::slice<1, 0, 3>(x)); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(etta::flip<1>(x) * x * x); }, x) == "");
        CHECK(check_gradient([](auto x) { return sum(etta::slice<1, 0, 5, 2>(x) * etta::slice<0, 0, 3>(etta::slice<1, 2, 5>(x))); }, x) == "");
    }
}

TEST_CASE("the value comes with the gradient, and both have the argument's type") {
    const auto energy = [](auto x, auto k) { return sum(k * square(x) + cos(x)); };
    Tensor<double, 5> x;
    fill(x);
    const double k = 0.5;
    auto [e, g] = value_and_grad<0>(energy)(x, k);
    static_assert(std::is_same_v<decltype(e), double> && std::is_same_v<decltype(g), Tensor<double, 5>>);
    double want = 0;
    for (const double v : x) want += k * v * v + std::cos(v);
    CHECK(e == Approx(want));
    CHECK(difference(g, [&](long i) { return 2 * k * x[i] - std::sin(x[i]); }) == "");

    Tensor<float, 5> f;
    fill(f);
    auto [ef, gf] = value_and_grad<0>(energy)(f, k);
    static_assert(std::is_same_v<decltype(ef), float> && std::is_same_v<decltype(gf), Tensor<float, 5>>);
    CHECK(difference(gf, [&](long i) { return 2 * k * f[i] - std::sin(double(f[i])); }, 1e-6) == "");
}

TEST_CASE("gradients with respect to several arguments come in the order asked for") {
    const auto f = [](auto w, auto x, auto b) { return sum(square(matmul(w, x) + b)); };
    Tensor<double, 3, 5> w = matrix();
    Tensor<double, 5> x;
    Tensor<double, 3> b;
    fill(x, 1), fill(b, 2);
    auto [db, dw] = grad<2, 0>(f)(w, x, b);
    static_assert(std::is_same_v<decltype(db), Tensor<double, 3>> && std::is_same_v<decltype(dw), Tensor<double, 3, 5>>);
    const auto residual = [&](long i) {
        double s = b(i);
        for (int k = 0; k < 5; ++k) s += w(i, k) * x(k);
        return s;
    };
    CHECK(difference(db, [&](long i) { return 2 * residual(i); }) == "");
    CHECK(difference(dw, [&](long i, long j) { return 2 * residual(i) * x(j); }) == "");
    auto [v, d0, d1, d2] = value_and_grad<0, 1, 2>(f)(w, x, b);
    CHECK(v == Approx(residual(0) * residual(0) + residual(1) * residual(1) + residual(2) * residual(2)));
    CHECK(difference(d1, [&](long j) { return 2 * (residual(0) * w(0, j) + residual(1) * w(1, j) + residual(2) * w(2, j)); }) == "");
    CHECK(d0[4] == Approx(dw[4]));
    CHECK(d2[2] == Approx(db[2]));
}

TEST_CASE("the gradient by a number is a number") {
    const auto f = [](auto x, auto k) { return sum(sin(k * x)); };
    Tensor<double, 4> x;
    fill(x);
    const auto dk = grad<1>(f)(x, 0.7);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(dk)>, double>);
    double want = 0;
    for (const double v : x) want += v * std::cos(0.7 * v);
    CHECK(dk == Approx(want));
}

TEST_CASE("an argument that is not used has gradient zero") {
    Tensor<double, 4> x, y;
    fill(x), fill(y, 1);
    auto [dx, dy] = grad<0, 1>([](auto x, auto) { return sum(x * x); })(x, y);
    CHECK(difference(dx, [&](long i) { return 2 * x[i]; }) == "");
    CHECK(difference(dy, [](long) { return 0; }) == "");
    CHECK(difference(grad([](auto x) { return sum(where(x > 0, 1.0, 2 + 0 * x)); })(x), [](long) { return 0; }) == "");
}

TEST_CASE("stop_gradient keeps the value and ends the derivative") {
    Tensor<double, 4> x;
    fill(x);
    auto [v, g] = value_and_grad([](auto x) { return sum(x * etta::stop_gradient(x * x)); })(x);
    double want = 0;
    for (const double u : x) want += u * u * u;
    CHECK(v == Approx(want));
    CHECK(difference(g, [&](long i) { return x[i] * x[i]; }) == "");
}

TEST_CASE("a function may capture traced values inside a trace") {
    Tensor<double, 4> x, y;
    fill(x), fill(y, 1);
    // d/dy of |d/dx sum(x² y)|², the inner function closing over y
    const auto f = [](auto x, auto y) {
        return sum(square(grad([&](auto u) { return sum(u * u * y); })(x)));
    };
    CHECK(difference(grad<1>(f)(x, y), [&](long i) { return 8 * x[i] * x[i] * y[i]; }) == "");
}

TEST_CASE("runtime sizes have gradients too") {
    Tensor<double, etta::dyn> x(37);
    fill(x);
    auto [v, g] = value_and_grad([](auto x) { return sum(x * sin(x)); })(x);
    CHECK(g.size() == 37);
    CHECK(difference(g, [&](long i) { return std::sin(x[i]) + x[i] * std::cos(x[i]); }) == "");
    double want = 0;
    for (const double u : x) want += u * std::sin(u);
    CHECK(v == Approx(want));
}

TEST_CASE("views are arguments like tensors") {
    Tensor<double, 4, 6> m;
    fill(m);
    const auto g = grad([](auto column) { return sum(square(column)); })(m(etta::all, 3));
    CHECK(difference(g, [&](long i) { return 2 * m(i, 3); }) == "");
    const auto both = etta::call([](auto a, auto b) { return a * b.t(); }, m, etta::Tensor<double, 6, 4>(transpose(m)));
    CHECK(difference(both, [&](long i, long j) { return m(i, j) * m(i, j); }) == "");
}

TEST_CASE("a Jacobian with as many rows as the data have, known late, is taken forwards") {
    const auto f = [](auto p, auto t) { return p[0] * exp(p[1] * t); };
    const etta::Tensor<double, 2> p = {2, -0.5};
    etta::Tensor<double, etta::dyn> t(3);
    t[0] = 0, t[1] = 1, t[2] = 2;
    const auto late = etta::jacobian(f)(p, t);
    const auto known = etta::jacobian(f)(p, etta::Tensor<double, 3>{0, 1, 2});
    static_assert(std::is_same_v<decltype(late), const etta::Tensor<double, etta::dyn, 2>>);
    CHECK(late.extent(0) == 3);
    for (int i = 0; i < 6; ++i) CHECK(late[i] == known[i]);
}

TEST_CASE("a long loop over numbers, each used again and again, is differentiated") {
    const auto swing = [](auto stiffness, auto damping) {  // half-implicit Euler steps of an oscillator
        auto x = stiffness * 0 + 1, v = stiffness * 0;
        for (int i = 0; i < 12; ++i) {
            v = v - 0.05 * (stiffness * x + damping * v);
            x = x + 0.05 * v;
        }
        return x;
    };
    const auto [dk, dc] = grad<0, 1>(swing)(10.0, 0.1);
    const double h = 1e-6;
    CHECK(dk == Approx((etta::call(swing, 10 + h, 0.1) - etta::call(swing, 10 - h, 0.1)) / (2 * h)).epsilon(1e-6));
    CHECK(dc == Approx((etta::call(swing, 10.0, 0.1 + h) - etta::call(swing, 10.0, 0.1 - h)) / (2 * h)).epsilon(1e-6));
}

TEST_CASE("a derivative with respect to a view counts what is a view of that view") {
    const auto inner = [](auto x) { return grad([](auto m) { return sum(square(reshape<6>(m)) * m[0][1] + permute<1, 0>(permute<1, 0>(m))[0][0]); })(reshape<2, 3>(x)); };
    const Tensor<double, 6> x{1, 2, 3, 4, 5, 6};
    const auto g = call(inner, x);
    CHECK(g(0, 0) == Approx(2 * 2 * 1 + 6));
    CHECK(g(0, 1) == Approx(2 * 2 * 2 + 91));
    CHECK(g(1, 2) == Approx(2 * 2 * 6));
}
