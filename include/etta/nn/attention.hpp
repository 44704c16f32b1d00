// attention.hpp: multi-head attention as a layer: projections around the op in op/attention.hpp. Queries, keys and values are
// one product, whose result the op reads where it lies.
#pragma once

#include "../op/attention.hpp"
#include "embedding.hpp"
#include "layer_norm.hpp"
#include "layers.hpp"
#include "state.hpp"

namespace etta {

// Written MultiheadAttention<64, 4, MultiheadAttentionOptions{.causal = true}>.
struct MultiheadAttentionOptions {
    bool causal = false;
    bool bias = true;
    int kv_heads = 0;        // heads of keys and values, which groups of queries share; 0: as many as queries
    bool rotary = false;     // rotate queries and keys by their position (RoPE)
    real theta = 10000.0;    // RoPE's base
    real dropout = 0.0;      // while training: of the weights, the softmax' results (PyTorch's dropout)
};

namespace _ {

// Linear whose bias starts at 0.
template <int Out, bool Bias>
struct output_projection {
    static constexpr const char* etta_type = "Linear";
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
    static_assert(O.dropout >= 0 && O.dropout < 1, "etta: MultiheadAttention: dropout is a probability, 0 to below 1");

    Param<sized<Dim + 2 * kv, Dim>, init::xavier_uniform> in_proj_weight;
    std::conditional_t<O.bias, Param<sized<Dim + 2 * kv>, init::zeros>, _::left_out> in_proj_bias;
    _::output_projection<Dim, O.bias> out_proj;

    // Of x with itself.
    constexpr var operator()(var x) const { return itself(x, var{}); }
    constexpr var masked(var x, var mask) const { return itself(x, mask); }
    // Queries from x, keys and values from another sequence [B, S, Dim].
    constexpr var operator()(var x, var memory) const { return across(x, memory, memory, var{}); }
    constexpr var masked(var x, var memory, var mask) const { return across(x, memory, memory, mask); }
    // Keys and values each from a sequence of their own, both [B, S, Dim].
    constexpr var operator()(var x, var keys, var values) const { return across(x, keys, values, var{}); }
    constexpr var masked(var x, var keys, var values, var mask) const { return across(x, keys, values, mask); }

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
    static constexpr double drop(var x) { return training(x) ? static_cast<double>(O.dropout) : 0; }
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
        if (_::in_stream(*x.g) && O.causal && !mask.exists()) return out(continued(qkv));
        if (_::in_stream(*x.g)) x.g->blame(_::mistake::stream_later, "multihead_attention");
        if constexpr (O.rotary) {
            const var q = rotary(heads<0, Heads>(qkv), O.theta), k = rotary(heads<Heads, Heads + kv_heads>(qkv), O.theta);
            return out(_::positions_first_attention(q, k, heads<Heads + kv_heads, Heads + 2 * kv_heads>(qkv), O.causal, mask, drop(x)));
        } else {
            return out(_::packed_attention(qkv, kv_heads, O.causal, mask, drop(x)));
        }
    }
    // In a Stream: keys and values of earlier pieces are kept (a KV cache). qkv [1, L, heads, width], L new positions.
    constexpr var continued(var qkv) const {
        _::builder& g = *qkv.g;
        const index length = qkv.extent(1), kept = g.stream_length;
        if (qkv.extent(0) != 1 || kept < length) {
            g.blame(qkv.extent(0) != 1 ? _::mistake::layer_input : _::mistake::stream_length, "stream", shape(extent(1), extent(kept)), qkv.extents());
            return slice<-2, 0, Heads>(qkv);
        }
        var q = heads<0, Heads>(qkv), k = heads<Heads, Heads + kv_heads>(qkv);
        if constexpr (O.rotary) q = rotary(q, O.theta), k = rotary(k, O.theta);
        const var at = _::stream_position(g, length);
        k = remembered(k, at, length, kept);
        const var v = remembered(heads<Heads + kv_heads, Heads + 2 * kv_heads>(qkv), at, length, kept);
        const shape rows(extent(1), extent(1), extent(length), extent(kept));
        const auto number = [&](int axis) constexpr { return var{&g, _::cast_to(g, _::Iota::of(g, rows, axis).id, dtype::i64)}; };
        return _::positions_first_attention(q, k, v, false, number(3) <= number(2) + at);
    }
    // What was kept, with the new rows x [1, L, H, W] from position `at` on: [1, kept, H, W].
    static constexpr var remembered(var x, var at, index length, index kept) {
        _::builder& g = *x.g;
        shape s = x.extents();
        const shape flat(extent(length), s[-2].times(static_cast<index>(s[-1].code)));
        s[1] = extent(kept);
        const var before{&g, g.input(_::storage::argument, 2 + 2 * g.memory.size, x.type(), s)};
        const int slot = g.memory.push(before.id);
        g.transposed.push(-1), g.next_memory.push(-1);
        const var row = var{&g, _::cast_to(g, _::Iota::of(g, shape(kept), 0).id, dtype::i64)} - at;
        const var fresh = embedding(clamp(row, 0, length - 1), var{&g, _::reshape_to(g, x.id, flat)});
        const var now = where(var{&g, _::reshape_to(g, (row >= 0 && row < length).id, shape(extent(1), extent(kept), extent(1), extent(1)))}, var{&g, _::reshape_to(g, fresh.id, s)}, before);
        g.next_memory[slot] = now.id;
        return now;
    }
    constexpr var across(var x, var keys, var values, var mask) const {
        const _::in_layer here(x, in_proj_weight.slot);
        if (!fits(x) || !fits(keys) || !fits(values)) return x;
        if (_::in_stream(*x.g)) x.g->blame(_::mistake::stream_memory, "multihead_attention");
        var q = projected<0, Dim>(x);
        var k, v;
        if (keys.id == values.id) {
            const var both = projected<Dim, Dim + 2 * kv>(keys);
            k = heads<0, kv_heads>(both), v = heads<kv_heads, 2 * kv_heads>(both);
        } else {
            k = projected<Dim, Dim + kv>(keys), v = projected<Dim + kv, Dim + 2 * kv>(values);
        }
        if constexpr (O.rotary) q = rotary(q, O.theta), k = rotary(k, O.theta);
        return out(_::positions_first_attention(q, k, v, O.causal, mask, drop(x)));
    }
};

}  // namespace etta
