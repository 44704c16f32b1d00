// scores.hpp: metrics of scores and probabilities rather than labels: curves over all thresholds (ROC, precision and recall), the
// best k, log-loss and perplexity.
#pragma once

#include <vector>

#include "../../io/sort.hpp"
#include "labels.hpp"

namespace etta {

// Points of a curve, one per threshold, from the highest to the lowest: a sample counts as positive if its score is at least the
// threshold. ROC: x is the false positive rate, y the true positive rate. Precision and recall: x is recall, y precision. The
// first point belongs to a threshold above all scores, infinity.
struct Curve {
    std::vector<double> x, y, threshold;
    // The area below, by trapezoids.
    double area() const {
        double sum = 0;
        for (std::size_t i = 1; i < x.size(); ++i) sum += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
        return sum;
    }
};

// Scores of two classes, collected batch by batch: 16 bytes a sample, sorted when a value is asked for.
class RankedScores {
  public:
    // Labels 0 or 1, and a score that is higher the more a sample seems to be 1: a probability, a logit, a distance. Nothing is
    // added if a label is neither, or a score is NaN.
    template <class Target = this_target>
    void update(const number_span& actual, const number_span& score, const number_span& weight = {}) {
        _::check_pairs<Target>("scores", actual.size, score.size, weight);
        for (index i = 0; i < actual.size; ++i) {
            _::label_at<Target>(actual, i, 2, "scores");
            if (score[i] != score[i]) fail_with<Target>("scores: the one at place %lld is NaN", static_cast<long long>(i));
        }
        for (index i = 0; i < actual.size; ++i) {
            const double w = weight.size > 0 ? weight[i] : 1;
            scores_.push_back(score[i]), weights_.push_back(actual[i] != 0 ? w : -w);
            (actual[i] != 0 ? positive_ : negative_) += w;
        }
    }
    void reset() { *this = RankedScores(); }
    index size() const { return static_cast<index>(scores_.size()); }

    // The probability that a sample of class 1 has a higher score than one of class 0; ties count half. NaN if one of the classes does not
    // occur. Fails, as all that follow, without samples. O(n log n), as all that follow.
    template <class Target = this_target>
    double roc_auc() const {
        return roc_curve<Target>().area();
    }
    // The rates of a class that does not occur are NaN.
    template <class Target = this_target>
    Curve roc_curve() const {
        check<Target>("a ROC curve");
        Curve c{{0 / negative_}, {0 / positive_}, {__builtin_huge_val()}};
        walk<Target>([&](double right, double wrong, double threshold) {
            c.x.push_back(wrong / negative_), c.y.push_back(right / positive_), c.threshold.push_back(threshold);
        });
        return c;
    }
    // Σ (recall[n] - recall[n-1]) precision[n]: the area below the curve of precision over recall, in steps.
    template <class Target = this_target>
    double average_precision() const {
        const Curve c = precision_recall_curve<Target>();
        double sum = 0;
        for (std::size_t i = 1; i < c.x.size(); ++i) sum += (c.x[i] - c.x[i - 1]) * c.y[i];
        return sum;
    }
    // The same area by trapezoids, which is too optimistic a little.
    template <class Target = this_target>
    double pr_auc() const {
        return precision_recall_curve<Target>().area();
    }
    // Begins with recall 0 and precision 1. Where no sample is of class 1, all others have recall 1, and so precision and area 0.
    template <class Target = this_target>
    Curve precision_recall_curve() const {
        check<Target>("precision and recall");
        Curve c{{0}, {1}, {__builtin_huge_val()}};
        walk<Target>([&](double right, double wrong, double threshold) {
            if (right + wrong > 0) c.x.push_back(positive_ > 0 ? right / positive_ : 1), c.y.push_back(right / (right + wrong)), c.threshold.push_back(threshold);
        });
        return c;
    }

  private:
    template <class Target>
    void check(const char* what) const {
        if (!(positive_ + negative_ > 0)) fail_with<Target>("%s of no samples", what);
    }
    template <class Target>
    struct sample {
        double score, weight;
    };
    // f(sum of positive weights, of negative ones, threshold) after every group of equal scores, highest first.
    template <class Target, class F>
    void walk(F f) const {
        std::vector<sample<Target>> sorted(scores_.size());
        for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = {scores_[i], weights_[i]};
        _::sort(sorted.data(), sorted.size(), [](const sample<Target>& a, const sample<Target>& b) { return a.score > b.score; });
        double right = 0, wrong = 0;
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            (sorted[i].weight > 0 ? right : wrong) += __builtin_fabs(sorted[i].weight);
            if (i + 1 == sorted.size() || sorted[i + 1].score != sorted[i].score) f(right, wrong, sorted[i].score);
        }
    }
    std::vector<double> scores_, weights_;  // a negative weight: of class 0
    double positive_ = 0, negative_ = 0;
};

namespace _ {

// The classes of scores [n, classes] for n labels.
template <class Target>
index classes_of_scores(const char* who, index n, index scores) {
    if (n == 0 ? scores != 0 : scores % n != 0 || scores < n)
        fail_with<Target>("%s: %lld labels and %lld scores, which are not the same number for each", who, static_cast<long long>(n),
                          static_cast<long long>(scores));
    return n == 0 ? 0 : scores / n;
}

}  // namespace _

// How often the right class is among the k highest scores. Of equal scores, the higher class counts as the higher one, as in
// scikit-learn; a class whose score is NaN, as the highest of all, and a right class whose score is NaN is never found.
class TopKAccuracy {
  public:
    explicit TopKAccuracy(int k = 5) : k_(k) {
        if (k < 1) fail_with<>("top-k accuracy: k is %d", k);
    }
    // Labels [n], scores [n, classes].
    template <class Target = this_target>
    void update(const number_span& actual, const number_span& scores) {
        const index classes = _::classes_of_scores<Target>("top-k accuracy", actual.size, scores.size);
        double right = 0;
        for (index i = 0; i < actual.size; ++i) {
            const index c = _::label_at<Target>(actual, i, classes, "top-k accuracy");
            const double mine = scores[i * classes + c];
            index ahead = 0;
            for (index j = 0; j < classes; ++j) {
                const double s = scores[i * classes + j];
                ahead += j < c ? !(s <= mine) : j > c ? !(s < mine) : 0;
            }
            if (ahead < k_ && mine == mine) right += 1;
        }
        right_ += right, n_ += static_cast<double>(actual.size);
    }
    template <class Target = this_target>
    double value() const {
        if (n_ == 0) fail_with<Target>("top-k accuracy of no samples");
        return right_ / n_;
    }
    void reset() { right_ = n_ = 0; }

  private:
    int k_;
    double right_ = 0, n_ = 0;
};

struct LogLossOptions {
    bool from_logits = false;       // scores are logits: a softmax (a sigmoid, of one score per sample) comes first
    std::int64_t ignore_index = -100;  // samples with this label do not count
};

// The mean of -log p(label), and its exponential, perplexity. Scores are probabilities [n, classes], or one per sample, of class 1.
// Probabilities are taken as they are and need not sum to 1, but lie in 0 … 1; what is less than the type's epsilon (or more than
// 1 - epsilon) counts as that, as in scikit-learn.
class LogLoss {
  public:
    LogLoss() = default;
    explicit LogLoss(LogLossOptions o) : options_(o) {}

    template <class Target = this_target>
    void update(const number_span& actual, const number_span& scores, const number_span& weight = {}) {
        const index width = _::classes_of_scores<Target>("log-loss", actual.size, scores.size), classes = width == 1 ? 2 : width;
        _::check_pairs<Target>("log-loss", actual.size, actual.size, weight);
        double sum = 0, n = 0;
        for (index i = 0; i < actual.size; ++i) {
            if (actual[i] == static_cast<double>(options_.ignore_index)) continue;
            const index c = _::label_at<Target>(actual, i, classes, "log-loss");
            const double w = weight.size > 0 ? weight[i] : 1;
            sum += w * (options_.from_logits ? of_logits(scores, i, width, c) : of_probability<Target>(scores, i, width, c));
            n += w;
        }
        sum_ += sum, n_ += n;
    }
    template <class Target = this_target>
    double value() const {
        if (!(n_ > 0)) fail_with<Target>("log-loss of no samples");
        return sum_ / n_;
    }
    template <class Target = this_target>
    double perplexity() const {
        return __builtin_exp(value<Target>());
    }
    void reset() { sum_ = n_ = 0; }

  private:
    template <class Target>
    static double of_probability(const number_span& scores, index i, index width, index c) {
        for (index j = 0; j < width; ++j)
            if (const double p = scores[i * width + j]; !(p >= 0 && p <= 1))
                fail_with<Target>("log-loss: %g, a probability of sample %lld, is not in 0 … 1 (are these logits? then from_logits)", p,
                                  static_cast<long long>(i));
        const double epsilon = scores.type == dtype::f32 ? 0x1p-23 : 0x1p-52;
        const double given = scores[i * width + (width == 1 ? 0 : c)], p = width == 1 && c == 0 ? 1 - given : given;
        return -__builtin_log(p < epsilon ? epsilon : p > 1 - epsilon ? 1 - epsilon : p);
    }
    static double of_logits(const number_span& scores, index i, index width, index c) {
        if (width == 1) {
            const double x = c == 1 ? scores[i] : -scores[i];
            return x > 0 ? __builtin_log1p(__builtin_exp(-x)) : __builtin_log1p(__builtin_exp(x)) - x;
        }
        double largest = scores[i * width], sum = 0;
        for (index j = 1; j < width; ++j)
            if (scores[i * width + j] > largest) largest = scores[i * width + j];
        for (index j = 0; j < width; ++j) sum += __builtin_exp(scores[i * width + j] - largest);
        return __builtin_log(sum) + largest - scores[i * width + c];
    }

    LogLossOptions options_;
    double sum_ = 0, n_ = 0;
};

// Functions, named and defined as in scikit-learn (perplexity: as in torchmetrics, of logits unless from_logits is false).
template <class Target = this_target>
double average_precision_score(const number_span& actual, const number_span& score, const number_span& weight = {}) {
    RankedScores r;
    r.update<Target>(actual, score, weight);
    return r.average_precision<Target>();
}
// One score per sample: of two classes. Scores [n, classes]: multi_class::ovr, the mean over classes, each against all others; or ovo, the
// mean over pairs of classes, of the two AUCs on the pair's samples (Hand, Till 2001), which does not depend on how frequent classes are.
// macro: a plain mean; weighted: by the classes' (the pairs') samples. Samples' weights: ovr only. Where a class does not occur, as in
// scikit-learn with `labels`: ovr's macro is NaN, its weighted mean and ovo are of the classes that occur; of one class only, NaN.
template <class Target = this_target>
double roc_auc_score(const number_span& actual, const number_span& scores, average a = average::macro, const number_span& weight = {},
                     multi_class m = multi_class::ovr) {
    const index classes = _::classes_of_scores<Target>("ROC-AUC", actual.size, scores.size), n = actual.size;
    if (classes < 2) {
        RankedScores r;
        r.update<Target>(actual, scores, weight);
        return r.roc_auc<Target>();
    }
    const bool pairs = m == multi_class::ovo;
    if (a != average::macro && a != average::weighted) fail_with<Target>("ROC-AUC of %lld classes: macro or weighted", static_cast<long long>(classes));
    if (pairs && weight.size > 0) fail_with<Target>("ROC-AUC: one against one takes no weights of samples");
    _::check_pairs<Target>("ROC-AUC", n, n, weight);
    std::vector<double> support(static_cast<std::size_t>(classes));
    for (index i = 0; i < n; ++i) support[static_cast<std::size_t>(_::label_at<Target>(actual, i, classes, "ROC-AUC"))] += weight.size > 0 ? weight[i] : 1;
    double samples = 0;
    for (const double s : support) samples += s;
    if (!(samples > 0)) fail_with<Target>("ROC-AUC of no samples");
    std::vector<double> is, score, w;
    // Class c against class `other`, or against all others (-1).
    const auto one = [&](index c, index other) {
        is.clear(), score.clear(), w.clear();
        for (index i = 0; i < n; ++i) {
            const bool hit = actual[i] == static_cast<double>(c);
            if (other >= 0 && !hit && actual[i] != static_cast<double>(other)) continue;
            is.push_back(hit), score.push_back(scores[i * classes + c]);
            if (weight.size > 0) w.push_back(weight[i]);
        }
        RankedScores r;
        r.update<Target>(is, score, w);
        return r.roc_auc<Target>();
    };
    double sum = 0, weights = 0;
    for (index c = 0; c < classes; ++c)
        for (index d = pairs ? c + 1 : -1; d < (pairs ? classes : 0); ++d) {
            const double mine = support[static_cast<std::size_t>(c)], other = pairs ? support[static_cast<std::size_t>(d)] : 0, f = a == average::weighted ? mine + other : 1;
            if (pairs ? mine == 0 || other == 0 : f == 0) continue;
            sum += f * (pairs ? (one(c, d) + one(d, c)) / 2 : one(c, -1)), weights += f;
        }
    return sum / weights;  // 0 / 0 where there are no pairs
}
template <class Target = this_target>
double top_k_accuracy_score(const number_span& actual, const number_span& scores, int k = 2) {
    TopKAccuracy t(k);
    t.update<Target>(actual, scores);
    return t.value<Target>();
}
template <class Target = this_target>
double log_loss(const number_span& actual, const number_span& probabilities, const number_span& weight = {}) {
    LogLoss l;
    l.update<Target>(actual, probabilities, weight);
    return l.value<Target>();
}
template <class Target = this_target>
double perplexity(const number_span& actual, const number_span& scores, LogLossOptions o = {.from_logits = true}) {
    LogLoss l(o);
    l.update<Target>(actual, scores);
    return l.perplexity<Target>();
}

}  // namespace etta
