// xsimd.hpp: the one file that includes xsimd (8.1 and later). xsimd knows which registers there are and brings the
// intrinsics along, from which come what the compiler's operators do not give: square root, rounding, minimum and maximum,
// loads under a mask, and AVX-512's tools for exponents. Its registers only: <xsimd/xsimd.hpp>, with the batches and all
// their functions, costs every program some 0.4 s more to compile (g++ 12; a small training program takes 3).
#pragma once

#include <cstddef>  // which xsimd's registers count on

#if !defined(__clang__)
#pragma GCC diagnostic push  // g++ 12 takes _mm512_undefined_ps() in its own headers for a mistake
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/types/xsimd_all_registers.hpp>

#include "portable.hpp"

namespace etta::_ {

// xsimd's register of this many bytes of floats or doubles.
template <class T, int Bytes>
struct xsimd_register { static constexpr bool known = false; };
#if XSIMD_WITH_SSE2
template <class T>
    requires std::is_floating_point_v<T>
struct xsimd_register<T, 16> : xsimd::types::simd_register<T, xsimd::sse2> { static constexpr bool known = true; };
#elif XSIMD_WITH_NEON64
template <class T>
    requires std::is_floating_point_v<T>
struct xsimd_register<T, 16> : xsimd::types::simd_register<T, xsimd::neon64> { static constexpr bool known = true; };
#endif
#if XSIMD_WITH_AVX
template <class T>
    requires std::is_floating_point_v<T>
struct xsimd_register<T, 32> : xsimd::types::simd_register<T, xsimd::avx> { static constexpr bool known = true; };
#endif
#if XSIMD_WITH_AVX512F
template <class T>
    requires std::is_floating_point_v<T>
struct xsimd_register<T, 64> : xsimd::types::simd_register<T, xsimd::avx512f> { static constexpr bool known = true; };
#endif

template <class T, int N, class Target, bool Known = xsimd_register<T, N * static_cast<int>(sizeof(T))>::known>
struct xsimd_ops : portable_ops<T, N, Target> {
    using vec = vector<T, N>;
    using reg = typename xsimd_register<T, N * static_cast<int>(sizeof(T))>::register_type;

#if defined(__SSE2__) && !defined(__clang__)  // clang sees it by itself
    ETTA_INLINE static vec greater(vec a, vec b) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return (vec)_mm_max_ps((__m128)b, (__m128)a);
        else if constexpr (sizeof(vec) == 16) return (vec)_mm_max_pd((__m128d)b, (__m128d)a);
#if defined(__AVX__)
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return (vec)_mm256_max_ps((__m256)b, (__m256)a);
        else if constexpr (sizeof(vec) == 32) return (vec)_mm256_max_pd((__m256d)b, (__m256d)a);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return (vec)_mm512_max_ps((__m512)b, (__m512)a);
        else return (vec)_mm512_max_pd((__m512d)b, (__m512d)a);
#endif
    }
    ETTA_INLINE static vec lesser(vec a, vec b) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return (vec)_mm_min_ps((__m128)b, (__m128)a);
        else if constexpr (sizeof(vec) == 16) return (vec)_mm_min_pd((__m128d)b, (__m128d)a);
#if defined(__AVX__)
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return (vec)_mm256_min_ps((__m256)b, (__m256)a);
        else if constexpr (sizeof(vec) == 32) return (vec)_mm256_min_pd((__m256d)b, (__m256d)a);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return (vec)_mm512_min_ps((__m512)b, (__m512)a);
        else return (vec)_mm512_min_pd((__m512d)b, (__m512d)a);
#endif
    }
#endif
#if defined(__x86_64__) || defined(__i386__)
    ETTA_INLINE static vec sqrt(vec a) {
        const reg r = (reg)a;
        if constexpr (sizeof(T) == 4) {
            if constexpr (sizeof(vec) == 16) return (vec)_mm_sqrt_ps(r);
#if XSIMD_WITH_AVX
            else if constexpr (sizeof(vec) == 32) return (vec)_mm256_sqrt_ps(r);
#endif
#if XSIMD_WITH_AVX512F
            else return (vec)_mm512_sqrt_ps(r);
#endif
        } else {
            if constexpr (sizeof(vec) == 16) return (vec)_mm_sqrt_pd(r);
#if XSIMD_WITH_AVX
            else if constexpr (sizeof(vec) == 32) return (vec)_mm256_sqrt_pd(r);
#endif
#if XSIMD_WITH_AVX512F
            else return (vec)_mm512_sqrt_pd(r);
#endif
        }
    }
#if defined(__SSE4_1__)
    template <int Mode>
    ETTA_INLINE static vec rounded(vec a) {
        const reg r = (reg)a;
        if constexpr (sizeof(T) == 4) {
            if constexpr (sizeof(vec) == 16) return (vec)_mm_round_ps(r, Mode);
#if XSIMD_WITH_AVX
            else if constexpr (sizeof(vec) == 32) return (vec)_mm256_round_ps(r, Mode);
#endif
#if XSIMD_WITH_AVX512F
            else return (vec)_mm512_roundscale_ps(r, Mode);
#endif
        } else {
            if constexpr (sizeof(vec) == 16) return (vec)_mm_round_pd(r, Mode);
#if XSIMD_WITH_AVX
            else if constexpr (sizeof(vec) == 32) return (vec)_mm256_round_pd(r, Mode);
#endif
#if XSIMD_WITH_AVX512F
            else return (vec)_mm512_roundscale_pd(r, Mode);
#endif
        }
    }
    ETTA_INLINE static vec round(vec a) { return rounded<_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC>(a); }
    ETTA_INLINE static vec floor(vec a) { return rounded<_MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC>(a); }
    ETTA_INLINE static vec ceil(vec a) { return rounded<_MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC>(a); }
    ETTA_INLINE static vec trunc(vec a) { return rounded<_MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC>(a); }
#endif
#elif defined(__aarch64__)
    ETTA_INLINE static vec sqrt(vec a) {
        if constexpr (sizeof(T) == 4) return (vec)vsqrtq_f32((float32x4_t)a);
        else return (vec)vsqrtq_f64((float64x2_t)a);
    }
    ETTA_INLINE static vec round(vec a) {
        if constexpr (sizeof(T) == 4) return (vec)vrndnq_f32((float32x4_t)a);
        else return (vec)vrndnq_f64((float64x2_t)a);
    }
    ETTA_INLINE static vec floor(vec a) {
        if constexpr (sizeof(T) == 4) return (vec)vrndmq_f32((float32x4_t)a);
        else return (vec)vrndmq_f64((float64x2_t)a);
    }
    ETTA_INLINE static vec ceil(vec a) {
        if constexpr (sizeof(T) == 4) return (vec)vrndpq_f32((float32x4_t)a);
        else return (vec)vrndpq_f64((float64x2_t)a);
    }
    ETTA_INLINE static vec trunc(vec a) {
        if constexpr (sizeof(T) == 4) return (vec)vrndq_f32((float32x4_t)a);
        else return (vec)vrndq_f64((float64x2_t)a);
    }
#endif
};
template <class T, int N, class Target>
struct xsimd_ops<T, N, Target, false> : portable_ops<T, N, Target> {
    using vec = vector<T, N>;
#if defined(__SSE2__)
    ETTA_INLINE static vec multiply_halves(vec a, vec b) {  // g++ would multiply whole elements, with three products
        if constexpr (sizeof(vec) == 16) return (vec)_mm_mul_epu32((__m128i)a, (__m128i)b);
#if defined(__AVX2__)
        else if constexpr (sizeof(vec) == 32) return (vec)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#endif
#if defined(__AVX512F__)
        else if constexpr (sizeof(vec) == 64) return (vec)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#endif
        else return portable_ops<T, N, Target>::multiply_halves(a, b);
    }
#endif
};

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)

// Memory that a mask switches off is not touched, whatever the width: one 64-byte instruction serves all lanes.
template <class T, int N, class Target>
struct ops : xsimd_ops<T, N, Target> {
    using base = xsimd_ops<T, N, Target>;
    using typename base::vec;
    using base::load;
    using base::store;
    static constexpr bool masked = N > 1 && N * sizeof(T) >= 16;
    static constexpr bool half_tools = std::is_same_v<T, float> && N == 8;  // where a layer is eight wide
    static constexpr bool has_float_tools = half_tools || (std::is_floating_point_v<T> && N * sizeof(T) == 64);
    ETTA_INLINE static vec scale(vec p, vec n) {
        if constexpr (half_tools) return (vec)_mm256_scalef_ps((__m256)p, (__m256)n);
        else if constexpr (sizeof(T) == 4) return (vec)_mm512_scalef_ps((__m512)p, (__m512)n);
        else return (vec)_mm512_scalef_pd((__m512d)p, (__m512d)n);
    }
    ETTA_INLINE static vec reciprocal(vec a) {
        if constexpr (half_tools) return (vec)_mm256_rcp14_ps((__m256)a);
        else if constexpr (sizeof(T) == 4) return (vec)_mm512_rcp14_ps((__m512)a);
        else return (vec)_mm512_rcp14_pd((__m512d)a);
    }
    ETTA_INLINE static vec mantissa(vec a) {  // NaN for negative numbers, 1 for 0 and infinity
        if constexpr (half_tools) return (vec)_mm256_getmant_ps((__m256)a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
        else if constexpr (sizeof(T) == 4) return (vec)_mm512_getmant_ps((__m512)a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
        else return (vec)_mm512_getmant_pd((__m512d)a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
    }
    ETTA_INLINE static vec exponent(vec a) {  // -infinity for 0
        if constexpr (half_tools) return (vec)_mm256_getexp_ps((__m256)a);
        else if constexpr (sizeof(T) == 4) return (vec)_mm512_getexp_ps((__m512)a);
        else return (vec)_mm512_getexp_pd((__m512d)a);
    }
    template <class Index>
    ETTA_INLINE static vec look_up(const float* table, Index i) {  // of 16 floats
        if constexpr (half_tools) return (vec)_mm256_permutex2var_ps((__m256)base::load(table), (__m256i)i, (__m256)base::load(table + 8));
        else return (vec)_mm512_permutexvar_ps((__m512i)i, (__m512)base::load(table));
    }
    using wide = vector<T, 64 / static_cast<int>(sizeof(T))>;

    ETTA_INLINE static unsigned long long first(int n) { return n >= N ? (N == 64 ? ~0ull : (1ull << (N % 64)) - 1) : n <= 0 ? 0 : (1ull << n) - 1; }
    ETTA_INLINE static vec load(const T* p, int n) {
        if constexpr (!masked) return base::load(p, n);
        else {
            const auto k = first(n);
            __m512i v;
            if constexpr (sizeof(T) == 8) v = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(k), p);
            else if constexpr (sizeof(T) == 4) v = _mm512_maskz_loadu_epi32(static_cast<__mmask16>(k), p);
            else if constexpr (sizeof(T) == 2) v = _mm512_maskz_loadu_epi16(static_cast<__mmask32>(k), p);
            else v = _mm512_maskz_loadu_epi8(static_cast<__mmask64>(k), p);
            if constexpr (sizeof(vec) == 64) return (vec)v;
            else if constexpr (sizeof(vec) == 32) return (vec)_mm512_castsi512_si256(v);
            else return (vec)_mm512_castsi512_si128(v);
        }
    }
    ETTA_INLINE static vec first_elements(vec x, int n, vec other)
        requires(N * sizeof(T) == 64 && sizeof(T) >= 4)
    {
        if constexpr (sizeof(T) == 4) return (vec)_mm512_mask_mov_epi32((__m512i)other, static_cast<__mmask16>(first(n)), (__m512i)x);
        else return (vec)_mm512_mask_mov_epi64((__m512i)other, static_cast<__mmask8>(first(n)), (__m512i)x);
    }
    ETTA_INLINE static void store(T* p, vec x, int n) {
        if constexpr (!masked) base::store(p, x, n);
        else {
            const auto k = first(n);
            __m512i v;
            if constexpr (sizeof(vec) == 64) v = (__m512i)x;
            else if constexpr (sizeof(vec) == 32) v = _mm512_castsi256_si512((__m256i)x);
            else v = _mm512_castsi128_si512((__m128i)x);
            if constexpr (sizeof(T) == 8) _mm512_mask_storeu_epi64(p, static_cast<__mmask8>(k), v);
            else if constexpr (sizeof(T) == 4) _mm512_mask_storeu_epi32(p, static_cast<__mmask16>(k), v);
            else if constexpr (sizeof(T) == 2) _mm512_mask_storeu_epi16(p, static_cast<__mmask32>(k), v);
            else _mm512_mask_storeu_epi8(p, static_cast<__mmask64>(k), v);
        }
    }
};

#elif defined(__AVX2__)

template <class T, int N, class Target>
struct ops : xsimd_ops<T, N, Target> {
    using base = xsimd_ops<T, N, Target>;
    using typename base::vec;
    using base::load;
    using base::store;
    static constexpr bool masked = sizeof(vec) == 32 && sizeof(T) >= 4;

    ETTA_INLINE static __m256i first(int n) {
        if constexpr (sizeof(T) == 8) return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
        else return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    ETTA_INLINE static vec load(const T* p, int n) {
        if constexpr (!masked) return base::load(p, n);
        else if constexpr (sizeof(T) == 8) return (vec)_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), first(n));
        else return (vec)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), first(n));
    }
    ETTA_INLINE static void store(T* p, vec x, int n) {
        if constexpr (!masked) base::store(p, x, n);
        else if constexpr (sizeof(T) == 8) _mm256_maskstore_epi64(reinterpret_cast<long long*>(p), first(n), (__m256i)x);
        else _mm256_maskstore_epi32(reinterpret_cast<int*>(p), first(n), (__m256i)x);
    }
};

#else
template <class T, int N, class Target>
struct ops : xsimd_ops<T, N, Target> {};
#endif

}  // namespace etta::_

#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
