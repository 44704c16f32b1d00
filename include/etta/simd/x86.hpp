// x86.hpp: what x86's registers do beyond the compiler's operators (square root, rounding, minimum and maximum, loads under
// a mask, AVX-512's tools for exponents), by g++'s own names for the instructions. <immintrin.h> declares some six thousand
// functions in their terms, which every program would read; simd/xsimd.hpp has the same for other compilers, and for a
// g++ that does not know one of these names (core/target.hpp asks).
#pragma once

#include "portable.hpp"

#if defined(ETTA_USE_X86)

namespace etta::_ {

inline constexpr int current_rounding = 4;  // as the instructions number it

template <class T, int N, class Target, bool Known = std::is_floating_point_v<T> && N * sizeof(T) >= 16>
struct x86_ops : portable_ops<T, N, Target> {
    using vec = vector<T, N>;

    ETTA_INLINE static vec greater(vec a, vec b) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return __builtin_ia32_maxps(b, a);
        else if constexpr (sizeof(vec) == 16) return __builtin_ia32_maxpd(b, a);
#if defined(__AVX__)
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return __builtin_ia32_maxps256(b, a);
        else if constexpr (sizeof(vec) == 32) return __builtin_ia32_maxpd256(b, a);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_maxps512_mask(b, a, a, -1, current_rounding);
        else return __builtin_ia32_maxpd512_mask(b, a, a, -1, current_rounding);
#endif
    }
    ETTA_INLINE static vec lesser(vec a, vec b) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return __builtin_ia32_minps(b, a);
        else if constexpr (sizeof(vec) == 16) return __builtin_ia32_minpd(b, a);
#if defined(__AVX__)
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return __builtin_ia32_minps256(b, a);
        else if constexpr (sizeof(vec) == 32) return __builtin_ia32_minpd256(b, a);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_minps512_mask(b, a, a, -1, current_rounding);
        else return __builtin_ia32_minpd512_mask(b, a, a, -1, current_rounding);
#endif
    }
    ETTA_INLINE static vec sqrt(vec a) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return __builtin_ia32_sqrtps(a);
        else if constexpr (sizeof(vec) == 16) return __builtin_ia32_sqrtpd(a);
#if defined(__AVX__)
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return __builtin_ia32_sqrtps256(a);
        else if constexpr (sizeof(vec) == 32) return __builtin_ia32_sqrtpd256(a);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_sqrtps512_mask(a, a, -1, current_rounding);
        else return __builtin_ia32_sqrtpd512_mask(a, a, -1, current_rounding);
#endif
    }
#if defined(__SSE4_1__)
    template <int Mode>
    ETTA_INLINE static vec rounded(vec a) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return __builtin_ia32_roundps(a, Mode);
        else if constexpr (sizeof(vec) == 16) return __builtin_ia32_roundpd(a, Mode);
#if defined(__AVX__)
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return __builtin_ia32_roundps256(a, Mode);
        else if constexpr (sizeof(vec) == 32) return __builtin_ia32_roundpd256(a, Mode);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_rndscaleps_mask(a, Mode, a, -1, current_rounding);
        else return __builtin_ia32_rndscalepd_mask(a, Mode, a, -1, current_rounding);
#endif
    }
    static constexpr int quietly = 8;  // raises no "inexact"
    ETTA_INLINE static vec round(vec a) { return rounded<0 | quietly>(a); }
    ETTA_INLINE static vec floor(vec a) { return rounded<1 | quietly>(a); }
    ETTA_INLINE static vec ceil(vec a) { return rounded<2 | quietly>(a); }
    ETTA_INLINE static vec trunc(vec a) { return rounded<3 | quietly>(a); }
#endif

#if defined(__AVX__)
    // g++ makes a shuffle of a join that can be a load.
    ETTA_INLINE static vec join_halves(vector<T, N / 2> low, vector<T, N / 2> high) {
        if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return __builtin_ia32_vinsertf128_ps256(__builtin_ia32_ps256_ps(low), high, 1);
        else if constexpr (sizeof(vec) == 32) return __builtin_ia32_vinsertf128_pd256(__builtin_ia32_pd256_pd(low), high, 1);
#if defined(__AVX512F__)
        else if constexpr (sizeof(vec) == 64) {
            using quarters = vector<double, 4>;
            const auto first = __builtin_ia32_pd512_256pd((quarters)low);
            return (vec)__builtin_ia32_insertf64x4_mask(first, (quarters)high, 1, first, -1);
        }
#endif
        else return join<T, N / 2>(low, high);
    }
#endif
};
template <class T, int N, class Target>
struct x86_ops<T, N, Target, false> : portable_ops<T, N, Target> {
    using vec = vector<T, N>;
    ETTA_INLINE static vec multiply_halves(vec a, vec b) {  // g++ would multiply whole elements, with three products
        using halves = vector<std::int32_t, sizeof(vec) >= 4 ? static_cast<int>(sizeof(vec)) / 4 : 1>;
        if constexpr (sizeof(vec) == 16) return (vec)__builtin_ia32_pmuludq128((halves)a, (halves)b);
#if defined(__AVX2__)
        else if constexpr (sizeof(vec) == 32) return (vec)__builtin_ia32_pmuludq256((halves)a, (halves)b);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(vec) == 64) return (vec)__builtin_ia32_pmuludq512_mask((halves)a, (halves)b, (vector<long long, 8>)a, -1);
#endif
        else return portable_ops<T, N, Target>::multiply_halves(a, b);
    }
};

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)

// Memory that a mask switches off is not touched, whatever the width: one 64-byte instruction serves all lanes.
template <class T, int N, class Target>
struct ops : x86_ops<T, N, Target> {
    using base = x86_ops<T, N, Target>;
    using vec = vector<T, N>;
    using base::load;
    using base::store;
    static constexpr bool masked = N > 1 && N * sizeof(T) >= 16;
    static constexpr bool half_tools = std::is_same_v<T, float> && N == 8;  // where a layer is eight wide
    static constexpr bool has_float_tools = half_tools || (std::is_floating_point_v<T> && N * sizeof(T) == 64);

    ETTA_INLINE static vec scale(vec p, vec n) {
        if constexpr (half_tools) return __builtin_ia32_scalefps256_mask(p, n, p, -1);
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_scalefps512_mask(p, n, p, -1, current_rounding);
        else return __builtin_ia32_scalefpd512_mask(p, n, p, -1, current_rounding);
    }
    ETTA_INLINE static vec reciprocal(vec a) {
        if constexpr (half_tools) return __builtin_ia32_rcp14ps256_mask(a, a, -1);
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_rcp14ps512_mask(a, a, -1);
        else return __builtin_ia32_rcp14pd512_mask(a, a, -1);
    }
    static constexpr int from_1_to_2 = 0, nan_if_negative = 2 << 2;
    ETTA_INLINE static vec mantissa(vec a) {  // NaN for negative numbers, 1 for 0 and infinity
        if constexpr (half_tools) return __builtin_ia32_getmantps256_mask(a, from_1_to_2 | nan_if_negative, a, -1);
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_getmantps512_mask(a, from_1_to_2 | nan_if_negative, a, -1, current_rounding);
        else return __builtin_ia32_getmantpd512_mask(a, from_1_to_2 | nan_if_negative, a, -1, current_rounding);
    }
    ETTA_INLINE static vec exponent(vec a) {  // -infinity for 0
        if constexpr (half_tools) return __builtin_ia32_getexpps256_mask(a, a, -1);
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_getexpps512_mask(a, a, -1, current_rounding);
        else return __builtin_ia32_getexppd512_mask(a, a, -1, current_rounding);
    }
    template <class Index>
    ETTA_INLINE static vec look_up(const float* table, Index i) {  // of 16 floats
        if constexpr (half_tools) return __builtin_ia32_vpermi2varps256_mask(base::load(table), i, base::load(table + 8), -1);
        else return __builtin_ia32_permvarsf512_mask(base::load(table), i, vec{}, -1);
    }

    template <class I>
    using wide = vector<I, 64 / static_cast<int>(sizeof(I))>;
    ETTA_INLINE static unsigned long long first(int n) { return n >= N ? (N == 64 ? ~0ull : (1ull << (N % 64)) - 1) : n <= 0 ? 0 : (1ull << n) - 1; }
    ETTA_INLINE static vec load(const T* p, int n) {
        if constexpr (!masked) return base::load(p, n);
        else {
            const auto k = first(n);
            wide<int> v;
            if constexpr (sizeof(T) == 8) v = (wide<int>)__builtin_ia32_loaddqudi512_mask(reinterpret_cast<const long long*>(p), wide<long long>{}, k);
            else if constexpr (sizeof(T) == 4) v = __builtin_ia32_loaddqusi512_mask(reinterpret_cast<const int*>(p), wide<int>{}, k);
            else if constexpr (sizeof(T) == 2) v = (wide<int>)__builtin_ia32_loaddquhi512_mask(reinterpret_cast<const short*>(p), wide<short>{}, k);
            else v = (wide<int>)__builtin_ia32_loaddquqi512_mask(reinterpret_cast<const char*>(p), wide<char>{}, k);
            if constexpr (sizeof(vec) == 64) return (vec)v;
            else if constexpr (sizeof(vec) == 32) return (vec)lower<int, 16>(v);
            else return (vec)lower<int, 8>(lower<int, 16>(v));
        }
    }
    ETTA_INLINE static vec first_elements(vec x, int n, vec other)
        requires(N * sizeof(T) == 64 && sizeof(T) >= 4)
    {
        if constexpr (sizeof(T) == 4) return (vec)__builtin_ia32_movdqa32_512_mask((wide<int>)x, (wide<int>)other, first(n));
        else return (vec)__builtin_ia32_movdqa64_512_mask((wide<long long>)x, (wide<long long>)other, first(n));
    }
    ETTA_INLINE static void store(T* p, vec x, int n) {
        if constexpr (!masked) base::store(p, x, n);
        else {
            const auto k = first(n);
            wide<int> v;
            if constexpr (sizeof(vec) == 64) v = (wide<int>)x;
            else if constexpr (sizeof(vec) == 32) v = __builtin_ia32_si512_256si((vector<int, 8>)x);
            else v = __builtin_ia32_si512_si((vector<int, 4>)x);
            if constexpr (sizeof(T) == 8) __builtin_ia32_storedqudi512_mask(reinterpret_cast<long long*>(p), (wide<long long>)v, k);
            else if constexpr (sizeof(T) == 4) __builtin_ia32_storedqusi512_mask(reinterpret_cast<int*>(p), v, k);
            else if constexpr (sizeof(T) == 2) __builtin_ia32_storedquhi512_mask(reinterpret_cast<short*>(p), (wide<short>)v, k);
            else __builtin_ia32_storedquqi512_mask(reinterpret_cast<char*>(p), (wide<char>)v, k);
        }
    }
};

#elif defined(__AVX2__)

template <class T, int N, class Target>
struct ops : x86_ops<T, N, Target> {
    using base = x86_ops<T, N, Target>;
    using vec = vector<T, N>;
    using base::load;
    using base::store;
    static constexpr bool masked = sizeof(vec) == 32 && sizeof(T) >= 4;

    using halves = vector<int, 8>;
    using wholes = vector<long long, 4>;
    ETTA_INLINE static auto first(int n) {
        if constexpr (sizeof(T) == 8) return (wholes)(wholes{0, 1, 2, 3} < n + wholes{});
        else return halves{0, 1, 2, 3, 4, 5, 6, 7} < n + halves{};
    }
    ETTA_INLINE static vec load(const T* p, int n) {
        if constexpr (!masked) return base::load(p, n);
        else if constexpr (sizeof(T) == 8) return (vec)__builtin_ia32_maskloadq256(reinterpret_cast<const wholes*>(p), first(n));
        else return (vec)__builtin_ia32_maskloadd256(reinterpret_cast<const halves*>(p), first(n));
    }
    ETTA_INLINE static void store(T* p, vec x, int n) {
        if constexpr (!masked) base::store(p, x, n);
        else if constexpr (sizeof(T) == 8) __builtin_ia32_maskstoreq256(reinterpret_cast<wholes*>(p), first(n), (wholes)x);
        else __builtin_ia32_maskstored256(reinterpret_cast<halves*>(p), first(n), (halves)x);
    }
};

#else
template <class T, int N, class Target>
struct ops : x86_ops<T, N, Target> {};
#endif

}  // namespace etta::_

#endif
