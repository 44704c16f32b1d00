// unary.hpp: functions of one element. The value is etta's own vector math (math/), the derivative is written with op
// functions, so that it can be differentiated again.
#pragma once

#include "arithmetic.hpp"

namespace etta {
namespace _ {

struct Exp : ElementwiseOp<Exp> {
    static constexpr std::string_view name = "exp";
    static constexpr const char* onnx = "Exp";
    static constexpr int flops = 8;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return exp(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * y; }
};
struct Log : ElementwiseOp<Log> {
    static constexpr std::string_view name = "log";
    static constexpr const char* onnx = "Log";
    static constexpr int flops = 10;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return log(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g / x; }
};
struct Tanh : ElementwiseOp<Tanh> {
    static constexpr std::string_view name = "tanh";
    static constexpr const char* onnx = "Tanh";
    static constexpr int flops = 12;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return tanh(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * (1 - y * y); }
};
struct Sin : ElementwiseOp<Sin> {
    static constexpr std::string_view name = "sin";
    static constexpr const char* onnx = "Sin";
    static constexpr int flops = 12;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return sin(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Cos : ElementwiseOp<Cos> {
    static constexpr std::string_view name = "cos";
    static constexpr const char* onnx = "Cos";
    static constexpr int flops = 12;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return cos(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Sqrt : ElementwiseOp<Sqrt> {
    static constexpr std::string_view name = "sqrt";
    static constexpr const char* onnx = "Sqrt";
    static constexpr int flops = 4;
    static constexpr auto eval(auto x) { return sqrt(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * 0.5 / y; }
};
struct Relu : ElementwiseOp<Relu> {
    static constexpr std::string_view name = "relu";
    static constexpr const char* onnx = "Relu";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return max(x, decltype(x)(0)); }
    static constexpr auto vjp(auto, auto y, auto g) { return where(y > 0, g, 0); }
};
struct Square : ElementwiseOp<Square> {
    static constexpr std::string_view name = "square";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return x * x; }
    static constexpr auto vjp(auto x, auto, auto g) { return g * (x + x); }
};

}  // namespace _

template <operand X>
constexpr _::applied<_::Exp, _::attr<>, X> exp(X&& x) { return _::apply<_::Exp>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Log, _::attr<>, X> log(X&& x) { return _::apply<_::Log>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Tanh, _::attr<>, X> tanh(X&& x) { return _::apply<_::Tanh>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Sin, _::attr<>, X> sin(X&& x) { return _::apply<_::Sin>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Cos, _::attr<>, X> cos(X&& x) { return _::apply<_::Cos>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Sqrt, _::attr<>, X> sqrt(X&& x) { return _::apply<_::Sqrt>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Relu, _::attr<>, X> relu(X&& x) { return _::apply<_::Relu>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Square, _::attr<>, X> square(X&& x) { return _::apply<_::Square>(static_cast<X&&>(x)); }

namespace _ {
constexpr auto Sin::vjp(auto x, auto, auto g) { return g * cos(x); }
constexpr auto Cos::vjp(auto x, auto, auto g) { return -(g * sin(x)); }
}  // namespace _

}  // namespace etta
