// Tables, times and pictures of models: which layer makes what. Sums are compared with those of the program.
#include <etta/nn/draw.hpp>
#include <etta/nn/dropout.hpp>
#include <etta/nn/norm.hpp>
#include <etta/nn/recurrent.hpp>
#include <etta/nn/reparametrise.hpp>
#include <etta/nn/transformer.hpp>
#include <etta/train/profile.hpp>
#include <etta/train/trainer.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace etta;

namespace {

struct Small {
    Conv2d<2, 3> conv;
    BatchNorm2d<> bn;
    MaxPool2d<2> pool;
    Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(pool(relu(bn(conv(x)))))); }
};
using SmallModel = Model<Small, Input<float, 1, 6, 6>, max_batch<4>>;

// A layer of one's own with a parameter, one without, and what stands between layers: in a struct's body and in a lambda's.
struct Scale {
    Param<last_extent, init::ones> gamma;
    constexpr auto operator()(auto x) const { return x * gamma(x); }
};
struct Square {
    constexpr auto operator()(auto x) const { return x * x; }
};
struct Block {
    Scale scale;
    Linear<8> up;
    constexpr auto operator()(auto x) const {
        const auto twice = [](auto y) constexpr { return y + tanh(y); };
        return x + twice(up(scale(x)));
    }
};
struct Mixed {
    Dropout<0.5> drop;
    Linear<8> fc;
    std::array<Block, 2> blocks;
    Sequential<Block, ReLU, Square, WeightNorm<Linear<4>>> head;
    constexpr auto operator()(auto x) const {
        x = fc(tanh(fc(drop(x))));
        for (auto& b : blocks) x = b(x);
        return head(x);
    }
};
using MixedModel = Model<Mixed, Input<float, 8>, max_batch<4>>;

struct Sequence {
    Embedding<5, 8> embed;
    TransformerEncoderLayer<8, 2, 16> block;
    Sequential<LastOutput<LSTM<6>>, Linear<2>> head;
    constexpr auto operator()(auto x) const { return head(block(embed(x))); }
};
using SequenceModel = Model<Sequence, Input<int, 7>, max_batch<3>>;

template <class M>
void sums_agree(M& model) {
    etta::index parameters = 0, states = 0, bytes = 0, flops = 0, state_bytes = 0;
    for (const LayerRow& r : layer_rows(model)) parameters += r.parameters, states += r.states, bytes += r.bytes, flops += r.flops;
    CHECK(parameters == M::parameter_count);
    CHECK(flops == M::program::flops);
    etta::index expected = 0;
    for (int i = 0; i < M::n_states; ++i) expected += model.state(i).size, state_bytes += model.state(i).size * size_of(model.state(i).type);
    CHECK(states == expected);
    CHECK(bytes == M::parameter_count * static_cast<etta::index>(sizeof(typename M::element)) + state_bytes);
}
template <class M>
std::string names(M& model) {
    std::string s;
    for (const LayerRow& r : layer_rows(model)) s += (s.empty() ? "" : "; ") + std::string(r.name) + (r.calls > 1 ? "*" + std::to_string(r.calls) : "") + (r.type.empty() ? "" : " ") + std::string(r.type);
    return s;
}
std::size_t count_of(const std::string& s, const std::string& what) {
    std::size_t n = 0;
    for (std::size_t i = s.find(what); i != s.npos; i = s.find(what, i + what.size())) ++n;
    return n;
}
// Are tags closed in the order in which they were opened, attributes quoted, and is & always an entity?
bool well_formed(const std::string& s) {
    std::vector<std::string> open;
    std::size_t roots = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '&') {
            const std::string rest = s.substr(i, 6);
            if (rest.rfind("&lt;", 0) && rest.rfind("&gt;", 0) && rest.rfind("&amp;", 0) && rest.rfind("&quot;", 0)) return false;
        }
        if (s[i] == '>') return false;
        if (s[i] != '<') continue;
        const std::size_t end = s.find('>', i);
        if (end == s.npos) return false;
        const std::string tag = s.substr(i + 1, end - i - 1);
        if (tag.find('<') != tag.npos || count_of(tag, "\"") % 2 != 0) return false;
        const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" /", 1) - (tag[0] == '/'));
        if (tag[0] == '/') {
            if (open.empty() || open.back() != tag.substr(1)) return false;
            open.pop_back();
        } else {
            roots += open.empty();
            if (tag.back() != '/') open.push_back(name);
        }
        i = end;
    }
    return open.empty() && roots == 1;
}

}  // namespace

TEST_CASE("the summary of a small network is this table") {
    SmallModel m{seed(1)};
    CHECK(summary(m) ==
          "layer      type         output        parameters  state  FLOPs  bytes\n"
          "---------------------------------------------------------------------\n"
          "conv       Conv2d       [n, 2, 4, 4]          20      0   2432     80\n"
          "bn         BatchNorm2d  [n, 2, 4, 4]           4      5    398     40\n"
          "(relu)                  [n, 2, 4, 4]           0      0    128      0\n"
          "pool       MaxPool2d    [n, 2, 2, 2]           0      0     32      0\n"
          "(reshape)               [n, 8]                 0      0      0      0\n"
          "fc         Linear       [n, 3]                27      0    204    108\n"
          "---------------------------------------------------------------------\n"
          "51 parameters, 204 bytes\n"
          "5 numbers of state, 24 bytes\n"
          "a batch of 4: 0.003194 MFLOP, workspace 704 bytes\n");
    sums_agree(m);
}

TEST_CASE("layers of one's own, shared ones, containers and operations between layers have lines") {
    MixedModel m{seed(1)};
    CHECK(names(m) ==
          "drop Dropout; fc*2 Linear; (tanh); blocks.0.scale Scale; blocks.0.up Linear; (tanh, add); blocks.1.scale Scale; blocks.1.up Linear; (tanh, add); "
          "head.0.scale Scale; head.0.up Linear; head.0 (tanh, add); head.1 ReLU; head.2 Square; head.3 WeightNorm; head.3.layer Linear");
    sums_agree(m);
    const std::vector<LayerRow> rows = layer_rows(m);
    CHECK(rows[0].output == shape(m.output_shape[0], extent(8)));  // passes on what it is given
    CHECK(rows[1].flops == 2 * 4 * (2 * 8 * 8 + 8));               // both calls
    CHECK(rows[14].parameters == 4);
}

TEST_CASE("loops and attention count for the layers that they are in") {
    SequenceModel m{seed(1)};
    CHECK(names(m) ==
          "embed Embedding; block.self_attn MultiheadAttention; block.self_attn.out_proj Linear; block (add); block.norm1 LayerNorm; block.linear1 Linear; block (relu); "
          "block.linear2 Linear; block (add); block.norm2 LayerNorm; head.0.layer LSTM; head.1 Linear");
    sums_agree(m);
    const std::vector<LayerRow> rows = layer_rows(m);
    // 3 samples of 7 positions: [8 -> 24] and its bias, the scores of 2 heads of 4 and the sums over values.
    CHECK(rows[1].flops == 3 * 7 * (2 * 8 * 24 + 24) + 3 * 2 * 7 * 7 * 2 * (4 + 4));
    CHECK(rows[10].flops > 3 * 7 * 2 * (8 + 6) * 24);
    Model<Linear<2>, Input<double, 3>> one;
    CHECK(names(one) == "Linear Linear");
    sums_agree(one);
}

TEST_CASE("a trainer's summary says what is frozen and what its optimizer keeps") {
    SmallModel m{seed(1)};
    auto trainer = Trainer(m, MSE{}, Adam{}, {.groups = {{"conv.*", {.frozen = true}}}});
    const std::string s = summary(trainer);
    CHECK(s.find("51 parameters, 204 bytes: 31 trainable, 20 frozen\n") != std::string::npos);
    CHECK(s.find("state of the optimizer: 1.0 KiB\n") != std::string::npos);
}

TEST_CASE("a profile has a line for each set of layers, and counts what the program counts") {
    SmallModel m{seed(1)};
    Tensor<float, 4, 1, 6, 6> x;
    for (etta::index i = 0; i < x.size(); ++i) x.data()[i] = 0.01f * static_cast<float>(i);
    const Profile p = profile(m, x, {.repeats = 2});
    int kernels = 0;
    double flops = 0, seconds = 0;
    std::string lines;
    for (const ProfileRow& r : p.rows) {
        kernels += r.kernels, flops += r.flops, seconds += r.seconds;
        lines += r.layers + "; ";
        CHECK(r.seconds > 0);
    }
    CHECK(lines.find("conv + bn + (relu); ") != std::string::npos);
    CHECK(lines.find("pool; ") != std::string::npos);
    CHECK(lines.find("fc; ") != std::string::npos);
    CHECK(kernels == SmallModel::program::n_calls);
    CHECK(flops == static_cast<double>(SmallModel::program::flops));
    CHECK(seconds == Approx(p.seconds));
    CHECK(p.run > 0);
    CHECK(p.samples == 4);
    const Profile one = profile(m, x.data(), 1, {.repeats = 1});
    CHECK(one.flops < flops / 3);
    CHECK(count_of(one.text(), "\n") == one.rows.size() + 4);
    CHECK_THROWS_WITH(profile(m, x.data(), 5), says("profile: 5 samples; the model's max_batch<4>"));
    CHECK_THROWS_WITH(profile(m, x.data(), 1, {.repeats = 0}), says("repeats"));
}

TEST_CASE("the kernels of a loop's body are part of its line") {
    SequenceModel m{seed(1)};
    const std::vector<int> ids(21, 3);
    const Profile p = profile(m, ids.data(), 3, {.repeats = 1});
    CHECK(p.flops == static_cast<double>(SequenceModel::program::flops));
    double loop = 0;
    for (const ProfileRow& r : p.rows)
        if (r.layers.find("head.0.layer") != std::string::npos) loop += r.flops;
    CHECK(loop > 3 * 7 * 2 * (8 + 6) * 24);
}

TEST_CASE("a picture of a model is well-formed, with a box for each line of the table and its arrows") {
    Scratch dir;
    MixedModel m{seed(1)};
    const std::string s = svg(m);
    CHECK(well_formed(s));
    CHECK(count_of(s, "<g>") == layer_rows(m).size() + 2);
    CHECK(count_of(s, "<text") == 2 * (layer_rows(m).size() + 2));
    CHECK(s.find(">blocks.0.up</text>") != std::string::npos);
    CHECK(s.find(">Linear [n, 8]</text>") != std::string::npos);
    CHECK(count_of(s, "marker-end") == 21);  // 15 in a row, 3 around blocks, one from the weight of WeightNorm, 2 from and to the ends
    CHECK(count_of(s, "stroke-dasharray") == 1);
    save_svg(m, dir.path("m.svg"));
    CHECK(dir.names() == std::vector<std::string>{"m.svg"});
    CHECK(_::xml_escaped<_::this_host>("a<b> & \"c\"") == "a&lt;b&gt; &amp; &quot;c&quot;");
    CHECK_FALSE(well_formed("<a><b></a></b>"));
    CHECK_FALSE(well_formed("<a>&</a>"));
    SequenceModel sequence{seed(1)};
    CHECK(well_formed(svg(sequence)));
}

TEST_CASE("the DOT text of a model has its operations in a box for each layer") {
    SmallModel m{seed(1)};
    const std::string s = dot(m);
    CHECK(s.rfind("digraph etta {", 0) == 0);
    CHECK(count_of(s, "subgraph cluster_") == layer_rows(m).size());
    CHECK(s.find("label=\"conv: Conv2d\"") != std::string::npos);
    CHECK(s.find("label=\"(relu)\"") != std::string::npos);
    CHECK(count_of(s, "{") == count_of(s, "}"));
    int nodes = 0;
    for (int i = 0; i < SmallModel::program::n_nodes; ++i) nodes += count_of(s, "  n" + std::to_string(i) + " [label=") == 1;
    CHECK(nodes == SmallModel::program::n_nodes);
}
