// Metrics against scikit-learn (make_metrics.py wrote the files): as functions of all, and as objects fed in two batches.
#include <etta/data/text.hpp>
#include <etta/io/safetensors.hpp>
#include <etta/train/metrics.hpp>

#include <cmath>
#include <cstring>

#include "catch.hpp"

namespace {
using etta::average;

struct recorded_metrics {
    etta::safetensors_file file = etta::safetensors_file::open(ETTA_TEST_DIR "/parity/metrics.st");
    template <class T>
    std::vector<T> get(const char* name) const {
        const etta::named_tensor* const t = file.find(name);
        std::vector<T> v(static_cast<std::size_t>(t->count()));
        etta::copy_elements<T>(*t, v.data());
        return v;
    }
    std::vector<double> operator[](const char* name) const { return get<double>(name); }
    std::vector<std::int32_t> labels(const char* name) const { return get<std::int32_t>(name); }
};

void compare(const std::vector<double>& got, const std::vector<double>& want) {
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i, got[i], want[i]);
        if (std::isnan(want[i])) CHECK(std::isnan(got[i]));
        else CHECK(std::abs(got[i] - want[i]) <= 1e-13 * std::abs(want[i]));
    }
}
}  // namespace

TEST_CASE("metrics of labels are scikit-learn's") {
    const recorded_metrics f;
    const auto a = f.labels("actual"), p = f.labels("predicted"), yes = f.labels("yes"), guess = f.labels("guess"), gap = f.labels("gap");
    const auto w = f["weight"];
    std::vector<double> v = {etta::accuracy_score(a, p), etta::accuracy_score(a, p, {.weight = w}), etta::balanced_accuracy_score(a, p)};
    for (const average m : {average::micro, average::macro, average::weighted})
        for (const bool weighted : {false, true}) {
            const etta::LabelOptions o{.average = m, .weight = weighted ? etta::number_span(w) : etta::number_span()};
            for (const double x : {etta::precision_score(a, p, o), etta::recall_score(a, p, o), etta::f1_score(a, p, o),
                                   etta::fbeta_score(a, p, 0.5, o), etta::jaccard_score(a, p, o)})
                v.push_back(x);
        }
    for (const double x :
         {etta::precision_score(yes, guess), etta::recall_score(yes, guess), etta::f1_score(yes, guess), etta::fbeta_score(yes, guess, 2),
          etta::jaccard_score(yes, guess), etta::matthews_corrcoef(a, p), etta::matthews_corrcoef(a, p, {.weight = w}),
          etta::matthews_corrcoef(yes, guess), etta::cohen_kappa_score(a, p), etta::cohen_kappa_score(a, p, 1),
          etta::cohen_kappa_score(a, p, 2), etta::cohen_kappa_score(a, p, 0, {.weight = w}),
          etta::f1_score(gap, std::vector<int>(gap.size()), {.average = average::macro}), etta::balanced_accuracy_score(gap, gap)})
        v.push_back(x);
    compare(v, f["labels"]);

    etta::ConfusionMatrix m(4);
    m.update(std::span(a).first(17), std::span(p).first(17));
    m.update(std::span(a).subspan(17), std::span(p).subspan(17));
    compare({m.accuracy(), m.f1(average::macro)}, {v[0], v[10 + 5]});
    const std::vector<std::string> names = {"cat", "a very long name", "dog", "x"};
    CHECK(m.report(names) + etta::classification_report(yes, guess, {}, 4) == etta::load_text(ETTA_TEST_DIR "/parity/metrics.report.txt"));
}

TEST_CASE("metrics of scores are scikit-learn's") {
    const recorded_metrics f;
    const auto a = f.labels("actual"), yes = f.labels("yes");
    const auto w = f["weight"], score = f["score"], scores = f["scores"], p = f["probabilities"];
    etta::RankedScores r;
    r.update(std::span(yes).first(31), std::span(score).first(31));
    r.update(std::span(yes).subspan(31), std::span(score).subspan(31));
    std::vector<double> half = score;
    for (double& x : half) x /= 2;
    compare({r.roc_auc(), etta::roc_auc_score(yes, score, average::macro, w), r.average_precision(),
             etta::average_precision_score(yes, score, w), r.pr_auc(), etta::roc_auc_score(a, p),
             etta::roc_auc_score(a, p, average::weighted), etta::roc_auc_score(a, p, average::macro, w),
             etta::roc_auc_score(a, p, average::weighted, w), etta::roc_auc_score(a, p, average::macro, {}, etta::multi_class::ovo),
             etta::roc_auc_score(a, p, average::weighted, {}, etta::multi_class::ovo), etta::top_k_accuracy_score(a, scores, 1),
             etta::top_k_accuracy_score(a, scores, 2), etta::top_k_accuracy_score(a, scores, 3), etta::log_loss(a, p),
             etta::log_loss(a, p, w), etta::log_loss(a, f["hard"]), etta::log_loss(yes, half), etta::perplexity(a, f["logits"])},
            f["curves"]);
    const etta::Curve roc = r.roc_curve(), pr = r.precision_recall_curve();
    compare(roc.x, f["fpr"]);
    compare(roc.y, f["tpr"]);
    compare({roc.threshold.begin() + 1, roc.threshold.end()}, f["thresholds"]);
    // scikit-learn's curve may leave out points at which recall is 1 already.
    const auto recall = f["recall"], precision = f["precision"];
    compare({pr.x.begin(), pr.x.begin() + std::ptrdiff_t(recall.size())}, recall);
    compare({pr.y.begin(), pr.y.begin() + std::ptrdiff_t(recall.size())}, precision);
}

TEST_CASE("metrics where a class does not occur are scikit-learn's") {
    const recorded_metrics f;
    const auto some = f.labels("some"), actual = f.labels("actual"), yes = f.labels("yes"), guess = f.labels("guess");
    const std::vector<std::int32_t> no(60, 0), all(60, 1);
    const auto score = f["score"], p = f["probabilities"];
    std::vector<double> negatives, without_2 = f["weight"];
    for (std::size_t i = 0; i < 60; ++i) negatives.push_back(1 - yes[i]), without_2[i] *= actual[i] != 2;
    etta::RankedScores r;
    r.update(no, score);
    std::vector<double> v = {r.average_precision(), r.pr_auc(), etta::average_precision_score(all, score), r.roc_auc(), etta::roc_auc_score(all, score),
                             etta::average_precision_score(yes, score, negatives), etta::roc_auc_score(yes, score, average::macro, negatives)};
    for (const auto way : {etta::multi_class::ovr, etta::multi_class::ovo})
        for (const average a : {average::macro, average::weighted}) v.push_back(etta::roc_auc_score(some, p, a, {}, way));
    v.push_back(etta::roc_auc_score(no, p)), v.push_back(etta::roc_auc_score(no, p, average::weighted));
    v.push_back(etta::roc_auc_score(no, p, average::macro, {}, etta::multi_class::ovo));
    for (const average a : {average::macro, average::weighted}) v.push_back(etta::roc_auc_score(actual, p, a, without_2));
    for (const double x : {etta::cohen_kappa_score(no, no), etta::cohen_kappa_score(no, no, 1), etta::matthews_corrcoef(no, no), etta::balanced_accuracy_score(no, guess),
                           etta::f1_score(no, no), etta::r2_score(std::vector<double>{1}, std::vector<double>{2}), etta::r2_score(std::vector<double>{1}, std::vector<double>{1}),
                           etta::r2_score(std::vector<double>{1, 2}, std::vector<double>{2, 3}, std::vector<double>{2, 0}), etta::log_loss(no, p),
                           etta::top_k_accuracy_score(no, p, 7)})
        v.push_back(x);
    compare(v, f["edges"]);
    const etta::Curve roc = r.roc_curve();
    compare(roc.x, f["fpr0"]);
    compare(roc.y, f["tpr0"]);
}

TEST_CASE("metrics of numbers are scikit-learn's") {
    const recorded_metrics f;
    auto y = f["y"], p = f["p"];
    const auto w = f["weight"];
    const std::vector<double> ones(y.size(), 1.0);
    std::vector<double> v;
    for (const etta::number_span s : {etta::number_span(), etta::number_span(w)})
        for (const double x : {etta::mean_absolute_error(y, p, s), etta::mean_squared_error(y, p, s), etta::root_mean_squared_error(y, p, s),
                               etta::mean_absolute_percentage_error(y, p, s), etta::r2_score(y, p, s)})
            v.push_back(x);
    v.push_back(etta::max_error(y, p)), v.push_back(etta::r2_score(ones, ones)), v.push_back(etta::r2_score(ones, p));
    etta::RegressionMetrics m;
    m.update(std::span(y).first(20), std::span(p).first(20));
    m.update(std::span(y).subspan(20), std::span(p).subspan(20));
    compare({m.mae(), m.r2()}, {v[0], v[4]});
    y.insert(y.begin(), 0), p.insert(p.begin(), 1);
    v.push_back(etta::mean_absolute_percentage_error(y, p));
    compare(v, f["numbers"]);
}
