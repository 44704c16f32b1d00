// What batches count for where they are averaged: weights of samples and of classes, labels that are ignored. And what is refused before
// a run begins: options that cannot be meant, data without samples.
#include <etta/etta.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

struct Line {
    Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
struct Wide {
    Linear<64> hidden;
    Linear<3> out;
    constexpr auto operator()(auto x) const { return out(tanh(hidden(x))); }
};
struct NesterovOnly {  // a rule whose nesterov goes with nothing else
    double lr = 1e-2;
    bool nesterov = true;
    static constexpr int states = 0, scalars = 1;
    void prepare(long, double rate, double* s) const { s[0] = rate; }
    static constexpr var update(const update_terms& t) { return t.parameter - t.scalar[0] * t.gradient; }
};
template <int Batch>
using Net = Model<Line, Input<double, 2>, max_batch<Batch>>;

constexpr auto kept = on_labels<-1>([](auto y, auto t) { return cross_entropy(y, t, {.ignore_index = -1}); });

std::vector<double> numbers() {
    std::vector<double> x;
    for (int i = 0; i < 8; ++i) x.push_back(std::sin(1.0 * i)), x.push_back(std::cos(2.0 * i));
    return x;
}
std::vector<std::int32_t> thirds() { return {0, 1, 2, 0, 1, 2, 0, 1}; }
Dataset plain() { return Dataset::from(numbers(), {2}, thirds(), 3); }
Dataset weighted(std::vector<double> w = {1, 1, 1, 1, 0.01, 0.02, 0.03, 3}) { return plain().weighted(w); }
// Labels 1, 4, 5 and 6 are ignored: half of those that there are, one of the first batch of four.
Dataset with_gaps(std::int32_t none = -1) { return Dataset::from(numbers(), {2}, std::vector<std::int32_t>{0, none, 2, 0, none, none, none, 1}, 3); }

template <int Batch, class Loss>
Evaluation evaluated(const Loss& loss, const Dataset& d, const TrainerOptions& o = {}) {
    Net<Batch> model{seed(1)};
    return Trainer(model, loss, SGD{}, o).evaluate(d);
}
// The loss of each sample on its own.
std::vector<double> one_by_one() {
    Net<8> model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, SGD{});
    std::vector<double> l;
    for (etta::index i = 0; i < 8; ++i) l.push_back(trainer.evaluate(plain().slice(i, i + 1)).loss);
    return l;
}
double mean_of(const std::vector<double>& values, const std::vector<double>& w) {
    double sum = 0, all = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * values[i], all += w[i];
    return sum / all;
}
template <class M>
std::vector<double> weights(const M& m) { return {m.parameters.data(), m.parameters.data() + M::facts::layout.elements}; }
double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    return worst;
}

}  // namespace

TEST_CASE("a loss over a data set does not depend on the batches") {
    const std::vector<double> l = one_by_one(), w = {1, 1, 1, 1, 0.01, 0.02, 0.03, 3};
    CHECK(evaluated<8>(Weighted<CrossEntropy>{}, weighted()).loss == Approx(mean_of(l, w)).epsilon(1e-12));
    CHECK(evaluated<4>(Weighted<CrossEntropy>{}, weighted()).loss == Approx(mean_of(l, w)).epsilon(1e-12));
    CHECK(evaluated<3>(Weighted<CrossEntropy>{}, weighted()).loss == Approx(mean_of(l, w)).epsilon(1e-12));
    CHECK(evaluated<3>(Weighted<CrossEntropy>{}, plain(), {.class_weight = {1, 5, 0.5}}).loss == Approx(mean_of(l, {1, 5, 0.5, 1, 5, 0.5, 1, 5})).epsilon(1e-12));
    const std::vector<double> gaps = {1, 0, 1, 1, 0, 0, 0, 1};
    CHECK(evaluated<8>(kept, with_gaps()).loss == Approx(mean_of(l, gaps)).epsilon(1e-12));
    CHECK(evaluated<4>(kept, with_gaps()).loss == Approx(mean_of(l, gaps)).epsilon(1e-12));
    CHECK(evaluated<2>(kept, with_gaps()).loss == Approx(mean_of(l, gaps)).epsilon(1e-12));  // one batch has nothing
    CHECK(evaluated<4>(Weighted<CrossEntropy>{}, weighted({1, 1, 1, 1, 0, 0, 0, 0})).loss == Approx(mean_of(l, {1, 1, 1, 1, 0, 0, 0, 0})).epsilon(1e-12));
    CHECK(std::isnan(evaluated<4>(Weighted<CrossEntropy>{}, weighted({0, 0, 0, 0, 0, 0, 0, 0})).loss));
}

TEST_CASE("fit's loss and accuracy are those of evaluate, whatever is ignored") {
    Net<8> model{seed(1)};
    auto trainer = Trainer(model, kept, SGD{.lr = 0});
    const auto h = trainer.fit(with_gaps(), {.epochs = 1, .batch = 3, .verbose = false});
    const Evaluation e = trainer.evaluate(with_gaps());
    CHECK(h.epochs[0].loss == Approx(e.loss).epsilon(1e-12));
    CHECK(h.epochs[0].accuracy == e.accuracy);
    // PyTorch's label for what is ignored; a list of labels for each sample; and what cannot do without.
    auto hundred = Trainer(model, on_labels<-100>([](auto y, auto t) { return cross_entropy(y, t, {.ignore_index = -100}); }), SGD{});
    CHECK(hundred.evaluate(with_gaps(-100)).loss == e.loss);
    const auto lists = Dataset::from(numbers(), {2}, std::vector<std::vector<std::int32_t>>{{0}, {}, {2}, {0}, {}, {-1}, {}, {1}}, 1, 3);
    CHECK(trainer.evaluate(lists).loss == e.loss);
    auto every = Trainer(model, CrossEntropy{}, SGD{});
    CHECK_THROWS_WITH(every.fit(with_gaps(), {.batch = 3, .verbose = false}), says("sample 1 of the data has label -1, which is no class"));
    CHECK_THROWS_WITH(trainer.evaluate(with_gaps(-100).slice(2, 8)), says("sample 2 of the data has label -100"));
    CHECK_THROWS_WITH(every.evaluate(lists), says("sample 1 of the data has label -1"));
    CHECK(every.evaluate(with_gaps().slice(2, 4)).samples == 2);
    CHECK_THROWS_WITH(split_stratified(with_gaps(), 0.5, seed(1)), says("has label -1, which is no class"));
    CHECK_THROWS_WITH(k_fold_stratified(with_gaps(), 2, seed(1)), says("has label -1, which is no class"));
    float one_of[3];
    CHECK_THROWS_WITH(with_gaps().one_hot().copy_y(1, one_of), says("label -1, which is no class"));
    // Also where the label that is ignored is one that is predicted.
    Net<8> padded{seed(1)};
    auto first = Trainer(padded, on_labels<0>([](auto y, auto t) { return cross_entropy(y, t, {.ignore_index = 0}); }), SGD{.lr = 0});
    padded.parameter<"fc.bias">()(0) = 100;
    CHECK(first.fit(plain(), {.epochs = 1, .batch = 3, .verbose = false}).epochs[0].accuracy == 0);
    CHECK(first.evaluate(plain()).accuracy == 0);
    Net<8> other{seed(1)};
    auto by_weight = Trainer(other, Weighted<CrossEntropy>{}, SGD{.lr = 0});
    CHECK(by_weight.fit(weighted(), {.epochs = 1, .batch = 3, .verbose = false}).epochs[0].loss == Approx(by_weight.evaluate(weighted()).loss).epsilon(1e-12));
}

TEST_CASE("accumulated batches are one, by their weights and labels") {
    const auto check = [](const auto& loss, const Dataset& data) {
        Net<8> whole{seed(1)}, parts{seed(1)};
        auto a = Trainer(whole, loss, SGD{.lr = 0.5});
        auto b = Trainer(parts, loss, SGD{.lr = 0.5}, {.accumulate = 4});
        a.fit(data, {.epochs = 3, .batch = 8, .shuffle = false, .verbose = false});
        b.fit(data, {.epochs = 3, .batch = 2, .shuffle = false, .verbose = false});
        CHECK(a.steps() == b.steps());
        CHECK(difference(weights(whole), weights(parts)) < 1e-14);
        CHECK(difference(weights(whole), weights(Net<8>{seed(1)})) > 1e-3);
    };
    check(Weighted<CrossEntropy>{}, weighted());
    check(Weighted<CrossEntropy>{}, weighted({1, 2, 0, 3, 1, 1, 0.5, 0}));
    check(Weighted<CrossEntropy>{}, weighted({0, 0, 2, 3, 1, 1, 0, 0}));  // the first and the last of four have nothing
    // Four batches of nothing make no step.
    Net<8> model{seed(1)};
    auto trainer = Trainer(model, Weighted<CrossEntropy>{}, SGD{}, {.accumulate = 2});
    const std::vector<double> x = numbers(), none(2, 0.0), one(2, 1.0);
    const auto y = thirds();
    for (int i = 0; i < 4; ++i) trainer.step(x.data(), y.data(), none.data(), 2);
    CHECK((trainer.steps() == 0 && trainer.pending_batches() == 0 && weights(model) == weights(Net<8>{seed(1)})));
    trainer.step(x.data(), y.data(), none.data(), 2);
    CHECK((trainer.step(x.data(), y.data(), one.data(), 2) > 0 && trainer.steps() == 1));
}

TEST_CASE("a batch that counts for nothing changes nothing") {
    const std::vector<double> x = numbers(), none(4, 0.0), one(4, 1.0);
    const std::int32_t ignored[4] = {-1, -1, -1, -1};
    const std::vector<std::int32_t> labels = thirds();
    Net<4> model{seed(1)};
    auto trainer = Trainer(model, kept, Adam{});
    const auto before = weights(model);
    CHECK(trainer.step(x.data(), ignored, 4) == 0);
    CHECK((weights(model) == before && trainer.steps() == 0 && trainer.counted() == 0));
    CHECK(trainer.step(x.data(), labels.data(), 4) > 0);
    CHECK((weights(model) != before && trainer.steps() == 1 && trainer.counted() == 4));

    Net<4> second{seed(1)};
    auto by_weight = Trainer(second, Weighted<CrossEntropy>{}, Adam{});
    CHECK(by_weight.step(x.data(), labels.data(), none.data(), 4) == 0);
    CHECK((weights(second) == before && by_weight.steps() == 0));
    CHECK(by_weight.step(x.data(), labels.data(), one.data(), 4) > 0);
    CHECK(weights(second) == weights(model));
    CHECK_THROWS_WITH(by_weight.step(x.data(), labels.data(), std::vector<double>{1, -1, 1, -1}.data(), 4), says("weight 1 of the batch is -1, expected 0 or more"));
    // A loss that is more than its labels' makes a step without any.
    Net<4> third{seed(1)};
    auto penalised = Trainer(third, on_labels<-1>([](auto y, auto t) {
                                 return cross_entropy(y, t, {.ignore_index = -1, .reduce = reduction::sum}) + 0.1 * mean(square(y));
                             }), SGD{.lr = 0.1});
    CHECK(penalised.step(x.data(), ignored, 4) > 0);
    CHECK((weights(third) != before && penalised.steps() == 1));
    // In a run: the last batch of three has nothing.
    const auto h = trainer.fit(Dataset::from(x, {2}, std::vector<std::vector<std::int32_t>>{{0}, {1}, {2}, {0}, {}, {}, {}, {}}, 1, 3), {.epochs = 2, .batch = 4, .shuffle = false, .verbose = false});
    CHECK((h.epochs.size() == 2 && std::isfinite(h.epochs[1].loss) && trainer.steps() == 3));
}

TEST_CASE("minimize counts as the loss does") {
    const auto check = [](const auto& loss, const Dataset& data, const TrainerOptions& o) {
        Net<8> whole{seed(1)};
        Net<2> parts{seed(1)};
        auto a = Trainer(whole, loss, SGD{}, o);
        auto b = Trainer(parts, loss, SGD{}, o);
        const auto ra = minimize(LBFGS{.max_iterations = 3, .ftol = 0}, a, data), rb = minimize(LBFGS{.max_iterations = 3, .ftol = 0}, b, data);
        CHECK(ra.value == Approx(rb.value).epsilon(1e-10));
        CHECK(difference(weights(whole), weights(parts)) < 1e-9);
        CHECK(a.evaluate(data).loss == Approx(ra.value).epsilon(1e-10));
    };
    check(kept, with_gaps(), {});
    check(Weighted<CrossEntropy>{}, weighted(), {.class_weight = {1, 5, 0.5}});
    check(Weighted<CrossEntropy>{}, weighted({1, 2, 0, 0, 1, 1, 0.5, 0}), {});
    Net<8> model{seed(1)};
    auto trainer = Trainer(model, Weighted<CrossEntropy>{}, SGD{});
    CHECK_THROWS_WITH(minimize(LBFGS{}, trainer, plain().slice(0, 0)), says("minimize: the data has no samples"));
    CHECK_THROWS_WITH(minimize(LBFGS{}, trainer, weighted(std::vector<double>(8))), says("minimize: no sample counts for anything"));
}

TEST_CASE("a weighted run goes on in the middle of an epoch, bit for bit") {
    Scratch dir;
    struct Halt {
        void on_batch_end(FitEvent& e) { e.stop = e.epoch == 2 && e.batch == 2; }
    };
    const auto run = [&](Net<8>& model, FitOptions o) {
        auto trainer = Trainer(model, Weighted<CrossEntropy>{}, Adam{}, {.accumulate = 2});
        o.epochs = 3, o.batch = 3, o.verbose = false;
        return trainer.fit(weighted(), o);
    };
    Net<8> whole{seed(1)}, first{seed(1)}, second{seed(2)};
    const History all = run(whole, {});
    run(first, {.checkpoint = {dir.path("run")}, .callbacks = {Halt{}}});
    const History rest = run(second, {.checkpoint = {dir.path("run"), {.resume = true}}});
    CHECK(weights(second) == weights(whole));
    CHECK((rest.epochs.size() == 3 && rest.epochs[1].loss == all.epochs[1].loss && rest.epochs[1].accuracy == all.epochs[1].accuracy && rest.epochs[2].loss == all.epochs[2].loss));
}

TEST_CASE("a run without samples is refused, and one without a full batch") {
    Net<8> model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, SGD{});
    const Dataset none = plain().slice(0, 0);
    CHECK_THROWS_WITH(trainer.fit(none, {.verbose = false}), says("fit: the data has no samples"));
    CHECK_THROWS_WITH(trainer.evaluate(none), says("evaluate: the data has no samples"));
    CHECK(trainer.predict(none).empty());
    CHECK_THROWS_WITH(trainer.fit(plain().slice(0, 2), {.batch = 2, .validation_split = 0.9, .verbose = false}), says("leaves no sample for training, of 2"));
    CHECK_THROWS_WITH(trainer.fit(plain().slice(0, 2), {.batch = 2, .validation_split = 0.1, .verbose = false}), says("leaves none for validation, of 2"));
    CHECK_THROWS_WITH(trainer.fit(plain(), {.batch = 4, .steps_per_epoch = -1, .verbose = false}), says("negative number"));
    CHECK_THROWS_WITH(trainer.fit(plain().slice(0, 3), {.batch = 4, .drop_last = true, .verbose = false}), says("of 3 samples, there is no full batch of 4"));
    CHECK(trainer.fit(plain(), {.epochs = 2, .batch = 3, .drop_last = true, .verbose = false}).epochs.size() == 2);
    CHECK(trainer.steps() == 4);
}

TEST_CASE("numbers of a rule that cannot be meant are refused, and a rate that is none") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    Net<8> model{seed(1)};
    const auto with = [&](const auto& rule) { return [&model, rule] { Trainer(model, CrossEntropy{}, rule); }; };
    CHECK_THROWS_WITH(with(Adam{.beta1 = 1})(), says("the rule's beta1 is 1, expected 0 to less than 1"));
    CHECK_THROWS_WITH(with(AdamW{.beta2 = 2})(), says("beta2"));
    CHECK_THROWS_WITH(with(Adam{.lr = nan})(), says("the rule's lr is nan, expected a number of 0 or more"));
    CHECK_THROWS_WITH(with(Adam{.lr = inf})(), says("lr"));
    CHECK_THROWS_WITH(with(SGD{.lr = -1})(), says("lr"));
    CHECK_THROWS_WITH(with(SGD{.momentum = -0.1})(), says("momentum"));
    CHECK_THROWS_WITH(with(SGD{.weight_decay = -1})(), says("weight_decay"));
    CHECK_THROWS_WITH(with(SGD{.nesterov = true})(), says("nesterov needs a momentum, and no dampening"));
    CHECK_THROWS_WITH(with(SGD{.momentum = 0.9, .dampening = 0.1, .nesterov = true})(), says("nesterov"));
    CHECK_THROWS_WITH(with(RMSprop{.alpha = 1.5})(), says("the rule's alpha is 1.5, expected 0 to 1"));
    CHECK_THROWS_WITH(with(Adadelta{.rho = 2})(), says("rho"));
    CHECK_THROWS_WITH(with(Lookahead{RMSprop{.alpha = 1.5}})(), says("the rule's alpha is 1.5"));
    CHECK_THROWS_WITH(with(Lookahead{DecoupledDecay{Adam{.beta2 = 1}}})(), says("beta2"));
    CHECK_THROWS_WITH(with(Adam{.eps = -1e-8})(), says("eps"));
    CHECK_THROWS_WITH(with(Adagrad{.lr_decay = -1})(), says("lr_decay is -1"));
    CHECK_THROWS_WITH(with(Adagrad{.initial_accumulator_value = -1})(), says("initial_accumulator_value is -1"));
    CHECK_THROWS_WITH(with(NAdam{.momentum_decay = -1})(), says("momentum_decay is -1"));
    CHECK_THROWS_WITH(with(Rprop{.eta_minus = 1.5})(), says("eta_minus and eta_plus are 1.5 and 1.2, expected 0 < eta_minus < 1 < eta_plus"));
    CHECK_THROWS_WITH(with(Rprop{.min_step = 2, .max_step = 1})(), says("min_step and max_step are 2 and 1"));
    CHECK_THROWS_WITH(with(Adafactor{.d = 0.5})(), says("beta2_decay and d are -0.8 and 0.5"));
    CHECK_THROWS_WITH(with(Adafactor{.beta2_decay = 1})(), says("beta2_decay"));
    CHECK_THROWS_WITH(with(Adafactor{.eps1 = -1})(), says("eps1 is -1"));
    CHECK_THROWS_WITH(with(SGD{.dampening = nan})(), says("dampening"));
    CHECK_THROWS_WITH(with(ASGD{.lambd = -1})(), says("lambd is -1"));
    CHECK_THROWS_WITH(with(LARS{.trust_coefficient = -1})(), says("trust_coefficient is -1"));
    CHECK_THROWS_WITH(with(Lookahead{SGD{}, 0})(), says("Lookahead is every 0 steps"));
    CHECK_THROWS_WITH(SWA(model, {.every = 0}), says("SWA: start is 0 or more, every 1 or more"));
    const auto grouped = [&](const GroupOptions& g) { return [&model, g] { Trainer(model, CrossEntropy{}, SGD{}, {.groups = {{"*", g}}}); }; };
    for (const GroupOptions& g : {GroupOptions{.lr = -0.5}, GroupOptions{.lr = nan}, GroupOptions{.weight_decay = -0.1}, GroupOptions{.weight_decay = nan}, GroupOptions{.lr_factor = -1}, GroupOptions{.lr_factor = nan}})
        CHECK_THROWS_WITH(grouped(g)(), says("group 0 has lr "));
    const auto weighted = [&](std::vector<double> w) { return [&model, w] { Trainer(model, Weighted<CrossEntropy>{}, SGD{}, {.class_weight = w}); }; };
    CHECK_THROWS_WITH(weighted({1, -2, 1})(), says("class_weight has -2"));
    CHECK_THROWS_WITH(weighted({1, nan, 1})(), says("class_weight has nan"));
    CHECK_THROWS_WITH(weighted({0, 0, 0})(), says("class_weight: all are 0"));
    CHECK_THROWS_WITH(Trainer(model, CrossEntropy{}, SGD{}, {.clip_norm = -1}), says("a limit of the gradients"));
    CHECK_THROWS_WITH(EMA(model, {.decay = 2}), says("EMA: decay is 0 to 1"));
    CHECK_THROWS_WITH(cyclic({.up = 0}), says("cyclic: up is 1 step or more"));
    CHECK_THROWS_WITH(cosine_restarts(4, 0.5), says("cosine_restarts"));
    CHECK_THROWS_WITH(step_decay(0), says("step_decay"));
    CHECK_THROWS_WITH(one_cycle({.div_factor = 0}), says("one_cycle"));
    CHECK_THROWS_WITH(cyclic({.base = -3}), says("base and gamma are 0 or more"));
    CHECK_THROWS_WITH(ramp(0.1, 1, 0), says("ramp: over 1 step or more"));
    CHECK_THROWS_WITH(multi_step({1}, -0.1), says("multi_step"));
    CHECK_THROWS_WITH(exponential(-0.5), says("exponential"));
    CHECK_THROWS_WITH(polynomial(-1), says("polynomial"));
    CHECK_THROWS_WITH(cosine().over(-4), says("a schedule over -4 steps"));
    CHECK_THROWS_WITH(cosine().then(-3, linear()), says("a schedule of -3 steps, then another"));

    auto trainer = Trainer(model, CrossEntropy{}, SGD{});
    const auto before = weights(model);
    const auto x = numbers();
    const auto y = thirds();
    CHECK(Trainer(model, CrossEntropy{}, NesterovOnly{}).step(x.data(), y.data(), 8) > 0);
    std::memcpy(model.parameters.data(), before.data(), before.size() * sizeof(double));
    trainer.rule.lr = -1;
    CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 8), says("the learning rate is -1 at step 1: the parameters were not updated"));
    auto adam = Trainer(model, CrossEntropy{}, Adam{}, {.momentum = [](long) { return 1.5; }});
    CHECK_THROWS_WITH(adam.step(x.data(), y.data(), 8), says("beta1 by its schedule is 1.5, expected 0 to less than 1"));
    CHECK(adam.steps() == 0);
    auto heavy = Trainer(model, CrossEntropy{}, SGD{.momentum = 0.9});
    CHECK_THROWS_WITH(heavy.fit(plain(), {.batch = 8, .momentum = [nan](long) { return nan; }, .verbose = false}), says("momentum by its schedule is nan"));
    CHECK(weights(model) == before);
    trainer.rule.lr = nan;
    CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 8), says("the learning rate is NaN at step 1: the parameters were not updated"));
    CHECK((weights(model) == before && trainer.steps() == 0));
    trainer.rule.lr = 0.1, trainer.schedule = [](long step) { return step == 2 ? HUGE_VAL : 1.0; };
    trainer.step(x.data(), y.data(), 8);
    const auto one = weights(model);
    CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 8), says("the learning rate is infinite at step 2"));
    CHECK((weights(model) == one && trainer.steps() == 1));
}

TEST_CASE("find_rate refuses what fit refuses") {
    Net<4> model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, SGD{});
    const auto before = weights(model);
    CHECK_THROWS_WITH(find_rate(trainer, plain()), says("find_rate: a batch of 32; the model takes 1 to 4"));
    CHECK_THROWS_WITH(find_rate(trainer, plain().slice(0, 0), {.batch = 4}), says("no samples"));
    CHECK_THROWS_WITH(find_rate(trainer, Dataset::from(numbers(), {2}, std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7}, 8), {.batch = 4}), says("8 classes"));
    CHECK_THROWS_WITH(find_rate(trainer, Dataset::from(numbers(), {1}, std::vector<std::int32_t>(16, 0), 3), {.batch = 4}), says("samples have shape [1]"));
    auto x = numbers();
    for (double& v : x) v = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(find_rate(trainer, Dataset::from(x, {2}, thirds(), 3), {.batch = 4}), says("NaN"));
    CHECK(weights(model) == before);
    CHECK_THROWS_WITH(find_rate(trainer, plain(), {.from = 1e-30, .to = 1e-29, .steps = 3, .batch = 4}).steepest(), says("find_rate: the loss never fell"));
    // A batch without weights has no loss.
    auto by_weight = Trainer(model, Weighted<CrossEntropy>{}, SGD{});
    const RateTest rare = find_rate(by_weight, weighted({1, 0, 0, 0, 0, 0, 0, 0}), {.steps = 40, .batch = 2});
    CHECK((rare.records.size() > 2 && rare.records.size() < 40));
    for (const auto& r : rare.records) CHECK((r.loss > 0 && r.smoothed > 0));
    // A loss that is not finite ends the test.
    auto squares = Trainer(model, MSE{}, SGD{});
    const Dataset targets = Dataset::from(numbers(), {2}, std::vector<double>(24, 1.0), {3});
    const RateTest test = find_rate(squares, targets, {.from = 1e-3, .to = 1e100, .steps = 50, .batch = 4, .stop = HUGE_VAL});
    CHECK((test.records.size() > 2 && test.records.size() < 50));
    CHECK(weights(model) == before);
}

TEST_CASE("EarlyStopping of one model is none of another's") {
    const Dataset data = plain();
    EarlyStopping stop{.patience = 3, .restore_best_weights = true};
    Net<8> small{seed(1)};
    Trainer(small, CrossEntropy{}, SGD{}).fit(data, {.epochs = 2, .batch = 8, .validation = data, .callbacks = {stop}, .verbose = false});
    Model<Wide, Input<double, 2>, max_batch<8>> wide{seed(1)};
    auto trainer = Trainer(wide, CrossEntropy{}, SGD{.lr = 0.1});
    const History h = trainer.fit(data, {.epochs = 4, .batch = 8, .validation = data, .schedule = [](long step) { return step < 3 ? 1.0 : 300.0; }, .callbacks = {stop}, .verbose = false});
    CHECK(stop.best_.size() >= sizeof(double) * (2 * 64 + 64 + 64 * 3 + 3));
    for (const double w : weights(wide)) CHECK(std::isfinite(w));
    // What it restores is this model's.
    const std::vector<double> losses = h["validation_loss"];
    const double least = *std::min_element(losses.begin(), losses.end());
    CHECK((losses.back() > least && trainer.evaluate(data).loss == least));
}
