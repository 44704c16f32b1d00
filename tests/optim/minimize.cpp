// minimize: known minima by both methods, and what happens where there is none. (PyTorch's and SciPy's: tests/parity/minimize.cpp.)
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <cmath>
#include <limits>

using namespace etta;

namespace {

constexpr auto rosenbrock = [](auto x) {  // of ten parameters; the minimum is 0 at 1, …, 1
    const auto a = slice<0, 1, 10>(x), b = slice<0, 0, 9>(x);
    return sum(100 * square(a - b * b) + square(1 - b));
};
constexpr auto quadratic = [](auto x, auto a, auto b) { return 0.5 * sum(x * matmul(a, x)) - sum(b * x); };
constexpr auto logistic = [](auto w, auto x, auto y, auto penalty) { return mean(softplus(-y * matmul(x, w))) + penalty * sum(w * w); };

template <class T, class Options>
void find(const Options& o, double tolerance, int most = 200) {
    Tensor<T, 10> start;
    for (int i = 0; i < 10; ++i) start[i] = i % 2 ? T(1) : T(-1.2);
    const auto r = minimize(o, rosenbrock, start);
    CHECK(r.converged);
    CHECK(r.evaluations < most);
    for (int i = 0; i < 10; ++i) CHECK(std::abs(r.parameters[i] - 1) < tolerance);
}

}  // namespace

TEST_CASE("Rosenbrock's valley is followed to its end, in double and in float") {
    find<double>(LBFGS{.ftol = 0, .gtol = 1e-9}, 1e-8);
    find<double>(LBFGS{.history_size = 3, .ftol = 0, .gtol = 1e-9}, 1e-8);
    find<double>(ConjugateGradient{.ftol = 0, .gtol = 1e-9}, 1e-8, 1000);
    find<float>(LBFGS{.ftol = 0, .gtol = 1e-3}, 1e-2);
}

TEST_CASE("a quadratic function's minimum solves its linear system") {
    Tensor<double, 6, 6> a;
    Tensor<double, 6> b;
    for (int i = 0; i < 6; ++i) {
        b[i] = std::sin(i + 1.0);
        for (int k = 0; k < 6; ++k) a(i, k) = (i == k ? 3 + i : 0) + 0.5 * std::cos(i + k);
    }
    const Tensor<double, 6> want = solve(a, b);
    const auto newton = minimize(LBFGS{.ftol = 0, .gtol = 1e-11}, quadratic, Tensor<double, 6>{}, a, b);
    const auto conjugate = minimize(ConjugateGradient{.ftol = 0, .gtol = 1e-11}, quadratic, Tensor<double, 6>{}, a, b);
    CHECK((newton.converged && conjugate.converged));
    CHECK(allclose(newton.parameters, want, 1e-10, 1e-10));
    CHECK(allclose(conjugate.parameters, want, 1e-10, 1e-10));
    CHECK(conjugate.iterations <= 25);
    CHECK(newton.gradient_norm <= 1e-11);
}

TEST_CASE("logistic regression on data whose length is known late has the gradient 0 at its end") {
    Tensor<double, dyn, 3> x(40);
    Tensor<double, dyn> y(40);
    for (int i = 0; i < 40; ++i) {
        for (int k = 0; k < 3; ++k) x(i, k) = std::sin(1.7 * i + 2.1 * k * k);
        y[i] = x(i, 0) - 0.5 * x(i, 2) + 0.4 * std::cos(5.3 * i) > 0 ? 1 : -1;
    }
    const auto r = minimize(LBFGS{}, logistic, Tensor<double, 3>{}, x, y, 0.01), s = minimize(ConjugateGradient{}, logistic, Tensor<double, 3>{}, x, y, 0.01);
    CHECK((r.converged && s.converged && r.evaluations < 30));
    CHECK(std::abs(r.value - s.value) < 1e-8);
    // By hand, in double: the gradient at the end.
    for (int k = 0; k < 3; ++k) {
        double g = 0.02 * r.parameters[k];
        for (int i = 0; i < 40; ++i) {
            double m = 0;
            for (int j = 0; j < 3; ++j) m += x(i, j) * r.parameters[j];
            g -= y[i] * x(i, k) / (1 + std::exp(y[i] * m)) / 40;
        }
        CHECK(std::abs(g) < 1e-4);
    }
}

TEST_CASE("where there is no minimum, or no number, that is said") {
    const auto line = [](auto x) { return sum(x); };
    const auto r = minimize(LBFGS{.max_iterations = 50}, line, Tensor<double, 2>{});
    CHECK((!r.converged && r.value < -1000));
    const auto root = [](auto x) { return sum(sqrt(x) + 1 / x); };  // not a number below 0; least at 4^(1/3)
    const auto s = minimize(LBFGS{.ftol = 0, .gtol = 1e-8}, root, Tensor<double, 1>{0.05});
    CHECK(s.converged);
    CHECK(s.parameters[0] == Approx(std::cbrt(4.0)).epsilon(1e-7));
    CHECK_THROWS_WITH(minimize(LBFGS{}, root, Tensor<double, 1>{-1}), says("at the start the function or its gradient is not finite"));
    CHECK_THROWS_WITH(minimize(LBFGS{.history_size = 0}, root, Tensor<double, 1>{1}), says("at least one pair"));
    // At a minimum there is nothing to do.
    const auto t = minimize(ConjugateGradient{}, rosenbrock, Tensor<double, 10>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
    CHECK((t.converged && t.iterations == 0 && t.evaluations == 1));
}
