// split.hpp: parts of a data set for training and testing. The parts are views; the same seed gives the same parts.
#pragma once

#include <array>

#include "../io/sort.hpp"
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

namespace _ {

// How many of each class: floor or ceil of its share, the classes owed most first, so that the sum is rounded as that of split() is,
// however small the classes are (largest remainders). Of classes owed the same, random ones.
template <class Host>
std::vector<index> stratified_counts(const std::vector<std::vector<index>>& members, index total, double fraction, seed s) {
    struct share {
        std::int64_t owed;  // in 1e-9: 0.29 of 100 are 29
        index place;
        std::size_t of;
    };
    std::vector<index> count, order;
    std::vector<share> owed;
    index left = share_of(total, fraction);
    for (std::size_t c = 0; c < members.size(); ++c) {
        const double exact = fraction * static_cast<double>(members[c].size());
        count.push_back(static_cast<index>(exact + 1e-9)), order.push_back(static_cast<index>(c));
        left -= count[c];
    }
    shuffle(order, s, members.size() + 1);
    for (std::size_t c = 0; c < members.size(); ++c)
        owed.push_back({static_cast<std::int64_t>((fraction * static_cast<double>(members[c].size()) - static_cast<double>(count[c])) * 1e9 + 0.5), order[c], c});
    sort(owed.data(), owed.size(), [](const share& a, const share& b) { return a.owed > b.owed || (a.owed == b.owed && a.place < b.place); });
    for (std::size_t i = 0; i < owed.size() && left > 0 && owed[i].owed > 0; ++i, --left) ++count[owed[i].of];
    return count;
}

}  // namespace _

// The same with each class divided on its own, so that both parts have the classes in the whole's proportions: of every class its share,
// rounded up or down, and of all as many as of split(). Needs labels.
template <class Host = _::this_host>
Split split_stratified(const Dataset& data, double fraction, seed s) {
    _::check_fraction<Host>(fraction);
    std::vector<std::vector<index>> members(static_cast<std::size_t>(data.classes()));
    for (index i = 0; i < data.size(); ++i) members[static_cast<std::size_t>(data.class_of<Host>(i))].push_back(i);
    if (!data.has_labels()) fail("split_stratified: this data set has no labels");
    std::vector<index> train, test;
    const std::vector<index> count = _::stratified_counts<Host>(members, data.size(), fraction, s);
    for (std::size_t c = 0; c < members.size(); ++c) {
        shuffle(members[c], s, c + 1);
        const auto first = static_cast<std::size_t>(count[c]);
        for (std::size_t i = 0; i < members[c].size(); ++i) (i < first ? train : test).push_back(members[c][i]);
    }
    // Not class after class: a loader without its own shuffle would show one class at a time.
    shuffle(train, s, 0);
    shuffle(test, s, 0);
    return {data.subset<Host>(train), data.subset<Host>(test)};
}

namespace _ {

// Fails unless all are more than 0 and their sum 1 at most. They and what is left to 1, which is 0 where rounding alone is.
template <class Host>
std::vector<double> shares_of(std::span<const double> fractions, const char* who) {
    std::vector<double> shares;
    double left = 1;
    for (const double f : fractions) {
        if (!(f > 0 && f <= 1))
            fail(std::string(who) + ": part " + std::to_string(shares.size()) + " is the fraction " + std::to_string(f) + ", expected more than 0 and at most 1");
        shares.push_back(f), left -= f;
    }
    constexpr double rounding = 1e-6;  // of fractions that are floats
    if (left < -rounding) fail(std::string(who) + ": the fractions' sum is " + std::to_string(1 - left) + ", expected 1 at most");
    if (left < rounding) {
        for (double& f : shares) f /= 1 - left;
        left = 0;
    }
    shares.push_back(left);
    return shares;
}
template <class Host>
void check_part(index size, std::size_t k, const Dataset& data, const char* who) {
    if (size == 0) fail(std::string(who) + ": part " + std::to_string(k) + " of " + std::to_string(data.size()) + " samples is empty");
}
// Class after class, each dealt out whole: floor or ceil of its share to each part; one more goes where most is owed, of this class and of
// those before, so that the parts' sizes are in proportion however small the classes are. What the last share gets belongs to no part.
template <class Host>
std::vector<std::vector<index>> stratified(const Dataset& data, const std::vector<double>& shares, seed s) {
    std::vector<std::vector<index>> members(static_cast<std::size_t>(data.classes())), parts(shares.size());
    for (index i = 0; i < data.size(); ++i) members[static_cast<std::size_t>(data.class_of<Host>(i))].push_back(i);
    std::vector<double> owed(shares.size());
    std::vector<index> count(shares.size());
    for (std::size_t c = 0; c < members.size(); ++c) {
        shuffle(members[c], s, c + 1);
        const double n = static_cast<double>(members[c].size());
        index left = static_cast<index>(members[c].size());
        std::vector<bool> whole(shares.size());
        for (std::size_t k = 0; k < shares.size(); ++k) {
            const double exact = shares[k] * n;
            count[k] = static_cast<index>(exact + 1e-12 * n);  // 0.29 of 100 are 29
            whole[k] = exact - static_cast<double>(count[k]) < 1e-12 * n;
            owed[k] += exact - static_cast<double>(count[k]);
            left -= count[k];
        }
        for (; left > 0; --left) {
            std::size_t most = shares.size();
            for (std::size_t k = 0; k < shares.size(); ++k)
                if (!whole[k] && (most == shares.size() || owed[k] > owed[most] + 1e-9)) most = k;
            ++count[most], owed[most] -= 1, whole[most] = true;
        }
        auto at = members[c].begin();
        for (std::size_t k = 0; k < shares.size(); at += count[k++]) parts[k].insert(parts[k].end(), at, at + count[k]);
    }
    for (std::vector<index>& part : parts) shuffle(part, s, 0);
    return parts;
}

}  // namespace _

// Several parts: auto [train, validation, test] = etta::split(data, {0.7, 0.15, 0.15}, seed). Each ends where the sum of the fractions so
// far does, rounded to nearest: of fractions whose sum is 1, every sample is in one part. Of less, the rest is in none. Fails unless all
// fractions are more than 0, their sum is 1 at most, and no part is empty.
template <class Host = _::this_host, std::size_t N>
    requires(N >= 2)
std::array<Dataset, N> split(const Dataset& data, const double (&fractions)[N], seed s) {
    const std::vector<double> shares = _::shares_of<Host>(fractions, "split");
    const Dataset mixed = data.shuffled<Host>(s);
    std::array<Dataset, N> parts;
    double sum = 0;
    index from = 0;
    for (std::size_t k = 0; k < N; ++k) {
        sum += shares[k];
        const index to = k + 1 == N && shares[N] == 0 ? data.size() : _::share_of(data.size(), sum);
        _::check_part<Host>(to - from, k, data, "split");
        parts[k] = mixed.slice<Host>(from, to);
        from = to;
    }
    return parts;
}

// The same with each class divided on its own: of every class, each part has its share, rounded up or down. Needs labels.
template <class Host = _::this_host, std::size_t N>
    requires(N >= 2)
std::array<Dataset, N> split_stratified(const Dataset& data, const double (&fractions)[N], seed s) {
    const std::vector<double> shares = _::shares_of<Host>(fractions, "split_stratified");
    if (!data.has_labels()) fail("split_stratified: this data set has no labels");
    const std::vector<std::vector<index>> which = _::stratified<Host>(data, shares, s);
    std::array<Dataset, N> parts;
    for (std::size_t k = 0; k < N; ++k) {
        _::check_part<Host>(static_cast<index>(which[k].size()), k, data, "split_stratified");
        parts[k] = data.subset<Host>(which[k]);
    }
    return parts;
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
    for (const index i : mixed) ++card[static_cast<std::size_t>(data.class_of<Host>(i)) + 1];
    index largest = 0;
    for (std::size_t c = 1; c < card.size(); ++c) {
        if (card[c] > largest) largest = card[c];
        card[c] += card[c - 1];
    }
    if (largest < k) fail("k_fold_stratified: " + std::to_string(k) + " folds, and no class has more than " + std::to_string(largest) + " samples");
    std::vector<int> fold;
    for (const index i : mixed) fold.push_back(static_cast<int>(card[static_cast<std::size_t>(data.class_of<Host>(i))]++ % k));
    return _::folds<Host>(data, k, mixed, [&](index i) { return fold[static_cast<std::size_t>(i)]; });
}

}  // namespace etta
