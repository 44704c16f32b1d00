// ema.hpp: averages of a model's weights along its way, which often predict better than the weights themselves (Polyak & Juditsky
// 1992): with exponential forgetting (EMA), or all alike (SWA). They stand in for the weights while they are judged or saved.
#pragma once

#include "../nn/save.hpp"

namespace etta {
namespace _ {

// As much memory as the parameters. State (running means) is not averaged: of an EMA it is an average already; SWA's is
// estimated anew by estimate_states().
template <class M>
class weight_average {
public:
    using element = typename M::element;
    static constexpr index n_elements = M::facts::layout.elements;

    // The averages start as the weights are now.
    explicit weight_average(M& model) : model_(&model), average_(model.parameters) {}

    long updates() const { return static_cast<long>(counts_[0]); }

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
        explicit scope(weight_average& e) : average_(&e) { e.swap(); }
        scope(const scope&) = delete;
        ~scope() { average_->swap(); }

    private:
        weight_average* average_;
    };
    [[nodiscard]] scope swapped() {
        check();
        return scope(*this);
    }

    // Laid out like the model's parameters.
    const element* data() const { return in_model_ ? model_->parameters.data() : average_.data(); }

    // For checkpoints of a trainer that this follows.
    void append_tensors(std::vector<named_tensor>& to, const std::string& prefix) const {
        check();
        append_like_parameters<M>(to, prefix, average_.data());
        to.push_back({prefix + "count", dtype::i64, {2}, reinterpret_cast<const std::byte*>(counts_), sizeof counts_});
    }

protected:
    void check() const {
        if (in_model_) fail<>("the averages stand in for the model's weights: swap them back first");
    }
    // keep * average + (1 - keep) * weights, in one pass.
    void blend(double keep) {
        using flat = View<element, extents<static_cast<std::size_t>(n_elements)>>;
        flat average(average_.data()), now(model_->parameters.data());
        average += static_cast<element>(1 - keep) * (now - average);
    }
    std::int64_t counts_[2] = {};  // updates of the average; calls of update()

private:
    M* model_;
    heap_elements<element> average_;
    bool in_model_ = false;
};

}  // namespace _

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
template <class M>
class EMA : public _::weight_average<M> {
public:
    explicit EMA(M& model, EMAOptions o = {}) : _::weight_average<M>(model), options(o) {
        if (!(o.decay >= 0 && o.decay <= 1)) fail<>("EMA: decay is 0 to 1");
    }

    // One step of the average. O(parameters), one pass.
    void update() {
        this->check();
        const double n = static_cast<double>(++this->counts_[0]), most = (1 + n) / (10 + n);
        this->blend(options.warm_up && most < options.decay ? most : options.decay);
    }

    EMAOptions options;
};
template <class M>
EMA(M&) -> EMA<M>;
template <class M>
EMA(M&, EMAOptions) -> EMA<M>;

struct SWAOptions {
    long start = 0;  // calls of update() that are passed over first
    long every = 1;  // of the others, each so many-th counts: say, the steps of an epoch
};

// Stochastic weight averaging (Izmailov et al. 2018; torch's AveragedModel): the mean of the weights that were seen. Usually with a
// constant or cyclic rate at the end of a run; then estimate_states(), where the model has batch normalisation.
template <class M>
class SWA : public _::weight_average<M> {
public:
    explicit SWA(M& model, SWAOptions o = {}) : _::weight_average<M>(model), options(o) {
        if (o.start < 0 || o.every < 1) fail<>("SWA: start is 0 or more, every 1 or more");
    }

    void update() {
        this->check();
        const std::int64_t n = ++this->counts_[1] - options.start;
        if (n <= 0 || n % options.every != 0) return;
        this->blend(1 - 1 / static_cast<double>(++this->counts_[0]));
    }

    SWAOptions options;
};
template <class M>
SWA(M&) -> SWA<M>;
template <class M>
SWA(M&, SWAOptions) -> SWA<M>;

}  // namespace etta
