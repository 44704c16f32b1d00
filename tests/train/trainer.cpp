// Trainer: a step lowers the loss, evaluation counts right, bad data is refused before anything changes, and neither
// training nor inference allocates.
#include <etta/etta.hpp>
#include <etta/nn/compiled.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"

using etta::Dataset;
using etta::seed;

namespace {

struct Net {
    etta::Linear<16> fc1;
    etta::Linear<3> fc2;
    constexpr auto operator()(auto x) const { return fc2(tanh(fc1(x))); }
};
using Network = etta::Model<Net, etta::Input<float, 4>, etta::max_batch<16>>;

// Three classes in four dimensions, far enough apart to be learnt.
std::vector<float> points(int n) {
    std::vector<float> x(static_cast<std::size_t>(4 * n));
    for (int i = 0; i < n; ++i)
        for (int k = 0; k < 4; ++k)
            x[static_cast<std::size_t>(4 * i + k)] = static_cast<float>((k == i % 3 ? 2 : 0) + 0.3 * etta::normal_at<double>(seed(9), 0, static_cast<std::uint64_t>(4 * i + k)));
    return x;
}
std::vector<std::int32_t> classes(int n) {
    std::vector<std::int32_t> y(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) y[static_cast<std::size_t>(i)] = i % 3;
    return y;
}
Dataset clusters(int n) { return Dataset::from(points(n), {4}, classes(n), 3); }
std::string bytes(const Network& m) {
    return {reinterpret_cast<const char*>(m.parameters.data()), static_cast<std::size_t>(m.parameter_bytes)};
}

}  // namespace

TEST_CASE("steps lower the loss") {
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{.lr = 1e-2});
    const auto x = points(16);
    const auto y = classes(16);
    const double first = trainer.step(x.data(), y.data(), 16);
    CHECK(first == Approx(std::log(3.0)).epsilon(0.5));
    double last = first;
    for (int i = 0; i < 200; ++i) last = trainer.step(x.data(), y.data(), 16);
    CHECK(last < 0.02);
    CHECK(trainer.steps() == 201);
}

TEST_CASE("a step takes tensors, samples along the first axis") {
    Network model{seed(1)}, other{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{}), pointers = etta::Trainer(other, etta::CrossEntropy{}, etta::Adam{});
    const auto numbers = points(4);
    const auto labels = classes(4);
    etta::Tensor<float, 4, 4> x;
    etta::Tensor<std::int32_t, etta::dyn> y(4);
    std::copy(numbers.begin(), numbers.end(), x.data());
    std::copy(labels.begin(), labels.end(), y.data());
    CHECK(trainer.step(x, y) == pointers.step(numbers.data(), labels.data(), 4));
    CHECK(bytes(model) == bytes(other));
    CHECK_THROWS_WITH(trainer.step(etta::Tensor<float, 4, 3>(), y), says("a sample has 3 elements, the model takes 4"));
    CHECK_THROWS_WITH(trainer.step(etta::Tensor<double, 4, 4>(), y), says("float64") || says("double"));
    CHECK_THROWS_WITH(trainer.step(etta::Tensor<float, 3, 4>(), y), says("4 targets for 3 samples"));
    CHECK(bytes(model) == bytes(other));
}

TEST_CASE("the same seed trains the same model, bit for bit") {
    const Dataset data = clusters(50);
    std::string first;
    for (int k = 0; k < 2; ++k) {
        Network model{seed(1)};
        auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 1e-2});
        const auto h = trainer.fit(data, {.epochs = 3, .batch = 16, .schedule = etta::cosine(), .verbose = false});
        CHECK(h.epochs.size() == 3);
        CHECK(h.epochs[2].loss < h.epochs[0].loss);
        CHECK(h.epochs[2].rate < h.epochs[0].rate);
        if (k == 0) first = bytes(model);
        else CHECK((bytes(model) == first));
    }
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 1e-2});
    trainer.fit(data, {.epochs = 3, .batch = 16, .schedule = etta::cosine(), .seed = seed(5), .verbose = false});
    CHECK((bytes(model) != first));  // another order
}

TEST_CASE("evaluation counts what is right and where it is wrong") {
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{.lr = 1e-2});
    const Dataset data = clusters(100);
    const std::string before = bytes(model);
    const auto e = trainer.evaluate(data);
    CHECK((bytes(model) == before));
    CHECK(e.samples == 100);
    CHECK(e.classes == 3);
    REQUIRE(e.predicted.size() == 100);

    // the same by hand
    const auto x = points(100);
    std::vector<float> logits(300);
    for (int i = 0; i < 100; i += 10) model.run(x.data() + 4 * i, logits.data() + 3 * i, 10);
    double loss = 0;
    int right = 0, table[3][3] = {};
    for (int i = 0; i < 100; ++i) {
        const float* const p = logits.data() + 3 * i;
        int best = 0;
        for (int k = 1; k < 3; ++k)
            if (p[k] > p[best]) best = k;
        CHECK(e.predicted[static_cast<std::size_t>(i)] == best);
        ++table[i % 3][best];
        right += best == i % 3;
        loss -= p[i % 3] - std::log(std::exp(double(p[0])) + std::exp(double(p[1])) + std::exp(double(p[2])));
    }
    CHECK(e.loss == Approx(loss / 100).epsilon(1e-5));
    CHECK(e.accuracy == Approx(right / 100.0));
    for (int i = 0; i < 3; ++i)
        for (int k = 0; k < 3; ++k) CHECK(e.confused(i, k) == table[i][k]);
    CHECK(e.table().find("actual") == 0);

    const auto predicted = trainer.predict(data);
    REQUIRE(predicted.size() == 300);
    for (int i = 0; i < 300; ++i) CHECK(predicted[static_cast<std::size_t>(i)] == Approx(logits[static_cast<std::size_t>(i)]).margin(1e-6));

    trainer.fit(data, {.epochs = 30, .batch = 16, .verbose = false});
    CHECK(trainer.evaluate(data).accuracy > 0.97);
}

TEST_CASE("bad batches and data sets are refused, and the model stays as it was") {
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{});
    const std::string before = bytes(model);
    auto x = points(20);
    auto y = classes(20);
    SECTION("a label out of range") {
        y[3] = 3;
        CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 5), says("label 3") && says("sample 3") && says("0 .. 2"));
        y[3] = -1;
        CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 5), says("label -1"));
    }
    SECTION("a loss that is not finite") {
        x[6] = std::numeric_limits<float>::quiet_NaN();
        CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 5), says("NaN") && says("not updated"));
        x[6] = std::numeric_limits<float>::infinity();
        x[7] = -x[6];
        CHECK_THROWS_AS(trainer.step(x.data(), y.data(), 5), etta::Error);
    }
    SECTION("too many samples, or none") {
        CHECK_THROWS_WITH(trainer.step(x.data(), y.data(), 17), says("17") && says("max_batch<16>"));
        CHECK_THROWS_AS(trainer.step(x.data(), y.data(), 0), etta::Error);
        CHECK_THROWS_AS(trainer.fit(clusters(20), {.batch = 17, .verbose = false}), etta::Error);
    }
    SECTION("samples of another shape") {
        const Dataset wide = Dataset::from(std::vector<float>(50), {5}, classes(10), 3);
        CHECK_THROWS_WITH(trainer.fit(wide, {.batch = 5, .verbose = false}), says("5") && says("4"));
        CHECK_THROWS_AS(trainer.evaluate(wide), etta::Error);
    }
    SECTION("more classes than outputs, or none") {
        CHECK_THROWS_AS(trainer.fit(Dataset::from(points(10), {4}, classes(10), 7), {.verbose = false}), etta::Error);
        CHECK_THROWS_AS(trainer.fit(Dataset::from(points(10), {4}), {.batch = 4, .verbose = false}), etta::Error);
        CHECK_THROWS_AS(trainer.fit(Dataset::from(points(10), {4}, std::vector<double>(10)), {.batch = 4, .verbose = false}), etta::Error);
    }
    SECTION("validation data that does not fit") {
        const Dataset wide = Dataset::from(std::vector<float>(50), {5}, classes(10), 3);
        CHECK_THROWS_AS(trainer.fit(clusters(20), {.epochs = 1, .batch = 16, .validation = wide, .verbose = false}), etta::Error);
    }
    CHECK((bytes(model) == before));
    CHECK(trainer.steps() == 0);
    // and it goes on as if nothing had been
    auto good = points(16);
    auto labels = classes(16);
    CHECK(std::isfinite(trainer.step(good.data(), labels.data(), 16)));
}

TEST_CASE("a training step and an inference allocate nothing") {
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{});
    const auto x = points(16);
    const auto y = classes(16);
    float out[48];
    model.run(x.data(), out, 1);  // the first makes the workspace
    trainer.step(x.data(), y.data(), 16);
    auto other = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{}, {.groups = {{etta::vectors_only, {.weight_decay = 0}}}, .clip_norm = 1, .schedule = etta::cosine(0.1, 2).over(9)});
    const long before = allocations;
    for (const int n : {16, 1, 7}) {
        trainer.step(x.data(), y.data(), n);
        other.step(x.data(), y.data(), n);
        model.run(x.data(), out, n);
    }
    CHECK(allocations == before);
}

namespace {

struct Everything {  // a kernel of every kind: convolution, pooling, normalisation, a loop, attention, random numbers, products
    etta::Conv2d<16, 3> conv;
    etta::BatchNorm2d<> norm;
    etta::GRU<16> gru;
    etta::TransformerEncoderLayer<16, 2, 32, etta::TransformerOptions{.dropout = 0.1}> block;
    etta::Linear<10> out;
    constexpr auto operator()(auto x) const {
        x = max_pool<2>(relu(norm(conv(x))));
        const auto y = block(gru(flatten<2>(x)).y);
        return out(mean(y, etta::axis<1>));
    }
};

}  // namespace

TEST_CASE("neither do the larger ones, on two threads") {
    etta::Model<Everything, etta::Input<float, 1, 16, 16>, etta::max_batch<64>> model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{}, {.clip_norm = 1, .schedule = etta::cosine().over(100)});
    std::vector<float> x(64 * 256), y(640);
    std::vector<std::int32_t> labels(64);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * i % 17) / 17;
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
    trainer.step(x.data(), labels.data(), 64);  // OpenMP starts its threads
    model.run(x.data(), y.data(), 64);
    const long before = allocations;
    for (int n = 64; n > 60; --n) trainer.step(x.data(), labels.data(), n);
    model.run(x.data(), y.data(), 64);
    CHECK(allocations == before);
}

namespace {
struct Line {
    etta::Linear<1> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
}  // namespace

TEST_CASE("a model has memory for its parameters and for inference; gradients and the like come with a trainer") {
    const long start = allocated;
    Network model{seed(1)};
    float x[16 * 4] = {}, y[16 * 3];
    model.run(x, y, 16);
    constexpr long page = 64;  // alignment
    CHECK(allocated - start <= Network::parameter_bytes + Network::workspace_bytes() + 2 * page);
    static_assert(Network::workspace_bytes() == 16 * 16 * 4);  // the one activation between the layers
    static_assert(sizeof(etta::Compiled<Net, etta::Input<float, 4>, 16>::Memory) == Network::workspace_bytes());
    const long before = allocated;
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::Adam{});
    CHECK(allocated - before >= 3 * Network::parameter_bytes + decltype(trainer)::workspace_bytes);  // the gradient and two moments
    static_assert(decltype(trainer)::workspace_bytes > Network::workspace_bytes());
}

namespace {
struct Normed {
    etta::Conv2d<8, 3> conv;
    etta::BatchNorm2d<> norm;
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(relu(norm(conv(x))))); }
};
struct Recurrent {
    etta::LSTM<16> lstm;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(lstm(x).last[0].h); }
};
struct Block {
    etta::TransformerEncoderLayer<32, 4, 64, etta::TransformerOptions{.dropout = 0.1}> layer;
    constexpr auto operator()(auto x) const { return layer(x); }
};
// A model that has made a prediction: its parameters and states, each aligned, and `most` bytes for inference.
template <class M, class Loss>
void takes_no_more_than(etta::index most) {
    const long start = allocated;
    M model{seed(1)};
    const std::vector<float> x(M::input_type::sample_size);
    std::vector<float> y(M::output_size);
    model.run(x.data(), y.data(), 1);
    const long vectors = 4 * static_cast<long>(x.size() + y.size());
    CHECK(allocated - start <= M::parameter_bytes + M::state_bytes + M::workspace_bytes() + vectors + 3 * 64);
    CHECK(M::parameter_bytes <= 4 * M::parameter_count + 64 * M::n_parameters);
    CHECK(M::state_bytes <= 64 * M::n_states);  // (no more than 16 numbers each)
    CHECK(M::workspace_bytes() <= most);
    CHECK(M::workspace_bytes() < etta::Trainer<M, Loss, etta::Adam>::workspace_bytes);
}
}  // namespace

TEST_CASE("neither has a model with running means, with a loop or with attention what only training needs") {
    constexpr etta::index batch = 16, line = 64;
    // Of the convolution: what it makes and what the normalisation makes of that, and two numbers per channel.
    takes_no_more_than<etta::Model<Normed, etta::Input<float, 3, 10, 10>, etta::max_batch<batch>>, etta::CrossEntropy>(2 * batch * 8 * 8 * 8 * 4 + 2 * line);
    // The inputs' part of all gates at once; of the states a few steps, whatever the sequence's length.
    takes_no_more_than<etta::Model<Recurrent, etta::Input<float, 100, 3>, etta::max_batch<batch>>, etta::MSE>(batch * (100 * 4 * 16 + 10 * 16) * 4);
    // Queries, keys and values, what attention makes of them, and a number for each of its rows.
    takes_no_more_than<etta::Model<Block, etta::Input<float, 64, 32>, etta::max_batch<batch>>, etta::MSE>(batch * 64 * (4 * 32 + 4) * 4);
}

TEST_CASE("a regression finds the line") {
    std::vector<double> x(200), y(100);
    for (std::size_t i = 0; i < 100; ++i) {
        x[2 * i] = std::sin(static_cast<double>(i)), x[2 * i + 1] = std::cos(1.7 * static_cast<double>(i));
        y[i] = 3 * x[2 * i] - 2 * x[2 * i + 1] + 0.5;
    }
    const Dataset data = Dataset::from(x, {2}, y, {1});
    etta::Model<Line, etta::Input<double, 2>, etta::max_batch<25>> model{seed(1)};
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{.lr = 0.2, .momentum = 0.5});
    const auto h = trainer.fit(data, {.epochs = 60, .batch = 25, .validation = data, .verbose = false});
    CHECK(h.epochs.back().loss < 1e-12);
    CHECK(h.validated);
    CHECK_FALSE(h.classification);
    CHECK(h.epochs.back().validation_loss < 1e-12);
    CHECK(model.parameter(0).data[0] == Approx(3));
    CHECK(model.parameter(0).data[1] == Approx(-2));
    CHECK(model.parameter(1).data[0] == Approx(0.5));
    CHECK(trainer.evaluate(data).loss < 1e-12);
    CHECK_THROWS_AS(trainer.fit(Dataset::from(x, {2}, classes(100), 3), {.batch = 25, .verbose = false}), etta::Error);
    CHECK_THROWS_AS(trainer.fit(Dataset::from(x, {2}, std::vector<double>(200), {2}), {.batch = 25, .verbose = false}), etta::Error);
}
