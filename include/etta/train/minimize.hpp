// minimize.hpp: a model trained on its whole data set at once by the methods of optim/minimize.hpp, for models and data that are
// small enough: minimize(LBFGS{}, trainer, data).
#pragma once

#include "../optim/minimize.hpp"
#include "trainer.hpp"

namespace etta {

// Every evaluation is the loss, and its gradient, over all samples, in batches of the model's max_batch; the value is the mean
// per sample of a loss that is a mean over its batch. The trainer's rule, schedules and clipping have no part in it; frozen parameters stay. Layers draw the same
// random numbers at every evaluation and their states do not change, so that the function is one.
template <class Options, class M, class Loss, class Rule>
Descent minimize(const Options& options, Trainer<M, Loss, Rule>& trainer, const Dataset& data) {
    using T = typename M::element;
    constexpr index n = Trainer<M, Loss, Rule>::n_elements;
    trainer.check_dataset(data);
    if (data.size() == 0) fail<>("minimize: the data has no samples");
    BatchOptions bo;
    bo.type = dtype_of<T>;
    auto loader = batches(data, Trainer<M, Loss, Rule>::batch_bound, bo);
    return _::descend(options, trainer.model().parameters.data(), n, [&](const T*, T* g) {  // (x are the model's own)
        __builtin_memset(g, 0, static_cast<std::size_t>(n) * sizeof(T));
        double value = 0, counted = 0;
        loader.epoch(0);  // random transforms draw the same
        for (auto&& [x, y] : loader) {
            const double loss = trainer.gradients(x, y, static_cast<const T*>(loader.weights())), part = trainer.counted();
            if (part == 0) continue;  // 0 / 0
            value += part * loss, counted += part;
            trainer.each_trained([&](index first, index count) {
                for (index i = first; i < first + count; ++i) g[i] += static_cast<T>(part) * trainer.gradient_data()[i];
            });
        }
        if (counted == 0) fail<>("minimize: no sample counts for anything: all weights are 0, or all labels ignored");
        for (index i = 0; i < n; ++i) g[i] = static_cast<T>(static_cast<double>(g[i]) / counted);
        return value / counted;
    });
}

}  // namespace etta
