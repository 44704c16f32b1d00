// layerwise.hpp: update rules that look at a parameter as a whole: at its norm (LAMB, LARS) or its rows and columns (Adafactor).
// Such a rule says `per_parameter = true`: it is traced with reductions over one parameter and runs parameter by parameter.
// One with state_extents() is traced for each parameter's own extents; the others see a flat vector, one program for all.
#pragma once

#include "../op/binary.hpp"
#include "../op/matmul.hpp"
#include "../op/reduce.hpp"
#include "optimizer.hpp"

namespace etta {
namespace _ {

// |p| / |d|, or 1 where one of them is 0: how far a layer may go in proportion to its weights.
constexpr var trust(const var& parameter, const var& direction) {
    const var p = sqrt(sum(square(parameter))), d = sqrt(sum(square(direction)));
    return where(minimum(p, d) > 0, p / where(d > 0, d, 1), 1);
}

}  // namespace _

// You et al. 2020, "Large batch optimization for deep learning": d = Adam's direction + weight_decay p; p -= lr |p| / |d| d, with the
// norms of one parameter. PyTorch has none; eps and weight_decay are those of NVIDIA's.
struct LAMB {
    double lr = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-6;
    double weight_decay = 1e-2;

    static constexpr bool per_parameter = true;
    static constexpr int states = 2, scalars = 9;
    static constexpr std::string_view name = "LAMB", state_names[] = {"exp_avg", "exp_avg_sq"};
    void prepare(long step, double rate, double* s) const {
        Adam{1, beta1, beta2, eps, 0}.moments(step, 1, 0, s);
        s[7] = rate, s[8] = weight_decay;
    }
    static constexpr var update(const update_terms& t) {
        const var* const h = t.scalar;
        const var m = h[1] * t.state[0] + h[2] * t.gradient, v = h[3] * t.state[1] + h[4] * (t.gradient * t.gradient);
        const var d = h[5] * m / (sqrt(v) + h[6]) + h[8] * t.parameter;
        t.next_state[0] = m, t.next_state[1] = v;
        return t.parameter - h[7] * _::trust(t.parameter, d) * d;
    }
};

// You, Gitman & Ginsburg 2017: SGD with momentum whose gradient g + weight_decay p gets, in each parameter, the length
// trust_coefficient |p|.
struct LARS {
    double lr = 0.1;
    double momentum = 0.9;
    double weight_decay = 0;
    double trust_coefficient = 1e-3;

    static constexpr bool per_parameter = true;
    static constexpr int states = 1, scalars = 4;
    static constexpr std::string_view name = "LARS", state_names[] = {"momentum_buffer"};
    void prepare(long, double rate, double* s) const { s[0] = weight_decay, s[1] = momentum, s[2] = trust_coefficient, s[3] = rate; }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, d = t.gradient + h[0] * t.parameter, v = h[1] * t.state[0] + h[2] * _::trust(t.parameter, d) * d;
        t.next_state[0] = v;
        return t.parameter - h[3] * v;
    }
};

// Shazeer & Stern 2018, as torch.optim.Adafactor has it: of a matrix's squared gradients only the rows' and columns' means are
// kept (of higher rank: those of the last two axes), of a vector's all. lr is an upper bound of the relative step.
struct Adafactor {
    double lr = 1e-2;
    double beta2_decay = -0.8;  // 1 - beta2 is step^beta2_decay
    double eps1 = 0;            // least root of a second moment; 0: the element type's epsilon
    double eps2 = 1e-3;         // least root mean square of a parameter
    double d = 1;               // the update's root mean square is at most this
    double weight_decay = 0;    // of the parameters, as in AdamW

    static constexpr bool per_parameter = true;
    static constexpr int states = 3, scalars = 7;
    static constexpr std::string_view name = "Adafactor", state_names[] = {"row_var", "col_var", "variance"};
    // Of state k, for a parameter of extents p; one without elements is not there.
    static constexpr shape state_extents(int k, shape p) {
        if ((p.rank > 1) != (k < 2)) return shape(index{0});
        if (k < 2) p.at[p.rank - 1 - k] = extent(1);
        return p;
    }
    void prepare(long step, double rate, double* s) const {
        const double t = static_cast<double>(step), most = 1 / __builtin_sqrt(t);
        s[0] = __builtin_pow(t, beta2_decay), s[1] = 1 - s[0];
        s[2] = eps1, s[3] = eps2, s[4] = d, s[5] = rate < most ? rate : most, s[6] = 1 - rate * weight_decay;
    }
    static constexpr var update(const update_terms& t) {
        const var *h = t.scalar, g = t.gradient, least = where(h[2] > 0, h[2], g.type() == dtype::f64 ? 2.220446049250313e-16 : 1.1920928955078125e-07);
        const var g2 = g * g, far = maximum(h[3], sqrt(mean(t.parameter * t.parameter))) * h[5];
        var v;
        if (g.rank() > 1) {
            const var row = t.next_state[0] = h[1] * t.state[0] + h[0] * mean(g2, axis<-1>, keepdims);
            const var column = t.next_state[1] = h[1] * t.state[1] + h[0] * mean(g2, axis<-2>, keepdims);
            v = row * column / maximum(mean(row, axis<-2>, keepdims), least);
        } else {
            v = t.next_state[2] = h[1] * t.state[2] + h[0] * g2;
        }
        const var u = g / sqrt(maximum(v, least * least)), limit = maximum(1, sqrt(mean(u * u)) / h[4]);
        return h[6] * t.parameter - far / limit * u;
    }
};

}  // namespace etta
