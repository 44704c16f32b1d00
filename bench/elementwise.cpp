// Element-wise expressions, row kernels and reductions (E1-E5).
#include <etta/etta.hpp>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

using bench::meter;

template <std::size_t... E>
void fill(etta::Tensor<float, E...>& t, std::uint32_t stream, double range) {
    bench::fill(t.data(), t.size(), stream, -range, range);
}

template <int N>
void fused(meter& m) {
    static etta::Tensor<float, N> x, y, z;
    fill(x, 1, 2), fill(y, 2, 2);
    float a = bench::e1_a;
    auto step = [&] {
        bench::keep(&a);
        z = a * x + tanh(y) * relu(x - y) + exp(-x * x);
        bench::clobber();
    };
    step();
    m.note("max_abs_error", bench::e1_error(x.data(), y.data(), z.data(), N));
    m.run(step);
}

template <int N>
void axpy(meter& m) {
    static etta::Tensor<float, N> x, y, z;
    fill(x, 1, 2), fill(y, 2, 2);
    float a = bench::e1_a;
    m.run([&] {
        bench::keep(&a);
        z = a * x + y;
        bench::clobber();
    });
}

void softmax_rows(meter& m) {
    static etta::Tensor<float, 64, 1000> x, z;
    fill(x, 1, 4);
    m.run([&] { z = softmax(x), bench::clobber(); });
}

void layernorm(meter& m) {
    static etta::Tensor<float, 64, 768> x, z;
    static etta::Tensor<float, 768> scale, shift;
    fill(x, 1, 1), fill(scale, 3, 1), fill(shift, 4, 1);
    m.run([&] {
        auto centred = x - mean(x, etta::axis<-1>, etta::keepdims);
        z = centred * rsqrt(mean(square(centred), etta::axis<-1>, etta::keepdims) + 1e-5f) * scale + shift;
        bench::clobber();
    });
}

void sum_all(meter& m) {
    static etta::Tensor<float, 1048576> x;
    fill(x, 1, 4);
    etta::Tensor<float> s;
    m.run([&] { s = sum(x), bench::clobber(); });
}

void logsumexp_all(meter& m) {
    static etta::Tensor<float, 1048576> x;
    fill(x, 1, 4);
    etta::Tensor<float> s;
    m.run([&] { s = logsumexp(x), bench::clobber(); });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("etta", argc, argv);
#define ADD(name, n) s.add("E1.fused." name, fused<n>);
    BENCH_LENGTHS(ADD)
#undef ADD
#define ADD(name, n) s.add("E2.axpy." name, axpy<n>);
    BENCH_LENGTHS(ADD)
    s.add("E3.softmax.64x1000", softmax_rows);
    s.add("E4.layernorm.64x768", layernorm);
    s.add("E5.sum.1M", sum_all);
    s.add("E5.logsumexp.1M", logsumexp_all);
    return s.run();
}
