// Classical models: the decomposition below them, edges, choosing among models, and what is refused. Parity with scikit-learn:
// tests/parity/classical.cpp.
#include <etta/classical.hpp>
#include <etta/data/scale.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"

namespace {
using etta::Dataset;
using etta::Rows;
using etta::seed;
using Index = etta::index;
using Numbers = std::vector<double>;

// Normal numbers.
Numbers noise(std::size_t n, std::uint64_t stream) {
    Numbers v;
    for (std::size_t i = 0; i < n; ++i) {
        const auto b = etta::philox(seed(7), stream, i);
        v.push_back(std::sqrt(-2 * std::log(1 - etta::to_unit_double(b.low()))) * std::cos(6.283185307179586 * etta::to_unit_double(b.high())));
    }
    return v;
}
// Three groups of samples around (0, 0), (6, 0) and (0, 6).
Dataset groups(int n) {
    Numbers x = noise(std::size_t(2 * n), 1);
    std::vector<std::int32_t> y;
    for (int i = 0; i < n; ++i) {
        y.push_back(i % 3);
        if (i % 3 > 0) x[std::size_t(2 * i + i % 3 - 1)] += 6;
    }
    return Dataset::from(x, {2}, y);
}
// y = 1 + 2 a - 3 b, c says nothing
Dataset line(int n, double error) {
    const Numbers x = noise(std::size_t(3 * n), 2), e = noise(std::size_t(n), 3);
    Numbers y;
    for (std::size_t i = 0; i < std::size_t(n); ++i) y.push_back(1 + 2 * x[3 * i] - 3 * x[3 * i + 1] + error * e[i]);
    return Dataset::from(x, {3}, y);
}
void check_svd(const Rows& a) {
    const auto d = etta::_::svd<etta::_::this_host>(a);
    const Index r = std::min(a.rows, a.columns);
    double largest = 0;
    for (const double e : a.at) largest = std::max(largest, std::abs(e));
    CAPTURE(a.rows, a.columns, largest);
    REQUIRE(Index(d.s.size()) == r);
    double worst = 0, skew = 0;
    for (Index i = 0; i < a.rows; ++i)
        for (Index k = 0; k < a.columns; ++k) {
            double sum = 0;
            for (Index j = 0; j < r; ++j) sum += d.u(j, i) * d.s[std::size_t(j)] * d.v(j, k);
            worst = std::max(worst, std::abs(sum - a(i, k)));
        }
    for (const Rows* q : {&d.u, &d.v})
        for (Index i = 0; i < r; ++i)
            for (Index j = 0; j < r; ++j) skew = std::max(skew, std::abs(etta::_::dot<void>(q->row(i), q->row(j), q->columns) - (i == j)));
    CHECK(worst <= 1e-14 * largest * double(r));
    CHECK(skew <= 1e-13);
    for (std::size_t j = 1; j < d.s.size(); ++j) CHECK(d.s[j] <= d.s[j - 1]);
}
}  // namespace

TEST_CASE("the decomposition of any matrix multiplies back, with orthonormal vectors") {
    for (const auto& [n, m] : {std::pair<Index, Index>{1, 1}, {5, 1}, {1, 5}, {7, 7}, {30, 4}, {4, 30}, {60, 25}}) {
        Rows a(n, m, noise(std::size_t(n * m), 5));
        check_svd(a);
        for (double& e : a.at) e *= 1e200;
        check_svd(a);
        for (double& e : a.at) e *= 1e-300, e *= 1e-100;
        check_svd(a);
    }
    check_svd(Rows(4, 3));                                     // zeros
    check_svd(Rows(3, 3, {1, 2, 3, 2, 4, 6, -1, -2, -3}));     // rank 1
    check_svd(Rows(2, 4, {0, 0, 0, 0, 1, 0, 0, 2}));
    Rows graded(6, 6);
    for (Index i = 0; i < 6; ++i)
        for (Index k = 0; k < 6; ++k) graded(i, k) = 1.0 / double(i + k + 1);  // Hilbert's
    check_svd(graded);
    // The smallest singular value of that one, to full precision.
    CHECK(etta::_::svd<etta::_::this_host>(graded).s[5] == Approx(1.0827994846e-7).epsilon(1e-8));
}

TEST_CASE("models fit what they should, and the best of several is found") {
    const Dataset d = groups(150), exact = line(60, 0), rough = line(60, 0.5);
    const auto [train, test] = etta::split_stratified(d, 0.6, seed(1));
    CHECK(etta::LogisticRegression().fit(train).score(test) > 0.95);
    CHECK(etta::LinearSVC().fit(train).score(test) > 0.9);
    CHECK(etta::KNeighborsClassifier().fit(train).score(test) > 0.95);
    CHECK(etta::GaussianNB().fit(train).score(test) > 0.95);
    CHECK(etta::LinearRegression().fit(exact).score(exact) == Approx(1).epsilon(1e-14));
    // scikit-learn 1.9's values: what tol takes for nothing.
    const Dataset almost = Dataset::from(Numbers{0, 0, 1, 1 + 1e-7, 2, 2 - 1e-7, 3, 3, 4, 4 + 2e-7}, {2}, Numbers{0.1, 2.9 + 2e-7, 6.2 - 2e-7, 9, 12 + 4e-7});
    const auto cut = etta::LinearRegression{.tol = 1e-6}.fit(almost).coef;
    CHECK((cut(0, 0) == Approx(1.49499998) && cut(0, 1) == Approx(1.49500003)));
    CHECK(etta::LinearRegression().fit(almost).coef(0, 0) == Approx(813954.50305).epsilon(1e-6));
    const Dataset scales = Dataset::from(Numbers{1e6, .01, 2e6, .03, -1e6, .02, 3e6, -.04, 0, .05}, {2}, Numbers{2.1, 3.3, 0.2, 3.6, 1.5});
    CHECK(etta::LinearRegression().fit(scales).coef(0, 1) == Approx(10));
    CHECK(etta::LinearRegression{.tol = 1e-6}.fit(scales).coef(0, 1) == Approx(0).margin(1e-10));
    const auto lasso = etta::Lasso(0.2).fit(rough);
    CHECK(lasso.coef(0, 2) == 0);
    CHECK(lasso.coef(0, 1) == Approx(-2.8).margin(0.3));

    const etta::KMeans k = etta::KMeans{.n_clusters = 3, .n_init = 5, .seed = seed(4)}.fit(d);
    std::vector<int> pairs(9);
    for (Index i = 0; i < d.size(); ++i) ++pairs[std::size_t(3 * d.label(i) + k.labels[std::size_t(i)])];
    int found = 0;
    for (const int n : pairs) found += n > 45;
    CHECK(found == 3);
    CHECK(k.score(d) == Approx(-k.inertia).epsilon(1e-12));
    CHECK(etta::KMeans{.n_clusters = 3, .n_init = 5, .seed = seed(4)}.fit(d).labels == k.labels);
    CHECK(k.predict(d) == k.labels);

    const auto scores = etta::cross_validate(etta::GaussianNB(), d, 5, seed(2));
    REQUIRE(scores.size() == 5);
    for (const double s : scores) CHECK(s > 0.8);
    const auto search = etta::grid_search(std::vector{etta::Ridge{.alpha = 1e4}, etta::Ridge{.alpha = 0.01}, etta::Ridge{.alpha = 1e3}}, exact, 4, seed(3));
    CHECK(search.best == 1);
    CHECK(search.scores[0] < search.scores[2]);
    CHECK(search.model.score(exact) > 0.999);
    // The same samples, scaled.
    CHECK(etta::KNeighborsClassifier().fit(etta::StandardScaler().fit(d).transform(d)).score(etta::StandardScaler().fit(d).transform(d)) > 0.95);
}

TEST_CASE("models stand edges: one sample, equal samples, perfectly separable classes") {
    const Dataset one = Dataset::from(Numbers{2, 3}, {2}, Numbers{5});
    CHECK(etta::LinearRegression().fit(one).predict(one)[0] == Approx(5));
    CHECK(etta::KNeighborsRegressor{.n_neighbors = 1}.fit(one).predict(one) == Numbers{5});
    const Dataset equal = Dataset::from(Numbers{1, 1, 1}, {1}, Numbers{1, 2, 3});
    CHECK(etta::Ridge().fit(equal).predict(equal)[0] == Approx(2));
    CHECK(etta::Lasso().fit(equal).predict(equal)[0] == Approx(2));
    const etta::KMeans k = etta::KMeans{.n_clusters = 3}.fit(equal);
    CHECK(k.inertia == 0);
    // A centre that gets no samples takes one far from its own.
    const Rows five(5, 1, {0, 0.1, 5, 5.1, 10});
    CHECK(etta::KMeans{.n_clusters = 3, .init = Rows(3, 1, {0, 1, 1000})}.fit(five).inertia == Approx(0.01));
    const etta::PCA p = etta::PCA().fit(Dataset::from(Numbers{1, 1, 1, 1, 1, 1}, {2}));
    CHECK(p.explained_variance == Numbers{0, 0});
    CHECK(p.explained_variance_ratio == Numbers{0, 0});
    // A share of the variance: 4, 1 and 0 parts of 5 here; more than the share, not as much.
    const Rows cross(4, 3, {2, 0, 0, -2, 0, 0, 0, 1, 0, 0, -1, 0});
    CHECK(etta::PCA{.variance_ratio = 0.5}.fit(cross).components.rows == 1);
    CHECK(etta::PCA{.variance_ratio = 0.79}.fit(cross).components.rows == 1);
    CHECK(etta::PCA{.variance_ratio = 0.81}.fit(cross).components.rows == 2);
    CHECK(etta::PCA{.variance_ratio = 1e-9}.fit(cross).explained_variance_ratio.size() == 1);
    CHECK(etta::PCA{.variance_ratio = 1 - 1e-16}.fit(cross).components.rows <= 3);
    const etta::PCA flat = etta::PCA{.variance_ratio = 0.9}.fit(Rows(3, 2, {1, 1, 1, 1, 1, 1}));
    CHECK((flat.components.rows >= 1 && flat.explained_variance_ratio[0] == 0));
    CHECK(etta::PCA{.variance_ratio = 0.9}.fit(cross).transform(cross).columns == 2);
    const Dataset apart = Dataset::from(Numbers{-2, -1, 1, 2}, {1}, std::vector<std::int32_t>{0, 0, 1, 1});
    etta::LogisticRegression m{.C = 1e6};
    CHECK(m.fit(apart).score(apart) == 1);
    CHECK(m.predict_proba(Rows(2, 1, {1e4, -1e4})).at == Numbers{0, 1, 1, 0});
    // A class that the training part lacks.
    const Dataset lacking = Dataset::from(Numbers{-2, -1, 1, 2}, {1}, std::vector<std::int32_t>{0, 0, 2, 2}, 3);
    CHECK(etta::LogisticRegression().fit(lacking).score(lacking) == 1);
    CHECK(etta::LinearSVC().fit(lacking).score(lacking) == 1);
}

TEST_CASE("a linear classifier's coefficients may come from elsewhere") {
    etta::LogisticRegression two{.coef = Rows(1, 1, {2}), .intercept = {-1}, .classes = 2}, three{.coef = Rows(3, 1, {-1, 0, 1}), .intercept = {0, 0.1, 0}, .classes = 3};
    CHECK(two.predict(Rows(2, 1, {0, 1})) == std::vector<std::int32_t>{0, 1});
    CHECK(two.predict_proba(Rows(1, 1, {1}))(0, 1) == Approx(1 / (1 + std::exp(-1.0))));
    CHECK(three.predict(Rows(3, 1, {-1, 0, 1})) == std::vector<std::int32_t>{0, 1, 2});
    etta::LinearSVC svc{.coef = Rows(1, 1, {2}), .intercept = {-1}, .classes = 2};
    CHECK(svc.predict(Rows(1, 1, {3})) == std::vector<std::int32_t>{1});
    three.present = {0, 2};
    CHECK_THROWS_WITH(three.predict(Rows(1, 1, {0})), says("coef has scores of 3 of 3 classes, present has 2"));
    two.present = {0, 7};
    CHECK_THROWS_WITH(two.predict_proba(Rows(1, 1, {0})), says("LogisticRegression: coef has scores of 2 of 2 classes"));
}

TEST_CASE("classifiers fit the classes that occur, and keep their numbers") {
    using Labels = std::vector<std::int32_t>;
    // 1 … 3, as a file may have them; 5 classes of which the first and the last are absent.
    const Dataset d = Dataset::from(Numbers{0, 1, 0.5, 5, 6, 5.5, 9, 10, 9.5}, {1}, Labels{1, 1, 1, 2, 2, 2, 3, 3, 3}, 5);
    const Dataset same = Dataset::from(Numbers{0, 1, 0.5, 5, 6, 5.5, 9, 10, 9.5}, {1}, Labels{0, 0, 0, 1, 1, 1, 2, 2, 2});
    const Rows x(3, 1, {0.2, 5.2, 12});
    const auto check = [&](const auto& model, const auto& dense) {
        CHECK(model.predict(x) == Labels{1, 2, 3});
        CHECK(model.score(d) == 1);
        if constexpr (requires { model.predict_proba(x); }) {
            const Rows p = model.predict_proba(x), q = dense.predict_proba(x);
            REQUIRE(p.columns == 5);
            for (Index i = 0; i < 3; ++i) {
                CHECK((p(i, 0) == 0 && p(i, 4) == 0));
                for (Index c = 0; c < 3; ++c) CHECK(p(i, c + 1) == q(i, c));
            }
        }
    };
    check(etta::LogisticRegression{.C = 100}.fit(d), etta::LogisticRegression{.C = 100}.fit(same));
    check(etta::LinearSVC{.C = 100}.fit(d), etta::LinearSVC{.C = 100}.fit(same));
    check(etta::GaussianNB().fit(d), etta::GaussianNB().fit(same));
    check(etta::KNeighborsClassifier{.n_neighbors = 3}.fit(d), etta::KNeighborsClassifier{.n_neighbors = 3}.fit(same));
    const auto m = etta::LogisticRegression().fit(d);
    CHECK((m.classes == 5 && m.coef.rows == 3 && m.present == Labels{1, 2, 3} && m.decision_function(x).size() == 9));
    // Where every class is infinitely unlikely, the answer is one that was there.
    CHECK(etta::GaussianNB().fit(d).predict(Rows(1, 1, {1e200})) == Labels{1});
    CHECK(etta::GaussianNB().fit(d).predict_joint_log_proba(x)(0, 0) == -std::numeric_limits<double>::infinity());
    // One class: Bayes and neighbours can do with it.
    const Dataset one = Dataset::from(Numbers{1, 2}, {1}, Labels{1, 1}, 3);
    CHECK(etta::GaussianNB().fit(one).predict_proba(Rows(1, 1, {5})).at == Numbers{0, 1, 0});
    CHECK(etta::KNeighborsClassifier{.n_neighbors = 1}.fit(one).predict(Rows(1, 1, {5})) == Labels{1});
    // What is said of an absent class does not count; one that is said to be impossible is not predicted.
    CHECK((etta::GaussianNB{.priors = {0.5, 0.5, 0}}.fit(one).class_prior) == Numbers{0, 0.5, 0});
    CHECK((etta::GaussianNB{.priors = {0, 0, 0.5, 0.5, 0}}.fit(d).predict(x)) == Labels{2, 2, 3});
    // A class of one sample is missing in one of the folds.
    const Dataset rare = Dataset::from(Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1}, Labels{0, 0, 0, 0, 1, 1, 1, 1, 1, 2});
    for (const double s : etta::cross_validate(etta::GaussianNB(), rare, 3, seed(1))) CHECK((s >= 0.5 && s <= 1));
    for (const double s : etta::cross_validate(etta::LogisticRegression(), rare, 3, seed(1))) CHECK((s >= 0.5 && s <= 1));
}

TEST_CASE("naive Bayes adds a share of the largest variance to every one") {
    using Labels = std::vector<std::int32_t>;
    // Class 0 varies by 1 and 0, class 1 by 4 and 0; all by 3.5 and 9.
    const Dataset d = Dataset::from(Numbers{0, 0, 2, 0, 1, 6, 5, 6}, {2}, Labels{0, 0, 1, 1});
    for (const double s : {1e-9, 0.5}) {
        const auto m = etta::GaussianNB{.var_smoothing = s}.fit(d);
        const Numbers want = {1 + s * 9, s * 9, 4 + s * 9, s * 9};
        for (std::size_t i = 0; i < 4; ++i) CHECK(m.variance.at[i] == Approx(want[i]).epsilon(1e-14));
    }
    CHECK(etta::GaussianNB().fit(d).variance.at == etta::GaussianNB{.var_smoothing = 1e-9}.fit(d).variance.at);
    // (1 - 1)² / 1 and (x - 0)² / (s 9) against (x - 6)² / (s 9): more smoothing, less certain.
    const Rows x(1, 2, {1, 2.9});
    const double sure = etta::GaussianNB{.var_smoothing = 0.01}.fit(d).predict_proba(x)(0, 0), less = etta::GaussianNB{.var_smoothing = 10}.fit(d).predict_proba(x)(0, 0);
    CHECK((sure > 0.99 && less < 0.6 && less > 0.5));
    CHECK_THROWS_WITH(etta::GaussianNB{.var_smoothing = 0}.fit(d), says("column 1 does not vary in class 0, and var_smoothing is 0"));
    CHECK_THROWS_WITH(etta::GaussianNB{.var_smoothing = -1e-9}.fit(d), says("var_smoothing is -0.000000"));
    // What is constant is so with any weights, too.
    const auto constant = Dataset::from(Numbers{.1, 1, .1, 2, .1, 5, .3, 1, .4, 2}, {2}, Labels{0, 0, 0, 1, 1}).weighted({.7, .2, .9, 1, 1});
    CHECK_THROWS_WITH(etta::GaussianNB{.var_smoothing = 0}.fit(constant), says("column 0 does not vary in class 0"));
}

TEST_CASE("neighbours are the nearest, and vote, at any distance") {
    using Labels = std::vector<std::int32_t>;
    const auto by_distance = etta::neighbor_weights::distance;
    const Dataset d = Dataset::from(Numbers{1, 2, 3, -4}, {1}, Labels{1, 1, 2, 2}, 3);
    // Squares of these overflow and underflow.
    CHECK(etta::KNeighborsClassifier{.n_neighbors = 3, .weights = by_distance}.fit(d).predict_proba(Rows(1, 1, {1e200})).at == Numbers{0, 2. / 3, 1. / 3});
    const Dataset far = Dataset::from(Numbers{3e200, 1e200, 2e200, 0}, {2}, Labels{1, 2});
    const etta::KNeighborsClassifier m = etta::KNeighborsClassifier{.n_neighbors = 2, .weights = by_distance}.fit(far);
    const Rows p = m.predict_proba(Rows(1, 2, {2e200, 1e200}));  // 1e200 from both
    CHECK((p(0, 1) == Approx(0.5) && p(0, 2) == Approx(0.5)));
    CHECK(m.predict_proba(Rows(1, 2, {5e200, 0})).at[1] == Approx(3 / (3 + std::sqrt(5.0))).epsilon(1e-14));
    CHECK(m.predict(far) == Labels{1, 2});
    const Dataset near = Dataset::from(Numbers{1e-200, 4e-200}, {1}, Labels{0, 1});
    const auto q = etta::KNeighborsClassifier{.n_neighbors = 2, .weights = by_distance}.fit(near);
    CHECK(q.predict_proba(Rows(1, 1, {2e-200})).at[0] == Approx(2. / 3).epsilon(1e-14));
    CHECK(q.predict_proba(Rows(1, 1, {4e-200})).at == Numbers{0, 1});
    CHECK(etta::KNeighborsClassifier{.n_neighbors = 1}.fit(far).predict(Rows(1, 2, {2.1e200, 1e190})) == Labels{2});
    // The nearest sample's 1 / distance may be infinite, and farther than the largest number is as far as that.
    CHECK(etta::KNeighborsClassifier{.n_neighbors = 2, .weights = by_distance}.fit(Dataset::from(Numbers{5e-324, 1}, {1}, Labels{1, 0})).predict_proba(Rows(1, 1, {0})).at[1] == 1);
    CHECK(etta::KNeighborsClassifier{.n_neighbors = 2, .weights = by_distance}.fit(Dataset::from(Numbers{1.7e308, 1.6e308}, {1}, Labels{1, 2})).predict(Rows(1, 1, {-1.7e308})) == Labels{1});
    CHECK(etta::KNeighborsRegressor{.n_neighbors = 2, .weights = by_distance}.fit(Dataset::from(Numbers{1, 2}, {1}, Numbers{10, 20})).predict(Rows(1, 1, {-1e300})) == Numbers{15});
}

TEST_CASE("no model takes samples that are not finite, to fit or to predict") {
    const double NaN = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    const Dataset labelled = groups(9), values = line(9, 0.1);
    const auto check = [&](const std::string& who, const auto& m, etta::index columns) {
        for (const double bad : {NaN, inf, -inf}) {
            Rows x(2, columns);
            x(1, columns - 1) = bad;
            CAPTURE(who, bad);
            const std::string text = who + ": element " + std::to_string(columns - 1) + " of sample 1 is not finite";
            if constexpr (requires { m.predict(x); }) CHECK_THROWS_WITH(m.predict(x), says(text));
            if constexpr (requires { m.transform(x); }) CHECK_THROWS_WITH(m.transform(x), says(text));
        }
    };
    check("KNeighborsClassifier", etta::KNeighborsClassifier().fit(labelled), 2);
    check("KNeighborsRegressor", etta::KNeighborsRegressor().fit(values), 3);
    check("GaussianNB", etta::GaussianNB().fit(labelled), 2);
    check("LogisticRegression", etta::LogisticRegression().fit(labelled), 2);
    check("LinearSVC", etta::LinearSVC().fit(labelled), 2);
    check("LinearRegression", etta::LinearRegression().fit(values), 3);
    check("Ridge", etta::Ridge().fit(values), 3);
    check("ElasticNet", etta::Lasso().fit(values), 3);
    check("KMeans", etta::KMeans{.n_clusters = 2}.fit(labelled), 2);
    check("PCA", etta::PCA().fit(labelled), 2);
    CHECK_THROWS_WITH(etta::KNeighborsClassifier{.n_neighbors = 1}.fit(Dataset::from(Numbers{1, NaN}, {1}, std::vector<std::int32_t>{0, 1})), says("KNeighborsClassifier: element 0 of sample 1 is not finite"));
    CHECK_THROWS_WITH(etta::KNeighborsRegressor{.n_neighbors = 1}.fit(Dataset::from(Numbers{1, NaN}, {1}, Numbers{0, 1})), says("KNeighborsRegressor: element 0 of sample 1 is not finite"));
}

TEST_CASE("models say what is wrong with the data or with an option") {
    const Dataset labelled = groups(9), values = line(9, 0), none = Dataset::from(Numbers{}, {2}, std::vector<std::int32_t>{}, 2);
    const Dataset bad = Dataset::from(Numbers{1, std::numeric_limits<double>::infinity()}, {1}, std::vector<std::int32_t>{0, 1});
    const Dataset one_class = Dataset::from(Numbers{1, 2}, {1}, std::vector<std::int32_t>{0, 0});
    CHECK_THROWS_WITH(etta::LinearRegression().fit(labelled), says("LinearRegression: this data set has no targets"));
    CHECK_THROWS_WITH(etta::LogisticRegression().fit(values), says("LogisticRegression: this data set has no labels"));
    CHECK_THROWS_WITH(etta::LogisticRegression().fit(one_class), says("LogisticRegression: the samples are of one class only, 0"));
    CHECK_THROWS_WITH(etta::LinearSVC().fit(Dataset::from(Numbers{1, 2}, {1}, std::vector<std::int32_t>{1, 1})), says("LinearSVC: the samples are of one class only, 1"));
    CHECK_THROWS_WITH(etta::LogisticRegression{.C = 0}.fit(labelled), says("C is 0"));
    CHECK_THROWS_WITH(etta::LogisticRegression().fit(none), says("there are no samples"));
    CHECK_THROWS_WITH(etta::GaussianNB().fit(bad), says("element 0 of sample 1 is not finite"));
    CHECK_THROWS_WITH(etta::LinearRegression().predict(Rows(1, 1)), says("LinearRegression: fit() comes first"));
    CHECK_THROWS_WITH(etta::LinearRegression().fit(values).predict(labelled), says("was fitted to samples of 3 numbers, these have 2"));
    CHECK_THROWS_WITH(etta::Ridge{.alpha = -1}.fit(values), says("alpha is -1"));
    CHECK_THROWS_WITH(etta::LinearRegression{.tol = -1}.fit(values), says("LinearRegression: tol is -1"));
    CHECK_THROWS_WITH((etta::ElasticNet{.l1_ratio = 2}.fit(values)), says("l1_ratio 2"));
    CHECK_THROWS_WITH(etta::KNeighborsClassifier{.n_neighbors = 10}.fit(labelled), says("10 neighbours of 9 samples"));
    CHECK_THROWS_WITH(etta::KMeans{.n_clusters = 10}.fit(labelled), says("10 clusters of 9 samples"));
    CHECK_THROWS_WITH((etta::KMeans{.n_clusters = 3, .init = Rows(2, 2)}.fit(labelled)), says("2 centres of 2 numbers"));
    CHECK_THROWS_WITH(etta::PCA{.n_components = 3}.fit(labelled), says("3 components, 1 .. 2"));
    CHECK_THROWS_WITH(etta::PCA().fit(Rows(1, 2)), says("one sample only"));
    for (const double share : {-0.1, 1.0, 95.0, std::nan("")}) CHECK_THROWS_WITH(etta::PCA{.variance_ratio = share}.fit(labelled), says("variance_ratio is"));
    CHECK_THROWS_WITH((etta::PCA{.n_components = 1, .variance_ratio = 0.5}.fit(labelled)), says("not both"));
    CHECK_THROWS_WITH((etta::GaussianNB{.priors = {0.5, 0.6, 0.1}}.fit(labelled)), says("3 priors"));
    CHECK_THROWS_WITH((etta::GaussianNB{.priors = {0.5, 0, 0.5}}.fit(Dataset::from(Numbers{1, 2}, {1}, std::vector<std::int32_t>{1, 1}, 3))), says("the prior of every class that occurs is 0"));
    CHECK_THROWS_WITH(etta::GaussianNB().fit(Dataset::from(Numbers{1, 1}, {1}, std::vector<std::int32_t>{0, 1})), says("all samples are equal"));
    CHECK_THROWS_WITH(etta::grid_search(std::vector<etta::Ridge>(), values, 3, seed(1)), says("there are no candidates"));
    CHECK_THROWS_WITH(etta::cross_validate(etta::GaussianNB(), labelled, 4, seed(1)), says("no class has more than 3 samples"));
    CHECK_THROWS_WITH(Rows(2, 2, {1, 2, 3}), says("3 numbers are not 2 rows of 2"));
}
