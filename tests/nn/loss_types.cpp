// Losses as types for a Trainer: each is the function of its name (tests/parity/losses*.cpp, loss.cpp) with the options that it has, and
// weighted by samples it is their mean by weight.
#include <etta/etta.hpp>

#include <cmath>

#include "../catch.hpp"

using namespace etta;

namespace {

// [K]: the losses' values.
template <class... V>
constexpr var listed(V... v) {
    return concat<0>(unsqueeze<0>(v)...);
}

}  // namespace

TEST_CASE("losses of numbers and of truth values are their functions") {
    Tensor<double, 3, 4> y, t;
    Tensor<double, 3> w{1, 0, 2.5};
    for (int i = 0; i < 12; ++i) y[i] = 1.5 * std::sin(3.0 * i + 1), t[i] = i % 3 == 0;
    const auto [types, functions] = call([](auto y, auto t) {
        const var p = sigmoid(y), s = 2 * t - 1, q = 0.1 + 0.8 * t, lists = where(t == 1, 2, -1), log_p = log_softmax(y);
        return _::make_results(
            listed(MSE{}(y, t), MAE{}(y, t), L1{}(y, t), Huber<>{}(y, t), Huber<0.5>{}(y, t), SmoothL1<>{}(y, t), SmoothL1<0.5>{}(y, t), LogCosh{}(y, t), Hinge{}(y, t),
                   SquaredHinge{}(y, t), SoftMargin{}(y, s), HingeEmbedding<>{}(y, s), HingeEmbedding<0.5>{}(y, s), PoissonNLL<>{}(y, t), PoissonNLL<false, true>{}(p, 3 * t),
                   BCE{}(p, q), BCEWithLogits{}(y, q), MultiLabelSoftMargin{}(y, t), MultiLabelMargin{}(y, lists), Focal<>{}(y, t), Focal<-1.0, 1.5>{}(y, t), Dice{}(p, t),
                   SoftCrossEntropy{}(y, q), KLDiv<>{}(log_p, q), KLDiv<true>{}(log_p, log(q)), Quantile<0.3>{}(slice<-1, 0, 1>(y), slice<-1, 0, 1>(t)),
                   GaussianNLL<true>{}(concat<-1>(y, q), t)),
            listed(mse_loss(y, t), l1_loss(y, t), l1_loss(y, t), huber_loss(y, t), huber_loss(y, t, 0.5), smooth_l1_loss(y, t), smooth_l1_loss(y, t, 0.5), log_cosh_loss(y, t),
                   hinge_loss(y, t), squared_hinge_loss(y, t), soft_margin_loss(y, s), hinge_embedding_loss(y, s), hinge_embedding_loss(y, s, 0.5), poisson_nll_loss(y, t),
                   poisson_nll_loss(p, 3 * t, {.log_input = false, .full = true}), binary_cross_entropy(p, q), binary_cross_entropy_with_logits(y, q),
                   multilabel_soft_margin_loss(y, t), multilabel_margin_loss(y, lists), sigmoid_focal_loss(y, t), sigmoid_focal_loss(y, t, {.alpha = -1, .gamma = 1.5}),
                   dice_loss(p, t), cross_entropy(y, q), kl_div(log_p, q, {.reduce = reduction::batchmean}), kl_div(log_p, log(q), {.log_target = true, .reduce = reduction::batchmean}),
                   quantile_loss(slice<-1, 0, 1>(y), slice<-1, 0, 1>(t), 0.3), gaussian_nll_loss(y, t, q, {.full = true})));
    }, y, t);
    REQUIRE(types.size() == functions.size());
    for (int i = 0; i < static_cast<int>(types.size()); ++i) {
        INFO("loss " << i);
        CHECK(types[i] == Approx(functions[i]).epsilon(1e-13));
    }
    // Σ w l / Σ w of the samples' values.
    const auto [weighted, values] = call([](auto y, auto t, auto w) {
        const var q = 0.1 + 0.8 * t;
        return _::make_results(listed(Weighted<MAE>{}(y, t, w), Weighted<BCEWithLogits>{}(y, t, w), Weighted<SoftCrossEntropy>{}(y, q, w), Weighted<KLDiv<>>{}(log_softmax(y), q, w)),
                               stack<0>(mean(l1_loss(y, t, {.reduce = reduction::none}), axis<1>), mean(binary_cross_entropy_with_logits(y, t, {.reduce = reduction::none}), axis<1>),
                                        cross_entropy(y, q, {.reduce = reduction::none}), sum(kl_div(log_softmax(y), q, {.reduce = reduction::none}), axis<1>)));
    }, y, t, w);
    for (int i = 0; i < 4; ++i) CHECK(weighted[i] == Approx((values(i, 0) + 2.5 * values(i, 2)) / 3.5).epsilon(1e-13));
}

TEST_CASE("losses of labels are their functions, alone and weighted") {
    Tensor<double, 3, 4> y;
    const Tensor<std::int32_t, 3> labels{2, 0, 3};
    const Tensor<double, 3> w{1, 0, 2.5};
    for (int i = 0; i < 12; ++i) y[i] = 1.5 * std::sin(3.0 * i + 1);
    const auto [types, functions, weighted, values] = call([](auto y, auto labels, auto w) {
        const var log_p = log_softmax(y);
        return _::make_results(listed(CrossEntropy{}(y, labels), NLL{}(log_p, labels), MultiMargin{}(y, labels)),
                               listed(cross_entropy(y, labels), nll_loss(log_p, labels), multi_margin_loss(y, labels)),
                               listed(Weighted<CrossEntropy>{}(y, labels, w), Weighted<NLL>{}(log_p, labels, w), Weighted<MultiMargin>{}(y, labels, w)),
                               stack<0>(cross_entropy(y, labels, {.reduce = reduction::none}), nll_loss(log_p, labels, {.reduce = reduction::none}),
                                        multi_margin_loss(y, labels, {.reduce = reduction::none})));
    }, y, labels, w);
    for (int i = 0; i < 3; ++i) {
        CHECK(types[i] == Approx(functions[i]).epsilon(1e-13));
        CHECK(weighted[i] == Approx((values(i, 0) + 2.5 * values(i, 2)) / 3.5).epsilon(1e-13));
    }
}
