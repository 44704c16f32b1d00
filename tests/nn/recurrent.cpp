// Recurrent layers: names, step by step against whole sequences, streams; what PyTorch computes is tests/parity/recurrent.cpp.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <cmath>
#include <cstdlib>
#include <new>
#include <vector>

using namespace etta;

namespace {
struct Effect {
    GRU<8, 2> gru;
    Linear<1> out;
    constexpr auto operator()(auto x) const { return x + out(gru(x).y); }
};
struct Forecast {
    LSTM<6> lstm;
    Linear<2> head;
    constexpr auto operator()(auto x) const {
        auto [y, last] = lstm(x);
        return head(last[0].h);
    }
};
struct StepByStep {  // the same, with the cell called for every element
    LSTM<6> lstm;
    Linear<2> head;
    constexpr auto operator()(auto x) const {
        auto s = lstm.zeros(x);
        for (int t = 0; t < 5; ++t) s = get<1>(lstm.step(squeeze<1>(_::SliceAxis::body(x, std::array<std::int64_t, 4>{1, t, t + 1, 1}.data(), 4)), s));
        return head(s[0].h);
    }
};
std::vector<float> wave(int n) {
    std::vector<float> x;
    for (int i = 0; i < n; ++i) x.push_back(std::sin(0.37f * static_cast<float>(i)) * 0.8f);
    return x;
}
}  // namespace

TEST_CASE("parameters are named as in PyTorch, layer by layer and direction by direction") {
    using Both = Model<Sequential<LastOutput<LSTM<4, 2, true>>, Linear<1>>, Input<float, 3, 2>, max_batch<1>>;
    Both model;
    const char* names[] = {"0.layer.weight_ih_l0", "0.layer.weight_hh_l0", "0.layer.bias_ih_l0", "0.layer.bias_hh_l0", "0.layer.weight_ih_l0_reverse"};
    for (int i = 0; i < 5; ++i) CHECK(model.parameter(i).name == names[i]);
    CHECK(model.parameter(12).name == "0.layer.weight_ih_l1_reverse");
    CHECK(model.parameter(8).size == 16 * 8);  // the second layer reads both directions of the first
}

TEST_CASE("a sequence gives what its steps give one by one") {
    Model<Forecast, Input<float, 5, 1>, max_batch<2>> whole{seed(3)};
    Model<StepByStep, Input<float, 5, 1>, max_batch<2>> steps{seed(3)};
    const auto x = wave(10);
    float y[4], z[4];
    whole.run(x.data(), y, 2);
    steps.run(x.data(), z, 2);
    for (int i = 0; i < 4; ++i) CHECK(std::abs(y[i] - z[i]) < 1e-6f);
}

TEST_CASE("a stream sample by sample, in blocks and as one signal are the same") {
    Model<Effect, Input<float, 24, 1>, max_batch<1>> model{seed(5)};
    const auto x = wave(24);
    std::vector<float> whole(24), single(24), blocks(24);
    model.run(x.data(), whole.data(), 1);
    Stream<Effect, Input<float, 1, 1>> samples(model);
    Stream<Effect, Input<float, 8, 1>> pieces(model);
    for (std::size_t i = 0; i < 24; ++i) samples.process(&x[i], &single[i]);
    for (std::size_t i = 0; i < 24; i += 8) pieces.process(&x[i], &blocks[i]);
    for (std::size_t i = 0; i < 24; ++i) {
        CHECK(std::abs(whole[i] - single[i]) < 1e-6f);
        CHECK(std::abs(whole[i] - blocks[i]) < 1e-6f);
    }
    samples.reset();
    float again = 0;
    samples.process(&x[0], &again);
    CHECK(again == single[0]);
    CHECK(samples.flops > 2 * 24 * 8);
}

TEST_CASE("the same layer at every step") {
    using Net = Sequential<TimeDistributed<Linear<3>>, Flatten, Linear<1>>;
    using Flat = Sequential<Linear<3>, Flatten, Linear<1>>;  // Linear acts on the last axis anyway
    Model<Net, Input<float, 6, 2>, max_batch<3>> a{seed(2)};
    Model<Flat, Input<float, 6, 2>, max_batch<3>> b{seed(2)};
    const auto x = wave(36);
    float y[3], z[3];
    a.run(x.data(), y, 3);
    b.run(x.data(), z, 3);
    for (int i = 0; i < 3; ++i) CHECK(std::abs(y[i] - z[i]) < 1e-6f);
}
