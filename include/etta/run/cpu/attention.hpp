// attention.hpp: the kernels of op/attention.hpp. A block of scores is a product of keys and queries with the queries along
// the lanes, so that maxima and sums over keys are taken lane by lane and keys are read where they lie; the same block,
// read the other way, is the left side of the product with the values. All products are gemm_core.hpp's register blocks,
// and everything lies on the stack in blocks of fixed size.
//
// Which blocks there are depends on the extents alone, and one thread computes all that adds up to one result (forward: a
// block of rows of one head; backward: the heads that share a key): equal bits for any number of threads.
#pragma once

#include "../../math/exp.hpp"
#include "../../math/log.hpp"
#include "../../math/philox.hpp"
#include "../../op/attention.hpp"
#include "execute.hpp"
#include "operand.hpp"

namespace etta::_ {

// One head of an operand: element (position, channel) at data[position * row + channel * col].
template <class T>
struct head_view {
    T* data;
    index row, col;
};

template <class T>
struct attention_call {
    typed_operand<T> q, k, v, mask, o, lse, g, dq, dk, dv;  // [..., L, H, D] and so on; mask [..., H, L, S], lse [..., H, L]
    bool causal = false, masked = false, dropout = false;
    T scale = 0;
    index batches = 1, heads, kv, group, rows, keys, d, e;
    // Dropout: the probability of row i, key j stays, times `boost`, where the bits number ((b H + h) L + i) S + j are below a threshold;
    // samples b and b + period have the same.
    std::int64_t seed = 0, stream = 0;
    std::int32_t threshold = 0;
    T boost = 1;
    index period = 1;

    template <class Target, bool Packed, int With, bool Backward>
    void read(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> r{words, ctx};
        q = k = v = r.operand();
        if constexpr (!Packed) k = r.operand(), v = r.operand();
        if constexpr (With & 1) mask = r.operand();
        masked = With & 1, dropout = With & 2;
        if constexpr (With & 2) {
            operand_shape single;
            seed = *reinterpret_cast<const std::int64_t*>(read_operand<Target>(r.at, ctx, single));
            stream = *reinterpret_cast<const std::int64_t*>(read_operand<Target>(r.at, ctx, single));
        }
        o = r.operand(), lse = r.operand();
        if constexpr (Backward) {
            g = r.operand();
            dq = dk = dv = r.operand();
            if constexpr (!Packed) dk = r.operand(), dv = r.operand();
        }
        causal = r.attribute() != 0;
        [[maybe_unused]] const std::int64_t wide = r.attribute();
        const int last = q.rank - 1;
        kv = r.attribute();
        r.attribute();
        [[maybe_unused]] const std::int64_t narrow = r.attribute();
        if constexpr (sizeof(T) == 8) scale = __builtin_bit_cast(T, wide);
        else scale = __builtin_bit_cast(T, static_cast<std::uint32_t>(narrow));
        if constexpr (With & 2) {
            [[maybe_unused]] const std::int64_t keep = r.attribute();
            const int skipped = static_cast<int>(r.attribute());
            threshold = static_cast<std::int32_t>(r.attribute());
            if constexpr (sizeof(T) == 8) boost = T(1) / __builtin_bit_cast(T, keep);
            else boost = __builtin_bit_cast(T, static_cast<std::uint32_t>(r.attribute()));
            ETTA_ROLLED for (int i = skipped; i + 3 < q.rank; ++i) {
                ETTA_PLAIN_LOOP;
                period *= q.extent[i];
            }
        }
        heads = o.extent[last - 1];
        if constexpr (Packed) {
            k.data += heads * k.stride[last - 1], v.data += (heads + kv) * v.stride[last - 1];
            if constexpr (Backward) dk.data += heads * dk.stride[last - 1], dv.data += (heads + kv) * dv.stride[last - 1];
        } else {
            kv = k.extent[last - 1];
        }
        group = heads / kv, rows = q.extent[last - 2], keys = k.extent[last - 2], d = q.extent[last], e = v.extent[last];
        ETTA_ROLLED for (int i = 0; i + 3 < q.rank; ++i) {
            ETTA_PLAIN_LOOP;
            batches *= q.extent[i];
        }
    }
    // Where sample b of the batch begins; `own`: an operand's axes that are no batch.
    T* sample(const typed_operand<T>& x, index b, int own) const {
        T* p = x.data;
        ETTA_ROLLED for (int i = x.rank - own - 1; i >= 0; --i) {
            ETTA_PLAIN_LOOP;
            p += b % x.extent[i] * x.stride[i], b /= x.extent[i];
        }
        return p;
    }
    head_view<T> head(const typed_operand<T>& x, index b, index h) const {
        return {sample(x, b, 3) + h * x.stride[x.rank - 2], x.stride[x.rank - 3], x.stride[x.rank - 1]};
    }
    head_view<T> scores_of(const typed_operand<T>& x, index b, index h) const {  // (row, key)
        return {sample(x, b, 3) + h * x.stride[x.rank - 3], x.stride[x.rank - 2], x.stride[x.rank - 1]};
    }
    head_view<T> sums_of(index b, index h) const { return {sample(lse, b, 2) + h * lse.stride[lse.rank - 2], lse.stride[lse.rank - 1], 0}; }
    // The number of row i's first score.
    std::uint32_t first_draw(index b, index h, index i) const {
        return static_cast<std::uint32_t>(((static_cast<std::uint64_t>(b % period) * static_cast<std::uint64_t>(heads) + static_cast<std::uint64_t>(h)) *
                                               static_cast<std::uint64_t>(rows) + static_cast<std::uint64_t>(i)) * static_cast<std::uint64_t>(keys));
    }
    // What becomes of a probability: times 0 or boost.
    template <class Target>
    T factor(std::uint32_t draw) const {
        using I = lane<std::int32_t, 1, Target>;
        using W = lane<std::int64_t, 1, Target>;
        return bit_cast_lane<std::int32_t>(philox<1, Target>(W(seed), W(stream), I(static_cast<std::int32_t>(draw))).word[0]).v < threshold ? boost : T(0);
    }
    index last_key(index row) const { return causal && row + 1 < keys ? row + 1 : keys; }  // one behind it
};

// One row at a time, without a buffer: the scalar target's kernels, and every target's for very wide heads.
template <class T, class Target>
struct attention_direct {
    static constexpr int lanes = native_lanes<T, Target>;
    using V = lane<T, lanes, Target>;
    using One = lane<T, 1, Target>;
    static T exp_of(T x) { return exp(One(x)).v; }
    ETTA_INLINE static V take(const T* p, index col, index c, int count) { return col == 1 ? V::load(p + c, count) : V::load_strided(p + c * col, col, count); }
    ETTA_INLINE static void give(T* p, index col, index c, int count, V x) {
        if (col == 1) return x.store(p + c, count);
        for (int i = 0; i < count; ++i) p[(c + i) * col] = x[i];
    }
    ETTA_NOINLINE static T dot(const T* a, index a_col, const T* b, index b_col, index n) {
        V s = V(T(0));
        for (index c = 0; c < n; c += lanes) {
            const int count = static_cast<int>(n - c < lanes ? n - c : lanes);
            s = mul_add(take(a, a_col, c, count), take(b, b_col, c, count), s);
        }
        return reduce_add(s);
    }
    // to = keep to + f a; without an a, to = keep to. Where keep is 0, `to` is not read.
    ETTA_NOINLINE static void add(T f, const T* a, index a_col, T keep, T* to, index to_col, index n) {
        for (index c = 0; c < n; c += lanes) {
            const int count = static_cast<int>(n - c < lanes ? n - c : lanes);
            V x = keep == T(0) ? V(T(0)) : take(to, to_col, c, count) * V(keep);
            if (a != nullptr) x = mul_add(V(f), take(a, a_col, c, count), x);
            give(to, to_col, c, count, x);
        }
    }
    static T dot(const head_view<T>& a, index i, const head_view<T>& b, index j, index n) { return dot(a.data + i * a.row, a.col, b.data + j * b.row, b.col, n); }
    static void add(T f, const head_view<T>& a, index i, const head_view<T>& to, index j, index n) { add(f, a.data + i * a.row, a.col, T(1), to.data + j * to.row, to.col, n); }
    static void scale(T f, const head_view<T>& a, index i, index n) { add(T(0), nullptr, 0, f, a.data + i * a.row, a.col, n); }
    static constexpr T least = -static_cast<T>(__builtin_inf());

    ETTA_NOINLINE static void forward(const attention_call<T>& a, const context& ctx) {
        const chunk mine = share(a.batches * a.heads, 1, ctx);
        for (index u = mine.begin; u < mine.end; ++u) {
            const index b = u / a.heads, h = u % a.heads;
            const head_view<T> q = a.head(a.q, b, h), k = a.head(a.k, b, h / a.group), v = a.head(a.v, b, h / a.group), o = a.head(a.o, b, h), sums = a.sums_of(b, h);
            const head_view<T> mask = a.masked ? a.scores_of(a.mask, b, h) : head_view<T>{};
            for (index i = 0; i < a.rows; ++i) {
                T most = least, sum = T(0);
                scale(T(0), o, i, a.e);
                for (index j = 0; j < a.last_key(i); ++j) {
                    T s = a.scale * dot(q, i, k, j, a.d);
                    if (a.masked) s += mask.data[i * mask.row + j * mask.col];
                    if (s == least) continue;
                    if (!(s <= most)) {
                        const T f = exp_of(most - s);
                        scale(f, o, i, a.e);
                        sum *= f, most = s;
                    }
                    T p = exp_of(s - most);
                    sum += p;
                    if (a.dropout) p *= a.template factor<Target>(a.first_draw(b, h, i) + static_cast<std::uint32_t>(j));
                    add(p, v, j, o, i, a.e);
                }
                if (sum != T(0)) scale(T(1) / sum, o, i, a.e);
                sums.data[i * sums.row] = sum == T(0) ? -least : most + log(One(sum)).v;
            }
        }
    }
    ETTA_NOINLINE static void backward(const attention_call<T>& a, const context& ctx) {
        const chunk mine = share(a.batches * a.kv, 1, ctx);
        for (index u = mine.begin; u < mine.end; ++u) {
            const index b = u / a.kv, n = u % a.kv;
            const head_view<T> k = a.head(a.k, b, n), v = a.head(a.v, b, n), dk = a.head(a.dk, b, n), dv = a.head(a.dv, b, n);
            for (index j = 0; j < a.keys; ++j) scale(T(0), dk, j, a.d), scale(T(0), dv, j, a.e);
            for (index h = n * a.group; h < (n + 1) * a.group; ++h) {
                const head_view<T> q = a.head(a.q, b, h), o = a.head(a.o, b, h), g = a.head(a.g, b, h), dq = a.head(a.dq, b, h), sums = a.sums_of(b, h);
                const head_view<T> mask = a.masked ? a.scores_of(a.mask, b, h) : head_view<T>{};
                for (index i = 0; i < a.rows; ++i) {
                    scale(T(0), dq, i, a.d);
                    const T both = dot(g, i, o, i, a.e);
                    for (index j = 0; j < a.last_key(i); ++j) {
                        T s = a.scale * dot(q, i, k, j, a.d);
                        if (a.masked) s += mask.data[i * mask.row + j * mask.col];
                        const T p = exp_of(s - sums.data[i * sums.row]);
                        if (p == T(0)) continue;
                        const T f = a.dropout ? a.template factor<Target>(a.first_draw(b, h, i) + static_cast<std::uint32_t>(j)) : T(1);
                        const T ds = p * (f * dot(g, i, v, j, a.e) - both) * a.scale;
                        add(ds, k, j, dq, i, a.d);
                        add(ds, q, i, dk, j, a.d);
                        add(p * f, g, i, dv, j, a.e);
                    }
                }
            }
        }
    }
};

template <class T, class Target>
struct attention_engine {
    static constexpr int lanes = native_lanes<T, Target>;
    using V = lane<T, lanes, Target>;
    using gemm = gemm_engine<T, lanes, Target>;
    static constexpr index widest = 256;
    static constexpr index room = 64 * 64;  // a block of scores, or of rows: 16 KiB of floats
    static constexpr index unit = lanes > gemm::rows ? lanes : gemm::rows;
    static constexpr T least = -static_cast<T>(__builtin_inf());

    static constexpr index up(index n, index to) { return (n + to - 1) / to * to; }
    // Rows (and keys) of a block, so that it fits with its channels; extents are cut into equal blocks.
    struct cut {
        index step, n;
        cut(index extent, index channels) {
            const index most = channels <= 64 ? 64 : channels <= 128 ? 32 : 16;
            n = (extent + most - 1) / most;
            step = up((extent + n - 1) / n, unit);
            n = (extent + step - 1) / step;
        }
        index size(index i, index extent) const { return extent - i * step < step ? extent - i * step : step; }
    };

    // A block: rows i … i + n - 1 along the lanes, keys j … j + keys - 1.
    struct block {
        index i, n, width, j, keys;
        bool causal;
        // Keys that some row of these lanes sees, and that all of them see.
        index some(index lane) const { return causal ? limit(i + lane + lanes - j) : keys; }
        index every(index lane) const { return causal ? limit(i + lane + 1 - j) : keys; }
        index limit(index k) const { return k < 0 ? 0 : k < keys ? k : keys; }
        // The first vector of rows that sees key k.
        index first_vector(index k) const { return causal && j + k > i ? (j + k - i) / lanes : 0; }
    };
    // Which part of the sum over K the rows i … i + n - 1 of a product have (`column`: and from which vector on).
    enum class part { whole, seen, seen_or_none, below_diagonal };
    struct stretch {
        index from, to, column;
    };
    static stretch depth(const block& b, part p, index k, index i, int n) {
        if (p == part::whole) return {0, k, b.first_vector(i)};
        if (p == part::below_diagonal) return {b.causal && b.j + i > b.i ? b.j + i - b.i : 0, b.n, 0};
        const index to = b.some(i + n - lanes);
        return {0, to > 0 || p == part::seen ? to : 1, 0};
    }
    // c (m, vectors) = or += a (m, k) b (k, vectors). Added to, m is a multiple of the block's rows.
    ETTA_NOINLINE static void blocks(const block& of, part p, index k, index m, index vectors, const T* a, index a_row, index a_k, const T* b, index b_k, T* c, index c_row, bool first) {
        const int together = m >= gemm::rows ? gemm::rows : m >= gemm::few ? gemm::few : 1;
        for (index r = 0; r < m; r += together) {
            const index i = r + together <= m ? r : m - together;
            const auto [from, to, column] = depth(of, p, k, i, together);
            if (to <= from) continue;
            for (index j = column; j < vectors;) {
                const int width = gemm::panel_width(together, vectors - j);
                gemm::micro_for(together, width)(to - from, a + i * a_row + from * a_k, a_row, a_k, b + from * b_k + j * lanes, b_k, lanes, c + i * c_row + j * lanes, c_row, first, nullptr);
                j += width;
            }
        }
    }

    // Rows of a matrix as the right side of a product: as they lie, or padded to whole vectors.
    struct right_side {
        const T* data;
        index row;
        ETTA_NOINLINE right_side(const head_view<T>& x, index first, index n, index channels, T* room) {
            const T* const p = x.data + first * x.row;
            if (x.col == 1 && channels % lanes == 0) {
                data = p, row = x.row;
            } else {
                row = up(channels, lanes), data = room;
                gemm::pack(p, x.row, x.col, n, channels, static_cast<int>(row / lanes), room);
            }
        }
    };
    // Rows along the lanes: (channels, width), zeros behind the last.
    ETTA_NOINLINE static void transpose(const head_view<T>& x, index first, index n, index channels, index width, T* to) {
        for (index j = n / lanes * lanes; j < width; j += lanes)
            for (index c = 0; c < channels; ++c) V(T(0)).store(to + c * width + j);
        gemm::pack(x.data + first * x.row, x.col, x.row, channels, n, static_cast<int>(width / lanes), to);
    }

    ETTA_NOINLINE static void products(const block& b, const head_view<T>& x, const T* rows, index channels, T* scores) {  // (keys, width)
        blocks(b, part::whole, channels, b.keys, b.width / lanes, x.data + b.j * x.row, x.row, x.col, rows, b.width, scores, b.width, true);
    }
    ETTA_NOINLINE static void add_mask(const block& b, const head_view<T>& mask, T* scores) {
        for (index k = 0; k < b.keys; ++k, scores += b.width) {
            const T* const p = mask.data + (b.j + k) * mask.col + b.i * mask.row;
            for (index c = 0; c < b.n; c += lanes) {
                const int count = static_cast<int>(b.n - c < lanes ? b.n - c : lanes);
                const V m = mask.row == 0 ? V(*p) : V::load_strided(p + c * mask.row, mask.row, count);
                (V::load(scores + c) + m).store(scores + c);
            }
        }
    }
    // No row of the block sees a key: its padding, or what a buffer has not been filled with yet.
    ETTA_NOINLINE static bool nothing_seen(const block& b, const head_view<T>& mask) {
        if (mask.data == nullptr || mask.row != 0) return false;
        for (index k = 0; k < b.keys; ++k)
            if (mask.data[(b.j + k) * mask.col] != least) return false;
        return true;
    }
    ETTA_INLINE static V counting() {
        T t[lanes];
        for (int i = 0; i < lanes; ++i) t[i] = static_cast<T>(i);
        return V::load(t);
    }
    ETTA_INLINE static auto visible(const block& b, index lane, index k, V count) {  // rows from key k on
        return count >= V(static_cast<T>(b.j + k - b.i - lane));
    }
    // e^x for x <= 0, and 0 where that is no normal number: denormals cost a hundred cycles each, and add nothing to a sum of
    // 1 at least.
    ETTA_INLINE static V weight(V x) {
        const V most(pick<T>(-87.0f, -708.0));
        const auto p = exp_reduce(max(x, most));
        return select(x < most, V(T(0)), quick_scale(exp_polynomial(p.r), p.t));
    }

    // The factors of a block's probabilities, 0 or boost, (keys, width): functions of the scores' places alone.
    ETTA_NOINLINE static void draw(const attention_call<T>& a, const block& b, index sample, index h, T* kept) {
        using U = lane<std::uint32_t, lanes, Target>;
        using W = lane<std::int64_t, lanes, Target>;
        const V boost(a.boost), none = V(T(0));
        for (index c = 0; c < b.width; c += lanes) {
            std::uint32_t first[lanes];
            for (int i = 0; i < lanes; ++i) first[i] = a.first_draw(sample, h, b.i + c + i) + static_cast<std::uint32_t>(b.j);
            const U at = U::load(first);
            for (index k = 0; k < b.some(c); ++k) {
                const auto word = philox(W(a.seed), W(a.stream), bit_cast_lane<std::int32_t>(at + U(static_cast<std::uint32_t>(k)))).word[0];
                select(mask_cast<T>(bit_cast_lane<std::int32_t>(word) < lane<std::int32_t, lanes, Target>(a.threshold)), boost, none).store(kept + k * b.width + c);
            }
        }
    }
    ETTA_NOINLINE static void apply(const block& b, const T* kept, T* x) {
        for (index c = 0; c < b.width; c += lanes)
            for (index k = 0; k < b.some(c); ++k) {
                const V f = V::load(kept + k * b.width + c);
                select(f == V(T(0)), f, V::load(x + k * b.width + c) * f).store(x + k * b.width + c);
            }
    }

    struct sums {
        alignas(64) T most[64], sum[64], factor[64];
    };
    // Scores to exp(score - the row's maximum so far); `factor`: what the sums before it are to be multiplied by.
    ETTA_NOINLINE static void exponentials(const block& b, T* scores, sums& r, bool first) {
        const V count = counting(), none = V(T(0));
        for (index c = 0; c < b.width; c += lanes) {
            const index every = b.every(c), some = b.some(c);
            T* const s = scores + c;
            V most[2] = {first ? V(least) : V::load(r.most + c), V(least)};
            const V before = most[0];
            index k = 0;
            for (; k + 2 <= every; k += 2) most[0] = max(most[0], V::load(s + k * b.width)), most[1] = max(most[1], V::load(s + (k + 1) * b.width));
            for (; k < every; ++k) most[0] = max(most[0], V::load(s + k * b.width));
            for (; k < some; ++k) most[0] = max(most[0], select(visible(b, c, k, count), V::load(s + k * b.width), V(least)));
            const V now = max(most[0], most[1]), shift = select(now == V(least), none, now), factor = weight(before - shift);
            V sum = first ? none : V::load(r.sum + c) * factor;
            for (k = 0; k < every; ++k) {
                const V p = weight(V::load(s + k * b.width) - shift);
                p.store(s + k * b.width);
                sum += p;
            }
            for (; k < some; ++k) {
                const V p = select(visible(b, c, k, count), weight(V::load(s + k * b.width) - shift), none);
                p.store(s + k * b.width);
                sum += p;
            }
            for (; k < b.keys; ++k) none.store(s + k * b.width);
            now.store(r.most + c), sum.store(r.sum + c), factor.store(r.factor + c);
        }
    }

    ETTA_NOINLINE static void forward(const attention_call<T>& a, const context& ctx) {
        alignas(64) T rows[room];    // (D, width)
        alignas(64) T scores[room];  // (keys, width)
        alignas(64) T values[room];  // (keys, E) padded
        alignas(64) T out[room];     // (width, E) padded
        alignas(64) T kept[room];    // (keys, width), for dropout
        sums r;
        const cut over_rows(a.rows, up(a.d > a.e ? a.d : a.e, lanes)), over_keys(a.keys, up(a.d > a.e ? a.d : a.e, lanes));
        const index e = up(a.e, lanes);
        const chunk mine = share(a.batches * a.heads * over_rows.n, 1, ctx);
        for (index u = mine.begin; u < mine.end; ++u) {
            const index sample = u / (a.heads * over_rows.n), h = u / over_rows.n % a.heads, qb = u % over_rows.n;
            const head_view<T> q = a.head(a.q, sample, h), k = a.head(a.k, sample, h / a.group), v = a.head(a.v, sample, h / a.group), o = a.head(a.o, sample, h);
            block b{qb * over_rows.step, over_rows.size(qb, a.rows), 0, 0, 0, a.causal};
            b.width = up(b.n, unit);
            transpose(q, b.i, b.n, a.d, b.width, rows);
            for (index p = 0; p < a.d * b.width; p += lanes) (V::load(rows + p) * V(a.scale)).store(rows + p);
            const head_view<T> mask = a.masked ? a.scores_of(a.mask, sample, h) : head_view<T>{};
            bool first = true;
            for (index kb = 0; kb < over_keys.n; ++kb) {
                b.j = kb * over_keys.step, b.keys = over_keys.size(kb, a.keys);
                if (a.causal && b.j >= b.i + b.n) break;
                if (nothing_seen(b, mask)) continue;
                products(b, k, rows, a.d, scores);
                if (a.masked) add_mask(b, mask, scores);
                exponentials(b, scores, r, first);
                if (a.dropout) draw(a, b, sample, h, kept), apply(b, kept, scores);
                if (!first)
                    for (index i = 0; i < b.n; ++i)
                        for (index c = 0; c < e; c += lanes) (V::load(out + i * e + c) * V(r.factor[i])).store(out + i * e + c);
                const right_side right(v, b.j, b.keys, a.e, values);
                // The first block's products set what the others add to.
                blocks(b, first ? part::seen_or_none : part::seen, 0, up(b.n, gemm::rows), e / lanes, scores, 1, b.width, right.data, right.row, out, e, first);
                first = false;
            }
            if (first) {
                clear(out, up(b.n, gemm::rows) * e), clear(r.sum, b.width);
                for (index c = 0; c < b.width; ++c) r.most[c] = least;
            }
            store_rows(a, sample, h, b, o, out, e, r);
        }
    }
    ETTA_NOINLINE static void store_rows(const attention_call<T>& a, index sample, index h, const block& b, const head_view<T>& o, const T* out, index e, sums& r) {
        const head_view<T> to = a.sums_of(sample, h);
        for (index c = 0; c < b.n; c += lanes) {
            const V sum = V::load(r.sum + c), none = V(T(0));
            select(sum == none, none, V(T(1)) / sum).store(r.factor + c);
            select(sum == none, V(-least), V::load(r.most + c) + log(sum)).store(to.data + b.i + c, static_cast<int>(b.n - c < lanes ? b.n - c : lanes));
        }
        for (index i = 0; i < b.n; ++i)
            for (index c = 0; c < e; c += lanes)
                (V::load(out + i * e + c) * V(r.factor[i])).store(o.data + (b.i + i) * o.row + c, static_cast<int>(a.e - c < lanes ? a.e - c : lanes));
    }

    // Scores to probabilities; dp, the products of values and cotangents, to the scores' derivative times the scale.
    ETTA_NOINLINE static void derivatives(const block& b, T* scores, T* dp, const T* lse, const T* both, T scale) {
        const V count = counting(), none = V(T(0));
        for (index c = 0; c < b.width; c += lanes) {
            const index every = b.every(c), some = b.some(c);
            const V l = V::load(lse + c), d = V::load(both + c), f(scale);
            T *s = scores + c, *t = dp + c;
            for (index k = 0; k < some; ++k, s += b.width, t += b.width) {
                V p = weight(V::load(s) - l);
                if (k >= every) p = select(visible(b, c, k, count), p, none);
                p.store(s);
                (p * (V::load(t) - d) * f).store(t);
            }
            for (index k = some; k < up(b.keys, gemm::rows); ++k, s += b.width, t += b.width) none.store(s), none.store(t);
        }
    }
    // `from` (n, channels padded to `row`) into rows first … of x, or added to them.
    ETTA_NOINLINE static void put(const T* from, index row, const head_view<T>& x, index first, index n, index channels, bool added) {
        for (index i = 0; i < n; ++i)
            for (index c = 0; c < row; c += lanes) {
                T* const to = x.data + (first + i) * x.row + c;
                const int count = static_cast<int>(channels - c < lanes ? channels - c : lanes);
                const V y = V::load(from + i * row + c);
                (added ? V::load(to, count) + y : y).store(to, count);
            }
    }
    ETTA_NOINLINE static void backward(const attention_call<T>& a, const context& ctx) {
        alignas(64) T rows[room], cotangents[room];               // (D, width), (E, width)
        alignas(64) T scores[room], dp[room], kept[room];         // (keys, width)
        alignas(64) T right_q[room], right_g[room], right_k[room];  // padded rows
        alignas(64) T dq[room], dk[room], dv[room];
        alignas(64) T lse[64], both[64];
        const index d = up(a.d, lanes), e = up(a.e, lanes);
        const cut over_rows(a.rows, d > e ? d : e), over_keys(a.keys, d > e ? d : e);
        const chunk mine = share(a.batches * a.kv, 1, ctx);
        for (index u = mine.begin; u < mine.end; ++u) {
            const index sample = u / a.kv, n = u % a.kv;
            const head_view<T> k = a.head(a.k, sample, n), v = a.head(a.v, sample, n);
            for (index kb = 0; kb < over_keys.n; ++kb) {
                block b{0, 0, 0, kb * over_keys.step, over_keys.size(kb, a.keys), a.causal};
                const right_side keys(k, b.j, b.keys, a.d, right_k);
                const index key_rows = up(b.keys, gemm::rows);
                bool first = true;
                for (index h = n * a.group; h < (n + 1) * a.group; ++h) {
                    const head_view<T> q = a.head(a.q, sample, h), o = a.head(a.o, sample, h), g = a.head(a.g, sample, h), sums = a.sums_of(sample, h);
                    const head_view<T> mask = a.masked ? a.scores_of(a.mask, sample, h) : head_view<T>{};
                    for (index qb = 0; qb < over_rows.n; ++qb) {
                        b.i = qb * over_rows.step, b.n = over_rows.size(qb, a.rows), b.width = up(b.n, unit);
                        if (a.causal && b.j >= b.i + b.n) continue;
                        if (nothing_seen(b, mask)) {
                            clear(dq, up(b.n, gemm::rows) * d);
                            if (kb == 0) put(dq, d, a.head(a.dq, sample, h), b.i, b.n, a.d, false);
                            continue;
                        }
                        transpose(q, b.i, b.n, a.d, b.width, rows);
                        for (index p = 0; p < a.d * b.width; p += lanes) (V::load(rows + p) * V(a.scale)).store(rows + p);
                        transpose(g, b.i, b.n, a.e, b.width, cotangents);
                        for (index i = 0; i < b.width; ++i) {
                            lse[i] = i < b.n ? sums.data[(b.i + i) * sums.row] : T(0);
                            both[i] = i < b.n ? attention_direct<T, Target>::dot(g.data + (b.i + i) * g.row, g.col, o.data + (b.i + i) * o.row, o.col, a.e) : T(0);
                        }
                        products(b, k, rows, a.d, scores);
                        if (a.masked) add_mask(b, mask, scores);
                        products(b, v, cotangents, a.e, dp);
                        if (a.dropout) draw(a, b, sample, h, kept), apply(b, kept, dp);
                        derivatives(b, scores, dp, lse, both, a.scale);
                        if (a.dropout) apply(b, kept, scores);
                        const right_side queries(q, b.i, b.n, a.d, right_q), outs(g, b.i, b.n, a.e, right_g);
                        if (first) clear(dk, key_rows * d), clear(dv, key_rows * e);
                        blocks(b, part::below_diagonal, 0, key_rows, e / lanes, scores, b.width, 1, outs.data, outs.row, dv, e, false);
                        blocks(b, part::below_diagonal, 0, key_rows, d / lanes, dp, b.width, 1, queries.data, queries.row, dk, d, false);
                        first = false;
                        clear(dq, up(b.n, gemm::rows) * d);
                        blocks(b, part::seen, 0, up(b.n, gemm::rows), d / lanes, dp, 1, b.width, keys.data, keys.row, dq, d, false);
                        put(dq, d, a.head(a.dq, sample, h), b.i, b.n, a.d, kb > 0);
                    }
                }
                if (first) clear(dk, key_rows * d), clear(dv, key_rows * e);
                put(dk, d, a.head(a.dk, sample, n), b.j, b.keys, a.d, false);
                put(dv, e, a.head(a.dv, sample, n), b.j, b.keys, a.e, false);
            }
        }
    }
    ETTA_NOINLINE static void clear(T* p, index n) {
        for (index i = 0; i < n; i += lanes) V(T(0)).store(p + i);
    }
};

template <bool Backward, class T, bool Packed, int With, class Target>
inline void run_attention(const std::int64_t* words, const context& ctx) {
    attention_call<T> a;
    a.template read<Target, Packed, With, Backward>(words, ctx);
    if constexpr (!Target::scalar) {
        using engine = attention_engine<T, Target>;
        if (a.d <= engine::widest && a.e <= engine::widest) {
            if constexpr (Backward) engine::backward(a, ctx);
            else engine::forward(a, ctx);
            return;
        }
    }
    if constexpr (Backward) attention_direct<T, Target>::backward(a, ctx);
    else attention_direct<T, Target>::forward(a, ctx);
}

template <class T, bool Packed, int With, class Target>
struct library_kernel<AttentionForward<T, Packed, With>, Target> {
    static void run(const std::int64_t* words, const context& ctx) { run_attention<false, T, Packed, With, Target>(words, ctx); }
};
template <class T, bool Packed, int With, class Target>
struct library_kernel<AttentionBackward<T, Packed, With>, Target> {
    static void run(const std::int64_t* words, const context& ctx) { run_attention<true, T, Packed, With, Target>(words, ctx); }
};

}  // namespace etta::_
