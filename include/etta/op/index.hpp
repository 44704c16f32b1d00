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
    static constexpr std::string_view name = "gather";
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

    // Elements are moved as bytes: one kernel serves every dtype of that size.
    template <int Size, class I, class Context>
    static void rows(const strided_operand& x, const strided_operand& at, const strided_operand& y, const std::int64_t* a, const Context& ctx) {
        const int axis = static_cast<int>(a[0]), last = y.rank - 1;
        const index n = x.extent[axis], step = axis == last ? 0 : x.stride[last] * Size, jump = x.stride[axis] * Size;
        const index width = y.extent[last], index_step = width == 1 ? 0 : at.stride[last];
        const auto mine = share(width == 0 ? 0 : y.count() / width, 1, ctx);
        for (index r = mine.begin; r < mine.end; ++r) {
            index place[max_rank] = {}, rest = r;
            for (int i = last - 1; i >= 0; --i) place[i] = rest % y.extent[i], rest /= y.extent[i];
            const I* const where = reinterpret_cast<const I*>(at.data) + at.offset(place);
            char* const out = y.data + y.offset(place) * Size;
            if (axis != last) place[axis] = 0;
            const char* const in = x.data + x.offset(place) * Size;
            if (index_step == 0 && step == Size) {
                const index j = resolve(static_cast<index>(*where), n, a[4]);
                if (j >= 0) __builtin_memcpy(out, in + j * jump, static_cast<std::size_t>(width * Size));
                else for (index k = 0; k < width; ++k) __builtin_memcpy(out + k * Size, &a[3], Size);
            } else {
                for (index k = 0; k < width; ++k) {
                    const index j = resolve(static_cast<index>(where[k * index_step]), n, a[4]);
                    __builtin_memcpy(out + k * Size, j < 0 ? reinterpret_cast<const char*>(&a[3]) : in + j * jump + k * step, Size);
                }
            }
        }
    }
    // The index as 0 … n - 1, or -1.
    static index resolve(index j, index n, std::int64_t wrap) {
        if (j < 0 && wrap != 0) j += n;
        return j >= 0 && j < n ? j : -1;
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        strided_operand x = strided_operand::read(w, ctx);
        const strided_operand at = strided_operand::read(w, ctx), y = strided_operand::read(w, ctx);
        x.broadcast(static_cast<int>(w[0]));
        switch (w[1] + 16 * w[2]) {
            case 4 + 16: return rows<1, std::int32_t>(x, at, y, w, ctx);
            case 8 + 16: return rows<1, std::int64_t>(x, at, y, w, ctx);
            case 4 + 32: return rows<2, std::int32_t>(x, at, y, w, ctx);
            case 8 + 32: return rows<2, std::int64_t>(x, at, y, w, ctx);
            case 4 + 64: return rows<4, std::int32_t>(x, at, y, w, ctx);
            case 8 + 64: return rows<4, std::int64_t>(x, at, y, w, ctx);
            case 4 + 128: return rows<8, std::int32_t>(x, at, y, w, ctx);
            default: return rows<8, std::int64_t>(x, at, y, w, ctx);
        }
    }
};

// Zeros to which elements are added: y[…, at[…], …] += x. Attributes: axis, bytes of an index, whether negative indices
// count from the end, the result's extents. Each thread adds what falls into its part of the axis, in the order of the
// indices, so sums do not depend on the number of threads.
struct scatter_rules {
    static constexpr std::string_view name = "scatter_add";
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
    template <class I, class Context>
    static void rows(const strided_operand& at, const strided_operand& x, strided_operand y, const std::int64_t* a, const Context& ctx) {
        const int axis = static_cast<int>(a[0]), last = x.rank - 1;
        T* const out = reinterpret_cast<T*>(y.data);
        const index n = y.extent[axis], inner = y.stride[axis];
        const auto mine = share(n, 1, ctx);
        if (mine.begin >= mine.end) return;
        const index columns = axis == last ? mine.end - mine.begin : y.extent[last], n_zero = y.extent[last] > 0 ? y.count() / y.extent[last] : 0;
        for (index r = 0; r < n_zero; ++r) {
            index place[max_rank] = {}, rest = r;
            for (int i = last - 1; i >= 0; --i) place[i] = rest % y.extent[i], rest /= y.extent[i];
            if (axis == last) place[last] = mine.begin;
            else if (place[axis] < mine.begin || place[axis] >= mine.end) continue;
            __builtin_memset(static_cast<void*>(out + y.offset(place)), 0, static_cast<std::size_t>(columns) * sizeof(T));
        }
        y.broadcast(axis);
        const index width = x.extent[last], index_step = width == 1 ? 0 : at.stride[last];
        const index out_step = axis == last ? 0 : y.stride[last], in_step = x.stride[last];
        for (index r = 0, n_rows = width == 0 ? 0 : x.count() / width; r < n_rows; ++r) {
            index place[max_rank] = {}, rest = r;
            for (int i = last - 1; i >= 0; --i) place[i] = rest % x.extent[i], rest /= x.extent[i];
            const I* const where = reinterpret_cast<const I*>(at.data) + at.offset(place);
            const T* const in = reinterpret_cast<const T*>(x.data) + x.offset(place);
            if (axis != last) place[axis] = 0;
            T* const to = out + y.offset(place);
            for (index k = 0; k < width; ++k) {
                const index j = Gather::resolve(static_cast<index>(where[k * index_step]), n, a[2]);
                if (j >= mine.begin && j < mine.end) to[j * inner + k * out_step] += in[k * in_step];
                else if (index_step == 0) break;
            }
        }
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand at = strided_operand::read(w, ctx), x = strided_operand::read(w, ctx), y = strided_operand::read(w, ctx);
        if (w[1] == 4) rows<std::int32_t>(at, x, y, w, ctx);
        else rows<std::int64_t>(at, x, y, w, ctx);
    }
};

constexpr int scatter_rules::add(builder& g, int at, int x, shape to, int axis, bool wrap) {
    const op_info* const op = info_for_arithmetic<ScatterAdd>(g.type_of(x));
    if (op == nullptr) {
        g.blame(mistake::dtypes, name, {}, {}, g.type_of(x), dtype::f32);
        return x;
    }
    std::int64_t a[3 + max_rank] = {axis, size_of(g.type_of(at)), wrap};
    for (int i = 0; i < to.rank; ++i) a[3 + i] = to.at[i].code;
    const int ids[2] = {at, x};
    return add_library(g, op, ids, 2, a, 3 + to.rank, g.type_of(x), to);
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

struct Take : CompositeOp<Take> {  // attribute: the axis that the indices' axes replace
    static constexpr int operands = 2;
    static constexpr var body(var x, var at, const std::int64_t* a, int) {
        builder& g = *x.g;
        at = as_index(at);
        const int axis = axis_of(g, a[0], x.rank(), "take");
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
        return {&g, reshape_to(g, Gather::add(g, reshape_to(g, x.id, from), where, axis, true), result)};
    }
};

// The extents of a and b broadcast together, but for an axis on which each keeps its own.
constexpr bool broadcast_but(builder& g, shape a, shape& b, int axis, std::string_view op) {
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
    static constexpr var body(var x, var at, const std::int64_t* a, int) {
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
    static constexpr var body(var x, var at, var more, const std::int64_t* a, int) {
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

// Slices of x at indices of any shape: x [a, n, b], at [i, j] -> [a, i, j, b] (NumPy's take, ONNX's Gather).
template <int Axis = 0, class X, class I>
    requires operand<X> && operand<I>
constexpr _::applied<_::Take, _::attr<Axis>, X, I> take(X&& x, I&& at) { return _::apply<_::Take, _::attr<Axis>>(static_cast<X&&>(x), static_cast<I&&>(at)); }
// Rows of a table for token numbers: ids […], weight [n, d] -> […, d].
template <class I, class W>
    requires operand<I> && operand<W>
constexpr _::applied<_::Take, _::attr<0>, W, I> embedding(I&& ids, W&& weight) { return _::apply<_::Take, _::attr<0>>(static_cast<W&&>(weight), static_cast<I&&>(ids)); }
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
