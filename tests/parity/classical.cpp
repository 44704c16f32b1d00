// Classical models against scikit-learn (make_classical.py wrote the file).
#include <etta/classical.hpp>
#include <etta/io/safetensors.hpp>

#include <cmath>

#include "catch.hpp"

namespace {
using etta::Dataset;
using etta::Rows;

struct recorded_models {
    etta::safetensors_file file = etta::safetensors_file::open(ETTA_TEST_DIR "/parity/classical.st");
    template <class T = double>
    std::vector<T> get(const std::string& name) const {
        const etta::named_tensor* const t = file.find(name);
        if (t == nullptr) throw etta::Error("no tensor " + name);
        std::vector<T> v(static_cast<std::size_t>(t->count()));
        etta::copy_elements<T>(*t, v.data());
        return v;
    }
    Rows rows(const std::string& name) const {
        const auto& shape = file.find(name)->shape;
        return Rows(shape[0], shape.size() > 1 ? shape[1] : 1, get(name));
    }
    Dataset values(const std::string& x, const std::string& y, etta::index outputs) const {
        return Dataset::from(get(x), {rows(x).columns}, get(y), outputs == 1 ? etta::dims() : etta::dims{outputs});
    }
    Dataset classes(const std::string& y, int classes = 0) const { return Dataset::from(get("x"), {5}, get<std::int32_t>(y), classes); }
    // Relative to the largest element.
    void compare(const std::string& name, const std::vector<double>& got, double tolerance = 1e-10) const {
        const std::vector<double> want = get(name);
        REQUIRE(got.size() == want.size());
        double largest = 0;
        for (const double w : want) largest = std::max(largest, std::abs(w));
        for (std::size_t i = 0; i < want.size(); ++i) {
            CAPTURE(name, i, got[i], want[i]);
            CHECK(std::abs(got[i] - want[i]) <= tolerance * largest);
        }
    }
    // coef and intercept side by side.
    template <class M>
    void compare_linear(const std::string& name, const M& m, double tolerance = 1e-10) const {
        std::vector<double> both;
        for (etta::index o = 0; o < m.coef.rows; ++o) {
            both.insert(both.end(), m.coef.row(o), m.coef.row(o) + m.coef.columns);
            both.push_back(m.intercept[static_cast<std::size_t>(o)]);
        }
        compare(name, both, tolerance);
    }
};
}  // namespace

TEST_CASE("linear models of numbers are scikit-learn's") {
    const recorded_models f;
    const Dataset d = f.values("x", "y", 2), wide = f.values("wide", "wide_y", 1);
    etta::LinearRegression m;
    f.compare_linear("linear", m.fit(d));
    f.compare("linear_predict", m.predict(f.rows("t")));
    f.compare("linear_score", {m.score(d)});
    f.compare_linear("linear_origin", etta::LinearRegression{.fit_intercept = false}.fit(d));
    f.compare_linear("linear_wide", etta::LinearRegression().fit(wide));
    f.compare_linear("linear_flat", etta::LinearRegression().fit(f.values("flat", "y", 2)));
    f.compare_linear("ridge", etta::Ridge{.alpha = 2.5}.fit(d));
    f.compare_linear("ridge_wide", etta::Ridge{.alpha = 0.1}.fit(wide));
    std::vector<double> first;
    for (std::size_t i = 0; i < 40; ++i) first.push_back(f.get("y")[2 * i]);
    const Dataset one = Dataset::from(f.get("x"), {5}, first);
    etta::ElasticNet lasso = etta::Lasso(0.3);
    lasso.tol = 1e-15, lasso.max_iter = 100000;
    f.compare_linear("lasso", lasso.fit(one));
    CHECK(lasso.converged);
    f.compare_linear("elastic", etta::ElasticNet{.alpha = 0.2, .l1_ratio = 0.4, .max_iter = 100000, .tol = 1e-15}.fit(one));
}

TEST_CASE("linear models of classes are scikit-learn's") {
    const recorded_models f;
    const Dataset d = f.classes("labels"), two = f.classes("two");
    const Rows t = f.rows("t");
    const auto integers = [](const std::vector<std::int32_t>& v) { return std::vector<double>(v.begin(), v.end()); };
    etta::LogisticRegression m{.tol = 1e-11};
    f.compare_linear("softmax", m.fit(d), 1e-8);
    CHECK(m.converged);
    f.compare("softmax_proba", m.predict_proba(t).at, 1e-8);
    f.compare("softmax_predict", integers(m.predict(t)));
    f.compare("softmax_score", {m.score(d)});
    m = {.C = 0.5, .tol = 1e-11};
    f.compare_linear("logistic", m.fit(two), 1e-8);
    f.compare("logistic_proba", m.predict_proba(t).at, 1e-8);
    f.compare("logistic_predict", integers(m.predict(t)));
    f.compare("logistic_score", {m.score(two)});
    etta::LinearSVC s{.tol = 1e-11};
    f.compare_linear("svm", s.fit(d), 1e-8);
    f.compare("svm_predict", integers(s.predict(t)));
    f.compare_linear("svm_two", s.fit(two), 1e-8);
    f.compare("svm_two_predict", integers(s.predict(t)));
}

TEST_CASE("neighbours and naive Bayes are scikit-learn's") {
    const recorded_models f;
    const Dataset d = f.classes("labels"), y = f.values("x", "y", 2);
    const Rows t = f.rows("t");
    const auto integers = [](const std::vector<std::int32_t>& v) { return std::vector<double>(v.begin(), v.end()); };
    Rows more = t;
    for (int i = 0; i < 10; ++i) more.at.push_back(f.get("x")[std::size_t(i)]);
    more.rows += 2;
    for (const auto w : {etta::neighbor_weights::uniform, etta::neighbor_weights::distance}) {
        const std::string name = w == etta::neighbor_weights::uniform ? "uniform" : "distance";
        etta::KNeighborsClassifier m{.n_neighbors = 4, .weights = w};
        f.compare("neighbors_" + name, m.fit(d).predict_proba(t).at);
        f.compare("neighbors_predict_" + name, integers(m.predict(t)));
        f.compare("neighbors_values_" + name, etta::KNeighborsRegressor{.n_neighbors = 3, .weights = w}.fit(y).predict(more));
    }
    etta::GaussianNB b;
    f.compare("bayes", b.fit(d).predict_proba(t).at);
    f.compare("bayes_variance", b.variance.at);
    f.compare("bayes_predict", integers(b.predict(t)));
    f.compare("bayes_priors", etta::GaussianNB{.priors = {0.2, 0.5, 0.3}}.fit(d).predict_proba(t).at);
}

TEST_CASE("k-means and principal components are scikit-learn's") {
    const recorded_models f;
    const auto integers = [](const std::vector<std::int32_t>& v) { return std::vector<double>(v.begin(), v.end()); };
    etta::KMeans k{.n_clusters = 3, .tol = 0, .init = f.rows("centres")};
    f.compare("kmeans", k.fit(f.rows("x")).centers.at);
    f.compare("kmeans_labels", integers(k.labels));
    f.compare("kmeans_inertia", {k.inertia});
    f.compare("kmeans_predict", integers(k.predict(f.rows("t"))));
    f.compare("kmeans_transform", k.transform(f.rows("t")).at);
    for (const std::string share : {"0.5", "0.9", "0.99"}) f.compare("pca_" + share, etta::PCA{.variance_ratio = std::stod(share)}.fit(f.rows("x")).components.at);
    for (const std::string name : {"pca", "pca_wide"}) {
        const Rows x = f.rows(name == "pca" ? "x" : "wide");
        etta::PCA p{.n_components = name == "pca" ? 3 : 4};
        f.compare(name, p.fit(x).components.at);
        f.compare(name + "_variance", p.explained_variance);
        f.compare(name + "_ratio", p.explained_variance_ratio);
        f.compare(name + "_transform", p.transform(x).at);
        f.compare(name + "_back", p.inverse_transform(p.transform(x)).at);
        p.whiten = true;
        f.compare(name + "_whiten", p.transform(x).at);
    }
}

TEST_CASE("weights of samples are scikit-learn's") {
    const recorded_models f;
    const std::vector<double> w = f.get("w");
    const Dataset d = f.values("x", "y", 2).weighted(w), labels = f.classes("labels").weighted(w), two = f.classes("two").weighted(w);
    std::vector<double> first;
    for (std::size_t i = 0; i < 40; ++i) first.push_back(f.get("y")[2 * i]);
    const Dataset one = Dataset::from(f.get("x"), {5}, first).weighted(w);
    const auto compare = [&](const std::string& name, auto m, const Dataset& data, double tolerance = 1e-10) {
        m.fit(data);
        f.compare_linear(name, m, tolerance);
        f.compare(name + "_score", {m.score(data)});
    };
    compare("w_linear", etta::LinearRegression(), d);
    compare("w_linear_origin", etta::LinearRegression{.fit_intercept = false}, d);
    compare("w_ridge", etta::Ridge{.alpha = 2.5}, d);
    compare("w_lasso", etta::ElasticNet{.alpha = 0.3, .l1_ratio = 1, .max_iter = 100000, .tol = 1e-15}, one);
    compare("w_elastic", etta::ElasticNet{.alpha = 0.2, .l1_ratio = 0.4, .max_iter = 100000, .tol = 1e-15}, one);
    compare("w_softmax", etta::LogisticRegression{.tol = 1e-11}, labels, 1e-8);
    compare("w_logistic", etta::LogisticRegression{.C = 0.5, .tol = 1e-11}, two, 1e-8);
    compare("w_svm", etta::LinearSVC{.tol = 1e-11}, labels, 1e-8);
    compare("w_svm_two", etta::LinearSVC{.tol = 1e-11}, two, 1e-8);
    etta::GaussianNB b{.var_smoothing = 1e-3};
    f.compare("w_bayes", b.fit(labels).predict_proba(f.rows("t")).at);
    f.compare("w_bayes_variance", b.variance.at);
    f.compare("w_bayes_prior", b.class_prior);
    f.compare("w_bayes_score", {b.score(labels)});
    etta::KMeans k{.n_clusters = 3, .tol = 0, .init = f.rows("centres")};
    f.compare("w_kmeans", k.fit(labels).centers.at);
    f.compare("w_kmeans_labels", std::vector<double>(k.labels.begin(), k.labels.end()));
    f.compare("w_kmeans_inertia", {k.inertia});
    f.compare("w_kmeans_score", {k.score(labels)});
    etta::Scaler s = etta::StandardScaler().fit(d);
    s.center.insert(s.center.end(), s.scale.begin(), s.scale.end());
    f.compare("w_scaler", s.center);
    f.compare("w_neighbors_score", {etta::KNeighborsClassifier{.n_neighbors = 4}.fit(f.classes("labels")).score(labels)});
}

TEST_CASE("classifiers fit the classes that occur, as scikit-learn's") {
    const recorded_models f;
    const Rows t = f.rows("t");
    for (const std::string name : {"gaps", "pair"}) {
        const Dataset d = f.classes(name, 5);
        const auto predicts = [&](const std::string& kind, const auto& m) {
            const auto y = m.predict(t);
            f.compare(name + kind + "_predict", std::vector<double>(y.begin(), y.end()));
        };
        const auto logistic = etta::LogisticRegression{.tol = 1e-11}.fit(d);
        f.compare(name + "_softmax", logistic.predict_proba(t).at, 1e-8);
        f.compare(name + "_softmax_scores", logistic.decision_function(t), 1e-8);
        predicts("_softmax", logistic);
        const auto svm = etta::LinearSVC{.tol = 1e-11}.fit(d);
        f.compare(name + "_svm_scores", svm.decision_function(t), 1e-8);
        predicts("_svm", svm);
        const auto bayes = etta::GaussianNB{.var_smoothing = 0.1}.fit(d);
        f.compare(name + "_bayes", bayes.predict_proba(t).at);
        predicts("_bayes", bayes);
        const auto neighbors = etta::KNeighborsClassifier{.n_neighbors = 4}.fit(d);
        f.compare(name + "_neighbors", neighbors.predict_proba(t).at);
        predicts("_neighbors", neighbors);
        CHECK(logistic.present == (name == "gaps" ? std::vector<std::int32_t>{1, 3, 4} : std::vector<std::int32_t>{1, 3}));
        CHECK(svm.present == logistic.present);
    }
}
