// Layers whose weight is a function of what is trained, against PyTorch's (make_layers.py wrote the file).
#include "layers.hpp"

namespace {

struct Reparametrised {
    WeightNorm<Conv2d<5, 3>> weight;
    SpectralNorm<Conv2d<5, 3>> spectral;
    constexpr auto operator()(auto x) const { return side_by_side(weight(x), spectral(x)); }
};

}  // namespace

TEST_CASE("weight and spectral normalisation are PyTorch's in a training step, and ten") {
    Model<Reparametrised, Input<double, 4, 6, 6>, max_batch<3>> model;
    for (int o = 0; o < 5; ++o) {  // as it starts, the weight is v
        double square = 0;
        for (int k = 0; k < 36; ++k) square += model.parameter("weight.layer.weight").data[36 * o + k] * model.parameter("weight.layer.weight").data[36 * o + k];
        CHECK(model.parameter("weight.weight_g").data[o] == Approx(std::sqrt(square)).epsilon(1e-14));
    }
    start_as_recorded(model, "reparametrised");
    const auto v = recorded(layers_file(), "reparametrised.state.v"), x = recorded(layers_file(), "reparametrised.x"), y = recorded(layers_file(), "reparametrised.y");
    for (int k = 0; k < 36; ++k) model.state<"spectral.v">()(k) = v[static_cast<std::size_t>(k)];
    auto trainer = Trainer(model, [](auto const& net, auto const& batch) { return check::weighed(net(batch.x)); }, SGD{.lr = 0});
    const double loss = trainer.gradients(x.data(), x.data(), 3);
    double want = 0;
    for (std::size_t k = 0; k < y.size(); ++k) want += y[k] * (1 + 0.7 * std::sin(1.3 * static_cast<double>(k) + 0.5));
    CHECK(loss == Approx(want).epsilon(1e-12));
    CHECK(unlike_all(layers_file(), "reparametrised.gradient.", model, trainer.gradient_data(), 1e-11) == "");
    compare_steps(model, x.data(), 3, "reparametrised");
    // The power method finds the largest singular value: Wᵀ W v = sigma² v.
    for (int i = 0; i < 100; ++i) trainer.step(x.data(), x.data(), 3);
    const auto w = model.parameter("spectral.layer.weight");
    const auto now = model.state<"spectral.v">();
    double rows[5] = {}, square = 0;
    for (int i = 0; i < 5; ++i) {
        for (int k = 0; k < 36; ++k) rows[i] += w.data[36 * i + k] * now(k);
        square += rows[i] * rows[i];
    }
    for (int k = 0; k < 36; ++k) {
        double back = 0;
        for (int i = 0; i < 5; ++i) back += w.data[36 * i + k] * rows[i];
        CHECK(back == Approx(square * now(k)).margin(1e-6 * square));
    }
}

namespace {

struct Square {
    SpectralNorm<Linear<32, false>> layer;
    constexpr auto operator()(auto x) const { return layer(x); }
};
struct Plain {
    ConvTranspose2d<3, 2, 2, 0, 0, 1, false> layer;
    constexpr auto operator()(auto x) const { return layer(x); }
};
struct Normalised {
    SpectralNorm<ConvTranspose2d<3, 2, 2, 0, 0, 1, false>> layer;
    constexpr auto operator()(auto x) const { return layer(x); }
};

}  // namespace

TEST_CASE("a spectral norm starts near its value, whatever the rows sum to") {
    Model<Square, Input<double, 32>, max_batch<1>> model{seed(3)};
    const auto w = model.parameter<"layer.layer.weight">();
    const auto v = model.state<"layer.v">();
    const auto length_after = [&](const std::vector<double>& x) {
        double square = 0;
        for (int i = 0; i < 32; ++i) {
            double dot = 0;
            for (int k = 0; k < 32; ++k) dot += w(i, k) * x[static_cast<std::size_t>(k)];
            square += dot * dot;
        }
        return std::sqrt(square);
    };
    std::vector<double> right(v.data(), v.data() + 32), best(right);
    double unit = 0;
    for (const double x : right) unit += x * x;
    CHECK(unit == Approx(1));
    for (int step = 0; step < 500; ++step) {
        std::vector<double> back(32), left(32);
        for (std::size_t i = 0; i < 32; ++i)
            for (std::size_t k = 0; k < 32; ++k) left[i] += w(i, k) * best[k];
        double square = 0;
        for (std::size_t k = 0; k < 32; ++k) {
            for (std::size_t i = 0; i < 32; ++i) back[k] += w(i, k) * left[i];
            square += back[k] * back[k];
        }
        for (std::size_t k = 0; k < 32; ++k) best[k] = back[k] / std::sqrt(square);
    }
    CHECK(length_after(right) > 0.95 * length_after(best));
    CHECK(length_after(right) <= length_after(best) * (1 + 1e-12));
    Model<Square, Input<double, 32>, max_batch<1>> same{seed(3)};
    for (int k = 0; k < 32; ++k) CHECK(same.state<"layer.v">()(k) == v(k));
    for (int i = 0; i < 32; ++i)
        for (int k = 0; k < 32; ++k) w(i, k) = k % 2 == 0 ? i + 1 : -i - 1;
    const std::vector<double> x(32, 1.0), t(32, 0.0);
    auto trainer = Trainer(model, MSE{}, SGD{.lr = 0});
    for (int step = 0; step < 3; ++step) CHECK(std::isfinite(trainer.step(x.data(), t.data(), 1)));
}

TEST_CASE("the spectral norm of a transposed convolution is over its outputs, which are the weight's second axis") {
    Model<Normalised, Input<double, 4, 2, 2>, max_batch<1>> model{seed(5)};
    Model<Plain, Input<double, 4, 2, 2>, max_batch<1>> plain;
    const auto w = model.parameter("layer.layer.weight");  // [4, 3, 2, 2], as a matrix [3, 16]
    for (etta::index k = 0; k < w.size; ++k) plain.parameter(0).data[k] = w.data[k];
    REQUIRE(model.state<"layer.v">().size() == 16);
    double x[16], t[48] = {}, y[48], z[48];
    for (int k = 0; k < 16; ++k) x[k] = std::sin(2.0 * k);
    auto trainer = Trainer(model, MSE{}, SGD{.lr = 0});
    for (int step = 0; step < 300; ++step) trainer.step(x, t, 1);
    const auto v = model.state<"layer.v">();
    double square = 0;
    for (int o = 0; o < 3; ++o) {
        double dot = 0;
        for (int c = 0; c < 4; ++c)
            for (int k = 0; k < 4; ++k) dot += w.data[(c * 3 + o) * 4 + k] * v(c * 4 + k);
        square += dot * dot;
    }
    model.run(x, y, 1), plain.run(x, z, 1);
    for (int k = 0; k < 48; ++k) CHECK(y[k] == Approx(z[k] / std::sqrt(square)).epsilon(1e-6));
    // v is a singular vector of that matrix: Wᵀ W v = sigma² v.
    for (int c = 0; c < 4; ++c)
        for (int k = 0; k < 4; ++k) {
            double back = 0;
            for (int o = 0; o < 3; ++o) {
                double dot = 0;
                for (int d = 0; d < 4; ++d)
                    for (int j = 0; j < 4; ++j) dot += w.data[(d * 3 + o) * 4 + j] * v(d * 4 + j);
                back += w.data[(c * 3 + o) * 4 + k] * dot;
            }
            CHECK(back == Approx(square * v(c * 4 + k)).margin(1e-6 * square));
        }
}
