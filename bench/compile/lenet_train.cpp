// Training of LeNet on batches of 64.
#include <etta/etta.hpp>

struct LeNet {
    etta::Conv2d<8, 5> conv1;
    etta::Conv2d<16, 5> conv2;
    etta::Linear<120> fc1;
    etta::Linear<84> fc2;
    etta::Linear<10> fc3;
    constexpr auto operator()(auto x) const {
        x = max_pool<2>(relu(conv1(x)));
        x = max_pool<2>(relu(conv2(x)));
        return fc3(relu(fc2(relu(fc1(flatten(x))))));
    }
};

int main() {
    etta::Model<LeNet, etta::Input<float, 1, 28, 28>, etta::max_batch<64>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{.lr = 1e-2, .momentum = 0.9});
    static float x[64 * 784];
    static int y[64];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 64);
    return loss > 1;
}
