// regression.hpp: metrics of predicted numbers: one pass over batches, from sums that a RegressionMetrics keeps.
#pragma once

#include "../../data/moments.hpp"
#include "../../data/numbers.hpp"

namespace etta {

// Errors of numbers. All elements count alike: of several outputs per sample, r2 is that of all together; for one of each,
// keep a RegressionMetrics for each. A value of no samples is an error.
class RegressionMetrics {
  public:
    template <class Target = this_target>
    void update(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
        _::check_pairs<Target>("regression metrics", actual.size, predicted.size, weight);
        for (index i = 0; i < actual.size; ++i) {
            const double w = weight.size > 0 ? weight[i] : 1, y = actual[i], e = y - predicted[i], size = __builtin_fabs(e), scale = __builtin_fabs(y);
            ++count_;
            if (largest_ == largest_ && !(size <= largest_)) largest_ = size;  // NaN stays
            if (w == 0) continue;
            absolute_ += w * size, squares_ += w * e * e, relative_ += w * (size / (scale > 0x1p-52 ? scale : 0x1p-52));
            actual_.add(y, w);
        }
    }
    void reset() { *this = RegressionMetrics(); }

    // Means of |y - p|, (y - p)²; the latter's root; the mean of |y - p| / max(|y|, 2^-52), not times 100; the largest |y - p|.
    template <class Target = this_target>
    double mae() const { return mean<Target>(absolute_); }
    template <class Target = this_target>
    double mse() const { return mean<Target>(squares_); }
    template <class Target = this_target>
    double rmse() const { return __builtin_sqrt(mean<Target>(squares_)); }
    template <class Target = this_target>
    double mape() const { return mean<Target>(relative_); }
    template <class Target = this_target>
    double max_error() const { return mean<Target>(0), largest_; }
    // 1 - Σ (y - p)² / Σ (y - mean)²: the share of the spread that is predicted. Where all actual values are equal, 1 if the
    // prediction is right and 0 if not; of one sample NaN, as in scikit-learn.
    template <class Target = this_target>
    double r2() const {
        mean<Target>(0);
        if (count_ < 2) return __builtin_nan("");
        const double spread = actual_.squares;
        return spread == 0 ? (squares_ == 0 ? 1 : squares_ > 0 ? 0 : squares_) : 1 - squares_ / spread;
    }

  private:
    template <class Target>
    double mean(double sum) const {
        if (!(actual_.weight > 0)) fail_with<Target>("regression metrics of no samples");
        return sum / actual_.weight;
    }
    index count_ = 0;
    double absolute_ = 0, squares_ = 0, relative_ = 0, largest_ = 0;
    _::running_moments actual_;
};

namespace _ {
template <class Target>
RegressionMetrics regression_of(const number_span& actual, const number_span& predicted, const number_span& weight) {
    RegressionMetrics m;
    m.update<Target>(actual, predicted, weight);
    return m;
}
}  // namespace _

// Functions, named and defined as in scikit-learn.
template <class Target = this_target>
double mean_absolute_error(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
    return _::regression_of<Target>(actual, predicted, weight).template mae<Target>();
}
template <class Target = this_target>
double mean_squared_error(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
    return _::regression_of<Target>(actual, predicted, weight).template mse<Target>();
}
template <class Target = this_target>
double root_mean_squared_error(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
    return _::regression_of<Target>(actual, predicted, weight).template rmse<Target>();
}
template <class Target = this_target>
double mean_absolute_percentage_error(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
    return _::regression_of<Target>(actual, predicted, weight).template mape<Target>();
}
template <class Target = this_target>
double max_error(const number_span& actual, const number_span& predicted) {
    return _::regression_of<Target>(actual, predicted, {}).template max_error<Target>();
}
template <class Target = this_target>
double r2_score(const number_span& actual, const number_span& predicted, const number_span& weight = {}) {
    return _::regression_of<Target>(actual, predicted, weight).template r2<Target>();
}

}  // namespace etta
