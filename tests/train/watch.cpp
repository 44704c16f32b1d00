// What watch() says of losses and gradients that are not finite.
#include <etta/train/watch.hpp>
#include <etta/nn/dropout.hpp>
#include <etta/nn/norm.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"

using namespace etta;

namespace {

struct Block {
    Linear<4> fc;
    constexpr auto operator()(auto x) const { return exp(fc(x)); }
};
struct Net {
    Block first;
    BatchNorm1d<> norm;
    Dropout<0.5> drop;
    std::array<Linear<4>, 2> more;
    Linear<2> last;
    constexpr auto operator()(auto x) const {
        x = drop(norm(first(x)));
        for (const auto& l : more) x = relu(l(x));
        return last(x);
    }
};
using M = Model<Net, Input<float, 3>, max_batch<4>>;

struct Fixture {
    M model{seed(1)};
    Trainer<M, MSE, SGD> trainer{model, MSE{}, SGD{}, {.clip_norm = 1}};
    float x[12], y[8] = {};
    Fixture() {
        for (int i = 0; i < 12; ++i) x[i] = std::sin(1.0f + static_cast<float>(i));
        watch(trainer);
    }
    std::string said() {
        const std::vector<float> before(model.parameters.data(), model.parameters.data() + M::facts::layout.elements);
        std::string s = "nothing";
        try {
            trainer.step(x, y, 4);
        } catch (const Error& e) {
            s = e.what();
        }
        CHECK((s == "nothing" || std::memcmp(before.data(), model.parameters.data(), before.size() * sizeof(float)) == 0));
        return s;
    }
};

}  // namespace

TEST_CASE("an error about a loss names the first place that is not finite") {
    CHECK(Fixture().said() == "nothing");
    {
        Fixture f;
        f.x[5] = std::numeric_limits<float>::quiet_NaN();
        CHECK_THAT(f.said(), says("the loss is NaN at step 1: the parameters were not updated: element 2 of the input of sample 1 of the batch is not finite"));
    }
    {
        Fixture f;
        f.model.parameter<"more.1.bias">()(2) = std::numeric_limits<float>::infinity();
        CHECK_THAT(f.said(), says("parameter 'more.1.bias' is not finite (1 element)"));
    }
    {
        Fixture f;  // exp overflows behind the first layer
        f.model.parameter<"first.fc.bias">()(0) = 200;
        CHECK_THAT(f.said(), says("the first values that are not finite enter layer 'norm' (4 elements)"));
    }
    {
        Fixture f;
        f.model.parameter<"more.0.weight">() = 1e38f, f.model.parameter<"more.0.bias">() = 3e38f, f.model.parameter<"norm.weight">() = 1e3f;
        CHECK_THAT(f.said(), says("leave layer 'more.0'"));
    }
    {
        Fixture f;  // finite everywhere, but its square is not
        f.model.parameter<"last.bias">() = 1e30f;
        CHECK_THAT(f.said(), says("the loss is infinite at step 1: the parameters were not updated: what enters and leaves the layers is finite"));
    }
}

namespace {

struct Line {
    Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using L = Model<Line, Input<float, 3>, max_batch<4>>;
template <class F>
std::string error_of(F f) {
    try {
        f();
    } catch (const Error& e) {
        return e.what();
    }
    return "nothing";
}
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("an error about a loss names the sample whose data are not finite") {
    L model{seed(1)};
    const std::string start = "etta: the loss is ";
    {
        Trainer trainer(model, MSE{}, SGD{});
        float x[12] = {}, y[8] = {};
        x[7] = not_a_number, x[9] = not_a_number;
        CHECK(error_of([&] { trainer.step(x, y, 4); }) == start + "NaN at step 1: the parameters were not updated: element 1 of the input of sample 2 of the batch is not finite");
        x[7] = -infinity;
        CHECK_THAT(error_of([&] { trainer.step(x, y, 4); }), says(": element 1 of the input of sample 2 of the batch is not finite"));
        x[7] = x[9] = 0, y[7] = infinity;
        CHECK(error_of([&] { trainer.step(x, y, 4); }) == start + "infinite at step 1: the parameters were not updated: element 1 of the target of sample 3 of the batch is not finite");
        y[7] = 3e30f;  // finite, but its square is not
        CHECK(error_of([&] { trainer.step(x, y, 4); }) == start + "infinite at step 1: the parameters were not updated");
        y[7] = 0;
        CHECK(error_of([&] { trainer.step(x, y, 4); }) == "nothing");
    }
    {
        Trainer trainer(model, Weighted<MSE>{}, SGD{});
        const float x[12] = {}, y[8] = {}, w[4] = {1, not_a_number, 1, 1};
        CHECK_THAT(error_of([&] { trainer.step(x, y, w, 4); }), says(": element 0 of the weight of sample 1 of the batch is not finite"));
    }
    {
        Trainer trainer(model, CrossEntropy{}, SGD{}, {.clip_norm = 1});
        float x[12] = {};
        const std::int32_t y[4] = {};
        x[0] = not_a_number;
        CHECK_THAT(error_of([&] { trainer.step(x, y, 4); }), says(": element 0 of the input of sample 0 of the batch is not finite"));
    }
}

TEST_CASE("fit names the sample of the data set whose data are not finite") {
    std::vector<float> x(3 * 30), y(2 * 30);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
    const auto said = [&](const FitOptions& o) {
        L model{seed(1)};
        Trainer trainer(model, MSE{}, SGD{.lr = 0.01});
        const std::string s = error_of([&] { trainer.fit(Dataset::from(x, {3}, y, {2}), o); });
        // In a step of one's own afterwards, there is no data set.
        const float bad[3] = {0, not_a_number, 0}, to[2] = {};
        CHECK_THAT(error_of([&] { trainer.step(bad, to, 1); }), says(": element 1 of the input of sample 0 of the batch is not finite"));
        return s;
    };
    FitOptions plain{.epochs = 2, .batch = 4, .verbose = false};
    CHECK(said(plain) == "nothing");
    x[3 * 17 + 2] = not_a_number;
    FitOptions in_order = plain;
    in_order.shuffle = false;
    CHECK_THAT(said(in_order), says("at step 5: the parameters were not updated: element 2 of the input of sample 1 of the batch (sample 17 of the data) is not finite"));
    CHECK_THAT(said(plain), says(" of the batch (sample 17 of the data) is not finite"));
    FitOptions drawn = plain;
    drawn.steps_per_epoch = 100;
    CHECK_THAT(said(drawn), says(" of the batch is not finite"));  // drawn anew: no order tells which
    FitOptions weighted = plain;
    weighted.sampler = WeightedRandomSampler(std::vector<double>(30, 1.0), 0, false);
    CHECK_THAT(said(weighted), says(" of the batch (sample 17 of the data) is not finite"));
    FitOptions split = plain;
    split.validation_split = 0.2;
    CHECK_THAT(said(split), says(" of the batch (sample 17 of the data) is not finite"));
    x[3 * 17 + 2] = 0, y[2 * 21] = infinity;
    const std::string target = said(plain);
    CHECK_THAT(target, says("element 0 of the target of sample "));
    CHECK_THAT(target, says(" of the batch (sample 21 of the data) is not finite"));
}
