// What a trainer does beside its rule: gradients accumulated over batches, sharpness-aware steps, averages; and what else a
// trainer is used for: whole-batch minimisation, statistics estimated anew, the rate's range test.
#include <etta/nn/dropout.hpp>
#include <etta/nn/norm.hpp>
#include <etta/nn/reparametrise.hpp>
#include <etta/optim/rules.hpp>
#include <etta/train/ema.hpp>
#include <etta/train/find_rate.hpp>
#include <etta/train/minimize.hpp>
#include <etta/train/states.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

struct Net {
    Linear<5> fc1;
    Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(tanh(fc1(x))); }
};
using M = Model<Net, Input<double, 3>, max_batch<12>>;
struct Normed {
    Linear<4> fc1;
    BatchNorm1d<> norm;
    Dropout<0.5> drop;
    Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(drop(norm(fc1(x)))); }
};
using N = Model<Normed, Input<double, 3>, max_batch<12>>;
struct Spectral {  // states that are no averages
    SpectralNorm<Linear<4>> fc1;
    BatchNorm1d<> norm;
    Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(norm(fc1(x))); }
};

std::vector<double> x_of(int n) {
    std::vector<double> x;
    for (int i = 0; i < 3 * n; ++i) x.push_back(std::sin(1.3 * i) + 0.2 * (i % 3));
    return x;
}
std::vector<double> y_of(int n) {
    std::vector<double> y;
    for (int i = 0; i < 2 * n; ++i) y.push_back(std::cos(0.9 * i));
    return y;
}
Dataset data(int n = 30) { return Dataset::from(x_of(n), {3}, y_of(n), {2}); }
template <class Model>
std::vector<double> weights(const Model& m) { return {m.parameters.data(), m.parameters.data() + Model::facts::layout.elements}; }
template <class Model>
std::vector<char> states(const Model& m) { return {m.states.data(), m.states.data() + Model::state_bytes}; }
double apart(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    return worst;
}

}  // namespace

TEST_CASE("a step accumulated over batches is a step on all their samples") {
    M one{seed(1)}, parts{seed(1)};
    Trainer whole(one, MSE{}, AdamW{.lr = 0.05}, {.clip_norm = 0.5}), accumulating(parts, MSE{}, AdamW{.lr = 0.05}, {.clip_norm = 0.5, .accumulate = 3});
    const auto x = x_of(12), y = y_of(12);
    for (int k = 0; k < 5; ++k) {
        whole.step(x.data(), y.data(), 12);
        const auto before = weights(parts);
        accumulating.step(x.data(), y.data(), 2), accumulating.step(x.data() + 6, y.data() + 4, 3);
        CHECK((weights(parts) == before && accumulating.steps() == k && accumulating.pending_batches() == 2));
        accumulating.step(x.data() + 15, y.data() + 10, 7);
        CHECK(apart(weights(one), weights(parts)) < 1e-13);
        CHECK(accumulating.gradient_norm() == Approx(whole.gradient_norm()).epsilon(1e-12));
    }
    CHECK(accumulating.steps() == 5);
    accumulating.finish_step();  // nothing to finish
    CHECK(accumulating.steps() == 5);
    CHECK_THROWS_WITH(Trainer(one, MSE{}, SGD{}, {.accumulate = 0}), says("1 batch or more"));
    CHECK_THROWS_WITH(Trainer(one, MSE{}, SGD{}, {.accumulate = 2, .sam = 0.1}), says("do not go together"));
}

TEST_CASE("fit() finishes a step at an epoch's end, and a run goes on in the middle of one, bit for bit") {
    Scratch dir;
    struct Halt {
        long batch;
        void on_batch_end(FitEvent& e) { e.stop = (e.epoch - 1) * e.batches + e.batch == batch; }
    };
    struct Run {
        N model{seed(1)};
        Trainer<N, MSE, Lookahead<Adam>> trainer{model, MSE{}, Lookahead<Adam>{{.lr = 0.05}}, {.accumulate = 4, .seed = seed(5)}};
        EMA<N> ema{model, {.decay = 0.9}};
        SWA<N> swa{model, {.start = 2, .every = 2}};
        Run() { trainer.follow(ema), trainer.follow(swa); }
        History fit(FitOptions o) {
            o.batch = 5, o.verbose = false, o.schedule = cosine(), o.epochs = 4;
            return trainer.fit(data(), o);
        }
    };
    Run whole;
    whole.fit({});
    CHECK(whole.trainer.steps() == 8);  // 6 batches an epoch: 4 and 2
    CHECK((whole.ema.updates() == 8 && whole.swa.updates() == 3));
    const long at = GENERATE(6, 9, 13, 23);
    Run first, second;
    first.fit({.checkpoint = {dir.path("run")}, .callbacks = {Halt{at}}});
    CHECK(first.trainer.steps() == at / 6 * 2 + at % 6 / 4);
    second.fit({.checkpoint = {dir.path("run"), {.resume = true}}});
    CHECK((weights(second.model) == weights(whole.model) && states(second.model) == states(whole.model)));
    const auto same = [](const auto& a, const auto& b) { return std::vector<double>(a.data(), a.data() + a.n_elements) == std::vector<double>(b.data(), b.data() + b.n_elements); };
    CHECK((same(second.ema, whole.ema) && same(second.swa, whole.swa) && second.swa.updates() == 3));
    // The averages are not saved while they stand in for the weights.
    const auto averaged = second.ema.swapped();
    CHECK_THROWS_WITH(save_checkpoint(second.trainer, dir.path("other")), says("swap them back first"));
}

TEST_CASE("a rule that wants the rate of the step before goes on with it") {
    Scratch dir;
    const TrainerOptions options{.groups = {{"fc1.*", {.lr_factor = 0.5}}}, .schedule = cosine().over(9)};
    const ASGD rule{.lr = 0.1, .lambd = 0.3, .t0 = 2};
    M whole{seed(1)}, first{seed(1)}, second{seed(2)};
    Trainer a(whole, MSE{}, rule, options), b(first, MSE{}, rule, options), c(second, MSE{}, rule, options);
    const auto x = x_of(12), y = y_of(12);
    for (int k = 0; k < 7; ++k) a.step(x.data(), y.data(), 12);
    for (int k = 0; k < 4; ++k) b.step(x.data(), y.data(), 12);
    save_checkpoint(b, dir.path("run"));
    load_checkpoint(c, dir.path("run"));
    for (int k = 0; k < 3; ++k) c.step(x.data(), y.data(), 12);
    CHECK(weights(second) == weights(whole));
}

TEST_CASE("rules that look at whole parameters keep to groups, and their states stand in checkpoints with their own extents") {
    Scratch dir;
    const TrainerOptions options{.groups = {{"fc1.weight", {.lr_factor = 0.5}}, {"fc2.*", {.frozen = true}}}};
    M model{seed(1)}, other{seed(2)};
    using Rule = Lookahead<Adafactor>;
    const Rule rule{{.lr = 0.3}, 2};
    Trainer trainer(model, MSE{}, rule, options), again(other, MSE{}, rule, options);
    const auto x = x_of(12), y = y_of(12);
    const auto before = weights(model);
    for (int k = 0; k < 3; ++k) trainer.step(x.data(), y.data(), 12);
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        CHECK((std::memcmp(p.data, before.data() + (p.data - model.parameters.data()), static_cast<std::size_t>(p.size) * 8) == 0) == (i >= 2));
        for (int k = 0; k < Rule::states; ++k) {
            const auto s = trainer.rule_state(k, i);
            const bool matrix = i % 2 == 0;
            CHECK(s.size == (k == 3 ? p.size : (k < 2) != matrix ? 0 : k == 0 ? p.extents->at[0].code : k == 1 ? p.extents->at[1].code : p.size));
            for (etta::index n = 0; n < s.size; ++n) CHECK((s.data[n] == 0) == (i >= 2));
        }
    }
    save_checkpoint(trainer, dir.path("run"));
    const auto file = safetensors_file::open(dir.path("run"));
    REQUIRE(file.find("optimizer.row_var.fc1.weight") != nullptr);
    CHECK((file.find("optimizer.row_var.fc1.weight")->shape == std::vector<etta::index>{5, 1} && file.find("optimizer.col_var.fc1.weight")->shape == std::vector<etta::index>{1, 3}));
    CHECK((file.find("optimizer.variance.fc1.weight") == nullptr && file.find("optimizer.variance.fc1.bias") != nullptr && file.find("optimizer.slow_buffer.fc1.weight") != nullptr));
    load_checkpoint(again, dir.path("run"));
    for (int k = 0; k < 3; ++k) trainer.step(x.data(), y.data(), 12), again.step(x.data(), y.data(), 12);
    CHECK(weights(model) == weights(other));
}

TEST_CASE("the gradient of each parameter is clipped on its own") {
    M model{seed(1)}, other{seed(1)};
    Trainer clipped(model, MSE{}, SGD{.lr = 1}, {.clip_norm_each = 0.2}), plain(other, MSE{}, SGD{});
    const auto x = x_of(12), y = y_of(12);
    plain.gradients(x.data(), y.data(), 12);
    clipped.step(x.data(), y.data(), 12);
    CHECK(clipped.gradient_norm() == Approx(plain.gradient_norm()).epsilon(1e-14));
    int shortened = 0;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i), q = other.parameter(i);
        const double* const g = plain.gradient_data() + (q.data - other.parameters.data());
        double norm = 0;
        for (int k = 0; k < p.size; ++k) norm += g[k] * g[k];
        const double scale = std::min(1.0, 0.2 / (std::sqrt(norm) + 1e-6));
        shortened += scale < 1;
        for (int k = 0; k < p.size; ++k) CHECK(p.data[k] == Approx(q.data[k] - scale * g[k]).epsilon(1e-12));
    }
    CHECK(shortened == 2);
    CHECK_THROWS_WITH(Trainer(model, MSE{}, SGD{}, {.clip_norm = 1, .clip_norm_each = 1}), says("not by both"));
}

TEST_CASE("stochastic weight averaging is the mean of the weights it has seen") {
    M model{seed(1)};
    Trainer trainer(model, MSE{}, SGD{.lr = 0.1});
    SWA average(model, {.start = 3, .every = 2});
    trainer.follow(average);
    const auto x = x_of(12), y = y_of(12);
    std::vector<double> sum(static_cast<std::size_t>(M::facts::layout.elements));
    for (int k = 1; k <= 9; ++k) {
        trainer.step(x.data(), y.data(), 12);
        const auto now = weights(model);
        if (k == 5 || k == 7 || k == 9)
            for (std::size_t i = 0; i < now.size(); ++i) sum[i] += now[i] / 3;
    }
    CHECK(average.updates() == 3);
    CHECK(apart({average.data(), average.data() + M::facts::layout.elements}, sum) < 1e-14);
}

TEST_CASE("a sharpness-aware step takes the gradient where the loss is largest nearby") {
    M model{seed(1)}, other{seed(1)};
    Trainer sharp(model, MSE{}, SGD{.lr = 0.1, .momentum = 0.9}, {.groups = {{"fc1.bias", {.frozen = true}}}, .sam = 0.2}), plain(other, MSE{}, SGD{});
    const auto x = x_of(12), y = y_of(12);
    const auto n = static_cast<std::size_t>(M::facts::layout.elements);
    std::vector<double> p = weights(other), v(n);
    const auto frozen = other.parameter("fc1.bias");
    const auto skip = [&](std::size_t i) { return other.parameters.data() + i >= frozen.data && other.parameters.data() + i < frozen.data + 8; };
    for (int k = 0; k < 4; ++k) {
        const double loss = plain.gradients(x.data(), y.data(), 12);
        double norm = 0;
        for (std::size_t i = 0; i < n; ++i) norm += skip(i) ? 0 : plain.gradient_data()[i] * plain.gradient_data()[i];
        for (std::size_t i = 0; i < n; ++i) other.parameters.data()[i] += skip(i) ? 0 : 0.2 * plain.gradient_data()[i] / (std::sqrt(norm) + 1e-12);
        plain.gradients(x.data(), y.data(), 12);
        for (std::size_t i = 0; i < n; ++i) {
            v[i] = (k > 0 ? 0.9 * v[i] : 0) + plain.gradient_data()[i];
            if (!skip(i)) p[i] -= 0.1 * v[i];
            other.parameters.data()[i] = p[i];
        }
        CHECK(sharp.step(x.data(), y.data(), 12) == Approx(loss).epsilon(1e-12));
        CHECK(apart(weights(model), p) < 1e-14);
    }
    N normed{seed(1)}, again{seed(1)};  // the states are those of the first pass
    Trainer a(normed, MSE{}, SGD{}, {.sam = 0.2, .seed = seed(2)}), b(again, MSE{}, SGD{}, {.seed = seed(2)});
    a.step(x.data(), y.data(), 12), b.step(x.data(), y.data(), 12);
    CHECK(states(normed) == states(again));
    CHECK(weights(normed) != weights(again));
}

TEST_CASE("a model is minimised on a whole data set, but for what is frozen") {
    M model{seed(1)};
    Trainer trainer(model, MSE{}, SGD{}, {.groups = {{"fc1.bias", {.frozen = true}}}});
    const auto d = data(10);
    const auto before = weights(model);
    const double start = trainer.evaluate(d).loss;
    const auto newton = minimize(LBFGS{.ftol = 0, .gtol = 1e-4}, trainer, d);
    CHECK((newton.converged && newton.gradient_norm < 1e-4 && newton.value < 0.25 * start));
    CHECK(trainer.evaluate(d).loss == Approx(newton.value).epsilon(1e-10));
    const auto bias = model.parameter("fc1.bias");
    for (int i = 0; i < 5; ++i) CHECK(bias.data[i] == before[static_cast<std::size_t>(bias.data - model.parameters.data() + i)]);
    CHECK(trainer.steps() == 0);
    const auto more = minimize(ConjugateGradient{.gtol = 1e-4}, trainer, d);
    CHECK((more.converged && more.evaluations == 1));  // it is there already
}

TEST_CASE("running statistics are estimated anew as the mean over batches") {
    N model{seed(1)};
    Trainer trainer(model, MSE{}, SGD{.lr = 0.1});
    const auto d = data(30);
    trainer.fit(d, {.epochs = 2, .batch = 8, .verbose = false});
    const auto before = weights(model);
    estimate_states(trainer, d, 8);  // 8, 8, 8 and 6 samples
    CHECK((weights(model) == before && trainer.steps() == 8));
    const auto x = x_of(30);
    const auto w = model.parameter<"fc1.weight">();
    const auto b = model.parameter<"fc1.bias">();
    for (int c = 0; c < 4; ++c) {
        double mean = 0, variance = 0;
        for (int first = 0; first < 30; first += 8) {
            const int n = std::min(8, 30 - first);
            double s = 0, q = 0;
            for (int i = first; i < first + n; ++i) {
                double h = b(c);
                for (int k = 0; k < 3; ++k) h += w(c, k) * x[static_cast<std::size_t>(3 * i + k)];
                s += h, q += h * h;
            }
            mean += s / n / 4, variance += (q - s * s / n) / (n - 1) / 4;
        }
        CHECK(model.state<"norm.running_mean">()(c) == Approx(mean).epsilon(1e-9));
        CHECK(model.state<"norm.running_var">()(c) == Approx(variance).epsilon(1e-9));
    }
    CHECK(model.state<"norm.num_batches_tracked">()() == 4);
}

TEST_CASE("states that follow parameters are not estimated") {
    Model<Spectral, Input<double, 3>, max_batch<12>> model{seed(1)};
    Trainer trainer(model, MSE{}, SGD{.lr = 0.1});
    const auto d = data(24);
    trainer.fit(d, {.epochs = 2, .batch = 12, .verbose = false});
    const Tensor<double, 4> u = model.state<"fc1.u">();
    estimate_states(trainer, d, 12);
    CHECK(apart(std::vector<double>(u.data(), u.data() + 4), std::vector<double>(model.state<"fc1.u">().data(), model.state<"fc1.u">().data() + 4)) == 0);
    CHECK(trainer.evaluate(d).loss > 0);  // not NaN
    CHECK(model.state<"norm.running_var">()(0) > 0);
}

TEST_CASE("the rate's range test leaves everything as it was") {
    N model{seed(1)};
    Trainer trainer(model, MSE{}, Adam{}, {.schedule = cosine().over(50), .seed = seed(3)});
    const auto d = data(30);
    trainer.fit(d, {.batch = 8, .verbose = false});
    const auto before = weights(model);
    const auto kept = states(model);
    const double loss = trainer.evaluate(d).loss;
    const RateTest test = find_rate(trainer, d, {.from = 1e-5, .to = 100, .steps = 60, .batch = 12});
    CHECK((weights(model) == before && states(model) == kept && trainer.steps() == 4 && trainer.rule.lr == 1e-3 && trainer.schedule.factor(50, 0) < 0.01));
    REQUIRE(test.records.size() > 20);
    CHECK(test.records.size() < 60);  // it ended early: the loss exploded
    CHECK(test.records[0].rate == Approx(1e-5));
    CHECK(test.records[1].rate / test.records[0].rate == Approx(std::pow(1e7, 1.0 / 59)));
    CHECK((test.steepest() > 1e-4 && test.steepest() < 5));
    CHECK(trainer.evaluate(d).loss == loss);
    CHECK_THROWS_WITH(find_rate(trainer, d, {.from = 1, .to = 0.1}), says("rates grow"));
}
