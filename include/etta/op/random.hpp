// random.hpp: random numbers inside a traced step. Each is a pure function of (seed, step, site, logical index): whoever
// wants one again, on another thread or in the backward pass, computes it again. Element i of draw number `site` is made
// from block i of core/random.hpp's stream random_stream_of(site, step).
#pragma once

#include "loop.hpp"
#include "softmax.hpp"

namespace etta {
namespace _ {

// Streams of draws: apart from those of starting values, whose numbers are small.
constexpr std::int64_t first_random_stream = std::int64_t{1} << 62;

// The index through all axes. Attributes: -1 (all axes), a tag, the extents. The tag keeps draws apart that have equal
// extents: a shared index would have to be stored.
struct LinearIndex {
    static constexpr const char* name = "linear_index";
    static constexpr op_kind kind = op_kind::generator;
    static constexpr bool differentiable = false;
    static constexpr int flops = 0;
    static constexpr int add(builder& g, const shape& s, std::int64_t tag) {
        std::int64_t t[max_rank + 2] = {-1, tag};
        for (int i = 0; i < s.rank; ++i) t[i + 2] = s.at[i].code;
        return g.add(&info_of<LinearIndex>::value, nullptr, 0, t, s.rank + 2, dtype::i32, s);
    }
};

// 32 random bits (as int32), or 64. Operands: the index, the seed and the stream (int64, usually single numbers).
template <class T>
struct RandomBits : ElementwiseOp<RandomBits<T>> {
    static constexpr const char* name = "random_bits";
    static constexpr int operands = 3;
    static constexpr int flops = 120;
    static constexpr bool differentiable = false;
    static constexpr bool cheap = false;
    static constexpr bool stored = false;
    static constexpr auto eval(auto index, auto seed, auto stream) {
        const auto w = philox(seed, stream, index);
        if constexpr (sizeof(T) == 4) return bit_cast_lane<T>(w.word[0]);
        else return (convert<T>(w.word[1]) << 32) | convert<T>(w.word[0]);
    }
    static constexpr int add(builder& g, const shape& s, int seed, int stream, std::int64_t tag) {
        const int ids[3] = {LinearIndex::add(g, s, tag), expand_to(g, seed, s), expand_to(g, stream, s)};
        return g.add(&info_of<RandomBits>::value, ids, 3, nullptr, 0, dtype_of<T>, s);
    }
    // The same numbers, to be computed again where they are wanted rather than stored from one kernel to another.
    static constexpr int again(builder& g, int bits) {
        if (!g.is<RandomBits>(bits)) return bits;
        const node n = g.of(bits);
        const std::int64_t tag = g.attr(g.of(g.arg(n, 0)), 1);
        const int ids[3] = {LinearIndex::add(g, g.extents_of(bits), tag + 1), g.arg(n, 1), g.arg(n, 2)};
        return g.add(&info_of<RandomBits>::value, ids, 3, nullptr, 0, dtype_of<T>, shape(g.extents_of(bits)));
    }
};
using RandomWord = RandomBits<std::int32_t>;
using RandomWords = RandomBits<std::int64_t>;

// What the next draw of the trace is made from; -1 outside training steps.
struct random_key {
    int seed = -1, stream = -1;
    std::int64_t site = 0;
};
// For x: where that stands in a loop, every step makes a draw of its own.
constexpr random_key next_key(const var& x) {
    builder& g = *x.g;
    if (g.key_argument < 0) return g.blame(mistake::random, "random"), random_key{};
    const std::int64_t site = g.sites++;
    const var seed{&g, g.input(storage::argument, g.key_argument, dtype::i64, shape{})}, step{&g, g.input(storage::argument, g.key_argument + 1, dtype::i64, shape{})};
    var stream = step + var{&g, g.literal(static_cast<double>(first_random_stream + (site << 32)), dtype::i64)};
    double apart = 0x1p44;  // beyond the sites
    for (int l = loop_of(g, x.id); l >= 0 && apart < 0x1p61; l = g.loops[l].parent) {
        stream = stream + var{&g, step_of(g, l)} * var{&g, g.literal(apart, dtype::i64)};
        apart *= g.loops[l].length.is_static() ? static_cast<double>(g.loops[l].length.code) : 0x1p9;
    }
    return {seed.id, stream.id, site};
}
// Random bits of this shape, for x, of the next draw of the trace.
template <class T>
constexpr var next_random(const var& x, const shape& s) {
    builder& g = *x.g;
    const random_key key = next_key(x);
    if (key.seed < 0) return {&g, expand_to(g, g.literal(0, dtype_of<T>), s)};
    return {&g, RandomBits<T>::add(g, s, key.seed, key.stream, key.site << 8)};
}

// x where the random bits (int32) are below a threshold, else 0. Its derivative makes the bits anew.
struct Drop : ElementwiseOp<Drop> {
    static constexpr const char* name = "drop";
    static constexpr int operands = 3;
    static constexpr auto eval(auto x, auto bits, auto threshold) {
        using X = decltype(x);
        return select(mask_cast<typename X::value_type>(bits < threshold), x, X(0));
    }
    static constexpr var of(var x, var bits, var threshold) {
        const shape s = x.extents();
        const int ids[3] = {x.id, expand_to(*x.g, bits.id, s), expand_to(*x.g, threshold.id, s)};
        return {x.g, x.g->add(&info_of<Drop>::value, ids, 3, nullptr, 0, x.type(), s)};
    }
    static constexpr grads<3> vjp(var, var bits, var threshold, var, var g) {
        return grads{of(g, {g.g, RandomWord::again(*g.g, bits.id)}, threshold), var{}, var{}};
    }
};

// Keeps an element with probability `keep`, 0 < keep < 1, to 32 bits: where they are below this.
constexpr std::int64_t drop_threshold(double keep) {
    const std::int64_t t = static_cast<std::int64_t>(keep * 4294967296.0 + 0.5) - 2147483648;
    return t < 2147483647 ? t : 2147483647;
}
constexpr var drop(var x, var bits, double keep) {
    return Drop::of(x, bits, {x.g, x.g->literal(static_cast<double>(drop_threshold(keep)), dtype::i32)});
}

// Bits as a number in [0, 1).
struct UnitOf : ElementwiseOp<UnitOf> {
    static constexpr const char* name = "uniform";
    static constexpr bool differentiable = false;
    template <class To>
    static constexpr auto eval_to(auto bits) {
        if constexpr (sizeof(To) == 4) return convert<To>((bits >> 8) & 0xffffff) * 0x1p-24f;
        else return convert<To>((bits >> 11) & 0x1fffffffffffff) * 0x1p-53;
    }
};
// 64 bits as a normal number, by Box and Muller's method: sqrt(-2 log u) cos(2 pi v), with u from the lower word and v from
// the upper one. Up to 5.7 standard deviations (double: 6.6).
struct NormalOf : ElementwiseOp<NormalOf> {
    static constexpr const char* name = "normal";
    static constexpr int flops = 40;
    static constexpr bool differentiable = false;
    template <class To>
    static constexpr auto eval_to(auto bits) {
        constexpr int drop = sizeof(To) == 4 ? 8 : 0;
        constexpr To unit = sizeof(To) == 4 ? To(0x1p-24f) : To(0x1p-32);
        const auto u = convert<To>(((bits & 0xffffffff) >> drop) + 1) * unit;
        const auto v = convert<To>((bits >> (32 + drop)) & (0xffffffff >> drop)) * unit;
        return sqrt(log(u) * To(-2)) * cos(v * To(6.283185307179586));
    }
};

}  // namespace _

// Uniform in [0, 1), and standard normal, of x's extents and dtype: new numbers at each call in the code, in each step of
// training and of a loop. In training steps only: ask training(x) first.
constexpr var uniform_like(const var& x) {
    _::builder& g = *x.g;
    const shape s = x.extents();
    const int bits = x.type() == dtype::f64 ? _::next_random<std::int64_t>(x, s).id : _::next_random<std::int32_t>(x, s).id;
    return {&g, g.add(&_::info_of<_::UnitOf>::value, &bits, 1, nullptr, 0, x.type() == dtype::f64 ? dtype::f64 : dtype::f32, s)};
}
constexpr var normal_like(const var& x) {
    _::builder& g = *x.g;
    const shape s = x.extents();
    const int bits = _::next_random<std::int64_t>(x, s).id;
    return {&g, g.add(&_::info_of<_::NormalOf>::value, &bits, 1, nullptr, 0, x.type() == dtype::f64 ? dtype::f64 : dtype::f32, s)};
}

}  // namespace etta
