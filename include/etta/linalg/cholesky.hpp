// cholesky.hpp: A = L Lᵀ for a symmetric positive definite matrix, and systems solved with it.
#pragma once

#include "triangular.hpp"

namespace etta {
namespace _ {

// With Φ(x): the lower triangle, its diagonal halved, and S = (dA + dAᵀ) / 2:
//   dL = L Φ(L⁻¹ S L⁻ᵀ);   Ā = L⁻ᵀ (P + Pᵀ)/2 L⁻¹, P = Φ(Lᵀ L̄)        (Murray 2016, "Differentiation of the Cholesky decomposition")
// Derivatives are those by a symmetric matrix: tangents are made symmetric, gradients are.
struct cholesky_rules {
    static constexpr const char* name = "cholesky";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 8;
    static constexpr int add(builder& g, int a);
    static constexpr var half_diagonal(var x) {
        const var offset = offset_from_diagonal(x, name);
        return where(offset < 0, x, where(offset == 0, 0.5 * x, 0));
    }
    static constexpr var symmetric(var x) { return 0.5 * (x + swapped(x)); }
    // L⁻¹ s L⁻ᵀ, transposed: L⁻ᵀ s L⁻¹, of a symmetric s.
    static constexpr var between(var l, var s, bool transposed) {
        return triangular_rules::of(l, swapped(triangular_rules::of(l, s, false, transposed, false)), false, transposed, false);
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const var l{c.g, c.g->nodes[c.node].results}, p = half_diagonal(matmul(swapped(l), var{c.g, c.cotangents[0]}));
        c.out[0] = between(l, symmetric(p), true).id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const var l{c.g, c.g->nodes[c.node].results};
        c.out[0] = matmul(l, half_diagonal(between(l, symmetric({c.g, c.tangents[0]}), false))).id;
    }
    static constexpr void batch_rule(builder& g, int, const int* operands, const bool*, int* results) { results[0] = add(g, operands[0]); }
};
template <class T>
struct Cholesky : cholesky_rules {
    // The upper factor, row by row from the lower triangle read sideways, so that rows are contiguous; then turned over.
    // Rows first … end - 1, in blocks of `size`: each minus what the rows before it (from `first` on) make of it. Blocks of 32
    // are cut into blocks of 8, those into rows.
    template <class Target>
    static bool factorise(const matrix<T>& y, index first, index end, index size) {
        const index n = y.rows;
        for (index at = first; at < end; at += size) {
            const index next = at + size < end ? at + size : end;
            subtract_product<Target>(&y(at, at), n, next - at, n - at, &y(first, at), 1, n, &y(first, at), n, at - first);
            if (size > 1) {
                if (!factorise<Target>(y, at, next, size == factor_block ? 8 : 1)) return false;
                continue;
            }
            const T d = y(at, at);
            if (!(d > T(0)) || d == highest_of<T>()) return false;
            const T root = static_cast<T>(__builtin_sqrt(d));
            y(at, at) = root;
            divide<Target>(&y(at, at) + 1, n - at - 1, root);
        }
        return true;
    }
    // Every i <= j, eight rows at a time: a cache line of one side serves eight of the other.
    template <class F>
    static void upper_part(index n, const F& f) {
        for (index first = 0; first < n; first += 8)
            for (index j = first; j < n; ++j)
                for (index i = first; i < first + 8 && i <= j; ++i) f(i, j);
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(w, ctx), o = strided_operand::read<Target>(w, ctx);
        const auto mine = share(o.count() == 0 ? 0 : matrices(o), 1, ctx);
        for (index q = mine.begin; q < mine.end; ++q) {
            const matrix<T> x = matrix<T>::of(a, q), y = matrix<T>::result(o, q);
            y.fill(T(0));
            upper_part(y.rows, [&](index i, index j) { y(i, j) = x(j, i); });
            if (!factorise<Target>(y, 0, y.rows, factor_block)) {
                y.fill(not_a_number<T>);
                continue;
            }
            upper_part(y.rows, [&](index i, index j) {
                if (i != j) y(j, i) = y(i, j), y(i, j) = T(0);
            });
        }
    }
};
constexpr int cholesky_rules::add(builder& g, int a) { return add_library(g, info_for_floating<Cholesky>(g.type_of(a)), &a, 1, nullptr, 0, g.type_of(a), g.extents_of(a)); }

struct CholeskyFactor : CompositeOp<CholeskyFactor> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        a = as_floating(a);
        return is_square(a, "cholesky") ? var{a.g, cholesky_rules::add(*a.g, a.id)} : a;
    }
};
struct CholeskySolve : CompositeOp<CholeskySolve> {
    static constexpr int operands = 2;
    static constexpr var body(auto l, auto b, const std::int64_t*, int) {
        const bool vector = b.rank() == 1;
        if (!is_square(l, "cholesky_solve") || !join_system(l, b, "cholesky_solve")) return l;
        return as_given(triangular_rules::of(l, triangular_rules::of(l, b, false, false, false), false, true, false), vector);
    }
};

}  // namespace _

// The lower L of a = L Lᵀ, [..., n, n]; above the diagonal 0. Only a's lower triangle is read; derivatives are those by a
// symmetric matrix (PyTorch's and JAX' convention). A matrix that is not positive definite gives NaN throughout. O(n³ / 3).
template <operand A>
constexpr _::applied<_::CholeskyFactor, _::attr<>, A> cholesky(A&& a) { return _::apply<_::CholeskyFactor>(static_cast<A&&>(a)); }
// The x of (L Lᵀ) x = b, given L = cholesky(a): two triangular systems. b: [n] or [..., n, k]. O(n² k).
template <class L, class B>
    requires operand<L> && operand<B>
constexpr _::applied<_::CholeskySolve, _::attr<>, L, B> cholesky_solve(L&& l, B&& b) { return _::apply<_::CholeskySolve>(static_cast<L&&>(l), static_cast<B&&>(b)); }

}  // namespace etta
