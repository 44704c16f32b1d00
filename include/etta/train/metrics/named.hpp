// named.hpp: the library's metrics for fit() and evaluate(): etta::metrics::f1({.average = etta::average::macro}) is what f1_score is
// of two lists, batch by batch. Functions that make a Metric, in a namespace of their own.
#pragma once

#include "../metric.hpp"
#include "regression.hpp"
#include "scores.hpp"

namespace etta {

// threshold: of a loss of numbers (BCE and its like), above which a score is class 1. NaN: 0 of logits, 0.5 of probabilities.
struct MetricOptions {
    enum kind { by_loss, logits, probabilities };

    etta::average average = etta::average::binary;
    int class_id = -1;  // this class's value; -1: the average over classes
    double threshold = __builtin_nan("");
    kind scores = by_loss;  // for a loss of one's own
    etta::multi_class multi_class = etta::multi_class::ovr;
    std::string name = {};  // none: that of the function, with the average's or the class's behind it
};

namespace _ {

template <class Host>
bool has_logits(const MetricOptions& o, const Predictions& p) {
    return o.scores == MetricOptions::by_loss ? p.logits : o.scores == MetricOptions::logits;
}
// Is this a metric for such predictions?
template <class Host>
void check_targets(const std::string& who, const Predictions& p) {
    if (p.targets != p.outputs)
        fail_with<Host>("metric '%s': the model gives %lld numbers for %lld targets", who.c_str(), static_cast<long long>(p.outputs),
                        static_cast<long long>(p.targets));
}
template <class Host>
void check_labels(const std::string& who, const MetricOptions& o, const Predictions& p, bool averages, bool binary = false) {
    const int classes = p.classes > 0 ? p.classes : 2;
    if (p.classes == 0) check_targets<Host>(who, p);
    if (binary && classes != 2) fail_with<Host>("metric '%s' is of two classes, here are %d", who.c_str(), classes);
    if (o.class_id >= classes) fail_with<Host>("metric '%s': class %d of %d", who.c_str(), o.class_id, classes);
    if (averages && o.class_id < 0 && o.average == average::binary && classes != 2)
        fail_with<Host>("metric '%s': the average of %d classes: say which, micro, macro or weighted; binary is for 2", who.c_str(), classes);
}
// Targets of a loss of numbers as labels: 0 or 1, or -1 or 1.
template <class Host>
std::vector<std::int32_t> labels_of_numbers(const std::string& who, const number_span& actual) {
    std::vector<std::int32_t> r;
    for (index i = 0; i < actual.size; ++i) {
        const double y = actual[i];
        if (y != 0 && y != 1 && y != -1)
            fail_with<Host>("metric '%s' takes labels 0 and 1 (or -1 and 1), target %lld is %g", who.c_str(), static_cast<long long>(i), y);
        r.push_back(y == 1);
    }
    return r;
}

template <class Host>
bool some_nan(const number_span& s) {
    for (index i = 0; i < s.size; ++i)
        if (s[i] != s[i]) return true;
    return false;
}

// A value of the table of actual and predicted labels. Of a loss of numbers, each number is a choice of two.
template <class Host>
struct label_metric {
    std::string name;
    MetricOptions o;
    double (*value_of)(const ConfusionMatrix&, const MetricOptions&, double);
    bool averages, binary;
    double parameter;
    ConfusionMatrix table{2};

    void begin(const Predictions& p) {
        check_labels<Host>(name, o, p, averages, binary);
        table = ConfusionMatrix(p.classes > 0 ? p.classes : 2);
    }
    void update(const Predictions& p) {
        if (p.classes > 0) return table.template update<Host>(p.actual, p.predicted);
        const double threshold = o.threshold == o.threshold ? o.threshold : has_logits<Host>(o, p) ? 0 : 0.5;
        std::vector<std::int32_t> predicted;
        for (index i = 0; i < p.scores.size; ++i) predicted.push_back(p.scores[i] > threshold);
        table.template update<Host>(labels_of_numbers<Host>(name, p.actual), predicted);
    }
    double value() const { return value_of(table, o, parameter); }
};
template <class Host>
Metric of_labels(const char* base, MetricOptions o, double (*value_of)(const ConfusionMatrix&, const MetricOptions&, double), bool averages = true,
                 bool binary = false, double parameter = 0) {
    constexpr const char* behind[] = {"", "_micro", "_macro", "_weighted"};
    std::string name = o.name.empty() ? base : o.name;
    if (o.name.empty() && averages) name += o.class_id >= 0 ? "_" + std::to_string(o.class_id) : behind[static_cast<int>(o.average)];
    return {name, label_metric<Host>{name, o, value_of, averages, binary, parameter}, goal::max};
}

// A value of ranked scores: of two classes from those of class 1; of more, ROC-AUC from the probabilities of all, which are kept.
// NaN has no rank: one score that is NaN makes the value NaN, and ends no run.
template <class Host>
struct rank_metric {
    std::string name;
    MetricOptions o;
    double (*value_of)(const RankedScores&);
    bool many;  // classes may be more than two
    RankedScores two = {};
    std::vector<std::int32_t> actual = {};
    std::vector<double> probabilities = {};
    bool is_many = false, nan = false;

    void begin(const Predictions& p) {
        check_labels<Host>(name, o, p, false, !many);
        two.reset(), actual.clear(), probabilities.clear();
        is_many = p.classes > 2, nan = false;
    }
    void update(const Predictions& p) {
        if (p.classes == 0) return rank(labels_of_numbers<Host>(name, p.actual), p.scores);
        const index c = p.classes;
        const bool logits = has_logits<Host>(o, p);
        std::vector<double> row(static_cast<std::size_t>(c)), score;
        for (index i = 0; i < p.actual.size; ++i) {
            double largest = p.scores[i * c], sum = 0;
            for (index k = 0; k < c; ++k) {
                row[static_cast<std::size_t>(k)] = p.scores[i * c + k];
                if (row[static_cast<std::size_t>(k)] > largest) largest = row[static_cast<std::size_t>(k)];
            }
            if (!is_many) {
                score.push_back(row[1] - (logits ? row[0] : 0));  // in the order of the probabilities
                continue;
            }
            for (double& x : row) sum += x = logits ? __builtin_exp(x - largest) : x;
            for (const double x : row) probabilities.push_back(logits ? x / sum : x), nan = nan || probabilities.back() != probabilities.back();
            actual.push_back(static_cast<std::int32_t>(p.actual[i]));
        }
        if (!is_many) rank(p.actual, score);
    }
    void rank(const number_span& labels, const number_span& scores) {
        nan = nan || some_nan<Host>(scores);
        if (!nan) two.template update<Host>(labels, scores);
    }
    double value() const {
        if (nan) return __builtin_nan("");
        if (!is_many) return value_of(two);
        return roc_auc_score<Host>(actual, probabilities, o.average == average::binary ? average::macro : o.average, {}, o.multi_class);
    }
};
template <class Host>
Metric of_ranks(const char* base, MetricOptions o, double (*value_of)(const RankedScores&), bool many = false) {
    std::string name = o.name.empty() ? base : o.name;
    return {name, rank_metric<Host>{name, o, value_of, many}, goal::max};
}

template <class Host>
struct top_k_metric {
    std::string name;
    TopKAccuracy top;

    void begin(const Predictions& p) {
        if (p.classes == 0) fail<Host>("metric '" + name + "' is of labels, which this loss does not take");
        top.reset();
    }
    void update(const Predictions& p) { top.template update<Host>(p.actual, p.scores); }
    double value() const { return top.template value<Host>(); }
};

template <class Host>
struct log_loss_metric {
    std::string name;
    MetricOptions o;
    bool perplexity;
    LogLoss loss = {};
    bool nan = false;

    void begin(const Predictions& p) {
        check_labels<Host>(name, o, p, false);
        loss = LogLoss({.from_logits = has_logits<Host>(o, p)}), nan = false;
    }
    void update(const Predictions& p) {
        if (nan = nan || some_nan<Host>(p.scores); nan) return;
        if (p.classes > 0) loss.template update<Host>(p.actual, p.scores);
        else loss.template update<Host>(labels_of_numbers<Host>(name, p.actual), p.scores);
    }
    double value() const { return nan ? __builtin_nan("") : perplexity ? loss.template perplexity<Host>() : loss.template value<Host>(); }
};

template <class Host>
struct number_metric {
    std::string name;
    double (*value_of)(const RegressionMetrics&);
    RegressionMetrics sums = {};

    void begin(const Predictions& p) {
        if (p.classes > 0) fail<Host>("metric '" + name + "' is of numbers, this loss takes labels");
        check_targets<Host>(name, p);
        sums.reset();
    }
    void update(const Predictions& p) { sums.template update<Host>(p.actual, p.predicted); }
    double value() const { return value_of(sums); }
};
template <class Host>
Metric of_numbers(std::string name, double (*value_of)(const RegressionMetrics&), goal best = goal::min) {
    return {name, number_metric<Host>{name, value_of}, best};
}

}  // namespace _

// Definitions are those of the functions and objects with these names (etta::f1_score, ConfusionMatrix::iou). Of a loss of labels, or
// of one of numbers which are 0 or 1 (-1 or 1), such as BCEWithLogits; there every output is a choice of two classes.
namespace metrics {

template <class Host = _::this_host>
Metric precision(MetricOptions o = {}) {
    return _::of_labels<Host>("precision", o, [](const ConfusionMatrix& m, const MetricOptions& of, double) {
        return of.class_id >= 0 ? m.precision(of.class_id) : m.precision(of.average);
    });
}
template <class Host = _::this_host>
Metric recall(MetricOptions o = {}) {
    return _::of_labels<Host>("recall", o, [](const ConfusionMatrix& m, const MetricOptions& of, double) {
        return of.class_id >= 0 ? m.recall(of.class_id) : m.recall(of.average);
    });
}
template <class Host = _::this_host>
Metric f1(MetricOptions o = {}) {
    return _::of_labels<Host>("f1", o, [](const ConfusionMatrix& m, const MetricOptions& of, double) {
        return of.class_id >= 0 ? m.f1(of.class_id) : m.f1(of.average);
    });
}
template <class Host = _::this_host>
Metric fbeta(double beta, MetricOptions o = {}) {
    if (!(beta >= 0)) fail_with<Host>("F-beta: beta is %g, expected 0 or more", beta);
    const auto value = [](const ConfusionMatrix& m, const MetricOptions& of, double b) { return of.class_id >= 0 ? m.fbeta(of.class_id, b) : m.fbeta(of.average, b); };
    return _::of_labels<Host>("fbeta", o, value, true, false, beta);
}
template <class Host = _::this_host>
Metric iou(MetricOptions o = {}) {
    return _::of_labels<Host>("iou", o, [](const ConfusionMatrix& m, const MetricOptions& of, double) {
        return of.class_id >= 0 ? m.iou(of.class_id) : m.iou(of.average);
    });
}
// Of two classes; that of more is every history's accuracy.
template <class Host = _::this_host>
Metric binary_accuracy(MetricOptions o = {}) {
    return _::of_labels<Host>("binary_accuracy", o, [](const ConfusionMatrix& m, const MetricOptions&, double) { return m.accuracy(); }, false, true);
}
template <class Host = _::this_host>
Metric balanced_accuracy(MetricOptions o = {}) {
    return _::of_labels<Host>("balanced_accuracy", o, [](const ConfusionMatrix& m, const MetricOptions&, double) { return m.balanced_accuracy(); }, false);
}
template <class Host = _::this_host>
Metric mcc(MetricOptions o = {}) {
    return _::of_labels<Host>("mcc", o, [](const ConfusionMatrix& m, const MetricOptions&, double) { return m.mcc(); }, false);
}
template <class Host = _::this_host>
Metric kappa(int power = 0, MetricOptions o = {}) {
    const auto value = [](const ConfusionMatrix& m, const MetricOptions&, double p) { return m.kappa(static_cast<int>(p)); };
    return _::of_labels<Host>("kappa", o, value, false, false, power);
}

// Of more than two classes: roc_auc_score, of the softmax of logits, with the average macro unless it is said to be weighted.
template <class Host = _::this_host>
Metric roc_auc(MetricOptions o = {}) {
    return _::of_ranks<Host>("roc_auc", o, [](const RankedScores& r) { return r.roc_auc(); }, true);
}
template <class Host = _::this_host>
Metric average_precision(MetricOptions o = {}) {
    return _::of_ranks<Host>("average_precision", o, [](const RankedScores& r) { return r.average_precision(); });
}
template <class Host = _::this_host>
Metric pr_auc(MetricOptions o = {}) {
    return _::of_ranks<Host>("pr_auc", o, [](const RankedScores& r) { return r.pr_auc(); });
}
template <class Host = _::this_host>
Metric top_k_accuracy(int k = 5, MetricOptions o = {}) {
    std::string name = o.name.empty() ? "top_" + std::to_string(k) + "_accuracy" : o.name;
    return {name, _::top_k_metric<Host>{name, TopKAccuracy(k)}, goal::max};
}
template <class Host = _::this_host>
Metric log_loss(MetricOptions o = {}) {
    std::string name = o.name.empty() ? "log_loss" : o.name;
    return {name, _::log_loss_metric<Host>{name, o, false}, goal::min};
}
template <class Host = _::this_host>
Metric perplexity(MetricOptions o = {}) {
    std::string name = o.name.empty() ? "perplexity" : o.name;
    return {name, _::log_loss_metric<Host>{name, o, true}, goal::min};
}

// Of numbers: RegressionMetrics.
template <class Host = _::this_host>
Metric mae(std::string name = "mae") { return _::of_numbers<Host>(name, [](const RegressionMetrics& r) { return r.mae(); }); }
template <class Host = _::this_host>
Metric mse(std::string name = "mse") { return _::of_numbers<Host>(name, [](const RegressionMetrics& r) { return r.mse(); }); }
template <class Host = _::this_host>
Metric rmse(std::string name = "rmse") { return _::of_numbers<Host>(name, [](const RegressionMetrics& r) { return r.rmse(); }); }
template <class Host = _::this_host>
Metric mape(std::string name = "mape") { return _::of_numbers<Host>(name, [](const RegressionMetrics& r) { return r.mape(); }); }
template <class Host = _::this_host>
Metric max_error(std::string name = "max_error") { return _::of_numbers<Host>(name, [](const RegressionMetrics& r) { return r.max_error(); }); }
template <class Host = _::this_host>
Metric r2(std::string name = "r2") { return _::of_numbers<Host>(name, [](const RegressionMetrics& r) { return r.r2(); }, goal::max); }

}  // namespace metrics
}  // namespace etta
