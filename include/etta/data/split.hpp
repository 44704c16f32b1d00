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

namespace _ {

// Sample order[i] is tested in fold fold_of(i), and trained with in all others.
template <class Host, class F>
std::vector<Split> folds(const Dataset& data, int k, const std::vector<index>& order, F fold_of) {
    std::vector<Split> parts;
    for (int fold = 0; fold < k; ++fold) {
        std::vector<index> train, test;
        train.reserve(order.size());
        for (std::size_t i = 0; i < order.size(); ++i) (fold_of(static_cast<index>(i)) == fold ? test : train).push_back(order[i]);
        parts.push_back({data.subset<Host>(train), data.subset<Host>(test)});
    }
    return parts;
}
template <class Host>
std::vector<index> order_for_folds(const Dataset& data, int k, seed s, const char* who) {
    if (k < 2 || k > data.size()) fail(std::string(who) + ": " + std::to_string(k) + " folds of " + std::to_string(data.size()) + " samples");
    std::vector<index> order(static_cast<std::size_t>(data.size()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<index>(i);
    shuffle(order, s);
    return order;
}

}  // namespace _

// k-fold cross-validation: k splits, each sample in exactly one of the test parts; their sizes differ by at most one.
template <class Host = _::this_host>
std::vector<Split> k_fold(const Dataset& data, int k, seed s) {
    const std::vector<index> order = _::order_for_folds<Host>(data, k, s, "k_fold");
    return _::folds<Host>(data, k, order, [&](index i) {  // the fold f with size * f / k <= i < size * (f + 1) / k
        return static_cast<int>(((i + 1) * k - 1) / data.size());
    });
}

// The same with each class divided on its own: in the test parts, its counts differ by at most one too. Needs labels, and k samples
// or more of at least one class.
template <class Host = _::this_host>
std::vector<Split> k_fold_stratified(const Dataset& data, int k, seed s) {
    const std::vector<index> mixed = _::order_for_folds<Host>(data, k, s, "k_fold_stratified");
    if (!data.has_labels()) fail("k_fold_stratified: this data set has no labels");
    // Class by class, dealt out to the folds like cards: a sample's card is its place among those of its class, after all classes
    // before it. The parts' order is random.
    std::vector<index> card(static_cast<std::size_t>(data.classes()) + 1);
    for (const index i : mixed) ++card[static_cast<std::size_t>(data.label<Host>(i)) + 1];
    index largest = 0;
    for (std::size_t c = 1; c < card.size(); ++c) {
        if (card[c] > largest) largest = card[c];
        card[c] += card[c - 1];
    }
    if (largest < k) fail("k_fold_stratified: " + std::to_string(k) + " folds, and no class has more than " + std::to_string(largest) + " samples");
    std::vector<int> fold;
    for (const index i : mixed) fold.push_back(static_cast<int>(card[static_cast<std::size_t>(data.label<Host>(i))]++ % k));
    return _::folds<Host>(data, k, mixed, [&](index i) { return fold[static_cast<std::size_t>(i)]; });
}

}  // namespace etta
