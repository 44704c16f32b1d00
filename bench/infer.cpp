// One sample at a time (I1); of a signal, with the state kept.
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

// From number to number: each is what the next one is made of, so that samples do not overlap.
template <class Layer>
struct Voice {
    Layer layer;
    etta::Linear<1> fc;
    constexpr auto operator()(auto x) const { return fc(layer(x).y); }
};
template <class Layer>
void voice(bench::meter& m) {
    static etta::Model<Voice<Layer>, etta::Input<float, 1, 1>, etta::max_batch<1>> model{etta::seed(7)};
    static etta::Stream<Voice<Layer>, etta::Input<float, 1, 1>> stream(model);
    static float x = 0, y = 0;
    m.run([&] { stream.process(&x, &y), x = y + bench::signal_offset, bench::clobber(); });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("etta", argc, argv);
    s.add("I1.mlp784-128-10", mlp);
    s.add("I1.lstm1-16-dense", voice<etta::LSTM<16>>);
    s.add("I1.gru1-8-dense", voice<etta::GRU<8>>);
    return s.run();
}
