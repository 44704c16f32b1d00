// Whole training steps: forward, loss, backward, update (T1 to T4).
#include <etta/etta.hpp>

#include "bench.hpp"
#include "lenet.hpp"
#include "workloads.hpp"

namespace {

struct Mlp {
    etta::Linear<128> fc1;
    etta::Linear<10> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};

template <class Model, class Rule, class... Options>
void step(bench::meter& m, Rule rule, const Options&... options) {
    static Model model{etta::seed(7)};
    static auto trainer = etta::Trainer(model, etta::CrossEntropy{}, rule, options...);
    static const float* const x = bench::numbers(bench::train_batch * Model::input_type::sample_size, 1, 0, 1);
    static int y[bench::train_batch];
    bench::digit_labels(y);
    double loss = 0;
    m.run([&] { loss = trainer.step(x, y, bench::train_batch), bench::keep(&loss); });
}

void mlp(bench::meter& m) {
    step<etta::Model<Mlp, etta::Input<float, 784>, etta::max_batch<bench::train_batch>>>(m, etta::Adam{.lr = bench::train_rate});
}
void recipe(bench::meter& m) {
    step<etta::Model<Mlp, etta::Input<float, 784>, etta::max_batch<bench::train_batch>>>(
        m, etta::AdamW{.lr = bench::train_rate}, etta::TrainerOptions{.clip_norm = 1, .schedule = etta::cosine(0.1, 100).over(1000000)});
}
void lenet(bench::meter& m) {
    step<etta::Model<LeNet, etta::Input<float, 1, 28, 28>, etta::max_batch<bench::train_batch>>>(m, etta::SGD{.lr = bench::train_rate, .momentum = 0.9});
}

struct Forecast {
    etta::LSTM<bench::lstm_hidden> lstm;
    etta::Linear<1> fc;
    constexpr auto operator()(auto x) const { return fc(lstm(x).last[0].h); }
};
void lstm(bench::meter& m) {
    static etta::Model<Forecast, etta::Input<float, bench::lstm_steps, 1>, etta::max_batch<bench::lstm_batch>> model{etta::seed(7)};
    static auto trainer = etta::Trainer(model, etta::MSE{}, etta::Adam{.lr = bench::train_rate});
    static const float* const x = bench::numbers(bench::lstm_batch * bench::lstm_steps, 1, 0, 1);
    static const float* const y = bench::numbers(bench::lstm_batch, 2, 0, 1);
    double loss = 0;
    m.run([&] { loss = trainer.step(x, y, bench::lstm_batch), bench::keep(&loss); });
}

struct Language {
    etta::Embedding<bench::text_ids, bench::text_width> tokens;
    etta::LearnedPositions<bench::text_length> positions;
    etta::TransformerEncoderLayer<bench::text_width, bench::text_heads, 4 * bench::text_width,
                                  etta::TransformerOptions{.act = etta::activation::gelu, .norm_first = true, .causal = true}> block;
    etta::LayerNorm<> norm;
    etta::Linear<bench::text_ids> head;
    constexpr auto operator()(auto x) const { return head(norm(block(positions(tokens(x))))); }
};
void transformer(bench::meter& m) {
    static etta::Model<Language, etta::Input<int, bench::text_length>, etta::max_batch<bench::text_batch>> model{etta::seed(7)};
    static auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = bench::train_rate});
    static int x[bench::text_batch * bench::text_length], y[bench::text_batch * bench::text_length];
    bench::text(x, y);
    double loss = 0;
    m.run([&] { loss = trainer.step(x, y, bench::text_batch), bench::keep(&loss); });
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("etta", argc, argv);
    s.add("T1.mlp.adam.b64", mlp);
    s.add("T1.mlp.adamw.clip.cosine.b64", recipe);
    s.add("T2.lenet.sgdm.b64", lenet);
    s.add("T3.lstm32.seq64.b32.adam", lstm);
    s.add("T4.transformer.b8.s64.d128.adamw", transformer);
    return s.run();
}
