// workloads.hpp: what every side computes: sizes, inputs (the same numbers everywhere) and the reference values in double.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace bench {

// n numbers, uniform in [low, high), the same for the same stream on every side.
template <class T>
void fill(T* p, long n, std::uint32_t stream, double low = -1, double high = 1) {
    std::uint32_t s = stream * 2654435761u + 12345u;
    for (long i = 0; i < n; ++i) {
        s ^= s << 13, s ^= s >> 17, s ^= s << 5;
        p[i] = static_cast<T>(low + (high - low) * static_cast<double>(s >> 8) / 16777216.0);
    }
}

// 64-byte aligned, filled, released at the end of the program.
template <class T = float>
T* numbers(long n, std::uint32_t stream, double low = -1, double high = 1) {
    T* const p = static_cast<T*>(std::aligned_alloc(64, (static_cast<std::size_t>(n) * sizeof(T) / 64 + 2) * 64));
    fill(p, n, stream, low, high);
    return p;
}

// E1: z = a x + tanh(y) relu(x - y) + exp(-x^2), x and y in [-2, 2).
inline constexpr float e1_a = 0.7f;
inline double e1_error(const float* x, const float* y, const float* z, long n) {
    double worst = 0;
    for (long i = 0; i < n; ++i) {
        const double u = x[i], v = y[i];
        const double exact = static_cast<double>(e1_a) * u + std::tanh(v) * std::fmax(u - v, 0.0) + std::exp(-u * u);
        worst = std::fmax(worst, std::fabs(exact - static_cast<double>(z[i])));
    }
    return worst;
}

// The largest deviation of C = A B from its sum in double, every 7th element.
inline double gemm_error(const float* a, const float* b, const float* c, int m, int n, int k) {
    double worst = 0;
    for (long e = 0; e < static_cast<long>(m) * n; e += 7) {
        double s = 0;
        for (int i = 0; i < k; ++i) s += static_cast<double>(a[e / n * k + i]) * static_cast<double>(b[static_cast<long>(i) * n + e % n]);
        worst = std::fmax(worst, std::fabs(s - static_cast<double>(c[e])));
    }
    return worst;
}

// Training: the step's work does not depend on the rate, and a small one keeps every number in the range where it started
// (Adam's moments of a unit that dies become subnormal, which some processors compute many times slower).
inline constexpr int train_batch = 64;
inline constexpr double train_rate = 1e-6;
inline void digit_labels(int* y) {
    for (int i = 0; i < train_batch; ++i) y[i] = (i * 7) % 10;
}

// T3: a sequence of numbers, the last state, one number.
inline constexpr int lstm_batch = 32, lstm_steps = 64, lstm_hidden = 32;

// T4: ids, one causal pre-norm block of a transformer, the id that follows each.
inline constexpr int text_batch = 8, text_length = 64, text_width = 128, text_heads = 4, text_ids = 65;
template <class Id>
void text(Id* x, Id* y) {
    for (int i = 0; i < text_batch * text_length; ++i) x[i] = static_cast<Id>(i * 31 % text_ids), y[i] = static_cast<Id>((i + 1) * 31 % text_ids);
}

// I1 of recurrent networks: each output is the next input, so that no two samples overlap.
inline constexpr float signal_offset = 0.1f;

// G1 and G2, row-major C = A B.
#define BENCH_GEMMS(X)                   \
    X("G1.gemm.32", 32, 32, 32)          \
    X("G1.gemm.64", 64, 64, 64)          \
    X("G1.gemm.128", 128, 128, 128)      \
    X("G1.gemm.256", 256, 256, 256)      \
    X("G1.gemm.512", 512, 512, 512)      \
    X("G2.64x784x256", 64, 784, 256)     \
    X("G2.gemv.1x784x256", 1, 784, 256)

// E1 and E2.
#define BENCH_LENGTHS(X) X("1k", 1024) X("64k", 65536) X("1M", 1048576)

}  // namespace bench
