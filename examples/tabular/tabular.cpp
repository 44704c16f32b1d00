// A table of measurements: is a tumour malignant? 569 patients, 30 numbers each. A small network, judged by 5-fold
// cross-validation: in each fold the scaler is fitted on what the network learns from, and the rest is scored once.
//
//   examples/run.sh tabular [--seed N] [--epochs N]
// ci: --epochs 10
#include "../picture.hpp"

struct Net {
    etta::Linear<16> fc1;
    etta::Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    etta::CSVOptions file;
    file.skip_lines = 1;  // 569,30,malignant,benign
    file.header = etta::csv_header::absent;
    const auto patients = etta::load_csv(data_file("breast_cancer.csv"), {.label = -1, .csv = file});

    std::vector<int> actual, taken_for;
    std::vector<double> benign;  // the probability
    int fold = 0;
    for (const auto& [train, test] : etta::k_fold_stratified(patients, 5, seed)) {
        const auto scaler = etta::StandardScaler().fit(train);
        const auto learned = scaler.transform(train), judged = scaler.transform(test);
        etta::Model<Net, etta::Input<float, 30>, etta::max_batch<32>> model{etta::seed(seed.value + static_cast<std::uint64_t>(fold))};
        auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 5e-3, .weight_decay = 0.05});
        trainer.fit(learned, {.epochs = static_cast<int>(option(argc, argv, "epochs", 40)), .batch = 32, .schedule = etta::cosine(0.05), .seed = seed, .verbose = false});

        etta::RankedScores scores;
        const std::size_t before = actual.size();
        for (etta::index i = 0; i < judged.size(); ++i) {
            float x[30], logits[2];
            judged.copy_x(i, x);
            model.run(x, logits, 1);
            actual.push_back(judged.label(i));
            benign.push_back(1 / (1 + std::exp(double(logits[0] - logits[1]))));
            taken_for.push_back(benign.back() > 0.5);
        }
        scores.update(std::span(actual).subspan(before), std::span(benign).subspan(before));
        std::printf("fold %d: %ld to learn from, %ld to judge by, area under the curve %.4f\n", ++fold, static_cast<long>(train.size()), static_cast<long>(test.size()), scores.roc_auc());
    }
    std::printf("\n%s\n", etta::classification_report(actual, taken_for, std::vector<std::string>{"malignant", "benign"}, 3).c_str());

    etta::RankedScores all;
    all.update(actual, benign);
    const etta::Curve roc = all.roc_curve();
    std::printf("benign kept, of benign, over malignant missed, of malignant:\n");
    constexpr int width = 50, height = 12;
    for (int y = height; y >= 0; --y) {
        std::printf("%5.2f |", double(y) / height);
        for (int x = 0; x <= width; ++x) {
            double at = 0;  // the curve's height at this x
            for (std::size_t k = 0; k < roc.x.size(); ++k)
                if (roc.x[k] <= double(x) / width && roc.y[k] > at) at = roc.y[k];
            std::printf("%s", static_cast<int>(at * height + 0.5) == y ? "*" : x == y * width / height ? "." : " ");
        }
        std::printf("\n");
    }
    std::printf("       0%*s\narea %.4f, accuracy %.4f\n", width, "1", all.roc_auc(), etta::accuracy_score(actual, taken_for));
}
