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
        const loop_shape* d;
        const context* ctx;
        typename traits::file* f;

        template <bool Tail>
        ETTA_INLINE void operator()(index i, index j, lane<T, lanes, Target> acc, int count, std::bool_constant<Tail>) const {
            for_slots(std::make_index_sequence<static_cast<std::size_t>(slots)>{}, i);
            static_cast<typename traits::template slot<1>&>(*f).value = acc;
            loop::template steps<level::full, 0, Tail>(typename loop::template part<level::full, 0>{}, *f, *c, j, count, *ctx);
        }
        template <std::size_t... S>
        ETTA_INLINE void for_slots(std::index_sequence<S...>, index i) const {
            ((c->here[S] = c->row[S] + i * d->slots[static_cast<int>(S) * d->slot_words + d->n_rows - 1] * loop::template slot_size<static_cast<int>(S)>()), ...);
        }
    };

    static void run(const std::int64_t* w, const context& ctx) {
        gemm_opening o;
        typename loop::cursor c;
        char* base[slots + 1];
        if (!open_gemm<Target>(w, ctx, slots, loop::facts.at, o, base, c.literal, c.extent_code)) return;
        for (int s = 0; s < slots; ++s) c.row[s] = base[s], c.lane_stride[s] = c.extent_code[s];
        typename traits::file f;
        loop::template steps<level::once, 0, false>(typename loop::template part<level::once, 0>{}, f, c, 0, lanes, ctx);
        context one = ctx;
        if (o.by_batch) one.thread = 0, one.threads = 1;
        gemm_operands<T> g;
        g.m = o.m, g.n = o.n, g.k = o.k;
        g.terms = o.terms, g.a_term = o.a_term, g.b_term = o.b_term;
        g.a_row = o.a_row, g.a_k = o.a_k, g.b_k = o.b_k, g.b_col = o.b_col;
        for (index q = o.mine.begin; q < o.mine.end; ++q) {
            const batch_offsets from = open_batch<Target>(o, q, slots, loop::facts.at, base, c.row);
            g.a = reinterpret_cast<const T*>(ctx.address(0)) + from.a;
            g.b = reinterpret_cast<const T*>(ctx.address(1)) + from.b;
            gemm<T, lanes, Target, traits::head.a_k, traits::head.b_k, traits::head.b_n>(
                g, epilogue{&c, &o, &ctx, &f}, one, plain ? reinterpret_cast<T*>(c.row[0]) : nullptr, plain ? o.slots[o.n_rows - 1] : 0, {c.row, &o, loop::facts.at, slots});
        }
    }
};

}  // namespace etta::_
