// A checkpoint is the old one or the new one, whatever happens while it is written: the process is killed, the disk is full.
#include <etta/nn/dropout.hpp>
#include <etta/nn/norm.hpp>
#include <etta/train/trainer.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <string>

#include "catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

struct Net {
    Linear<400> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using M = Model<Net, Input<float, 200>, max_batch<2>>;

struct Run {
    M model;
    Trainer<M, MSE, AdamW> trainer{model, MSE{}, AdamW{}};

    // Everything in it is this number.
    void fill(int number) {
        for (etta::index i = 0; i < M::facts::layout.elements; ++i) model.parameters.data()[i] = trainer.state_data(0)[i] = trainer.state_data(1)[i] = static_cast<float>(number);
        trainer.steps(number);
    }
    bool is(long number) {
        bool all = trainer.steps() == number;
        for (int k = 0; k < M::n_parameters; ++k)
            for (etta::index i = 0; i < model.parameter(k).size; ++i)
                for (const float x : {model.parameter(k).data[i], trainer.rule_state(0, k).data[i], trainer.rule_state(1, k).data[i]}) all = all && x == static_cast<float>(number);
        return all;
    }
};

struct Small {  // with all that a run depends on
    Linear<16> fc1;
    BatchNorm1d<> norm;
    Dropout<0.2> drop;
    Linear<3> fc2;
    constexpr auto operator()(auto x) const { return fc2(drop(relu(norm(fc1(x))))); }
};
using S = Model<Small, Input<float, 4>, max_batch<8>>;
struct SmallRun {
    S model{seed(1)};
    Trainer<S, CrossEntropy, AdamW> trainer{model, CrossEntropy{}, AdamW{}, TrainerOptions{.clip_norm = 0.5}};

    void fit(const std::string& path) {
        std::vector<float> x;
        std::vector<std::int32_t> y;
        for (int i = 0; i < 320; ++i) x.push_back(uniform_at<float>(seed(2), 0, static_cast<std::uint64_t>(i)));
        for (int i = 0; i < 80; ++i) y.push_back(i % 3);
        trainer.fit(Dataset::from(x, {4}, y), {.epochs = 500, .batch = 8, .schedule = cosine(0.1, 20), .seed = seed(3), .checkpoint = {path, {.steps = 1, .resume = true}}, .verbose = false});
    }
    std::string bits() {
        std::string s(reinterpret_cast<const char*>(model.parameters.data()), static_cast<std::size_t>(S::parameter_bytes));
        s.append(model.states.data(), static_cast<std::size_t>(S::state_bytes));
        for (int k = 0; k < AdamW::states; ++k) s.append(reinterpret_cast<const char*>(trainer.state_data(k)), static_cast<std::size_t>(S::parameter_bytes));
        return s;
    }
};
// What f does, in a process of its own, which is killed after so many microseconds (0: not). Was it?
template <class F>
bool killed_after(double microseconds, const F& f) {
    const pid_t child = ::fork();
    if (child == 0) f(), ::_exit(0);
    if (microseconds > 0) ::usleep(static_cast<useconds_t>(microseconds)), ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

}  // namespace

// Only children train: threads of the parent would be missing in them.
TEST_CASE("a run that is killed 50 times, whenever, and taken up each time is the run that nothing interrupted, bit for bit") {
    Scratch dir;
    const auto run_to = [](const std::string& path) { return [path] { SmallRun().fit(path); }; };
    REQUIRE(!killed_after(0, run_to(dir.path("whole"))));
    int killed = 0;
    for (int k = 0; k < 50; ++k) killed += killed_after(500 + 4000 * uniform_at<double>(seed(5), 0, static_cast<std::uint64_t>(k)), run_to(dir.path("killed")));
    CHECK(killed > 25);
    REQUIRE(!killed_after(0, run_to(dir.path("killed"))));
    SmallRun whole, mended;
    load_checkpoint(whole.trainer, dir.path("whole"));
    load_checkpoint(mended.trainer, dir.path("killed"));
    CHECK(whole.trainer.steps() == 5000);
    CHECK(mended.trainer.steps() == 5000);
    CHECK(mended.bits() == whole.bits());
}

TEST_CASE("a process that is killed while it saves leaves the checkpoint from before or the new one, 50 times") {
    Scratch dir;
    const std::string path = dir.path("run");
    Run run;
    run.fill(1);
    save_checkpoint(run.trainer, path);
    long last = 1, moved = 0;
    for (int k = 0; k < 50; ++k) {
        const pid_t child = ::fork();
        if (child == 0) {
            for (int i = static_cast<int>(last);; ++i) run.fill(i), save_checkpoint(run.trainer, path);
        }
        ::usleep(static_cast<useconds_t>(1000 + 237 * k));  // somewhere in the middle of a save
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
        load_checkpoint(run.trainer, path);
        REQUIRE(run.trainer.steps() >= last);
        REQUIRE(run.is(run.trainer.steps()));
        moved += run.trainer.steps() > last;
        last = run.trainer.steps();
    }
    CHECK(moved > 10);  // most children were killed after some saves, that is, in another
}

TEST_CASE("a disk that is full leaves the checkpoint from before, and no other file") {
    Scratch dir;
    const std::string path = dir.path("run");
    Run run;
    run.fill(3);
    save_checkpoint(run.trainer, path);
    run.fill(4);
    const auto before = ::signal(SIGXFSZ, SIG_IGN);
    rlimit old;
    ::getrlimit(RLIMIT_FSIZE, &old);
    for (const rlim_t most : {0, 1000, 500000}) {
        rlimit small = old;
        small.rlim_cur = most;
        ::setrlimit(RLIMIT_FSIZE, &small);
        std::string said;
        try {
            save_checkpoint(run.trainer, path);
        } catch (const Error& e) {
            said = e.what();
        }
        ::setrlimit(RLIMIT_FSIZE, &old);
        CHECK_THAT(said, says("cannot write '" + path + "'"));
        CHECK(dir.names().size() == 1);
    }
    ::signal(SIGXFSZ, before);
    load_checkpoint(run.trainer, path);
    CHECK(run.is(3));
}
