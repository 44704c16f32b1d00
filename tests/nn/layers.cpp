// Layers that are not compared with PyTorch's (tests/parity/layers*.cpp): of shapes, of several inputs, functions as layers; extents
// of 1; what runs for a batch of any size.
#include <etta/etta.hpp>

#include <cmath>
#include <limits>

#include "../catch.hpp"

using namespace etta;

namespace {

struct Several {
    constexpr auto operator()(auto x) const {
        const var a = part<0, 2>(x), b = part<1, 2>(x);
        return concat<1>(Add{}(a, b, a), Multiply{}(a, b, b), Subtract{}(a, b), Average{}(a, b), Concatenate<>{}(a, b), Lambda<[](auto x) { return 2 * x; }>{}(a), Identity{}(b));
    }
};

}  // namespace

TEST_CASE("layers of several inputs and functions as layers compute what they say") {
    Model<Several, Input<double, 4>, max_batch<4>> model;
    const Tensor<double, 4> x{1, 2, 3, -4};
    const auto y = model(x);
    const double want[] = {5, 0, 9, 32, -2, 6, 2, -1, 1, 2, 3, -4, 2, 4, 3, -4};
    REQUIRE(y.size() == 16);
    for (int i = 0; i < 16; ++i) CHECK(y[i] == want[i]);
}

TEST_CASE("layers that change extents keep the elements in order") {
    const auto one = [](auto x) { return concat<1>(flatten(Permute<0, 2, 3, 1>{}(x)), flatten(Reshape<4, 6>{}(x)), flatten(Reshape<4, -1, 2>{}(x)), flatten(Maxout<2>{}(x)), flatten(Maxout<3, 2>{}(x)), flatten(Crop<per_axis{1, 0}, per_axis{0, 3}>{}(x))); };
    Tensor<double, 2, 2, 3, 4> x;
    for (int i = 0; i < 48; ++i) x.data()[i] = i;
    const auto y = call(one, x);
    REQUIRE(y.extent(1) == 24 + 24 + 24 + 12 + 8 + 4);
    for (int n = 0; n < 2; ++n) {
        for (int c = 0; c < 2; ++c)
            for (int h = 0; h < 3; ++h)
                for (int w = 0; w < 4; ++w) CHECK(y(n, h * 8 + w * 2 + c) == x(n, c, h, w));
        for (int i = 0; i < 48; ++i) CHECK(y(n, 24 + i) == 24 * n + i % 24);
        for (int i = 0; i < 12; ++i) CHECK(y(n, 72 + i) == 24 * n + 2 * i + 1);
        for (int c = 0; c < 2; ++c)
            for (int w = 0; w < 4; ++w) CHECK(y(n, 84 + c * 4 + w) == x(n, c, 2, w));
        for (int c = 0; c < 2; ++c)
            for (int h = 1; h < 3; ++h) CHECK(y(n, 92 + c * 2 + h - 1) == x(n, c, h, 0));
    }
}

namespace {
// Every layer with axes of its own on a single place, or with windows as large as the picture.
struct Least {
    Conv2d<2, 1> point;
    Conv2d<2, 3, 1, same> around;
    ConvTranspose2d<2, 3> up;
    Conv3d<2, 3, 1, 1> volume;
    Conv1d<3, 3, 2, 1, 1, depthwise> signal;
    constexpr auto operator()(auto x) const {  // [N, 1, 1, 1]
        const var a = around(point(x)), b = up(a);  // [N, 2, 3, 3]
        const var c = MaxPool2d<3>{}(b) + AvgPool2d<3>{}(b) + LPPool2d<2, 3>{}(b) + AdaptiveMaxPool2d<1>{}(b) + AdaptiveAvgPool2d<1>{}(Upsample<2>{}(a));
        const var d = volume(unsqueeze<-1>(c));  // [N, 2, 1, 1, 1]
        const var e = signal(squeeze<-1>(squeeze<-1>(d)));
        return concat<1>(flatten(e), flatten(Upsample<3, upsampling::linear>{}(c)), flatten(Resize<1, upsampling::linear, true>{}(b)));
    }
};
}  // namespace

TEST_CASE("extents of 1, windows as large as the picture, batches of any size") {
    Model<Least, Input<float, 1, 1, 1>, max_batch<5>> model{seed(2)};
    auto trainer = Trainer(model, MSE{}, SGD{.lr = 0.01});
    const float x[5] = {0.5f, -1, 2, 0.25f, 3};
    float y[5 * 26], one[26], target[5 * 26] = {};
    REQUIRE(model.output_size == 26);
    model.run(x, y, 5);
    for (int n = 0; n < 5; ++n) {
        model.run(x + n, one, 1);
        for (int i = 0; i < 26; ++i) CHECK(one[i] == y[26 * n + i]);
    }
    const double before = trainer.step(x, target, 5);
    CHECK(std::isfinite(before));
    CHECK(trainer.step(x, target, 5) < before);
}

TEST_CASE("convolutions of one's own weights: the transposed one is the other's gradient") {
    Tensor<double, 2, 4, 9> x;
    Tensor<double, 6, 2, 3> w;
    Tensor<double, 2, 6, 5> y;
    for (int i = 0; i < 72; ++i) x.data()[i] = std::sin(1.3 * i);
    for (int i = 0; i < 36; ++i) w.data()[i] = std::cos(0.7 * i);
    for (int i = 0; i < 60; ++i) y.data()[i] = std::sin(0.9 * i + 1);
    const auto forward = [](auto x, auto w, auto y) { return sum(convolve(x, w, {.stride = 2, .padding = 1, .groups = 2}) * y); };
    const auto gradient = grad<0>(forward)(x, w, y);
    const auto transposed = call([](auto y, auto w) { return convolve_transposed(y, w, {.stride = 2, .padding = 1, .groups = 2}); }, y, w);
    REQUIRE(transposed.size() == gradient.size());
    for (int i = 0; i < 72; ++i) CHECK(transposed.data()[i] == Approx(gradient.data()[i]).margin(1e-14));
    const double left = call(forward, x, w, y);
    CHECK(left == Approx(call([](auto a, auto b) { return sum(a * b); }, transposed, x)));
}

TEST_CASE("a NaN stays where a window sees it") {
    Tensor<double, 1, 1, 4, 4> x;
    for (int i = 0; i < 16; ++i) x.data()[i] = i;
    x(0, 0, 0, 0) = std::numeric_limits<double>::quiet_NaN();
    const auto y = call([](auto x) { return AvgPool2d<2>{}(x); }, x);
    CHECK(std::isnan(y(0, 0, 0, 0)));
    for (const double v : {y(0, 0, 0, 1), y(0, 0, 1, 0), y(0, 0, 1, 1)}) CHECK(std::isfinite(v));
}
