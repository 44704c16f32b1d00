// labels.hpp: metrics of predicted labels, all of which are functions of one table: how many samples of which class were taken for
// which. ConfusionMatrix is that table, filled batch by batch; the functions with scikit-learn's names are one table each.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../../data/numbers.hpp"

namespace etta {

// How the classes' values become one. binary: class 1's, of two classes. micro: that of the sums over classes. macro: the mean over
// classes. weighted: the mean, weighted by how often each class occurs. As in scikit-learn, means are over the classes that occur,
// in the actual or in the predicted labels, samples of weight 0 included.
enum class average { binary, micro, macro, weighted };
// How scores of several classes become curves of two: each class against the others, or against each other one.
enum class multi_class { ovr, ovo };

struct LabelOptions {
    etta::average average = etta::average::binary;
    number_span weight = {};  // one per sample; none: 1
    int classes = 0;          // 0: largest label + 1, 2 at least
};

// Counts of (actual, predicted) pairs. A value whose divisor is 0 is 0, as in scikit-learn; a table without samples has no values,
// and asking for one is an error. With weights, a sample counts as its weight.
//
//     etta::ConfusionMatrix m(10);
//     for (…) m.update(labels, predicted);
//     m.f1(etta::average::macro);
class ConfusionMatrix {
  public:
    // No samples yet. Fails for fewer than 2 or more than 4096 classes.
    explicit ConfusionMatrix(int classes) : classes_(classes) {
        if (classes < 2 || classes > 4096) fail_with<>("a confusion matrix of %d classes, 2 .. 4096 expected", classes);
        counts_.assign(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes), 0.0);
        occurs_.assign(static_cast<std::size_t>(classes), false);
    }
    // From counts, [actual * classes + predicted]: those of Trainer::evaluate().
    ConfusionMatrix(int classes, const number_span& counts) : ConfusionMatrix(classes) {
        if (counts.size != static_cast<index>(counts_.size()))
            fail_with<>("a confusion matrix of %d classes has %lld counts, given are %lld", classes, static_cast<long long>(counts_.size()),
                        static_cast<long long>(counts.size));
        for (index i = 0; i < counts.size; ++i) total_ += counts_[static_cast<std::size_t>(i)] = counts[i];
    }

    // Labels 0 .. classes-1. Nothing is counted if one is not, or if their numbers differ.
    template <class Target = this_target>
    void update(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
        _::check_pairs<Target>("a confusion matrix", actual.size, predicted.size, weight);
        for (index i = 0; i < actual.size; ++i)
            _::label_at<Target>(actual, i, classes_, "actual"), _::label_at<Target>(predicted, i, classes_, "predicted");
        for (index i = 0; i < actual.size; ++i) {
            const double w = weight.size > 0 ? weight[i] : 1;
            if (w == 0) occurs_[static_cast<std::size_t>(actual[i])] = occurs_[static_cast<std::size_t>(predicted[i])] = true;
            counts_[static_cast<std::size_t>(static_cast<index>(actual[i]) * classes_ + static_cast<index>(predicted[i]))] += w;
            total_ += w;
        }
    }
    void reset() {
        *this = ConfusionMatrix(classes_);
    }

    int classes() const { return classes_; }
    double total() const { return total_; }
    // Here and below, a class that there is not is an error.
    double count(int actual, int predicted) const { return at(known(actual), known(predicted)); }
    // Samples of a class, and samples taken for it.
    double support(int c) const { return row(known(c)); }
    double taken_for(int c) const { return column(known(c)); }

    template <class Target = this_target>
    double accuracy() const {
        check<Target>("accuracy");
        return right() / total_;
    }
    // The mean of the recalls of the classes that occur among the actual labels.
    template <class Target = this_target>
    double balanced_accuracy() const {
        check<Target>("balanced accuracy");
        double sum = 0, n = 0;
        for (int c = 0; c < classes_; ++c)
            if (const double s = row(c); s > 0) sum += at(c, c) / s, n += 1;
        return sum / n;
    }

    // Of one class: tp / (tp + fp), tp / (tp + fn), (1 + b²) tp / ((1 + b²) tp + b² fn + fp), tp / (tp + fp + fn). b from 0,
    // precision, to infinity, recall.
    double precision(int c) const { return ratio(count(c, c), taken_for(c)); }
    double recall(int c) const { return ratio(count(c, c), support(c)); }
    double fbeta(int c, double beta) const {
        const divisor d = of_beta<this_target>(beta);
        return ratio(count(c, c), d.support * support(c) + d.taken * taken_for(c));
    }
    double f1(int c) const { return fbeta(c, 1); }
    double iou(int c) const { return ratio(count(c, c), support(c) + taken_for(c) - count(c, c)); }
    // Of all.
    template <class Target = this_target>
    double precision(average a) const { return averaged<Target>(a, {0, 1, 0}); }
    template <class Target = this_target>
    double recall(average a) const { return averaged<Target>(a, {1, 0, 0}); }
    template <class Target = this_target>
    double fbeta(average a, double beta) const {
        return averaged<Target>(a, of_beta<Target>(beta));
    }
    template <class Target = this_target>
    double f1(average a) const { return fbeta<Target>(a, 1); }
    template <class Target = this_target>
    double iou(average a) const { return averaged<Target>(a, {1, 1, -1}); }

    // Matthews' correlation of actual and predicted labels, for any number of classes (Gorodkin 2004); 0 where one of the two has
    // one class only.
    template <class Target = this_target>
    double mcc() const {
        check<Target>("Matthews' correlation");
        double both = right() * total_, actual = 0, predicted = 0;
        for (int c = 0; c < classes_; ++c) {
            const double s = row(c), t = column(c);
            both -= s * t, actual += s * (total_ - s), predicted += t * (total_ - t);
        }
        return actual > 0 && predicted > 0 ? both / __builtin_sqrt(actual) / __builtin_sqrt(predicted) : 0;
    }
    // Cohen's kappa: agreement beyond chance. power 0: all mistakes are alike; 1, 2: they count by the labels' distance, or its
    // square. NaN where actual and predicted labels are all of one and the same class: there is no chance to be wrong.
    template <class Target = this_target>
    double kappa(int power = 0) const {
        check<Target>("Cohen's kappa");
        std::vector<double> s, t;
        for (int c = 0; c < classes_; ++c) s.push_back(row(c)), t.push_back(column(c));
        double found = 0, by_chance = 0;
        for (int i = 0; i < classes_; ++i)
            for (int k = 0; k < classes_; ++k) {
                const double d = i < k ? k - i : i - k, w = power == 0 ? i != k : power == 1 ? d : d * d;
                found += w * at(i, k);
                by_chance += w * (s[static_cast<std::size_t>(i)] / total_) * t[static_cast<std::size_t>(k)];
            }
        return by_chance > 0 ? 1 - found / by_chance : __builtin_nan("");
    }

    // The table that scikit-learn's classification_report prints. Names: one per class; none: the classes' numbers.
    template <class Target = this_target>
    std::string report(std::span<const std::string> names = {}, int digits = 2) const {
        check<Target>("a report");
        if (!names.empty() && names.size() != static_cast<std::size_t>(classes_))
            fail_with<Target>("a report: %d classes and %lld names", classes_, static_cast<long long>(names.size()));
        if (digits < 0 || digits > 17) fail_with<Target>("a report: %d digits, 0 .. 17 expected", digits);
        std::size_t width = 12;  // of "weighted avg"
        const auto name = [&](int c) { return names.empty() ? std::to_string(c) : names[static_cast<std::size_t>(c)]; };
        for (int c = 0; c < classes_; ++c)
            if (occurs(c) && letters(name(c)) > width) width = letters(name(c));
        if (width < static_cast<std::size_t>(digits)) width = static_cast<std::size_t>(digits);
        std::string s;
        const auto cell = [&](const std::string& text, std::size_t w) { s += std::string(letters(text) < w ? w - letters(text) : 0, ' ') + text; };
        const auto number = [&](double x, int after_point) {
            char b[64];
            std::snprintf(b, sizeof b, "%.*f", after_point, x);
            s += ' ';
            cell(b, 9);
        };
        const auto row = [&](const std::string& title, double p, double r, double f, double n) {
            cell(title, width);
            s += ' ';
            if (p < 0) s += std::string(20, ' ');  // accuracy stands in one column
            else number(p, digits), number(r, digits);
            number(f, digits);
            number(n, n == __builtin_floor(n) ? 0 : digits);
            s += '\n';
        };
        cell("", width);
        s += "  precision    recall  f1-score   support\n\n";
        for (int c = 0; c < classes_; ++c)
            if (occurs(c)) row(name(c), precision(c), recall(c), f1(c), support(c));
        s += '\n';
        row("accuracy", -1, 0, accuracy<Target>(), total_);
        for (const average a : {average::macro, average::weighted})
            row(a == average::macro ? "macro avg" : "weighted avg", precision<Target>(a), recall<Target>(a), f1<Target>(a), total_);
        return s;
    }

  private:
    static std::size_t letters(const std::string& utf8) {  // code points: all bytes but those that go on with one
        std::size_t n = 0;
        for (const char c : utf8) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        return n;
    }
    // Each of the four is tp / (a * support + b * taken + c * tp).
    struct divisor {
        double support, taken, both;
    };
    template <class Target>
    static divisor of_beta(double beta) {
        if (!(beta >= 0)) fail_with<Target>("F-beta: beta is %g, expected 0 or more", beta);
        const double taken = 1 / (1 + beta * beta);
        return {taken < 0.5 ? 1 - taken : beta * beta * taken, taken, 0};
    }
    static double ratio(double a, double b) { return b > 0 ? a / b : 0; }
    int known(int c) const {
        if (c < 0 || c >= classes_) fail_with<>("a confusion matrix of %d classes has no class %d", classes_, c);
        return c;
    }
    double at(int actual, int predicted) const {
        return counts_[static_cast<std::size_t>(actual) * static_cast<std::size_t>(classes_) + static_cast<std::size_t>(predicted)];
    }
    double row(int c) const {
        double n = 0;
        for (int k = 0; k < classes_; ++k) n += at(c, k);
        return n;
    }
    double column(int c) const {
        double n = 0;
        for (int k = 0; k < classes_; ++k) n += at(k, c);
        return n;
    }
    bool occurs(int c) const { return occurs_[static_cast<std::size_t>(c)] || row(c) > 0 || column(c) > 0; }
    double right() const {
        double n = 0;
        for (int c = 0; c < classes_; ++c) n += at(c, c);
        return n;
    }
    template <class Target>
    void check(const char* what) const {
        if (!(total_ > 0)) fail_with<Target>("%s of no samples", what);
    }
    template <class Target>
    double averaged(average a, divisor d) const {
        check<Target>("a mean over classes");
        if (a == average::binary && classes_ != 2)
            fail_with<Target>("the average of %d classes: say which, micro, macro or weighted; binary is for 2", classes_);
        double sum = 0, weights = 0, right = 0, below = 0;
        for (int c = a == average::binary ? 1 : 0; c < classes_; ++c) {
            const double s = row(c), t = column(c), tp = at(c, c);
            if (s == 0 && t == 0 && !occurs_[static_cast<std::size_t>(c)]) continue;
            const double b = d.support * s + d.taken * t + d.both * tp, w = a == average::weighted ? s : 1;
            right += tp, below += b;
            sum += w * ratio(tp, b), weights += w;
        }
        return a == average::micro ? ratio(right, below) : ratio(sum, weights);
    }

    int classes_ = 0;
    double total_ = 0;
    std::vector<double> counts_;
    std::vector<bool> occurs_;  // classes that samples of weight 0 have, which no count shows
};

namespace _ {

template <class Target>
ConfusionMatrix confusion_of(const number_span& actual, const number_span& predicted, const LabelOptions& o) {
    double largest = 1;
    for (const number_span* s : {&actual, &predicted})
        for (index i = 0; i < s->size; ++i)
            if ((*s)[i] > largest) largest = (*s)[i];
    ConfusionMatrix m(o.classes > 0 ? o.classes : largest < 4096 ? static_cast<int>(largest) + 1 : 4097);
    m.update<Target>(actual, predicted, o.weight);
    return m;
}

}  // namespace _

// Functions of two lists of labels, named, defined and defaulted as in scikit-learn. Errors: lists of different lengths, or empty
// ones; labels that are no classes; the average `binary` of more than two classes.
template <class Target = this_target>
ConfusionMatrix confusion_matrix(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o);
}
template <class Target = this_target>
double accuracy_score(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template accuracy<Target>();
}
template <class Target = this_target>
double balanced_accuracy_score(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template balanced_accuracy<Target>();
}
template <class Target = this_target>
double precision_score(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template precision<Target>(o.average);
}
template <class Target = this_target>
double recall_score(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template recall<Target>(o.average);
}
template <class Target = this_target>
double fbeta_score(const number_span& actual, const number_span& predicted, double beta, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template fbeta<Target>(o.average, beta);
}
template <class Target = this_target>
double f1_score(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return fbeta_score<Target>(actual, predicted, 1, o);
}
// Intersection over union: of pixels' labels, segmentation's IoU.
template <class Target = this_target>
double jaccard_score(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template iou<Target>(o.average);
}
template <class Target = this_target>
double matthews_corrcoef(const number_span& actual, const number_span& predicted, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template mcc<Target>();
}
template <class Target = this_target>
double cohen_kappa_score(const number_span& actual, const number_span& predicted, int power = 0, const LabelOptions& o = {}) {
    return _::confusion_of<Target>(actual, predicted, o).template kappa<Target>(power);
}
template <class Target = this_target>
std::string classification_report(const number_span& actual, const number_span& predicted, std::span<const std::string> names = {}, int digits = 2) {
    return _::confusion_of<Target>(actual, predicted, {.classes = static_cast<int>(names.size())}).template report<Target>(names, digits);
}

}  // namespace etta
