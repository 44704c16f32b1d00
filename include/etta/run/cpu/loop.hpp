// loop.hpp: the kernel for everything but matrix products: maps, reductions over any axes, and row kernels (softmax,
// layer norm, cross-entropy with their gradients) that pass over a row several times while it is in cache.
//
// The space is rows x columns; columns are reduced. Lanes run along the innermost axis: a row axis (each lane its own
// row; no horizontal step) or a column axis. Threads share rows (or lanes of a single row in a map).
#pragma once

#include "registers.hpp"

namespace etta::_ {

template <class Code, class Ops, class Target>
struct loop_kernel {
    using traits = kernel_traits<Code, Ops, Target>;
    using file = typename traits::file;
    static constexpr int slots = traits::head.slots;
    static constexpr int stages = traits::head.stages;
    static constexpr bool lane_reduced = traits::head.lane_reduced;
    static constexpr int lanes = traits::lanes;
    template <int I>
    static constexpr instr at = traits::at(I);

    // Longer kernels have one body for whole and partial registers (a masked load costs little beside their arithmetic, a
    // second copy of everything costs compile time); short ones, which memory limits, have two.
    static constexpr bool one_body = traits::n > 8;
    ETTA_INLINE static int rest(index n) { return static_cast<int>(n < lanes ? n : lanes); }

    // Where the slots are: byte pointers at the current row and column, byte strides of each axis.
    struct cursor {
        char* row[slots + 1];
        char* here[slots + 1];
        index lane_stride[slots + 1];  // elements
        std::int64_t literal[slots + 1], extent_code[slots + 1];
    };

    struct shape_data {
        int n_rows, n_cols;
        const std::int64_t *row_extents, *col_extents, *slots;
        index lane_extent;
        int slot_words;
    };

    // --- executing instructions --------------------------------------------------------------------------------------
    template <int I, bool Tail>
    ETTA_INLINE static void step(file& f, cursor& c, index j, int count, const context& ctx) {
        constexpr instr in = at<I>;
        if constexpr (in.kind == instruction::op) {
            traits::template evaluate<I>(f);
        } else if constexpr (in.kind == instruction::load) {
            constexpr auto cls = static_cast<lane_class>(in.src[0]);
            constexpr index size = size_of(in.type);
            const char* const p = (in.level == level::full ? c.here : c.row)[in.op];
            const index s = c.lane_stride[in.op];
            const char* const q = cls == lane_class::uniform ? p : cls == lane_class::contiguous ? p + j * size : p + j * s * size;
            traits::template get<I>(f) = traits::template load<in.type, cls, Tail>(q, s, count);
        } else if constexpr (in.kind == instruction::store) {
            constexpr auto cls = static_cast<lane_class>(in.src[1]);
            constexpr index size = size_of(in.type);
            char* const p = (in.level == level::full ? c.here : c.row)[in.op];
            const index s = c.lane_stride[in.op];
            char* const q = cls == lane_class::uniform ? p : cls == lane_class::contiguous ? p + j * size : p + j * s * size;
            traits::template store<in.type, cls, Tail>(q, s, traits::template get<in.src[0]>(f), count);
        } else if constexpr (in.kind == instruction::literal) {
            const std::int64_t bits = c.literal[in.op], code = c.extent_code[in.op];
            using R = typename traits::template register_type<I>;
            if constexpr (in.type == dtype::boolean) {
                using E = typename traits::element;
                traits::template get<I>(f) = lane<E, lanes, Target>(static_cast<E>(bits)) != lane<E, lanes, Target>(E(0));
            } else {
                using T = type_of<in.type>;
                if (code != 0) traits::template get<I>(f) = R(static_cast<T>(ctx.value(code)));
                else if constexpr (in.type == dtype::f32) traits::template get<I>(f) = R(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)));
                else if constexpr (in.type == dtype::f64) traits::template get<I>(f) = R(__builtin_bit_cast(double, bits));
                else traits::template get<I>(f) = R(static_cast<T>(bits));
            }
        } else if constexpr (in.kind == instruction::position) {
            using R = typename traits::template register_type<I>;
            using T = type_of<in.type>;
            const char* const p = (in.level == level::full ? c.here : c.row)[in.op];
            const T base = static_cast<T>(p - position_base());
            if constexpr (static_cast<lane_class>(in.src[0]) == lane_class::uniform) {
                traits::template get<I>(f) = R(base);
            } else {
                T values[lanes];
                for (int i = 0; i < lanes; ++i) values[i] = static_cast<T>(base + static_cast<T>((j + i) * c.lane_stride[in.op]));
                traits::template get<I>(f) = R::load(values);
            }
        } else if constexpr (in.kind == instruction::reduce) {
            using O = typename traits::template op<in.op>;
            using T = type_of<in.type>;
            auto x = traits::template get<in.src[0]>(f);
            if constexpr (Tail && lane_reduced) {
                using R = decltype(x);
                x = select(first_lanes<T, lanes, Target>(count), x, R(O::template identity<T>));
            }
            traits::template get<I>(f) = O::combine(traits::template get<I>(f), x);
        }
    }
    template <level L, int Stage, bool Tail, int First, std::size_t... I>
    ETTA_INLINE static void run_steps(std::index_sequence<I...>, file& f, cursor& c, [[maybe_unused]] index j, [[maybe_unused]] int count, const context& ctx) {
        (step<traits::template instructions<L, Stage>.at[First + static_cast<int>(I)], Tail>(f, c, j, count, ctx), ...);
    }
    // In parts, since clang++ folds over 256 at most.
    template <level L, int Stage, bool Tail, int First = 0>
    ETTA_INLINE static void steps(file& f, cursor& c, index j, int count, const context& ctx) {
        constexpr int left = traits::template count<L, Stage> - First, part = left < 200 ? left : 200;
        run_steps<L, Stage, Tail, First>(std::make_index_sequence<static_cast<std::size_t>(part)>{}, f, c, j, count, ctx);
        if constexpr (left > part) steps<L, Stage, Tail, First + part>(f, c, j, count, ctx);
    }

    template <int I, bool Start>
    ETTA_INLINE static void accumulator(file& f) {
        constexpr instr in = at<I>;
        if constexpr (in.kind == instruction::reduce) {
            using O = typename traits::template op<in.op>;
            using T = type_of<in.type>;
            using R = typename traits::template register_type<I>;
            if constexpr (Start) traits::template get<I>(f) = R(O::template identity<T>);
            else if constexpr (lane_reduced) traits::template get<I>(f) = R(O::horizontal(traits::template get<I>(f)));
        }
    }
    template <int Stage, bool Start, std::size_t... I>
    ETTA_INLINE static void accumulators(std::index_sequence<I...>, file& f) {
        (accumulator<traits::template instructions<level::full, Stage>.at[I], Start>(f), ...);
    }

    template <int I>
    ETTA_INLINE static void merge_one(file& into, file& from) {
        constexpr instr in = at<I>;
        if constexpr (in.kind == instruction::reduce)
            traits::template get<I>(into) = traits::template op<in.op>::combine(traits::template get<I>(into), traits::template get<I>(from));
    }
    template <int Stage, std::size_t... I>
    ETTA_INLINE static void merge(std::index_sequence<I...>, file& into, file& from) {
        (merge_one<traits::template instructions<level::full, Stage>.at[I]>(into, from), ...);
    }

    // One pass over the columns.
    template <int Stage, bool Tail>
    ETTA_INLINE static void pass(file& f, cursor& c, const shape_data& d, index j, int count, const context& ctx) {
        constexpr auto sequence = std::make_index_sequence<static_cast<std::size_t>(traits::template count<level::full, Stage>)>{};
        accumulators<Stage, true>(sequence, f);
        index position[max_rank] = {};
        index extents[max_rank] = {};
        index total = 1;
        for (int i = 0; i < d.n_cols; ++i) extents[i] = ctx.value(d.col_extents[i]), total *= extents[i];
        for (int s = 0; s < slots; ++s) c.here[s] = c.row[s];
        for (index k = 0; k < total; ++k) {
            if constexpr (lane_reduced) {
                index i = 0;
                if constexpr (traits::n <= 8 && traits::template count<level::full, Stage> != 0) {
                    // Short sums wait for their own result: four of them side by side, added in a fixed order.
                    file b = f, e = f, g = f;
                    accumulators<Stage, true>(sequence, b);
                    accumulators<Stage, true>(sequence, e);
                    accumulators<Stage, true>(sequence, g);
                    for (; i + 4 * lanes <= d.lane_extent; i += 4 * lanes) {
                        steps<level::full, Stage, false>(f, c, i, lanes, ctx);
                        steps<level::full, Stage, false>(b, c, i + lanes, lanes, ctx);
                        steps<level::full, Stage, false>(e, c, i + 2 * lanes, lanes, ctx);
                        steps<level::full, Stage, false>(g, c, i + 3 * lanes, lanes, ctx);
                    }
                    merge<Stage>(sequence, e, g);
                    merge<Stage>(sequence, f, b);
                    merge<Stage>(sequence, f, e);
                }
                if constexpr (one_body) {
                    for (; i < d.lane_extent; i += lanes) steps<level::full, Stage, true>(f, c, i, rest(d.lane_extent - i), ctx);
                } else {
                    for (; i + lanes <= d.lane_extent; i += lanes) steps<level::full, Stage, false>(f, c, i, lanes, ctx);
                    if (i < d.lane_extent) steps<level::full, Stage, true>(f, c, i, rest(d.lane_extent - i), ctx);
                }
            } else {
                steps<level::full, Stage, Tail>(f, c, j, count, ctx);
            }
            for (int a = d.n_cols - 1; a >= 0; --a) {
                advance(c.here, d, a + d.n_rows, ++position[a] < extents[a] ? 1 : 1 - extents[a]);
                if (position[a] < extents[a]) break;
                position[a] = 0;
            }
        }
        accumulators<Stage, false>(sequence, f);
    }
    template <int Stage, bool Tail>
    ETTA_INLINE static void passes(file& f, cursor& c, const shape_data& d, index j, int count, const context& ctx) {
        steps<level::row, Stage, Tail>(f, c, j, count, ctx);
        if constexpr (traits::template count<level::full, Stage> != 0) pass<Stage, Tail>(f, c, d, j, count, ctx);
        if constexpr (Stage < stages) passes<Stage + 1, Tail>(f, c, d, j, count, ctx);
    }

    template <int S>
    static constexpr index slot_size() {
        for (int i = 1; i < traits::n; ++i) {
            const instr in = traits::at(i);
            if ((in.kind == instruction::load || in.kind == instruction::store) && in.op == S) return size_of(in.type);
        }
        return 1;
    }
    template <std::size_t... S>
    ETTA_INLINE static void advance_all(std::index_sequence<S...>, char** p, const shape_data& d, int axis, index by) {
        ((p[S] += d.slots[static_cast<int>(S) * d.slot_words + axis] * by * slot_size<static_cast<int>(S)>()), ...);
    }
    ETTA_INLINE static void advance(char** p, const shape_data& d, int axis, index by) {
        advance_all(std::make_index_sequence<static_cast<std::size_t>(slots)>{}, p, d, axis, by);
    }
    // A position slot is an address that is never read: what it is past this base is the index.
    static char* position_base() { return reinterpret_cast<char*>(std::uintptr_t{1} << (4 * sizeof(void*))); }
    static constexpr instruction kind_of_slot(int s) {
        for (int i = 1; i < traits::n; ++i) {
            const instr in = traits::at(i);
            if (in.kind != instruction::op && in.kind != instruction::reduce && in.kind != instruction::header && in.op == s) return in.kind;
        }
        return instruction::op;
    }

    // Where every slot starts; the first of them has this number among the call's places.
    ETTA_INLINE static void place_slots(cursor& c, char** at, const shape_data& d, const context& ctx, int first) {
        for (int s = 0; s < slots; ++s) {
            const std::int64_t* const v = d.slots + s * d.slot_words;
            c.literal[s] = ctx.places[first + s];
            c.lane_stride[s] = c.extent_code[s] = v[d.slot_words - 1];
            const instruction kind = kind_of_slot(s);
            at[s] = kind == instruction::load || kind == instruction::store ? ctx.address(first + s)
                    : kind == instruction::position                          ? position_base() + offset_of(ctx.places[first + s])
                                                                             : position_base();
        }
    }

    static void run(const std::int64_t* w, const context& ctx) {
        shape_data d;
        d.n_rows = static_cast<int>(w[0]), d.n_cols = static_cast<int>(w[1]);
        d.row_extents = w + 2;
        d.col_extents = d.row_extents + d.n_rows;
        d.lane_extent = ctx.value(d.col_extents[d.n_cols]);
        d.slots = d.col_extents + d.n_cols + 1;
        d.slot_words = 1 + d.n_rows + d.n_cols;
        cursor c;
        place_slots(c, c.row, d, ctx, 0);
        index rows = 1;
        index extents[max_rank] = {}, position[max_rank] = {};
        for (int i = 0; i < d.n_rows; ++i) extents[i] = ctx.value(d.row_extents[i]), rows *= extents[i];
        chunk r{0, rows}, l{0, lane_reduced ? 1 : d.lane_extent};
        if (ctx.threads > 1) {
            if (lane_reduced || rows >= 4 * ctx.threads) r = share(rows, 1, ctx);
            else l = share(d.lane_extent, lanes, ctx);
        }
        if (r.begin >= r.end || l.begin >= l.end) return;
        for (index rest = r.begin, i = d.n_rows - 1; i >= 0; --i) {
            position[i] = rest % extents[i];
            advance(c.row, d, static_cast<int>(i), position[i]);
            rest /= extents[i];
        }
        file f;
        steps<level::once, 0, false>(f, c, 0, lanes, ctx);
        for (index k = r.begin; k < r.end; ++k) {
            if constexpr (lane_reduced) {
                passes<0, false>(f, c, d, 0, lanes, ctx);
            } else {
                index j = l.begin;
                if constexpr (one_body) {
                    for (; j < l.end; j += lanes) passes<0, true>(f, c, d, j, rest(l.end - j), ctx);
                } else {
                    for (; j + lanes <= l.end; j += lanes) passes<0, false>(f, c, d, j, lanes, ctx);
                    if (j < l.end) passes<0, true>(f, c, d, j, rest(l.end - j), ctx);
                }
            }
            for (int a = d.n_rows - 1; a >= 0; --a) {
                advance(c.row, d, a, ++position[a] < extents[a] ? 1 : 1 - extents[a]);
                if (position[a] < extents[a]) break;
                position[a] = 0;
            }
        }
    }
};

}  // namespace etta::_
