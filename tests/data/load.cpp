// Files as data sets.
#include <etta/data/load.hpp>

#include "catch.hpp"
#include "scratch.hpp"

namespace {
std::string idx(int type, std::initializer_list<int> extents, const std::string& data) {
    std::string s = {0, 0, char(type), char(extents.size())};
    for (const int e : extents) s += {0, 0, char(e >> 8), char(e)};
    return s + data;
}
std::vector<double> x_of(const etta::Dataset& d, etta::index i) {
    std::vector<double> x(static_cast<std::size_t>(d.x_shape().count()));
    d.copy_x(i, x.data());
    return x;
}
using Numbers = std::vector<double>;
}  // namespace

TEST_CASE("images and labels in IDX files are a data set") {
    Scratch scratch;
    const auto images = scratch.file("images", idx(8, {2, 1, 3}, "abcdef"));
    const auto d = etta::load_idx(images, scratch.file("labels", idx(8, {2}, std::string("\1\0", 2))));
    CHECK(d.size() == 2);
    CHECK(d.x_shape() == etta::dims{1, 3});
    CHECK(d.classes() == 2);
    CHECK(d.label(0) == 1);
    CHECK(x_of(d, 1) == Numbers{'d', 'e', 'f'});
    CHECK(etta::load_idx(images, scratch.path("labels"), 10).classes() == 10);
    CHECK(etta::load_idx(images).size() == 2);
    CHECK_FALSE(etta::load_idx(images).has_labels());

    CHECK_THROWS_WITH(etta::load_idx(images, scratch.file("three", idx(8, {3}, std::string(3, '\0')))), says("2 samples, and 3 labels"));
    CHECK_THROWS_WITH(etta::load_idx(images, images), says("labels have rank 1, these have 3"));
    CHECK_THROWS_WITH(etta::load_idx(images, scratch.file("negative", idx(9, {2}, "\1\xff"))), says("label -1"));
    CHECK_THROWS_WITH(etta::load_idx(images, scratch.path("labels"), 1), says("labels'") && says("sample 0 has label 1, expected 0 .. 0"));
    CHECK_THROWS_WITH(etta::load_idx(images, scratch.file("negative", idx(9, {2}, std::string("\0\xff", 2)))), says("negative'") && says("sample 1 has label -1, expected 0 or more"));
    CHECK_THROWS_AS(etta::load_idx(scratch.file("scalar", idx(8, {}, "x"))), etta::Error);
    CHECK_THROWS_AS(etta::load_idx(scratch.file("empty", idx(8, {2, 0}, ""))), etta::Error);
    CHECK_THROWS_WITH(etta::load_idx(scratch.file("i16", idx(0x0B, {1}, "xx"))), says("these are int16"));
}

TEST_CASE("labels may be any integers, samples also float or double") {
    Scratch scratch;
    const auto f = scratch.file("f", idx(0x0D, {2}, std::string("\x3f\x80\0\0\x40\0\0\0", 8)));
    const auto d = etta::load_idx(f, scratch.file("i32", idx(0x0C, {2}, std::string("\0\0\0\3\0\0\0\1", 8))));
    CHECK(d.x_shape().rank == 0);
    CHECK(x_of(d, 1) == Numbers{2});
    CHECK(d.label(0) == 3);
    CHECK(etta::load_idx(f, scratch.file("i16", idx(0x0B, {2}, std::string("\0\3\0\1", 4)))).label(1) == 1);
    CHECK(etta::load_idx(f, scratch.file("column", idx(0x08, {2, 1}, std::string("\3\1", 2)))).label(0) == 3);
    CHECK_THROWS_WITH(etta::load_idx(f, scratch.file("row", idx(0x08, {1, 2}, std::string("\3\1", 2)))), says("labels have rank 1, these have 2"));
    CHECK_THROWS_WITH(etta::load_idx(f, f), says("labels are integers, these are float"));
}

TEST_CASE("a table with a column of classes is a data set") {
    Scratch scratch;
    const auto iris = scratch.file("iris.csv", "id,length,width,species\n1,5.1,3.5,setosa\n2,7.0,3.2,versicolor\n3,4.9,3.0,setosa\n");
    const auto d = etta::load_csv(iris, {.label = "species", .ignore = {"id"}});
    CHECK(d.size() == 3);
    CHECK(d.x_shape() == etta::dims{2});
    CHECK(x_of(d, 1) == Numbers{7, 3.2});
    CHECK(d.classes() == 2);
    CHECK(d.class_name(d.label(1)) == "versicolor");

    // Given names fix the numbering and say what may occur.
    const auto named = etta::load_csv(iris, {.label = -1, .ignore = {0}, .classes = {"virginica", "versicolor", "setosa"}});
    CHECK(named.classes() == 3);
    CHECK(named.label(0) == 2);
    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = -1, .classes = {"setosa"}}),
                      says("iris.csv:3: label 'species': 'versicolor' is none of the 1 classes given"));

    const auto targets = etta::load_csv(iris, {.targets = {"width", "length"}, .features = {"id"}});
    CHECK(targets.y_shape() == etta::dims{2});
    double y[2];
    targets.copy_y(2, y);
    CHECK((y[0] == 3.0 && y[1] == 4.9));
    CHECK(etta::load_csv(iris, {.targets = {"width"}, .ignore = {"species"}}).y_shape().rank == 0);
    CHECK(etta::load_csv(iris, {.one_hot = true}).x_shape() == etta::dims{5});
    CHECK(x_of(etta::load_csv(iris, {.one_hot = true}), 1) == Numbers{2, 7, 3.2, 0, 1});

    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = "width", .ignore = {"species"}}), says("iris.csv:2: label 'width': 3.5"));
    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = "id"}),
                      says("iris.csv:2:11: column 'species': 'setosa' is not a number (CSVDataOptions: ignore it, or set one_hot)"));
    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = "none"}), says("no column 'none'"));
    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = "species", .features = {"species"}}), says("a feature and something else"));
    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = "species", .targets = {"id"}}), says("not both"));
    CHECK_THROWS_WITH(etta::load_csv(iris, {.label = 0, .ignore = {1, 2, 3}}), says("no columns are left"));
    CHECK_THROWS_WITH(etta::load_csv(iris, {.targets = {"species"}, .features = {"id"}}), says("a target must be"));
}

TEST_CASE("numeric labels are the classes' numbers, or are given names") {
    Scratch scratch;
    const auto wine = scratch.file("wine.csv", "3,0.5\n1,0.25\n");
    CHECK(etta::load_csv(wine, {.label = 0}).classes() == 4);
    const auto d = etta::load_csv(wine, {.label = 0, .classes = {"1.0", "2", "3"}});
    CHECK(d.classes() == 3);
    CHECK(d.label(0) == 2);
    CHECK_THROWS_WITH(etta::load_csv(wine, {.label = 0, .classes = {"one", "3"}}), says("class 'one' is none"));
    CHECK_THROWS_AS(etta::load_csv(wine, {.label = 1}), etta::Error);
}

TEST_CASE("labels and targets that are missing are never made up") {
    Scratch scratch;
    const auto table = scratch.file("m.csv", "a,y\n1,0\n,1\n3,NA\n4,1\n"), words = scratch.file("w.csv", "a,y\n1,no\n,yes\n3,\n4,yes\n");
    const auto only = scratch.file("o.csv", "a,y\n1,\n2,\n");
    for (const auto missing : {etta::missing::fill, etta::missing::nan}) {
        const etta::CSVOptions csv = {.missing = missing, .fill = 1};
        CHECK_THROWS_WITH(etta::load_csv(table, {.label = "y", .csv = csv}), says("m.csv:4: label 'y' is missing (CSVDataOptions::skip_unlabelled leaves such rows out)"));
        CHECK_THROWS_WITH(etta::load_csv(table, {.label = "y", .classes = {"0", "1"}, .csv = csv}), says("m.csv:4: label 'y' is missing"));
        CHECK_THROWS_WITH(etta::load_csv(words, {.label = "y", .csv = csv}), says("w.csv:4: label 'y' is missing"));
        CHECK_THROWS_WITH(etta::load_csv(table, {.targets = {"y"}, .csv = csv}), says("m.csv:4: target 'y' is missing"));
        CHECK_THROWS_WITH(etta::load_csv(only, {.targets = {"y"}, .csv = csv}), says("o.csv:2: target 'y' is missing"));
        // Features are what the policy says.
        const auto d = etta::load_csv(scratch.file("x.csv", "a,y\n1,0\n,1\n"), {.label = "y", .csv = {.missing = missing, .fill = 7}});
        CHECK(d.size() == 2);
        CHECK((missing == etta::missing::fill ? x_of(d, 1)[0] == 7 : x_of(d, 1)[0] != x_of(d, 1)[0]));
    }
    CHECK_THROWS_WITH(etta::load_csv(table, {.label = "y"}), says("m.csv:3: column 'a': the value is missing; CSVOptions::missing says what to do with such cells"));
    CHECK(etta::load_csv(scratch.file("junk.csv", "a,junk,y\n1,,0\n2,5,1\n"), {.label = "y", .ignore = {"junk"}}).size() == 2);  // of no interest
    const etta::CSVOptions skip = {.missing = etta::missing::skip_row};
    CHECK(etta::load_csv(table, {.label = "y", .csv = skip}).size() == 2);
    CHECK(etta::load_csv(words, {.label = "y", .csv = skip}).label(1) == 1);
    CHECK(etta::load_csv(table, {.targets = {"y"}, .csv = skip}).size() == 2);
    // Rows without a label are left out, features are what the policy says: of all policies.
    const auto gaps = etta::load_csv(table, {.label = "y", .skip_unlabelled = true, .csv = {.missing = etta::missing::nan}});
    CHECK((gaps.size() == 3 && gaps.label(1) == 1 && gaps.label(2) == 1 && x_of(gaps, 1)[0] != x_of(gaps, 1)[0] && x_of(gaps, 2) == Numbers{4}));
    const auto filled = etta::load_csv(words, {.label = "y", .skip_unlabelled = true, .csv = {.missing = etta::missing::fill, .fill = 9}});
    CHECK((filled.size() == 3 && filled.label(0) == 0 && filled.label(2) == 1 && x_of(filled, 1) == Numbers{9}));
    CHECK(etta::load_csv(table, {.targets = {"y"}, .skip_unlabelled = true, .csv = skip}).size() == 2);
    CHECK_THROWS_WITH(etta::load_csv(table, {.label = "y", .skip_unlabelled = true}), says("m.csv:3: column 'a': the value is missing"));
    const auto whole = scratch.file("whole.csv", "a,b,y\n1,x,0\n2,,\n3,x,NA\n4,z,1\n");
    const auto two = etta::load_csv(whole, {.label = "y", .one_hot = true, .skip_unlabelled = true});
    CHECK((two.size() == 2 && x_of(two, 1) == Numbers{4, 0, 1} && two.label(1) == 1));
    CHECK(etta::load_csv(only, {.targets = {"y"}, .skip_unlabelled = true}).size() == 0);
    // Rows are left out for gaps in columns that are used, not for others.
    const auto people = scratch.file("people.csv", "id,cabin,age,buys\n1,,30,no\n2,C1,40,yes\n,,50,no\n4,C2,,maybe\n5,C2,60,\n");
    const auto three = etta::load_csv(people, {.label = "buys", .ignore = {"id", "cabin"}, .csv = skip});
    CHECK((three.size() == 3 && x_of(three, 2) == Numbers{50} && three.label(2) == 0 && three.classes() == 2));
    CHECK(etta::load_csv(people, {.label = "buys", .features = {"age"}, .csv = skip}).size() == 3);
    CHECK(etta::load_csv(people, {.features = {"age"}, .csv = skip}).size() == 4);
    CHECK(etta::load_csv(people, {.targets = {"age"}, .features = {"id"}, .csv = skip}).size() == 3);
    CHECK(etta::load_csv(people, {.label = "buys", .one_hot = true, .csv = skip}).size() == 1);
    CHECK(etta::read_csv(people, skip).rows() == 1);
    // A column in which nothing stands.
    CHECK(etta::read_csv(only, {.missing = etta::missing::fill}).columns[1].missing == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("categories of columns without a name, or with another's, go by number") {
    Scratch scratch;
    const auto unnamed = scratch.file("unnamed.csv", "age,,y\n30,ann,1\n40,bob,2\n"), twice = scratch.file("twice.csv", "a,a,y\np,s,1\nq,t,2\n");
    const auto d = etta::load_csv(unnamed, {.targets = {"y"}, .categories = etta::read_csv(unnamed).categories(), .ignore_unknown = true});
    CHECK((x_of(d, 0) == Numbers{30, 1, 0} && x_of(d, 1) == Numbers{40, 0, 1}));
    const auto e = etta::load_csv(twice, {.targets = {"y"}, .categories = etta::read_csv(twice).categories()});
    CHECK((x_of(e, 0) == Numbers{1, 0, 1, 0} && x_of(e, 1) == Numbers{0, 1, 0, 1}));
}

TEST_CASE("categories that are given make the same columns of every table") {
    Scratch scratch;
    const auto train = scratch.file("train.csv", "colour,size,kind\nred,1,b\nblue,2,a\ngreen,3,b\n");
    const auto test = scratch.file("test.csv", "size,colour,kind\n4,green,b\n5,red,b\n");
    const auto odd = scratch.file("odd.csv", "colour,size,kind\nred,1,b\nyellow,2,a\n");
    const auto categories = etta::read_csv(train).categories();
    REQUIRE(categories.size() == 2);
    CHECK((categories[0].column.name == "colour" && categories[0].words == std::vector<std::string>{"blue", "green", "red"}));
    CHECK((categories[1].column.name == "kind" && categories[1].words == std::vector<std::string>{"a", "b"}));

    const auto d = etta::load_csv(train, {.label = "kind", .categories = categories});
    CHECK(x_of(d, 0) == Numbers{0, 0, 1, 1});
    CHECK(x_of(d, 0) == x_of(etta::load_csv(train, {.label = "kind", .one_hot = true}), 0));
    // The test part lacks a colour and a class, and has its columns in another order.
    const auto t = etta::load_csv(test, {.label = "kind", .features = {"colour", "size"}, .categories = categories});
    CHECK(t.x_shape() == etta::dims{4});
    CHECK((x_of(t, 0) == Numbers{0, 1, 0, 4} && x_of(t, 1) == Numbers{0, 0, 1, 5}));
    CHECK((t.classes() == 2 && t.label(0) == 1 && t.class_name(0) == "a"));
    CHECK(etta::load_csv(test, {.label = "kind", .classes = {"b"}, .categories = categories}).label(0) == 0);
    // Without the label.
    const auto unlabelled = scratch.file("u.csv", "colour,size\nblue,7\n");
    CHECK(x_of(etta::load_csv(unlabelled, {.categories = categories}), 0) == Numbers{1, 0, 0, 7});
    // Given by hand, in an order of one's own, by name or number.
    const auto mine = etta::load_csv(train, {.label = "kind", .categories = {{"colour", {"red", "green", "blue", "grey"}}}});
    CHECK((x_of(mine, 0) == Numbers{1, 0, 0, 0, 1} && x_of(mine, 1) == Numbers{0, 0, 1, 0, 2}));
    CHECK(x_of(etta::load_csv(train, {.ignore = {-1}, .categories = {{0, {"red", "green", "blue"}}}}), 2) == Numbers{0, 1, 0, 3});

    CHECK_THROWS_WITH(etta::load_csv(odd, {.label = "kind", .categories = categories}),
                      says("odd.csv:3: column 'colour': 'yellow' is none of the 3 categories given (with ignore_unknown, all zeros)"));
    CHECK(x_of(etta::load_csv(odd, {.label = "kind", .categories = categories, .ignore_unknown = true}), 1) == Numbers{0, 0, 0, 2});
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .categories = {{"kind", {"a", "c"}}, {"colour", {"red", "green", "blue"}}}, .ignore_unknown = true}),
                      says("train.csv:2: label 'kind': 'b' is none of the 2 classes given"));
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .one_hot = true, .categories = {{"color", {"red"}}}}),
                      says("train.csv:2:1: column 'colour': 'red' is not a number, and CSVDataOptions::categories has none for this column"));
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .categories = {{"colour", {"red", "green", "blue", "red"}}}}), says("column 'colour' has category 'red' twice"));
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .categories = {{"colour", {"red"}}, {0, {"red"}}}}), says("column 'colour' has categories twice"));
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .categories = {{"colour", {}}}}), says("column 'colour' has no category"));
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .categories = {{7, {"red"}}}}), says("no column 7"));
    CHECK_THROWS_WITH(etta::load_csv(train, {.label = "kind", .categories = {{"colour", std::vector<std::string>(1001, "a")}}}), says("at most 1000"));
}

TEST_CASE("categories that look like numbers, or that are missing") {
    Scratch scratch;
    // A column of words whose words are all numbers in the other file.
    const auto train = scratch.file("train.csv", "size,n\n38,1\n40,2\nXL,3\n"), test = scratch.file("test.csv", "size,n\n40.0,1\n38,2\n");
    const auto categories = etta::read_csv(train).categories();
    CHECK(x_of(etta::load_csv(train, {.categories = categories}), 2) == Numbers{0, 0, 1, 3});
    const auto t = etta::load_csv(test, {.categories = categories});
    CHECK((x_of(t, 0) == Numbers{0, 1, 0, 1} && x_of(t, 1) == Numbers{1, 0, 0, 2}));
    CHECK_THROWS_WITH(etta::load_csv(scratch.file("o.csv", "size,n\n40,1\n42.5,2\n"), {.categories = categories}),
                      says("o.csv:3: column 'size': '42.5' is none of the 3 categories given"));
    // A feature that is missing is all zeros, whatever stands for numbers.
    for (const auto missing : {etta::missing::nan, etta::missing::fill}) {
        const etta::CSVOptions csv = {.missing = missing, .fill = 38};
        CHECK(x_of(etta::load_csv(scratch.file("a.csv", "size,n\n,1\n40,2\n"), {.categories = categories, .csv = csv}), 0) == Numbers{0, 0, 0, 1});
        CHECK(x_of(etta::load_csv(scratch.file("b.csv", "size,n\n40,1\n,2\nXL,3\n"), {.categories = categories, .csv = csv}), 1) == Numbers{0, 0, 0, 2});
        CHECK(x_of(etta::load_csv(scratch.file("c.csv", "size,n\n,1\n"), {.categories = categories, .csv = csv}), 0) == Numbers{0, 0, 0, 1});
    }
    // Without a header, columns' names are their numbers.
    const auto bare = scratch.file("bare.csv", "a,1\nb,2\n");
    CHECK(x_of(etta::load_csv(scratch.file("bare2.csv", "b,1\n"), {.categories = etta::read_csv(bare).categories()}), 0) == Numbers{0, 1, 1});
}

TEST_CASE("a column of too many words does not become features") {
    Scratch scratch;
    std::string text;
    for (int i = 0; i < 1001; ++i) text += "n" + std::to_string(i) + ",1\n";
    CHECK_THROWS_WITH(etta::load_csv(scratch.file("t.csv", text), {.one_hot = true}), says("has 1001 different words, at most 1000"));
}

TEST_CASE("the digits that the examples use are all there") {
    const auto d = etta::load_csv(ETTA_TEST_DIR "/../examples/data/digits.csv", {.label = -1}).scaled(1 / 16.0).reshaped({1, 8, 8});
    CHECK(d.size() == 1797);
    CHECK(d.classes() == 10);
    int count[10] = {};
    for (etta::index i = 0; i < d.size(); ++i) ++count[d.label(i)];
    CHECK(count[0] == 178);
    CHECK(count[9] == 180);
    const auto m = d.moments();
    CHECK(m.mean[0] == 0);
    for (const double mean : m.mean) CHECK((mean >= 0 && mean <= 1));
}
