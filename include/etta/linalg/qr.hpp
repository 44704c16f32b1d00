// qr.hpp: A = Q R with orthonormal columns in Q, by Householder reflections, and least squares.
#pragma once

#include "triangular.hpp"

namespace etta {
namespace _ {

// The op is Q alone: [..., m, n] -> [..., m, k]; R is the upper triangle of Qᵀ A, a product. k is n, or m where A is known to
// be wide. With C = dA R⁻¹ (of the first k columns), M = Qᵀ C, W = Qᵀ Q̄:
//   dQ = C - Q (triu(M) + tril(M, -1)ᵀ);   Ā = (Q̄ - Q (triu(W) + triu(W, 1)ᵀ)) R⁻ᵀ      (Walter & Lehmann 2012, "Algorithmic
// differentiation of linear algebra functions with application in optimum experimental design"). A wide A depends on its
// first columns only, so its R's derivative follows from the product.
struct qr_rules {
    static constexpr const char* name = "qr";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 8;
    static constexpr int add(builder& g, int a);
    static constexpr var factor(var q, var a) { return upper_of(matmul(swapped(q), a)); }
    static constexpr var from_right(var r, var x, bool transposed) {  // x R⁻¹, x R⁻ᵀ
        return swapped(triangular_rules::of(r, swapped(x), true, !transposed, false));
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const var q{c.g, c.g->nodes[c.node].results}, a{c.g, c.g->arg(c.g->nodes[c.node], 0)}, bar{c.g, c.cotangents[0]};
        const var w = matmul(swapped(q), bar);
        c.out[0] = from_right(factor(q, a), bar - matmul(q, upper_of(w) + swapped(strictly_upper(w))), true).id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const var q{c.g, c.g->nodes[c.node].results}, a{c.g, c.g->arg(c.g->nodes[c.node], 0)};
        const var x = from_right(factor(q, a), {c.g, c.tangents[0]}, false), m = matmul(swapped(q), x);
        c.out[0] = (x - matmul(q, upper_of(m) + swapped(strictly_lower(m)))).id;
    }
    static constexpr void batch_rule(builder& g, int, const int* operands, const bool*, int* results) { results[0] = add(g, operands[0]); }
};
template <class T>
struct QrFactor : qr_rules {
    // A reflection I - tau v vᵀ, v = (1, what stands below the diagonal): tau follows from v, so nothing else is kept. Where
    // nothing stands below, it is the identity (LAPACK's choice).
    static T tau(const matrix<T>& y, index j) {
        T s = T(0);
        for (index i = j + 1; i < y.rows; ++i) s += y(i, j) * y(i, j);
        return s == T(0) ? T(0) : T(2) / (T(1) + s);
    }
    template <class Target>
    static void reflect(const matrix<T>& y, index j, index end, T tau) {  // applied to columns j + 1 … end - 1, at most a block
        const index columns = end - j - 1, below = y.rows - j - 1;
        T w[factor_block];  // -vᵀ y, then -tau vᵀ y; subtracted twice over, so that every step is a product
        T* const top = &y(j, j) + 1;
        for (index c = 0; c < columns; ++c) w[c] = -top[c];
        subtract_product<Target>(w, 0, 1, columns, &y(j, j) + y.row, 0, y.row, top + y.row, y.row, below);
        for (index c = 0; c < columns; ++c) w[c] *= -tau, top[c] -= w[c];
        subtract_product<Target>(top + y.row, y.row, below, columns, &y(j, j) + y.row, y.row, 1, w, 0, 1);
    }
    // A block of reflections, first … end - 1, as I - V t Vᵀ (Schreiber & Van Loan 1989). v: the rows of V that are a
    // triangle; those below stand in y.
    struct block {
        T v[factor_block * factor_block] = {}, t[factor_block * factor_block] = {};
        index first, end, width;

        template <class Target>
        static block of(const matrix<T>& y, index first, index end) {
            block b;
            b.first = first, b.end = end, b.width = end - first;
            const index w = b.width, row = factor_block;
            T gram[factor_block * factor_block] = {};  // -Vᵀ V
            for (index i = 0; i < w; ++i)
                for (index j = 0; j <= i; ++j) b.v[i * row + j] = i == j ? T(1) : y(first + i, first + j);
            subtract_product<Target>(gram, row, w, w, b.v, 1, row, b.v, row, w);
            if (end < y.rows) subtract_product<Target>(gram, row, w, w, &y(end, first), 1, y.row, &y(end, first), y.row, y.rows - end);
            for (index i = 0; i < w; ++i) {
                const T tau = QrFactor::tau(y, first + i);
                for (index r = 0; r < i; ++r) {
                    T s = T(0);
                    for (index k = r; k < i; ++k) s += b.t[r * row + k] * gram[k * row + i];
                    b.t[r * row + i] = tau * s;
                }
                b.t[i * row + i] = tau;
            }
            return b;
        }
        template <class Target>
        void apply(const matrix<T>& y, bool transposed) const {  // to the columns behind the block
            for (index at = end; at < y.columns; at += column_block) {
                const index columns = y.columns - at < column_block ? y.columns - at : column_block, row = column_block, below = y.rows - end;
                T w[factor_block * column_block] = {}, z[factor_block * column_block] = {};  // -Vᵀ y; t Vᵀ y
                T *const top = &y(first, at), *const rest = top + width * y.row;
                const T* const v_rest = &y(first, first) + width * y.row;
                subtract_product<Target>(w, row, width, columns, v, 1, factor_block, top, y.row, width);
                subtract_product<Target>(w, row, width, columns, v_rest, 1, y.row, rest, y.row, below);
                subtract_product<Target>(z, row, width, columns, t, transposed ? 1 : factor_block, transposed ? factor_block : 1, w, row, width);
                subtract_product<Target>(top, y.row, width, columns, v, factor_block, 1, z, row, width);
                subtract_product<Target>(rest, y.row, below, columns, v_rest, y.row, 1, z, row, width);
            }
        }
    };
    // v of the reflection that brings column j to its first element; scaled by the greatest, so that squares do not overflow.
    static void find_reflection(const matrix<T>& y, index j) {
        T greatest = T(0), s = T(0);
        for (index i = j; i < y.rows; ++i) {
            const T a = y(i, j) < T(0) ? -y(i, j) : y(i, j);
            greatest = a > greatest || a != a ? a : greatest;
        }
        if (greatest == T(0)) return;
        for (index i = j; i < y.rows; ++i) {
            const T a = y(i, j) / greatest;
            s += a * a;
        }
        const T norm = greatest * static_cast<T>(__builtin_sqrt(s)), first = y(j, j) < T(0) ? y(j, j) - norm : y(j, j) + norm;
        for (index i = j + 1; i < y.rows; ++i) y(i, j) /= first;
    }
    template <class Target>
    static void factorise(const matrix<T>& y) {
        const index n = y.columns;
        for (index first = 0; first < n; first += factor_block) {
            const index end = first + factor_block < n ? first + factor_block : n;
            for (index j = first; j < end; ++j) {
                find_reflection(y, j);
                reflect<Target>(y, j, end, tau(y, j));
            }
            if (end < n) block::template of<Target>(y, first, end).template apply<Target>(y, true);
        }
        for (index end = n; end > 0;) {  // Q: the reflections of the identity's columns, the last first
            const index first = (end - 1) / factor_block * factor_block;
            if (end < n) block::template of<Target>(y, first, end).template apply<Target>(y, false);
            for (index j = end - 1; j >= first; --j) {
                const T t = tau(y, j);
                reflect<Target>(y, j, end, t);
                for (index i = 0; i < j; ++i) y(i, j) = T(0);
                y(j, j) = T(1) - t;
                for (index i = j + 1; i < y.rows; ++i) y(i, j) *= -t;
            }
            end = first;
        }
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(w, ctx), o = strided_operand::read<Target>(w, ctx);
        const auto mine = share(o.count() == 0 ? 0 : matrices(o), 1, ctx);
        for (index q = mine.begin; q < mine.end; ++q) {
            const matrix<T> x = matrix<T>::of(a, q), y = matrix<T>::result(o, q);
            if (y.rows < y.columns) {  // sizes known late, and fewer rows than columns
                y.fill(not_a_number<T>);
                continue;
            }
            for (index i = 0; i < y.rows; ++i)
                for (index j = 0; j < y.columns; ++j) y(i, j) = x(i, j);
            factorise<Target>(y);
        }
    }
};
constexpr int qr_rules::add(builder& g, int a) { return add_library(g, info_for_floating<QrFactor>(g.type_of(a)), &a, 1, nullptr, 0, g.type_of(a), g.extents_of(a)); }

// Q and R of a: a wide matrix is factorised by its first square.
constexpr var orthonormal(var a) {
    const index m = a.extent(-2), n = a.extent(-1);
    if (m >= 0 && n >= 0 && m < n) a = swapped(rows_of(swapped(a), 0, extent(m)));
    return {a.g, qr_rules::add(*a.g, a.id)};
}
template <int Part>  // 0: Q, 1: R
struct QrPart : CompositeOp<QrPart<Part>> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        a = as_floating(a);
        if (!is_matrix(a, "qr")) return a;
        const var q = orthonormal(a);
        return Part == 0 ? q : qr_rules::factor(q, a);
    }
};
// Tall: R x = Qᵀ b. Wide: of aᵀ = Q R, x = Q R⁻ᵀ b.
struct LeastSquares : CompositeOp<LeastSquares> {
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t*, int) {
        const bool vector = b.rank() == 1;
        if (!is_matrix(a, "lstsq") || !join_types(a, b, "lstsq")) return a;
        const index m = a.extent(-2), n = a.extent(-1);
        const bool wide = m >= 0 && n >= 0 && m < n;
        const var whole = wide ? swapped(a) : a;
        var q = orthonormal(whole), r = qr_rules::factor(q, whole);
        if (!join_system(a, b, "lstsq")) return a;
        shape batch = b.extents();
        const auto as_many = [&](var x) constexpr {  // for every right-hand side of a batch
            shape to = batch;
            to[-2] = x.extents()[-2], to[-1] = x.extents()[-1];
            return var{x.g, expand_to(*x.g, x.id, to)};
        };
        q = as_many(q), r = as_many(r);
        return as_given(wide ? matmul(q, triangular_rules::of(r, b, true, true, false)) : triangular_rules::of(r, matmul(swapped(q), b), true, false, false), vector);
    }
};

}  // namespace _

// auto [q, r] = qr(a): a = q r, reduced, as in NumPy: a [..., m, n]; q [..., m, k] with orthonormal columns, r [..., k, n] upper
// triangular, k = min(m, n). Where m or n is known at run time only, k = n, and a matrix with m < n gives NaN. The signs are
// LAPACK's. Derivatives need independent (first k) columns; without, they are not finite. O(4 m k²).
template <operand A>
constexpr results<_::applied<_::QrPart<0>, _::attr<>, A>, _::applied<_::QrPart<1>, _::attr<>, A>> qr(A&& a) {
    return _::make_results(_::apply<_::QrPart<0>>(static_cast<A&&>(a)), _::apply<_::QrPart<1>>(static_cast<A&&>(a)));
}
// The x that minimises |a x - b|, a [..., m, n] of full rank, by QR; where a has fewer rows than columns (both static), of all
// exact solutions the shortest. b: [m], or [..., m, k]. Without full rank: infinities and NaN. O(m n min(m, n)).
template <class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::LeastSquares, _::attr<>, A, B> lstsq(A&& a, B&& b) { return _::apply<_::LeastSquares>(static_cast<A&&>(a), static_cast<B&&>(b)); }

}  // namespace etta
