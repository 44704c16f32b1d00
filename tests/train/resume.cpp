// A run that is taken up again goes on as if it had not stopped: what is random depends on the seed and the step alone.
#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

namespace {

struct Net {
    etta::Linear<8> fc1;
    etta::BatchNorm1d<> bn;
    etta::Dropout<0.5> dropout;
    etta::GaussianNoise<0.1> noise;
    etta::Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(noise(dropout(tanh(bn(fc1(x)))))); }
};
using M = etta::Model<Net, etta::Input<float, 3>, etta::max_batch<4>>;

template <class Trainer>
void train(Trainer& trainer, int from, int to) {
    float x[12], y[8];
    for (int step = from; step < to; ++step) {
        for (int i = 0; i < 12; ++i) x[i] = std::sin(static_cast<float>(12 * step + i));
        for (int i = 0; i < 8; ++i) y[i] = std::cos(static_cast<float>(8 * step + i));
        trainer.step(x, y, 4);
    }
}
std::vector<float> weights(const M& m) { return {m.parameters.data(), m.parameters.data() + M::facts::layout.elements}; }
std::vector<char> states(const M& m) { return {m.states.data(), m.states.data() + M::state_bytes}; }

}  // namespace

TEST_CASE("a run with noise and running statistics can be taken up where it was left") {
    const Scratch dir;
    M whole{etta::seed(1)}, first{etta::seed(1)}, second{etta::seed(2)};
    auto all = etta::Trainer(whole, etta::MSE{}, etta::SGD{.lr = 0.1}, etta::seed(5));
    train(all, 0, 7);
    {
        auto trainer = etta::Trainer(first, etta::MSE{}, etta::SGD{.lr = 0.1}, etta::seed(5));
        train(trainer, 0, 3);
        etta::save(first, dir.path("model.st"));
    }
    etta::load(second, dir.path("model.st"));
    auto trainer = etta::Trainer(second, etta::MSE{}, etta::SGD{.lr = 0.1}, etta::seed(5));
    trainer.steps(3);
    train(trainer, 3, 7);
    CHECK(weights(second) == weights(whole));
    CHECK(states(second) == states(whole));
}
