// transformer.hpp: the blocks of transformers: feed-forward networks, encoder and decoder layers. torch.nn's names, layouts
// and order of operations, with batch_first=True.
#pragma once

#include "attention.hpp"
#include "dropout.hpp"

namespace etta {

enum class activation { relu, gelu, gelu_tanh, silu };

// Written TransformerEncoderLayer<64, 4, 256, TransformerOptions{.norm_first = true}>.
struct TransformerOptions {
    activation act = activation::relu;
    bool norm_first = false;  // normalise what goes into a branch, rather than what comes out of the sum (pre-norm)
    real dropout = 0.0;       // of the branches, the hidden layer and the attention's weights (PyTorch's)
    bool causal = false;      // self-attention sees no later position
    bool bias = true;
    real eps = 1e-5;
    int kv_heads = 0;
    bool rotary = false;
};

namespace _ {
template <activation A>
constexpr var activated(var x) {
    if constexpr (A == activation::relu) return relu(x);
    else if constexpr (A == activation::gelu) return gelu(x);
    else if constexpr (A == activation::gelu_tanh) return gelu_tanh(x);
    else return silu(x);
}
}  // namespace _

// linear2(act(linear1(x))): [..., Dim] -> [..., Dim]. linear1.weight [Hidden, Dim], linear2.weight [Dim, Hidden].
template <int Dim, int Hidden = 4 * Dim, activation A = activation::gelu, bool Bias = true>
struct FeedForward {
    Linear<Hidden, Bias> linear1;
    Linear<Dim, Bias> linear2;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        return linear2(_::activated<A>(linear1(x)));
    }
};

// w2(silu(w1(x)) * w3(x)), without biases: [..., Dim] -> [..., Dim]. Shazeer 2020; Llama's names.
template <int Dim, int Hidden>
struct SwiGLU {
    Linear<Hidden, false> w1;
    Linear<Dim, false> w2;
    Linear<Hidden, false> w3;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        return w2(silu(w1(x)) * w3(x));
    }
};

// Self-attention and a feed-forward network, each added to its input: [B, L, Dim] -> [B, L, Dim].
template <int Dim, int Heads, int Hidden = 2048, TransformerOptions O = TransformerOptions{}>
struct TransformerEncoderLayer {
    MultiheadAttention<Dim, Heads,
                       MultiheadAttentionOptions{.causal = O.causal, .bias = O.bias, .kv_heads = O.kv_heads, .rotary = O.rotary, .dropout = O.dropout}> self_attn;
    Linear<Hidden, O.bias> linear1;
    Linear<Dim, O.bias> linear2;
    LayerNorm<LayerNormOptions{.eps = O.eps, .bias = O.bias}> norm1, norm2;

    constexpr var operator()(var x) const { return run(x, var{}); }
    // Keys where the mask [B, L] is false are padding.
    constexpr var masked(var x, var mask) const { return run(x, mask); }

private:
    static constexpr var drop(var x) { return Dropout<O.dropout>{}(x); }
    constexpr var attend(var x, var mask) const { return drop(mask.exists() ? self_attn.masked(x, mask) : self_attn(x)); }
    constexpr var forward(var x) const { return drop(linear2(drop(_::activated<O.act>(linear1(x))))); }
    constexpr var run(var x, var mask) const {
        const _::in_layer here(x, this);
        if constexpr (O.norm_first) {
            x = x + attend(norm1(x), mask);
            return x + forward(norm2(x));
        } else {
            x = norm1(x + attend(x, mask));
            return norm2(x + forward(x));
        }
    }
};

// The same with attention to a memory [B, S, Dim] in between: (target [B, L, Dim], memory) -> [B, L, Dim].
template <int Dim, int Heads, int Hidden = 2048, TransformerOptions O = TransformerOptions{}>
struct TransformerDecoderLayer {
    MultiheadAttention<Dim, Heads,
                       MultiheadAttentionOptions{.causal = O.causal, .bias = O.bias, .kv_heads = O.kv_heads, .rotary = O.rotary, .dropout = O.dropout}> self_attn;
    MultiheadAttention<Dim, Heads, MultiheadAttentionOptions{.bias = O.bias, .kv_heads = O.kv_heads, .dropout = O.dropout}> multihead_attn;
    Linear<Hidden, O.bias> linear1;
    Linear<Dim, O.bias> linear2;
    LayerNorm<LayerNormOptions{.eps = O.eps, .bias = O.bias}> norm1, norm2, norm3;

    constexpr var operator()(var x, var memory) const { return run(x, memory, var{}, var{}); }
    // Positions of the memory where the mask [B, S] is false are padding; of the target, where `own` [B, L] is.
    constexpr var masked(var x, var memory, var mask, var own = {}) const { return run(x, memory, mask, own); }

private:
    static constexpr var drop(var x) { return Dropout<O.dropout>{}(x); }
    constexpr var attend(var x, var memory, var mask) const { return drop(mask.exists() ? multihead_attn.masked(x, memory, mask) : multihead_attn(x, memory)); }
    constexpr var forward(var x) const { return drop(linear2(drop(_::activated<O.act>(linear1(x))))); }
    constexpr var itself(var x, var own) const { return drop(own.exists() ? self_attn.masked(x, own) : self_attn(x)); }
    constexpr var run(var x, var memory, var mask, var own) const {
        const _::in_layer here(x, this);
        if constexpr (O.norm_first) {
            x = x + itself(norm1(x), own);
            x = x + attend(norm2(x), memory, mask);
            return x + forward(norm3(x));
        } else {
            x = norm1(x + itself(x, own));
            x = norm2(x + attend(x, memory, mask));
            return norm3(x + forward(x));
        }
    }
};

}  // namespace etta
