// philox.hpp: core/random.hpp's generator on lanes: the same integers, one block per element. A product of 32-bit numbers is
// had from the even and the odd elements in turn, as 64-bit ones.
#pragma once

#include "../core/random.hpp"
#include "../simd/lane.hpp"

namespace etta {
namespace _ {

template <int N, class Target>
using words_of = lane<std::uint32_t, N, Target>;

// m * a as a high and a low word.
template <int N, class Target>
ETTA_LANE void multiply_wide(words_of<N, Target> a, std::uint32_t m, words_of<N, Target>& high, words_of<N, Target>& low) {
    using L = words_of<N, Target>;
    if constexpr (N == 1) {
        const std::uint64_t p = std::uint64_t{m} * a.v;
        high = L::of(static_cast<std::uint32_t>(p >> 32)), low = L::of(static_cast<std::uint32_t>(p));
    } else if constexpr (L::halved) {
        multiply_wide<N / 2, Target>(a.v.lo, m, high.v.lo, low.v.lo);
        multiply_wide<N / 2, Target>(a.v.hi, m, high.v.hi, low.v.hi);
    } else {
        using wide = ops<std::uint64_t, N / 2, Target>;
        using W = vector<std::uint64_t, N / 2>;
        const W x = bits<W>(a.v), by = wide::splat(m);
        const W even = wide::multiply_halves(x, by), odd = wide::multiply_halves(x >> 32, by);
        constexpr std::uint64_t lower = 0xffffffff;
        low = L::of(bits<typename L::rep>((even & lower) | (odd << 32)));
        high = L::of(bits<typename L::rep>((even >> 32) | (odd & ~lower)));
    }
}

// The lower and the upper words of 64-bit numbers.
template <int N, class Target>
ETTA_LANE words_of<N, Target> lower_words(lane<std::int64_t, N, Target> x) { return bit_cast_lane<std::uint32_t>(convert<std::int32_t>(x)); }
template <int N, class Target>
ETTA_LANE words_of<N, Target> upper_words(lane<std::int64_t, N, Target> x) { return bit_cast_lane<std::uint32_t>(convert<std::int32_t>(x >> 32)); }

}  // namespace _

// The first two words of philox(seed, stream, index), element by element.
template <int N, class Target>
struct philox_words {
    lane<std::uint32_t, N, Target> word[2];
};
template <int N, class Target>
ETTA_LANE philox_words<N, Target> philox(lane<std::int64_t, N, Target> seed, lane<std::int64_t, N, Target> stream, lane<std::int32_t, N, Target> index) {
    using L = lane<std::uint32_t, N, Target>;
    L c0 = bit_cast_lane<std::uint32_t>(index), c1 = 0u, c2 = _::lower_words(stream), c3 = _::upper_words(stream);
    L k0 = _::lower_words(seed), k1 = _::upper_words(seed);
    for (int round = 0; round < 10; ++round) {
        L ah, al, bh, bl;
        _::multiply_wide<N, Target>(c0, 0xD2511F53u, ah, al);
        _::multiply_wide<N, Target>(c2, 0xCD9E8D57u, bh, bl);
        c0 = bh ^ c1 ^ k0, c1 = bl, c2 = ah ^ c3 ^ k1, c3 = al;
        k0 += L(0x9E3779B9u), k1 += L(0xBB67AE85u);
    }
    return {{c0, c1}};
}

}  // namespace etta
