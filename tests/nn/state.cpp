// State of layers: named and saved like parameters, changed by a step that is kept and by nothing else.
#include <etta/etta.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using etta::Input;
using etta::max_batch;
using etta::Model;
using etta::seed;
using etta::var;

namespace {

// Counts its steps, and remembers the mean of its inputs.
struct Remember {
    etta::State<etta::last_extent, etta::init::ones> mean_input;
    etta::Param<etta::last_extent, etta::init::ones> gain;
    etta::State<etta::sized<>, etta::init::zeros, std::int64_t> steps;

    constexpr var operator()(var x) const {
        const var old = mean_input(x), n = steps(x);
        if (training(x)) {
            mean_input.update(0.5 * old + 0.5 * mean(x, etta::axis<0>));
            steps.update(n + 1);
        }
        return x * gain(x) + old;
    }
};
struct Net {
    std::array<Remember, 2> layers;
    etta::Linear<1> out;
    constexpr var operator()(var x) const {
        for (auto& layer : layers) x = layer(x);
        return out(x);
    }
};
using M = Model<Net, Input<double, 3>, max_batch<4>>;

// Only training reads its state.
struct Counted {
    etta::Linear<1> out;
    etta::State<etta::sized<>, etta::init::zeros, std::int64_t> steps;
    constexpr var operator()(var x) const {
        if (training(x)) steps.update(steps(x) + 1);
        return out(x);
    }
};

// Called twice in one step: the second call sees what the first left.
struct Twice {
    Remember layer;
    etta::Linear<1> out;
    constexpr var operator()(var x) const { return out(layer(layer(x))); }
};

}  // namespace

TEST_CASE("states are named by their paths, start as they say, and are not parameters") {
    M m;
    CHECK(M::n_parameters == 4);
    REQUIRE(M::n_states == 4);
    CHECK(m.state(0).name == "layers.0.mean_input");
    CHECK(m.state(3).name == "layers.1.steps");
    CHECK(m.state(3).type == etta::dtype::i64);
    CHECK(m.state(3).size == 1);
    CHECK(m.state<"layers.0.mean_input">()(1) == 1);
    CHECK(m.state<"layers.1.steps">()() == 0);
    const std::string table = etta::summary(m);
    CHECK(table.find("layers.0") != std::string::npos);
    CHECK(table.find("8 numbers of state") != std::string::npos);
    CHECK(Model<etta::Linear<2>, Input<float, 3>>::state_bytes == 0);
    Model<etta::Linear<2>, Input<float, 3>> stateless;
    CHECK(stateless.states.data() == nullptr);
}

TEST_CASE("a step computes with the old state and leaves the new one; an evaluation leaves it alone") {
    M m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0});
    const double x[6] = {1, 2, 3, 5, 6, 7}, y[2] = {0, 0};
    double before[2], after[2];
    m.run(x, before, 2);
    CHECK(m.state<"layers.0.steps">()() == 0);
    const double loss = trainer.step(x, y, 2);
    CHECK(loss == Approx((before[0] * before[0] + before[1] * before[1]) / 2).epsilon(1e-12));
    CHECK(m.state<"layers.0.steps">()() == 1);
    for (int i = 0; i < 3; ++i) CHECK(m.state<"layers.0.mean_input">()(i) == 0.5 + 0.5 * (3 + i));
    for (int i = 0; i < 3; ++i) CHECK(m.state<"layers.1.mean_input">()(i) == 0.5 + 0.5 * (3 + i + 1));
    m.run(x, after, 2);
    CHECK(after[0] != before[0]);
    trainer.evaluate(etta::Dataset::from(std::vector<double>(x, x + 6), {3}, std::vector<double>(y, y + 2)));
    trainer.gradients(x, y, 2);
    CHECK(m.state<"layers.0.steps">()() == 1);
}

TEST_CASE("a step whose loss is not finite changes no state") {
    M m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0.1});
    const double x[3] = {std::numeric_limits<double>::infinity(), 2, 3}, y[1] = {0};
    const double weight = m.parameter(0).data[0];
    CHECK_THROWS_AS(trainer.step(x, y, 1), etta::Error);
    CHECK(m.state<"layers.0.mean_input">()(0) == 1);
    CHECK(m.state<"layers.0.steps">()() == 0);
    CHECK(m.parameter(0).data[0] == weight);
}

TEST_CASE("a layer that is called twice updates its state twice") {
    Model<Twice, Input<double, 2>, max_batch<2>> m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0});
    const double x[2] = {3, 5}, y[1] = {0};
    trainer.step(x, y, 1);
    CHECK(m.state<"layer.steps">()() == 2);
    // 1 -> (1 + 3) / 2 = 2, with the output 3 + 1; then (2 + 4) / 2 = 3.
    CHECK(m.state<"layer.mean_input">()(0) == 3);
    CHECK(m.state<"layer.mean_input">()(1) == 4.5);
}

TEST_CASE("a state may be there for training only") {
    Model<Counted, Input<float, 2>, max_batch<4>> m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{});
    const float x[2] = {3, 5}, y[1] = {0};
    float z[1];
    for (int i = 0; i < 3; ++i) trainer.step(x, y, 1);
    m.run(x, z, 1);
    CHECK(m.state<"steps">()() == 3);
}

TEST_CASE("a loss that calls the network itself updates its state once") {
    M m{seed(1)};
    auto trainer = etta::Trainer(m, [](auto const& net, auto const& batch) { return mean(square(net(batch.x) - batch.y)); }, etta::SGD{.lr = 0});
    const double x[6] = {1, 2, 3, 5, 6, 7}, y[2] = {0, 0};
    trainer.step(x, y, 2);
    CHECK(m.state<"layers.0.steps">()() == 1);
    for (int i = 0; i < 3; ++i) CHECK(m.state<"layers.0.mean_input">()(i) == 0.5 + 0.5 * (3 + i));
}

TEST_CASE("state is saved and loaded with the parameters") {
    const Scratch dir;
    M m{seed(1)};
    m.state<"layers.1.mean_input">() = 7;
    m.state<"layers.1.steps">() = std::int64_t{1} << 40;
    etta::save(m, dir.path("m.st"));
    M other{seed(2)};
    etta::load(other, dir.path("m.st"));
    CHECK(other.state<"layers.1.mean_input">()(2) == 7);
    CHECK(other.state<"layers.1.steps">()() == std::int64_t{1} << 40);
    CHECK(other.parameter(0).data[0] == m.parameter(0).data[0]);
    Model<etta::Linear<2>, Input<double, 3>> another;
    CHECK_THROWS_AS(etta::load(another, dir.path("m.st")), etta::Error);
}
