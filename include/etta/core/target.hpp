// target.hpp: the one tag type that says what a translation unit is compiled for. Every function template whose code
// depends on compiler flags takes it as a template argument, so that two files built with different flags never share
// a weak symbol (the linker would keep either body for both). Data types never carry it: their layout is the same
// everywhere.
#pragma once

#include <cstdint>

#include "config.hpp"

#if defined(ETTA_SCALAR) || (defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M')
#define ETTA_IS_SCALAR 1
#elif !defined(ETTA_NO_XSIMD) && !defined(__CUDACC__)
// Where g++ names the instructions itself, they cost no header (simd/x86.hpp); a name it lacks leaves them to xsimd.
#if defined(__x86_64__) && !defined(__clang__) && __has_builtin(__builtin_ia32_maxps) && __has_builtin(__builtin_ia32_minpd) && __has_builtin(__builtin_ia32_pmuludq128)
#define ETTA_USE_X86 1
#if defined(__SSE4_1__) && !(__has_builtin(__builtin_ia32_roundps) && __has_builtin(__builtin_ia32_roundpd))
#undef ETTA_USE_X86
#elif defined(__AVX__) && !(__has_builtin(__builtin_ia32_maxps256) && __has_builtin(__builtin_ia32_minpd256) && __has_builtin(__builtin_ia32_sqrtps256) && \
                            __has_builtin(__builtin_ia32_roundpd256) && __has_builtin(__builtin_ia32_vinsertf128_ps256) && __has_builtin(__builtin_ia32_ps256_ps))
#undef ETTA_USE_X86
#elif defined(__AVX2__) && !(__has_builtin(__builtin_ia32_pmuludq256) && __has_builtin(__builtin_ia32_maskloadd256) && __has_builtin(__builtin_ia32_maskstoreq256))
#undef ETTA_USE_X86
#elif defined(__AVX512F__) && !(__has_builtin(__builtin_ia32_maxps512_mask) && __has_builtin(__builtin_ia32_sqrtpd512_mask) && __has_builtin(__builtin_ia32_rndscaleps_mask) && \
                                __has_builtin(__builtin_ia32_pmuludq512_mask) && __has_builtin(__builtin_ia32_insertf64x4_mask) && __has_builtin(__builtin_ia32_pd512_256pd) && \
                                __has_builtin(__builtin_ia32_scalefps512_mask) && __has_builtin(__builtin_ia32_rcp14ps512_mask) && __has_builtin(__builtin_ia32_getmantps512_mask) && \
                                __has_builtin(__builtin_ia32_getexpps512_mask) && __has_builtin(__builtin_ia32_scalefps256_mask) && \
                                __has_builtin(__builtin_ia32_rcp14ps256_mask) && __has_builtin(__builtin_ia32_vpermi2varps256_mask) && __has_builtin(__builtin_ia32_permvarsf512_mask) && \
                                __has_builtin(__builtin_ia32_loaddqusi512_mask) && \
                                __has_builtin(__builtin_ia32_movdqa32_512_mask) && __has_builtin(__builtin_ia32_storedqusi512_mask) && __has_builtin(__builtin_ia32_si512_256si))
#undef ETTA_USE_X86
#elif defined(__AVX512BW__) && !(__has_builtin(__builtin_ia32_loaddquhi512_mask) && __has_builtin(__builtin_ia32_storedquqi512_mask))
#undef ETTA_USE_X86
#endif
#endif
#if !defined(ETTA_USE_X86) && __has_include(<xsimd/xsimd.hpp>)
#define ETTA_USE_XSIMD 1
#endif
#endif

#if defined(_OPENMP) && !defined(ETTA_NO_OPENMP) && !defined(ETTA_IS_SCALAR) && !defined(__CUDACC__)
#define ETTA_USE_OPENMP 1
#endif

namespace etta {

// Flags: bits 0..15 the instruction set, 16 its registers' instructions (by xsimd or the compiler), 17 OpenMP, 18 no
// exceptions, 19 scalar back end, 20 nvcc, 21 clang, 22 half of a register is used.
template <std::uint64_t Flags>
struct target {
    static constexpr std::uint64_t flags = Flags;
    static constexpr bool openmp = (Flags >> 17) & 1;
    static constexpr bool exceptions = !((Flags >> 18) & 1);
    static constexpr bool scalar = (Flags >> 19) & 1;
    static constexpr bool avx512 = (Flags >> 6) & 1;
    static constexpr bool fma = (Flags >> 4) & 1;  // a hardware fused multiply-add exists
    static constexpr int register_bytes = (scalar ? 0 : avx512 ? 64 : (Flags >> 3) & 1 ? 32 : 16) >> ((Flags >> 22) & 1);
};
// The same machine with registers of half the size: for short vectors, whose stores and loads then match.
template <class Target>
using half_registers = target<Target::flags | std::uint64_t{1} << 22>;

namespace _ {
constexpr std::uint64_t target_flags() {
    std::uint64_t f = 0;
#if defined(__SSE2__)
    f |= 1u << 0;
#endif
#if defined(__SSE4_1__)
    f |= 1u << 1;
#endif
#if defined(__SSE4_2__)
    f |= 1u << 2;
#endif
#if defined(__AVX__)
    f |= 1u << 3;
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA)
    f |= 1u << 4;
#endif
#if defined(__AVX2__)
    f |= 1u << 5;
#endif
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
    f |= 1u << 6;
#endif
#if defined(__ARM_NEON)
    f |= 1u << 7;
#endif
#if defined(__aarch64__)
    f |= 1u << 8;
#endif
#if defined(__AVX512VNNI__)
    f |= 1u << 9;
#endif
#if defined(__FAST_MATH__)
    f |= 1u << 10;
#endif
#if defined(NDEBUG)
    f |= 1u << 11;
#endif
#if defined(__OPTIMIZE__)
    f |= 1u << 12;
#endif
#if defined(ETTA_USE_XSIMD) || defined(ETTA_USE_X86)
    f |= 1u << 16;
#endif
#if defined(ETTA_USE_OPENMP)
    f |= 1u << 17;
#endif
#if defined(ETTA_NO_EXCEPTIONS)
    f |= 1u << 18;
#endif
#if defined(ETTA_IS_SCALAR)
    f |= 1u << 19;
#endif
#if defined(__CUDACC__)
    f |= 1u << 20;
#endif
#if defined(__clang__)
    f |= 1u << 21;
#endif
    return f;
}
}  // namespace _

// What this translation unit is compiled for.
using this_target = target<_::target_flags()>;

}  // namespace etta
