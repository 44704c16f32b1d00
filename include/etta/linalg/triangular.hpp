// triangular.hpp: systems with a triangular matrix. Every other derivative in linalg/ is made of these, products and
// masks, so derivatives of any order and batching follow from the rules here.
#pragma once

#include "../op/index.hpp"
#include "../op/shape.hpp"
#include "block.hpp"

namespace etta {

// Which triangle of a matrix is read.
enum class triangle : int { lower, upper };

namespace _ {

// The parts of a matrix below, on and above its diagonal, as a mask over the last two axes: column - row, compared with 0.
constexpr var strictly_lower(var x) { return where(offset_from_diagonal(x, "tril") < 0, x, 0); }
constexpr var lower_of(var x) { return where(offset_from_diagonal(x, "tril") <= 0, x, 0); }
constexpr var strictly_upper(var x) { return where(offset_from_diagonal(x, "triu") > 0, x, 0); }
constexpr var upper_of(var x) { return where(offset_from_diagonal(x, "triu") >= 0, x, 0); }

// Attributes: upper, transposed, unit diagonal. Operands [batch…, n, n] and [batch…, n, k] with equal batch axes.
// With x = a⁻¹ b:  dx = a⁻¹ (db - tri(da) x);  b̄ = a⁻ᵀ x̄, ā = -tri(b̄ xᵀ)   (Giles 2008, section 2.3.1, masked to what is read).
struct triangular_rules {
    static constexpr const char* name = "triangular_solve";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 8;
    static constexpr int add(builder& g, int a, int b, bool upper, bool transposed, bool unit);
    static constexpr var of(var a, var b, bool upper, bool transposed, bool unit) { return {a.g, add(*a.g, a.id, b.id, upper, transposed, unit)}; }
    // What of a matrix' derivative counts.
    static constexpr var masked(var x, bool upper, bool unit) {
        return unit ? upper ? strictly_upper(x) : strictly_lower(x) : upper ? upper_of(x) : lower_of(x);
    }
    static constexpr void vjp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const bool upper = g.attr(n, 0) != 0, transposed = g.attr(n, 1) != 0, unit = g.attr(n, 2) != 0;
        const var a{&g, g.arg(n, 0)}, x{&g, n.results}, b = of(a, {&g, c.cotangents[0]}, upper, !transposed, unit);
        c.out[0] = (-masked(transposed ? matmul(x, swapped(b)) : matmul(b, swapped(x)), upper, unit)).id;
        c.out[1] = b.id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        const bool upper = g.attr(n, 0) != 0, transposed = g.attr(n, 1) != 0, unit = g.attr(n, 2) != 0;
        var t{&g, c.tangents[1]};
        if (c.tangents[0] >= 0) {
            const var d = masked({&g, c.tangents[0]}, upper, unit), x{&g, n.results};
            const var term = matmul(transposed ? swapped(d) : d, x);
            t = t.exists() ? t - term : -term;
        }
        if (t.exists()) c.out[0] = of({&g, g.arg(n, 0)}, t, upper, transposed, unit).id;
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
        const node n = g.nodes[id];
        int ids[2] = {};
        batch_all<2>(g, operands, batched, ids);
        results[0] = add(g, ids[0], ids[1], g.attr(n, 0) != 0, g.attr(n, 1) != 0, g.attr(n, 2) != 0);
    }
};
template <class T>
struct TriangularSolve : triangular_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(w, ctx), b = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        const bool upper = w[0] != 0, transposed = w[1] != 0, unit = w[2] != 0;
        for_columns(y, ctx, [&](index q, index first, index columns) {
            const matrix<T> x = matrix<T>::result(y, q), in = matrix<T>::of(b, q), m = matrix<T>::of(a, q);
            for (index i = 0; i < x.rows; ++i)
                for (index j = first; j < first + columns; ++j) x(i, j) = in(i, j);
            const matrix<const T> turned{m.at, m.rows, m.columns, transposed ? m.column : m.row, transposed ? m.row : m.column};
            solve_triangle<Target>(turned, upper == transposed, unit, x.at + first, x.row, columns);
        });
    }
};
constexpr int triangular_rules::add(builder& g, int a, int b, bool upper, bool transposed, bool unit) {
    const std::int64_t t[3] = {upper, transposed, unit};
    const int ids[2] = {a, b};
    return add_library(g, info_for_floating<TriangularSolve>(g.type_of(b)), ids, 2, t, 3, g.type_of(b), g.extents_of(b));
}

struct SolveTriangular : CompositeOp<SolveTriangular> {  // attributes: upper, transposed, unit diagonal
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t* t, int) {
        const bool vector = b.rank() == 1;
        if (!is_square(a, "triangular_solve") || !join_system(a, b, "triangular_solve")) return a;
        return as_given(triangular_rules::of(a, b, t[0] != 0, t[1] != 0, t[2] != 0), vector);
    }
};

}  // namespace _

// The x of a x = b (Transposed: aᵀ x = b), a [..., n, n] triangular: the other triangle is not read, with UnitDiagonal nor is
// the diagonal. b: a vector [n], or [..., n, k] (NumPy's rule: only rank 1 is a vector); leading axes broadcast. A zero on the
// diagonal gives infinities and NaN. O(n² k).
template <triangle Which = triangle::lower, bool Transposed = false, bool UnitDiagonal = false, class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::SolveTriangular, _::attr<Which == triangle::upper, Transposed, UnitDiagonal>, A, B> triangular_solve(A&& a, B&& b) {
    return _::apply<_::SolveTriangular, _::attr<Which == triangle::upper, Transposed, UnitDiagonal>>(static_cast<A&&>(a), static_cast<B&&>(b));
}

}  // namespace etta
