// attention.hpp: multi-head attention as a layer: projections around the op in op/attention.hpp. Queries, keys and values are
// one product, whose result the op reads where it lies.
#pragma once

#include "../op/attention.hpp"
#include "embedding.hpp"
#include "layer_norm.hpp"
#include "layers.hpp"

namespace etta {

// Written MultiheadAttention<64, 4, MultiheadAttentionOptions{.causal = true}>.
struct MultiheadAttentionOptions {
    bool causal = false;
    bool bias = true;
    int kv_heads = 0;        // heads of keys and values, which groups of queries share; 0: as many as queries
    bool rotary = false;     // rotate queries and keys by their position (RoPE)
    real theta = 10000.0;    // RoPE's base
};

namespace _ {

// Linear whose bias starts at 0.
template <int Out, bool Bias>
struct output_projection {
    Param<sized<Out, last>, init::fan_in_uniform> weight;
    std::conditional_t<Bias, Param<sized<Out>, init::zeros>, left_out> bias;
    constexpr var operator()(var x) const {
        const in_layer here(x, weight.slot);
        const var y = matmul(x, weight(x).t());
        if constexpr (Bias) return y + bias(x);
        else return y;
    }
};

}  // namespace _

// Rotary positions: channels i and i + D / 2 of [..., L, H, D] turned by position * Theta^(-2 i / D). Su et al. 2021, with the
// halves of GPT-NeoX and Llama.
constexpr var rotary(var x, double theta = 10000) {
    _::builder& g = *x.g;
    const shape s = x.extents();
    const index half = x.rank() < 3 ? -1 : x.extent(-1) / 2;
    if (half < 1 || 2 * half != x.extent(-1) || x.extent(-3) < 0) {
        g.blame(_::mistake::rank, "rotary", shape(extent(1), extent(1), extent(2)), s);
        return x;
    }
    const var angle = _::position_angles(g, shape(s[-3], extent(half)), theta, false, x.type());
    const auto beside = [&](var v) constexpr { return var{&g, _::reshape_to(g, v.id, shape(s[-3], extent(1), extent(half)))}; };
    const auto part = [&](index from) constexpr {
        const std::int64_t at[4] = {-1, from, from + half, 1};
        return _::SliceAxis::body(x, at, 4);
    };
    const var c = beside(cos(angle)), n = beside(sin(angle)), a = part(0), b = part(half);
    return concat<-1>(a * c - b * n, b * c + a * n);
}

// torch.nn.MultiheadAttention with batch_first=True: [B, L, Dim] -> [B, L, Dim]. in_proj_weight [3 Dim, Dim] (queries, keys,
// values; fewer rows with kv_heads), in_proj_bias, out_proj.weight [Dim, Dim], out_proj.bias. A mask [B, S] is true (or 0)
// where a key takes part, false (or -inf) at padding: the opposite of PyTorch's key_padding_mask.
template <int Dim, int Heads, MultiheadAttentionOptions O = MultiheadAttentionOptions{}>
struct MultiheadAttention {
    static constexpr int kv_heads = O.kv_heads > 0 ? O.kv_heads : Heads, width = Dim / Heads, kv = kv_heads * width;
    static_assert(Dim % Heads == 0, "etta: MultiheadAttention<Dim, Heads>: Dim is a multiple of Heads");
    static_assert(Heads % kv_heads == 0, "etta: MultiheadAttention: Heads is a multiple of kv_heads");

    Param<sized<Dim + 2 * kv, Dim>, init::xavier_uniform> in_proj_weight;
    std::conditional_t<O.bias, Param<sized<Dim + 2 * kv>, init::zeros>, _::left_out> in_proj_bias;
    _::output_projection<Dim, O.bias> out_proj;

    // Of x with itself.
    constexpr var operator()(var x) const { return itself(x, var{}); }
    constexpr var masked(var x, var mask) const { return itself(x, mask); }
    // Queries from x, keys and values from another sequence [B, S, Dim].
    constexpr var operator()(var x, var memory) const { return across(x, memory, var{}); }
    constexpr var masked(var x, var memory, var mask) const { return across(x, memory, mask); }

private:
    static constexpr bool fits(var x) {
        if (x.rank() >= 3 && x.extent(-1) == Dim && x.extent(-2) > 0) return true;
        const extent any = extent::of_symbol(0);
        x.g->blame(x.rank() < 3 ? _::mistake::rank : _::mistake::layer_input, "multihead_attention", shape(any, any, extent(index{Dim})), x.extents());
        return false;
    }
    // Rows From … To - 1 of the projection, as [..., L, heads, width].
    template <int From, int To>
    constexpr var projected(var x) const {
        var y = matmul(x, slice<0, From, To>(in_proj_weight(x)).t());
        if constexpr (O.bias) y = y + slice<0, From, To>(in_proj_bias(x));
        shape s = y.extents();
        s[-1] = extent(index{(To - From) / width});
        s.push(extent(index{width}));
        return {x.g, _::reshape_to(*x.g, y.id, s)};
    }
    template <int From, int To>
    static constexpr var heads(var x) { return slice<-2, From, To>(x); }
    constexpr var out(var o) const {
        shape s = o.extents();
        --s.rank;
        s[-1] = extent(index{Dim});
        return out_proj(var{o.g, _::reshape_to(*o.g, o.id, s)});
    }
    constexpr var itself(var x, var mask) const {
        const _::in_layer here(x, in_proj_weight.slot);
        if (!fits(x)) return x;
        const var qkv = projected<0, Dim + 2 * kv>(x);
        if constexpr (O.rotary) {
            const var q = rotary(heads<0, Heads>(qkv), O.theta), k = rotary(heads<Heads, Heads + kv_heads>(qkv), O.theta);
            return out(_::positions_first_attention(q, k, heads<Heads + kv_heads, Heads + 2 * kv_heads>(qkv), O.causal, mask));
        } else {
            return out(_::packed_attention(qkv, kv_heads, O.causal, mask));
        }
    }
    constexpr var across(var x, var memory, var mask) const {
        const _::in_layer here(x, in_proj_weight.slot);
        if (!fits(x) || !fits(memory)) return x;
        var q = projected<0, Dim>(x);
        const var both = projected<Dim, Dim + 2 * kv>(memory);
        var k = heads<0, kv_heads>(both);
        if constexpr (O.rotary) q = rotary(q, O.theta), k = rotary(k, O.theta);
        return out(_::positions_first_attention(q, k, heads<kv_heads, 2 * kv_heads>(both), O.causal, mask));
    }
};

}  // namespace etta
