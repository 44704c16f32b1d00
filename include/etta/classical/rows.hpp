// rows.hpp: what classical models compute with: samples as rows of doubles, and one factorisation, the singular value decomposition,
// on which linear and ridge regression and PCA stand.
#pragma once

#include "../data/dataset.hpp"
#include "../linalg/rotations.hpp"
#include "../train/metrics.hpp"

namespace etta {

// Numbers [rows, columns], row-major. A Dataset's samples become rows, whatever their shape; a model's coefficients are Rows too.
struct Rows {
    index rows = 0, columns = 0;
    std::vector<double> at;

    Rows() = default;
    Rows(index r, index c) : rows(r), columns(c), at(static_cast<std::size_t>(r * c)) {}
    Rows(index r, index c, std::vector<double> numbers) : rows(r), columns(c), at(static_cast<std::vector<double>&&>(numbers)) {
        if (r < 0 || c < 0 || static_cast<index>(at.size()) != r * c)
            fail(std::to_string(at.size()) + " numbers are not " + std::to_string(r) + " rows of " + std::to_string(c));
    }
    Rows(const Dataset& data) : Rows(data.size(), data.x_shape().count()) {
        for (index i = 0; i < rows; ++i) data.copy_x<double>(i, row(i));
    }
    double* row(index i) { return at.data() + i * columns; }
    const double* row(index i) const { return at.data() + i * columns; }
    double& operator()(index i, index k) { return at[static_cast<std::size_t>(i * columns + k)]; }
    double operator()(index i, index k) const { return at[static_cast<std::size_t>(i * columns + k)]; }
};

namespace _ {

template <class Host>
void check_finite(const Rows& x, const char* who) {
    for (index i = 0; i < x.rows; ++i)
        for (index k = 0; k < x.columns; ++k)
            if (!(__builtin_fabs(x(i, k)) < __builtin_huge_val()))
                fail(std::string(who) + ": element " + std::to_string(k) + " of sample " + std::to_string(i) + " is not finite");
}
// What every fit() is given: at least one sample, all numbers finite.
template <class Host>
Rows rows_to_fit(const Rows& x, const char* who) {
    if (x.rows < 1 || x.columns < 1) fail(std::string(who) + ": there are no samples");
    check_finite<Host>(x, who);
    return x;
}
// And what every prediction is: as many numbers as fitted, all finite.
template <class Host>
void check_fitted(const Rows& x, index columns, const char* who) {
    if (columns == 0) fail(std::string(who) + ": fit() comes first");
    if (x.columns != columns)
        fail(std::string(who) + " was fitted to samples of " + std::to_string(columns) + " numbers, these have " + std::to_string(x.columns));
    check_finite<Host>(x, who);
}
// One for each sample; 1 where there are none.
template <class Host>
std::vector<double> weights_of(const Dataset& data, const char* who) {
    std::vector<double> w;
    double sum = 0;
    for (index i = 0; i < data.size(); ++i) w.push_back(data.weight<Host>(i)), sum += w.back();
    if (!w.empty() && !(sum > 0 && sum < __builtin_huge_val())) fail(std::string(who) + ": the weights of the samples sum to " + std::to_string(sum));
    return w;
}
template <class Host>
std::vector<std::int32_t> labels_of(const Dataset& data, const char* who) {
    if (!data.has_labels()) fail(std::string(who) + ": this data set has no labels");
    std::vector<std::int32_t> y;
    for (index i = 0; i < data.size(); ++i) y.push_back(data.class_of<Host>(i));
    return y;
}
struct occurring {
    std::vector<std::int32_t> classes;  // that some sample of weight has, ascending
    std::vector<std::int32_t> labels;   // each sample's place in them; of one without weight whose class does not occur, -1
};
template <class Host>
occurring classes_that_occur(const Dataset& data, const std::vector<double>& weights, const char* who) {
    occurring r{{}, labels_of<Host>(data, who)};
    std::vector<std::int32_t> place(static_cast<std::size_t>(data.classes()), -1);
    for (std::size_t i = 0; i < weights.size(); ++i)
        if (weights[i] > 0) place[static_cast<std::size_t>(r.labels[i])] = 0;
    for (std::size_t c = 0; c < place.size(); ++c)
        if (place[c] == 0) place[c] = static_cast<std::int32_t>(r.classes.size()), r.classes.push_back(static_cast<std::int32_t>(c));
    for (std::int32_t& label : r.labels) label = place[static_cast<std::size_t>(label)];
    return r;
}
template <class Host>
Rows targets_of(const Dataset& data, const char* who) {
    if (!data.has_targets()) fail(std::string(who) + ": this data set has no targets");
    Rows y(data.size(), data.y_shape().count());
    for (index i = 0; i < data.size(); ++i) data.copy_y<double, Host>(i, y.row(i));
    for (const double v : y.at)
        if (!(__builtin_fabs(v) < __builtin_huge_val())) fail(std::string(who) + ": a target is not finite");
    return y;
}
// score(): accuracy of a classifier, R² of a regressor (the mean over outputs), as in scikit-learn, samples counting by their weights; NaN
// where all of these are 0.
template <class Host, class M>
double score_of(const M& model, const Dataset& data) {
    const auto predicted = model.template predict<Host>(data);
    if (data.has_weights() && data.weight_sum() == 0) return __builtin_nan("");
    const std::vector<double> weights = weights_of<Host>(data, "score");
    if constexpr (M::classifier) {
        return accuracy_score<this_target>(labels_of<Host>(data, "score"), predicted,
                                           {.weight = weights, .classes = model.classes > data.classes() ? model.classes : data.classes()});
    } else {
        const Rows y = targets_of<Host>(data, "score");
        double sum = 0;
        std::vector<double> a(static_cast<std::size_t>(y.rows)), p(a.size());
        for (index k = 0; k < y.columns; ++k) {
            for (index i = 0; i < y.rows; ++i)
                a[static_cast<std::size_t>(i)] = y(i, k),
                p[static_cast<std::size_t>(i)] = predicted[static_cast<std::size_t>(i * y.columns + k)];
            sum += r2_score(a, p, weights);
        }
        return sum / static_cast<double>(y.columns);
    }
}

template <class Host>
std::vector<double> mean_of(const Rows& x, const std::vector<double>& weights) {
    std::vector<double> m(static_cast<std::size_t>(x.columns));
    double sum = 0;
    for (index i = 0; i < x.rows; ++i)
        if (const double w = weights[static_cast<std::size_t>(i)]; w > 0) {
            const bool first = sum == 0;  // whose value is the mean without rounding, so that a column of equal numbers has exactly theirs
            sum += w;
            for (index k = 0; k < x.columns; ++k) m[static_cast<std::size_t>(k)] += first ? x(i, k) : w * (x(i, k) - m[static_cast<std::size_t>(k)]) / sum;
        }
    return m;
}
template <class Host>
std::vector<double> mean_of(const Rows& x) {
    return mean_of<Host>(x, std::vector<double>(static_cast<std::size_t>(x.rows), 1.0));
}
template <class Host>
void subtract(Rows& x, const std::vector<double>& m) {
    for (index i = 0; i < x.rows; ++i)
        for (index k = 0; k < x.columns; ++k) x(i, k) -= m[static_cast<std::size_t>(k)];
}
template <class Host>
double dot(const double* a, const double* b, index n) {
    double s = 0;
    for (index i = 0; i < n; ++i) s += a[i] * b[i];
    return s;
}
template <class Host>
Rows transposed(const Rows& a) {
    Rows t(a.columns, a.rows);
    for (index i = 0; i < a.rows; ++i)
        for (index k = 0; k < a.columns; ++k) t(k, i) = a(i, k);
    return t;
}

struct decomposition {  // a = u diag(s) vᵀ, with the columns of u and v as rows here, s descending
    Rows u, v;
    std::vector<double> s;
};
// The reduced singular value decomposition, by the kernel that linalg/'s svd runs.
template <class Host>
decomposition svd(const Rows& a) {
    const bool wide = a.rows < a.columns;
    Rows x = wide ? a : transposed<Host>(a), other(x.rows, x.rows), scratch(x.rows, x.rows);
    std::vector<double> s(static_cast<std::size_t>(x.rows));
    singular_values<Host>(x.rows, x.columns, x.at.data(), other.at.data(), s.data(), scratch.at.data());
    decomposition d{static_cast<Rows&&>(x), static_cast<Rows&&>(other), static_cast<std::vector<double>&&>(s)};
    if (wide) {
        Rows u = static_cast<Rows&&>(d.v);
        d.v = static_cast<Rows&&>(d.u), d.u = static_cast<Rows&&>(u);
    }
    return d;
}

}  // namespace _

}  // namespace etta
