// config.hpp: version, supported compilers, and the handful of macros through which the build talks to the headers.
// Everything else reads these; nothing else looks at a compiler's own macros except core/target.hpp.
//
//   ETTA_NO_EXCEPTIONS   errors call a replaceable handler instead of throwing (implied by -fno-exceptions)
//   ETTA_NO_XSIMD        neither xsimd, even where it is found, nor g++'s own names for x86's instructions
//   ETTA_NO_OPENMP       do not use OpenMP even under -fopenmp
//   ETTA_SCALAR          the firmware back end: one lane, one thread, no heap
//   ETTA_HAS_ZLIB        set by the CMake target (or by hand, with -lz): gzip files can be read
#pragma once

#define ETTA_VERSION_MAJOR 0
#define ETTA_VERSION_MINOR 1
#define ETTA_VERSION_PATCH 0
#define ETTA_VERSION_STRING "0.1.0"
#define ETTA_VERSION (ETTA_VERSION_MAJOR * 10000 + ETTA_VERSION_MINOR * 100 + ETTA_VERSION_PATCH)

#if !defined(__clang__) && !defined(__GNUC__)
#error "etta needs one of: g++ >= 12, clang++ >= 14, nvcc >= 13 (host compiler g++ >= 12), arm-none-eabi-g++ >= 12"
#elif defined(__clang__) && __clang_major__ < 14
#error "etta needs clang++ >= 14 (or g++ >= 12, nvcc >= 13, arm-none-eabi-g++ >= 12)"
#elif !defined(__clang__) && __GNUC__ < 12
#error "etta needs g++ >= 12 (or clang++ >= 14, nvcc >= 13, arm-none-eabi-g++ >= 12)"
#elif __cplusplus < 202002L
#error "etta needs C++20: compile with -std=c++20"
#endif

#if !defined(ETTA_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define ETTA_NO_EXCEPTIONS 1
#endif

// Kernels rely on being dissolved into their caller: a register array that escapes costs tens of times.
#define ETTA_INLINE inline __attribute__((always_inline))
#define ETTA_FLATTEN __attribute__((flatten))
#if defined(__clang__)
#define ETTA_NOINLINE __attribute__((noinline))
#else
#define ETTA_NOINLINE __attribute__((noinline, noclone))  // g++ -O3 copies large functions for constant arguments
#endif
// What hardly ever runs: compiled for size, which takes a fraction of the time. (Not for what always runs once: g++ takes what leads to
// a call of it for rare as well.)
#define ETTA_COLD __attribute__((cold)) ETTA_NOINLINE
#define ETTA_RESTRICT __restrict__
// In front of a loop of few steps, and in its body: compilers then neither run it in several copies nor vectorise it, which
// would cost more time to compile than it can save.
#if defined(__clang__)
#define ETTA_ROLLED _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define ETTA_ROLLED _Pragma("GCC unroll 1")
#else
#define ETTA_ROLLED
#endif
#define ETTA_PLAIN_LOOP asm volatile("")
