// Callbacks of fit(): when they are told what, what the library's do, and that a run which goes on has them as they were.
#include <etta/train/callbacks.hpp>
#include <etta/train/tensorboard.hpp>
#include <etta/train/trainer.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <cmath>
#include <csignal>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

struct Net {
    Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using M = Model<Net, Input<float, 2>, max_batch<8>>;

struct Root {  // its gradient at 0 is 0 times infinity
    Linear<2> a;
    constexpr auto operator()(auto x) const { return sqrt(square(a(x))); }
};

Dataset points(int n = 40) {
    std::vector<float> x;
    std::vector<std::int32_t> y;
    for (int i = 0; i < n; ++i) {
        x.push_back(std::sin(1.3f * static_cast<float>(i))), x.push_back(std::cos(0.7f * static_cast<float>(i)));
        y.push_back(x[x.size() - 2] > 0.3f ? 2 : x.back() > 0 ? 1 : 0);
    }
    return Dataset::from(std::move(x), {2}, std::move(y), 3);
}
std::vector<float> weights(M& m) { return {m.parameters.data(), m.parameters.data() + M::facts::layout.elements}; }

struct Run {
    M model{seed(1)};
    Trainer<M, CrossEntropy, AdamW> trainer{model, CrossEntropy{}, AdamW{.lr = 0.05}};
    History fit(FitOptions o) {
        o.batch = 8, o.verbose = false, o.seed = seed(3);
        return trainer.fit(points(), o);
    }
};

History losses(std::vector<double> v) {
    History h;
    for (const double x : v) {
        EpochRecord r;
        r.epoch = static_cast<int>(h.epochs.size()) + 1, r.loss = x, r.accuracy = -x;
        h.epochs.push_back(r);
    }
    return h;
}

struct Everything {
    std::string said;
    void on_train_begin(FitEvent& e) { said += "begin " + std::to_string(e.epochs) + "x" + std::to_string(e.batches) + "; "; }
    void on_epoch_begin(FitEvent& e) { said += "epoch " + std::to_string(e.epoch) + ":"; }
    void on_batch_end(FitEvent& e) { said += " " + std::to_string(e.batch) + (e.loss > 0 && e.rate > 0 ? "" : "?"); }
    void on_epoch_end(FitEvent& e) { said += " end " + std::to_string(e.history.epochs.size()) + " at " + std::to_string(e.step) + "; "; }
    void on_train_end(FitEvent&) { said += "done"; }
};

}  // namespace

TEST_CASE("callbacks are told of a run, and may end it") {
    Everything all;
    int epochs = 0;
    auto third = [&epochs](FitEvent& e) {
        ++epochs;
        e.stop = e.epoch == 2;
    };
    Run run;
    const History h = run.fit({.epochs = 4, .callbacks = {all, third}});
    CHECK(all.said == "begin 4x5; epoch 1: 1 2 3 4 5 end 1 at 5; epoch 2: 1 2 3 4 5 end 2 at 10; done");
    CHECK((epochs == 2 && h.epochs.size() == 2));

    struct Halt {  // in the middle of an epoch
        void on_batch_end(FitEvent& e) { e.stop = e.epoch == 2 && e.batch == 3; }
    };
    Run other;
    CHECK(other.fit({.epochs = 4, .callbacks = {Halt{}}}).epochs.size() == 1);
    CHECK(other.trainer.steps() == 8);
}

TEST_CASE("a run that a callback ended in an epoch goes on there, bit for bit") {
    Scratch dir;
    Run whole, first, second;
    const History all = whole.fit({.epochs = 3});
    struct Halt {
        void on_batch_end(FitEvent& e) { e.stop = e.step == 7; }
    };
    first.fit({.epochs = 3, .checkpoint = {dir.path("run")}, .callbacks = {Halt{}}});
    const History rest = second.fit({.epochs = 3, .checkpoint = {dir.path("run"), {.resume = true}}});
    CHECK(first.trainer.steps() == 7);
    CHECK((second.trainer.steps() == 15 && weights(second.model) == weights(whole.model)));
    REQUIRE(rest.epochs.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(rest.epochs[i].loss == all.epochs[i].loss);
}

TEST_CASE("early stopping waits as long as it is told, and knows the best epoch") {
    const auto judge = [](EarlyStopping s, std::vector<double> v) {
        const auto r = s.judge(losses(v));
        return std::to_string(r.best) + (r.stop ? " stop" : "");
    };
    CHECK(judge({}, {}) == "0");
    CHECK(judge({}, {3, 2, 1}) == "3");
    CHECK(judge({}, {3, 2, 2}) == "2 stop");
    CHECK(judge({.patience = 2}, {3, 2, 2, 1.5, 1.6}) == "4");
    CHECK(judge({.patience = 2}, {3, 2, 2, 2.5}) == "2 stop");
    CHECK(judge({.patience = 2, .min_delta = 1}, {3, 2.5, 2.1}) == "1 stop");
    CHECK(judge({.patience = 1, .start_from_epoch = 2}, {1, 2, 5, 4, 3}) == "5");
    CHECK(judge({.patience = 1, .monitor = &EpochRecord::accuracy}, {3, 2, 1, 2}) == "3 stop");
}

TEST_CASE("early stopping ends a run with the best epoch's weights, also one that goes on from a checkpoint") {
    Scratch dir;
    // The rate explodes after epoch 3, so that is the best.
    const Schedule wild = [](long step) { return step > 15 ? 3000.0 : 0.2; };
    std::vector<std::vector<float>> after;
    Run whole;
    const auto keep = [&](FitEvent&) { after.push_back(weights(whole.model)); };
    EarlyStopping stop{.patience = 3, .restore_best_weights = true};
    const History h = whole.fit({.epochs = 30, .schedule = wild, .callbacks = {keep, stop}});
    const auto best = static_cast<std::size_t>(stop.judge(h).best);
    CHECK(h.epochs.size() == best + 3);
    CHECK(best < 10);
    CHECK((weights(whole.model) == after[best - 1] && weights(whole.model) != after.back()));

    // Ended one epoch after the best; the checkpoint remembers the best weights.
    Run first, second, third;
    const auto halt = [&](FitEvent& e) { e.stop = e.epoch == static_cast<int>(best) + 1; };
    first.fit({.epochs = 30, .schedule = wild, .checkpoint = {dir.path("run")}, .callbacks = {EarlyStopping{.patience = 3, .restore_best_weights = true}, halt}});
    const auto go_on = [&](Run& r) { return r.fit({.epochs = 30, .schedule = wild, .checkpoint = {dir.path("run"), {.resume = true}}, .callbacks = {EarlyStopping{.patience = 3, .restore_best_weights = true}}}); };
    CHECK(go_on(second).epochs.size() == best + 3);
    CHECK(weights(second.model) == weights(whole.model));
    CHECK(go_on(third).epochs.size() == best + 3);  // has ended already
    CHECK(weights(third.model) == weights(whole.model));
}

TEST_CASE("a rate reduced on a plateau is reduced again after a checkpoint") {
    Scratch dir;
    const ReduceOnPlateau reduce{.factor = 0.5, .patience = 1, .threshold = 0.9};  // nothing is better by so much
    Run whole, first, second;
    const History h = whole.fit({.epochs = 6, .callbacks = {reduce}});
    CHECK((h.epochs[0].rate == 0.05 && h.epochs[2].rate == 0.05 && h.epochs[3].rate == 0.025 && h.epochs[5].rate == 0.0125));
    first.fit({.epochs = 4, .checkpoint = {dir.path("run")}, .callbacks = {reduce}});
    second.fit({.epochs = 6, .checkpoint = {dir.path("run"), {.resume = true}}, .callbacks = {reduce}});
    CHECK(weights(second.model) == weights(whole.model));
    CHECK(whole.trainer.steps() == 30);
}

TEST_CASE("models are saved every so many epochs, the best, and whole checkpoints") {
    Scratch dir;
    StepLog log;
    Run run;
    const History h = run.fit({.epochs = 4, .callbacks = {SaveModel{dir.path("{epoch}.st"), {.every = 2}}, SaveModel{dir.path("best.st"), {.best_only = true}},
                                                          SaveModel{dir.path("all.st"), {.checkpoint = true}}, CSVLog{dir.path("log.csv")}, log}});
    CHECK(dir.names().size() == 5);  // 2.st, 4.st, best.st, all.st, log.csv
    Run other;
    load(other.model, dir.path("4.st"));
    CHECK(weights(other.model) == weights(run.model));
    load_checkpoint(other.trainer, dir.path("all.st"));
    CHECK(other.trainer.steps() == 20);
    REQUIRE(h.best().epoch == 4);
    load(other.model, dir.path("best.st"));
    CHECK(weights(other.model) == weights(run.model));
    CHECK(as_text(read_file(dir.path("log.csv"))) == h.csv());
    CHECK((log.records.size() == 20 && log.records[19].step == 20 && log.records[19].rate == 0.05));
    CHECK_THAT(log.csv(), says("step,rate,loss\n1,0.05,"));
}

TEST_CASE("an interrupt ends the run after its batch, with the checkpoint written") {
    Scratch dir;
    struct Interrupt {
        void on_batch_end(FitEvent& e) {
            if (e.step == 8) std::raise(SIGINT);
        }
    };
    const auto mine = [](int) {};
    const auto before = std::signal(SIGINT, mine);
    StopOnInterrupt stop;
    Run whole, first, second;
    whole.fit({.epochs = 3});
    first.fit({.epochs = 3, .checkpoint = {dir.path("run")}, .callbacks = {Interrupt{}, stop}});
    CHECK((stop.interrupted() && first.trainer.steps() == 8));
    second.fit({.epochs = 3, .checkpoint = {dir.path("run"), {.resume = true}}, .callbacks = {stop}});
    CHECK((!stop.interrupted() && weights(second.model) == weights(whole.model)));
    CHECK(std::signal(SIGINT, before) == static_cast<void (*)(int)>(mine));  // given back
}

TEST_CASE("the last samples are for validation where a split says so") {
    Run run, same;
    const History h = run.fit({.epochs = 2, .validation_split = 0.25});
    const History g = [&] {
        return same.trainer.fit(points().slice(0, 30), {.epochs = 2, .batch = 8, .validation = points().slice(30, 40), .seed = seed(3), .verbose = false});
    }();
    CHECK((h.validated && h.epochs[1].validation_loss == g.epochs[1].validation_loss && h.epochs[1].loss == g.epochs[1].loss));
    CHECK_THROWS_WITH(run.fit({.validation_split = 1}), says("validation_split is 1.0"));
    CHECK_THROWS_WITH(run.fit({.validation = points(), .validation_split = 0.1}), says("validation data and a validation_split"));
}

TEST_CASE("event files are byte by byte what TensorBoard's writer writes") {
    const auto want = as_text(read_file(ETTA_TEST_DIR "/parity/events.tfevents"));
    const std::string tag = "a tag that is longer than a varint's first byte can say, so that its length takes two: " + std::string(50, 'x');
    const double t = 1700000000.5;
    CHECK(_::version_event(1700000000.25) + _::scalar_event(t + 1, 1, "loss", 0.5) + _::scalar_event(t + 2, 2, "loss", -1.25e-7) +
              _::scalar_event(t + 300, 300, "validation_loss", INFINITY) + _::scalar_event(t + std::ldexp(1.0, 40) + 5, (std::int64_t{1} << 40) + 5, tag, 3) ==
          want);
}

TEST_CASE("what TensorBoard is told after the disk was full can be read") {
    Scratch dir;
    const auto before = ::signal(SIGXFSZ, SIG_IGN);
    rlimit old;
    ::getrlimit(RLIMIT_FSIZE, &old);
    const auto limit = [&](rlim_t most) {
        rlimit small = old;
        small.rlim_cur = most;
        ::setrlimit(RLIMIT_FSIZE, &small);
    };
    const std::size_t one = _::scalar_event(0, 1, "a", 0).size(), first = _::version_event(0).size();
    std::string path, said, nothing;
    {
        TensorBoard board(dir.folder);
        path = board.path();
        board.scalar("a", 1, 1);
        limit(first + one + one / 2);  // half of the next record
        try {
            board.scalar("b", 2, 2);
        } catch (const Error& e) {
            said = e.what();
        }
        limit(old.rlim_cur);
        TensorBoard moved = static_cast<TensorBoard&&>(board);
        moved.scalar("c", 3, 3);
    }
    limit(first / 2);
    try {
        TensorBoard board(dir.folder);
    } catch (const Error& e) {
        nothing = e.what();
    }
    limit(old.rlim_cur);
    ::signal(SIGXFSZ, before);
    CHECK_THAT(said, says("cannot write '" + path + "'"));
    CHECK_THAT(nothing, says("cannot write '" + dir.folder));
    CHECK(dir.names().size() == 1);
    const std::string bytes = as_text(read_file(path));
    REQUIRE(bytes.size() == first + 2 * one);
    for (std::size_t at = 0, length; at < bytes.size(); at += 16 + length) {  // length, its sum, data, their sum
        std::memcpy(&length, bytes.data() + at, 8);
        REQUIRE(length <= bytes.size() - at - 16);
        CHECK(bytes.substr(at, 16 + length) == _::tf_record(bytes.substr(at + 12, length)));
    }
    // A folder that cannot be made is what the message is about.
    CHECK_THROWS_WITH(TensorBoard(path + "/runs/first"), says("cannot make the folder '" + path + "/runs': Not a directory"));
}

TEST_CASE("a run writes its figures for TensorBoard") {
    Scratch dir;
    Run run;
    TensorBoard board(dir.path("runs/first"), 5);
    const History h = run.fit({.epochs = 2, .validation_split = 0.25, .callbacks = {board}});
    board.scalar("own", 7, 1);
    const std::string bytes = as_text(read_file(board.path()));
    CHECK_THAT(bytes, says("brain.Event:2") && says("validation_accuracy") && says("own") && says("batch_rate"));
    float last = static_cast<float>(h.epochs[1].validation_loss);
    CHECK(bytes.find("validation_loss\x15" + std::string(reinterpret_cast<const char*>(&last), 4)) != std::string::npos);
    // To be looked at: tests/parity/make_tensorboard.py FILE.
    if (const char* keep = std::getenv("ETTA_KEEP_EVENTS")) write_file(keep, std::as_bytes(std::span<const char>(bytes.data(), bytes.size())));
    ::unlink(board.path().c_str()), ::rmdir(dir.path("runs/first").c_str()), ::rmdir(dir.path("runs").c_str());
}

TEST_CASE("a checkpoint that a callback asks for at any moment is gone on from bit for bit") {
    Scratch dir;
    const auto [moment, at] = GENERATE(std::pair{0, 0}, std::pair{1, 2}, std::pair{2, 7}, std::pair{2, 10}, std::pair{3, 2});  // batch 10 ends epoch 2
    struct Ask {
        std::string path;
        int moment, at;
        void ask(FitEvent& e, int now, long n) const {
            if (now == moment && n == at) e.save_checkpoint(path);
        }
        void on_train_begin(FitEvent& e) const { ask(e, 0, 0); }
        void on_epoch_begin(FitEvent& e) const { ask(e, 1, e.epoch); }
        void on_batch_end(FitEvent& e) const { ask(e, 2, e.step); }
        void on_epoch_end(FitEvent& e) const { ask(e, 3, e.epoch); }
    };
    const auto rest = [&](std::vector<Callback> before) {  // one behind the question, which remembers weights
        before.push_back(EarlyStopping{.patience = 2, .restore_best_weights = true});
        return before;
    };
    const Schedule wild = [](long t, long) { return t < 12 ? 1.0 : 40.0; };
    Run first, second;
    const History h = first.fit({.epochs = 6, .validation = points(), .schedule = wild, .callbacks = rest({Ask{dir.path("run"), moment, at}, StepLog{}})});
    const History g = second.fit({.epochs = 6, .validation = points(), .schedule = wild, .checkpoint = {dir.path("run"), {.resume = true}}, .callbacks = rest({})});
    CHECK(weights(second.model) == weights(first.model));
    CHECK(second.trainer.steps() == first.trainer.steps());
    REQUIRE(h.epochs.size() == g.epochs.size());
    for (const char* figure : {"loss", "accuracy", "validation_loss", "rate"}) CHECK(h[figure] == g[figure]);
    // What callbacks remember is nothing to a loop of one's own, nor to a run without them.
    Run third;
    load_checkpoint(third.trainer, dir.path("run"));
    third.fit({.epochs = 6, .checkpoint = {dir.path("run"), {.resume = true}}});
}

TEST_CASE("figures that were not measured are none: they are not 0, and nothing is judged by them") {
    Scratch dir;
    Run first, second;
    const History h = first.fit({.epochs = 3, .checkpoint = {dir.path("run")}});
    CHECK(std::isnan(h.epochs[0].validation_loss));
    CHECK_THAT(h.csv(), says(",nan,nan,0.05,"));
    CHECK_THAT(h.json(), says("\"validation_loss\": null, \"validation_accuracy\": null"));
    CHECK(h.best().epoch == 3);
    const History g = second.fit({.epochs = 8, .validation = points(), .checkpoint = {dir.path("run"), {.resume = true}},
                                  .callbacks = {EarlyStopping{.patience = 3}, ReduceOnPlateau{.patience = 0}, SaveModel{dir.path("best"), {.best_only = true}}}});
    CHECK(g.epochs.size() == 8);
    CHECK(g.best().epoch > 3);
    CHECK_THAT(g.svg(), !says("nan"));
    Run best;
    load(best.model, dir.path("best"));
    CHECK(best.trainer.evaluate(points()).loss == Approx(g.best().validation_loss).epsilon(1e-6));
    CHECK_THROWS_WITH(History{}.best(), says("no epoch"));
}

TEST_CASE("what a step has made NaN is not saved, nor written over what was") {
    Scratch dir;
    Model<Root, Input<float, 2>, max_batch<8>> model{seed(1)};
    auto trainer = Trainer(model, MSE{}, SGD{.lr = 1e-3});
    model.parameter<"a.bias">() = 0;
    const auto data = [](bool bad) {
        std::vector<float> x(32, 1), y(32, 1);
        if (bad) x[30] = x[31] = 0;  // in the last batch
        return Dataset::from(x, {2}, std::vector<double>(y.begin(), y.end()), {2});
    };
    CHECK(trainer.fit(data(false), {.epochs = 1, .batch = 8, .shuffle = false, .checkpoint = {dir.path("run")}, .callbacks = {SaveModel{dir.path("model")}}, .verbose = false}).epochs.size() == 1);
    const std::string run = as_text(read_file(dir.path("run"))), saved = as_text(read_file(dir.path("model")));
    model.parameter<"a.bias">() = 0;
    trainer.rule.lr = 0;  // so that it stays there
    CHECK_THROWS_WITH(trainer.fit(data(true), {.epochs = 2, .batch = 8, .shuffle = false, .checkpoint = {dir.path("run")}, .callbacks = {SaveModel{dir.path("model")}}, .verbose = false}),
                      says("after step") && says("parameter 'a.weight' is not finite"));
    CHECK(as_text(read_file(dir.path("run"))) == run);
    CHECK(as_text(read_file(dir.path("model"))) == saved);
    CHECK_THROWS_WITH(save_checkpoint(trainer, dir.path("run")), says("'a.weight' is not finite"));
}

TEST_CASE("fit after fit goes on drawing; a file that cannot be written is found before the first step; small models have smaller batches") {
    Scratch dir;
    Run run;
    const auto orders = [&run](int epochs) {
        std::vector<double> losses;
        StepLog log;
        run.trainer.fit(points(), {.epochs = epochs, .batch = 8, .steps_per_epoch = 2, .seed = seed(3), .callbacks = {log}, .verbose = false});
        for (const auto& r : log.records) losses.push_back(r.loss);
        return losses;
    };
    run.trainer.rule.lr = 0;  // losses tell which samples
    const auto a = orders(1);
    run.trainer.rule.lr = 0;
    const auto b = orders(1);
    CHECK(a != b);
    const long steps = run.trainer.steps();
    CHECK_THROWS_WITH(run.fit({.checkpoint = {dir.path("none/run")}}), says("cannot write") && says("none/run"));
    CHECK_THROWS_WITH(run.fit({.callbacks = {SaveModel{dir.path("none/model")}}}), says("none/model"));
    CHECK_THROWS_WITH(run.fit({.callbacks = {CSVLog{dir.path("none/log")}}}), says("none/log"));
    CHECK_THROWS_WITH(run.fit({.callbacks = {ReduceOnPlateau{.factor = -1}}}), says("factor is -1.0"));
    CHECK(run.trainer.steps() == steps);
    CHECK(dir.names().empty());
    run.trainer.fit(points(), {.verbose = false});
    CHECK(run.trainer.steps() == steps + 5);
}

TEST_CASE("an error that leaves fit finds signals given back, the best weights, and the history in a callback") {
    Run run, best;
    std::vector<double> told;
    struct Last {
        std::vector<double>* told;
        void on_batch_end(FitEvent& e) const {
            if (e.step == 23) throw Error("by a callback");
        }
        void on_train_failed(FitEvent& e) const { *told = e.history["loss"]; }
    };
    const auto mine = [](int) {};
    const auto before = std::signal(SIGINT, mine);
    StopOnInterrupt stop;
    const Schedule wild = [](long t, long) { return t <= 10 ? 1.0 : 2000.0; };
    CHECK_THROWS_WITH(run.fit({.epochs = 9, .schedule = wild, .callbacks = {stop, EarlyStopping{.patience = 9, .restore_best_weights = true}, Last{&told}}}), says("by a callback"));
    CHECK(std::signal(SIGINT, before) == static_cast<void (*)(int)>(mine));
    REQUIRE(told.size() == 4);
    CHECK((told[1] < told[0] && told[1] < told[2] && told[1] < told[3]));
    best.fit({.epochs = 2, .schedule = wild});
    CHECK(weights(run.model) == weights(best.model));
}

TEST_CASE("a run that an error ends can be saved, and gone on from bit for bit") {
    Scratch dir;
    struct Rescue {
        std::string model, run;
        void on_train_failed(FitEvent& e) const { e.save_model(model), e.save_checkpoint(run); }
    };
    struct Fail {
        long step;
        void on_batch_end(FitEvent& e) const {
            if (e.step == step) throw Error("by a callback");
        }
    };
    const int at = GENERATE(3, 10, 12);  // 10 ends epoch 2
    const auto best = [] { return EarlyStopping{.patience = 9, .restore_best_weights = true}; };
    Run whole, first, second;
    whole.fit({.epochs = 4, .callbacks = {best()}});
    CHECK_THROWS_WITH(first.fit({.epochs = 4, .callbacks = {Rescue{dir.path("model"), dir.path("run")}, best(), Fail{at}}}), says("by a callback"));
    Run saved;
    load_checkpoint(saved.trainer, dir.path("run"));
    CHECK(saved.trainer.steps() == at);
    second.fit({.epochs = 4, .checkpoint = {dir.path("run"), {.resume = true}}, .callbacks = {best()}});
    CHECK(second.trainer.steps() == 20);
    CHECK(weights(second.model) == weights(whole.model));
}

TEST_CASE("an error is told to callbacks whenever it comes, and what they throw then does not replace it") {
    Scratch dir;
    struct Fail {
        void on_train_failed(FitEvent& e) const { e.save_model("/none/of/it"); }
    };
    struct Told {
        std::string* to;
        void on_train_failed(FitEvent&) const { *to += "told"; }
    };
    struct AtTheEnd {
        void on_train_end(FitEvent&) const { throw Error("at the end"); }
    };
    Run run;
    std::string told;
    const auto mine = [](int) {};
    const auto before = std::signal(SIGINT, mine);
    StopOnInterrupt stop;
    CHECK_THROWS_WITH(run.fit({.callbacks = {stop, Fail{}, SaveModel{dir.path("none/model")}, Told{&told}}}), says("none/model"));
    CHECK(std::signal(SIGINT, before) == static_cast<void (*)(int)>(mine));
    CHECK(told == "told");
    CHECK_THROWS_WITH(run.fit({.callbacks = {Fail{}, AtTheEnd{}, Told{&told}}}), says("at the end"));
    CHECK(told == "toldtold");
    // NaN in the model: what a rescue would save is refused, and the error is still the first one.
    run.model.parameters.data()[0] = NAN;
    CHECK_THROWS_WITH(run.fit({.callbacks = {Fail{}, Told{&told}}}), says("loss is NaN"));
    CHECK(told == "toldtoldtold");
}

TEST_CASE("of each epoch a folder; rules that divide 0 by 0 between parameters") {
    Scratch dir;
    Run run;
    ::mkdir(dir.path("1").c_str(), 0700), ::mkdir(dir.path("2").c_str(), 0700);
    run.fit({.epochs = 2, .callbacks = {SaveModel{dir.path("{epoch}/model")}}});
    CHECK(!as_text(read_file(dir.path("2/model"))).empty());
    CHECK_THROWS_WITH(run.fit({.epochs = 3, .callbacks = {SaveModel{dir.path("{epoch}/model")}}}), says("3/model"));
    for (const char* file : {"1/model", "2/model"}) ::unlink(dir.path(file).c_str());
    ::rmdir(dir.path("1").c_str()), ::rmdir(dir.path("2").c_str());

    M model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, Adam{.lr = 0.01, .eps = 0});
    static_assert(M::facts::layout.elements > 9);  // 6 weights, 3 biases, and what pads them
    trainer.fit(points(), {.epochs = 3, .batch = 8, .checkpoint = {dir.path("run")}, .verbose = false});
    CHECK(trainer.evaluate(points()).loss < 1.5);
}

TEST_CASE("of accumulated batches, what is every so many steps counts steps") {
    Scratch dir;
    M model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, AdamW{}, {.accumulate = 2});
    StepLog log;
    TensorBoard board{dir.path("board"), 2};
    std::vector<long> written;
    const auto look = [&](const std::string& path) {
        struct Look {
            std::vector<long>* to;
            std::string path;
            void on_batch_end(FitEvent& e) const {
                struct stat now{};
                if (stat(path.c_str(), &now) == 0) to->push_back(e.step), std::remove(path.c_str());
            }
        };
        return Look{&written, path};
    };
    const History h = trainer.fit(points(), {.epochs = 2, .batch = 4, .checkpoint = {dir.path("run"), {.steps = 2}}, .callbacks = {look(dir.path("run")), log, board}, .verbose = false});
    std::size_t tags = 0;
    const std::string events = as_text(read_file(board.path()));
    for (std::size_t at = events.find("batch_loss"); at != std::string::npos; at = events.find("batch_loss", at + 1)) ++tags;
    CHECK(tags == 5);  // steps 2, 4, 6, 8 and 10
    CHECK((trainer.steps() == 10 && log.records.size() == 10 && log.records[9].step == 10));
    CHECK(written == std::vector<long>{2, 4, 5, 6, 8});  // seen one batch later, before the next step; 5: the epoch's end
    double sum = 0;
    for (int i = 0; i < 5; ++i) sum += log.records[static_cast<std::size_t>(i)].loss;
    CHECK(sum / 5 == Approx(h.epochs[0].loss).epsilon(1e-6));
}
