// Max pooling against its definition, with the gradient at the first largest element of each window; its derivatives.
#include <etta/op/activation.hpp>
#include <etta/op/max_pooling.hpp>
#include <etta/run/call.hpp>
#include <etta/run/cpu/pool.hpp>

#include "catch.hpp"

#include <cmath>
#include <limits>

using etta::args;
using etta::get;
using etta::grad;
using etta::Tensor;

namespace {

template <int KH, int KW, int SH, int SW, int PH, int PW>
struct window {
    struct function {
        constexpr auto operator()(auto x) const { return etta::_::apply<etta::_::MaxPooling, etta::_::attr<KH, KW, SH, SW, PH, PW>>(x); }
    };
    struct weighted {
        constexpr auto operator()(auto x) const { return sum(square(function{}(x))) * 0.5 + sum(function{}(x)); }
    };
};

template <class X>
X filled(X x, unsigned seed, int values = 1 << 24) {
    for (long i = 0; i < static_cast<long>(x.size()); ++i) {
        seed = seed * 1664525u + 1013904223u;
        x.data()[i] = static_cast<typename X::value_type>(static_cast<int>(seed >> 8) % values) / 1024;
    }
    return x;
}

// Values and, with ties (few distinct values), where the gradient of sum(y²)/2 + sum(y) lies.
template <int KH, int KW, int SH, int SW, int PH, int PW, class T, std::size_t N, std::size_t C, std::size_t H, std::size_t W>
int wrong() {
    using win = window<KH, KW, SH, SW, PH, PW>;
    const auto x = filled(Tensor<T, N, C, H, W>{}, 1, 7);
    const auto y = etta::call(typename win::function{}, x);
    const auto g = grad(typename win::weighted{})(x);
    std::vector<double> want(static_cast<std::size_t>(x.size()), 0.0);
    const long oh = (long(H) + 2 * PH - KH) / SH + 1, ow = (long(W) + 2 * PW - KW) / SW + 1;
    int bad = y.size() != long(N) * long(C) * oh * ow;
    for (long m = 0; m < long(N * C) && bad == 0; ++m)
        for (long i = 0; i < oh; ++i)
            for (long j = 0; j < ow; ++j) {
                long best = -1;
                for (long h = i * SH - PH; h < i * SH - PH + KH; ++h)
                    for (long w = j * SW - PW; w < j * SW - PW + KW; ++w) {
                        if (h < 0 || h >= long(H) || w < 0 || w >= long(W)) continue;
                        const long at = (m * long(H) + h) * long(W) + w;
                        if (best < 0 || x.data()[at] > x.data()[best]) best = at;
                    }
                bad += y.data()[(m * oh + i) * ow + j] != x.data()[best];
                want[static_cast<std::size_t>(best)] += static_cast<double>(x.data()[best]) + 1;
            }
    for (long i = 0; i < x.size(); ++i) bad += !(std::abs(g.data()[i] - want[static_cast<std::size_t>(i)]) <= 1e-5);
    return bad;
}

}  // namespace

TEST_CASE("max pooling takes each window's largest element and gives the gradient to the first of them") {
    CHECK(wrong<2, 2, 2, 2, 0, 0, float, 2, 3, 24, 24>() == 0);
    CHECK(wrong<2, 2, 2, 2, 0, 0, float, 1, 2, 9, 71>() == 0);
    CHECK(wrong<2, 2, 2, 2, 0, 0, double, 2, 1, 8, 8>() == 0);
    CHECK(wrong<3, 3, 2, 2, 1, 1, float, 2, 2, 15, 33>() == 0);
    CHECK(wrong<3, 2, 1, 1, 1, 0, float, 1, 2, 7, 40>() == 0);
    CHECK(wrong<2, 3, 3, 4, 0, 1, float, 1, 2, 11, 45>() == 0);
    CHECK(wrong<3, 3, 2, 2, 1, 1, double, 1, 1, 3, 1500>() == 0);
}

TEST_CASE("max pooling's jvp and vjp are transposes of each other, and it has second derivatives") {
    using win = window<3, 2, 2, 1, 1, 0>;
    const auto x = filled(Tensor<double, 2, 2, 7, 9>{}, 2), tx = filled(Tensor<double, 2, 2, 7, 9>{}, 3);
    const auto y = etta::call(win::function{}, x);
    const auto u = filled(y, 4);
    const auto forward = etta::jvp(win::function{})(args(x), args(tx));
    const auto back = etta::vjp(win::function{})(args(x), args(u));
    double a = 0, b = 0;
    for (long i = 0; i < y.size(); ++i) a += get<1>(forward).data()[i] * u.data()[i];
    for (long i = 0; i < x.size(); ++i) b += back.data()[i] * tx.data()[i];
    CHECK(a == Approx(b).epsilon(1e-12));
    // The gradient of |gradient of sum(y²)/2 + sum(y)|²/2 is 2 d (d y + d) at a maximum taken d times.
    const auto twice = [](auto x) { return sum(square(grad(win::weighted{})(x))) * 0.5; };
    const auto g = grad(twice)(x);
    const auto once = grad(win::weighted{})(x);
    int bad = 0;
    for (long i = 0; i < x.size(); ++i) {
        const double times = once.data()[i] / (x.data()[i] + 1);
        bad += !(std::abs(g.data()[i] - times * once.data()[i]) <= 1e-9 * (1 + std::abs(g.data()[i])));
    }
    CHECK(bad == 0);
}

TEST_CASE("max pooling passes NaN on") {
    Tensor<float, 1, 1, 4, 4> x = filled(Tensor<float, 1, 1, 4, 4>{}, 5);
    x.data()[5] = std::numeric_limits<float>::quiet_NaN();
    const auto y = etta::call(window<2, 2, 2, 2, 0, 0>::function{}, x);
    CHECK(std::isnan(y.data()[0]));
    CHECK(!std::isnan(y.data()[1]));
}
