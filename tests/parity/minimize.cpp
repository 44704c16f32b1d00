// Minima and the way to them, against PyTorch's LBFGS and SciPy (make_minimize.py wrote the file). Where a gradient g is left, the place
// is within |g| / (the Hessian's least eigenvalue) of the minimum and the value within |g|² / (twice that), which is below rounding.
#include <etta/etta.hpp>
#include <etta/optim/least_squares.hpp>
#include <etta/optim/minimize.hpp>
#include <etta/train/minimize.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "recorded.hpp"

using namespace etta;

namespace {

const auto& file() {
    static const auto f = safetensors_file::open(recorded_path("minimize.st"));
    return f;
}
template <std::size_t... E>
Tensor<double, E...> from_file(const std::string& name) {
    Tensor<double, E...> t;
    const auto v = recorded(file(), name);
    REQUIRE(v.size() == static_cast<std::size_t>(t.size()));
    for (std::size_t i = 0; i < v.size(); ++i) t.data()[i] = v[i];
    return t;
}
double only(const std::string& name) { return from_file<1>(name)[0]; }
// The largest difference of n numbers from those recorded, from the first on.
double apart(const double* got, int n, const std::string& name, int first = 0) {
    const auto want = recorded(file(), name);
    double worst = 0;
    for (int i = 0; i < n; ++i) worst = std::fmax(worst, std::abs(got[i] - want[static_cast<std::size_t>(first + i)]));
    return worst;
}

constexpr auto logistic = [](auto w, auto x, auto y) { return mean(softplus(-y * matmul(x, w))) + 0.02 * sum(w * w); };

struct Affine {
    Linear<1> out;
    constexpr auto operator()(auto x) const { return out(x); }
};

}  // namespace

TEST_CASE("the minimum of a logistic regression is PyTorch's and SciPy's, and L-BFGS takes PyTorch's steps to it") {
    const auto x = from_file<20, 6>("x");
    const auto y = from_file<20>("y");
    // Eigenvalues are at least 0.04. Ours leaves 1e-9 and theirs 5e-9 of each of six elements of the gradient: sqrt(6) 6e-9 / 0.04 < 4e-7.
    const auto newton = minimize(LBFGS{.ftol = 0, .gtol = 1e-9}, logistic, Tensor<double, 6>{}, x, y);
    CHECK((newton.converged && newton.gradient_norm <= 1e-9));
    CHECK(newton.value == Approx(only("logistic.value")).epsilon(1e-13));
    CHECK(apart(newton.parameters.data(), 6, "logistic.parameters") < 4e-7);
    const auto conjugate = minimize(ConjugateGradient{.ftol = 0, .gtol = 1e-9}, logistic, Tensor<double, 6>{}, x, y);
    CHECK((conjugate.converged && conjugate.gradient_norm <= 1e-9));
    CHECK(conjugate.value == Approx(only("cg.value")).epsilon(1e-13));
    CHECK(apart(conjugate.parameters.data(), 6, "cg.parameters") < 4e-7);
    // From a gradient whose lengths are below 1 both take the same first step, and every line search takes its first point.
    for (int k = 1; k <= 6; ++k) {
        const auto step = minimize(LBFGS{.max_iterations = k, .ftol = 0, .gtol = 0}, logistic, Tensor<double, 6>{}, x, y);
        CAPTURE(k);
        CHECK((step.iterations == k && step.evaluations == k + 1));
        CHECK(apart(step.parameters.data(), 6, "logistic.path", 6 * (k - 1)) < 1e-12);
    }
}

TEST_CASE("a model's minimum on a data set, found in batches, is PyTorch's") {
    const auto rows = from_file<20, 6>("x");
    const auto y = from_file<20>("y");
    std::vector<double> x, t;
    for (int i = 0; i < 20; ++i) {
        for (int k = 0; k < 3; ++k) x.push_back(rows(i, k));
        t.push_back((y[i] + 1) / 2);
    }
    const Dataset data = Dataset::from(x, {3}, t, {1});
    // Eigenvalues are at least 0.025: sqrt(4) 6e-9 / 0.025 < 5e-7.
    const auto check = [&](const auto& options) {
        Model<Affine, Input<double, 3>, max_batch<8>> model{seed(1)};
        Trainer trainer(model, BCEWithLogits{}, SGD{});
        const Descent r = minimize(options, trainer, data);
        CHECK((r.converged && r.gradient_norm <= 1e-9));
        CHECK(r.value == Approx(only("affine.value")).epsilon(1e-13));
        CHECK(apart(model.parameter("out.weight").data, 3, "affine.parameters") < 5e-7);
        CHECK(apart(model.parameter("out.bias").data, 1, "affine.parameters", 3) < 5e-7);
    };
    check(LBFGS{.ftol = 0, .gtol = 1e-9});
    check(ConjugateGradient{.ftol = 0, .gtol = 1e-9});
}

TEST_CASE("a damped oscillation's fit is that of SciPy's least_squares(method=\"lm\")") {
    const auto oscillation = [](auto p, auto t, auto z) { return p[0] * exp(-p[1] * t) * cos(p[2] * t + p[3]) - z; };
    const auto t = from_file<15>("t"), z = from_file<15>("z");
    const auto fit = least_squares(LevenbergMarquardt{.ftol = 1e-15, .xtol = 1e-12, .gtol = 1e-12}, oscillation, Tensor<double, 4>{1, 1, 2, 0}, t, z);
    CHECK((fit.converged && fit.iterations < 40 && fit.gradient_norm < 1e-8));
    CHECK(fit.cost == Approx(only("fit.cost")).epsilon(1e-13));
    // The eigenvalues of its transposed Jacobian times it are at least 0.8; ours leaves 1e-8, theirs 2e-8: sqrt(4) 3e-8 / 0.8 < 8e-8.
    CHECK(apart(fit.parameters.data(), 4, "fit.parameters") < 8e-8);
    const auto usual = least_squares(oscillation, Tensor<double, 4>{1, 1, 2, 0}, t, z);
    CHECK((usual.converged && usual.cost == Approx(fit.cost).epsilon(1e-8)));
}
