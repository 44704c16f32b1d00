// Dataset: what goes in comes out, scaled as asked, in the order asked; and what does not fit is refused.
#include <etta/data/dataset.hpp>
#include <etta/data/split.hpp>

#include <cmath>
#include <set>

#include "catch.hpp"

using etta::Dataset;
using Index = etta::index;
using etta::seed;

namespace {
// n samples of shape {2}: x = {i, i + 0.5}, label i % 3
Dataset numbered(int n) {
    std::vector<float> x;
    std::vector<std::int32_t> labels;
    for (int i = 0; i < n; ++i) x.push_back(float(i)), x.push_back(float(i) + 0.5f), labels.push_back(i % 3);
    return Dataset::from(std::move(x), {2}, std::move(labels), 3);
}
std::vector<double> x_of(const Dataset& d, Index i) {
    std::vector<double> x(static_cast<std::size_t>(d.x_shape().count()));
    d.copy_x(i, x.data());
    return x;
}
std::vector<int> firsts(const Dataset& d) {
    std::vector<int> r;
    for (Index i = 0; i < d.size(); ++i) r.push_back(int(x_of(d, i)[0]));
    return r;
}
using Numbers = std::vector<double>;
}  // namespace

TEST_CASE("samples and labels come out as they went in, from float, double and bytes") {
    const Dataset d = numbered(5);
    CHECK(d.size() == 5);
    CHECK(d.x_shape() == etta::dims{2});
    CHECK(d.classes() == 3);
    CHECK(d.x_type() == etta::dtype::f32);
    CHECK(x_of(d, 4) == Numbers{4, 4.5});
    CHECK(d.label(4) == 1);

    const std::vector<double> x64 = {0.1, 0.2};  // an lvalue is copied
    const Dataset e = Dataset::from(x64, {}, std::vector<double>{1, 2, 3, 4}, {2});
    CHECK(e.size() == 2);
    CHECK(x_of(e, 1) == Numbers{0.2});
    float y[2];
    e.copy_y(1, y);
    CHECK((y[0] == 3 && y[1] == 4));
    CHECK(e.has_targets());
    CHECK_FALSE(e.has_labels());
    CHECK(Dataset::from(x64, {1}, std::vector<float>{1, 2}).has_targets());

    const Dataset b = Dataset::from(std::vector<std::uint8_t>{0, 255, 7, 8}, {1, 2});
    CHECK(x_of(b, 0) == Numbers{0, 255});
    CHECK(b.x_type() == etta::dtype::u8);
    CHECK(Dataset().size() == 0);
    CHECK(Dataset::from(std::vector<float>{}, {3}, std::vector<std::int32_t>{}).size() == 0);
}

TEST_CASE("scaling and normalising compose, and are applied when a sample is copied") {
    const Dataset b = Dataset::from(std::vector<std::uint8_t>{0, 255}, {1});
    float x = -1;
    b.scaled(1 / 255.0).copy_x(1, &x);
    CHECK(x == 1.0f);
    CHECK(x_of(b.scaled(2).normalized(10, 4), 1)[0] == Approx((510 - 10) / 4.0));
    CHECK(x_of(b.normalized(10, 4).scaled(2), 1)[0] == Approx((255 - 10) / 4.0 * 2));
    CHECK(x_of(b, 1)[0] == 255);  // the original is as it was
}

TEST_CASE("moments of the training part normalise every part") {
    const Dataset d = Dataset::from(std::vector<double>{1, 10, 5, 3, 20, 5, 5, 30, 5}, {3});
    const etta::Moments m = d.scaled(2).moments();
    CHECK(m.mean == Numbers{6, 40, 10});
    CHECK(m.deviation[0] == Approx(2 * std::sqrt(8.0 / 3)));
    CHECK(m.deviation[2] == 0);
    const Dataset n = d.scaled(2).normalized(m);
    const etta::Moments after = n.moments();
    for (int k = 0; k < 3; ++k) CHECK(std::abs(after.mean[k]) < 1e-12);
    CHECK(after.deviation[1] == Approx(1));
    CHECK(x_of(n, 0)[2] == 0);  // never varies
    CHECK(x_of(n.scaled(3), 2)[0] == Approx(3 * std::sqrt(1.5)));
    CHECK(x_of(n.normalized(1, 2), 2)[0] == Approx((std::sqrt(1.5) - 1) / 2));

    const Dataset image = Dataset::from(std::vector<float>{1, 2, 3, 4}, {2, 1, 2}).normalized({{1, 3}, {1, 2}});  // per channel
    CHECK(x_of(image, 0) == Numbers{0, 1, 0, 0.5});
    CHECK_THROWS_WITH(image.normalized({{1, 2, 3}, {1, 2, 3}}), says("3 means and 3 deviations for samples of shape [2, 1, 2]"));
    CHECK_THROWS_AS(image.normalized({{1, 2}, {1}}), etta::Error);
    CHECK_THROWS_AS(image.normalized({{}, {}}), etta::Error);
    const double none = std::nan(""), inf = HUGE_VAL;
    for (const double bad : {0.0, -1.0, none, inf}) {
        CHECK_THROWS_WITH(d.normalized(1, bad), says("normalized: mean 1.000000 and deviation " + std::to_string(bad) + ", expected numbers, the deviation more than 0"));
        if (bad != 0) CHECK_THROWS_WITH(d.normalized({{1, 1, 1}, {1, bad, 1}}), says("and deviation " + std::to_string(bad)));
    }
    CHECK_THROWS_WITH(d.normalized(none, 1), says("normalized: mean nan"));
    CHECK_THROWS_WITH(d.normalized({{1, inf, 1}, {1, 1, 1}}), says("normalized: mean inf"));
}

TEST_CASE("subsets, slices and shuffles pick samples with their labels") {
    const Dataset d = numbered(10);
    const Index which[] = {7, 2, 2};
    const Dataset s = d.subset(which);
    CHECK(firsts(s) == std::vector<int>{7, 2, 2});
    CHECK(s.label(0) == 1);
    CHECK(s.label(1) == 2);
    CHECK(firsts(d.slice(3, 6)) == std::vector<int>{3, 4, 5});
    CHECK(firsts(s.slice(1, 2)) == std::vector<int>{2});  // of a subset
    const Dataset mixed = d.shuffled(seed(1));
    CHECK(firsts(mixed) == firsts(d.shuffled(seed(1))));
    CHECK(firsts(mixed) != firsts(d));
    CHECK(firsts(mixed) != firsts(d.shuffled(seed(2))));
    const auto f = firsts(mixed);
    CHECK(std::set<int>(f.begin(), f.end()).size() == 10);
    for (Index i = 0; i < 10; ++i) CHECK(mixed.label(i) == f[std::size_t(i)] % 3);
}

TEST_CASE("a reshaped data set holds the same elements") {
    const Dataset d = Dataset::from(std::vector<float>(32), {16}).reshaped({1, 4, 4});
    CHECK(d.x_shape() == etta::dims{1, 4, 4});
    CHECK(d.x_shape().squeezed() == etta::dims{4, 4});
    CHECK(d.size() == 2);
    CHECK_THROWS_WITH(d.reshaped({5, 3}), says("[1, 4, 4] do not become [5, 3]"));
    CHECK_THROWS_AS(d.reshaped({-4, -4}), etta::Error);
}

TEST_CASE("what does not fit together is refused") {
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(5), {2}), says("5 elements are not a whole number of samples of shape [2]"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {2}, std::vector<int>{1}), says("2 samples and 1 labels"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {2}, std::vector<int>{-1, -1}), says("all labels are negative"));
    const Dataset gap = Dataset::from(std::vector<float>(6), {2}, std::vector<int>{0, -1, 1});
    CHECK_THROWS_WITH(gap.one_hot(), says("sample 1 has label -1, which is no class"));
    CHECK(gap.slice(2, 3).one_hot().y_shape() == etta::dims{2});
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {2}, std::vector<int>{0, 3}, 3), says("label 3, expected 0 .. 2"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {2}, std::vector<int>{0, 1}, 3, {"a", "b"}), says("3 classes and 2 names"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {2}, std::vector<double>{0, 1, 2}), says("2 samples and 3 target numbers"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {0}), says("no sample has shape [0]"));
    CHECK_THROWS_AS(Dataset::from(std::vector<float>(4), {1, 1, 1, 1, 1, 1, 1}), etta::Error);
    CHECK_THROWS_AS(Dataset::from(std::vector<float>(4), {Index{1} << 60, Index{1} << 60}), etta::Error);
    const Dataset d = numbered(3);
    double x[2];
    CHECK_THROWS_WITH(d.copy_x(3, x), says("sample 3 of 3"));
    CHECK_THROWS_AS(d.copy_x(-1, x), etta::Error);
    CHECK_THROWS_AS(d.label(3), etta::Error);
    CHECK_THROWS_WITH(d.copy_y(0, x), says("no targets"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<float>(4), {2}).label(0), says("no labels"));
    const Index beyond[] = {0, 3};
    CHECK_THROWS_AS(d.subset(beyond), etta::Error);
    CHECK_THROWS_AS(d.slice(2, 4), etta::Error);
    CHECK_THROWS_AS(d.slice(2, 1), etta::Error);
    CHECK_THROWS_AS(Dataset().copy_x(0, x), etta::Error);
}

TEST_CASE("class names belong to the classes") {
    const Dataset d = Dataset::from(std::vector<float>(2), {}, std::vector<int>{0, 0}, 0, {"cat", "dog"});
    CHECK(d.classes() == 2);
    CHECK(d.class_name(1) == "dog");
    CHECK(d.class_name(2) == "");
    CHECK(numbered(3).class_name(0) == "");
}

TEST_CASE("a storage lives as long as the last view of it") {
    Dataset part;
    {
        const Dataset d = numbered(100);
        part = d.shuffled(seed(3)).slice(0, 10).scaled(2);
    }
    Dataset copy = part;
    part = Dataset();
    copy = static_cast<const Dataset&>(copy);
    CHECK(copy.size() == 10);
    CHECK(x_of(copy, 9)[1] == x_of(copy, 9)[0] + 1);
}

TEST_CASE("a split divides the samples, repeatably") {
    auto [train, test] = etta::split(numbered(11), 0.8, seed(1));
    CHECK(train.size() == 9);
    CHECK(test.size() == 2);
    auto all = firsts(train);
    for (const int i : firsts(test)) all.push_back(i);
    CHECK(std::set<int>(all.begin(), all.end()).size() == 11);
    CHECK(firsts(etta::split(numbered(11), 0.8, seed(1)).test) == firsts(test));
    CHECK(etta::split(numbered(11), 1, seed(1)).test.size() == 0);
    CHECK(etta::split(numbered(11), 0, seed(1)).train.size() == 0);
    CHECK_THROWS_WITH(etta::split(numbered(11), 1.1, seed(1)), says("the fraction is 1.1"));
    CHECK_THROWS_AS(etta::split(numbered(11), std::nan(""), seed(1)), etta::Error);
}

TEST_CASE("a stratified split keeps the classes' proportions") {
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 100; ++i) labels.push_back(i < 80 ? 0 : i < 95 ? 1 : 2);
    const auto [train, test] = etta::split_stratified(Dataset::from(std::vector<float>(100), {1}, labels), 0.8, seed(1));
    int in_train[3] = {}, in_test[3] = {};
    for (Index i = 0; i < train.size(); ++i) ++in_train[train.label(i)];
    for (Index i = 0; i < test.size(); ++i) ++in_test[test.label(i)];
    CHECK((in_train[0] == 64 && in_train[1] == 12 && in_train[2] == 4));
    CHECK((in_test[0] == 16 && in_test[1] == 3 && in_test[2] == 1));
    int changes = 0;  // mixed, not class after class
    for (Index i = 1; i < train.size(); ++i) changes += train.label(i) != train.label(i - 1);
    CHECK(changes > 10);
    // However small the classes are: as many of all as without classes, of each its share rounded up or down.
    const auto of_classes = [](int classes, int each) {
        std::vector<std::int32_t> y;
        for (int i = 0; i < classes * each; ++i) y.push_back(i % classes);
        return Dataset::from(std::vector<float>(y.size()), {1}, y);
    };
    bool differ = false;
    for (int s = 0; s < 5; ++s) {
        const auto [most, few] = etta::split_stratified(of_classes(50, 2), 0.8, seed(s));
        CHECK((most.size() == 80 && few.size() == 20));
        int n[50] = {};
        for (Index i = 0; i < most.size(); ++i) ++n[most.label(i)];
        for (const int k : n) CHECK((k == 1 || k == 2));
        differ = differ || n[0] != n[1];
    }
    CHECK(differ);  // which classes have one more is random
    for (const double f : {0.0, 0.1, 0.25, 0.29, 1 / 3.0, 0.5, 0.77, 1.0})
        for (const int each : {1, 2, 3, 7, 100}) {
            const Dataset d = of_classes(9, each);
            CHECK(etta::split_stratified(d, f, seed(1)).train.size() == etta::split(d, f, seed(1)).train.size());
        }
    CHECK(etta::split_stratified(of_classes(2, 2), 0.25, seed(1)).train.size() == 1);
    CHECK_THROWS_WITH(etta::split_stratified(Dataset::from(std::vector<float>(4), {1}), 0.5, seed(1)), says("no labels"));
}

TEST_CASE("k folds test each sample once") {
    std::vector<int> tested(11);
    const auto folds = etta::k_fold(numbered(11), 3, seed(1));
    REQUIRE(folds.size() == 3);
    for (const auto& [train, test] : folds) {
        CHECK(train.size() + test.size() == 11);
        CHECK((test.size() == 3 || test.size() == 4));
        const auto in = firsts(train);
        for (const int i : firsts(test)) {
            ++tested[std::size_t(i)];
            CHECK(std::set<int>(in.begin(), in.end()).count(i) == 0);
        }
    }
    CHECK(tested == std::vector<int>(11, 1));
    CHECK_THROWS_AS(etta::k_fold(numbered(3), 1, seed(1)), etta::Error);
    CHECK_THROWS_AS(etta::k_fold(numbered(3), 4, seed(1)), etta::Error);
}
