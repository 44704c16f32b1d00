// Losses that PyTorch does not have, and their gradients, against Keras and, for quantiles, scikit-learn (make_losses_keras.py wrote
// the file).
#define ETTA_LOSSES "losses_keras.st"
#include "losses.hpp"

TEST_CASE("hinges are Keras', and so are their gradients") {
    compare("margins", losses(
        [](auto y, auto h, auto, auto) { return hinge_loss(y, h); },
        [](auto y, auto, auto s, auto) { return hinge_loss(y, s); },
        [](auto y, auto h, auto, auto w) { return hinge_loss(y, h, {.weight = w}); },
        [](auto y, auto, auto s, auto) { return hinge_loss(y, s, {.reduce = reduction::sum}); },
        [](auto y, auto h, auto, auto) { return squared_hinge_loss(y, h); },
        [](auto y, auto, auto s, auto w) { return squared_hinge_loss(y, s, {.weight = w}); }),
        matrix("y"), matrix("hard"), matrix("sign"), from_file<double, 5, 1>("weight"));
}

TEST_CASE("log-cosh is Keras', quantile losses are scikit-learn's, and so are their gradients") {
    compare("numbers", losses(
        [](auto y, auto t, auto, auto) { return log_cosh_loss(y, t); },
        [](auto y, auto t, auto, auto) { return log_cosh_loss(30 * y, 10 * t); },
        [](auto y, auto t, auto w, auto) { return log_cosh_loss(y, t, {.weight = w}); },
        [](auto y, auto t, auto, auto) { return quantile_loss(y, t, 0.5); },
        [](auto y, auto t, auto, auto) { return quantile_loss(y, t, 0.1); },
        [](auto y, auto t, auto, auto q) { return quantile_loss(y, t, q); },
        [](auto y, auto t, auto w, auto) { return quantile_loss(y, t, 0.8, {.weight = w}); }),
        matrix("y"), matrix("t"), from_file<double, 5, 1>("weight"), from_file<double, 4>("q"));
}

TEST_CASE("focal and Dice losses are Keras', and so are their gradients") {
    compare("truths", losses(
        [](auto y, auto, auto h, auto) { return sigmoid_focal_loss(y, h, {.alpha = -1}); },  // (Keras' default does not balance)
        [](auto y, auto, auto h, auto) { return sigmoid_focal_loss(y, h); },
        [](auto y, auto, auto h, auto) { return sigmoid_focal_loss(y, h, {.alpha = 0.7, .gamma = 1}); },
        [](auto y, auto, auto h, auto w) { return sigmoid_focal_loss(y, h, {.alpha = -1, .gamma = 3.5, .weight = w}); },
        [](auto y, auto, auto h, auto) { return sigmoid_focal_loss(y, h, {.alpha = -1, .gamma = 0}); },
        [](auto y, auto, auto h, auto) { return sigmoid_focal_loss(y, 0.8 * h + 0.1); },
        [](auto y, auto, auto h, auto) { return dice_loss(sigmoid(y), h); },
        [](auto y, auto t, auto, auto) { return dice_loss(sigmoid(y), t); },
        [](auto y, auto, auto h, auto) { return dice_loss(sigmoid(y), h, {.per_sample = true}); }),
        matrix("y"), matrix("t"), matrix("hard"), from_file<double, 5, 1>("weight"));
}
