// Batch normalisation against PyTorch: loss, every gradient, weights and running statistics after ten steps on batches of
// six and of four samples by turns, and an evaluation after those. make_batch_norm.py wrote the files.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

struct Flat {
    etta::Linear<8, false> fc1;
    etta::BatchNorm1d<> bn1;
    etta::Linear<7, false> fc2;
    etta::BatchNorm1d<etta::BatchNormOptions{.momentum = etta::cumulative_average, .affine = false}> bn2;
    etta::Linear<5, false> fc3;
    etta::BatchNorm1d<etta::BatchNormOptions{.eps = 1e-3, .track_running_stats = false}> bn3;
    etta::Linear<3> fc4;
    constexpr auto operator()(auto x) const {
        x = relu(bn1(fc1(x)));
        x = tanh(bn2(fc2(x)));
        return fc4(bn3(fc3(x)));
    }
};
struct Sequence {
    etta::BatchNorm1d<etta::BatchNormOptions{.momentum = 0.3}> bn;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(tanh(bn(x)))); }
};
struct Picture {
    etta::Conv2d<4, 3> conv;
    etta::BatchNorm2d<> bn;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(bn(relu(conv(x))))); }
};

template <class M, class Rule>
std::string after_ten_steps(const std::string& name, const std::string& prefix, Rule rule) {
    const auto file = etta::safetensors_file::open(recorded_path(name + ".st"));
    M model;
    etta::load(model, recorded_path(name + ".weights.st"));
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, rule);
    const auto x = recorded(file, "input");
    const auto y = recorded_as<std::int32_t>(file, "labels");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), y.data(), i % 2 == 0 ? 6 : 4);
    std::string r = unlike_all(file, prefix + ".", model, model.parameters.data(), 1e-9);
    for (int i = 0; i < M::n_states; ++i) {
        const auto s = model.state(i);
        const auto at = prefix + "." + std::string(s.name);
        if (s.type == etta::dtype::i64) r += unlike(file, at, static_cast<const std::int64_t*>(s.data), 0);
        else r += unlike(file, at, static_cast<const double*>(s.data), 1e-9);
    }
    double logits[18];
    model.run(x.data(), logits, 6);
    return r + unlike(file, prefix + ".logits", logits, 1e-9);
}
template <class M>
std::string first_step(const std::string& name) {
    const auto file = etta::safetensors_file::open(recorded_path(name + ".st"));
    M model;
    etta::load(model, recorded_path(name + ".weights.st"));
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{.lr = 0.05, .momentum = 0.9});
    const auto x = recorded(file, "input");
    const auto y = recorded_as<std::int32_t>(file, "labels");
    const double loss = trainer.gradients(x.data(), y.data(), 6);
    return unlike(file, "loss", &loss, 1e-11) + unlike_all(file, "gradient.", model, trainer.gradient_data(), 1e-10);
}
template <class M>
std::string all_of(const std::string& name) {
    return first_step<M>(name) + after_ten_steps<M>(name, "sgd", etta::SGD{.lr = 0.05, .momentum = 0.9}) + after_ten_steps<M>(name, "adam", etta::Adam{.lr = 0.01});
}

}  // namespace

TEST_CASE("BatchNorm1d of [N, C] trains and evaluates as PyTorch's, with every option") {
    CHECK(all_of<etta::Model<Flat, etta::Input<double, 6>, etta::max_batch<8>>>("batch_norm.flat") == "");
}
TEST_CASE("BatchNorm1d of [N, C, L] trains and evaluates as PyTorch's") {
    CHECK(all_of<etta::Model<Sequence, etta::Input<double, 3, 5>, etta::max_batch<8>>>("batch_norm.sequence") == "");
}
TEST_CASE("BatchNorm2d trains and evaluates as PyTorch's") {
    CHECK(all_of<etta::Model<Picture, etta::Input<double, 2, 5, 5>, etta::max_batch<6>>>("batch_norm.picture") == "");
}
