// A language model end to end: ids in, logits for each position, labels in two axes; parameters are float.
#include <etta/data/text.hpp>
#include <etta/nn/save.hpp>
#include <etta/op/index.hpp>
#include <etta/train/trainer.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using etta::Dataset;
using etta::seed;

namespace {

constexpr int letters = 6, block = 8;
const std::string poem = [] {
    std::string s;
    for (int i = 0; i < 100; ++i) s += i % 3 == 0 ? "abcabd" : "efd";
    return s;
}();

struct small { static constexpr etta::initialiser of(const etta::shape&, double) { return {etta::initialiser::normal, 0, 0.5}; } };
template <int V, int D>
struct Table {
    etta::Param<etta::sized<V, D>, small> weight;
    constexpr auto operator()(etta::var ids) const { return embedding(ids, weight(ids)); }
};
struct Reader {  // sees the letter and its place, and the letter before: enough for this text
    Table<letters, 8> token;
    etta::Param<etta::sized<block, 8>, small> place;
    etta::Linear<16> fc;
    etta::Linear<letters> head;
    constexpr auto operator()(auto ids) const {
        auto x = token(ids) + place(ids);  // (n, block, 8)
        return head(tanh(fc(x)));          // (n, block, letters)
    }
};
using Network = etta::Model<Reader, etta::Input<std::int32_t, block>, etta::max_batch<16>>;

}  // namespace

TEST_CASE("beside integers the parameters are float, and predictions too") {
    static_assert(std::is_same_v<Network::element, float> && std::is_same_v<Network::input_element, std::int32_t>);
    static_assert(Network::output_size == block * letters && Network::output_shape.rank == 3);
    Network model{seed(1)};
    etta::Tensor<std::int32_t, block> ids{0, 1, 2, 3, 4, 5, 0, 1};
    const auto logits = model(ids);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(logits)>, etta::Tensor<float, block, letters>>);
    Scratch scratch;
    etta::save(model, scratch.path("m.safetensors"));
    Network other{seed(2)};
    etta::load(other, scratch.path("m.safetensors"));
    const auto again = other(ids);
    for (int i = 0; i < block; ++i)
        for (int k = 0; k < letters; ++k) CHECK(again(i, k) == logits(i, k));
}

TEST_CASE("a model of text is trained on windows drawn at random, and judged on others") {
    const auto alphabet = etta::Vocabulary::of(poem);
    REQUIRE(alphabet.size() == letters);
    const auto ids = alphabet.encode(poem);
    const auto cut = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() * 9 / 10);
    const auto train = Dataset::windows({ids.begin(), cut}, block, 1, letters);
    const auto validation = Dataset::windows({cut, ids.end()}, block, block, letters);
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 1e-2, .weight_decay = 0.1}, {.groups = {{etta::vectors_only, {.weight_decay = 0}}}, .clip_norm = 1});
    const auto before = trainer.evaluate(validation);
    CHECK(before.samples == validation.size());
    CHECK(static_cast<etta::index>(before.predicted.size()) == validation.size() * block);
    const auto h = trainer.fit(train, {.epochs = 3, .batch = 16, .steps_per_epoch = 60, .validation = validation, .schedule = etta::cosine(0.1, 10), .seed = seed(2), .verbose = false});
    CHECK(trainer.steps() == 180);
    CHECK(h.epochs[2].loss < 0.7 * before.loss);
    CHECK(h.epochs[2].accuracy > 0.7);
    CHECK(h.epochs[2].accuracy <= 1);

    // Loss and accuracy by hand.
    const auto e = trainer.evaluate(validation);
    double loss = 0;
    int right = 0;
    for (etta::index i = 0; i < validation.size(); ++i) {
        std::int32_t x[block], y[block];
        validation.copy_ids(i, x), validation.copy_labels(i, y);
        float p[block * letters];
        model.run(x, p, 1);
        for (int t = 0; t < block; ++t) {
            const float* const l = p + t * letters;
            double sum = 0;
            int best = 0;
            for (int k = 0; k < letters; ++k) sum += std::exp(static_cast<double>(l[k])), best = l[k] > l[best] ? k : best;
            loss += std::log(sum) - static_cast<double>(l[y[t]]);
            right += best == y[t];
            CHECK(e.predicted[static_cast<std::size_t>(i * block + t)] == best);
        }
    }
    const double n = static_cast<double>(validation.size() * block);
    CHECK(e.loss == Approx(loss / n).epsilon(1e-5));
    CHECK(e.accuracy == Approx(right / n));
    etta::index counted = 0;
    for (int i = 0; i < letters; ++i)
        for (int k = 0; k < letters; ++k) counted += e.confused(i, k);
    CHECK(counted == validation.size() * block);
    CHECK(trainer.predict(validation).size() == static_cast<std::size_t>(validation.size() * block * letters));
}

TEST_CASE("data that do not fit a model of text are refused") {
    Network model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{});
    std::vector<std::int32_t> ids(100);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i % 6);
    CHECK_THROWS_WITH(trainer.evaluate(Dataset::windows(ids, 7)), says("shape [7]") && says("takes 8"));
    CHECK_THROWS_WITH(trainer.evaluate(Dataset::windows(ids, 8, 1, 9)), says("9 classes, the model 6 outputs"));
    CHECK_THROWS_WITH(trainer.evaluate(Dataset::from(std::vector<float>(16), {8}, std::vector<std::int32_t>(2))), says("samples are numbers, the model takes ids"));
    CHECK_THROWS_WITH(trainer.evaluate(Dataset::from(std::vector<std::int32_t>(16), {8}, std::vector<std::int32_t>(2))), says("1 labels, the model's prediction takes 8"));
    std::int32_t x[block] = {}, y[2 * block] = {};
    y[3] = 6;
    CHECK_THROWS_WITH(trainer.step(x, y, 1), says("label 6 of sample 0") && says("0 .. 5"));
    y[3] = 0, x[2] = 6;  // an id that the embedding does not have is a NaN
    CHECK_THROWS_WITH(trainer.step(x, y, 1), says("NaN") && says("not updated"));
    x[2] = 5;
    CHECK(trainer.step(x, y, 1) > 0);
}
