// The moving average of weights: what it is, and that it comes and goes whole.
#include <etta/etta.hpp>

#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

namespace {

struct Net {
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using M = etta::Model<Net, etta::Input<double, 2>, etta::max_batch<4>>;
std::vector<double> weights(const M& m) { return {m.parameters.data(), m.parameters.data() + M::facts::layout.elements}; }

}  // namespace

TEST_CASE("an average follows the weights") {
    for (const bool warm_up : {false, true}) {
        M m{etta::seed(1)};
        etta::EMA average(m, {.decay = 0.9, .warm_up = warm_up});
        auto want = weights(m);
        auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0.1});
        const double x[4] = {1, 2, 3, 4}, y[6] = {};
        for (int n = 1; n <= 5; ++n) {
            trainer.step(x, y, 2);
            average.update();
            const double keep = warm_up ? std::min(0.9, (1.0 + n) / (10.0 + n)) : 0.9;
            const auto now = weights(m);
            for (std::size_t i = 0; i < want.size(); ++i) want[i] = keep * want[i] + (1 - keep) * now[i];
        }
        for (std::size_t i = 0; i < want.size(); ++i) CHECK(average.data()[i] == Approx(want[i]).epsilon(1e-12));
        CHECK(average.updates() == 5);
    }
}

TEST_CASE("a trainer tells the average that follows it of every step") {
    M m{etta::seed(1)}, n{etta::seed(1)};
    etta::EMA told(m, {.decay = 0.5}), by_hand(n, {.decay = 0.5});
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0.1}), other = etta::Trainer(n, etta::MSE{}, etta::SGD{.lr = 0.1});
    trainer.follow(told);
    const std::vector<double> x{1, 2, 3, 4, 5, 6}, y{1, 0, 2, 3, 1, 1, 0, 0, 2};
    trainer.fit(etta::Dataset::from(x, {2}, y, {3}), {.batch = 2, .shuffle = false, .verbose = false});
    other.step(x.data(), y.data(), 2), by_hand.update();
    other.step(x.data() + 4, y.data() + 6, 1), by_hand.update();
    CHECK(told.updates() == 2);
    CHECK(std::vector<double>(told.data(), told.data() + M::facts::layout.elements) == std::vector<double>(by_hand.data(), by_hand.data() + M::facts::layout.elements));
}

TEST_CASE("averages stand in for the weights within a scope") {
    const Scratch dir;
    M m{etta::seed(1)};
    etta::EMA average(m);
    const auto start = weights(m);
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0.1});
    const double x[4] = {1, 2, 3, 4}, y[6] = {};
    const double first = trainer.step(x, y, 2);
    const auto after = weights(m);
    {
        const auto averaged = average.swapped();
        CHECK(weights(m) == start);  // no update yet
        CHECK(trainer.gradients(x, y, 2) == first);
        etta::save(m, dir.path("average.st"));
        CHECK_THROWS_AS(average.update(), etta::Error);
    }
    CHECK(weights(m) == after);
    etta::load(m, dir.path("average.st"));
    CHECK(weights(m) == start);
}
