// block.hpp: what the kernels of linalg/ share: matrices in a batch, and the one loop in which they spend their time,
// C -= A B on registers. Factorisations are cut into blocks so that nearly all their work is that loop.
//
// Every element is one chain of multiply-adds in an order that the matrix' size alone decides; a matrix is factorised by one
// thread, and the matrices of a batch (or the columns of a right-hand side) are shared out: results are the same bits for
// any number of threads.
#pragma once

#include "../math/detail.hpp"
#include "../op/index.hpp"
#include "../op/matmul.hpp"
#include "../op/place.hpp"
#include "../simd/lane.hpp"

namespace etta::_ {

inline constexpr index factor_block = 32;  // rows per block
// Rows of B at a time, so that what is read of A and B stays in L1 and in few pages. (Xeon, AVX-512, double, n = 1024: Cholesky
// 25 GFLOP/s, 14 with all rows at a time; a triangular system 28 and 16.)
inline constexpr index product_depth = 64;
inline constexpr index column_block = 64;  // columns of a right-hand side that are solved together, by one thread

// One matrix of a batch. Columns of a result lie side by side (column = 1).
template <class T>
struct matrix {
    T* at = nullptr;
    index rows = 0, columns = 0, row = 0, column = 1;

    T& operator()(index i, index j) const { return at[i * row + j * column]; }
    static matrix of(const strided_operand& o, index q) {
        index offset = 0;
        for (int i = o.rank - 3; i >= 0; --i) offset += q % o.extent[i] * o.stride[i], q /= o.extent[i];
        return {reinterpret_cast<T*>(o.data) + offset, o.extent[o.rank - 2], o.extent[o.rank - 1], o.stride[o.rank - 2], o.stride[o.rank - 1]};
    }
    // A result: row-major, also where an extent of 1 has no stride.
    static matrix result(const strided_operand& o, index q) {
        matrix m = of(o, q);
        m.row = m.columns, m.column = 1;
        m.at = reinterpret_cast<T*>(o.data) + q * m.rows * m.columns;
        return m;
    }
    matrix from_row(index i) const { return {at + i * row, rows - i, columns, row, column}; }
    void fill(T x) const {
        for (index i = 0; i < rows * columns; ++i) at[i] = x;
    }
};
inline index matrices(const strided_operand& o) {
    index n = 1;
    for (int i = 0; i + 2 < o.rank; ++i) n *= o.extent[i];
    return n;
}

// c (R, C vectors) -= a (R, depth) b (depth, C vectors); Negated: b holds -b. Any strides of a; rows of b and c lie side by side.
// (Packs, not loops: sums stay in registers at any optimisation level.)
template <int C, bool Negated, class V, class T, std::size_t... I, std::size_t... J>
ETTA_INLINE void subtract_sums(std::index_sequence<I...>, std::index_sequence<J...>, T* c, index c_row, const T* a, index a_row, index a_column, const T* b, index b_row,
                               index depth) {
    V sum[] = {V::load(c + static_cast<index>(I / C) * c_row + static_cast<index>(I % C) * V::size)...};
    for (; depth > 0; --depth, a += a_column, b += b_row) {
        const V x[] = {Negated ? V::load(b + static_cast<index>(J) * V::size) : -V::load(b + static_cast<index>(J) * V::size)...};
        ((sum[I] = mul_add(V(a[static_cast<index>(I / C) * a_row]), x[I % C], sum[I])), ...);
    }
    (sum[I].store(c + static_cast<index>(I / C) * c_row + static_cast<index>(I % C) * V::size), ...);
}
template <int R, int C, bool Negated, class V, class T>
ETTA_NOINLINE void subtract_tile(T* c, index c_row, const T* a, index a_row, index a_column, const T* b, index b_row, index depth) {
    subtract_sums<C, Negated, V>(std::make_index_sequence<static_cast<std::size_t>(R * C)>{}, std::make_index_sequence<static_cast<std::size_t>(C)>{}, c, c_row, a, a_row,
                                 a_column, b, b_row, depth);
}
template <int C, bool Negated, class V, class T>
inline void subtract_rows(T* c, index c_row, index rows, const T* a, index a_row, index a_column, const T* b, index b_row, index depth) {
    index i = 0;
    for (; i + 4 <= rows; i += 4) subtract_tile<4, C, Negated, V>(c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, depth);
    for (; i < rows; ++i) subtract_tile<1, C, Negated, V>(c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, depth);
}
// C vectors side by side. For many rows b is copied first, so that it lies densely and is negated once.
template <int C, class V, class T>
inline void subtract_columns(T* c, index c_row, index rows, const T* a, index a_row, index a_column, const T* b, index b_row, index depth) {
    if (rows < 12 || depth < 4) return subtract_rows<C, false, V>(c, c_row, rows, a, a_row, a_column, b, b_row, depth);
    T dense[product_depth * C * V::size];
    for (index k = 0; k < depth; ++k)
        for (int v = 0; v < C; ++v) (-V::load(b + k * b_row + v * V::size)).store(dense + (k * C + v) * V::size);
    subtract_rows<C, true, V>(c, c_row, rows, a, a_row, a_column, dense, C * V::size, depth);
}
// c (rows, columns) -= a (rows, depth) b (depth, columns). O(rows columns depth).
template <class Target, class T>
ETTA_NOINLINE void subtract_product(T* c, index c_row, index rows, index columns, const T* a, index a_row, index a_column, const T* b, index b_row, index depth) {
    using V = lane<T, native_lanes<T, Target>, Target>;
    using S = lane<T, 1, Target>;
    for (; depth > 0; depth -= product_depth, a += product_depth * a_column, b += product_depth * b_row) {
        const index piece = depth < product_depth ? depth : product_depth;
        index j = 0;
        if (rows == 1)  // more sums at a time: each waits for the one before
            for (; j + 4 * V::size <= columns; j += 4 * V::size) subtract_tile<1, 4, false, V>(c + j, c_row, a, a_row, a_column, b + j, b_row, piece);
        for (; j + 2 * V::size <= columns; j += 2 * V::size) subtract_columns<2, V>(c + j, c_row, rows, a, a_row, a_column, b + j, b_row, piece);
        for (; j + V::size <= columns; j += V::size) subtract_columns<1, V>(c + j, c_row, rows, a, a_row, a_column, b + j, b_row, piece);
        for (; j < columns; ++j) subtract_rows<1, false, S>(c + j, c_row, rows, a, a_row, a_column, b + j, b_row, piece);
    }
}
template <class Target, class T>
inline void divide(T* x, index n, T by) {
    using V = lane<T, native_lanes<T, Target>, Target>;
    index j = 0;
    for (; j + V::size <= n; j += V::size) (V::load(x + j) / V(by)).store(x + j);
    for (; j < n; ++j) x[j] /= by;
}

// Calls f(matrix of the batch, first column, columns) for this thread's right-hand sides. Blocks are the same for any number
// of threads.
template <class Context, class F>
inline void for_columns(const strided_operand& x, const Context& ctx, const F& f) {
    const index columns = x.extent[x.rank - 1], blocks = (columns + column_block - 1) / column_block;
    const auto mine = share(x.count() == 0 ? 0 : matrices(x) * blocks, 1, ctx);
    for (index p = mine.begin; p < mine.end; ++p) {
        const index first = p % blocks * column_block;
        f(p / blocks, first, columns - first < column_block ? columns - first : column_block);
    }
}

// x (n, columns) becomes the solution of m x = x, m (n, n) a triangle of which nothing else is read. O(n^2 columns).
template <class Target, class T>
void solve_triangle(matrix<const T> m, bool lower, bool unit, T* x, index x_row, index columns) {
    const index n = m.rows;
    for (index done = 0; done < n; done += factor_block) {  // upper: from the last row up
        const index size = n - done < factor_block ? n - done : factor_block, first = lower ? done : n - done - size;
        const index from = lower ? 0 : first + size;  // the rows that are solved already
        subtract_product<Target>(x + first * x_row, x_row, size, columns, &m(first, from), m.row, m.column, x + from * x_row, x_row, done);
        for (index k = 0; k < size; ++k) {
            const index i = lower ? first + k : first + size - 1 - k, solved = lower ? first : i + 1;
            T* const row = x + i * x_row;
            subtract_product<Target>(row, x_row, 1, columns, &m(i, solved), m.row, m.column, x + solved * x_row, x_row, k);
            if (!unit) divide<Target>(row, columns, m(i, i));
        }
    }
}

// --- traced helpers ------------------------------------------------------------------------------------------------------
template <template <class> class Op>
constexpr const op_info* info_for_floating(dtype t) {
    return t == dtype::f64 ? &info_of<Op<double>>::value : &info_of<Op<float>>::value;
}
constexpr var swapped(var x) { return Transpose::body(x, nullptr, 0); }
constexpr extent plus_one(extent e) { return e.is_static() ? extent(static_cast<index>(e.code) + 1) : extent::of_symbol(e.symbol(), e.coefficient(), e.constant() + 1); }
// The rows from `first` on that a value of this shape has.
constexpr var rows_of(var x, index first, extent count) {
    shape to = x.extents();
    to[-2] = count;
    std::int64_t t[2 * max_rank] = {};
    for (int i = 0; i < to.rank; ++i) t[2 * i + 1] = 1;
    t[2 * to.rank - 4] = first;
    return {x.g, Slice::add(*x.g, x.id, t, to)};
}

constexpr bool is_matrix(var x, const char* who) {
    if (x.rank() < 2) x.g->blame(mistake::rank, who, shape(index{2}), x.extents());
    return x.rank() >= 2;
}
constexpr bool is_square(var x, const char* who) {
    if (!is_matrix(x, who)) return false;
    const bool square = x.g->unify(x.extents()[-2], x.extents()[-1]);
    if (!square) x.g->blame(mistake::square, who, {}, x.extents());
    return square;
}
// Both operands of an op in one floating dtype.
constexpr bool join_types(var& a, var& b, const char* who) {
    const dtype t = strongest(a.type(), b.type());
    if (t == dtype::none) {
        a.g->blame(mistake::dtypes, who, {}, {}, a.type(), b.type());
        return false;
    }
    const dtype f = is_floating(t) ? t : dtype::f32;
    a.id = cast_to(*a.g, a.id, f), b.id = cast_to(*a.g, b.id, f);
    return true;
}
// A system's right-hand side as a matrix with as many rows as a: a vector (rank 1) is one column. Leading axes broadcast.
constexpr bool join_system(var& a, var& b, const char* who) {
    builder& g = *a.g;
    if (!is_matrix(a, who) || !join_types(a, b, who)) return false;
    if (b.rank() == 0) return g.blame(mistake::rank, who, shape(index{1}), b.extents()), false;
    const std::int64_t last = 1;
    if (b.rank() == 1) b = Unsqueeze::body(b, &last, 1);
    shape sa = a.extents(), sb = b.extents();
    if (!g.unify(sa[-2], sb[-2])) return g.blame(mistake::right_hand_side, who, sa, sb), false;
    for (int i = 3; i <= sa.rank && i <= sb.rank; ++i) {
        const extent x = g.resolve(sa[-i]), y = g.resolve(sb[-i]);
        if (!x.is(1) && !y.is(1)) g.unify(x, y);
        sa[-i] = g.resolve(x), sb[-i] = g.resolve(y);
    }
    shape batch_a = sa, batch_b = sb;
    batch_a.rank -= 2, batch_b.rank -= 2;
    shape joint = broadcast_shapes(batch_a, batch_b), to_a, to_b;
    if (joint.rank < 0) return g.blame(mistake::broadcast, who, sa, sb), false;
    to_a = to_b = joint;
    to_a.push(sa[-2]), to_a.push(sa[-1]), to_b.push(sb[-2]), to_b.push(sb[-1]);
    a.id = expand_to(g, a.id, to_a), b.id = expand_to(g, b.id, to_b);
    return true;
}
// What the solution of a system looks like to whoever gave a vector.
constexpr var as_given(var x, bool vector) {
    const std::int64_t last = -1;
    return vector ? Squeeze::body(x, &last, 1) : x;
}

// A batched operand for each: those that are the same for every sample are read again and again.
template <int N>
constexpr void batch_all(builder& g, const int* operands, const bool* batched, int* ids) {
    extent size = 1;
    for (int i = 0; i < N; ++i)
        if (batched[i]) size = g.extents_of(operands[i])[0];
    for (int i = 0; i < N; ++i) ids[i] = batched[i] ? operands[i] : expand_to(g, operands[i], with_leading(size, g.extents_of(operands[i])));
}

}  // namespace etta::_
