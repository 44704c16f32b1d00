// Layers inside of loops: recurrent ones in loops around them, noise, batches whose axis is not the first.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

using namespace etta;

namespace {

constexpr int most = 2, steps = 4, inner = 3, features = 2;
using Steps = Input<double, steps, inner, features>;

// The largest difference between the gradient of a training step and central differences of its loss, over all parameters.
template <class Net>
double gradient_error(int n) {
    Model<Net, Steps, max_batch<most>> model{seed(1)};
    auto trainer = Trainer(model, MSE{}, SGD{});
    std::vector<double> x(static_cast<std::size_t>(most * steps * inner * features)), y(static_cast<std::size_t>(most * model.output_size), 0.1);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i * i)) + 0.2 * static_cast<double>(i % 5);
    trainer.gradients(x.data(), y.data(), n);
    const std::vector<double> gradient(trainer.gradient_data(), trainer.gradient_data() + trainer.n_elements);
    double worst = 0;
    for (int k = 0; k < model.n_parameters; ++k) {
        const auto p = model.parameter(k);
        for (etta::index i = 0; i < p.size; ++i) {
            const double h = 1e-5, w = p.data[i];
            p.data[i] = w + h;
            const double above = trainer.gradients(x.data(), y.data(), n);
            p.data[i] = w - h;
            const double below = trainer.gradients(x.data(), y.data(), n);
            p.data[i] = w;
            worst = std::fmax(worst, std::fabs((above - below) / (2 * h) - gradient[static_cast<std::size_t>(p.data - model.parameters.data() + i)]));
        }
    }
    return worst;
}

// A loop over the steps around a recurrent layer that starts from a constant, or from what a layer makes of the step.
template <class Layer, bool FromStep>
struct Around {
    Layer layer;
    Linear<3> start;
    constexpr auto operator()(auto x) const {
        const auto first = [](auto v) constexpr { return squeeze<1>(slice<1, 0, 1>(v)); };
        const auto body = [&](auto, auto xt) constexpr {
            if constexpr (FromStep) {
                const auto h = layer(xt, {start(first(xt))}).last[0];
                return std::pair{h, h};
            } else {
                const auto h = layer(xt, layer.zeros(xt)).last[0] + start(first(xt));
                return std::pair{h, h};
            }
        };
        const auto [last, all] = scan(body, start(first(first(x))), permute<1, 0, 2, 3>(x));
        return permute<1, 0, 2>(all);
    }
};
// The last state of each element of the outer sequence, whose gradient comes as a view of a permuted tensor.
template <class Layer>
struct LastOfEach {
    Layer layer;
    constexpr auto operator()(auto x) const {
        const auto body = [&](auto c, auto xt) constexpr { return std::pair{c, layer(xt).last[0]}; };
        const auto [last, all] = scan(body, 0.0, permute<1, 0, 2, 3>(x));
        return permute<1, 0, 2>(all);
    }
};

}  // namespace

TEST_CASE("a recurrent layer is trained inside of other loops, for full batches and smaller ones") {
    for (int n = 1; n <= most; ++n) {
        CHECK(gradient_error<TimeDistributed<LastOutput<LSTM<3>>>>(n) < 1e-8);
        CHECK(gradient_error<Around<RNN<3>, true>>(n) < 1e-8);
        CHECK(gradient_error<Around<GRU<3>, false>>(n) < 1e-8);
        CHECK(gradient_error<LastOfEach<RNN<3>>>(n) < 1e-8);
    }
}

namespace {

struct Normed {
    TimeDistributed<BatchNorm1d<>> norm;
    constexpr auto operator()(auto x) const { return norm(x); }
};
struct Joined {
    BatchNorm1d<> norm;
    constexpr auto operator()(auto x) const { return reshape_like(norm(flatten_steps(x)), x); }
    static constexpr var flatten_steps(var x) { return {x.g, _::reshape_to(*x.g, x.id, shape(x.extents()[0].times(3), x.extents()[2]))}; }
    static constexpr var reshape_like(var y, var x) { return {x.g, _::reshape_to(*x.g, y.id, x.extents())}; }
};

}  // namespace

TEST_CASE("a layer at every step sees the steps as one batch") {
    Model<Normed, Input<float, 3, 4>, max_batch<2>> a{seed(1)};
    Model<Joined, Input<float, 3, 4>, max_batch<2>> b{seed(1)};
    auto one = Trainer(a, MSE{}, SGD{.lr = 0.1});
    auto other = Trainer(b, MSE{}, SGD{.lr = 0.1});
    std::vector<float> x(24), y(24, 0.1f);
    for (std::size_t i = 0; i < 24; ++i) x[i] = std::sin(static_cast<float>(i * i));
    CHECK(one.step(x.data(), y.data(), 2) == other.step(x.data(), y.data(), 2));
    for (int k = 0; k < a.n_states; ++k) {
        const auto s = a.state(k), t = b.state(k);
        CHECK(std::memcmp(s.data, t.data, static_cast<std::size_t>(s.size) * (s.type == dtype::f32 ? 4 : 8)) == 0);
    }
    CHECK(*static_cast<const std::int64_t*>(static_cast<const void*>(a.state(2).data)) == 1);
}

namespace {

// x * w with noise at every step of a loop; the gradient of the sum with respect to w is the noise.
template <class Noise>
struct Noisy {
    Param<sized<5, 6>, init::ones> weight;
    Noise noise;
    constexpr auto operator()(auto x) const {
        const auto body = [&](auto c, auto xt) constexpr { return std::pair{c, noise(xt)}; };
        const auto [last, all] = scan(body, 0.0f, permute<1, 0, 2>(x * weight(x)));
        return permute<1, 0, 2>(all);
    }
};
struct SumOfOutputs {
    static constexpr dtype target = dtype::none;
    static constexpr bool labels = false;
    static constexpr shape target_shape(const shape& prediction) { return prediction; }
    constexpr auto operator()(auto prediction, auto) const { return sum(prediction); }
};
struct SumOfSquares : SumOfOutputs {
    constexpr auto operator()(auto prediction, auto) const { return sum(square(prediction)); }
};

}  // namespace

TEST_CASE("noise in a loop differs from step to step, and the backward pass makes the same again") {
    Model<Noisy<Dropout<0.5>>, Input<float, 5, 6>, max_batch<1>> model{seed(1)};
    auto trainer = Trainer(model, SumOfOutputs{}, SGD{}, {.seed = seed(3)});
    const std::vector<float> x(30, 1.0f);
    const double total = trainer.gradients(x.data(), x.data(), 1);
    const float* const mask = trainer.gradient_data();
    double kept = 0;
    int different = 0;
    for (int t = 0; t < 5; ++t)
        for (int i = 0; i < 6; ++i) kept += mask[6 * t + i], different += t > 0 && mask[6 * t + i] != mask[i];
    CHECK(kept == total);
    CHECK(different > 6);
    // By both loops, the forward and the reverse one, rather than stored by the first.
    const std::string text = graph_text<decltype(trainer)::program>();
    const auto first = text.find("= random_bits(");
    CHECK(first != std::string::npos);
    CHECK(text.find("= random_bits(", first + 1) != std::string::npos);

    Model<Noisy<GaussianNoise<0.5>>, Input<float, 5, 6>, max_batch<1>> other{seed(1)};
    auto noisy = Trainer(other, SumOfSquares{}, SGD{}, {.seed = seed(3)});
    noisy.gradients(x.data(), x.data(), 1);  // of each element: 2 (1 + noise)
    for (int i = 0; i < 24; ++i) CHECK(noisy.gradient_data()[i] != noisy.gradient_data()[i + 6]);
}
