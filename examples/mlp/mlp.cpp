// A multilayer perceptron on handwritten digits, in under 40 lines.
#include <etta/etta.hpp>

#include <cstdio>

struct Mlp {
    etta::Linear<64> fc1;
    etta::Linear<32> fc2;
    etta::Linear<10> fc3;

    constexpr auto operator()(auto x) const { return fc3(relu(fc2(relu(fc1(x))))); }
};

int main(int argc, char** argv) {
    const auto digits = etta::load_csv(argc > 1 ? argv[1] : "examples/data/digits.csv", {.label = -1}).scaled(1 / 16.0);
    auto [train, test] = etta::split_stratified(digits, 2.0 / 3, etta::seed(1));

    etta::Model<Mlp, etta::Input<float, 64>, etta::max_batch<32>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 2e-3});
    trainer.fit(train, {.epochs = 20, .batch = 32, .validation = test, .schedule = etta::cosine()});

    const auto result = trainer.evaluate(test);
    std::printf("test accuracy %.4f\n%s", result.accuracy, result.table().c_str());
    etta::save(model, "mlp.safetensors");
}
