// A GPT that learns to write, character by character, and then writes.
//
//   examples/run.sh char_gpt [--data FILE] [--size small|base] [--steps N] [--seed N] [--threads N]
//                            [--save FILE] [--resume FILE] [--sample N] [--prompt TEXT] [--temperature T]
//
// Without --data it learns from poems that lie in examples/data. --size base is the usual little GPT (4 layers of 4 heads, 128
// channels, 64 characters of context). --save writes a checkpoint now and then and at the end; --resume goes on from one, to the
// same bits as a run that was never interrupted. --sample writes so many characters at the end, with a cache of keys and values.
// ci: --steps 60 --sample 40
#include <etta/etta.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// Characters a vocabulary can have; a text with fewer leaves the rest unused.
constexpr int characters = 96;

template <int Length, int Dim, int Heads, int Layers>
struct Gpt {
    using Block = etta::TransformerEncoderLayer<Dim, Heads, 4 * Dim,
                                                etta::TransformerOptions{.act = etta::activation::gelu, .norm_first = true, .causal = true, .bias = false}>;
    etta::Embedding<characters, Dim, -1, etta::init::normal<0.02>> embed;
    etta::LearnedPositions<Length, etta::init::normal<0.02>> positions;
    std::array<Block, Layers> blocks;
    etta::LayerNorm<etta::LayerNormOptions{.bias = false}> norm;

    constexpr auto operator()(auto tokens) const {
        auto x = positions(embed(tokens));
        for (auto& block : blocks) x = block(x);
        return embed.attend(norm(x));  // the output's weights are the embedding's
    }
};

struct Options {
    std::string data = (std::filesystem::path(__FILE__).parent_path().parent_path() / "data" / "poems.txt").string();
    std::string size = "small", save, resume, prompt = "\n";
    long steps = 500, sample = 300;
    int seed = 1;
    double temperature = 0.8;
};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Writes n characters, one at a time: the network sees one, and remembers the keys and values of those before.
template <class Net, int Length, class Model>
void write(Model& model, const etta::Vocabulary& letters, const Options& o) {
    static etta::Stream<Net, etta::Input<std::int32_t, 1>, Length> stream(model);
    std::vector<std::int32_t> ids = letters.encode(o.prompt);
    float logits[characters];
    int seen = 0;
    const auto feed = [&](std::int32_t id) { stream.process(&id, logits), ++seen; };
    for (const std::int32_t id : ids) feed(id);
    std::uint64_t drawn = 0;
    const double start = seconds();
    std::fputs(o.prompt.c_str(), stdout);
    for (long i = 0; i < o.sample; ++i) {
        if (seen == Length) {  // the context is full: read the last half of it again
            stream.reset(), seen = 0;
            for (std::size_t k = ids.size() - Length / 2; k < ids.size(); ++k) feed(ids[k]);
        }
        double sum = 0, p[characters];
        for (int c = 0; c < letters.size(); ++c) sum += p[c] = std::exp(static_cast<double>(logits[c]) / o.temperature);
        double u = etta::to_unit_double(etta::philox(etta::seed(static_cast<std::uint64_t>(o.seed)), 1, drawn++).low()) * sum;
        std::int32_t next = 0;
        while (next + 1 < letters.size() && (u -= p[next]) > 0) ++next;
        ids.push_back(next);
        std::fputs(letters.decode({&next, 1}).c_str(), stdout);
        feed(next);
    }
    std::printf("\n\n%.0f characters/s\n", static_cast<double>(o.sample) / (seconds() - start));
}

template <int Length, int Dim, int Heads, int Layers, int Batch>
int run(const Options& o) {
    const std::string text = etta::load_text(o.data);
    const auto letters = etta::Vocabulary::of(text);
    if (letters.size() > characters) {
        std::fprintf(stderr, "%s has %d different characters; this program is compiled for %d\n", o.data.c_str(), letters.size(), characters);
        return 1;
    }
    const std::vector<std::int32_t> ids = letters.encode(text);
    const auto cut = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() * 9 / 10);
    const auto train = etta::Dataset::windows({ids.begin(), cut}, Length);
    const auto validation = etta::Dataset::windows({cut, ids.end()}, Length, Length);

    using Net = Gpt<Length, Dim, Heads, Layers>;
    using Model = etta::Model<Net, etta::Input<std::int32_t, Length>, etta::max_batch<Batch>>;
    Model model{etta::seed(static_cast<std::uint64_t>(o.seed))};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 1e-3, .beta2 = 0.99, .weight_decay = 0.1},
                                 {.groups = {{etta::vectors_only, {.weight_decay = 0}}}, .clip_norm = 1.0, .schedule = etta::cosine(0.1, 100).over(o.steps)});
    std::printf("%zu characters, %d different; %lld parameters, %d characters of context, %.1f MFLOP a step\n", text.size(), letters.size(),
                static_cast<long long>(Model::parameter_count), Length, static_cast<double>(decltype(trainer)::program::flops) / 1e6);

    auto loader = etta::batches(train, Batch, {.shuffle = etta::seed(static_cast<std::uint64_t>(o.seed)), .steps = o.steps});
    if (!o.resume.empty()) loader.resume(etta::load_checkpoint(trainer, o.resume));
    const long first = trainer.steps(), report = o.steps < 500 ? o.steps / 5 + 1 : 250;
    double loss = 0, validating = 0;
    const double start = seconds();
    for (auto&& [x, y] : loader) {
        if (trainer.steps() >= o.steps) break;
        loss = trainer.step(x, y);
        const long step = trainer.steps();
        if (step % report != 0 && step != o.steps) continue;
        const double now = seconds();
        const double speed = static_cast<double>((step - first) * Batch * Length) / (now - start - validating);
        std::printf("step %5ld of %ld: loss %.3f, validation %.3f, rate %.1e, %.0f tokens/s\n", step, o.steps, loss, trainer.evaluate(validation).loss, trainer.rate(), speed);
        std::fflush(stdout);
        if (!o.save.empty()) etta::save_checkpoint(trainer, o.save, loader.position());
        validating += seconds() - now;
    }
    const double trained = seconds() - start - validating;
    if (o.sample > 0) write<Net, Length>(model, letters, o);
    std::printf("trained for %.1f s\nvalidation loss %.4f\n", trained, trainer.evaluate(validation).loss);
    return 0;
}

int main(int argc, char** argv) {
    Options o;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const char* const value = i + 1 < argc ? argv[++i] : nullptr;
        if (value == nullptr) return std::fprintf(stderr, "%s needs a value\n", argv[i]), 2;
        if (name == "--data") o.data = value;
        else if (name == "--size") o.size = value;
        else if (name == "--save") o.save = value;
        else if (name == "--resume") o.resume = value;
        else if (name == "--prompt") o.prompt = value;
        else if (name == "--steps") o.steps = std::atol(value);
        else if (name == "--sample") o.sample = std::atol(value);
        else if (name == "--seed") o.seed = std::atoi(value);
        else if (name == "--temperature") o.temperature = std::atof(value);
        else return std::fprintf(stderr, "there is no option %s\n", argv[i - 1]), 2;
    }
    try {
        if (o.size == "small") return run<32, 64, 2, 2, 8>(o);
        if (o.size == "base") return run<64, 128, 4, 4, 12>(o);
        return std::fprintf(stderr, "--size is small or base\n"), 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
