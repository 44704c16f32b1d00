// philox.hpp: core/random.hpp's generator on lanes: the same integers, one block per element. Rounds run on 64-bit numbers,
// the even elements' and the odd ones': only their lower halves count, so what a product leaves above need not be cleared.
#pragma once

#include "../core/random.hpp"
#include "../simd/lane.hpp"

namespace etta {
namespace _ {

template <int N, class Target>
using words_of = lane<std::uint32_t, N, Target>;

// The lower and the upper words of 64-bit numbers.
template <int N, class Target>
ETTA_LANE words_of<N, Target> lower_words(lane<std::int64_t, N, Target> x) { return bit_cast_lane<std::uint32_t>(convert<std::int32_t>(x)); }
template <int N, class Target>
ETTA_LANE words_of<N, Target> upper_words(lane<std::int64_t, N, Target> x) { return bit_cast_lane<std::uint32_t>(convert<std::int32_t>(x >> 32)); }

// W: 64-bit numbers, one or several.
template <class Wide, class W>
ETTA_LANE void philox_rounds(W* c, W k0, W k1) {
    const W m0 = Wide::splat(0xD2511F53u), m1 = Wide::splat(0xCD9E8D57u);
    for (int round = 0; round < 10; ++round) {
        const W a = Wide::multiply_halves(c[0], m0), b = Wide::multiply_halves(c[2], m1);
        c[0] = (b >> 32) ^ c[1] ^ k0, c[1] = b;
        c[2] = (a >> 32) ^ c[3] ^ k1, c[3] = a;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
}
// counter[0..3] and key[0..1] become the first two words of the block.
template <int N, class Target>
ETTA_LANE void philox_lanes(const words_of<N, Target>* counter, const words_of<N, Target>* key, words_of<N, Target>* out) {
    using L = words_of<N, Target>;
    if constexpr (L::halved) {
        using H = words_of<N / 2, Target>;
        const H lo[4] = {counter[0].v.lo, counter[1].v.lo, counter[2].v.lo, counter[3].v.lo}, hi[4] = {counter[0].v.hi, counter[1].v.hi, counter[2].v.hi, counter[3].v.hi};
        const H lo_key[2] = {key[0].v.lo, key[1].v.lo}, hi_key[2] = {key[0].v.hi, key[1].v.hi};
        H below[2], above[2];
        philox_lanes<N / 2, Target>(lo, lo_key, below);
        philox_lanes<N / 2, Target>(hi, hi_key, above);
        for (int i = 0; i < 2; ++i) out[i] = L::of({below[i], above[i]});
    } else if constexpr (N == 1) {
        std::uint64_t c[4] = {counter[0].v, counter[1].v, counter[2].v, counter[3].v};
        philox_rounds<ops<std::uint64_t, 1, Target>>(c, std::uint64_t{key[0].v}, std::uint64_t{key[1].v});
        for (int i = 0; i < 2; ++i) out[i] = L::of(static_cast<std::uint32_t>(c[i]));
    } else {
        using wide = ops<std::uint64_t, N / 2, Target>;
        using W = vector<std::uint64_t, N / 2>;
        W even[4] = {bits<W>(counter[0].v), bits<W>(counter[1].v), bits<W>(counter[2].v), bits<W>(counter[3].v)};
        W odd[4] = {even[0] >> 32, even[1] >> 32, even[2] >> 32, even[3] >> 32};
        philox_rounds<wide>(even, bits<W>(key[0].v), bits<W>(key[1].v));
        philox_rounds<wide>(odd, bits<W>(key[0].v) >> 32, bits<W>(key[1].v) >> 32);
        for (int i = 0; i < 2; ++i) out[i] = L::of(bits<typename L::rep>((even[i] & 0xffffffffu) | (odd[i] << 32)));
    }
}

}  // namespace _

// The first two words of philox(seed, stream, index), element by element.
template <int N, class Target>
struct philox_words {
    lane<std::uint32_t, N, Target> word[2];
};
template <int N, class Target>
ETTA_LANE philox_words<N, Target> philox(lane<std::int64_t, N, Target> seed, lane<std::int64_t, N, Target> stream, lane<std::int32_t, N, Target> index) {
    using L = lane<std::uint32_t, N, Target>;
    const L counter[4] = {bit_cast_lane<std::uint32_t>(index), L(0u), _::lower_words(stream), _::upper_words(stream)};
    const L key[2] = {_::lower_words(seed), _::upper_words(seed)};
    philox_words<N, Target> r;
    _::philox_lanes<N, Target>(counter, key, r.word);
    return r;
}

}  // namespace etta
