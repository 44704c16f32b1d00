// What the machine can do at most (P.*): fused multiply-adds, and reading and a triad at three footprints. The other
// figures are read against these.
#include <omp.h>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

#if defined(__AVX512F__)
inline constexpr int bytes = 64;
#elif defined(__AVX__)
inline constexpr int bytes = 32;
#else
inline constexpr int bytes = 16;
#endif
using vec = float __attribute__((vector_size(bytes)));
inline constexpr int lanes = bytes / 4;

vec splat(float x) { return vec{} + x; }

// Twelve independent chains hide the latency of four or five cycles on two ports.
constexpr long fma_flops = 61440000;
void fma(bench::meter& m) {
    static float factor = 0.999f, addend = 1e-3f;
    bench::keep(&factor), bench::keep(&addend);
    m.note("work", static_cast<double>(fma_flops) * omp_get_max_threads());
    m.run([&] {
        bench::clobber();
#pragma omp parallel
        {
            vec a[12];
            for (int i = 0; i < 12; ++i) a[i] = splat(1e-3f * static_cast<float>(i));
            const vec f = splat(factor), c = splat(addend);
            for (long k = 0; k < fma_flops / (2 * lanes * 12); ++k)
#pragma GCC unroll 12
                for (int i = 0; i < 12; ++i) a[i] = a[i] * f + c;
            vec s = a[0];
            for (int i = 1; i < 12; ++i) s += a[i];
            bench::keep(&s);
        }
    });
}

// Three arrays of together `Bytes`: each thread has its own, or its share of one footprint where that is the whole cache.
template <long Bytes, bool Shared, bool Triad>
void stream(bench::meter& m) {
    const int threads = omp_get_max_threads();
    const long whole = Bytes / 12 / 256 * 256, n = Shared ? whole / threads / 256 * 256 : whole;
    const long repeats = (1 << 21) / whole + 1;
    static float* const a = bench::numbers(whole * threads, 1);
    static float* const b = bench::numbers(whole * threads, 2);
    static float* const c = bench::numbers(whole * threads, 3);
    m.note("work", 12.0 * static_cast<double>(n * threads * repeats));
    m.run([&] {
#pragma omp parallel
        {
            vec* const p = reinterpret_cast<vec*>(a + n * omp_get_thread_num());
            vec* const q = reinterpret_cast<vec*>(b + n * omp_get_thread_num());
            vec* const r = reinterpret_cast<vec*>(c + n * omp_get_thread_num());
            vec s[6] = {};
            for (long k = 0; k < repeats; ++k) {
                if constexpr (Triad) {
#pragma GCC unroll 4
                    for (long i = 0; i < n / lanes; ++i) p[i] = q[i] + 3.0f * r[i];
                } else {
                    for (long i = 0; i < n / lanes; i += 2) {
                        s[0] += p[i], s[1] += q[i], s[2] += r[i];
                        s[3] += p[i + 1], s[4] += q[i + 1], s[5] += r[i + 1];
                    }
                }
                bench::clobber();
            }
            bench::keep(s);
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("limit", argc, argv);
    s.add("P.fma", fma);
    s.add("P.read.L1.24KiB", stream<24 << 10, false, false>);
    s.add("P.read.L2.600KiB", stream<600 << 10, false, false>);
    s.add("P.read.L3.12MiB", stream<12 << 20, true, false>);
    s.add("P.triad.L1.24KiB", stream<24 << 10, false, true>);
    s.add("P.triad.L2.600KiB", stream<600 << 10, false, true>);
    s.add("P.triad.L3.12MiB", stream<12 << 20, true, true>);
    return s.run();
}
