// Weights of samples in classical models and scalers: a weight of n is n samples, 0 is none; what takes no weights refuses them. Parity
// with scikit-learn's sample_weight: tests/parity/classical.cpp.
#include <etta/classical.hpp>

#include <cmath>

#include "catch.hpp"

namespace {
using etta::Dataset;
using etta::Rows;
using etta::seed;
using Numbers = std::vector<double>;
using Labels = std::vector<std::int32_t>;

double noise(std::uint64_t stream, std::size_t i) { return etta::to_normal_double(etta::philox(seed(11), stream, i).high()); }

// The same 40 samples of 3 numbers, weighted by 0 … 3, and repeated as often.
struct both {
    Dataset weighted, repeated, all;
};
const Numbers weights = [] {
    Numbers w;
    for (std::size_t i = 0; i < 40; ++i) w.push_back(double(i * 7 % 4));
    return w;
}();
both of(const Dataset& d) {
    std::vector<etta::index> which;
    for (std::size_t i = 0; i < 40; ++i) which.insert(which.end(), std::size_t(weights[i]), etta::index(i));
    return {d.weighted(weights), d.subset(which), d};
}
Numbers samples() {
    Numbers x;
    for (std::size_t i = 0; i < 120; ++i) x.push_back(noise(1, i) + (i / 3 % 3 == i % 3 ? 3 : 0));
    return x;
}
const both classes = of(Dataset::from(samples(), {3}, [] {
    Labels y;
    for (int i = 0; i < 40; ++i) y.push_back(i % 3);
    return y;
}()));
const both two = of(Dataset::from(samples(), {3}, [] {
    Labels y;
    for (int i = 0; i < 40; ++i) y.push_back(i % 3 == 1);
    return y;
}()));
const both numbers = of(Dataset::from(samples(), {3}, [] {
    const Numbers x = samples();
    Numbers y;
    for (std::size_t i = 0; i < 40; ++i) y.push_back(1 + x[3 * i] - 2 * x[3 * i + 1] + noise(2, i)), y.push_back(x[3 * i + 2] * x[3 * i]);
    return y;
}(), {2}));

void same(const Numbers& a, const Numbers& b, double tolerance = 1e-12) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        CAPTURE(i, a[i], b[i]);
        CHECK(std::abs(a[i] - b[i]) <= tolerance * std::max(1.0, std::abs(b[i])));
    }
}
template <class M>
void same_linear(M a, const both& d, double tolerance = 1e-12) {
    M b = a, unweighted = a;
    a.fit(d.weighted), b.fit(d.repeated), unweighted.fit(d.all);
    same(a.coef.at, b.coef.at, tolerance);
    same(a.intercept, b.intercept, tolerance);
    CHECK(std::abs(a.coef.at[0] - unweighted.coef.at[0]) > 1e-6);  // they do something
    same({a.score(d.weighted)}, {b.score(d.repeated)}, tolerance);
    CHECK(a.score(d.weighted) != a.score(d.all));
}
}  // namespace

TEST_CASE("a sample's weight is how often it counts") {
    same_linear(etta::LinearRegression(), numbers);
    same_linear(etta::LinearRegression{.fit_intercept = false}, numbers);
    same_linear(etta::Ridge{.alpha = 3}, numbers);
    same_linear(etta::ElasticNet{.alpha = 0.1, .max_iter = 10000, .tol = 1e-15}, numbers);
    same_linear(etta::LogisticRegression{.tol = 1e-12}, classes, 1e-9);
    same_linear(etta::LogisticRegression{.C = 0.3, .tol = 1e-12}, two, 1e-9);
    same_linear(etta::LinearSVC{.tol = 1e-12}, classes, 1e-8);
    same_linear(etta::LinearSVC{.tol = 1e-12}, two, 1e-8);

    const auto a = etta::GaussianNB{.var_smoothing = 0}.fit(classes.weighted), b = etta::GaussianNB{.var_smoothing = 0}.fit(classes.repeated);
    same(a.mean.at, b.mean.at), same(a.variance.at, b.variance.at), same(a.class_prior, b.class_prior);
    same({a.score(classes.weighted)}, {b.score(classes.repeated)});

    // The same centres are drawn, too.
    for (const std::uint64_t s : {1, 2, 3}) {
        const auto k = etta::KMeans{.n_clusters = 4, .n_init = 2, .seed = seed(s)}.fit(classes.weighted), l = etta::KMeans{.n_clusters = 4, .n_init = 2, .seed = seed(s)}.fit(classes.repeated);
        same(k.centers.at, l.centers.at), same({k.inertia}, {l.inertia}), same({k.score(classes.weighted)}, {l.score(classes.repeated)});
        CHECK(k.labels.size() == 40);
        CHECK(k.score(classes.weighted) != k.score(classes.all));
    }
    // A cluster that loses its samples takes one of weight.
    const Dataset five = Dataset::from(Numbers{0, 0.1, 5, 5.1, 10, 40}, {1}).weighted({1, 1, 1, 1, 1, 0});
    CHECK(etta::KMeans{.n_clusters = 3, .init = Rows(3, 1, {0, 1, 1000})}.fit(five).inertia == Approx(0.01));

    const etta::Scaler s = etta::StandardScaler().fit(classes.weighted), t = etta::StandardScaler().fit(classes.repeated);
    same(s.center, t.center), same(s.scale, t.scale);
    CHECK(s.center[0] != etta::StandardScaler().fit(classes.all).center[0]);
    same(classes.weighted.moments().deviation, classes.repeated.moments().deviation);
    // Extremes are those of the samples of weight.
    const etta::Scaler range = etta::MinMaxScaler().fit(five), largest = etta::MaxAbsScaler().fit(five);
    CHECK((range.center[0] == 0 && range.scale[0] == 10 && largest.scale[0] == 10));
    CHECK(etta::SimpleImputer{.strategy = etta::impute::median}.fit(five).values == Numbers{5});
}

TEST_CASE("a column that does not vary has coefficient 0, with weights too") {
    for (int s = 0; s < 200; ++s) {
        Numbers x, y, w;
        const double c = etta::normal_at<double>(etta::seed(s), 1, 0);
        for (int i = 0; i < 3 + s % 4; ++i) x.push_back(c), y.push_back(i % 3), w.push_back(std::abs(etta::normal_at<double>(etta::seed(s), 3, i)) + 0.01);
        const Dataset d = Dataset::from(x, {1}, y).weighted(w);
        CHECK(etta::LinearRegression().fit(d).coef.at == Numbers{0});
        CHECK(etta::ElasticNet{.alpha = 0}.fit(d).coef.at == Numbers{0});
    }
}

TEST_CASE("weights pass through pipelines, folds and scores") {
    const auto pipe = etta::make_pipeline(etta::StandardScaler(), etta::Ridge{.alpha = 2});
    auto a = pipe, b = pipe;
    a.fit(numbers.weighted), b.fit(numbers.repeated);
    same(a.predict(numbers.all), b.predict(numbers.all));
    same({a.score(numbers.weighted)}, {b.score(numbers.repeated)});
    for (const double score : etta::cross_validate(pipe, numbers.weighted, 4, seed(1))) CHECK(score < 1);
    const auto folds = etta::k_fold(numbers.weighted, 4, seed(1));
    CHECK(etta::cross_validate(etta::Ridge(), numbers.weighted, 4, seed(1))[2] == etta::Ridge().fit(folds[2].train).score(folds[2].test));
    same(etta::LinearRegression().fit(numbers.all.weighted(Numbers(40, 0.3))).coef.at, etta::LinearRegression().fit(numbers.all).coef.at);
    same(etta::GaussianNB().fit(classes.all.weighted(Numbers(40, 5))).variance.at, etta::GaussianNB().fit(classes.all).variance.at);
    same({etta::KNeighborsClassifier().fit(classes.all).score(classes.weighted)}, {etta::KNeighborsClassifier().fit(classes.all).score(classes.repeated)});
    same({etta::KNeighborsRegressor().fit(numbers.all).score(numbers.weighted)}, {etta::KNeighborsRegressor().fit(numbers.all).score(numbers.repeated)});
    // Steps that take no weights are fitted without.
    const auto reduced = etta::make_pipeline(etta::RobustScaler(), etta::PCA{.n_components = 1}, etta::Ridge()).fit(numbers.weighted);
    CHECK(reduced.step.low == 0.25);
    same(reduced.model.fitted.components.at, etta::PCA{.n_components = 1}.fit(etta::RobustScaler().fit(numbers.all).transform(numbers.all)).components.at);
    CHECK(reduced.predict(numbers.all) != etta::make_pipeline(etta::RobustScaler(), etta::PCA{.n_components = 1}, etta::Ridge()).fit(numbers.all).predict(numbers.all));
    CHECK((!numbers.weighted.unweighted().has_weights() && numbers.weighted.has_weights()));
    // A class of weight 0 is not there.
    const Dataset d = Dataset::from(Numbers{0, 1, 2, 3, 9}, {1}, Labels{1, 1, 2, 2, 0}).weighted({1, 1, 1, 1, 0});
    CHECK(etta::LogisticRegression().fit(d).present == Labels{1, 2});
    CHECK(etta::GaussianNB().fit(d).predict(Rows(1, 1, {9})) == Labels{2});
}

TEST_CASE("what takes no weights refuses them by name") {
    const Dataset x = numbers.weighted;
    CHECK_THROWS_WITH(etta::KNeighborsClassifier().fit(classes.weighted), says("KNeighborsClassifier takes no weights of samples: fit it to data.unweighted()"));
    CHECK_THROWS_WITH(etta::KNeighborsRegressor().fit(x), says("KNeighborsRegressor takes no weights"));
    CHECK_THROWS_WITH(etta::PCA().fit(x), says("PCA takes no weights"));
    CHECK_THROWS_WITH(etta::RobustScaler().fit(x), says("RobustScaler takes no weights"));
    CHECK_THROWS_WITH(etta::make_pipeline(etta::StandardScaler(), etta::KNeighborsRegressor()).fit(x), says("KNeighborsRegressor takes no weights"));
    const Dataset none = numbers.all.weighted(Numbers(40)), no_class = classes.all.weighted(Numbers(40));
    CHECK_THROWS_WITH(etta::Ridge().fit(none), says("Ridge: the weights of the samples sum to 0"));
    CHECK_THROWS_WITH(etta::GaussianNB().fit(no_class), says("GaussianNB: the weights"));
    CHECK_THROWS_WITH(etta::KMeans().fit(none), says("KMeans: the weights"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(none), says("all weights are 0"));
    CHECK(std::isnan(etta::Ridge().fit(x).score(none)));
    CHECK_THROWS_WITH(etta::Ridge().fit(numbers.all.weighted(Numbers(40, 1e308))), says("sum to inf"));
    Numbers few(40);
    few[3] = few[5] = 1;
    CHECK_THROWS_WITH(etta::KMeans{.n_clusters = 3}.fit(numbers.all.weighted(few)), says("3 clusters of 2 samples"));
}
