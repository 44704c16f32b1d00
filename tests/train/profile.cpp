// Profiles of training steps: every kernel is counted once and named by the layers that it computes, forward or backward; the trainer
// stays as it is.
#include <etta/nn/conv.hpp>
#include <etta/nn/dropout.hpp>
#include <etta/nn/layers.hpp>
#include <etta/nn/norm.hpp>
#include <etta/nn/pool.hpp>
#include <etta/nn/recurrent.hpp>
#include <etta/train/ema.hpp>
#include <etta/train/profile.hpp>
#include <etta/train/trainer.hpp>

#include <cstring>

#include "catch.hpp"

using namespace etta;

namespace {

struct Picture {
    Conv2d<2, 3> conv;
    BatchNorm2d<> bn;
    Dropout<0.25> drop;
    Linear<3> fc;
    constexpr auto operator()(auto x) const { return fc(flatten(drop(relu(bn(conv(x)))))); }
};
struct Sequence {
    Linear<4> in;
    LSTM<6> lstm;
    Linear<2> out;
    constexpr auto operator()(auto x) const { return out(lstm(in(x)).last[0].h); }
};
struct Mlp {
    Linear<16> fc1;
    Linear<4> fc2;
    constexpr auto operator()(auto x) const { return fc2(tanh(fc1(x))); }
};

// Operations of numbers such as 1 / n, which every kernel that needs one makes for itself: no kernel is theirs.
template <class P>
double shared_numbers() {
    std::vector<char> in_kernel(static_cast<std::size_t>(P::n_nodes));
    for (int c = 0; c < P::n_calls; ++c)
        for (int i = P::schedule.kernels[P::table.calls[c].source].first; i >= 0; i = P::schedule.next[i]) {
            CHECK(!in_kernel[static_cast<std::size_t>(i)]);
            in_kernel[static_cast<std::size_t>(i)] = 1;
        }
    double flops = 0;
    for (int i = 0; i < P::n_nodes; ++i) {
        const _::node& n = P::view.nodes[i];
        const double work = in_kernel[static_cast<std::size_t>(i)] ? 0 : static_cast<double>(_::flops_of(P::view, n, P::symbols.at));
        CHECK(work <= 4);  // one number's
        flops += work;
    }
    return flops;
}
// What holds of every profile of a whole batch: kernels and operations are the program's, times add up, nothing is nobody's.
template <class Tr>
void adds_up(const Profile& p) {
    int kernels = 0;
    double seconds = 0, flops = 0, by_pass = 0;
    for (const ProfileRow& r : p.rows) {
        kernels += r.kernels, seconds += r.seconds, flops += r.flops;
        CHECK(r.seconds > 0);
        CHECK(r.layers != "(other)");
        CHECK((r.pass == ProfileRow::backward) == (r.layers.rfind("backward of ", 0) == 0));
        CHECK((r.pass == ProfileRow::both) == (r.layers.find(", backward of ") != std::string::npos));
    }
    for (const auto pass : {ProfileRow::forward, ProfileRow::backward, ProfileRow::both, ProfileRow::update}) by_pass += p.seconds_of(pass);
    CHECK(kernels == Tr::program::n_calls);
    CHECK(flops + shared_numbers<typename Tr::program>() == static_cast<double>(Tr::program::flops));
    CHECK(p.flops == flops);
    CHECK(p.seconds == Approx(seconds));
    CHECK(by_pass == Approx(seconds));
    CHECK(p.run > 0);
    CHECK(p.step);
}
// Is there a row whose forward part (in front of "backward of") or whose backward part names this?
bool names(const Profile& p, const std::string& what, bool backward) {
    for (const ProfileRow& r : p.rows) {
        const std::size_t at = r.layers.find("backward of ");
        const std::string part = backward ? (at == std::string::npos ? std::string() : r.layers.substr(at)) : r.layers.substr(0, at);
        if (part.find(what) != std::string::npos) return true;
    }
    return false;
}
// How many products of the step's program belong to this row: 2 k, layer k; 2 k + 1, its derivative.
template <class Tr>
int products_of(int row) {
    using P = typename Tr::program;
    int n = 0;
    for (int i = 0; i < P::n_nodes; ++i) n += P::view.nodes[i].op->kind == _::op_kind::contraction && _::step_rows<Tr>::table.row_of[i] == row;
    return n;
}

}  // namespace

TEST_CASE("a step's profile counts each kernel once, and leaves the trainer as it is, bit for bit") {
    using M = Model<Picture, Input<float, 1, 6, 6>, max_batch<4>>;
    Tensor<float, 4, 1, 6, 6> x;
    for (etta::index i = 0; i < x.size(); ++i) x.data()[i] = 0.01f * static_cast<float>(i % 50);
    const Tensor<std::int32_t, 4> y{0, 1, 2, 1};
    M a{seed(1)}, b{seed(1)};
    const TrainerOptions o{.clip_norm = 0.5, .schedule = cosine().over(20)};
    auto first = Trainer(a, CrossEntropy{}, AdamW{.lr = 0.1}, o), second = Trainer(b, CrossEntropy{}, AdamW{.lr = 0.1}, o);
    EMA average(a), other(b);
    first.follow(average), second.follow(other);
    using T = decltype(first);
    for (int step = 0; step < 4; ++step) {
        CHECK(first.step(x.data(), y.data(), 4) == second.step(x.data(), y.data(), 4));
        if (step == 0 || step == 2) adds_up<T>(profile(first, x, y, {.repeats = 2}));
        CHECK(std::memcmp(a.parameters.data(), b.parameters.data(), M::parameter_bytes) == 0);
        CHECK(std::memcmp(a.states.data(), b.states.data(), M::state_bytes) == 0);
        CHECK(std::memcmp(first.gradient_data(), second.gradient_data(), M::parameter_bytes) == 0);
        for (int k = 0; k < 2; ++k) CHECK(std::memcmp(first.state_data(k), second.state_data(k), M::parameter_bytes) == 0);
        CHECK(first.steps() == second.steps());
        CHECK(first.rate() == second.rate());
        CHECK(first.gradient_norm() == second.gradient_norm());
        std::vector<named_tensor> s, t;
        first.append_tensors(s), second.append_tensors(t);
        CHECK(s.size() == t.size());
        for (std::size_t i = 0; i < s.size(); ++i) CHECK(std::memcmp(s[i].data, t[i].data, s[i].bytes) == 0);
    }
    const Profile p = profile(first, x.data(), y.data(), 3, {.repeats = 1});
    CHECK(p.samples == 3);
    CHECK(p.flops < static_cast<double>(T::program::flops));
    for (const char* layer : {"conv", "bn", "drop", "fc", "(loss)"}) {
        CHECK(names(p, layer, false));
        CHECK(names(p, layer, true));
    }
    CHECK(p.rows.back().layers == "(update)");
    CHECK(p.rows[p.rows.size() - 2].layers == "(clipping)");
    CHECK(p.text().find("a whole step ") != std::string::npos);
    CHECK_THROWS_WITH(profile(first, x.data(), y.data(), 5), says("a batch of 5 samples; the model takes 1 to max_batch<4>"));
    CHECK_THROWS_WITH(profile(first, x, y, {.repeats = 0}), says("repeats"));
    CHECK_THROWS_WITH(profile(first, x, Tensor<std::int32_t, 3>{0, 1, 2}), says("profile: 3 targets for 4 samples; this loss takes 1 a sample"));
    CHECK_THROWS_WITH(profile(first, x, Tensor<std::int32_t, 4>{0, 1, 2, 3}), says("label 3 of sample 3"));
}

TEST_CASE("what a derivative's rule makes belongs to the layer whose operation it differentiates") {
    using M = Model<Mlp, Input<double, 8>, max_batch<32>>;
    M m{seed(1)};
    auto trainer = Trainer(m, MSE{}, SGD{.lr = 0.1, .momentum = 0.9}, {.groups = {{"fc1.*", {.frozen = true}}}, .accumulate = 3});
    using T = decltype(trainer);
    using R = _::step_rows<T>;
    std::string layers;
    for (int i = 0; i < R::sizes.layers; ++i) layers += std::string(R::table.names[i].view()) + "; ";
    CHECK(layers == "fc1; (tanh); fc2; (loss); ");
    const int products[] = {1, 1, 0, 0, 1, 2, 0, 0};  // fc1: the input has no derivative
    for (int row = 0; row < 8; ++row) CHECK(products_of<T>(row) == products[row]);
    Tensor<double, 32, 8> x;
    Tensor<double, 32, 4> y;
    x = 0.5, y = 0.25;
    trainer.step(x.data(), y.data(), 32);  // one of three
    const std::vector<double> before(m.parameters.data(), m.parameters.data() + T::n_elements);
    const Profile p = profile(trainer, x, y, {.repeats = 1});
    adds_up<T>(p);
    CHECK(names(p, "(tanh)", true));
    CHECK(std::vector<double>(m.parameters.data(), m.parameters.data() + T::n_elements) == before);
    const any_view bx{x.data(), dtype::f64, 2, {32, 8}}, by{y.data(), dtype::f64, 2, {32, 4}};  // as a loader gives them
    CHECK(profile(trainer, bx, by, {.repeats = 1}).samples == 32);
    CHECK_THROWS_WITH(profile(trainer, by, by), says("the model takes 8"));
}

TEST_CASE("a loop's kernels, forwards and backwards, are its layer's") {
    using M = Model<Sequence, Input<float, 5, 3>, max_batch<4>>;
    M m{seed(1)};
    auto trainer = Trainer(m, MSE{}, SGD{});
    Tensor<float, 4, 5, 3> x;
    Tensor<float, 4, 2> y;
    x = 0.5f, y = 0.25f;
    const Profile p = profile(trainer, x, y, {.repeats = 1});
    adds_up<decltype(trainer)>(p);
    for (const char* layer : {"in", "lstm", "out", "(loss)"}) CHECK(names(p, layer, true));
    double flops[2] = {};
    for (const ProfileRow& r : p.rows)
        if (r.layers.find("lstm") != std::string::npos) flops[r.layers.find("backward of") != std::string::npos] += r.flops;
    // 4 samples, 5 steps: [4 -> 24] and [6 -> 24], and each once more for weights and for what goes in.
    CHECK(flops[0] > 4 * 5 * 2 * (4 + 6) * 24);
    CHECK(flops[1] > 2 * 4 * 5 * 2 * (4 + 6) * 24);
}
