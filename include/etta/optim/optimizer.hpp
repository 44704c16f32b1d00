// optimizer.hpp: update rules. A rule is a few lines of ops on (parameter, gradient, state…); it is traced once over the
// flat buffers and becomes one fused pass. What changes from step to step (rate, bias corrections) are scalars, computed
// in double on the host. A name and names of the states, where a rule has them, stand in checkpoints: PyTorch's.
// The three that most programs use are here; rules.hpp has the others, layerwise.hpp those that look at whole parameters.
#pragma once

#include <string_view>

#include "../op/unary.hpp"

namespace etta {

// What a rule sees: everything has the parameters' extents but the scalars.
struct update_terms {
    var parameter, gradient;
    const var* state;    // as many as the rule's `states`
    const var* scalar;   // as many as its `scalars`, as prepare() wrote them
    var* next_state;     // to be filled
};

namespace _ {
// Rules that look at whole parameters, and of these such whose states have extents of their own: see layerwise.hpp.
template <class Rule>
inline constexpr bool per_parameter = requires { requires Rule::per_parameter; };
template <class Rule>
inline constexpr bool sees_extents = requires { Rule::state_extents(0, shape{}); };
// A rule's momentum: Adam and its kin call it beta1.
template <class Rule>
inline constexpr bool has_momentum = requires(Rule r) { r.momentum = 0.5; } || requires(Rule r) { r.beta1 = 0.5; };
template <class Rule>
constexpr Rule with_momentum(Rule rule, [[maybe_unused]] double m) {
    if constexpr (requires { rule.momentum = m; }) rule.momentum = m;
    else if constexpr (requires { rule.beta1 = m; }) rule.beta1 = m;
    return rule;
}
}  // namespace _

// Stochastic gradient descent, PyTorch's formula: v = momentum v + (1 - dampening) g; p -= lr v (Nesterov: lr (g + momentum v)).
// weight_decay is added to the gradient (L2).
struct SGD {
    double lr = 1e-2;
    double momentum = 0;
    double dampening = 0;
    double weight_decay = 0;
    bool nesterov = false;

    static constexpr int states = 1, scalars = 5;
    static constexpr std::string_view name = "SGD", state_names[] = {"momentum_buffer"};
    void prepare(long step, double rate, double* s) const {
        s[0] = weight_decay, s[1] = step == 1 ? 0 : momentum, s[2] = step == 1 ? 1 : 1 - dampening;
        s[3] = nesterov ? rate : 0;
        s[4] = nesterov ? rate * momentum : rate;
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter, v = h[1] * t.state[0] + h[2] * g;
        t.next_state[0] = v;
        return t.parameter - h[3] * g - h[4] * v;
    }
};

// Kingma & Ba 2015: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g²; p -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
// weight_decay is added to the gradient (L2), as in torch.optim.Adam.
struct Adam {
    double lr = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 0;

    static constexpr int states = 2, scalars = 8;
    static constexpr std::string_view name = "Adam", state_names[] = {"exp_avg", "exp_avg_sq"};
    void prepare(long step, double rate, double* s) const { moments(step, rate, weight_decay, s), s[7] = 1; }
    void moments(long step, double rate, double decay, double* s) const {
        s[0] = decay, s[1] = beta1, s[2] = 1 - beta1, s[3] = beta2, s[4] = 1 - beta2;
        const double c1 = 1 - __builtin_pow(beta1, static_cast<double>(step)), c2 = 1 - __builtin_pow(beta2, static_cast<double>(step));
        s[5] = rate / c1 * __builtin_sqrt(c2);
        s[6] = eps * __builtin_sqrt(c2);
    }
    static constexpr var update(const update_terms& t) {
        const var* const h = t.scalar;
        const var g = t.gradient + h[0] * t.parameter;
        const var m = h[1] * t.state[0] + h[2] * g, v = h[3] * t.state[1] + h[4] * (g * g);
        t.next_state[0] = m, t.next_state[1] = v;
        return h[7] * t.parameter - h[5] * m / (sqrt(v) + h[6]);
    }
};

// Loshchilov & Hutter 2019: Adam with the decay applied to the parameters, p *= 1 - lr decay, not to the gradient.
struct AdamW {
    double lr = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 1e-2;

    static constexpr int states = 2, scalars = 8;
    static constexpr std::string_view name = "AdamW", state_names[] = {"exp_avg", "exp_avg_sq"};
    void prepare(long step, double rate, double* s) const {
        Adam{lr, beta1, beta2, eps, 0}.moments(step, rate, 0, s);
        s[7] = 1 - rate * weight_decay;
    }
    static constexpr var update(const update_terms& t) { return Adam::update(t); }
};

}  // namespace etta
