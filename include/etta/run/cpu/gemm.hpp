// gemm.hpp: the kernel for matrix products: a blocked GEMM (gemm_core.hpp) whose finished vectors pass through the
// element-wise chain behind the product - bias, activation, residual, their derivatives - before they are stored.
#pragma once

#include "gemm_core.hpp"
#include "loop.hpp"

namespace etta::_ {

template <class Code, class Ops, class Target>
struct gemm_kernel {
    using loop = loop_kernel<Code, Ops, Target>;
    using traits = typename loop::traits;
    using T = typename traits::element;
    static constexpr int lanes = traits::lanes;
    static constexpr int slots = traits::head.slots;
    // The product is stored as it is, its columns side by side.
    static constexpr bool plain = traits::n == 3 && traits::at(2).kind == instruction::store && traits::at(2).src[0] == 1 &&
                                  traits::at(2).type == traits::primary && static_cast<lane_class>(traits::at(2).src[1]) == lane_class::contiguous;

    // Takes one vector of the product: row i, columns j … j + count - 1.
    struct epilogue {
        typename loop::cursor* c;
        const typename loop::shape_data* d;
        const context* ctx;
        typename traits::file* f;

        template <bool Tail>
        ETTA_INLINE void operator()(index i, index j, lane<T, lanes, Target> acc, int count, std::bool_constant<Tail>) const {
            for_slots(std::make_index_sequence<static_cast<std::size_t>(slots)>{}, i);
            traits::template get<1>(*f) = acc;
            loop::template steps<level::full, 0, Tail>(*f, *c, j, count, *ctx);
        }
        template <std::size_t... S>
        ETTA_INLINE void for_slots(std::index_sequence<S...>, index i) const {
            ((c->here[S] = c->row[S] + i * d->slots[static_cast<int>(S) * d->slot_words + d->n_rows - 1] * loop::template slot_size<static_cast<int>(S)>()), ...);
        }
    };

    static void run(const std::int64_t* w, const context& ctx) {
        typename loop::shape_data d;
        d.n_rows = static_cast<int>(w[0]), d.n_cols = 0;
        d.row_extents = w + 2;
        d.col_extents = d.row_extents + d.n_rows;
        d.lane_extent = ctx.value(d.col_extents[0]);
        d.slot_words = 1 + d.n_rows;
        const std::int64_t* const a = d.col_extents + 1;
        const std::int64_t* const b = a + d.slot_words;
        d.slots = b + d.slot_words;
        const std::int64_t* const inner = d.slots + slots * d.slot_words;
        const index depth = ctx.value(inner[0]);
        typename loop::cursor c;
        char* base[slots + 1];
        loop::place_slots(c, base, d, ctx, 2);
        for (int s = 0; s < slots; ++s) c.row[s] = base[s];
        typename traits::file f;
        loop::template steps<level::once, 0, false>(f, c, 0, lanes, ctx);
        index batches = 1;
        for (int i = 0; i + 1 < d.n_rows; ++i) batches *= ctx.value(d.row_extents[i]);
        const index m = d.n_rows > 0 ? ctx.value(d.row_extents[d.n_rows - 1]) : 1;
        gemm_operands<T> g;
        g.m = m, g.n = d.lane_extent, g.k = depth;
        g.a_row = d.n_rows > 0 ? a[d.n_rows - 1] : 0, g.a_k = inner[1];
        g.b_k = inner[2], g.b_col = b[d.slot_words - 1];
        if (g.m <= 0 || g.n <= 0) return;
        // Many small products are shared out whole; one product by its rows or columns.
        const bool by_batch = batches >= 2 * ctx.threads && ctx.threads > 1;
        const chunk mine = by_batch ? share(batches, 1, ctx) : chunk{0, batches};
        context one = ctx;
        if (by_batch) one.thread = 0, one.threads = 1;
        for (index q = mine.begin; q < mine.end; ++q) {
            index rest = q, a_at = 0, b_at = 0, position[max_rank] = {};
            for (int i = d.n_rows - 2; i >= 0; --i) {
                const index e = ctx.value(d.row_extents[i]);
                position[i] = rest % e, rest /= e;
                a_at += position[i] * a[i], b_at += position[i] * b[i];
            }
            for (int s = 0; s < slots; ++s) c.row[s] = base[s];
            for (int i = 0; i + 1 < d.n_rows; ++i) loop::advance(c.row, d, i, position[i]);
            g.a = reinterpret_cast<const T*>(ctx.address(0)) + a_at;
            g.b = reinterpret_cast<const T*>(ctx.address(1)) + b_at;
            gemm<T, lanes, Target, traits::head.a_k, traits::head.b_k, traits::head.b_n>(
                g, epilogue{&c, &d, &ctx, &f}, one, plain ? reinterpret_cast<T*>(c.row[0]) : nullptr, plain ? d.slots[d.n_rows - 1] : 0);
        }
    }
};

}  // namespace etta::_
