// statistics.hpp: what a sample is summarised by: variance, norms, where the extremum stands, whether any or all are true.
// Each takes f(x) over everything, f(x, axis<…>) and f(x, axis<…>, keepdims), as the reductions do.
#pragma once

#include "softmax.hpp"

namespace etta {

// norm<inf_norm>(x): the largest magnitude.
inline constexpr int inf_norm = 2147483647;

namespace _ {

// Two passes over the row: the mean, then the squared deviations (one pass would cancel). Divided by n - Correction.
template <int Correction>
struct Variance : CompositeOp<Variance<Correction>> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        x = in_rows(x, a, n);
        const unsigned axes = axes_mask(x, a, n, "variance");
        x = as_floating(x);
        const var count = count_over(x, axes);
        const var deviation = x - divide_by(sum_along(x, axes), count);
        double c = 0;
        const var degrees = x.g->constant(count.id, c) ? var{x.g, x.g->literal(c - Correction, x.type())} : count - Correction;
        return drop_axes(divide_by(sum_along(square(deviation), axes), degrees), axes, a[0] != 0);
    }
};
template <int Correction>
struct Stddev : CompositeOp<Stddev<Correction>> {
    static constexpr var body(auto x, const std::int64_t* a, int n) { return sqrt(Variance<Correction>::body(x, a, n)); }
};

// The root's derivative at 0 is infinite; the norm's there is taken as 0 (PyTorch).
constexpr var safe_root(var s, double exponent) {
    const var zero = s == 0, filled = where(zero, 1, s);
    return where(zero, 0, exponent == 0.5 ? sqrt(filled) : pow(filled, exponent));
}
template <int P>
struct Norm : CompositeOp<Norm<P>> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        x = in_rows(x, a, n);
        const unsigned axes = axes_mask(x, a, n, "norm");
        x = as_floating(x);
        var y;
        if constexpr (P == 0) y = {x.g, sum_over(*x.g, cast_to(*x.g, (x != 0).id, x.type()), axes)};
        else if constexpr (P == 1) y = sum_along(abs(x), axes);
        else if constexpr (P == 2) y = safe_root(sum_along(square(x), axes), 0.5);
        else if constexpr (P == inf_norm) y = max_along(abs(x), axes);
        else y = safe_root(sum_along(pow(abs(x), P), axes), 1.0 / P);
        return drop_axes(y, axes, a[0] != 0);
    }
};

// The smallest index at which the extremum stands; NaN counts as the extremum. Two passes over a row in cache.
template <class Extremum>
struct ArgExtremum : CompositeOp<ArgExtremum<Extremum>> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        builder& g = *x.g;
        const unsigned axes = axes_mask(x, a, n, "argmax");
        if (x.type() == dtype::boolean) x = {&g, cast_to(g, x.id, dtype::u8)};
        var hit = x == var{&g, Extremum::add(g, x.id, axes)};
        if (is_floating(x.type())) hit = hit || isnan(x);
        var at{&g, g.literal(0, dtype::i32)};
        for (int i = 0; i < x.rank(); ++i)
            if ((axes >> i) & 1) at = at * var{&g, g.extent_literal(x.extents()[i], dtype::i32)} + Iota::like(x, i);
        const var first{&g, Min::add(g, where(hit, at, 2147483647).id, axes)};
        return drop_axes({&g, cast_to(g, first.id, dtype::i64)}, axes, a[0] != 0);
    }
};

constexpr var truth_of(var x) { return x.type() == dtype::boolean ? x : x != 0; }

template <class Extremum>
struct Quantifier : CompositeOp<Quantifier<Extremum>> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        builder& g = *x.g;
        const unsigned axes = axes_mask(x, a, n, "any");
        const var r{&g, Extremum::add(g, cast_to(g, truth_of(x).id, dtype::u8), axes)};
        return drop_axes(r != 0, axes, a[0] != 0);
    }
};
struct CountNonzero : CompositeOp<CountNonzero> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        builder& g = *x.g;
        const unsigned axes = axes_mask(x, a, n, "count_nonzero");
        return drop_axes({&g, sum_over(g, cast_to(g, truth_of(x).id, dtype::i64), axes)}, axes, a[0] != 0);
    }
};

}  // namespace _

// The variance, divided by n - Correction: 0 as in NumPy, variance<1> for the unbiased estimate (PyTorch's default). It is
// not called var because that is a traced variable; nor is its root called std.
template <int Correction = 0, operand X, int... A>
constexpr _::applied<_::Variance<Correction>, _::attr<false, A...>, X> variance(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Variance<Correction>, false>(static_cast<X&&>(x), a); }
template <int Correction = 0, operand X, int... A>
constexpr _::applied<_::Variance<Correction>, _::attr<true, A...>, X> variance(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Variance<Correction>, true>(static_cast<X&&>(x), a); }
template <int Correction = 0, operand X, int... A>
constexpr _::applied<_::Stddev<Correction>, _::attr<false, A...>, X> stddev(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Stddev<Correction>, false>(static_cast<X&&>(x), a); }
template <int Correction = 0, operand X, int... A>
constexpr _::applied<_::Stddev<Correction>, _::attr<true, A...>, X> stddev(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Stddev<Correction>, true>(static_cast<X&&>(x), a); }
// (Σ |x|^P)^(1/P) of all elements or along axes: 2 is the Euclidean length; 0 counts what is not 0; or inf_norm.
template <int P = 2, operand X, int... A>
constexpr _::applied<_::Norm<P>, _::attr<false, A...>, X> norm(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Norm<P>, false>(static_cast<X&&>(x), a); }
template <int P = 2, operand X, int... A>
constexpr _::applied<_::Norm<P>, _::attr<true, A...>, X> norm(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Norm<P>, true>(static_cast<X&&>(x), a); }

// Where the greatest (least) element stands, int64; of equals the first, and NaN before any number. Over several axes the
// number counts through them in row-major order. No derivative.
template <operand X, int... A>
constexpr _::applied<_::ArgExtremum<_::Max>, _::attr<false, A...>, X> argmax(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::ArgExtremum<_::Max>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::ArgExtremum<_::Max>, _::attr<true, A...>, X> argmax(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::ArgExtremum<_::Max>, true>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::ArgExtremum<_::Min>, _::attr<false, A...>, X> argmin(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::ArgExtremum<_::Min>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::ArgExtremum<_::Min>, _::attr<true, A...>, X> argmin(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::ArgExtremum<_::Min>, true>(static_cast<X&&>(x), a); }
// PyTorch's names for max and min along axes.
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Max>, _::attr<false, A...>, X> amax(X&& x, axes_t<A...> a = axes_t<>{}) { return max(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Max>, _::attr<true, A...>, X> amax(X&& x, axes_t<A...> a, keepdims_t k) { return max(static_cast<X&&>(x), a, k); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Min>, _::attr<false, A...>, X> amin(X&& x, axes_t<A...> a = axes_t<>{}) { return min(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Reduction<_::Min>, _::attr<true, A...>, X> amin(X&& x, axes_t<A...> a, keepdims_t k) { return min(static_cast<X&&>(x), a, k); }

// Is any element true (not 0)? Are all? Numbers count as truth values; of nothing, any is false and all is true.
// etta::all is also the slice t(0, all), so it is not found without its namespace or a using-declaration.
template <operand X, int... A>
constexpr _::applied<_::Quantifier<_::Max>, _::attr<false, A...>, X> any(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::Quantifier<_::Max>, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::Quantifier<_::Max>, _::attr<true, A...>, X> any(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::Quantifier<_::Max>, true>(static_cast<X&&>(x), a); }
template <class X, class... Axes>
constexpr auto all_t::operator()(const X& x, Axes... axes) const {
    static_assert(operand<X>, "etta: all(x, …): x is a tensor, an expression or a traced value");
    if constexpr (sizeof...(Axes) == 2) return [](const X& y, auto a, keepdims_t) { return _::reduction<_::Quantifier<_::Min>, true>(y, a); }(x, axes...);
    else if constexpr (sizeof...(Axes) == 1) return _::reduction<_::Quantifier<_::Min>, false>(x, axes...);
    else return _::reduction<_::Quantifier<_::Min>, false>(x, axes_t<>{});
}
// How many elements are not 0, int64.
template <operand X, int... A>
constexpr _::applied<_::CountNonzero, _::attr<false, A...>, X> count_nonzero(X&& x, axes_t<A...> a = axes_t<>{}) { return _::reduction<_::CountNonzero, false>(static_cast<X&&>(x), a); }
template <operand X, int... A>
constexpr _::applied<_::CountNonzero, _::attr<true, A...>, X> count_nonzero(X&& x, axes_t<A...> a, keepdims_t) { return _::reduction<_::CountNonzero, true>(static_cast<X&&>(x), a); }

}  // namespace etta
