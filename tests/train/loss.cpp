// What the Trainer does with the targets of losses: labels, some of them ignored, other numbers than the prediction's, weights.
#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#include "../catch.hpp"

using namespace etta;

namespace {

struct Line {
    Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
struct MeanAndVariance {
    Linear<2> fc;
    constexpr auto operator()(auto x) const { return concat<-1>(slice<-1, 0, 1>(fc(x)), softplus(slice<-1, 1, 2>(fc(x)))); }
};
using LineModel = Model<Line, Input<double, 2>, max_batch<8>>;
constexpr double inputs[] = {0.3, -1, 1.5, 0.2, -0.7, 0.9, 2, 1};

}  // namespace

TEST_CASE("a label to be ignored counts for nothing; others out of range are refused") {
    LineModel model{seed(1)};
    auto trainer = Trainer(model, on_labels<-7>([](auto y, auto t) { return cross_entropy(y, t, {.ignore_index = -7}); }), SGD{});
    const std::int32_t with[4] = {0, -7, 2, -7}, without[2] = {0, 2}, wrong[4] = {0, -1, 2, 1};
    const double kept[4] = {inputs[0], inputs[1], inputs[4], inputs[5]};
    const double loss = trainer.gradients(inputs, with, 4);
    std::vector<double> gradient(trainer.gradient_data(), trainer.gradient_data() + 6);
    CHECK(loss == Approx(trainer.gradients(kept, without, 2)));
    for (std::size_t i = 0; i < 6; ++i) CHECK(gradient[i] == Approx(trainer.gradient_data()[i]));
    CHECK_THROWS_WITH(trainer.step(inputs, wrong, 4), says("label -1 of sample 1"));
}

TEST_CASE("weights of samples and of classes: a step, fit, and what is refused") {
    LineModel model{seed(1)};
    auto plain = Trainer(model, CrossEntropy{}, SGD{});
    auto weighted = Trainer(model, Weighted<CrossEntropy>{}, SGD{}, {.class_weight = {1, 3, 0.5}});
    auto same = Trainer(model, on_labels([](auto y, auto t) { return cross_entropy(y, t, {.weight = constants(y, 1, 3, 0.5)}); }), SGD{});
    const std::int32_t labels[4] = {0, 1, 2, 1};
    CHECK(weighted.gradients(inputs, labels, 4) == Approx(same.gradients(inputs, labels, 4)));
    for (int i = 0; i < 6; ++i) CHECK(weighted.gradient_data()[i] == Approx(same.gradient_data()[i]));
    auto by_sample = Trainer(model, Weighted<CrossEntropy>{}, SGD{.lr = 0});
    const double ones[4] = {1, 1, 1, 1}, third[4] = {0, 0, 2, 0};
    const double all = by_sample.step(inputs, labels, ones, 4);
    CHECK(all == Approx(plain.gradients(inputs, labels, 4)));
    CHECK(all == Approx(by_sample.step(inputs, labels, 4)));
    CHECK(by_sample.step(inputs, labels, third, 4) == Approx(plain.gradients(inputs + 4, labels + 2, 1)));
    CHECK_THROWS_WITH(Trainer(model, CrossEntropy{}, SGD{}, {.class_weight = {1, 2, 3}}), says("takes weights"));
    CHECK_THROWS_WITH(Trainer(model, Weighted<CrossEntropy>{}, SGD{}, {.class_weight = {1, 2}}), says("2 numbers, the model 3 classes"));
}

TEST_CASE("weights of classes in fit and in an evaluation; ignored labels are in no accuracy") {
    LineModel model{seed(1)};
    std::vector<float> x;
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 24; ++i) {  // two features say the class, of which the first has most samples
        const int c = i % 6 < 4 ? 0 : i % 6 - 3;
        x.push_back(static_cast<float>(c) - 1), x.push_back(c == 1 ? 1.0f : -1.0f);
        labels.push_back(c);
    }
    const auto data = Dataset::from(x, {2}, labels);
    auto trainer = Trainer(model, Weighted<CrossEntropy>{}, Adam{.lr = 0.1}, {.class_weight = {0.25, 1, 1}});
    const auto history = trainer.fit(data, {.epochs = 40, .batch = 8, .verbose = false});
    CHECK(history.epochs.back().loss < 0.5 * history.epochs.front().loss);
    CHECK(trainer.evaluate(data).accuracy == 1);
    // The first class is ignored: nothing of it counts, right or wrong.
    auto ignoring = Trainer(model, on_labels<0>([](auto y, auto t) { return cross_entropy(y, t, {.ignore_index = 0}); }), SGD{});
    CHECK(ignoring.evaluate(data).accuracy == 1);
    model.initialise("fc.*", init::zeros{}, seed(1));  // everything is taken for class 0
    CHECK(ignoring.evaluate(data).accuracy == 0);
    CHECK(trainer.evaluate(data).accuracy == Approx(2.0 / 3));
}

TEST_CASE("targets of other extents than the prediction's: variances, quantiles, sequences") {
    Model<MeanAndVariance, Input<double, 2>, max_batch<8>> model{seed(1)};
    auto gaussian = Trainer(model, GaussianNLL{}, SGD{});
    const double y[4] = {1, 2, 3, 4};
    double out[8], want = 0;
    model.run(inputs, out, 4);
    for (int i = 0; i < 4; ++i) want += 0.5 * (std::log(out[2 * i + 1]) + (out[2 * i] - y[i]) * (out[2 * i] - y[i]) / out[2 * i + 1]) / 4;
    CHECK(gaussian.gradients(inputs, y, 4) == Approx(want));

    LineModel three{seed(1)};
    auto quantiles = Trainer(three, Weighted<Quantile<0.1, 0.5, 0.9>>{}, Adam{.lr = 0.05});
    double q[3];
    for (int step = 0; step < 400; ++step) {
        double zeros[16] = {}, t[8];
        for (int i = 0; i < 8; ++i) t[i] = uniform_at<double>(seed(3), 0, static_cast<std::uint64_t>(8 * step + i));
        quantiles.step(zeros, t, 8);
    }
    const double zero[2] = {};
    three.run(zero, q, 1);
    CHECK(q[0] == Approx(0.1).margin(0.08));
    CHECK(q[1] == Approx(0.5).margin(0.08));
    CHECK(q[2] == Approx(0.9).margin(0.08));

    Model<Line, Input<double, 4, 2>, max_batch<2>> sequence{seed(1)};
    auto ctc = Trainer(sequence, CTC<2>{}, SGD{});
    const std::int32_t labels[2] = {1, 2};
    const double first = ctc.step(inputs, labels, 1);
    for (int i = 0; i < 20; ++i) ctc.step(inputs, labels, 1);
    CHECK(ctc.step(inputs, labels, 1) < first);
    CHECK_THROWS_WITH(ctc.fit(Dataset::from(std::vector<float>(8), {4, 2}, std::vector<std::int32_t>{1}), {.batch = 1, .verbose = false}), says("1 labels"));

    // A label that is none is refused before anything is computed.
    const auto refused = [&](std::int32_t a, std::int32_t b) {
        const std::int32_t two[2] = {a, b};
        try {
            ctc.step(inputs, two, 1);
        } catch (const Error& e) {
            return std::string(e.what());
        }
        return std::string("it was taken");
    };
    CHECK_THAT(refused(1, 7), says("label 7 in place 1 of sample 0 in the batch is none of the classes (CTC; 3 classes, the blank is 0)"));
    CHECK_THAT(refused(0, 1), says("label 0 in place 0 of sample 0 in the batch is the blank"));
    CHECK_THAT(refused(-1, 1), says("label 1 in place 1 of sample 0 in the batch stands behind the end of the list"));

    // Lists of labels of different lengths, as a data set.
    using Lists = std::vector<std::vector<std::int32_t>>;
    std::vector<double> many(inputs, inputs + 8);
    many.insert(many.end(), inputs, inputs + 8);
    const auto lists = Dataset::from(many, {4, 2}, Lists{{1, 2}, {1}}, 2, 3);
    Model<Line, Input<double, 4, 2>, max_batch<2>> again{seed(1)};
    auto fitted = Trainer(again, CTC<2>{}, SGD{.lr = 0.1});
    const double before = fitted.evaluate(lists).loss;
    const std::int32_t padded[] = {1, 2, 1, -1};
    CHECK(before == Approx(fitted.gradients(many.data(), padded, 2)).epsilon(1e-12));
    fitted.fit(lists, {.epochs = 20, .batch = 2, .verbose = false});
    CHECK(fitted.evaluate(lists).loss < before);
    std::int32_t copied[2];
    lists.slice(1, 2).copy_labels(0, copied);
    CHECK((copied[0] == 1 && copied[1] == -1 && lists.y_shape().count() == 2 && lists.classes() == 3));
    CHECK_THROWS_WITH(Dataset::from(many, {4, 2}, Lists{{1, 2, 2}, {1}}, 2, 3), says("sample 0 has 3 labels, expected 2 at most"));
    CHECK_THROWS_WITH(Dataset::from(many, {4, 2}, Lists{{1}, {1, 3}}, 2, 3), says("sample 1 has label 3 in place 1, expected 0 .. 2"));
    CHECK_THROWS_WITH(Dataset::from(many, {4, 2}, Lists{{1}}), says("2 samples and 1 lists of labels"));
    CHECK_THROWS_WITH(Dataset::from(many, {4, 2}, Lists{{1}, {1}}, -1), says("lists of -1 labels"));
    CHECK_THROWS_WITH(lists.label(0), says("2 labels for each sample"));
    // Bad lists of validation data are found before the first step, too.
    const long steps = fitted.steps();
    const auto blank = Dataset::from(many, {4, 2}, Lists{{1, 2}, {2, 0}}, 2, 3);
    CHECK_THROWS_WITH(fitted.fit(lists, {.batch = 2, .validation = blank, .verbose = false}), says("label 0 in place 1 of sample 1 of the data is the blank"));
    CHECK(fitted.steps() == steps);
}
