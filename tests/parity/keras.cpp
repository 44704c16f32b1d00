// Weights that Keras wrote by their variables' paths (make_keras.py), in models of etta: what these predict is what Keras does.
#include <etta/nn/embedding.hpp>
#include <etta/nn/layer_norm.hpp>
#include <etta/nn/layers.hpp>
#include <etta/nn/norm.hpp>
#include <etta/nn/recurrent.hpp>
#include <etta/nn/state_dict.hpp>

#include <cmath>

#include "catch.hpp"
#include "scratch.hpp"

namespace {

struct Picture {
    etta::Conv2d<3, etta::per_axis{2, 3}> conv;
    etta::Conv2d<2, 2, 1, 0, 1, etta::depthwise> each;
    etta::SeparableConv2d<4, etta::per_axis{2, 1}, 1, 0, 1, 2> separable;
    etta::ConvTranspose2d<2, etta::per_axis{3, 2}, 2> up;
    etta::Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(up(tanh(separable(each(relu(conv(x)))))))); }
};
using PictureModel = etta::Model<Picture, etta::Input<double, 2, 7, 6>, etta::max_batch<3>>;

struct Sequence {
    etta::Embedding<6, 3> embed;
    etta::SeparableConv1d<4, 2> separable;
    etta::GRU<3, 1, true> both;
    etta::GRU<3, 1, false, false> gru;
    etta::LSTM<4> lstm;
    etta::LastOutput<etta::RNN<2>> rnn;
    constexpr auto operator()(auto x) const {
        const auto y = etta::permute<0, 2, 1>(separable(etta::permute<0, 2, 1>(embed(x))));
        return rnn(lstm(gru(both(y).y).y).y);
    }
};
using SequenceModel = etta::Model<Sequence, etta::Input<double, 5>, etta::max_batch<3>>;

struct Norm {
    etta::LayerNorm<etta::LayerNormOptions{.eps = 1e-3}> norm;
    etta::BatchNorm1d<etta::BatchNormOptions{.eps = 1e-3}> bn;
    constexpr auto operator()(auto x) const { return bn(norm(x)); }
};

const std::string folder = ETTA_TEST_DIR "/parity/";
using Names = std::vector<std::string>;
const etta::LoadOptions of_picture{.unexpected = true,
                                   .rename = {{"conv2d/*", "conv.*"},
                                              {"depthwise_conv2d/*", "each.*"},
                                              {"separable_conv2d/*", "separable.*"},
                                              {"conv2d_transpose/*", "up.*"},
                                              {"dense/*", "fc.*"}},
                                   .keras = true,
                                   .flattened = {{"fc.weight", {9, 6, 2}}}};
const etta::LoadOptions of_sequence{.unexpected = true,
                                    .rename = {{"embedding/*", "embed.*"},
                                               {"separable_conv1d/*", "separable.*"},
                                               {"bidirectional/forward_gru/gru_cell/*", "both.*_l0"},
                                               {"bidirectional/backward_gru/gru_cell/*", "both.*_l0_reverse"},
                                               {"gru_1/gru_cell/*", "gru.*_l0"},
                                               {"lstm/lstm_cell/*", "lstm.*_l0"},
                                               {"simple_rnn/simple_rnn_cell/*", "rnn.layer.*_l0"}},
                                    .keras = true};

// The largest difference between the model's output and Keras'. Pictures: channels last in the file.
template <class M>
double difference(M& m, const std::string& path, etta::index channels) {
    const etta::npz_file file = etta::read_npz(path);
    const std::vector<double> x = file.find("x")->values<double>(), want = file.find("y")->values<double>();
    const etta::index n = 3, size = M::input_type::sample_size, places = size / channels;
    std::vector<double> first(x.size()), y(want.size());
    for (etta::index i = 0; i < n; ++i)
        for (etta::index p = 0; p < places; ++p)
            for (etta::index c = 0; c < channels; ++c) first[static_cast<std::size_t>(i * size + c * places + p)] = x[static_cast<std::size_t>(i * size + p * channels + c)];
    m.run(first.data(), y.data(), n);
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < y.size(); ++i) worst = std::fmax(worst, std::abs(y[i] - want[i])), largest = std::fmax(largest, std::abs(want[i]));
    CHECK(largest > 0.1);
    return worst;
}

}  // namespace

TEST_CASE("convolutions, depthwise, separable and transposed ones, and what is behind a Flatten load from Keras' file") {
    const std::string path = folder + "keras.picture.npz";
    PictureModel m{etta::seed(1)};
    const etta::LoadReport r = etta::load(m, path, of_picture);
    CHECK(r.loaded.size() == 11);
    CHECK(r.missing.empty());
    CHECK(r.unexpected == Names{"x", "y"});
    CHECK(r.transposed == Names{"conv.weight", "each.weight", "separable.depthwise.weight", "separable.pointwise.weight", "up.weight", "fc.weight"});
    CHECK(difference(m, path, 2) <= 1e-13);

    etta::LoadOptions o = of_picture;
    o.flattened = {{"fc.weight", {9, 12}}};  // another number of channels
    etta::load(m, path, o);
    CHECK(difference(m, path, 2) > 1e-3);
    const auto refused = [&](const std::string& text) {
        const std::vector<double> before(m.parameters.data(), m.parameters.data() + PictureModel::facts::layout.elements);
        CHECK_THROWS_WITH(etta::load(m, path, o), says(path) && says(text));
        CHECK(std::vector<double>(m.parameters.data(), m.parameters.data() + PictureModel::facts::layout.elements) == before);
    };
    for (const std::vector<etta::index>& sample : {std::vector<etta::index>{9, 6}, {9, 6, 2, 2}, {-9, -6, 2}, {0, 1}, {}}) {
        o.flattened = {{"fc.weight", sample}};
        refused("flattened: 'fc.weight' has shape [3, 108], which does not take samples");
    }
    o.flattened = {{"fc1.*", {9, 6, 2}}};
    refused("flattened: no matrix of the model fits 'fc1.*'");
    o = of_picture, o.unexpected = false;
    refused("tensor 'x' is not a parameter of the model");
    o = of_picture, o.rename[1].to = "separable.depthwise.*", o.rename[2].to = "each.*";
    refused("");
}

TEST_CASE("recurrent layers of each kind, one and both ways, load from Keras' file with their gates in order") {
    const std::string path = folder + "keras.sequence.npz";
    SequenceModel m{etta::seed(1)};
    const etta::LoadReport r = etta::load(m, path, of_sequence);
    CHECK(r.loaded.size() == 1 + 3 + 8 + 2 + 4 + 4);
    CHECK(r.missing.empty());
    CHECK(r.unexpected == Names{"x", "y"});
    CHECK(difference(m, path, 1) <= 1e-13);
    for (const char* name : {"lstm.bias_hh_l0", "rnn.layer.bias_hh_l0"})
        for (etta::index i = 0; i < m.parameter(name).size; ++i) CHECK(m.parameter(name).data[i] == 0);
}

TEST_CASE("normalisation's statistics and factors load from Keras' file; what counts batches is etta's alone") {
    const std::string path = folder + "keras.norm.npz";
    etta::Model<Norm, etta::Input<double, 4>, etta::max_batch<3>> m{etta::seed(1)};
    const etta::LoadReport r = etta::load(m, path, {.unexpected = true, .rename = {{"layer_normalization/*", "norm.*"}, {"batch_normalization/*", "bn.*"}}, .keras = true});
    CHECK(r.loaded.size() == 6);
    CHECK(r.missing == Names{"bn.num_batches_tracked"});
    CHECK(difference(m, path, 1) <= 1e-12);
}

TEST_CASE("files of older versions of Keras, of float, of safetensors load too; a GRU of another formula does not") {
    Scratch dir;
    const std::string path = folder + "keras.sequence.npz";
    const etta::npz_file file = etta::read_npz(path);
    std::vector<etta::named_tensor> tensors;
    for (const etta::npy_array& a : file.arrays) tensors.push_back(a.tensor), tensors.back().name += ":0";
    etta::write_safetensors(dir.path("old.st"), tensors);
    SequenceModel m{etta::seed(1)};
    CHECK(etta::load(m, dir.path("old.st"), of_sequence).loaded.size() == 22);
    CHECK(difference(m, path, 1) <= 1e-13);
    etta::Model<Sequence, etta::Input<float, 5>, etta::max_batch<3>> f{etta::seed(1)};
    CHECK_THROWS_WITH(etta::load(f, dir.path("old.st"), of_sequence), says("is double, the model's is float"));
    etta::LoadOptions o = of_sequence;
    o.convert = true;
    etta::load(f, path, o);
    CHECK(etta::compare_weights(m, f).within(1e-7));
    for (etta::named_tensor& t : tensors)
        if (t.name == "bidirectional/forward_gru/gru_cell/bias:0") t.shape = {9}, t.bytes /= 2;
    etta::write_safetensors(dir.path("before.st"), tensors);
    CHECK_THROWS_WITH(etta::load(m, dir.path("before.st"), of_sequence), says("has shape [9]: it is that of a GRU with reset_after=False"));
    o.keras = false;
    CHECK_THROWS_WITH(etta::load(m, path, o), says("there is no tensor"));
}
