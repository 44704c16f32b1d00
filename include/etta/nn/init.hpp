// init.hpp: how parameters start. An initialiser is an empty type that turns a parameter's extents and fan-in into plain data
// (a start_value) while the model is traced; nn/fill.hpp draws the numbers, each a function of (seed, parameter, index) alone.
#pragma once

#include "../core/random.hpp"
#include "../ir/graph.hpp"
#include "real.hpp"

namespace etta {

// How a parameter starts, as plain data: {kind, a, b}.
using initialiser = _::start_value;

// The numbers that a distribution's width is divided by: inputs per output, outputs per input, their mean.
enum class fan { in, out, average };

// Initialisers know the extents and the fan-in: the product of the extents after the first, unless a layer says otherwise. Names
// and formulas are torch.nn.init's, and Keras' for LeCun's.
namespace init {
constexpr double root(double x) {  // Newton's iteration from above; constant expressions have no std::sqrt
    double r = x > 1 ? x : 1, next = (r + x / r) / 2;
    while (next < r) r = next, next = (r + x / r) / 2;  // falls until it is exact to the last place
    return r;
}

// torch.nn.init.calculate_gain: what keeps the variance before a nonlinearity of this kind. (linear: also of convolutions.)
enum class nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };
constexpr double gain(nonlinearity f, double slope = 0.01) {
    switch (f) {
        case nonlinearity::tanh: return 5.0 / 3;
        case nonlinearity::relu: return root(2);
        case nonlinearity::leaky_relu: return root(2 / (1 + slope * slope));
        case nonlinearity::selu: return 0.75;
        default: return 1;
    }
}

// --- constants -----------------------------------------------------------------------------------------------------------
template <real Value>
struct constant { static constexpr initialiser of(const shape&, double) { return {initialiser::constant, Value}; } };
struct zeros { static constexpr initialiser of(const shape&, double) { return {}; } };
struct ones { static constexpr initialiser of(const shape&, double) { return {initialiser::constant, 1}; } };

// --- distributions that do not depend on the extents -----------------------------------------------------------------------
// U(Low, High).
template <real Low = 0.0, real High = 1.0>
struct uniform {
    static_assert(Low <= High, "etta: init::uniform<Low, High>: Low is at most High");
    static constexpr initialiser of(const shape&, double) { return {initialiser::uniform, Low, High}; }
};
// N(Mean, Deviation²).
template <real Deviation = 1.0, real Mean = 0.0>
struct normal {
    static_assert(Deviation >= 0, "etta: init::normal<Deviation, Mean>: the deviation is 0 or more");
    static constexpr initialiser of(const shape&, double) { return {initialiser::normal, Mean, Deviation}; }
};

// Φ(x) - 1/2 of the normal distribution: where its quantile, which random numbers are made with, is x.
constexpr double half_cdf(double x) {
    if (x == 2 || x == -2) return x < 0 ? -0.47724986805182079 : 0.47724986805182079;
    if (x <= -8 || x >= 8) return x < 0 ? -0.5 : 0.5;
    double low = -0.5, high = 0.5;
    for (int i = 0; i < 60; ++i) {
        const double q = (low + high) / 2;
        (_::normal_quantile(q, 0.5 - (q < 0 ? -q : q)) < x ? low : high) = q;
    }
    return (low + high) / 2;
}
// Φ(x) far below 0, where the above has no digits left: the quantile of a double's bits grows with them.
constexpr double tail_cdf(double x) {
    std::uint64_t low = 1, high = __builtin_bit_cast(std::uint64_t, 0.5);
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const double p = __builtin_bit_cast(double, middle);
        if (_::normal_quantile(p - 0.5, p) < x) low = middle + 1;
        else high = middle;
    }
    return __builtin_bit_cast(double, low);
}
// N(Mean, Deviation²), of which only what falls between Low and High.
template <real Deviation = 1.0, real Mean = 0.0, real Low = -2.0, real High = 2.0>
struct trunc_normal {
    static_assert(Deviation > 0 && Low < High, "etta: init::trunc_normal<Deviation, Mean, Low, High>: the deviation is positive, and Low is below High");
    static_assert(Low < Mean + 37 * Deviation && High > Mean - 37 * Deviation, "etta: init::trunc_normal<Deviation, Mean, Low, High>: nothing falls so far from the mean");
    static constexpr initialiser of(const shape&, double) {
        if (Low > Mean + 4 * Deviation) return {initialiser::truncated, Mean, -Deviation, tail_cdf((Mean - High) / Deviation), tail_cdf((Mean - Low) / Deviation), -1, true};
        if (High < Mean - 4 * Deviation) return {initialiser::truncated, Mean, Deviation, tail_cdf((Low - Mean) / Deviation), tail_cdf((High - Mean) / Deviation), -1, true};
        return {initialiser::truncated, Mean, Deviation, half_cdf((Low - Mean) / Deviation), half_cdf((High - Mean) / Deviation)};
    }
};

// --- distributions whose width follows from the extents --------------------------------------------------------------------
enum class distribution { uniform, normal, truncated_normal };
// Standard deviation Gain / sqrt(n), n: the fan. Truncated at twice the deviation that gives this one (JAX, Keras).
template <real Gain = 1.0, fan Fan = fan::in, distribution D = distribution::normal>
struct variance_scaling {
    static constexpr initialiser of(const shape& s, double fan_in) {
        double fan_out = s.rank > 0 ? static_cast<double>(s.at[0].code) : 1;
        for (int i = 2; i < s.rank; ++i) fan_out *= static_cast<double>(s.at[i].code);  // the taps of a window
        const double n = Fan == fan::in ? fan_in : Fan == fan::out ? fan_out : (fan_in + fan_out) / 2;
        const double width = n > 0 ? Gain / root(n) : 0;
        if (D == distribution::uniform) return {initialiser::uniform, -root(3) * width, root(3) * width};
        if (D == distribution::normal) return {initialiser::normal, 0, width};
        return {initialiser::truncated, 0, width / 0.87962566103423978, half_cdf(-2), half_cdf(2)};
    }
};
// U(-1/sqrt(fan_in), 1/sqrt(fan_in)): PyTorch's default for Linear and Conv (kaiming_uniform with a = sqrt(5)).
struct fan_in_uniform {
    static constexpr initialiser of(const shape&, double fan_in) {
        const double bound = fan_in > 0 ? 1 / root(fan_in) : 0;
        return {initialiser::uniform, -bound, bound};
    }
};
// Deviation sqrt(2 / fan_in): He et al. 2015, for ReLU networks.
struct kaiming_normal : variance_scaling<gain(nonlinearity::relu), fan::in, distribution::normal> {};
struct kaiming_uniform : variance_scaling<gain(nonlinearity::relu), fan::in, distribution::uniform> {};
// Deviation sqrt(2 / (fan_in + fan_out)): Glorot & Bengio 2010.
struct xavier_normal : variance_scaling<1.0, fan::average, distribution::normal> {};
struct xavier_uniform : variance_scaling<1.0, fan::average, distribution::uniform> {};
// Deviation sqrt(1 / fan_in): LeCun et al. 1998; the normal one is truncated, as in Keras.
struct lecun_normal : variance_scaling<1.0, fan::in, distribution::truncated_normal> {};
struct lecun_uniform : variance_scaling<1.0, fan::in, distribution::uniform> {};

// --- matrices: all axes after the first are one ------------------------------------------------------------------------------
// Rows (or columns, whichever are fewer) are orthogonal vectors of length Gain: Saxe et al. 2013.
template <real Gain = 1.0>
struct orthogonal {
    static constexpr initialiser of(const shape& s, double) {
        if (s.rank < 2) return {initialiser::refused, 2};
        return {initialiser::orthogonal, Gain};
    }
};
// N(0, Deviation²), but the part Sparsity of each column is 0 (rounded up): Martens 2010. Rank 2.
template <real Sparsity, real Deviation = 0.01>
struct sparse {
    static_assert(Sparsity >= 0 && Sparsity <= 1 && Deviation >= 0, "etta: init::sparse<Sparsity, Deviation>: the part is 0 to 1, the deviation 0 or more");
    static constexpr initialiser of(const shape& s, double) {
        if (s.rank != 2) return {initialiser::refused, 2};
        return {initialiser::sparse, Sparsity, Deviation};
    }
};
// Gain on the diagonal, else 0. Rank 2.
template <real Gain = 1.0>
struct eye {
    static constexpr initialiser of(const shape& s, double) {
        if (s.rank != 2) return {initialiser::refused, 2};
        return {initialiser::eye, Gain};
    }
};
// A convolution that keeps its channels: 1 in the middle of the kernel from channel i to channel i, in each of Groups groups of
// outputs. Extents [Out, C, K, …], rank 3 to 5, Out a multiple of Groups.
template <int Groups = 1>
struct dirac {
    static_assert(Groups > 0, "etta: init::dirac<Groups>: Groups is 1 or more");
    static constexpr initialiser of(const shape& s, double) {
        if (s.rank < 3 || s.rank > 5 || s.at[0].code % Groups != 0) return {initialiser::refused, 3};
        double taps = 1, middle = 0;
        for (int i = 2; i < s.rank; ++i) {
            const double k = static_cast<double>(s.at[i].code);
            taps *= k, middle = middle * k + static_cast<double>(s.at[i].code / 2);
        }
        return {initialiser::dirac, Groups, static_cast<double>(s.at[1].code), taps, middle};
    }
};

}  // namespace init
}  // namespace etta
