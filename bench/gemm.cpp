// Matrix products (G1, G2), row-major C = A B.
#include <etta/etta.hpp>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

template <int M, int K, int N>
void product(bench::meter& m) {
    static etta::Tensor<float, M, K> a;
    static etta::Tensor<float, K, N> b;
    static etta::Tensor<float, M, N> c;
    bench::fill(a.data(), a.size(), 1);
    bench::fill(b.data(), b.size(), 2);
    auto step = [&] { c = matmul(a, b), bench::clobber(); };
    step();
    m.note("max_abs_error", bench::gemm_error(a.data(), b.data(), c.data(), M, N, K));
    m.run(step);
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("etta", argc, argv);
#define ADD(name, m, k, n) s.add(name, product<m, k, n>);
    BENCH_GEMMS(ADD)
    return s.run();
}
