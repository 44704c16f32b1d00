// Metrics of fit() and evaluate(): those with names are the functions of all predictions, one's own are told as they ask, and what
// they measure stands in the history, in files and before callbacks.
#include <etta/train/callbacks.hpp>
#include <etta/train/metrics.hpp>
#include <etta/train/tensorboard.hpp>
#include <etta/train/trainer.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

template <int Outputs>
struct Net {
    Linear<Outputs> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using M = Model<Net<3>, Input<float, 2>, max_batch<8>>;
constexpr double not_one = std::numeric_limits<double>::quiet_NaN();

std::vector<float> numbers(int n) {
    std::vector<float> x;
    for (int i = 0; i < n; ++i) x.push_back(std::sin(1.3f * static_cast<float>(i))), x.push_back(std::cos(0.7f * static_cast<float>(i)));
    return x;
}
std::vector<std::int32_t> labels(int n) {
    std::vector<std::int32_t> y;
    const auto x = numbers(n);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) y.push_back(x[2 * i] > 0.3f ? 2 : x[2 * i + 1] > 0 ? 1 : 0);
    return y;
}
Dataset points(int n) { return Dataset::from(numbers(n), {2}, labels(n), 3); }
std::vector<float> weights(M& m) { return {m.parameters.data(), m.parameters.data() + M::facts::layout.elements}; }

struct Run {
    M model{seed(1)};
    Trainer<M, CrossEntropy, AdamW> trainer{model, CrossEntropy{}, AdamW{.lr = 0.05}};
    History fit(FitOptions o) {
        o.batch = 8, o.verbose = false, o.seed = seed(3);
        if (o.validation.size() == 0 && o.validation_split == 0) o.validation = points(27);
        return trainer.fit(points(40), o);
    }
};

// A metric of these values, one after another.
auto script(std::vector<double> v) {
    return [v, i = std::size_t{0}](const Predictions&) mutable { return v[i++ % v.size()]; };
}
bool alike(const std::vector<double>& a, const std::vector<double>& b) {
    bool r = a.size() == b.size();
    for (std::size_t i = 0; r && i < a.size(); ++i) r = a[i] == b[i] || (a[i] != a[i] && b[i] != b[i]);
    return r;
}
// The values of metrics for predictions in two parts.
std::vector<double> values(const Metrics& m, Predictions shape, std::vector<Predictions> parts, std::int64_t ignored = -100) {
    std::string names;
    std::vector<double> r;
    m.begin(shape);
    for (const Predictions& p : parts) m.update(p, ignored);
    m.end(names, r);
    return r;
}

}  // namespace

TEST_CASE("metrics of a classifier are the functions of all that it predicts") {
    using namespace etta::metrics;
    Run run;
    const average macro = average::macro;
    const History h = run.fit({.epochs = 2, .metrics = {precision({.average = average::micro}), recall({.class_id = 1}), f1({macro}), fbeta(2, {.average = average::weighted, .name = "f2"}),
                                                        iou({macro}), balanced_accuracy(), mcc(), kappa(1), roc_auc(), roc_auc({.average = average::weighted, .multi_class = multi_class::ovo, .name = "ovo"}),
                                                        top_k_accuracy(2), log_loss(), perplexity(),
                                                        {"own", [](const Predictions& p) { return accuracy_score(p.actual, p.predicted) + 10. * p.classes + (p.logits ? 100 : 0); }}}});
    CHECK(h.metric_names() == "precision_micro,recall_1,f1_macro,f2,iou_macro,balanced_accuracy,mcc,kappa,roc_auc,ovo,top_2_accuracy,log_loss,perplexity,own");

    const auto y = labels(27);
    const std::vector<float> logits = run.trainer.predict(points(27));
    std::vector<std::int32_t> p;
    std::vector<double> softmax;
    for (std::size_t i = 0; i < 27; ++i) {
        int best = 0;
        double sum = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            if (logits[3 * i + k] > logits[3 * i + static_cast<std::size_t>(best)]) best = static_cast<int>(k);
            sum += std::exp(static_cast<double>(logits[3 * i + k]));
        }
        for (std::size_t k = 0; k < 3; ++k) softmax.push_back(std::exp(static_cast<double>(logits[3 * i + k])) / sum);
        p.push_back(best);
    }
    const auto last = [&](const char* name) { return h[name].back(); };
    CHECK(last("precision_micro") == precision_score(y, p, {.average = average::micro}));
    CHECK(last("recall_1") == confusion_matrix(y, p).recall(1));
    CHECK(last("f1_macro") == f1_score(y, p, {.average = macro}));
    CHECK(last("f2") == fbeta_score(y, p, 2, {.average = average::weighted}));
    CHECK(last("iou_macro") == jaccard_score(y, p, {.average = macro}));
    CHECK(last("balanced_accuracy") == balanced_accuracy_score(y, p));
    CHECK(last("mcc") == matthews_corrcoef(y, p));
    CHECK(last("kappa") == cohen_kappa_score(y, p, 1));
    CHECK(last("roc_auc") == Approx(roc_auc_score(y, softmax)).epsilon(1e-12));
    CHECK(last("ovo") == Approx(roc_auc_score(y, softmax, average::weighted, {}, multi_class::ovo)).epsilon(1e-12));
    CHECK(last("top_2_accuracy") == top_k_accuracy_score(y, logits, 2));
    CHECK(last("log_loss") == Approx(etta::log_loss(y, softmax)).epsilon(1e-12));
    CHECK(last("log_loss") == Approx(h.epochs[1].validation_loss).epsilon(1e-6));
    CHECK(last("perplexity") == Approx(std::exp(last("log_loss"))).epsilon(1e-12));
    CHECK(last("own") == h.epochs[1].validation_accuracy + 130);
    CHECK((last("f1_macro") > 0.2 && last("f1_macro") < 1 && last("f1_macro") != last("f2")));

    const Evaluation e = run.trainer.evaluate(points(27), {mcc(), top_k_accuracy(2)});
    CHECK((e.metrics.size() == 2 && e["mcc"] == last("mcc") && e["top_2_accuracy"] == last("top_2_accuracy")));
    CHECK_THROWS_WITH(e["f1"], says("no metric 'f1'; it has mcc,top_2_accuracy"));
    CHECK_THROWS_WITH(run.trainer.evaluate(points(27))["f1"], says("it has none"));
    CHECK_THROWS_WITH(run.trainer.evaluate(points(27).slice(0, 0), {mcc()}), says("evaluate: the data has no samples"));
}

TEST_CASE("metrics of numbers, and of choices that a loss of numbers makes") {
    using namespace etta::metrics;
    const int n = 19;
    const auto x = numbers(n);
    std::vector<double> xs(x.begin(), x.end()), targets, two;
    for (std::size_t i = 0; i < xs.size(); ++i) targets.push_back(xs[i] + 0.1 * static_cast<double>(i % 3)), two.push_back(xs[i] > 0.2 * xs[i ^ 1]);

    Model<Net<2>, Input<double, 2>, max_batch<8>> model{seed(1)};
    auto trainer = Trainer(model, MSE{}, SGD{.lr = 0.1});
    const auto e = trainer.evaluate(Dataset::from(xs, {2}, targets, {2}), {mae(), mse(), rmse("root"), mape(), max_error(), r2(), {"bias", [](const Predictions& p) {
                                                                               double s = 0;
                                                                               for (etta::index i = 0; i < p.actual.size; ++i) s += p.predicted[i] - p.actual[i];
                                                                               return s / static_cast<double>(p.samples * p.targets);
                                                                           }}});
    const auto p = trainer.predict(Dataset::from(xs, {2}, targets, {2}));
    CHECK(e["mae"] == mean_absolute_error(targets, p));
    CHECK(e["mse"] == mean_squared_error(targets, p));
    CHECK(e["mse"] == Approx(e.loss).epsilon(1e-12));
    CHECK(e["root"] == root_mean_squared_error(targets, p));
    CHECK(e["mape"] == mean_absolute_percentage_error(targets, p));
    CHECK(e["max_error"] == etta::max_error(targets, p));
    CHECK(e["r2"] == r2_score(targets, p));
    double bias = 0;
    for (std::size_t i = 0; i < p.size(); ++i) bias += (p[i] - targets[i]) / static_cast<double>(p.size());
    CHECK(e["bias"] == Approx(bias).epsilon(1e-12));

    auto binary = Trainer(model, BCEWithLogits{}, SGD{.lr = 0.1});  // two choices a sample
    const Dataset choices = Dataset::from(xs, {2}, two, {2});
    const auto b = binary.evaluate(choices, {binary_accuracy(), f1(), roc_auc(), average_precision(), pr_auc(), log_loss(), recall({.threshold = 0.3, .name = "strict"})});
    std::vector<int> actual, hit, strict;
    for (std::size_t i = 0; i < p.size(); ++i) actual.push_back(two[i] == 1), hit.push_back(p[i] > 0), strict.push_back(p[i] > 0.3);
    CHECK(b["binary_accuracy"] == accuracy_score(actual, hit));
    CHECK(b["f1"] == f1_score(actual, hit));
    CHECK((b["strict"] == recall_score(actual, strict) && b["strict"] != recall_score(actual, hit)));
    CHECK(b["roc_auc"] == roc_auc_score(actual, p));
    CHECK(b["average_precision"] == average_precision_score(actual, p));
    CHECK(b["log_loss"] == Approx(b.loss).epsilon(1e-12));
    RankedScores r;
    r.update(actual, p);
    CHECK(b["pr_auc"] == r.pr_auc());
    CHECK_THROWS_WITH(trainer.evaluate(choices, {top_k_accuracy()}), says("'top_5_accuracy' is of labels"));
    CHECK_THROWS_WITH(trainer.evaluate(Dataset::from(xs, {2}, targets, {2}), {f1()}), says("'f1' takes labels 0 and 1") && says("target 1 is 1.1"));
}

TEST_CASE("metrics know probabilities from logits, -1 from 0, and leave out what the loss ignores") {
    using namespace etta::metrics;
    const std::vector<float> p = {0.9f, 0.4f, 0.6f, 0.1f}, y = {1, 1, 0, 0}, sign = {1, 1, -1, -1};
    const Predictions shape{.targets = 1, .outputs = 1}, seen{y, p, p, 4, 0, false, 1, 1}, signs{sign, p, p, 4, 0, true, 1, 1};
    CHECK(values({f1(), roc_auc(), log_loss()}, shape, {seen}) == std::vector<double>{0.5, 0.75, etta::log_loss(y, p)});
    CHECK(values({precision()}, shape, {signs}) == std::vector<double>{0.5});  // as logits, all are class 1
    CHECK(values({precision({.scores = MetricOptions::probabilities})}, shape, {signs}) == std::vector<double>{0.5});
    CHECK(values({recall({.scores = MetricOptions::probabilities}), recall({.scores = MetricOptions::logits, .name = "r"})}, shape, {signs}) == std::vector<double>{0.5, 1});

    // Two classes, one label of three ignored; the second batch is empty but for one.
    const std::vector<std::int32_t> label = {1, -1, 0, 1}, none = {-1}, chosen = {1, 0, 1, 1}, zero = {0};
    const std::vector<float> scores = {0, 2, 0, 0, 1, 3, 5, 6}, zeros = {0, 0};
    const Predictions two{.classes = 2, .logits = true}, a{label, chosen, scores, 4, 2, true, 1, 2}, b{none, zero, zeros, 1, 2, true, 1, 2};
    etta::index lists = 0, rows = 0;
    const Metric own("own", [&](const Predictions& q) {
        lists = q.actual.size, rows = q.scores.size;
        return accuracy_score(q.actual, q.predicted);
    });
    CHECK(alike(values({binary_accuracy(), roc_auc(), own}, two, {a, b}, -1), {2. / 3, 0.25, 2. / 3}));  // scores 2, 2 (of class 0), 1
    CHECK((lists == 3 && rows == 6));
    CHECK(values({roc_auc({.scores = MetricOptions::probabilities})}, two, {a}, -1) == std::vector<double>{0.5});  // 2, 3, 6
    CHECK_THROWS_WITH(values({binary_accuracy()}, two, {b}, -1), says("accuracy of no samples"));
}

TEST_CASE("what only the validation data show ends no run: a class that does not occur, a prediction that is NaN") {
    using namespace etta::metrics;
    const std::vector<float> y = {0, 0}, p = {0.2f, 0.3f}, one_y = {2}, one_p = {3};
    const Predictions shape{.targets = 1, .outputs = 1}, seen{y, p, p, 2, 0, false, 1, 1}, single{one_y, one_p, one_p, 1, 0, false, 1, 1};
    CHECK(alike(values({average_precision(), pr_auc(), roc_auc(), kappa(), mcc(), f1()}, shape, {seen}), {0, 0.5, not_one, not_one, 0, 0}));
    CHECK(alike(values({r2()}, shape, {single}), {not_one}));
    // Nor does a prediction that is NaN, in any batch.
    const float nan = std::nanf("");
    const std::vector<float> mixed = {0, 1}, lost_p = {0.2f, nan}, good_p = {0.2f, 0.3f};
    const Predictions lost{mixed, lost_p, lost_p, 2, 0, false, 1, 1}, good{mixed, good_p, good_p, 2, 0, false, 1, 1};
    CHECK(alike(values({roc_auc(), average_precision(), pr_auc(), log_loss(), perplexity()}, shape, {good, lost, good}), {not_one, not_one, not_one, not_one, not_one}));
    for (const etta::index classes : {2, 3}) {
        const std::vector<std::int32_t> labels = {0, 1, static_cast<std::int32_t>(classes) - 1};
        std::vector<float> scores(static_cast<std::size_t>(3 * classes), 0.25f);
        scores[1] = nan;
        for (const bool logits : {false, true}) {
            const Predictions of{.classes = static_cast<int>(classes), .logits = logits}, some{labels, labels, scores, 3, static_cast<int>(classes), logits};
            CHECK(alike(values({roc_auc(), log_loss()}, of, {some}), {not_one, not_one}));
        }
    }
    // A metric begins again.
    const Metric again = roc_auc();
    for (const Predictions& p : {lost, good}) again(Metric::begin, shape), again(Metric::update, p);
    CHECK(again(Metric::value, shape) == 1);
    Run run;
    const Dataset train = points(40), none = points(40).subset([] {
        std::vector<etta::index> which;
        for (etta::index i = 0; i < 40; ++i)
            if (points(40).label(i) != 2) which.push_back(i);
        return which;
    }());
    const History h = run.trainer.fit(train, {.epochs = 2, .batch = 8, .validation = none, .metrics = {roc_auc(), roc_auc({.average = average::weighted, .name = "weighted"})}, .verbose = false});
    CHECK((std::isnan(h["roc_auc"][1]) && h["weighted"][1] > 0));
}

TEST_CASE("a metric of one's own is told batch by batch, or once of everything") {
    struct Counts {  // batch by batch
        int& begun;
        int updates = 0;
        etta::index most = 0, seen = 0;
        void begin(const Predictions& p) { begun += p.samples == 0 && p.classes == 3, updates = 0, seen = 0; }
        void update(const Predictions& p) { ++updates, seen += p.actual.size, most = p.samples > most ? p.samples : most; }
        double value() const { return 1000. * updates + static_cast<double>(100 * seen + most); }
    };
    struct Resets {
        double n = 5;
        void reset() { n = 0; }
        void update(const Predictions&) { n += 1; }
        float value() const { return static_cast<float>(n); }
    };
    int begun = 0, calls = 0;
    Run with, without;
    const History h = with.fit({.epochs = 2, .metrics = {{"counts", Counts{begun}}, {"resets", Resets{}}, {"all", [&](const Predictions& p) {
                                                                                         ++calls;
                                                                                         return p.samples == 27 && p.actual.size == 27 && p.predicted.size == 27 && p.scores.size == 81;
                                                                                     }}}});
    CHECK(h["counts"] == std::vector<double>{4000 + 2700 + 8, 4000 + 2700 + 8});
    CHECK(h["resets"] == std::vector<double>{4, 4});
    CHECK((h["all"] == std::vector<double>{1, 1} && calls == 2 && begun == 3));  // once before the run
    const History g = without.fit({.epochs = 2});
    CHECK((weights(with.model) == weights(without.model) && g.metric_names().empty() && g.n_metrics() == 0));
    CHECK(g.epochs[1].validation_loss == h.epochs[1].validation_loss);

    std::vector<Metric> list = {{"a", script({1})}};  // known at run time
    list.push_back({"b", script({2})});
    const auto e = with.trainer.evaluate(points(9), list);
    CHECK((e["a"] == 1 && e["b"] == 2));
    CHECK(with.trainer.evaluate(points(9), std::vector<Metric>()).metrics.empty());
}

TEST_CASE("metrics that are of no use are refused before a run begins") {
    using namespace etta::metrics;
    Run run;
    const auto before = weights(run.model);
    CHECK_THROWS_WITH(run.fit({.metrics = {f1()}}), says("'f1': the average of 3 classes: say which"));
    CHECK_THROWS_WITH(run.fit({.metrics = {recall({.class_id = 3})}}), says("'recall_3': class 3 of 3"));
    CHECK_THROWS_WITH(run.fit({.metrics = {binary_accuracy()}}), says("'binary_accuracy' is of two classes, here are 3"));
    CHECK_THROWS_WITH(run.fit({.metrics = {average_precision()}}), says("of two classes"));
    CHECK_THROWS_WITH(run.fit({.metrics = {mae()}}), says("'mae' is of numbers, this loss takes labels"));
    CHECK_THROWS_WITH(run.trainer.fit(points(40), {.metrics = {mcc()}, .verbose = false}), says("validation data, of which there is none"));
    CHECK_THROWS_WITH(run.fit({.validation_split = 0.001, .metrics = {mcc()}}), says("a validation_split of 0.001000 leaves none for validation, of 40"));
    CHECK_THROWS_WITH(run.fit({.metrics = {mcc(), mcc()}}), says("two metrics are called 'mcc'"));
    for (const char* name : {"loss", "validation_accuracy", "epoch", "seconds"}) CHECK_THROWS_WITH(Metrics({{name, script({1})}}), says("the name of a figure that every history has"));
    CHECK_THROWS_WITH(Metrics({{"", script({1})}}), says("no name"));
    for (const char* name : {"a,b", "a\"", "a\\", "<a", "a\n"}) CHECK_THROWS_WITH(Metrics({{name, script({1})}}), says("another meaning"));
    CHECK_THROWS_WITH(fbeta(-1), says("beta is -1"));
    CHECK_THROWS_WITH(run.fit({.metrics = {mcc()}, .callbacks = {EarlyStopping{.monitor = "mmc"}}}), says("no figure 'mmc'; it has loss, accuracy, validation_loss, validation_accuracy, rate, seconds, mcc"));
    CHECK_THROWS_WITH(run.fit({.metrics = {{"own", script({1})}}, .callbacks = {SaveModel{"x", {.best_only = true, .monitor = "own"}}}}), says("is small or large the better for 'own'?"));
    CHECK(weights(run.model) == before);
    const Predictions uneven{.targets = 1, .outputs = 2};
    CHECK_THROWS_WITH(Metrics({r2()}).begin(uneven), says("'r2': the model gives 2 numbers for 1 targets"));
    CHECK_THROWS_WITH(Metrics({f1()}).begin(uneven), says("'f1': the model gives 2 numbers for 1 targets"));
}

TEST_CASE("what metrics measured stands in the history, its files and the line about an epoch") {
    Scratch dir;
    Run run;
    TensorBoard board(dir.path("runs"));
    std::vector<double> seen;
    const Metrics m = {{"first", script({0.25, not_one, -3})}, {"R²", script({1e-5, 2e7, 0})}};
    const History h = run.fit({.epochs = 3, .metrics = m, .callbacks = {board, CSVLog{dir.path("log.csv")}, [&](FitEvent& e) { seen.push_back(e.history["first"].back()); }}});
    CHECK((alike(h["first"], {0.25, not_one, -3}) && alike(seen, {0.25, not_one, -3}) && h["R²"] == std::vector<double>{1e-5, 2e7, 0}));
    CHECK((h["loss"].size() == 3 && h["loss"][2] == h.epochs[2].loss && h["validation_accuracy"][1] == h.epochs[1].validation_accuracy));
    CHECK_THROWS_WITH(h["second"], says("no figure 'second'") && says("first, R²"));
    CHECK((h.best({"first", goal::min}).epoch == 3 && h.best({"first", goal::max}).epoch == 1 && h.best("validation_accuracy").validation_accuracy >= h.best().validation_accuracy));

    const std::string csv = h.csv();
    CHECK_THAT(csv, says("rate,seconds,first,R²\n") && says(",0.25,1e-05\n") && says(",nan,20000000\n") && says(",-3,0\n"));
    CHECK(as_text(read_file(dir.path("log.csv"))) == csv);
    CHECK_THAT(h.json(), says("\"first\": 0.25, \"R²\": 1e-05},\n") && says("\"first\": null, \"R²\": 20000000},\n") && says("\"R²\": 0}\n]"));
    const std::string svg = h.svg();
    CHECK_THAT(svg, says(">R²</text>") && says(">first</text>") && says("height=\"1320\""));
    CHECK(svg.find("nan") == svg.npos);
    CHECK(svg.find("inf") == svg.npos);
    std::string line = "loss 1  0.10 s";
    m.print(h, line);
    CHECK(line == "loss 1  first -3.0000  R² 0.0000  0.10 s");
    History small = h;
    small.epochs.resize(1);
    m.print(small, line = "loss 1  0.10 s");
    CHECK(line == "loss 1  first 0.2500  R² 1.000e-05  0.10 s");

    const std::string events = as_text(read_file(board.path()));
    const float last = -3;
    CHECK(events.find("first\x15" + std::string(reinterpret_cast<const char*>(&last), 4)) != std::string::npos);
    ::unlink(board.path().c_str()), ::rmdir(dir.path("runs").c_str());
}

TEST_CASE("callbacks watch metrics by name, and what is NaN is never better") {
    Scratch dir;
    const auto epochs = [](std::vector<double> v, EarlyStopping s, goal best = goal::unknown) {
        Run run;
        return run.fit({.epochs = 8, .metrics = {{"own", script(v), best}}, .callbacks = {s}}).epochs.size();
    };
    CHECK(epochs({1, 2, 3, 2.5, 4, 3, 3, 3}, {.monitor = "own"}, goal::max) == 4);
    CHECK(epochs({1, 2, 3, 2.5, 4, 3, 3, 3}, {.monitor = "own"}, goal::min) == 2);
    CHECK(epochs({1, 2, 3, 2.5, 4, 3, 3, 3}, {.patience = 2, .monitor = {"own", goal::max}}) == 7);
    CHECK(epochs({not_one, 3, not_one, 2, 1, 0, -1, -2}, {.patience = 2, .monitor = {"own", goal::min}}) == 8);
    CHECK(epochs({1, not_one, not_one, 2}, {.patience = 2, .monitor = {"own", goal::min}}) == 3);

    Run run;
    std::vector<std::vector<float>> after;
    const History h = run.fit({.epochs = 6, .metrics = {{"own", script({not_one, 1, 5, 5, 4, not_one}), goal::max}}, .callbacks = {ReduceOnPlateau{.factor = 0.5, .patience = 1, .monitor = "own"},
                                                        SaveModel{dir.path("best.st"), {.best_only = true, .monitor = "own"}}, [&](FitEvent&) { after.push_back(weights(run.model)); }}});
    CHECK((h.epochs[2].rate == 0.05 && h.epochs[4].rate == 0.05 && h.epochs[5].rate == 0.025));
    CHECK(h.best("own").epoch == 3);
    Run saved;
    load(saved.model, dir.path("best.st"));
    CHECK(weights(saved.model) == after[2]);
}

TEST_CASE("metrics are part of checkpoints, which need not have the same ones") {
    Scratch dir;
    using namespace etta::metrics;
    const auto fit = [&](Run& r, int epochs, Metrics m, const char* path, std::vector<Callback> also = {}) {
        return r.fit({.epochs = epochs, .metrics = m, .checkpoint = {dir.path(path), {.steps = 1, .resume = true}}, .callbacks = also});
    };
    struct Halt {
        void on_batch_end(FitEvent& e) { e.stop = e.epoch == 4 && e.batch == 2; }
    };
    const Metrics two = {mcc(), roc_auc()};
    const EarlyStopping stop{.patience = 6, .monitor = "mcc"};
    Run whole, first, second;
    const History all = fit(whole, 6, two, "whole", {stop});
    fit(first, 6, two, "run", {stop, Halt{}});
    const History rest = fit(second, 6, two, "run", {stop});
    CHECK((weights(second.model) == weights(whole.model) && all.epochs.size() == 6));
    CHECK((rest.metric_names() == "mcc,roc_auc" && rest["mcc"] == all["mcc"] && rest["roc_auc"] == all["roc_auc"] && rest["loss"] == all["loss"]));

    Run third, fourth, fifth;
    const double mine = fit(third, 7, {top_k_accuracy(1)}, "run")["top_1_accuracy"].back();  // another one: behind those of the file
    const History none = fit(fourth, 8, {}, "run");
    const History back = fit(fifth, 9, {roc_auc()}, "run", {EarlyStopping{.patience = 9, .monitor = "roc_auc"}});
    CHECK(none.metric_names() == "mcc,roc_auc,top_1_accuracy");
    auto mccs = all["mcc"], tops = std::vector<double>(6, not_one);
    mccs.insert(mccs.end(), 3, not_one), tops.insert(tops.end(), {mine, not_one, not_one});
    CHECK((alike(back["mcc"], mccs) && alike(back["top_1_accuracy"], tops)));
    CHECK((back["roc_auc"][5] == all["roc_auc"][5] && back["roc_auc"][6] != back["roc_auc"][6] && back["roc_auc"][8] > 0 && mine > 0));

    // Those without metrics are as they always were; of others, the columns are counted.
    Run plain, taken;
    fit(plain, 1, {}, "plain");
    const auto old = safetensors_file::open(dir.path("plain"));
    CHECK(old.find("fit.history")->shape == std::vector<etta::index>{1, 7});
    for (const auto& f : old.metadata()) CHECK(f.first != "fit.metrics");
    const std::vector<double> added = fit(taken, 2, {mcc()}, "plain")["mcc"];
    CHECK(alike(added, {not_one, taken.trainer.evaluate(points(27), {mcc()})["mcc"]}));
    const auto file = safetensors_file::open(dir.path("run"));
    auto facts = file.metadata();
    for (auto& f : facts)
        if (f.first == "fit.metrics") f.second = "mcc,roc_auc";
    write_safetensors(dir.path("run"), std::vector<named_tensor>(file.tensors().begin(), file.tensors().end()), facts);
    Run wrong;
    CHECK_THROWS_WITH(fit(wrong, 9, {}, "run"), says("'fit.history' is missing, or not F64 of 9 columns"));
}
