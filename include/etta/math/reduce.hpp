// reduce.hpp: x = q pi/2 + r with |r| <= pi/4, for sin, cos and tan. Up to 1e5 pi/2 in a few parts (Cody and Waite);
// beyond, one element at a time, exactly, with as many digits of 2/pi as it takes (Payne and Hanek).
#pragma once

#include "detail.hpp"

namespace etta::_ {

template <class T, int N, class Target>
struct quadrant {
    lane<T, N, Target> r, low;  // r + low; low is what r's rounding lost
    integers<T, N, Target> q;  // its last two bits count
};

// One digit group of 2/pi: 32 binary digits from the one of weight 2^-at on.
template <class Target>
std::uint32_t two_over_pi(int at) {
    static constexpr std::uint32_t words[] = {
        0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u,
        0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu, 0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u,
        0xe99c7026u, 0xb45f7e41u, 0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu,
        0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu,
        0x3d0739f7u, 0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu};
    const int w = (at - 1) >> 5, s = (at - 1) & 31;
    const auto word = [](int i) { return i >= 0 && i < 38 ? words[i] : 0u; };
    return s == 0 ? word(w) : (word(w) << s) | (word(w + 1) >> (32 - s));
}

// Any finite x, |x| >= 1. Returns q.
template <class T, class Target>
ETTA_NOINLINE int reduce_exactly(T x, T& r, T& r_low) {
    using U = uint_of<T>;
    constexpr int m = mantissa_bits<T>, words = sizeof(T) == 4 ? 4 : 7;
    const U b = __builtin_bit_cast(U, x);
    const int e = static_cast<int>(b >> m & (sizeof(T) == 4 ? 0xff : 0x7ff)) - (sizeof(T) == 4 ? 127 : 1023) - m;
    const std::uint64_t mantissa = (b & ((U(1) << m) - 1)) | U(1) << m;  // |x| = mantissa 2^e
    // p = mantissa times the digits from weight 2^(1-e) on: |x| 2/pi modulo 4 is p / 2^(32 words - 2).
    std::uint32_t p[words] = {};  // highest first
    const std::uint32_t factor[2] = {static_cast<std::uint32_t>(mantissa), static_cast<std::uint32_t>(mantissa >> 32)};
    for (int f = 0; f < (m > 32 ? 2 : 1); ++f) {
        std::uint64_t carry = 0;
        for (int i = words - 1 - f; i >= 0; --i) {
            carry += static_cast<std::uint64_t>(two_over_pi<Target>(e - 1 + 32 * (i + f))) * factor[f] + p[i];
            p[i] = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
    }
    int q = static_cast<int>(p[0] >> 30);
    const bool above = (p[0] >> 29 & 1) != 0;  // the rest is above 1/2: take what is missing to the next multiple
    q += above;
    for (int i = 0; i < words; ++i) p[i] = (p[i] << 2 | (i + 1 < words ? p[i + 1] >> 30 : 0u)) ^ (above ? ~0u : 0u);
    int zeros = 0;  // leading digits
    while (zeros < 32 * words - 1 && (p[zeros >> 5] << (zeros & 31) & 0x80000000u) == 0) ++zeros;
    const auto digits = [&](int from, int n) {  // n <= 32 of them
        const int w = from >> 5, s = from & 31;
        const std::uint32_t hi = w < words ? p[w] : 0u, lo = w + 1 < words ? p[w + 1] : 0u;
        return (s == 0 ? hi : hi << s | lo >> (32 - s)) >> (32 - n);
    };
    // The fraction in pieces that a T holds exactly, times pi/2 in two parts.
    constexpr int n = sizeof(T) == 4 ? 24 : 26;
    const T unit = __builtin_bit_cast(T, (U((sizeof(T) == 4 ? 127 : 1023) - zeros - n) << m));  // 2^-(zeros + n)
    const T step = __builtin_bit_cast(T, (U((sizeof(T) == 4 ? 127 : 1023) - n) << m));
    using L = lane<T, 1, Target>;
    L hi = static_cast<T>(digits(zeros, n)), lo = static_cast<T>(digits(zeros + n, n)) * step;
    if constexpr (sizeof(T) == 8) {
        hi += lo;
        lo = (static_cast<T>(digits(zeros + 2 * n, n)) + static_cast<T>(digits(zeros + 3 * n, n)) * step) * step * step;
    }
    const L c = pick<T>(1.57079637f, 1.5707963267948966), c_low = pick<T>(-4.37113883e-8f, 6.123233995736766e-17);
    const auto y = exact_product(hi, c);
    const bool negative = x < 0;
    const auto z = quick_sum(y.hi, y.lo + (lo * c + hi * c_low));
    const T scale = above != negative ? -unit : unit;
    r = z.hi.v * scale, r_low = z.lo.v * scale;
    return negative ? -q : q;
}

template <class T, int N, class Target>
ETTA_NOINLINE void reduce_exactly(const T* x, T* r, T* low, int_of<T>* q) {
    for (int i = 0; i < N; ++i) {
        q[i] = 0, low[i] = 0;
        if (!(x[i] - x[i] == 0)) r[i] = not_a_number<T>;
        else if (x[i] < T(1e5f) && x[i] > T(-1e5f)) r[i] = x[i];
        else q[i] = reduce_exactly<T, Target>(x[i], r[i], low[i]);
    }
}

// x - n pi/2, |x| <= 1e5. Low: also what the result's rounding loses (else 0). n has 16 digits: without a fused
// multiply-add each part of pi/2 leaves room for as many, and the differences that still round are made exact.
template <bool Low, class L>
ETTA_LANE pair<L> minus_n_half_pi(L x, L n) {
    using T = typename L::value_type;
    if constexpr (has_fma<T, typename L::target>) {
        const L a = mul_add(n, L(pick<T>(-1.57079637f, -1.5707963267948966)), x);
        const L c = pick<T>(4.37113883e-8f, -6.123233995736766e-17), d = pick<T>(1.71512451e-15f, 1.4973849048591698e-33);
        if constexpr (!Low) return {mul_add(n, d, mul_add(n, c, a)), L(0)};
        const auto p = exact_product(n, c), s = exact_sum(a, p.hi);
        return quick_sum(s.hi, mul_add(n, d, s.lo + p.lo));
    } else if constexpr (sizeof(T) == 4) {
        const L a = keep(keep(x - n * L(1.5703125f)) - n * L(0.000484466553f));
        const auto s = exact_sum(a, n * L(6.40749931e-7f)), u = exact_sum(s.hi, n * L(-9.89530236e-10f)),
                   v = exact_sum(u.hi, n * L(-2.55795385e-12f));
        return quick_sum(v.hi, keep(s.lo + u.lo) + keep(v.lo - keep(n * L(5.38458167e-15f) + n * L(5.72118892e-18f))));
    } else {
        const L a = keep(x - n * L(1.5707963267341256));
        const auto s = exact_sum(a, n * L(-6.077100506303966e-11)), u = exact_sum(s.hi, n * L(-2.0222662487111665e-21));
        return quick_sum(u.hi, keep(s.lo + u.lo) - keep(n * L(8.4784276603482293e-32) + n * L(2.0670321148798775e-43)));
    }
}

template <bool Low, class T, int N, class Target>
ETTA_LANE quadrant<T, N, Target> reduce_half_pi(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    using I = integers<T, N, Target>;
    const L t = keep(mul_add(x, L(pick<T>(0.636619747f, 0.63661977236758138)), L(to_integer<T>)));
    const L n = keep(t - L(to_integer<T>));
    const auto near = minus_n_half_pi<Low>(x, n);
    quadrant<T, N, Target> z{near.hi, near.lo, bits_of(t)};
    const auto far = !(abs(x) < L(1e5f));
    if (any(far)) {
        T in[N], r[N], low[N];
        int_of<T> q[N];
        x.store(in);
        reduce_exactly<T, N, Target>(in, r, low, q);
        z.r = select(far, L::load(r), z.r), z.low = select(far, L::load(low), z.low);
        z.q = select(mask_cast<int_of<T>>(far), I::load(q), z.q);
    }
    return z;
}

}  // namespace etta::_
