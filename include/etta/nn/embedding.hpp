// embedding.hpp: tables of vectors for tokens and positions. Tokens may be numbers of any type: a model has one element type,
// and whole numbers up to 2^24 are exact in float.
#pragma once

#include "../op/index.hpp"
#include "../op/trigonometry.hpp"
#include "../op/view.hpp"
#include "parameter.hpp"
#include "real.hpp"

namespace etta {

// Row ids[i] of a table: [...] -> [..., D]. weight [N, D], from N(0, 1) unless Init says otherwise. The row of a token equal to
// Padding (-1: none) starts from zeros and gets no gradient from its look-ups (PyTorch's padding_idx). A model whose input they are
// refuses ids that are not 0 to N - 1 (ids.hpp); elsewhere their rows are NaN.
template <int N, int D, int Padding = -1, class Init = init::normal<>>
struct Embedding {
    Param<sized<N, D>, Init> weight;
    constexpr var operator()(var ids) const {
        const _::in_layer here(ids, weight.slot);
        const var rows = embedding(ids, weight(ids));
        int whole = ids.id;
        while (ids.g->is<_::Reshape>(whole)) whole = ids.g->arg(ids.g->of(whole), 0);
        const _::node& n = ids.g->of(whole);
        if (n.op->kind == _::op_kind::input && ids.g->attr(n, 0) == static_cast<std::int64_t>(_::storage::argument))
            ids.g->id_tables.push({static_cast<int>(ids.g->attr(n, 1)), weight.slot, N});
        if constexpr (Padding < 0) {
            return rows;
        } else {
            if (weight.slot >= 0) ids.g->starts[weight.slot].zero_row = Padding;
            return where(unsqueeze<-1>(ids) == Padding, stop_gradient(rows), rows);
        }
    }
    // x Wᵀ: [..., D] -> [..., N]: the same table as the output's weights.
    constexpr var attend(var x) const {
        const _::in_layer here(x, weight.slot);
        return matmul(x, weight(x).t());
    }
};

namespace _ {
// In a Stream: the position of the piece's first element, [] i64; it is `length` further on in the next call.
constexpr var stream_position(builder& g, index length) {
    if (g.stream_place < 0) {
        const int v = g.input(storage::argument, 2 + 2 * g.memory.size, dtype::i64, shape{});
        g.stream_place = g.memory.push(v);
        g.transposed.push(-1);
        g.next_memory.push((var{&g, v} + length).id);
        g.stream_step = length;
    } else if (g.stream_step != length) {
        g.blame(mistake::stream_rate, "positions");
    }
    return {&g, g.memory[g.stream_place]};
}
// Positions of a piece of `length` elements, [length] i64: from 0 on, in a Stream from where it stands.
constexpr var positions_of(builder& g, index length) {
    const var from_zero{&g, cast_to(g, Iota::of(g, shape(length), 0).id, dtype::i64)};
    return in_stream(g) ? from_zero + stream_position(g, length) : from_zero;
}
}  // namespace _

// x + weight: [..., L, D] with one row per position, weight [MaxLength, D] (0: L).
template <int MaxLength = 0, class Init = init::normal<>>
struct LearnedPositions {
    Param<sized<MaxLength, last>, Init> weight;
    constexpr var operator()(var x) const {
        const _::in_layer here(x, weight.slot);
        const shape s = x.extents();
        if (x.rank() < 2 || !s[-2].is_static() || (MaxLength > 0 && s[-2].code > MaxLength)) {
            x.g->blame(_::mistake::layer_input, "positions", shape(extent(index{MaxLength}), s[-1]), s);
            return x;
        }
        var w = weight.declare(x, shape(MaxLength > 0 ? extent(index{MaxLength}) : s[-2], s[-1]));
        if (_::in_stream(*x.g)) {  // which ends where the table does
            index& length = x.g->stream_length;
            if (length == 0 || length > w.extent(0)) length = w.extent(0);
            return x + embedding(_::positions_of(*x.g, static_cast<index>(s[-2].code)), w);
        }
        const std::int64_t rows[4] = {0, 0, s[-2].code, 1};
        return x + _::SliceAxis::body(w, rows, 4);
    }
};

namespace _ {
// Angles [L, D] of position p and pair k: p / Theta^(2 k / channels). Columns come in pairs (k = i / 2) or are the pairs.
constexpr var position_angles(builder& g, const shape& s, double theta, bool in_pairs, dtype t) {
    const auto number = [&](int axis) constexpr {
        const var n{&g, cast_to(g, Iota::of(g, s, axis).id, t)};
        return axis == 0 && in_stream(g) ? n + var{&g, cast_to(g, stream_position(g, static_cast<index>(s.at[0].code)).id, t)} : n;
    };
    const double channels = static_cast<double>(s.at[1].code) * (in_pairs ? 1 : 2);
    const var pair = in_pairs ? floor(number(1) * 0.5) : number(1);
    return number(0) * pow(var{&g, g.literal(theta, t)}, pair * (-2 / channels));
}
}  // namespace _

// x + sin or cos of the position: [..., L, D], even columns sin(p / 10000^(i / D)), odd ones the cosine of the column before.
// Vaswani et al. 2017. No parameters.
struct SinusoidalPositions {
    constexpr var operator()(var x) const {
        const _::in_layer here(x, this);
        if (x.rank() < 2 || !x.extents()[-2].is_static() || !x.extents()[-1].is_static()) {
            x.g->blame(_::mistake::rank, "positions", shape(extent(1), extent(1)), x.extents());
            return x;
        }
        const shape s(x.extents()[-2], x.extents()[-1]);
        const var angle = _::position_angles(*x.g, s, 10000, true, x.type());
        const var column{x.g, _::cast_to(*x.g, _::Iota::of(*x.g, s, 1).id, x.type())};
        return x + where(column == 2 * floor(column * 0.5), sin(angle), cos(angle));
    }
};

}  // namespace etta
