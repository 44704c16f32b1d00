// host.cpp: trains the network on the host and writes what the board needs as a header: weights, pixels and the host's own
// logits for every sample.
#include <etta/etta.hpp>

#include <cstdio>

#include "net.hpp"

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: host DIGITS.csv HEADER\n"), 2;
    const auto raw = etta::load_csv(argv[1], {.label = -1});
    const auto digits = raw.scaled(1 / 16.0);
    using Net = etta::Model<DigitsMlp, etta::Input<float, 64>, etta::max_batch<32>>;
    Net model{etta::seed(3)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 3e-3});
    trainer.fit(digits, {.epochs = 10, .batch = 32, .schedule = etta::cosine(), .verbose = false});
    const auto logits = trainer.predict(digits);

    std::FILE* const f = std::fopen(argv[2], "w");
    if (f == nullptr) return std::perror(argv[2]), 1;
    const long n = static_cast<long>(digits.size());
    std::fprintf(f, "// Made by tests/firmware/host.cpp.\n#pragma once\nconstexpr int samples = %ld;\n", n);
    std::fprintf(f, "constexpr float weights[%ld] = {", static_cast<long>(Net::facts::layout.elements));
    for (etta::index i = 0; i < Net::facts::layout.elements; ++i) std::fprintf(f, "%af,", static_cast<double>(model.parameters.data()[i]));
    std::fprintf(f, "};\nconstexpr unsigned char pixels[%ld][64] = {\n", n);
    float x[64];
    for (long i = 0; i < n; ++i) {
        raw.copy_x(i, x);
        std::fprintf(f, "{");
        for (const float v : x) std::fprintf(f, "%d,", static_cast<int>(v));
        std::fprintf(f, "},\n");
    }
    std::fprintf(f, "};\nconstexpr float expected[%ld][10] = {\n", n);
    for (long i = 0; i < n; ++i) {
        std::fprintf(f, "{");
        for (int k = 0; k < 10; ++k) std::fprintf(f, "%af,", static_cast<double>(logits[static_cast<std::size_t>(i * 10 + k)]));
        std::fprintf(f, "},\n");
    }
    std::fprintf(f, "};\n");
    std::fclose(f);
    const auto result = trainer.evaluate(digits);
    std::printf("host: accuracy %.4f on %ld samples\n", result.accuracy, n);
    return result.accuracy > 0.9 ? 0 : 1;
}
