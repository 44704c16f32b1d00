// An autoencoder: 64 pixels through 8 numbers and back. It learns from two thirds of the digits; the error on the others is
// set beside what 8 principal components leave, the best that a linear map can do. Some reconstructions are drawn.
//
//   examples/run.sh autoencoder [--epochs N] [--seed N]
// ci: --epochs 3
#include "../picture.hpp"

struct Autoencoder {
    etta::Linear<64> in;
    etta::Linear<8> code;
    etta::Linear<64> back;
    etta::Linear<64> out;

    constexpr auto operator()(auto x) const {
        auto z = code(gelu(in(x)));
        return sigmoid(out(gelu(back(z))));
    }
};

etta::Dataset itself(const etta::Dataset& digits) {
    const auto x = pixels_of(digits);
    return etta::Dataset::from(x, {64}, x, {64});
}

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    auto [train, test] = etta::split_stratified(load_digits({64}), 2.0 / 3, seed);
    const auto learned = itself(train), judged = itself(test);

    etta::Model<Autoencoder, etta::Input<float, 64>, etta::max_batch<64>> model{seed};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::AdamW{.lr = 3e-3});
    trainer.fit(learned, {.epochs = static_cast<int>(option(argc, argv, "epochs", 60)), .batch = 64, .validation = judged, .schedule = etta::cosine(0.01), .seed = seed});

    // What eight principal components leave: project on the first eight of the training part by subspace iteration.
    const auto x = pixels_of(train), y = pixels_of(test);
    const auto n = static_cast<std::size_t>(train.size()), m = static_cast<std::size_t>(test.size());
    std::vector<double> mean(64);
    for (std::size_t i = 0; i < n * 64; ++i) mean[i % 64] += double(x[i]) / double(n);
    etta::Tensor<double, 64, 64> covariance;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < 64; ++j)
            for (std::size_t k = 0; k < 64; ++k) covariance(j, k) += (double(x[i * 64 + j]) - mean[j]) * (double(x[i * 64 + k]) - mean[k]) / double(n);
    etta::Tensor<double, 64, 8> q = etta::normal<double, 64, 8>(seed);
    for (int i = 0; i < 200; ++i) {
        const auto [orthogonal, upper] = etta::call([](auto c, auto v) { return qr(matmul(c, v)); }, covariance, q);
        q = orthogonal;
    }
    double left = 0;
    for (std::size_t i = 0; i < m; ++i) {
        double code[8] = {};
        for (int c = 0; c < 8; ++c)
            for (std::size_t j = 0; j < 64; ++j) code[c] += q(j, c) * (double(y[i * 64 + j]) - mean[j]);
        for (std::size_t j = 0; j < 64; ++j) {
            double r = double(y[i * 64 + j]) - mean[j];
            for (int c = 0; c < 8; ++c) r -= q(j, c) * code[c];
            left += r * r / double(m * 64);
        }
    }

    constexpr int shown = 8;
    float made[shown * 64];
    for (int k = 0; k < shown; ++k) model.run(y.data() + k * 64, made + k * 64, 1);
    draw_row("digits it has not seen", y.data(), shown);
    draw_row("the same from 8 numbers", made, shown);
    const double error = trainer.evaluate(judged).loss;
    std::printf("mean squared error %.5f; of 8 principal components %.5f\n", error, left);
}
