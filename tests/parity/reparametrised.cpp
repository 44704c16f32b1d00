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
