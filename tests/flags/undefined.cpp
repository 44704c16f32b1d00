// Compiled with -fsanitize=undefined, with which g++ takes fewer expressions for constant ones. Compiling is the test.
#include <etta/etta.hpp>

struct Net {
    etta::Embedding<10, 4> embedding;
    etta::Linear<3> out;
    constexpr auto operator()(auto x) const { return out(embedding(x)); }
};
double step(etta::Model<Net, etta::Input<std::int32_t>, etta::max_batch<3>>& model) {
    const std::int32_t x[3] = {1, 2, 9}, y[3] = {0, 1, 2};
    return etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{}).step(x, y, 3);
}
