// Choosing among models: pipelines, cross-validation, grid and random search.
#include <etta/classical.hpp>

#include <cmath>

#include "catch.hpp"

namespace {
using etta::Choices;
using etta::Dataset;
using etta::Rows;
using etta::seed;
using Numbers = std::vector<double>;

double noise(std::uint64_t stream, std::size_t i) { return etta::to_normal_double(etta::philox(seed(7), stream, i).high()); }
// y = 1 + 2 a - 3 b, where b's unit is 1000 times a's; c says nothing.
Dataset line(int n, double error) {
    Numbers x, y;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        const double a = noise(1, i), b = noise(2, i);
        x.insert(x.end(), {a, 1000 * b + 4000, noise(3, i)});
        y.push_back(1 + 2 * a - 3 * b + error * noise(4, i));
    }
    return Dataset::from(x, {3}, y);
}
Dataset groups(int n) {
    Numbers x;
    std::vector<std::int32_t> y;
    for (int i = 0; i < n; ++i) {
        x.push_back(noise(1, std::size_t(i)) + (i % 3 == 1 ? 5 : 0)), x.push_back(1000 * noise(2, std::size_t(i)) + (i % 3 == 2 ? 5000 : 0));
        y.push_back(i % 3);
    }
    return Dataset::from(x, {2}, y);
}
// Remembers how many samples each fit saw, and the greatest of their first numbers.
struct Spy {
    static inline std::vector<std::pair<etta::index, double>> seen;
    etta::Scaler fit(const Dataset& data) const {
        const Rows x(data);
        double greatest = -1e300;
        for (etta::index i = 0; i < x.rows; ++i) greatest = std::max(greatest, x(i, 0));
        seen.push_back({x.rows, greatest});
        return etta::StandardScaler().fit(data);
    }
};
double slope(const etta::Ridge& m, const Dataset&) { return -std::abs(m.alpha - 0.5); }
}  // namespace

TEST_CASE("a pipeline fills gaps by what its training part says") {
    constexpr double none = __builtin_nan("");
    const Dataset d = Dataset::from(Numbers{1, 2, none, 4, 30, none}, {1}, Numbers{1, 2, 3, 4, 30, 3});
    auto pipe = etta::make_pipeline(etta::SimpleImputer{.strategy = etta::impute::median}, etta::StandardScaler(), etta::LinearRegression()).fit(d);
    CHECK(pipe.fitted.values == Numbers{3});
    CHECK(std::abs(pipe.predict(Rows(2, 1, {none, 10}))[0] - 3) < 1e-9);
    CHECK(std::abs(pipe.predict(Rows(2, 1, {none, 10}))[1] - 10) < 1e-9);
    CHECK(pipe.score(d) > 0.999999);
    CHECK(etta::cross_validate(pipe, d, 2, seed(1)).size() == 2);
    CHECK_THROWS_AS(etta::make_pipeline(etta::StandardScaler(), etta::LinearRegression()).fit(d), etta::Error);  // the gaps are still there
}

TEST_CASE("files of data come with the header of classical models") {
    const auto digits = etta::load_csv(ETTA_TEST_DIR "/../examples/data/digits.csv", {.label = -1}).scaled(1 / 16.0);
    CHECK((digits.size() == 1797 && digits.classes() == 10 && digits.x_shape() == etta::dims{64}));
}

TEST_CASE("a pipeline is its steps by hand") {
    const Dataset d = line(60, 0.1), labelled = groups(90);
    const auto pipe = etta::make_pipeline(etta::StandardScaler(), etta::PCA{.n_components = 2}, etta::Ridge{.alpha = 2});
    auto fitted = pipe;
    fitted.fit(d);
    const etta::Scaler scaler = etta::StandardScaler().fit(d);
    const Dataset scaled = scaler.transform(d);
    const etta::PCA pca = etta::PCA{.n_components = 2}.fit(scaled);
    const etta::Ridge ridge = etta::Ridge{.alpha = 2}.fit(Dataset::from(pca.transform(scaled).at, {2}, [&] {
        Numbers y;
        for (etta::index i = 0; i < d.size(); ++i) y.push_back(0), d.copy_y<double>(i, &y.back());
        return y;
    }()));
    const Numbers by_hand = ridge.predict(pca.transform(scaled)), got = fitted.predict(d);
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(by_hand[i]).epsilon(1e-13));
    CHECK(fitted.score(d) < 0.99);
    CHECK(fitted.model.model.coef.columns == 2);
    auto neighbors = etta::make_pipeline(etta::MinMaxScaler(), etta::KNeighborsClassifier()).fit(labelled);
    CHECK(neighbors.score(labelled) > 0.95);
    CHECK(neighbors.predict_proba(labelled).columns == 3);
    CHECK(etta::make_pipeline(etta::StandardScaler(), etta::PCA()).fit(labelled).transform(labelled).columns == 2);
    CHECK(etta::make_pipeline(etta::StandardScaler(), etta::KMeans{.n_clusters = 3}).fit(labelled).predict(labelled).size() == 90);
    CHECK_THROWS_AS(pipe.predict(d), etta::Error);  // not fitted
}

TEST_CASE("cross-validation fits every step to the training part only") {
    const Dataset d = line(50, 0.1);
    Spy::seen.clear();
    const auto scores = etta::cross_validate(etta::make_pipeline(Spy(), etta::Ridge()), d, 5, seed(2));
    REQUIRE(scores.size() == 5);
    REQUIRE(Spy::seen.size() == 5);
    const auto parts = etta::k_fold(d, 5, seed(2));
    for (std::size_t f = 0; f < 5; ++f) {
        const Rows x(parts[f].train);
        double greatest = -1e300;
        for (etta::index i = 0; i < x.rows; ++i) greatest = std::max(greatest, x(i, 0));
        CHECK(Spy::seen[f] == std::pair<etta::index, double>{40, greatest});
        CHECK(scores[f] == etta::make_pipeline(etta::StandardScaler(), etta::Ridge()).fit(parts[f].train).score(parts[f].test));
    }
    // R² of one sample is NaN; another score has a value.
    for (const double s : etta::cross_validate(etta::Ridge(), d, 50, seed(2))) CHECK(std::isnan(s));
    for (const double s : etta::cross_validate(etta::Ridge(), d, 50, seed(2), [](const auto& m, const Dataset& test) {
             double y;
             test.copy_y<double>(0, &y);
             return -std::abs(m.predict(test)[0] - y);
         })) CHECK((s <= 0 && s > -1));
    CHECK(etta::grid_search(std::vector{etta::Ridge(), etta::Ridge{.alpha = 2}}, d, 50, seed(2)).best == 0);
    // Another score.
    for (const double s : etta::cross_validate(etta::Ridge{.alpha = 1.5}, d, 3, seed(2), slope)) CHECK(s == -1);
}

TEST_CASE("a grid search tries every combination and fits the best one to all of the data") {
    const Dataset d = line(60, 0.5);
    const auto search = etta::grid_search(etta::ElasticNet(), {{"alpha", {10, 0.01}, [](auto& m, double v) { m.alpha = v; }},
                                                               {"l1_ratio", {0.1, 0.5, 0.9}, [](auto& m, double v) { m.l1_ratio = v; }}},
                                          d, 4, seed(3));
    CHECK(search.names == std::vector<std::string>{"alpha", "l1_ratio"});
    REQUIRE(search.params.size() == 6);
    CHECK((search.params[0] == Numbers{10, 0.1} && search.params[1] == Numbers{10, 0.5} && search.params[5] == Numbers{0.01, 0.9}));
    for (std::size_t i = 0; i < 6; ++i) {
        const auto scores = etta::cross_validate(etta::ElasticNet{.alpha = search.params[i][0], .l1_ratio = search.params[i][1]}, d, 4, seed(3));
        CHECK(search.fold_scores[i] == scores);
        CHECK(search.scores[i] == Approx((scores[0] + scores[1] + scores[2] + scores[3]) / 4));
        CHECK(search.scores[i] <= search.best_score());
    }
    CHECK(search.best_param("alpha") == 0.01);
    CHECK(search.model.alpha == 0.01);
    CHECK(search.model.coef.at == etta::ElasticNet{.alpha = 0.01, .l1_ratio = search.best_param("l1_ratio")}.fit(d).coef.at);
    CHECK_THROWS_WITH(search.best_param("beta"), says("no parameter beta"));
    const auto unfitted = etta::grid_search(etta::Ridge(), {{"alpha", {0.25, 0.5, 0.75}, [](auto& m, double v) { m.alpha = v; }}}, d, 3, seed(3), {.refit = false}, slope);
    CHECK((unfitted.best == 1 && unfitted.model.alpha == 0.5 && unfitted.model.coef.rows == 0));
    // Through a pipeline; a score that is NaN is worst.
    const auto pipe = etta::make_pipeline(etta::StandardScaler(), etta::KNeighborsClassifier());
    const auto found = etta::grid_search(pipe, {{"n_neighbors", {60, 5}, [](auto& m, double v) { m.model.n_neighbors = static_cast<etta::index>(v); }}}, groups(90), 3, seed(1), {},
                                         [](const auto& m, const Dataset& test) { return m.model.n_neighbors == 60 ? std::nan("") : m.score(test); });
    CHECK((found.best == 1 && found.best_score() > 0.9 && found.model.score(groups(90)) > 0.9));
    CHECK_THROWS_WITH(etta::grid_search(etta::Ridge(), {{"alpha", Choices::uniform(0, 1), [](auto& m, double v) { m.alpha = v; }}}, d, 3, seed(3)), says("alpha is a range"));
    CHECK_THROWS_WITH(etta::grid_search(etta::Ridge(), {{"alpha", Choices{}, [](auto& m, double v) { m.alpha = v; }}}, d, 3, seed(3)), says("no candidates"));
}

TEST_CASE("a fold or a candidate that fails ends a search only where that is asked for") {
    const Dataset d = line(40, 0.5);
    const std::vector<etta::Parameter<etta::Ridge>> alphas = {{"alpha", {-1, 1, 1e9}, [](auto& m, double v) { m.alpha = v; }}};
    CHECK_THROWS_WITH(etta::grid_search(etta::Ridge(), alphas, d, 4, seed(3)), says("Ridge: alpha is -1"));
    const auto search = etta::grid_search(etta::Ridge(), alphas, d, 4, seed(3), {.error_score = std::nan("")});
    CHECK((search.best == 1 && std::isnan(search.scores[0]) && std::isnan(search.fold_scores[0][3]) && search.model.coef.rows == 1));
    CHECK((search.errors.size() == 3 && search.errors[1].empty() && search.errors[2].empty()));
    CHECK_THAT(search.errors[0], says("Ridge: alpha is -1"));
    CHECK(etta::random_search(etta::Ridge(), alphas, 3, d, 4, seed(3), {.error_score = std::nan("")}).best_param("alpha") == 1);
    const auto given = etta::grid_search(etta::Ridge(), alphas, d, 4, seed(3), {.refit = false, .error_score = 2});
    CHECK((given.best == 0 && given.fold_scores[0] == Numbers{2, 2, 2, 2}));
    // One fold of several.
    int calls = 0;
    const auto odd = [&](const auto& m, const Dataset& test) {
        if (calls++ == 1) etta::fail("no score");
        return m.score(test);
    };
    CHECK_THROWS_WITH(etta::cross_validate(etta::Ridge(), d, 4, seed(3), odd), says("no score"));
    calls = 0;
    const auto scores = etta::cross_validate(etta::Ridge(), d, 4, seed(3), odd, std::nan("")), all = etta::cross_validate(etta::Ridge(), d, 4, seed(3));
    REQUIRE(scores.size() == 4);
    CHECK((scores[0] == all[0] && std::isnan(scores[1]) && scores[2] == all[2] && scores[3] == all[3]));
    // What always fails is an error.
    CHECK_THROWS_WITH(etta::cross_validate(etta::Ridge{.alpha = -1}, d, 4, seed(3), {}, std::nan("")), says("Ridge: alpha is -1"));
    CHECK_THROWS_WITH(etta::grid_search(std::vector{etta::Ridge{.alpha = -1}, etta::Ridge{.alpha = -2}}, d, 4, seed(3), {.error_score = 0}), says("Ridge: alpha is -1"));
}

TEST_CASE("a random search draws from ranges and lists, by the seed alone") {
    const Dataset d = line(40, 0.5);
    const auto search = [&](seed s, int n) {
        return etta::random_search(etta::ElasticNet(), {{"alpha", Choices::log_uniform(1e-4, 1), [](auto& m, double v) { m.alpha = v; }},
                                                        {"l1_ratio", Choices::uniform(0.2, 0.4), [](auto& m, double v) { m.l1_ratio = v; }},
                                                        {"max_iter", Choices::integers(2, 4), [](auto& m, double v) { m.max_iter = static_cast<int>(v); }},
                                                        {"fit_intercept", {0, 1}, [](auto& m, double v) { m.fit_intercept = v != 0; }}},
                                   n, d, 2, s, {}, [](const auto& m, const Dataset&) { return -m.alpha; });
    };
    const auto a = search(seed(5), 200), b = search(seed(5), 200), c = search(seed(6), 200);
    REQUIRE(a.params.size() == 200);
    CHECK((a.params == b.params && a.params != c.params));
    int counts[5] = {}, low = 0, without = 0;
    for (const Numbers& p : a.params) {
        CHECK((p[0] >= 1e-4 && p[0] <= 1 && p[1] >= 0.2 && p[1] < 0.4 && (p[2] == 2 || p[2] == 3 || p[2] == 4) && (p[3] == 0 || p[3] == 1)));
        CHECK(a.best_param("alpha") <= p[0]);
        ++counts[static_cast<int>(p[2])], low += p[0] < 1e-2, without += p[3] == 0;
    }
    for (int k = 2; k <= 4; ++k) CHECK((counts[k] > 40 && counts[k] < 95));
    CHECK((low > 70 && low < 130 && without > 70 && without < 130));  // half of the logarithms lie below
    // Lists only: no combination twice.
    const auto lists = [&](int n) {
        return etta::random_search(etta::ElasticNet(), {{"alpha", {1, 2, 3}, [](auto& m, double v) { m.alpha = v; }},
                                                        {"l1_ratio", {0.1, 0.2}, [](auto& m, double v) { m.l1_ratio = v; }}}, n, d, 2, seed(1)).params;
    };
    auto some = lists(4), all = lists(100);
    CHECK((some.size() == 4 && all.size() == 6));
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t k = 0; k < i; ++k) CHECK(all[i] != all[k]);
    CHECK_THROWS_WITH(Choices::log_uniform(0, 1), says("no range"));
    CHECK_THROWS_WITH(lists(0), says("no candidates"));
}
