// least_squares: known answers, and what happens where there is none.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <cmath>
#include <limits>

using namespace etta;

namespace {
constexpr auto decay = [](auto theta, auto t, auto y) { return theta[0] * exp(-theta[1] * t) - y; };
template <class T, std::size_t N = 20>
struct Decay {
    Tensor<T, N> t, y;
    Decay() {
        for (int i = 0; i < 20; ++i) t[i] = T(0.2 * i), y[i] = T(2.5 * std::exp(-1.3 * 0.2 * i));
    }
};
bool close(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance * std::abs(b); }
}  // namespace

TEST_CASE("NIST's Misra1a is solved to the digits certified, from both starts") {
    const Tensor<double, 14> y = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};
    const Tensor<double, 14> x = {77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
    const auto misra = [](auto b, auto x, auto y) { return b[0] * (1 - exp(-b[1] * x)) - y; };
    for (const auto& start : {Tensor<double, 2>{500, 0.0001}, Tensor<double, 2>{250, 0.0005}}) {
        const auto fit = least_squares(LevenbergMarquardt{.ftol = 1e-14, .xtol = 1e-12, .gtol = 1e-12}, misra, start, x, y);
        CHECK(fit.converged);
        CHECK(fit.iterations < 30);
        CHECK(close(fit.parameters[0], 2.3894212918e+02, 1e-9));
        CHECK(close(fit.parameters[1], 5.5015643181e-04, 1e-9));
        CHECK(close(2 * fit.cost, 1.2455138894e-01, 1e-9));
        const auto usual = least_squares(misra, start, x, y);
        CHECK((usual.converged && close(usual.parameters[0], 2.3894212918e+02, 1e-5)));
    }
}

TEST_CASE("parameters that made the data are found again, in double and in float") {
    const Decay<double> d;
    const auto fit = least_squares(decay, Tensor<double, 2>{1, 1}, d.t, d.y);
    CHECK((fit.converged && fit.cost < 1e-20));
    CHECK((close(fit.parameters[0], 2.5, 1e-8) && close(fit.parameters[1], 1.3, 1e-8)));
    const Decay<float> f;
    const auto single = least_squares(decay, Tensor<float, 2>{1, 1}, f.t, f.y);
    CHECK(single.converged);
    CHECK((close(single.parameters[0], 2.5, 1e-5) && close(single.parameters[1], 1.3, 1e-5)));
}

TEST_CASE("data whose length is known late give what static data give") {
    const Decay<double> d;
    Tensor<double, dyn> t(20), y(20);
    t = d.t.view(), y = d.y.view();
    const auto a = least_squares(decay, Tensor<double, 2>{1, 1}, d.t, d.y), b = least_squares(decay, Tensor<double, 2>{1, 1}, t, y);
    CHECK((b.converged && a.iterations == b.iterations));
    CHECK(allclose(a.parameters, b.parameters, 1e-10, 0.0));
}

TEST_CASE("residuals may have any shape, and numbers may be data") {
    const auto centre = [](auto c, auto p, auto weight) { return (p - c) * weight; };  // [4, 2]
    const auto fit = least_squares(centre, Tensor<double, 2>{5, 5}, Tensor<double, 4, 2>{0, 0, 2, 0, 0, 4, 2, 4}, 0.5);
    CHECK((fit.converged && close(fit.parameters[0], 1, 1e-7) && close(fit.parameters[1], 2, 1e-7)));
    CHECK(fit.cost == Approx(0.5 * 0.25 * (4 * 1 + 4 * 4)));
    const auto root = least_squares([](auto x) { return sum(x * x) - 2; }, Tensor<double, 1>{1});
    CHECK((root.converged && close(root.parameters[0], std::sqrt(2.0), 1e-8)));
}

TEST_CASE("curved valleys and singular minima are walked down") {
    const auto rosenbrock = [](auto x) { return stack<0>(10 * (x[1] - x[0] * x[0]), 1 - x[0]); };
    const auto r = least_squares(rosenbrock, Tensor<double, 2>{-1.2, 1});
    CHECK((r.converged && close(r.parameters[0], 1, 1e-8) && close(r.parameters[1], 1, 1e-8)));
    const auto powell = [](auto x) {  // the Jacobian is singular at the minimum, 0
        return stack<0>(x[0] + 10 * x[1], 2.2360679774997897 * (x[2] - x[3]), square(x[1] - 2 * x[2]), 3.1622776601683793 * square(x[0] - x[3]));
    };
    const auto p = least_squares(powell, Tensor<double, 4>{3, -1, 0, 1});
    CHECK(p.cost < 1e-12);
}

TEST_CASE("a parameter without effect stays, and of two with one effect the sum is found") {
    const Decay<double> d;
    const auto fit = least_squares([](auto p, auto t, auto y) { return p[0] * exp(-p[1] * t) - y + 0 * p[2]; }, Tensor<double, 3>{1, 1, 7}, d.t, d.y);
    CHECK((fit.converged && fit.parameters[2] == 7 && close(fit.parameters[1], 1.3, 1e-8)));
    const auto both = least_squares([](auto p, auto t, auto y) { return (p[0] + p[1]) * exp(-1.3 * t) - y; }, Tensor<double, 2>{0, 1}, d.t, d.y);
    CHECK((both.converged && close(both.parameters[0] + both.parameters[1], 2.5, 1e-8)));
    CHECK(close(both.parameters[1] - both.parameters[0], 1, 1e-6));
}

TEST_CASE("fewer residuals than parameters: a solution near the start; with late sizes, an error") {
    const auto line = [](auto p, auto x, auto y) { return p[0] + p[1] * x - y; };
    const auto fit = least_squares(line, Tensor<double, 2>{0, 0}, Tensor<double, 1>{1}, Tensor<double, 1>{4});
    CHECK((fit.converged && close(fit.parameters[0] + fit.parameters[1], 4, 1e-8) && close(fit.parameters[0], 2, 1e-6)));
    Tensor<double, dyn> x(1), y(1);
    CHECK_THROWS_WITH(least_squares(line, Tensor<double, 2>{0, 0}, x, y), says("fewer residuals than there are parameters"));
}

TEST_CASE("what is not finite is an error at the start, and later a step not taken") {
    const auto root = [](auto p) { return sqrt(p[0]) - 3; };  // NaN below 0
    CHECK_THROWS_WITH(least_squares(root, Tensor<double, 1>{-1}), says("not finite"));
    CHECK_THROWS_WITH(least_squares(root, Tensor<double, 1>{0}), says("not finite"));  // the derivative is infinite
    const auto log_root = [](auto p) { return log(p[0]) + 1; };  // Newton's first step from 30 goes below 0
    const auto fit = least_squares(log_root, Tensor<double, 1>{30});
    CHECK((fit.converged && close(fit.parameters[0], std::exp(-1.0), 1e-8)));
    const auto wall = [](auto p) { return sqrt(p[0] - 1) + 1 + 0 * p[0]; };  // falls until it ends
    const auto stuck = least_squares(wall, Tensor<double, 1>{2});
    CHECK((std::isfinite(stuck.cost) && stuck.parameters[0] >= 1));
}

TEST_CASE("a start at the minimum takes no step, and max_iterations is kept") {
    const Decay<double> d;
    const auto there = least_squares(decay, Tensor<double, 2>{2.5, 1.3}, d.t, d.y);
    CHECK((there.converged && there.iterations <= 1));
    const auto cut = least_squares(LevenbergMarquardt{.max_iterations = 2}, decay, Tensor<double, 2>{1, 1}, d.t, d.y);
    CHECK((!cut.converged && cut.iterations == 2 && cut.cost < 2));
    const auto none = least_squares(LevenbergMarquardt{.max_iterations = 0}, decay, Tensor<double, 2>{1, 1}, d.t, d.y);
    CHECK((none.iterations == 0 && none.parameters[0] == 1 && none.gradient_norm > 0));
}

TEST_CASE("without damping the steps are Gauss-Newton's, and one that fails is damped") {
    const Decay<double> d;
    const auto newton = least_squares(LevenbergMarquardt{.damping = 0}, decay, Tensor<double, 2>{2, 1}, d.t, d.y), damped = least_squares(LevenbergMarquardt{.damping = 1}, decay, Tensor<double, 2>{2, 1}, d.t, d.y);
    CHECK((newton.converged && close(newton.parameters[0], 2.5, 1e-8) && close(newton.parameters[1], 1.3, 1e-8)));
    CHECK(newton.iterations < damped.iterations);
    // A first step of Gauss-Newton would leave arctan's range of convergence (|x| < 1.39).
    const auto arctan = [](auto x) { return atan(x); };
    const auto far = least_squares(LevenbergMarquardt{.damping = 0}, arctan, Tensor<double, 1>{3});
    CHECK((far.converged && std::abs(far.parameters[0]) < 1e-8));
    // A singular Jacobian has no Gauss-Newton step.
    const auto same = [](auto x) { return x[0] + x[1] - 2 + 0 * x; };
    const auto flat = least_squares(LevenbergMarquardt{.damping = 0}, same, Tensor<double, 2>{5, 0});
    CHECK((flat.converged && std::abs(flat.parameters[0] + flat.parameters[1] - 2) < 1e-6));
}
