// Layers of transformers beyond parity with PyTorch: gradients against differences through all of them at once, causality,
// batches, rotary and other positions, padding, tied tables.
#include <etta/etta.hpp>
#include <etta/nn/compiled.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"

using etta::Input;
using etta::max_batch;
using etta::Model;
using etta::seed;
using etta::var;

namespace {

constexpr int tokens = 7, length = 5, width = 8;

// A small language model with every option that PyTorch's layers lack.
struct Language {
    etta::Embedding<tokens, width, 0, etta::init::normal<0.5>> embed;
    etta::LearnedPositions<9, etta::init::normal<0.5>> positions;
    std::array<etta::TransformerEncoderLayer<width, 4, 6, etta::TransformerOptions{.act = etta::activation::silu, .norm_first = true, .causal = true, .bias = false, .kv_heads = 2, .rotary = true}>, 2> blocks;
    etta::RMSNorm<> norm;
    etta::SwiGLU<width, 6> gated;
    etta::FeedForward<width, 5> feed;
    constexpr auto operator()(auto ids) const {
        auto x = positions(embed(ids));
        for (auto& block : blocks) x = block(x);
        x = x + gated(norm(x));
        return embed.attend(x + feed(x));
    }
};
using LanguageModel = Model<Language, Input<double, length>, max_batch<4>>;

struct TokenLoss {  // logits [N, L, V], labels [N, L]
    static constexpr etta::dtype target = etta::dtype::i32;
    static constexpr bool labels = true;
    static constexpr etta::shape target_shape(const etta::shape& p) {
        etta::shape s = p;
        --s.rank;
        return s;
    }
    constexpr auto operator()(var logits, var label) const {
        const var hit = unsqueeze<-1>(label) == var(etta::_::Iota::like(logits, -1));
        return -mean(sum(where(hit, log_softmax(logits), 0), etta::axis<-1>));
    }
};

struct Table {
    etta::Embedding<tokens, 3, 2> embed;
    constexpr auto operator()(auto x) const { return embed(x); }
};
struct Noisy {
    etta::TransformerEncoderLayer<4, 2, 6, etta::TransformerOptions{.dropout = 0.5}> layer;
    constexpr auto operator()(auto x) const { return layer(x); }
};

std::vector<double> ids(int n) {
    std::vector<double> x(static_cast<std::size_t>(n * length));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * i * 5 % tokens);
    return x;
}

}  // namespace

TEST_CASE("the gradients of a language model agree with differences") {
    LanguageModel m{seed(3)};
    auto trainer = etta::Trainer(m, TokenLoss{}, etta::SGD{});
    auto x = ids(3);
    for (double& id : x) id = id == 0 ? 1 : id;  // the padding's row is read, and its look-up has no gradient
    std::vector<std::int32_t> y(x.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::int32_t>(i * 3 % tokens);
    const auto loss = [&] { return static_cast<double>(trainer.gradients(x.data(), y.data(), 3)); };
    loss();
    const std::vector<double> got(trainer.gradient_data(), trainer.gradient_data() + LanguageModel::facts::layout.elements);
    double worst = 0;
    for (int k = 0; k < m.n_parameters; ++k) {
        const auto p = m.parameter(k);
        for (etta::index i = 0; i < p.size; ++i) {
            const double was = p.data[i], h = 1e-4;
            const auto at = [&](double d) {
                p.data[i] = was + d;
                return loss();
            };
            const double want = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
            p.data[i] = was;
            const double e = std::abs(got[static_cast<std::size_t>(p.data - m.parameters.data() + i)] - want) / (1 + std::abs(want));
            worst = !(e <= worst) ? e : worst;
        }
    }
    CHECK(worst < 1e-9);
}

TEST_CASE("a causal model sees no later token, and a batch is its samples") {
    LanguageModel m{seed(3)};
    const auto x = ids(3);
    std::vector<double> all(3 * length * tokens), one(length * tokens), other(length * tokens);
    m.run(x.data(), all.data(), 3);
    for (int b = 0; b < 3; ++b) {
        m.run(x.data() + b * length, one.data(), 1);
        int differ = 0;  // (products of few rows are added up in another order)
        for (std::size_t i = 0; i < one.size(); ++i) differ += !(std::abs(one[i] - all[static_cast<std::size_t>(b) * one.size() + i]) < 1e-13);
        CHECK(differ == 0);
    }
    auto later = ids(1);
    later[3] = 1;
    m.run(x.data(), one.data(), 1);
    m.run(later.data(), other.data(), 1);
    int before = 0, after = 0;
    for (int i = 0; i < length * tokens; ++i) (i < 3 * tokens ? before : after) += one[static_cast<std::size_t>(i)] != other[static_cast<std::size_t>(i)];
    CHECK(before == 0);
    CHECK(after > tokens);
}

TEST_CASE("a tied table is one parameter, named once, and the padding token's row starts from zeros and stays") {
    LanguageModel m{seed(3)};
    CHECK(m.parameter(0).name == "embed.weight");
    int tables = 0;
    for (int i = 0; i < m.n_parameters; ++i) tables += m.parameter(i).size == tokens * width;
    CHECK(tables == 1);
    Model<Table, Input<float, 2>, max_batch<1>> t;
    const float x[2] = {2, 5};
    float y[6];
    t.run(x, y, 1);
    CHECK((y[0] == 0 && y[1] == 0 && y[2] == 0));
    CHECK((y[3] == t.parameter(0).data[15] && y[5] == t.parameter(0).data[17]));
    auto trainer = etta::Trainer(t, etta::MSE{}, etta::SGD{});
    const float target[6] = {1, 1, 1, 1, 1, 1};
    trainer.gradients(x, target, 1);
    CHECK((trainer.gradient_data()[6] == 0 && trainer.gradient_data()[15] != 0));
    t.parameter(0).data[6] = 7;  // as from a file
    t.run(x, y, 1);
    CHECK(y[0] == 7);
    trainer.step(x, target, 1);
    CHECK(t.parameter(0).data[6] == 7);
}

TEST_CASE("rotary positions turn pairs, and scores depend on the distance alone") {
    etta::Tensor<double, 6, 2, 4> x, y;
    for (int i = 0; i < 48; ++i) x.data()[i] = std::sin(1.0 + i % 8);  // the same at every position
    const auto r = etta::call([](auto v) { return etta::rotary(v); }, x);
    for (int p = 0; p < 6; ++p)
        for (int h = 0; h < 2; ++h)
            for (int i = 0; i < 2; ++i) {
                const double a = p * std::pow(10000.0, -i / 2.0), u = x(p, h, i), v = x(p, h, i + 2);
                CHECK(r(p, h, i) == Approx(u * std::cos(a) - v * std::sin(a)).margin(1e-14));
                CHECK(r(p, h, i + 2) == Approx(v * std::cos(a) + u * std::sin(a)).margin(1e-14));
            }
    const auto dot = [&](int p, int q) {
        double s = 0;
        for (int i = 0; i < 4; ++i) s += r(p, 0, i) * r(q, 1, i);
        return s;
    };
    CHECK(dot(0, 2) == Approx(dot(3, 5)).margin(1e-13));
}

TEST_CASE("sinusoidal positions are the paper's") {
    etta::Tensor<double, 4, 6> zero{};
    const auto y = etta::call([](auto x) { return etta::SinusoidalPositions{}(x); }, zero);
    for (int p = 0; p < 4; ++p)
        for (int i = 0; i < 6; ++i) {
            const double a = p / std::pow(10000.0, (i - i % 2) / 6.0);
            CHECK(y(p, i) == Approx(i % 2 == 0 ? std::sin(a) : std::cos(a)).margin(1e-14));
        }
}

TEST_CASE("training with dropout draws noise, and evaluating does not") {
    using M = Model<Noisy, Input<float, 3, 4>, max_batch<2>>;
    M m{seed(1)};
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{.lr = 0});
    std::vector<float> x(12), y(12, 0), a(12), b(12);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    CHECK(trainer.step(x.data(), y.data(), 1) != trainer.step(x.data(), y.data(), 1));
    m.run(x.data(), a.data(), 1);
    m.run(x.data(), b.data(), 1);
    CHECK(a == b);
}

namespace {

struct Labelled {
    etta::Embedding<5, 4> embed;
    etta::Linear<2> head;
    constexpr auto operator()(auto x) const { return head(mean(embed(x), etta::axis<1>)); }
};

}  // namespace

TEST_CASE("ids that an embedding has no row for are refused, by name and place, and nothing changes") {
    etta::Model<Labelled, etta::Input<std::int32_t, 3>, etta::max_batch<4>> model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{.lr = 0.1});
    const std::vector<std::int32_t> good = {0, 4, 2, 1, 1, 3}, labels = {0, 1};
    std::vector<float> y(4);
    const std::vector<float> before(model.parameters.data(), model.parameters.data() + trainer.n_elements);
    for (const std::int32_t bad : {-1, 5, 1 << 30}) {
        auto x = good;
        x[4] = bad;
        const auto expected = Catch::Matchers::Contains("embed.weight: sample 1 has the id " + std::to_string(bad) + " in place 1, expected 0 to 4");
        CHECK_THROWS_WITH(model.run(x.data(), y.data(), 2), expected);
        CHECK_THROWS_WITH(trainer.step(x.data(), labels.data(), 2), expected);
        CHECK_THROWS_WITH(trainer.evaluate(etta::Dataset::from(x, {3}, labels)), expected);
    }
    CHECK(before == std::vector<float>(model.parameters.data(), model.parameters.data() + trainer.n_elements));
    CHECK(trainer.step(good.data(), labels.data(), 2) > 0);

    // Where they are numbers of a model of numbers, NaN is none either; by itself, the lookup gives NaN.
    etta::Model<Labelled, etta::Input<float, 3>, etta::max_batch<1>> numbers{seed(1)};
    const float odd[3] = {0, std::numeric_limits<float>::quiet_NaN(), 1};
    CHECK_THROWS(numbers.run(odd, y.data(), 1));
    const etta::Tensor<std::int32_t, 3> ids{0, -1, 5};
    const etta::Tensor<float, 5, 2> table = etta::full<float, 5, 2>(1);
    const etta::Tensor<float, 3, 2> rows = etta::embedding(ids, table);
    CHECK((rows(0, 0) == 1 && std::isnan(rows(1, 0)) && std::isnan(rows(2, 1))));
}

namespace {

using Attention = etta::MultiheadAttention<8, 2>;
using Decoder = etta::TransformerDecoderLayer<8, 2, 16, etta::TransformerOptions{.causal = false}>;
struct Sequences {  // queries, keys and values side by side: [N, 3, 5, 8]
    Attention attention;
    static constexpr var part(var x, int i) { return squeeze<1>(var{x.g, etta::_::SliceAxis::body(x, std::array<std::int64_t, 4>{1, i, i + 1, 1}.data(), 4).id}); }
};
struct ThreeOf : Sequences {
    constexpr var operator()(var x) const { return attention(part(x, 0), part(x, 1), part(x, 2)); }
};
struct TwoOf : Sequences {
    constexpr var operator()(var x) const { return attention(part(x, 0), part(x, 1)); }
};
struct Padded {  // whose last two positions are none
    Decoder decoder;
    constexpr var operator()(var x) const {
        const var own = var{etta::_::Iota::like(x, 1)} < 3;
        return decoder.masked(x, x, var{}, squeeze<2>(etta::slice<2, 0, 1>(own)));
    }
};
struct Cut {  // the first three alone
    Decoder decoder;
    constexpr var operator()(var x) const { return decoder(etta::slice<1, 0, 3>(x), x); }
};

template <class Net, class In>
std::vector<float> output_of(const std::vector<float>& x, int n) {
    Model<Net, In, max_batch<2>> m{seed(4)};
    std::vector<float> y(static_cast<std::size_t>(n * m.output_size));
    m.run(x.data(), y.data(), n);
    return y;
}

}  // namespace

TEST_CASE("keys and values may come from different sequences, and a decoder's target may be padded") {
    std::vector<float> x(2 * 3 * 40);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i * i));
    const auto different = output_of<ThreeOf, Input<float, 3, 5, 8>>(x, 2);
    CHECK(different != output_of<TwoOf, Input<float, 3, 5, 8>>(x, 2));
    for (int n = 0; n < 2; ++n)  // the same values
        for (int i = 0; i < 40; ++i) x[static_cast<std::size_t>(120 * n + 80 + i)] = x[static_cast<std::size_t>(120 * n + 40 + i)];
    const auto a = output_of<ThreeOf, Input<float, 3, 5, 8>>(x, 2), b = output_of<TwoOf, Input<float, 3, 5, 8>>(x, 2);
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::abs(a[i] - b[i]) < 1e-6f);

    x.resize(80);
    const auto padded = output_of<Padded, Input<float, 5, 8>>(x, 2), cut = output_of<Cut, Input<float, 5, 8>>(x, 2);
    for (int n = 0; n < 2; ++n)
        for (int i = 0; i < 24; ++i) CHECK(std::abs(padded[static_cast<std::size_t>(40 * n + i)] - cut[static_cast<std::size_t>(24 * n + i)]) < 1e-5f);
}
