// logistic.hpp: linear models of classes: logistic (softmax) regression and the linear support vector machine. Both minimise a smooth
// convex function of all coefficients, by L-BFGS.
#pragma once

#include "linear.hpp"

namespace etta {

namespace _ {

// Minimises f(x, gradient) from x on: L-BFGS with 10 pairs (Liu, Nocedal 1989) and a line search by bisection for the weak Wolfe
// conditions. True when no element of the gradient is larger than tol.
template <class Host, class F>
bool minimise(std::vector<double>& x, F f, double tol, int max_iter) {
    const auto n = static_cast<index>(x.size());
    constexpr int memory = 10;
    std::vector<double> g(x.size()), d(x.size()), next(x.size()), next_g(x.size()), s[memory], y[memory];
    double rho[memory], alpha[memory], value = f(x, g);
    for (int step = 0, kept = 0, newest = -1; step <= max_iter; ++step) {
        double largest = 0;
        for (const double e : g) largest = __builtin_fmax(largest, __builtin_fabs(e));
        if (largest <= tol) return true;
        if (step == max_iter || !(largest < __builtin_huge_val())) return false;
        for (index i = 0; i < n; ++i) d[static_cast<std::size_t>(i)] = -g[static_cast<std::size_t>(i)];
        for (int k = 0; k < kept; ++k) {
            const int j = (newest - k + memory) % memory;
            alpha[j] = rho[j] * dot<Host>(s[j].data(), d.data(), n);
            for (std::size_t i = 0; i < d.size(); ++i) d[i] -= alpha[j] * y[j][i];
        }
        const double scale = kept > 0 ? 1 / (rho[newest] * dot<Host>(y[newest].data(), y[newest].data(), n)) : 1 / largest;
        for (double& e : d) e *= scale;
        for (int k = kept; k-- > 0;) {
            const int j = (newest - k + memory) % memory;
            const double beta = alpha[j] - rho[j] * dot<Host>(y[j].data(), d.data(), n);
            for (std::size_t i = 0; i < d.size(); ++i) d[i] += beta * s[j][i];
        }
        const double slope = dot<Host>(g.data(), d.data(), n);
        double low = 0, high = 0, t = 1, next_value = value;
        bool found = false;
        for (int tries = 0; !found && tries < 60; ++tries) {
            for (std::size_t i = 0; i < d.size(); ++i) next[i] = x[i] + t * d[i];
            next_value = f(next, next_g);
            const double next_slope = dot<Host>(next_g.data(), d.data(), n);
            // Near the minimum, values differ by rounding alone: slopes decide.
            const bool flat = next_value <= value + 1e-14 * __builtin_fabs(value) && next_slope <= -0.8 * slope;
            if (!(next_value <= value + 1e-4 * t * slope || flat)) high = t;
            else if (next_slope < 0.9 * slope) low = t;
            else found = true;
            if (!found) t = high > 0 ? (low + high) / 2 : 2 * t;
        }
        if (!found) return false;
        newest = (newest + 1) % memory, kept = kept < memory ? kept + 1 : memory;
        s[newest].resize(x.size()), y[newest].resize(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) s[newest][i] = next[i] - x[i], y[newest][i] = next_g[i] - g[i];
        const double sy = dot<Host>(s[newest].data(), y[newest].data(), n);
        if (sy > 0) rho[newest] = 1 / sy;
        else kept = 0, newest = -1;
        x.swap(next), g.swap(next_g), value = next_value;
    }
    return false;
}

// Coefficients of `outputs` linear functions, [w, b] each, that minimise the mean over samples of loss(scores, label, slopes) plus
// penalty |w|² / 2. The loss writes its derivative with respect to each score.
template <class Host, class M, class F>
void fit_scores(M& model, const Dataset& data, index outputs, double penalty, bool penalise_intercept, const char* who, F loss) {
    const Rows x = rows_to_fit<Host>(data, who);
    const std::vector<std::int32_t> labels = labels_of<Host>(data, who);
    const index width = x.columns + 1;
    std::vector<double> w(static_cast<std::size_t>(outputs * width)), z(static_cast<std::size_t>(outputs)), slope(static_cast<std::size_t>(outputs));
    model.converged = minimise<Host>(w, [&](const std::vector<double>& at, std::vector<double>& g) {
        double value = 0;
        const double share = 1 / static_cast<double>(x.rows);
        for (double& e : g) e = 0;
        for (index i = 0; i < x.rows; ++i) {
            for (index o = 0; o < outputs; ++o)
                z[static_cast<std::size_t>(o)] = dot<Host>(x.row(i), at.data() + o * width, x.columns) +
                                                 (model.fit_intercept ? at[static_cast<std::size_t>(o * width + x.columns)] : 0);
            value += share * loss(z.data(), labels[static_cast<std::size_t>(i)], slope.data());
            for (index o = 0; o < outputs; ++o) {
                const double f = share * slope[static_cast<std::size_t>(o)];
                double* const to = g.data() + o * width;
                if (f == 0) continue;
                for (index k = 0; k < x.columns; ++k) to[k] += f * x(i, k);
                if (model.fit_intercept) to[x.columns] += f;
            }
        }
        for (index o = 0; o < outputs; ++o)
            for (index k = 0; k < (penalise_intercept ? width : x.columns); ++k) {
                const auto j = static_cast<std::size_t>(o * width + k);
                value += penalty * at[j] * at[j] / 2, g[j] += penalty * at[j];
            }
        return value;
    }, model.tol, model.max_iter);
    model.coef = Rows(outputs, x.columns);
    model.intercept.assign(static_cast<std::size_t>(outputs), 0);
    for (index o = 0; o < outputs; ++o) {
        for (index k = 0; k < x.columns; ++k) model.coef(o, k) = w[static_cast<std::size_t>(o * width + k)];
        model.intercept[static_cast<std::size_t>(o)] = w[static_cast<std::size_t>(o * width + x.columns)];
    }
}
// The class of the highest score; of one score, whether it is above 0.
template <class Host>
std::vector<std::int32_t> highest(const std::vector<double>& scores, index outputs) {
    std::vector<std::int32_t> labels;
    for (std::size_t i = 0; i < scores.size(); i += static_cast<std::size_t>(outputs)) {
        int best = outputs == 1 ? scores[i] > 0 : 0;
        for (int o = 1; o < outputs; ++o)
            if (scores[i + static_cast<std::size_t>(o)] > scores[i + static_cast<std::size_t>(best)]) best = o;
        labels.push_back(best);
    }
    return labels;
}
template <class Host, class M>
index outputs_to_fit(M& model, const Dataset& data, const char* who) {
    model.classes = data.classes();
    if (!data.has_labels()) fail(std::string(who) + ": this data set has no labels");
    if (model.classes < 2) fail(std::string(who) + ": this data set has one class only");
    if (!(model.C > 0)) fail(std::string(who) + ": C is " + std::to_string(model.C) + ", expected more than 0");
    return model.classes == 2 ? 1 : model.classes;
}

}  // namespace _

// min C Σ -log p(label) + |w|² / 2, p the softmax of x wᵀ + b; of two classes, the sigmoid of one score, which coef then is [1, columns]
// of. The intercept is not penalised. Scale the data first: it converges faster, and the penalty is fair. converged: no derivative of
// the mean loss is larger than tol.
struct LogisticRegression {
    double C = 1, tol = 1e-6;
    bool fit_intercept = true;
    int max_iter = 1000;
    Rows coef = {};
    std::vector<double> intercept = {};
    int classes = 0;
    bool converged = false;
    static constexpr bool classifier = true;

    template <class Host = _::this_host>
    LogisticRegression& fit(const Dataset& data) {
        const index outputs = _::outputs_to_fit<Host>(*this, data, "LogisticRegression");
        _::fit_scores<Host>(*this, data, outputs, 1 / (C * static_cast<double>(data.size())), false, "LogisticRegression",
                            [&](const double* z, std::int32_t label, double* slope) {
                                const double log_of_sum = probabilities(z, outputs, slope);
                                if (outputs == 1) return slope[0] -= label, log_of_sum - label * z[0];
                                slope[label] -= 1;
                                return log_of_sum - z[label];
                            });
        return *this;
    }
    template <class Host = _::this_host>
    std::vector<double> decision_function(const Rows& x) const { return _::predict_linear<Host>(x, coef, intercept, "LogisticRegression"); }
    template <class Host = _::this_host>
    std::vector<std::int32_t> predict(const Rows& x) const { return _::highest<Host>(decision_function<Host>(x), coef.rows); }
    // [rows, classes].
    template <class Host = _::this_host>
    Rows predict_proba(const Rows& x) const {
        const std::vector<double> z = decision_function<Host>(x);
        Rows p(x.rows, classes);
        for (index i = 0; i < x.rows; ++i) {
            probabilities(z.data() + i * coef.rows, coef.rows, p.row(i) + (classes - coef.rows));
            if (coef.rows == 1) p(i, 0) = 1 - p(i, 1);
        }
        return p;
    }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }

  private:
    // The probabilities, and log Σ exp(z); one score stands beside a 0.
    static double probabilities(const double* z, index outputs, double* p) {
        double largest = outputs == 1 ? 0 : z[0], sum = 0;
        for (index o = 0; o < outputs; ++o) largest = __builtin_fmax(largest, z[o]);
        for (index o = 0; o < outputs; ++o) sum += p[o] = __builtin_exp(z[o] - largest);
        if (outputs == 1) sum += __builtin_exp(-largest);
        for (index o = 0; o < outputs; ++o) p[o] /= sum;
        return largest + __builtin_log(sum);
    }
};

// The linear support vector machine with the squared hinge, each class against all others:
// min C Σ max(0, 1 - y (x wᵀ + b))² + (|w|² + b²) / 2, y = ±1. As in scikit-learn (LIBLINEAR), the intercept is penalised.
struct LinearSVC {
    double C = 1, tol = 1e-6;
    bool fit_intercept = true;
    int max_iter = 1000;
    Rows coef = {};
    std::vector<double> intercept = {};
    int classes = 0;
    bool converged = false;
    static constexpr bool classifier = true;

    template <class Host = _::this_host>
    LinearSVC& fit(const Dataset& data) {
        const index outputs = _::outputs_to_fit<Host>(*this, data, "LinearSVC");
        _::fit_scores<Host>(*this, data, outputs, 1 / (C * static_cast<double>(data.size())), true, "LinearSVC",
                            [&](const double* z, std::int32_t label, double* slope) {
                                double sum = 0;
                                for (index o = 0; o < outputs; ++o) {
                                    const double y = label == (outputs == 1 ? 1 : o) ? 1 : -1, gap = __builtin_fmax(0, 1 - y * z[o]);
                                    sum += gap * gap, slope[o] = -2 * y * gap;
                                }
                                return sum;
                            });
        return *this;
    }
    template <class Host = _::this_host>
    std::vector<double> decision_function(const Rows& x) const { return _::predict_linear<Host>(x, coef, intercept, "LinearSVC"); }
    template <class Host = _::this_host>
    std::vector<std::int32_t> predict(const Rows& x) const { return _::highest<Host>(decision_function<Host>(x), coef.rows); }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

}  // namespace etta
