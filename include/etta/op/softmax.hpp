// softmax.hpp: softmax, log_softmax and logsumexp along an axis, written with other ops: the row kernel that fusion makes
// of them passes over a row while it is in cache. And positions (iota), with which labels become masks.
#pragma once

#include "activation.hpp"

namespace etta {
namespace _ {

// The index along one axis, as int32. Attributes: the axis, the extents.
struct Iota {
    static constexpr const char* name = "iota";
    static constexpr op_kind kind = op_kind::generator;
    static constexpr bool differentiable = false;
    static constexpr int flops = 0;
    static constexpr var of(builder& g, const shape& s, int axis) {
        std::int64_t t[max_rank + 1] = {axis < 0 ? axis + s.rank : axis};
        for (int i = 0; i < s.rank; ++i) t[i + 1] = s.at[i].code;
        return {&g, g.add(&info_of<Iota>::value, nullptr, 0, t, s.rank + 1, dtype::i32, s)};
    }
    static constexpr var like(var x, int axis) { return of(*x.g, x.extents(), axis); }
};

constexpr var max_along(var x, unsigned axes) { return {x.g, Max::add(*x.g, x.id, axes)}; }
constexpr var sum_along(var x, unsigned axes) { return {x.g, sum_over(*x.g, x.id, axes)}; }

// The row's maximum, subtracted so that exp cannot overflow; a constant as far as derivatives go. A row of -inf only
// keeps 0 there, so that its softmax is NaN-free in log_softmax's callers that mask.
constexpr var row_shift(var x, unsigned axes) { return stop_gradient(max_along(x, axes)); }

struct Portion : ElementwiseOp<Portion> {  // e / s, 0 <= e <= s, where s is one number for many e
    static constexpr const char* name = "portion";
    static constexpr const char* onnx = "Div";
    static constexpr int operands = 2;
    static constexpr int flops = 4;
    static constexpr auto eval(auto e, auto s) { return portion(e, s); }
    static constexpr auto vjp(auto, auto s, auto y, auto g) {
        auto q = g / s;
        return grads{q, -(q * y)};
    }
};

struct Softmax : CompositeOp<Softmax> {  // attribute: the axis
    static constexpr var body(auto x, const std::int64_t* a, int) {
        const unsigned axes = 1u << axis_of(*x.g, a[0], x.rank(), "softmax");
        x = as_floating(x);
        const var e = exp(x - row_shift(x, axes));
        return apply<Portion>(e, sum_along(e, axes));
    }
};

struct LogSumExp : CompositeOp<LogSumExp> {  // attributes: keepdims, axes
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        x = in_rows(x, a, n);
        const unsigned axes = axes_mask(x, a, n, "logsumexp");
        x = as_floating(x);
        const var m = row_shift(x, axes);
        return drop_axes(m + log(sum_along(exp(x - m), axes)), axes, a[0] != 0);
    }
};

struct LogSoftmax : CompositeOp<LogSoftmax> {  // attribute: the axis
    static constexpr var body(auto x, const std::int64_t* a, int) {
        const unsigned axes = 1u << axis_of(*x.g, a[0], x.rank(), "log_softmax");
        x = as_floating(x);
        const var d = x - row_shift(x, axes);
        return d - log(sum_along(exp(d), axes));
    }
};

}  // namespace _

// exp(x) / sum(exp(x)) along an axis; the default is the last.
template <int Axis = -1, operand X>
constexpr _::applied<_::Softmax, _::attr<Axis>, X> softmax(X&& x) { return _::apply<_::Softmax, _::attr<Axis>>(static_cast<X&&>(x)); }
template <int Axis = -1, operand X>
constexpr _::applied<_::LogSoftmax, _::attr<Axis>, X> log_softmax(X&& x) { return _::apply<_::LogSoftmax, _::attr<Axis>>(static_cast<X&&>(x)); }
// log(sum(exp(x))), without overflow.
template <operand X, int... A>
constexpr _::applied<_::LogSumExp, _::attr<false, A...>, X> logsumexp(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::LogSumExp, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::LogSumExp, _::attr<true, A...>, X> logsumexp(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::LogSumExp, true>(static_cast<X&&>(x), a); }

}  // namespace etta
