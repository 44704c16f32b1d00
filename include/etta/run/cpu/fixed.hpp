// fixed.hpp: runs a small program as straight code: every extent, stride and address of its calls is a constant here, where
// the table's kernels read them. A network of a few hundred operations is then not a dozen calls but one function, most of it
// in registers. Costs code per program (nothing is shared), so only what is small and run often goes this way.
#pragma once

#include "execute.hpp"

namespace etta::_ {

// Small enough, and nothing but element-wise kernels, reductions and products of static extents?
template <class P, class Target>
constexpr bool runs_fixed() {
    if (Target::register_bytes == 0 || P::n_symbols != 0 || P::flops > 8192 || P::n_calls > 12) return false;
    for (int i = 0; i < P::n_calls; ++i) {
        const kernel_kind k = header::decode(P::table.codes[P::table.kernels[P::table.calls[i].kernel].code]).kind;
        if (k != kernel_kind::loop && k != kernel_kind::gemm) return false;
    }
    return true;
}

// Do vectors of the program's calls fill half registers better than whole ones?
template <class P, class Target>
constexpr bool wants_halves() {
    if (Target::register_bytes < 32) return false;
    bool better = false;
    for (int i = 0; i < P::n_calls; ++i) {
        const std::int64_t* const w = P::constants.words + P::constants.calls[i].words;
        const std::int64_t n = w[2 + w[0] + w[1]], whole = Target::register_bytes / 4, half = whole / 2;
        if (n == 1) continue;
        if (n % half != 0) return false;
        better = better || n % whole != 0;
    }
    return better;
}

// Call I of program P, its data as constants.
template <class P, int I>
struct fixed_call {
    static constexpr const std::int64_t* words = P::constants.words + P::constants.calls[I].words;
    static constexpr const std::int64_t* places = P::constants.places + P::constants.calls[I].places;
    static constexpr int n_rows = static_cast<int>(words[0]), n_cols = static_cast<int>(words[1]);
    static constexpr const std::int64_t* extents = words + 2;
    static constexpr index lane_extent = static_cast<index>(extents[n_rows + n_cols]);
    static constexpr const std::int64_t* slots = extents + n_rows + n_cols + 1;
    static constexpr int slot_words = 1 + n_rows + n_cols;
    static constexpr loop_shape shape() {
        loop_shape d{};
        d.n_rows = n_rows, d.n_cols = n_cols, d.slot_words = slot_words, d.slots = slots, d.lane_extent = lane_extent, d.columns = 1;
        for (int i = 0; i < n_rows; ++i) d.row_extents[i] = static_cast<index>(extents[i]);
        for (int i = 0; i < n_cols; ++i) d.columns *= d.col_extents[i] = static_cast<index>(extents[n_rows + i]);
        return d;
    }
    ETTA_INLINE static char* address(char* const* buffers, int slot) { return buffers[buffer_of(places[slot])] + offset_of(places[slot]); }
};

template <class P, int I, class Kernel, class Target>
struct fixed_loop;
template <class P, int I, class Code, class Ops, class Target>
struct fixed_loop<P, I, loop_kernel<Code, Ops, Target>, Target> {
    using kernel = loop_kernel<Code, Ops, Target>;
    using call = fixed_call<P, I>;
    static constexpr loop_shape d = call::shape();
    static constexpr index rows = [] {
        index n = 1;
        for (int i = 0; i < d.n_rows; ++i) n *= d.row_extents[i];
        return n;
    }();
    // The slots from number First on, at the given row of the rows' axes.
    template <int First, std::size_t... S>
    ETTA_INLINE static void place(typename kernel::cursor& c, char* const* buffers, index row, std::index_sequence<S...>) {
        ((c.literal[S] = call::places[First + static_cast<int>(S)], c.lane_stride[S] = c.extent_code[S] = static_cast<index>(slots[static_cast<int>(S) * d.slot_words + d.slot_words - 1]),
          c.row[S] = start<First, static_cast<int>(S)>(buffers, row)),
         ...);
    }
    static constexpr const std::int64_t* slots = call::slots;
    template <int First, int S>
    ETTA_INLINE static char* start(char* const* buffers, index row) {
        constexpr instruction kind = kernel::facts.at[S].kind;
        char* p = position_base();
        if constexpr (kind == instruction::load || kind == instruction::store) p = call::address(buffers, First + S);
        else if constexpr (kind == instruction::position) p += offset_of(call::places[First + S]);
        for (int i = d.n_rows - 1; i >= 0; --i) {
            p += static_cast<index>(slots[S * d.slot_words + i]) * (row % d.row_extents[i]) * kernel::facts.at[S].size;
            row /= d.row_extents[i];
        }
        return p;
    }
    ETTA_INLINE static void run(char* const* buffers, const context& ctx) {
        constexpr int lanes = kernel::lanes;
        constexpr auto all = std::make_index_sequence<static_cast<std::size_t>(kernel::slots)>{};
        typename kernel::cursor c;
        typename kernel::file f;
        place<0>(c, buffers, 0, all);
        kernel::template steps<level::once, 0, false>(typename kernel::template part<level::once, 0>{}, f, c, 0, lanes, ctx);
        for (index r = 0; r < rows; ++r) {
            if (r > 0) place<0>(c, buffers, r, all);
            if constexpr (kernel::lane_reduced) {
                kernel::template passes<0, false>(f, c, d, 0, lanes, ctx);
            } else {
                index j = 0;
                for (; j + lanes <= d.lane_extent; j += lanes) kernel::template passes<0, false>(f, c, d, j, lanes, ctx);
                if constexpr (d.lane_extent % lanes != 0) kernel::template passes<0, true>(f, c, d, j, static_cast<int>(d.lane_extent % lanes), ctx);
            }
        }
    }
};

template <class P, int I, class Code, class Ops, class Target>
struct fixed_loop<P, I, gemm_kernel<Code, Ops, Target>, Target> {
    using product = gemm_kernel<Code, Ops, Target>;
    using kernel = typename product::loop;
    using traits = typename kernel::traits;
    using T = typename traits::element;
    using call = fixed_call<P, I>;
    using V = lane<T, kernel::lanes, Target>;
    static constexpr int lanes = kernel::lanes;
    static constexpr int sw = call::slot_words, nr = call::n_rows;
    static constexpr const std::int64_t *a_strides = call::slots, *b_strides = a_strides + sw, *slots = b_strides + sw;
    static constexpr const std::int64_t* inner = slots + kernel::slots * sw;
    static constexpr index k = static_cast<index>(inner[0]), a_k = static_cast<index>(inner[1]), b_k = static_cast<index>(inner[2]);
    static constexpr index terms = static_cast<index>(inner[3]), b_col = static_cast<index>(b_strides[sw - 1]), n = call::lane_extent;
    static constexpr index rows = [] {
        index r = 1;
        for (int i = 0; i < nr; ++i) r *= static_cast<index>(call::extents[i]);
        return r;
    }();
    static constexpr index at_row(const std::int64_t* strides, index row) {
        index offset = 0;
        for (int i = nr - 1; i >= 0; --i) offset += static_cast<index>(strides[i]) * (row % static_cast<index>(call::extents[i])), row /= static_cast<index>(call::extents[i]);
        return offset;
    }
    template <int S>
    ETTA_INLINE static void place_one(typename kernel::cursor& c, char* const* buffers, index row) {
        constexpr instruction kind = kernel::facts.at[S].kind;
        c.literal[S] = call::places[2 + S], c.lane_stride[S] = c.extent_code[S] = static_cast<index>(slots[S * sw + sw - 1]);
        char* p = position_base();
        if constexpr (kind == instruction::load || kind == instruction::store) p = call::address(buffers, 2 + S);
        else if constexpr (kind == instruction::position) p += offset_of(call::places[2 + S]);
        c.row[S] = c.here[S] = p + at_row(slots + S * sw, row) * kernel::facts.at[S].size;
    }
    template <std::size_t... S>
    ETTA_INLINE static void place(typename kernel::cursor& c, char* const* buffers, index row, std::index_sequence<S...>) {
        (place_one<static_cast<int>(S)>(c, buffers, row), ...);
    }
    // Columns j … j + Vectors * lanes - 1 (Tail: fewer), all of k.
    template <int Vectors, bool Tail>
    ETTA_INLINE static void block(const T* a, const T* b, index j, typename kernel::file& f, typename kernel::cursor& c, const context& ctx) {
        constexpr int count = Tail ? static_cast<int>(n % lanes) : lanes;
        constexpr int chains = k >= 8 ? 4 : k >= 2 ? 2 : 1;  // sums that do not wait for one another, added in a fixed order
        V acc[chains][Vectors];
        for (int s = 0; s < chains; ++s)
            for (int v = 0; v < Vectors; ++v) acc[s][v] = V(T(0));
        const auto row = [&](index q, V* into) __attribute__((always_inline)) {
            const V x(a[q * a_k]);
            for (int v = 0; v < Vectors; ++v) {
                const T* const p = b + q * b_k + (j + v * lanes) * b_col;
                if constexpr (b_col == 1) into[v] = mul_add(x, Tail ? V::load(p, count) : V::load(p), into[v]);
                else into[v] = mul_add(x, Tail ? V::load_strided(p, b_col, count) : V::load_strided(p, b_col), into[v]);
            }
        };
        index q = 0;
        for (; q + chains <= k; q += chains)
            for (int s = 0; s < chains; ++s) row(q + s, acc[s]);
        for (int s = 0; s < static_cast<int>(k % chains); ++s) row(q + s, acc[s]);
        for (int v = 0; v < Vectors; ++v) {
            V sum = acc[0][v];
            if constexpr (chains == 2) sum = sum + acc[1][v];
            if constexpr (chains == 4) sum = (sum + acc[1][v]) + (acc[2][v] + acc[3][v]);
            static_cast<typename traits::template slot<1>&>(f).value = sum;
            kernel::template steps<level::full, 0, Tail>(typename kernel::template part<level::full, 0>{}, f, c, j + v * lanes, count, ctx);
        }
    }
    ETTA_INLINE static void run(char* const* buffers, const context& ctx) {
        static_assert(terms == 1);
        typename kernel::cursor c;
        typename kernel::file f;
        constexpr auto all = std::make_index_sequence<static_cast<std::size_t>(kernel::slots)>{};
        place(c, buffers, 0, all);
        kernel::template steps<level::once, 0, false>(typename kernel::template part<level::once, 0>{}, f, c, 0, lanes, ctx);
        for (index r = 0; r < rows; ++r) {
            if (r > 0) place(c, buffers, r, all);
            const T* const a = reinterpret_cast<const T*>(call::address(buffers, 0)) + at_row(a_strides, r);
            const T* const b = reinterpret_cast<const T*>(call::address(buffers, 1)) + at_row(b_strides, r);
            if constexpr (n == 1 && a_k == 1 && b_k == 1 && k >= 4) {  // a dot product
                V sum(T(0));
                index q = 0;
                for (; q + lanes <= k; q += lanes) sum = mul_add(V::load(a + q), V::load(b + q), sum);
                if constexpr (k % lanes != 0) sum = mul_add(V::load(a + q, static_cast<int>(k % lanes)), V::load(b + q, static_cast<int>(k % lanes)), sum);
                static_cast<typename traits::template slot<1>&>(f).value = V(reduce_add(sum));
                kernel::template steps<level::full, 0, true>(typename kernel::template part<level::full, 0>{}, f, c, 0, 1, ctx);
            } else {
                index j = 0;
                for (; j + 4 * lanes <= n; j += 4 * lanes) block<4, false>(a, b, j, f, c, ctx);
                for (; j + lanes <= n; j += lanes) block<1, false>(a, b, j, f, c, ctx);
                if constexpr (n % lanes != 0) block<1, true>(a, b, j, f, c, ctx);
            }
        }
    }
};

template <class Code, class Ops, class Target>
struct kernel_type;
template <std::uint64_t First, std::uint64_t... W, class Ops, class Target>
struct kernel_type<code<First, W...>, Ops, Target> {
    using type = std::conditional_t<header::decode(First).kind == kernel_kind::gemm, gemm_kernel<code<First, W...>, Ops, Target>, loop_kernel<code<First, W...>, Ops, Target>>;
};

template <class P, int I, class Target, std::size_t... W, std::size_t... O>
ETTA_INLINE void run_fixed_call(char* const* buffers, const context& ctx, std::index_sequence<W...>, std::index_sequence<O...>) {
    constexpr distinct_kernel k = P::table.kernels[P::table.calls[I].kernel];
    using K = typename kernel_type<code<P::table.codes[k.code + static_cast<int>(W)]...>, op_list<op_from_id<P::table.ops[k.ops + static_cast<int>(O)]>...>, Target>::type;
    fixed_loop<P, I, K, Target>::run(buffers, ctx);
}
template <class P, class Target, std::size_t... I>
ETTA_INLINE void run_fixed_calls(char* const* buffers, const context& ctx, std::index_sequence<I...>) {
    (run_fixed_call<P, static_cast<int>(I), Target>(buffers, ctx, std::make_index_sequence<static_cast<std::size_t>(P::table.kernels[P::table.calls[I].kernel].n_code)>{},
                                                    std::make_index_sequence<static_cast<std::size_t>(P::table.kernels[P::table.calls[I].kernel].n_ops)>{}),
     ...);
}
// Runs a program on this thread: as straight code if it is small, else its table. Inlined, so that straight code knows that no
// store changes the addresses: what one call stores and the next one loads then stays in a register.
template <class P, class Target>
ETTA_INLINE void run_alone(char* const* buffers, const index* symbols) {
    context alone{buffers, symbols, 0, 1, nullptr};
    if constexpr (runs_fixed<P, Target>()) run_fixed_calls<P, std::conditional_t<wants_halves<P, Target>(), half_registers<Target>, Target>>(buffers, alone, std::make_index_sequence<static_cast<std::size_t>(P::n_calls)>{});
    else run_calls_in_region<Target>(P::run_table, alone, alone, false);
}

}  // namespace etta::_
