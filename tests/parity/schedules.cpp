// Schedules against torch.optim.lr_scheduler, over 40 steps. make_schedules.py wrote the file.
#include <etta/train/callbacks.hpp>

#include "catch.hpp"
#include "recorded.hpp"

TEST_CASE("40 steps of every schedule have PyTorch's rates") {
    using namespace etta;
    const auto file = safetensors_file::open(recorded_path("schedules.st"));
    const auto same = [&](const std::string& name, const Schedule& s) {
        double rates[40];
        for (int i = 0; i < 40; ++i) rates[i] = 0.5 * s.factor(i + 1, 40);
        CHECK(unlike(file, name, rates, 1e-13) == "");
    };
    same("constant", hold(0.25, 7));
    same("linear", ramp(0.2, 0.8, 12));
    same("linear_down", linear(0.1));
    same("step", step_decay(6, 0.7));
    same("multi_step", multi_step({5, 9, 30}, 0.3));
    same("exponential", exponential(0.93));
    same("polynomial", polynomial(1.7));
    same("polynomial_short", polynomial(2).over(25));
    same("cosine", cosine(0.1));
    same("restarts", cosine_restarts(7, 1, 0.05));
    same("restarts_longer", cosine_restarts(5, 2));
    same("one_cycle", one_cycle());
    same("one_cycle_line", one_cycle({.pct_start = 0.25, .div_factor = 10, .final_div_factor = 100, .line = true}));
    same("one_cycle_three", one_cycle({.pct_start = 0.4, .three_phase = true}));
    same("triangular", cyclic({.up = 6}));
    same("triangular2", cyclic({.up = 4, .down = 7, .mode = Cyclic::triangular2}));
    same("exp_range", cyclic({.base = 0.2, .up = 5, .mode = Cyclic::exp_range, .gamma = 0.95}));
    same("sequential", ramp(0.1, 1, 10).then(10, exponential(0.9)));
    same("chained", hold(0.1, 8) * exponential(0.95));
    same("inverse_sqrt", inverse_sqrt(8));
    same("warm_up", warm_up(5));
}

TEST_CASE("40 steps of a cycled momentum are PyTorch's") {
    using namespace etta;
    const auto file = safetensors_file::open(recorded_path("schedules.st"));
    const auto same = [&](const std::string& name, const Schedule& s) {
        double momenta[40];
        for (int i = 0; i < 40; ++i) momenta[i] = s.factor(i + 1, 40);
        CHECK(unlike(file, name, momenta, 1e-13) == "");
    };
    same("one_cycle_momentum", one_cycle_momentum());
    same("one_cycle_three_momentum", one_cycle_momentum({.pct_start = 0.4, .three_phase = true}, {.base = 0.7, .max = 0.99}));
    same("triangular2_momentum", cyclic_momentum({.up = 4, .down = 7, .mode = Cyclic::triangular2}));
}

TEST_CASE("rates reduced on plateaus are PyTorch's") {
    using namespace etta;
    const auto file = safetensors_file::open(recorded_path("schedules.st"));
    const std::vector<double> losses = recorded(file, "losses");
    const auto same = [&](const std::string& name, ReduceOnPlateau reduce) {
        History h;
        double rates[40];
        for (std::size_t i = 0; i < 40; ++i) {
            rates[i] = 0.5 * reduce.after(h);
            EpochRecord r;
            r.loss = r.accuracy = losses[i];
            h.epochs.push_back(r);
        }
        CHECK(unlike(file, name, rates, 1e-13) == "");
    };
    same("plateau", {.factor = 0.5, .patience = 3, .cooldown = 2});
    same("plateau_abs", {.patience = 2, .threshold = 0.01, .absolute = true, .min_factor = 0.04});
    same("plateau_max", {.factor = 0.5, .patience = 4, .monitor = &EpochRecord::accuracy});
}
