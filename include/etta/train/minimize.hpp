// minimize.hpp: a model trained on its whole data set at once by the methods of optim/minimize.hpp, for models and data that are
// small enough: minimize(LBFGS{}, trainer, data).
#pragma once

#include "../optim/minimize.hpp"
#include "trainer.hpp"

namespace etta {

// Every evaluation is the loss, and its gradient, over all samples, in batches of the model's max_batch; the value is the mean
// per sample. The trainer's rule, schedules and clipping have no part in it; frozen parameters stay. Layers draw the same
// random numbers at every evaluation and their states do not change, so that the function is one.
template <class Options, class M, class Loss, class Rule>
Descent minimize(const Options& options, Trainer<M, Loss, Rule>& trainer, const Dataset& data) {
    using T = typename M::element;
    constexpr index n = Trainer<M, Loss, Rule>::n_elements;
    trainer.check_dataset(data);
    batch_options bo;
    bo.type = dtype_of<T>;
    auto loader = batches(data, Trainer<M, Loss, Rule>::batch_bound, bo);
    double all = static_cast<double>(data.size());  // the samples', or their weights' sum
    if (data.has_weights()) all = 0;
    for (index i = 0; data.has_weights() && i < data.size(); ++i) all += data.weight(i);
    return _::descend(options, trainer.model().parameters.data(), n, [&](const T*, T* g) {  // (x are the model's own)
        __builtin_memset(g, 0, static_cast<std::size_t>(n) * sizeof(T));
        double value = 0;
        loader.epoch(0);  // random transforms draw the same
        for (auto&& [x, y] : loader) {
            const T* const weights = static_cast<const T*>(loader.weights());
            double part = weights == nullptr ? static_cast<double>(x.extents[0]) : 0;
            for (index i = 0; weights != nullptr && i < x.extents[0]; ++i) part += static_cast<double>(weights[i]);
            if (part == 0) continue;  // 0 / 0: these samples count for nothing
            part /= all;
            value += part * trainer.gradients(x, y, weights);
            trainer.each_trained([&](index first, index count) {
                for (index i = first; i < first + count; ++i) g[i] += static_cast<T>(part) * trainer.gradient_data()[i];
            });
        }
        return value;
    });
}

}  // namespace etta
