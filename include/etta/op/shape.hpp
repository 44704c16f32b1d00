// shape.hpp: ops that rearrange or mark by position: repeat, tile, split, one_hot, triangles and diagonals, and the small
// products of vectors. All are written with views, positions (iota) and where, so they fuse with what reads them.
#pragma once

#include "../ir/results.hpp"
#include "matmul.hpp"
#include "statistics.hpp"

namespace etta {
namespace _ {

struct Repeat : CompositeOp<Repeat> {  // attributes: axis, how often
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        const int axis = axis_of(g, a[0], x.rank(), "repeat");
        const std::int64_t inside = axis + 1;
        const var one = Unsqueeze::body(x, &inside, 1);
        shape wide = one.extents(), to = x.extents();
        wide.at[axis + 1] = extent(a[1]);
        to.at[axis] = to.at[axis].times(a[1]);
        return {&g, reshape_to(g, expand_to(g, one.id, wide), to)};
    }
};

struct Tile : CompositeOp<Tile> {  // attributes: how often, per axis, aligned to the right (NumPy)
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        builder& g = *x.g;
        const int rank = n > x.rank() ? n : x.rank();
        shape one, wide, to;
        for (int i = 0; i < rank; ++i) {
            const index times = i + n >= rank ? a[i + n - rank] : 1;
            const extent e = i + x.rank() >= rank ? x.extents()[i + x.rank() - rank] : extent(1);
            if (times != 1 && one.rank < max_rank) one.push(extent(1)), wide.push(extent(times));
            if (one.rank == max_rank) {
                g.blame(mistake::rank, "tile", shape(index{max_rank}), x.extents());
                return x;
            }
            one.push(e), wide.push(e), to.push(e.times(times));
        }
        return {&g, reshape_to(g, expand_to(g, reshape_to(g, x.id, one), wide), to)};
    }
};

struct OneHot : CompositeOp<OneHot> {  // attributes: classes, dtype
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        const std::int64_t last = -1;
        shape s = x.extents();
        s.push(extent(a[0]));
        return {&g, cast_to(g, (Unsqueeze::body(x, &last, 1) == Iota::of(g, s, -1)).id, static_cast<dtype>(a[1]))};
    }
};

// column - row of the last two axes.
constexpr var offset_from_diagonal(var x, const char* who) {
    if (x.rank() < 2) {
        x.g->blame(mistake::rank, who, shape(index{2}), x.extents());
        return x;
    }
    return Iota::like(x, -1) - Iota::like(x, -2);
}
struct Tril : CompositeOp<Tril> {  // attribute: the diagonal
    static constexpr var body(auto x, const std::int64_t* a, int) { return where(offset_from_diagonal(x, "tril") <= a[0], x, 0); }
};
struct Triu : CompositeOp<Triu> {
    static constexpr var body(auto x, const std::int64_t* a, int) { return where(offset_from_diagonal(x, "triu") >= a[0], x, 0); }
};
struct EyeLike : CompositeOp<EyeLike> {
    static constexpr var body(auto x, const std::int64_t* a, int) {
        return {x.g, cast_to(*x.g, (offset_from_diagonal(x, "eye_like") == a[0]).id, x.type())};
    }
};

struct Diagonal : CompositeOp<Diagonal> {  // attribute: which; of the last two axes, a stride over both
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        const index k = a[0];
        if (x.rank() < 2) {
            g.blame(mistake::rank, "diagonal", shape(index{2}), x.extents());
            return x;
        }
        const index n = x.extent(-2), m = x.extent(-1);
        if (n < 0 || m < 0) {
            g.blame(mistake::unbound, "diagonal", x.extents());
            return x;
        }
        const index rows = k < 0 ? n + k : n, columns = k > 0 ? m - k : m, count = rows < columns ? rows : columns;
        shape flat = x.extents();
        --flat.rank;
        flat[-1] = extent(n * m);
        shape to = flat;
        to[-1] = extent(count < 0 ? 0 : count);
        std::int64_t t[2 * max_rank] = {};
        for (int i = 0; i < to.rank; ++i) t[2 * i + 1] = 1;
        t[2 * to.rank - 2] = count <= 0 ? 0 : k > 0 ? k : -k * m;
        t[2 * to.rank - 1] = m + 1;
        return {&g, Slice::add(g, reshape_to(g, x.id, flat), t, to)};
    }
};
struct Diag : CompositeOp<Diag> {  // a vector becomes a matrix, a matrix its diagonal
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        if (x.rank() != 1) return Diagonal::body(x, a, n);
        builder& g = *x.g;
        const index k = a[0], size = x.extent(0) + (k < 0 ? -k : k);
        if (x.extent(0) < 0) {
            g.blame(mistake::unbound, "diag", x.extents());
            return x;
        }
        const std::int64_t start_step[2] = {0, 1}, axis = k < 0 ? 0 : 1;
        if (k != 0) x = {&g, place_in(g, x.id, shape(size), start_step)};
        const var wide{&g, expand_to(g, Unsqueeze::body(x, &axis, 1).id, shape(size, size))};
        return where(offset_from_diagonal(wide, "diag") == k, wide, 0);
    }
};
struct Trace : CompositeOp<Trace> {
    static constexpr var body(auto x, const std::int64_t*, int) {
        const std::int64_t main = 0, keep_last[2] = {0, -1};
        return Reduction<Sum>::body(Diagonal::body(x, &main, 1), keep_last, 2);
    }
};

struct FullLike : CompositeOp<FullLike> {
    static constexpr int operands = 2;
    static constexpr var body(auto x, auto value, const std::int64_t*, int) {
        return {x.g, expand_to(*x.g, cast_to(*x.g, value.id, x.type()), x.extents())};
    }
};
struct IotaLike : CompositeOp<IotaLike> {
    static constexpr var body(auto x, const std::int64_t* a, int) { return Iota::like(x, axis_of(*x.g, a[0], x.rank(), "iota_like")); }
};

// --- products of vectors -----------------------------------------------------------------------------------------------
struct Outer : CompositeOp<Outer> {
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t*, int) {
        const std::int64_t zero = 0, one = 1;
        if (a.rank() != 1) a = Flatten::body(a, &zero, 1);
        if (b.rank() != 1) b = Flatten::body(b, &zero, 1);
        return Unsqueeze::body(a, &one, 1) * Unsqueeze::body(b, &zero, 1);
    }
};
struct Dot : CompositeOp<Dot> {
    static constexpr int operands = 2;
    static constexpr var body(auto a, auto b, const std::int64_t* t, int n) {
        if (a.rank() != 1 || b.rank() != 1) return Matmul::body(a, b, t, n);
        if (!a.g->unify(a.extents()[0], b.extents()[0])) {
            a.g->blame(mistake::inner_extents, "dot", a.extents(), b.extents());
            return a;
        }
        const std::int64_t drop = 0;
        return Reduction<Sum>::body(a * b, &drop, 1);
    }
};
struct Cross : CompositeOp<Cross> {  // attribute: the axis, of extent 3
    static constexpr int operands = 2;
    static constexpr var part(var x, int axis, index i) {
        const std::int64_t t[4] = {axis, i % 3, i % 3 + 1, 1};
        return SliceAxis::body(x, t, 4);
    }
    static constexpr var body(auto a, auto b, const std::int64_t* t, int) {
        const int axis = axis_of(*a.g, t[0], a.rank(), "cross");
        const int other = axis_of(*a.g, t[0], b.rank(), "cross");
        if (a.extent(axis) != 3 || b.extent(other) != 3) {
            a.g->blame(mistake::axis, "cross", shape(index{3}), a.extents());
            return a;
        }
        const auto minor = [&](index i) constexpr {
            return part(a, axis, i + 1) * part(b, other, i + 2) - part(a, axis, i + 2) * part(b, other, i + 1);
        };
        const var x = minor(0), y = minor(1), z = minor(2);
        shape s = x.extents();
        s[t[0] < 0 ? static_cast<int>(t[0]) : axis] = extent(3);
        const var at = Iota::of(*a.g, s, static_cast<int>(t[0]));
        return where(at == 0, x, where(at == 1, y, z));
    }
};

struct Part : CompositeOp<Part> {  // attributes: which of how many equal parts, axis
    static constexpr var body(auto x, const std::int64_t* a, int) {
        const int axis = axis_of(*x.g, a[2], x.rank(), "split");
        const index n = x.extent(axis);
        if (n < 0 || n % a[1] != 0) {
            x.g->blame(mistake::axis, "split", shape(x.extents()[axis]), shape(static_cast<index>(a[1])));
            return x;
        }
        const std::int64_t t[4] = {axis, n / a[1] * a[0], n / a[1] * (a[0] + 1), 1};
        return SliceAxis::body(x, t, 4);
    }
};

}  // namespace _

// Each element Times times along an axis: 1 2 -> 1 1 2 2 (NumPy's repeat, PyTorch's repeat_interleave).
template <int Times, int Axis = -1, operand X>
constexpr _::applied<_::Repeat, _::attr<Axis, Times>, X> repeat(X&& x) { return _::apply<_::Repeat, _::attr<Axis, Times>>(static_cast<X&&>(x)); }
// The whole several times per axis: tile<2>: 1 2 -> 1 2 1 2. Fewer numbers than axes count from the last.
template <int... Times, operand X>
constexpr _::applied<_::Tile, _::attr<Times...>, X> tile(X&& x) { return _::apply<_::Tile, _::attr<Times...>>(static_cast<X&&>(x)); }
// Part I of Parts equal parts of an axis.
template <int I, int Parts, int Axis = -1, operand X>
constexpr _::applied<_::Part, _::attr<I, Parts, Axis>, X> part(X&& x) {
    static_assert(I >= 0 && I < Parts, "etta: part<I, Parts>: I counts from 0 to Parts - 1");
    return _::apply<_::Part, _::attr<I, Parts, Axis>>(static_cast<X&&>(x));
}
namespace _ {
template <int Parts, int Axis, class X, int... I>
constexpr results<applied<Part, attr<I, Parts, Axis>, X>...> split_into(const X& x, std::integer_sequence<int, I...>) {
    return make_results(part<I, Parts, Axis>(x)...);
}
}  // namespace _
// All of them: auto [q, k, v] = split<3>(x).
template <int Parts, int Axis = -1, operand X>
constexpr auto split(const X& x) { return _::split_into<Parts, Axis, const X&>(x, std::make_integer_sequence<int, Parts>{}); }

// Labels [...] -> [..., Classes] with 1 at the label, 0 elsewhere; all 0 for a label that is none.
template <int Classes, element T = float, operand X>
constexpr _::applied<_::OneHot, _::attr<Classes, static_cast<std::int64_t>(dtype_of<T>)>, X> one_hot(X&& labels) {
    return _::apply<_::OneHot, _::attr<Classes, static_cast<std::int64_t>(dtype_of<T>)>>(static_cast<X&&>(labels));
}
// The lower (upper) triangle of the last two axes up to (from) diagonal K; the rest 0.
template <int K = 0, operand X>
constexpr _::applied<_::Tril, _::attr<K>, X> tril(X&& x) { return _::apply<_::Tril, _::attr<K>>(static_cast<X&&>(x)); }
template <int K = 0, operand X>
constexpr _::applied<_::Triu, _::attr<K>, X> triu(X&& x) { return _::apply<_::Triu, _::attr<K>>(static_cast<X&&>(x)); }
// Diagonal K of the last two axes: a view, where x is in memory.
template <int K = 0, operand X>
constexpr _::applied<_::Diagonal, _::attr<K>, X> diagonal(X&& x) { return _::apply<_::Diagonal, _::attr<K>>(static_cast<X&&>(x)); }
// NumPy's diag: of a vector the matrix that has it on diagonal K; of a matrix its diagonal K.
template <int K = 0, operand X>
constexpr _::applied<_::Diag, _::attr<K>, X> diag(X&& x) { return _::apply<_::Diag, _::attr<K>>(static_cast<X&&>(x)); }
// The sum of the main diagonal.
template <operand X>
constexpr _::applied<_::Trace, _::attr<>, X> trace(X&& x) { return _::apply<_::Trace>(static_cast<X&&>(x)); }

// x's extents and dtype, filled: with a number, with 1 on diagonal K, with the index along an axis (int32).
template <operand X, class V>
    requires _::operands<X, V>
constexpr _::applied<_::FullLike, _::attr<>, X, V> full_like(X&& x, V&& value) { return _::apply<_::FullLike>(static_cast<X&&>(x), static_cast<V&&>(value)); }
template <operand X>
constexpr _::applied<_::FullLike, _::attr<>, X, int> zeros_like(X&& x) { return _::apply<_::FullLike>(static_cast<X&&>(x), 0); }
template <operand X>
constexpr _::applied<_::FullLike, _::attr<>, X, int> ones_like(X&& x) { return _::apply<_::FullLike>(static_cast<X&&>(x), 1); }
template <int K = 0, operand X>
constexpr _::applied<_::EyeLike, _::attr<K>, X> eye_like(X&& x) { return _::apply<_::EyeLike, _::attr<K>>(static_cast<X&&>(x)); }
template <int Axis = -1, operand X>
constexpr _::applied<_::IotaLike, _::attr<Axis>, X> iota_like(X&& x) { return _::apply<_::IotaLike, _::attr<Axis>>(static_cast<X&&>(x)); }

// a[i] * b[j] of two vectors (anything else is flattened): [n] x [m] -> [n, m].
template <class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::Outer, _::attr<>, A, B> outer(A&& a, B&& b) { return _::apply<_::Outer>(static_cast<A&&>(a), static_cast<B&&>(b)); }
// Σ a b of two vectors; for anything else matmul.
template <class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::Dot, _::attr<>, A, B> dot(A&& a, B&& b) { return _::apply<_::Dot>(static_cast<A&&>(a), static_cast<B&&>(b)); }
// The vector product along an axis of extent 3; the other axes broadcast.
template <int Axis = -1, class A, class B>
    requires operand<A> && operand<B>
constexpr _::applied<_::Cross, _::attr<Axis>, A, B> cross(A&& a, B&& b) { return _::apply<_::Cross, _::attr<Axis>>(static_cast<A&&>(a), static_cast<B&&>(b)); }

}  // namespace etta
