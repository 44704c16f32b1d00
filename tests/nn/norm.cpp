// Batch normalisation beyond parity with PyTorch: gradients against differences, batches that have no variance, frozen uses.
#include <etta/etta.hpp>
#include <etta/nn/compiled.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"

using etta::Input;
using etta::max_batch;
using etta::Model;
using etta::seed;

namespace {

struct Flat {
    etta::Linear<5> fc1;
    etta::BatchNorm1d<> bn;
    etta::Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(tanh(bn(fc1(x)))); }
};
struct Sequence {
    etta::BatchNorm1d<etta::BatchNormOptions{.eps = 1e-3}> bn;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(tanh(bn(x)))); }
};
struct Picture {
    etta::Conv2d<3, 2> conv;
    etta::BatchNorm2d<> bn;
    etta::Conv2d<2, 2> out;
    constexpr auto operator()(auto x) const { return out(tanh(bn(conv(x)))); }
};
using FlatModel = Model<Flat, Input<double, 3>, max_batch<8>>;

// The largest error of the trainer's gradients, against differences of fourth order.
template <class M>
double worst_gradient(int n) {
    M m{seed(2)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{});
    std::vector<double> x(static_cast<std::size_t>(n) * M::input_type::sample_size), y(static_cast<std::size_t>(n) * M::output_size);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(1.7 * static_cast<double>(i * i));
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::cos(static_cast<double>(i));
    trainer.gradients(x.data(), y.data(), n);
    const std::vector<double> got(trainer.gradient_data(), trainer.gradient_data() + M::facts::layout.elements);
    double worst = 0;
    for (int k = 0; k < M::n_parameters; ++k) {
        const auto p = m.parameter(k);
        for (etta::index i = 0; i < p.size; ++i) {
            const double was = p.data[i], h = 1e-3;
            const auto at = [&](double d) {
                p.data[i] = was + d;
                return trainer.gradients(x.data(), y.data(), n);
            };
            const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
            p.data[i] = was;
            worst = std::max(worst, std::abs(difference - got[static_cast<std::size_t>(p.data - m.parameters.data() + i)]));
        }
    }
    return worst;
}

}  // namespace

TEST_CASE("the gradient of a step is the derivative of its loss") {
    CHECK(worst_gradient<FlatModel>(8) < 1e-8);
    CHECK(worst_gradient<FlatModel>(5) < 1e-8);
    CHECK(worst_gradient<Model<Sequence, Input<double, 3, 4>, max_batch<8>>>(3) < 1e-8);
    CHECK(worst_gradient<Model<Picture, Input<double, 2, 4, 5>, max_batch<4>>>(3) < 1e-8);
}

TEST_CASE("a step on a single value per channel is refused, and changes nothing") {
    FlatModel m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{});
    CHECK(trainer.least_batch == 2);
    const double x[6] = {1, 2, 3, 4, 5, 6}, y[4] = {};
    std::string what;
    try {
        trainer.step(x, y, 1);
    } catch (const etta::Error& e) {
        what = e.what();
    }
    CHECK(what.find("can be trained with 2 or more only") != std::string::npos);
    CHECK(m.state<"bn.num_batches_tracked">()() == 0);
    trainer.step(x, y, 2);
    CHECK(m.state<"bn.num_batches_tracked">()() == 1);
    std::vector<double> many(15), targets(10);
    CHECK_THROWS_AS(trainer.fit(etta::Dataset::from(many, {3}, targets, {2}), {.batch = 4, .verbose = false}), etta::Error);  // 4 + 1
    CHECK(m.state<"bn.num_batches_tracked">()() == 1);
    // Sequences and pictures have values enough in one sample.
    Model<Sequence, Input<double, 3, 4>, max_batch<8>> s;
    CHECK(etta::Trainer(s, etta::MSE{}, etta::SGD{}).least_batch == 1);
}

TEST_CASE("layers with state stand in a Sequential, in float too") {
    using S = Model<etta::Sequential<etta::Linear<4, false>, etta::BatchNorm1d<>, etta::ReLU, etta::Dropout<0.5>, etta::Linear<1>>, Input<float, 2>, max_batch<4>>;
    S m{seed(1)};
    CHECK(m.state(0).name == "1.running_mean");
    CHECK(m.state(0).type == etta::dtype::f32);
    CHECK(m.parameter(1).name == "1.weight");
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::Adam{.lr = 0.02}, seed(3));
    const float x[8] = {1, 2, -1, 0, 3, 1, 0, -2}, y[4] = {3, -1, 4, -2};  // the sums
    const double before = trainer.step(x, y, 4);
    for (int i = 0; i < 300; ++i) trainer.step(x, y, 4);
    float z[4];
    m.run(x, z, 4);
    double error = 0;
    for (int i = 0; i < 4; ++i) error += (z[i] - y[i]) * (z[i] - y[i]) / 4;
    CHECK(error < before / 4);
}

TEST_CASE("an evaluation does not depend on the other samples of its batch") {
    FlatModel m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0.1});
    double x[12], y[8] = {};
    for (int i = 0; i < 12; ++i) x[i] = std::sin(3.0 * i);
    for (int i = 0; i < 3; ++i) trainer.step(x, y, 4);
    double four[8], one[2];
    m.run(x, four, 4);
    for (int i = 0; i < 4; ++i) {
        m.run(x + 3 * i, one, 1);
        CHECK(one[0] == four[2 * i]);
        CHECK(one[1] == four[2 * i + 1]);
    }
}

TEST_CASE("firmware and traced functions read the same running statistics") {
    FlatModel m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0.1});
    double x[12], y[8] = {}, want[2], got[2];
    for (int i = 0; i < 12; ++i) x[i] = std::sin(3.0 * i);
    for (int i = 0; i < 3; ++i) trainer.step(x, y, 4);
    m.run(x, want, 1);

    using Net = etta::Compiled<Flat, Input<double, 3>>;
    static_assert(Net::state_bytes == FlatModel::state_bytes && Net::n_states == 3);
    Net::Memory memory;
    REQUIRE(Net::run(m.parameters.data(), m.states.data(), memory, x, got));
    CHECK(got[0] == want[0]);
    CHECK(got[1] == want[1]);

    etta::Tensor<double, 1, 3> sample{x[0], x[1], x[2]};
    const etta::Tensor<double, 1, 2> called = etta::call([](auto net, auto z) { return net(z); }, m, sample);
    CHECK(called(0, 0) == Approx(want[0]).epsilon(1e-14));
    CHECK(called(0, 1) == Approx(want[1]).epsilon(1e-14));
    auto slope = etta::grad<0>([](auto net, auto z) { return sum(net(z)); })(m, sample);
    CHECK(slope.parameter<"fc2.bias">()(0) == 1);
}
