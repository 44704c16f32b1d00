// batches(): every sample once per epoch, in aligned buffers that do not move.
#include <etta/data/loader.hpp>

#include <cstdint>
#include <set>

#include "catch.hpp"

using etta::Dataset;
using Index = etta::index;
using etta::seed;

namespace {
Dataset numbered(int n) {
    std::vector<std::uint8_t> x;
    std::vector<std::int32_t> labels;
    for (int i = 0; i < n; ++i) x.push_back(std::uint8_t(i)), x.push_back(std::uint8_t(100 + i)), labels.push_back(i);
    return Dataset::from(std::move(x), {1, 2}, std::move(labels));
}
std::vector<int> labels_of(etta::Batches& loader) {
    std::vector<int> seen;
    for (auto&& [x, y] : loader)
        for (Index i = 0; i < y.count(); ++i) seen.push_back(y.as<std::int32_t>()[i]);
    return seen;
}
}  // namespace

TEST_CASE("batches hold the samples in order, the last one what is left") {
    std::vector<Index> sizes;
    int next = 0;
    for (auto&& [x, y] : etta::batches(numbered(10).scaled(0.5), 4)) {
        CHECK(x.type == etta::dtype::f32);
        CHECK(x.rank == 3);
        CHECK((x.extents[1] == 1 && x.extents[2] == 2));
        CHECK(y.rank == 1);
        CHECK(x.extents[0] == y.extents[0]);
        sizes.push_back(x.extents[0]);
        for (Index i = 0; i < y.extents[0]; ++i, ++next) {
            CHECK(y.as<std::int32_t>()[i] == next);
            CHECK(x.as<float>()[2 * i] == 0.5f * float(next));
            CHECK(x.as<float>()[2 * i + 1] == 0.5f * float(100 + next));
            CHECK(x[i].as<float>()[1] == 0.5f * float(100 + next));
        }
    }
    CHECK(sizes == std::vector<Index>{4, 4, 2});
    CHECK(etta::batches(numbered(10), 4).size() == 3);
}

TEST_CASE("an incomplete last batch can be dropped, and a batch larger than the data set is the data set") {
    Index n = 0;
    for (auto&& [x, y] : etta::batches(numbered(10), 4, {.drop_last = true})) n += y.count();
    CHECK(n == 8);
    for (auto&& [x, y] : etta::batches(numbered(3), 1000000000)) CHECK(y.count() == 3);
    CHECK(etta::batches(numbered(3), 4, {.drop_last = true}).size() == 0);
    for (auto&& b : etta::batches(Dataset(), 4)) FAIL(b.x.rank);
    CHECK_THROWS_AS(etta::batches(numbered(3), 0), etta::Error);
    CHECK_THROWS_AS(etta::batches(numbered(3), 1, {.type = etta::dtype::i32}), etta::Error);
}

TEST_CASE("a shuffling loader has a new order in every epoch, and the same in every run") {
    auto one = etta::batches(numbered(20), 6, {.shuffle = seed(1)});
    auto two = etta::batches(numbered(20), 6, {.shuffle = seed(1)});
    const auto first = labels_of(one), second = labels_of(one);
    CHECK(std::set<int>(first.begin(), first.end()).size() == 20);
    CHECK(std::set<int>(second.begin(), second.end()).size() == 20);
    CHECK(first != second);
    CHECK(labels_of(two) == first);
    two.epoch(0);
    CHECK(labels_of(two) == first);
    CHECK(labels_of(two) == second);
    auto other = etta::batches(numbered(20), 6, {.shuffle = seed(2)});
    CHECK(labels_of(other) != first);
}

TEST_CASE("the buffers are aligned to 64 bytes and stay where they are") {
    auto loader = etta::batches(numbered(10), 3);
    std::set<const void*> places;
    for (int epoch = 0; epoch < 3; ++epoch)
        for (auto&& [x, y] : loader) places.insert(x.data), places.insert(y.data);
    CHECK(places.size() == 2);
    for (const void* p : places) CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
}

TEST_CASE("targets come as the type of x, and no y is no y") {
    const Dataset d = Dataset::from(std::vector<double>{1, 2, 3}, {}, std::vector<double>{1, 2, 3, 4, 5, 6}, {2});
    for (auto&& [x, y] : etta::batches(d, 2, {.type = etta::dtype::f64})) {
        CHECK(x.rank == 1);
        CHECK(y.rank == 2);
        CHECK(y.extents[1] == 2);
        CHECK(y.as<double>()[1] == 2 * x.as<double>()[0]);
    }
    for (auto&& [x, y] : etta::batches(d, 2)) CHECK(y.as<float>()[1] == 2 * x.as<float>()[0]);
    for (auto&& [x, y] : etta::batches(Dataset::from(std::vector<float>(4), {}), 2)) {
        CHECK(x.count() == 2);
        CHECK(y.type == etta::dtype::none);
        CHECK(y.data == nullptr);
    }
}
