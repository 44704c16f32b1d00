// select.hpp: which model is best: scores of models on parts of the data that they were not fitted to.
#pragma once

#include "../data/split.hpp"
#include "rows.hpp"

namespace etta {

// One score per fold, each of a copy of the model fitted to the other folds. A model is anything with fit(Dataset) and score(Dataset).
// With labels, folds have the classes in proportion. All models see the same folds for the same seed.
template <class M, class Host = _::this_host>
std::vector<double> cross_validate(const M& model, const Dataset& data, int folds, seed s) {
    std::vector<double> scores;
    for (const Split& part : data.has_labels() ? k_fold_stratified<Host>(data, folds, s) : k_fold<Host>(data, folds, s)) {
        M one = model;
        one.fit(part.train);
        scores.push_back(one.score(part.test));
    }
    return scores;
}

template <class M>
struct GridSearch {
    std::vector<double> scores;  // of each candidate, the mean over folds
    std::size_t best = 0;        // its number; of equal ones, the first
    M model;                     // fitted to all of the data
};

// Cross-validates every candidate and fits the best to all of the data:
//     grid_search(std::vector{Ridge{.alpha = 0.1}, Ridge{.alpha = 1}, Ridge{.alpha = 10}}, data, 5, etta::seed(1))
template <class M, class Host = _::this_host>
GridSearch<M> grid_search(const std::vector<M>& candidates, const Dataset& data, int folds, seed s) {
    if (candidates.empty()) fail("grid_search: there are no candidates");
    GridSearch<M> r{{}, 0, candidates[0]};
    for (const M& m : candidates) {
        double sum = 0;
        for (const double score : cross_validate<M, Host>(m, data, folds, s)) sum += score / folds;
        r.scores.push_back(sum);
        if (sum > r.scores[r.best]) r.best = r.scores.size() - 1;
    }
    r.model = candidates[r.best];
    r.model.fit(data);
    return r;
}

}  // namespace etta
