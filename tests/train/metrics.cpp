// Metrics: values that can be counted by hand, element types, edges, and what is refused. Parity with scikit-learn: tests/parity.
#include <etta/core/tensor.hpp>
#include <etta/train/evaluation.hpp>
#include <etta/train/history.hpp>
#include <etta/train/metrics.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"

namespace {
using etta::average;
using Labels = std::vector<int>;
using Numbers = std::vector<double>;
constexpr double NaN = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("metrics take any element type, and tensors") {
    const Labels actual = {0, 1, 1, 0}, predicted = {0, 1, 0, 0};
    CHECK(etta::accuracy_score(actual, predicted) == 0.75);
    const std::vector<std::uint8_t> bytes = {0, 1, 1, 0};
    const std::vector<float> floats = {0, 1, 0, 0};
    const bool bools[] = {false, true, false, false};
    CHECK(etta::accuracy_score(bytes, floats) == 0.75);
    CHECK(etta::accuracy_score(std::span(bools), floats) == 1);
    CHECK(etta::accuracy_score(std::vector<std::int64_t>{0, 1, 1, 0}, std::vector<std::int16_t>{0, 1, 0, 0}) == 0.75);
    CHECK(etta::accuracy_score(std::vector<std::int8_t>{0, 1, 1, 0}, bytes) == 1);
    const etta::Tensor<double, 4> t = {0.5, 1, 2, 4};
    const etta::Tensor<float, 2, 2> u = {0.5f, 1, 2, 5};
    CHECK(etta::mean_absolute_error(t, u) == 0.25);
    CHECK(etta::mean_absolute_error(t.view(), u.view()) == 0.25);
}

TEST_CASE("a confusion matrix counts, also what a trainer counted, and can begin again") {
    etta::ConfusionMatrix m(3);
    m.update(Labels{0, 1, 2, 2}, Labels{0, 2, 2, 1});
    m.update(Labels{2}, Labels{2}, Numbers{2});
    CHECK(m.count(1, 2) == 1);
    CHECK(m.count(2, 2) == 3);
    CHECK(m.total() == 6);
    CHECK(m.support(2) == 4);
    CHECK(m.taken_for(2) == 4);
    CHECK(m.accuracy() == 4.0 / 6);
    CHECK(m.precision(2) == 0.75);
    CHECK(m.recall(1) == 0);
    CHECK(m.f1(0) == 1);
    CHECK(m.iou(2) == 0.6);
    const etta::ConfusionMatrix counted(3, std::vector<etta::index>{1, 0, 0, 0, 0, 1, 0, 1, 3});
    CHECK(counted.f1(average::macro) == m.f1(average::macro));
    m.reset();
    CHECK_THROWS_WITH(m.accuracy(), says("accuracy of no samples"));
    // Nothing is counted of a batch with a mistake.
    CHECK_THROWS_WITH(m.update(Labels{0, 3}, Labels{0, 0}), says("label 3 at place 1 is none of 0 .. 2"));
    CHECK_THROWS_WITH(m.update(Labels{0, 0}, Labels{0, -1}), says("predicted: label -1 at place 1"));
    CHECK_THROWS_WITH(m.update(Numbers{0, 0.5}, Labels{0, 0}), says("label 0.5"));
    CHECK_THROWS_WITH(m.update(Numbers{0, NaN}, Labels{0, 0}), says("nan"));
    CHECK_THROWS_WITH(m.update(Labels{0}, Labels{0, 1}), says("1 actual values and 2 predicted ones"));
    CHECK_THROWS_WITH(m.update(Labels{0}, Labels{0}, Numbers{1, 2}), says("1 values and 2 weights"));
    CHECK_THROWS_WITH(m.update(Labels{0}, Labels{0}, Numbers{-1}), says("weight -1 at place 0"));
    CHECK_THROWS_WITH(m.update(Labels{0}, Labels{0}, Numbers{inf}), says("weight inf"));
    CHECK(m.total() == 0);
    CHECK_THROWS_WITH(etta::ConfusionMatrix(1), says("1 classes"));
    CHECK_THROWS_WITH(etta::ConfusionMatrix(5000), says("5000 classes"));
    CHECK_THROWS_WITH(etta::ConfusionMatrix(3, std::vector<etta::index>(8)), says("9 counts, given are 8"));
}

TEST_CASE("a class that a confusion matrix does not have is an error, wherever it is asked for") {
    etta::ConfusionMatrix m(3);
    m.update(Labels{0, 1, 2}, Labels{0, 1, 1});
    for (const int c : {-1, 3, 50, 1000000}) {
        const auto none = says("a confusion matrix of 3 classes has no class " + std::to_string(c));
        CHECK_THROWS_WITH(m.count(c, 0), none);
        CHECK_THROWS_WITH(m.count(0, c), none);
        CHECK_THROWS_WITH(m.support(c), none);
        CHECK_THROWS_WITH(m.taken_for(c), none);
        CHECK_THROWS_WITH(m.precision(c), none);
        CHECK_THROWS_WITH(m.recall(c), none);
        CHECK_THROWS_WITH(m.fbeta(c, 2), none);
        CHECK_THROWS_WITH(m.f1(c), none);
        CHECK_THROWS_WITH(m.iou(c), none);
    }
    CHECK(m.recall(2) == 0);

    etta::Evaluation e;
    e.classes = 2;
    e.confusion = {3, 1, 0, 2};
    CHECK(e.confused(0, 1) == 1);
    CHECK_THAT(e.table(), says("    0    3    1\n    1    .    2\n"));
    CHECK_THROWS_WITH(e.confused(0, 2), says("a confusion matrix of 2 classes has no class 2"));
    CHECK_THROWS_WITH(e.confused(-1, 0), says("a confusion matrix of 2 classes has no class -1"));
    // Of many classes evaluate keeps no table, of numbers it has none.
    e.classes = 1025, e.confusion = {};
    CHECK_THROWS_WITH(e.confused(0, 0), says("evaluate keeps no confusion matrix of more than 1024 classes, here are 1025; `predicted` has"));
    CHECK_THROWS_WITH(e.table(), says("here are 1025"));
    CHECK_THROWS_WITH(etta::Evaluation().confused(0, 0), says("a confusion matrix is of a classifier's evaluation"));
    CHECK_THROWS_WITH(etta::Evaluation().table(), says("a classifier's"));
}

TEST_CASE("a history is JSON whatever was measured") {
    etta::History h;
    h.validated = true;
    h.epochs = {{1, 0.25, 1, 1e-12, 0.5, 1e-3, 1.5}, {2, NaN, NaN, inf, -inf, inf, NaN}};
    CHECK(h.json() ==
          "[\n  {\"epoch\": 1, \"loss\": 0.25, \"accuracy\": 1, \"validation_loss\": 1e-12, \"validation_accuracy\": 0.5, \"rate\": 0.001, \"seconds\": 1.500},\n"
          "  {\"epoch\": 2, \"loss\": null, \"accuracy\": null, \"validation_loss\": null, \"validation_accuracy\": null, \"rate\": null, \"seconds\": null}\n]\n");
    CHECK(etta::History().json() == "[\n]\n");
}

TEST_CASE("metrics of labels say what is missing, and have values where classes are") {
    CHECK_THROWS_WITH(etta::accuracy_score(Labels{}, Labels{}), says("accuracy of no samples"));
    CHECK_THROWS_WITH(etta::f1_score(Labels{}, Labels{}), says("no samples"));
    CHECK_THROWS_WITH(etta::f1_score(Labels{0, 1, 2}, Labels{0, 1, 2}), says("the average of 3 classes: say which, micro, macro or weighted"));
    for (const double bad : {-1.0, NaN}) {
        CHECK_THROWS_WITH(etta::fbeta_score(Labels{0, 1}, Labels{0, 1}, bad), says("F-beta: beta is"));
        CHECK_THROWS_WITH(etta::confusion_matrix(Labels{0, 1}, Labels{0, 1}).fbeta(0, bad), says("expected 0 or more"));
    }
    CHECK_THROWS_WITH(etta::accuracy_score(Labels{0, 1000000000}, Labels{0, 1}), says("a confusion matrix of 4097 classes"));
    CHECK_THROWS_WITH(etta::classification_report(Labels{0, 1, 2}, Labels{0, 1, 2}, std::vector<std::string>{"a", "b"}), says("label 2 at place 2"));
    CHECK_THROWS_WITH(etta::confusion_matrix(Labels{0}, Labels{0}).report({}, 99), says("99 digits"));
    // One class only.
    CHECK(etta::accuracy_score(Labels{1, 1}, Labels{1, 1}) == 1);
    CHECK(etta::matthews_corrcoef(Labels{1, 1}, Labels{0, 1}) == 0);
    CHECK(std::isnan(etta::cohen_kappa_score(Labels{1, 1}, Labels{1, 1})));
    CHECK(etta::cohen_kappa_score(Labels{1, 1}, Labels{0, 0}) == 0);
    CHECK_THROWS_WITH(etta::cohen_kappa_score(Labels{}, Labels{}), says("no samples"));
    CHECK(etta::f1_score(Labels{0, 0}, Labels{0, 0}) == 0);
    // The ends of F-beta are precision and recall.
    const Labels is = {0, 1, 1, 0, 1, 2}, taken = {0, 1, 0, 1, 1, 1};
    const auto table = etta::confusion_matrix(is, taken);
    for (const average how : {average::micro, average::macro, average::weighted}) {
        CHECK(etta::fbeta_score(is, taken, 0, {.average = how}) == etta::precision_score(is, taken, {.average = how}));
        for (const double large : {inf, 1e200}) CHECK(etta::fbeta_score(is, taken, large, {.average = how}) == etta::recall_score(is, taken, {.average = how}));
    }
    CHECK((table.fbeta(1, 0) == table.precision(1) && table.fbeta(1, inf) == table.recall(1) && table.fbeta(2, inf) == 0));
    // A class that only samples of weight 0 have occurs: scikit-learn's values.
    const Numbers weights = {1, 1, 0, 1};
    const etta::LabelOptions light{.average = average::macro, .weight = weights};
    const Labels y = {0, 1, 2, 0}, found = {0, 1, 1, 0};
    CHECK(etta::precision_score(y, found, light) == 2.0 / 3);
    CHECK(etta::recall_score(y, found, light) == 2.0 / 3);
    CHECK(etta::fbeta_score(y, found, 0.7, light) == 2.0 / 3);
    CHECK(etta::jaccard_score(y, found, light) == 2.0 / 3);
    CHECK(etta::balanced_accuracy_score(y, found, light) == 1);
    CHECK(etta::precision_score(y, found, {.average = average::weighted, .weight = Numbers{1, 1, 0, 1}}) == 1);
    etta::ConfusionMatrix weightless(3);
    weightless.update(y, found, Numbers{1, 1, 0, 1});
    CHECK(weightless.report().find("           2       0.00      0.00      0.00         0\n") != std::string::npos);
    weightless.reset(), weightless.update(Labels{0, 1}, Labels{0, 1});
    CHECK(weightless.precision(average::macro) == 1);
    // Columns stand below each other whatever the names are written in.
    const std::string report = etta::classification_report(Labels{0, 1}, Labels{0, 1}, std::vector<std::string>{"Größenänderung", "短い"});
    CHECK(report.find("\nGrößenänderung       1.00") != std::string::npos);
    CHECK(report.find("\n            短い       1.00") != std::string::npos);
    // A rare class among many samples keeps its digits.
    Labels a(100000, 0), p(100000, 0);
    a[7] = p[7] = 1;
    CHECK(etta::matthews_corrcoef(a, p) == Approx(1).epsilon(1e-15));
}

TEST_CASE("curves of scores: ties, one class only, NaN and infinities") {
    CHECK(etta::roc_auc_score(Labels{0, 1, 0, 1}, Numbers{1, 1, 1, 1}) == 0.5);
    CHECK(etta::roc_auc_score(Labels{0, 1, 0, 1}, Numbers{-inf, inf, 0, 0.1}) == 1);
    CHECK(etta::roc_auc_score(Labels{0, 1}, Numbers{2, 1}) == 0);
    CHECK(std::isnan(etta::roc_auc_score(Labels{1, 1}, Numbers{1, 2})));
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{0, 1}, Numbers{1, 2}, average::macro, Numbers{0, 0}), says("no samples"));
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{}, Numbers{}), says("no samples"));
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{0, 1}, Numbers{1, NaN}), says("the one at place 1 is NaN"));
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{0, 1}, Numbers{1, 2, 3}), says("2 labels and 3 scores"));
    CHECK(std::isnan(etta::roc_auc_score(Labels{0, 1}, Numbers(6))));
    CHECK(etta::roc_auc_score(Labels{0, 1}, Numbers{3, 2, 9, 1, 4, 9}, average::weighted) == 1);  // of the classes that occur
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{0, 1}, Numbers(6), average::macro, Numbers{0, 0}), says("ROC-AUC of no samples"));
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{0, 1}, Numbers(4), average::micro), says("macro or weighted"));
    CHECK(etta::roc_auc_score(Labels{0, 0, 1, 1}, Numbers{0.9, 0.1, 0.4, 0.6, 0.65, 0.35, 0.2, 0.8}, average::macro, {}, etta::multi_class::ovo) == 0.75);
    CHECK_THROWS_WITH(etta::roc_auc_score(Labels{0, 1}, Numbers(4), average::macro, Numbers{1, 1}, etta::multi_class::ovo), says("no weights of samples"));
    CHECK(etta::roc_auc_score(Labels{0, 1}, Numbers{3, 2, 9, 1, 4, 9}, average::macro, {}, etta::multi_class::ovo) == 1);
    CHECK(std::isnan(etta::roc_auc_score(Labels{1, 1}, Numbers(6), average::weighted, {}, etta::multi_class::ovo)));
    CHECK(etta::average_precision_score(Labels{0, 0}, Numbers{1, 2}) == 0);
    CHECK_THROWS_WITH(etta::average_precision_score(Labels{}, Numbers{}), says("precision and recall of no samples"));
    etta::RankedScores one;
    one.update(Labels{0, 0}, Numbers{1, 2});
    CHECK((one.precision_recall_curve().x == Numbers{0, 1, 1} && one.precision_recall_curve().y == Numbers{1, 0, 0}));
    CHECK((std::isnan(one.roc_curve().y[2]) && one.roc_curve().x == Numbers{0, 0.5, 1}));
    CHECK(etta::average_precision_score(Labels{1, 1}, Numbers{1, 2}) == 1);
    CHECK_THROWS_WITH(etta::average_precision_score(Labels{0, 2}, Numbers{1, 2}), says("label 2 at place 1 is none of 0 .. 1"));

    etta::TopKAccuracy t(2);
    t.update(Labels{0, 1}, Numbers{3, 2, 1, 3, 1, 2});
    t.update(Labels{1, 1}, Numbers{NaN, 2, 1, 3, NaN, 2});
    CHECK(t.value() == 0.5);
    t.reset();
    CHECK_THROWS_WITH(t.value(), says("of no samples"));
    CHECK_THROWS_WITH(t.update(Labels{3}, Numbers{1, 2, 3}), says("label 3"));
    CHECK_THROWS_WITH(etta::TopKAccuracy(0), says("k is 0"));
}

TEST_CASE("log-loss takes probabilities or logits, leaves labels out, and stays finite") {
    CHECK(etta::log_loss(Labels{1, 0}, std::vector<float>{1, 0}) == Approx(std::log(1 / (1 - 0x1p-23))).epsilon(1e-12));
    CHECK(etta::log_loss(Labels{0}, Numbers{1}) == Approx(-std::log(0x1p-52)).epsilon(1e-12));
    etta::LogLoss logits({.from_logits = true});
    logits.update(Labels{0, -100, 1}, Numbers{1000, 0, NaN, NaN, 0, 1000});
    CHECK(logits.value() == 0);
    CHECK(logits.perplexity() == 1);
    etta::LogLoss one({.from_logits = true});
    one.update(Labels{0, 1}, Numbers{800, -800});
    CHECK(one.value() == 800);
    CHECK(etta::perplexity(Labels{0, 1}, Numbers{0, 0, 0, 5, 5, 5}) == Approx(3).epsilon(1e-14));
    CHECK_THROWS_WITH(etta::log_loss(Labels{0}, Numbers{1.5, 0}), says("1.5, a probability of sample 0, is not in 0"));
    CHECK_THROWS_WITH(etta::log_loss(Labels{0}, Numbers{NaN, 0}), says("is not in 0"));
    CHECK_THROWS_WITH(etta::log_loss(Labels{2}, Numbers{0.5, 0.5}), says("label 2"));
    CHECK_THROWS_WITH(etta::log_loss(Labels{}, Numbers{}), says("log-loss of no samples"));
    CHECK_THROWS_WITH(etta::log_loss(Labels{}, Numbers{1}), says("0 labels and 1 scores"));
}

TEST_CASE("metrics of numbers: one sample, none, NaN, and numbers far from 0") {
    CHECK(etta::mean_squared_error(Numbers{1}, Numbers{3}) == 4);
    CHECK(std::isnan(etta::r2_score(Numbers{1}, Numbers{3})));
    CHECK_THROWS_WITH(etta::r2_score(Numbers{}, Numbers{}), says("no samples"));
    CHECK_THROWS_WITH(etta::mean_squared_error(Numbers{}, Numbers{}), says("no samples"));
    CHECK_THROWS_WITH(etta::max_error(Numbers{}, Numbers{}), says("no samples"));
    CHECK_THROWS_WITH(etta::mean_squared_error(Numbers{1, 2}, Numbers{1}), says("2 actual values and 1 predicted ones"));
    CHECK(std::isnan(etta::r2_score(Numbers{1, 2}, Numbers{NaN, 2})));
    CHECK(std::isnan(etta::max_error(Numbers{1, 2, 3}, Numbers{NaN, 2, 7})));
    CHECK(etta::mean_absolute_error(Numbers{1, 2}, Numbers{1, 4}, Numbers{3, 1}) == 0.5);
    Numbers y, p;
    for (int i = 0; i < 1000; ++i) y.push_back(1e9 + i % 2), p.push_back(1e9 + (i % 4 == 0 ? 1 : i % 2));
    CHECK(etta::r2_score(y, p) == Approx(0).margin(1e-9));
    // What is constant is so exactly, with any weights.
    CHECK(etta::r2_score(Numbers{.1, .1, .1}, Numbers{.1, .2, .3}, Numbers{.7, .2, .9}) == 0);
    CHECK(etta::r2_score(Numbers{.1, .1, .1}, Numbers{.1, .1, .1}, Numbers{.7, .2, .9}) == 1);
    CHECK(etta::r2_score(Numbers{.3, .1, .1}, Numbers{.1, .2, .3}, Numbers{0, .2, .9}) == 0);
}
