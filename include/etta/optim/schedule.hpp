// schedule.hpp: how the learning rate changes over a run: a factor of the optimizer's rate as a function of the step. One
// concrete type, so that it can stand in braces: {.schedule = cosine()}.
#pragma once

namespace etta {

struct Schedule {
    enum kind_t { constant, cosine } kind = constant;
    long warmup = 0;       // steps over which the rate first grows linearly to its full value
    double final_part = 0;  // cosine: what is left of the rate at the end

    // The factor for step 1 … total.
    double factor(long step, long total) const {
        if (warmup > 0 && step <= warmup) return static_cast<double>(step) / static_cast<double>(warmup);
        if (kind == constant || total <= warmup) return 1;
        const double t = static_cast<double>(step - 1 - warmup) / static_cast<double>(total - warmup);
        return final_part + (1 - final_part) * 0.5 * (1 + __builtin_cos(3.14159265358979323846 * (t < 1 ? t : 1)));
    }
};

// Half a cosine from the full rate down to final_part of it (Loshchilov & Hutter 2017), after a linear warm-up.
constexpr Schedule cosine(double final_part = 0, long warmup = 0) { return {Schedule::cosine, warmup, final_part}; }
constexpr Schedule constant_rate(long warmup = 0) { return {Schedule::constant, warmup, 0}; }

}  // namespace etta
