// Losses that PyTorch does not have, against the definition in double; derivatives against differences; edges. (PyTorch's losses,
// and Keras': tests/parity/losses*.cpp; what the Trainer makes of a loss: tests/train/loss.cpp.)
#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#include "../catch.hpp"
#include "../gradient_check.hpp"

using namespace etta;

namespace {

// The mean over what f(y, t) is for each element.
template <class F>
double mean_of(const Tensor<double, 3, 4>& y, const Tensor<double, 3, 4>& t, const F& f) {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += f(y[i], t[i]);
    return sum / 12;
}

}  // namespace

TEST_CASE("losses from Keras and from papers are their definitions") {
    Tensor<double, 3, 4> y, t, p;
    for (int i = 0; i < 12; ++i) y[i] = 2 * std::sin(3.0 * i + 1), t[i] = i % 3 == 0, p[i] = 1 / (1 + std::exp(-y[i]));
    const auto all = call([](auto y, auto t, auto p) {
        return stack<0>(hinge_loss(y, t), hinge_loss(y, 2 * t - 1), squared_hinge_loss(y, t), log_cosh_loss(y, t), quantile_loss(y, t, 0.3), sigmoid_focal_loss(y, t),
                        sigmoid_focal_loss(y, t, {.alpha = -1, .gamma = 1.5}), dice_loss(p, t), dice_loss(p, t, {.per_sample = true}));
    }, y, t, p);
    const auto hinge = [](double y, double t) { return std::max(0.0, 1 - (2 * t - 1) * y); };
    CHECK(all[0] == Approx(mean_of(y, t, hinge)));
    CHECK(all[1] == Approx(mean_of(y, t, hinge)));
    CHECK(all[2] == Approx(mean_of(y, t, [&](double y, double t) { return hinge(y, t) * hinge(y, t); })));
    CHECK(all[3] == Approx(mean_of(y, t, [](double y, double t) { return std::log(std::cosh(y - t)); })));
    CHECK(all[4] == Approx(mean_of(y, t, [](double y, double t) { return std::max(0.3 * (t - y), -0.7 * (t - y)); })));
    const auto focal = [](double alpha, double gamma) {
        return [=](double y, double t) {
            const double p = 1 / (1 + std::exp(-y)), right = t == 1 ? p : 1 - p;
            return -std::log(right) * std::pow(1 - right, gamma) * (alpha < 0 ? 1 : t == 1 ? alpha : 1 - alpha);
        };
    };
    CHECK(all[5] == Approx(mean_of(y, t, focal(0.25, 2))));
    CHECK(all[6] == Approx(mean_of(y, t, focal(-1, 1.5))));
    double both = 0, sum = 0, per_sample = 0;
    for (int n = 0; n < 3; ++n) {
        double b = 0, s = 0;
        for (int i = 4 * n; i < 4 * n + 4; ++i) b += p[i] * t[i], s += p[i] + t[i];
        both += b, sum += s, per_sample += (1 - 2 * b / (s + 1e-7)) / 3;
    }
    CHECK(all[7] == Approx(1 - 2 * both / (sum + 1e-7)));
    CHECK(all[8] == Approx(per_sample));
}

TEST_CASE("derivatives of losses that PyTorch does not have agree with differences") {
    Tensor<double, 3, 4> y;
    for (int i = 0; i < 12; ++i) y[i] = 2 * std::sin(3.0 * i + 1);
    CHECK(gradient_error([](auto y) {
        const var t = y * 0 + 0.2;
        return stack<0>(log_cosh_loss(y, t), dice_loss(sigmoid(y), t, {.per_sample = true}),
                        contrastive_loss(y, t, mean(t, axis<1>), 3), sigmoid_focal_loss(y, t));
    }, y) < 1e-6);
}

TEST_CASE("losses do not overflow, and stay finite where a probability is 0 or 1") {
    Tensor<double, 4> y{1000, -1000, 0, 0}, t{0, 1, 0, 1}, p{0, 0, 1, 1};
    const auto [values, gradient] = value_and_grad<0>([](auto y, auto t) { return log_cosh_loss(y, t) + binary_cross_entropy_with_logits(y, t) + sigmoid_focal_loss(y, t); })(y, t);
    CHECK(std::isfinite(values));
    for (const double g : {gradient[0], gradient[1], gradient[2], gradient[3]}) CHECK(std::isfinite(g));
    const auto [entropy, slope] = value_and_grad<0>([](auto p, auto t) { return binary_cross_entropy(p, t); })(p, t);
    CHECK(entropy == Approx(50));  // of four, two are wholly wrong: 100 each
    for (const double g : {slope[0], slope[1], slope[2], slope[3]}) CHECK(std::isfinite(g));
    const Tensor<double, 4> near{1, 0, 1e-20, 0.5}, target{0, 1, 1, 1};
    const auto steep = grad([](auto p, auto t) { return binary_cross_entropy(p, t, {.reduce = reduction::sum}); })(near, target);
    CHECK((steep[0] == 1e12 && steep[1] == -1e12 && steep[2] == -1e12 && steep[3] == -2));
    const Tensor<double, 1, 3> same{0.5, 1, -2};  // of a distance 0, and of lists without a label
    const auto none = grad([](auto a) { return contrastive_loss(a, stop_gradient(a), sum(a, axis<1>) * 0) + sum(multilabel_margin_loss(a, a * 0 - 1)); })(same);
    for (int i = 0; i < 3; ++i) CHECK(none[i] == 0);
}

TEST_CASE("a loss of a single element, and none left out of the reduction") {
    const Tensor<double, 1> one{3};
    const Tensor<double, 2, 2> y{1, 2, 3, 4};
    const Tensor<double, 2> w{1, 0};
    CHECK(call([](auto y) { return mse_loss(y, y - 2); }, one) == 4);
    const auto values = call([](auto y, auto w) { return huber_loss(y, 0 * y, 1, {.weight = w, .reduce = reduction::none}); }, y, w);
    CHECK(values(0, 0) == 0.5);
    CHECK(values(0, 1) == 1.5);
    CHECK(values(1, 0) == 0);
    CHECK(values(1, 1) == 0);
}

TEST_CASE("weights of [N] are those of samples, of any rank of the values; others are the values'") {
    Tensor<double, 3, 1> y{1, 2, 4}, t{0, 0.5, 1};
    Tensor<double, 3, 3> square_y, square_t;
    for (int i = 0; i < 9; ++i) square_y[i] = std::sin(2.0 * i), square_t[i] = 0.1 * i;
    const Tensor<double, 3> w{1, 0, 2};
    const auto [column, weighted, rows, weighted_rows, huber, of_sums, by_element] = call([](auto y, auto t, auto sy, auto st, auto w) {
        const var full = unsqueeze<1>(w) + 0 * sy;
        return _::make_results(mse_loss(y, t, {.weight = w}), Weighted<MSE>{}(y, t, w), l1_loss(sy, st, {.weight = w}), Weighted<MAE>{}(sy, st, w),
                               huber_loss(y, t, 1, {.weight = w}), hinge_loss(sy, st, {.weight = w, .reduce = reduction::sum}),
                               stack<0>(l1_loss(sy, st, {.weight = full}), hinge_loss(sy, st, {.weight = full, .reduce = reduction::sum}), l1_loss(sy, st, {.weight = unsqueeze<1>(w)})));
    }, y, t, square_y, square_t, w);
    CHECK(column == Approx((1.0 + 2 * 9) / 3));
    CHECK(weighted == Approx(column));
    CHECK(rows == Approx(weighted_rows));
    CHECK(huber == Approx((0.5 + 2 * 2.5) / 3));
    CHECK(by_element[0] == Approx(rows));
    CHECK(by_element[1] == Approx(of_sums));
    CHECK(by_element[2] == Approx(rows));
}

TEST_CASE("a variance for each sample is that of all its numbers") {
    Tensor<double, 3, 1> y{1, 2, 4}, t{0, 0.5, 1}, v{1, 2, 0.5};
    const auto [flat, same] = call([](auto y, auto t, auto v) { return _::make_results(gaussian_nll_loss(y, t, squeeze<1>(v)), gaussian_nll_loss(y, t, v)); }, y, t, v);
    CHECK(flat == same);
}

TEST_CASE("distances of p infinite and 0 are the largest difference and the count of differences") {
    const Tensor<double, 2, 3> a{1, -4, 2, 0, 0, 0}, b{1, 1, 0, 0, 3, 0};
    const auto [most, count, triplet] = call([](auto a, auto b) {
        return _::make_results(pairwise_distance(a, b, __builtin_inf(), 0), pairwise_distance(a, b, 0, 0), triplet_margin_loss(a, b, -b, {.p = __builtin_inf(), .eps = 0}));
    }, a, b);
    CHECK(most[0] == 5);
    CHECK(most[1] == 3);
    CHECK(count[0] == 2);
    CHECK(count[1] == 1);
    CHECK(triplet == Approx((1 + 5 - 3 + 1 + 3 - 3) / 2.0));
    const auto slope = grad([](auto a, auto b) { return sum(pairwise_distance(a, b, __builtin_inf(), 0)) + sum(pairwise_distance(a, b, 0, 0)); })(a, b);
    const Tensor<double, 2, 3> wanted{0, -1, 0, 0, -1, 0};
    for (int i = 0; i < 6; ++i) CHECK(slope[i] == wanted[i]);
}
