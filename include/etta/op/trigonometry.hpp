// trigonometry.hpp: circular and hyperbolic functions and their inverses; angles in radians. Integers give float.
#pragma once

#include "unary.hpp"

namespace etta {
namespace _ {

template <class Op>
struct transcendental_op : ElementwiseOp<Op> {
    static constexpr int flops = 14;
    static constexpr bool cheap = false;
};

struct Sin : transcendental_op<Sin> {
    static constexpr const char* name = "sin";
    static constexpr const char* onnx = "Sin";
    static constexpr auto eval(auto x) { return sin(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Cos : transcendental_op<Cos> {
    static constexpr const char* name = "cos";
    static constexpr const char* onnx = "Cos";
    static constexpr auto eval(auto x) { return cos(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Tan : transcendental_op<Tan> {
    static constexpr const char* name = "tan";
    static constexpr const char* onnx = "Tan";
    static constexpr auto eval(auto x) { return tan(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * (1 + y * y); }
};
struct Asin : transcendental_op<Asin> {
    static constexpr const char* name = "asin";
    static constexpr const char* onnx = "Asin";
    static constexpr auto eval(auto x) { return asin(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g * rsqrt(1 - x * x); }
};
struct Acos : transcendental_op<Acos> {
    static constexpr const char* name = "acos";
    static constexpr const char* onnx = "Acos";
    static constexpr auto eval(auto x) { return acos(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return -(g * rsqrt(1 - x * x)); }
};
struct Atan : transcendental_op<Atan> {
    static constexpr const char* name = "atan";
    static constexpr const char* onnx = "Atan";
    static constexpr auto eval(auto x) { return atan(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g / (1 + x * x); }
};
struct Sinh : transcendental_op<Sinh> {
    static constexpr const char* name = "sinh";
    static constexpr const char* onnx = "Sinh";
    static constexpr auto eval(auto x) { return sinh(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Cosh : transcendental_op<Cosh> {
    static constexpr const char* name = "cosh";
    static constexpr const char* onnx = "Cosh";
    static constexpr auto eval(auto x) { return cosh(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Tanh : transcendental_op<Tanh> {
    static constexpr const char* name = "tanh";
    static constexpr const char* onnx = "Tanh";
    static constexpr auto eval(auto x) { return tanh(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * (1 - y * y); }
};

// The inverse hyperbolic functions stand on log1p: no cancellation near 0, no overflow of x² far from it.
struct Asinh : transcendental_op<Asinh> {
    static constexpr const char* name = "asinh";
    static constexpr const char* onnx = "Asinh";
    static constexpr auto eval(auto x) {
        using V = decltype(x);
        using T = typename V::value_type;
        const V a = abs(x), q = select(a < V(T(1e9)), a, V(T(1))), s = q * q;
        const V near = log1p(q + s / (V(T(1)) + sqrt(s + V(T(1))))), far = log(a) + V(T(0.69314718055994530942));
        return copysign(select(a < V(T(1e9)), near, far), x);
    }
    static constexpr auto vjp(auto x, auto, auto g) { return g * rsqrt(x * x + 1); }
};
struct Acosh : transcendental_op<Acosh> {
    static constexpr const char* name = "acosh";
    static constexpr const char* onnx = "Acosh";
    static constexpr auto eval(auto x) {
        using V = decltype(x);
        using T = typename V::value_type;
        const V t = select(x < V(T(1e9)), x, V(T(1))) - V(T(1));
        const V near = log1p(t + sqrt(t * (t + V(T(2))))), far = log(x) + V(T(0.69314718055994530942));
        return select(x < V(T(1e9)), near, far);
    }
    static constexpr auto vjp(auto x, auto, auto g) { return g * rsqrt(x * x - 1); }
};
struct Atanh : transcendental_op<Atanh> {
    static constexpr const char* name = "atanh";
    static constexpr const char* onnx = "Atanh";
    static constexpr auto eval(auto x) {
        using V = decltype(x);
        using T = typename V::value_type;
        const V a = abs(x);
        return copysign(V(T(0.5)) * log1p((a + a) / (V(T(1)) - a)), x);
    }
    static constexpr auto vjp(auto x, auto, auto g) { return g / (1 - x * x); }
};

}  // namespace _

template <operand X>
constexpr _::applied<_::Sin, _::attr<>, X> sin(X&& x) { return _::apply<_::Sin>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Cos, _::attr<>, X> cos(X&& x) { return _::apply<_::Cos>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Tan, _::attr<>, X> tan(X&& x) { return _::apply<_::Tan>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Asin, _::attr<>, X> asin(X&& x) { return _::apply<_::Asin>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Acos, _::attr<>, X> acos(X&& x) { return _::apply<_::Acos>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Atan, _::attr<>, X> atan(X&& x) { return _::apply<_::Atan>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Sinh, _::attr<>, X> sinh(X&& x) { return _::apply<_::Sinh>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Cosh, _::attr<>, X> cosh(X&& x) { return _::apply<_::Cosh>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Tanh, _::attr<>, X> tanh(X&& x) { return _::apply<_::Tanh>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Asinh, _::attr<>, X> asinh(X&& x) { return _::apply<_::Asinh>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Acosh, _::attr<>, X> acosh(X&& x) { return _::apply<_::Acosh>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Atanh, _::attr<>, X> atanh(X&& x) { return _::apply<_::Atanh>(static_cast<X&&>(x)); }

namespace _ {
constexpr auto Sin::vjp(auto x, auto, auto g) { return g * cos(x); }
constexpr auto Cos::vjp(auto x, auto, auto g) { return -(g * sin(x)); }
constexpr auto Sinh::vjp(auto x, auto, auto g) { return g * cosh(x); }
constexpr auto Cosh::vjp(auto x, auto, auto g) { return g * sinh(x); }
}  // namespace _

}  // namespace etta
