// Regression: how much alcohol is in a wine, from twelve other measurements of it? A network with early stopping, beside
// linear least squares on the same split: with 125 wines to learn from, about as good.
//
//   examples/run.sh regression [--seed N]
// ci:
#include "../picture.hpp"

struct Net {
    etta::Linear<24> fc1;
    etta::Linear<24> fc2;
    etta::Linear<1> out;
    constexpr auto operator()(auto x) const { return out(gelu(fc2(gelu(fc1(x))))); }
};

// What to predict from, with a column of ones; and the numbers to predict.
using Table = etta::Tensor<double, etta::dyn, 13>;
Table inputs(const etta::Dataset& part) {
    Table x(part.size());
    for (etta::index i = 0; i < part.size(); ++i) part.copy_x(i, &x(i, 0)), x(i, 12) = 1;
    return x;
}
std::vector<double> targets(const etta::Dataset& part) {
    std::vector<double> y(static_cast<std::size_t>(part.size()));
    for (etta::index i = 0; i < part.size(); ++i) part.copy_y(i, &y[static_cast<std::size_t>(i)]);
    return y;
}

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    etta::CSVOptions file;
    file.skip_lines = 1;  // 178,13,class_0,class_1,class_2
    file.header = etta::csv_header::absent;
    const auto wines = etta::load_csv(data_file("wine.csv"), {.targets = {0}, .ignore = {13}, .csv = file});  // 13: the grower
    auto [rest, test] = etta::split(wines, 0.7, seed);
    auto [train, validation] = etta::split(rest, 0.8, seed);
    const auto scaler = etta::StandardScaler().fit(train);

    etta::Model<Net, etta::Input<float, 12>, etta::max_batch<16>> model{seed};
    model.parameter<"out.bias">() = 13;  // where wines are
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::AdamW{.lr = 2e-3, .weight_decay = 0.1});
    const auto history = trainer.fit(scaler.transform(train), {.epochs = 500,
                                                               .batch = 16,
                                                               .validation = scaler.transform(validation),
                                                               .seed = seed,
                                                               .callbacks = {etta::EarlyStopping{.patience = 30, .restore_best_weights = true}},
                                                               .verbose = false});
    std::printf("%ld wines to learn from, %ld to stop by, %ld to judge by; stopped after %ld epochs, the best was number %d\n", static_cast<long>(train.size()),
                static_cast<long>(validation.size()), static_cast<long>(test.size()), static_cast<long>(history.epochs.size()), history.best().epoch);

    // y = X w, by least squares.
    const Table x = inputs(scaler.transform(rest)), unseen = inputs(scaler.transform(test));
    const std::vector<double> y = targets(rest), actual = targets(test);
    etta::Tensor<double, etta::dyn> target(rest.size());
    for (etta::index i = 0; i < rest.size(); ++i) target(i) = y[static_cast<std::size_t>(i)];
    const etta::Tensor<double, 13> w = etta::call([](auto x, auto y) { return lstsq(x, y); }, x, target);

    std::vector<double> network, linear;
    const auto judged = scaler.transform(test);
    for (etta::index i = 0; i < test.size(); ++i) {
        float in[12], out[1];
        judged.copy_x(i, in);
        model.run(in, out, 1);
        network.push_back(out[0]);
        double sum = 0;
        for (etta::index k = 0; k < 13; ++k) sum += unseen(i, k) * w(k);
        linear.push_back(sum);
    }
    std::printf("\n%8s %10s %10s\n", "alcohol", "network", "linear");
    for (std::size_t i = 0; i < 8; ++i) std::printf("%8.2f %10.2f %10.2f\n", actual[i], network[i], linear[i]);
    std::printf("\nmean absolute error: network %.3f, linear %.3f; R2: network %.3f, linear %.3f\n", etta::mean_absolute_error(actual, network),
                etta::mean_absolute_error(actual, linear), etta::r2_score(actual, network), etta::r2_score(actual, linear));
}
