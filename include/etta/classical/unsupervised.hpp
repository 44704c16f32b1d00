// unsupervised.hpp: models of samples without labels: k-means and principal components.
#pragma once

#include "rows.hpp"

namespace etta {

// Lloyd's algorithm from k-means++ centres (Arthur, Vassilvitskii 2007), n_init times, the best kept. Ends when no sample changes its
// cluster, or the centres move by less than tol times the samples' mean variance (sum of squares), or after max_iter rounds. A cluster
// that loses all samples takes the one farthest from its centre. Of a data set with weights, centres are weighted means, inertia and score
// weighted sums, and samples of weight 0 only get a label.
struct KMeans {
    index n_clusters = 8;
    int n_init = 1, max_iter = 300;
    double tol = 1e-4;
    etta::seed seed = etta::seed(0);
    Rows init = {};  // centres to begin with, instead of k-means++

    Rows centers = {};
    std::vector<std::int32_t> labels = {};  // of the samples that were fitted
    double inertia = 0;                     // the sum of squared distances to the centres
    int rounds = 0;

    template <class Host = _::this_host>
    KMeans& fit(const Rows& x) {
        return fit_weighted<Host>(x, std::vector<double>(static_cast<std::size_t>(x.rows), 1.0));
    }
    template <class Host = _::this_host>
    KMeans& fit(const Dataset& data) {
        return fit_weighted<Host>(data, _::weights_of<Host>(data, "KMeans"));
    }
    // The nearest centre's number.
    template <class Host = _::this_host>
    std::vector<std::int32_t> predict(const Rows& x) const {
        _::check_fitted<Host>(x, centers.columns, "KMeans");
        std::vector<std::int32_t> y;
        double distance = 0;
        for (index i = 0; i < x.rows; ++i) y.push_back(static_cast<std::int32_t>(nearest<Host>(x.row(i), distance)));
        return y;
    }
    // Distances to the centres, [rows, clusters].
    template <class Host = _::this_host>
    Rows transform(const Rows& x) const {
        _::check_fitted<Host>(x, centers.columns, "KMeans");
        Rows d(x.rows, centers.rows);
        for (index i = 0; i < x.rows; ++i)
            for (index c = 0; c < centers.rows; ++c) d(i, c) = __builtin_sqrt(squared<Host>(x.row(i), centers.row(c), x.columns));
        return d;
    }
    // Minus the sum of squared distances, as in scikit-learn: higher is better.
    template <class Host = _::this_host>
    double score(const Rows& x) const {
        return score_weighted<Host>(x, std::vector<double>(static_cast<std::size_t>(x.rows), 1.0));
    }
    template <class Host = _::this_host>
    double score(const Dataset& data) const {
        return score_weighted<Host>(data, _::weights_of<Host>(data, "KMeans"));
    }

  private:
    template <class Host>
    KMeans& fit_weighted(const Rows& given, const std::vector<double>& weights) {
        const Rows x = _::rows_to_fit<Host>(given, "KMeans");
        index counted = 0;
        for (const double w : weights) counted += w > 0;
        if (n_clusters < 1 || n_clusters > counted) fail("KMeans: " + std::to_string(n_clusters) + " clusters of " + std::to_string(counted) + " samples");
        if (init.rows != 0 && (init.rows != n_clusters || init.columns != x.columns))
            fail("KMeans: " + std::to_string(init.rows) + " centres of " + std::to_string(init.columns) +
                 " numbers to begin with, expected " + std::to_string(n_clusters) + " of " + std::to_string(x.columns));
        double spread = 0, sum = 0;
        const std::vector<double> mean = _::mean_of<Host>(x, weights);
        for (index i = 0; i < x.rows; ++i) {
            const double w = weights[static_cast<std::size_t>(i)];
            spread += w * squared<Host>(x.row(i), mean.data(), x.columns), sum += w;
        }
        const double enough = tol * spread / sum / static_cast<double>(x.columns);
        const KMeans options = *this;
        for (int attempt = 0; attempt < (init.rows != 0 || n_init < 1 ? 1 : n_init); ++attempt) {
            KMeans one = options;
            one.centers = init.rows != 0 ? init : one.plus_plus<Host>(x, weights, static_cast<std::uint64_t>(attempt));
            one.run<Host>(x, weights, enough);
            if (attempt == 0 || one.inertia < inertia) *this = static_cast<KMeans&&>(one);
        }
        return *this;
    }
    template <class Host>
    static double squared(const double* a, const double* b, index n) {
        double d = 0;
        for (index k = 0; k < n; ++k) d += (a[k] - b[k]) * (a[k] - b[k]);
        return d;
    }
    template <class Host>
    double score_weighted(const Rows& x, const std::vector<double>& weights) const {
        _::check_fitted<Host>(x, centers.columns, "KMeans");
        double sum = 0, distance = 0;
        for (index i = 0; i < x.rows; ++i) nearest<Host>(x.row(i), distance), sum += weights[static_cast<std::size_t>(i)] * distance;
        return -sum;
    }
    template <class Host>
    index nearest(const double* x, double& distance) const {
        index best = 0;
        for (index c = 0; c < centers.rows; ++c)
            if (const double d = squared<Host>(x, centers.row(c), centers.columns); c == 0 || d < distance) best = c, distance = d;
        return best;
    }
    // Centres drawn one after another from the samples, in proportion to their weights times the squared distance to those there are.
    template <class Host>
    Rows plus_plus(const Rows& x, const std::vector<double>& weights, std::uint64_t stream) const {
        Rows c(n_clusters, x.columns);
        std::vector<double> d = weights;
        for (index k = 0; k < n_clusters; ++k) {
            double sum = 0;
            for (const double v : d) sum += v;
            double left = to_unit_double(philox<>(seed, stream, static_cast<std::uint64_t>(k)).low()) * sum;
            index pick = 0;
            while (pick + 1 < x.rows && !(left < d[static_cast<std::size_t>(pick)])) left -= d[static_cast<std::size_t>(pick++)];
            for (index j = 0; j < x.columns; ++j) c(k, j) = x(pick, j);
            for (index i = 0; i < x.rows; ++i) {
                const double to = weights[static_cast<std::size_t>(i)] * squared<Host>(x.row(i), c.row(k), x.columns);
                double& now = d[static_cast<std::size_t>(i)];
                if (k == 0 || to < now) now = to;
            }
        }
        return c;
    }
    template <class Host>
    void run(const Rows& x, const std::vector<double>& weights, double enough) {
        labels.assign(static_cast<std::size_t>(x.rows), -1);
        std::vector<double> distance(static_cast<std::size_t>(x.rows));
        const auto assign = [&] {
            bool changed = false;
            inertia = 0;
            for (index i = 0; i < x.rows; ++i) {
                const auto c = static_cast<std::int32_t>(nearest<Host>(x.row(i), distance[static_cast<std::size_t>(i)]));
                changed = changed || c != labels[static_cast<std::size_t>(i)];
                labels[static_cast<std::size_t>(i)] = c;
                inertia += weights[static_cast<std::size_t>(i)] * distance[static_cast<std::size_t>(i)];
            }
            return changed;
        };
        bool stays = false;
        for (rounds = 0; rounds < max_iter && !stays; ++rounds) {
            if (!assign()) return;
            Rows mean(centers.rows, x.columns);
            std::vector<index> count(static_cast<std::size_t>(centers.rows));  // samples of weight
            for (index i = 0; i < x.rows; ++i) count[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])] += weights[static_cast<std::size_t>(i)] > 0;
            for (index c = 0; c < centers.rows; ++c) {
                if (count[static_cast<std::size_t>(c)] > 0) continue;
                index far = -1;
                for (index i = 0; i < x.rows; ++i)
                    if (weights[static_cast<std::size_t>(i)] > 0 && count[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])] > 1 &&
                        (far < 0 || distance[static_cast<std::size_t>(i)] > distance[static_cast<std::size_t>(far)]))
                        far = i;
                --count[static_cast<std::size_t>(labels[static_cast<std::size_t>(far)])];
                labels[static_cast<std::size_t>(far)] = static_cast<std::int32_t>(c), distance[static_cast<std::size_t>(far)] = 0,
                count[static_cast<std::size_t>(c)] = 1;
            }
            std::vector<double> share(static_cast<std::size_t>(centers.rows));  // the sum of a cluster's weights
            for (index i = 0; i < x.rows; ++i) share[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])] += weights[static_cast<std::size_t>(i)];
            for (index i = 0; i < x.rows; ++i) {
                const auto c = labels[static_cast<std::size_t>(i)];
                const double w = weights[static_cast<std::size_t>(i)] / share[static_cast<std::size_t>(c)];
                for (index k = 0; k < x.columns; ++k) mean(c, k) += w * x(i, k);
            }
            double moved = 0;
            for (index c = 0; c < centers.rows; ++c) moved += squared<Host>(mean.row(c), centers.row(c), x.columns);
            centers = static_cast<Rows&&>(mean);
            stays = moved <= enough;
        }
        assign();
    }
};

// Principal components: the directions in which samples vary most, by singular value decomposition of the centred samples. Each
// component's element of largest size is positive. n_components 0: as many as there are, at most min(samples, columns). variance_ratio:
// instead, the first ones that together explain more than this share of the variance, which scikit-learn says as n_components = 0.95.
struct PCA {
    static constexpr bool takes_weights = false;
    index n_components = 0;
    bool whiten = false;        // transformed samples have variance 1 along each component
    double variance_ratio = 0;  // 0: n_components decides

    Rows components = {};  // [n_components, columns], orthonormal
    std::vector<double> mean = {}, explained_variance = {}, explained_variance_ratio = {}, singular_values = {};

    template <class Host = _::this_host>
    PCA& fit(const Dataset& data) {
        _::refuse_weights<Host>(data, "PCA");
        return fit<Host>(Rows(data));
    }
    template <class Host = _::this_host>
    PCA& fit(const Rows& given) {
        Rows x = _::rows_to_fit<Host>(given, "PCA");
        const index most = x.rows < x.columns ? x.rows : x.columns;
        index n = n_components == 0 ? most : n_components;
        if (!(variance_ratio >= 0 && variance_ratio < 1)) fail("PCA: variance_ratio is " + std::to_string(variance_ratio) + ", expected 0 … 1, and less than 1");
        if (variance_ratio > 0 && n_components != 0) fail("PCA: n_components or variance_ratio says how many, not both");
        if (n < 1 || n > most)
            fail("PCA: " + std::to_string(n) + " components, 1 .. " + std::to_string(most) + " of " + std::to_string(x.rows) +
                 " samples of " + std::to_string(x.columns) + " numbers");
        if (x.rows < 2) fail("PCA: there is one sample only");
        mean = _::mean_of<Host>(x);
        _::subtract<Host>(x, mean);
        const _::decomposition d = _::svd<Host>(x);
        double all = 0;
        for (const double s : d.s) all += s * s;
        if (variance_ratio > 0) {
            double explained = 0;
            for (n = 0; n < most && (n == 0 || !(explained / all > variance_ratio)); ++n) explained += d.s[static_cast<std::size_t>(n)] * d.s[static_cast<std::size_t>(n)];
        }
        components = Rows(n, x.columns);
        explained_variance.clear(), explained_variance_ratio.clear();
        singular_values.assign(d.s.begin(), d.s.begin() + n);
        for (index j = 0; j < n; ++j) {
            const double s = singular_values[static_cast<std::size_t>(j)];
            explained_variance.push_back(s * s / static_cast<double>(x.rows - 1));
            explained_variance_ratio.push_back(all > 0 ? s * s / all : 0);
            double largest = 0;
            for (index k = 0; k < x.columns; ++k)
                if (__builtin_fabs(d.v(j, k)) > __builtin_fabs(largest)) largest = d.v(j, k);
            for (index k = 0; k < x.columns; ++k) components(j, k) = largest < 0 ? -d.v(j, k) : d.v(j, k);
        }
        return *this;
    }
    // [rows, n_components].
    template <class Host = _::this_host>
    Rows transform(const Rows& given) const {
        _::check_fitted<Host>(given, components.columns, "PCA");
        Rows x = given, z(x.rows, components.rows);
        _::subtract<Host>(x, mean);
        for (index i = 0; i < x.rows; ++i)
            for (index j = 0; j < components.rows; ++j) z(i, j) = _::dot<Host>(x.row(i), components.row(j), x.columns) / scale(j);
        return z;
    }
    // Back, as near as the components allow.
    template <class Host = _::this_host>
    Rows inverse_transform(const Rows& z) const {
        _::check_fitted<Host>(z, components.rows, "PCA");
        Rows x(z.rows, components.columns);
        for (index i = 0; i < z.rows; ++i)
            for (index k = 0; k < x.columns; ++k) {
                x(i, k) = mean[static_cast<std::size_t>(k)];
                for (index j = 0; j < z.columns; ++j) x(i, k) += z(i, j) * scale(j) * components(j, k);
            }
        return x;
    }

  private:
    double scale(index j) const {
        const double s = whiten ? __builtin_sqrt(explained_variance[static_cast<std::size_t>(j)]) : 1;
        return s > 0 ? s : 1;
    }
};

}  // namespace etta
