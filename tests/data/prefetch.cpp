// Loaders that draw by weight, and loaders whose batches a thread fills: the same batches, errors where they belong, a clean end.
#include <etta/data/parallel.hpp>
#include <etta/data/prefetch.hpp>

#include <atomic>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "catch.hpp"

using etta::Dataset;
using etta::seed;
using Index = etta::index;

namespace {
// Sample i is {i, 100 + i}, of class i, and weighs i.
Dataset numbered(int n) {
    std::vector<float> x;
    std::vector<std::int32_t> labels;
    std::vector<double> weights;
    for (int i = 0; i < n; ++i) x.push_back(float(i)), x.push_back(float(100 + i)), labels.push_back(i), weights.push_back(i);
    return Dataset::from(std::move(x), {2}, std::move(labels)).weighted(weights);
}
// Everything that a loop over the loader sees, from batch `first` on.
std::vector<float> seen_in(etta::Batches& loader) {
    std::vector<float> seen;
    for (auto&& [x, y] : loader) {
        seen.push_back(float(x.extents[0]));
        for (Index i = 0; i < x.count(); ++i) seen.push_back(x.as<float>()[i]);
        for (Index i = 0; i < y.count(); ++i) seen.push_back(float(y.as<std::int32_t>()[i]));
        for (Index i = 0; i < x.extents[0]; ++i) seen.push_back(static_cast<const float*>(loader.weights())[i]);
    }
    return seen;
}
std::vector<int> drawn(const etta::BatchOptions& o, int n = 4, int epochs = 1) {
    std::vector<int> seen;
    auto loader = etta::batches(numbered(n), 3, o);
    for (int e = 0; e < epochs; ++e)
        for (auto&& [x, y] : loader)
            for (Index i = 0; i < y.count(); ++i) seen.push_back(y.as<std::int32_t>()[i]);
    return seen;
}
const auto noisy = [](etta::Image& x, etta::random_stream& r) { x.values[1] += r.normal<float>(); };
}  // namespace

TEST_CASE("with prefetching the batches are the same, bit for bit, ragged ones and every epoch's too") {
    for (const int depth : {1, 2, 7})
        for (const Index batch : {Index{1}, Index{4}, Index{10}, Index{99}})
            for (const bool weighted : {false, true}) {
                etta::BatchOptions o{.shuffle = seed(1)};
                if (weighted) o.sampler = {std::vector<double>(10, 2), 23};
                auto plain = etta::batches(numbered(10).transformed(noisy, seed(2)), batch, o);
                o.prefetch = etta::prefetch(depth);
                auto ahead = etta::batches(numbered(10).transformed(noisy, seed(2)), batch, o);
                for (int epoch = 0; epoch < 3; ++epoch) CHECK(seen_in(plain) == seen_in(ahead));
                const etta::loader_position p{1, ahead.size() - 1, 10, batch, 0, seed(1), plain.position().sampler};
                plain.resume(p), ahead.resume(p);
                CHECK(seen_in(plain) == seen_in(ahead));
            }
}

TEST_CASE("samples filled by all threads are the same batches, bit for bit, also on a thread that runs ahead") {
    for (const Index batch : {Index{1}, Index{4}, Index{10}, Index{99}})
        for (const bool ids : {false, true}) {
            const Dataset d = ids ? Dataset::windows(std::vector<std::int32_t>(30, 7), 3, 2).weighted(std::vector<double>(14, 2)) : numbered(10).transformed(noisy, seed(2));
            const auto all = [&](etta::BatchOptions o) {
                o.shuffle = seed(1), o.type = etta::dtype::f32;
                auto loader = etta::batches(d, batch, o);
                std::vector<float> seen;
                for (int epoch = 0; epoch < 2; ++epoch)
                    for (auto&& [x, y] : loader) {
                        for (Index i = 0; i < x.count(); ++i) seen.push_back(ids ? float(x.as<std::int32_t>()[i]) : x.as<float>()[i]);
                        for (Index i = 0; i < y.count(); ++i) seen.push_back(float(y.as<std::int32_t>()[i]));
                        for (Index i = 0; i < x.extents[0]; ++i) seen.push_back(static_cast<const float*>(loader.weights())[i]);
                    }
                return seen;
            };
            const std::vector<float> plain = all({});
            CHECK(all({.parallel = etta::parallel()}) == plain);
            CHECK(all({.prefetch = etta::prefetch(), .parallel = etta::parallel()}) == plain);
        }
    for (auto&& b : etta::batches(Dataset(), 4, {.parallel = etta::parallel()})) FAIL(b.x.rank);
}

TEST_CASE("several threads fill samples, and the first sample's error is the one that is thrown") {
    const auto fails = [](etta::Image& x) {
        if (x.values[0] >= 3) etta::fail("sample " + std::to_string(int(x.values[0])));
    };
    std::vector<float> x(20);
    for (int i = 0; i < 20; ++i) x[std::size_t(i)] = float(i);
    const Dataset d = Dataset::from(std::move(x), {1}).transformed(fails);
    for (int again = 0; again < 20; ++again) {
        auto loader = etta::batches(d, 20, {.parallel = etta::parallel()});
        CHECK_THROWS_WITH(loader.begin(), says("sample 3"));
    }
#if defined(_OPENMP)
    std::atomic<int> inside{0}, most{0};
    const auto busy = [&](etta::Image&) {
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
        for (int spin = 0; spin < 100'000'000 && most < 2; ++spin) {}
        --inside;
    };
    if (omp_get_max_threads() > 1) {
        const Dataset slow = numbered(8).transformed(busy);
        for (auto&& b : etta::batches(slow, 8, {.parallel = etta::parallel()})) CHECK(b.x.extents[0] == 8);
        CHECK(most > 1);
    }
#endif
}

TEST_CASE("a loop over prefetched batches can be left, moved and begun again, and none of it hangs") {
    std::atomic<int> filled = 0;
    const Dataset d = numbered(100).transformed([&](etta::Image&) { ++filled; });
    filled = 0;
    auto loader = etta::batches(d, 1, {.prefetch = etta::prefetch(3)});
    for (int k = 0; k < 20; ++k)
        for (auto&& [x, y] : loader)
            if (y.as<std::int32_t>()[0] == k) break;
    CHECK(filled <= 20 * 21 / 2 + 20 * 3);  // never more than 3 ahead
    CHECK(loader.position().epoch == 19);
    CHECK(loader.position().batch == 20);
    loader.begin();
    auto moved = std::move(loader);  // ends what is under way
    CHECK(seen_in(moved).size() == 500);
    for (auto&& b : etta::batches(Dataset(), 4, {.prefetch = etta::prefetch()})) FAIL(b.x.rank);
    { auto unused = etta::batches(d, 1, {.prefetch = etta::prefetch()}); }
    { auto begun = etta::batches(d, 1, {.prefetch = etta::prefetch()}); begun.begin(); }
    CHECK_THROWS_WITH(etta::prefetch(0), says("prefetch: 0 batches"));
}

TEST_CASE("what a transform throws on the thread reaches the loop at its batch, and the loader can be used again") {
    std::atomic<bool> bad = false;
    const Dataset d = numbered(10).transformed([&](etta::Image& x) {
        if (bad && x.values[0] == 6) etta::fail("sample 6 is bad");
    });
    auto loader = etta::batches(d, 2, {.prefetch = etta::prefetch(4)});
    for (int k = 0; k < 3; ++k) {
        bad = true;
        int good = 0;
        CHECK_THROWS_WITH([&] { for (auto&& b : loader) good += int(b.y.count()); }(), says("sample 6 is bad"));
        CHECK(good == 6);
        bad = false;
        CHECK(seen_in(loader).size() == 45);
    }
}

TEST_CASE("a weighted sampler draws by weight, with replacement") {
    const int epochs = 4000;
    std::map<int, int> count;
    for (const int i : drawn({.shuffle = seed(1), .sampler = {{1, 0, 5, 2}, 5}}, 4, epochs)) ++count[i];
    const int n = 5 * epochs;
    CHECK(count[0] + count[2] + count[3] == n);
    CHECK(count[1] == 0);
    CHECK(std::abs(count[0] - n / 8.0) < 5 * std::sqrt(n * 7.0 / 64));
    CHECK(std::abs(count[2] - n * 5 / 8.0) < 5 * std::sqrt(n * 15.0 / 64));
    CHECK(drawn({.shuffle = seed(1), .sampler = {{0, 0, 0, 7}}}) == std::vector<int>{3, 3, 3, 3});
    CHECK(drawn({.shuffle = seed(1), .steps = 2, .sampler = {{0, 9, 0, 0}}}) == std::vector<int>(6, 1));
    CHECK(drawn({.shuffle = seed(1), .drop_last = true, .sampler = {{0, 9, 0, 0}, 8}}) == std::vector<int>(6, 1));
    CHECK(drawn({.shuffle = seed(1), .sampler = {{1, 1, 1, 1}, 100}}) == drawn({.shuffle = seed(1), .sampler = {{1, 1, 1, 1}, 100}}));
    CHECK(drawn({.shuffle = seed(1), .sampler = {{1, 1, 1, 1}, 100}}) != drawn({.shuffle = seed(2), .sampler = {{1, 1, 1, 1}, 100}}));
}

TEST_CASE("without replacement no sample comes twice, and the first one is drawn by weight, the next by what is left") {
    const int epochs = 8000;
    std::map<std::pair<int, int>, int> count;
    const auto all = drawn({.shuffle = seed(1), .sampler = {{1, 0, 5, 2}, 2, false}}, 4, epochs);
    REQUIRE(all.size() == std::size_t(2 * epochs));
    for (std::size_t i = 0; i < all.size(); i += 2) ++count[{all[i], all[i + 1]}];
    const double weight[] = {1, 0, 5, 2};
    for (int a = 0; a < 4; ++a)
        for (int b = 0; b < 4; ++b) {
            const double p = a == b ? 0 : weight[a] / 8 * weight[b] / (8 - weight[a]);
            CAPTURE(a, b, p);
            CHECK(std::abs(count[{a, b}] - p * epochs) <= 5 * std::sqrt(epochs * p * (1 - p)));
        }
    const auto three = drawn({.shuffle = seed(1), .sampler = {{1, 0, 5, 2}, 3, false}});
    CHECK(std::set<int>(three.begin(), three.end()) == std::set<int>{0, 2, 3});
}

TEST_CASE("a sampler that cannot work says why, and a position of another sampler is refused") {
    const auto make = [](etta::WeightedRandomSampler s, bool seeded = true, Index steps = 0) {
        return etta::batches(numbered(4), 2, {.shuffle = seeded ? etta::shuffle_by(seed(1)) : etta::shuffle_by(), .steps = steps, .sampler = std::move(s)});
    };
    CHECK_THROWS_WITH(make({{1, 1, 1}}), says("3 weights, the data set 4 samples"));
    CHECK_THROWS_WITH(make({{1, 1, 1, -1}}), says("weight -1"));
    CHECK_THROWS_WITH(make({{1, 1, 1, std::nan("")}}), says("expected 0 or more"));
    CHECK_THROWS_WITH(make({{0, 0, 0, 0}}), says("add up to 0"));
    CHECK_THROWS_WITH(make({{1, 1, 1, 1}}, false), says("needs a seed"));
    CHECK_THROWS_WITH(make({{1, 1, 1, 0}, 0, false}), says("cannot draw 4 samples: 3 have"));
    CHECK_THROWS_WITH(make({{1, 1, 1, 1}, 0, false}, true, 3), says("number of steps"));
    CHECK_THROWS_WITH(make({{1, 1, 1, 1}, -1}), says("-1 samples"));
    auto one = make({{1, 1, 1, 1}}), two = make({{1, 1, 1, 2}}), same = make({{1, 1, 1, 1}});
    CHECK_THROWS_WITH(two.resume(one.position()), says("the sampler"));
    CHECK_THROWS_WITH(make({}).resume(one.position()), says("the sampler"));
    same.resume(one.position());
}

TEST_CASE("weights of samples go with them through every view") {
    const Dataset d = numbered(6);
    CHECK(d.weight(3) == 3);
    CHECK(d.slice(2, 5).weight(1) == 3);
    CHECK(d.subset(std::vector<Index>{5, 0, 5}).slice(1, 3).weight(1) == 5);
    const Dataset mixed = d.shuffled(seed(3));
    for (Index i = 0; i < 6; ++i) CHECK(mixed.weight(i) == mixed.label(i));
    CHECK(mixed.weighted({0, 1, 2, 3, 4, 5}).weight(2) == 2);
    CHECK(Dataset::from(std::vector<float>(2), {}).weight(1) == 1);
    CHECK_THROWS_WITH(d.weighted({1}), says("6 samples and 1 weights"));
    CHECK_THROWS_WITH(d.weighted({1, 1, 1, 1, 1, -2}), says("sample 5 has weight -2"));
    CHECK_THROWS_AS(d.weight(6), etta::Error);
}
