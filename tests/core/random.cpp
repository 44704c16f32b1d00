// Philox against the known answers published with Random123; the distributions against their moments and a quantile
// table computed elsewhere.
#include <etta/core/random.hpp>

#include <array>
#include <cmath>
#include <vector>

#include "catch.hpp"

using etta::seed;

namespace {
constexpr bool equal(etta::philox_block a, etta::philox_block b) {
    for (int i = 0; i < 4; ++i)
        if (a.word[i] != b.word[i]) return false;
    return true;
}
}  // namespace

TEST_CASE("philox4x32-10 gives Random123's known answers") {
    // kat_vectors: philox4x32 10, counter, key, result
    static_assert(equal(etta::philox4x32({{0, 0, 0, 0}}, 0, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
    static_assert(equal(etta::philox4x32({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u),
                        {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
    static_assert(equal(
        etta::philox4x32({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
    // seed is the key, index and stream are the counter's halves
    CHECK(equal(etta::philox(seed(0x299f31d0a4093822), 0x0370734413198a2e, 0x85a308d3243f6a88),
                {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
}

TEST_CASE("uniform numbers stay in [0, 1) and reach both ends") {
    CHECK(etta::to_unit_float(0) == 0.0f);
    CHECK(etta::to_unit_float(~0u) == 1.0f - 0x1p-24f);
    CHECK(etta::to_unit_double(0) == 0.0);
    CHECK(etta::to_unit_double(~std::uint64_t{0}) == 1.0 - 0x1p-53);
}

TEST_CASE("uniform and normal numbers have their distribution's moments") {
    constexpr int n = 100000;
    double u = 0, u2 = 0, m = 0, m2 = 0, m3 = 0, m4 = 0;
    for (int i = 0; i < n; ++i) {
        const double x = etta::uniform_at<double>(seed(3), 1, i);
        const double z = etta::normal_at<float>(seed(3), 2, i);
        u += x, u2 += x * x, m += z, m2 += z * z, m3 += z * z * z, m4 += z * z * z * z;
    }
    CHECK(std::abs(u / n - 0.5) < 0.004);
    CHECK(std::abs(u2 / n - 1.0 / 3) < 0.004);
    CHECK(std::abs(m / n) < 0.012);
    CHECK(std::abs(m2 / n - 1) < 0.018);
    CHECK(std::abs(m3 / n) < 0.05);
    CHECK(std::abs(m4 / n - 3) < 0.13);
}

TEST_CASE("the normal quantile agrees with a table") {
    // Python: statistics.NormalDist().inv_cdf(p)
    const struct { double p, z; } table[] = {
        {0.5 + 1e-9, 2.506628203738712e-09}, {0.6, 0.2533471031357998}, {0.75, 0.6744897501960817},
        {0.9, 1.2815515655446008},        {0.975, 1.9599639845400536}, {0.9999, 3.7190164854557084},
    };
    for (const auto [p, z] : table) {
        CHECK(etta::_::normal_quantile(p - 0.5, 1 - p) == Approx(z).epsilon(1e-12));
        CHECK(etta::_::normal_quantile(0.5 - p, 1 - p) == Approx(-z).epsilon(1e-12));
        CHECK(etta::_::normal_quantile(float(p - 0.5), float(1 - p)) == Approx(z).epsilon(2e-6));
    }
    // Tails, where p itself is given: inv_cdf(1e-10), inv_cdf(1e-15).
    CHECK(etta::_::normal_quantile(-0.5, 1e-10) == Approx(-6.361340902404056).epsilon(1e-12));
    CHECK(etta::_::normal_quantile(-0.5, 1e-15) == Approx(-7.941345326170995).epsilon(1e-12));
    CHECK(etta::_::normal_quantile(-0.5f, 1e-10f) == Approx(-6.361340902404056).epsilon(2e-6));
}

TEST_CASE("the extreme bits give finite, symmetric normals") {
    CHECK(etta::to_normal_float(0) == -etta::to_normal_float(~0u));
    CHECK(etta::to_normal_float(0) == Approx(-6.337957754553789).epsilon(1e-6));  // inv_cdf(2**-33)
    CHECK(etta::to_normal_double(0) == -etta::to_normal_double(~std::uint64_t{0}));
    CHECK(etta::to_normal_double(0) == Approx(-9.155293772686074).epsilon(1e-12));
    CHECK(etta::to_normal_float(0x80000000u) > 0);
    CHECK(etta::to_normal_float(0x7FFFFFFFu) == -etta::to_normal_float(0x80000000u));
}

TEST_CASE("random numbers are constant expressions") {
    constexpr float z = etta::normal_at<float>(seed(1), 0, 5);
    constexpr double x = etta::uniform_at<double>(seed(1), 0, 5);
    static_assert(x >= 0 && x < 1);
    // Where the compiler fuses multiply and add at run time, the last bits differ.
    CHECK(z == Approx(etta::normal_at<float>(seed(1), 0, 5)).epsilon(1e-5));
    CHECK(x == etta::uniform_at<double>(seed(1), 0, 5));
}

TEST_CASE("a stream gives the numbers of the pure functions in order") {
    etta::random_stream floats(seed(9), 4), doubles(seed(9), 4);
    for (int i = 0; i < 20; ++i) CHECK(floats.uniform<float>() == etta::uniform_at<float>(seed(9), 4, i));
    for (int i = 0; i < 20; ++i) CHECK(doubles.normal<double>() == etta::normal_at<double>(seed(9), 4, i));
}

TEST_CASE("streams and seeds are independent") {
    int equal_words = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto a = etta::philox(seed(1), 0, i), b = etta::philox(seed(1), 1, i), c = etta::philox(seed(2), 0, i);
        for (int k = 0; k < 4; ++k) equal_words += (a.word[k] == b.word[k]) + (a.word[k] == c.word[k]);
    }
    CHECK(equal_words <= 1);
}

TEST_CASE("below(n) is uniform, also where n does not divide 2^32") {
    etta::random_stream random(seed(5));
    int count[6] = {};
    for (int i = 0; i < 60000; ++i) ++count[random.below(6)];
    for (const int c : count) CHECK(std::abs(c - 10000) < 500);
    // n = 3 * 2^30: without rejection the first 2^30 numbers would come twice as often.
    int low = 0;
    for (int i = 0; i < 30000; ++i) low += random.below(0xC0000000u) < 0x40000000u;
    CHECK(std::abs(low - 10000) < 500);
    for (int i = 0; i < 100; ++i) {
        CHECK(random.below(1) == 0);
        CHECK(random.below((std::uint64_t{1} << 40) + 1) <= std::uint64_t{1} << 40);
    }
}

TEST_CASE("a shuffle is a permutation, repeatable, and reaches every order equally often") {
    std::vector<int> items(100), again(100);
    for (int i = 0; i < 100; ++i) items[i] = again[i] = i;
    etta::shuffle(items, seed(1), 7);
    etta::shuffle(again, seed(1), 7);
    CHECK(items == again);
    std::vector<bool> seen(100);
    for (const int i : items) seen[i] = true;
    CHECK(seen == std::vector<bool>(100, true));

    int count[27] = {};
    for (int trial = 0; trial < 6000; ++trial) {
        std::array<int, 3> order = {0, 1, 2};
        etta::shuffle(order, seed(trial));
        ++count[order[0] * 9 + order[1] * 3 + order[2]];
    }
    int orders = 0;
    for (const int c : count)
        if (c != 0) {
            ++orders;
            CHECK(std::abs(c - 1000) < 150);
        }
    CHECK(orders == 6);

    etta::shuffle(static_cast<int*>(nullptr), 0, seed(1));  // nothing to do
}

TEST_CASE("the numbers never change from one version to the next") {
    // Saved experiments depend on these.
    CHECK(etta::philox(seed(1), 2, 3).word[0] == 0xde08bf52);
    std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7};
    etta::shuffle(items, seed(42));
    CHECK(items == std::vector<int>{6, 4, 0, 5, 2, 7, 1, 3});
}
