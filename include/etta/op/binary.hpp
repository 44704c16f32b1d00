// binary.hpp: functions of two elements: extrema, powers, remainders, angles, signs; and clamp. Operands broadcast.
#pragma once

#include "trigonometry.hpp"

namespace etta {
namespace _ {

// --- extrema: NaN if either is NaN; where the operands tie, each takes half of the derivative (PyTorch) -----------------
template <class Op>
struct extreme_of_two : ElementwiseOp<Op> {
    static constexpr int operands = 2;
    static constexpr result_type result = result_type::same;
    static constexpr grads<2> shared(var loses, var wins, var a, var b, var g) {
        const var half = where(a == b, g * 0.5, g);
        return {{where(loses, 0, half), where(wins, 0, half)}};
    }
};
struct Maximum : extreme_of_two<Maximum> {
    static constexpr const char* name = "maximum";
    static constexpr const char* onnx = "Max";
    static constexpr auto eval(auto a, auto b) { return max(a, b); }
    static constexpr auto vjp(auto a, auto b, auto, auto g) { return shared(a < b, b < a, a, b, g); }
};
struct Minimum : extreme_of_two<Minimum> {
    static constexpr const char* name = "minimum";
    static constexpr const char* onnx = "Min";
    static constexpr auto eval(auto a, auto b) { return min(a, b); }
    static constexpr auto vjp(auto a, auto b, auto, auto g) { return shared(b < a, a < b, a, b, g); }
};
struct Clamp : ElementwiseOp<Clamp> {  // x, low, high; high where low > high
    static constexpr const char* name = "clamp";
    static constexpr const char* onnx = "Clip";
    static constexpr int operands = 3;
    static constexpr int flops = 2;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x, auto low, auto high) { return min(max(x, low), high); }
    static constexpr auto vjp(auto x, auto low, auto high, auto, auto g) {
        return grads{where(low <= x && x <= high, g, 0), where(x < low && low < high, g, 0), where(high < x || high < low, g, 0)};
    }
};

// --- powers ------------------------------------------------------------------------------------------------------------
struct Pow : ElementwiseOp<Pow> {
    static constexpr const char* name = "pow";
    static constexpr const char* onnx = "Pow";
    static constexpr int operands = 2;
    static constexpr int flops = 30;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto a, auto b) { return pow(a, b); }
    static constexpr grads<2> vjp(var a, var b, var y, var g);
    // Exponents that arithmetic gives exactly or better.
    static constexpr int simplify(builder& g, const int* x) {
        double c = 0;
        if (!g.constant(x[1], c)) return -1;
        const var a{&g, x[0]};
        if (c == 1) return a.id;
        if (c == 2) return square(a).id;
        if (c == 3) return (a * square(a)).id;
        if (c == -1) return reciprocal(a).id;
        if (c == 0.5) return sqrt(a).id;
        if (c == -0.5) return rsqrt(a).id;
        return -1;
    }
};

// --- remainders --------------------------------------------------------------------------------------------------------
// Exact, hence element by element in the C library: about 20 ns each. Integers: x by 0 is 0.
template <class V>
ETTA_INLINE V exact_fmod(V a, V b) {
    using T = typename V::value_type;
    if constexpr (!std::is_floating_point_v<T>) {
        return a % b;
    } else {
        T x[V::size], y[V::size];
        a.store(x), b.store(y);
        for (int i = 0; i < V::size; ++i) {
            if constexpr (sizeof(T) == 4) x[i] = __builtin_fmodf(x[i], y[i]);
            else x[i] = __builtin_fmod(x[i], y[i]);
        }
        return V::load(x);
    }
}
struct Fmod : ElementwiseOp<Fmod> {  // the sign of the dividend, as in C
    static constexpr const char* name = "fmod";
    static constexpr const char* onnx = "Mod";
    static constexpr int operands = 2;
    static constexpr int flops = 40;
    static constexpr bool cheap = false;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto a, auto b) { return exact_fmod(a, b); }
    static constexpr auto vjp(auto a, auto b, auto, auto g) { return grads{g, -(g * trunc(a / b))}; }
};
struct Remainder : ElementwiseOp<Remainder> {  // the sign of the divisor, as in Python
    static constexpr const char* name = "remainder";
    static constexpr const char* onnx = "Mod";
    static constexpr int operands = 2;
    static constexpr int flops = 44;
    static constexpr bool cheap = false;
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto a, auto b) {
        using V = decltype(a);
        const V r = exact_fmod(a, b), zero(0);
        return select((r != zero) & ((r < zero) ^ (b < zero)), r + b, r);
    }
    static constexpr auto vjp(auto a, auto b, auto, auto g) { return grads{g, -(g * floor(a / b))}; }
};

// --- angles and lengths ------------------------------------------------------------------------------------------------
struct Atan2 : ElementwiseOp<Atan2> {  // y, x
    static constexpr const char* name = "atan2";
    static constexpr int operands = 2;
    static constexpr int flops = 24;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto y, auto x) { return atan2(y, x); }
    static constexpr auto vjp(auto y, auto x, auto, auto g) {
        auto s = x * x + y * y;
        auto q = where(s == 0, 0, g / s);
        return grads{q * x, -(q * y)};
    }
};
struct Hypot : ElementwiseOp<Hypot> {  // scaled by the longer side, so that no square overflows
    static constexpr const char* name = "hypot";
    static constexpr int operands = 2;
    static constexpr int flops = 12;
    static constexpr auto eval(auto a, auto b) {
        using V = decltype(a);
        using T = typename V::value_type;
        const V x = abs(a), y = abs(b), high = max(x, y), low = min(x, y);
        const V r = low / high, h = high * sqrt(V(T(1)) + r * r);
        const V inf = V(static_cast<T>(__builtin_inf()));
        return select(is_inf(x) | is_inf(y), inf, select(high == V(T(0)), high, h));
    }
    static constexpr auto vjp(auto a, auto b, auto y, auto g) {
        auto q = g / y;
        return grads{q * a, q * b};
    }
};
struct Copysign : ElementwiseOp<Copysign> {  // the magnitude of the first, the sign of the second
    static constexpr const char* name = "copysign";
    static constexpr int operands = 2;
    static constexpr int flops = 2;
    static constexpr auto eval(auto a, auto b) { return copysign(a, b); }
    static constexpr auto vjp(auto a, auto, auto y, auto g) { return grads{where(a == 0, 0, where(a == y, g, -g)), g * 0}; }
};

}  // namespace _

// The greater (lesser) of two, element by element.
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Maximum, _::attr<>, A, B> maximum(A&& a, B&& b) { return _::apply<_::Maximum>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Minimum, _::attr<>, A, B> minimum(A&& a, B&& b) { return _::apply<_::Minimum>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Maximum, _::attr<>, A, B> max(A&& a, B&& b) { return _::apply<_::Maximum>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Minimum, _::attr<>, A, B> min(A&& a, B&& b) { return _::apply<_::Minimum>(static_cast<A&&>(a), static_cast<B&&>(b)); }
// x limited to low … high; the bounds are numbers or operands. NaN stays. The derivative is 1 on the bounds.
template <class X, class L, class H>
    requires _::operands<X, L, H>
constexpr _::applied<_::Clamp, _::attr<>, X, L, H> clamp(X&& x, L&& low, H&& high) {
    return _::apply<_::Clamp>(static_cast<X&&>(x), static_cast<L&&>(low), static_cast<H&&>(high));
}

// a to the power b. In a trace, the exponents ±1, 2, 3 and ±1/2 become arithmetic; outside, square(x) and sqrt(x) are faster.
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Pow, _::attr<>, A, B> pow(A&& a, B&& b) { return _::apply<_::Pow>(static_cast<A&&>(a), static_cast<B&&>(b)); }
// The remainder of a / b: fmod with the sign of a, remainder with the sign of b.
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Fmod, _::attr<>, A, B> fmod(A&& a, B&& b) { return _::apply<_::Fmod>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Remainder, _::attr<>, A, B> remainder(A&& a, B&& b) { return _::apply<_::Remainder>(static_cast<A&&>(a), static_cast<B&&>(b)); }
// The angle of the point (x, y), in -pi … pi.
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Atan2, _::attr<>, A, B> atan2(A&& y, B&& x) { return _::apply<_::Atan2>(static_cast<A&&>(y), static_cast<B&&>(x)); }
// sqrt(a² + b²) without overflow.
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Hypot, _::attr<>, A, B> hypot(A&& a, B&& b) { return _::apply<_::Hypot>(static_cast<A&&>(a), static_cast<B&&>(b)); }
template <class A, class B>
    requires _::operands<A, B>
constexpr _::applied<_::Copysign, _::attr<>, A, B> copysign(A&& a, B&& b) { return _::apply<_::Copysign>(static_cast<A&&>(a), static_cast<B&&>(b)); }

namespace _ {
constexpr grads<2> Pow::vjp(var a, var b, var y, var g) {
    double c = 0;
    if (a.g->constant(b.id, c)) {
        if (c == 0) return {{g * 0, var{}}};
        return {{g * (pow(a, c - 1) * c), var{}}};
    }
    // As PyTorch: no derivative by a where b is 0, none by b where a is 0 and b >= 0.
    return {{where(b == 0, 0, g * b * pow(a, b - 1)), where(a == 0 && b >= 0, 0, g * y * log(a))}};
}
}  // namespace _

}  // namespace etta
