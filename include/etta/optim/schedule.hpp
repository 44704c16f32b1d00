// schedule.hpp: how the learning rate changes over a run: a factor of the optimizer's rate as a function of the step. One
// concrete type, so that it can stand in braces: {.schedule = cosine()}.
#pragma once

namespace etta {

struct Schedule {
    enum kind_t { constant, cosine, linear } kind = constant;
    long warmup = 0;       // steps over which the rate first grows linearly to its full value
    double final_part = 0;  // cosine, linear: what is left of the rate at the end, and after it
    long steps = 0;        // the end; 0: that of the run

    // The factor for step 1 … total.
    double factor(long step, long total) const {
        if (steps > 0) total = steps;
        if (warmup > 0 && step <= warmup) return static_cast<double>(step) / static_cast<double>(warmup);
        if (kind == constant || total <= warmup) return 1;
        double t = static_cast<double>(step - 1 - warmup) / static_cast<double>(total - warmup);
        if (t > 1) t = 1;
        const double left = kind == linear ? 1 - t : 0.5 * (1 + __builtin_cos(3.14159265358979323846 * t));
        return final_part + (1 - final_part) * left;
    }
    // The same curve, ending after that many steps however long the run is.
    constexpr Schedule over(long n) const {
        Schedule s = *this;
        s.steps = n;
        return s;
    }
    // Falls to its end, and where that is depends on a run's length.
    constexpr bool needs_length() const { return kind != constant && steps == 0; }
};

// Half a cosine from the full rate down to final_part of it (Loshchilov & Hutter 2017), after a linear warm-up.
constexpr Schedule cosine(double final_part = 0, long warmup = 0) { return {Schedule::cosine, warmup, final_part, 0}; }
// A straight line down to final_part, after a linear warm-up.
constexpr Schedule linear(double final_part = 0, long warmup = 0) { return {Schedule::linear, warmup, final_part, 0}; }
constexpr Schedule constant_rate(long warmup = 0) { return {Schedule::constant, warmup, 0, 0}; }

}  // namespace etta
