// schedule.hpp: how the learning rate changes over a run: a factor of the optimizer's rate as a function of the step. One
// concrete type whatever the curve, so that it can stand in braces: {.schedule = cosine()}. Curves are PyTorch's; the rule's lr
// is their base rate (of one_cycle and cyclic the largest). That of reduce-on-plateau depends on what is measured: train/callbacks.hpp.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "../core/error.hpp"
#include "../core/shared.hpp"

namespace etta {

class Schedule {
  public:
    Schedule() = default;  // the rule's rate
    // Any callable: the factor for a step, counted from 1; or for a step of a run of so many: f(step, total).
    template <class F>
        requires(!std::is_same_v<F, Schedule> && (std::is_invocable_r_v<double, const F&, long> || std::is_invocable_r_v<double, const F&, long, long>))
    Schedule(F f) : Schedule(static_cast<F&&>(f), !std::is_invocable_r_v<double, const F&, long>) {}

    bool given() const { return static_cast<bool>(curve_); }
    // The factor for step 1 … total.
    double factor(long step, long total) const { return curve_ ? curve_->at(curve_->object, step, steps_ > 0 ? steps_ : total) : 1; }
    // The same curve, ending after that many steps however long the run is.
    Schedule over(long n) const {
        if (n < 1) fail<>("a schedule over " + std::to_string(n) + " steps");
        Schedule s = *this;
        s.steps_ = n;
        return s;
    }
    // Each of its values for n steps: .per(steps of an epoch) counts epochs, as schedules do that PyTorch's loops step once an epoch.
    template <class = void>
    Schedule per(long n) const {
        const auto f = [self = *this, n = n > 0 ? n : 1](long step, long total) { return self.factor((step - 1) / n + 1, (total + n - 1) / n); };
        return Schedule(f, needs_length());
    }
    // Goes to its end, and where that is depends on a run's length.
    bool needs_length() const { return ends_ && steps_ == 0; }

    // This one for n steps, then the other from its beginning (torch's SequentialLR).
    template <class = void>
    Schedule then(long n, Schedule next) const {
        if (n < 0) fail<>("a schedule of " + std::to_string(n) + " steps, then another");
        const bool ends = next.needs_length();
        const auto f = [first = *this, n, next = static_cast<Schedule&&>(next)](long step, long total) {
            return step <= n ? first.factor(step, n) : next.factor(step - n, total - n);
        };
        return Schedule(f, ends);
    }
    // Both at once (torch's ChainedScheduler).
    template <class = void>
    friend Schedule operator*(Schedule a, Schedule b) {
        const bool ends = a.needs_length() || b.needs_length();
        const auto f = [a = static_cast<Schedule&&>(a), b = static_cast<Schedule&&>(b)](long step, long total) {
            return a.factor(step, total) * b.factor(step, total);
        };
        return Schedule(f, ends);
    }

  private:
    struct curve {
        void* object;
        double (*at)(const void*, long step, long total);
        void (*destroy)(void*);
        curve(void* o, double (*a)(const void*, long, long), void (*d)(void*)) : object(o), at(a), destroy(d) {}
        curve(curve&& c) : object(c.object), at(c.at), destroy(c.destroy) { c.object = nullptr; }
        ~curve() {
            if (object != nullptr) destroy(object);
        }
    };
    template <class F>
    Schedule(F f, bool ends) : ends_(ends) {
        curve_ = _::shared<curve>::of(curve(
            new F(static_cast<F&&>(f)),
            [](const void* o, long step, long total) {
                const F& f = *static_cast<const F*>(o);
                if constexpr (std::is_invocable_r_v<double, const F&, long>) return static_cast<double>(f(step));
                else return static_cast<double>(f(step, total));
            },
            [](void* o) { delete static_cast<F*>(o); }));
    }

    _::shared<curve> curve_;
    bool ends_ = false;
    long steps_ = 0;
};

// --- up ------------------------------------------------------------------------------------------------------------------

// i / n of the rate in step i, then all of it.
template <class = void>
Schedule warm_up(long n) {
    return [n](long step) { return step < n ? static_cast<double>(step) / static_cast<double>(n) : 1.0; };
}
template <class = void>
Schedule constant_rate(long warmup = 0) { return warm_up(warmup); }

namespace _ {
inline constexpr double pi = 3.14159265358979323846;
template <class = void>
Schedule after(long warmup, Schedule s) { return warmup > 0 ? warm_up(warmup).then(warmup, static_cast<Schedule&&>(s)) : s; }
// How much of `total` steps lies before this one: 0 … 1.
inline double part_of(long step, long total) { return total <= 0 ? 0 : step <= total ? static_cast<double>(step - 1) / static_cast<double>(total) : 1; }
// From a to b, t in 0 … 1, along half a cosine or a line.
inline double between(double a, double b, double t, bool line) { return line ? a + (b - a) * t : b + (a - b) * 0.5 * (1 + __builtin_cos(pi * t)); }
}  // namespace _

// --- down to the run's end, after a linear warm-up -----------------------------------------------------------------------

// Half a cosine from the full rate down to final_part of it (Loshchilov & Hutter 2017; CosineAnnealingLR).
template <class = void>
Schedule cosine(double final_part = 0, long warmup = 0) {
    return _::after(warmup, [final_part](long step, long total) { return _::between(1, final_part, _::part_of(step, total), false); });
}
// A straight line down to final_part.
template <class = void>
Schedule linear(double final_part = 0, long warmup = 0) {
    return _::after(warmup, [final_part](long step, long total) { return _::between(1, final_part, _::part_of(step, total), true); });
}
// final_part + (1 - final_part) (1 - t / total)^power (PolynomialLR).
template <class = void>
Schedule polynomial(double power = 1, double final_part = 0, long warmup = 0) {
    if (!(power >= 0)) fail<>("polynomial: the power is 0 or more");
    return _::after(warmup, [power, final_part](long step, long total) {
        return final_part + (1 - final_part) * __builtin_pow(1 - _::part_of(step, total), power);
    });
}

// --- on and on -----------------------------------------------------------------------------------------------------------

// From one factor to another in n steps along a line; then the second (LinearLR).
template <class = void>
Schedule ramp(double from, double to, long n) {
    if (n < 1) fail<>("ramp: over 1 step or more");
    return [from, to, n](long step) { return _::between(from, to, _::part_of(step, n), true); };
}
// One factor for n steps, then 1 (ConstantLR).
template <class = void>
Schedule hold(double factor, long n) {
    return [factor, n](long step) { return step <= n ? factor : 1.0; };
}
// Times gamma after every n steps (StepLR).
template <class = void>
Schedule step_decay(long n, double gamma = 0.1) {
    if (n < 1 || !(gamma >= 0)) fail<>("step_decay: after every 1 step or more, by a gamma of 0 or more");
    return [n, gamma](long step) { return __builtin_pow(gamma, static_cast<double>((step - 1) / n)); };
}
// Times gamma after each of these numbers of steps (MultiStepLR).
template <class = void>
Schedule multi_step(std::vector<long> after, double gamma = 0.1) {
    if (!(gamma >= 0)) fail<>("multi_step: gamma is 0 or more");
    return [after = static_cast<std::vector<long>&&>(after), gamma](long step) {
        double f = 1;
        for (const long n : after) f *= step > n ? gamma : 1;
        return f;
    };
}
// Times gamma after each step (ExponentialLR).
template <class = void>
Schedule exponential(double gamma) {
    if (!(gamma >= 0)) fail<>("exponential: gamma is 0 or more");
    return [gamma](long step) { return __builtin_pow(gamma, static_cast<double>(step - 1)); };
}
// A linear warm-up, then with the inverse square root of the step (Vaswani et al. 2017): min(step / warmup, sqrt(warmup / step)).
template <class = void>
Schedule inverse_sqrt(long warmup) {
    return [warmup](long step) {
        const double t = static_cast<double>(step) / static_cast<double>(warmup > 0 ? warmup : 1);
        return t < 1 ? t : 1 / __builtin_sqrt(t);
    };
}
// Half a cosine over n steps, again and again, each `longer` times as long as the one before (CosineAnnealingWarmRestarts).
template <class = void>
Schedule cosine_restarts(long n, double longer = 1, double final_part = 0) {
    if (n < 1 || !(longer >= 1)) fail<>("cosine_restarts: 1 step or more, and each time as many or more");
    return [n, longer, final_part](long step) {
        double t = static_cast<double>(step - 1), length = static_cast<double>(n);
        if (longer > 1) {
            for (; t >= length; length *= longer) t -= length;
        } else {
            t -= length * __builtin_floor(t / length);
        }
        return _::between(1, final_part, t / length, false);
    };
}

// --- cycles, whose top is the rule's rate --------------------------------------------------------------------------------

struct OneCycle {
    double pct_start = 0.3;         // of the steps go up
    double div_factor = 25;         // 1 / div_factor of the rate at the start
    double final_div_factor = 1e4;  // of that, at the end
    bool three_phase = false;       // down to the start first, as long as up took
    bool line = false;              // rather than half cosines
};
namespace _ {
template <class = void>
void check_cycle(const OneCycle& o) {
    if (!(o.pct_start >= 0 && o.pct_start <= 1 && o.div_factor > 0 && o.final_div_factor > 0)) fail<>("one_cycle: pct_start is 0 to 1, div_factor and final_div_factor are positive");
}
// From start to peak; then to the end, or in three phases to the start first.
template <class = void>
double one_cycle_at(const OneCycle& o, long step, long total, double start, double peak, double end) {
    const double t = static_cast<double>(step - 1), n = static_cast<double>(total);
    const double top = o.pct_start * n - 1, back = 2 * o.pct_start * n - 2;
    const auto part = [&](double a, double b, double from, double to) {
        return between(a, b, to > from && t < to ? (t - from) / (to - from) : 1, o.line);
    };
    if (t <= top) return part(start, peak, 0, top);
    if (!o.three_phase) return part(peak, end, top, n - 1);
    return t <= back ? part(peak, start, top, back) : part(start, end, back, n - 1);
}
}  // namespace _
// Smith & Topin 2018, as OneCycleLR: up to the rate and far down, to the run's end.
template <class = void>
Schedule one_cycle(OneCycle o = {}) {
    _::check_cycle(o);
    return [o](long step, long total) { return _::one_cycle_at(o, step, total, 1 / o.div_factor, 1, 1 / o.div_factor / o.final_div_factor); };
}

struct Cyclic {
    double base = 0.1;     // the lowest factor
    long up = 2000;        // steps from there to 1
    long down = 0;         // and back; 0: as many
    enum mode_t { triangular, triangular2, exp_range } mode = triangular;
    double gamma = 1;      // exp_range: the height is multiplied by it at every step; triangular2: by 1/2 at every cycle
};
namespace _ {
template <class = void>
void check_cycle(const Cyclic& o) {
    if (o.up < 1 || o.down < 0) fail<>("cyclic: up is 1 step or more, down as well, or 0 for as many");
    if (!(o.base >= 0 && o.gamma >= 0)) fail<>("cyclic: base and gamma are 0 or more");
}
// 0 at the bottom, 1 at the top.
template <class = void>
double cycle_height(const Cyclic& o, long step) {
    const double t = static_cast<double>(step - 1), up = static_cast<double>(o.up), size = up + static_cast<double>(o.down > 0 ? o.down : o.up);
    const double cycle = __builtin_floor(t / size), x = t / size - cycle, ratio = up / size, height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
    return o.mode == Cyclic::triangular2 ? height * __builtin_pow(0.5, cycle) : o.mode == Cyclic::exp_range ? height * __builtin_pow(o.gamma, t) : height;
}
}  // namespace _
// Smith 2017, as CyclicLR.
template <class = void>
Schedule cyclic(Cyclic o = {}) {
    _::check_cycle(o);
    return [o](long step) { return o.base + (1 - o.base) * _::cycle_height(o, step); };
}

// --- the momentum, against the rate: for fit's and the Trainer's `momentum` ----------------------------------------------

struct MomentumRange {
    double base, max;  // where the rate is highest, and where it is lowest
};
// What OneCycleLR and CyclicLR make of an optimizer's momentum (cycle_momentum=True), with their defaults. Values, not factors.
template <class = void>
Schedule one_cycle_momentum(OneCycle o = {}, MomentumRange m = {0.85, 0.95}) {
    _::check_cycle(o);
    return [o, m](long step, long total) { return _::one_cycle_at(o, step, total, m.max, m.base, m.max); };
}
template <class = void>
Schedule cyclic_momentum(Cyclic o = {}, MomentumRange m = {0.8, 0.9}) {
    _::check_cycle(o);
    return [o, m](long step) { return m.max - (m.max - m.base) * _::cycle_height(o, step); };
}

}  // namespace etta
