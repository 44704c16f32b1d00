// Layers of transformers against PyTorch: prediction, loss, every gradient, and the weights after ten steps of two
// optimizers. make_transformer.py wrote the files.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

struct Encoder {
    etta::TransformerEncoderLayer<8, 2, 12> first;
    etta::TransformerEncoderLayer<8, 4, 10, etta::TransformerOptions{.act = etta::activation::gelu, .norm_first = true, .causal = true, .eps = 1e-3}> second;
    etta::LayerNorm<etta::LayerNormOptions{.bias = false}> norm;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(norm(second(first(x))))); }
};
struct Decoder {
    etta::TransformerDecoderLayer<8, 2, 12, etta::TransformerOptions{.causal = true}> first;
    etta::TransformerDecoderLayer<8, 2, 6, etta::TransformerOptions{.norm_first = true, .bias = false}> second;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const {
        const auto target = etta::slice<1, 0, 3>(x), memory = etta::slice<1, 3, 5>(x);
        return fc(flatten(second(first(target, memory), memory)));
    }
};
struct Attention {
    etta::MultiheadAttention<8, 2> attention;
    etta::RMSNorm<> rms;
    etta::MultiheadAttention<8, 4, etta::MultiheadAttentionOptions{.bias = false}> cross;
    etta::GroupNorm<3> group;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const {
        const auto there = etta::squeeze<2>(etta::slice<2, 0, 1>(x)) >= -0.5;
        return fc(flatten(group(cross(rms(attention.masked(x, there)), etta::slice<1, 0, 4>(x)))));
    }
};

template <class M, class Rule>
std::string after_ten_steps(const std::string& name, const std::string& prefix, Rule rule) {
    const auto file = etta::safetensors_file::open(recorded_path(name + ".st"));
    M model;
    etta::load(model, recorded_path(name + ".weights.st"));
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, rule);
    const auto x = recorded(file, "input");
    const auto y = recorded_as<std::int32_t>(file, "labels");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), y.data(), 4);
    return unlike_all(file, prefix + ".", model, model.parameters.data(), 2e-6);
}
template <class M>
std::string all_of(const std::string& name) {
    const auto file = etta::safetensors_file::open(recorded_path(name + ".st"));
    M model;
    etta::load(model, recorded_path(name + ".weights.st"));
    const auto x = recorded(file, "input");
    const auto y = recorded_as<std::int32_t>(file, "labels");
    double logits[12];
    model.run(x.data(), logits, 4);
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{.lr = 0.05, .momentum = 0.9});
    const double loss = trainer.gradients(x.data(), y.data(), 4);
    return unlike(file, "logits", logits, 1e-12) + unlike(file, "loss", &loss, 1e-12) + unlike_all(file, "gradient.", model, trainer.gradient_data(), 1e-10) +
           after_ten_steps<M>(name, "sgd", etta::SGD{.lr = 0.05, .momentum = 0.9}) + after_ten_steps<M>(name, "adam", etta::Adam{.lr = 0.01, .eps = 1e-4});
}

}  // namespace

TEST_CASE("transformer encoder layers compute what PyTorch computes") {
    CHECK(all_of<etta::Model<Encoder, etta::Input<double, 5, 8>, etta::max_batch<5>>>("transformer.encoder") == "");
}
TEST_CASE("transformer decoder layers compute what PyTorch computes") {
    CHECK(all_of<etta::Model<Decoder, etta::Input<double, 5, 8>, etta::max_batch<5>>>("transformer.decoder") == "");
}
TEST_CASE("multi-head attention, RMSNorm and GroupNorm compute what PyTorch computes") {
    CHECK(all_of<etta::Model<Attention, etta::Input<double, 6, 8>, etta::max_batch<5>>>("transformer.attention") == "");
}
