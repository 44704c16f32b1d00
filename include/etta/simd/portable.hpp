// portable.hpp: what a lane is made of, without any library: the compiler's own vector type (g++, clang and nvcc's host
// side share it), or one plain scalar where N is 1. Arithmetic and comparing are the compiler's operators; this file
// has the rest. simd/x86.hpp and simd/xsimd.hpp replace parts of it where the instructions have names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "../core/target.hpp"

// Host code only for the time being: nvcc refuses vector types in device code. The CUDA back end brings its own lanes.
#define ETTA_HD
#define ETTA_LANE ETTA_HD ETTA_INLINE

namespace etta::_ {

template <int Bytes>
struct int_of_size;
template <>
struct int_of_size<1> { using type = std::int8_t; using u = std::uint8_t; };
template <>
struct int_of_size<2> { using type = std::int16_t; using u = std::uint16_t; };
template <>
struct int_of_size<4> { using type = std::int32_t; using u = std::uint32_t; };
template <>
struct int_of_size<8> { using type = std::int64_t; using u = std::uint64_t; };
template <class T>
using int_of = typename int_of_size<static_cast<int>(sizeof(T))>::type;
template <class T>
using uint_of = typename int_of_size<static_cast<int>(sizeof(T))>::u;

template <class T, int N>
struct vector_of {
    typedef T type __attribute__((vector_size(N * sizeof(T))));
    typedef T anywhere __attribute__((vector_size(N * sizeof(T)), aligned(alignof(T)), may_alias));  // in memory, as it comes
};
template <class T>
struct vector_of<T, 1> {
    using type = T;
    typedef T anywhere __attribute__((may_alias));
};
template <class T, int N>
using vector = typename vector_of<T, N>::type;

// The type in which + - * neither overflow nor promote: integers wrap around.
template <class T, int N, bool Int = std::is_integral_v<T>>
struct wrapping { using type = vector<T, N>; };
template <class T, int N>
struct wrapping<T, N, true> { using type = vector<uint_of<T>, N>; };
template <class T>
struct wrapping<T, 1, true> { using type = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>; };

// Bits of a vector or scalar as another type of the same size.
template <class To, class From>
ETTA_LANE To bits(From x) {
    static_assert(sizeof(To) == sizeof(From));
    if constexpr (std::is_same_v<To, From>) return x;
    else return __builtin_bit_cast(To, x);
}

// x, computed as written even under -ffast-math (which would turn (x + c) - c into x).
template <class V>
ETTA_LANE V keep(V x) {
#if !defined(__FAST_MATH__) || defined(__CUDACC__)
    return x;
#elif defined(__clang__)
#if __has_builtin(__arithmetic_fence)
    return __arithmetic_fence(x);
#else
    return x;
#endif
#else
    return __builtin_assoc_barrier(x);
#endif
}

// Lanes that the hardware holds in one register; longer ones are two halves. An AVX without AVX2 computes integers in
// 16 bytes, which the compiler does by itself.
template <class T, int N, class Target>
inline constexpr bool is_halves = N > 1 && N * static_cast<int>(sizeof(T)) > Target::register_bytes;

// A hardware fused multiply-add for T. Cortex-M4 and M33 have one for float only.
template <class T, class Target>
inline constexpr bool has_fma = Target::fma
#if defined(__ARM_FP)
                                && (std::is_same_v<T, float> || (__ARM_FP & 8) != 0)
#endif
    ;

ETTA_LANE float fma_one(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
ETTA_LANE double fma_one(double a, double b, double c) { return __builtin_fma(a, b, c); }
ETTA_LANE float sqrt_one(float a) { return __builtin_sqrtf(a); }
ETTA_LANE double sqrt_one(double a) { return __builtin_sqrt(a); }

template <class T, int N>
ETTA_LANE vector<T, 2 * N> join(vector<T, N> a, vector<T, N> b);

template <class T, int N, class Target>
struct portable_ops {
    using vec = vector<T, N>;
    using ivec = vector<int_of<T>, N>;
    using each = std::make_index_sequence<N>;

    ETTA_LANE static vec splat(T x) {
        if constexpr (N == 1) return x;
        else if constexpr (std::is_integral_v<T>) return x + vec{};
        else return x - vec{};  // keeps -0
    }

    template <std::size_t... I>
    ETTA_LANE static vec fma_each(vec a, vec b, vec c, std::index_sequence<I...>) {
        if constexpr (N == 1) return fma_one(a, b, c);
        else return vec{fma_one(a[I], b[I], c[I])...};
    }
    template <std::size_t... I>
    ETTA_LANE static vec sqrt_each(vec a, std::index_sequence<I...>) {
        if constexpr (N == 1) return sqrt_one(a);
        else return vec{sqrt_one(a[I])...};
    }
    // clang joins N scalar fma into one instruction. g++ does not, but has one under a name of its own where it matters.
    static constexpr bool vector_fma = has_fma<T, Target> && N > 1
#if defined(__clang__)
        ;
    ETTA_LANE static vec fused(vec a, vec b, vec c) { return fma_each(a, b, c, each{}); }
#elif defined(__FMA__) && !defined(__CUDACC__)
        && N * sizeof(T) >= 16;
    ETTA_LANE static vec fused(vec a, vec b, vec c) {
        if constexpr (sizeof(vec) == 16 && sizeof(T) == 4) return __builtin_ia32_vfmaddps(a, b, c);
        else if constexpr (sizeof(vec) == 16) return __builtin_ia32_vfmaddpd(a, b, c);
        else if constexpr (sizeof(vec) == 32 && sizeof(T) == 4) return __builtin_ia32_vfmaddps256(a, b, c);
        else if constexpr (sizeof(vec) == 32) return __builtin_ia32_vfmaddpd256(a, b, c);
#if defined(__AVX512F__)
        else if constexpr (sizeof(T) == 4) return __builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4);
        else return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4);
#endif
    }
#elif defined(__aarch64__) && !defined(__CUDACC__)
        && N * sizeof(T) == 16;
    ETTA_LANE static vec fused(vec a, vec b, vec c) {
        if constexpr (sizeof(T) == 4) return __builtin_aarch64_fmav4sf(a, b, c);
        else return __builtin_aarch64_fmav2df(a, b, c);
    }
#else
        && false;
    ETTA_LANE static vec fused(vec a, vec b, vec c) { return fma_each(a, b, c, each{}); }
#endif
    ETTA_LANE static vec fma(vec a, vec b, vec c) {
        if constexpr (vector_fma) return fused(a, b, c);
        else return fma_each(a, b, c, each{});
    }
    ETTA_LANE static vec mul_add(vec a, vec b, vec c) {
        if constexpr (vector_fma) return fused(a, b, c);
        else if constexpr (has_fma<T, Target> && N * sizeof(T) < 16) return fma_each(a, b, c, each{});  // two floats: g++ -O1 would round twice
        else return a * b + c;
    }
    ETTA_LANE static vec sqrt(vec a) {
#if defined(__x86_64__) && !defined(__clang__) && !defined(__CUDACC__)
        if constexpr (N * sizeof(T) == 16 && sizeof(T) == 4) return __builtin_ia32_sqrtps(a);
        else if constexpr (N * sizeof(T) == 16 && sizeof(T) == 8) return __builtin_ia32_sqrtpd(a);
#endif
        return sqrt_each(a, each{});
    }

    // b > a ? b : a: what x86's instruction computes, also for NaN.
    ETTA_LANE static vec greater(vec a, vec b) { return b > a ? b : a; }
    ETTA_LANE static vec lesser(vec a, vec b) { return b < a ? b : a; }

    // Rounding by adding a number so large that only integers are left (Hacker's Delight, 17). Half to even.
    ETTA_LANE static vec round(vec x) {
        const vec big = splat(sizeof(T) == 4 ? T(8388608.0f) : T(4503599627370496.0L));  // 2^23, 2^52
        const ivec sign = bits<ivec>(x) & bits<ivec>(splat(T(-0.0f)));
        const vec a = bits<vec>(bits<ivec>(x) ^ sign);
        const vec r = bits<vec>(bits<ivec>(vec(keep(vec(a + big)) - big)) | sign);
        return a < big ? r : x;
    }
    ETTA_LANE static vec floor(vec x) {
        const vec r = round(x);
        return r > x ? vec(r - splat(T(1))) : r;
    }
    ETTA_LANE static vec ceil(vec x) {
        const vec r = round(x);
        const ivec sign = bits<ivec>(x) & bits<ivec>(splat(T(-0.0f)));  // ceil(-0.5) is -0
        return bits<vec>(bits<ivec>(vec(r < x ? vec(r + splat(T(1))) : r)) | sign);
    }
    ETTA_LANE static vec trunc(vec x) {
        const ivec sign = bits<ivec>(x) & bits<ivec>(splat(T(-0.0f)));
        return bits<vec>(bits<ivec>(floor(bits<vec>(bits<ivec>(x) ^ sign))) | sign);
    }

    // What AVX-512 has and others compute: v * 2^n; 1/v to 14 bits; v as m * 2^e with 1 <= m < 2 and logarithms'
    // limits; a table of 16 floats.
    static constexpr bool has_float_tools = false;
    static constexpr bool masked = false;  // is there one instruction that loads and stores the first few?

    // Products of the lower halves of 64-bit elements (unsigned).
    ETTA_LANE static vec multiply_halves(vec a, vec b) {
        constexpr T low = static_cast<T>(0xffffffff);
        return (a & low) * (b & low);
    }

    ETTA_LANE static vec join_halves(vector<T, (N + 1) / 2> low, vector<T, (N + 1) / 2> high) { return join<T, (N + 1) / 2>(low, high); }

    ETTA_LANE static vec load(const T* p) {
        return *reinterpret_cast<const typename vector_of<T, N>::anywhere*>(p);
    }
    ETTA_LANE static void store(T* p, vec v) { *reinterpret_cast<typename vector_of<T, N>::anywhere*>(p) = v; }
    ETTA_LANE static vec load(const T* p, int n) {
        T b[N] = {};
        for (int i = 0; i < N; ++i)
            if (i < n) b[i] = p[i];
        return load(b);
    }
    ETTA_LANE static void store(T* p, vec v, int n) {
        T b[N];
        store(b, v);
        for (int i = 0; i < N; ++i)
            if (i < n) p[i] = b[i];
    }
};

// Lower and upper half of a vector, and two halves in one.
template <class T, int N, std::size_t... I>
ETTA_LANE vector<T, N / 2> half(vector<T, N> v, std::size_t from, std::index_sequence<I...>) {
    if constexpr (N == 2) return v[from];
#if defined(__CUDACC__)
    else return vector<T, N / 2>{v[from + I]...};
#else
    else if (from == 0) return __builtin_shufflevector(v, v, static_cast<int>(I)...);
    else return __builtin_shufflevector(v, v, static_cast<int>(I + N / 2)...);
#endif
}
template <class T, int N>
ETTA_LANE vector<T, N / 2> lower(vector<T, N> v) { return half<T, N>(v, 0, std::make_index_sequence<N / 2>{}); }
template <class T, int N>
ETTA_LANE vector<T, N / 2> upper(vector<T, N> v) { return half<T, N>(v, N / 2, std::make_index_sequence<N / 2>{}); }

template <class T, int N, std::size_t... I>
ETTA_LANE vector<T, 2 * N> join(vector<T, N> a, vector<T, N> b, std::index_sequence<I...>) {
    if constexpr (N == 1) return vector<T, 2>{a, b};
#if defined(__CUDACC__)
    else return vector<T, 2 * N>{(I < N ? a[I % N] : b[I % N])...};
#else
    else return __builtin_shufflevector(a, b, static_cast<int>(I)...);
#endif
}
template <class T, int N>
ETTA_LANE vector<T, 2 * N> join(vector<T, N> a, vector<T, N> b) {
    return join<T, N>(a, b, std::make_index_sequence<2 * N>{});
}

#if !defined(ETTA_USE_XSIMD) && !defined(ETTA_USE_X86)
template <class T, int N, class Target>
struct ops : portable_ops<T, N, Target> {};
#endif

}  // namespace etta::_
