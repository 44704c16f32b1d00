// Networks of today's kinds against PyTorch: prediction, loss, every gradient, and the weights after ten steps of AdamW.
// make_language.py wrote the file.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

// Causal and padded at once; the table of tokens is the output's too, that of tags is not.
struct GPT {
    etta::Embedding<7, 8, 0> embed, tags;
    etta::LearnedPositions<9> positions;
    std::array<etta::TransformerEncoderLayer<8, 2, 12, etta::TransformerOptions{.act = etta::activation::gelu_tanh, .norm_first = true, .causal = true}>, 2> blocks;
    etta::LayerNorm<> norm;
    constexpr auto operator()(auto ids) const {
        const auto there = ids != 0;
        auto x = positions(embed(ids) + tags(ids));
        for (auto& block : blocks) x = block.masked(x, there);
        return embed.attend(norm(x));
    }
};

struct LlamaBlock {
    etta::RMSNorm<> attention_norm, ffn_norm;
    etta::MultiheadAttention<16, 4, etta::MultiheadAttentionOptions{.causal = true, .bias = false, .kv_heads = 2, .rotary = true, .theta = 500.0}> attention;
    etta::SwiGLU<16, 12> feed_forward;
    constexpr auto operator()(auto x) const {
        x = x + attention(attention_norm(x));
        return x + feed_forward(ffn_norm(x));
    }
};
struct Llama {
    etta::Embedding<6, 16> embed;
    LlamaBlock block;
    etta::TransformerEncoderLayer<16, 4, 10, etta::TransformerOptions{.act = etta::activation::silu, .causal = true, .kv_heads = 1, .rotary = true}> padded;
    etta::RMSNorm<etta::RMSNormOptions{.eps = 1e-3}> norm;
    etta::Linear<6, false> head;
    constexpr auto operator()(auto ids) const { return head(norm(padded.masked(block(etta::SinusoidalPositions{}(embed(ids))), ids != 5))); }
};

// A target of four positions, a memory of the other five, of which some are padding.
struct Memory {
    etta::TransformerDecoderLayer<8, 2, 6, etta::TransformerOptions{.act = etta::activation::gelu_tanh, .causal = true}> layer;
    etta::MultiheadAttention<8, 2, etta::MultiheadAttentionOptions{.kv_heads = 1, .rotary = true}> cross;
    etta::TransformerDecoderLayer<8, 4, 6, etta::TransformerOptions{.norm_first = true}> pre;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const {
        const auto target = etta::slice<1, 0, 4>(x), memory = etta::slice<1, 4, 9>(x);
        const auto there = etta::squeeze<2>(etta::slice<2, 0, 1>(memory)) >= -0.5;
        const auto y = layer.masked(target, memory, there);
        return fc(flatten(pre.masked(y + cross.masked(y, memory, there), memory, there)));
    }
};

const auto& file() {
    static const auto f = etta::safetensors_file::open(recorded_path("language.st"));
    return f;
}
// In float without the steps: where a gradient is 0 but for rounding, AdamW makes steps of it.
template <class M>
void compare(const std::string& name, int batch) {
    using T = typename M::element;
    constexpr bool exact = sizeof(T) == 8;
    M model;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        const auto from = recorded_as<T>(file(), name + ".start." + std::string(p.name));
        REQUIRE(static_cast<std::size_t>(p.size) == from.size());
        std::copy(from.begin(), from.end(), p.data);
    }
    const auto x = recorded_as<T>(file(), name + ".input");
    const auto y = recorded_as<std::int32_t>(file(), name + ".labels");
    std::vector<T> logits(recorded(file(), name + ".y").size());
    model.run(x.data(), logits.data(), batch);
    CHECK(unlike(file(), name + ".y", logits.data(), exact ? 1e-12 : 1e-5) == "");
    auto trainer = etta::Trainer(model, etta::on_labels<-100>([](auto y, auto t) { return etta::cross_entropy(y, t, {.ignore_index = -100}); }), etta::AdamW{.lr = 0.01, .eps = 1e-6, .weight_decay = 0.1});
    const T loss = trainer.gradients(x.data(), y.data(), batch);
    CHECK(unlike(file(), name + ".loss", &loss, exact ? 1e-12 : 1e-5) == "");
    CHECK(unlike_all(file(), name + ".gradient.", model, trainer.gradient_data(), exact ? 1e-10 : 1e-5) == "");
    if constexpr (exact) {
        for (int i = 0; i < 10; ++i) trainer.step(x.data(), y.data(), batch);
        CHECK(unlike_all(file(), name + ".adamw.", model, model.parameters.data(), 1e-10) == "");
    }
}

}  // namespace

TEST_CASE("a GPT with padding and tied tables computes and learns what PyTorch does") {
    compare<etta::Model<GPT, etta::Input<double, 6>, etta::max_batch<4>>>("gpt", 3);
    compare<etta::Model<GPT, etta::Input<float, 6>, etta::max_batch<4>>>("gpt", 3);
}
TEST_CASE("a Llama's rotary positions, grouped queries, RMSNorm and SwiGLU compute and learn what PyTorch does") {
    compare<etta::Model<Llama, etta::Input<double, 6>, etta::max_batch<3>>>("llama", 3);
    compare<etta::Model<Llama, etta::Input<float, 6>, etta::max_batch<3>>>("llama", 3);
}
TEST_CASE("decoders and cross-attention over a padded memory compute and learn what PyTorch does") {
    compare<etta::Model<Memory, etta::Input<double, 9, 8>, etta::max_batch<5>>>("memory", 4);
}
