// Initialisers: bounds, means and deviations of what they draw; orthogonality; the numbers PyTorch gives for gains.
#include <etta/etta.hpp>

#include <cmath>
#include <string>

#include "../catch.hpp"

using namespace etta;

namespace {

// One parameter for each initialiser; the extents are the same but for Dirac's.
template <class Init, int... E>
using P = Param<sized<E...>, Init>;
struct All {
    P<init::constant<2.5>, 40, 30> constant;
    P<init::uniform<-1.0, 3.0>, 40, 30> uniform;
    P<init::normal<2.0, 1.0>, 40, 30> normal;
    P<init::trunc_normal<2.0, 1.0, 0.0, 4.0>, 40, 30> truncated;
    P<init::xavier_uniform, 40, 30> xavier_uniform;
    P<init::xavier_normal, 40, 30> xavier_normal;
    P<init::kaiming_uniform, 8, 6, 5, 5> kaiming_uniform;
    P<init::variance_scaling<2.0, fan::out>, 8, 6, 5, 5> fan_out;
    P<init::lecun_normal, 40, 30> lecun_normal;
    P<init::lecun_uniform, 40, 30> lecun_uniform;
    P<init::orthogonal<>, 40, 30> tall;
    P<init::orthogonal<init::gain(init::nonlinearity::tanh)>, 8, 3, 3, 3> wide;
    P<init::sparse<0.31>, 40, 30> sparse;
    P<init::eye<2.0>, 4, 3> eye;
    P<init::dirac<2>, 6, 2, 3, 4> dirac;
    constexpr auto operator()(var x) const {
        var y = x;
        const auto use = [&](const auto& p) constexpr { y = y + sum(p(x)); };
        use(constant), use(uniform), use(normal), use(truncated), use(xavier_uniform), use(xavier_normal), use(kaiming_uniform), use(fan_out), use(lecun_normal);
        use(lecun_uniform), use(tall), use(wide), use(sparse), use(eye), use(dirac);
        return y;
    }
};
using AllModel = Model<All, Input<double, 1>, max_batch<1>>;

struct moments {
    double mean = 0, deviation = 0, least = 1e300, most = -1e300;
    explicit moments(const named_view<double>& p) {
        for (etta::index k = 0; k < p.size; ++k) mean += p.data[k] / static_cast<double>(p.size), least = std::min(least, p.data[k]), most = std::max(most, p.data[k]);
        for (etta::index k = 0; k < p.size; ++k) deviation += (p.data[k] - mean) * (p.data[k] - mean) / static_cast<double>(p.size);
        deviation = std::sqrt(deviation);
    }
};
// Within four standard errors of 1200 draws.
void check_moments(const named_view<double>& p, double mean, double deviation) {
    const moments m(p);
    INFO(p.name);
    CHECK(std::abs(m.mean - mean) < 4 * deviation / std::sqrt(1200.0));
    CHECK(m.deviation == Approx(deviation).epsilon(0.08));
}

}  // namespace

TEST_CASE("initialisers draw from the distributions that they are named after") {
    AllModel model{seed(3)};
    CHECK((moments(model.parameter("constant")).least == 2.5 && moments(model.parameter("constant")).most == 2.5));
    check_moments(model.parameter("uniform"), 1, 4 / std::sqrt(12.0));
    CHECK((moments(model.parameter("uniform")).least >= -1 && moments(model.parameter("uniform")).most < 3));
    check_moments(model.parameter("normal"), 1, 2);
    // N(1, 4) between 0 and 4, by its textbook formula.
    const moments t(model.parameter("truncated"));
    CHECK((t.least >= 0 && t.most <= 4 && t.least < 0.05 && t.most > 3.9));
    const auto phi = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979); };
    const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    const double part = cdf(1.5) - cdf(-0.5), shift = (phi(-0.5) - phi(1.5)) / part;
    check_moments(model.parameter("truncated"), 1 + 2 * shift, 2 * std::sqrt(1 + (-0.5 * phi(-0.5) - 1.5 * phi(1.5)) / part - shift * shift));
    check_moments(model.parameter("xavier_uniform"), 0, std::sqrt(2.0 / 70));
    CHECK(moments(model.parameter("xavier_uniform")).most < std::sqrt(6.0 / 70));
    check_moments(model.parameter("xavier_normal"), 0, std::sqrt(2.0 / 70));
    check_moments(model.parameter("kaiming_uniform"), 0, std::sqrt(2.0 / 150));
    CHECK(moments(model.parameter("kaiming_uniform")).most < std::sqrt(6.0 / 150));
    check_moments(model.parameter("fan_out"), 0, 2 / std::sqrt(200.0));
    check_moments(model.parameter("lecun_normal"), 0, std::sqrt(1.0 / 30));
    CHECK(moments(model.parameter("lecun_normal")).most < 2 * std::sqrt(1.0 / 30) / 0.8796);
    check_moments(model.parameter("lecun_uniform"), 0, std::sqrt(1.0 / 30));
}

TEST_CASE("a normal distribution truncated far from its mean stays within its bounds, and varies there") {
    struct Tails {
        P<init::trunc_normal<1.0, 0.0, 9.0, 10.0>, 40, 30> above;
        P<init::trunc_normal<2.0, 1.0, -40.0, -19.0>, 40, 30> below;
        constexpr auto operator()(var x) const { return x + sum(above(x)) + sum(below(x)); }
    };
    Model<Tails, Input<double, 1>, max_batch<1>> model{seed(3)};
    // Beyond a, the distance from it is all but exponential of the mean 1 / (a + 1 / a).
    const moments above(model.parameter("above")), below(model.parameter("below"));
    CHECK((above.least >= 9 && above.most <= 10 && below.least >= -40 && below.most <= -19));
    CHECK(above.mean == Approx(9.1075).epsilon(2e-3));
    CHECK(below.mean == Approx(-19.196).epsilon(2e-3));
}

TEST_CASE("an orthogonal parameter is, by its rows or its columns") {
    AllModel model{seed(3)};
    // Of n vectors of m elements: how far from orthogonal and from the square of this length.
    const auto error = [](const double* a, etta::index n, etta::index m, etta::index row, etta::index column, double square) {
        double worst = 0;
        for (etta::index i = 0; i < n; ++i)
            for (etta::index j = 0; j <= i; ++j) {
                double dot = 0;
                for (etta::index k = 0; k < m; ++k) dot += a[i * row + k * column] * a[j * row + k * column];
                worst = std::max(worst, std::abs(dot - (i == j ? square : 0)));
            }
        return worst;
    };
    CHECK(error(model.parameter("tall").data, 30, 40, 1, 30, 1) < 1e-14);
    CHECK(error(model.parameter("wide").data, 8, 27, 27, 1, 25.0 / 9) < 1e-14);
    CHECK(std::abs(moments(model.parameter("tall")).mean) < 0.02);
}

TEST_CASE("sparse, identity and Dirac parameters have their zeros and ones in place") {
    AllModel model{seed(3)};
    const auto sparse = model.parameter<"sparse">();
    bool equal = true;
    for (etta::index c = 0; c < 30; ++c) {
        int zeros = 0;
        for (etta::index r = 0; r < 40; ++r) zeros += sparse(r, c) == 0, equal = equal && (sparse(r, c) == 0) == (sparse(r, 0) == 0);
        CHECK(zeros == 13);  // 12.4, rounded up
    }
    CHECK(!equal);
    for (etta::index i = 0; i < 4; ++i)
        for (etta::index j = 0; j < 3; ++j) CHECK(model.parameter<"eye">()(i, j) == (i == j ? 2 : 0));
    const auto d = model.parameter<"dirac">();
    for (etta::index o = 0; o < 6; ++o)
        for (etta::index c = 0; c < 2; ++c)
            for (etta::index k = 0; k < 12; ++k) CHECK(d(o, c, k / 4, k % 4) == (o % 3 == c && k == 6 ? 1 : 0));
}

TEST_CASE("gains are PyTorch's") {
    using enum init::nonlinearity;
    CHECK(init::gain(linear) == 1);
    CHECK(init::gain(sigmoid) == 1);
    CHECK(init::gain(tanh) == Approx(1.6666666666666667).epsilon(1e-15));
    CHECK(init::gain(relu) == Approx(1.4142135623730951).epsilon(1e-15));
    CHECK(init::gain(leaky_relu, 0.2) == Approx(1.3867504905630728).epsilon(1e-15));
    CHECK(init::gain(selu) == 0.75);
    CHECK(init::half_cdf(1) == Approx(0.34134474606854293).epsilon(1e-14));
    CHECK(init::half_cdf(-3) == Approx(-0.49865010196836990).epsilon(1e-14));
}

namespace {
struct Plain {
    Linear<6> fc1, fc2;
    constexpr auto operator()(auto x) const { return fc2(fc1(x)); }
};
struct Chosen {
    Linear<6, true, init::orthogonal<>, init::constant<0.5>> fc1, fc2;
    constexpr auto operator()(auto x) const { return fc2(fc1(x)); }
};
}  // namespace

TEST_CASE("parameters chosen by name start anew, as if the layers said so") {
    Model<Plain, Input<float, 5>> model{seed(1)};
    Model<Chosen, Input<float, 5>> chosen{seed(4)};
    const float before = model.parameter("fc1.bias").data[2];
    CHECK(model.initialise("*.weight", init::orthogonal{}, seed(4)) == 2);
    CHECK(model.parameter("fc1.bias").data[2] == before);
    CHECK(model.initialise("fc?.bias", init::constant<0.5>{}, seed(4)) == 2);
    for (int i = 0; i < model.n_parameters; ++i)
        for (etta::index k = 0; k < model.parameter(i).size; ++k) CHECK(model.parameter(i).data[k] == chosen.parameter(i).data[k]);
    CHECK_THROWS_WITH(model.initialise("conv*", init::zeros{}, seed(1)), says("no parameter of the model fits 'conv*'"));
    CHECK_THROWS_WITH(model.initialise("*", init::eye{}, seed(1)), says("'fc1.bias' has rank 1"));
    CHECK(model.parameter("fc1.bias").data[2] == 0.5f);  // and nothing was changed
}
