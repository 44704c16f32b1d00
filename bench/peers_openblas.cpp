// OpenBLAS through CBLAS: matrix products.
#include <cblas.h>

#include "bench.hpp"
#include "workloads.hpp"

extern "C" char* openblas_get_corename(void);

namespace {

template <int M, int K, int N>
void product(bench::meter& m) {
    static const float *const a = bench::numbers(M * K, 1), *const b = bench::numbers(K * N, 2);
    static float* const c = bench::numbers(M * N, 3);
    m.run([&] {
        if constexpr (M == 1) cblas_sgemv(CblasRowMajor, CblasTrans, K, N, 1.f, b, N, a, 1, 0.f, c, 1);
        else cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, M, N, K, 1.f, a, K, b, N, 0.f, c, N);
        bench::clobber();
    });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s(std::string("OpenBLAS(") + openblas_get_corename() + ")", argc, argv);
#define ADD(name, m, k, n) s.add(name, product<m, k, n>);
    BENCH_GEMMS(ADD)
    return s.run();
}
