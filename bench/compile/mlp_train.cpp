// Training of 784-128-10 on batches of 64.
#include <etta/etta.hpp>

struct Mlp {
    etta::Linear<128> fc1;
    etta::Linear<10> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};

int main() {
    etta::Model<Mlp, etta::Input<float, 784>, etta::max_batch<64>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{.lr = 1e-3});
    static float x[64 * 784];
    static int y[64];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 64);
    return loss > 1;
}
