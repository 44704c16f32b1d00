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

// What every fit() is given: at least one sample, all numbers finite.
template <class Host>
Rows rows_to_fit(const Rows& x, const char* who) {
    if (x.rows < 1 || x.columns < 1) fail(std::string(who) + ": there are no samples");
    for (index i = 0; i < x.rows; ++i)
        for (index k = 0; k < x.columns; ++k)
            if (!(__builtin_fabs(x(i, k)) < __builtin_huge_val()))
                fail(std::string(who) + ": element " + std::to_string(k) + " of sample " + std::to_string(i) + " is not finite");
    return x;
}
template <class Host>
void check_fitted(const Rows& x, index columns, const char* who) {
    if (columns == 0) fail(std::string(who) + ": fit() comes first");
    if (x.columns != columns)
        fail(std::string(who) + " was fitted to samples of " + std::to_string(columns) + " numbers, these have " + std::to_string(x.columns));
}
template <class Host>
std::vector<std::int32_t> labels_of(const Dataset& data, const char* who) {
    if (!data.has_labels()) fail(std::string(who) + ": this data set has no labels");
    std::vector<std::int32_t> y;
    for (index i = 0; i < data.size(); ++i) y.push_back(data.label<Host>(i));
    return y;
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
// score(): accuracy of a classifier, R² of a regressor (the mean over outputs), as in scikit-learn.
template <class Host, class M>
double score_of(const M& model, const Dataset& data) {
    const auto predicted = model.template predict<Host>(data);
    if constexpr (M::classifier) {
        return accuracy_score<this_target>(labels_of<Host>(data, "score"), predicted,
                                           {.classes = model.classes > data.classes() ? model.classes : data.classes()});
    } else {
        const Rows y = targets_of<Host>(data, "score");
        double sum = 0;
        std::vector<double> a(static_cast<std::size_t>(y.rows)), p(a.size());
        for (index k = 0; k < y.columns; ++k) {
            for (index i = 0; i < y.rows; ++i)
                a[static_cast<std::size_t>(i)] = y(i, k),
                p[static_cast<std::size_t>(i)] = predicted[static_cast<std::size_t>(i * y.columns + k)];
            sum += r2_score(a, p);
        }
        return sum / static_cast<double>(y.columns);
    }
}

template <class Host>
std::vector<double> mean_of(const Rows& x) {
    std::vector<double> m(static_cast<std::size_t>(x.columns));
    for (index i = 0; i < x.rows; ++i)
        for (index k = 0; k < x.columns; ++k) m[static_cast<std::size_t>(k)] += (x(i, k) - m[static_cast<std::size_t>(k)]) / static_cast<double>(i + 1);
    return m;
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
