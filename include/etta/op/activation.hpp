// activation.hpp: the functions between the layers of a network. Names, defaults and the derivative at a kink are
// PyTorch's. Those with a number to choose take it as an argument: a constant, or an operand that has a gradient too.
#pragma once

#include "binary.hpp"
#include "reduce.hpp"

namespace etta {
namespace _ {

struct Relu : ElementwiseOp<Relu> {
    static constexpr const char* name = "relu";
    static constexpr const char* onnx = "Relu";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return max(x, decltype(x)(0)); }
    static constexpr auto vjp(auto, auto y, auto g) { return where(y > 0, g, 0); }
};
struct Sigmoid : ElementwiseOp<Sigmoid> {
    static constexpr const char* name = "sigmoid";
    static constexpr const char* onnx = "Sigmoid";
    static constexpr int flops = 12;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return sigmoid(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * (y * (1 - y)); }
};
struct Softplus : ElementwiseOp<Softplus> {
    static constexpr const char* name = "softplus";
    static constexpr const char* onnx = "Softplus";
    static constexpr int flops = 20;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return softplus(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};

}  // namespace _

// max(x, 0); the derivative at 0 is 0.
template <operand X>
constexpr _::applied<_::Relu, _::attr<>, X> relu(X&& x) { return _::apply<_::Relu>(static_cast<X&&>(x)); }
// 1 / (1 + exp(-x)).
template <operand X>
constexpr _::applied<_::Sigmoid, _::attr<>, X> sigmoid(X&& x) { return _::apply<_::Sigmoid>(static_cast<X&&>(x)); }
// log(1 + exp(x)), without overflow.
template <operand X>
constexpr _::applied<_::Softplus, _::attr<>, X> softplus(X&& x) { return _::apply<_::Softplus>(static_cast<X&&>(x)); }

namespace _ {

constexpr auto Softplus::vjp(auto x, auto, auto g) { return g * sigmoid(x); }

// --- with a number -----------------------------------------------------------------------------------------------------
template <class Op>
struct activation_with_number : CompositeOp<Op> {
    static constexpr int operands = 2;
};
struct LeakyRelu : activation_with_number<LeakyRelu> {
    static constexpr var body(auto x, auto slope, const std::int64_t*, int) { return where(x > 0, x, x * slope); }
};
// The exponential sees only what it is chosen for: elsewhere it would overflow, and 0 * inf is the derivative of that.
struct Elu : activation_with_number<Elu> {
    static constexpr var body(auto x, auto alpha, const std::int64_t*, int) {
        const var right = x > 0;
        return where(right, x, alpha * expm1(where(right, 0, x)));
    }
};
struct Celu : activation_with_number<Celu> {
    static constexpr var body(auto x, auto alpha, const std::int64_t*, int) {
        const var right = x > 0;
        return where(right, x, alpha * expm1(where(right, 0, x) / alpha));
    }
};
struct Hardshrink : activation_with_number<Hardshrink> {
    static constexpr var body(auto x, auto edge, const std::int64_t*, int) { return where(-edge <= x && x <= edge, 0, x); }
};
struct Softshrink : activation_with_number<Softshrink> {
    static constexpr var body(auto x, auto edge, const std::int64_t*, int) { return x - clamp(x, -edge, edge); }
};
struct Hardtanh : CompositeOp<Hardtanh> {  // clamp, but its derivative on the bounds is 0
    static constexpr int operands = 3;
    static constexpr var body(auto x, auto low, auto high, const std::int64_t*, int) { return where(x <= low, low, where(x >= high, high, x)); }
};
struct Threshold : CompositeOp<Threshold> {
    static constexpr int operands = 3;
    static constexpr var body(auto x, auto edge, auto otherwise, const std::int64_t*, int) { return where(x <= edge, otherwise, x); }
};

// --- without -----------------------------------------------------------------------------------------------------------
struct Selu : CompositeOp<Selu> {  // Klambauer et al. 2017: keeps mean 0 and variance 1
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x), right = y > 0;
        return where(right, y, expm1(where(right, 0, y)) * 1.6732632423543772848) * 1.0507009873554804934;
    }
};
// The normal distribution's Φ; its derivative is the density.
struct NormalCdf : ElementwiseOp<NormalCdf> {
    static constexpr const char* name = "normal_cdf";
    static constexpr int flops = 24;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return (erf(x * 0.70710678118654752440) + 1) * 0.5f; }
    static constexpr auto vjp(auto x, auto, auto g) { return g * (exp(square(x) * -0.5) * 0.39894228040143267794); }
};
// x Φ(x). One op, so that its derivative is computed from x: as a product, Φ would be kept beside it.
struct Gelu : ElementwiseOp<Gelu> {
    static constexpr const char* name = "gelu";
    static constexpr const char* onnx = "Gelu";
    static constexpr int flops = 25;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return x * NormalCdf::eval(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g * (apply<NormalCdf>(x) + x * (exp(square(x) * -0.5) * 0.39894228040143267794)); }
};
struct GeluTanh : CompositeOp<GeluTanh> {  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³)))
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x);
        return y * 0.5 * (tanh(y * (square(y) * 0.035677408136300125 + 0.79788456080286535588)) + 1);
    }
};
struct Silu : CompositeOp<Silu> {
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x);
        return y * sigmoid(y);
    }
};
struct Mish : CompositeOp<Mish> {
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x);
        return y * tanh(softplus(y));
    }
};
struct Hardsigmoid : CompositeOp<Hardsigmoid> {
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x);
        return where(y <= -3, 0, where(y >= 3, 1, y * (1.0 / 6) + 0.5));
    }
};
struct Hardswish : CompositeOp<Hardswish> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        const var y = as_floating(x);
        return y * Hardsigmoid::body(y, a, n);
    }
};
struct Softsign : CompositeOp<Softsign> {
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x);
        return y / (abs(y) + 1);
    }
};
struct LogSigmoid : CompositeOp<LogSigmoid> {
    static constexpr var body(auto x, const std::int64_t*, int) { return -softplus(-x); }
};
struct Tanhshrink : CompositeOp<Tanhshrink> {
    static constexpr var body(auto x, const std::int64_t*, int) {
        const var y = as_floating(x);
        return y - tanh(y);
    }
};
struct Relu6 : CompositeOp<Relu6> {
    static constexpr var body(auto x, const std::int64_t*, int) { return where(x <= 0, 0, where(x >= 6, 6, x)); }
};

}  // namespace _

// x where x > 0, else slope * x.
template <class X, class S = double>
    requires operand<X> && _::operands<X, S>
constexpr _::applied<_::LeakyRelu, _::attr<>, X, S> leaky_relu(X&& x, S&& slope = 0.01) { return _::apply<_::LeakyRelu>(static_cast<X&&>(x), static_cast<S&&>(slope)); }
// leaky_relu whose slope is learned: it broadcasts with x.
template <class X, class S>
    requires operand<X> && operand<S>
constexpr _::applied<_::LeakyRelu, _::attr<>, X, S> prelu(X&& x, S&& slope) { return _::apply<_::LeakyRelu>(static_cast<X&&>(x), static_cast<S&&>(slope)); }
// x where x > 0, else alpha * (exp(x) - 1).
template <class X, class A = double>
    requires operand<X> && _::operands<X, A>
constexpr _::applied<_::Elu, _::attr<>, X, A> elu(X&& x, A&& alpha = 1.0) { return _::apply<_::Elu>(static_cast<X&&>(x), static_cast<A&&>(alpha)); }
// x where x > 0, else alpha * (exp(x / alpha) - 1).
template <class X, class A = double>
    requires operand<X> && _::operands<X, A>
constexpr _::applied<_::Celu, _::attr<>, X, A> celu(X&& x, A&& alpha = 1.0) { return _::apply<_::Celu>(static_cast<X&&>(x), static_cast<A&&>(alpha)); }
template <operand X>
constexpr _::applied<_::Selu, _::attr<>, X> selu(X&& x) { return _::apply<_::Selu>(static_cast<X&&>(x)); }
// x Φ(x) with the normal distribution's Φ, exactly; gelu_tanh is the approximation that GPT-2 used.
template <operand X>
constexpr _::applied<_::Gelu, _::attr<>, X> gelu(X&& x) { return _::apply<_::Gelu>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::GeluTanh, _::attr<>, X> gelu_tanh(X&& x) { return _::apply<_::GeluTanh>(static_cast<X&&>(x)); }
// x sigmoid(x), also called swish.
template <operand X>
constexpr _::applied<_::Silu, _::attr<>, X> silu(X&& x) { return _::apply<_::Silu>(static_cast<X&&>(x)); }
// x tanh(softplus(x)).
template <operand X>
constexpr _::applied<_::Mish, _::attr<>, X> mish(X&& x) { return _::apply<_::Mish>(static_cast<X&&>(x)); }
// clamp(x / 6 + 1/2, 0, 1).
template <operand X>
constexpr _::applied<_::Hardsigmoid, _::attr<>, X> hardsigmoid(X&& x) { return _::apply<_::Hardsigmoid>(static_cast<X&&>(x)); }
// x hardsigmoid(x).
template <operand X>
constexpr _::applied<_::Hardswish, _::attr<>, X> hardswish(X&& x) { return _::apply<_::Hardswish>(static_cast<X&&>(x)); }
// x limited to low … high; the derivative on the bounds is 0 (clamp's is 1).
template <class X, class L = double, class H = double>
    requires operand<X> && _::operands<X, L, H>
constexpr _::applied<_::Hardtanh, _::attr<>, X, L, H> hardtanh(X&& x, L&& low = -1.0, H&& high = 1.0) {
    return _::apply<_::Hardtanh>(static_cast<X&&>(x), static_cast<L&&>(low), static_cast<H&&>(high));
}
template <operand X>
constexpr _::applied<_::Relu6, _::attr<>, X> relu6(X&& x) { return _::apply<_::Relu6>(static_cast<X&&>(x)); }
// x / (1 + |x|).
template <operand X>
constexpr _::applied<_::Softsign, _::attr<>, X> softsign(X&& x) { return _::apply<_::Softsign>(static_cast<X&&>(x)); }
// x where x > edge, else `otherwise`.
template <class X, class E, class O>
    requires operand<X> && _::operands<X, E, O>
constexpr _::applied<_::Threshold, _::attr<>, X, E, O> threshold(X&& x, E&& edge, O&& otherwise) {
    return _::apply<_::Threshold>(static_cast<X&&>(x), static_cast<E&&>(edge), static_cast<O&&>(otherwise));
}
// log(sigmoid(x)), without underflow.
template <operand X>
constexpr _::applied<_::LogSigmoid, _::attr<>, X> log_sigmoid(X&& x) { return _::apply<_::LogSigmoid>(static_cast<X&&>(x)); }
// x - tanh(x).
template <operand X>
constexpr _::applied<_::Tanhshrink, _::attr<>, X> tanhshrink(X&& x) { return _::apply<_::Tanhshrink>(static_cast<X&&>(x)); }
// 0 where |x| <= edge; elsewhere hardshrink keeps x, softshrink moves it towards 0 by edge.
template <class X, class E = double>
    requires operand<X> && _::operands<X, E>
constexpr _::applied<_::Hardshrink, _::attr<>, X, E> hardshrink(X&& x, E&& edge = 0.5) { return _::apply<_::Hardshrink>(static_cast<X&&>(x), static_cast<E&&>(edge)); }
template <class X, class E = double>
    requires operand<X> && _::operands<X, E>
constexpr _::applied<_::Softshrink, _::attr<>, X, E> softshrink(X&& x, E&& edge = 0.5) { return _::apply<_::Softshrink>(static_cast<X&&>(x), static_cast<E&&>(edge)); }

}  // namespace etta
