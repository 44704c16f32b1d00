// rules.hpp: the update rules beside SGD, Adam and AdamW, in PyTorch's formulas and with its defaults; and what changes any rule:
// Maximize, DecoupledDecay, Lookahead. All are one fused pass over the flat buffers, as optimizer.hpp has it.
//
// In all of them weight_decay is added to the gradient (L2), but for Lion; DecoupledDecay takes it from the parameters instead.
#pragma once

#include "../op/binary.hpp"
#include "../op/reduce.hpp"
#include "optimizer.hpp"

namespace etta {

// Reddi, Kale & Kumar 2018, torch.optim.Adam(amsgrad=True): Adam whose second moment, below the root, never shrinks.
struct AMSGrad {
    double lr = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 0;

    static constexpr int states = 3, scalars = Adam::scalars;
    static constexpr std::string_view name = "AMSGrad", state_names[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
    void prepare(long step, double rate, double* s) const { Adam{lr, beta1, beta2, eps, weight_decay}.prepare(step, rate, s); }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter;
        const var m = h[1] * t.state[0] + h[2] * g, v = h[3] * t.state[1] + h[4] * (g * g), most = maximum(t.state[2], v);
        t.next_state[0] = m, t.next_state[1] = v, t.next_state[2] = most;
        return t.parameter - h[5] * m / (sqrt(most) + h[6]);
    }
};

// Kingma & Ba 2015, section 7.1: the second moment's place is taken by u = max(b2 u, |g| + eps); p -= lr / (1 - b1^t) m / u.
struct Adamax {
    double lr = 2e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 0;

    static constexpr int states = 2, scalars = 6;
    static constexpr std::string_view name = "Adamax", state_names[] = {"exp_avg", "exp_inf"};
    void prepare(long step, double rate, double* s) const {
        s[0] = weight_decay, s[1] = beta1, s[2] = 1 - beta1, s[3] = beta2, s[4] = eps;
        s[5] = rate / (1 - __builtin_pow(beta1, static_cast<double>(step)));
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter;
        const var m = h[1] * t.state[0] + h[2] * g, u = maximum(h[3] * t.state[1], abs(g) + h[4]);
        t.next_state[0] = m, t.next_state[1] = u;
        return t.parameter - h[5] * m / u;
    }
};

// Dozat 2016: Adam with Nesterov's momentum, mu_t = b1 (1 - 0.96^(t momentum_decay) / 2):
// p -= lr ((1 - mu_t) / (1 - Π mu) g + mu_{t+1} / (1 - mu_{t+1} Π mu) m) / (sqrt(v / (1 - b2^t)) + eps).
struct NAdam {
    double lr = 2e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 0;
    double momentum_decay = 4e-3;

    static constexpr int states = 2, scalars = 8;
    static constexpr std::string_view name = "NAdam", state_names[] = {"exp_avg", "exp_avg_sq"};
    void prepare(long step, double rate, double* s) const {
        const auto mu = [this](long t) { return beta1 * (1 - 0.5 * __builtin_pow(0.96, static_cast<double>(t) * momentum_decay)); };
        double all = 1;  // Π mu of the steps so far: a function of the step alone; some hundred factors, then it is 0 for 1 - all
        for (long t = 1; t <= step && all > 1e-18; ++t) all *= mu(t);
        const double c2 = __builtin_sqrt(1 - __builtin_pow(beta2, static_cast<double>(step)));
        s[0] = weight_decay, s[1] = beta1, s[2] = 1 - beta1, s[3] = beta2, s[4] = 1 - beta2;
        s[5] = rate * mu(step + 1) / (1 - all * mu(step + 1)) * c2;
        s[6] = eps * c2;
        s[7] = rate * (1 - mu(step)) / (1 - all) * c2;
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter;
        const var m = h[1] * t.state[0] + h[2] * g, v = h[3] * t.state[1] + h[4] * (g * g);
        t.next_state[0] = m, t.next_state[1] = v;
        return t.parameter - (h[7] * g + h[5] * m) / (sqrt(v) + h[6]);
    }
};

// Liu et al. 2020, "On the variance of the adaptive learning rate": Adam's step times the rectification r_t; without the second
// moment as long as there is too little of it (rho_t <= 5).
struct RAdam {
    double lr = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
    double weight_decay = 0;

    static constexpr int states = 2, scalars = 8;
    static constexpr std::string_view name = "RAdam", state_names[] = {"exp_avg", "exp_avg_sq"};
    void prepare(long step, double rate, double* s) const {
        const double t = static_cast<double>(step), power = __builtin_pow(beta2, t), c1 = 1 - __builtin_pow(beta1, t), c2 = 1 - power;
        const double last = 2 / (1 - beta2) - 1, rho = last - 2 * t * power / c2;
        s[0] = weight_decay, s[1] = beta1, s[2] = 1 - beta1, s[3] = beta2, s[4] = 1 - beta2;
        s[5] = rate / c1, s[6] = 1, s[7] = 0;  // the root's part of the denominator is none
        if (rho > 5) s[5] *= __builtin_sqrt((rho - 4) * (rho - 2) * last / ((last - 4) * (last - 2) * rho) * c2), s[6] = eps, s[7] = 1;
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter;
        const var m = h[1] * t.state[0] + h[2] * g, v = h[3] * t.state[1] + h[4] * (g * g);
        t.next_state[0] = m, t.next_state[1] = v;
        return t.parameter - h[5] * m / (h[7] * sqrt(v) + h[6]);
    }
};

// Duchi, Hazan & Singer 2011: s += g²; p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps).
struct Adagrad {
    double lr = 1e-2;
    double lr_decay = 0;
    double weight_decay = 0;
    double initial_accumulator_value = 0;
    double eps = 1e-10;

    static constexpr int states = 1, scalars = 4;
    static constexpr std::string_view name = "Adagrad", state_names[] = {"sum"};
    void prepare(long step, double rate, double* s) const {
        s[0] = weight_decay, s[1] = step == 1 ? initial_accumulator_value : 0, s[2] = eps;
        s[3] = rate / (1 + static_cast<double>(step - 1) * lr_decay);
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter, s = t.state[0] + h[1] + g * g;
        t.next_state[0] = s;
        return t.parameter - h[3] * g / (sqrt(s) + h[2]);
    }
};

// Zeiler 2012: v = rho v + (1 - rho) g²; d = sqrt(u + eps) / sqrt(v + eps) g; u = rho u + (1 - rho) d²; p -= lr d.
struct Adadelta {
    double lr = 1;
    double rho = 0.9;
    double eps = 1e-6;
    double weight_decay = 0;

    static constexpr int states = 2, scalars = 5;
    static constexpr std::string_view name = "Adadelta", state_names[] = {"square_avg", "acc_delta"};
    void prepare(long, double rate, double* s) const { s[0] = weight_decay, s[1] = rho, s[2] = 1 - rho, s[3] = eps, s[4] = rate; }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter, v = h[1] * t.state[0] + h[2] * (g * g);
        const var d = sqrt(t.state[1] + h[3]) / sqrt(v + h[3]) * g;
        t.next_state[0] = v, t.next_state[1] = h[1] * t.state[1] + h[2] * (d * d);
        return t.parameter - h[4] * d;
    }
};

// Tieleman & Hinton 2012: v = a v + (1 - a) g²; b = momentum b + g / (sqrt(v) + eps); p -= lr b.
struct RMSprop {
    double lr = 1e-2;
    double alpha = 0.99;
    double eps = 1e-8;
    double weight_decay = 0;
    double momentum = 0;

    static constexpr int states = 2, scalars = 6;
    static constexpr std::string_view name = "RMSprop", state_names[] = {"square_avg", "momentum_buffer"};
    void prepare(long, double rate, double* s) const { s[0] = weight_decay, s[1] = alpha, s[2] = 1 - alpha, s[3] = eps, s[4] = momentum, s[5] = rate; }
    static constexpr var update(const update_terms& t) { return with(t, var{}); }
    // What is taken from the mean square below the root; none: nothing.
    static constexpr var with(const update_terms& t, var mean) {
        const var *h = t.scalar, g = t.gradient + h[0] * t.parameter, v = h[1] * t.state[0] + h[2] * (g * g);
        if (mean.id >= 0) mean = t.next_state[2] = h[1] * mean + h[2] * g;
        const var b = h[4] * t.state[1] + g / (sqrt(mean.id >= 0 ? maximum(v - mean * mean, 0) : v) + h[3]);
        t.next_state[0] = v, t.next_state[1] = b;
        return t.parameter - h[5] * b;
    }
};
// torch.optim.RMSprop(centered=True) (Graves 2013): the root is of the variance, v - m² with m = a m + (1 - a) g.
struct CenteredRMSprop {
    double lr = 1e-2;
    double alpha = 0.99;
    double eps = 1e-8;
    double weight_decay = 0;
    double momentum = 0;

    static constexpr int states = 3, scalars = RMSprop::scalars;
    static constexpr std::string_view name = "CenteredRMSprop", state_names[] = {"square_avg", "momentum_buffer", "grad_avg"};
    void prepare(long step, double rate, double* s) const { RMSprop{lr, alpha, eps, weight_decay, momentum}.prepare(step, rate, s); }
    static constexpr var update(const update_terms& t) { return RMSprop::with(t, t.state[2]); }
};

// Riedmiller & Braun 1993, for full batches: each element has a step size, which starts as lr, grows where the gradient keeps its
// sign and shrinks where it changes it (there it is taken for 0 once); p -= sign(g) size. Schedules act on the start only.
struct Rprop {
    double lr = 1e-2;
    double eta_minus = 0.5;
    double eta_plus = 1.2;
    double min_step = 1e-6;
    double max_step = 50;

    static constexpr int states = 2, scalars = 5;
    static constexpr std::string_view name = "Rprop", state_names[] = {"prev", "step_size"};
    void prepare(long step, double rate, double* s) const { s[0] = step == 1 ? rate : 0, s[1] = eta_minus, s[2] = eta_plus, s[3] = min_step, s[4] = max_step; }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, turn = sign(t.gradient * t.state[0]);
        const var size = clamp((t.state[1] + h[0]) * where(turn > 0, h[2], where(turn < 0, h[1], 1)), h[3], h[4]);
        const var g = where(turn < 0, 0, t.gradient);
        t.next_state[0] = g, t.next_state[1] = size;
        return t.parameter - sign(g) * size;
    }
};

// Chen et al. 2023, "Symbolic discovery of optimization algorithms": p = (1 - lr weight_decay) p - lr sign(b1 m + (1 - b1) g);
// m = b2 m + (1 - b2) g. Its rate should be 3 to 10 times smaller than Adam's.
struct Lion {
    double lr = 1e-4;
    double beta1 = 0.9;
    double beta2 = 0.99;
    double weight_decay = 0;

    static constexpr int states = 1, scalars = 6;
    static constexpr std::string_view name = "Lion", state_names[] = {"exp_avg"};
    void prepare(long, double rate, double* s) const {
        s[0] = beta1, s[1] = 1 - beta1, s[2] = beta2, s[3] = 1 - beta2;
        s[4] = rate, s[5] = 1 - rate * weight_decay;
    }
    static constexpr var update(const update_terms& t) {
        const var* const h = t.scalar;
        t.next_state[0] = h[2] * t.state[0] + h[3] * t.gradient;
        return h[5] * t.parameter - h[4] * sign(h[0] * t.state[0] + h[1] * t.gradient);
    }
};

// Polyak & Juditsky 1992 as Bottou and PyTorch have it: eta = lr / (1 + lambd lr (t - 1))^alpha, lr with the schedule's factor of the step before;
// p = (1 - lambd eta) p - eta g; the state ax is the mean of p from step t0 on. (In a rule of rules: lr that of the step.)
struct ASGD {
    double lr = 1e-2;
    double lambd = 1e-4;
    double alpha = 0.75;
    double t0 = 1e6;
    double weight_decay = 0;

    static constexpr int states = 1, scalars = 4;
    static constexpr std::string_view name = "ASGD", state_names[] = {"ax"};
    void prepare(long step, double rate, double* s) const { prepare(step, rate, rate, s); }
    void prepare(long step, double rate, double last_rate, double* s) const {
        const double t = static_cast<double>(step - 1), eta = step == 1 ? rate : last_rate / __builtin_pow(1 + lambd * last_rate * t, alpha);
        s[0] = weight_decay, s[1] = 1 - lambd * eta, s[2] = eta, s[3] = t - t0 > 1 ? 1 / (t - t0) : 1;
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, p = h[1] * t.parameter - h[2] * (t.gradient + h[0] * t.parameter);
        t.next_state[0] = (1 - h[3]) * t.state[0] + h[3] * p;
        return p;
    }
};

// Maximize{Adam{}}: the rule goes up the gradient: torch.optim's maximize=True.
template <class Rule>
struct Maximize : Rule {
    static constexpr var update(update_terms t) {
        t.gradient = -t.gradient;
        return Rule::update(t);
    }
};
template <class Rule>
Maximize(Rule) -> Maximize<Rule>;

// DecoupledDecay{RAdam{.weight_decay = 0.1}}: the rule's decay multiplies the parameters by 1 - lr weight_decay before the step
// and is not in the gradient (Loshchilov & Hutter 2019): torch.optim's decoupled_weight_decay=True.
template <class Rule>
struct DecoupledDecay : Rule {
    static constexpr int scalars = Rule::scalars + 1;
    void prepare(long step, double rate, double* s) const {
        Rule rule = *this;
        rule.weight_decay = 0;
        rule.prepare(step, rate, s);
        s[Rule::scalars] = 1 - rate * this->weight_decay;
    }
    static constexpr var update(update_terms t) {
        t.parameter = t.scalar[Rule::scalars] * t.parameter;
        return Rule::update(t);
    }
};
template <class Rule>
DecoupledDecay(Rule) -> DecoupledDecay<Rule>;

namespace _ {
template <int N>
struct state_name_list {
    std::string_view at[N];
    constexpr std::string_view operator[](int k) const { return at[k]; }
};
// A rule's names of its states, and one more. Of a rule that has none: state0, state1, …
template <class Rule>
constexpr auto names_and(std::string_view last) {
    constexpr std::string_view numbered[] = {"state0", "state1", "state2", "state3", "state4", "state5", "state6", "state7"};
    state_name_list<Rule::states + 1> names{};
    for (int k = 0; k < Rule::states; ++k) {
        if constexpr (requires { Rule::state_names[0]; }) names.at[k] = Rule::state_names[k];
        else names.at[k] = numbered[k];
    }
    names.at[Rule::states] = last;
    return names;
}
}  // namespace _

// Lookahead{SGD{}, 5, 0.5} (Zhang et al. 2019): after every so many steps, slow weights go a part of the way to
// where the rule has come, and the rule goes on from them: slow += alpha (p - slow); p = slow.
template <class Rule>
struct Lookahead : Rule {
    using inner_rule = Rule;
    int every = 5;
    double alpha = 0.5;

    static constexpr int states = Rule::states + 1, scalars = Rule::scalars + 2;
    static constexpr auto state_names = _::names_and<Rule>("slow_buffer");
    static constexpr shape state_extents(int k, const shape& p)
        requires(_::sees_extents<Rule>)
    {
        return k < Rule::states ? Rule::state_extents(k, p) : p;
    }
    void prepare(long step, double rate, double* s) const {
        Rule::prepare(step, rate, s);
        s[Rule::scalars] = step == 1, s[Rule::scalars + 1] = every > 0 && step % every == 0 ? alpha : 0;
    }
    static constexpr var update(const update_terms& t) {
        const var start = t.scalar[Rule::scalars], part = t.scalar[Rule::scalars + 1];
        const var fast = Rule::update(t), before = where(start > 0, t.parameter, t.state[Rule::states]), slow = before + part * (fast - before);
        t.next_state[Rule::states] = slow;
        return where(part > 0, slow, fast);
    }
};
template <class Rule>
Lookahead(Rule) -> Lookahead<Rule>;
template <class Rule>
Lookahead(Rule, int) -> Lookahead<Rule>;
template <class Rule>
Lookahead(Rule, int, double) -> Lookahead<Rule>;

}  // namespace etta
