// select.hpp: which model is best: scores of models on parts of the data that they were not fitted to, and searches among options.
#pragma once

#include "../data/split.hpp"
#include "pipeline.hpp"

namespace etta {

// The score of a fold that fails with an etta::Error (scikit-learn's error_score): a number, or NaN, by which candidates rank last. None:
// the error ends all. It does, too, if nothing but errors comes, and where errors do not throw (ETTA_NO_EXCEPTIONS).
struct ErrorScore {
    bool raise = true;
    double value = 0;
    constexpr ErrorScore() = default;
    constexpr ErrorScore(double v) : raise(false), value(v) {}
};

namespace _ {

struct by_score {
    template <class M>
    double operator()(const M& model, const Dataset& data) const {
        return model.score(data);
    }
};
template <class Host>
std::vector<Split> parts_to_score(const Dataset& data, int folds, seed s) {
    return data.has_labels() ? k_fold_stratified<Host>(data, folds, s) : k_fold<Host>(data, folds, s);
}
// Of a fold that fails: its score if there is one, and the first such message, if none was there before.
template <class M, class F>
std::vector<double> scores_on(const M& model, const std::vector<Split>& parts, const F& score, [[maybe_unused]] const ErrorScore& of_errors,
                              [[maybe_unused]] std::string& message, [[maybe_unused]] std::size_t& failed) {
    std::vector<double> scores;
    const auto add = [&](const Split& part) {
        M one = model;
        one.fit(part.train);
        scores.push_back(static_cast<double>(score(one, part.test)));
    };
    for (const Split& part : parts) {
#if !defined(ETTA_NO_EXCEPTIONS)
        try {
            add(part);
        } catch (const Error& e) {
            if (of_errors.raise) throw;
            if (message.empty()) message = e.what();
            scores.push_back(of_errors.value), ++failed;
        }
#else
        add(part);
#endif
    }
    return scores;
}
// Where nothing but errors came: the first of them.
inline void fail_if([[maybe_unused]] bool all_failed, [[maybe_unused]] const std::string& message) {
#if !defined(ETTA_NO_EXCEPTIONS)
    if (all_failed) throw Error(message);
#endif
}
inline double mean_of_scores(const std::vector<double>& scores) {
    double sum = 0;
    for (const double s : scores) sum += s;
    return sum / static_cast<double>(scores.size());
}

}  // namespace _

// One score per fold, each of a copy of the model fitted to the other folds (scikit-learn's cross_val_score). A model is anything with
// fit(Dataset) and score(Dataset); `scoring(model, test part)` gives another number than score, the higher the better. With labels, folds
// have the classes in proportion. All models see the same folds for the same seed.
template <class M, class F = _::by_score, class Host = _::this_host>
std::vector<double> cross_validate(const M& model, const Dataset& data, int folds, seed s, const F& scoring = {}, const ErrorScore& error_score = {}) {
    std::string message;
    std::size_t failed = 0;
    const std::vector<double> scores = _::scores_on(model, _::parts_to_score<Host>(data, folds, s), scoring, error_score, message, failed);
    _::fail_if(failed == scores.size(), message);
    return scores;
}

// Values that a search tries: a list, or for random_search numbers drawn from a range.
struct Choices {
    std::vector<double> list = {};
    enum kind { from_list, from_uniform, from_log_uniform, from_integers } kind = from_list;
    double low = 0, high = 0;

    Choices(std::initializer_list<double> values) : list(values) {}
    Choices(std::vector<double> values) : list(static_cast<std::vector<double>&&>(values)) {}
    static Choices uniform(double low, double high) { return Choices(from_uniform, low, high); }          // low <= x < high
    static Choices log_uniform(double low, double high) { return Choices(from_log_uniform, low, high); }  // log x is uniform; 0 < low
    static Choices integers(double low, double high) { return Choices(from_integers, low, high); }        // low, low + 1, …, high

    // u in 0 … 1 -> a value
    double at(double u) const {
        if (kind == from_uniform) return low + (high - low) * u;
        if (kind == from_log_uniform) return low * __builtin_exp(u * __builtin_log(high / low));
        return low + __builtin_floor((high - low + 1) * u);
    }

  private:
    Choices(enum kind k, double l, double h) : kind(k), low(l), high(h) {
        if (!(l <= h) || !(h - l < __builtin_huge_val()) || (k == from_log_uniform && !(l > 0)))
            fail("Choices: no range: " + std::to_string(l) + " … " + std::to_string(h));
    }
};

// An option to search: its name in results, its values, and how a model takes one:
//     {"alpha", {0.1, 1, 10}, [](auto& m, double v) { m.alpha = v; }}
template <class M>
struct Parameter {
    std::string name;
    Choices values;
    void (*set)(M& model, double value);
};

struct SearchOptions {
    bool refit = true;  // fit the best to all of the data
    ErrorScore error_score = {};
};

// What a search found. In scikit-learn's words: best_index_, best_score_, best_params_, best_estimator_, cv_results_.
template <class M>
struct GridSearch {
    std::vector<double> scores;  // of each candidate, the mean over folds
    std::size_t best = 0;        // its number; of equal ones, the first
    M model;                     // the best, fitted to all of the data (unless refit is false)

    std::vector<std::vector<double>> fold_scores = {};  // [candidate][fold]
    std::vector<std::string> names = {};                // of the parameters; none where candidates were given as models
    std::vector<std::vector<double>> params = {};       // [candidate][parameter]
    std::vector<std::string> errors = {};               // of each candidate, its first fold's that failed; "": none did

    double best_score() const { return scores[best]; }
    // The best value of a parameter.
    double best_param(const std::string& name) const {
        for (std::size_t k = 0; k < names.size(); ++k)
            if (names[k] == name) return params[best][k];
        fail("search: there is no parameter " + name);
    }
};

namespace _ {

template <class Host, class M, class F>
GridSearch<M> search(const std::vector<M>& candidates, const Dataset& data, int folds, seed s, const SearchOptions& o, const F& scoring, const char* who) {
    if (candidates.empty()) fail(std::string(who) + ": there are no candidates");
    const std::vector<Split> parts = parts_to_score<Host>(data, folds, s);
    GridSearch<M> r{{}, 0, candidates[0]};
    std::size_t failed = 0;
    for (const M& m : candidates) {
        r.fold_scores.push_back(scores_on(m, parts, scoring, o.error_score, r.errors.emplace_back(), failed));
        r.scores.push_back(mean_of_scores(r.fold_scores.back()));
        const double now = r.scores.back(), best = r.scores[r.best];
        if (now > best || (best != best && now == now)) r.best = r.scores.size() - 1;  // NaN is worst
    }
    fail_if(failed == candidates.size() * parts.size(), r.errors[0]);
    r.model = candidates[r.best];
    if (o.refit) r.model.fit(data);
    return r;
}
template <class Host, class M, class F>
GridSearch<M> search(const M& model, const std::vector<Parameter<M>>& parameters, std::vector<std::vector<double>> params, const Dataset& data, int folds, seed s,
                     const SearchOptions& o, const F& scoring, const char* who) {
    std::vector<M> candidates;
    for (const std::vector<double>& p : params) {
        candidates.push_back(model);
        for (std::size_t k = 0; k < p.size(); ++k) parameters[k].set(candidates.back(), p[k]);
    }
    GridSearch<M> r = search<Host>(candidates, data, folds, s, o, scoring, who);
    r.params = static_cast<std::vector<std::vector<double>>&&>(params);
    for (const Parameter<M>& p : parameters) r.names.push_back(p.name);
    return r;
}
// Combination number i of the lists; the last parameter's value changes first.
template <class Host, class M>
std::vector<double> combination(const std::vector<Parameter<M>>& parameters, index i) {
    std::vector<double> p(parameters.size());
    for (std::size_t k = p.size(); k-- > 0;) {
        const auto n = static_cast<index>(parameters[k].values.list.size());
        p[k] = parameters[k].values.list[static_cast<std::size_t>(i % n)], i /= n;
    }
    return p;
}
template <class Host, class M>
index combinations(const std::vector<Parameter<M>>& parameters) {
    index n = 1;
    for (const Parameter<M>& p : parameters)
        if (__builtin_mul_overflow(n, static_cast<index>(p.values.list.size()), &n)) fail("search: too many combinations");
    return n;
}

}  // namespace _

// Cross-validates every candidate and fits the best to all of the data:
//     grid_search(std::vector{Ridge{.alpha = 0.1}, Ridge{.alpha = 1}, Ridge{.alpha = 10}}, data, 5, etta::seed(1))
template <class M, class F = _::by_score, class Host = _::this_host>
GridSearch<M> grid_search(const std::vector<M>& candidates, const Dataset& data, int folds, seed s, const SearchOptions& o = {}, const F& scoring = {}) {
    return _::search<Host>(candidates, data, folds, s, o, scoring, "grid_search");
}
// The same for every combination of some options' values (scikit-learn's GridSearchCV):
//     grid_search(ElasticNet(), {{"alpha", {0.1, 1}, [](auto& m, double v) { m.alpha = v; }},
//                                {"l1_ratio", {0.2, 0.8}, [](auto& m, double v) { m.l1_ratio = v; }}}, data, 5, etta::seed(1))
template <class M, class F = _::by_score, class Host = _::this_host>
GridSearch<M> grid_search(const M& model, const std::vector<Parameter<std::type_identity_t<M>>>& parameters, const Dataset& data, int folds, seed s,
                          const SearchOptions& o = {}, const F& scoring = {}) {
    std::vector<std::vector<double>> params;
    for (const auto& p : parameters)
        if (p.values.kind != Choices::from_list) fail("grid_search: " + p.name + " is a range; a grid has lists");
    const index n = _::combinations<Host>(parameters);
    for (index i = 0; i < n; ++i) params.push_back(_::combination<Host>(parameters, i));
    return _::search<Host>(model, parameters, static_cast<std::vector<std::vector<double>>&&>(params), data, folds, s, o, scoring, "grid_search");
}
// The same for n_iter random combinations (RandomizedSearchCV): values of lists and ranges are drawn independently; where all are lists, no
// combination comes twice (of up to a million), and there are no more than exist. The seed decides combinations and folds.
template <class M, class F = _::by_score, class Host = _::this_host>
GridSearch<M> random_search(const M& model, const std::vector<Parameter<std::type_identity_t<M>>>& parameters, int n_iter, const Dataset& data, int folds, seed s,
                            const SearchOptions& o = {}, const F& scoring = {}) {
    std::vector<std::vector<double>> params;
    bool lists = true;
    for (const auto& p : parameters) {
        lists = lists && p.values.kind == Choices::from_list;
        if (p.values.kind == Choices::from_list && p.values.list.empty()) fail("random_search: there are no values for " + p.name);
    }
    const index all = lists ? _::combinations<Host>(parameters) : n_iter;
    constexpr std::uint64_t stream = 0x7365617263680000;  // apart from the folds'
    if (lists && all <= (index(1) << 20)) {
        std::vector<index> order(static_cast<std::size_t>(all));
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<index>(i);
        shuffle(order, s, stream);
        for (index i = 0; i < n_iter && i < all; ++i) params.push_back(_::combination<Host>(parameters, order[static_cast<std::size_t>(i)]));
    } else {
        for (int i = 0; i < n_iter; ++i) {
            std::vector<double> p;
            for (std::size_t k = 0; k < parameters.size(); ++k) {
                const Choices& c = parameters[k].values;
                const double u = to_unit_double(philox<>(s, stream + 1 + k, static_cast<std::uint64_t>(i)).low());
                p.push_back(c.kind == Choices::from_list ? c.list[static_cast<std::size_t>(u * static_cast<double>(c.list.size()))] : c.at(u));
            }
            params.push_back(static_cast<std::vector<double>&&>(p));
        }
    }
    return _::search<Host>(model, parameters, static_cast<std::vector<std::vector<double>>&&>(params), data, folds, s, o, scoring, "random_search");
}

}  // namespace etta
