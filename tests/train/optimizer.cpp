// The update rules against their formulas, written out in double, over ten steps.
#include <etta/optim/rules.hpp>
#include <etta/train/trainer.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"

namespace {

struct Line {
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using Network = etta::Model<Line, etta::Input<double, 4>, etta::max_batch<4>>;

// Ten steps with the rule and ten with `by_hand(step, weight, gradient, state)`; the largest difference.
template <class Rule, class F>
double off(Rule rule, F by_hand) {
    Network model{etta::seed(2)};
    auto trainer = etta::Trainer(model, etta::MSE{}, rule);
    double x[16], y[12];
    for (int i = 0; i < 16; ++i) x[i] = std::sin(1.3 * i);
    for (int i = 0; i < 12; ++i) y[i] = std::cos(0.9 * i);
    struct state {
        double m = 0, v = 0;
    };
    const auto n = static_cast<std::size_t>(trainer.n_elements);
    std::vector<state> s(n);
    double worst = 0;
    for (int step = 1; step <= 10; ++step) {
        std::vector<double> want(model.parameters.data(), model.parameters.data() + n);
        trainer.gradients(x, y, 4);
        for (std::size_t i = 0; i < n; ++i) by_hand(step, want[i], trainer.gradient_data()[i], s[i].m, s[i].v);
        trainer.step(x, y, 4);
        for (std::size_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(model.parameters.data()[i] - want[i]));
    }
    // What lies between the parameters stays zero.
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto p = model.parameter(i);
        for (const double* q = p.data + p.size; q < model.parameters.data() + n && (q - model.parameters.data()) % 8 != 0; ++q)
            if (*q != 0) worst = 1;
    }
    return worst;
}

}  // namespace

TEST_CASE("SGD with and without momentum, dampening, Nesterov and decay") {
    CHECK(off(etta::SGD{.lr = 0.1}, [](int, double& w, double g, double&, double&) { w -= 0.1 * g; }) < 1e-15);
    CHECK(off(etta::SGD{.lr = 0.1, .momentum = 0.9}, [](int, double& w, double g, double& m, double&) {
              m = 0.9 * m + g;
              w -= 0.1 * m;
          }) < 1e-15);
    CHECK(off(etta::SGD{.lr = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.01}, [](int step, double& w, double g, double& m, double&) {
              g += 0.01 * w;
              m = step == 1 ? g : 0.9 * m + 0.7 * g;
              w -= 0.1 * m;
          }) < 1e-15);
    CHECK(off(etta::SGD{.lr = 0.1, .momentum = 0.9, .nesterov = true}, [](int, double& w, double g, double& m, double&) {
              m = 0.9 * m + g;
              w -= 0.1 * (g + 0.9 * m);
          }) < 1e-15);
}

TEST_CASE("Adam, with the decay in the gradient") {
    const auto adam = [](double decay) {
        return [decay](int step, double& w, double g, double& m, double& v) {
            g += decay * w;
            m = 0.9 * m + 0.1 * g;
            v = 0.99 * v + 0.01 * g * g;
            w -= 0.01 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.99, step))) + 1e-8);
        };
    };
    CHECK(off(etta::Adam{.lr = 0.01, .beta2 = 0.99}, adam(0)) < 1e-14);
    CHECK(off(etta::Adam{.lr = 0.01, .beta2 = 0.99, .weight_decay = 0.1}, adam(0.1)) < 1e-14);
}

TEST_CASE("AdamW, with the decay apart") {
    CHECK(off(etta::AdamW{.lr = 0.01, .weight_decay = 0.1}, [](int step, double& w, double g, double& m, double& v) {
              w *= 1 - 0.01 * 0.1;
              m = 0.9 * m + 0.1 * g;
              v = 0.999 * v + 0.001 * g * g;
              w -= 0.01 * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.999, step))) + 1e-8);
          }) < 1e-14);
}

TEST_CASE("a cosine schedule falls from the full rate to the part asked for") {
    const auto s = etta::cosine(0.1);
    CHECK(s.factor(1, 101) == Approx(1));
    CHECK(s.factor(51, 101) == Approx(0.55).epsilon(0.02));
    CHECK(s.factor(101, 101) == Approx(0.1).epsilon(0.02));
    const auto w = etta::cosine(0, 10);
    CHECK(w.factor(1, 100) == Approx(0.1));
    CHECK(w.factor(10, 100) == Approx(1));
    CHECK(w.factor(11, 100) == Approx(1));
    CHECK(w.factor(100, 100) < 0.01);
    CHECK(etta::constant_rate().factor(77, 100) == 1);
    for (long i = 2; i <= 100; ++i) CHECK(s.factor(i, 100) <= s.factor(i - 1, 100));
}

namespace {

// Five updates of 37 elements by Lookahead over a rule, and by the rule alone with the slow weights kept here; whether they agree.
template <class T, class Rule>
bool looks_ahead(Rule rule) {
    constexpr etta::index n = 37;
    using Ahead = etta::Lookahead<Rule>;
    const Ahead ahead{rule, 2, 0.25};
    std::vector<T> a(n), b(n), slow(n), g(n), states_a(n * (Ahead::states + 1)), states_b(n * (Ahead::states + 1));
    for (etta::index i = 0; i < n; ++i) a[static_cast<std::size_t>(i)] = b[static_cast<std::size_t>(i)] = slow[static_cast<std::size_t>(i)] = static_cast<T>(std::cos(0.7 * double(i)));
    for (int step = 1; step <= 5; ++step) {
        for (etta::index i = 0; i < n; ++i) g[static_cast<std::size_t>(i)] = static_cast<T>(std::sin(0.9 * double(i) + step));
        double scalars[Ahead::scalars + 1];
        ahead.prepare(step, 0.1, scalars);
        etta::_::run_update<Ahead, T, n>(scalars, a.data(), g.data(), states_a.data(), n);
        rule.prepare(step, 0.1, scalars);
        etta::_::run_update<Rule, T, n>(scalars, b.data(), g.data(), states_b.data(), n);
        for (std::size_t i = 0; i < std::size_t{n}; ++i) {
            if (step % 2 == 0) b[i] = slow[i] += static_cast<T>(0.25) * (b[i] - slow[i]);
            if (!(std::abs(a[i] - b[i]) <= std::abs(b[i]) * (sizeof(T) == 4 ? 1e-5 : 1e-13) + (sizeof(T) == 4 ? 1e-6 : 1e-14))) return false;
        }
    }
    return true;
}
template <class Rule>
bool looks_ahead() { return looks_ahead<float>(Rule{}) && looks_ahead<double>(Rule{}); }

}  // namespace

TEST_CASE("Lookahead over every rule that works element by element") {
    CHECK(looks_ahead<etta::SGD>());
    CHECK(looks_ahead<etta::Adam>());
    CHECK(looks_ahead<etta::AdamW>());
    CHECK(looks_ahead<etta::AMSGrad>());
    CHECK(looks_ahead<etta::Adamax>());
    CHECK(looks_ahead<etta::NAdam>());
    CHECK(looks_ahead<etta::RAdam>());
    CHECK(looks_ahead<etta::Adagrad>());
    CHECK(looks_ahead<etta::Adadelta>());
    CHECK(looks_ahead<etta::RMSprop>());
    CHECK(looks_ahead<etta::CenteredRMSprop>());
    CHECK(looks_ahead<etta::Rprop>());
    CHECK(looks_ahead<etta::Lion>());
    CHECK(looks_ahead<etta::ASGD>());
    CHECK(looks_ahead<etta::DecoupledDecay<etta::RAdam>>());
    CHECK(looks_ahead<etta::Maximize<etta::Adam>>());
}
