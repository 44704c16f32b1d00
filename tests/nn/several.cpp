// Models of several inputs and outputs: their values, the structures in which they come back, and what takes such a model.
#include <etta/etta.hpp>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

// A picture beside ids; two results of different extents.
struct Net {
    Linear<4> a;
    Embedding<6, 3> token;
    Linear<2> mean;
    Linear<3> spread;
    constexpr auto operator()(auto image, auto ids) const {
        const auto h = concat<1>(tanh(a(flatten(image))), sum(token(ids), axis<1>));
        return std::pair(mean(h), exp(spread(h)));
    }
};
using Mixed = Model<Net, Inputs<Input<float, 2, 3>, Input<std::int32_t, 4>>, max_batch<8>>;

struct Expected {
    double mean[2], spread[3];
};
Expected by_hand(Mixed& m, const float* image, const std::int32_t* ids) {
    const auto p = [&](const char* name, int row, int columns, int column) { return double(m.parameter(name).data[row * columns + column]); };
    double h[7] = {};
    for (int i = 0; i < 4; ++i) {
        double s = p("a.bias", 0, 4, i);
        for (int k = 0; k < 6; ++k) s += p("a.weight", i, 6, k) * image[k];
        h[i] = std::tanh(s);
    }
    for (int i = 0; i < 3; ++i)
        for (int k = 0; k < 4; ++k) h[4 + i] += p("token.weight", ids[k], 3, i);
    Expected e{};
    for (int i = 0; i < 2; ++i) {
        e.mean[i] = p("mean.bias", 0, 2, i);
        for (int k = 0; k < 7; ++k) e.mean[i] += p("mean.weight", i, 7, k) * h[k];
    }
    for (int i = 0; i < 3; ++i) {
        double s = p("spread.bias", 0, 3, i);
        for (int k = 0; k < 7; ++k) s += p("spread.weight", i, 7, k) * h[k];
        e.spread[i] = std::exp(s);
    }
    return e;
}
template <class X>
void fill(X& x, double phase) {
    for (etta::index i = 0; i < x.size(); ++i) x.data()[i] = typename X::value_type(std::sin(phase + 0.7 * double(i)));
}
void fill_ids(std::int32_t* ids, int n) {
    for (int i = 0; i < n; ++i) ids[i] = (3 * i + i / 4) % 6;
}
template <class M>
bool same_parameters(const M& a, const M& b) {
    return std::memcmp(a.parameters.data(), b.parameters.data(), static_cast<std::size_t>(M::parameter_bytes)) == 0;
}

}  // namespace

TEST_CASE("two inputs of different element types and two outputs: one sample, a batch, pointers, against double loops") {
    Mixed model{seed(1)};
    static_assert(Mixed::n_inputs == 2 && Mixed::n_outputs == 2 && Mixed::output_size == 2 && std::is_same_v<Mixed::element, float>);
    Tensor<float, 5, 2, 3> images;
    Tensor<std::int32_t, 5, 4> ids;
    fill(images, 0), fill_ids(ids.data(), 20);
    auto [mean, spread] = model(images, ids);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(mean)>, Tensor<float, 5, 2>> && std::is_same_v<std::remove_cvref_t<decltype(spread)>, Tensor<float, 5, 3>>);
    std::vector<float> m(10), s(15);
    model.run(images.data(), ids.data(), m.data(), s.data(), 5);
    for (int i = 0; i < 5; ++i) {
        const Expected e = by_hand(model, images.data() + 6 * i, ids.data() + 4 * i);
        Tensor<float, 2, 3> image;
        Tensor<std::int32_t, 4> id;
        std::memcpy(image.data(), images.data() + 6 * i, 24), std::memcpy(id.data(), ids.data() + 4 * i, 16);
        auto [one_mean, one_spread] = model(image, id);
        static_assert(std::is_same_v<std::remove_cvref_t<decltype(one_mean)>, Tensor<float, 2>>);
        for (int k = 0; k < 2; ++k) {
            CHECK(mean(i, k) == Approx(e.mean[k]).epsilon(1e-5).margin(1e-6));
            CHECK(one_mean(k) == Approx(e.mean[k]).epsilon(1e-5).margin(1e-6));
            CHECK(m[static_cast<std::size_t>(2 * i + k)] == mean(i, k));
        }
        for (int k = 0; k < 3; ++k) {
            CHECK(spread(i, k) == Approx(e.spread[k]).epsilon(1e-5));
            CHECK(one_spread(k) == Approx(e.spread[k]).epsilon(1e-5));
            CHECK(s[static_cast<std::size_t>(3 * i + k)] == spread(i, k));
        }
    }
}

TEST_CASE("a batch beyond max_batch and ids without a row are refused") {
    Mixed model{seed(1)};
    float images[54] = {}, mean[18], spread[27];
    std::int32_t ids[36] = {};
    CHECK_THROWS_WITH(model.run(images, ids, mean, spread, 9), says("a batch of 9 is larger than the model's max_batch<8>"));
    ids[4 * 2 + 1] = 6;
    CHECK_THROWS_WITH(model.run(images, ids, mean, spread, 3), says("token.weight: sample 2 has the id 6 in place 1 of input 1, expected 0 to 5"));
    model.run(images, ids, mean, spread, 2);
}

// --- structures ------------------------------------------------------------------------------------------------------
namespace {

struct Heads {
    var value, policy;
};
template <class T>
struct Rebound {
    T left, right;
};
struct Plain {
    Linear<3> fc;
    constexpr auto operator()(auto x) const {
        const auto y = fc(x);
        return Heads{sum(y, axis<1>), y};
    }
};
struct Named {
    Linear<3> fc;
    constexpr auto operator()(auto x) const {
        const auto y = fc(x);
        return Rebound<var>{y, 2 * y};
    }
};
struct Lists {
    Linear<3> fc;
    constexpr auto operator()(auto x) const {
        const auto y = fc(x);
        return std::tuple(std::array<var, 2>{y, y}, x, cast<std::int32_t>(y > 0));
    }
};

}  // namespace

TEST_CASE("a struct, a struct of one type, arrays in tuples; the same value twice, an input, whole numbers") {
    Tensor<float, 2, 4> x;
    fill(x, 1);
    Model<Plain, Input<float, 4>, max_batch<4>> plain{seed(1)};
    auto [value, policy] = plain(x);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(value)>, Tensor<float, 2>>);
    for (int i = 0; i < 2; ++i) CHECK(value(i) == Approx(policy(i, 0) + policy(i, 1) + policy(i, 2)));
    Tensor<float, 4> one;
    std::memcpy(one.data(), x.data(), 16);
    auto [number, three] = plain(one);  // an output without an axis of its own: a number, as of other functions
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(number)>, float>);
    CHECK(number == Approx(value(0)));
    CHECK(three(2) == Approx(policy(0, 2)));

    Model<Named, Input<float, 4>, max_batch<4>> named{seed(1)};
    const Rebound<Tensor<float, 2, 3>> both = named(x);
    CHECK(both.left(1, 2) == Approx(policy(1, 2)));
    CHECK(both.right(1, 2) == 2 * both.left(1, 2));

    using ListModel = Model<Lists, Input<float, 4>, max_batch<4>>;
    ListModel lists{seed(1)};
    static_assert(ListModel::n_outputs == 4);
    auto [pair, input, signs] = lists(x);
    auto [first, second] = pair;
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(signs)>, Tensor<std::int32_t, 2, 3>>);
    CHECK(allclose(first, both.left));
    CHECK(allclose(second, both.left));
    CHECK(allclose(input, x));
    for (int i = 0; i < 6; ++i) CHECK(signs.data()[i] == (first.data()[i] > 0));
}

namespace {
struct Encoder {
    LSTM<3> lstm;
    constexpr auto operator()(auto x) const {
        const auto r = lstm(x);
        return std::pair(r.y, r.last);
    }
};
}  // namespace

TEST_CASE("a recurrent layer's steps and its last state are outputs") {
    Model<Encoder, Input<float, 4, 2>, max_batch<4>> model{seed(1)};
    Tensor<float, 2, 4, 2> x;
    fill(x, 0);
    auto [steps, last] = model(x);
    auto [h, c] = get<0>(last);
    for (int k = 0; k < 3; ++k) CHECK(steps(1, 3, k) == h(1, k));
    CHECK(c(1, 0) != h(1, 0));
}

namespace {
struct Gate {
    Bilinear<2> both;
    constexpr auto operator()(auto x, auto y, auto scale) const { return both(x, y) * unsqueeze<1>(scale); }
};
}  // namespace

TEST_CASE("three inputs and one output; a layer of two inputs is a model by itself") {
    Model<Gate, Inputs<Input<double, 3>, Input<double, 2>, Input<double>>, max_batch<4>> model{seed(1)};
    Tensor<double, 2, 3> x;
    Tensor<double, 2, 2> y;
    Tensor<double, 2> scale{2, -1};
    fill(x, 0), fill(y, 1);
    const Tensor<double, 2, 2> z = model(x, y, scale);
    double w[4];
    model.run(x.data(), y.data(), scale.data(), w, 2);
    for (int i = 0; i < 4; ++i) CHECK(z.data()[i] == w[i]);

    Model<Bilinear<2>, Inputs<Input<double, 3>, Input<double, 2>>, max_batch<4>> layer{seed(1)};
    std::memcpy(layer.parameters.data(), model.parameters.data(), static_cast<std::size_t>(layer.parameter_bytes));
    const auto v = layer(x, y);
    for (int i = 0; i < 4; ++i) CHECK(z.data()[i] == Approx(v.data()[i] * scale(i / 2)));
}

// --- gradients -------------------------------------------------------------------------------------------------------
namespace {
struct Smooth {
    Linear<4> a, b;
    Embedding<5, 2> token;
    Linear<2> mean, spread;
    constexpr auto operator()(auto x, auto y, auto ids) const {
        const auto h = concat<1>(tanh(a(x)), sin(b(y)), sum(token(ids), axis<1>));
        return std::pair(mean(h), spread(h));
    }
};
}  // namespace

TEST_CASE("a model of several inputs and outputs as an argument: gradients agree with differences") {
    using Deep = Model<Smooth, Inputs<Input<double, 3>, Input<double, 2>, Input<std::int32_t, 3>>, max_batch<4>>;
    static_assert(std::is_same_v<Deep::element, double>);
    Deep model{seed(3)};
    Tensor<double, 2, 3> x;
    Tensor<double, 2, 2> y;
    Tensor<std::int32_t, 2, 3> ids{{0, 4, 1}, {2, 2, 3}};
    fill(x, 0), fill(y, 1);
    const auto f = [](auto net, auto x, auto y, auto ids) {
        auto [m, s] = net(x, y, ids);
        return sum(square(m) * exp(-s)) + sum(s);
    };
    auto [value, gm, gx, gy] = value_and_grad<0, 1, 2>(f)(model, x, y, ids);
    auto [m, s] = model(x, y, ids);
    double expected = 0;
    for (int i = 0; i < 4; ++i) expected += m.data()[i] * m.data()[i] * std::exp(-s.data()[i]) + s.data()[i];
    CHECK(value == Approx(expected));
    const auto difference = [&](double& w) {
        const double was = w, h = 1e-3;
        const auto at = [&](double d) {
            w = was + d;
            return double(call(f, model, x, y, ids));
        };
        const double slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        w = was;
        return slope;
    };
    double worst = 0;
    for (int i = 0; i < Deep::n_parameters; ++i)
        for (etta::index k = 0; k < model.parameter(i).size; ++k) worst = std::max(worst, std::abs(difference(model.parameter(i).data[k]) - gm.parameter(i).data[k]));
    for (etta::index k = 0; k < x.size(); ++k) worst = std::max(worst, std::abs(difference(x[k]) - gx[k]));
    for (etta::index k = 0; k < y.size(); ++k) worst = std::max(worst, std::abs(difference(y[k]) - gy[k]));
    CHECK(worst < 1e-8);
}

// --- tools -----------------------------------------------------------------------------------------------------------
TEST_CASE("files, tables, times and pictures of such a model") {
    Scratch folder;
    Mixed model{seed(1)}, other{seed(2)};
    save(model, folder.path("m.safetensors"));
    load(other, folder.path("m.safetensors"));
    CHECK(same_parameters(model, other));
    CHECK(state_dict(model).size() == static_cast<std::size_t>(Mixed::n_parameters));
    copy_weights(model, other);

    const std::string table = summary(model);
    for (const char* row : {"a      ", "token  ", "mean   ", "spread "}) CHECK(table.find(std::string("\n") + row) != table.npos);
    const std::string graph = graph_text<Mixed::program>();
    for (const char* part : {"argument 0 : float[n, 2, 3]", "argument 1 : int32[n, 4]", "output 0 = ", "output 1 = "}) CHECK(graph.find(part) != graph.npos);
    const std::string picture = svg(model);
    CHECK(picture.find("[n, 2, 3], [n, 4]") != picture.npos);
    CHECK(picture.find("[n, 2], [n, 3]") != picture.npos);
    CHECK(dot(model).find("digraph") != std::string::npos);
    CHECK(program_text<Mixed::program>().find("output 1") != std::string::npos);

    float image[12] = {};
    std::int32_t ids[8] = {};
    const Profile p = profile(model, {image, ids}, 2, {.repeats = 2});
    CHECK(p.samples == 2);
    bool spread = false;
    for (const ProfileRow& r : p.rows) spread = spread || r.layers.find("spread") != std::string::npos;
    CHECK(spread);
}
