// Training of models with several inputs and outputs: the same bits as one input that is cut by hand, losses of all outputs, and what
// takes a Dataset.
#include <etta/etta.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "../catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

struct Body {
    Conv1d<2, 3> conv;
    Linear<4> age;
    Linear<3> out;
    constexpr var operator()(var signal, var numbers) const { return out(concat<1>(flatten(relu(conv(signal))), tanh(age(numbers)))); }
};
struct TwoInputs {
    Body body;
    constexpr auto operator()(auto signal, auto numbers) const { return body(signal, numbers); }
};
struct ByHand {
    Body body;
    constexpr auto operator()(auto x) const { return body(reshape<-1, 2, 5>(slice<1, 0, 10>(x)), slice<1, 10, 13>(x)); }
};
struct OneLayer {
    Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
using Several = Model<TwoInputs, Inputs<Input<float, 2, 5>, Input<float, 3>>, max_batch<8>>;
using Cut = Model<ByHand, Input<float, 13>, max_batch<8>>;

template <class A, class B>
bool same_parameters(const A& a, const B& b) {
    static_assert(A::parameter_bytes == B::parameter_bytes);
    return std::memcmp(a.parameters.data(), b.parameters.data(), static_cast<std::size_t>(A::parameter_bytes)) == 0;
}
template <class T = float>
std::vector<T> waves(int n, double phase) {
    std::vector<T> x(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = T(std::sin(phase + 0.7 * i));
    return x;
}
std::vector<std::int32_t> classes(int n) {
    std::vector<std::int32_t> y;
    for (int i = 0; i < n; ++i) y.push_back(i * i % 3);
    return y;
}
Dataset twenty() { return joined(Dataset::from(waves(200, 0), {2, 5}, classes(20), 3), Dataset::from(waves(60, 1), {3})); }

}  // namespace

TEST_CASE("ten steps with two inputs are those with one that the network cuts, bit for bit") {
    Several several{seed(1)};
    Cut cut{seed(1)};
    REQUIRE(same_parameters(several, cut));
    auto a = Trainer(several, CrossEntropy{}, Adam{.lr = 1e-2});
    auto b = Trainer(cut, CrossEntropy{}, Adam{.lr = 1e-2});
    const auto x = waves(8 * 13, 0.3);
    const auto y = classes(8);
    for (int i = 0; i < 10; ++i) CHECK(a.step(x.data(), y.data(), 8 - i % 2) == b.step(x.data(), y.data(), 8 - i % 2));
    CHECK(same_parameters(several, cut));
}

TEST_CASE("fit, evaluate, predict and folds of joined data are those of the network that cuts") {
    const Dataset data = twenty();
    Several several{seed(1)};
    Cut cut{seed(1)};
    auto a = Trainer(several, CrossEntropy{}, SGD{.lr = 0.1});
    auto b = Trainer(cut, CrossEntropy{}, SGD{.lr = 0.1});
    const FitOptions o{.epochs = 3, .batch = 8, .validation_split = 0.2, .seed = seed(5), .verbose = false};
    const History ha = a.fit(data, o), hb = b.fit(data, o);
    CHECK(ha["validation_loss"].back() == hb["validation_loss"].back());
    CHECK(same_parameters(several, cut));
    CHECK(a.evaluate(data).confusion == b.evaluate(data).confusion);
    CHECK(a.predict(data) == b.predict(data));
    CHECK(a.predict(data).size() == 60);
    for (const Split& fold : k_fold_stratified(data, 4, seed(1))) CHECK(a.evaluate(fold.test).loss == b.evaluate(fold.test).loss);
    CHECK(find_rate(a, data, {.steps = 5, .batch = 8}).records.size() == find_rate(b, data, {.steps = 5, .batch = 8}).records.size());
    CHECK_THROWS_WITH(a.fit(joined(data, data), o), says("the data's samples have shape [26] (26 elements), the model takes 13"));
    CHECK_THROWS_WITH(a.predict(joined(data, data)), says("the data's samples have shape [26] (26 elements), the model takes 13"));
    Model<OneLayer, Input<float, 3>> one{seed(1)};
    CHECK_THROWS_WITH(Trainer(one, MSE{}, SGD{}).predict(Dataset::from(waves(8, 0), {2})), says("the data's samples have shape [2] (2 elements), the model takes 3"));

    Scratch folder;
    save_checkpoint(a, folder.path("run"));
    Several again{seed(9)};
    auto c = Trainer(again, CrossEntropy{}, SGD{.lr = 0.1});
    load_checkpoint(c, folder.path("run"));
    CHECK(same_parameters(several, again));
    CHECK(c.steps() == a.steps());

    auto loader = batches(data, 8);
    for (auto&& [x, y] : loader) {
        const Profile p = profile(a, x, y, {.repeats = 1});
        CHECK(p.samples == 8);
        CHECK(summary(a).find("body.age") != std::string::npos);
        break;
    }
}

TEST_CASE("numbers that are not finite are traced to the layer that they leave") {
    Several model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, SGD{});
    watch(trainer);
    model.parameter<"body.conv.bias">() = std::numeric_limits<float>::max();
    model.parameter<"body.conv.weight">() = std::numeric_limits<float>::max();
    const std::vector<float> x(8 * 13, 2);
    const auto y = classes(8);
    CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 8), says("leave layer 'body.conv'"));
}

// --- several outputs -------------------------------------------------------------------------------------------------
namespace {

struct Gaussian {
    Linear<6> hidden;
    Linear<2> mean, log_variance;
    constexpr auto operator()(auto x, auto y) const {
        const auto h = tanh(hidden(concat<1>(x, y)));
        return std::pair(mean(h), log_variance(h));
    }
};
struct Concatenated {
    Linear<6> hidden;
    Linear<2> mean, log_variance;
    constexpr auto operator()(auto x) const {
        const auto h = tanh(hidden(x));
        return concat<1>(mean(h), exp(log_variance(h)));
    }
};
struct OnlyMean {
    Linear<6> hidden;
    Linear<2> mean;
    constexpr auto operator()(auto x) const { return mean(tanh(hidden(x))); }
};
using Pair = Model<Gaussian, Inputs<Input<double, 3>, Input<double, 1>>, max_batch<8>>;

constexpr auto nll = [](auto outputs, auto t) {
    auto [mean, log_variance] = outputs;
    return etta::mean(0.5 * (log_variance + square(t - mean) * exp(-log_variance)));
};

}  // namespace

TEST_CASE("a loss of both outputs is that of a network whose one output has both") {
    Pair pair{seed(1)};
    Model<Concatenated, Input<double, 4>, max_batch<8>> one{seed(1)};
    REQUIRE(same_parameters(pair, one));
    auto a = Trainer(pair, on_targets(nll), Adam{.lr = 1e-2});
    auto b = Trainer(one, GaussianNLL<>{}, Adam{.lr = 1e-2});
    const auto x = waves<double>(32, 0), y = waves<double>(16, 2);
    for (int i = 0; i < 10; ++i) CHECK(a.step(x.data(), y.data(), 8) == Approx(b.step(x.data(), y.data(), 8)).epsilon(1e-9));
    for (etta::index i = 0; i < Pair::facts::layout.elements; ++i) REQUIRE(pair.parameters.data()[i] == Approx(one.parameters.data()[i]).margin(1e-9));
}

TEST_CASE("gradients of a loss of both outputs agree with differences") {
    Pair model{seed(2)};
    auto trainer = Trainer(model, on_targets(nll), SGD{});
    const auto x = waves<double>(32, 0), y = waves<double>(16, 2);
    trainer.gradients(x.data(), y.data(), 8);
    const std::vector<double> g(trainer.gradient_data(), trainer.gradient_data() + Pair::facts::layout.elements);
    double worst = 0;
    for (int i = 0; i < Pair::n_parameters; ++i)
        for (etta::index k = 0; k < model.parameter(i).size; ++k) {
            double& w = model.parameter(i).data[k];
            const double was = w, h = 1e-5;
            w = was + h;
            const double up = trainer.gradients(x.data(), y.data(), 8);
            w = was - h;
            const double down = trainer.gradients(x.data(), y.data(), 8);
            w = was;
            worst = std::max(worst, std::abs((up - down) / (2 * h) - g[static_cast<std::size_t>(&w - model.parameters.data())]));
        }
    CHECK(worst < 1e-8);
}

template <class V>
struct Estimate {
    V mean, spread;
};
struct InAStruct {
    Linear<2> mean, spread;
    constexpr auto operator()(auto x) const {
        const var m = mean(x), s = spread(x);
        return Estimate<var>{m, s};
    }
};
struct OfManyTypes {
    Linear<2> fc;
    constexpr auto operator()(auto x) const {
        const var y = fc(x);
        return std::tuple<var, var, std::pair<var, var>>(y, y > 0, {argmax(y, axis<1>), sum(y, axis<1>)});
    }
};
TEST_CASE("predictions have the structure of the network's outputs") {
    const std::vector<float> x = waves(30, 0);
    const Dataset data = Dataset::from(x, {3});
    Model<InAStruct, Input<float, 3>, max_batch<4>> a{seed(1)};
    const Estimate<std::vector<float>> e = Trainer(a, on_targets([](auto out, auto t) { return mean(square(out.mean - t)); }), SGD{}).predict(data);
    const Estimate<Tensor<float, 2>> third = a(Tensor<float, 3>{x[6], x[7], x[8]});
    CHECK(e.mean.size() == 20);
    CHECK(e.mean[5] == Approx(third.mean(1)));
    CHECK(e.spread[4] == Approx(third.spread(0)));

    Model<OfManyTypes, Input<float, 3>, max_batch<4>> b{seed(1)};
    auto [y, positive, more] = Trainer(b, MSE{}, SGD{}).predict(data);
    auto [best, total] = more;
    static_assert(std::is_same_v<decltype(positive), std::vector<std::uint8_t>>);
    REQUIRE((y.size() == 20 && positive.size() == 20 && best.size() == 10 && total.size() == 10));
    for (std::size_t i = 0; i < 10; ++i) {
        CHECK(positive[2 * i + 1] == (y[2 * i + 1] > 0));
        CHECK(static_cast<int>(best[i]) == (y[2 * i + 1] > y[2 * i]));
        CHECK(total[i] == Approx(y[2 * i] + y[2 * i + 1]));
    }
    CHECK(Trainer(a, MSE{}, SGD{}).predict(data.subset({})).mean.empty());
}

TEST_CASE("a loss of the library and metrics are of the first output; predictions are of all") {
    Pair pair{seed(1)};
    Model<OnlyMean, Input<double, 4>, max_batch<8>> one{seed(1)};
    const Dataset data = joined(Dataset::from(waves<double>(60, 0), {3}, waves<double>(40, 2), {2}), Dataset::from(waves<double>(20, 1), {1}));
    auto a = Trainer(pair, MSE{}, SGD{.lr = 0.1});
    auto b = Trainer(one, MSE{}, SGD{.lr = 0.1});
    a.fit(data, {.epochs = 2, .batch = 8, .verbose = false});
    b.fit(data, {.epochs = 2, .batch = 8, .verbose = false});
    const Evaluation ea = a.evaluate(data, {metrics::mae()}), eb = b.evaluate(data, {metrics::mae()});
    CHECK(ea.loss == eb.loss);
    CHECK(ea["mae"] == eb["mae"]);
    const auto [means, spreads] = a.predict(data);
    CHECK(means == b.predict(data));
    Tensor<double, 3> x;
    Tensor<double, 1> y;
    std::vector<double> row(4);
    data.copy_x(3, row.data());
    for (int i = 0; i < 3; ++i) x(i) = row[static_cast<std::size_t>(i)];
    y(0) = row[3];
    auto [mean, log_variance] = pair(x, y);
    CHECK(mean(1) == Approx(means[3 * 2 + 1]));
    REQUIRE(spreads.size() == 40);
    CHECK(log_variance(1) == Approx(spreads[3 * 2 + 1]));
    double s = pair.parameter<"log_variance.bias">()(0);  // which this loss never moved
    CHECK(s == Pair(seed(1)).parameter<"log_variance.bias">()(0));
    CHECK(std::isfinite(log_variance(0)));
}

namespace {

// A class and two numbers.
struct TwoHeads {
    Linear<8> hidden;
    BatchNorm1d<> bn;
    Linear<3> kind;
    Linear<2> place;
    constexpr auto operator()(auto x) const {
        const auto h = relu(bn(hidden(x)));
        return results<var, var>{kind(h), {place(h), {}}};
    }
};
using HeadsModel = Model<TwoHeads, Input<float, 4>, max_batch<8>>;

}  // namespace

TEST_CASE("labels, weights and targets of other extents reach a loss of several outputs; states of layers follow") {
    const auto x = waves(32, 0);
    const auto labels = classes(8);
    {
        HeadsModel model{seed(1)};
        auto trainer = Trainer(model, on_labels([](auto outputs, auto t) {
                                   auto [kind, place] = outputs;
                                   return cross_entropy(kind, t) + 0.1 * mean(square(place));
                               }),
                               Adam{.lr = 1e-2});
        const double first = trainer.step(x.data(), labels.data(), 8);
        for (int i = 0; i < 100; ++i) trainer.step(x.data(), labels.data(), 8);
        CHECK(trainer.step(x.data(), labels.data(), 8) < 0.5 * first);
        CHECK(trainer.count_right(labels.data(), 8) == 8);
        CHECK(model.state<"bn.num_batches_tracked">()() == 102);
    }
    {
        HeadsModel model{seed(1)};
        constexpr auto weighted = [](auto outputs, auto t, auto w) {
            auto [kind, place] = outputs;
            return sum(w * (mean(square(place - t), axis<1>) + mean(square(kind), axis<1>))) / sum(w);
        };
        auto trainer = Trainer(model, on_targets<2>(weighted), SGD{.lr = 0});
        static_assert(decltype(trainer)::target_size == 2 && decltype(trainer)::weights_per_sample == 1);
        const auto t = waves(16, 1);
        double each = 0;
        for (int i = 0; i < 8; ++i) {
            float w[8] = {};
            w[i] = 1;
            each += trainer.step(x.data(), t.data(), w, 8) / 8;
        }
        CHECK(each == Approx(trainer.step(x.data(), t.data(), 8)));
    }
    {
        HeadsModel model{seed(1)};  // classes and places in one target of five
        auto trainer = Trainer(model, on_targets<5>([](auto const& outputs, auto t) {
                                   auto [kind, place] = outputs;
                                   return cross_entropy(kind, slice<1, 0, 3>(t)) + mse_loss(place, slice<1, 3, 5>(t));
                               }),
                               Adam{.lr = 1e-2});
        std::vector<float> t(40);
        for (std::size_t i = 0; i < 8; ++i) t[5 * i + static_cast<std::size_t>(labels[i])] = 1, t[5 * i + 3] = 0.5f, t[5 * i + 4] = -1;
        for (int i = 0; i < 1000; ++i) trainer.step(x.data(), t.data(), 8);
        CHECK(trainer.step(x.data(), t.data(), 8) < 0.1);
        Tensor<float, 8, 4> batch;
        std::memcpy(batch.data(), x.data(), sizeof(float) * 32);
        auto [kind, place] = model(batch);
        CHECK(std::isfinite(kind(0, 0)));
        CHECK(place(2, 1) < 0);
    }
}

TEST_CASE("a loss that calls the network itself gets its inputs as an array") {
    Several several{seed(1)};
    Cut cut{seed(1)};
    auto a = Trainer(several, [](auto const& net, auto const& batch) { return mean(square(net(batch.x[0], batch.x[1]) - batch.y)); }, SGD{.lr = 0.1});
    auto b = Trainer(cut, MSE{}, SGD{.lr = 0.1});
    const auto x = waves(8 * 13, 0.3), y = waves(24, 1);
    for (int i = 0; i < 3; ++i) CHECK(a.step(x.data(), y.data(), 8) == Approx(b.step(x.data(), y.data(), 8)));
}

// --- ids -------------------------------------------------------------------------------------------------------------
namespace {

struct Question {
    Embedding<10, 4> text;
    Embedding<6, 4> answer;
    Linear<3> out;
    constexpr auto operator()(auto q, auto a) const { return out(sum(text(q), axis<1>) * sum(answer(a), axis<1>)); }
};

}  // namespace

TEST_CASE("inputs of ids are trained, and one that has no row is refused with its place in its input") {
    Model<Question, Inputs<Input<std::int32_t, 4>, Input<std::int32_t, 2>>, max_batch<8>> model{seed(1)};
    auto trainer = Trainer(model, CrossEntropy{}, Adam{.lr = 0.05});
    std::vector<std::int32_t> q, a;
    for (int i = 0; i < 48; ++i) q.push_back(i % 10);
    for (int i = 0; i < 24; ++i) a.push_back(i % 6);
    const Dataset data = joined(Dataset::from(q, {4}, classes(12), 3), Dataset::from(a, {2}));
    const double before = trainer.evaluate(data).loss;
    trainer.fit(data, {.epochs = 60, .batch = 4, .verbose = false});
    CHECK(trainer.evaluate(data).loss < 0.5 * before);
    a[2 * 5 + 1] = 7;
    const Dataset wrong = joined(Dataset::from(q, {4}, classes(12), 3), Dataset::from(a, {2}));
    CHECK_THROWS_WITH(trainer.evaluate(wrong), says("answer.weight: sample 5 has the id 7 in place 1 of input 1, expected 0 to 5"));
    CHECK_THROWS_WITH(trainer.predict(wrong), says("answer.weight: sample 5 has the id 7 in place 1 of input 1, expected 0 to 5"));
    CHECK_THROWS_WITH(trainer.fit(Dataset::from(waves(72, 0), {6}, classes(12), 3)), says("the data's samples are numbers, the model takes ids"));
}
