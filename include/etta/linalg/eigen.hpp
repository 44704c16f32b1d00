// eigen.hpp: eigenvalues and eigenvectors of symmetric matrices.
#pragma once

#include "../ir/results.hpp"
#include "block.hpp"
#include "rotations.hpp"
#include "triangular.hpp"

namespace etta {
namespace _ {

constexpr var as_row(var x) {  // [..., n] -> [..., 1, n]
    const std::int64_t at = -2;
    return Unsqueeze::body(x, &at, 1);
}
constexpr var as_column(var x) {
    const std::int64_t at = -1;
    return Unsqueeze::body(x, &at, 1);
}
constexpr var diagonal_of(var x) {
    const std::int64_t drop_last[2] = {0, -1};
    return Reduction<Sum>::body(where(offset_from_diagonal(x, "diagonal") == 0, x, 0), drop_last, 2);
}
// x_ij / (b_j - b_i), 0 on the diagonal.
constexpr var over_differences(var x, var b) {
    const var on = offset_from_diagonal(x, "diagonal") == 0;
    return where(on, 0, x / where(on, 1, as_row(b) - as_column(b)));
}
constexpr var sum_of(var a, var b) { return !a.exists() ? b : !b.exists() ? a : a + b; }
constexpr var halved_sum(var x) { return 0.5 * (x + swapped(x)); }
constexpr var if_any(builder* g, int id) { return id < 0 ? var{} : var{g, id}; }

// Results: Vᵀ [..., n, n], whose rows are eigenvectors, w [..., n], and scratch [..., n]. With M = Vᵀ sym(dA) V and F_ij = 1 / (w_j - w_i),
// 0 on the diagonal:  dw = diag(M), dV = V (F ∘ M);  Ā = sym(V (diag(w̄) + F ∘ Vᵀ V̄) Vᵀ)     (Giles 2008, section 3.1)
struct eigen_rules {
    static constexpr const char* name = "eigh";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 30;
    static constexpr int add(builder& g, int a);
    static constexpr void vjp_rule(const rule_call& c) {
        const int first = c.g->nodes[c.node].results;
        const var vt{c.g, first}, w{c.g, first + 1}, v_bar = if_any(c.g, c.cotangents[0]), w_bar = if_any(c.g, c.cotangents[1]);
        var inner;
        if (v_bar.exists()) inner = matmul(over_differences(matmul(vt, swapped(v_bar)), w), vt);
        if (w_bar.exists()) inner = sum_of(inner, as_column(w_bar) * vt);
        if (inner.exists()) c.out[0] = halved_sum(matmul(swapped(vt), inner)).id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const int first = c.g->nodes[c.node].results;
        const var vt{c.g, first}, w{c.g, first + 1}, m = matmul(vt, matmul(halved_sum({c.g, c.tangents[0]}), swapped(vt)));
        c.out[0] = matmul(swapped(over_differences(m, w)), vt).id, c.out[1] = diagonal_of(m).id;
    }
    static constexpr void batch_rule(builder& g, int, const int* operands, const bool*, int* results) {
        const int first = add(g, operands[0]);
        for (int i = 0; i < 3; ++i) results[i] = first + i;
    }
};
template <class T>
struct Eigen : eigen_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* words, const Context& ctx) {
        const strided_operand a = strided_operand::read<Target>(words, ctx), v = strided_operand::read<Target>(words, ctx);
        const strided_operand w = strided_operand::read<Target>(words, ctx), e = strided_operand::read<Target>(words, ctx);
        const auto mine = share(v.count() == 0 ? 0 : matrices(v), 1, ctx);
        for (index q = mine.begin; q < mine.end; ++q) {
            const matrix<T> x = matrix<T>::of(a, q), z = matrix<T>::result(v, q);
            for (index i = 0; i < z.rows; ++i)
                for (index j = 0; j <= i; ++j) z(i, j) = x(i, j);
            symmetric_eigen<Target>(z.rows, z.at, reinterpret_cast<T*>(w.data) + q * z.rows, reinterpret_cast<T*>(e.data) + q * z.rows);
        }
    }
};
constexpr int eigen_rules::add(builder& g, int a) {
    shape to = g.extents_of(a), line = to;
    --line.rank;
    const dtype t = g.type_of(a);
    const int first = add_library(g, info_for_floating<Eigen>(t), &a, 1, nullptr, 0, t, to);
    if (g.of(first).n_results == 1) g.add_result(first, t, line), g.add_result(first, t, line);
    return first;
}

template <int Part>  // 0: eigenvalues, 1: eigenvectors in columns
struct EigenPart : CompositeOp<EigenPart<Part>> {
    static constexpr var body(auto a, const std::int64_t*, int) {
        a = as_floating(a);
        if (!is_square(a, "eigh")) return a;
        const int first = eigen_rules::add(*a.g, a.id);
        return Part == 0 ? var{a.g, first + 1} : swapped({a.g, first});
    }
};

}  // namespace _

// auto [w, v] = eigh(a): a = v diag(w) vᵀ of a symmetric matrix (torch.linalg.eigh): a [..., n, n], w [..., n] ascending, v [..., n, n] with
// orthonormal eigenvectors in its columns, whose signs are arbitrary (equal ones for equal matrices). Only a's lower triangle is read;
// derivatives are those by a symmetric matrix, as of cholesky. Derivatives of v divide by differences of eigenvalues: where two are
// equal they are not finite (PyTorch's convention); those of w always are. NaN or an infinity in a: NaN throughout. O(9 n³).
template <operand A>
constexpr results<_::applied<_::EigenPart<0>, _::attr<>, A>, _::applied<_::EigenPart<1>, _::attr<>, A>> eigh(A&& a) {
    return _::make_results(_::apply<_::EigenPart<0>>(static_cast<A&&>(a)), _::apply<_::EigenPart<1>>(static_cast<A&&>(a)));
}
// eigh's eigenvalues alone.
template <operand A>
constexpr _::applied<_::EigenPart<0>, _::attr<>, A> eigvalsh(A&& a) { return _::apply<_::EigenPart<0>>(static_cast<A&&>(a)); }

}  // namespace etta
