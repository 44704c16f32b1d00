// Training of a residual network of DEPTH layers: what grows with depth, and how fast.
#include <etta/etta.hpp>

#include <array>

#ifndef DEPTH
#define DEPTH 100
#endif

struct Block {
    etta::Linear<64> fc;
    constexpr auto operator()(auto x) const { return x + relu(fc(x)); }
};

struct Net {
    etta::Linear<64> in;
    std::array<Block, DEPTH> blocks;
    etta::Linear<10> out;
    constexpr auto operator()(auto x) const {
        x = relu(in(x));
        for (auto& block : blocks) x = block(x);
        return out(x);
    }
};

int main() {
    etta::Model<Net, etta::Input<float, 64>, etta::max_batch<32>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{.lr = 1e-30});
    static float x[64 * 32];
    static int y[32];
    double loss = 0;
    for (int i = 0; i < 10; ++i) loss = trainer.step(x, y, 32);
    return loss > 1;
}
