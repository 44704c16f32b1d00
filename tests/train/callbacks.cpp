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
