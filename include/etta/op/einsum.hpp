// einsum.hpp: sums of products by index letters, einsum<"bij,bjk->bik">(a, b): lowered to permutations, one matrix product
// (a GEMM with its epilogue) or an element-wise product, and a sum.
#pragma once

#include "shape.hpp"

namespace etta {

// A string as a template argument.
template <std::size_t N>
struct text {
    char at[N] = {};
    constexpr text(const char (&s)[N]) {
        for (std::size_t i = 0; i < N; ++i) at[i] = s[i];
    }
};

namespace _ {

// The letters of one operand.
struct letters {
    int n = 0;
    char at[max_rank + 1] = {};
    constexpr int find(char c) const {
        for (int i = 0; i < n; ++i)
            if (at[i] == c) return i;
        return -1;
    }
    constexpr void push(char c) {
        if (n < max_rank) at[n++] = c;
    }
};

struct einsum_formula {
    letters in[2], out;
    int operands = 1;
    bool arrow = false, good = true;
    constexpr einsum_formula(const std::int64_t* a, int n) {
        for (int i = 0; i < n; ++i) {
            const char c = static_cast<char>(a[i]);
            if (c == ' ') continue;
            if (c == ',' && operands == 1 && !arrow) operands = 2;
            else if (c == '-' && i + 1 < n && a[i + 1] == '>' && !arrow) arrow = true, ++i;
            else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) (arrow ? out : in[operands - 1]).push(c);
            else good = false;
        }
        if (!arrow)  // letters that occur once, in alphabetical order
            for (char c = 'A'; c <= 'z'; ++c) {
                int times = 0;
                for (int k = 0; k < operands; ++k)
                    for (int i = 0; i < in[k].n; ++i) times += in[k].at[i] == c;
                if (times == 1) out.push(c);
            }
        for (int i = 0; i < out.n; ++i) good = good && (in[0].find(out.at[i]) >= 0 || in[1].find(out.at[i]) >= 0) && out.find(out.at[i]) == i;
    }
};

struct Einsum {
    // x whose axes `from` are named, with the axes in the order `to`; letters of `to` that x lacks get extent 1.
    static constexpr var arrange(var x, const letters& from, const letters& to) {
        std::int64_t order[max_rank] = {};
        shape s;
        int n = 0;
        const shape given = x.extents();
        for (int i = 0; i < to.n; ++i) {
            const int k = from.find(to.at[i]);
            s.push(k < 0 ? extent(1) : given.at[k]);
            if (k >= 0) order[n++] = k;
        }
        return {x.g, reshape_to(*x.g, Permute::add(*x.g, x.id, order), s)};
    }
    // A letter twice in one operand: its diagonal, as the last axis.
    static constexpr var diagonals(var x, letters& l) {
        for (int i = 0; i < l.n; ++i)
            for (int j = i + 1; j < l.n; ++j) {
                if (l.at[i] != l.at[j]) continue;
                letters to;
                std::int64_t order[max_rank] = {};
                for (int k = 0; k < l.n; ++k)
                    if (k != i && k != j) order[to.n] = k, to.push(l.at[k]);
                order[to.n] = i, order[to.n + 1] = j;
                to.push(l.at[i]);
                const std::int64_t main = 0;
                x = Diagonal::body(var{x.g, Permute::add(*x.g, x.id, order)}, &main, 1);
                l = to;
                return diagonals(x, l);
            }
        return x;
    }
    // Sums over the letters that stand neither in `other` nor in `out`.
    static constexpr var reduced(var x, letters& l, const letters& other, const letters& out) {
        unsigned axes = 0;
        letters kept;
        for (int i = 0; i < l.n; ++i) {
            if (other.find(l.at[i]) < 0 && out.find(l.at[i]) < 0) axes |= 1u << i;
            else kept.push(l.at[i]);
        }
        l = kept;
        return axes == 0 ? x : drop_axes(sum_along(x, axes), axes, false);
    }
    static constexpr bool named(var x, const letters& l) {
        if (x.rank() == l.n) return true;
        x.g->blame(mistake::rank, "einsum", shape(index{l.n}), x.extents());
        return false;
    }
    static constexpr var one(var x, const std::int64_t* a, int n) {
        einsum_formula f(a, n);
        if (!f.good || f.operands != 1) x.g->blame(mistake::rank, "einsum", shape(index{f.operands}), shape(index{1}));
        if (!f.good || f.operands != 1 || !named(x, f.in[0])) return x;
        x = diagonals(x, f.in[0]);
        x = reduced(x, f.in[0], {}, f.out);
        return arrange(x, f.in[0], f.out);
    }
    static constexpr var two(var x, var y, const std::int64_t* a, int n) {
        builder& g = *x.g;
        einsum_formula f(a, n);
        letters &p = f.in[0], &q = f.in[1], &out = f.out;
        if (!f.good || f.operands != 2) g.blame(mistake::rank, "einsum", shape(index{f.operands}), shape(index{2}));
        if (!f.good || f.operands != 2 || !named(x, p) || !named(y, q)) return x;
        x = diagonals(x, p), y = diagonals(y, q);
        for (int i = 0; i < p.n; ++i) {
            const int k = q.find(p.at[i]);
            if (k >= 0 && !g.unify(x.extents()[i], y.extents()[k])) {
                g.blame(mistake::broadcast, "einsum", x.extents(), y.extents());
                return x;
            }
        }
        x = reduced(x, p, q, out), y = reduced(y, q, p, out);
        letters batch, rows, columns, inner;
        for (int i = 0; i < p.n; ++i) (q.find(p.at[i]) < 0 ? rows : out.find(p.at[i]) < 0 ? inner : batch).push(p.at[i]);
        for (int i = 0; i < q.n; ++i)
            if (p.find(q.at[i]) < 0) columns.push(q.at[i]);
        if (inner.n == 0) return arrange(x, p, out) * arrange(y, q, out);
        // [batch…, rows, inner] x [batch…, inner, columns]
        const var left = grouped(x, p, batch, rows, inner), right = grouped(y, q, batch, inner, columns);
        const var product = matmul(left, right);
        shape s;
        letters order = batch;
        for (int i = 0; i < rows.n; ++i) order.push(rows.at[i]);
        for (int i = 0; i < columns.n; ++i) order.push(columns.at[i]);
        for (int i = 0; i < order.n; ++i) {
            const int k = p.find(order.at[i]);
            s.push(k >= 0 ? x.extents().at[k] : y.extents().at[q.find(order.at[i])]);
        }
        return arrange({&g, reshape_to(g, product.id, s)}, order, out);
    }
    // The axes in the order batch, a, b, with those of a and of b joined into one each.
    static constexpr var grouped(var x, const letters& from, const letters& batch, const letters& a, const letters& b) {
        letters order = batch;
        for (int i = 0; i < a.n; ++i) order.push(a.at[i]);
        for (int i = 0; i < b.n; ++i) order.push(b.at[i]);
        const var y = arrange(x, from, order);
        const shape s = y.extents();
        shape to;
        int k = 0;
        while (k < batch.n) to.push(s.at[k++]);
        to.push(joined(s, k, a.n)), to.push(joined(s, k + a.n, b.n));
        return {x.g, reshape_to(*x.g, y.id, to)};
    }
    static constexpr extent joined(const shape& s, int first, int n) {
        extent e(1);
        for (int i = first; i < first + n; ++i) e = e.is_static() ? s.at[i].times(e.code) : e.times(s.at[i].is_static() ? s.at[i].code : 0);
        return e;
    }
};
struct EinsumOne : CompositeOp<EinsumOne> {
    static constexpr var body(auto x, const std::int64_t* a, int n) { return Einsum::one(x, a, n); }
};
struct EinsumTwo : CompositeOp<EinsumTwo> {
    static constexpr int operands = 2;
    static constexpr var body(auto x, auto y, const std::int64_t* a, int n) { return Einsum::two(x, y, a, n); }
};

template <text S, class I>
struct letters_of;
template <text S, std::size_t... I>
struct letters_of<S, std::index_sequence<I...>> {
    using type = attr<S.at[I]...>;
};
template <text S>
using formula = typename letters_of<S, std::make_index_sequence<sizeof(S.at) - 1>>::type;

}  // namespace _

// Einstein's sum convention, NumPy's notation without "...": letters name axes, those that are not in the result are summed
// over, one that stands twice in an operand is its diagonal. einsum<"ij->ji">(a), einsum<"ii->">(a),
// einsum<"bqhd,bkhd->bhqk">(q, k). Letters that both operands have and the result has not are one matrix product.
template <text S, operand A>
constexpr _::applied<_::EinsumOne, _::formula<S>, A> einsum(A&& a) { return _::apply<_::EinsumOne, _::formula<S>>(static_cast<A&&>(a)); }
template <text S, class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::EinsumTwo, _::formula<S>, A, B> einsum(A&& a, B&& b) { return _::apply<_::EinsumTwo, _::formula<S>>(static_cast<A&&>(a), static_cast<B&&>(b)); }

}  // namespace etta
