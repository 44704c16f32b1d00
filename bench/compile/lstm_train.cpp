// Training of an LSTM of 32 over STEPS numbers, on batches of 32.
#include <etta/etta.hpp>

struct Net {
    etta::LSTM<32> lstm;
    etta::Linear<1> fc;
    constexpr auto operator()(auto x) const { return fc(lstm(x).last[0].h); }
};

int main() {
    etta::Model<Net, etta::Input<float, STEPS, 1>, etta::max_batch<32>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::Adam{.lr = 1e-3});
    static float x[32 * STEPS], y[32];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 32);
    return loss > 1;
}
