// Losses of truth values and of classes, and their gradients, against PyTorch (make_losses.py wrote the file).
#include "losses.hpp"

TEST_CASE("losses of truth values are PyTorch's, and so are their gradients") {
    compare("truths", losses(
        [](auto y, auto t, auto, auto, auto, auto, auto) { return binary_cross_entropy(sigmoid(y), t); },
        [](auto y, auto, auto h, auto, auto w, auto, auto) { return binary_cross_entropy(sigmoid(y), h, {.weight = w, .reduce = reduction::sum}); },
        [](auto y, auto t, auto, auto, auto, auto, auto) { return binary_cross_entropy_with_logits(y, t); },
        [](auto y, auto, auto h, auto, auto w, auto c, auto) { return binary_cross_entropy_with_logits(y, h, {.weight = w, .pos_weight = c}); },
        [](auto y, auto, auto h, auto, auto, auto, auto) { return multilabel_soft_margin_loss(y, h); },
        [](auto y, auto, auto h, auto, auto, auto c, auto) { return multilabel_soft_margin_loss(y, h, {.weight = c, .reduce = reduction::sum}); },
        [](auto y, auto, auto, auto s, auto, auto, auto) { return soft_margin_loss(y, s); },
        [](auto y, auto, auto, auto s, auto, auto, auto) { return hinge_embedding_loss(y, s, 0.8); },
        [](auto y, auto, auto, auto, auto, auto, auto lists) { return multilabel_margin_loss(y, lists); }),
        matrix("y"), matrix("t"), matrix("hard"), matrix("sign"), matrix("weight"), from_file<double, 4>("per_class"), from_file<std::int32_t, 5, 4>("lists"));
}

TEST_CASE("losses of classes are PyTorch's, and so are their gradients") {
    compare("classes", losses(
        [](auto y, auto l, auto, auto, auto) { return cross_entropy(y, l); },
        [](auto y, auto l, auto, auto, auto c) { return cross_entropy(y, l, {.weight = c}); },
        [](auto y, auto l, auto, auto, auto) { return cross_entropy(y, l, {.label_smoothing = 0.1}); },
        [](auto y, auto, auto l, auto, auto) { return cross_entropy(y, l, {.ignore_index = -1}); },
        [](auto y, auto, auto l, auto, auto c) { return cross_entropy(y, l, {.weight = c, .label_smoothing = 0.2, .ignore_index = -1}); },
        [](auto y, auto l, auto, auto, auto c) { return cross_entropy(y, l, {.weight = c, .label_smoothing = 0.2, .ignore_index = 3, .reduce = reduction::sum}); },
        [](auto y, auto, auto, auto p, auto) { return cross_entropy(y, p); },
        [](auto y, auto, auto, auto p, auto c) { return cross_entropy(y, p, {.weight = c, .label_smoothing = 0.3}); },
        [](auto y, auto l, auto, auto, auto c) { return nll_loss(log_softmax(y), l, {.weight = c, .reduce = reduction::sum}); },
        [](auto y, auto l, auto, auto, auto) { return multi_margin_loss(y, l); },
        [](auto y, auto l, auto, auto, auto c) { return multi_margin_loss(y, l, {.p = 2, .margin = 0.6, .weight = c}); }),
        matrix("y"), from_file<std::int32_t, 5>("labels"), from_file<std::int32_t, 5>("some"), matrix("soft"), from_file<double, 4>("per_class"));
}
