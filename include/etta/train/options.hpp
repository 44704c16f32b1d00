// options.hpp: what a Trainer does beside its rule, and whether that and the rule's numbers can be meant.
#pragma once

#include <vector>

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../optim/groups.hpp"
#include "../optim/schedule.hpp"

namespace etta {

// What Trainer does beside its rule: Trainer(model, loss, rule, {.clip_norm = 1}).
struct TrainerOptions {
    std::vector<ParameterGroup> groups = {};  // parameters with a rate or a decay of their own, or frozen ones
    double clip_norm = 0;    // the gradient is made this long where it is longer; 0: not
    double clip_norm_each = 0;  // the same for the gradient of each parameter on its own (Keras' clipnorm)
    double clip_value = 0;   // every element of the gradient is limited to -clip_value … clip_value; 0: not
    Schedule schedule = {};  // over all steps of the trainer, in fit() or not: cosine().over(5000)
    Schedule momentum = {};  // the rule's momentum or beta1 at each of them: cyclic_momentum(); none: as the rule says
    int accumulate = 1;      // so many batches make one step, on the mean of all their samples
    double sam = 0;          // sharpness-aware minimisation with this radius (rho); 0: not
    etta::seed seed = etta::seed(0);  // of random numbers in steps: dropout's
    std::vector<double> class_weight = {};  // one per class, for Weighted<CrossEntropy> and its like
};

namespace _ {

ETTA_COLD inline void check_options(const TrainerOptions& o) {
    if (!(o.clip_norm >= 0 && o.clip_norm_each >= 0 && o.clip_value >= 0 && o.sam >= 0)) fail<>("a limit of the gradients, or sam's radius, is negative or NaN");
    if ((o.clip_norm > 0) + (o.clip_norm_each > 0) + (o.clip_value > 0) > 1) fail<>("gradients are clipped by norm or by value, not by both");
    if (o.accumulate < 1) fail<>("accumulate: a step is made of 1 batch or more");
    if (o.accumulate > 1 && o.sam > 0) fail<>("accumulate and sam do not go together");
    const auto given = [](double v) { return v == -1 || (v >= 0 && v < __builtin_huge_val()); };
    for (std::size_t k = 0; k < o.groups.size(); ++k) {
        const GroupOptions& g = o.groups[k].options;
        if (!(given(g.lr) && given(g.weight_decay) && g.lr_factor >= 0 && g.lr_factor < __builtin_huge_val()))
            fail_with<>("group %zu has lr %g, lr_factor %g, weight_decay %g, expected numbers of 0 or more; -1 of lr and weight_decay: the rule's", k, g.lr, g.lr_factor, g.weight_decay);
    }
    double weights = 0;
    for (const double w : o.class_weight) {
        if (!(w >= 0 && w < __builtin_huge_val())) fail_with<>("class_weight has %g, expected numbers of 0 or more", w);
        weights += w;
    }
    if (!o.class_weight.empty() && weights == 0) fail<>("class_weight: all are 0");
}

// most: the largest that is allowed; below 0: all below -most.
ETTA_COLD inline void check_number(const char* name, double v, double most) {
    if (v >= 0 && (most < 0 ? v < -most : v <= most)) return;
    if (most < 1e300) fail_with<>("the rule's %s is %g, expected 0 to %s%g", name, v, most < 0 ? "less than " : "", most < 0 ? -most : most);
    fail_with<>("the rule's %s is %g, expected a number of 0 or more", name, v);
}
// What torch.optim asks of a rule's numbers, where they have their usual names, and that no root is of a negative one.
template <class Rule>
ETTA_COLD void check_rule(const Rule& r) {
    if constexpr (requires { typename Rule::inner_rule; }) check_rule(static_cast<const typename Rule::inner_rule&>(r));
    constexpr double any = 1.7976931348623157e308, below_one = -1;
    check_number("lr", r.lr, any);
    if constexpr (requires { r.momentum; }) check_number("momentum", r.momentum, any);
    if constexpr (requires { r.beta1; }) check_number("beta1", r.beta1, below_one);
    if constexpr (requires { r.beta2; }) check_number("beta2", r.beta2, below_one);
    if constexpr (requires { r.rho; }) check_number("rho", r.rho, 1);
    if constexpr (requires { r.alpha; } && !requires { r.lambd; }) check_number("alpha", r.alpha, 1);
    if constexpr (requires { r.eps; }) check_number("eps", r.eps, any);
    if constexpr (requires { r.weight_decay; }) check_number("weight_decay", r.weight_decay, any);
    if constexpr (requires { r.dampening; })
        if (!(r.dampening - r.dampening == 0)) fail<>("the rule's dampening is not finite");
    if constexpr (requires { r.lr_decay; }) check_number("lr_decay", r.lr_decay, any);
    if constexpr (requires { r.initial_accumulator_value; }) check_number("initial_accumulator_value", r.initial_accumulator_value, any);
    if constexpr (requires { r.momentum_decay; }) check_number("momentum_decay", r.momentum_decay, any);
    if constexpr (requires { r.lambd; }) check_number("lambd", r.lambd, any);
    if constexpr (requires { r.trust_coefficient; }) check_number("trust_coefficient", r.trust_coefficient, any);
    if constexpr (requires { r.eta_minus, r.eta_plus, r.min_step, r.max_step; }) {
        if (!(r.eta_minus > 0 && r.eta_minus < 1 && r.eta_plus > 1)) fail_with<>("the rule's eta_minus and eta_plus are %g and %g, expected 0 < eta_minus < 1 < eta_plus", r.eta_minus, r.eta_plus);
        if (!(r.min_step >= 0 && r.min_step <= r.max_step)) fail_with<>("the rule's min_step and max_step are %g and %g, expected 0 <= min_step <= max_step", r.min_step, r.max_step);
    }
    if constexpr (requires { r.beta2_decay, r.eps1, r.eps2, r.d; }) {
        check_number("eps1", r.eps1, any), check_number("eps2", r.eps2, any);
        if (!(r.beta2_decay <= 0 && r.d >= 1)) fail_with<>("the rule's beta2_decay and d are %g and %g, expected 0 or less, and 1 or more", r.beta2_decay, r.d);
    }
    if constexpr (requires { typename Rule::inner_rule; r.every; })
        if (r.every < 1) fail_with<>("Lookahead is every %d steps, expected 1 or more", r.every);
    if constexpr (requires { r.nesterov, r.momentum, r.dampening; })
        if (r.nesterov && !(r.momentum > 0 && r.dampening == 0)) fail<>("the rule's nesterov needs a momentum, and no dampening");
}

// Of a schedule's, at a step.
template <class Rule>
double checked_momentum(double m) {
    if constexpr (requires(Rule r) { r.beta1; } && !requires(Rule r) { r.momentum; }) check_number("beta1 by its schedule", m, -1);
    else check_number("momentum by its schedule", m, 1.7976931348623157e308);
    return m;
}

}  // namespace _
}  // namespace etta
