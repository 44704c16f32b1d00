// What training through attention layers needs of memory grows with the sequence's length, not with its square.
#include <etta/etta.hpp>

#include "catch.hpp"

using etta::MultiheadAttention;
using etta::MultiheadAttentionOptions;
using etta::var;

namespace {

constexpr int width = 32, heads = 4;

constexpr var present(var x) { return etta::squeeze<2>(etta::slice<2, 0, 1>(x)) > 0; }

struct Padded {
    MultiheadAttention<width, heads> attention;
    constexpr var operator()(var x) const { return attention.masked(x, present(x)); }
};
struct Grouped {
    MultiheadAttention<width, heads, MultiheadAttentionOptions{.causal = true, .kv_heads = 2, .rotary = true}> attention;
    constexpr var operator()(var x) const { return attention.masked(x, present(x)); }
};
struct Dropping {
    MultiheadAttention<width, heads, MultiheadAttentionOptions{.causal = true, .dropout = 0.1}> attention;
    constexpr var operator()(var x) const { return attention(x); }
};
struct Across {
    MultiheadAttention<width, heads> attention;
    constexpr var operator()(var x) const {
        const var memory = square(x);
        return attention.masked(x, memory, present(memory));
    }
};
struct Decoder {
    etta::TransformerDecoderLayer<width, heads, 64, etta::TransformerOptions{.norm_first = true, .dropout = 0.1, .causal = true, .kv_heads = 2, .rotary = true}> layer;
    constexpr var operator()(var x) const {
        const var memory = square(x);
        return layer.masked(x, memory, present(memory));
    }
};
// One head written out, whose scores are stored: what the others must not be like.
struct Stored {
    etta::Linear<width> fc;
    constexpr var operator()(var x) const {
        const var y = fc(x);
        return matmul(softmax(matmul(y, y.t())), y);
    }
};

template <class Net, int Length>
using Sequence = etta::Model<Net, etta::Input<float, Length, width>, etta::max_batch<1>>;
template <class Net, int Length>
constexpr etta::index training = etta::Trainer<Sequence<Net, Length>, etta::MSE, etta::SGD>::workspace_bytes;
// Twice as much for twice the length, and less than all heads' scores.
template <class Net>
constexpr bool linear = training<Net, 512> <= 2 * training<Net, 256> && training<Net, 512> < heads * 512 * 512 * 4;

}  // namespace

TEST_CASE("training through attention needs memory linear in the sequence's length: masked, grouped, dropped out, across sequences") {
    STATIC_REQUIRE(linear<Padded>);
    STATIC_REQUIRE(linear<Grouped>);
    STATIC_REQUIRE(linear<Dropping>);
    STATIC_REQUIRE(linear<Across>);
    STATIC_REQUIRE(linear<Decoder>);
    STATIC_REQUIRE(!linear<Stored>);
}
