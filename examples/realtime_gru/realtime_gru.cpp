// A guitar pedal learned by example: a small GRU hears a dry signal and what a distorting amplifier makes of it, imitates
// it, and then runs in an audio callback with etta::Stream: sample by sample, and in blocks of 64. Counts what the callback
// allocates and how often it waits for anything (a lock that another thread holds, say: it takes none), and says how much
// of real time at 48 kHz it needs. Fails if it allocates or waits at all.
//
//   examples/run.sh realtime_gru [--epochs N] [--seed N]
// ci: --epochs 2
#include <etta/etta.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

// Every allocation of this program goes through here.
static long allocations = 0;
void* operator new(std::size_t n) {
    ++allocations;
    if (void* p = std::malloc(n)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void* operator new(std::size_t n, std::align_val_t a) {
    ++allocations;
    const auto align = static_cast<std::size_t>(a);
    if (void* p = std::aligned_alloc(align, (n + align - 1) / align * align)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

constexpr double rate = 48000;
constexpr int piece = 256, block = 64, lead = 64;

// What is added to the dry signal: [N, T, 1] -> [N, T, 1], for any T.
struct Pedal {
    etta::GRU<8> gru;
    etta::Linear<1> out;

    constexpr auto operator()(auto x) const { return x + out(gru(x).y); }
};

// Plucked strings: decaying harmonics, a new chord every 0.3 s.
std::vector<float> strings(double seconds, unsigned seed) {
    std::vector<float> x(static_cast<std::size_t>(seconds * rate));
    const double open[] = {82.4, 110, 146.8, 196, 246.9, 329.6};
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double t = static_cast<double>(i) / rate, since = std::fmod(t, 0.3);
        const auto chord = static_cast<std::uint64_t>(t / 0.3);
        double v = 0;
        for (int k = 0; k < 3; ++k) {
            const double u = std::fabs(etta::normal_at<double>(etta::seed(seed), 0, chord * 3 + static_cast<std::uint64_t>(k)));
            const double pitch = open[static_cast<int>(u * 4) % 6] * std::exp2(static_cast<int>(u * 97) % 8 / 12.0);
            for (int h = 1; h <= 5; ++h) v += std::sin(6.283185307179586 * pitch * h * since) / (h * h) * std::exp(-since * (3 + 2 * h));
        }
        x[i] = static_cast<float>(0.35 * v * std::fmin(1, since * 500));
    }
    return x;
}

// The effect to be imitated: a low-pass at 4 kHz, a valve that clips one side sooner than the other, another low-pass.
std::vector<float> amplifier(const std::vector<float>& x) {
    std::vector<float> y;
    const double a = 1 - std::exp(-6.283185307179586 * 4000 / rate);
    double before = 0, behind = 0;
    for (const float v : x) {
        before += a * (static_cast<double>(v) - before);
        const double driven = 4 * before;
        behind += a * ((driven > 0 ? std::tanh(driven) : 0.7 * std::tanh(driven / 0.7)) - behind);
        y.push_back(static_cast<float>(0.5 * behind));
    }
    return y;
}

// Pieces of `piece` samples: the signal, and what the effect makes of it.
etta::Dataset pieces(const std::vector<float>& dry, const std::vector<float>& wet) {
    const auto n = static_cast<std::ptrdiff_t>(dry.size() / piece * piece);
    return etta::Dataset::from(std::vector<float>(dry.begin(), dry.begin() + n), {piece, 1}, std::vector<float>(wet.begin(), wet.begin() + n), {piece, 1});
}

// Energy of the difference over the energy of what was wanted.
double relative_error(const std::vector<float>& got, const std::vector<float>& wanted) {
    double difference = 0, energy = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) difference += std::pow(got[i] - wanted[i], 2), energy += std::pow(wanted[i], 2);
    return difference / energy;
}

// What an audio system calls with `frames` samples at a time. `user` is whatever was registered with it.
template <class Voice>
void callback(const float* in, float* out, int frames, void* user) {
    Voice& voice = *static_cast<Voice*>(user);
    for (int i = 0; i < frames; i += static_cast<int>(Voice::input_size)) voice.process(in + i, out + i);
}

struct Played {
    std::vector<float> out;
    double ns = 0;  // per sample
    long allocations = 0, waits = 0;
};
// How often this thread gave up its processor on its own account: in a lock, a sleep, a read. (Those that trained may go to sleep
// meanwhile.)
long waits() {
    rusage r;
#ifdef RUSAGE_THREAD
    getrusage(RUSAGE_THREAD, &r);
#else
    getrusage(RUSAGE_SELF, &r);
#endif
    return r.ru_nvcsw;
}
// The whole signal through the callback, 64 samples at a time.
template <class Voice>
Played play(Voice& voice, const std::vector<float>& in) {
    Played p{std::vector<float>(in.size()), 1e30};
    for (int again = 0; again < 5; ++again) {
        voice.reset();
        const long allocated = allocations, waited = waits();
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i + block <= in.size(); i += block) callback<Voice>(&in[i], &p.out[i], block, &voice);
        const double ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / static_cast<double>(in.size());
        p.allocations += allocations - allocated, p.waits += waits() - waited;
        if (ns < p.ns) p.ns = ns;
    }
    return p;
}

int main(int argc, char** argv) {
    unsigned seed = 1;
    int epochs = 25;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--seed") seed = static_cast<unsigned>(std::atoi(argv[i + 1]));
        else if (option == "--epochs") epochs = std::atoi(argv[i + 1]);
        else return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
    }
    // Every piece starts from silence, as the network's state does; its first samples do not count.
    auto loss = [](auto const& net, auto const& batch) {
        const auto difference = slice<1, lead, piece>(net(batch.x)) - slice<1, lead, piece>(batch.y);
        return mean(square(difference)) / mean(square(batch.y));
    };
    const auto dry = strings(6, seed), wet = amplifier(dry);
    etta::Model<Pedal, etta::Input<float, piece, 1>, etta::max_batch<32>> model{etta::seed(seed)};
    auto trainer = etta::Trainer(model, loss, etta::Adam{.lr = 1e-2});
    trainer.fit(pieces(dry, wet), {.epochs = epochs, .batch = 32, .schedule = etta::cosine(), .seed = etta::seed(seed)});

    const auto heard = strings(2.1, seed + 1), wanted = amplifier(heard);  // other chords
    etta::Stream<Pedal, etta::Input<float, 1, 1>> single(model);
    etta::Stream<Pedal, etta::Input<float, block, 1>> blocks(model);
    const Played a = play(single, heard), b = play(blocks, heard);
    double apart = 0;
    for (std::size_t i = 0; i < a.out.size(); ++i) apart = std::fmax(apart, std::fabs(static_cast<double>(a.out[i]) - static_cast<double>(b.out[i])));

    std::printf("\nerror on chords never heard, energy over energy: %.5f (dry signal: %.5f)\n", relative_error(b.out, wanted), relative_error(heard, wanted));
    std::printf("sample by sample against blocks of %d: largest difference %.1e\n\n", block, apart);
    std::printf("                   ns per sample  of real time at 48 kHz  bytes  allocations  waits\n");
    const auto line = [](const char* name, const Played& p, std::size_t bytes) {
        std::printf("%-18s %13.0f  %21.2f %%  %5zu  %11ld  %5ld\n", name, p.ns, p.ns * rate / 1e9 * 100, bytes, p.allocations, p.waits);
    };
    line("sample by sample", a, sizeof single);
    line("in blocks of 64", b, sizeof blocks);
    bool good = true;
    const auto expect = [&](bool ok, const char* what) {
        if (!ok) std::fprintf(stderr, "%s\n", what), good = false;
    };
    expect(a.allocations + b.allocations == 0, "a callback allocated");
    expect(a.waits + b.waits == 0, "a callback gave its processor away: a lock, a sleep or a file");
    expect(apart < 1e-4, "sample by sample and in blocks are not the same");
    return good ? 0 : 1;
}
