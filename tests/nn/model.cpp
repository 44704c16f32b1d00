// A plain struct as a network: its parameters' names, extents and starting values, and what Model::run computes with them.
#include <etta/etta.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"

using etta::Input;
using etta::Linear;
using etta::max_batch;
using etta::Model;
using etta::seed;

namespace {

template <class M>
std::vector<std::string> names() {
    std::vector<std::string> v;
    for (int i = 0; i < M::n_parameters; ++i) v.emplace_back(M::facts::paths.at[i].view());
    return v;
}
template <class M>
std::vector<etta::index> extents(M& m, int i) {
    std::vector<etta::index> v;
    for (int k = 0; k < m.parameter(i).extents->rank; ++k) v.push_back(m.parameter(i).extents->at[k].code);
    return v;
}
using Names = std::vector<std::string>;
using Extents = std::vector<etta::index>;

struct Block {
    Linear<8> up;
    Linear<6, false> down;
    constexpr auto operator()(auto x) const { return x + down(relu(up(x))); }
};
struct Nested {
    Linear<6> stem;
    std::array<Block, 2> blocks;
    struct Head {
        Linear<4> out;
        constexpr auto operator()(auto x) const { return out(x); }
    } head;
    constexpr auto operator()(auto x) const {
        x = stem(x);
        for (auto& block : blocks) x = block(x);
        return head(x);
    }
};

// A user's own layer.
struct Scale {
    etta::Param<etta::last_extent, etta::init::ones> gamma;
    etta::Param<etta::sized<>, etta::init::zeros> shift;  // one number
    constexpr auto operator()(auto x) const { return x * gamma(x) + shift(x); }
};
struct Scaled {
    Scale scale;
    Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(scale(x)); }
};

struct Shared {
    Linear<5> twice;
    constexpr auto operator()(auto x) const { return twice(tanh(twice(x))); }
};

}  // namespace

TEST_CASE("a parameter's name is its member's path, as in PyTorch") {
    using M = Model<Nested, Input<float, 7>>;
    CHECK(names<M>() == Names{"stem.weight", "stem.bias", "blocks.0.up.weight", "blocks.0.up.bias", "blocks.0.down.weight",
                              "blocks.1.up.weight", "blocks.1.up.bias", "blocks.1.down.weight", "head.out.weight", "head.out.bias"});
    using S = Model<etta::Sequential<Linear<9>, etta::ReLU, Linear<2>>, Input<float, 7>>;
    CHECK(names<S>() == Names{"0.weight", "0.bias", "2.weight", "2.bias"});
    CHECK(names<Model<Scaled, Input<float, 7>>>() == Names{"scale.gamma", "scale.shift", "fc.weight", "fc.bias"});
}

TEST_CASE("extents follow from the input, in PyTorch's layout") {
    Model<Nested, Input<float, 7>> m;
    CHECK(extents(m, 0) == Extents{6, 7});
    CHECK(extents(m, 1) == Extents{6});
    CHECK(extents(m, 2) == Extents{8, 6});
    CHECK(extents(m, 4) == Extents{6, 8});
    CHECK(extents(m, 8) == Extents{4, 6});
    CHECK(m.parameter_count == 6 * 7 + 6 + 2 * (8 * 6 + 8 + 6 * 8) + 4 * 6 + 4);
    CHECK(m.output_size == 4);
    Model<Scaled, Input<double, 5>> s;
    CHECK(extents(s, 0) == Extents{5});
    CHECK(extents(s, 1) == Extents{});
    for (int i = 0; i < m.n_parameters; ++i) CHECK(reinterpret_cast<std::uintptr_t>(m.parameter(i).data) % 64 == 0);
}

TEST_CASE("a model computes what its struct says") {
    Model<Nested, Input<double, 7>, max_batch<5>> m{seed(3)};
    double x[35], y[20];
    for (int i = 0; i < 35; ++i) x[i] = std::sin(i);
    m.run(x, y, 5);
    const auto linear = [&](const std::vector<double>& v, int weight, int bias) {
        const auto w = m.parameter(weight);
        const std::size_t n = v.size();
        std::vector<double> r(static_cast<std::size_t>(w.size) / n);
        for (std::size_t i = 0; i < r.size(); ++i) {
            r[i] = bias >= 0 ? m.parameter(bias).data[i] : 0;
            for (std::size_t k = 0; k < n; ++k) r[i] += w.data[i * n + k] * v[k];
        }
        return r;
    };
    for (int s = 0; s < 5; ++s) {
        auto v = linear({x + 7 * s, x + 7 * s + 7}, 0, 1);
        for (int b = 0; b < 2; ++b) {
            auto u = linear(v, 2 + 3 * b, 3 + 3 * b);
            for (double& e : u) e = std::max(e, 0.0);
            u = linear(u, 4 + 3 * b, -1);
            for (std::size_t i = 0; i < v.size(); ++i) v[i] += u[i];
        }
        v = linear(v, 8, 9);
        for (std::size_t i = 0; i < 4; ++i) CHECK(y[4 * static_cast<std::size_t>(s) + i] == Approx(v[i]).epsilon(1e-12));
    }
}

TEST_CASE("a batch may be smaller than the bound, not larger") {
    Model<Shared, Input<float, 5>, max_batch<4>> m;
    float x[25] = {1, 2, 3}, y[25];
    for (float& v : y) v = -7;
    m.run(x, y, 0);
    CHECK(y[0] == -7);
    m.run(x, y, 3);
    CHECK(y[14] != -7);
    CHECK(y[15] == -7);
    CHECK_THROWS_WITH(m.run(x, y, 5), says("batch of 5") && says("max_batch<4>"));
    CHECK_THROWS_WITH(m.parameter(-1), says("none of which is number -1"));
    CHECK_THROWS_WITH(m.parameter(m.n_parameters), says("none of which is number " + std::to_string(m.n_parameters)));
    CHECK_THROWS_WITH(m.state(m.n_states), says("states"));
    CHECK_THROWS_AS(m.run(x, y, -1), etta::Error);
}

TEST_CASE("a layer of one's own has parameters like any other") {
    Model<Scaled, Input<double, 5>> m;
    for (int i = 0; i < 5; ++i) CHECK(m.parameter(0).data[i] == 1);
    CHECK(m.parameter(1).data[0] == 0);
    m.parameter(0).data[2] = 3;
    m.parameter(1).data[0] = 0.5;
    const double x[5] = {1, 2, 3, 4, 5};
    double y[3];
    m.run(x, y, 1);
    const auto w = m.parameter(2), b = m.parameter(3);
    for (int i = 0; i < 3; ++i) {
        double want = b.data[i];
        for (int k = 0; k < 5; ++k) want += w.data[5 * i + k] * (x[k] * (k == 2 ? 3 : 1) + 0.5);
        CHECK(y[i] == Approx(want));
    }
}

TEST_CASE("a layer that is called twice has one set of weights, and both calls' gradients") {
    using M = Model<Shared, Input<double, 5>>;
    CHECK(names<M>() == Names{"twice.weight", "twice.bias"});
    M m{seed(2)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{});
    const double x[5] = {1, -1, 0.5, 2, 0}, target[5] = {};
    trainer.gradients(x, target, 1);
    for (int i = 0; i < 30; ++i) {
        const int which = i < 25 ? 0 : 1, at = i < 25 ? i : i - 25;
        double& w = m.parameter(which).data[at];
        const double g = trainer.gradient_data()[m.parameter(which).data - m.parameters.data() + at], was = w;
        w = was + 1e-6;
        const double up = trainer.gradients(x, target, 1);
        w = was - 1e-6;
        const double down = trainer.gradients(x, target, 1);
        w = was;
        trainer.gradients(x, target, 1);
        CHECK(g == Approx((up - down) / 2e-6).epsilon(1e-5).margin(1e-8));
    }
}

TEST_CASE("initial weights have PyTorch's distribution and depend on the seed alone") {
    using M = Model<etta::Sequential<Linear<300>, Linear<200>>, Input<float, 100>>;
    M m{seed(1)}, same{seed(1)}, other{seed(2)};
    for (int i = 0; i < 4; ++i) {
        const auto p = m.parameter(i);
        const double bound = 1 / std::sqrt(i < 2 ? 100.0 : 300.0);  // the layer's inputs: for its bias too
        double mean = 0, square = 0, largest = 0;
        int differ = 0;
        for (etta::index k = 0; k < p.size; ++k) {
            mean += p.data[k], square += double(p.data[k]) * p.data[k], largest = std::max(largest, std::abs(double(p.data[k])));
            CHECK(p.data[k] == same.parameter(i).data[k]);
            differ += p.data[k] != other.parameter(i).data[k];
        }
        const double n = static_cast<double>(p.size);
        CHECK(largest <= bound);
        CHECK(largest > 0.97 * bound);
        CHECK(std::abs(mean / n) < 4 * bound / std::sqrt(3 * n));
        CHECK(square / n == Approx(bound * bound / 3).epsilon(i % 2 ? 0.25 : 0.03));
        CHECK(differ > 0.99 * n);
    }
    // the very numbers, for ever: Philox with the seed as key, the parameter's number and the element as counter
    for (int i = 0; i < 4; ++i)
        for (const int k : {0, 1, 77}) {
            const double bound = 1 / std::sqrt(i < 2 ? 100.0 : 300.0);
            const double u = etta::to_unit_double(etta::philox(seed(1), static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(k)).low());
            CHECK(m.parameter(i).data[k] == Approx(-bound + 2 * bound * u).epsilon(1e-6));
        }
    const auto was = m.parameter(0).data[5];
    m.parameter(0).data[5] = 9;
    m.initialise(seed(1));
    CHECK(m.parameter(0).data[5] == was);
}

namespace {
template <class Init>
struct Start {
    etta::Param<etta::sized<200, etta::last>, Init> weight;
    constexpr auto operator()(auto x) const { return matmul(x, weight(x).t()); }
};
template <class Init>
double mean_square(double* mean = nullptr) {
    Model<Start<Init>, Input<double, 100>> m{seed(4)};
    const auto p = m.parameter(0);
    double s = 0, s2 = 0;
    for (etta::index k = 0; k < p.size; ++k) s += p.data[k], s2 += p.data[k] * p.data[k];
    if (mean != nullptr) *mean = s / static_cast<double>(p.size);
    return s2 / static_cast<double>(p.size);
}
}  // namespace

TEST_CASE("initialisers have their authors' variance") {
    double mean = 1;
    CHECK(mean_square<etta::init::kaiming_normal>(&mean) == Approx(2 / 100.0).epsilon(0.03));
    CHECK(std::abs(mean) < 0.004);
    CHECK(mean_square<etta::init::xavier_uniform>() == Approx(2 / 300.0).epsilon(0.03));
    CHECK(mean_square<etta::init::zeros>() == 0);
    CHECK(mean_square<etta::init::ones>() == 1);
}
