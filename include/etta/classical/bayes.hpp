// bayes.hpp: naive Bayes with a normal distribution for each class and column.
#pragma once

#include "rows.hpp"

namespace etta {

// p(class | x) ∝ p(class) Π N(x[k]; mean[class, k], variance[class, k]). To every variance, var_smoothing times the largest variance of
// a column is added. Samples count by their weights, but for that largest variance, where all are alike, as in scikit-learn. A class that does not occur
// has probability 0.
struct GaussianNB {
    double var_smoothing = 1e-9;
    std::vector<double> priors = {};  // of the classes; none: as often as they occur

    Rows mean = {}, variance = {};  // [classes, columns]; of a class that does not occur 0
    std::vector<double> class_prior = {};
    int classes = 0;
    static constexpr bool classifier = true;

    template <class Host = _::this_host>
    GaussianNB& fit(const Dataset& data) {
        const Rows x = _::rows_to_fit<Host>(data, "GaussianNB");
        const std::vector<std::int32_t> labels = _::labels_of<Host>(data, "GaussianNB");
        const std::vector<double> weights = _::weights_of<Host>(data, "GaussianNB");
        double total = 0;
        classes = data.classes();
        mean = variance = Rows(classes, x.columns);
        std::vector<double> count(static_cast<std::size_t>(classes));
        std::vector<_::running_moments> of(static_cast<std::size_t>(classes * x.columns)), all(static_cast<std::size_t>(x.columns));
        for (index i = 0; i < x.rows; ++i) {
            const auto c = static_cast<index>(labels[static_cast<std::size_t>(i)]);
            const double w = weights[static_cast<std::size_t>(i)];
            count[static_cast<std::size_t>(c)] += w, total += w;
            for (index k = 0; k < x.columns; ++k) {
                if (w > 0) of[static_cast<std::size_t>(c * x.columns + k)].add(x(i, k), w);
                all[static_cast<std::size_t>(k)].add(x(i, k), 1);
            }
        }
        double largest = 0;
        for (const _::running_moments& m : all) largest = __builtin_fmax(largest, m.variance());
        if (!(var_smoothing >= 0)) fail("GaussianNB: var_smoothing is " + std::to_string(var_smoothing) + ", expected 0 or more");
        if (!(largest > 0)) fail("GaussianNB: all samples are equal");
        class_prior = priors;
        double sum = 0;
        for (const double p : priors) sum += p >= 0 ? p : 2;
        if (!priors.empty() && (priors.size() != count.size() || !(__builtin_fabs(sum - 1) < 1e-8)))
            fail("GaussianNB: " + std::to_string(priors.size()) + " priors, expected " + std::to_string(classes) + " probabilities that sum to 1");
        double known = 0;  // the priors of the classes that occur
        for (index c = 0; c < classes; ++c) {
            const double n = count[static_cast<std::size_t>(c)];
            if (priors.empty()) class_prior.push_back(n / total);
            if (n == 0) class_prior[static_cast<std::size_t>(c)] = 0;
            known += class_prior[static_cast<std::size_t>(c)];
            if (n == 0) continue;
            for (index k = 0; k < x.columns; ++k) {
                const _::running_moments& m = of[static_cast<std::size_t>(c * x.columns + k)];
                mean(c, k) = m.mean, variance(c, k) = m.variance() + var_smoothing * largest;
                if (!(variance(c, k) > 0))
                    fail("GaussianNB: column " + std::to_string(k) + " does not vary in class " + std::to_string(c) +
                         ", and var_smoothing is 0");
            }
        }
        if (!(known > 0)) fail("GaussianNB: the prior of every class that occurs is 0");
        return *this;
    }
    // log p(class) + log p(x | class), [rows, classes]; -infinity where p(class) is 0.
    template <class Host = _::this_host>
    Rows predict_joint_log_proba(const Rows& x) const {
        _::check_fitted<Host>(x, mean.columns, "GaussianNB");
        Rows z(x.rows, classes);
        for (index i = 0; i < x.rows; ++i)
            for (index c = 0; c < classes; ++c) {
                z(i, c) = -__builtin_huge_val();
                if (class_prior[static_cast<std::size_t>(c)] == 0) continue;
                double sum = 0;
                for (index k = 0; k < x.columns; ++k) {
                    const double d = x(i, k) - mean(c, k);
                    sum += __builtin_log(6.283185307179586476925 * variance(c, k)) + d * d / variance(c, k);
                }
                z(i, c) = __builtin_log(class_prior[static_cast<std::size_t>(c)]) - sum / 2;
            }
        return z;
    }
    template <class Host = _::this_host>
    Rows predict_proba(const Rows& x) const {
        Rows p = predict_joint_log_proba<Host>(x);
        for (index i = 0; i < p.rows; ++i) {
            double largest = p(i, 0), sum = 0;
            for (index c = 1; c < classes; ++c) largest = __builtin_fmax(largest, p(i, c));
            for (index c = 0; c < classes; ++c) sum += p(i, c) = class_prior[static_cast<std::size_t>(c)] > 0 ? __builtin_exp(p(i, c) - largest) : 0;
            for (index c = 0; c < classes; ++c) p(i, c) /= class_prior[static_cast<std::size_t>(c)] > 0 ? sum : 1;
        }
        return p;
    }
    template <class Host = _::this_host>
    std::vector<std::int32_t> predict(const Rows& x) const {
        const Rows z = predict_joint_log_proba<Host>(x);
        std::vector<std::int32_t> y;
        for (index i = 0; i < z.rows; ++i) {
            int best = 0;
            while (class_prior[static_cast<std::size_t>(best)] == 0) ++best;
            for (int c = best + 1; c < classes; ++c)
                if (z(i, c) > z(i, best)) best = c;
            y.push_back(best);
        }
        return y;
    }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

}  // namespace etta
