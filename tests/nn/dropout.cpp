// The noise layers: what they do on average, that they do nothing in an evaluation, and that a run is a function of its seed.
#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#if defined(_OPENMP)
#include <omp.h>
#endif

using etta::Input;
using etta::max_batch;
using etta::Model;
using etta::seed;
using etta::var;

namespace {

// x * weight through a layer: the gradient of a weight says what the layer did to its element, once the loss is a sum.
template <class Layer, int... E>
struct Through {
    etta::Param<etta::sized<E...>, etta::init::ones> weight;
    Layer layer;
    constexpr var operator()(var x) const { return layer(x * weight(x)); }
};
constexpr auto total = [](auto const& net, auto const& batch) { return sum(net(batch.x)); };
// Seen by the loss: the sum of squares of what came out, too.
constexpr auto squares = [](auto const& net, auto const& batch) { return sum(square(net(batch.x))); };

template <class Layer>
using Wide = Model<Through<Layer, 4000>, Input<double, 4000>, max_batch<1>>;

struct moments {
    double mean = 0, variance = 0;
};
template <class M>
std::vector<double> gradient_of(M& m, seed s, const std::vector<double>& x) {
    auto trainer = etta::Trainer(m, total, etta::SGD{}, s);
    trainer.gradients(x.data(), x.data(), 1);
    return {trainer.gradient_data(), trainer.gradient_data() + x.size()};
}

// The mask of one step by the generator of core/random.hpp.
bool kept(std::uint64_t key, std::uint64_t step, std::uint64_t site, std::uint64_t i, double keep) {
    const std::uint32_t w = etta::philox(seed(key), step | site << 32 | std::uint64_t{1} << 62, i).word[0];
    return static_cast<std::int32_t>(w) < static_cast<std::int64_t>(keep * 4294967296.0 + 0.5) - 2147483648LL;
}

struct TwoDropouts {
    etta::Linear<64> fc1, fc2;
    etta::Linear<3> out;
    etta::Dropout<0.3> drop1;
    etta::Dropout<0.5> drop2;
    constexpr var operator()(var x) const { return out(drop2(relu(fc2(drop1(relu(fc1(x))))))); }
};
using Classifier = Model<TwoDropouts, Input<float, 8>, max_batch<32>>;

std::vector<float> trained(seed s, int threads, int steps = 20) {
#if defined(_OPENMP)
    omp_set_num_threads(threads);
#else
    (void)threads;
#endif
    Classifier m{seed(1)};
    auto trainer = etta::Trainer(m, etta::CrossEntropy{}, etta::SGD{.lr = 0.05}, s);
    std::vector<float> x(32 * 8);
    std::vector<std::int32_t> y(32);
    for (int i = 0; i < 256; ++i) x[static_cast<std::size_t>(i)] = std::sin(static_cast<float>(i));
    for (int i = 0; i < 32; ++i) y[static_cast<std::size_t>(i)] = i % 3;
    for (int i = 0; i < steps; ++i) trainer.step(x.data(), y.data(), 32 - i % 5);
    return {m.parameters.data(), m.parameters.data() + Classifier::facts::layout.elements};
}

}  // namespace

TEST_CASE("Dropout's mask is the generator's, and the rest is scaled") {
    Wide<etta::Dropout<0.25>> m;
    const std::vector<double> x(4000, 2.0);
    auto trainer = etta::Trainer(m, total, etta::SGD{.lr = 0}, seed(99));
    for (std::uint64_t step = 0; step < 3; ++step) {
        trainer.gradients(x.data(), x.data(), 1);
        int wrong = 0;
        for (std::uint64_t i = 0; i < 4000; ++i) wrong += trainer.gradient_data()[i] != (kept(99, step, 0, i, 0.75) ? 2 * (1 / 0.75) : 0);
        CHECK(wrong == 0);
        double sum = 0;
        for (std::uint64_t i = 0; i < 4000; ++i) sum += trainer.gradient_data()[i];
        CHECK(trainer.step(x.data(), x.data(), 1) == Approx(sum).epsilon(1e-12));  // the forward pass saw the same mask
    }
}

TEST_CASE("half of the elements are dropped, and never the same ones in the next step") {
    Wide<etta::Dropout<>> m;
    const std::vector<double> x(4000, 1.0);
    const auto a = gradient_of(m, seed(1), x), b = gradient_of(m, seed(2), x);
    int n = 0, both = 0;
    for (std::size_t i = 0; i < 4000; ++i) n += a[i] != 0, both += a[i] != 0 && b[i] != 0;
    CHECK(std::abs(n - 2000) < 130);  // four deviations
    CHECK(std::abs(both - 1000) < 110);
}

TEST_CASE("an evaluation passes through noise layers unchanged") {
    Classifier m{seed(1)};
    struct Plain {
        etta::Linear<64> fc1, fc2;
        etta::Linear<3> out;
        constexpr var operator()(var x) const { return out(relu(fc2(relu(fc1(x))))); }
    };
    Model<Plain, Input<float, 8>, max_batch<32>> plain{seed(1)};
    float x[8] = {1, 2, 3, 4, -1, -2, 3, 1}, y[3], z[3];
    m.run(x, y, 1);
    plain.run(x, z, 1);
    for (int i = 0; i < 3; ++i) CHECK(y[i] == z[i]);
    CHECK(Classifier::program::n_calls == decltype(plain)::program::n_calls);
}

TEST_CASE("Dropout2d drops channels, DropPath samples") {
    Model<Through<etta::Dropout2d<0.5>, 50, 3, 4>, Input<double, 50, 3, 4>, max_batch<4>> m;
    auto trainer = etta::Trainer(m, [](auto const& net, auto const& batch) { return sum(net(batch.x) * batch.y); }, etta::SGD{}, seed(5));
    // The target picks one sample out of the sum.
    std::vector<double> x(4 * 600, 1.0), y(4 * 600, 0.0);
    int dropped = 0;
    for (std::size_t sample = 0; sample < 4; ++sample) {
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = i / 600 == sample;
        trainer.gradients(x.data(), y.data(), 4);
        const double* const g = trainer.gradient_data();
        int wrong = 0;
        for (std::size_t c = 0; c < 50; ++c) {
            const double want = kept(5, 0, 0, 50 * sample + c, 0.5) ? 2 : 0;
            dropped += want == 0;
            for (std::size_t i = 0; i < 12; ++i) wrong += g[12 * c + i] != want;
        }
        CHECK(wrong == 0);
    }
    CHECK(std::abs(dropped - 100) < 30);

    Model<Through<etta::DropPath<0.5>, 6>, Input<double, 6>, max_batch<64>> path;
    auto paths = etta::Trainer(path, [](auto const& net, auto const& batch) { return sum(net(batch.x) * batch.y); }, etta::SGD{}, seed(5));
    std::vector<double> u(64 * 6, 1.0), v(64 * 6, 0.0);
    for (std::size_t sample = 0; sample < 64; sample += 9) {
        for (std::size_t i = 0; i < v.size(); ++i) v[i] = i / 6 == sample;
        paths.gradients(u.data(), v.data(), 64);
        for (std::size_t i = 0; i < 6; ++i) CHECK(paths.gradient_data()[i] == (kept(5, 0, 0, sample, 0.5) ? 2 : 0));
    }
}

TEST_CASE("AlphaDropout keeps mean 0 and variance 1") {
    struct Net {
        etta::Param<etta::sized<>, etta::init::ones> one;
        etta::AlphaDropout<0.2> drop;
        constexpr var operator()(var x) const { return drop(x * one(x)); }
    };
    Model<Net, Input<double, 20000>, max_batch<1>> m;
    std::vector<double> x(20000);
    etta::random_stream r(seed(3));
    for (double& e : x) e = r.normal<double>();
    const double sum = etta::Trainer(m, total, etta::SGD{}, seed(1)).gradients(x.data(), x.data(), 1);
    const double sum2 = etta::Trainer(m, squares, etta::SGD{}, seed(1)).gradients(x.data(), x.data(), 1);
    CHECK(std::abs(sum / 20000) < 0.04);
    CHECK(std::abs(sum2 / 20000 - 1) < 0.06);
}

TEMPLATE_TEST_CASE("GaussianNoise is normal", "", float, double) {
    using T = TestType;
    struct Net {
        etta::Param<etta::sized<>, etta::init::zeros> zero;
        etta::GaussianNoise<2.0> noise;
        constexpr var operator()(var x) const { return noise(x * zero(x)); }
    };
    Model<Net, Input<T, 50000>, max_batch<1>> m;
    const std::vector<T> x(50000, T(1));
    const auto moment = [&](auto loss) { return etta::Trainer(m, loss, etta::SGD{}, seed(4)).gradients(x.data(), x.data(), 1) / 50000; };
    CHECK(std::abs(moment(total)) < 4 * 2 / std::sqrt(50000.0));
    CHECK(std::abs(moment(squares) / 4 - 1) < 4 * std::sqrt(2 / 50000.0));
    CHECK(std::abs(moment([](auto const& net, auto const& b) { return sum(square(square(net(b.x)))); }) / 16 - 3) < 4 * std::sqrt(96 / 50000.0));
    // Quantiles: within one, two and three deviations.
    CHECK(std::abs(moment([](auto const& net, auto const& b) { return sum(cast<T>(abs(net(b.x)) < 2)) ; }) - 0.6827) < 0.009);
    CHECK(std::abs(moment([](auto const& net, auto const& b) { return sum(cast<T>(abs(net(b.x)) < 4)) ; }) - 0.9545) < 0.004);
}

TEMPLATE_TEST_CASE("uniform_like is uniform, and another at each call", "", float, double) {
    using T = TestType;
    struct Net {
        etta::Param<etta::sized<>, etta::init::zeros> zero;
        constexpr var operator()(var x) const {
            x = x * zero(x);
            return training(x) ? (x + uniform_like(x) - 0.5) * (uniform_like(x) - 0.5) : x;
        }
    };
    struct One {
        etta::Param<etta::sized<>, etta::init::zeros> zero;
        constexpr var operator()(var x) const {
            x = x * zero(x);
            return training(x) ? x + uniform_like(x) : x;
        }
    };
    const std::vector<T> x(50000, T(1));
    Model<Net, Input<T, 50000>, max_batch<1>> m;
    Model<One, Input<T, 50000>, max_batch<1>> one;
    CHECK(std::abs(etta::Trainer(m, total, etta::SGD{}, seed(4)).gradients(x.data(), x.data(), 1) / 50000) < 0.0015);  // not correlated: 1/12 if they were one
    CHECK(std::abs(etta::Trainer(one, total, etta::SGD{}, seed(4)).gradients(x.data(), x.data(), 1) / 50000 - 0.5) < 0.0052);
    CHECK(std::abs(etta::Trainer(one, squares, etta::SGD{}, seed(4)).gradients(x.data(), x.data(), 1) / 50000 - 1.0 / 3) < 0.0055);
}

TEST_CASE("a run with dropout is a function of its seed, for any number of threads") {
    const auto a = trained(seed(7), 1), b = trained(seed(7), 2), c = trained(seed(8), 1);
    CHECK(a == b);
    CHECK(a != c);
}

#if defined(_OPENMP)
namespace {

// The gradient of the squares of what came out, for more elements than one thread would take.
template <class Layer>
std::vector<double> seen_by(int threads) {
    omp_set_num_threads(threads);
    Model<Through<Layer, 4, 40, 50>, Input<double, 4, 40, 50>, max_batch<16>> model;
    auto trainer = etta::Trainer(model, squares, etta::SGD{}, seed(9));
    std::vector<double> x(16 * 8000);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<double>(i));
    trainer.gradients(x.data(), x.data(), 16);
    return {trainer.gradient_data(), trainer.gradient_data() + 8000};
}
template <class Layer>
void same_on_all_threads() {
    const auto one = seen_by<Layer>(1);
    for (const int threads : {2, 3}) CHECK(seen_by<Layer>(threads) == one);
}

}  // namespace

TEST_CASE("no noise depends on the number of threads") {
    const int before = omp_get_max_threads();
    same_on_all_threads<etta::Dropout2d<0.3>>();
    same_on_all_threads<etta::AlphaDropout<0.3>>();
    same_on_all_threads<etta::GaussianNoise<0.3>>();
    same_on_all_threads<etta::DropPath<0.3>>();
    omp_set_num_threads(before);
}
#endif
