// linear.hpp: linear models of numbers: least squares, ridge, lasso and elastic net. The square of a sample's error counts as often
// as its weight says.
#pragma once

#include "rows.hpp"

namespace etta {

namespace _ {

template <class Host>
std::vector<double> predict_linear(const Rows& x, const Rows& coef, const std::vector<double>& intercept, const char* who) {
    check_fitted<Host>(x, coef.columns, who);
    std::vector<double> y(static_cast<std::size_t>(x.rows * coef.rows));
    for (index i = 0; i < x.rows; ++i)
        for (index o = 0; o < coef.rows; ++o)
            y[static_cast<std::size_t>(i * coef.rows + o)] = dot<Host>(x.row(i), coef.row(o), x.columns) + intercept[static_cast<std::size_t>(o)];
    return y;
}
// Makes the means of x and y zero (if asked for), multiplies samples by the roots of their weights, calls f(x, y, sum of weights) for
// coef, and gives the intercept that goes with it.
template <class Host, class M, class F>
void fit_linear(M& model, const Dataset& data, const char* who, F f) {
    Rows x = rows_to_fit<Host>(data, who), y = targets_of<Host>(data, who);
    std::vector<double> x_mean(static_cast<std::size_t>(x.columns)), y_mean(static_cast<std::size_t>(y.columns));
    const std::vector<double> weights = weights_of<Host>(data, who);
    double sum = 0;
    for (const double w : weights) sum += w;
    if (model.fit_intercept) subtract<Host>(x, x_mean = mean_of<Host>(x, weights)), subtract<Host>(y, y_mean = mean_of<Host>(y, weights));
    for (index i = 0; data.has_weights() && i < x.rows; ++i) {
        const double root = __builtin_sqrt(weights[static_cast<std::size_t>(i)]);
        for (index k = 0; k < x.columns; ++k) x(i, k) *= root;
        for (index o = 0; o < y.columns; ++o) y(i, o) *= root;
    }
    model.coef = f(x, y, sum);
    model.intercept = y_mean;
    for (index o = 0; o < y.columns; ++o) model.intercept[static_cast<std::size_t>(o)] -= dot<Host>(model.coef.row(o), x_mean.data(), x.columns);
}
// coef = V f(s) Uᵀ y.
template <class Host, class F>
Rows solve_by_svd(const Rows& x, const Rows& y, F f) {
    const decomposition d = svd<Host>(x);
    Rows coef(y.columns, x.columns);
    for (std::size_t j = 0; j < d.s.size(); ++j) {
        const double factor = f(d.s[j], d.s[0]);
        for (index o = 0; o < y.columns; ++o) {
            double along = 0;
            for (index i = 0; i < x.rows; ++i) along += d.u(static_cast<index>(j), i) * y(i, o);
            for (index k = 0; k < x.columns; ++k) coef(o, k) += factor * along * d.v(static_cast<index>(j), k);
        }
    }
    return coef;
}

}  // namespace _

// Least squares: min |y - x wᵀ - b|². Where several w are as good (more unknowns than samples, dependent columns), the shortest.
// coef [outputs, columns], intercept [outputs]. Singular values up to tol times the largest count as 0, and in any case those that rounding
// makes. scikit-learn's tol is 1e-6 from 1.9 on, which takes columns a million times smaller than others for nothing.
struct LinearRegression {
    bool fit_intercept = true;
    double tol = 0;
    Rows coef = {};
    std::vector<double> intercept = {};
    static constexpr bool classifier = false;

    template <class Host = _::this_host>
    LinearRegression& fit(const Dataset& data) {
        if (!(tol >= 0)) fail("LinearRegression: tol is " + std::to_string(tol) + ", expected 0 or more");
        _::fit_linear<Host>(*this, data, "LinearRegression", [&](const Rows& x, const Rows& y, double) {
            const double rounding = 0x1p-52 * static_cast<double>(x.rows > x.columns ? x.rows : x.columns), least = tol > rounding ? tol : rounding;
            return _::solve_by_svd<Host>(x, y, [&](double s, double first) { return s > least * first ? 1 / s : 0; });
        });
        return *this;
    }
    // [rows, outputs], row after row.
    template <class Host = _::this_host>
    std::vector<double> predict(const Rows& x) const { return _::predict_linear<Host>(x, coef, intercept, "LinearRegression"); }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

// min |y - x wᵀ - b|² + alpha |w|². The intercept is not penalised.
struct Ridge {
    double alpha = 1;
    bool fit_intercept = true;
    Rows coef = {};
    std::vector<double> intercept = {};
    static constexpr bool classifier = false;

    template <class Host = _::this_host>
    Ridge& fit(const Dataset& data) {
        if (!(alpha >= 0)) fail("Ridge: alpha is " + std::to_string(alpha) + ", expected 0 or more");
        _::fit_linear<Host>(*this, data, "Ridge", [&](const Rows& x, const Rows& y, double) {
            return _::solve_by_svd<Host>(x, y, [&](double s, double first) { return s > 1e-15 * first ? s / (s * s + alpha) : 0; });
        });
        return *this;
    }
    template <class Host = _::this_host>
    std::vector<double> predict(const Rows& x) const { return _::predict_linear<Host>(x, coef, intercept, "Ridge"); }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

// min |y - x wᵀ - b|² / (2 n) + alpha l1_ratio |w|₁ + alpha (1 - l1_ratio) |w|² / 2, n the samples or the sum of their weights, by
// coordinate descent (Friedman, Hastie, Tibshirani 2010). l1_ratio 1 is the lasso: most of w is exactly 0. Ends when no coefficient moves
// by more than tol times the largest, or, with converged = false, after max_iter rounds.
struct ElasticNet {
    double alpha = 1, l1_ratio = 0.5;
    bool fit_intercept = true;
    int max_iter = 1000;
    double tol = 1e-4;
    Rows coef = {};
    std::vector<double> intercept = {};
    bool converged = false;
    static constexpr bool classifier = false;

    template <class Host = _::this_host>
    ElasticNet& fit(const Dataset& data) {
        if (!(alpha >= 0 && l1_ratio >= 0 && l1_ratio <= 1))
            fail("ElasticNet: alpha is " + std::to_string(alpha) + " and l1_ratio " + std::to_string(l1_ratio) +
                 ", expected 0 or more, and 0 … 1");
        converged = true;
        _::fit_linear<Host>(*this, data, "ElasticNet", [&](const Rows& x, const Rows& y, double n) {
            const Rows columns = _::transposed<Host>(x);
            const double l1 = alpha * l1_ratio * n, l2 = alpha * (1 - l1_ratio) * n;
            Rows w(y.columns, x.columns);
            for (index o = 0; o < y.columns; ++o) {
                std::vector<double> rest(static_cast<std::size_t>(x.rows));
                for (index i = 0; i < x.rows; ++i) rest[static_cast<std::size_t>(i)] = y(i, o);
                bool done = false;
                for (int round = 0; !done && round < max_iter; ++round) {
                    double largest = 0, moved = 0;
                    for (index k = 0; k < x.columns; ++k) {
                        const double* const c = columns.row(k);
                        const double square = _::dot<Host>(c, c, x.rows), old = w(o, k), along = _::dot<Host>(c, rest.data(), x.rows) + square * old;
                        if (square == 0) continue;
                        const double over = __builtin_fabs(along) - l1, now = over > 0 ? (along > 0 ? over : -over) / (square + l2) : 0;
                        if (now != old)
                            for (index i = 0; i < x.rows; ++i) rest[static_cast<std::size_t>(i)] -= (now - old) * c[i];
                        w(o, k) = now;
                        largest = __builtin_fmax(largest, __builtin_fabs(now)), moved = __builtin_fmax(moved, __builtin_fabs(now - old));
                    }
                    done = moved <= tol * largest;
                }
                converged = converged && done;
            }
            return w;
        });
        return *this;
    }
    template <class Host = _::this_host>
    std::vector<double> predict(const Rows& x) const { return _::predict_linear<Host>(x, coef, intercept, "ElasticNet"); }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};
inline ElasticNet Lasso(double alpha = 1) { return {.alpha = alpha, .l1_ratio = 1}; }

}  // namespace etta
