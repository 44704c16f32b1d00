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

// Linear functions, [w, b] each, of the classes that occur: one for each, or of two classes one. They minimise
// C Σ weight loss(scores, label, slopes) + |w|² / 2, divided by C and the sum of the weights. Labels count the classes that occur; the loss
// writes its derivative with respect to each score.
template <class Host, class M, class F>
void fit_scores(M& model, const Dataset& data, bool penalise_intercept, const char* who, F loss) {
    if (!(model.C > 0)) fail(std::string(who) + ": C is " + std::to_string(model.C) + ", expected more than 0");
    const Rows x = rows_to_fit<Host>(data, who);
    const std::vector<double> weights = weights_of<Host>(data, who);
    occurring found = classes_that_occur<Host>(data, weights, who);
    if (found.classes.size() < 2) fail(std::string(who) + ": the samples are of one class only, " + std::to_string(found.classes[0]));
    model.classes = data.classes(), model.present = found.classes;
    const std::vector<std::int32_t>& labels = found.labels;
    const index outputs = found.classes.size() == 2 ? 1 : static_cast<index>(found.classes.size());
    double sum = 0;
    for (const double e : weights) sum += e;
    const double penalty = 1 / (model.C * sum);
    const index width = x.columns + 1;
    std::vector<double> w(static_cast<std::size_t>(outputs * width)), z(static_cast<std::size_t>(outputs)), slope(static_cast<std::size_t>(outputs));
    model.converged = minimise<Host>(w, [&](const std::vector<double>& at, std::vector<double>& g) {
        double value = 0;
        for (double& e : g) e = 0;
        for (index i = 0; i < x.rows; ++i) {
            const double share = weights[static_cast<std::size_t>(i)] / sum;
            if (share == 0) continue;
            for (index o = 0; o < outputs; ++o)
                z[static_cast<std::size_t>(o)] = dot<Host>(x.row(i), at.data() + o * width, x.columns) +
                                                 (model.fit_intercept ? at[static_cast<std::size_t>(o * width + x.columns)] : 0);
            value += share * loss(z.data(), outputs, labels[static_cast<std::size_t>(i)], slope.data());
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
// The classes that a model's scores are of: those it was fitted to; of coefficients from elsewhere, the first ones.
template <class Host, class M>
std::vector<std::int32_t> classes_of(const M& m, const char* who) {
    const std::size_t n = m.coef.rows == 1 ? 2 : static_cast<std::size_t>(m.coef.rows);
    std::vector<std::int32_t> of = m.present;
    for (std::size_t c = 0; m.present.empty() && c < n; ++c) of.push_back(static_cast<std::int32_t>(c));
    bool good = of.size() == n;
    for (const std::int32_t c : of) good = good && c >= 0 && c < m.classes;
    if (!good) fail(std::string(who) + ": coef has scores of " + std::to_string(n) + " of " + std::to_string(m.classes) + " classes, present has " + std::to_string(of.size()));
    return of;
}
// The class of the highest score; of one score, the second if it is above 0.
template <class Host>
std::vector<std::int32_t> highest(const std::vector<double>& scores, index outputs, const std::vector<std::int32_t>& present) {
    std::vector<std::int32_t> labels;
    for (std::size_t i = 0; i < scores.size(); i += static_cast<std::size_t>(outputs)) {
        int best = outputs == 1 ? scores[i] > 0 : 0;
        for (int o = 1; o < outputs; ++o)
            if (scores[i + static_cast<std::size_t>(o)] > scores[i + static_cast<std::size_t>(best)]) best = o;
        labels.push_back(present[static_cast<std::size_t>(best)]);
    }
    return labels;
}

}  // namespace _

// min C Σ -log p(label) + |w|² / 2, p the softmax of x wᵀ + b; of two classes, the sigmoid of one score, which coef then is [1, columns]
// of. The intercept is not penalised. A sample's loss is multiplied by its weight. Scale the data first: it converges faster, and the
// penalty is fair. converged: no derivative of the mean loss is larger than tol. Fails if fewer than two classes occur.
struct LogisticRegression {
    double C = 1, tol = 1e-6;
    bool fit_intercept = true;
    int max_iter = 1000;
    Rows coef = {};
    std::vector<double> intercept = {};
    int classes = 0;                         // of the data set
    std::vector<std::int32_t> present = {};  // those that occur (scikit-learn's classes_): coef has a row for each, of two classes one
    bool converged = false;
    static constexpr bool classifier = true;

    template <class Host = _::this_host>
    LogisticRegression& fit(const Dataset& data) {
        _::fit_scores<Host>(*this, data, false, "LogisticRegression",
                            [](const double* z, index outputs, std::int32_t label, double* slope) {
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
    std::vector<std::int32_t> predict(const Rows& x) const {
        return _::highest<Host>(decision_function<Host>(x), coef.rows, _::classes_of<Host>(*this, "LogisticRegression"));
    }
    // [rows, classes]; 0 for a class that did not occur.
    template <class Host = _::this_host>
    Rows predict_proba(const Rows& x) const {
        const std::vector<double> z = decision_function<Host>(x);
        const std::vector<std::int32_t> of = _::classes_of<Host>(*this, "LogisticRegression");
        Rows p(x.rows, classes);
        std::vector<double> one(static_cast<std::size_t>(coef.rows));
        for (index i = 0; i < x.rows; ++i) {
            probabilities(z.data() + i * coef.rows, coef.rows, one.data());
            if (coef.rows == 1) p(i, of[0]) = 1 - one[0], p(i, of[1]) = one[0];
            for (std::size_t o = 0; coef.rows > 1 && o < one.size(); ++o) p(i, of[o]) = one[o];
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
// min C Σ max(0, 1 - y (x wᵀ + b))² + (|w|² + b²) / 2, y = ±1. As in scikit-learn (LIBLINEAR), the intercept is penalised. A sample's loss
// is multiplied by its weight. Fails if fewer than two classes occur.
struct LinearSVC {
    double C = 1, tol = 1e-6;
    bool fit_intercept = true;
    int max_iter = 1000;
    Rows coef = {};
    std::vector<double> intercept = {};
    int classes = 0;                         // of the data set
    std::vector<std::int32_t> present = {};  // those that occur (scikit-learn's classes_): coef has a row for each, of two classes one
    bool converged = false;
    static constexpr bool classifier = true;

    template <class Host = _::this_host>
    LinearSVC& fit(const Dataset& data) {
        _::fit_scores<Host>(*this, data, true, "LinearSVC",
                            [](const double* z, index outputs, std::int32_t label, double* slope) {
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
    std::vector<std::int32_t> predict(const Rows& x) const {
        return _::highest<Host>(decision_function<Host>(x), coef.rows, _::classes_of<Host>(*this, "LinearSVC"));
    }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

}  // namespace etta
