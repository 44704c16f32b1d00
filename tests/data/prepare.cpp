// Scalers, encoders and stratified folds: edges and refusals. Values of scalers: tests/parity/scale.cpp.
#include <etta/data/encode.hpp>
#include <etta/data/scale.hpp>
#include <etta/data/split.hpp>

#include <limits>

#include "catch.hpp"

namespace {
using etta::Dataset;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;
}  // namespace

TEST_CASE("scalers take samples of any shape and one sample, and refuse what they cannot scale") {
    const Dataset one = Dataset::from(Numbers{3, -4}, {2, 1});
    for (const etta::Scaler& s : {etta::StandardScaler().fit(one), etta::MinMaxScaler().fit(one), etta::RobustScaler().fit(one)}) {
        double x[2];
        s.transform(one).copy_x(0, x);
        CHECK((x[0] == 0 && x[1] == 0));
    }
    const Dataset bytes = Dataset::from(std::vector<std::uint8_t>{0, 255, 51, 255}, {2});
    float x[2];
    etta::MaxAbsScaler().fit(bytes).transform(bytes).copy_x(1, x);
    CHECK((x[0] == 1 && x[1] == 1));
    // After other scaling.
    etta::MinMaxScaler().fit(bytes.scaled(2)).transform(bytes.scaled(2)).copy_x(1, x);
    CHECK((x[0] == 1 && x[1] == 0));

    // What varies by rounding alone does not vary, as in scikit-learn.
    CHECK(etta::StandardScaler().fit(Dataset::from(Numbers{1e15, 1e15 + 0.125}, {1})).scale == Numbers{1});

    const Dataset none = Dataset::from(Numbers{}, {2}), bad = Dataset::from(Numbers{1, 2, std::numeric_limits<double>::quiet_NaN(), 4}, {2});
    CHECK_THROWS_WITH(etta::StandardScaler().fit(none), says("StandardScaler: there are no samples"));
    CHECK_THROWS_WITH(etta::MinMaxScaler().fit(none), says("MinMaxScaler: there are no samples"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(bad), says("element 0 is not finite"));
    CHECK_THROWS_WITH(etta::RobustScaler().fit(bad), says("element 0 of sample 1 is not finite"));
    CHECK_THROWS_WITH((etta::MinMaxScaler{1, 1}.fit(one)), says("is empty"));
    CHECK_THROWS_WITH((etta::RobustScaler{0.5, 0.5}.fit(one)), says("expected 0 <= low < high <= 1"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(one).transform(Dataset::from(Numbers(3), {3})), says("a scaler of 2 elements, and 3 numbers"));
    CHECK_THROWS_WITH(etta::Scaler().transform(one), says("was not fitted"));
    CHECK_THROWS_AS(etta::StandardScaler().fit(one).transform(std::span<double>()), etta::Error);
}

TEST_CASE("words become numbers in their order, and back") {
    etta::LabelEncoder e;
    CHECK(e.fit(Words{"dog", "cat", "dog", "ant"}).transform(Words{"cat", "dog", "ant"}) == std::vector<std::int32_t>{1, 2, 0});
    CHECK(e.classes() == Words{"ant", "cat", "dog"});
    CHECK(e.inverse_transform(std::vector<std::int32_t>{2, 0}) == Words{"dog", "ant"});
    CHECK(e.find("cow") == -1);
    CHECK_THROWS_WITH(e.transform(Words{"cat", "cow"}), says("'cow' at place 1 is none of the 3 classes fitted"));
    CHECK_THROWS_WITH(e.inverse_transform(std::vector<std::int32_t>{3}), says("class 3 at place 0 of 3"));
    CHECK_THROWS_AS(etta::LabelEncoder().transform(Words{""}), etta::Error);

    etta::OneHotEncoder h;
    h.fit(Words{"red", "S", "blue", "L", "red", "M"}, 2);
    CHECK(h.width() == 5);
    CHECK(h.transform(Words{"blue", "S", "red", "L"}) == Numbers{1, 0, 0, 0, 1, 0, 1, 1, 0, 0});
    CHECK_THROWS_WITH(h.transform(Words{"blue", "S", "red", "XL"}), says("'XL' in row 1, column 1"));
    CHECK_THROWS_WITH(h.transform(Words{"blue"}), says("1 words are not a whole number of rows of 2"));
    CHECK_THROWS_WITH(etta::OneHotEncoder().transform(Words{"blue"}), says("not fitted"));
    h.ignore_unknown = h.drop_first = true;
    CHECK(h.width() == 3);
    CHECK(h.transform(Words{"blue", "S", "red", "XL"}) == Numbers{0, 0, 1, 1, 0, 0});
}

TEST_CASE("labels become targets") {
    const Dataset d = etta::one_hot_targets(Dataset::from(std::vector<std::uint8_t>{7, 8}, {}, std::vector<std::int32_t>{2, 0}, 3).scaled(2));
    double x, y[3];
    d.copy_x(1, &x), d.copy_y(1, y);
    CHECK(x == 16);
    CHECK((y[0] == 1 && y[1] == 0 && y[2] == 0));
    etta::one_hot_targets(Dataset::from(Numbers{1}, {}, std::vector<std::int32_t>{1}, 2), 0.5).copy_y(0, y);
    CHECK((y[0] == 0.25 && y[1] == 0.75));
    CHECK_THROWS_WITH(etta::one_hot_targets(Dataset::from(Numbers{1}, {})), says("no labels"));
    CHECK_THROWS_WITH(etta::one_hot_targets(d, 2), says("smoothing is 2"));
}

TEST_CASE("stratified folds have every class in proportion, and test each sample once") {
    Numbers x;
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 54; ++i) x.push_back(i), labels.push_back(i < 11 ? 0 : i < 13 ? 1 : 2);  // 11, 2 and 41 of the classes
    const Dataset d = Dataset::from(x, {}, labels);
    std::vector<int> tested(54);
    const auto folds = etta::k_fold_stratified(d, 5, etta::seed(3));
    REQUIRE(folds.size() == 5);
    bool sorted = true;
    for (const auto& [train, test] : folds) {
        CHECK((test.size() == 10 || test.size() == 11));
        CHECK(train.size() + test.size() == 54);
        int counts[3] = {};
        double before = -1;
        for (etta::index i = 0; i < test.size(); ++i) {
            double at;
            test.copy_x(i, &at);
            sorted = sorted && at > before, before = at;
            ++tested[std::size_t(at)], ++counts[test.label(i)];
        }
        CHECK((counts[0] == 2 || counts[0] == 3));
        CHECK(counts[1] <= 1);
        CHECK((counts[2] == 8 || counts[2] == 9));
    }
    CHECK_FALSE(sorted);
    CHECK(tested == std::vector<int>(54, 1));
    CHECK_THROWS_WITH(etta::k_fold_stratified(d, 42, etta::seed(3)), says("no class has more than 41 samples"));
    CHECK_THROWS_WITH(etta::k_fold_stratified(d, 1, etta::seed(3)), says("1 folds of 54 samples"));
    CHECK_THROWS_WITH(etta::k_fold_stratified(Dataset::from(x, {}), 2, etta::seed(3)), says("no labels"));
}

TEST_CASE("a split into several parts has every sample in one, in proportion, and is repeatable") {
    Numbers x;
    for (int i = 0; i < 1000; ++i) x.push_back(i);
    const Dataset d = Dataset::from(x, {});
    const auto of = [](const Dataset& part) {
        Numbers all(static_cast<std::size_t>(part.size()));
        for (etta::index i = 0; i < part.size(); ++i) part.copy_x(i, &all[static_cast<std::size_t>(i)]);
        return all;
    };
    const auto [train, validation, test] = etta::split(d, {0.7, 0.15, 0.15}, etta::seed(1));
    CHECK((train.size() == 700 && validation.size() == 150 && test.size() == 150));
    std::vector<int> seen(1000);
    for (const Dataset& part : {train, validation, test})
        for (const double v : of(part)) ++seen[std::size_t(v)];
    CHECK(seen == std::vector<int>(1000, 1));
    CHECK(of(etta::split(d, {0.7, 0.15, 0.15}, etta::seed(1))[1]) == of(validation));
    CHECK(of(etta::split(d, {0.7, 0.15, 0.15}, etta::seed(2))[1]) != of(validation));
    // The two parts of a fraction and of two fractions are the same.
    const auto two = etta::split(d, {0.8, 0.2}, etta::seed(1));
    CHECK((of(two[0]) == of(etta::split(d, 0.8, etta::seed(1)).train) && of(two[1]) == of(etta::split(d, 0.8, etta::seed(1)).test)));

    // Sizes add up however they round; of less than 1, the rest is in no part.
    for (etta::index n = 0; n < 40; ++n) {
        etta::index sum = 0;
        for (const Dataset& part : etta::split(d.slice(0, n), {1.0 / 3, 1.0 / 3, 1.0 / 3}, etta::seed(1))) {
            sum += part.size();
            CHECK((part.size() >= n / 3 && part.size() <= n / 3 + 1));
        }
        CHECK(sum == n);
    }
    const auto some = etta::split(d, {0.1, 0.2, 0.05, 0.05}, etta::seed(1));
    CHECK((some[0].size() == 100 && some[1].size() == 200 && some[2].size() == 50 && some[3].size() == 50));
    CHECK(etta::split(d, {0.8f, 0.1f, 0.1f}, etta::seed(1))[2].size() == 100);  // whose sum is more than 1 by rounding

    CHECK_THROWS_WITH(etta::split(d, {0.7, 0.2, 0.2}, etta::seed(1)), says("split: the fractions' sum is 1.1"));
    CHECK_THROWS_WITH(etta::split(d, {0.7, 0.3, 0}, etta::seed(1)), says("split: part 2 is the fraction 0.0"));
    CHECK_THROWS_WITH(etta::split(d, {0.7, -0.1, 0.4}, etta::seed(1)), says("part 1 is the fraction -0.1"));
    CHECK_THROWS_WITH(etta::split(d, {0.5, std::numeric_limits<double>::quiet_NaN()}, etta::seed(1)), says("part 1 is the fraction nan"));
    CHECK_THROWS_WITH(etta::split_stratified(d, {0.5, 0.5}, etta::seed(1)), says("no labels"));
}

TEST_CASE("a stratified split into several parts has every class in proportion, and parts of their sizes") {
    const auto counts = [](const Dataset& part) {
        std::vector<int> n(static_cast<std::size_t>(part.classes()));
        for (etta::index i = 0; i < part.size(); ++i) ++n[static_cast<std::size_t>(part.label(i))];
        return n;
    };
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 1000; ++i) labels.push_back(i < 500 ? 0 : i < 900 ? 1 : 2);
    Numbers x;
    for (int i = 0; i < 1000; ++i) x.push_back(i);
    const Dataset d = Dataset::from(x, {}, labels);
    const auto [train, validation, test] = etta::split_stratified(d, {0.7, 0.15, 0.15}, etta::seed(1));
    CHECK(counts(train) == std::vector<int>{350, 280, 70});
    CHECK(counts(validation) == std::vector<int>{75, 60, 15});
    CHECK(counts(test) == std::vector<int>{75, 60, 15});
    std::vector<int> seen(1000);
    bool sorted = true;
    for (const Dataset& part : {train, validation, test})
        for (etta::index i = 0; i < part.size(); ++i) {
            double v;
            part.copy_x(i, &v);
            ++seen[std::size_t(v)];
            CHECK(part.label(i) == labels[std::size_t(v)]);
            sorted = sorted && (i == 0 || part.label(i) >= part.label(i - 1));
        }
    CHECK(seen == std::vector<int>(1000, 1));
    CHECK_FALSE(sorted);

    // A hundred classes of three samples: no part is left without any.
    std::vector<std::int32_t> small;
    for (int i = 0; i < 300; ++i) small.push_back(i / 3);
    const auto parts = etta::split_stratified(Dataset::from(Numbers(300), {}, small), {0.7, 0.15, 0.15}, etta::seed(1));
    CHECK((parts[0].size() == 210 && parts[1].size() == 45 && parts[2].size() == 45));
    for (const int n : counts(parts[0])) CHECK((n == 2 || n == 3));
    for (const int n : counts(parts[1])) CHECK(n <= 1);

    const auto some = etta::split_stratified(d, {0.1, 0.29}, etta::seed(1));
    CHECK((counts(some[0]) == std::vector<int>{50, 40, 10} && counts(some[1]) == std::vector<int>{145, 116, 29}));
    CHECK_THROWS_WITH(etta::split_stratified(d, {0.7, 0.31}, etta::seed(1)), says("split_stratified: the fractions' sum is 1.01"));
}
