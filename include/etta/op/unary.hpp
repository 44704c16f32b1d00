// unary.hpp: functions of one element: signs, rounding, roots, exponentials, logarithms, the error function, and what asks
// for NaN or infinity. The value is etta's own vector math (math/); the derivative is written with op functions, so that
// it can be differentiated again. Integers give float, except where an op says that it keeps the dtype.
#pragma once

#include "arithmetic.hpp"

namespace etta {
namespace _ {

// --- signs and rounding: the dtype stays, integers pass through rounding unchanged -----------------------------------
struct Abs : ElementwiseOp<Abs> {
    static constexpr const char* name = "abs";
    static constexpr const char* onnx = "Abs";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return abs(x); }
    static constexpr auto vjp(auto x, auto, auto g);  // g * sign(x): 0 at 0
};
struct Sign : ElementwiseOp<Sign> {  // -1, 0, 1; NaN stays NaN, as in NumPy
    static constexpr const char* name = "sign";
    static constexpr const char* onnx = "Sign";
    static constexpr int flops = 2;
    static constexpr result_type result = result_type::same;
    static constexpr bool differentiable = false;
    static constexpr auto eval(auto x) {
        using V = decltype(x);
        return select(x > V(0), V(1), select(x < V(0), V(0) - V(1), x));
    }
};

template <class Op>
struct rounding_op : ElementwiseOp<Op> {  // piecewise constant
    static constexpr result_type result = result_type::same;
    static constexpr bool differentiable = false;
};
struct Floor : rounding_op<Floor> {
    static constexpr const char* name = "floor";
    static constexpr const char* onnx = "Floor";
    static constexpr auto eval(auto x) { return floor(x); }
};
struct Ceil : rounding_op<Ceil> {
    static constexpr const char* name = "ceil";
    static constexpr const char* onnx = "Ceil";
    static constexpr auto eval(auto x) { return ceil(x); }
};
struct Round : rounding_op<Round> {
    static constexpr const char* name = "round";
    static constexpr const char* onnx = "Round";
    static constexpr auto eval(auto x) { return round(x); }
};
struct Trunc : rounding_op<Trunc> {
    static constexpr const char* name = "trunc";
    static constexpr auto eval(auto x) { return trunc(x); }
};

// --- powers and roots --------------------------------------------------------------------------------------------------
struct Square : ElementwiseOp<Square> {
    static constexpr const char* name = "square";
    static constexpr result_type result = result_type::same;
    static constexpr auto eval(auto x) { return x * x; }
    static constexpr auto vjp(auto x, auto, auto g) { return g * (x + x); }
};
struct Sqrt : ElementwiseOp<Sqrt> {
    static constexpr const char* name = "sqrt";
    static constexpr const char* onnx = "Sqrt";
    static constexpr int flops = 4;
    static constexpr auto eval(auto x) { return sqrt(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * 0.5 / y; }
};
struct Rsqrt : ElementwiseOp<Rsqrt> {
    static constexpr const char* name = "rsqrt";
    static constexpr int flops = 5;
    static constexpr auto eval(auto x) { return rsqrt(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * -0.5 * (y * y * y); }
};
struct Reciprocal : ElementwiseOp<Reciprocal> {
    static constexpr const char* name = "reciprocal";
    static constexpr const char* onnx = "Reciprocal";
    static constexpr int flops = 4;
    static constexpr auto eval(auto x) { return decltype(x)(1) / x; }
    static constexpr auto vjp(auto, auto y, auto g) { return -(g * (y * y)); }
};

// --- exponentials and logarithms ---------------------------------------------------------------------------------------
struct Exp : ElementwiseOp<Exp> {
    static constexpr const char* name = "exp";
    static constexpr const char* onnx = "Exp";
    static constexpr int flops = 8;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return exp(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * y; }
};
struct Exp2 : ElementwiseOp<Exp2> {
    static constexpr const char* name = "exp2";
    static constexpr int flops = 8;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return exp2(x); }
    static constexpr auto vjp(auto, auto y, auto g) { return g * y * 0.69314718055994530942; }  // ln 2
};
struct Expm1 : ElementwiseOp<Expm1> {
    static constexpr const char* name = "expm1";
    static constexpr int flops = 12;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return expm1(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Log : ElementwiseOp<Log> {
    static constexpr const char* name = "log";
    static constexpr const char* onnx = "Log";
    static constexpr int flops = 10;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return log(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g / x; }
};
struct Log2 : ElementwiseOp<Log2> {
    static constexpr const char* name = "log2";
    static constexpr int flops = 11;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return log2(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g * 1.44269504088896340736 / x; }  // 1 / ln 2
};
struct Log10 : ElementwiseOp<Log10> {
    static constexpr const char* name = "log10";
    static constexpr int flops = 11;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return log10(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g * 0.43429448190325182765 / x; }  // 1 / ln 10
};
struct Log1p : ElementwiseOp<Log1p> {
    static constexpr const char* name = "log1p";
    static constexpr int flops = 14;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return log1p(x); }
    static constexpr auto vjp(auto x, auto, auto g) { return g / (1 + x); }
};

// --- the error function ------------------------------------------------------------------------------------------------
struct Erf : ElementwiseOp<Erf> {
    static constexpr const char* name = "erf";
    static constexpr const char* onnx = "Erf";
    static constexpr int flops = 20;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return erf(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};
struct Erfc : ElementwiseOp<Erfc> {
    static constexpr const char* name = "erfc";
    static constexpr int flops = 24;
    static constexpr bool cheap = false;
    static constexpr auto eval(auto x) { return erfc(x); }
    static constexpr auto vjp(auto x, auto, auto g);
};

// --- what a number is --------------------------------------------------------------------------------------------------
template <class Op>
struct kind_of_number : PredicateOp<Op> {
    static constexpr int operands = 1;
};
struct IsNan : kind_of_number<IsNan> {
    static constexpr const char* name = "isnan";
    static constexpr const char* onnx = "IsNaN";
    static constexpr auto eval(auto x) { return is_nan(x); }
};
struct IsInf : kind_of_number<IsInf> {
    static constexpr const char* name = "isinf";
    static constexpr const char* onnx = "IsInf";
    static constexpr auto eval(auto x) { return is_inf(x); }
};
struct IsFinite : kind_of_number<IsFinite> {
    static constexpr const char* name = "isfinite";
    static constexpr auto eval(auto x) { return !(is_nan(x) | is_inf(x)); }
};

}  // namespace _

template <operand X>
constexpr _::applied<_::Abs, _::attr<>, X> abs(X&& x) { return _::apply<_::Abs>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Sign, _::attr<>, X> sign(X&& x) { return _::apply<_::Sign>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Floor, _::attr<>, X> floor(X&& x) { return _::apply<_::Floor>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Ceil, _::attr<>, X> ceil(X&& x) { return _::apply<_::Ceil>(static_cast<X&&>(x)); }
// To the nearest integer, halves to the even one (NumPy's and PyTorch's rule).
template <operand X>
constexpr _::applied<_::Round, _::attr<>, X> round(X&& x) { return _::apply<_::Round>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Trunc, _::attr<>, X> trunc(X&& x) { return _::apply<_::Trunc>(static_cast<X&&>(x)); }

template <operand X>
constexpr _::applied<_::Square, _::attr<>, X> square(X&& x) { return _::apply<_::Square>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Sqrt, _::attr<>, X> sqrt(X&& x) { return _::apply<_::Sqrt>(static_cast<X&&>(x)); }
// 1 / sqrt(x).
template <operand X>
constexpr _::applied<_::Rsqrt, _::attr<>, X> rsqrt(X&& x) { return _::apply<_::Rsqrt>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Reciprocal, _::attr<>, X> reciprocal(X&& x) { return _::apply<_::Reciprocal>(static_cast<X&&>(x)); }

template <operand X>
constexpr _::applied<_::Exp, _::attr<>, X> exp(X&& x) { return _::apply<_::Exp>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Exp2, _::attr<>, X> exp2(X&& x) { return _::apply<_::Exp2>(static_cast<X&&>(x)); }
// exp(x) - 1 without cancellation.
template <operand X>
constexpr _::applied<_::Expm1, _::attr<>, X> expm1(X&& x) { return _::apply<_::Expm1>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Log, _::attr<>, X> log(X&& x) { return _::apply<_::Log>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Log2, _::attr<>, X> log2(X&& x) { return _::apply<_::Log2>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::Log10, _::attr<>, X> log10(X&& x) { return _::apply<_::Log10>(static_cast<X&&>(x)); }
// log(1 + x) without cancellation.
template <operand X>
constexpr _::applied<_::Log1p, _::attr<>, X> log1p(X&& x) { return _::apply<_::Log1p>(static_cast<X&&>(x)); }

template <operand X>
constexpr _::applied<_::Erf, _::attr<>, X> erf(X&& x) { return _::apply<_::Erf>(static_cast<X&&>(x)); }
// 1 - erf(x), accurate where erf is near 1.
template <operand X>
constexpr _::applied<_::Erfc, _::attr<>, X> erfc(X&& x) { return _::apply<_::Erfc>(static_cast<X&&>(x)); }

// Truth values; false for integers. They look at the bits, so -ffast-math does not fool them.
template <operand X>
constexpr _::applied<_::IsNan, _::attr<>, X> isnan(X&& x) { return _::apply<_::IsNan>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::IsInf, _::attr<>, X> isinf(X&& x) { return _::apply<_::IsInf>(static_cast<X&&>(x)); }
template <operand X>
constexpr _::applied<_::IsFinite, _::attr<>, X> isfinite(X&& x) { return _::apply<_::IsFinite>(static_cast<X&&>(x)); }

namespace _ {
constexpr auto Abs::vjp(auto x, auto, auto g) { return g * sign(x); }
// Not y + 1, which has few digits left where y is near -1.
constexpr auto Expm1::vjp(auto x, auto, auto g) { return g * exp(x); }
// erf'(x) = 2 / sqrt(pi) exp(-x²).
constexpr auto Erf::vjp(auto x, auto, auto g) { return g * (exp(-square(x)) * 1.12837916709551257390); }
constexpr auto Erfc::vjp(auto x, auto, auto g) { return g * (exp(-square(x)) * -1.12837916709551257390); }
}  // namespace _

}  // namespace etta
