// Groups of parameters, clipping and schedules: who is moved how far, what is refused, and that none of it changes the rest.
#include <etta/optim/rules.hpp>
#include <etta/train/trainer.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#if defined(ETTA_USE_OPENMP)
#include <omp.h>
#endif

#include "catch.hpp"

using etta::seed;

namespace {

struct Block {
    etta::Linear<6> fc;
    constexpr auto operator()(auto x) const { return tanh(fc(x)); }
};
struct Net {
    etta::Linear<6> stem;
    std::array<Block, 2> blocks;
    etta::Linear<3> head;
    constexpr auto operator()(auto x) const {
        x = stem(x);
        for (const auto& b : blocks) x = b(x);
        return head(x);
    }
};
using Network = etta::Model<Net, etta::Input<double, 4>, etta::max_batch<4>>;

struct Data {
    double x[16], y[12];
    Data() {
        for (int i = 0; i < 16; ++i) x[i] = std::sin(1.3 * i);
        for (int i = 0; i < 12; ++i) y[i] = 3 * std::cos(0.9 * i);
    }
};

std::vector<double> parameter(Network& m, std::string_view name) {
    const auto p = m.parameter(name);
    return {p.data, p.data + p.size};
}
// The model's parameters after some steps.
template <class Rule>
Network trained(Rule rule, const etta::TrainerOptions& o, int steps = 5) {
    Network model{seed(2)};
    auto trainer = etta::Trainer(model, etta::MSE{}, rule, o);
    const Data d;
    for (int i = 0; i < steps; ++i) trainer.step(d.x, d.y, 4);
    return model;
}
bool same(Network& a, Network& b) {
    for (int i = 0; i < a.n_parameters; ++i)
        for (etta::index k = 0; k < a.parameter(i).size; ++k)
            if (a.parameter(i).data[k] != b.parameter(i).data[k]) return false;
    return true;
}

struct Plain {  // a rule without a decay
    double lr = 0.1;
    static constexpr int states = 0, scalars = 1;
    void prepare(long, double rate, double* s) const { s[0] = rate; }
    static constexpr etta::var update(const etta::update_terms& t) { return t.parameter - t.scalar[0] * t.gradient; }
};

}  // namespace

TEST_CASE("patterns match names: a star any characters, a question mark one") {
    using etta::_::pattern_matches;
    static_assert(pattern_matches("*.bias", "blocks.0.fc.bias") && !pattern_matches("*.bias", "blocks.0.fc.biases"));
    static_assert(pattern_matches("blocks.?.fc.*", "blocks.1.fc.weight") && !pattern_matches("blocks.?.fc.*", "blocks.12.fc.weight"));
    static_assert(pattern_matches("*", "") && pattern_matches("**a*b", "xaab") && !pattern_matches("", "x") && pattern_matches("", ""));
    static_assert(pattern_matches("a*bc*d", "abcbcxbcd") && !pattern_matches("a*bc*d", "abcbcxbc"));
    CHECK(pattern_matches("head.weight", "head.weight"));
}

TEST_CASE("a group's rate and decay are its own, and the others' do not change") {
    const etta::AdamW rule{.lr = 0.01, .weight_decay = 0.5};
    Network all = trained(rule, {}), none = trained(etta::AdamW{.lr = 0.01, .weight_decay = 0}, {}), twice = trained(etta::AdamW{.lr = 0.02, .weight_decay = 0.5}, {}, 1), once = trained(rule, {}, 1);
    CHECK(!same(all, none));
    // One step: gradients do not yet depend on what the groups did.
    Network some = trained(rule, {.groups = {{"*.bias", {.weight_decay = 0}}, {"head.*", {.lr_factor = 2}}, {"blocks.1.*", {.lr = 0.02}}}}, 1);
    Network bare = trained(etta::AdamW{.lr = 0.01, .weight_decay = 0}, {}, 1);
    CHECK(parameter(some, "stem.weight") == parameter(once, "stem.weight"));
    CHECK(parameter(some, "stem.bias") == parameter(bare, "stem.bias"));
    CHECK(parameter(some, "stem.bias") != parameter(once, "stem.bias"));
    CHECK(parameter(some, "head.weight") == parameter(twice, "head.weight"));
    CHECK(parameter(some, "head.bias") == parameter(twice, "head.bias"));  // the last group that takes it, and no other
    CHECK(parameter(some, "blocks.1.fc.weight") == parameter(twice, "blocks.1.fc.weight"));
    CHECK(parameter(some, "blocks.0.fc.weight") == parameter(once, "blocks.0.fc.weight"));
}

TEST_CASE("groups that change nothing leave the same bits") {
    const etta::Adam rule{.lr = 0.01};
    Network plain = trained(rule, {}), grouped = trained(rule, {.groups = {{"*.bias", {.lr = 0.01}}, {"stem.*", {.weight_decay = 0}}}});
    CHECK(same(plain, grouped));
}

TEST_CASE("groups by shape: decay on matrices only, or by a function of one's own") {
    const etta::SGD rule{.lr = 0.1, .weight_decay = 0.5};
    Network once = trained(rule, {}, 1), bare = trained(etta::SGD{.lr = 0.1}, {}, 1);
    Network some = trained(rule, {.groups = {{etta::vectors_only, {.weight_decay = 0}}}}, 1);
    Network other = trained(etta::SGD{.lr = 0.1}, {.groups = {{etta::matrices_only, {.weight_decay = 0.5}}}}, 1);
    CHECK(same(some, other));
    CHECK(parameter(some, "head.weight") == parameter(once, "head.weight"));
    CHECK(parameter(some, "head.bias") == parameter(bare, "head.bias"));
    Network mine = trained(rule, {.groups = {{[](std::string_view, const etta::shape& s) { return s.rank == 1; }, {.weight_decay = 0}}}}, 1);
    CHECK(same(mine, some));
}

TEST_CASE("frozen parameters and their optimizer state do not move") {
    Network model{seed(2)}, start{seed(2)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::AdamW{.lr = 0.1, .weight_decay = 0.1}, {.groups = {{"*", {.frozen = true}}, {"head.*", {}}}, .clip_norm = 1});
    const Data d;
    for (int i = 0; i < 5; ++i) trainer.step(d.x, d.y, 4);
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto p = model.parameter(i);
        const bool moves = p.name.starts_with("head.");
        CHECK((parameter(model, p.name) != parameter(start, p.name)) == moves);
        for (int k = 0; k < 2; ++k) CHECK((trainer.state_data(k)[p.data - model.parameters.data()] != 0) == moves);
    }
    // Their part of the gradient is not in its norm.
    trainer.gradients(d.x, d.y, 4);
    double norm = 0;
    for (const char* name : {"head.weight", "head.bias"}) {
        const auto p = model.parameter(name);
        for (etta::index k = 0; k < p.size; ++k) norm += std::pow(trainer.gradient_data()[p.data - model.parameters.data() + k], 2);
    }
    CHECK(trainer.gradient_norm() == Approx(std::sqrt(norm)).epsilon(1e-12));
}

TEST_CASE("neighbours with the same options are one pass") {
    const auto runs = etta::_::runs_of<Network::facts>({{"stem.*", {.weight_decay = 0}}, {"blocks.0.*", {.weight_decay = 0}}, {"head.bias", {.frozen = true}}});
    REQUIRE(runs.size() == 3);
    CHECK(runs[0].first == 0);
    CHECK(runs[1].first == runs[0].count);
    CHECK(runs[2].first + runs[2].count == Network::facts::layout.elements);
    CHECK(runs[2].options.frozen);
}

TEST_CASE("groups that cannot be meant are refused") {
    Network model;
    CHECK_THROWS_WITH(etta::Trainer(model, etta::MSE{}, etta::SGD{}, {.groups = {{"*.bias", {}}, {"haed.*", {}}}}), says("group 1, 'haed.*', takes no parameter") && says("blocks.1.fc.weight"));
    CHECK_THROWS_WITH(etta::Trainer(model, etta::MSE{}, etta::SGD{}, {.groups = {{[](std::string_view, const etta::shape& s) { return s.rank == 5; }, {}}}}), says("group 0 takes no parameter"));
    CHECK_THROWS_WITH(etta::Trainer(model, etta::MSE{}, Plain{}, {.groups = {{"*", {.weight_decay = 0.1}}}}), says("weight_decay") && says("the rule does not have"));
    CHECK_THROWS_WITH(etta::Trainer(model, etta::MSE{}, Plain{}, {.clip_norm = 1, .clip_value = 1}), says("not by both"));
    auto trainer = etta::Trainer(model, etta::MSE{}, Plain{}, {.groups = {{"*.bias", {.lr_factor = 0.5}}}});
    const Data d;
    CHECK(trainer.step(d.x, d.y, 4) > 0);
}

TEST_CASE("clipping by norm scales a gradient that is too long, and only that") {
    Network model{seed(2)}, free_model{seed(2)};
    auto clipped = etta::Trainer(model, etta::MSE{}, etta::SGD{.lr = 0.1}, {.clip_norm = 0.25});
    auto loose = etta::Trainer(free_model, etta::MSE{}, etta::SGD{.lr = 0.1}, {.clip_norm = 1e6});
    const Data d;
    clipped.gradients(d.x, d.y, 4);
    const auto n = static_cast<std::size_t>(clipped.n_elements);
    const std::vector<double> g(clipped.gradient_data(), clipped.gradient_data() + n);
    double norm = 0;
    for (const double e : g) norm += e * e;
    norm = std::sqrt(norm);
    CHECK(clipped.gradient_norm() == Approx(norm).epsilon(1e-13));
    REQUIRE(norm > 0.5);
    const std::vector<double> before(model.parameters.data(), model.parameters.data() + n);
    clipped.step(d.x, d.y, 4);
    CHECK(clipped.gradient_norm() == Approx(norm).epsilon(1e-13));  // of the gradient as it was
    for (std::size_t i = 0; i < n; ++i) {
        CHECK(clipped.gradient_data()[i] == g[i]);
        CHECK(model.parameters.data()[i] == Approx(before[i] - 0.1 * g[i] * 0.25 / (norm + 1e-6)).epsilon(1e-13));
    }
    Network plain = trained(etta::SGD{.lr = 0.1}, {}, 1);
    loose.step(d.x, d.y, 4);
    CHECK(same(free_model, plain));
}

TEST_CASE("clipping by value limits every element") {
    Network model{seed(2)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{.lr = 0.1}, {.clip_value = 0.05});
    const Data d;
    trainer.gradients(d.x, d.y, 4);
    const auto n = static_cast<std::size_t>(trainer.n_elements);
    const std::vector<double> g(trainer.gradient_data(), trainer.gradient_data() + n);
    trainer.step(d.x, d.y, 4);
    int limited = 0;
    for (std::size_t i = 0; i < n; ++i) {
        CHECK(trainer.gradient_data()[i] == std::min(0.05, std::max(-0.05, g[i])));
        limited += std::abs(g[i]) > 0.05;
    }
    CHECK((limited > 5 && limited < static_cast<int>(n)));
}

namespace {
struct Wide {
    etta::Linear<300> fc1;
    etta::Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};
}  // namespace

TEST_CASE("the norm of a long gradient is right, and the same bits with any number of threads") {
    etta::Model<Wide, etta::Input<float, 200>, etta::max_batch<4>> model{seed(1)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{}, {.clip_norm = 1e-3});
    std::vector<float> x(800), y(8, 3.f);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i)));
    trainer.gradients(x.data(), y.data(), 4);
    double sum = 0;
    for (etta::index i = 0; i < trainer.n_elements; ++i) sum += std::pow(static_cast<double>(trainer.gradient_data()[i]), 2);
    CHECK(trainer.gradient_norm() == Approx(std::sqrt(sum)).epsilon(1e-6));
#if defined(ETTA_USE_OPENMP)
    const double norm = trainer.gradient_norm();
    const int threads = omp_get_max_threads();
    for (const int n : {1, 2, 3, 7}) {
        omp_set_num_threads(n);
        trainer.gradients(x.data(), y.data(), 4);
        CHECK(trainer.gradient_norm() == norm);
    }
    omp_set_num_threads(threads);
#endif
}

TEST_CASE("a gradient without a length updates nothing") {
    etta::Model<Wide, etta::Input<float, 200>, etta::max_batch<4>> model{seed(1)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{}, {.clip_norm = 1});
    std::vector<float> x(200, 1e15f), y(2, 0);  // the loss is finite, the gradient's square is not
    const auto before = std::vector<float>(model.parameters.data(), model.parameters.data() + trainer.n_elements);
    CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 1), says("the gradient's norm is infinite at step 1") && says("not updated"));
    CHECK(before == std::vector<float>(model.parameters.data(), model.parameters.data() + trainer.n_elements));
    CHECK(trainer.steps() == 0);
}

TEST_CASE("a trainer's schedule warms up, falls along a cosine to its end and stays there, step by step") {
    // Karpathy's nanoGPT, whose steps count from 0: lr (i + 1) / warmup, then min + (lr - min) (1 + cos(pi r)) / 2.
    const auto rate = [](int i) {
        const double lr = 6e-4, least = 6e-5;
        if (i < 10) return lr * (i + 1) / 10;
        if (i > 50) return least;
        return least + 0.5 * (1 + std::cos(3.14159265358979 * (i - 10) / 40.0)) * (lr - least);
    };
    Network model{seed(2)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{.lr = 6e-4}, {.schedule = etta::cosine(0.1, 10).over(50)});
    const Data d;
    for (int i = 0; i < 60; ++i) {
        trainer.step(d.x, d.y, 4);
        CHECK(trainer.rate() == Approx(rate(i)).epsilon(1e-12));
    }
    trainer.schedule = etta::cosine();
    CHECK_THROWS_WITH(trainer.step(d.x, d.y, 4), says("no end"));
    trainer.schedule = etta::linear(0.5).over(101);
    trainer.steps(50);
    trainer.step(d.x, d.y, 4);
    CHECK(trainer.rate() == Approx(6e-4 * (1 - 0.5 * 50 / 101.0)));
}

namespace {

std::vector<double> weights(Network& m) { return {m.parameters.data(), m.parameters.data() + m.parameters.size}; }

// Ten steps under a schedule of the momentum, and ten with the rule changed by hand before each: the same numbers.
template <class Rule, class Set>
void same_by_hand(Rule rule, const etta::Schedule& schedule, Set set) {
    Network a{seed(5)}, b{seed(5)}, plain{seed(5)};
    auto scheduled = etta::Trainer(a, etta::MSE{}, rule, {.momentum = schedule.over(10)}), by_hand = etta::Trainer(b, etta::MSE{}, rule), not_at_all = etta::Trainer(plain, etta::MSE{}, rule);
    const Data d;
    for (int i = 1; i <= 10; ++i) {
        set(by_hand.rule, schedule.factor(i, 10));
        scheduled.step(d.x, d.y, 4), by_hand.step(d.x, d.y, 4), not_at_all.step(d.x, d.y, 4);
    }
    CHECK(weights(a) == weights(b));
    CHECK(weights(a) != weights(plain));
}

}  // namespace

TEST_CASE("a schedule of the momentum is the rule's momentum or beta1 at each step, in fit as well") {
    const auto cycle = etta::one_cycle_momentum({.pct_start = 0.4});
    same_by_hand(etta::SGD{.lr = 0.02, .momentum = 0.9, .nesterov = true}, cycle, [](auto& rule, double m) { rule.momentum = m; });
    same_by_hand(etta::Adam{.lr = 0.02}, cycle, [](auto& rule, double m) { rule.beta1 = m; });

    // fit's own goes before the trainer's, over the run's steps, and is gone afterwards.
    const Data d;
    const auto data = etta::Dataset::from(std::vector<double>(d.x, d.x + 16), {4}, std::vector<double>(d.y, d.y + 12), {3});
    Network a{seed(5)}, b{seed(5)};
    auto fitted = etta::Trainer(a, etta::MSE{}, etta::SGD{.lr = 0.02, .momentum = 0.3}), by_hand = etta::Trainer(b, etta::MSE{}, etta::SGD{.lr = 0.02});
    fitted.momentum = etta::Schedule([](long) { return 0.1; });
    fitted.fit(data, {.epochs = 10, .batch = 4, .momentum = cycle, .shuffle = false, .verbose = false});
    for (int i = 1; i <= 10; ++i) by_hand.rule.momentum = cycle.factor(i, 10), by_hand.step(d.x, d.y, 4);
    CHECK(weights(a) == weights(b));
    fitted.step(d.x, d.y, 4), by_hand.rule.momentum = 0.1, by_hand.step(d.x, d.y, 4);
    CHECK(weights(a) == weights(b));

    fitted.momentum = cycle;
    CHECK_THROWS_WITH(fitted.step(d.x, d.y, 4), says("no end"));
    CHECK_THROWS_WITH(etta::Trainer(a, etta::MSE{}, etta::Adagrad{}, {.momentum = cycle}), says("the rule has no momentum"));
    auto without = etta::Trainer(a, etta::MSE{}, etta::Adagrad{});
    CHECK_THROWS_WITH(without.fit(data, {.batch = 4, .momentum = cycle, .verbose = false}), says("the rule has no momentum"));
}
