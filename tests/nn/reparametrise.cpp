// Layers whose weight is a function of what is trained: the spectral norm's singular vectors. Values and steps are compared with PyTorch's
// in tests/parity/reparametrised.cpp.
#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#include "../catch.hpp"

using namespace etta;

namespace {

struct Square {
    SpectralNorm<Linear<24, false>> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
struct Up {
    SpectralNorm<ConvTranspose2d<3, 2, 2, 0, 0, 1, false>> up;
    constexpr auto operator()(auto x) const { return up(x); }
};
struct Plain {
    ConvTranspose2d<3, 2, 2, 0, 0, 1, false> up;
    constexpr auto operator()(auto x) const { return up(x); }
};
// Of the columns that a linear model makes of the unit vectors.
template <class M>
double largest_singular_value(M& model) {
    Tensor<double, 24, 24> ones, y;
    for (int i = 0; i < 24; ++i) ones(i, i) = 1;
    model.run(ones.data(), y.data(), 24);
    return eval(svdvals(y))[0];
}

}  // namespace

TEST_CASE("a weight's spectral norm is all but 1 as it starts, whatever the weight") {
    for (int k = 0; k < 4; ++k) {
        Model<Square, Input<double, 24>, max_batch<24>> model{seed(static_cast<std::uint64_t>(k))}, same{seed(static_cast<std::uint64_t>(k))};
        CHECK(largest_singular_value(model) == Approx(1).epsilon(0.05));
        for (int i = 0; i < 24; ++i) CHECK(model.state<"fc.u">()(i) == same.state<"fc.u">()(i));
        model.initialise("*", init::orthogonal<3.0>{}, seed(9));
        CHECK(largest_singular_value(model) == Approx(1).epsilon(1e-12));
        // Rows that sum to 0 are orthogonal to a vector of equal numbers, from which the power method would not leave.
        const auto w = model.parameter<"fc.layer.weight">();
        for (int i = 0; i < 24; ++i)
            for (int j = 0; j < 24; ++j) w(i, j) = (j % 2 == 0 ? 1 : -1) * (i + 1.0);
        auto trainer = Trainer(model, MSE{}, SGD{.lr = 0});
        const std::vector<double> x(24 * 24, 0.5);
        CHECK(std::isfinite(trainer.step(x.data(), x.data(), 24)));
        CHECK(largest_singular_value(model) == Approx(1).epsilon(1e-12));  // of rank 1: found in one step
    }
}

TEST_CASE("the rows of a transposed convolution's weight are its outputs, and an evaluation takes the vectors as they are") {
    Model<Up, Input<double, 5, 2, 2>, max_batch<2>> model{seed(1)};
    Model<Plain, Input<double, 5, 2, 2>, max_batch<2>> plain{seed(1)};
    REQUIRE(model.state<"up.u">().size() == 3);
    REQUIRE(model.state<"up.v">().size() == 20);
    auto trainer = Trainer(model, MSE{}, SGD{.lr = 0.1});
    std::vector<double> x(40), y(96), z(96);
    for (int i = 0; i < 40; ++i) x[static_cast<std::size_t>(i)] = std::sin(3.0 * i);
    for (int i = 0; i < 3; ++i) trainer.step(x.data(), y.data(), 2);
    const auto w = model.parameter<"up.layer.weight">(), p = plain.parameter<"up.weight">();
    const auto u = model.state<"up.u">();
    const auto v = model.state<"up.v">();
    double sigma = 0;  // uᵀ W v, of the weight as the last step left it
    for (int i = 0; i < 5; ++i)
        for (int o = 0; o < 3; ++o)
            for (int k = 0; k < 4; ++k) p(i, o, k / 2, k % 2) = w(i, o, k / 2, k % 2), sigma += u(o) * w(i, o, k / 2, k % 2) * v(4 * i + k);
    model.run(x.data(), y.data(), 2), plain.run(x.data(), z.data(), 2);
    for (std::size_t i = 0; i < 96; ++i) CHECK(y[i] * sigma == Approx(z[i]).margin(1e-13));
    Tensor<double, 3, 20> rows;
    trainer.rule.lr = 0;
    for (int i = 0; i < 300; ++i) trainer.step(x.data(), y.data(), 2);
    for (int i = 0; i < 5; ++i)
        for (int o = 0; o < 3; ++o)
            for (int k = 0; k < 4; ++k) rows(o, 4 * i + k) = w(i, o, k / 2, k % 2);
    const double largest = eval(svdvals(rows))[0];
    model.run(x.data(), y.data(), 2);
    for (std::size_t i = 0; i < 96; ++i) CHECK(y[i] * largest == Approx(z[i]).margin(1e-9));
}
