// rows.hpp: what classical models compute with: samples as rows of doubles, and one factorisation, the singular value decomposition,
// on which linear and ridge regression and PCA stand.
#pragma once

#include "../data/dataset.hpp"
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

// b := (1 - beta v vᵀ) b, where v lies in column j of `a` from row j on.
template <class Host>
void reflect(const Rows& a, index j, double beta, Rows& b, index first, std::vector<double>& sum) {
    for (index k = first; k < b.columns; ++k) sum[static_cast<std::size_t>(k)] = 0;
    for (index i = j; i < a.rows; ++i)
        for (index k = first; k < b.columns; ++k) sum[static_cast<std::size_t>(k)] += a(i, j) * b(i, k);
    for (index i = j; i < a.rows; ++i) {
        const double f = beta * a(i, j);
        for (index k = first; k < b.columns; ++k) b(i, k) -= f * sum[static_cast<std::size_t>(k)];
    }
}

struct decomposition {  // a = u diag(s) vᵀ, with the columns of u and v as rows here, s descending
    Rows u, v;
    std::vector<double> s;
};

// The thin singular value decomposition: Householder's QR, then one-sided Jacobi rotations of R (Hestenes 1958), which give small
// singular values and their vectors to full precision. O(n m² + m³ log m) for n >= m, O(n² m …) for n < m.
template <class Host>
decomposition svd(const Rows& a) {
    if (a.rows < a.columns) {
        decomposition d = svd<Host>(transposed<Host>(a));
        return {static_cast<Rows&&>(d.v), static_cast<Rows&&>(d.u), static_cast<std::vector<double>&&>(d.s)};
    }
    const index n = a.rows, m = a.columns;
    Rows qr = a, w(m, m), v(m, m);
    double unit = 0;  // so that squares neither overflow nor vanish
    for (const double e : a.at) unit = __builtin_fmax(unit, __builtin_fabs(e));
    if (unit == 0 || (unit > 1e-100 && unit < 1e100)) unit = 1;
    for (double& e : qr.at) e /= unit;
    std::vector<double> beta(static_cast<std::size_t>(m)), sum(static_cast<std::size_t>(m));
    for (index j = 0; j < m; ++j) {
        double largest = 0, norm = 0;
        for (index i = j; i < n; ++i) largest = __builtin_fmax(largest, __builtin_fabs(qr(i, j)));
        if (largest > 0) {
            for (index i = j; i < n; ++i) norm += qr(i, j) / largest * (qr(i, j) / largest);
            norm = largest * __builtin_sqrt(norm);
            const double head = qr(j, j), alpha = head > 0 ? -norm : norm;
            // v = x - alpha e, divided by its first element: beta = -v0 / alpha.
            const double v0 = head - alpha;
            for (index i = j + 1; i < n; ++i) qr(i, j) /= v0;
            qr(j, j) = 1;
            beta[static_cast<std::size_t>(j)] = -v0 / alpha;
            reflect<Host>(qr, j, beta[static_cast<std::size_t>(j)], qr, j + 1, sum);
            w(j, j) = alpha;
        }
        for (index k = j + 1; k < m; ++k) w(k, j) = qr(j, k);  // row k of w is column k of R
    }
    for (index j = 0; j < m; ++j) v(j, j) = 1;
    bool rotated = true;
    for (int sweep = 0; rotated && sweep < 100; ++sweep) {
        rotated = false;
        for (index p = 0; p + 1 < m; ++p)
            for (index q = p + 1; q < m; ++q) {
                const double pp = dot<Host>(w.row(p), w.row(p), m), qq = dot<Host>(w.row(q), w.row(q), m), pq = dot<Host>(w.row(p), w.row(q), m);
                if (!(__builtin_fabs(pq) > 1e-15 * __builtin_sqrt(pp) * __builtin_sqrt(qq)) || pq == 0) continue;
                rotated = true;
                const double zeta = (qq - pp) / (2 * pq), t = (zeta < 0 ? -1 : 1) / (__builtin_fabs(zeta) + __builtin_sqrt(1 + zeta * zeta));
                const double c = 1 / __builtin_sqrt(1 + t * t), s = c * t;
                for (Rows* r : {&w, &v}) {
                    double *x = r->row(p), *y = r->row(q);
                    for (index k = 0; k < m; ++k) {
                        const double xk = x[k], yk = y[k];
                        x[k] = c * xk - s * yk, y[k] = s * xk + c * yk;
                    }
                }
            }
    }
    std::vector<index> order(static_cast<std::size_t>(m));
    std::vector<double> s(static_cast<std::size_t>(m));
    for (index j = 0; j < m; ++j) order[static_cast<std::size_t>(j)] = j, s[static_cast<std::size_t>(j)] = __builtin_sqrt(dot<Host>(w.row(j), w.row(j), m));
    sort(order.data(), order.size(), [&](index x, index y) { return s[static_cast<std::size_t>(x)] > s[static_cast<std::size_t>(y)]; });
    decomposition d{Rows(m, n), Rows(m, m), std::vector<double>(static_cast<std::size_t>(m))};
    Rows u(n, m);
    for (index j = 0; j < m; ++j) {
        const index from = order[static_cast<std::size_t>(j)];
        const double sj = d.s[static_cast<std::size_t>(j)] = s[static_cast<std::size_t>(from)];
        for (index k = 0; k < m; ++k) d.v(j, k) = v(from, k), u(k, j) = sj > 0 ? w(from, k) / sj : 0;
        d.s[static_cast<std::size_t>(j)] *= unit;
        if (sj > 0 && sj > s[static_cast<std::size_t>(order[0])] * 1e-15) continue;
        // No direction left: any one orthogonal to those before it.
        for (index e = 0; e < m; ++e) {
            for (index k = 0; k < m; ++k) u(k, j) = k == e;
            for (int twice = 0; twice < 2; ++twice)
                for (index i = 0; i < j; ++i) {
                    double f = 0;
                    for (index k = 0; k < m; ++k) f += u(k, i) * u(k, j);
                    for (index k = 0; k < m; ++k) u(k, j) -= f * u(k, i);
                }
            double norm = 0;
            for (index k = 0; k < m; ++k) norm += u(k, j) * u(k, j);
            if (norm * static_cast<double>(2 * m) < 1) continue;
            for (index k = 0; k < m; ++k) u(k, j) /= __builtin_sqrt(norm);
            break;
        }
    }
    for (index j = m; j-- > 0;) reflect<Host>(qr, j, beta[static_cast<std::size_t>(j)], u, 0, sum);
    d.u = transposed<Host>(u);
    return d;
}

}  // namespace _

}  // namespace etta
