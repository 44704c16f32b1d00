// states.hpp: running statistics estimated anew, for weights that were not trained themselves: averages of weights (SWA, EMA).
#pragma once

#include "trainer.hpp"

namespace etta {

// torch.optim.swa_utils.update_bn: every state of the model's element type becomes the mean over all batches of what a training
// step would put into it; counts become the number of batches. Parameters and the optimizer do not change.
//
// A layer's state s becomes (1 - m) s + m b in a step, with b the batch's statistic, and m is the layer's business. So each batch
// is passed twice, with s = 0 and with a large s, which tells m and b. A state that no step changes is left alone, and so are those that
// follow the parameters (SpectralNorm's vectors).
template <class M, class Loss, class Rule>
void estimate_states(Trainer<M, Loss, Rule>& trainer, const Dataset& data, int batch) {
    using T = typename M::element;
    using F = typename M::facts;
    if constexpr (M::n_states > 0) {
        trainer.check_dataset(data);
        M& model = trainer.model();
        const auto each = [&](const auto& f) {  // f(the state's elements, their number, where they are in a copy)
            for (int i = 0; i < M::n_states; ++i) {
                const index at = F::states.at[i].offset;
                if (F::states.type[i] == dtype_of<T> && F::states.start[i].kind == _::start_value::constant) f(reinterpret_cast<T*>(model.states.data() + at), F::states.count[i], at / static_cast<index>(sizeof(T)));
            }
        };
        const _::heap_elements<char> before = model.states;
        _::heap_elements<T> low(M::state_bytes / static_cast<index>(sizeof(T)));
        _::heap_elements<double> mean(low.size), high(low.size);
        _::heap_elements<char> counts;
        _::fill_states<F>(model.states.data());
        const auto keep = [&] {
            for (int i = 0; i < M::n_states; ++i) {
                const index at = F::states.at[i].offset;
                if (F::states.start[i].kind != _::start_value::constant) __builtin_memcpy(model.states.data() + at, before.data() + at, static_cast<std::size_t>(F::states.count[i]) * sizeof(T));
            }
        };
        keep();
        BatchOptions bo;
        bo.type = dtype_of<T>;
        double n = 0;
        for (auto&& [x, y] : batches(data, batch, bo)) {
            if (x.extents[0] < (Trainer<M, Loss, Rule>::least_batch)) continue;
            ++n;
            counts = model.states;
            each([](T* s, index k, index) { for (index i = 0; i < k; ++i) s[i] = 0; });
            trainer.adapt(x, y);
            each([&](T* s, index k, index at) { for (index i = 0; i < k; ++i) low.data()[at + i] = s[i]; });
            model.states = counts;
            each([&](T* s, index k, index at) {
                for (index i = 0; i < k; ++i) s[i] = static_cast<T>(high.data()[at + i] = 1024 * (1 + __builtin_fabs(static_cast<double>(low.data()[at + i]))));
            });
            trainer.adapt(x, y);
            each([&](T* s, index k, index at) {
                for (index i = 0; i < k; ++i) {
                    const double large = static_cast<double>(static_cast<T>(high.data()[at + i])), small = static_cast<double>(low.data()[at + i]);
                    const double part = 1 - (static_cast<double>(s[i]) - small) / large;
                    double& m = mean.data()[at + i];
                    if (part > 1e-6) m += (small / part - m) / n;
                    else m = static_cast<double>(reinterpret_cast<const T*>(before.data())[at + i]);
                }
            });
        }
        if (n == 0) {
            model.states = before;
            fail<>("estimate_states: no batch of the data is large enough");
        }
        each([&](T* s, index k, index at) { for (index i = 0; i < k; ++i) s[i] = static_cast<T>(mean.data()[at + i]); });
        keep();
    }
}

}  // namespace etta
