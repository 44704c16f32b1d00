// A run that is taken up from a checkpoint is the run that was never interrupted, bit for bit; and what does not fit is
// refused with everything as it was.
#include <etta/nn/dropout.hpp>
#include <etta/nn/norm.hpp>
#include <etta/train/trainer.hpp>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using etta::Dataset;
using etta::seed;

namespace {

struct Net {  // with everything that a run depends on: weights, running statistics, random numbers
    etta::Linear<8> fc1;
    etta::BatchNorm1d<> norm;
    etta::Dropout<0.2> drop;
    etta::Linear<3> fc2;
    constexpr auto operator()(auto x) const { return fc2(drop(relu(norm(fc1(x))))); }
};
using Network = etta::Model<Net, etta::Input<float, 4>, etta::max_batch<16>>;

struct Wider {
    etta::Linear<9> fc1;
    etta::BatchNorm1d<> norm;
    etta::Linear<3> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(norm(fc1(x)))); }
};

// 70 samples in three classes; `bad`: a sample that no step survives.
Dataset clusters(int bad = -1) {
    const int n = 70;
    std::vector<float> x(4 * n);
    std::vector<std::int32_t> y(n);
    for (int i = 0; i < n; ++i) {
        y[static_cast<std::size_t>(i)] = i % 3;
        for (int k = 0; k < 4; ++k)
            x[static_cast<std::size_t>(4 * i + k)] = i == bad ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>((k == i % 3) + 0.3 * etta::normal_at<double>(seed(9), 0, static_cast<std::uint64_t>(4 * i + k)));
    }
    return Dataset::from(std::move(x), {4}, std::move(y), 3);
}

// Everything that a run changes, as bytes.
template <class T>
std::string all_of(T& trainer) {
    auto& m = trainer.model();
    std::string s(reinterpret_cast<const char*>(m.parameters.data()), static_cast<std::size_t>(m.parameter_bytes));
    if (m.n_states > 0) s.append(m.states.data(), static_cast<std::size_t>(m.state_bytes));
    for (int k = 0; k < T::rule_type::states; ++k) s.append(reinterpret_cast<const char*>(trainer.state_data(k)), static_cast<std::size_t>(m.parameter_bytes));
    return s + std::to_string(trainer.steps()) + " " + std::to_string(trainer.randomness.value);
}
const etta::TrainerOptions options{.groups = {{etta::vectors_only, {.weight_decay = 0}}}, .clip_norm = 0.5, .schedule = etta::cosine(0.1, 4).over(20), .seed = seed(77)};

struct Run {  // what one process would make
    Network model;
    decltype(etta::Trainer(std::declval<Network&>(), etta::CrossEntropy{}, etta::AdamW{}, etta::TrainerOptions{})) trainer;
    etta::Batches loader;
    explicit Run(int s) : model(seed(static_cast<std::uint64_t>(s))), trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 0.02, .weight_decay = 0.1}, options), loader(etta::batches(clusters(), 16, {.shuffle = seed(4)})) {}
};
// Steps until `last`, through as many epochs as that takes. The losses.
std::vector<double> go_on(Run& r, long last, const std::string& save_at_the_end = "") {
    std::vector<double> losses;
    while (r.trainer.steps() < last)
        for (auto&& [x, y] : r.loader) {
            losses.push_back(r.trainer.step(x, y));
            if (r.trainer.steps() == last) {
                if (!save_at_the_end.empty()) etta::save_checkpoint(r.trainer, save_at_the_end, r.loader.position());
                break;
            }
        }
    return losses;
}

}  // namespace

TEST_CASE("20 steps are 11 steps, a checkpoint, new objects and 9 steps, bit for bit") {
    Scratch scratch;
    Run whole(1), first(1), second(2);  // the second starts from other weights, which the checkpoint replaces
    const auto losses = go_on(whole, 20);
    auto parts = go_on(first, 11, scratch.path("run.safetensors"));
    second.loader.resume(etta::load_checkpoint(second.trainer, scratch.path("run.safetensors")));
    CHECK(all_of(second.trainer) == all_of(first.trainer));
    for (const double l : go_on(second, 20)) parts.push_back(l);
    CHECK(parts == losses);
    CHECK(parts.size() == 20);
    CHECK(all_of(second.trainer) == all_of(whole.trainer));
    CHECK(second.trainer.rate() == whole.trainer.rate());
}

TEST_CASE("a run of fit() that died goes on where its last checkpoint was") {
    Scratch scratch;
    const std::string path = scratch.path("run.safetensors");
    // All samples in each epoch of 5 steps, or 5 batches drawn at random; saved after epochs only, or after so many steps too.
    const auto [per_epoch, every, least] = GENERATE(std::array{0, 1, 4}, std::array{0, 3, 4}, std::array{5, 0, 5}, std::array{5, 1, 8}, std::array{5, 7, 8});
    const auto fit = [&, per_epoch = per_epoch, every = every](Run& r, const Dataset& data, bool resume) {
        return r.trainer.fit(data, {.epochs = 6, .batch = 16, .steps_per_epoch = per_epoch, .validation = clusters(), .schedule = etta::linear(), .seed = seed(8), .checkpoint = {path, {.steps = every, .resume = resume}}, .verbose = false});
    };
    Run whole(1), second(5);
    const auto expected = fit(whole, clusters(), false);
    REQUIRE(expected.epochs.size() == 6);
    // The run dies of a sample that turns up late enough.
    long died = 0;
    for (int bad = 0; bad < 70 && died < least; ++bad) {
        Run first(1);
        try {
            fit(first, clusters(bad), false);
        } catch (const etta::Error&) {
            died = first.trainer.steps();
        }
    }
    REQUIRE(died >= least);
    const auto h = fit(second, clusters(), true);
    CHECK(all_of(second.trainer) == all_of(whole.trainer));
    REQUIRE(h.epochs.size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(h.epochs[i].epoch == expected.epochs[i].epoch);
        CHECK(h.epochs[i].loss == expected.epochs[i].loss);
        CHECK(h.epochs[i].accuracy == expected.epochs[i].accuracy);
        CHECK(h.epochs[i].validation_loss == expected.epochs[i].validation_loss);
        CHECK(h.epochs[i].rate == expected.epochs[i].rate);
    }
    CHECK(h.best().epoch == expected.best().epoch);
}

TEST_CASE("a run of fit() that is complete has nothing left to do, and one without a file begins") {
    Scratch scratch;
    const std::string path = scratch.path("run.safetensors");
    const auto fit = [&](Run& r, int epochs) { return r.trainer.fit(clusters(), {.epochs = epochs, .batch = 16, .steps_per_epoch = 5, .seed = seed(8), .checkpoint = {path, {.resume = true}}, .verbose = false}); };
    Run whole(1), again(2), more(3);
    CHECK(fit(whole, 2).epochs.size() == 2);
    CHECK(whole.trainer.steps() == 10);
    CHECK(fit(again, 2).epochs.size() == 2);
    CHECK(all_of(again.trainer) == all_of(whole.trainer));
    CHECK(fit(more, 3).epochs.size() == 3);
    CHECK(more.trainer.steps() == 15);
}

TEST_CASE("what is in a checkpoint has PyTorch's names") {
    Scratch scratch;
    Run run(1);
    go_on(run, 3, scratch.path("run.safetensors"));
    const auto file = etta::safetensors_file::open(scratch.path("run.safetensors"));
    for (const char* name : {"model.fc1.weight", "model.norm.running_mean", "optimizer.exp_avg.fc1.weight", "optimizer.exp_avg_sq.fc2.bias"}) CHECK(file.find(name) != nullptr);
    std::string steps;
    for (const auto& [name, text] : file.metadata())
        if (name == "steps") steps = text;
    CHECK(steps == "3");
    CHECK(scratch.names().size() == 1);  // nothing is left of the temporary file
}

TEST_CASE("a checkpoint that does not fit is refused by its first difference, and nothing changes") {
    Scratch scratch;
    const std::string path = scratch.path("run.safetensors");
    Run run(1);
    go_on(run, 3, path);
    const auto refuses = [&](auto& trainer, const std::string& file) {
        const std::string before = all_of(trainer);
        std::string said = "it was taken";
        try {
            etta::load_checkpoint(trainer, file);
        } catch (const etta::Error& e) {
            said = e.what();
        }
        CHECK(all_of(trainer) == before);
        return said;
    };
    Network model{seed(3)};
    auto adam = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{});
    CHECK_THAT(refuses(adam, path), says("run.safetensors") && says("update rule is AdamW, the trainer's is Adam"));
    etta::Model<Wider, etta::Input<float, 4>, etta::max_batch<16>> wider{seed(3)};
    auto other = etta::Trainer(wider, etta::CrossEntropy{}, etta::AdamW{});
    CHECK_THAT(refuses(other, path), says("'model.fc1.weight' has shape [8, 4], the trainer's has [9, 4]"));
    etta::save(model, scratch.path("weights.safetensors"));
    CHECK_THAT(refuses(run.trainer, scratch.path("weights.safetensors")), says("not a checkpoint"));
    CHECK_THAT(refuses(run.trainer, scratch.file("torn.safetensors", "torn")), says("not a safetensors file"));

    // Missing, unexpected, of another type; numbers that are none.
    const auto file = etta::safetensors_file::open(path);
    std::vector<etta::named_tensor> tensors(file.tensors().begin(), file.tensors().end());
    const auto with = [&](auto change) {
        auto t = tensors;
        auto facts = file.metadata();
        change(t, facts);
        etta::write_safetensors(scratch.path("other.safetensors"), t, facts);
        return refuses(run.trainer, scratch.path("other.safetensors"));
    };
    CHECK_THAT(with([](auto& t, auto&) { std::erase_if(t, [](const auto& x) { return x.name == "optimizer.exp_avg_sq.fc2.bias"; }); }), says("there is no tensor 'optimizer.exp_avg_sq.fc2.bias'"));
    CHECK_THAT(with([](auto& t, auto&) { t.push_back(t[0]), t.back().name = "model.fc3.weight"; }), says("'model.fc3.weight' is none of the trainer's"));
    CHECK_THAT(with([](auto& t, auto&) {
                   for (auto& x : t)
                       if (x.name == "model.fc1.bias") x.type = etta::dtype::i32;
               }), says("'model.fc1.bias' is I32, the trainer's is f"));
    CHECK_THAT(with([](auto&, auto& facts) {
                   for (auto& f : facts)
                       if (f.first == "steps") f.second = "-3";
               }), says("'steps' is '-3', expected a number"));
    const auto with_fact = [&](const char* name, const char* value) {
        return with([&](auto&, auto& facts) {
            for (auto& f : facts)
                if (f.first == name) f.second = value;
        });
    };
    for (const char* name : {"steps", "fit.labels", "loader.batch"}) CHECK_THAT(with_fact(name, "9223372036854775807"), says(name) && says("more than any run has"));
    CHECK_THAT(with_fact("loader.epoch", "4294967295"), says("the run is in epoch 4294967295"));
    CHECK_THAT(with_fact("fit.start", "77"), says("began with 77"));

    // A loader of another order, in fit().
    Run next(2);
    const std::string before = all_of(next.trainer);
    const auto resume = [&](int batch, int s) { next.trainer.fit(clusters(), {.epochs = 2, .batch = batch, .seed = seed(static_cast<std::uint64_t>(s)), .checkpoint = {path, {.resume = true}}, .verbose = false}); };
    CHECK_THROWS_WITH(resume(8, 4), says("the batch was 16, here it is 8"));
    CHECK_THROWS_WITH(resume(16, 5), says("seed was 4, here it is 5"));
    CHECK_THROWS_WITH(next.trainer.fit(clusters(), {.epochs = 2, .batch = 16, .drop_last = true, .seed = seed(4), .checkpoint = {path, {.resume = true}}, .verbose = false}), says("drop_last (0: no, 1: yes) was 0, here it is 1"));
    CHECK(all_of(next.trainer) == before);
}
