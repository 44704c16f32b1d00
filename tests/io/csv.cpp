// CSV files: what is a number, a word, a header, missing; and where an error is.
#include <etta/io/csv.hpp>

#include <cmath>

#include "catch.hpp"
#include "scratch.hpp"

namespace {
etta::csv_table read(const std::string& text, const etta::CSVOptions& options = {}) {
    Scratch scratch;
    return etta::read_csv(scratch.file("t.csv", text), options);
}
using Numbers = std::vector<double>;
using Words = std::vector<std::string>;
using Codes = std::vector<std::int32_t>;
}  // namespace

TEST_CASE("numeric and categorical columns are told apart") {
    const auto t = read("length,species,width\n1.5,setosa,2\n3,virginica,-4e1\n5,setosa,6\n");
    REQUIRE(t.columns.size() == 3);
    CHECK(t.rows() == 3);
    CHECK(t.columns[0].name == "length");
    CHECK(t.columns[0].values == Numbers{1.5, 3, 5});
    CHECK(t.columns[2].values == Numbers{2, -40, 6});
    CHECK_FALSE(t.columns[1].numeric);
    CHECK(t.columns[1].words == Words{"setosa", "virginica"});
    CHECK(t.columns[1].codes == Codes{0, 1, 0});
    CHECK(t.find("width") == 2);
    CHECK(t.find(-1) == 2);
    CHECK(t.find(0) == 0);
}

TEST_CASE("a header is found by itself, or said to be there or not") {
    CHECK(read("1,2\n3,4\n").columns[0].values == Numbers{1, 3});
    CHECK(read("1,2\n3,4\n").columns[1].name == "1");
    CHECK(read("a,b\n3,4\n").columns[0].values == Numbers{3});
    CHECK(read("a,2\n3,4\n").rows() == 2);  // a number in it: a row
    CHECK(read("1,2\n3,4\n", {.header = etta::csv_header::present}).columns[0].name == "1");
    CHECK(read("a,b\nc,d\n", {.header = etta::csv_header::absent}).rows() == 2);
    CHECK(read("a,b\n").rows() == 0);
    CHECK(read("1,2\n3,4", {.header = etta::csv_header::present}).rows() == 1);
}

TEST_CASE("quotes, doubled quotes, separators and line ends inside them follow RFC 4180") {
    const auto t = read("name,x\n\"Smith, \"\"J.\"\"\",1\r\n\"two\nlines\",2\r\n\" \",\"3\"\n");
    CHECK(t.columns[0].words == Words{" ", "Smith, \"J.\"", "two\nlines"});
    CHECK(t.columns[0].codes == Codes{1, 2, 0});
    CHECK(t.columns[1].values == Numbers{1, 2, 3});
    CHECK(t.lines == std::vector<std::uint32_t>{2, 3, 5});
}

TEST_CASE("blanks, blank lines, comments, other separators, line ends and a byte-order mark are taken") {
    CHECK(read("\xEF\xBB\xBF a , b \n 1 , 2 \n\n   \n3,4\n\n").columns[1].values == Numbers{2, 4});
    CHECK(read("\xEF\xBB\xBF a , b \n").columns[0].name == "a");
    CHECK(read("1;2\r\n3;4\r\n", {.separator = ';'}).columns[1].values == Numbers{2, 4});
    CHECK(read("1\t2\r3\t4", {.separator = '\t'}).columns[1].values == Numbers{2, 4});
    CHECK(read("# made by hand\n1,2\n# more\n3,4", {.comment = '#'}).rows() == 2);
    CHECK(read("150,4,setosa\n1,2,0\n3,4,1\n", {.skip_lines = 1}).columns[2].values == Numbers{0, 1});
}

TEST_CASE("missing values are an error, NaN, a left-out row, or a given number") {
    const std::string text = "a,b,c\n1,,x\n2,3,NA\n4,5,y\n";
    CHECK_THROWS_WITH(read(text), says("t.csv:2:3: column 'b': the value is missing (empty)"));
    const auto nan = read(text, {.missing = etta::missing::nan});
    CHECK(std::isnan(nan.columns[1].values[0]));
    CHECK(nan.columns[2].codes == Codes{0, -1, 1});
    const auto skip = read(text, {.missing = etta::missing::skip_row});
    CHECK(skip.columns[1].values == Numbers{5});
    CHECK(skip.columns[2].words == Words{"y"});
    CHECK(skip.lines == std::vector<std::uint32_t>{4});
    const auto fill = read(text, {.missing = etta::missing::fill, .fill = -1});
    CHECK(fill.columns[1].values == Numbers{-1, 3, 5});
    CHECK(read("1,-\n2,3\n", {.missing = etta::missing::skip_row, .missing_words = {"-"}}).rows() == 1);
    // Quotes make a word of what would mean a gap, but nothing stays nothing.
    const auto quoted = read("\"a\",\"b\"\n\"1\",\"x\"\n\"\",\"NA\"\n\"4\",\"\"\n", {.missing = etta::missing::nan});
    REQUIRE(quoted.columns[0].numeric);
    CHECK(std::isnan(quoted.columns[0].values[1]));
    CHECK(quoted.columns[0].missing == std::vector<std::uint32_t>{1});
    CHECK(quoted.columns[1].words == Words{"NA", "x"});
    CHECK(quoted.columns[1].codes == Codes{1, 0, -1});
    CHECK_THROWS_WITH(read("a,b\n1,\"\"\n"), says("t.csv:2:3: column 'b': the value is missing (empty)"));
    for (const std::string word : {"NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "?"}) {
        const auto t = read("1,2\n" + word + ",3\n", {.missing = etta::missing::nan});
        CHECK((t.columns[0].numeric && std::isnan(t.columns[0].values[1]) && t.columns[0].missing.size() == 1));
    }
}

TEST_CASE("errors say file, line and column") {
    CHECK_THROWS_WITH(read("a,b\n1,2\n3\n"), says("t.csv:3:1: expected 2 cells, found 1"));
    CHECK_THROWS_WITH(read("1,2\n3,4,5\n"), says("t.csv:2:1: expected 2 cells, found 3"));
    CHECK_THROWS_WITH(read("1,2\n3,\"4\n5,6\n"), says("t.csv:2:3: this quote is never closed"));
    CHECK_THROWS_WITH(read("1,\"2\"3\n"), says("t.csv:1:6: expected the end of the cell"));
    CHECK_THROWS_WITH(read("1,2\"3\n"), says("t.csv:1:4: a quote inside an unquoted cell"));
    CHECK_THROWS_WITH(read("1,2\n3,1e999\n"), says("t.csv:2:3: column '1': '1e999' does not fit in a double"));
    CHECK_THROWS_WITH(read(""), says("no rows"));
    CHECK_THROWS_WITH(read("\n \n"), says("no rows"));
    CHECK_THROWS_WITH(read("a,b\n1,2\n").find("c"), says("no column 'c'; there are: a, b"));
    CHECK_THROWS_WITH(read("a,a\n1,2\n").find("a"), says("two columns are named 'a'"));
    CHECK_THROWS_WITH(read("1,2\n").find(2), says("no column 2: there are 2"));
    CHECK_THROWS_WITH(read("1,2\n").find(-3), says("no column -3"));
    CHECK(read("1,2\n3,x\n").columns[1].not_a_number.find("t.csv:2:3: column '1': 'x' is not a number") != std::string::npos);
}

TEST_CASE("every beginning of a table is read or refused, never more") {
    const std::string whole = "name,x,\"y \"\"z\"\"\"\r\n\"Smith, J.\",1.5e3,nan\r\n\"two\r\nlines\",-2,4\n";
    // The number of rows, -1 if it is refused.
    const auto rows = [](const std::string& text, etta::missing missing) -> etta::index {
        try {
            return read(text, {.missing = missing, .missing_words = {}}).rows();
        } catch (const etta::Error&) {
            return -1;
        }
    };
    for (const auto missing : {etta::missing::error, etta::missing::nan, etta::missing::skip_row}) {
        CHECK(rows(whole, missing) == 2);
        for (std::size_t n = 0; n < whole.size(); ++n) REQUIRE(rows(whole.substr(0, n), missing) <= 2);
        for (std::size_t i = 0; i < whole.size(); ++i)
            for (const char c : {'\0', '\n', '\r', '"', ',', 'x', '\xff', ' '}) {
                std::string damaged = whole;
                damaged[i] = c;
                REQUIRE(rows(damaged, missing) <= 5);
            }
    }
}

TEST_CASE("one row of a million cells is read, more columns than that are refused") {
    std::string row(999999, ',');
    CHECK(read(row, {.header = etta::csv_header::absent, .missing = etta::missing::fill, .fill = 1}).columns.size() == 1000000);
    row.append(100000, ',');
    CHECK_THROWS_WITH(read(row), says("more than 1048576 columns"));
}
