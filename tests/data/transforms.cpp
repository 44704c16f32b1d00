// Transforms: what the random ones draw, that they depend on (seed, epoch, place) alone, and what a wrong use says. Their formulas are
// compared with PyTorch's in tests/parity/images.cpp.
#include <etta/data/encode.hpp>
#include <etta/data/loader.hpp>
#include <etta/data/split.hpp>
#include <etta/data/transforms.hpp>

#include <cmath>
#include <cstring>
#include <set>

#include "catch.hpp"

namespace T = etta::transforms;
using etta::Dataset;
using etta::Image;
using etta::seed;

namespace {
// n pictures of 2 x 3 (of `channels`), whose pixels are all different.
Dataset pictures(int n, etta::dims shape = {2, 3}) {
    std::vector<float> x(static_cast<std::size_t>(n * shape.count()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(i) + 1;
    std::vector<std::int32_t> labels(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) labels[std::size_t(i)] = i % 3;
    return Dataset::from(std::move(x), shape, std::move(labels), 3);
}
std::vector<float> sample(const Dataset& d, etta::index i, etta::draw at) {
    std::vector<float> x(static_cast<std::size_t>(d.x_shape().count()));
    d.copy_x(i, x.data(), at);
    return x;
}
std::vector<float> first(const Dataset& d) { return sample(d, 0, {}); }
using Numbers = std::vector<float>;
}  // namespace

TEST_CASE("flips, crops and Normalize move and scale pixels as they say") {
    const Dataset d = pictures(1);
    CHECK(first(d.transformed(T::RandomHorizontalFlip{.p = 1})) == Numbers{3, 2, 1, 6, 5, 4});
    CHECK(first(d.transformed(T::RandomVerticalFlip{.p = 1})) == Numbers{4, 5, 6, 1, 2, 3});
    CHECK(first(d.transformed(T::RandomVerticalFlip{.p = 0})) == Numbers{1, 2, 3, 4, 5, 6});
    CHECK(first(d.transformed(T::CenterCrop{.size = {1, 1}})) == Numbers{2});                    // half a row is rounded to the even one
    CHECK(first(d.transformed(T::CenterCrop{.size = {4, 1}})) == Numbers{0, 2, 5, 0});           // more rows than there are
    CHECK(first(d.transformed(T::CenterCrop{.size = {3, 4}})) == Numbers{1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0});
    CHECK(first(d.transformed(T::RandomCrop{.size = {2, 7}, .padding = 2, .padding_mode = T::Padding::symmetric}))[1] > 0);
    const Dataset symmetric = d.transformed(T::RandomCrop{.size = {6, 7}, .padding = 2, .padding_mode = T::Padding::symmetric});
    const Numbers around = first(symmetric);
    CHECK(Numbers(around.begin(), around.begin() + 7) == Numbers{5, 4, 4, 5, 6, 6, 5});
    CHECK(d.transformed(T::RandomCrop{.size = 5, .pad_if_needed = true}).x_shape() == etta::dims{5, 5});
    CHECK(first(pictures(1, {2, 1, 2}).transformed(T::Normalize{.mean = {1, 2}, .std = {0.5, 2}})) == Numbers{0, 2, 0.5, 1});
    CHECK(d.transformed(T::Resize{.size = 4}).x_shape() == etta::dims{4, 6});
    CHECK(pictures(1, {3, 5, 2}).transformed(T::Resize{.size = 3}).x_shape() == etta::dims{3, 7, 3});
    CHECK(first(pictures(1, {1, 1}).transformed(T::Resize{.size = {2, 2}})) == Numbers{1, 1, 1, 1});
    CHECK(first(pictures(1, {1, 1}).transformed(T::RandomAffine{.degrees = 180})) == Numbers{1});
}

TEST_CASE("transforms are views: scaled before and behind, cut, shuffled, chained") {
    const Dataset d = pictures(4).scaled(2).transformed(T::RandomHorizontalFlip{.p = 1}).scaled(0.5).transformed([](Image& x) { x.values[0] = -1; }).scaled(10);
    CHECK(first(d) == Numbers{-10, 20, 10, 60, 50, 40});
    CHECK(sample(d.slice(1, 3).subset(std::vector<etta::index>{1}), 0, {}) == Numbers{-10, 140, 130, 180, 170, 160});
    const Dataset flat = d.reshaped({6}).normalized(etta::Moments{{0, 0, 0, 0, 0, 0}, {10, 10, 10, 10, 10, 10}}).reshaped({3, 2});
    CHECK(first(flat) == Numbers{-1, 2, 1, 6, 5, 4});
    CHECK(first(flat.transformed(T::RandomVerticalFlip{.p = 1})) == Numbers{5, 4, 1, 6, -1, 2});
    double doubled[6];
    d.copy_x(0, doubled);
    CHECK(doubled[1] == 20);
    CHECK(d.moments().mean[1] == (20 + 80 + 140 + 200) / 4.0);
    CHECK(pictures(1, {1, 2, 3}).transformed(T::Compose{T::CenterCrop{.size = {2, 1}}, T::Normalize{.mean = {1}, .std = {1}}}).x_shape() == etta::dims{1, 2, 1});
}

TEST_CASE("random transforms depend on the seed, the epoch and the place, and on nothing else") {
    const auto make = [](std::uint64_t s) {
        return pictures(3, {8, 8}).transformed(T::Compose{T::RandomAffine{.degrees = 30, .translate = {0.2, 0.2}, .scale = {0.8, 1.2}, .shear = 10},
                                                          T::GaussianNoise{.clip = false}, T::RandomErasing{}, T::Cutout{.size = 3}}, seed(s));
    };
    const Dataset a = make(1), b = make(1);
    CHECK(sample(a, 2, {5, 7}) == sample(b, 2, {5, 7}));
    std::set<std::vector<float>> all;
    for (const std::uint64_t s : {1, 2})
        for (const std::uint64_t epoch : {0, 1})
            for (const etta::index place : {0, 1}) all.insert(sample(make(s), 0, {epoch, place}));
    CHECK(all.size() == 8);
    // Two of the same kind in a row draw different numbers.
    const auto noise = T::GaussianNoise{.sigma = 1, .clip = false};
    const auto zero = Dataset::from(std::vector<float>(6), {2, 3});
    const auto once = first(zero.transformed(noise, seed(3)));
    auto twice = first(zero.transformed(noise, seed(3)).transformed(noise, seed(3)));
    for (std::size_t i = 0; i < 6; ++i) CHECK(std::abs(twice[i] - 2 * once[i]) > 1e-3f);
    // A sample that is drawn twice in an epoch comes in two forms.
    auto loader = etta::batches(zero.transformed(noise, seed(3)), 2, {.shuffle = seed(1), .steps = 1});
    for (auto&& [x, y] : loader) CHECK(x[0].as<float>()[0] != x[1].as<float>()[0]);
}

TEST_CASE("random transforms have the ranges and the frequencies that they say") {
    const Dataset d = pictures(1, {9, 9});
    const auto centre = [](const std::vector<float>& x) { return x[4 * 9 + 4]; };
    int flipped = 0, erased = 0, applied = 0, chosen[3] = {};
    std::set<int> crops, moves;
    double noise = 0, noise2 = 0;
    const Dataset flip = d.transformed(T::RandomHorizontalFlip{.p = 0.3}, seed(1)), erase = d.transformed(T::RandomErasing{.p = 1, .scale = {0.1, 0.2}, .ratio = {0.5, 2}, .value = -1}, seed(2));
    const Dataset crop = d.transformed(T::RandomCrop{.size = {9, 7}, .padding = 1}, seed(3));
    const Dataset move = d.transformed(T::RandomAffine{.translate = {0.25, 0}}, seed(4));  // 2.25 pixels: 2 at most
    const Dataset apply = d.transformed(T::RandomApply{.transform = [](Image& x) { x.values[0] = -1; }, .p = 0.2}, seed(5));
    const auto put = [](float v) { return [v](Image& x) { x.values[0] = v; }; };
    const Dataset choice = d.transformed(T::RandomChoice{.transforms = {put(0), put(1), put(2)}, .p = {1, 0, 3}}, seed(6));
    const Dataset dust = Dataset::from(std::vector<float>(1), {1, 1}).transformed(T::GaussianNoise{.mean = 0.5, .sigma = 2, .clip = false}, seed(7));
    const int n = 4000;
    for (int k = 0; k < n; ++k) {
        const etta::draw at{std::uint64_t(k % 7), k};
        flipped += sample(flip, 0, at)[0] == 9;
        int gone = 0;
        for (const float v : sample(erase, 0, at)) gone += v == -1;
        erased += gone;
        REQUIRE((gone >= 4 && gone <= 25));  // 8.1 to 16.2 pixels, each side rounded
        crops.insert(int(centre(sample(crop, 0, at))));
        moves.insert(int(centre(sample(move, 0, at))) - 41);
        applied += sample(apply, 0, at)[0] == -1;
        ++chosen[int(sample(choice, 0, at)[0])];
        const double v = double(sample(dust, 0, at)[0]);
        noise += v / n, noise2 += v * v / n;
    }
    CHECK(std::abs(flipped - 0.3 * n) < 5 * std::sqrt(0.3 * 0.7 * n));
    CHECK(std::abs(applied - 0.2 * n) < 5 * std::sqrt(0.2 * 0.8 * n));
    CHECK(std::abs(chosen[0] - 0.25 * n) < 5 * std::sqrt(0.25 * 0.75 * n));
    CHECK((chosen[1] == 0 && chosen[0] + chosen[2] == n));
    CHECK(std::abs(erased / double(n) - 12.15) < 1);
    CHECK(crops.size() == 3 * 5);  // 3 rows, 5 columns
    CHECK(moves == std::set<int>{-2, -1, 0, 1, 2});
    CHECK(std::abs(noise - 0.5) < 5 * 2 / std::sqrt(n));
    CHECK(std::abs(noise2 - noise * noise - 4) < 5 * 4 * std::sqrt(2.0 / n));
    for (const float v : first(pictures(1).scaled(0.1).transformed(T::GaussianNoise{}))) CHECK((v >= 0 && v <= 1));
}

TEST_CASE("noise that clips refuses images that are not 0 .. 1") {
    const Dataset bytes = Dataset::from(std::vector<std::uint8_t>(6, 255), {2, 3});
    CHECK_THROWS_WITH(first(bytes.transformed(T::GaussianNoise{})),
                      says("GaussianNoise clips to 0 .. 1, and this image has a value of 255.000000: scale it first, or pass .clip = false"));
    CHECK_THROWS_WITH(first(Dataset::from(std::vector<float>{0, 1, -0.5f, 1}, {2, 2}).transformed(T::GaussianNoise{})), says("a value of -0.5"));
    CHECK_THROWS_WITH(first(Dataset::from(std::vector<float>{0, 1, std::nanf(""), 1}, {2, 2}).transformed(T::GaussianNoise{})), says("a value of nan"));
    for (const float v : first(bytes.scaled(1 / 255.0).transformed(T::GaussianNoise{.sigma = 0}))) CHECK(v == 1);
    CHECK(first(Dataset::from(std::vector<float>{1.000001f, -0.000001f}, {1, 2}).transformed(T::GaussianNoise{.sigma = 0})) == Numbers{1, 0});  // by rounding
    CHECK(first(bytes.transformed(T::GaussianNoise{.sigma = 0, .clip = false})) == Numbers(6, 255));
}

TEST_CASE("MixUp and CutMix mix neighbours and their targets alike") {
    const etta::index n = 5;
    const Dataset d = pictures(int(n), {2, 4, 4}).one_hot();
    const auto run = [&](const etta::BatchTransform& mix, auto check) {
        for (const etta::dtype type : {etta::dtype::f32, etta::dtype::f64}) {
            auto loader = etta::batches(d, n, {.shuffle = seed(4), .type = type, .mix = mix}), plain = etta::batches(d, n, {.shuffle = seed(4), .type = type});
            std::set<double> shares;
            for (int epoch = 0; epoch < 20; ++epoch) {
                auto before = plain.begin(), after = loader.begin();
                const auto number = [&](const etta::any_view& v, etta::index i) { return type == etta::dtype::f32 ? double(v.as<float>()[i]) : v.as<double>()[i]; };
                for (etta::index i = 0; i < n; ++i) {
                    const etta::index other = (i + n - 1) % n;
                    double share = 0, sum = 0;  // of the sample's own x, found from the first pixel or from the count of pixels
                    int own = 0;
                    for (etta::index k = 0; k < 32; ++k) own += number((*after).x, i * 32 + k) == number((*before).x, i * 32 + k);
                    share = check(own, [&](etta::index k) {
                        return (number((*after).x, i * 32 + k) - number((*before).x, other * 32 + k)) / (number((*before).x, i * 32 + k) - number((*before).x, other * 32 + k));
                    });
                    for (etta::index c = 0; c < 3; ++c) {
                        const double want = share * number((*before).y, i * 3 + c) + (1 - share) * number((*before).y, other * 3 + c);
                        CHECK(std::abs(number((*after).y, i * 3 + c) - want) < 1e-5);
                        sum += number((*after).y, i * 3 + c);
                    }
                    CHECK(std::abs(sum - 1) < 1e-6);
                    if (i == 0) shares.insert(share);
                }
            }
            CHECK(shares.size() > 3);
        }
    };
    run(T::MixUp{.alpha = 0.5}, [](int, auto share) {
        for (etta::index k = 1; k < 32; ++k) REQUIRE(std::abs(share(k) - share(0)) < 1e-4);
        return share(0);
    });
    run(T::CutMix{}, [](int own, auto share) {
        for (etta::index k = 0; k < 32; ++k) REQUIRE((share(k) == 0 || share(k) == 1));
        for (etta::index k = 0; k < 16; ++k) REQUIRE(share(k) == share(k + 16));  // the same in both channels
        return own / 32.0;
    });
    run(T::RandomBatchChoice{.transforms = {T::MixUp{}, T::RandomBatchApply{.transform = T::MixUp{}, .p = 0}}}, [](int, auto share) { return share(0); });
    // Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)).
    for (const double alpha : {0.2, 1.0, 3.0}) {
        double mean = 0, square = 0;
        for (std::uint64_t k = 0; k < 4000; ++k) {
            etta::random_stream r(seed(1), k);
            float x[] = {0, 1};
            etta::BatchData b{2, {}, {}, etta::dtype::f32, etta::dtype::none, x, nullptr};
            T::MixUp{.alpha = alpha}(b, r);
            mean += double(x[1]) / 4000, square += double(x[1]) * double(x[1]) / 4000;
        }
        CHECK(std::abs(mean - 0.5) < 0.04);
        CHECK(std::abs(square - mean * mean - 1 / (4 * (2 * alpha + 1))) < 0.015);
    }
}

TEST_CASE("what does not fit is said") {
    const Dataset d = pictures(2);
    CHECK_THROWS_WITH(d.reshaped({6}).transformed(T::CenterCrop{.size = 1}), says("CenterCrop: a sample of shape [6]"));
    CHECK_THROWS_WITH(d.transformed(T::RandomCrop{.size = 3}), says("RandomCrop: 3 pixels of 2 with a padding of 0"));
    CHECK_THROWS_WITH(d.transformed(T::Resize{}), says("Resize: a size of 0 x 0"));
    CHECK_THROWS_WITH(d.transformed(T::Normalize{.mean = {1, 2}, .std = {1}}), says("2 means and 1 deviations for 1 channels"));
    CHECK_THROWS_WITH(d.transformed(T::Normalize{.mean = {1}, .std = {0}}), says("Normalize: channel 0 has mean 1.000000 and deviation 0.000000, expected more than 0"));
    CHECK_THROWS_WITH(d.transformed(T::Normalize{.mean = {1}, .std = {std::nan("")}}), says("deviation nan"));
    CHECK_THROWS_WITH(d.transformed(T::Normalize{.mean = {std::nan("")}, .std = {1}}), says("mean nan"));
    CHECK_THROWS_WITH(d.transformed(T::RandomAffine{.translate = {2, 0}}), says("translation by 2"));
    // Ranges the wrong way round: a single number is one from -a to a.
    CHECK_THROWS_WITH(d.transformed(T::RandomRotation{.degrees = -5}), says("RandomRotation: degrees from 5.000000 to -5.000000, expected numbers, the smaller one first"));
    CHECK_THROWS_WITH(d.transformed(T::RandomRotation{.degrees = std::nan("")}), says("RandomRotation: degrees from") && says("to nan"));
    CHECK_THROWS_WITH(d.transformed(T::RandomAffine{.degrees = {3, HUGE_VAL}}), says("RandomAffine: degrees from 3.000000 to inf"));
    CHECK_THROWS_WITH(d.transformed(T::RandomAffine{.scale = {1.5, 0.5}}), says("RandomAffine: scale from 1.500000 to 0.500000"));
    CHECK_THROWS_WITH(d.transformed(T::RandomAffine{.shear = -1}), says("RandomAffine: shear from 1"));
    CHECK_THROWS_WITH(d.transformed(T::RandomAffine{.shear_y = {2, 1}}), says("RandomAffine: shear_y from 2"));
    CHECK_THROWS_WITH(d.transformed(T::RandomErasing{.p = 1, .scale = {0.5, 0.2}}), says("RandomErasing: scale from 0.5"));
    CHECK_THROWS_WITH(d.transformed(T::RandomErasing{.p = 1, .ratio = {3, 0.3}}), says("RandomErasing: the logarithm of ratio from 1.09"));
    CHECK_NOTHROW(d.transformed(T::RandomRotation{.degrees = {20, 20}}));
    CHECK_THROWS_WITH(d.transformed(T::RandomChoice{}), says("RandomChoice: 0 transforms"));
    CHECK_THROWS_WITH(d.transformed([](Image& x) { x.values.pop_back(); }), says("made 5 values of shape [2, 3]"));
    CHECK_THROWS_WITH(d.transformed(etta::Transform()), says("there is no transform"));
    CHECK_THROWS_WITH(Dataset::from(std::vector<std::int32_t>{1, 2}, {2}).transformed(T::GaussianNoise{}), says("ids cannot be transformed"));
    // Probabilities.
    for (const double p : {-0.1, 1.1, 2.0, std::nan("")}) {
        const std::string of = "a probability of " + std::to_string(p) + ", expected 0 .. 1";
        CHECK_THROWS_WITH(d.transformed(T::RandomHorizontalFlip{.p = p}), says("RandomHorizontalFlip: " + of));
        CHECK_THROWS_WITH(d.transformed(T::RandomVerticalFlip{.p = p}), says("RandomVerticalFlip: " + of));
        CHECK_THROWS_WITH(d.transformed(T::RandomErasing{.p = p}), says("RandomErasing: " + of));
        CHECK_THROWS_WITH(d.transformed(T::RandomApply{.transform = T::CenterCrop{.size = 1}, .p = p}), says("RandomApply: " + of));
        CHECK_THROWS_WITH(etta::batches(d.one_hot(), 2, {.mix = T::RandomBatchApply{.transform = T::MixUp{}, .p = p}}).begin(), says(of));
    }
    CHECK_THROWS_WITH(d.transformed(T::RandomChoice{.transforms = {T::CenterCrop{.size = 1}, T::CenterCrop{.size = 1}}, .p = {2, -1}}), says("RandomChoice: a probability of -1"));
    CHECK_NOTHROW(d.transformed(T::Compose{T::RandomHorizontalFlip{.p = 0}, T::RandomErasing{.p = 1}}));
    // A shape that depends on chance is an error where it first differs.
    const Dataset odd = d.transformed(T::RandomApply{.transform = T::CenterCrop{.size = 1}}, seed(1));
    CHECK_THROWS_WITH([&] { for (int k = 0; k < 20; ++k) sample(odd, 0, {0, k}); }(), says("a transform made [") && says("elements of others"));
    CHECK_THROWS_WITH(etta::batches(d, 2, {.mix = T::MixUp{}}).begin(), says("labels cannot be mixed"));
    CHECK_THROWS_WITH(etta::batches(d.one_hot().reshaped({6}), 2, {.mix = T::CutMix{}}).begin(), says("CutMix: a sample of shape [6]"));
    CHECK_THROWS_WITH(etta::batches(d.one_hot(), 2, {.mix = T::MixUp{.alpha = 0}}).begin(), says("alpha 0"));
}
