// neighbors.hpp: the k nearest neighbours, found by comparing with every sample: no index, O(samples x columns) for each prediction.
#pragma once

#include "rows.hpp"

namespace etta {

enum class neighbor_weights { uniform, distance };  // distance: 1 / distance; at distance 0, those samples alone

namespace _ {

// |a - b|, also where its square overflows or underflows.
template <class Host>
double distance_between(const double* a, const double* b, index n) {
    double s = 0, largest = 0;
    for (index k = 0; k < n; ++k) s += (a[k] - b[k]) * (a[k] - b[k]);
    if (s > 1e-280 && s < __builtin_huge_val()) return __builtin_sqrt(s);
    for (index k = 0; k < n; ++k) largest = __builtin_fmax(largest, __builtin_fabs(a[k] - b[k]));
    if (largest == 0 || !(largest < __builtin_huge_val())) return largest;
    s = 0;
    for (index k = 0; k < n; ++k) {
        const double d = (a[k] - b[k]) / largest;
        s += d * d;
    }
    return largest * __builtin_sqrt(s);
}
// f(sample, weight) for the k samples nearest to `to`; of equally near ones, the first. The nearest sample's weight is 1: weights have their
// ratios as 1 / distance has them, and do not underflow all.
template <class Host, class F>
void each_neighbor(const Rows& x, const double* to, index k, neighbor_weights weights, F f) {
    struct found {
        double distance;
        index at;
    };
    std::vector<found> nearest;  // sorted
    for (index i = 0; i < x.rows; ++i) {
        const double d = distance_between<Host>(x.row(i), to, x.columns);
        if (static_cast<index>(nearest.size()) == k && !(d < nearest.back().distance)) continue;
        if (static_cast<index>(nearest.size()) < k) nearest.push_back({});
        std::size_t p = nearest.size() - 1;
        for (; p > 0 && d < nearest[p - 1].distance; --p) nearest[p] = nearest[p - 1];
        nearest[p] = {d, i};
    }
    const double least = nearest[0].distance;
    for (const found& n : nearest)
        if (weights == neighbor_weights::uniform || n.distance == least) f(n.at, 1.0);
        else if (least > 0) f(n.at, least / n.distance);
}
template <class Host>
Rows neighbors_to_fit(const Dataset& data, index k, const char* who) {
    if (k < 1 || k > data.size()) fail(std::string(who) + ": " + std::to_string(k) + " neighbours of " + std::to_string(data.size()) + " samples");
    refuse_weights<Host>(data, who);
    return rows_to_fit<Host>(data, who);
}

}  // namespace _

// The class that most of the k nearest samples have (Euclidean distance); of equally many, the smallest.
struct KNeighborsClassifier {
    index n_neighbors = 5;
    neighbor_weights weights = neighbor_weights::uniform;
    Rows samples = {};
    std::vector<std::int32_t> labels = {};
    int classes = 0;
    static constexpr bool classifier = true;

    template <class Host = _::this_host>
    KNeighborsClassifier& fit(const Dataset& data) {
        samples = _::neighbors_to_fit<Host>(data, n_neighbors, "KNeighborsClassifier");
        labels = _::labels_of<Host>(data, "KNeighborsClassifier");
        classes = data.classes();
        return *this;
    }
    // The shares of the neighbours' weights, [rows, classes].
    template <class Host = _::this_host>
    Rows predict_proba(const Rows& x) const {
        _::check_fitted<Host>(x, samples.columns, "KNeighborsClassifier");
        Rows p(x.rows, classes);
        for (index i = 0; i < x.rows; ++i) {
            double sum = 0;
            _::each_neighbor<Host>(samples, x.row(i), n_neighbors, weights,
                                   [&](index j, double w) { p(i, labels[static_cast<std::size_t>(j)]) += w, sum += w; });
            for (index c = 0; c < classes; ++c) p(i, c) /= sum;
        }
        return p;
    }
    template <class Host = _::this_host>
    std::vector<std::int32_t> predict(const Rows& x) const {
        const Rows p = predict_proba<Host>(x);
        std::vector<std::int32_t> y;
        for (index i = 0; i < p.rows; ++i) {
            int best = 0;
            for (int c = 1; c < classes; ++c)
                if (p(i, c) > p(i, best)) best = c;
            y.push_back(best);
        }
        return y;
    }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

// The mean of the k nearest samples' targets.
struct KNeighborsRegressor {
    index n_neighbors = 5;
    neighbor_weights weights = neighbor_weights::uniform;
    Rows samples = {}, targets = {};
    static constexpr bool classifier = false;

    template <class Host = _::this_host>
    KNeighborsRegressor& fit(const Dataset& data) {
        samples = _::neighbors_to_fit<Host>(data, n_neighbors, "KNeighborsRegressor");
        targets = _::targets_of<Host>(data, "KNeighborsRegressor");
        return *this;
    }
    template <class Host = _::this_host>
    std::vector<double> predict(const Rows& x) const {
        _::check_fitted<Host>(x, samples.columns, "KNeighborsRegressor");
        std::vector<double> y;
        for (index i = 0; i < x.rows; ++i) {
            std::vector<double> mean(static_cast<std::size_t>(targets.columns));
            double sum = 0;
            _::each_neighbor<Host>(samples, x.row(i), n_neighbors, weights, [&](index j, double w) {
                for (index o = 0; o < targets.columns; ++o) mean[static_cast<std::size_t>(o)] += w * targets(j, o);
                sum += w;
            });
            for (const double m : mean) y.push_back(m / sum);
        }
        return y;
    }
    template <class Host = _::this_host>
    double score(const Dataset& data) const { return _::score_of<Host>(*this, data); }
};

}  // namespace etta
