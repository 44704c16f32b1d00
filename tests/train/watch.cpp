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
        CHECK_THAT(f.said(), says("the loss is NaN at step 1: the parameters were not updated: the input is not finite (1 element)"));
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
