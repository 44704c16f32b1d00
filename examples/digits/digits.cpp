// Handwritten digits, start to finish: load, split, train a small CNN, look at what it gets wrong, save everything.
//
//   examples/run.sh digits                       the 1,797 8x8 UCI digits that come with etta
//   examples/run.sh digits --data DIR            LeNet-5 on MNIST-format files (*images-idx3-ubyte[.gz], *labels-idx1-ubyte[.gz]): trained
//                                                on train* and tested on t10k*, where both are there; else four fifths of the one pair
//   further: --seed N  --epochs N  --out DIR
#include <etta/etta.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

struct DigitsNet {  // 8x8
    etta::Conv2d<16, 3, 1, 1> conv1;
    etta::Conv2d<32, 3, 1, 1> conv2;
    etta::Linear<64> fc1;
    etta::Linear<10> fc2;

    constexpr auto operator()(auto x) const {
        x = relu(conv1(x));
        x = max_pool<2>(relu(conv2(x)));
        return fc2(relu(fc1(flatten(x))));
    }
};

struct LeNet {  // 28x28, LeCun et al. 1998 with ReLU and max pooling
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

struct Arguments {
    std::string data, out = "digits-out";
    unsigned seed = 1;
    int epochs = 0;
};

template <class T>
bool number(const std::string& text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

// Files that belong together: of the same name but for "images" and "labels". One pair, or the test files (t10k…) and the training
// files (train…).
struct Pair {
    std::string images, labels;
};
std::vector<Pair> pairs_in(const std::string& folder) {
    std::vector<std::string> images, labels;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.find("images") != std::string::npos) images.push_back(name);
        if (name.find("labels") != std::string::npos) labels.push_back(name);
    }
    std::sort(images.begin(), images.end());
    std::sort(labels.begin(), labels.end());
    if (images.empty() || images.size() != labels.size() || images.size() > 2)
        throw std::runtime_error(folder + ": there are " + std::to_string(images.size()) + " files named *images* and " + std::to_string(labels.size()) + " named *labels*, expected one or two of each");
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < images.size(); ++i) {
        if (images[i].substr(0, images[i].find("images")) != labels[i].substr(0, labels[i].find("labels")))
            throw std::runtime_error(folder + ": " + images[i] + " and " + labels[i] + " do not belong together");
        pairs.push_back({folder + "/" + images[i], folder + "/" + labels[i]});
    }
    if (pairs.size() == 2 && (images[0].find("t10k") == std::string::npos || images[1].find("train") == std::string::npos))
        throw std::runtime_error(folder + ": of two pairs one is named t10k* and the other train*");
    return pairs;
}

// A digit in the terminal: two pixel rows per line of text.
void draw(const etta::Dataset& data, etta::index sample) {
    const int h = static_cast<int>(data.x_shape()[1]), w = static_cast<int>(data.x_shape()[2]);
    std::vector<float> pixels(static_cast<std::size_t>(h * w));
    data.copy_x(sample, pixels.data());
    const char* const shades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
    for (int y = 0; y < h; ++y) {
        std::printf("    ");
        for (int x = 0; x < w; ++x) {
            const float v = pixels[static_cast<std::size_t>(y * w + x)];
            const int shade = v <= 0.1f ? 0 : v >= 0.9f ? 4 : 1 + static_cast<int>(3 * v);
            std::printf("%s", shades[shade < 4 || v >= 0.9f ? shade : 3]);
        }
        std::printf("\n");
    }
}

template <class Model, class Rule>
int train(const etta::Dataset& training, const etta::Dataset& test, const etta::FitOptions& options, double rate, const Arguments& a) {
    Model model{etta::seed(a.seed)};
    std::printf("%ld training and %ld test images, %ld parameters\n", static_cast<long>(training.size()), static_cast<long>(test.size()),
                static_cast<long>(Model::parameter_count));
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, Rule{.lr = rate});
    const etta::History history = trainer.fit(training, options);
    const etta::Evaluation result = trainer.evaluate(test);

    std::printf("\n%s\n", result.table().c_str());
    int shown = 0;
    for (etta::index i = 0; i < test.size() && shown < 3; ++i) {
        const int predicted = result.predicted[static_cast<std::size_t>(i)];
        if (predicted == test.label(i)) continue;
        std::printf("a %d taken for a %d:\n", static_cast<int>(test.label(i)), predicted);
        draw(test, i);
        ++shown;
    }
    std::filesystem::create_directories(a.out);
    etta::save(model, a.out + "/weights.safetensors");
    history.save_csv(a.out + "/history.csv");
    history.save_json(a.out + "/history.json");
    history.save_svg(a.out + "/learning-curve.svg");
    std::printf("\nweights, history and learning curve are in %s/\n", a.out.c_str());
    std::printf("test accuracy %.4f\n", result.accuracy);
    return 0;
}

int main(int argc, char** argv) {
    Arguments a;
    for (int i = 1; i < argc; i += 2) {
        const std::string option = argv[i];
        if (option != "--data" && option != "--seed" && option != "--epochs" && option != "--out") return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
        if (i + 1 == argc) return std::fprintf(stderr, "%s: what?\n", argv[i]), 2;
        const std::string value = argv[i + 1];
        if (option == "--data") a.data = value;
        else if (option == "--out") a.out = value;
        else if (!(option == "--seed" ? number(value, a.seed) : number(value, a.epochs)) || a.epochs < 0)
            return std::fprintf(stderr, "%s: '%s' is no number that it can be\n", argv[i], argv[i + 1]), 2;
    }
    try {
        if (a.data.empty()) {
            const std::string csv = std::filesystem::path(__FILE__).parent_path().parent_path() / "data" / "digits.csv";
            const auto digits = etta::load_csv(csv, {.label = -1}).scaled(1 / 16.0).reshaped({1, 8, 8});
            auto [training, test] = etta::split_stratified(digits, 2.0 / 3, etta::seed(a.seed));
            return train<etta::Model<DigitsNet, etta::Input<float, 1, 8, 8>, etta::max_batch<32>>, etta::AdamW>(
                training, test, {.epochs = a.epochs > 0 ? a.epochs : 40, .batch = 32, .validation = test, .schedule = etta::cosine(), .seed = etta::seed(a.seed)}, 2e-3, a);
        }
        const std::vector<Pair> pairs = pairs_in(a.data);
        const auto load = [](const Pair& p) { return etta::load_idx(p.images, p.labels).scaled(1 / 255.0).reshaped({1, 28, 28}); };
        const auto fifths = [&](const Pair& p) { return etta::split(load(p), 0.8, etta::seed(a.seed)); };
        auto [training, test] = pairs.size() == 2 ? etta::Split{load(pairs[1]), load(pairs[0])} : fifths(pairs[0]);
        return train<etta::Model<LeNet, etta::Input<float, 1, 28, 28>, etta::max_batch<64>>, etta::Adam>(
            training, test, {.epochs = a.epochs > 0 ? a.epochs : 12, .batch = 32, .validation = test, .schedule = etta::cosine(), .seed = etta::seed(a.seed)}, 2e-3, a);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
