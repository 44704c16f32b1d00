// Does the loader keep up? LeNet on gzip IDX files with augmentation: what part of its time fit() waits for batches, without and with a
// thread that fills them, and with all threads filling them between the steps.
//
//   bench_loader IMAGES LABELS [EPOCHS]      MNIST-format files, plain or gzip: t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz
//
// Build: bench/CMakeLists.txt, or
//   g++ -std=c++20 -O3 -march=native -fopenmp -DETTA_HAS_ZLIB -I include bench/loader.cpp -lz -o bench_loader
#include <etta/data/parallel.hpp>
#include <etta/data/prefetch.hpp>
#include <etta/data/transforms.hpp>
#include <cstdio>
#include <cstdlib>

#include "lenet.hpp"

namespace T = etta::transforms;

namespace {

// Adds up what the epochs took and what of it was waiting.
struct Waited {
    double seconds = 0, waiting = 0;
    void on_epoch_end(etta::FitEvent& e) { seconds += e.history.epochs.back().seconds, waiting += e.data_seconds; }
};

void measure(const char* what, const etta::Dataset& data, const etta::batch_worker& ahead, const etta::sample_worker& together, int epochs) {
    etta::Model<LeNet, etta::Input<float, 1, 28, 28>, etta::max_batch<32>> model{etta::seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{});
    Waited w;
    const etta::History h = trainer.fit(data, {.epochs = epochs, .batch = 32, .seed = etta::seed(1), .prefetch = ahead, .parallel = together, .callbacks = {w}, .verbose = false});
    const double images = static_cast<double>(data.size()) * epochs;
    std::printf("%-34s %8.0f images/s, waiting %5.1f %% of the time (%.1f us of %.1f us per image), loss %.4f\n", what, images / w.seconds, 100 * w.waiting / w.seconds,
                1e6 * w.waiting / images, 1e6 * w.seconds / images, h.epochs.back().loss);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::fprintf(stderr, "usage: %s IMAGES LABELS [EPOCHS]\n", argv[0]), 2;
    const int epochs = argc > 3 ? std::atoi(argv[3]) : 3;
    try {
        const etta::Dataset plain = etta::load_idx(argv[1], argv[2]).scaled(1 / 255.0).reshaped({1, 28, 28});
        const etta::Dataset augmented = plain.transformed(
            T::Compose{T::RandomAffine{.degrees = 10, .translate = {0.1, 0.1}, .interpolation = T::Interpolation::bilinear}, T::GaussianNoise{.sigma = 0.05}}, etta::seed(1));
        measure("no augmentation", plain, {}, {}, epochs);
        measure("no augmentation, prefetch", plain, etta::prefetch(), {}, epochs);
        measure("rotation, translation, noise", augmented, {}, {}, epochs);
        measure("the same, prefetch", augmented, etta::prefetch(), {}, epochs);
        measure("the same, by all threads", augmented, {}, etta::parallel(), epochs);
    } catch (const std::exception& e) {
        return std::fprintf(stderr, "%s\n", e.what()), 1;
    }
}
