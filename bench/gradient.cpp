// Value and gradient of sum(sin(x) exp(-x^2)), in double (A1).
#include <etta/etta.hpp>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

template <int N>
void gradient(bench::meter& m) {
    static etta::Tensor<double, N> x;
    bench::fill(x.data(), N, 1);
    constexpr auto f = [](auto v) { return sum(sin(v) * exp(-v * v)); };
    m.run([&] {
        bench::clobber();
        auto [value, g] = etta::value_and_grad<0>(f)(x);
        bench::keep(&value), bench::keep(g.data());
    });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("etta", argc, argv);
    s.add("A1.grad.n10", gradient<10>);
    s.add("A1.grad.n1000", gradient<1000>);
    return s.run();
}
