// Streams of transformers: pieces of a sequence give what the whole gives, with keys and values kept.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <cmath>

using namespace etta;

namespace {
constexpr TransformerOptions pre_norm{.act = activation::gelu, .norm_first = true, .causal = true, .bias = false};
struct Language {
    Embedding<7, 8> embed;
    LearnedPositions<6> positions;
    TransformerEncoderLayer<8, 2, 16, pre_norm> block;
    LayerNorm<> norm;
    constexpr auto operator()(auto t) const { return embed.attend(norm(block(positions(embed(t))))); }
};
struct Rotated {
    Embedding<7, 8> embed;
    MultiheadAttention<8, 2, MultiheadAttentionOptions{.causal = true, .kv_heads = 1, .rotary = true}> first, second;
    constexpr auto operator()(auto t) const { return second(first(embed(t))); }
};
template <class Net, int Width>
double worst() {
    Model<Net, Input<std::int32_t, 6>, max_batch<1>> model{seed(3)};
    Stream<Net, Input<std::int32_t, 1>, 6> single(model);
    Stream<Net, Input<std::int32_t, 3>, 6> pieces(model);
    const std::int32_t x[6] = {1, 3, 0, 6, 2, 5};
    float whole[6 * Width], one[6 * Width], three[6 * Width];
    model.run(x, whole, 1);
    for (int round = 0; round < 2; ++round) {
        single.reset();
        for (int i = 0; i < 6; ++i) single.process(x + i, one + i * Width);
    }
    for (int i = 0; i < 6; i += 3) pieces.process(x + i, three + i * Width);
    double d = 0;
    for (int i = 0; i < 6 * Width; ++i) d = std::fmax(d, std::fmax(std::abs(whole[i] - one[i]), std::abs(whole[i] - three[i])));
    return d;
}
}  // namespace

TEST_CASE("a transformer fed token by token, or three at a time, gives what it gives for the whole text") { CHECK(worst<Language, 7>() < 1e-5); }
TEST_CASE("so does one with rotary positions and shared keys") { CHECK(worst<Rotated, 8>() < 1e-5); }
