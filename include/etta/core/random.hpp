// random.hpp: random numbers as a pure function of (seed, stream, index): nothing to store, any element can be computed
// again, in any order and on any thread. Used for initial weights, dropout, shuffles and splits; constexpr throughout.
//
// The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC'11). It
// passes TestU01's BigCrush, and needs two multiplications per round and no table.
#pragma once

#include <cstdint>

#include "dtype.hpp"
#include "target.hpp"

namespace etta {

// The one number that a run's randomness depends on: written etta::seed(1), so that it is never mistaken for a size.
struct seed {
    std::uint64_t value = 0;
    explicit constexpr seed(std::uint64_t v) : value(v) {}
    friend constexpr bool operator==(seed a, seed b) { return a.value == b.value; }
};

// One call of the generator: 128 random bits.
struct philox_block {
    std::uint32_t word[4];
    constexpr std::uint64_t low() const { return word[0] | static_cast<std::uint64_t>(word[1]) << 32; }
    constexpr std::uint64_t high() const { return word[2] | static_cast<std::uint64_t>(word[3]) << 32; }
};

// The bijection itself, for a 128-bit counter and a 64-bit key, as the paper numbers their words.
template <class Target = this_target>
constexpr philox_block philox4x32(philox_block counter, std::uint32_t key0, std::uint32_t key1) {
    ETTA_ROLLED for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53} * counter.word[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter.word[2];
        counter = {{static_cast<std::uint32_t>(b >> 32) ^ counter.word[1] ^ key0, static_cast<std::uint32_t>(b),
                    static_cast<std::uint32_t>(a >> 32) ^ counter.word[3] ^ key1, static_cast<std::uint32_t>(a)}};
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
    return counter;
}

// Block `block` of stream `stream`: the counter is (block, stream), the key is the seed. A stream is whatever must be
// independent of everything else: a parameter's number, a random node's site and step.
template <class Target = this_target>
constexpr philox_block philox(seed s, std::uint64_t stream, std::uint64_t block) {
    return philox4x32<Target>({{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                        static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}},
                      static_cast<std::uint32_t>(s.value), static_cast<std::uint32_t>(s.value >> 32));
}

// Uniform in [0, 1): every multiple of 2^-24 (float) or 2^-53 (double) equally likely.
constexpr float to_unit_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }
constexpr double to_unit_double(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

namespace _ {

template <class T>
constexpr T horner(T x, const T* coefficient, int n) {  // coefficient[n-1] x^(n-1) + ... + coefficient[0]
    T y = coefficient[n - 1];
    ETTA_ROLLED for (int i = n - 2; i >= 0; --i) y = y * x + coefficient[i];
    return y;
}

// sqrt(-2 log(p)) / sqrt(2), that is sqrt(-log p), for 0 < p <= 1/2, without a library: constant evaluation needs it,
// and the same bits on every platform are worth more here than the last ulp. About 1 ulp of T each.
template <class T>
constexpr T root_of_minus_log(T p) {
    int halvings = 0;
    while (p < T(0.70710678118654752440)) p *= 2, ++halvings;  // exact
    // log p = 2 atanh((p - 1) / (p + 1)), |argument| < 0.172
    const T z = (p - 1) / (p + 1), z2 = z * z;
    T series = 0;
    ETTA_ROLLED for (int k = sizeof(T) == 4 ? 9 : 23; k >= 1; k -= 2) series = series * z2 + T(1) / T(k);
    const T y = T(halvings) * T(0.69314718055994530942) - 2 * z * series;  // 0.69 .. 45
    T root = y < 4 ? T(1.3) : y < 16 ? T(2.8) : T(5);
    ETTA_ROLLED for (int i = 0; i < (sizeof(T) == 4 ? 4 : 5); ++i) root = T(0.5) * (root + y / root);  // Newton
    return root;
}

// The normal distribution's quantile at 1/2 + q, with the distance p to the nearer end of (0, 1) given on its own, so
// that tails keep their digits. M. J. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988): relative error about
// 1e-16 for PPND16 (double) and 1e-7 for PPND7 (float).
template <class T>
constexpr T normal_quantile(T q, T p);

template <>
constexpr double normal_quantile(double q, double p) {
    constexpr double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                            1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                            3.3430575583588128105e+4, 2.5090809287301226727e+3};
    constexpr double b[] = {1.0,                      4.2313330701600911252e+1, 6.8718700749205790830e+2,
                            5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
                            2.8729085735721942674e+4, 5.2264952788528545610e+3};
    constexpr double c[] = {1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,
                            3.64784832476320460504e0, 1.27045825245236838258e0,  2.41780725177450611770e-1,
                            2.27238449892691845833e-2, 7.74545014278341407640e-4};
    constexpr double d[] = {1.0,                       2.05319162663775882187e0,  1.67638483018380384940e0,
                            6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                            5.47593808499534494600e-4, 1.05075007164441684324e-9};
    constexpr double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                            2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                            2.71155556874348757815e-5, 2.01033439929228813265e-7};
    constexpr double f[] = {1.0,                       5.99832206555887937690e-1, 1.36929880922735805310e-1,
                            1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                            1.42151175831644588870e-7, 2.04426310338993978564e-15};
    if (-0.425 <= q && q <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * horner(r, a, 8) / horner(r, b, 8);
    }
    const double r = root_of_minus_log(p);
    const double x = r <= 5 ? horner(r - 1.6, c, 8) / horner(r - 1.6, d, 8) : horner(r - 5, e, 8) / horner(r - 5, f, 8);
    return q < 0 ? -x : x;
}

template <>
constexpr float normal_quantile(float q, float p) {
    constexpr float a[] = {3.3871327179e0f, 5.0434271938e1f, 1.5929113202e2f, 5.9109374720e1f};
    constexpr float b[] = {1.0f, 1.7895169469e1f, 7.8757757664e1f, 6.7187563600e1f};
    constexpr float c[] = {1.4234372777e0f, 2.7568153900e0f, 1.3067284816e0f, 1.7023821103e-1f};
    constexpr float d[] = {1.0f, 7.3700164250e-1f, 1.2021132975e-1f};
    constexpr float e[] = {6.6579051150e0f, 3.0812263860e0f, 4.2868294337e-1f, 1.7337203997e-2f};
    constexpr float f[] = {1.0f, 2.4197894225e-1f, 1.2258202635e-2f};
    if (-0.425f <= q && q <= 0.425f) {
        const float r = 0.180625f - q * q;
        return q * horner(r, a, 4) / horner(r, b, 4);
    }
    const float r = root_of_minus_log(p);
    const float x = r <= 5 ? horner(r - 1.6f, c, 4) / horner(r - 1.6f, d, 3) : horner(r - 5, e, 4) / horner(r - 5, f, 3);
    return q < 0 ? -x : x;
}

}  // namespace _

// Standard normal, one number from 32 (float, up to 6.3 standard deviations) or 64 bits (double, up to 9.1).
constexpr float to_normal_float(std::uint32_t bits) {
    // The bits as q = (bits + 1/2) 2^-32 - 1/2, symmetric about 0; the nearer end is 1/2 - |q|, kept exact.
    const std::uint32_t below_half = bits < 0x80000000u ? 0x7FFFFFFFu - bits : bits - 0x80000000u;
    const std::uint32_t to_the_end = 0x7FFFFFFFu - below_half;
    const float q = (static_cast<float>(below_half) + 0.5f) * 0x1p-32f;
    return _::normal_quantile(bits < 0x80000000u ? -q : q, (static_cast<float>(to_the_end) + 0.5f) * 0x1p-32f);
}
constexpr double to_normal_double(std::uint64_t bits) {
    const std::uint64_t half = std::uint64_t{1} << 63;
    const std::uint64_t below_half = bits < half ? half - 1 - bits : bits - half;
    const std::uint64_t to_the_end = half - 1 - below_half;
    const double q = (static_cast<double>(below_half) + 0.5) * 0x1p-64;
    return _::normal_quantile(bits < half ? -q : q, (static_cast<double>(to_the_end) + 0.5) * 0x1p-64);
}

// Number `i` of a stream. Four floats or two doubles share a block, so neighbours cost one call when a loop takes whole
// blocks, and a single one costs a call of its own.
template <class T, class Target = this_target>
constexpr T uniform_at(seed s, std::uint64_t stream, std::uint64_t i) {
    if constexpr (sizeof(T) == 4) return to_unit_float(philox<Target>(s, stream, i / 4).word[i % 4]);
    else return to_unit_double(i % 2 == 0 ? philox<Target>(s, stream, i / 2).low() : philox<Target>(s, stream, i / 2).high());
}
template <class T, class Target = this_target>
constexpr T normal_at(seed s, std::uint64_t stream, std::uint64_t i) {
    if constexpr (sizeof(T) == 4) return to_normal_float(philox<Target>(s, stream, i / 4).word[i % 4]);
    else return to_normal_double(i % 2 == 0 ? philox<Target>(s, stream, i / 2).low() : philox<Target>(s, stream, i / 2).high());
}

// The same numbers one after another, for code that draws an unknown number of them.
class random_stream {
  public:
    constexpr explicit random_stream(seed s, std::uint64_t stream = 0) : key(s), number(stream) {}

    template <class Target = this_target>
    constexpr std::uint32_t next() {
        if (at % 4 == 0) block = philox<Target>(key, number, at / 4);
        return block.word[at++ % 4];
    }
    template <class Target = this_target>
    constexpr std::uint64_t next64() {
        const std::uint64_t low = next<Target>();
        return low | static_cast<std::uint64_t>(next<Target>()) << 32;
    }
    // Uniform in [0, 1).
    template <class T, class Target = this_target>
    constexpr T uniform() {
        if constexpr (sizeof(T) == 4) return to_unit_float(next<Target>());
        else return to_unit_double(next64<Target>());
    }
    // Mean 0, standard deviation 1.
    template <class T, class Target = this_target>
    constexpr T normal() {
        if constexpr (sizeof(T) == 4) return to_normal_float(next<Target>());
        else return to_normal_double(next64<Target>());
    }
    // 0 .. n-1, all equally likely; n >= 1. Numbers past the last multiple of n are drawn again (less than once in two).
    template <class Target = this_target>
    constexpr std::uint64_t below(std::uint64_t n) {
        if (n <= 0xFFFFFFFFu) {
            const std::uint32_t m = static_cast<std::uint32_t>(n);
            const std::uint32_t reject = (0u - m) % m;  // 2^32 mod n
            std::uint32_t x = next<Target>();
            while (x < reject) x = next<Target>();
            return x % m;
        }
        const std::uint64_t reject = (std::uint64_t{0} - n) % n;
        std::uint64_t x = next64<Target>();
        while (x < reject) x = next64<Target>();
        return x % n;
    }

  private:
    seed key;
    std::uint64_t number;
    std::uint64_t at = 0;
    philox_block block{};
};

namespace _ {
template <class Target, class T>
constexpr void shuffle_array(T* items, index n, seed s, std::uint64_t stream) {
    random_stream random(s, stream);
    for (index i = n - 1; i > 0; --i) {
        const auto j = static_cast<index>(random.below<Target>(static_cast<std::uint64_t>(i) + 1));
        const T kept = items[i];
        items[i] = items[j];
        items[j] = kept;
    }
}
}  // namespace _

// Puts items[0..n) in random order (Fisher and Yates): each of the n! orders equally likely, up to the seed's 64 bits.
template <class T, class Target = this_target>
constexpr void shuffle(T* items, index n, seed s, std::uint64_t stream = 0) {
    _::shuffle_array<Target>(items, n, s, stream);
}
// The same for anything with data() and size(): a span, a vector, an array.
template <class Items, class Target = this_target>
    requires requires(Items& items) { items.data(), items.size(); }
constexpr void shuffle(Items&& items, seed s, std::uint64_t stream = 0) {
    _::shuffle_array<Target>(items.data(), static_cast<index>(items.size()), s, stream);
}

}  // namespace etta
