// Data sets joined sample by sample.
#include <etta/etta.hpp>

#include <vector>

#include "../catch.hpp"

using namespace etta;

namespace {

template <class T = float>
std::vector<T> sample(const Dataset& d, etta::index i) {
    std::vector<T> x(static_cast<std::size_t>(d.x_shape().count()));
    d.copy_x(i, x.data());
    return x;
}
Dataset numbers() { return Dataset::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {1, 2}, std::vector<std::int32_t>{2, 0, 1}, 0, {"a", "b", "c"}); }
Dataset bytes() { return Dataset::from(std::vector<std::uint8_t>{10, 20, 30}, {1}); }

}  // namespace

TEST_CASE("a joined sample is its parts', one behind the other, in whatever order and scale each has") {
    const Dataset d = joined(numbers(), bytes().scaled(0.1), Dataset::from(std::vector<float>{7, 8, 9}, {}));
    CHECK(d.size() == 3);
    CHECK(d.x_shape() == dims{4});
    CHECK(sample(d, 1) == std::vector<float>{3, 4, 2, 8});
    CHECK(d.x_type() == dtype::f32);
    CHECK(joined(bytes(), bytes()).x_type() == dtype::u8);

    const std::vector<etta::index> back{2, 1, 0};
    const Dataset mixed = joined(numbers().subset(back), bytes());
    CHECK(sample(mixed, 0) == std::vector<float>{5, 6, 10});
    CHECK(mixed.label(0) == 1);
    CHECK(sample(mixed.subset(back), 0) == std::vector<float>{1, 2, 30});
    CHECK(mixed.subset(back).label(0) == 2);
    CHECK(sample(joined(mixed, numbers()), 2) == std::vector<float>{1, 2, 30, 5, 6});  // of joined ones, too
}

TEST_CASE("y, weights and classes are the first one's") {
    const Dataset d = joined(numbers().weighted({1, 2, 3}), bytes());
    CHECK(d.classes() == 3);
    CHECK(d.class_name(2) == "c");
    CHECK(d.label(1) == 0);
    CHECK(d.weight(2) == 3);
    CHECK(d.has_labels());
    CHECK_FALSE(d.has_targets());
    const Dataset soft = joined(numbers().one_hot(), bytes());
    double t[3];
    soft.copy_y(0, t);
    CHECK(t[2] == 1);
    CHECK(t[0] == 0);
    CHECK_FALSE(soft.has_labels());
    const Dataset regression = joined(Dataset::from(std::vector<double>{1, 2}, {1}, std::vector<double>{5, 6, 7, 8}, {2}), Dataset::from(std::vector<float>{3, 4}, {1}));
    CHECK(regression.x_type() == dtype::f64);
    CHECK(regression.y_shape() == dims{2});
    double y[2];
    regression.copy_y(1, y);
    CHECK(y[1] == 8);
    CHECK_FALSE(joined(bytes(), numbers()).has_labels());
    CHECK(split_stratified(joined(numbers().subset(std::vector<etta::index>{0, 1, 2, 0, 1, 2}), joined(bytes(), bytes()).subset(std::vector<etta::index>{0, 1, 2, 0, 1, 2})), 0.5, seed(1)).train.size() == 3);
}

TEST_CASE("what a joined set goes through afterwards: scaling, moments, shapes, transforms; doubles stay doubles") {
    const double third = 1.0 / 3;
    const Dataset d = joined(Dataset::from(std::vector<double>{third, 2 * third}, {1}), Dataset::from(std::vector<double>{4, 8}, {1}));
    CHECK(sample<double>(d, 0)[0] == third);
    CHECK(sample<double>(d.scaled(2), 1)[0] == 4 * third);
    const Dataset z = d.normalized(d.moments());
    CHECK(sample<double>(z, 0)[0] == Approx(-1));
    CHECK(sample<double>(z, 1)[1] == Approx(1));
    CHECK(d.reshaped({2, 1}).x_shape() == dims{2, 1});
    const Dataset doubled = d.transformed([](Image& x) { for (float& v : x.values) v *= 2; });
    CHECK(sample(doubled, 1)[1] == 16);
}

TEST_CASE("transforms of the parts draw anew in each epoch") {
    const Dataset noisy = bytes().transformed([](Image& x, random_stream& random) { x.values[0] += random.uniform<float>(); }, seed(3));
    const Dataset d = joined(bytes(), noisy);
    auto of = batches(d, 3), alone = batches(noisy, 3);
    std::vector<float> seen;
    for (int epoch = 0; epoch < 2; ++epoch) {
        for (auto&& [x, y] : of)
            for (int i = 0; i < 3; ++i) {
                CHECK(x.as<float>()[2 * i] == float(10 * i + 10));
                seen.push_back(x.as<float>()[2 * i + 1]);
            }
        for (auto&& [x, y] : alone)
            for (int i = 0; i < 3; ++i) CHECK(x.as<float>()[i] == seen[static_cast<std::size_t>(3 * epoch + i)]);
    }
    CHECK(seen[0] != seen[3]);
}

TEST_CASE("ids are joined with ids") {
    const Dataset a = Dataset::from(std::vector<std::int32_t>{1, 2, 3, 4}, {2}), b = Dataset::windows({5, 6, 7, 8}, 2);
    const Dataset d = joined(a, b);
    CHECK(d.has_ids());
    std::int32_t ids[4];
    d.copy_ids(1, ids);
    CHECK((ids[0] == 3 && ids[1] == 4 && ids[2] == 6 && ids[3] == 7));
    const Dataset next = joined(b, a);
    std::int32_t labels[2];
    next.copy_labels(1, labels);
    CHECK((labels[0] == 7 && labels[1] == 8));
    for (auto&& [x, y] : batches(next, 2)) CHECK(x.as<std::int32_t>()[2] == 1);
}

TEST_CASE("data sets that cannot be joined are refused") {
    const Dataset four = Dataset::from(std::vector<float>{1, 2, 3, 4}, {1}), ids = Dataset::from(std::vector<std::int32_t>{1, 2, 3}, {1});
    CHECK_THROWS_WITH(joined(numbers(), four), says("joined: data set 2 of 2 has 4 samples, the first 3"));
    CHECK_THROWS_WITH(joined(numbers(), bytes(), four), says("joined: data set 3 of 3 has 4 samples, the first 3"));
    CHECK_THROWS_WITH(joined(numbers(), ids), says("joined: the samples of data set 2 of 2 are ids, those of the first are numbers: give the ids as numbers, which an Embedding takes as well"));
    CHECK_THROWS_WITH(joined(ids, numbers()), says("joined: the samples of data set 2 of 2 are numbers, those of the first are ids"));
}
