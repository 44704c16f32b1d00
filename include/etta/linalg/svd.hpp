// svd.hpp: singular value decomposition, and what follows from it: pseudoinverse, rank, condition.
#pragma once

#include "eigen.hpp"

namespace etta {
namespace _ {

// Results: Uᵀ [..., k, m], s [..., k], Vᵀ [..., k, n], and scratch [..., k, k]; k is n, or m where A is known to be wide. With
// F_ij = 1 / (s_j² - s_i²), 0 on the diagonal, P = Uᵀ dA V:
//   ds = diag(P), dU = U (F ∘ (P S + S Pᵀ)) + (1 - U Uᵀ) dA V S⁻¹, dV = V (F ∘ (S P + Pᵀ S)) + (1 - V Vᵀ) dAᵀ U S⁻¹
//   Ā = (U (F ∘ (Uᵀ Ū - Ūᵀ U)) S + (1 - U Uᵀ) Ū S⁻¹) Vᵀ + U diag(s̄) Vᵀ + U (S (F ∘ (Vᵀ V̄ - V̄ᵀ V)) Vᵀ + S⁻¹ V̄ᵀ (1 - V Vᵀ))
// (Townsend 2016, "Differentiating the singular value decomposition"). The terms with S⁻¹ are there only where vectors do not span all.
struct svd_rules {
    static constexpr const char* name = "svd";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 60;
    static constexpr int add(builder& g, int a);
    // Rows are orthonormal, and fewer than their length (as far as is known).
    static constexpr bool partial(var rows) { return !(rows.g->resolve(rows.extents()[-1]) == rows.g->resolve(rows.extents()[-2])); }
    // x (1 - rowsᵀ rows)
    static constexpr var beyond(var x, var rows) { return x - matmul(matmul(x, swapped(rows)), rows); }
    static constexpr void vjp_rule(const rule_call& c) {
        builder* const g = c.g;
        const int first = g->nodes[c.node].results;
        const var ut{g, first}, s{g, first + 1}, vt{g, first + 2}, left = if_any(g, c.cotangents[0]), right = if_any(g, c.cotangents[2]);
        const auto skew = [&](var rows, var bar) constexpr {
            const var w = matmul(rows, swapped(bar));
            return over_differences(w - swapped(w), square(s));
        };
        var middle, a;
        if (left.exists()) middle = skew(ut, left) * as_row(s);
        if (right.exists()) middle = sum_of(middle, skew(vt, right) * as_column(s));
        if (c.cotangents[1] >= 0) {
            const var d = as_column(var{g, c.cotangents[1]}) * vt;
            a = middle.exists() ? matmul(middle, vt) + d : d;
        } else if (middle.exists()) {
            a = matmul(middle, vt);
        }
        if (right.exists() && partial(vt)) a = a + beyond(right / as_column(s), vt);
        if (a.exists()) a = matmul(swapped(ut), a);
        if (left.exists() && partial(ut)) a = a + matmul(swapped(beyond(left / as_column(s), ut)), vt);
        if (a.exists()) c.out[0] = a.id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        builder* const g = c.g;
        const int first = g->nodes[c.node].results;
        const var ut{g, first}, s{g, first + 1}, vt{g, first + 2}, d{g, c.tangents[0]};
        const var ud = matmul(ut, d), dv = matmul(d, swapped(vt)), p = matmul(ud, swapped(vt)), row = as_row(s), column = as_column(s), b = square(s);
        // Both inner matrices are skew: their transposes are minus themselves.
        var du = -matmul(over_differences(p * row + column * swapped(p), b), ut);
        var dvt = -matmul(over_differences(column * p + swapped(p) * row, b), vt);
        if (partial(ut)) du = du + beyond(swapped(dv / row), ut);
        if (partial(vt)) dvt = dvt + beyond(ud / column, vt);
        c.out[0] = du.id, c.out[1] = diagonal_of(p).id, c.out[2] = dvt.id;
    }
    static constexpr void batch_rule(builder& g, int, const int* operands, const bool*, int* results) {
        const int first = add(g, operands[0]);
        for (int i = 0; i < 4; ++i) results[i] = first + i;
    }
};
template <class T>
struct Svd : svd_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* words, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(words, ctx), u = strided_operand::read<Target>(words, ctx);
        const strided_operand s = strided_operand::read<Target>(words, ctx), v = strided_operand::read<Target>(words, ctx), g = strided_operand::read<Target>(words, ctx);
        const auto mine = share(g.count() == 0 ? 0 : matrices(g), 1, ctx);
        for (index q = mine.begin; q < mine.end; ++q) {
            const matrix<T> x = matrix<T>::of(a, q), ut = matrix<T>::result(u, q), vt = matrix<T>::result(v, q), scratch = matrix<T>::result(g, q);
            T* const values = reinterpret_cast<T*>(s.data) + q * scratch.rows;
            const bool wide = x.rows < x.columns;
            if (wide && scratch.rows != x.rows) {  // sizes known late, and fewer rows than columns
                ut.fill(not_a_number<T>), vt.fill(not_a_number<T>), fill_nan(values, scratch.rows);
                continue;
            }
            const matrix<T> &tall = wide ? vt : ut, &square = wide ? ut : vt;
            for (index i = 0; i < tall.rows; ++i)
                for (index j = 0; j < tall.columns; ++j) tall(i, j) = wide ? x(i, j) : x(j, i);
            singular_values<Target>(tall.rows, tall.columns, tall.at, square.at, values, scratch.at);
        }
    }
};
constexpr int svd_rules::add(builder& g, int a) {
    const shape from = g.extents_of(a);
    const bool wide = from[-1].is_static() && from[-2].is_static() && from[-2].code < from[-1].code;
    const extent k = wide ? from[-2] : from[-1];
    shape ut = from, line = from, vt = from, scratch = from;
    ut[-1] = from[-2], ut[-2] = vt[-2] = scratch[-1] = scratch[-2] = k;
    --line.rank, line[-1] = k;
    const dtype t = g.type_of(a);
    const int first = add_library(g, info_for_floating<Svd>(t), &a, 1, nullptr, 0, t, ut);
    if (g.of(first).n_results == 1) g.add_result(first, t, line), g.add_result(first, t, vt), g.add_result(first, t, scratch);
    return first;
}
template <int Part>  // 0: U, 1: s, 2: Vᵀ
struct SvdPart : CompositeOp<SvdPart<Part>> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        a = as_floating(a);
        if (!is_matrix(a, "svd")) return a;
        const var part{a.g, svd_rules::add(*a.g, a.id) + Part};
        return Part == 0 ? swapped(part) : part;
    }
};

constexpr var largest_of(var s) {
    const std::int64_t last[2] = {0, -1};
    return Reduction<Max>::body(s, last, 2);
}
// Which singular values are more than rounding errors beside the greatest: max(m, n) times the type's rounding (NumPy, PyTorch).
constexpr var kept(var a, var s) {
    const var m{a.g, cast_to(*a.g, count_over(a, 1u << (a.rank() - 2)).id, s.type())}, n{a.g, cast_to(*a.g, count_over(a, 1u << (a.rank() - 1)).id, s.type())};
    return s > as_column(largest_of(s)) * (max(m, n) * (s.type() == dtype::f64 ? 0x1p-52 : 0x1p-23));
}

// Operands a and its decomposition Uᵀ, s, Vᵀ: V S⁺ Uᵀ. The decomposition is only a means, so derivatives go past it. With P = A⁺:
//   dP = -P dA P + P Pᵀ dAᵀ (1 - A P) + (1 - P A) dAᵀ Pᵀ P                 (Golub & Pereyra 1973; the rank stays the same)
struct pseudoinverse_rules {
    static constexpr const char* name = "pinv";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 30;
    static constexpr int add(builder& g, int a, int ut, int inverse, int vt);
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        const var a{c.g, c.g->arg(n, 0)}, p{c.g, n.results}, g = swapped({c.g, c.cotangents[0]}), pt = swapped(p);  // g: [m, n], as a
        const var x = matmul(g, matmul(p, pt)), y = matmul(matmul(pt, p), g);
        c.out[0] = (x - matmul(a, matmul(p, x)) - matmul(pt, matmul(swapped(g), pt)) + y - matmul(matmul(y, p), a)).id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const node n = c.g->nodes[c.node];
        const var a{c.g, c.g->arg(n, 0)}, p{c.g, n.results}, d{c.g, c.tangents[0]}, dt = swapped(d), pt = swapped(p);
        const var x = matmul(dt, matmul(pt, p)), y = matmul(matmul(p, pt), dt);
        c.out[0] = (x - matmul(p, matmul(a, x)) - matmul(p, matmul(d, p)) + y - matmul(matmul(y, a), p)).id;
    }
    static constexpr void batch_rule(builder& g, int, const int* operands, const bool* batched, int* results) {
        int ids[4] = {};
        batch_all<4>(g, operands, batched, ids);
        results[0] = add(g, ids[0], ids[1], ids[2], ids[3]);
    }
};
template <class T>
struct Pseudoinverse : pseudoinverse_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* words, const Context& ctx) {
        strided_operand::read<Target>(words, ctx);
        const strided_operand u = strided_operand::read<Target>(words, ctx), s = strided_operand::read<Target>(words, ctx);
        const strided_operand v = strided_operand::read<Target>(words, ctx), o = strided_operand::read<Target>(words, ctx);
        const auto mine = share(o.count() == 0 ? 0 : matrices(o), 1, ctx);
        for (index q = mine.begin; q < mine.end; ++q) {
            const matrix<T> ut = matrix<T>::of(u, q), inverse = matrix<T>::of(s, q), vt = matrix<T>::of(v, q), y = matrix<T>::result(o, q);
            y.fill(T(0));
            for (index k = 0; k < ut.rows; ++k)
                for (index i = 0; i < y.rows; ++i) {
                    const T f = inverse(k, 0) * vt(k, i);
                    for (index j = 0; j < y.columns; ++j) y(i, j) += f * ut(k, j);
                }
        }
    }
};
constexpr int pseudoinverse_rules::add(builder& g, int a, int ut, int inverse, int vt) {
    const int ids[4] = {a, ut, inverse, vt};
    shape to = g.extents_of(a);
    const extent m = to[-2];
    to[-2] = to[-1], to[-1] = m;
    return add_library(g, info_for_floating<Pseudoinverse>(g.type_of(a)), ids, 4, nullptr, 0, g.type_of(a), to);
}
template <int Part>  // 0: the pseudoinverse, 1: rank, 2: condition
struct FromSvd : CompositeOp<FromSvd<Part>> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        const std::int64_t last[2] = {0, -1};
        a = as_floating(a);
        if (!is_matrix(a, Part == 0 ? "pinv" : Part == 1 ? "matrix_rank" : "cond")) return a;
        const int first = svd_rules::add(*a.g, a.id);
        const var s{a.g, first + 1};
        if (Part == 2) return largest_of(s) / Reduction<Min>::body(s, last, 2);
        const var keep = kept(a, s);
        if (Part == 1) return Reduction<Sum>::body(var{a.g, cast_to(*a.g, keep.id, dtype::i64)}, last, 2);
        // NaN is no number to be left out.
        return {a.g, pseudoinverse_rules::add(*a.g, a.id, first, as_column(where(keep, 1 / s, where(s == s, 0, s))).id, first + 2)};
    }
};

}  // namespace _

// auto [u, s, vt] = svd(a): a = u diag(s) vt, reduced (torch.linalg.svd with full_matrices=False): a [..., m, n], k = min(m, n); u [..., m, k]
// with orthonormal columns, s [..., k] descending, vt [..., k, n] with orthonormal rows. Vectors' signs are arbitrary (equal ones for equal
// matrices). Where m or n is known at run time only, k = n, and a matrix with m < n gives NaN. Derivatives of u and vt divide by
// differences of squared singular values, and by those themselves where a is not square: equal ones, and zeros, give no finite derivative
// (PyTorch's convention); those of s always are finite. NaN or an infinity in a: NaN throughout. O(6 m k² + 60 k³).
template <operand A>
constexpr results<_::applied<_::SvdPart<0>, _::attr<>, A>, _::applied<_::SvdPart<1>, _::attr<>, A>, _::applied<_::SvdPart<2>, _::attr<>, A>> svd(A&& a) {
    return _::make_results(_::apply<_::SvdPart<0>>(static_cast<A&&>(a)), _::apply<_::SvdPart<1>>(static_cast<A&&>(a)), _::apply<_::SvdPart<2>>(static_cast<A&&>(a)));
}
// svd's singular values alone.
template <operand A>
constexpr _::applied<_::SvdPart<1>, _::attr<>, A> svdvals(A&& a) { return _::apply<_::SvdPart<1>>(static_cast<A&&>(a)); }
// The Moore-Penrose inverse, [..., m, n] -> [..., n, m]. Singular values up to max(m, n) times the type's rounding times the greatest count
// as 0 (torch.linalg.pinv's default). Derivatives need no distinct singular values; they take the rank for constant. O(svd + m n k).
template <operand A>
constexpr _::applied<_::FromSvd<0>, _::attr<>, A> pinv(A&& a) { return _::apply<_::FromSvd<0>>(static_cast<A&&>(a)); }
// How many singular values pinv does not take for 0: int64 [...]. A matrix with NaN has rank 0.
template <operand A>
constexpr _::applied<_::FromSvd<1>, _::attr<>, A> matrix_rank(A&& a) { return _::apply<_::FromSvd<1>>(static_cast<A&&>(a)); }
// The greatest singular value over the least, [...]: infinite where a has a zero one (torch.linalg.cond's default).
template <operand A>
constexpr _::applied<_::FromSvd<2>, _::attr<>, A> cond(A&& a) { return _::apply<_::FromSvd<2>>(static_cast<A&&>(a)); }

}  // namespace etta
