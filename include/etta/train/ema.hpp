// ema.hpp: an exponential moving average of a model's weights, which often predicts better than the weights themselves
// (Polyak & Juditsky 1992). It is updated after each step, and stands in for the weights while they are judged or saved.
#pragma once

#include "../nn/model.hpp"

namespace etta {

struct EMAOptions {
    double decay = 0.999;  // per update
    bool warm_up = false;  // rather min(decay, (1 + n) / (10 + n)) at update n: a short run forgets its starting values
};

//     etta::EMA average(model, {.decay = 0.999});
//     for (…) trainer.step(x, y), average.update();   // or once: trainer.follow(average)
//     {
//         const auto averaged = average.swapped();  // until the end of this scope, the model has the averages
//         trainer.evaluate(test);
//         etta::save(model, "best.safetensors");
//     }
//
// State (running means) is not averaged: it is an average already. As much memory as the parameters.
template <class M>
class EMA {
public:
    using element = typename M::element;
    static constexpr index n_elements = M::facts::layout.elements;

    // The averages start as the weights are now.
    explicit EMA(M& model, EMAOptions o = {}) : options(o), model_(&model), average_(model.parameters) {}

    // One step of the average. O(parameters), one pass.
    void update() {
        check();
        ++updates_;
        double keep = options.decay;
        const double n = static_cast<double>(updates_), most = (1 + n) / (10 + n);
        if (options.warm_up && most < keep) keep = most;
        using flat = View<element, extents<static_cast<std::size_t>(n_elements)>>;
        flat average(average_.data()), now(model_->parameters.data());
        average += static_cast<element>(1 - keep) * (now - average);
    }
    long updates() const { return updates_; }

    // Exchanges the model's weights and the averages; a second call exchanges them back. No copying.
    void swap() {
        element* const p = model_->parameters.at;
        model_->parameters.at = average_.at;
        average_.at = p;
        in_model_ = !in_model_;
    }
    // The same until the end of a scope.
    class scope {
    public:
        explicit scope(EMA& e) : ema_(&e) { e.swap(); }
        scope(const scope&) = delete;
        ~scope() { ema_->swap(); }

    private:
        EMA* ema_;
    };
    [[nodiscard]] scope swapped() {
        check();
        return scope(*this);
    }

    // Laid out like the model's parameters.
    const element* data() const { return in_model_ ? model_->parameters.data() : average_.data(); }

    EMAOptions options;

private:
    void check() const {
        if (in_model_) fail<>("the averages stand in for the model's weights: swap them back first");
    }
    M* model_;
    _::heap_elements<element> average_;
    bool in_model_ = false;
    long updates_ = 0;
};

}  // namespace etta
