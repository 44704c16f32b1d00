// gemm_core.hpp: C = A B for any strides, in register blocks; each finished vector of C goes to an epilogue instead of
// to memory. Where there is nothing to do but to store it, blocks are computed in C itself.
//
// Every element of C is one chain of multiply-adds over k in ascending order, whatever block, thread or variant computes
// it, so results do not depend on the partition. (One exception, chosen by the whole product's extents alone: products
// with very few rows or columns whose operands both run along K are dot products with a fixed set of accumulators.)
// Everything but the epilogue's loop is instantiated once per element type and target, not per fused kernel.
#pragma once

#include "opening.hpp"
#include "registers.hpp"

namespace etta::_ {

template <class T>
struct gemm_operands {
    index m = 0, n = 0, k = 0;
    const T* a = nullptr;  // (M, K)
    index a_row = 0, a_k = 0;
    const T* b = nullptr;  // (K, N)
    index b_k = 0, b_col = 0;
    index terms = 1, a_term = 0, b_term = 0;  // the sum of so many products, whose operands are so far apart
};

// What an epilogue will read and write: the places of its slots, which move with C's rows and columns. Of a result that lies
// beyond L2, each line would be waited for in turn; so a block's lines are asked for one block before.
struct gemm_lines {
    const char* const* at = nullptr;
    const loop_shape* shape = nullptr;
    const slot_fact* facts = nullptr;
    int n = 0;
};

// Hands rows i … i + rows - 1, columns j … j + columns - 1 of a finished tile to an epilogue.
template <class T>
struct gemm_finish {
    void (*run)(const void* epilogue, const T* tile, index tile_row, index i, int rows, index j, int columns) = nullptr;
    const void* epilogue = nullptr;
    T* c = nullptr;  // set where the epilogue only stores: C itself, which whole blocks are then written to
    index c_row = 0;
    gemm_lines lines{};
    void operator()(const T* tile, index tile_row, index i, int rows, index j, int columns) const {
        run(epilogue, tile, tile_row, i, rows, j, columns);
    }
};

template <class T, int Lanes, class Target>
struct gemm_engine {
    using V = lane<T, Lanes, Target>;
    static constexpr bool vectors = Lanes > 1;
    static constexpr bool many_registers = Target::avx512 || ((Target::flags >> 8) & 1);  // 32 rather than 16
    // The block of C held in registers: rows x panel vectors. AVX-512: 24 accumulators, 3 vectors of B, 1 of A.
    static constexpr int rows = many_registers && vectors ? 8 : 4;
    static constexpr int panel = !vectors ? 4 : many_registers || Target::fma ? 3 : 2;
    static constexpr int few = 4;               // rows of the block for products with fewer rows than `rows`
    static constexpr int wide = vectors ? 8 : panel;  // vectors of the block of one row: as many chains as hide the latency
    static constexpr int widest = panel > wide ? panel : wide;
    // B is packed panel by panel, `depth` rows of at most `panel` vectors: 48 KiB with AVX-512. It need not stay in L1,
    // because it is read in sequence; up to `carry` blocks of C are computed from it, whose sums then wait in L2 for the next
    // `depth` rows. (Xeon, 256^3: 172 GFLOP/s in two steps of 128, 177 in one of 256; 64x784x256: 172 with a depth of 256, 169
    // with 192, 166 with 512.)
    static constexpr index depth = 256;
    static constexpr int carry = 32;
    static constexpr index tile_size = rows * widest * Lanes;
    // Elements of A that are turned at a time where A runs along its columns: 128 KiB, a part of L2 and of a thread's stack.
    static constexpr index turned_size = (index{1} << 17) / static_cast<index>(sizeof(T));
    // What A spans, in bytes, where it is turned: its columns then lie on more pages than a processor keeps the addresses of.
    static constexpr index span = index{3} << 17;
    // Operands and results of more bytes are fetched ahead of their use.
    static constexpr index far = index{1} << 17;

    using finish_t = gemm_finish<T>;

    // A stride in bytes of which g++ -O3 shall not guess that it is one element, and write the block a second time.
    ETTA_INLINE static index opaque(index bytes) {
        asm("" : "+r"(bytes));
        return bytes;
    }
    ETTA_INLINE static const T* after(const T* p, index bytes) { return reinterpret_cast<const T*>(reinterpret_cast<const char*>(p) + bytes); }
    // --- register blocks -------------------------------------------------------------------------------------------
    template <int C, bool Copy, std::size_t... I, std::size_t... J>
    ETTA_INLINE static void block(std::index_sequence<I...>, std::index_sequence<J...>, index k, const T* a, index a_row, index a_k,
                                  const T* b, index b_k, index b_vector, T* tile, index tile_row, bool first, T* copy) {
        V acc[sizeof...(I)];
        if (first) ((acc[I] = V(T(0))), ...);
        else ((acc[I] = V::load(tile + static_cast<index>(I / C) * tile_row + static_cast<index>(I % C) * Lanes)), ...);
        const index a_step = opaque(a_k * static_cast<index>(sizeof(T))), b_step = opaque(b_k * static_cast<index>(sizeof(T)));
        for (; k > 0; --k, a = after(a, a_step), b = after(b, b_step)) {
            const V x[] = {V::load(b + static_cast<index>(J) * b_vector)...};
            if constexpr (Copy) {
                (x[J].store(copy + static_cast<index>(J) * Lanes), ...);
                (__builtin_prefetch(b + 16 * b_k + static_cast<index>(J) * b_vector), ...);
                copy += C * Lanes;
            }
            V y;
            ((I % C == 0 ? void(y = V(a[static_cast<index>(I / C) * a_row])) : void(), acc[I] = mul_add(y, x[I % C], acc[I])), ...);
        }
        (acc[I].store(tile + static_cast<index>(I / C) * tile_row + static_cast<index>(I % C) * Lanes), ...);
    }
    // tile (R, C vectors) = or += a (R, k) b (k, C vectors). Copy: and copy = b.
    template <int R, int C, bool Copy = false>
    ETTA_NOINLINE static void micro(index k, const T* a, index a_row, index a_k, const T* b, index b_k, index b_vector, T* tile,
                                    index tile_row, bool first, T* copy) {
        block<C, Copy>(std::make_index_sequence<static_cast<std::size_t>(R * C)>{}, std::make_index_sequence<static_cast<std::size_t>(C)>{},
                 k, a, a_row, a_k, b, b_k, b_vector, tile, tile_row, first, copy);
    }
    using micro_function = void (*)(index, const T*, index, index, const T*, index, index, T*, index, bool, T*);

    // How many vectors the next panel has when `left` remain, and which block computes it: eight of them per type.
    static int panel_width(int block_rows, index left) {
        if (block_rows == rows && vectors) return static_cast<int>(left > panel ? (left == panel + 1 && panel == 3 ? 2 : panel) : left);
        if (block_rows == 1 && vectors) return left >= wide ? wide : left >= wide / 2 ? wide / 2 : 1;
        return left >= panel ? panel : 1;
    }
    static micro_function micro_for(int block_rows, int width) {
        if constexpr (vectors)
            if (block_rows == 1 && width == wide / 2) return &micro<1, wide / 2>;
        if (block_rows == 1) return width == 1 ? &micro<1, 1> : &micro<1, wide>;
        if (block_rows < rows) return width == 1 ? &micro<few, 1> : &micro<few, panel>;
        if constexpr (vectors && panel == 3)
            if (width == 2) return &micro<rows, 2>;
        return width == 1 ? &micro<rows, 1> : &micro<rows, panel>;
    }
    // The same, which also packs B as it reads it (the loads are there anyway, and stores cost nothing beside multiply-adds);
    // none where few rows or columns use it.
    static micro_function copying_for(int block_rows, int width) {
        if constexpr (vectors && panel == 3)
            if (block_rows == rows && width == 2) return &micro<rows, 2, true>;
        return vectors && block_rows == rows && width == panel ? &micro<rows, panel, true> : nullptr;
    }

    // --- packing ---------------------------------------------------------------------------------------------------
    // 16 bytes from each of Lanes rows, transposed: Q vectors, one per column. Elements of 4 or 8 bytes.
    static constexpr int quad = 16 / static_cast<int>(sizeof(T)) > 0 ? 16 / static_cast<int>(sizeof(T)) : 1;
#if defined(__CUDACC__)
    static constexpr bool shuffles = false;
#else
    static constexpr bool shuffles = vectors && !V::halved && (quad == 4 || quad == 2) && Lanes % quad == 0;
#endif
    template <int N>
    ETTA_INLINE static vector<T, N> gather_quads(const T* p, index row, index at) {  // rows at, at + quad, …
        if constexpr (N == quad) {
            vector<T, N> v;
            __builtin_memcpy(&v, p + at * row, sizeof v);
            return v;
        } else {
            const auto low = gather_quads<N / 2>(p, row, at), high = gather_quads<N / 2>(p, row, at + N / 2);
            return ops<T, N, Target>::join_halves(low, high);
        }
    }
    // Within each group of 4: elements of a and b interleaved in pairs (Wide) or one by one, lower or upper half.
    template <int Upper, bool Wide, std::size_t... I>
    ETTA_INLINE static vector<T, Lanes> interleave(vector<T, Lanes> a, vector<T, Lanes> b, std::index_sequence<I...>) {
#if !defined(__CUDACC__)
        if constexpr (quad == 2) return __builtin_shufflevector(a, b, static_cast<int>(I - I % 2 + Upper + (I % 2) * Lanes)...);
        else if constexpr (Wide) return __builtin_shufflevector(a, b, static_cast<int>(I - I % 4 + 2 * Upper + I % 2 + (I % 4 / 2) * Lanes)...);
        else return __builtin_shufflevector(a, b, static_cast<int>(I - I % 4 + 2 * Upper + I % 4 / 2 + (I % 2) * Lanes)...);
#endif
    }
    ETTA_INLINE static void transpose_quads(const T* p, index row, T* to, index to_row) {
        constexpr auto all = std::make_index_sequence<static_cast<std::size_t>(Lanes)>{};
        if constexpr (quad == 4) {
            const auto a = gather_quads<Lanes>(p, row, 0), b = gather_quads<Lanes>(p, row, 1);
            const auto c = gather_quads<Lanes>(p, row, 2), d = gather_quads<Lanes>(p, row, 3);
            const auto ab = interleave<0, false>(a, b, all), cd = interleave<0, false>(c, d, all);
            const auto AB = interleave<1, false>(a, b, all), CD = interleave<1, false>(c, d, all);
            V::of(interleave<0, true>(ab, cd, all)).store(to);
            V::of(interleave<1, true>(ab, cd, all)).store(to + to_row);
            V::of(interleave<0, true>(AB, CD, all)).store(to + 2 * to_row);
            V::of(interleave<1, true>(AB, CD, all)).store(to + 3 * to_row);
        } else {
            const auto a = gather_quads<Lanes>(p, row, 0), b = gather_quads<Lanes>(p, row, 1);
            V::of(interleave<0, false>(a, b, all)).store(to);
            V::of(interleave<1, false>(a, b, all)).store(to + to_row);
        }
    }

    // Rows k … of a panel of `width` vectors, `columns` of them there; what lies beyond is unspecified (never read past B).
    ETTA_NOINLINE static void pack(const T* b, index b_k, index b_col, index k, index columns, int width, T* to) {
        const index to_row = index{width} * Lanes;
        if (b_col == 1) {
            for (; k > 0; --k, b += b_k, to += to_row) {
                index j = 0;
                for (; j + Lanes <= columns; j += Lanes) {
                    __builtin_prefetch(b + 8 * b_k + j);  // short pieces of long rows: the hardware does not foresee them
                    V::load(b + j).store(to + j);
                }
                if (j < columns) V::load(b + j, static_cast<int>(columns - j)).store(to + j);
            }
            return;
        }
        for (index j = 0; j < columns; j += Lanes, to += Lanes) {
            const int count = static_cast<int>(columns - j < Lanes ? columns - j : Lanes);
            const T* const p = b + j * b_col;
            index q = 0;
            if constexpr (shuffles)
                if (b_k == 1 && count == Lanes)
                    for (; q + quad <= k; q += quad) transpose_quads(p + q, b_col, to + q * to_row, to_row);
            if (q < k) pack_each(p + q * b_k, b_k, b_col, k - q, count, to + q * to_row, to_row);
        }
    }
    // The same, element by element: what is left of quads, or strided both ways.
    ETTA_COLD static void pack_each(const T* p, index b_k, index b_col, index k, int count, T* to, index to_row) {
        for (; k > 0; --k, p += b_k, to += to_row) V::load_strided(p, b_col, count).store(to);
    }

    // A's rows begin … end - 1 of a chunk, turned: block after block of `rows` rows, k after k within a block. A runs along its
    // columns here: each of its lines then serves all blocks that it reaches into, where a block for itself would take a part
    // of a line from every k, from a few sets of the cache if they are a power of two apart.
    ETTA_NOINLINE static void turn(const T* a, index a_k, index k, index begin, index end, index m, T* to) {
        constexpr index together = 16;
        for (index q = 0; q < k; q += together, a += together * a_k, to += together * rows) {
            const index n = k - q < together ? k - q : together;
            T* block = to;
            for (index i = begin; i < end; i += rows, block += rows * k) {
                const T* from = a + (i + rows <= m ? i : m - rows);
                for (index p = 0; p < n; ++p, from += a_k) {
                    __builtin_prefetch(from + together * a_k);
                    __builtin_memcpy(block + p * rows, from, sizeof(T) * static_cast<std::size_t>(rows));
                }
            }
        }
    }

    // --- dot products ----------------------------------------------------------------------------------------------
    // out[0 … rows - 1] = x · y_0 … x · y_(rows - 1), each in four accumulators of K / (4 Lanes) terms and a tree over their sum.
    // Row after row, as they lie in memory: read side by side they come from L2 at two thirds of that rate (Zen 5, 128 rows of 784
    // floats: 3.1 us in fours, 2.2 one by one, 2.0 fetched ahead).
    ETTA_NOINLINE static void dots(index k, const T* x, const T* y, index y_row, index y_rows, T* out, index out_step) {
        for (; y_rows > 0; --y_rows, y += y_row, out += out_step) {
            V acc[4] = {V(T(0)), V(T(0)), V(T(0)), V(T(0))};
            index p = 0;
            for (; p + 4 * Lanes <= k; p += 4 * Lanes) {
                dot_step<0>(x + p, y + p, acc[0]);
                dot_step<1>(x + p, y + p, acc[1]);
                dot_step<2>(x + p, y + p, acc[2]);
                dot_step<3>(x + p, y + p, acc[3]);
            }
            for (; p < k; p += Lanes) {
                const int count = static_cast<int>(k - p < Lanes ? k - p : Lanes);
                acc[0] = mul_add(V::load(x + p, count), V::load(y + p, count), acc[0]);
            }
            *out = reduce_add((acc[0] + acc[1]) + (acc[2] + acc[3]));
        }
    }
    template <int I>
    ETTA_INLINE static void dot_step(const T* x, const T* y, V& acc) {
        __builtin_prefetch(reinterpret_cast<const char*>(y + I * Lanes) + 2048);
        acc = mul_add(V::load(x + I * Lanes), V::load(y + I * Lanes), acc);
    }
    static constexpr index narrow = Lanes < 4 ? Lanes : 4;  // columns that fit a tile's row
    static bool few_dots(const gemm_operands<T>& g) {
        return vectors && g.terms == 1 && g.a_k == 1 && g.b_k == 1 && g.k >= 2 * Lanes && (g.m <= 6 || g.n <= narrow);
    }
    ETTA_NOINLINE static void run_dots(const gemm_operands<T>& g, const finish_t& finish, const context& ctx) {
        alignas(64) T tile[6 * Lanes];
        if (g.n <= narrow) {  // four rows at a time
            const chunk mine = share(g.m, 4, ctx);
            for (index i = mine.begin; i < mine.end; i += 4) {
                const index n = mine.end - i < 4 ? mine.end - i : 4;
                for (index j = 0; j < g.n; ++j) dots(g.k, g.b + j * g.b_col, g.a + i * g.a_row, g.a_row, n, tile + j, Lanes);
                finish(tile, Lanes, i, static_cast<int>(n), 0, static_cast<int>(g.n));
            }
            return;
        }
        const chunk mine = share(g.n, Lanes, ctx);
        for (index j = mine.begin; j < mine.end; j += Lanes) {
            const index n = mine.end - j < Lanes ? mine.end - j : Lanes;
            for (index q = 0; q < n; q += 4)  // four of B's columns stay in L1 for all rows of A
                for (index i = 0; i < g.m; ++i)
                    dots(g.k, g.a + i * g.a_row, g.b + (j + q) * g.b_col, g.b_col, n - q < 4 ? n - q : 4, tile + i * Lanes + q, 1);
            finish(tile, Lanes, 0, static_cast<int>(g.m), j, static_cast<int>(n));
        }
    }

    // --- the loops over blocks -------------------------------------------------------------------------------------
    // One panel (columns j … j + columns - 1, `width` vectors) of rows begin … end - 1.
    struct panel_call {
        const gemm_operands<T>& g;
        const finish_t& finish;
        index begin, end, j;
        int columns, width, block_rows;
        micro_function micro, copying;
        bool fetch_a, fetch_c;
        T* turned;   // room for A's rows, if they are to be turned
        bool whole;  // they have been, for all of K
    };
    // Asks for the lines that the block after the one at row i will need: A's rows, for k of K, and those of the epilogue's slots.
    ETTA_NOINLINE static void fetch_next(const panel_call& c, index i, const T* a, index k, bool slots) {
        asm volatile("");  // or g++ sees a function without effects, and never calls it
        if (i + 2 * c.block_rows > c.end) return;
        const auto fetch = [&c](const char* p, index row, index bytes) {
            for (int r = 0; r < c.block_rows; ++r, p += row)
                for (index q = 0; q < bytes; q += 64) __builtin_prefetch(p + q);
        };
        const gemm_lines& l = c.finish.lines;
        for (int s = 0; s < l.n && slots; ++s) {
            const std::int64_t* const strides = l.shape->slots + s * l.shape->slot_words;
            const index size = l.facts[s].size, row = l.shape->n_rows > 0 ? static_cast<index>(strides[l.shape->n_rows - 1]) * size : 0;
            const bool memory = l.facts[s].kind == instruction::load || l.facts[s].kind == instruction::store;
            if (memory && row != 0 && strides[l.shape->slot_words - 1] == 1) fetch(l.at[s] + (i + c.block_rows) * row + c.j * size, row, c.columns * size);
        }
        constexpr index size = sizeof(T);
        if (a != nullptr) fetch(reinterpret_cast<const char*>(a + c.block_rows * c.g.a_row), c.g.a_row * size, k * size);
    }
    static index first_row(const panel_call& c, index i) {  // the last block overlaps the one before it
        return i + c.block_rows <= c.g.m ? i : c.g.m - c.block_rows;
    }
    ETTA_INLINE static void finish_block(const panel_call& c, const T* tile, index i) {
        const index from = first_row(c, i), n = c.end - i < c.block_rows ? c.end - i : c.block_rows, row = index{c.width} * Lanes;
        c.finish(tile + (i - from) * row, row, i, static_cast<int>(n), c.j, c.columns);
    }
    // Where the block at row i is computed: in C where it can, else in a tile for the epilogue.
    struct target_block {
        T* to;
        index row;
        bool in_place;
    };
    ETTA_INLINE static target_block target_of(const panel_call& c, T* tile, index i) {
        const index row = index{c.width} * Lanes;
        if (c.finish.c == nullptr || c.columns != row || c.end - i < c.block_rows) return {tile, row, false};
        return {c.finish.c + i * c.finish.c_row + c.j, c.finish.c_row, true};
    }
    // A's rows of a block, from the K at q on, of which there are k; q counts in turned blocks only if they hold all of K.
    struct rows_of_a {
        const T* at;
        index row, step;
    };
    ETTA_INLINE static rows_of_a a_of(const panel_call& c, index i, index s, index q, index k) {
        const gemm_operands<T>& g = c.g;
        if (c.turned == nullptr) return {g.a + first_row(c, i) * g.a_row + s * g.a_term + q * g.a_k, g.a_row, g.a_k};
        return {c.turned + (i - c.begin) * (c.whole ? g.k : k) + (c.whole ? q * rows : 0), 1, rows};
    }
    static void run_direct(const panel_call& c, index b_vector) {
        const gemm_operands<T>& g = c.g;
        alignas(64) T tile[tile_size];
        const T* const b = g.b + c.j * g.b_col;
        for (index i = c.begin; i < c.end; i += c.block_rows) {
            const target_block t = target_of(c, tile, i);
            const rows_of_a a = a_of(c, i, 0, 0, g.k);
            if (c.fetch_a || c.fetch_c) fetch_next(c, i, c.fetch_a ? a.at : nullptr, g.k, c.fetch_c);
            for (index s = 0; s < g.terms; ++s) c.micro(g.k, a.at + s * g.a_term, a.row, a.step, b + s * g.b_term, g.b_k, b_vector, t.to, t.row, s == 0, nullptr);
            if (!t.in_place) finish_block(c, tile, i);
        }
    }
    ETTA_NOINLINE static void run_packed(const panel_call& c) {
        const gemm_operands<T>& g = c.g;
        alignas(64) T packed[depth * panel * Lanes];  // (depth, width vectors)
        alignas(64) T tiles[carry * rows * panel * Lanes];
        const index row = index{c.width} * Lanes;
        const T* const b = g.b + c.j * g.b_col;
        index fits = depth * panel / c.width < depth ? depth * panel / c.width : depth;
        if (c.turned != nullptr && !c.whole && fits > turned_size / (carry * rows)) fits = turned_size / (carry * rows);
        const index blocks = (g.k + fits - 1) / fits, step = blocks > 1 ? (g.k + blocks - 1) / blocks : g.k;
        index q = 0, s = 0;
        do {
            const index k = g.k - q < step ? g.k - q : step;
            const bool copy = g.b_col == 1 && c.columns == row && c.copying != nullptr;  // the first block packs what it reads
            const bool first = q == 0 && s == 0, last = q + k >= g.k && s + 1 >= g.terms;
            const T* const from = b + s * g.b_term + q * g.b_k;
            if (!copy) pack(from, g.b_k, g.b_col, k, c.columns, c.width, packed);
            if (c.turned != nullptr && !c.whole) turn(g.a + q * g.a_k, g.a_k, k, c.begin, c.end, g.m, c.turned);
            T* tile = tiles;
            for (index i = c.begin; i < c.end; i += c.block_rows) {
                const target_block t = target_of(c, tile, i);
                const rows_of_a a = a_of(c, i, s, q, k);
                const bool touches = c.fetch_c && (c.finish.c != nullptr ? first : last);
                if (c.fetch_a || touches) fetch_next(c, i, c.fetch_a ? a.at : nullptr, k, touches);
                if (copy && i == c.begin) c.copying(k, a.at, a.row, a.step, from, g.b_k, Lanes, t.to, t.row, first, packed);
                else c.micro(k, a.at, a.row, a.step, packed, row, Lanes, t.to, t.row, first, nullptr);
                if (!t.in_place && last) finish_block(c, tile, i);
                if (blocks > 1 || g.terms > 1) tile += c.block_rows * row;
            }
            q += k;
            if (q >= g.k) q = 0, ++s;
        } while (s < g.terms);
    }

    // Row-major B is read as it lies where that costs less than packing: few rows to use it for, or few lines, at most 8 of
    // which fall into one set of an L1 cache with 4 KiB a way. (Xeon, 128^3, where it would be 16: 166 GFLOP/s as it lies, 174
    // packed.)
    static bool stream(const gemm_operands<T>& g, index n_rows) {
        if (!vectors) return true;
        const index row = g.b_k * static_cast<index>(sizeof(T)), alike = row & -row;
        return g.b_col == 1 && (n_rows <= 2 * rows || (g.k <= 128 && g.k * alike <= 8 * 4096));
    }
    ETTA_NOINLINE static void run(const gemm_operands<T>& g, const finish_t& finish, const context& ctx) {
        if (g.m <= 0 || g.n <= 0) return;
        if constexpr (vectors)
            if (few_dots(g)) return run_dots(g, finish, ctx);
        const int block_rows = g.m >= rows ? rows : g.m >= few ? few : 1;
        chunk r{0, g.m}, s{0, g.n};
        if (ctx.threads > 1) {  // by rows or by columns: whichever leaves the longest share shorter, then whichever makes every thread read less
            const index by_rows = (((g.m + block_rows - 1) / block_rows + ctx.threads - 1) / ctx.threads) * block_rows * g.n;
            const index by_columns = (((g.n + Lanes - 1) / Lanes + ctx.threads - 1) / ctx.threads) * Lanes * g.m;
            if (by_rows < by_columns || (by_rows == by_columns && g.m >= g.n)) r = share(g.m, block_rows, ctx);
            else s = share(g.n, Lanes, ctx);
        }
        if constexpr (vectors)
            if (g.a_row == 1 && g.b_col == 1 && g.k * g.a_k * static_cast<index>(sizeof(T)) > span && g.terms == 1 && block_rows == rows && g.n > index{panel} * Lanes) return run_turned(g, finish, r, s);
        index many = index{carry} * block_rows;
        if (block_rows == rows && g.terms == 1 && g.k <= depth) {  // nothing is carried: as many rows as 256 KiB hold, a part of L2
            const index hold = (index{1} << 18) / (static_cast<index>(sizeof(T)) * (g.k > 0 ? g.k : 1)) / rows * rows;
            many = hold > many ? hold : many;
        }
        run_blocks(g, finish, r, s, block_rows, many, nullptr, false);
    }
    ETTA_NOINLINE static void run_turned(const gemm_operands<T>& g, const finish_t& finish, const chunk& r, const chunk& s) {
        alignas(64) T room[turned_size];
        const index most = turned_size / g.k / rows;  // blocks with all of K
        const bool whole = most >= 3;
        run_blocks(g, finish, r, s, rows, (whole && most < carry ? most : carry) * rows, room, whole);
    }
    // Rows r, columns s, so many rows at a time.
    ETTA_NOINLINE static void run_blocks(const gemm_operands<T>& g, const finish_t& finish, const chunk& r, const chunk& s, int block_rows, index many, T* turned, bool whole) {
        constexpr index size = sizeof(T);
        const bool large = vectors && block_rows == rows && g.k >= 8 * Lanes;
        const bool fetch_c = large && g.m * g.n * size > far && finish.lines.at != nullptr, fetch_a = large && turned == nullptr && g.a_k == 1 && g.m * g.k * size > far;
        for (index i = r.begin; i < r.end; i += many) {
            const index end = r.end - i < many ? r.end : i + many;
            if (whole) turn(g.a, g.a_k, g.k, i, end, g.m, turned);
            for (index j = s.begin; j < s.end;) {
                const int width = panel_width(block_rows, (s.end - j + Lanes - 1) / Lanes);
                const index columns = s.end - j < index{width} * Lanes ? s.end - j : index{width} * Lanes;
                const panel_call c{g,     finish, i, end, j, static_cast<int>(columns), width, block_rows, micro_for(block_rows, width), copying_for(block_rows, width), fetch_a && j == s.begin, fetch_c,
                                   turned, whole};
                if constexpr (!vectors) {
                    run_direct(c, g.b_col);
                } else {
                    if (columns == width * Lanes && stream(g, end - i) && (turned == nullptr || whole)) run_direct(c, Lanes);
                    else run_packed(c);
                }
                j += columns;
            }
        }
    }
};

// The epilogue's loop over a finished tile: all that is instantiated per fused kernel.
template <class T, int Lanes, class Target, class Epilogue>
ETTA_NOINLINE void gemm_tile(const void* epilogue, const T* tile, index tile_row, index i, int rows, index j, int columns) {
    using V = lane<T, Lanes, Target>;
    const Epilogue& e = *static_cast<const Epilogue*>(epilogue);
    for (int r = 0; r < rows; ++r, tile += tile_row) {
        int c = 0;
        for (; c + Lanes <= columns; c += Lanes) e(i + r, j + c, V::load(tile + c), Lanes, std::false_type{});
        if (c < columns) e(i + r, j + c, V::load(tile + c), columns - c, std::true_type{});
    }
}

// The lane classes are known from the strides as well: the blocks choose by those, and so are shared by all classes.
template <class T, int Lanes, class Target, lane_class, lane_class, lane_class, class Epilogue>
inline void gemm(const gemm_operands<T>& g, const Epilogue& e, const context& ctx, T* c = nullptr, index c_row = 0, const gemm_lines& lines = {}) {
    gemm_engine<T, Lanes, Target>::run(g, {&gemm_tile<T, Lanes, Target, Epilogue>, &e, c, c_row, lines}, ctx);
}

}  // namespace etta::_
