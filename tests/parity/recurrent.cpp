// LSTM, GRU and RNN against PyTorch: prediction, loss, every gradient, the weights after ten steps of Adam; a ragged batch.
// make_recurrent.py wrote the file.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

template <class Layer>
struct Net {
    Layer layer;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(mean(layer(x).y, etta::axis<1>)); }
};

const auto& file() {
    static const auto f = etta::safetensors_file::open(recorded_path("recurrent.st"));
    return f;
}
template <class M>
void start_as_recorded(M& model, const std::string& prefix) {
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        const auto from = recorded(file(), prefix + std::string(p.name));
        REQUIRE(static_cast<std::size_t>(p.size) == from.size());
        for (etta::index k = 0; k < p.size; ++k) p.data[k] = from[static_cast<std::size_t>(k)];
    }
}
template <class Layer>
void compare(const std::string& name) {
    etta::Model<Net<Layer>, etta::Input<double, 7, 3>, etta::max_batch<6>> model;
    start_as_recorded(model, name + ".start.");
    const auto x = recorded(file(), "input"), y = recorded(file(), "target");
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::Adam{.lr = 0.01});
    double prediction[8];
    model.run(x.data(), prediction, 4);
    CHECK(unlike(file(), name + ".y", prediction, 1e-10) == "");
    const double loss = trainer.gradients(x.data(), y.data(), 4);
    CHECK(unlike(file(), name + ".loss", &loss, 1e-10) == "");
    CHECK(unlike_all(file(), name + ".gradient.", model, trainer.gradient_data(), 1e-10) == "");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), y.data(), 4);
    CHECK(unlike_all(file(), name + ".adam.", model, model.parameters.data(), 1e-9) == "");
}

}  // namespace

TEST_CASE("a bidirectional LSTM of two layers computes what PyTorch computes") { compare<etta::LSTM<5, 2, true>>("lstm"); }
TEST_CASE("a GRU of two layers computes what PyTorch computes") { compare<etta::GRU<4, 2>>("gru"); }
TEST_CASE("an RNN with relu and without biases computes what PyTorch computes") { compare<etta::RNN<6, 1, false, false, true>>("rnn"); }

namespace {
struct Ragged {
    etta::GRU<4, 1, true> layer;
    constexpr auto operator()(auto x) const {  // a fourth feature holds the sequence's length
        const auto lengths = etta::cast<std::int32_t>(etta::squeeze<1, 2>(etta::slice<1, 0, 1>(etta::slice<-1, 3, 4>(x))));
        const auto [y, last] = layer(etta::slice<-1, 0, 3>(x), layer.zeros(x), lengths);
        return etta::concat<1>(etta::flatten(y), last[0], last[1]);
    }
};
}  // namespace

TEST_CASE("steps behind a sequence's end change nothing, in either direction, as in a packed sequence") {
    etta::Model<Ragged, etta::Input<double, 7, 4>, etta::max_batch<4>> model;
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto p = model.parameter(i);
        const auto from = recorded(file(), "ragged.start." + std::string(p.name).substr(6));  // without "layer."
        for (etta::index k = 0; k < p.size; ++k) p.data[k] = from[static_cast<std::size_t>(k)];
    }
    const auto x = recorded(file(), "input"), lengths = recorded(file(), "ragged.lengths");
    std::vector<double> with_length, y(4 * 64);
    for (std::size_t i = 0; i < 28; ++i) {
        for (std::size_t k = 0; k < 3; ++k) with_length.push_back(x[3 * i + k]);
        with_length.push_back(lengths[i / 7]);
    }
    model.run(with_length.data(), y.data(), 4);
    std::vector<double> outputs, last;
    for (std::size_t n = 0; n < 4; ++n) {
        outputs.insert(outputs.end(), y.begin() + static_cast<long>(64 * n), y.begin() + static_cast<long>(64 * n + 56));
        last.insert(last.end(), y.begin() + static_cast<long>(64 * n + 56), y.begin() + static_cast<long>(64 * n + 64));
    }
    CHECK(unlike(file(), "ragged.y", outputs.data(), 1e-12) == "");
    CHECK(unlike(file(), "ragged.last", last.data(), 1e-12) == "");
}
