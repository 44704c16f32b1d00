// index.hpp: reading and adding at places that are data: take, take_along_axis, embedding, scatter_add. Their kernels read
// an index once per row where they can (an embedding is one copy per token).
//
// Indices: any integer dtype; -1 is the last. One out of range gives NaN (integers: 0) and is left out of sums, so that
// bad data shows and never touches foreign memory.
#pragma once

#include "library.hpp"
#include "softmax.hpp"

namespace etta {
namespace _ {

// Attributes: axis, bytes of an index, bytes of an element, the bits for what is out of range, whether negative indices
// count from the end. Operands x and indices of one rank; x's extents are the indices' or 1, except on the axis.
struct Gather {
    static constexpr const char* name = "gather";
    static constexpr const char* onnx = "GatherElements";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int flops = 0;
    // The bits stand in a 64-bit word: the bytes moved are its first (little-endian).
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "etta needs a little-endian machine");

    static constexpr int add(builder& g, int x, int at, int axis, bool nan_outside, bool wrap = true) {
        const dtype t = g.type_of(x);
        const std::int64_t bits = !nan_outside ? 0 : t == dtype::f32 ? 0x7fc00000 : t == dtype::f64 ? 0x7ff8000000000000 : 0;
        const std::int64_t a[5] = {axis, size_of(g.type_of(at)), size_of(t), bits, wrap};
        const int ids[2] = {x, at};
        return add_library(g, &info_of<Gather>::value, ids, 2, a, 5, t, g.extents_of(at));
    }
    static constexpr void vjp_rule(const rule_call& c);
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[0] >= 0) c.out[0] = add(*c.g, c.tangents[0], c.g->arg(n, 1), static_cast<int>(c.g->attr(n, 0)), false, c.g->attr(n, 4) != 0);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results);

    // Elements are moved as bytes: one kernel serves every dtype, and every dtype of index.
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        strided_operand x = strided_operand::read<Target>(w, ctx);
        const strided_operand at = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        const int axis = static_cast<int>(w[0]), last = y.rank - 1;
        const index wide = static_cast<index>(w[1]), size = static_cast<index>(w[2]);
        const char* const outside = reinterpret_cast<const char*>(w + 3);
        x.broadcast(axis);
        const index n = x.extent[axis], step = axis == last ? 0 : x.stride[last] * size, jump = x.stride[axis] * size;
        const index width = y.extent[last], index_step = width == 1 ? 0 : at.stride[last] * wide;
        const auto mine = share(width == 0 ? 0 : y.count() / width, 1, ctx);
        for (index r = mine.begin; r < mine.end; ++r) {
            index place[max_rank];
            y.place_of(r, place);
            const char* where = at.data + at.offset(place) * wide;
            char* out = y.data + y.offset(place) * size;
            if (axis != last) place[axis] = 0;
            const char* in = x.data + x.offset(place) * size;
            if (index_step == 0 && step == size) {  // a row, from one place
                const index j = resolve(index_at(where, wide), n, w[4]);
                if (j >= 0) __builtin_memcpy(out, in + j * jump, static_cast<std::size_t>(width * size));
                else for (index k = 0; k < width; ++k, out += size) copy_element(out, outside, size);
                continue;
            }
            for (index k = 0; k < width; ++k, where += index_step, in += step, out += size) {
                ETTA_PLAIN_LOOP;
                const index j = resolve(index_at(where, wide), n, w[4]);
                copy_element(out, j < 0 ? outside : in + j * jump, size);
            }
        }
    }
    ETTA_INLINE static index index_at(const char* p, index wide) {
        std::int32_t narrow;
        std::int64_t j;
        if (wide == 8) return __builtin_memcpy(&j, p, 8), static_cast<index>(j);
        return __builtin_memcpy(&narrow, p, 4), static_cast<index>(narrow);
    }
    ETTA_INLINE static void copy_element(char* to, const char* from, index size) {
        if (size == 4) __builtin_memcpy(to, from, 4);
        else if (size == 8) __builtin_memcpy(to, from, 8);
        else if (size == 2) __builtin_memcpy(to, from, 2);
        else *to = *from;
    }
    // The index as 0 … n - 1, or -1.
    ETTA_INLINE static index resolve(index j, index n, std::int64_t wrap) {
        if (j < 0 && wrap != 0) j += n;
        return j >= 0 && j < n ? j : -1;
    }
};

// Zeros to which elements are added: y[…, at[…], …] += x. Attributes: axis, bytes of an index, whether negative indices
// count from the end, the result's extents. Each thread adds what falls into its part of the axis, in the order of the
// indices, so sums do not depend on the number of threads.
struct scatter_rules {
    static constexpr const char* name = "scatter_add";
    static constexpr const char* onnx = "ScatterElements";
    static constexpr op_kind kind = op_kind::library;

    static constexpr int add(builder& g, int at, int x, shape to, int axis, bool wrap = true);
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[1] = Gather::add(*c.g, c.cotangents[0], c.g->arg(n, 0), static_cast<int>(c.g->attr(n, 0)), false, c.g->attr(n, 2) != 0);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[1] >= 0) c.out[0] = add(*c.g, c.g->arg(n, 0), c.tangents[1], c.g->extents_of(n.results), static_cast<int>(c.g->attr(n, 0)), c.g->attr(n, 2) != 0);
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results);
};
template <class T>
struct ScatterAdd : scatter_rules {
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand at = strided_operand::read<Target>(w, ctx), x = strided_operand::read<Target>(w, ctx);
        strided_operand y = strided_operand::read<Target>(w, ctx);
        const int axis = static_cast<int>(w[0]), last = x.rank - 1;
        const index wide = static_cast<index>(w[1]);
        T* const out = reinterpret_cast<T*>(y.data);
        const index n = y.extent[axis], inner = y.stride[axis];
        const auto mine = share(n, 1, ctx);
        if (mine.begin >= mine.end) return;
        const index columns = axis == last ? mine.end - mine.begin : y.extent[last], n_zero = y.extent[last] > 0 ? y.count() / y.extent[last] : 0;
        for (index r = 0; r < n_zero; ++r) {
            index place[max_rank];
            y.place_of(r, place);
            if (axis == last) place[last] = mine.begin;
            else if (place[axis] < mine.begin || place[axis] >= mine.end) continue;
            __builtin_memset(static_cast<void*>(out + y.offset(place)), 0, static_cast<std::size_t>(columns) * sizeof(T));
        }
        y.broadcast(axis);
        const index width = x.extent[last], index_step = width == 1 ? 0 : at.stride[last] * wide;
        const index out_step = axis == last ? 0 : y.stride[last], in_step = x.stride[last];
        for (index r = 0, n_rows = width == 0 ? 0 : x.count() / width; r < n_rows; ++r) {
            index place[max_rank];
            x.place_of(r, place);
            const char* where = at.data + at.offset(place) * wide;
            const T* in = reinterpret_cast<const T*>(x.data) + x.offset(place);
            if (axis != last) place[axis] = 0;
            T* to = out + y.offset(place);
            if (index_step == 0 && in_step == 1 && out_step == 1) {  // a row, to one place
                const index j = Gather::resolve(Gather::index_at(where, wide), n, w[2]);
                if (j < mine.begin || j >= mine.end) continue;
                T* const ETTA_RESTRICT sum = to + j * inner;
                const T* const ETTA_RESTRICT more = in;
                for (index k = 0; k < width; ++k) sum[k] += more[k];
                continue;
            }
            for (index k = 0; k < width; ++k, where += index_step, to += out_step, in += in_step) {
                ETTA_PLAIN_LOOP;
                const index j = Gather::resolve(Gather::index_at(where, wide), n, w[2]);
                if (j >= mine.begin && j < mine.end) to[j * inner] += *in;
            }
        }
    }
};

constexpr int scatter_rules::add(builder& g, int at, int x, shape to, int axis, bool wrap) {
    if (!is_arithmetic(g.type_of(x))) {
        g.blame(mistake::dtypes, name, {}, {}, g.type_of(x), dtype::f32);
        return x;
    }
    std::int64_t a[3 + max_rank] = {axis, size_of(g.type_of(at)), wrap};
    for (int i = 0; i < to.rank; ++i) a[3 + i] = to.at[i].code;
    const int ids[2] = {at, x};
    return add_library(g, info_for_arithmetic<ScatterAdd>(g.type_of(x)), ids, 2, a, 3 + to.rank, g.type_of(x), to);
}
constexpr void Gather::vjp_rule(const rule_call& c) {
    const node n = c.g->nodes[c.node];
    const int x = c.g->arg(n, 0);
    if (is_floating(c.g->type_of(x)))
        c.out[0] = scatter_rules::add(*c.g, c.g->arg(n, 1), c.cotangents[0], c.g->extents_of(x), static_cast<int>(c.g->attr(n, 0)), c.g->attr(n, 4) != 0);
}

constexpr void Gather::batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
    const node n = g.nodes[id];
    int x = operands[0], at = operands[1];
    const extent size = g.extents_of(batched[0] ? x : at)[0];
    if (!batched[0]) x = reshape_to(g, x, with_leading(extent(1), g.extents_of(x)));
    if (!batched[1]) at = expand_to(g, at, with_leading(size, g.extents_of(at)));
    results[0] = add(g, x, at, static_cast<int>(g.attr(n, 0)) + 1, g.attr(n, 3) != 0, g.attr(n, 4) != 0);
}
constexpr void scatter_rules::batch_rule(builder& g, int id, const int* operands, const bool* batched, int* results) {
    const node n = g.nodes[id];
    int at = operands[0], x = operands[1];
    const extent size = g.extents_of(batched[0] ? at : x)[0];
    if (!batched[0]) at = expand_to(g, at, with_leading(size, g.extents_of(at)));
    if (!batched[1]) x = expand_to(g, x, with_leading(size, g.extents_of(x)));
    results[0] = add(g, at, x, with_leading(size, g.extents_of(n.results)), static_cast<int>(g.attr(n, 0)) + 1, g.attr(n, 2) != 0);
}

// Kernels read indices of 4 or 8 bytes.
constexpr var as_index(var x) {
    return x.type() == dtype::i32 || x.type() == dtype::i64 ? x : var{x.g, cast_to(*x.g, x.id, dtype::i32)};
}

struct Take : CompositeOp<Take> {  // attributes: the axis that the indices' axes replace; 1: indices are not negative
    static constexpr int operands = 2;
    static constexpr var body(auto x, auto at, const std::int64_t* a, int n) {
        builder& g = *x.g;
        at = as_index(at);
        const int axis = axis_of(g, a[0], x.rank(), "take");
        const bool wrap = n < 2 || a[1] == 0;
        const shape s = x.extents(), places = at.extents();
        if (s.rank + places.rank - 1 > max_rank || s.rank == 0) {
            g.blame(mistake::rank, "take", s, places);
            return x;
        }
        shape from, narrow, to, result;
        for (int i = 0; i < s.rank; ++i) {
            if (i != axis) {
                from.push(s.at[i]), narrow.push(extent(1)), to.push(s.at[i]), result.push(s.at[i]);
                continue;
            }
            from.push(s.at[i]);
            if (places.rank == 0) narrow.push(extent(1)), to.push(extent(1));
            for (int k = 0; k < places.rank; ++k) {
                if (k > 0) from.push(extent(1));
                narrow.push(places.at[k]), to.push(places.at[k]), result.push(places.at[k]);
            }
        }
        const int where = expand_to(g, reshape_to(g, at.id, narrow), to);
        return {&g, reshape_to(g, Gather::add(g, reshape_to(g, x.id, from), where, axis, true, wrap), result)};
    }
};

// The extents of a and b broadcast together, but for an axis on which each keeps its own.
constexpr bool broadcast_but(builder& g, shape a, shape& b, int axis, const char* op) {
    const extent own = b.at[axis];
    a.at[axis] = b.at[axis] = extent(1);
    const shape joint = broadcast_shapes(a, b);
    if (a.rank != b.rank || joint.rank < 0) {
        g.blame(mistake::broadcast, op, a, b);
        return false;
    }
    b = joint;
    b.at[axis] = own;
    return true;
}
struct TakeAlongAxis : CompositeOp<TakeAlongAxis> {  // attribute: the axis
    static constexpr int operands = 2;
    static constexpr var body(auto x, auto at, const std::int64_t* a, int) {
        builder& g = *x.g;
        at = as_index(at);
        const int axis = axis_of(g, a[0], x.rank(), "take_along_axis");
        shape to = at.extents();
        if (to.rank != x.rank() || !broadcast_but(g, x.extents(), to, axis, "take_along_axis")) {
            g.blame(mistake::rank, "take_along_axis", x.extents(), to);
            return x;
        }
        return {&g, Gather::add(g, x.id, expand_to(g, at.id, to), axis, true)};
    }
};
struct AddAt : CompositeOp<AddAt> {  // attribute: the axis. x, indices that broadcast to what is added, what is added
    static constexpr int operands = 3;
    static constexpr var body(auto x, auto at, auto more, const std::int64_t* a, int) {
        builder& g = *x.g;
        at = as_index(at);
        const int axis = axis_of(g, a[0], x.rank(), "scatter_add");
        shape to = more.extents();
        if (at.rank() == 1 && x.rank() > 1) {  // one index per slice: PyTorch's index_add
            shape column;
            for (int i = 0; i < x.rank(); ++i) column.push(i == axis ? at.extents()[0] : extent(1));
            at = {&g, reshape_to(g, at.id, column)};
        }
        shape others = x.extents();
        others.at[axis] = to.rank == x.rank() ? to.at[axis] : extent(1);
        if (to.rank != x.rank() || at.rank() != x.rank() || !g.same_shape(others, to) || !(broadcast_shapes(at.extents(), to) == to)) {
            g.blame(mistake::broadcast, "scatter_add", x.extents(), to);
            return x;
        }
        more = {&g, cast_to(g, more.id, x.type())};
        return x + var{&g, scatter_rules::add(g, expand_to(g, at.id, to), more.id, x.extents(), axis)};
    }
};

}  // namespace _

// Slices of x at indices of any shape: x [a, n, b], at [i, j] -> [a, i, j, b] (NumPy's take, ONNX's Gather). Here and below,
// negative indices count from the end; beyond the ends is NaN, or 0 among integers, and nothing is added there.
template <int Axis = 0, class X, class I>
    requires operand<X> && operand<I>
constexpr _::applied<_::Take, _::attr<Axis>, X, I> take(X&& x, I&& at) { return _::apply<_::Take, _::attr<Axis>>(static_cast<X&&>(x), static_cast<I&&>(at)); }
// Rows of a table for token numbers: ids […], 0 to n - 1, weight [n, d] -> […, d]. Another id's row is NaN.
template <class I, class W>
    requires operand<I> && operand<W>
constexpr _::applied<_::Take, _::attr<0, 1>, W, I> embedding(I&& ids, W&& weight) { return _::apply<_::Take, _::attr<0, 1>>(static_cast<W&&>(weight), static_cast<I&&>(ids)); }
// y[i, j] = x[at[i, j], j] (for axis 0): one element per index. The other axes broadcast.
template <int Axis, class X, class I>
    requires operand<X> && operand<I>
constexpr _::applied<_::TakeAlongAxis, _::attr<Axis>, X, I> take_along_axis(X&& x, I&& at) { return _::apply<_::TakeAlongAxis, _::attr<Axis>>(static_cast<X&&>(x), static_cast<I&&>(at)); }
// PyTorch's name for it.
template <int Axis, class X, class I>
    requires operand<X> && operand<I>
constexpr _::applied<_::TakeAlongAxis, _::attr<Axis>, X, I> gather(X&& x, I&& at) { return _::apply<_::TakeAlongAxis, _::attr<Axis>>(static_cast<X&&>(x), static_cast<I&&>(at)); }
// x with `more` added at indices along an axis, repeated ones included: y[at[i, j], j] += more[i, j] (for axis 0). A vector
// of indices stands for whole slices (PyTorch's index_add).
template <int Axis, class X, class I, class M>
    requires operand<X> && operand<I> && operand<M>
constexpr _::applied<_::AddAt, _::attr<Axis>, X, I, M> scatter_add(X&& x, I&& at, M&& more) {
    return _::apply<_::AddAt, _::attr<Axis>>(static_cast<X&&>(x), static_cast<I&&>(at), static_cast<M&&>(more));
}

}  // namespace etta
