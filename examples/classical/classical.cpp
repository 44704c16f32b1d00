// Classical models and a network on the same digits: what each gets right of a third that it has not seen, and how long it
// took to learn.
//
//   examples/run.sh classical [--seed N]
// ci:
#include "../picture.hpp"

#include <etta/classical.hpp>

#include <chrono>

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class Model>
void judge(const char* name, Model model, const etta::Dataset& train, const etta::Dataset& test) {
    const double start = seconds();
    model.fit(train);
    const double took = seconds() - start;
    std::printf("%-36s %8.4f %10.3f s\n", name, model.score(test), took);
}

struct Net {
    etta::Conv2d<16, 3, 1, 1> conv1;
    etta::Conv2d<32, 3, 1, 1> conv2;
    etta::Linear<64> fc1;
    etta::Linear<10> fc2;
    constexpr auto operator()(auto x) const {
        x = max_pool<2>(relu(conv2(relu(conv1(x)))));
        return fc2(relu(fc1(flatten(x))));
    }
};

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    const auto [train, test] = etta::split_stratified(load_digits({64}), 2.0 / 3, seed);
    std::printf("%-36s %8s %12s\n", "", "accuracy", "learning");
    judge("naive Bayes", etta::GaussianNB{.var_smoothing = 1e-2}, train, test);
    judge("logistic regression", etta::LogisticRegression{}, train, test);
    judge("linear support vectors", etta::LinearSVC{.C = 0.1}, train, test);
    judge("the 3 nearest neighbours", etta::KNeighborsClassifier{.n_neighbors = 3}, train, test);

    const double start = seconds();
    etta::Model<Net, etta::Input<float, 1, 8, 8>, etta::max_batch<32>> model{seed};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 2e-3});
    trainer.fit(train.reshaped({1, 8, 8}), {.epochs = 40, .batch = 32, .schedule = etta::cosine(), .seed = seed, .verbose = false});
    const double took = seconds() - start;
    std::printf("%-36s %8.4f %10.3f s\n", "two convolutions and two layers", trainer.evaluate(test.reshaped({1, 8, 8})).accuracy, took);
}
