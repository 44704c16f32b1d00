// Training of LeNet on batches of 64.
#include "../lenet.hpp"

int main() {
    etta::Model<LeNet, etta::Input<float, 1, 28, 28>, etta::max_batch<64>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{.lr = 1e-2, .momentum = 0.9});
    static float x[64 * 784];
    static int y[64];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 64);
    return loss > 1;
}
