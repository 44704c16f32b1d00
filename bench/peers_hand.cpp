// Plain loops that the compiler vectorises (-ffast-math, glibc's vector library): what a C++ programmer gets without any
// library. The derivative is derived by hand.
#include <omp.h>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

using bench::meter;

// f(begin, end) on every thread's share.
template <class F>
void share(int n, const F& f) {
    const int threads = omp_get_max_threads();
    if (threads == 1 || n < 8192) return f(0, n);
#pragma omp parallel
    {
        const int t = omp_get_thread_num(), part = (n / threads + 15) / 16 * 16;
        f(std::min(n, t * part), t + 1 == threads ? n : std::min(n, (t + 1) * part));
    }
}

template <int N>
void fused(meter& m) {
    static const float *const x = bench::numbers(N, 1, -2, 2), *const y = bench::numbers(N, 2, -2, 2);
    static float* const z = bench::numbers(N, 3);
    float a = bench::e1_a;
    auto step = [&] {
        bench::keep(&a);
        share(N, [&](int begin, int end) {
            const float* __restrict u = x;
            const float* __restrict v = y;
            float* __restrict w = z;
#pragma omp simd
            for (int i = begin; i < end; ++i) {
                const float d = u[i] - v[i];
                w[i] = a * u[i] + std::tanh(v[i]) * (d > 0 ? d : 0) + std::exp(-u[i] * u[i]);
            }
        });
        bench::clobber();
    };
    step();
    m.note("max_abs_error", bench::e1_error(x, y, z, N));
    m.run(step);
}

template <int N>
void axpy(meter& m) {
    static const float *const x = bench::numbers(N, 1, -2, 2), *const y = bench::numbers(N, 2, -2, 2);
    static float* const z = bench::numbers(N, 3);
    float a = bench::e1_a;
    m.run([&] {
        bench::keep(&a);
        share(N, [&](int begin, int end) {
            const float* __restrict u = x;
            const float* __restrict v = y;
            float* __restrict w = z;
#pragma omp simd
            for (int i = begin; i < end; ++i) w[i] = a * u[i] + v[i];
        });
        bench::clobber();
    });
}

// sin and cos in separate loops: together GCC makes them one sincos, which it does not vectorise.
template <int N>
void gradient(meter& m) {
    static const double* const x = bench::numbers<double>(N, 1);
    static double *const g = bench::numbers<double>(N, 2), *const s = bench::numbers<double>(N, 3);
    double f = 0;
    m.run([&] {
        bench::clobber();
        const double* __restrict u = x;
        double *__restrict v = g, *__restrict w = s;
        double sum = 0;
#pragma omp simd
        for (int i = 0; i < N; ++i) w[i] = std::sin(u[i]);
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < N; ++i) {
            const double e = std::exp(-u[i] * u[i]), c = std::cos(u[i]);
            sum += w[i] * e;
            v[i] = e * (c - 2 * u[i] * w[i]);
        }
        f = sum;
        bench::keep(&f);
    });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("loops", argc, argv);
#define ADD(name, n) s.add("E1.fused." name, fused<n>);
    BENCH_LENGTHS(ADD)
#undef ADD
#define ADD(name, n) s.add("E2.axpy." name, axpy<n>);
    BENCH_LENGTHS(ADD)
#undef ADD
    s.add("A1.grad.n10", gradient<10>);
    s.add("A1.grad.n1000", gradient<1000>);
    return s.run();
}
