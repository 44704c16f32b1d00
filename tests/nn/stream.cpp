// Streams: pieces of a signal or of a sequence give what the whole gives; the end of one that counts positions, its state,
// and that nothing is allocated.
#include <etta/etta.hpp>

#include "../allocations.hpp"
#include "../catch.hpp"

#include <cmath>
#include <string>
#include <vector>

using namespace etta;

namespace {
constexpr TransformerOptions pre_norm{.act = activation::gelu, .norm_first = true, .causal = true, .bias = false};
struct Language {
    Embedding<7, 8> embed;
    LearnedPositions<6> positions;
    TransformerEncoderLayer<8, 2, 16, pre_norm> block;
    LayerNorm<> norm;
    constexpr auto operator()(auto t) const { return embed.attend(norm(block(positions(embed(t))))); }
};
struct Rotated {
    Embedding<7, 8> embed;
    MultiheadAttention<8, 2, MultiheadAttentionOptions{.causal = true, .kv_heads = 1, .rotary = true}> first, second;
    constexpr auto operator()(auto t) const { return second(first(embed(t))); }
};
using Writer = Model<Language, Input<std::int32_t, 6>, max_batch<1>>;
const std::int32_t tokens[6] = {1, 3, 0, 6, 2, 5};

template <class Net, int Width>
double worst() {
    Model<Net, Input<std::int32_t, 6>, max_batch<1>> model{seed(3)};
    Stream<Net, Input<std::int32_t, 1>, 6> single(model);
    Stream<Net, Input<std::int32_t, 3>, 6> pieces(model);
    float whole[6 * Width], one[6 * Width], three[6 * Width];
    model.run(tokens, whole, 1);
    for (int round = 0; round < 2; ++round) {
        single.reset();
        for (int i = 0; i < 6; ++i) single.process(tokens + i, one + i * Width);
    }
    for (int i = 0; i < 6; i += 3) pieces.process(tokens + i, three + i * Width);
    double d = 0;
    for (int i = 0; i < 6 * Width; ++i) d = std::fmax(d, std::fmax(std::abs(whole[i] - one[i]), std::abs(whole[i] - three[i])));
    return d;
}

struct Pedal {
    LSTM<8, 2> lstm;
    Linear<1> out;
    constexpr auto operator()(auto x) const { return x + out(lstm(x).y); }
};
using Pedals = Model<Pedal, Input<float, 24, 1>, max_batch<1>>;
std::vector<float> wave(int n) {
    std::vector<float> x;
    for (int i = 0; i < n; ++i) x.push_back(std::sin(0.37f * static_cast<float>(i)) * 0.8f);
    return x;
}
// The whole signal in pieces.
template <class S>
std::vector<float> played(S& stream, const std::vector<float>& x) {
    std::vector<float> y(x.size());
    for (std::size_t i = 0; i < x.size(); i += static_cast<std::size_t>(S::input_size)) stream.process(&x[i], &y[i]);
    return y;
}
double apart(const std::vector<float>& a, const std::vector<float>& b) {
    double d = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size() && d < 1; ++i) d = std::fmax(d, std::abs(a[i] - b[i]));
    return d;
}
template <class F>
std::string message(F f) {
    try {
        f();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}
template <class S>
std::vector<std::byte> kept(const S& stream) { return {stream.state().begin(), stream.state().end()}; }
}  // namespace

TEST_CASE("a transformer fed token by token, or three at a time, gives what it gives for the whole text") { CHECK(worst<Language, 7>() < 1e-5); }
TEST_CASE("so does one with rotary positions and shared keys") { CHECK(worst<Rotated, 8>() < 1e-5); }

TEST_CASE("an LSTM of two layers fed sample by sample, or in blocks of eight, gives what it gives for the whole signal") {
    Pedals model{seed(4)};
    const auto x = wave(24);
    std::vector<float> whole(24);
    model.run(x.data(), whole.data(), 1);
    Stream<Pedal, Input<float, 1, 1>> single(model);
    Stream<Pedal, Input<float, 8, 1>> blocks(model);
    const auto y = played(single, x), z = played(blocks, x);
    CHECK(apart(y, whole) < 1e-6);
    CHECK(apart(z, whole) < 1e-6);
    single.reset(), blocks.reset();
    CHECK(played(single, x) == y);
    CHECK(played(blocks, x) == z);
}

TEST_CASE("what stands in a TimeDistributed begins anew at each step of a stream, as at each step of the whole") {
    using Net = Sequential<TimeDistributed<Sequential<LearnedPositions<3>, TransformerEncoderLayer<4, 2, 8>, LastOutput<GRU<4, 1, true>>>>, LastOutput<GRU<2>>>;
    Model<Net, Input<float, 2, 3, 4>, max_batch<1>> model{seed(5)};
    Stream<Net, Input<float, 1, 3, 4>> stream(model);
    const auto x = wave(24);
    std::vector<float> whole(2), y(2);
    model.run(x.data(), whole.data(), 1);
    stream.process(&x[0], y.data());
    stream.process(&x[12], y.data());
    CHECK(apart(y, whole) < 1e-6);
    static_assert(stream.length == 0);
}

TEST_CASE("a stream that counts positions ends with the last it has room for, and is then as it was") {
    Writer model{seed(3)};
    Stream<Language, Input<std::int32_t, 1>, 6> single(model);
    Stream<Language, Input<std::int32_t, 2>, 5> pairs(model);  // a fifth position is of no use to them
    static_assert(single.length == 6 && pairs.length == 5);
    float whole[6 * 7], y[2 * 7], untouched = 123;
    model.run(tokens, whole, 1);
    for (int i = 0; i < 6; ++i) single.process(tokens + i, y);
    CHECK(single.position() == 6);
    CHECK(std::abs(y[3] - whole[5 * 7 + 3]) < 1e-5f);
    const auto before = kept(single);
    y[0] = untouched;
    CHECK(message([&] { single.process(tokens, y); }) == "etta: Stream: a piece of 1 at position 6 goes beyond its length, 6: reset() it first, or give it a greater Length (and the network as many learned positions)");
    CHECK(y[0] == untouched);
    CHECK(kept(single) == before);
    single.reset();
    CHECK(single.position() == 0);
    single.process(tokens, y);
    CHECK(std::abs(y[3] - whole[3]) < 1e-5f);

    for (int i = 0; i < 4; i += 2) pairs.process(tokens + i, y);
    CHECK(message([&] { pairs.process(tokens, y); }).find("a piece of 2 at position 4 goes beyond its length, 5") != std::string::npos);
}

TEST_CASE("a stream with learned positions ends where they do, whatever its Length; without a Length it keeps as many") {
    Writer model{seed(3)};
    Stream<Language, Input<std::int32_t, 1>, 100> longer(model);
    Stream<Language, Input<std::int32_t, 1>> same(model);
    static_assert(longer.length == 6 && same.length == 6 && longer.state_bytes == same.state_bytes);
    float y[7], z[7];
    for (int i = 0; i < 6; ++i) {
        longer.process(tokens + i, y), same.process(tokens + i, z);
        for (int k = 0; k < 7; ++k) CHECK(y[k] == z[k]);
    }
    CHECK(!message([&] { longer.process(tokens, y); }).empty());
    static_assert(Stream<Pedal, Input<float, 1, 1>>::length == 0 && Stream<Pedal, Input<float, 1, 1>, 8>::length == 0);  // nothing ends there
}

TEST_CASE("a stream whose state is set goes on from there, to the same bits") {
    const auto x = wave(24);
    const std::vector<float> first(x.begin(), x.begin() + 11), rest(x.begin() + 11, x.end());
    Pedals model{seed(4)};
    Stream<Pedal, Input<float, 1, 1>> stream(model), other(model);
    played(stream, first);
    const auto state = kept(stream);
    CHECK(state.size() == static_cast<std::size_t>(stream.state_bytes));
    const auto y = played(stream, rest);
    CHECK(kept(stream) != state);
    stream.state(state);
    CHECK(played(stream, rest) == y);
    other.state(state);  // after an odd number of calls, and after none
    CHECK(played(other, rest) == y);

    Stream<Pedal, Input<float, 13, 1>> block(model);  // the same state for other pieces
    block.state(state);
    CHECK(apart(played(block, rest), y) < 1e-6);

    CHECK(message([&] { stream.state(std::span(state).first(8)); }) == "etta: the state of a Stream has " + std::to_string(state.size()) + " bytes, this one has 8");
}

TEST_CASE("so does one with keys and values, at its position") {
    Writer model{seed(3)};
    Stream<Language, Input<std::int32_t, 1>, 6> stream(model);
    Stream<Language, Input<std::int32_t, 3>, 6> three(model);
    float y[3 * 7], again[3 * 7], at_once[3 * 7];
    for (int i = 0; i < 3; ++i) stream.process(tokens + i, y);
    auto state = kept(stream);
    for (int i = 0; i < 3; ++i) stream.process(tokens + 3 + i, y + 7 * i);
    stream.state(state);
    CHECK(stream.position() == 3);
    for (int i = 0; i < 3; ++i) stream.process(tokens + 3 + i, again + 7 * i);
    three.state(state);
    three.process(tokens + 3, at_once);
    for (int k = 0; k < 3 * 7; ++k) {
        CHECK(again[k] == y[k]);
        CHECK(std::abs(at_once[k] - y[k]) < 1e-5f);
    }
    const auto before = kept(stream);
    for (std::byte& b : state) b = std::byte{0x7f};
    CHECK(message([&] { stream.state(state); }).find("etta: the state of a Stream is at position ") == 0);
    CHECK(kept(stream) == before);
}

TEST_CASE("a stream allocates nothing: not to process, to reset, nor to give and take its state") {
    Pedals model{seed(4)};
    Writer writer{seed(3)};
    static Stream<Pedal, Input<float, 1, 1>> single(model);
    static Stream<Pedal, Input<float, 8, 1>> blocks(model);
    static Stream<Language, Input<std::int32_t, 1>, 6> writing(writer);
    const auto x = wave(8);
    float y[8];
    std::byte state[1024];
    REQUIRE(single.state().size() <= sizeof state);
    const long before = allocations;
    single.process(x.data(), y);
    blocks.process(x.data(), y);
    writing.process(tokens, y);
    for (std::size_t i = 0; i < single.state().size(); ++i) state[i] = single.state()[i];
    single.state(std::span(state, single.state().size()));
    single.process(x.data(), y);
    single.reset(), blocks.reset(), writing.reset();
    const long after = allocations;
    CHECK(after == before);
}
