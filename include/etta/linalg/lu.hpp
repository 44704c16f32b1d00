// lu.hpp: P A = L U with partial pivoting, and what it is for: systems, inverses, determinants.
#pragma once

#include "triangular.hpp"

namespace etta {
namespace _ {

// One value holds all of a factorisation: [..., 1 + n, n]. First a row of marks, which says where the rows of A went: entry i
// is ±(1 + the row of A that is row i of L U), negative where step i exchanged two rows (row numbers in T are exact up to 2²⁴
// in float). Then U on and above the diagonal, L's strict part below it.
//
// With F = L⁻¹ P dA U⁻¹:  dL = L tril(F, -1), dU = triu(F) U; the transpose of that is
//   Ā = Pᵀ L⁻ᵀ (tril(Lᵀ L̄, -1) + triu(Ū Uᵀ)) U⁻ᵀ              (de Hoog, Anderssen, Lukas 2011, "Differentiation of matrix
// functionals using triangular factorization"). Both factors share one value, so L̄ and Ū share one cotangent.
struct lu_rules {
    static constexpr const char* name = "lu";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 8;
    static constexpr int add(builder& g, int a);
    static constexpr var factors(var packed) { return rows_of(packed, 1, packed.extents()[-1]); }
    static constexpr var marks(var packed) { return rows_of(packed, 0, extent(1)); }
    static constexpr var lower(var packed) {
        const var x = factors(packed), offset = offset_from_diagonal(x, name);
        return where(offset < 0, x, cast_like(offset == 0, x));
    }
    static constexpr var upper(var packed) { return upper_of(factors(packed)); }
    static constexpr var cast_like(var m, var x) { return {x.g, cast_to(*x.g, m.id, x.type())}; }
    // Which row of A is row i of L U: int32 [..., n].
    static constexpr var permutation(var packed) {
        const std::int64_t row = -2;
        const var m = Squeeze::body(marks(packed), &row, 1);
        return var{m.g, cast_to(*m.g, (abs(m) - 1).id, dtype::i32)};
    }
    static constexpr int row_numbers(var packed, shape to) {  // one per row, for each column of `to`
        const std::int64_t last = -1;
        return expand_to(*packed.g, Unsqueeze::body(permutation(packed), &last, 1).id, to);
    }
    static constexpr var rows_by(var packed, var x) {  // P x
        const int axis = x.rank() - 2;
        return {x.g, Gather::add(*x.g, x.id, row_numbers(packed, x.extents()), axis, false, false)};
    }
    static constexpr var rows_back(var packed, var x) {  // Pᵀ x
        const int axis = x.rank() - 2;
        const shape to = x.extents();
        return {x.g, scatter_rules::add(*x.g, row_numbers(packed, to), x.id, to, axis, false)};
    }
    static constexpr var from_right(var packed, var x, bool transposed) {  // x U⁻¹, x U⁻ᵀ
        return swapped(triangular_rules::of(factors(packed), swapped(x), true, !transposed, false));
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const var h{c.g, c.g->nodes[c.node].results}, bar = factors({c.g, c.cotangents[0]});
        const var f = strictly_lower(matmul(swapped(lower(h)), bar)) + upper_of(matmul(bar, swapped(upper(h))));
        c.out[0] = rows_back(h, from_right(h, triangular_rules::of(factors(h), f, false, true, true), true)).id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const var h{c.g, c.g->nodes[c.node].results};
        const var f = from_right(h, triangular_rules::of(factors(h), rows_by(h, {c.g, c.tangents[0]}), false, false, true), false);
        const var d = matmul(lower(h), strictly_lower(f)) + matmul(upper_of(f), upper(h));
        std::int64_t t[2 * max_rank] = {};
        for (int i = 0; i < h.rank(); ++i) t[2 * i + 1] = 1;
        t[2 * h.rank() - 4] = 1;
        const shape whole = h.extents();
        c.out[0] = place_in(*c.g, d.id, whole, t);
    }
    static constexpr void batch_rule(builder& g, int, const int* operands, const bool*, int* results) { results[0] = add(g, operands[0]); }
};
template <class T>
struct LuFactor : lu_rules {
    static void exchange(const matrix<T>& y, index i, index j) {
        T *const a = &y(i, 0), *const b = &y(j, 0);
        for (index k = 0; k < y.columns; ++k) {
            const T t = a[k];
            a[k] = b[k], b[k] = t;
        }
    }
    static T magnitude(T x) { return x < T(0) ? -x : x; }
    // A few columns, from row `first` down. The greatest element is the pivot: the first of equals.
    static void panel(const matrix<T>& y, T* marks, index first, index end) {
        const index n = y.columns;
        for (index k = first; k < end; ++k) {
            index best = k;
            for (index i = k + 1; i < n; ++i)
                if (magnitude(y(i, k)) > magnitude(y(best, k))) best = i;
            if (best != k) {
                exchange(y, k, best);
                const T t = marks[k];
                marks[k] = -marks[best], marks[best] = t;
            }
            const T* const top = &y(k, 0);
            for (index i = k + 1; i < n; ++i) {
                T* const row = &y(i, 0);
                const T l = top[k] == T(0) ? T(0) : row[k] / top[k];  // a column of zeros: nothing to eliminate
                row[k] = l;
                for (index j = k + 1; j < end; ++j) row[j] -= l * top[j];
            }
        }
    }
    // Columns first … end - 1: the left half, what it makes of the right half, the right half (Toledo 1997).
    template <class Target>
    static void factorise(const matrix<T>& y, T* marks, index first, index end) {
        const index n = y.columns;
        if (end - first <= 8) return panel(y, marks, first, end);
        const index left = (end - first + 15) / 16 * 8, mid = first + left, right = end - mid;
        factorise<Target>(y, marks, first, mid);
        solve_triangle<Target>(matrix<const T>{&y(first, first), left, left, n, 1}, true, true, &y(first, mid), n, right);
        subtract_product<Target>(&y(mid, mid), n, n - mid, right, &y(mid, first), n, 1, &y(first, mid), n, left);
        factorise<Target>(y, marks, mid, end);
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(w, ctx), o = strided_operand::read<Target>(w, ctx);
        const auto mine = share(o.count() == 0 ? 0 : matrices(o), 1, ctx);
        for (index q = mine.begin; q < mine.end; ++q) {
            const matrix<T> x = matrix<T>::of(a, q), whole = matrix<T>::result(o, q), y = whole.from_row(1);
            for (index j = 0; j < y.columns; ++j) whole(0, j) = static_cast<T>(j + 1);
            for (index i = 0; i < y.rows; ++i)
                for (index j = 0; j < y.columns; ++j) y(i, j) = x(i, j);
            factorise<Target>(y, whole.at, 0, y.columns);
        }
    }
};
constexpr int lu_rules::add(builder& g, int a) {
    shape to = g.extents_of(a);
    to[-1] = g.resolve(to[-1]), to[-2] = plus_one(to[-1]);
    return add_library(g, info_for_floating<LuFactor>(g.type_of(a)), &a, 1, nullptr, 0, g.type_of(a), to);
}

// Operands a, its factorisation, b; attribute: transposed. The factorisation is only a means, so derivatives go past it:
//   x = a⁻¹ b:  dx = a⁻¹ (db - da x);  b̄ = a⁻ᵀ x̄, ā = -b̄ xᵀ                 (Giles 2008, section 2.3.1)
struct lu_solve_rules {
    static constexpr const char* name = "solve";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 8;
    static constexpr int add(builder& g, int a, int factors, int b, bool transposed);
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const bool transposed = g.attr(n, 0) != 0;
        const var x{&g, n.results}, b{&g, add(g, g.arg(n, 0), g.arg(n, 1), c.cotangents[0], !transposed)};
        c.out[0] = (-(transposed ? matmul(x, swapped(b)) : matmul(b, swapped(x)))).id;
        c.out[2] = b.id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const bool transposed = g.attr(n, 0) != 0;
        var t{&g, c.tangents[2]};
        if (c.tangents[0] >= 0) {
            const var d{&g, c.tangents[0]}, x{&g, n.results};
            const var term = matmul(transposed ? swapped(d) : d, x);
            t = t.exists() ? t - term : -term;
        }
        if (t.exists()) c.out[0] = add(g, g.arg(n, 0), g.arg(n, 1), t.id, transposed);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
        int ids[3] = {};
        batch_all<3>(g, operands, batched, ids);
        results[0] = add(g, ids[0], ids[1], ids[2], g.attr(g.nodes[id], 0) != 0);
    }
};
template <class T>
struct LuSolve : lu_solve_rules {
    // Row i of the result is row p[i] of what stands there (or the reverse), in place: a chain of exchanges. Element i has
    // gone to where p leads from i, past all places that are done.
    static void permute(const matrix<T>& x, const matrix<T>& marks, index first, index columns, bool back) {
        const index n = x.rows;
        for (index k = 0; k < n; ++k) {
            const index i = back ? n - 1 - k : k;
            index j = i;
            do j = static_cast<index>(marks(0, j) < T(0) ? -marks(0, j) : marks(0, j)) - 1;
            while (j < i);
            if (j != i)
                for (index c = first; c < first + columns; ++c) {
                    const T t = x(i, c);
                    x(i, c) = x(j, c), x(j, c) = t;
                }
        }
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        strided_operand::read<Target>(w, ctx);
        const strided_operand f = strided_operand::read<Target>(w, ctx), b = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        const bool transposed = w[0] != 0;
        for_columns(y, ctx, [&](index q, index first, index columns) {
            const matrix<T> x = matrix<T>::result(y, q), in = matrix<T>::of(b, q), whole = matrix<T>::of(f, q), m = whole.from_row(1);
            const index n = x.rows;
            bool singular = false;
            for (index i = 0; i < n; ++i) singular = singular || m(i, i) == T(0);
            for (index i = 0; i < n; ++i)
                for (index j = first; j < first + columns; ++j) x(i, j) = singular ? not_a_number<T> : in(i, j);
            if (singular) return;
            const matrix<const T> lu{m.at, n, n, transposed ? m.column : m.row, transposed ? m.row : m.column};
            if (!transposed) permute(x, whole, first, columns, false);
            solve_triangle<Target>(lu, true, !transposed, x.at + first, x.row, columns);
            solve_triangle<Target>(lu, false, transposed, x.at + first, x.row, columns);
            if (transposed) permute(x, whole, first, columns, true);
        });
    }
};
constexpr int lu_solve_rules::add(builder& g, int a, int factors, int b, bool transposed) {
    const std::int64_t t = transposed;
    const int ids[3] = {a, factors, b};
    return add_library(g, info_for_floating<LuSolve>(g.type_of(b)), ids, 3, &t, 1, g.type_of(b), g.extents_of(b));
}

template <int Part>  // 0: the permutation, 1: L, 2: U
struct LuPart : CompositeOp<LuPart<Part>> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        a = as_floating(a);
        if (!is_square(a, "lu")) return a;
        const var h{a.g, lu_rules::add(*a.g, a.id)};
        return Part == 0 ? lu_rules::permutation(h) : Part == 1 ? lu_rules::lower(h) : lu_rules::upper(h);
    }
};
// The factorisation is of `a` as it was given, not of its copies for a batch of right-hand sides.
constexpr var solve_system(var a, var b) {
    builder& g = *a.g;
    var f{&g, lu_rules::add(g, a.id)};
    if (!join_system(a, b, "solve")) return a;
    shape to = a.extents();
    to[-2] = plus_one(g.resolve(to[-1]));
    f.id = expand_to(g, f.id, to);
    return {&g, lu_solve_rules::add(g, a.id, f.id, b.id, false)};
}
struct Solve : CompositeOp<Solve> {
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t*, int) {
        const bool vector = b.rank() == 1;
        if (!is_square(a, "solve") || !join_types(a, b, "solve")) return a;
        return as_given(solve_system(a, b), vector);
    }
};
struct Inverse : CompositeOp<Inverse> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        const std::int64_t main = 0;
        a = as_floating(a);
        return is_square(a, "inverse") ? solve_system(a, EyeLike::body(a, &main, 1)) : a;
    }
};

// U's diagonal, [..., n], also of a matrix whose size is known at run time only; and -1 for every exchange of rows, else 1.
constexpr var lu_diagonal(var h) {
    const var x = lu_rules::factors(h);
    const std::int64_t drop_last[2] = {0, -1};
    return Reduction<Sum>::body(where(offset_from_diagonal(x, "det") == 0, x, 0), drop_last, 2);
}
constexpr var lu_signs(var h) {
    const std::int64_t row = -2;
    const var m = Squeeze::body(lu_rules::marks(h), &row, 1);
    return where(m < 0, var{m.g, m.g->literal(-1, m.type())}, 1);
}
template <int Part>  // 0: det, 1: its sign, 2: log |det|
struct Determinant : CompositeOp<Determinant<Part>> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        const std::int64_t drop_last[2] = {0, -1};
        a = as_floating(a);
        if (!is_square(a, "det")) return a;
        if (a.extent(-1) == 0) {  // the empty product: no kernel is needed
            shape to = a.extents();
            to.rank -= 2;
            return {a.g, expand_to(*a.g, a.g->literal(Part == 2 ? 0 : 1, a.type()), to)};
        }
        const var h{a.g, lu_rules::add(*a.g, a.id)}, u = lu_diagonal(h);
        if (Part == 2) return Reduction<Sum>::body(log(abs(u)), drop_last, 2);
        return Reduction<Prod>::body(lu_signs(h) * (Part == 0 ? u : sign(u)), drop_last, 2);
    }
};

}  // namespace _

// auto [p, l, u] = lu(a): rows of a in the order p are l u, or take(a, p) == matmul(l, u) (SciPy's lu with p_indices). a: [..., n, n];
// p: int32 [..., n]; l has a unit diagonal; |l| <= 1 by partial pivoting. A singular matrix has a zero on u's diagonal, and
// derivatives that are not finite. O(2 n³ / 3).
template <operand A>
constexpr results<_::applied<_::LuPart<0>, _::attr<>, A>, _::applied<_::LuPart<1>, _::attr<>, A>, _::applied<_::LuPart<2>, _::attr<>, A>> lu(A&& a) {
    return _::make_results(_::apply<_::LuPart<0>>(static_cast<A&&>(a)), _::apply<_::LuPart<1>>(static_cast<A&&>(a)), _::apply<_::LuPart<2>>(static_cast<A&&>(a)));
}
// The x of a x = b, a [..., n, n]. b: a vector [n], or [..., n, k] (NumPy's rule: only rank 1 is a vector); leading axes
// broadcast. A singular a gives NaN throughout. Systems with the same a share its factorisation. O(n³ + n² k).
template <class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::Solve, _::attr<>, A, B> solve(A&& a, B&& b) { return _::apply<_::Solve>(static_cast<A&&>(a), static_cast<B&&>(b)); }
// a⁻¹; NaN throughout where a is singular. For a⁻¹ b take solve(a, b): faster and more exact. O(2 n³).
template <operand A>
constexpr _::applied<_::Inverse, _::attr<>, A> inverse(A&& a) { return _::apply<_::Inverse>(static_cast<A&&>(a)); }
// The determinant, [..., n, n] -> [...]; 1 of a 0 x 0 matrix. 0 where a is exactly singular, with derivatives that are NaN. O(n³).
template <operand A>
constexpr _::applied<_::Determinant<0>, _::attr<>, A> det(A&& a) { return _::apply<_::Determinant<0>>(static_cast<A&&>(a)); }
// auto [s, l] = slogdet(a): the determinant is s exp(l), without overflow. Of a singular matrix 0 and -inf. O(n³).
template <operand A>
constexpr results<_::applied<_::Determinant<1>, _::attr<>, A>, _::applied<_::Determinant<2>, _::attr<>, A>> slogdet(A&& a) {
    return _::make_results(_::apply<_::Determinant<1>>(static_cast<A&&>(a)), _::apply<_::Determinant<2>>(static_cast<A&&>(a)));
}

}  // namespace etta
