// fit() with weights of samples, with a sampler, with transforms, mixed batches and prefetching: against steps by hand, and taken up
// again in the middle of an epoch.
#include <etta/data/prefetch.hpp>
#include <etta/data/transforms.hpp>
#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#include "../catch.hpp"
#include "../scratch.hpp"

using namespace etta;
namespace T = etta::transforms;

namespace {
struct Net {
    Linear<6> fc1;
    Linear<3> fc2;
    constexpr auto operator()(auto x) const { return fc2(tanh(fc1(flatten(x)))); }
};
using Model4 = Model<Net, Input<double, 4, 4>, max_batch<8>>;
constexpr auto elements = static_cast<std::size_t>(Model4::facts::layout.elements);  // with what lies between parameters

// 30 pictures of 4 x 4, whose class is where they are bright.
Dataset pictures() {
    std::vector<double> x(30 * 16), weights;
    std::vector<std::int32_t> labels;
    for (std::size_t i = 0; i < 30; ++i) {
        labels.push_back(int(i % 3));
        weights.push_back(i % 4 == 0 ? 0 : 0.25 * double(i % 5 + 1));
        for (std::size_t k = 0; k < 16; ++k) x[i * 16 + k] = to_unit_double(philox(seed(9), i, k).low()) + (k / 4 == i % 3 ? 1 : 0);
    }
    return Dataset::from(std::move(x), {4, 4}, std::move(labels)).weighted(std::move(weights));
}
std::vector<double> numbers(const Model4& m) { return std::vector<double>(m.parameters.data(), m.parameters.data() + elements); }

// Trains for 3 epochs, ended after `stop` steps if that is not 0, then goes on from the checkpoint.
template <class Loss>
std::vector<double> trained(Loss loss, const Dataset& data, FitOptions o, long stop = 0) {
    Scratch scratch;
    o.epochs = 3, o.batch = 8, o.verbose = false, o.seed = seed(5);
    if (stop > 0) {
        Model4 model{seed(1)};
        auto trainer = Trainer(model, loss, Adam{.lr = 0.01});
        FitOptions first = o;
        first.checkpoint = {scratch.path("run"), {}};
        struct StopAt {
            long step;
            void on_batch_end(FitEvent& e) { e.stop = e.stop || e.step == step; }
        };
        first.callbacks = {StopAt{stop}};
        trainer.fit(data, first);
        o.checkpoint = {scratch.path("run"), {.resume = true}};
    }
    Model4 model{seed(stop > 0 ? 2 : 1)};
    auto trainer = Trainer(model, loss, Adam{.lr = 0.01});
    trainer.fit(data, o);
    return numbers(model);
}
}  // namespace

TEST_CASE("fit with weights of samples is steps with those weights, and a sample of weight 0 is not there") {
    const Dataset data = pictures();
    Model4 model{seed(1)}, other{seed(1)}, without{seed(1)};
    auto trainer = Trainer(model, Weighted<CrossEntropy>{}, SGD{.lr = 0.1}), fewer = Trainer(without, Weighted<CrossEntropy>{}, SGD{.lr = 0.1});
    auto by_hand = Trainer(other, CrossEntropy{}, SGD{.lr = 0.1});
    trainer.fit(data, {.epochs = 2, .batch = 8, .shuffle = false, .verbose = false});
    // By hand: the gradient of Σ w l / Σ w is the mean of the samples' gradients, weighted.
    for (int epoch = 0; epoch < 2; ++epoch)
        for (etta::index first = 0; first < 30; first += 8) {
            const etta::index n = std::min<etta::index>(8, 30 - first);
            std::vector<double> sum(elements);
            double weights = 0;
            for (etta::index i = first; i < first + n; ++i) {
                double x[16];
                std::int32_t label;
                data.copy_x(i, x), data.copy_labels(i, &label);
                const double w = data.weight(i);
                by_hand.gradients(x, &label, 1), weights += w;
                for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += w * by_hand.gradient_data()[k];
            }
            for (std::size_t k = 0; k < sum.size(); ++k) other.parameters.data()[k] -= 0.1 * sum[k] / weights;
        }
    for (std::size_t k = 0; k < elements; ++k) CHECK(model.parameters.data()[k] == Approx(other.parameters.data()[k]).epsilon(1e-10).margin(1e-14));
    // Without those of weight 0, in the same batches.
    for (int epoch = 0; epoch < 2; ++epoch)
        for (etta::index first = 0; first < 30; first += 8) {
            std::vector<etta::index> some;
            for (etta::index i = first; i < std::min<etta::index>(first + 8, 30); ++i)
                if (data.weight(i) > 0) some.push_back(i);
            fewer.fit(data.subset(some), {.batch = 8, .shuffle = false, .verbose = false});
        }
    for (std::size_t k = 0; k < elements; ++k) CHECK(model.parameters.data()[k] == Approx(without.parameters.data()[k]).epsilon(1e-10).margin(1e-14));
    // An evaluation takes them too.
    double sum = 0, weights = 0;
    for (etta::index i = 0; i < 8; ++i) {
        double x[16];
        std::int32_t label;
        data.copy_x(i, x), data.copy_labels(i, &label);
        Model4 copy = model;
        sum += data.weight(i) * Trainer(copy, CrossEntropy{}, SGD{}).gradients(x, &label, 1), weights += data.weight(i);
    }
    CHECK(trainer.evaluate(data.slice(0, 8)).loss == Approx(sum / weights).epsilon(1e-10));
    // So does minimize: a value and a path as of the data without the samples of weight 0, in two batches as in one.
    std::vector<etta::index> some;
    for (etta::index i = 0; i < 16; ++i)
        if (data.weight(i) > 0) some.push_back(i);
    Model4 a{seed(1)}, b{seed(1)};
    auto on_a = Trainer(a, Weighted<CrossEntropy>{}, SGD{}), on_b = Trainer(b, Weighted<CrossEntropy>{}, SGD{});
    const double value_a = minimize(LBFGS{.max_iterations = 3}, on_a, data.slice(0, 16)).value;
    const double value_b = minimize(LBFGS{.max_iterations = 3}, on_b, data.subset(some)).value;
    CHECK(value_a == Approx(value_b).epsilon(1e-9));
    CHECK_THROWS_WITH(by_hand.fit(data, {.verbose = false}), says("weights, which this loss does not take: use Weighted"));
    CHECK_THROWS_WITH(trainer.fit(data.weighted(std::vector<double>(30)), {.batch = 8, .verbose = false}), says("fit: all samples have the weight 0"));
}

TEST_CASE("fit gives the same model with prefetching, and taken up in the middle of an epoch, with transforms and a sampler") {
    const Dataset data = pictures().transformed(T::Compose{T::RandomAffine{.degrees = 10, .translate = {0.25, 0.25}}, T::GaussianNoise{.clip = false}}, seed(3));
    const FitOptions plain{.sampler = {std::vector<double>(30, 1), 44}};
    FitOptions ahead = plain;
    ahead.prefetch = prefetch(3);
    const auto want = trained(Weighted<CrossEntropy>{}, data, plain);
    CHECK(trained(Weighted<CrossEntropy>{}, data, ahead) == want);
    CHECK(trained(Weighted<CrossEntropy>{}, data, ahead, 8) == want);   // in the second epoch of 6 steps
    CHECK(trained(Weighted<CrossEntropy>{}, data, plain, 12) == want);  // behind it
    CHECK(trained(Weighted<CrossEntropy>{}, pictures(), ahead) != want);
    Model4 model{seed(1)};
    auto trainer = Trainer(model, Weighted<CrossEntropy>{}, Adam{});
    int batches = 0;
    struct Wait {
        int& batches;
        void on_epoch_end(FitEvent& e) {
            CHECK((e.data_seconds > 0 && e.data_seconds < 100));
            batches = int(e.batches);
        }
    };
    trainer.fit(data, {.batch = 8, .prefetch = prefetch(), .callbacks = {Wait{batches}}, .verbose = false});
    CHECK(batches == 4);
    const Dataset bad = data.transformed([](Image& x) { if (x.values[0] != 0) fail("no such picture"); });
    CHECK_THROWS_WITH(trainer.fit(bad, {.batch = 8, .prefetch = prefetch(), .verbose = false}), says("no such picture"));
}

TEST_CASE("mixed batches train a loss of targets, the same ones after a restart") {
    const Dataset data = pictures().weighted(std::vector<double>(30, 1)).one_hot();
    const FitOptions mixed{.mix = T::RandomBatchChoice{.transforms = {T::MixUp{.alpha = 0.4}, T::CutMix{}}}, .prefetch = prefetch()};
    const auto want = trained(Weighted<SoftCrossEntropy>{}, data, mixed);
    CHECK(trained(Weighted<SoftCrossEntropy>{}, data, mixed, 6) == want);
    CHECK(trained(Weighted<SoftCrossEntropy>{}, data, {}) != want);
}
