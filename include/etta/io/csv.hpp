// csv.hpp: reads tables of text, one row per line (RFC 4180: quotes, "" inside quotes, line ends inside quotes), plain or
// gzip. A column is numeric if all its cells are numbers, else categorical. Every error says file:line:column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../core/dtype.hpp"
#include "gzip.hpp"
#include "number.hpp"
#include "sort.hpp"

namespace etta {

enum class csv_header : std::uint8_t {
    automatic,  // present if the first row holds words and no number (a table of words only: say which)
    present,
    absent,
};

// What to do with an empty cell (in quotes or not), or one that holds one of CSVOptions::missing_words without quotes. Of features: a label or target that is missing is
// an error of load_csv's, or its row is left out, but nothing stands for it.
enum class missing : std::uint8_t {
    error,
    nan,       // a number becomes NaN, a word's code -1
    skip_row,  // the whole row is left out; by load_csv, for columns that it uses
    fill,      // a number becomes CSVOptions::fill, a word's code -1
};

struct CSVOptions {
    char separator = ',';
    csv_header header = csv_header::automatic;
    etta::missing missing = etta::missing::error;
    double fill = 0;
    std::vector<std::string> missing_words = {"NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "?"};
    int skip_lines = 0;   // before anything else
    char comment = '\0';  // lines that begin with this character are skipped; '\0': none
};

// A column by its name or by its number: from 0, or from -1 backwards.
struct csv_column_ref {
    std::string name;
    int at = 0;
    bool given = false;
    csv_column_ref() = default;
    csv_column_ref(int number) : at(number), given(true) {}
    csv_column_ref(const char* text) : name(text), given(true) {}
    csv_column_ref(std::string text) : name(static_cast<std::string&&>(text)), given(true) {}
};

struct csv_column {
    std::string name;                    // from the header, else the column's number
    bool numeric = true;
    std::vector<double> values;          // numeric: one per row
    std::vector<std::string> words;      // categorical: the different words, sorted
    std::vector<std::int32_t> codes;     // categorical: one per row, an index into `words`; -1: missing
    std::vector<std::uint32_t> missing;  // the rows whose cell is missing, whatever stands for it in `values`
    std::string not_a_number;            // categorical: where the first cell is that is no number, for error messages
};

// The words that a column may have, in their order.
struct csv_categories {
    csv_column_ref column;
    std::vector<std::string> words;
};

struct csv_table {
    std::string path;
    std::vector<csv_column> columns;
    std::vector<std::uint32_t> lines;  // per row: the line it begins on
    index rows() const { return static_cast<index>(lines.size()); }

    // Of all columns of words: for load_csv, so that the numbers of another table mean the same. A column without a name, or with
    // another's, goes by its number.
    std::vector<csv_categories> categories() const {
        std::vector<csv_categories> all;
        for (std::size_t j = 0; j < columns.size(); ++j) {
            if (columns[j].numeric) continue;
            int same = 0;
            for (const csv_column& c : columns) same += c.name == columns[j].name;
            if (same == 1 && !columns[j].name.empty()) all.push_back({columns[j].name, columns[j].words});
            else all.push_back({static_cast<int>(j), columns[j].words});
        }
        return all;
    }
    // The number of the column that is meant; fails if there is none, or if two have the name.
    template <class Host = _::this_host>
    std::size_t find(const csv_column_ref& ref) const {
        const index n = static_cast<index>(columns.size());
        if (ref.name.empty()) {
            const index i = ref.at < 0 ? ref.at + n : ref.at;
            if (i < 0 || i >= n)
                _::fail_in_file<Host>(path, "no column " + std::to_string(ref.at) + ": there are " + std::to_string(n));
            return static_cast<std::size_t>(i);
        }
        index found = -1;
        for (index i = 0; i < n; ++i)
            if (columns[static_cast<std::size_t>(i)].name == ref.name) {
                if (found >= 0) _::fail_in_file<Host>(path, "two columns are named '" + ref.name + "': say which by its number");
                found = i;
            }
        if (found < 0) {
            std::string names;
            for (index i = 0; i < n && i < 20; ++i) names += (i ? ", " : "") + columns[static_cast<std::size_t>(i)].name;
            _::fail_in_file<Host>(path, "no column '" + ref.name + "'; there are: " + names + (n > 20 ? ", …" : ""));
        }
        return static_cast<std::size_t>(found);
    }
};

namespace _ {

struct csv_cell {
    std::string_view text;  // without the outer quotes; `doubled` quotes still stand twice
    std::uint32_t line = 0, column = 0;
    bool quoted = false, doubled = false;
};

inline std::string csv_unquoted(const csv_cell& cell) {
    std::string s;
    for (std::size_t i = 0; i < cell.text.size(); ++i) {
        s += cell.text[i];
        if (cell.doubled && cell.text[i] == '"') ++i;
    }
    return s;
}

// Walks over a file row by row. Cells are views of the file: nothing is copied.
template <class Host>
struct csv_reader {
    std::string path;
    std::string_view text;
    const CSVOptions& options;
    std::size_t at = 0, line_begin = 0;
    std::uint32_t line = 1;
    bool begins_missing[256] = {};  // whether a word that stands for what is missing begins so: most cells are numbers
    static constexpr std::size_t max_columns = std::size_t{1} << 20;

    csv_reader(const std::string& p, std::span<const std::byte> bytes, const CSVOptions& o)
        : path(p), text(reinterpret_cast<const char*>(bytes.data()), bytes.size()), options(o) {
        if (text.substr(0, 3) == "\xEF\xBB\xBF") at = line_begin = 3;  // a byte-order mark
        for (int i = 0; i < options.skip_lines && at < text.size(); ++i) skip_line();
        for (const std::string& word : options.missing_words)
            if (!word.empty()) begins_missing[static_cast<unsigned char>(word[0])] = true;
    }

    std::string place(std::uint32_t l, std::size_t c) const { return path + ":" + std::to_string(l) + ":" + std::to_string(c); }
    [[noreturn]] void stop(std::uint32_t l, std::size_t c, const std::string& what) const { fail(place(l, c) + ": " + what); }

    bool at_line_end() const { return at == text.size() || text[at] == '\n' || text[at] == '\r'; }
    void take_line_end() {
        if (at < text.size() && text[at] == '\r') ++at;  // \n, \r\n or \r
        if (at < text.size() && text[at] == '\n') ++at;
        ++line;
        line_begin = at;
    }
    void skip_line() {
        while (!at_line_end()) ++at;
        take_line_end();
    }

    // The next row that is neither blank nor a comment; false at the end.
    bool next(std::vector<csv_cell>& row) {
        row.clear();
        for (;; skip_line()) {
            if (at == text.size()) return false;
            if (options.comment != '\0' && text[at] == options.comment) continue;
            std::size_t i = at;
            while (i < text.size() && (text[i] == ' ' || (text[i] == '\t' && options.separator != '\t'))) ++i;
            if (i < text.size() && text[i] != '\n' && text[i] != '\r') break;
        }
        for (;;) {
            if (row.size() == max_columns) stop(line, at - line_begin + 1, "more than " + std::to_string(max_columns) + " columns");
            row.push_back(cell());
            if (at_line_end()) break;
            ++at;  // the separator
        }
        if (at < text.size()) take_line_end();
        return true;
    }

    csv_cell cell() {
        const auto blank = [&](char c) { return c == ' ' || (c == '\t' && options.separator != '\t'); };
        while (at < text.size() && blank(text[at])) ++at;
        csv_cell c;
        c.line = line;
        c.column = static_cast<std::uint32_t>(at - line_begin + 1);
        const std::size_t begin = at;
        if (at < text.size() && text[at] == '"') {
            c.quoted = true;
            for (++at;; ++at) {
                if (at == text.size()) stop(c.line, c.column, "this quote is never closed");
                if (text[at] == '"') {
                    if (at + 1 == text.size() || text[at + 1] != '"') break;
                    c.doubled = true;
                    ++at;
                } else if (text[at] == '\n' || (text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n'))) {
                    ++line;
                    line_begin = at + 1;
                }
            }
            c.text = text.substr(begin + 1, at - begin - 1);
            ++at;
            while (at < text.size() && blank(text[at])) ++at;
            if (!at_line_end() && text[at] != options.separator)
                stop(line, at - line_begin + 1, "expected the end of the cell after the closing quote");
            return c;
        }
        while (!at_line_end() && text[at] != options.separator) {
            if (text[at] == '"')
                stop(line, at - line_begin + 1, "a quote inside an unquoted cell (quote the whole cell, and double this quote)");
            ++at;
        }
        std::size_t end = at;
        while (end > begin && blank(text[end - 1])) --end;
        c.text = text.substr(begin, end - begin);
        return c;
    }

    bool is_missing(const csv_cell& c) const {
        if (c.text.empty()) return true;
        if (c.quoted || !begins_missing[static_cast<unsigned char>(c.text[0])]) return false;
        for (const std::string& word : options.missing_words)
            if (c.text == word) return true;
        return false;
    }
    bool is_number(const csv_cell& c) const {
        double ignored;
        return parse_number<Host>(c.text, ignored) != number_status::not_a_number;
    }
};

// Categories: the different words in order, and each row's index among them.
template <class Host>
void csv_encode(csv_column& column, const std::vector<std::string>& cells, const std::vector<bool>& absent) {
    std::vector<std::string> words;
    words.reserve(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (!absent[i]) words.push_back(cells[i]);
    const auto less = [](const std::string& a, const std::string& b) { return a < b; };
    sort(words.data(), words.size(), less);
    for (std::string& word : words)
        if (column.words.empty() || column.words.back() != word) column.words.push_back(static_cast<std::string&&>(word));
    column.codes.reserve(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i)
        column.codes.push_back(
            absent[i] ? -1
                      : static_cast<std::int32_t>(lower_bound(column.words.data(), column.words.size(), cells[i], less)));
}

// read_csv, of which which(table) says whose gaps leave out a row with skip_row: a bool for each column, told when these have their names.
template <class Host, class F>
csv_table csv_read(const std::string& path, const CSVOptions& options, F which) {
    const file_bytes file = read_file_or_gzip<Host>(path);
    csv_table table;
    table.path = path;
    if (options.separator == '"' || options.separator == '\n' || options.separator == '\r')
        fail_in_file<Host>(path, "the separator cannot be a quote or a line end");

    csv_reader<Host> reader(path, file, options);
    std::vector<csv_cell> row;
    if (!reader.next(row)) fail_in_file<Host>(path, "no rows");
    bool words = false, numbers = false;
    for (const csv_cell& cell : row) {
        if (reader.is_number(cell)) numbers = true;
        else if (!reader.is_missing(cell)) words = true;
    }
    const bool header = options.header == csv_header::present || (options.header == csv_header::automatic && words && !numbers);
    const std::size_t width = row.size();
    table.columns.resize(width);
    for (std::size_t j = 0; j < width; ++j) table.columns[j].name = header ? csv_unquoted(row[j]) : std::to_string(j);
    if (header && !reader.next(row)) row.clear();
    const std::vector<bool> decides = which(table);
    const csv_reader<Host> first_row_done = reader;  // the state after the first row of data
    const std::vector<csv_cell> first_row = row;

    const auto describe = [&](std::size_t j) { return "column '" + table.columns[j].name + "'"; };
    // Numbers as they come. A column whose cell is no number becomes categorical, and is read again below.
    bool again = false;
    for (bool more = !row.empty(); more; more = reader.next(row)) {
        if (row.size() != width)
            reader.stop(row[0].line, 1, "expected " + std::to_string(width) + " cells, found " + std::to_string(row.size()));
        bool skip = false;
        for (std::size_t j = 0; j < width; ++j) {
            if (!reader.is_missing(row[j])) continue;
            if (options.missing == missing::error)
                reader.stop(row[j].line, row[j].column,
                            describe(j) + ": the value is missing (" +
                                (row[j].text.empty() ? "empty" : "'" + std::string(row[j].text) + "'") +
                                "); CSVOptions::missing says what to do with such cells");
            skip = skip || (options.missing == missing::skip_row && decides[j]);
        }
        if (skip) continue;
        table.lines.push_back(row[0].line);
        for (std::size_t j = 0; j < width; ++j) {
            csv_column& column = table.columns[j];
            if (reader.is_missing(row[j])) column.missing.push_back(static_cast<std::uint32_t>(table.lines.size() - 1));
            if (!column.numeric) continue;
            double x = options.missing == missing::fill ? options.fill : __builtin_nan("");
            if (!reader.is_missing(row[j])) {
                const number_status status = parse_number<Host>(row[j].text, x);
                if (status == number_status::out_of_range)
                    reader.stop(row[j].line, row[j].column,
                                describe(j) + ": '" + std::string(row[j].text) + "' does not fit in a double");
                if (status == number_status::not_a_number) {
                    column.numeric = false;
                    column.values = {};
                    column.not_a_number = reader.place(row[j].line, row[j].column) + ": " + describe(j) + ": '" +
                                          std::string(row[j].text.substr(0, 40)) + "' is not a number";
                    again = true;
                    continue;
                }
            }
            column.values.push_back(x);
        }
    }
    if (!again) return table;

    std::vector<std::vector<std::string>> cells(width);
    std::vector<std::vector<bool>> absent(width);
    csv_reader<Host> second = first_row_done;
    row = first_row;
    for (bool more = true; more; more = second.next(row)) {
        bool skip = false;
        for (std::size_t j = 0; j < width && options.missing == missing::skip_row; ++j) skip = skip || (decides[j] && second.is_missing(row[j]));
        if (skip) continue;
        for (std::size_t j = 0; j < width; ++j) {
            if (table.columns[j].numeric) continue;
            cells[j].push_back(csv_unquoted(row[j]));
            absent[j].push_back(second.is_missing(row[j]));
        }
    }
    for (std::size_t j = 0; j < width; ++j)
        if (!table.columns[j].numeric) csv_encode<Host>(table.columns[j], cells[j], absent[j]);
    return table;
}

}  // namespace _

// Reads a whole table. Memory: 8 bytes per number and the file itself, while reading.
template <class Host = _::this_host>
csv_table read_csv(const std::string& path, const CSVOptions& options = {}) {
    return _::csv_read<Host>(path, options, [](const csv_table& table) { return std::vector<bool>(table.columns.size(), true); });
}

}  // namespace etta
