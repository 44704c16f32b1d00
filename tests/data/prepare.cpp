// Imputers, scalers, encoders, splits and stratified folds: edges and refusals. Values of scalers: tests/parity/scale.cpp.
#include <etta/data/encode.hpp>
#include <etta/data/impute.hpp>
#include <etta/data/join.hpp>
#include <etta/data/scale.hpp>
#include <etta/data/split.hpp>

#include <limits>

#include "catch.hpp"

namespace {
using etta::Dataset;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;
constexpr double NaN = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

template <class T = double>
Numbers all_of(const Dataset& d) {
    const auto width = static_cast<std::size_t>(d.x_shape().count());
    std::vector<T> x(static_cast<std::size_t>(d.size()) * width);
    for (etta::index i = 0; i < d.size(); ++i) d.copy_x(i, x.data() + static_cast<std::size_t>(i) * width);
    return {x.begin(), x.end()};
}
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

    const Dataset tiny = Dataset::from(Numbers{0, 1e-300, 2e-15, -2e-15}, {1});
    for (const etta::index n : {2, 3}) CHECK(etta::MinMaxScaler().fit(tiny.slice(0, n)).scale == Numbers{1});
    CHECK(etta::MinMaxScaler().fit(tiny).scale == Numbers{4e-15});
    CHECK(etta::MinMaxScaler{-1, 3}.fit(tiny.slice(0, 2)).scale == Numbers{0.25});
    CHECK(etta::RobustScaler().fit(tiny).scale == Numbers{1});
    CHECK(etta::RobustScaler{0, 1}.fit(tiny).scale == Numbers{4e-15});
    CHECK(etta::MaxAbsScaler().fit(tiny).scale == Numbers{1});

    const Dataset none = Dataset::from(Numbers{}, {2}), bad = Dataset::from(Numbers{1, 2, inf, 4}, {2}), empty = Dataset::from(Numbers{1, NaN, 3, NaN}, {2});
    CHECK_THROWS_WITH(etta::StandardScaler().fit(none), says("StandardScaler: there are no samples"));
    CHECK_THROWS_WITH(etta::MinMaxScaler().fit(none), says("MinMaxScaler: there are no samples"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(bad), says("StandardScaler: element 0 of sample 1 is infinite"));
    CHECK_THROWS_WITH(etta::RobustScaler().fit(bad), says("RobustScaler: element 0 of sample 1 is infinite"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(empty), says("StandardScaler: element 1 is NaN in all samples"));
    CHECK_THROWS_WITH(etta::MaxAbsScaler().fit(empty), says("MaxAbsScaler: element 1 is NaN in all samples"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(Dataset::from(Numbers{1e200, -1e200}, {1})), says("the deviation of element 0 is not finite"));
    CHECK_THROWS_WITH((etta::MinMaxScaler{1, 1}.fit(one)), says("is empty"));
    CHECK_THROWS_WITH((etta::RobustScaler{0.5, 0.5}.fit(one)), says("expected 0 <= low < high <= 1"));
    CHECK_THROWS_WITH(etta::StandardScaler().fit(one).transform(Dataset::from(Numbers(3), {3})), says("a scaler of 2 elements, and 3 numbers"));
    CHECK_THROWS_WITH(etta::Scaler().transform(one), says("was not fitted"));
    CHECK_THROWS_AS(etta::StandardScaler().fit(one).transform(std::span<double>()), etta::Error);
}

TEST_CASE("what does not vary does not vary with weights either") {
    for (int s = 0; s < 200; ++s) {
        const double c = etta::normal_at<double>(etta::seed(s), 1, 0);
        Numbers x, w;
        for (int i = 0; i < 3 + s % 20; ++i) x.push_back(c), w.push_back(std::abs(etta::normal_at<double>(etta::seed(s), 3, i)) + 0.01);
        w[0] *= s % 3 == 0 ? 1e-20 : 1;
        const Dataset d = Dataset::from(x, {1}).weighted(w);
        const etta::Scaler scaler = etta::StandardScaler().fit(d);
        CHECK((scaler.scale[0] == 1 && scaler.center[0] == c));
        CHECK((d.moments().deviation[0] == 0 && d.moments().mean[0] == c));
    }
    // A weight that decides alone: no deviation is the root of less than 0.
    for (int s = 0; s < 50; ++s) {
        const auto x = [&](int i) { return etta::normal_at<double>(etta::seed(s), 1, i); };
        const double d = Dataset::from(Numbers{x(0), x(1), x(2)}, {1}).weighted({1e-20, 1, 1e-20}).moments().deviation[0];
        CHECK((d >= 0 && d < 1e-7));
    }
    CHECK(Dataset::from(Numbers{1e200, 1e200}, {1}).moments().deviation[0] == 0);
}

TEST_CASE("scalers pass over what is missing, and leave it missing") {
    const Dataset whole = Dataset::from(Numbers{1, 2, 5, 9}, {1}), gaps = Dataset::from(Numbers{NaN, 1, 2, NaN, NaN, 5, 9, NaN}, {1});
    const auto same = [](const etta::Scaler& a, const etta::Scaler& b) { return a.center == b.center && a.scale == b.scale; };
    CHECK(same(etta::StandardScaler().fit(gaps), etta::StandardScaler().fit(whole)));
    CHECK(same(etta::MinMaxScaler().fit(gaps), etta::MinMaxScaler().fit(whole)));
    CHECK(same(etta::RobustScaler().fit(gaps), etta::RobustScaler().fit(whole)));
    CHECK(same(etta::MaxAbsScaler().fit(gaps), etta::MaxAbsScaler().fit(whole)));
    const Numbers x = all_of(etta::MinMaxScaler().fit(gaps).transform(gaps));
    CHECK((x[0] != x[0] && x[1] == 0 && x[2] == 0.125 && x[3] != x[3] && x[6] == 1));
    // Elements have gaps of their own.
    const Dataset two = Dataset::from(Numbers{NaN, 10, 2, NaN, 4, 30}, {2});
    CHECK(etta::StandardScaler().fit(two).center == Numbers{3, 20});
    CHECK(etta::StandardScaler().fit(two).scale == Numbers{1, 10});
}

TEST_CASE("an imputer puts what it was fitted to where numbers are missing") {
    using etta::impute;
    using etta::SimpleImputer;
    const Dataset train = Dataset::from(Numbers{1, NaN, 2, 5, NaN, 5, 2, 3, 7, NaN, 1, 8}, {2}), test = Dataset::from(Numbers{NaN, NaN, 0, NaN, NaN, -1}, {2});
    CHECK(SimpleImputer().fit(train).values == Numbers{2.6, 5.25});
    CHECK(SimpleImputer{.strategy = impute::median}.fit(train).values == Numbers{2, 5});
    CHECK(SimpleImputer{.strategy = impute::most_frequent}.fit(train).values == Numbers{1, 5});  // of two that are as frequent, the smaller
    CHECK(SimpleImputer{.strategy = impute::constant, .fill_value = -1}.fit(train).values == Numbers{-1, -1});

    const auto median = SimpleImputer{.strategy = impute::median}.fit(train);
    CHECK(all_of(median.transform(test)) == Numbers{2, 5, 0, 5, 2, -1});
    CHECK(all_of<float>(median.transform(test)) == Numbers{2, 5, 0, 5, 2, -1});
    CHECK(all_of(median.transform(train)) == Numbers{1, 5, 2, 5, 2, 5, 2, 3, 7, 5, 1, 8});
    Numbers rows = {NaN, 1, NaN, NaN};
    median.transform(rows);
    CHECK(rows == Numbers{2, 1, 2, 5});
    std::vector<float> one = {float(NaN), 1};
    median.transform(std::span(one));
    CHECK(one == std::vector<float>{2, 1});

    CHECK_THROWS_WITH(SimpleImputer().fit(Dataset::from(Numbers{1, NaN, 3, NaN}, {2})), says("SimpleImputer: element 1 is NaN in all samples"));
    CHECK(SimpleImputer{.strategy = impute::constant}.fit(Dataset::from(Numbers{1, NaN, 3, NaN}, {2})).values == Numbers{0, 0});
    CHECK_THROWS_WITH((SimpleImputer{.strategy = impute::constant, .fill_value = NaN}.fit(train)), says("fill_value is nan"));
    CHECK_THROWS_WITH(SimpleImputer().fit(Dataset::from(Numbers{1, inf}, {1})), says("element 0 of sample 1 is infinite"));
    CHECK_THROWS_WITH(SimpleImputer().fit(Dataset::from(Numbers{}, {2})), says("there are no samples"));
    CHECK_THROWS_WITH(etta::Imputer().transform(test), says("was not fitted"));
    CHECK_THROWS_WITH(median.transform(Dataset::from(Numbers(4), {4})), says("an imputer of 2 elements, and 4 numbers"));
    CHECK_THROWS_WITH(median.transform(std::span(one).first(1)), says("an imputer of 2 elements, and 1 numbers"));
    CHECK_THROWS_WITH(etta::SimpleImputer().fit(train).transform(Dataset::from(std::vector<std::int32_t>{1, 2}, {2})), says("ids are never missing"));
}

TEST_CASE("a data set whose gaps are filled keeps its labels, weights, order, scaling and transforms") {
    const Dataset d = Dataset::from(Numbers{NaN, 1, 2, 3, NaN, 5}, {1}, std::vector<std::int32_t>{0, 1, 2, 0, 1, 2}, 0, Words{"a", "b", "c"}).weighted({1, 2, 3, 4, 5, 6});
    const auto imputer = etta::SimpleImputer{.strategy = etta::impute::constant, .fill_value = 100}.fit(d);
    const Dataset filled = imputer.transform(d);
    CHECK(all_of(filled) == Numbers{100, 1, 2, 3, 100, 5});
    CHECK((filled.label(2) == 2 && filled.weight(2) == 3 && filled.class_name(1) == "b" && filled.classes() == 3));
    // Views of it, and it of views.
    const std::vector<etta::index> which = {4, 5, 0};
    CHECK(all_of(filled.subset(which)) == Numbers{100, 5, 100});
    const Dataset part = imputer.transform(d.subset(which));
    CHECK(all_of(part) == Numbers{100, 5, 100});
    CHECK((part.label(0) == 1 && part.weight(0) == 5 && part.size() == 3));
    CHECK(all_of(part.slice(1, 3)) == Numbers{5, 100});
    CHECK(all_of(part.one_hot().slice(1, 3)) == Numbers{5, 100});
    // Scaling before it is done before, scaling after it after.
    CHECK(all_of(imputer.transform(d.scaled(2))) == Numbers{100, 2, 4, 6, 100, 10});
    CHECK(all_of(imputer.transform(d).scaled(2)) == Numbers{200, 2, 4, 6, 200, 10});
    CHECK(all_of(imputer.transform(d.normalized({{1}, {2}}))) == Numbers{100, 0, 0.5, 1, 100, 2});
    const auto twice = [](etta::Image& x) { x.values.push_back(x.values[0]), x.shape = {2}; };
    CHECK(all_of(imputer.transform(d).transformed(twice)) == Numbers{100, 100, 1, 1, 2, 2, 3, 3, 100, 100, 5, 5});
    const auto both = etta::SimpleImputer{.strategy = etta::impute::constant, .fill_value = 7}.fit(d.transformed(twice));
    CHECK(all_of(both.transform(d.transformed(twice).subset(which))) == Numbers{7, 7, 5, 5, 7, 7});
    CHECK(all_of(etta::MinMaxScaler{0, 99}.fit(imputer.transform(Dataset::from(Numbers{NaN, 1, 2, 3, NaN, 5}, {1}))).transform(filled)) == Numbers{99, 0, 1, 2, 99, 4});
    // Of joined data sets, of targets, of none.
    const Dataset pair = etta::joined(d, d.scaled(-1));
    CHECK(all_of(etta::Imputer{{8, 9}}.transform(pair).slice(0, 2)) == Numbers{8, 9, 1, -1});
    const Dataset price = imputer.transform(Dataset::from(Numbers{NaN, 1}, {1}, Numbers{5, 6}).shuffled(etta::seed(1)));
    for (etta::index i = 0; i < 2; ++i) {
        double x, y;
        price.copy_x(i, &x), price.copy_y(i, &y);
        CHECK((y == 5 ? x == 100 : x == 1));
    }
    CHECK(imputer.transform(d.slice(0, 0)).size() == 0);
    // Numbers are scaled before they are rounded to float.
    Numbers times;
    for (int i = 0; i < 6; ++i) times.push_back(1.6e9 + 3 * i);
    times[2] = NaN;
    const Dataset days = Dataset::from(times, {1}), full = etta::SimpleImputer().fit(days).transform(days), scaled = etta::StandardScaler().fit(full).transform(full);
    for (const etta::index i : {0, 1, 3, 4, 5}) {
        float x;
        double exact;
        scaled.copy_x(i, &x), scaled.copy_x(i, &exact);
        CHECK(x == Approx(exact).margin(1e-6));
    }
    // What it was made of may go away.
    Dataset alone;
    {
        const Dataset gone = Dataset::from(Numbers{NaN, 4}, {1});
        alone = imputer.transform(gone);
    }
    CHECK(all_of(alone) == Numbers{100, 4});
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
    for (etta::index n = 3; n < 40; ++n) {
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
    CHECK_THROWS_WITH(etta::split(d.slice(0, 3), {0.8, 0.1, 0.1}, etta::seed(1)), says("split: part 2 of 3 samples is empty"));
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
