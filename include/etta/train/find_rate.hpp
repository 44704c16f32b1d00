// find_rate.hpp: the learning rate's range test (Smith 2017): a few steps with a rate that grows by a factor in each, and the loss
// of each. Good rates lie where it falls; the largest useful one is a little below where it rises again.
#pragma once

#include "trainer.hpp"

namespace etta {

struct RateRange {
    double from = 1e-7, to = 10;
    int steps = 100;
    int batch = 32;
    double smoothing = 0.98;  // of the losses: an exponential mean with this weight, unbiased
    double stop = 4;          // ends once the smoothed loss is so many times its least
    etta::seed seed = etta::seed(0);
};
struct RateTest {
    struct record {
        double rate, loss, smoothed;
    };
    std::vector<record> records;

    // Where the smoothed loss falls fastest over the logarithm of the rate, measured over a fifth of the test, the first tenth left
    // out, where the mean is of few batches. An error where it never falls.
    double steepest() const {
        const std::size_t w = records.size() < 20 ? 1 : records.size() / 10;
        double best = 0, rate = 0;
        for (std::size_t i = 2 * w; i + w < records.size(); ++i)
            if (const double slope = records[i + w].smoothed - records[i - w].smoothed; slope < best) best = slope, rate = records[i].rate;
        if (rate == 0) fail<>("find_rate: the loss never fell, in " + std::to_string(records.size()) + " steps");
        return rate;
    }
};

// The trainer is as it was afterwards: parameters, states, the optimizer's state and the number of steps. A loss or gradient that
// is not finite ends the test, but at the first rate, where it is an error. Rates of parameter groups of their own stay.
template <class M, class Loss, class Rule, class Target = this_target>
RateTest find_rate(Trainer<M, Loss, Rule>& trainer, const Dataset& data, const RateRange& o = {}) {
    if (!(o.from > 0 && o.to > o.from && o.steps > 1)) fail<>("find_rate: rates grow from a positive one to a larger one, in 2 steps or more");
    trainer.check_dataset(data);
    if (data.size() == 0) fail<>("find_rate: the data has no samples");
    constexpr int most = Trainer<M, Loss, Rule>::batch_bound;
    if (o.batch < 1 || o.batch > most) fail<>("find_rate: a batch of " + std::to_string(o.batch) + "; the model takes 1 to " + std::to_string(most));
    std::vector<named_tensor> tensors = _::tensors_of_run(trainer);
    std::vector<std::byte> kept;
    for (const named_tensor& t : tensors) kept.insert(kept.end(), t.data, t.data + t.bytes);
    const Rule rule = trainer.rule;
    const Schedule schedule = trainer.schedule;
    const long steps = trainer.steps();
    const struct undo {
        Trainer<M, Loss, Rule>& trainer;
        const std::vector<named_tensor>& tensors;
        const std::vector<std::byte>& kept;
        const Rule& rule;
        const Schedule& schedule;
        long steps;
        ~undo() {
            const std::byte* from = kept.data();
            for (const named_tensor& t : tensors) __builtin_memcpy(const_cast<std::byte*>(t.data), from, t.bytes), from += t.bytes;
            trainer.rule = rule, trainer.schedule = schedule, trainer.steps(steps);
        }
    } when_done{trainer, tensors, kept, rule, schedule, steps};

    trainer.schedule = {};
    BatchOptions bo;
    bo.shuffle = o.seed, bo.type = dtype_of<typename M::element>, bo.steps = o.steps;
    RateTest r;
    double mean = 0, weight = 0, least = 0;
    int done = 0;
    auto loader = batches(data, o.batch, bo);
    for (auto&& [x, y] : loader) {
        trainer.rule.lr = o.from * __builtin_pow(o.to / o.from, static_cast<double>(done++) / (o.steps - 1));
        double loss = 0;
#if defined(ETTA_NO_EXCEPTIONS)
        loss = trainer.step(x, y, loader.weights());
#else
        try {
            loss = trainer.step(x, y, loader.weights());
        } catch (const Error&) {
            if (!trainer.diverged() || r.records.empty()) throw;
            break;
        }
#endif
        if (trainer.counted() == 0) continue;  // no step, no loss
        mean = o.smoothing * mean + (1 - o.smoothing) * loss, weight = o.smoothing * weight + (1 - o.smoothing);
        r.records.push_back({trainer.rule.lr, loss, mean / weight});
        if (r.records.size() == 1 || mean / weight < least) least = mean / weight;
        else if (mean / weight > o.stop * least && least > 0) break;
    }
    return r;
}

}  // namespace etta
