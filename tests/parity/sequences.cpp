// Recurrent layers between wrappers, from given states and over sequences of different lengths against PyTorch: prediction, loss,
// every gradient (the states' too), the weights after ten steps of Adam. make_sequences.py wrote the file.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

constexpr int steps = 7, features = 3;

// Columns From … To - 1 of the input.
template <int From, int To>
constexpr auto columns(etta::var x) { return etta::slice<1, From, To>(x); }
constexpr auto sequence(etta::var x) { return etta::reshape<-1, steps, features>(columns<0, steps * features>(x)); }  // [N, 7, 3]

struct Wrapped {
    etta::TimeDistributed<etta::Linear<4>> each;
    etta::AllOutputs<etta::RNN<5, 2, true>> rnn;
    etta::LastOutput<etta::GRU<3, 1, true>> last;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(last(rnn(each(sequence(x))))); }
};
struct Started {
    etta::LSTM<5> lstm;
    etta::GRU<4, 2> gru;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const {
        const auto [y, s] = lstm(sequence(x), {etta::LSTMState{columns<21, 26>(x), columns<26, 31>(x)}});
        const auto [z, g] = gru(y, {columns<31, 35>(x), columns<35, 39>(x)});
        return fc(etta::concat<1>(mean(z, etta::axis<1>), s[0].h, s[0].c, g[0]));
    }
};
struct Ragged {
    etta::LSTM<3, 1, true> lstm;
    etta::GRU<4, 2> gru;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const {
        const auto all = sequence(x);
        const auto lengths = etta::cast<std::int32_t>(etta::squeeze<1>(columns<21, 22>(x)));
        const auto [y, s] = lstm(all, lstm.zeros(all), lengths);
        const auto [z, h] = gru(y, gru.zeros(all), lengths);
        return fc(etta::concat<1>(mean(z, etta::axis<1>), s[0].c, s[1].c, h[1]));
    }
};
struct Nested {  // three words of seven letters
    etta::TimeDistributed<etta::LastOutput<etta::GRU<3, 1, true>>> words;
    etta::AllOutputs<etta::LSTM<4>> text;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(mean(text(words(etta::reshape<-1, 3, steps, 1>(x))), etta::axis<1>)); }
};

const auto& file() {
    static const auto f = etta::safetensors_file::open(recorded_path("sequences.st"));
    return f;
}
template <class Net, int Columns>
void compare(const std::string& name) {
    etta::Model<Net, etta::Input<double, Columns>, etta::max_batch<6>> model;
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto p = model.parameter(i);
        const auto from = recorded(file(), name + ".start." + std::string(p.name));
        REQUIRE(static_cast<std::size_t>(p.size) == from.size());
        std::copy(from.begin(), from.end(), p.data);
    }
    etta::Tensor<double, 4, Columns> x;
    etta::Tensor<double, 4, 2> target;
    const auto in = recorded(file(), name + ".input"), y = recorded(file(), "target");
    std::copy(in.begin(), in.end(), x.data());
    std::copy(y.begin(), y.end(), target.data());
    double prediction[8];
    model.run(x.data(), prediction, 4);
    CHECK(unlike(file(), name + ".y", prediction, 1e-12) == "");
    if constexpr (Columns > steps * features) {  // also by the states
        const auto dx = etta::grad<1>([](auto net, auto x, auto t) { return etta::mse_loss(net(x), t); })(model, x, target);
        CHECK(unlike(file(), name + ".dx", dx.data(), 1e-10) == "");
    }
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::Adam{.lr = 0.01});
    const double loss = trainer.gradients(x.data(), target.data(), 4);
    CHECK(unlike(file(), name + ".loss", &loss, 1e-12) == "");
    CHECK(unlike_all(file(), name + ".gradient.", model, trainer.gradient_data(), 1e-10) == "");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), target.data(), 4);
    CHECK(unlike_all(file(), name + ".adam.", model, model.parameters.data(), 1e-10) == "");
}

}  // namespace

TEST_CASE("a layer at every step, an RNN with tanh and the last outputs of both directions compute and learn what PyTorch does") { compare<Wrapped, 21>("wrapped"); }
TEST_CASE("an LSTM and a GRU that start from given states pass gradients to them as PyTorch does") { compare<Started, 39>("started"); }
TEST_CASE("sequences of different lengths give the gradients and the steps of PyTorch's packed ones") { compare<Ragged, 22>("ragged"); }
TEST_CASE("a recurrent layer at every step of another computes and learns what PyTorch does") { compare<Nested, 21>("nested"); }
