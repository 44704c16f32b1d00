// scale.hpp: scalers: fitted on the training part, applied to all parts. Each is one centre and one scale per element of a sample,
// x → (x - center) / scale, so that all transform alike, cost nothing until a sample is copied, and can be undone. As in scikit-learn,
// NaN stands for what is missing: fitting passes over it, and it stays NaN (impute.hpp puts numbers there).
//
//     const auto scaler = etta::StandardScaler().fit(train);
//     trainer.fit(scaler.transform(train), {.validation = scaler.transform(test)});
#pragma once

#include "../io/sort.hpp"
#include "dataset.hpp"

namespace etta {

// What fitting gives, and what a program stores to scale the same way later. No scale is 0.
struct Scaler {
    std::vector<double> center, scale;

    // A view of the data set. Fails if its samples have another number of elements.
    template <class Host = _::this_host>
    Dataset transform(const Dataset& data) const {
        check<Host>(data.x_shape().count());
        return data.normalized<Host>(Moments{center, scale});
    }
    // Whole samples in place, one after another, and back: a vector, a span or a tensor of float or double.
    template <class Host = _::this_host, class X>
        requires requires(X& x) { x.data()[0] = 0; }
    void transform(X&& x) const {
        each<Host>(x.data(), static_cast<std::size_t>(x.size()), [](double v, double c, double s) { return (v - c) / s; });
    }
    template <class Host = _::this_host, class X>
        requires requires(X& x) { x.data()[0] = 0; }
    void inverse_transform(X&& x) const {
        each<Host>(x.data(), static_cast<std::size_t>(x.size()), [](double v, double c, double s) { return v * s + c; });
    }

  private:
    template <class Host>
    void check(index n) const {
        if (center.empty()) fail("this scaler was not fitted");
        if (center.size() != scale.size() || n % static_cast<index>(center.size()) != 0 || n == 0)
            fail("a scaler of " + std::to_string(center.size()) + " elements, and " + std::to_string(n) + " numbers");
    }
    template <class Host, class T, class F>
    void each(T* x, std::size_t n, F f) const {
        check<Host>(static_cast<index>(n));
        for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(f(static_cast<double>(x[i]), center[i % center.size()], scale[i % center.size()]));
    }
};

namespace _ {

// f(k, x, weight) for each element k of each sample (of weight) that is a number: NaN stands for one that is missing. Fails without samples,
// at an infinite element, and where an element was no number in any sample.
template <class Host, class F>
void each_known(const Dataset& data, const char* who, F f) {
    if (data.size() == 0) fail(std::string(who) + ": there are no samples");
    std::vector<double> row(static_cast<std::size_t>(data.x_shape().count()));
    std::vector<bool> some(row.size());
    double sum = 0;
    for (index i = 0; i < data.size(); ++i) {
        const double weight = data.weight<Host>(i);
        if (weight == 0) continue;
        sum += weight;
        data.copy_x<double, Host>(i, row.data());
        for (std::size_t k = 0; k < row.size(); ++k) {
            if (row[k] != row[k]) continue;
            if (__builtin_fabs(row[k]) == __builtin_huge_val())
                fail(std::string(who) + ": element " + std::to_string(k) + " of sample " + std::to_string(i) + " is infinite");
            some[k] = true;
            f(k, row[k], weight);
        }
    }
    if (sum == 0) fail(std::string(who) + ": all weights are 0");
    for (std::size_t k = 0; k < some.size(); ++k)
        if (!some[k]) fail(std::string(who) + ": element " + std::to_string(k) + " is NaN in all samples");
}
// Element by element of the samples: f(the values of all samples (of weight) that have one, sorted, its place among the elements).
template <class Host, class F>
void each_sorted_column(const Dataset& data, const char* who, F f) {
    const auto n = static_cast<std::size_t>(data.size()), width = static_cast<std::size_t>(data.x_shape().count());
    std::vector<double> all(n * width);
    std::vector<std::size_t> count(width);
    each_known<Host>(data, who, [&](std::size_t k, double x, double) { all[k * n + count[k]++] = x; });
    for (std::size_t k = 0; k < width; ++k) {
        sort(all.data() + k * n, count[k], [](double a, double b) { return a < b; });
        f(std::span<const double>(all.data() + k * n, count[k]), k);
    }
}
// The quantile q of sorted numbers, between its neighbours in proportion (NumPy's "linear").
inline double quantile_of(std::span<const double> sorted, double q) {
    const double at = q * static_cast<double>(sorted.size() - 1);
    const auto i = static_cast<std::size_t>(at);
    return i + 1 < sorted.size() ? sorted[i] + (at - static_cast<double>(i)) * (sorted[i + 1] - sorted[i]) : sorted[i];
}
// What to divide by: 1 where a range is so small that it may be rounding alone (as scikit-learn, less than 10 epsilons).
inline double divisor_of(double range) { return range < 10 * 0x1p-52 ? 1 : range; }

}  // namespace _

// To mean 0 and standard deviation 1 (of all samples, by their weights: divided by n). An element that does not vary keeps its scale.
struct StandardScaler {
    bool with_mean = true, with_std = true;
    template <class Host = _::this_host>
    Scaler fit(const Dataset& data) const {
        const auto width = static_cast<std::size_t>(data.x_shape().count());
        struct column : _::running_moments {
            double count = 0;
        };
        std::vector<column> columns(width);
        _::each_known<Host>(data, "StandardScaler", [&](std::size_t k, double x, double weight) { columns[k].add(x, weight), ++columns[k].count; });
        Scaler s;
        for (const column& c : columns) {
            const double variance = c.variance();
            if (!(variance < __builtin_huge_val())) fail("StandardScaler: the deviation of element " + std::to_string(s.scale.size()) + " is not finite");
            const double rounding = c.count * c.mean * 0x1p-52;  // what the sum of equal numbers may be off
            s.scale.push_back(!with_std || variance <= c.count * 0x1p-52 * variance + rounding * rounding ? 1 : __builtin_sqrt(variance));
            s.center.push_back(with_mean ? c.mean : 0);
        }
        return s;
    }
};

// To low … high. An element that does not vary, or by less than 2.2e-15, becomes low, or nearly.
struct MinMaxScaler {
    double low = 0, high = 1;
    template <class Host = _::this_host>
    Scaler fit(const Dataset& data) const {
        if (!(low < high)) fail("MinMaxScaler: the range " + std::to_string(low) + " … " + std::to_string(high) + " is empty");
        Scaler s;
        _::each_sorted_column<Host>(data, "MinMaxScaler", [&](std::span<const double> x, std::size_t) {
            const double range = x.back() - x.front();
            s.scale.push_back(_::divisor_of(range) / (high - low));
            s.center.push_back(x.front() - low * s.scale.back());
        });
        return s;
    }
};

// The median to 0 and the distance of two quantiles to 1: samples far outside do not decide. An element whose quantiles are equal
// (within 2.2e-15) keeps its scale.
struct RobustScaler {
    static constexpr bool takes_weights = false;
    double low = 0.25, high = 0.75;
    template <class Host = _::this_host>
    Scaler fit(const Dataset& data) const {
        if (!(low >= 0 && low < high && high <= 1))
            fail("RobustScaler: quantiles " + std::to_string(low) + " and " + std::to_string(high) + ", expected 0 <= low < high <= 1");
        _::refuse_weights<Host>(data, "RobustScaler");
        Scaler s;
        _::each_sorted_column<Host>(data, "RobustScaler", [&](std::span<const double> x, std::size_t) {
            const double range = _::quantile_of(x, high) - _::quantile_of(x, low);
            s.center.push_back(_::quantile_of(x, 0.5));
            s.scale.push_back(_::divisor_of(range));
        });
        return s;
    }
};

// Divided by the largest |x|, unless that is less than 2.2e-15: to -1 … 1, with zeros where they were.
struct MaxAbsScaler {
    template <class Host = _::this_host>
    Scaler fit(const Dataset& data) const {
        Scaler s;
        _::each_sorted_column<Host>(data, "MaxAbsScaler", [&](std::span<const double> x, std::size_t) {
            const double largest = x.back() > -x.front() ? x.back() : -x.front();
            s.center.push_back(0);
            s.scale.push_back(_::divisor_of(largest));
        });
        return s;
    }
};

}  // namespace etta
