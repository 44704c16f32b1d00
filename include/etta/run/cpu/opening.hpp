// opening.hpp: what every kernel begins with: it reads the call's words, finds this thread's share and where the operands
// lie. Written once per target rather than into each kernel: kernels are many, and their code is for their arithmetic.
#pragma once

#include "../../compile/abi.hpp"

namespace etta::_ {

// What a kernel knows of a slot.
struct slot_fact {
    instruction kind;
    int size;  // bytes of an element
};

// A position slot is an address that is never read: what it is past this base is the index.
ETTA_INLINE char* position_base() { return reinterpret_cast<char*>(std::uintptr_t{1} << (4 * sizeof(void*))); }

struct loop_shape {
    int n_rows, n_cols, slot_words;
    const std::int64_t* slots;  // per slot: a stride (in elements) per row axis, per column axis, along the lanes
    index lane_extent;
    index row_extents[max_rank], col_extents[max_rank];
    index columns;  // the product of the column extents

    template <class Target>
    ETTA_INLINE const std::int64_t* read(const std::int64_t* w, const context& ctx) {
        n_rows = static_cast<int>(w[0]), n_cols = static_cast<int>(w[1]);
        slot_words = 1 + n_rows + n_cols;
        w += 2;
        ETTA_ROLLED for (int i = 0; i < n_rows; ++i) {
            ETTA_PLAIN_LOOP;
            row_extents[i] = ctx.value(*w++);
        }
        columns = 1;
        ETTA_ROLLED for (int i = 0; i < n_cols; ++i) {
            ETTA_PLAIN_LOOP;
            columns *= col_extents[i] = ctx.value(*w++);
        }
        lane_extent = ctx.value(*w++);
        return w;
    }
};

// Where every slot starts (the first has this number among the call's places), its literal and its last word: the stride
// along the lanes, or a literal's extent code.
template <class Target>
ETTA_NOINLINE void open_slots(const loop_shape& d, const context& ctx, int first, int n, const slot_fact* facts, char** at, std::int64_t* literal, std::int64_t* last) {
    ETTA_ROLLED for (int s = 0; s < n; ++s) {
        ETTA_PLAIN_LOOP;
        literal[s] = ctx.places[first + s];
        last[s] = d.slots[s * d.slot_words + d.slot_words - 1];
        const instruction kind = facts[s].kind;
        at[s] = kind == instruction::load || kind == instruction::store ? ctx.address(first + s)
                : kind == instruction::position                        ? position_base() + offset_of(literal[s])
                                                                       : position_base();
    }
}

struct loop_opening : loop_shape {
    chunk rows, lanes;          // this thread's
    index position[max_rank];   // of its first row
};
// False: nothing to do for this thread.
template <class Target>
ETTA_NOINLINE bool open_loop(const std::int64_t* w, const context& ctx, bool lane_reduced, int width, int n, const slot_fact* facts, loop_opening& o, char** at, std::int64_t* literal,
                             std::int64_t* last) {
    o.slots = o.template read<Target>(w, ctx);
    index rows = 1;
    ETTA_ROLLED for (int i = 0; i < o.n_rows; ++i) {
        ETTA_PLAIN_LOOP;
        rows *= o.row_extents[i];
    }
    o.rows = {0, rows}, o.lanes = {0, lane_reduced ? 1 : o.lane_extent};
    if (ctx.threads > 1) {
        if (lane_reduced || rows >= 4 * ctx.threads) o.rows = share(rows, 1, ctx);
        else o.lanes = share(o.lane_extent, width, ctx);
    }
    if (o.rows.begin >= o.rows.end || o.lanes.begin >= o.lanes.end) return false;
    open_slots<Target>(o, ctx, 0, n, facts, at, literal, last);
    index rest = o.rows.begin;
    for (int i = o.n_rows - 1; i >= 0; --i) {
        o.position[i] = rest % o.row_extents[i];
        rest /= o.row_extents[i];
        ETTA_ROLLED for (int s = 0; s < n; ++s) {
            ETTA_PLAIN_LOOP;
            at[s] += o.slots[s * o.slot_words + i] * o.position[i] * facts[s].size;
        }
    }
    return true;
}

struct gemm_opening : loop_shape {
    index batches, m, n, k;
    index a_row, a_k, b_k, b_col;
    index terms, a_term, b_term;
    const std::int64_t *a_strides, *b_strides;  // along the batch axes
    chunk mine;                                 // of the batches
    bool by_batch;
};
template <class Target>
ETTA_NOINLINE bool open_gemm(const std::int64_t* w, const context& ctx, int n, const slot_fact* facts, gemm_opening& o, char** at, std::int64_t* literal, std::int64_t* last) {
    o.a_strides = o.template read<Target>(w, ctx);
    o.b_strides = o.a_strides + o.slot_words;
    o.slots = o.b_strides + o.slot_words;
    const std::int64_t* const inner = o.slots + n * o.slot_words;
    o.batches = 1;
    ETTA_ROLLED for (int i = 0; i + 1 < o.n_rows; ++i) {
        ETTA_PLAIN_LOOP;
        o.batches *= o.row_extents[i];
    }
    o.m = o.n_rows > 0 ? o.row_extents[o.n_rows - 1] : 1;
    o.n = o.lane_extent, o.k = ctx.value(inner[0]);
    o.a_row = o.n_rows > 0 ? o.a_strides[o.n_rows - 1] : 0, o.a_k = inner[1];
    o.terms = ctx.value(inner[3]), o.a_term = inner[4], o.b_term = inner[5];
    o.b_k = inner[2], o.b_col = o.b_strides[o.slot_words - 1];
    const bool one = o.terms > 1 && o.a_term == o.k * o.a_k && o.b_term == o.k * o.b_k;  // terms that follow each other: one longer product
    if (one || o.terms == 0) o.k *= o.terms, o.terms = 1;
    // Many small products are shared out whole; one product by its rows or columns.
    o.by_batch = o.batches >= 2 * ctx.threads && ctx.threads > 1;
    o.mine = o.by_batch ? share(o.batches, 1, ctx) : chunk{0, o.batches};
    open_slots<Target>(o, ctx, 2, n, facts, at, literal, last);
    return o.m > 0 && o.n > 0;
}
struct batch_offsets {
    index a, b;  // elements
};
// The operands and slots of product number q.
template <class Target>
ETTA_NOINLINE batch_offsets open_batch(const gemm_opening& o, index q, int n, const slot_fact* facts, const char* const* base, char** at) {
    batch_offsets r{0, 0};
    ETTA_ROLLED for (int s = 0; s < n; ++s) {
        ETTA_PLAIN_LOOP;
        at[s] = const_cast<char*>(base[s]);
    }
    for (int i = o.n_rows - 2; i >= 0; --i) {
        const index p = q % o.row_extents[i];
        q /= o.row_extents[i];
        r.a += p * o.a_strides[i], r.b += p * o.b_strides[i];
        ETTA_ROLLED for (int s = 0; s < n; ++s) {
            ETTA_PLAIN_LOOP;
            at[s] += o.slots[s * o.slot_words + i] * p * facts[s].size;
        }
    }
    return r;
}

}  // namespace etta::_
