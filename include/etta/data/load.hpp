// load.hpp: files as data sets: images and labels in IDX files (MNIST and its successors), tables in CSV files.
#pragma once

#include "../io/csv.hpp"
#include "../io/idx.hpp"
#include "dataset.hpp"

namespace etta {

namespace _ {

template <class Host>
std::vector<std::int32_t> idx_labels(const idx_array& a, const std::string& path, int classes) {
    if (!one_each(a.extents)) fail_in_file<Host>(path, "labels have rank 1, these have " + std::to_string(a.extents.size()));
    std::vector<std::int32_t> labels(static_cast<std::size_t>(a.count));
    const auto element = static_cast<std::size_t>(size_of(a.type));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::byte* p = a.data() + i * element;
        std::int16_t x16;
        std::int8_t x8;
        switch (a.type) {
            case dtype::u8: labels[i] = static_cast<std::int32_t>(*p); break;
            case dtype::i8: std::memcpy(&x8, p, 1), labels[i] = x8; break;
            case dtype::i16: std::memcpy(&x16, p, 2), labels[i] = x16; break;
            case dtype::i32: std::memcpy(&labels[i], p, 4); break;
            default: fail_in_file<Host>(path, "labels are integers, these are " + std::string(name_of(a.type)));
        }
        if (labels[i] < 0 || (classes > 0 && labels[i] >= classes))
            fail_in_file<Host>(path, "sample " + std::to_string(i) + " has label " + std::to_string(labels[i]) + ", expected " +
                                         (classes > 0 ? "0 .. " + std::to_string(classes - 1) : std::string("0 or more")));
    }
    return labels;
}

template <class T>
samples idx_numbers(const idx_array& a) {
    std::vector<T> x(static_cast<std::size_t>(a.count));
    if (!x.empty()) std::memcpy(x.data(), a.data(), x.size() * sizeof(T));
    return samples(static_cast<std::vector<T>&&>(x));
}

template <class Host>
samples idx_samples(idx_array&& a, const std::string& path, dims& shape) {
    const auto rank = a.extents.size();
    if (rank < 1 || rank > dims::max + 1)
        fail_in_file<Host>(path, "samples have rank 1 to " + std::to_string(dims::max + 1) + ", these have " + std::to_string(rank));
    shape = dims(std::span<const index>(a.extents).subspan(1));
    if (!shape.valid()) fail_in_file<Host>(path, "no sample has shape " + shape.text());
    switch (a.type) {
        case dtype::u8: return samples(static_cast<file_bytes&&>(a.file), a.offset);  // no copy
        case dtype::f32: return idx_numbers<float>(a);
        case dtype::f64: return idx_numbers<double>(a);
        default: fail_in_file<Host>(path, "samples are uint8, float or double, these are " + std::string(name_of(a.type)));
    }
}

}  // namespace _

// Samples without labels: the first extent counts them.
template <class Host = _::this_host>
Dataset load_idx(const std::string& path) {
    dims shape;
    samples x = _::idx_samples<Host>(read_idx<Host>(path), path, shape);
    return Dataset::from<Host>(static_cast<samples&&>(x), shape);
}

// Samples and their labels, plain or gzip: load_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"). Pixels
// stay bytes, 0..255, until a sample is copied; see Dataset::scaled. classes = 0: largest label + 1.
template <class Host = _::this_host>
Dataset load_idx(const std::string& path, const std::string& labels_path, int classes = 0) {
    idx_array a = read_idx<Host>(path);
    std::vector<std::int32_t> labels = _::idx_labels<Host>(read_idx<Host>(labels_path), labels_path, classes);
    if (!a.extents.empty() && a.extents[0] != static_cast<index>(labels.size()))
        _::fail_in_file<Host>(path, std::to_string(a.extents[0]) + " samples, and " + std::to_string(labels.size()) +
                                        " labels in '" + labels_path + "'");
    dims shape;
    samples x = _::idx_samples<Host>(static_cast<idx_array&&>(a), path, shape);
    return Dataset::from<Host>(static_cast<samples&&>(x), shape, static_cast<std::vector<std::int32_t>&&>(labels), classes);
}

// Which columns of a table are what. Columns are given by name or by number, -1 being the last.
struct CSVDataOptions {
    csv_column_ref label = {};                   // a class: words (sorted, or in the order of `classes`), or integers from 0
    std::vector<csv_column_ref> targets = {};    // or numbers to predict
    std::vector<csv_column_ref> features = {};   // x; none given: all other columns
    std::vector<csv_column_ref> ignore = {};     // columns to leave out of x
    std::vector<std::string> classes = {};       // the classes' names, where a file might lack some of them
    bool one_hot = false;                        // a column of words becomes one 0 or 1 for each word; else it is an error
    // The same, for words that are given: those of the training part, read_csv(path).categories(), so that the columns of all parts mean
    // the same. They name every column of words among the features; those of the label are its classes; of other columns, and of columns
    // that this table does not have, they are not needed. A word that is none of them is an error, or all zeros.
    std::vector<csv_categories> categories = {};
    bool ignore_unknown = false;
    bool skip_unlabelled = false;                // rows without their label or one of their targets are left out; else they are an error.
                                                 // (Words that only such rows have stay columns of zeros.)
    CSVOptions csv = {};                        // separator, header, missing values
};

namespace _ {

// What is to be learnt is never made up, whatever stands for features that are missing.
template <class Host>
void check_none_missing(const csv_table& table, const csv_column& column, const char* what) {
    if (!column.missing.empty())
        fail(table.path + ":" + std::to_string(table.lines[column.missing[0]]) + ": " + what + " '" + column.name +
             "' is missing (CSVDataOptions::skip_unlabelled leaves such rows out)");
}
// Leaves out the rows in which one of these columns is missing.
template <class Host>
void skip_rows_without(csv_table& table, const std::vector<std::size_t>& columns) {
    std::vector<bool> out(table.lines.size());
    for (const std::size_t j : columns)
        for (const std::uint32_t row : table.columns[j].missing) out[row] = true;
    const auto keep = [&](auto& of_rows) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < of_rows.size(); ++i)
            if (!out[i]) of_rows[kept++] = of_rows[i];
        of_rows.resize(kept);
    };
    std::vector<std::uint32_t> place(table.lines.size());  // of a row among those that stay
    for (std::size_t i = 1; i < place.size(); ++i) place[i] = place[i - 1] + !out[i - 1];
    for (csv_column& c : table.columns) {
        keep(c.values), keep(c.codes);
        std::vector<std::uint32_t> missing;
        for (const std::uint32_t row : c.missing)
            if (!out[row]) missing.push_back(place[row]);
        c.missing = static_cast<std::vector<std::uint32_t>&&>(missing);
    }
    keep(table.lines);
}

template <class Host>
std::vector<std::int32_t> csv_labels(const csv_table& table, const csv_column& column, std::vector<std::string>& classes) {
    const auto place = [&](std::size_t i) { return table.path + ":" + std::to_string(table.lines[i]) + ": label '" + column.name + "'"; };
    check_none_missing<Host>(table, column, "label");
    std::vector<std::int32_t> labels(table.lines.size());
    if (column.numeric && classes.empty()) {
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const double x = column.values[i];
            if (!(x >= 0 && x < 1e6) || x != static_cast<double>(static_cast<std::int32_t>(x)))
                fail(place(i) + ": " + std::to_string(x) + " is no class: expected an integer, 0 or more, or words");
            labels[i] = static_cast<std::int32_t>(x);
        }
        return labels;
    }
    // Numbers with given names: compared as numbers, so that "1" and "1.0" are the same class.
    std::vector<double> numbers(classes.size());
    if (column.numeric)
        for (std::size_t c = 0; c < classes.size(); ++c)
            if (parse_number<Host>(classes[c], numbers[c]) != number_status::ok)
                fail_in_file<Host>(table.path, "label '" + column.name + "' has numbers, and class '" + classes[c] + "' is none");
    if (classes.empty()) classes = column.words;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        labels[i] = -1;
        for (std::size_t c = 0; c < classes.size() && labels[i] < 0; ++c)
            if (column.numeric ? column.values[i] == numbers[c]
                               : column.words[static_cast<std::size_t>(column.codes[i])] == classes[c])
                labels[i] = static_cast<std::int32_t>(c);
        if (labels[i] < 0)
            fail(place(i) + ": '" +
                 (column.numeric ? std::to_string(column.values[i]) : column.words[static_cast<std::size_t>(column.codes[i])]) +
                 "' is none of the " + std::to_string(classes.size()) + " classes given");
    }
    return labels;
}

// The words given for a column; none: null.
template <class Host>
const std::vector<std::string>* csv_words_given(const csv_table& table, std::size_t j, const std::vector<csv_categories>& all) {
    const std::vector<std::string>* words = nullptr;
    for (const csv_categories& c : all) {
        if (c.column.name.empty() ? table.find<Host>(c.column) != j : c.column.name != table.columns[j].name) continue;
        const std::string column = "column '" + table.columns[j].name + "'";
        if (words != nullptr) fail_in_file<Host>(table.path, column + " has categories twice");
        if (c.words.empty()) fail_in_file<Host>(table.path, column + " has no category");
        words = &c.words;
    }
    return words;
}

// Row by row, which of these words a cell is; -1: it is missing, or unknown and to be ignored.
template <class Host>
std::vector<std::int32_t> csv_codes(const csv_table& table, const csv_column& column, const std::vector<std::string>& words, bool ignore_unknown) {
    struct numbered {
        std::string word;
        std::int32_t code;
    };
    std::vector<numbered> sorted;
    for (const std::string& w : words) sorted.push_back({w, static_cast<std::int32_t>(sorted.size())});
    sort(sorted.data(), sorted.size(), [](const numbered& a, const numbered& b) { return a.word < b.word; });
    for (std::size_t k = 1; k < sorted.size(); ++k)
        if (sorted[k].word == sorted[k - 1].word)
            fail_in_file<Host>(table.path, "column '" + column.name + "' has category '" + sorted[k].word + "' twice");
    std::vector<std::int32_t> of_word;  // a column of words: what becomes of its codes
    for (const std::string& w : column.words) {
        const std::size_t k = lower_bound(sorted.data(), sorted.size(), w, [](const numbered& a, const std::string& b) { return a.word < b; });
        of_word.push_back(k < sorted.size() && sorted[k].word == w ? sorted[k].code : -1);
    }
    std::vector<double> numbers(column.numeric ? words.size() : 0);  // else: the words as numbers
    for (std::size_t k = 0; k < numbers.size(); ++k)
        if (parse_number<Host>(words[k], numbers[k]) != number_status::ok) numbers[k] = __builtin_nan("");

    std::vector<std::int32_t> codes(table.lines.size(), -1);
    std::size_t missing = 0;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (missing < column.missing.size() && column.missing[missing] == i) {
            ++missing;
            continue;
        }
        if (!column.numeric) codes[i] = of_word[static_cast<std::size_t>(column.codes[i])];
        for (std::size_t k = 0; k < numbers.size() && codes[i] < 0; ++k)
            if (numbers[k] == column.values[i]) codes[i] = static_cast<std::int32_t>(k);
        if (codes[i] < 0 && !ignore_unknown) {
            char number[32];
            if (column.numeric) std::snprintf(number, sizeof number, "%.9g", column.values[i]);
            fail(table.path + ":" + std::to_string(table.lines[i]) + ": column '" + column.name + "': '" +
                 (column.numeric ? std::string(number) : column.words[static_cast<std::size_t>(column.codes[i])]) + "' is none of the " +
                 std::to_string(words.size()) + " categories given (with ignore_unknown, all zeros)");
        }
    }
    return codes;
}

inline constexpr std::size_t max_one_hot = 1000;  // so that a table of n rows does not become n times n numbers

template <class Host>
const csv_column& csv_numbers(const csv_table& table, std::size_t j, const char* hint) {
    if (!table.columns[j].numeric) fail(table.columns[j].not_a_number + hint);
    return table.columns[j];
}

}  // namespace _

// A table as a data set, x of shape {number of features}, stored as double:
//     load_csv("iris.csv", {.label = "species"})        load_csv("wine.csv", {.targets = {"quality"}, .ignore = {"id"}})
template <class Host = _::this_host>
Dataset load_csv(const std::string& path, const CSVDataOptions& options = {}) {
    using namespace _;
    const bool refuse = options.csv.missing == missing::error;  // but not in columns that are of no interest, nor in rows that are left out
    CSVOptions how = options.csv;
    if (refuse) how.missing = missing::nan;
    std::vector<std::size_t> targets, features;
    std::size_t label = 0;
    csv_table table = csv_read<Host>(path, how, [&](const csv_table& table) {  // gaps in columns that are of no interest leave out no row
        const std::size_t width = table.columns.size();
        if (options.label.given && !options.targets.empty()) fail_in_file<Host>(path, "either a label or targets, not both");
        std::vector<bool> used(width), counts(width);
        if (options.label.given) used[label = table.find<Host>(options.label)] = true;
        for (const csv_column_ref& ref : options.targets) used[targets.emplace_back(table.find<Host>(ref))] = true;
        counts = used;
        for (const csv_column_ref& ref : options.ignore) used[table.find<Host>(ref)] = true;
        for (const csv_column_ref& ref : options.features) {
            const std::size_t j = table.find<Host>(ref);
            if (used[j]) fail_in_file<Host>(path, "column '" + table.columns[j].name + "' is a feature and something else too");
            features.push_back(j);
        }
        if (options.features.empty())
            for (std::size_t j = 0; j < width; ++j)
                if (!used[j]) features.push_back(j);
        for (const std::size_t j : features) counts[j] = true;
        return counts;
    });

    if (options.skip_unlabelled) {
        std::vector<std::size_t> learnt = targets;
        if (options.label.given) learnt.push_back(label);
        skip_rows_without<Host>(table, learnt);
    }
    const std::size_t rows = table.lines.size();
    for (const std::size_t j : features)
        if (const csv_column& column = table.columns[j]; refuse && !column.missing.empty())
            fail(path + ":" + std::to_string(table.lines[column.missing[0]]) + ": column '" + column.name + "': the value is missing; CSVOptions::missing says what to do with such cells");

    std::size_t count = 0;
    std::vector<const std::vector<std::string>*> words;  // of each feature; of numbers: null
    for (const std::size_t j : features) {
        const csv_column& column = table.columns[j];
        const std::vector<std::string>* w = csv_words_given<Host>(table, j, options.categories);
        if (w == nullptr && !column.numeric) {
            if (!options.categories.empty()) csv_numbers<Host>(table, j, ", and CSVDataOptions::categories has none for this column");
            if (!options.one_hot) csv_numbers<Host>(table, j, " (CSVDataOptions: ignore it, or set one_hot)");
            w = &column.words;
        }
        if (w != nullptr && w->size() > max_one_hot)
            fail_in_file<Host>(path, "column '" + column.name + "' has " + std::to_string(w->size()) + " different words, at most " +
                                         std::to_string(max_one_hot) + " become features: ignore it");
        words.push_back(w);
        count += w == nullptr ? 1 : w->size();
    }
    if (count == 0) fail_in_file<Host>(path, "no columns are left for the features");

    std::vector<double> x(rows * count);
    std::size_t at = 0;
    for (std::size_t f = 0; f < features.size(); ++f) {
        const csv_column& column = table.columns[features[f]];
        if (words[f] == nullptr) {
            for (std::size_t i = 0; i < rows; ++i) x[i * count + at] = column.values[i];
            ++at;
            continue;
        }
        const std::vector<std::int32_t> codes = words[f] == &column.words ? column.codes : csv_codes<Host>(table, column, *words[f], options.ignore_unknown);
        for (std::size_t i = 0; i < rows; ++i)
            if (codes[i] >= 0) x[i * count + at + static_cast<std::size_t>(codes[i])] = 1;
        at += words[f]->size();
    }
    const dims shape{static_cast<index>(count)};
    if (options.label.given) {
        std::vector<std::string> classes = options.classes;
        if (const auto* given = csv_words_given<Host>(table, label, options.categories); given != nullptr && classes.empty()) classes = *given;
        std::vector<std::int32_t> labels = csv_labels<Host>(table, table.columns[label], classes);
        const int n = static_cast<int>(classes.size());
        return Dataset::from<Host>(static_cast<std::vector<double>&&>(x), shape, static_cast<std::vector<std::int32_t>&&>(labels),
                                   n, static_cast<std::vector<std::string>&&>(classes));
    }
    if (targets.empty()) return Dataset::from<Host>(static_cast<std::vector<double>&&>(x), shape);
    std::vector<double> y(rows * targets.size());
    for (std::size_t k = 0; k < targets.size(); ++k) {
        const csv_column& column = csv_numbers<Host>(table, targets[k], " (a target must be)");
        check_none_missing<Host>(table, column, "target");
        for (std::size_t i = 0; i < rows; ++i) y[i * targets.size() + k] = column.values[i];
    }
    const dims y_shape = targets.size() == 1 ? dims() : dims{static_cast<index>(targets.size())};
    return Dataset::from<Host>(static_cast<std::vector<double>&&>(x), shape, static_cast<std::vector<double>&&>(y), y_shape);
}

}  // namespace etta
