// A fully convolutional denoiser: it says what noise was added to a picture, and works at any size that is compiled in. It
// learns from noise that is drawn anew in every step; judged by pictures and noise that it has not seen.
//
//   examples/run.sh denoiser [--epochs N] [--seed N]
// ci: --epochs 2
#include "../picture.hpp"

#include <cmath>

constexpr double noise = 0.35;

struct Denoiser {
    etta::Conv2d<24, 3, 1, 1> conv1, conv2, conv3;
    etta::Conv2d<1, 3, 1, 1> conv4;

    constexpr auto operator()(auto x) const {
        auto h = relu(conv1(x));
        h = h + relu(conv2(h));
        h = h + relu(conv3(h));
        return x - conv4(h);
    }
};

// The clean picture is the target and what the noise is added to.
constexpr auto denoising = [](auto const& net, auto const& batch) { return mean(square(net(batch.x + noise * normal_like(batch.x)) - batch.x)); };

double decibels(double mean_squared_error) { return -10 * std::log10(mean_squared_error); }

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    auto [train, test] = etta::split_stratified(load_digits({1, 8, 8}), 2.0 / 3, seed);
    const auto pictures = pixels_of(train);

    etta::Model<Denoiser, etta::Input<float, 1, 8, 8>, etta::max_batch<32>> model{seed};
    auto trainer = etta::Trainer(model, denoising, etta::AdamW{.lr = 3e-3});
    trainer.fit(etta::Dataset::from(pictures, {1, 8, 8}, pictures, {1, 8, 8}),
                {.epochs = static_cast<int>(option(argc, argv, "epochs", 30)), .batch = 32, .schedule = etta::cosine(0.01), .seed = seed});

    const auto clean = pixels_of(test);
    const auto n = static_cast<int>(test.size());
    std::vector<float> noisy = clean, made(clean.size());
    etta::random_stream draw(etta::seed(seed.value + 1000), 0);
    for (float& x : noisy) x += static_cast<float>(noise * draw.normal<double>());
    for (int i = 0; i < n; ++i) model.run(noisy.data() + i * 64, made.data() + i * 64, 1);
    double before = 0, after = 0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
        before += std::pow(double(noisy[i] - clean[i]), 2) / double(clean.size());
        after += std::pow(double(made[i] - clean[i]), 2) / double(clean.size());
    }
    draw_row("with noise", noisy.data(), 8);
    draw_row("without", made.data(), 8);
    draw_row("as they were", clean.data(), 8);
    std::printf("signal to noise %.2f dB before, %.2f dB after\n", decibels(before), decibels(after));
}
