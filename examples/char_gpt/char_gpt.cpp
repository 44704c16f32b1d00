// A GPT that learns to write, character by character, and then writes.
//
//   examples/run.sh char_gpt [--data FILE] [--steps N] [--seed N] [--resume FILE] [--sample N]
//                            [--size small|base] [--threads N] [--save FILE] [--stop N] [--prompt TEXT] [--temperature T]
//
// --data is a text, or a folder with an input.txt or one .txt in it; the usual little GPT (--size base: 4 layers of 4 heads, 128
// channels, 64 characters of context, batches of 12) learns from it, 2000 steps unless --steps says otherwise. Without --data a
// small one learns from poems that lie in examples/data, 500 steps. A tenth of the text, its end, is for validation.
//
// --resume goes on from a checkpoint, to the same bits as a run that was never interrupted, and writes it now and then and at the
// end; if there is no such file yet, the run begins. --save writes to another file. --stop leaves after so many steps, as if
// interrupted. --sample writes so many characters at the end, with a cache of keys and values; --temperature 0 takes the likeliest.
// ci: --steps 60 --sample 40
#include <etta/etta.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

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
    std::string data, size, save, resume, prompt;
    long steps = 0, sample = 300, stop = 0, threads = 0, seed = 1;
    double temperature = 0.8;
};

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The next character: the likeliest at temperature 0, else drawn.
std::int32_t choose(const float* logits, int n, double temperature, double uniform) {
    std::int32_t best = 0;
    for (int c = 1; c < n; ++c)
        if (logits[c] > logits[best]) best = c;
    if (temperature == 0) return best;
    double sum = 0, p[characters];
    for (int c = 0; c < n; ++c) sum += p[c] = std::exp(static_cast<double>(logits[c] - logits[best]) / temperature);
    double u = uniform * sum;
    std::int32_t next = 0;
    while (next + 1 < n && (u -= p[next]) > 0) ++next;
    return next;
}

// Writes o.sample characters, one at a time: the network sees one, and remembers the keys and values of those before.
template <class Net, int Length, class Model>
void write(Model& model, const etta::Vocabulary& letters, std::vector<std::int32_t> ids, const Options& o) {
    static etta::Stream<Net, etta::Input<std::int32_t, 1>, Length> stream(model);
    float logits[characters];
    const auto read_last = [&](std::size_t n) {
        for (std::size_t k = ids.size() < n ? 0 : ids.size() - n; k < ids.size(); ++k) stream.process(&ids[k], logits);
    };
    if (ids.size() > Length) std::fprintf(stderr, "the prompt has %zu characters; the last %d of them are the context\n", ids.size(), Length);
    read_last(Length);
    const double start = seconds();
    std::fputs(o.prompt.c_str(), stdout);
    for (long i = 0; i < o.sample; ++i) {
        const auto random = etta::philox(etta::seed(static_cast<std::uint64_t>(o.seed)), 1, static_cast<std::uint64_t>(i));
        ids.push_back(choose(logits, letters.size(), o.temperature, etta::to_unit_double(random.low())));
        std::fputs(letters.decode({&ids.back(), 1}).c_str(), stdout);
        if (stream.position() == Length) {  // the context is full: read the last half of it again
            stream.reset();
            read_last(Length / 2);
        } else {
            read_last(1);
        }
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
    for (const char c : o.prompt)
        if (letters.id(c) < 0) throw std::invalid_argument("--prompt: in " + o.data + " there is no '" + std::string(1, c) + "'");
    const std::vector<std::int32_t> prompt = letters.encode(!o.prompt.empty() ? o.prompt : letters.id('\n') >= 0 ? "\n" : letters.characters().substr(0, 1));
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
    if (!o.resume.empty() && std::filesystem::exists(o.resume)) {
        const auto position = etta::load_checkpoint(trainer, o.resume);
        if (position.steps != o.steps) {  // the learning rate depends on it, and the order of the batches
            const long made = trainer.steps(), planned = static_cast<long>(position.steps);
            std::fprintf(stderr, "%s is of a run of %ld steps, of which %ld are made: go on with --steps %ld, or begin a run of %ld steps with another file\n", o.resume.c_str(), planned, made, planned, o.steps);
            return 1;
        }
        loader.resume(position);
        std::printf("goes on from %s at step %ld\n", o.resume.c_str(), trainer.steps());
    }
    const std::string& save = o.save.empty() ? o.resume : o.save;
    const long first = trainer.steps(), report = o.steps < 500 ? o.steps / 5 + 1 : 250;
    double loss = 0, validating = 0;
    const double start = seconds();
    for (auto&& [x, y] : loader) {
        if (trainer.steps() >= o.steps) break;
        loss = trainer.step(x, y);
        const long step = trainer.steps();
        if (step % report != 0 && step != o.steps && step != o.stop) continue;
        const double now = seconds();
        const double speed = static_cast<double>((step - first) * Batch * Length) / (now - start - validating);
        std::printf("step %5ld of %ld: loss %.3f, validation %.3f, rate %.1e, %.0f tokens/s\n", step, o.steps, loss, trainer.evaluate(validation).loss, trainer.rate(), speed);
        std::fflush(stdout);
        if (!save.empty()) etta::save_checkpoint(trainer, save, loader.position());
        validating += seconds() - now;
        if (step == o.stop) break;
    }
    const double trained = seconds() - start - validating;
    if (o.sample > 0) write<Net, Length>(model, letters, prompt, o);
    std::printf("trained for %.1f s\nvalidation loss %.4f\n", trained, trainer.evaluate(validation).loss);
    return 0;
}

constexpr const char* usage = "options: --data FILE, --steps N, --seed N, --resume FILE, --sample N; --size small|base, --threads N, --save FILE, --stop N, --prompt TEXT, --temperature T";

// The text of --data: itself, or of a folder its input.txt or only .txt.
std::string text_in(const std::string& path) {
    namespace fs = std::filesystem;
    if (!fs::is_directory(path)) return path;
    if (fs::exists(fs::path(path) / "input.txt")) return (fs::path(path) / "input.txt").string();
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path))
        if (entry.path().extension() == ".txt") found.push_back(entry.path().string());
    if (found.size() != 1) throw std::runtime_error(path + " is a folder with " + std::to_string(found.size()) + " .txt files: expected an input.txt, or one .txt, or the path of a text");
    return found[0];
}
// A number from `least` on.
double number(std::string_view option, const char* text, double least, bool whole) {
    char* end = nullptr;
    const double x = std::strtod(text, &end);
    if (end == text || *end != 0 || !(x >= least && x <= 1e9) || (whole && x != std::floor(x)))
        throw std::invalid_argument(std::string(option) + " wants a " + (whole ? "whole number" : "number") + " from " + std::to_string(static_cast<int>(least)) + " on, not '" + text + "'");
    return x;
}

int main(int argc, char** argv) {
    try {
        Options o;
        for (int i = 1; i < argc; ++i) {
            const std::string_view name = argv[i];
            if (name == "--help") return std::puts(usage), 0;
            if (i + 1 == argc) throw std::invalid_argument(std::string(name) + " wants a value, or is no option\n" + usage);
            const char* const value = argv[++i];
            const auto count = [&](long least) { return static_cast<long>(number(name, value, static_cast<double>(least), true)); };
            if (name == "--data") o.data = value;
            else if (name == "--size") o.size = value;
            else if (name == "--save") o.save = value;
            else if (name == "--resume") o.resume = value;
            else if (name == "--prompt") o.prompt = value;
            else if (name == "--steps") o.steps = count(1);
            else if (name == "--stop") o.stop = count(1);
            else if (name == "--sample") o.sample = count(0);
            else if (name == "--seed") o.seed = count(0);
            else if (name == "--threads") o.threads = count(1);
            else if (name == "--temperature") o.temperature = number(name, value, 0, false);
            else throw std::invalid_argument("there is no option " + std::string(name) + "\n" + usage);
        }
        if (o.size.empty()) o.size = o.data.empty() ? "small" : "base";
        if (o.size != "small" && o.size != "base") throw std::invalid_argument("--size is small or base, not '" + o.size + "'");
        if (o.steps == 0) o.steps = o.data.empty() ? 500 : 2000;
        for (const std::string& file : {o.save, o.resume})  // before the first steps are lost
            if (const auto folder = std::filesystem::path(file).parent_path(); !folder.empty() && !std::filesystem::is_directory(folder))
                throw std::invalid_argument("there is no folder " + folder.string() + " for " + file);
        if (o.data.empty()) o.data = (std::filesystem::path(__FILE__).parent_path().parent_path() / "data" / "poems.txt").string();
        o.data = text_in(o.data);
#ifdef _OPENMP
        if (o.threads > 0) omp_set_num_threads(static_cast<int>(o.threads));
#else
        if (o.threads > 1) throw std::invalid_argument("--threads: this program was compiled without OpenMP (-fopenmp)");
#endif
        return o.size == "small" ? run<32, 64, 2, 2, 8>(o) : run<64, 128, 4, 4, 12>(o);
    } catch (const std::invalid_argument& e) {
        return std::fprintf(stderr, "%s\n", e.what()), 2;
    } catch (const std::exception& e) {
        return std::fprintf(stderr, "%s\n", e.what()), 1;
    }
}
