// A checkpoint is the old one or the new one, whatever happens while it is written: the process is killed, the disk is full.
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

}  // namespace

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
