// Training of a model that is one layer, BENCH_LAYER, behind a PReLU (so that there is something to train), on samples of extents
// BENCH_INPUT. BENCH_CALL: what is done with it.
#include <etta/etta.hpp>

#if !defined(BENCH_CALL)
#define BENCH_CALL layer(x)
#endif

struct Net {
    etta::PReLU<> slope;
    BENCH_LAYER layer;
    constexpr auto operator()(auto x) const {
        x = slope(x);
        return BENCH_CALL;
    }
};

int main() {
    etta::Model<Net, etta::Input<float, BENCH_INPUT>, etta::max_batch<32>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::Adam{});
    static float x[32 * 4096], y[32 * 4096];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 32);
    return loss > 1;
}
