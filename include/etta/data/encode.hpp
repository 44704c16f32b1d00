// encode.hpp: words as numbers: labels (LabelEncoder), columns of words as zeros and ones (OneHotEncoder), labels as targets. The
// order is fitted once and kept, so that a test set, or tomorrow's input, gets the same numbers.
#pragma once

#include <string_view>

#include "../io/sort.hpp"
#include "dataset.hpp"

namespace etta {

// Words in ascending order (byte by byte), numbered from 0.
class LabelEncoder {
  public:
    LabelEncoder() = default;
    template <class Host = _::this_host>
    LabelEncoder& fit(std::span<const std::string> words) {
        std::vector<std::string> all(words.begin(), words.end());
        _::sort(all.data(), all.size(), [](const std::string& a, const std::string& b) { return a < b; });
        classes_.clear();
        for (std::string& w : all)
            if (classes_.empty() || classes_.back() != w) classes_.push_back(static_cast<std::string&&>(w));
        return *this;
    }
    // A word's number; -1 where it was not among those fitted.
    std::int32_t find(std::string_view word) const {
        const std::size_t i = _::lower_bound(classes_.data(), classes_.size(), word, [](const std::string& a, std::string_view b) { return a < b; });
        return i < classes_.size() && classes_[i] == word ? static_cast<std::int32_t>(i) : -1;
    }
    // Fails at a word that was not among those fitted, and says where.
    template <class Host = _::this_host>
    std::vector<std::int32_t> transform(std::span<const std::string> words) const {
        std::vector<std::int32_t> ids;
        ids.reserve(words.size());
        for (const std::string& w : words) {
            ids.push_back(find(w));
            if (ids.back() < 0)
                fail("'" + w + "' at place " + std::to_string(ids.size() - 1) + " is none of the " + std::to_string(classes_.size()) +
                     " classes fitted");
        }
        return ids;
    }
    template <class Host = _::this_host>
    std::vector<std::string> inverse_transform(std::span<const std::int32_t> ids) const {
        std::vector<std::string> words;
        words.reserve(ids.size());
        for (const std::int32_t i : ids) {
            if (i < 0 || i >= size()) fail("class " + std::to_string(i) + " at place " + std::to_string(words.size()) + " of " + std::to_string(size()));
            words.push_back(classes_[static_cast<std::size_t>(i)]);
        }
        return words;
    }
    int size() const { return static_cast<int>(classes_.size()); }
    const std::vector<std::string>& classes() const { return classes_; }  // Dataset::from's class_names

  private:
    std::vector<std::string> classes_;
};

// Rows of `columns` words as rows of zeros and ones: a column of k different words becomes k numbers, in the words' order.
class OneHotEncoder {
  public:
    bool ignore_unknown = false;  // a word that was not fitted: all zeros; else an error
    bool drop_first = false;      // k - 1 numbers, the first word being all zeros: for linear models without a penalty

    template <class Host = _::this_host>
    OneHotEncoder& fit(std::span<const std::string> words, index columns) {
        const std::size_t rows = check<Host>(words, columns);
        columns_.assign(static_cast<std::size_t>(columns), {});
        std::vector<std::string> column(rows);
        for (std::size_t j = 0; j < columns_.size(); ++j) {
            for (std::size_t i = 0; i < rows; ++i) column[i] = words[i * columns_.size() + j];
            columns_[j].fit<Host>(column);
        }
        return *this;
    }
    // Numbers per row.
    index width() const {
        index n = 0;
        for (const LabelEncoder& c : columns_) n += c.size() - (drop_first ? 1 : 0);
        return n;
    }
    template <class Host = _::this_host>
    std::vector<double> transform(std::span<const std::string> words) const {
        const std::size_t rows = check<Host>(words, static_cast<index>(columns_.size())), n = static_cast<std::size_t>(width());
        std::vector<double> x(rows * n);
        for (std::size_t i = 0; i < rows; ++i) {
            std::size_t at = i * n;
            for (std::size_t j = 0; j < columns_.size(); ++j) {
                const std::string& w = words[i * columns_.size() + j];
                const int id = columns_[j].find(w), first = drop_first ? 1 : 0;
                if (id < 0 && !ignore_unknown)
                    fail("'" + w + "' in row " + std::to_string(i) + ", column " + std::to_string(j) +
                         ", was not there when the encoder was fitted");
                if (id >= first) x[at + static_cast<std::size_t>(id - first)] = 1;
                at += static_cast<std::size_t>(columns_[j].size() - first);
            }
        }
        return x;
    }
    const std::vector<LabelEncoder>& columns() const { return columns_; }

  private:
    template <class Host>
    static std::size_t check(std::span<const std::string> words, index columns) {
        if (columns < 1) fail(columns == 0 ? std::string("this encoder was not fitted") : std::to_string(columns) + " columns");
        if (words.empty() || words.size() % static_cast<std::size_t>(columns) != 0)
            fail(std::to_string(words.size()) + " words are not a whole number of rows of " + std::to_string(columns));
        return words.size() / static_cast<std::size_t>(columns);
    }
    std::vector<LabelEncoder> columns_;
};

// The same samples with targets instead of labels: Dataset::one_hot. For losses of numbers (SoftCrossEntropy, MSE).
template <class Host = _::this_host>
Dataset one_hot_targets(const Dataset& data, double smoothing = 0) {
    return data.one_hot<Host>(smoothing);
}

}  // namespace etta
