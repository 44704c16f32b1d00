// split.hpp: parts of a data set for training and testing. The parts are views; the same seed gives the same parts.
#pragma once

#include "dataset.hpp"

namespace etta {

// auto [train, test] = etta::split(…)
struct Split {
    Dataset train, test;
};

namespace _ {

inline index share_of(index n, double fraction) {  // rounded to nearest
    return static_cast<index>(fraction * static_cast<double>(n) + 0.5);
}
template <class Host>
void check_fraction(double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) fail("split: the fraction is " + std::to_string(fraction) + ", expected 0 .. 1");
}

}  // namespace _

// A random `fraction` of the samples, rounded to nearest, and the rest.
template <class Host = _::this_host>
Split split(const Dataset& data, double fraction, seed s) {
    _::check_fraction<Host>(fraction);
    const Dataset mixed = data.shuffled<Host>(s);
    const index first = _::share_of(data.size(), fraction);
    return {mixed.slice<Host>(0, first), mixed.slice<Host>(first, data.size())};
}

// The same with each class divided on its own, so that both parts have the classes in the whole's proportions. Needs labels.
template <class Host = _::this_host>
Split split_stratified(const Dataset& data, double fraction, seed s) {
    _::check_fraction<Host>(fraction);
    std::vector<std::vector<index>> members(static_cast<std::size_t>(data.classes()));
    for (index i = 0; i < data.size(); ++i) members[static_cast<std::size_t>(data.label<Host>(i))].push_back(i);
    if (!data.has_labels()) fail("split_stratified: this data set has no labels");
    std::vector<index> train, test;
    for (std::size_t c = 0; c < members.size(); ++c) {
        shuffle(members[c], s, c + 1);
        const auto first = static_cast<std::size_t>(_::share_of(static_cast<index>(members[c].size()), fraction));
        for (std::size_t i = 0; i < members[c].size(); ++i) (i < first ? train : test).push_back(members[c][i]);
    }
    // Not class after class: a loader without its own shuffle would show one class at a time.
    shuffle(train, s, 0);
    shuffle(test, s, 0);
    return {data.subset<Host>(train), data.subset<Host>(test)};
}

// k-fold cross-validation: k splits, each sample in exactly one of the test parts; their sizes differ by at most one.
template <class Host = _::this_host>
std::vector<Split> k_fold(const Dataset& data, int k, seed s) {
    if (k < 2 || k > data.size())
        fail("k_fold: " + std::to_string(k) + " folds of " + std::to_string(data.size()) + " samples");
    std::vector<index> order(static_cast<std::size_t>(data.size()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<index>(i);
    shuffle(order, s);
    std::vector<Split> folds;
    for (int fold = 0; fold < k; ++fold) {
        const index begin = data.size() * fold / k, end = data.size() * (fold + 1) / k;
        std::vector<index> train;
        train.reserve(order.size());
        for (index i = 0; i < data.size(); ++i)
            if (i < begin || i >= end) train.push_back(order[static_cast<std::size_t>(i)]);
        folds.push_back({data.subset<Host>(train),
                         data.subset<Host>({order.data() + begin, static_cast<std::size_t>(end - begin)})});
    }
    return folds;
}

}  // namespace etta
