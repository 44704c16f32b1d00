// hyperbolic.hpp: sinh, cosh, tanh. Through exp and its relatives, each with one division at most.
#pragma once

#include "exp.hpp"

namespace etta {
namespace _ {

// e^a / 2 for a >= 0, infinite only where sinh and cosh are.
template <class L>
ETTA_LANE L half_exp(L a) {
    using T = typename L::value_type;
    const auto p = exp_reduce(min(a, L(pick<T>(90.0f, 711.0))));
    return scale(exp_polynomial(p.r), p.n - L(1), p.t - L(1));
}

// h / (1 - h) with h = (1 - e^(-2 |x|)) / 2.
template <class L>
ETTA_LANE L tanh_by_exp(L x) {
    using T = typename L::value_type;
    using Target = typename L::target;
    const auto sign = bits_of(x) & bits_of(L(-0.0f));
    // -|x| = n ln 2 / 2 + r, so the polynomial is exp's with powers of two in it, and no product by 2 is needed.
    const L a = max(from_bits(bits_of(x) | bits_of(L(-0.0f))), pick<T>(-10.0f, -20.0));  // beyond, tanh is 1
    constexpr T shift = to_integer<T> + pick<T>(127.0f, 1023.0);  // leaves n + bias in the low bits: 2^n is a shift away
    const L t = keep(mul_add(a, L(pick<T>(2.88539004f, 2.8853900817779268)), L(shift)));
    const L n = keep(t - L(shift)), s = from_bits(bits_of(t) << mantissa_bits<T>);
    L r;
    if constexpr (has_fma<T, Target>) {  // ln 2 / 2 to half a digit will do: where n is large, 2^n is small
        r = mul_add(n, L(pick<T>(-0.34657359f, -0.34657359027997264)), a);
    } else {
        r = keep(mul_add(n, L(pick<T>(-0.3465728759765625f, -0.34657359027994517)), a));
        r = mul_add(n, L(pick<T>(-7.143033827e-7f, -2.7489615093541856e-14)), r);
    }
    const L r2 = r * r;
    L p;
    if constexpr (sizeof(T) == 4)
        p = polynomial(r, r2, -0.0444882773f, -0.133877695f, -0.333335072f, -0.666661441f, -1.0f);
    else
        p = polynomial(r, r2, -2.5774127366819651e-05, -0.00014149067241045384, -0.00070546128173759311, -0.0031745897798750055,
                       -0.012698412818680926, -0.044444444641920024, -0.13333333333242342, -0.33333333333214576,
                       -0.66666666666666852, -1.000000000000002);
    const L w = mul_add(p, r2, -r), h = mul_add(s, w, mul_add(s, L(-0.5f), L(0.5f)));
    L y = over_one_minus(h);
    if constexpr (sizeof(T) == 4 && !has_fma<T, Target>) {  // the roundings that a fused multiply-add saves
        const L z = a * a;
        y = select(a > L(-0.55f), mul_add(horner(z, -0.00624286477f, 0.0210507177f, -0.0538475476f, 0.133325443f, -0.333333164f), z * -a, -a), y);
    }
    return from_bits(bits_of(y) | sign);
}

// tanh(c + d) = y + d (k1 + … + k6 d^5) on [0, 3/32] and on each half of [2^n, 2^(n+1)] up to 9.125 (tests/math/coefficients.py).
// An interval's entry is the number in bits 22 to 25 of |x|.
template <class Target>
struct tanh_table {
    alignas(64) static constexpr float at[8][16] = {
        {2.50221896f, 3.50319934f, 4.95612574f, 6.93147135f, 8.66434002f, 0, 0, 0.109381340f,
         0.156242460f, 0.218745515f, 0.312523425f, 0.437508523f, 0.625029325f, 0.875061512f, 1.25002086f, 1.74976504f},  // centre
        {0.986673176f, 0.998189509f, 0.999900877f, 0.999998093f, 0.999999940f, 0, 0, 0.108947195f,
         0.154983371f, 0.215322062f, 0.302731007f, 0.411577135f, 0.554620028f, 0.703936636f, 0.848289490f, 0.941348791f},  // value
        {0.0264761392f, 0.00361777097f, 0.000198514797f, 3.81945028e-6f, 1.19210114e-7f, 0, 1, 0.988130510f,
         0.975980163f, 0.953636408f, 0.908353925f, 0.830604255f, 0.692396641f, 0.504473209f, 0.280404747f, 0.113862403f},  // d^1
        {-0.0261230171f, -0.00361121562f, -0.000198176262f, -3.81155019e-6f, -1.19239701e-7f, 0, -9.41922007e-9f, -0.107654102f,
         -0.151260570f, -0.205338970f, -0.274986953f, -0.341857731f, -0.384017020f, -0.355117202f, -0.237864614f, -0.107184209f},  // d^2
        {0.0169462971f, 0.00239650672f, 0.000129846347f, 2.50254152e-6f, 7.94356794e-8f, 0, -0.333331913f, -0.317660511f,
         -0.301907420f, -0.273659945f, -0.219524845f, -0.136162445f, -0.0178227741f, 0.0818214417f, 0.108330376f, 0.0629502088f},  // d^3
        {-0.00801980309f, -0.00118954282f, -6.59815851e-5f, -1.28008423e-6f, -3.92953865e-8f, 0, -6.99494267e-5f, 0.0713212937f,
         0.0968028381f, 0.127396494f, 0.158168033f, 0.169996127f, 0.137882248f, 0.0607811026f, -0.0125854090f, -0.0235292967f},  // d^4
        {0.00287762354f, 0.000487196667f, 3.09452298e-5f, 5.93116681e-7f, 1.63437353e-8f, 0, 0.134839177f, 0.152067348f,
         0.123111561f, 0.0816635191f, 0.0428884588f, -0.00684051123f, -0.0542729832f, -0.0586097315f, -0.0197568126f, 0.00348086702f},  // d^5
        {-0.000696237432f, -0.000157634800f, -9.42355837e-6f, -1.73614112e-7f, -6.77756651e-9f, 0, -0.0147446385f, -2.57181358f,
         0.229483142f, -0.0720191598f, -0.0812496990f, -0.0606723949f, -0.0237458739f, 0.0128089953f, 0.0150741283f, 0.00210544700f},  // d^6
    };
};

// Where one register holds a table, or half of one: half the multiply-adds of the formula through exp, and no reciprocal to wait for.
template <class L>
ETTA_LANE L tanh_by_table(L x) {
    constexpr auto& table = tanh_table<typename L::target>::at;
    const L a = min(abs(x), L(9.125f));  // beyond 9.02, tanh is 1
    const auto i = bits_of(max(a, L(0.0625f))) >> 22;
    const L d = a - look_up<L>(table[0], i);
    L p = look_up<L>(table[7], i);
    for (int k = 6; k > 0; --k) p = mul_add(p, d, look_up<L>(table[k], i));
    return from_bits(bits_of(p) | (bits_of(x) & bits_of(L(-0.0f))));
}

}  // namespace _

// (e^a - e^-a) / 2; below 1 a polynomial, since the two would cancel.
template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> sinh(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L a = abs(x), z = a * a;
    L p;
    if constexpr (sizeof(T) == 4)
        p = _::horner(z, 2.78221319e-6f, 0.000198428956f, 0.00833331048f, 0.166666672f);
    else
        p = _::horner(z, 7.7765994444561488e-13, 1.6056659215350008e-10, 2.5052130998067571e-8, 2.7557319106759917e-6,
                      0.00019841269841593405, 0.0083333333333329117, 0.16666666666666669);
    const L e = _::half_exp(a);
    return copysign(select(a < L(1), mul_add(p, z * a, a), e - L(0.25f) / e), x);
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> cosh(lane<T, N, Target> x) {
    using L = lane<T, N, Target>;
    const L e = _::half_exp(abs(x));
    return e + L(0.25f) / e;
}

template <class T, int N, class Target>
ETTA_LANE lane<T, N, Target> tanh(lane<T, N, Target> x) {
    if constexpr (_::has_tools<lane<T, N, Target>>) return _::tanh_by_table(x);
    else return _::tanh_by_exp(x);
}

}  // namespace etta
