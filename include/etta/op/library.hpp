// library.hpp: what ops with a kernel of their own share: which struct serves which dtype, and how a kernel reads its call
// (compile/plan.hpp writes it) and walks over the lines of a tensor. Kernels stand in the op's struct as
// template <class Target, class Context> static void run(words, context).
#pragma once

#include "arithmetic.hpp"

namespace etta::_ {

// Does info_for_arithmetic know the dtype? (Comparing its result with null is no constant expression with -fsanitize=undefined.)
constexpr bool is_arithmetic(dtype t) { return t == dtype::f32 || t == dtype::f64 || t == dtype::i32 || t == dtype::i64; }
// Op<T> for the dtype of an operand; null where the op has none for it.
template <template <class> class Op>
constexpr const op_info* info_for_arithmetic(dtype t) {
    switch (t) {
        case dtype::f32: return &info_of<Op<float>>::value;
        case dtype::f64: return &info_of<Op<double>>::value;
        case dtype::i32: return &info_of<Op<std::int32_t>>::value;
        case dtype::i64: return &info_of<Op<std::int64_t>>::value;
        default: return nullptr;
    }
}
template <template <class> class Op>
constexpr const op_info* info_for(dtype t) {
    switch (t) {
        case dtype::i8: return &info_of<Op<std::int8_t>>::value;
        case dtype::i16: return &info_of<Op<std::int16_t>>::value;
        case dtype::u8: return &info_of<Op<std::uint8_t>>::value;
        default: return info_for_arithmetic<Op>(t);
    }
}

// Extents and strides of an operand or result, as the call's words give them.
struct operand_shape {
    int rank = 0;
    index extent[max_rank] = {};
    index stride[max_rank] = {};  // in elements

    ETTA_INLINE index count() const {
        index n = 1;
        ETTA_ROLLED for (int i = 0; i < rank; ++i) {
            ETTA_PLAIN_LOOP;
            n *= extent[i];
        }
        return n;
    }
    ETTA_INLINE index offset(const index* at) const {
        index n = 0;
        ETTA_ROLLED for (int i = 0; i < rank; ++i) {
            ETTA_PLAIN_LOOP;
            n += at[i] * stride[i];
        }
        return n;
    }
    // Extents of 1 (but for one axis) are read again and again.
    ETTA_INLINE void broadcast(int but) {
        ETTA_ROLLED for (int i = 0; i < rank; ++i) {
            ETTA_PLAIN_LOOP;
            if (i != but && extent[i] == 1) stride[i] = 0;
        }
    }
    // The place of row number r of those along the last axis, in row-major order.
    ETTA_INLINE void place_of(index r, index* place) const {
        ETTA_ROLLED for (int i = rank - 2; i >= 0; --i) {
            ETTA_PLAIN_LOOP;
            place[i] = r % extent[i], r /= extent[i];
        }
        if (rank > 0) place[rank - 1] = 0;
    }
};
// Reads one, moves on behind it and returns where its elements begin.
template <class Target, class Context>
ETTA_NOINLINE char* read_operand(const std::int64_t*& w, const Context& ctx, operand_shape& o) {
    char* const data = ctx.address(w[0]);
    o.rank = static_cast<int>(w[1]);
    w += 2;
    ETTA_ROLLED for (int i = 0; i < o.rank; ++i, w += 2) {
        ETTA_PLAIN_LOOP;
        o.extent[i] = ctx.value(w[0]), o.stride[i] = static_cast<index>(w[1]);
    }
    return data;
}
struct strided_operand : operand_shape {
    char* data = nullptr;

    template <class Target, class Context>
    static strided_operand read(const std::int64_t*& w, const Context& ctx) {
        strided_operand o;
        o.data = read_operand<Target>(w, ctx, o);
        return o;
    }
};

// Calls f(at, count) for this thread's lines along `axis`: `count` lines side by side on the last axis, the first of them
// at `at` (at[axis] is 0). Blocks are the same for any number of threads.
inline constexpr index line_block = 32;
template <class Context, class F>
inline void for_lines(const strided_operand& t, int axis, const Context& ctx, const F& f) {
    const int last = t.rank - 1;
    const index side = axis == last ? 1 : t.extent[last], blocks = (side + line_block - 1) / line_block;
    index groups = blocks;
    for (int i = 0; i < last; ++i)
        if (i != axis) groups *= t.extent[i];
    const auto mine = share(groups, 1, ctx);
    for (index q = mine.begin; q < mine.end; ++q) {
        index at[max_rank] = {};
        index rest = q / blocks;
        const index first = q % blocks * line_block;
        for (int i = last - 1; i >= 0; --i)
            if (i != axis) at[i] = rest % t.extent[i], rest /= t.extent[i];
        if (axis != last) at[last] = first;
        f(static_cast<const index*>(at), side - first < line_block ? side - first : line_block);
    }
}

// A node of a library op: its operands in memory.
constexpr int add_library(builder& g, const op_info* op, const int* operands, int n, const std::int64_t* attrs, int n_attrs, dtype type, shape to) {
    int ids[4] = {};
    for (int i = 0; i < n; ++i) ids[i] = in_memory(g, operands[i]);
    return g.add(op, ids, n, attrs, n_attrs, type, to);
}

}  // namespace etta::_
