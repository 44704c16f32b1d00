// Training of a GPT of LAYERS blocks: 128 wide, 4 heads, 64 characters, batches of 8.
#include <etta/etta.hpp>

struct Gpt {
    using Block = etta::TransformerEncoderLayer<128, 4, 512, etta::TransformerOptions{.act = etta::activation::gelu, .norm_first = true, .causal = true}>;
    etta::Embedding<65, 128> embed;
    etta::LearnedPositions<64> positions;
    std::array<Block, LAYERS> blocks;
    etta::LayerNorm<> norm;
    etta::Linear<65> head;
    constexpr auto operator()(auto x) const {
        x = positions(embed(x));
        for (auto& block : blocks) x = block(x);
        return head(norm(x));
    }
};

int main() {
    etta::Model<Gpt, etta::Input<int, 64>, etta::max_batch<8>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 1e-3});
    static int x[8 * 64], y[8 * 64];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 8);
    return loss > 1;
}
