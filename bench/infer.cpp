// One sample at a time (I1).
#include <etta/etta.hpp>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

struct Mlp {
    etta::Linear<128> fc1;
    etta::Linear<10> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};

void mlp(bench::meter& m) {
    static etta::Model<Mlp, etta::Input<float, 784>, etta::max_batch<1>> model{etta::seed(7)};
    static const float* const x = bench::numbers(784, 1, 0, 1);
    static float y[10];
    m.run([&] { model.run(x, y, 1), bench::clobber(); });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("etta", argc, argv);
    s.add("I1.mlp784-128-10", mlp);
    return s.run();
}
