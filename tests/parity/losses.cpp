// Losses of numbers and of pairs, and their gradients, against PyTorch (make_losses.py wrote the file).
#include "losses.hpp"

TEST_CASE("losses of numbers are PyTorch's, and so are their gradients") {
    compare("numbers", losses(
        [](auto y, auto t, auto, auto, auto, auto, auto) { return mse_loss(y, t); },
        [](auto y, auto t, auto, auto, auto, auto, auto) { return mse_loss(y, t, {.reduce = reduction::sum}); },
        [](auto y, auto t, auto w, auto, auto, auto, auto) { return mse_loss(y, t, {.weight = w}); },
        [](auto y, auto t, auto, auto, auto, auto, auto) { return l1_loss(y, t); },
        [](auto y, auto t, auto w, auto, auto, auto, auto) { return l1_loss(y, t, {.weight = w}); },
        [](auto y, auto t, auto, auto, auto, auto, auto) { return huber_loss(y, t, 0.7); },
        [](auto y, auto t, auto w, auto, auto, auto, auto) { return huber_loss(y, t, 0.7, {.weight = w}); },
        [](auto y, auto t, auto, auto, auto, auto, auto) { return smooth_l1_loss(y, t, 0.6); },
        [](auto y, auto t, auto, auto, auto, auto, auto) { return smooth_l1_loss(y, t, 0); },
        [](auto y, auto t, auto, auto v, auto, auto, auto) { return gaussian_nll_loss(y, t, v); },
        [](auto y, auto t, auto, auto v, auto, auto, auto) { return gaussian_nll_loss(y, t, v, {.full = true, .reduce = reduction::sum}); },
        [](auto y, auto, auto, auto, auto n, auto, auto) { return poisson_nll_loss(y, n); },
        [](auto y, auto, auto, auto, auto n, auto, auto) { return poisson_nll_loss(y, n, {.full = true}); },
        [](auto y, auto, auto, auto, auto n, auto, auto) { return poisson_nll_loss(exp(y), n, {.log_input = false, .full = true, .reduce = reduction::sum}); },
        [](auto y, auto, auto, auto, auto, auto, auto p) { return kl_div(log_softmax(y), p); },
        [](auto y, auto, auto, auto, auto, auto p, auto) { return kl_div(log_softmax(y), log(p), {.log_target = true, .reduce = reduction::batchmean}); }),
        matrix("y"), matrix("t"), matrix("weight"), matrix("variance"), matrix("counts"), matrix("soft"), matrix("soft_with_zero"));
}

TEST_CASE("losses of pairs and triples are PyTorch's, and so are their gradients") {
    compare("pairs", losses(
        [](auto y, auto b, auto, auto s, auto) { return cosine_embedding_loss(y, b, s, 0.1); },
        [](auto y, auto b, auto, auto, auto s) { return margin_ranking_loss(y, b, s, 0.3); },
        [](auto y, auto b, auto c, auto, auto) { return triplet_margin_loss(y, b, c); },
        [](auto y, auto b, auto c, auto, auto) { return triplet_margin_loss(y, b, c, {.margin = 2, .p = 1}); },
        [](auto y, auto b, auto c, auto, auto) { return triplet_margin_loss(y, b, c, {.margin = 1.5, .p = 3, .swap = true, .reduce = reduction::sum}); },
        [](auto y, auto b, auto, auto, auto) { return sum(pairwise_distance(y, b)); },
        [](auto y, auto b, auto, auto, auto) { return sum(cosine_similarity(y, b)); }),
        matrix("y"), matrix("other"), matrix("third"), from_file<double, 5>("pair"), matrix("sign"));
}
