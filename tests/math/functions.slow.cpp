// functions.slow.cpp: float functions at every single float from where a function is more than its first term to where it is
// constant, infinite or, for sin, cos and tan, takes the slower reduction; at every 251st elsewhere. log1p, cbrt and atan are
// swept as far as they do anything new: a cube root repeats with every third power of two.
// Two minutes of one core. With "[.full]": every float there is, which takes many times that.
#include "functions.hpp"

#include <initializer_list>
#include <string_view>

namespace {

// error_of<float> without a call where the result is an ordinary number.
double fast_error(float got, double want) {
    std::uint64_t b;
    std::memcpy(&b, &want, sizeof b);
    const int e = static_cast<int>(b >> 52 & 2047) - 1023;
    if (e >= std::numeric_limits<float>::max_exponent || want == 0 || !(std::fabs(got) <= std::numeric_limits<float>::max()))
        return error_of<float>(got, want);
    const std::uint64_t unit = static_cast<std::uint64_t>((e > -126 ? e : -126) - 23 + 1023) << 52;
    double u;
    std::memcpy(&u, &unit, sizeof u);
    return std::fabs(got - want) / u;
}

// Every stride-th float from a to b, both of one sign, a nearer to zero.
void see(const function<float>& f, std::uint32_t a, std::uint32_t b, std::uint32_t stride, worst& w) {
    constexpr int block = 4 * native<float>;
    float x[block], y[block];
    double want[block];
    for (std::uint64_t at = a; at <= b;) {
        for (int i = 0; i < block; ++i, at += stride) x[i] = from_bits<float>(static_cast<std::uint32_t>(at < b ? at : b));
        for (int i = 0; i < block; i += native<float>) f.native_width(x + i, y + i);
        for (int i = 0; i < block; ++i) want[i] = f.reference(x[i]);
        for (int i = 0; i < block; ++i) w.see(fast_error(y[i], want[i]), x[i]);
    }
}
std::uint32_t bits_of(float x) {
    std::uint32_t b;
    std::memcpy(&b, &x, sizeof b);
    return b;
}

// Where every float is looked at: -down … -least and least … up.
struct stretch {
    std::string_view name;
    float least, down, up;
};
void sweep(std::initializer_list<stretch> stretches) {
    constexpr std::uint32_t sign = 0x80000000, last = 0x7fffffff, beyond = 251;
    std::size_t found = 0;
    each_function<float>([&](const function<float>& f) {
        for (const stretch& s : stretches) {
            if (s.name != f.name) continue;
            ++found;
            worst w;
            const std::uint32_t least = bits_of(s.least);
            see(f, 0, least, beyond, w), see(f, sign, sign + least, beyond, w);
            see(f, least, bits_of(s.up), 1, w), see(f, bits_of(s.up), last, beyond, w);
            if (s.down > 0) see(f, sign + least, sign + bits_of(s.down), 1, w);
            see(f, sign + (s.down > 0 ? bits_of(s.down) : least), sign + last, beyond, w);
            check(f, w);
        }
    });
    CHECK(found == stretches.size());
}

constexpr float tiny = std::numeric_limits<float>::denorm_min(), all = std::numeric_limits<float>::max();

}  // namespace

TEST_CASE("exp and its relatives keep their bound at every float where they bend") {
    sweep({{"exp", 0x1p-25f, 104, 89}, {"exp2", 0x1p-25f, 150, 128}, {"expm1", 0x1p-25f, 18, 89}, {"sigmoid", 0x1p-24f, 104, 20}, {"softplus", 0x1p-24f, 104, 20}});
}
TEST_CASE("logarithms keep their bound at every positive float") {
    sweep({{"log", tiny, 0, all}, {"log2", tiny, 0, all}, {"log10", tiny, 0, all}});
}
TEST_CASE("log1p and roots keep their bound at every float where they bend") {
    sweep({{"log1p", 0x1p-25f, 1, 0x1p24f}, {"rsqrt", tiny, 0, all}, {"cbrt", 0x1p-12f, 0x1p12f, 0x1p12f}});
}
TEST_CASE("trigonometric functions keep their bound at every float up to 100000") {
    sweep({{"sin", 0x1p-13f, 1e5f, 1e5f}, {"cos", 0x1p-13f, 1e5f, 1e5f}, {"tan", 0x1p-13f, 1e5f, 1e5f}});
}
TEST_CASE("inverse trigonometric functions, hyperbolic ones and erf keep their bound at every float where they bend") {
    sweep({{"asin", 0x1p-13f, 1, 1},
           {"acos", 0x1p-25f, 1, 1},
           {"atan", 0x1p-13f, 0x1p26f, 0x1p26f},
           {"sinh", 0x1p-13f, 90, 90},
           {"cosh", 0x1p-13f, 90, 90},
           {"tanh", 0x1p-13f, 20, 20},
           {"erf", 0x1p-13f, 20, 20},
           {"erfc", 0x1p-25f, 5, 12}});
}
TEST_CASE("float functions keep their bound at every single float", "[.full]") {
    each_function<float>([](const function<float>& f) {
        worst w;
        see(f, 0, 0xffffffff, 1, w);
        check(f, w);
    });
}
