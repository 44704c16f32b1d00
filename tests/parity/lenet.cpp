// LeNet-5 (on 16 x 16 pictures) in double against PyTorch: prediction, loss, every gradient, and the weights after ten
// steps of Adam. make.py wrote the file.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

struct LeNet {
    etta::Conv2d<8, 5> conv1;
    etta::Conv2d<16, 5> conv2;
    etta::Linear<120> fc1;
    etta::Linear<84> fc2;
    etta::Linear<10> fc3;
    constexpr auto operator()(auto x) const {
        x = etta::max_pool<2>(relu(conv1(x)));
        x = etta::max_pool<2>(relu(conv2(x)));
        return fc3(relu(fc2(relu(fc1(flatten(x))))));
    }
};

// make.py's numbers(): the same multiples of scale / 2^24.
void fill_numbers(double* p, long n, std::uint32_t seed, double scale) {
    for (long i = 0; i < n; ++i) {
        seed = 1664525u * seed + 1013904223u;
        p[i] = ((seed >> 8) / 16777216.0 - 0.5) * scale;
    }
}

}  // namespace

TEST_CASE("LeNet computes what PyTorch computes, and Adam leaves PyTorch's weights") {
    const auto file = etta::safetensors_file::open(recorded_path("lenet.st"));
    etta::Model<LeNet, etta::Input<double, 1, 16, 16>, etta::max_batch<4>> model;
    for (int i = 0; i < model.n_parameters; ++i) fill_numbers(model.parameter(i).data, model.parameter(i).size, static_cast<std::uint32_t>(i + 1), 0.5);
    std::vector<double> x(3 * 256);
    fill_numbers(x.data(), 3 * 256, 100, 2.0);
    const std::int32_t y[] = {7, 0, 4};

    double logits[30];
    model.run(x.data(), logits, 3);
    CHECK(unlike(file, "logits", logits, 1e-10) == "");
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{.lr = 0.01, .beta2 = 0.99});
    const double loss = trainer.gradients(x.data(), y, 3);
    CHECK(unlike(file, "loss", &loss, 1e-10) == "");
    CHECK(unlike_all(file, "gradient.", model, trainer.gradient_data(), 1e-10) == "");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), y, 3);
    CHECK(unlike_all(file, "adam.", model, model.parameters.data(), 1e-6) == "");  // kept as float
}
