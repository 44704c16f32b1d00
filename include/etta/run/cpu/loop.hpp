// loop.hpp: the kernel for everything but matrix products: maps, reductions over any axes, and row kernels (softmax,
// layer norm, cross-entropy with their gradients) that pass over a row several times while it is in cache.
//
// The space is rows x columns; columns are reduced. Lanes run along the innermost axis: a row axis (each lane its own
// row; no horizontal step) or a column axis. Threads share rows (or lanes of a single row in a map).
#pragma once

#include "opening.hpp"
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
    template <int I>
    using slot = typename traits::template slot<I>;

    // Kernels have two bodies, for whole registers and for the rest under a mask: a masked store that misses the cache stalls (on a
    // Zen 5), and masks cost something in it, too. The longest have one, since the second costs as much compile time as the first;
    // unless masks are made up for element by element.
    static constexpr bool one_body = traits::n > 48 && ops<typename traits::element, lanes, Target>::masked;
    static constexpr bool has_rest = lanes > 1;
    ETTA_INLINE static int rest(index n) { return static_cast<int>(n < lanes ? n : lanes); }

    // A pass with so little to do that it waits for its own sum.
    template <int Stage>
    static constexpr bool short_sum = traits::template count<level::full, Stage> != 0 && (traits::n <= 8 || traits::template count<level::full, Stage> <= 4);

    // Where the slots are: byte pointers at the current row and column, byte strides of each axis.
    struct cursor {
        char* row[slots + 1];
        char* here[slots + 1];
        index lane_stride[slots + 1];  // elements
        std::int64_t literal[slots + 1], extent_code[slots + 1];
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
            static_cast<slot<I>&>(f).value = traits::template load<in.type, cls, Tail>(q, s, count);
        } else if constexpr (in.kind == instruction::store) {
            constexpr auto cls = static_cast<lane_class>(in.src[1]);
            constexpr index size = size_of(in.type);
            char* const p = (in.level == level::full ? c.here : c.row)[in.op];
            const index s = c.lane_stride[in.op];
            char* const q = cls == lane_class::uniform ? p : cls == lane_class::contiguous ? p + j * size : p + j * s * size;
            traits::template store<in.type, cls, Tail>(q, s, static_cast<slot<in.src[0]>&>(f).value, count);
        } else if constexpr (in.kind == instruction::literal) {
            const std::int64_t bits = c.literal[in.op], code = c.extent_code[in.op];
            using R = typename traits::template register_type<I>;
            if constexpr (in.type == dtype::boolean) {
                using E = typename traits::element;
                static_cast<slot<I>&>(f).value = lane<E, lanes, Target>(static_cast<E>(bits)) != lane<E, lanes, Target>(E(0));
            } else {
                using T = type_of<in.type>;
                if (code != 0) static_cast<slot<I>&>(f).value = R(static_cast<T>(ctx.value(code)));
                else if constexpr (in.type == dtype::f32) static_cast<slot<I>&>(f).value = R(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)));
                else if constexpr (in.type == dtype::f64) static_cast<slot<I>&>(f).value = R(__builtin_bit_cast(double, bits));
                else static_cast<slot<I>&>(f).value = R(static_cast<T>(bits));
            }
        } else if constexpr (in.kind == instruction::position) {
            using R = typename traits::template register_type<I>;
            using T = type_of<in.type>;
            const char* const p = (in.level == level::full ? c.here : c.row)[in.op];
            const T base = static_cast<T>(p - position_base());
            if constexpr (static_cast<lane_class>(in.src[0]) == lane_class::uniform) {
                static_cast<slot<I>&>(f).value = R(base);
            } else {
                T values[lanes];
                for (int i = 0; i < lanes; ++i) values[i] = static_cast<T>(base + static_cast<T>((j + i) * c.lane_stride[in.op]));
                static_cast<slot<I>&>(f).value = R::load(values);
            }
        } else if constexpr (in.kind == instruction::reduce) {
            using O = typename traits::template op<in.op>;
            using T = type_of<in.type>;
            auto x = static_cast<slot<in.src[0]>&>(f).value;
            if constexpr (Tail && lane_reduced) {
                using R = decltype(x);
                x = first_elements(x, count, R(O::template identity<T>));
            }
            static_cast<slot<I>&>(f).value = O::combine(static_cast<slot<I>&>(f).value, x);
        }
    }
    // In parts, since clang++ folds over 256 at most.
    template <level L, int Stage, int First = 0>
    using part = std::make_index_sequence<static_cast<std::size_t>(traits::template count<L, Stage> - First < 200 ? traits::template count<L, Stage> - First : 200)>;
    template <level L, int Stage, bool Tail, int First = 0, std::size_t... I>
    ETTA_INLINE static void steps(std::index_sequence<I...>, file& f, cursor& c, [[maybe_unused]] index j, [[maybe_unused]] int count, const context& ctx) {
        (step<traits::template instructions<L, Stage>.at[First + static_cast<int>(I)], Tail>(f, c, j, count, ctx), ...);
        constexpr int done = First + static_cast<int>(sizeof...(I));
        if constexpr (done < traits::template count<L, Stage>) steps<L, Stage, Tail, done>(part<L, Stage, done>{}, f, c, j, count, ctx);
    }

    template <int I, bool Start>
    ETTA_INLINE static void accumulator(file& f) {
        constexpr instr in = at<I>;
        using O = typename traits::template op<in.op>;
        using T = type_of<in.type>;
        using R = typename traits::template register_type<I>;
        if constexpr (Start) static_cast<slot<I>&>(f).value = R(O::template identity<T>);
        else if constexpr (lane_reduced) static_cast<slot<I>&>(f).value = R(O::horizontal(static_cast<slot<I>&>(f).value));
    }
    template <int Stage, bool Start, std::size_t... I>
    ETTA_INLINE static void accumulators(std::index_sequence<I...>, file& f) {
        (accumulator<traits::template reductions<Stage>.at[I], Start>(f), ...);
    }

    template <int I>
    ETTA_INLINE static void merge_one(file& into, file& from) {
        static_cast<slot<I>&>(into).value = traits::template op<at<I>.op>::combine(static_cast<slot<I>&>(into).value, static_cast<slot<I>&>(from).value);
    }
    template <int Stage, std::size_t... I>
    ETTA_INLINE static void merge(std::index_sequence<I...>, file& into, file& from) {
        (merge_one<traits::template reductions<Stage>.at[I]>(into, from), ...);
    }

    // One pass over the columns.
    template <int Stage, bool Tail>
    ETTA_INLINE static void pass(file& f, cursor& c, const loop_shape& d, index j, int count, const context& ctx) {
        constexpr auto sequence = std::make_index_sequence<static_cast<std::size_t>(traits::template reductions<Stage>.count)>{};
        accumulators<Stage, true>(sequence, f);
        index position[max_rank] = {};
        for (int s = 0; s < slots; ++s) c.here[s] = c.row[s];
        for (index k = 0; k < d.columns; ++k) {
            if constexpr (lane_reduced) {
                index i = 0;
                if constexpr (short_sum<Stage>) {
                    // Short sums wait for their own result: four of them side by side, added in a fixed order.
                    file b = f, e = f, g = f;
                    accumulators<Stage, true>(sequence, b);
                    accumulators<Stage, true>(sequence, e);
                    accumulators<Stage, true>(sequence, g);
                    for (; i + 4 * lanes <= d.lane_extent; i += 4 * lanes) {
                        steps<level::full, Stage, false>(part<level::full, Stage>{}, f, c, i, lanes, ctx);
                        steps<level::full, Stage, false>(part<level::full, Stage>{}, b, c, i + lanes, lanes, ctx);
                        steps<level::full, Stage, false>(part<level::full, Stage>{}, e, c, i + 2 * lanes, lanes, ctx);
                        steps<level::full, Stage, false>(part<level::full, Stage>{}, g, c, i + 3 * lanes, lanes, ctx);
                    }
                    merge<Stage>(sequence, e, g);
                    merge<Stage>(sequence, f, b);
                    merge<Stage>(sequence, f, e);
                }
                if constexpr (one_body) {
                    for (; i < d.lane_extent; i += lanes) steps<level::full, Stage, true>(part<level::full, Stage>{}, f, c, i, rest(d.lane_extent - i), ctx);
                } else {
                    for (; i + lanes <= d.lane_extent; i += lanes) steps<level::full, Stage, false>(part<level::full, Stage>{}, f, c, i, lanes, ctx);
                    if constexpr (has_rest)
                        if (i < d.lane_extent) steps<level::full, Stage, true>(part<level::full, Stage>{}, f, c, i, rest(d.lane_extent - i), ctx);
                }
            } else {
                steps<level::full, Stage, Tail>(part<level::full, Stage>{}, f, c, j, count, ctx);
            }
            ETTA_ROLLED for (int a = d.n_cols - 1; a >= 0; --a) {
                ETTA_PLAIN_LOOP;
                advance(c.here, d, a + d.n_rows, ++position[a] < d.col_extents[a] ? 1 : 1 - d.col_extents[a]);
                if (position[a] < d.col_extents[a]) break;
                position[a] = 0;
            }
        }
        accumulators<Stage, false>(sequence, f);
    }
    template <int Stage, bool Tail>
    ETTA_INLINE static void passes(file& f, cursor& c, const loop_shape& d, index j, int count, const context& ctx) {
        steps<level::row, Stage, Tail>(part<level::row, Stage>{}, f, c, j, count, ctx);
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
    ETTA_INLINE static void advance_all(std::index_sequence<S...>, char** p, const loop_shape& d, int axis, index by) {
        ((p[S] += d.slots[static_cast<int>(S) * d.slot_words + axis] * by * slot_size<static_cast<int>(S)>()), ...);
    }
    ETTA_INLINE static void advance(char** p, const loop_shape& d, int axis, index by) {
        advance_all(std::make_index_sequence<static_cast<std::size_t>(slots)>{}, p, d, axis, by);
    }
    static constexpr instruction kind_of_slot(int s) {
        for (int i = 1; i < traits::n; ++i) {
            const instr in = traits::at(i);
            if (in.kind != instruction::op && in.kind != instruction::reduce && in.kind != instruction::header && in.op == s) return in.kind;
        }
        return instruction::op;
    }

    struct slot_facts {
        slot_fact at[slots + 1];
    };
    template <std::size_t... S>
    static constexpr slot_facts make_facts(std::index_sequence<S...>) {
        return {{slot_fact{kind_of_slot(static_cast<int>(S)), static_cast<int>(slot_size<static_cast<int>(S)>())}..., slot_fact{}}};
    }
    static constexpr slot_facts facts = make_facts(std::make_index_sequence<static_cast<std::size_t>(slots)>{});

    // Copies: what open_loop() wrote to could change with every store through a char*, for all the compiler knows.
    template <std::size_t... S>
    ETTA_INLINE static void start(cursor& c, char* const* at, const std::int64_t* literal, const std::int64_t* last, std::index_sequence<S...>) {
        ((c.row[S] = at[S], c.literal[S] = literal[S], c.lane_stride[S] = c.extent_code[S] = last[S]), ...);
    }

    static void run(const std::int64_t* w, const context& ctx) {
        loop_opening o;
        char* at_slot[slots + 1];
        std::int64_t literal[slots + 1], last[slots + 1];
        if (!open_loop<Target>(w, ctx, lane_reduced, lanes, slots, facts.at, o, at_slot, literal, last)) return;
        cursor c;
        start(c, at_slot, literal, last, std::make_index_sequence<static_cast<std::size_t>(slots)>{});
        const loop_shape d = o;
        const chunk r = o.rows, l = o.lanes;
        file f;
        steps<level::once, 0, false>(part<level::once, 0>{}, f, c, 0, lanes, ctx);
        for (index k = r.begin; k < r.end; ++k) {
            if constexpr (lane_reduced) {
                passes<0, false>(f, c, d, 0, lanes, ctx);
            } else {
                index j = l.begin;
                if constexpr (one_body) {
                    for (; j < l.end; j += lanes) passes<0, true>(f, c, d, j, rest(l.end - j), ctx);
                } else {
                    for (; j + lanes <= l.end; j += lanes) passes<0, false>(f, c, d, j, lanes, ctx);
                    if constexpr (has_rest)
                        if (j < l.end) passes<0, true>(f, c, d, j, rest(l.end - j), ctx);
                }
            }
            ETTA_ROLLED for (int a = d.n_rows - 1; a >= 0; --a) {
                ETTA_PLAIN_LOOP;
                advance(c.row, d, a, ++o.position[a] < d.row_extents[a] ? 1 : 1 - d.row_extents[a]);
                if (o.position[a] < d.row_extents[a]) break;
                o.position[a] = 0;
            }
        }
    }
};

}  // namespace etta::_
