// loss.hpp: loss functions. A loss is a callable of (prediction, target), both traced; it says what its target is, so
// that a wrong one is a compile-time error.
#pragma once

#include "../op/softmax.hpp"

namespace etta {

// What a loss of one's own gets: any callable of (net, batch) is a loss.
struct TracedBatch {
    var x, y;
};

namespace _ {
// A loss struct says what its target is; a callable of (net, batch) takes the model's element type in the prediction's
// extents, if it reads y at all.
template <class Loss>
inline constexpr bool loss_of_prediction = requires { Loss::labels; };
template <class Loss>
constexpr bool takes_labels() {
    if constexpr (loss_of_prediction<Loss>) return Loss::labels;
    else return false;
}
template <class Loss>
constexpr dtype target_type(dtype model) {
    if constexpr (loss_of_prediction<Loss>) return Loss::target == dtype::none ? model : Loss::target;
    else return model;
}
template <class Loss>
constexpr shape target_shape(const shape& prediction) {
    if constexpr (loss_of_prediction<Loss>) return Loss::target_shape(prediction);
    else return prediction;
}
}  // namespace _

// Softmax cross-entropy of logits [N, C] with class labels [N] (int32): mean over the batch of -log p(label).
// Labels outside 0..C-1 are refused at run time before anything is computed.
struct CrossEntropy {
    static constexpr dtype target = dtype::i32;
    static constexpr bool labels = true;
    static constexpr shape target_shape(const shape& prediction) {
        shape s = prediction;
        if (s.rank > 0) --s.rank;
        return s;
    }
    constexpr auto operator()(var logits, var label) const {
        const var hit = unsqueeze<-1>(label) == var(_::Iota::like(logits, -1));
        const var picked = sum(where(hit, log_softmax(logits), 0), axis<-1>);
        return -mean(picked);
    }
};

// Mean squared error; the target has the prediction's extents.
struct MSE {
    static constexpr dtype target = dtype::none;  // the model's
    static constexpr bool labels = false;
    static constexpr shape target_shape(const shape& prediction) { return prediction; }
    constexpr auto operator()(var prediction, var target) const { return mean(square(prediction - target)); }
};

}  // namespace etta
