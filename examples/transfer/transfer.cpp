// Transfer: a network learns the digits 0 to 4. Its filters then stay as they are, and what is behind them starts anew and
// learns 5 to 9 from five of each; at last all of it is tuned with a small rate. Beside it, the same network from scratch on
// the same 25 pictures: filters made for other digits serve about as well as their own.
//
//   examples/run.sh transfer [--seed N]
// ci:
#include "../picture.hpp"

struct Net {
    etta::Conv2d<16, 3, 1, 1> conv1;
    etta::Conv2d<32, 3, 1, 1> conv2;
    etta::Linear<64> features;
    etta::Linear<5> head;

    constexpr auto operator()(auto x) const {
        x = max_pool<2>(relu(conv2(relu(conv1(x)))));
        return head(relu(features(flatten(x))));
    }
};
using Model = etta::Model<Net, etta::Input<float, 1, 8, 8>, etta::max_batch<32>>;

// Five classes from `first` on, at most `each` of every one, as classes 0 to 4; and what is left.
etta::Split classes(const etta::Dataset& digits, int first, int each) {
    std::vector<float> x[2];
    std::vector<std::int32_t> y[2];
    std::vector<float> pixels(64);
    int taken[5] = {};
    for (etta::index i = 0; i < digits.size(); ++i) {
        const int label = digits.label(i) - first;
        if (label < 0 || label >= 5) continue;
        const int part = taken[label]++ < each ? 0 : 1;
        digits.copy_x(i, pixels.data());
        x[part].insert(x[part].end(), pixels.begin(), pixels.end());
        y[part].push_back(label);
    }
    return {etta::Dataset::from(x[0], {1, 8, 8}, y[0], 5), etta::Dataset::from(x[1], {1, 8, 8}, y[1], 5)};
}

template <class Trainer>
double tuned(Trainer& trainer, const etta::Split& data, int epochs, etta::seed seed) {
    trainer.fit(data.train, {.epochs = epochs, .batch = 10, .schedule = etta::cosine(0.05), .seed = seed, .verbose = false});
    return trainer.evaluate(data.test).accuracy;
}

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    const auto digits = load_digits({1, 8, 8}).shuffled(seed);
    const etta::Split known = classes(digits, 0, 160), fresh = classes(digits, 5, 5);

    Model model{seed};
    auto teacher = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 2e-3});
    std::printf("%-44s %9s %9s\n", "", "pictures", "accuracy");
    const auto row = [](const char* what, const etta::Split& data, double accuracy) { std::printf("%-44s %9ld %9.4f\n", what, static_cast<long>(data.train.size()), accuracy); };
    row("0 to 4", known, tuned(teacher, known, 20, seed));

    for (const char* layer : {"features.*", "head.*"}) model.initialise(layer, etta::init::fan_in_uniform{}, etta::seed(seed.value + 1));
    auto frozen = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 2e-3}, {.groups = {{"conv*", {.frozen = true}}}});
    row("5 to 9, behind these filters", fresh, tuned(frozen, fresh, 100, seed));
    auto all = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 5e-4});
    row("5 to 9, then all of it, at a small rate", fresh, tuned(all, fresh, 50, seed));

    Model other{etta::seed(seed.value + 2)};
    auto alone = etta::Trainer(other, etta::CrossEntropy{}, etta::AdamW{.lr = 2e-3});
    row("5 to 9, from scratch", fresh, tuned(alone, fresh, 100, seed));
}
