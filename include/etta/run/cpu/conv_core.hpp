// conv_core.hpp: the products behind op/convolve.hpp. No im2col: the images are copied once, zero-padded and split by stride
// phase, so that every tap of the window is the same flat image at a constant offset. A convolution is then a matrix product
// whose B rows are those shifts (forward, gradient of the input), or dot products of shifts (gradient of the weight); the few
// columns beyond a row's end are computed and dropped. Everything lies on the stack in blocks of fixed size.
//
// The order of every sum depends on the shapes alone, so results are equal for any number of threads.
#pragma once

#include "../../op/convolve.hpp"
#include "execute.hpp"
#include "operand.hpp"

namespace etta::_ {

template <class T>
struct conv_call {
    typed_operand<T> x, w, y;
    index stride[2], pad[2], dilation[2], groups;
    index n, c, o, kernel[2], in[2], out[2];  // c and o: per group

    template <class Reader>
    void read(Reader& r) {
        for (index* a : {stride, pad, dilation}) a[0] = r.attribute(), a[1] = r.attribute();
        groups = r.attribute();
        n = x.extent[0], c = w.extent[1], o = w.extent[0] / groups;
        for (int i = 0; i < 2; ++i) kernel[i] = w.extent[2 + i], in[i] = x.extent[2 + i], out[i] = y.extent[2 + i];
    }
};

// A stretch of a tile's columns that lies in one row of the result.
struct conv_run {
    index at, row, column;
    int count;
};
// What is done with finished sums; none: they are stored. A function behind a pointer, so that the products are compiled once.
template <class T>
struct conv_finish {
    void* kernel = nullptr;
    // Rows of `vectors` whole registers at `tile`, one for each of n_rows channels from `channel` on; first: nothing is to be added.
    void (*run)(void* kernel, const T* tile, int vectors, index sample, index channel, index n_rows, const conv_run* runs, int n_runs, bool first) = nullptr;
};

// Straight from the definition: the scalar target's kernel, and every target's where a window does not fit a block.
enum class conv_result { forward, grad_input };
template <class T>
ETTA_INLINE T& conv_element(const typed_operand<T>& v, index a, index b, index c, index d) {
    return v.data[a * v.stride[0] + b * v.stride[1] + c * v.stride[2] + d * v.stride[3]];
}
// One element of the result: of y at (n, o, i, j), of x at (n, c, i, j) with c among all groups' channels.
template <conv_result Result, class T>
T conv_sum(const conv_call<T>& k, index n, index channel, index i, index j) {
    constexpr bool forward = Result == conv_result::forward;
    const index group = channel / (forward ? k.o : k.c);
    T all = T(0);
    for (index m = 0; m < (forward ? k.c : k.o); ++m) {
        const index other = group * (forward ? k.c : k.o) + m;
        T sum = T(0);
        for (index p = 0; p < k.kernel[0]; ++p)
            for (index q = 0; q < k.kernel[1]; ++q) {
                if constexpr (forward) {
                    const index h = i * k.stride[0] + p * k.dilation[0] - k.pad[0], w = j * k.stride[1] + q * k.dilation[1] - k.pad[1];
                    if (h >= 0 && h < k.in[0] && w >= 0 && w < k.in[1]) sum += conv_element(k.x, n, other, h, w) * conv_element(k.w, channel, m, p, q);
                } else {
                    const index h = i + k.pad[0] - p * k.dilation[0], w = j + k.pad[1] - q * k.dilation[1];
                    if (h < 0 || w < 0 || h % k.stride[0] != 0 || w % k.stride[1] != 0 || h / k.stride[0] >= k.out[0] || w / k.stride[1] >= k.out[1]) continue;
                    sum += conv_element(k.y, n, other, h / k.stride[0], w / k.stride[1]) * conv_element(k.w, other, channel - group * k.c, p, q);
                }
            }
        all += sum;
    }
    return all;
}
template <conv_result Result, class T, class Target>
ETTA_NOINLINE void conv_direct(const conv_call<T>& k, const conv_finish<T>& finish, const context& ctx) {
    if (ctx.thread != 0) return;
    constexpr int lanes = native_lanes<T, Target>;
    const typed_operand<T>& r = Result == conv_result::forward ? k.y : k.x;
    alignas(64) T tile[lanes] = {};
    for (index n = 0; n < r.extent[0]; ++n)
        for (index c = 0; c < r.extent[1]; ++c)
            for (index i = 0; i < r.extent[2]; ++i)
                for (index j = 0; j < r.extent[3]; j += lanes) {
                    const int count = static_cast<int>(r.extent[3] - j < lanes ? r.extent[3] - j : lanes);
                    for (int e = 0; e < count; ++e) {
                        const T sum = conv_sum<Result>(k, n, c, i, j + e);
                        if (finish.run != nullptr) tile[e] = sum;
                        else conv_element(r, n, c, i, j + e) = sum;
                    }
                    const conv_run all{0, i, j, count};
                    if (finish.run != nullptr) finish.run(finish.kernel, tile, 1, n, c, 1, &all, 1, true);
                }
}
template <class T>
ETTA_NOINLINE void conv_direct_weight(const conv_call<T>& k, const context& ctx) {
    if (ctx.thread != 0) return;
    for (index o = 0; o < k.groups * k.o; ++o)
        for (index c = 0; c < k.c; ++c)
            for (index p = 0; p < k.kernel[0]; ++p)
                for (index q = 0; q < k.kernel[1]; ++q) {
                    T sum = T(0);
                    for (index n = 0; n < k.n; ++n)
                        for (index i = 0; i < k.out[0]; ++i) {
                            const index h = i * k.stride[0] + p * k.dilation[0] - k.pad[0];
                            if (h < 0 || h >= k.in[0]) continue;
                            for (index j = 0; j < k.out[1]; ++j) {
                                const index w = j * k.stride[1] + q * k.dilation[1] - k.pad[1];
                                if (w >= 0 && w < k.in[1]) sum += conv_element(k.y, n, o, i, j) * conv_element(k.x, n, o / k.o * k.c + c, h, w);
                            }
                        }
                    conv_element(k.w, o, c, p, q) = sum;
                }
}

template <class T, class Target>
struct conv_engine {
    static constexpr int lanes = native_lanes<T, Target>;
    using V = lane<T, lanes, Target>;
    using gemm = gemm_engine<T, lanes, Target>;
    static constexpr int rows = gemm::rows, panel = lanes > 1 ? gemm::panel : 1;
    static constexpr int sum_rows = 4, sum_taps = gemm::many_registers ? 4 : 2;  // the block of the weight's gradient
    static constexpr index room = (64 << 10) / static_cast<index>(sizeof(T));    // copied images
    static constexpr index slack = (panel + 1) * lanes;
    static constexpr index weight_room = (32 << 10) / static_cast<index>(sizeof(T));
    static constexpr index max_k = 512;  // channels x taps of one block; rows * max_k <= weight_room

    // --- images ----------------------------------------------------------------------------------------------------
    // Planes that are read through a window: grid position (i, j) of phase (f, g) is element (origin + i * step + f, …).
    struct image {
        const T* data;
        index sample, channel, row, column;  // strides
        index extent[2], origin[2], step[2];
    };
    // A tap: which phase it reads, how far down and right of the output position, where its weight lies.
    struct tap {
        std::int32_t phase, down, right;
        std::int32_t weight;
    };
    struct taps {
        tap at[max_k];
        index n = 0, reach[2] = {0, 0};
        void push(index phase, index down, index right, index weight) {
            at[n++] = {static_cast<std::int32_t>(phase), static_cast<std::int32_t>(down), static_cast<std::int32_t>(right), static_cast<std::int32_t>(weight)};
            if (down > reach[0]) reach[0] = down;
            if (right > reach[1]) reach[1] = right;
        }
    };

    // `width` elements from column `first` on, `step` apart, zeros outside; writes whole vectors.
    ETTA_INLINE static void copy_row(const T* p, index stride, index extent, index first, index step, index width, T* to) {
        index low = first >= 0 ? 0 : (-first + step - 1) / step, high = extent <= first ? 0 : (extent - first + step - 1) / step;
        if (low > width) low = width;
        if (high > width) high = width;
        index j = 0;
        for (; j < low; j += lanes) V(T(0)).store(to + j);
        p += first * stride;
        stride *= step;
        for (j = low; j < high; j += lanes) {
            const int count = static_cast<int>(high - j < lanes ? high - j : lanes);
            (stride == 1 ? (count == lanes ? V::load(p + j) : V::load(p + j, count)) : V::load_strided(p + j * stride, stride, count)).store(to + j);
        }
        for (; j < width; j += lanes) V(T(0)).store(to + j);
    }
    // All phases of one plane: height x width each, from grid position (i, j).
    static void copy_plane(const image& m, const T* p, index i, index j, index height, index width, T* to) {
        for (index f = 0; f < m.step[0]; ++f)
            for (index g = 0; g < m.step[1]; ++g)
                for (index r = 0; r < height; ++r, to += width) {
                    const index h = m.origin[0] + (i + r) * m.step[0] + f;
                    copy_row(p + h * m.row, m.column, h >= 0 && h < m.extent[0] ? m.extent[1] : 0, m.origin[1] + j * m.step[1] + g, m.step[1], width, to);
                }
    }
    static void clear_slack(T* to) {
        for (index j = 0; j < slack; j += lanes) V(T(0)).store(to + j);
    }

    // Blocks of the output grid whose input planes fit.
    struct blocks {
        index height = 0, width = 0, channels = 0;  // channels of the source at a time
        index pitch = 0, plane = 0;
        bool fit(index grid_h, index grid_w, index n_channels, const taps& t, index phases, index planes_room) {
            const index wanted = 64 / t.n < 1 ? 1 : 64 / t.n < n_channels ? 64 / t.n : n_channels;
            for (index c : {wanted, index{1}}) {
                width = grid_w;
                height = planes_room / (c * phases * (width + t.reach[1])) - t.reach[0];
                if (height >= 1) break;
            }
            if (height < 1) {
                height = 1;
                width = planes_room / (phases * (1 + t.reach[0])) - t.reach[1];
                if (width < 1) return false;
                if (width > grid_w) width = grid_w;
            }
            if (height > grid_h) height = grid_h;
            set(t, phases);
            channels = planes_room / plane < max_k / t.n ? planes_room / plane : max_k / t.n;
            if (channels > n_channels) channels = n_channels;
            return channels >= 1;
        }
        void set(const taps& t, index phases) {
            pitch = width + t.reach[1];
            plane = phases * (height + t.reach[0]) * pitch;
        }
        index offset(const tap& t, const taps& all) const { return t.phase * (height + all.reach[0]) * pitch + t.down * pitch + t.right; }
    };

    // --- products: out[r] = sum over channels and taps of weight * source ------------------------------------------
    template <int C, std::size_t... I, std::size_t... J>
    ETTA_INLINE static void block(std::index_sequence<I...>, std::index_sequence<J...>, index k, const T* a, const T* b, const std::int32_t* offsets, T* tile) {
        V acc[sizeof...(I)];
        ((acc[I] = V(T(0))), ...);
        for (index q = 0; q < k; ++q, a += rows) {
            const T* const p = b + offsets[q];
            const V x[] = {V::load(p + static_cast<index>(J) * lanes)...};
            ((acc[I] = mul_add(V(a[I / C]), x[I % C], acc[I])), ...);
        }
        (acc[I].store(tile + static_cast<index>(I) * lanes), ...);
    }
    template <int C>
    ETTA_NOINLINE static void micro(index k, const T* a, const T* b, const std::int32_t* offsets, T* tile) {  // tile: (rows, C vectors)
        block<C>(std::make_index_sequence<static_cast<std::size_t>(rows * C)>{}, std::make_index_sequence<static_cast<std::size_t>(C)>{}, k, a, b, offsets, tile);
    }

    struct product {
        image from;
        index from_channels;
        const T* weight;
        index weight_row, weight_channel;
        T* to;
        index sample, channel, row, column;  // strides of the result
        index n, n_rows, grid[2];
        index first_row;  // the number of the first channel among all groups'
        conv_finish<T> finish;
    };
    static void zero(const product& p, const context& ctx) {
        if (ctx.thread != 0) return;
        for (index n = 0; n < p.n; ++n)
            for (index r = 0; r < p.n_rows; ++r)
                for (index i = 0; i < p.grid[0]; ++i)
                    for (index j = 0; j < p.grid[1]; ++j) p.to[n * p.sample + r * p.channel + i * p.row + j * p.column] = T(0);
    }
    ETTA_NOINLINE static bool multiply(const product& p, const taps& t, const context& ctx) {
        if (p.grid[0] <= 0 || p.grid[1] <= 0 || p.n_rows == 0) return true;
        if (t.n == 0) return zero(p, ctx), true;
        alignas(64) T planes[room + slack];
        alignas(64) T weights[weight_room];  // (row blocks, k, rows)
        alignas(64) T tile[(rows * panel + 1) * lanes];  // a run is read in whole vectors
        std::int32_t offsets[max_k];
        const index phases = p.from.step[0] * p.from.step[1];
        blocks b;
        if (!b.fit(p.grid[0], p.grid[1], p.from_channels, t, phases, room)) return false;
        if (p.n < ctx.threads) {  // too few samples to share out: share bands of rows
            const index band = (p.grid[0] + ctx.threads - 1) / ctx.threads;
            if (b.height > band) b.height = band, b.set(t, phases);
        }
        const index bands = (p.grid[0] + b.height - 1) / b.height, largest = b.channels * t.n;
        const index together = weight_room / (largest * rows) * rows;
        const chunk mine = share(p.n * bands, 1, ctx);
        for (index r0 = 0; r0 < p.n_rows; r0 += together) {
            const index r1 = r0 + together < p.n_rows ? r0 + together : p.n_rows;
            for (index c0 = 0; c0 < p.from_channels; c0 += b.channels) {
                const index channels = p.from_channels - c0 < b.channels ? p.from_channels - c0 : b.channels, k = channels * t.n;
                T* a = weights;
                for (index r = r0; r < r1; r += rows)
                    for (index c = c0; c < c0 + channels; ++c)
                        for (index q = 0; q < t.n; ++q)
                            for (int s = 0; s < rows; ++s) *a++ = r + s < r1 ? p.weight[(r + s) * p.weight_row + c * p.weight_channel + t.at[q].weight] : T(0);
                for (index c = 0; c < channels; ++c)
                    for (index q = 0; q < t.n; ++q) offsets[c * t.n + q] = static_cast<std::int32_t>(c * b.plane + b.offset(t.at[q], t));
                for (index m = mine.begin; m < mine.end; ++m) {
                    const index n = m / bands, i = m % bands * b.height, height = p.grid[0] - i < b.height ? p.grid[0] - i : b.height;
                    for (index j = 0; j < p.grid[1]; j += b.width) {
                        const index width = p.grid[1] - j < b.width ? p.grid[1] - j : b.width;
                        for (index c = 0; c < channels; ++c)
                            copy_plane(p.from, p.from.data + n * p.from.sample + (c0 + c) * p.from.channel, i, j, b.height + t.reach[0], b.pitch, planes + c * b.plane);
                        clear_slack(planes + channels * b.plane);
                        T* const to = p.to + n * p.sample;
                        const bool done = p.finish.run != nullptr && c0 + channels == p.from_channels;
                        const index positions = (height - 1) * b.pitch + width;
                        for (index at = 0; at < positions;) {
                            const index left = (positions - at + lanes - 1) / lanes;
                            const int v = static_cast<int>(left > panel ? (left == panel + 1 && panel == 3 ? 2 : panel) : left);
                            conv_run runs[panel * lanes];
                            const int n_runs = runs_of(b.pitch, width, at, positions - at < v * lanes ? positions - at : v * lanes, i, j, runs);
                            for (index r = r0; r < r1; r += rows) {
                                const T* const w = weights + (r - r0) * k;
                                if (v == 1) micro<1>(k, w, planes + at, offsets, tile);
                                else if (v == 2 && panel > 2) micro<2>(k, w, planes + at, offsets, tile);
                                else micro<panel>(k, w, planes + at, offsets, tile);
                                const index n_rows = r1 - r < rows ? r1 - r : rows;
                                if (done) p.finish.run(p.finish.kernel, tile, v, n, p.first_row + r, n_rows, runs, n_runs, c0 == 0);
                                else store(p, tile, v, to, r, n_rows, runs, n_runs, c0 == 0);
                            }
                            at += v * lanes;
                        }
                    }
                }
            }
        }
        return true;
    }
    // Of `count` positions of a block that begins at (row, column), from position `at` on.
    static int runs_of(index pitch, index width, index at, index count, index row, index column, conv_run* runs) {
        int n = 0;
        index i = at / pitch, j = at % pitch;
        for (index q = 0; q < count; q += pitch - j, j = 0, ++i) {
            const index length = width - j < count - q ? width - j : count - q;
            if (length > 0) runs[n++] = {q, row + i, column + j, static_cast<int>(length)};
        }
        return n;
    }
    ETTA_INLINE static void store(const product& p, const T* tile, int v, T* to, index r0, index n_rows, const conv_run* runs, int n_runs, bool first) {
        for (index r = 0; r < n_rows; ++r, tile += v * lanes) {
            T* const line = to + (r0 + r) * p.channel;
            for (int q = 0; q < n_runs; ++q) {
                const T* const x = tile + runs[q].at;
                T* const y = line + runs[q].row * p.row + runs[q].column * p.column;
                if (p.column == 1) {
                    for (int e = 0; e < runs[q].count; e += lanes) {
                        const int count = runs[q].count - e < lanes ? runs[q].count - e : lanes;
                        const V s = V::load(x + e);
                        (first ? s : s + V::load(y + e, count)).store(y + e, count);
                    }
                } else {
                    for (int e = 0; e < runs[q].count; ++e) y[e * p.column] = first ? x[e] : y[e * p.column] + x[e];
                }
            }
        }
    }

    // --- gradient of the weight: dot products over all positions of all samples ------------------------------------
    // Each accumulator's sum, adding element i and i + half as reduce_add does.
    template <std::size_t... I>
    ETTA_INLINE static void sums(std::index_sequence<I...>, index samples, index steps, const T* y, index y_row, index y_sample, const T* x, index x_sample,
                                 const std::int32_t* offsets, T* out) {
        V acc[sizeof...(I)];
        ((acc[I] = V(T(0))), ...);
        const T *const x0 = x + offsets[0], *const x1 = x + offsets[1], *const x2 = x + offsets[sum_taps > 2 ? 2 : 0], *const x3 = x + offsets[sum_taps > 2 ? 3 : 0];
        for (index n = 0; n < samples; ++n) {
            index p = n * x_sample, q = n * y_sample;
            for (index s = 0; s < steps; ++s, p += lanes, q += lanes) {
                const V a[] = {V::load(y + q), V::load(y + y_row + q), V::load(y + 2 * y_row + q), V::load(y + 3 * y_row + q)};
                const V b[] = {V::load(x0 + p), V::load(x1 + p), V::load(x2 + p), V::load(x3 + p)};
                ((acc[I] = mul_add(a[I / sum_taps], b[I % sum_taps], acc[I])), ...);
            }
        }
        ((out[I] = reduce_add(acc[I])), ...);
    }
    ETTA_NOINLINE static void micro_sums(index samples, index steps, const T* y, index y_row, index y_sample, const T* x, index x_sample,
                                         const std::int32_t* offsets, T* out) {
        sums(std::make_index_sequence<static_cast<std::size_t>(sum_rows * sum_taps)>{}, samples, steps, y, y_row, y_sample, x, x_sample, offsets, out);
    }

    static constexpr index most_rows = 16;  // of y at a time
    // The work is shared out by (group, rows of y, channels of x): each thread sums its own weights over the whole batch.
    ETTA_NOINLINE static bool grad_weight(const conv_call<T>& k, const taps& t, const context& ctx) {
        alignas(64) T planes[room + slack];
        alignas(64) T grads[room + slack];
        std::int32_t offsets[max_k + sum_taps];
        const image x{k.x.data, k.x.stride[0], k.x.stride[1], k.x.stride[2], k.x.stride[3], {k.in[0], k.in[1]}, {-k.pad[0], -k.pad[1]}, {k.stride[0], k.stride[1]}};
        const image y{k.y.data, k.y.stride[0], k.y.stride[1], k.y.stride[2], k.y.stride[3], {k.out[0], k.out[1]}, {0, 0}, {1, 1}};
        const index phases = x.step[0] * x.step[1];
        blocks b;
        if (!b.fit(k.out[0], k.out[1], k.c, t, phases, room - room / 4)) return false;
        const index y_rows = k.o < most_rows ? (k.o + sum_rows - 1) / sum_rows * sum_rows : most_rows;
        while (y_rows * (b.height * b.pitch + lanes) > room && b.height > 1) b.height = (b.height + 1) / 2, b.set(t, phases);
        while (y_rows * (b.height * b.pitch + lanes) > room && b.width > 1) b.width = (b.width + 1) / 2, b.set(t, phases);
        if (y_rows * (b.height * b.pitch + lanes) > room) return false;
        const index steps = ((b.height - 1) * b.pitch + b.width + lanes - 1) / lanes;
        const index y_plane = steps * lanes > b.height * b.pitch ? steps * lanes : b.height * b.pitch;
        // Samples at a time: many, so that the last sum over lanes costs little; then channels.
        const bool whole = b.height >= k.out[0] && b.width >= k.out[1];
        index samples = whole ? room / (y_rows * y_plane) : 1;
        if (samples > room / b.plane) samples = room / b.plane;
        if (samples > 1 + 64 / steps) samples = 1 + 64 / steps;
        if (samples < 1) samples = 1;
        index channels = room / (samples * b.plane);
        if (channels > max_k / t.n) channels = max_k / t.n;
        if (channels > k.c) channels = k.c;
        const index row_blocks = (k.o + y_rows - 1) / y_rows, channel_blocks = (k.c + channels - 1) / channels;
        const chunk mine = share(k.groups * row_blocks * channel_blocks, 1, ctx);
        for (index m = mine.begin; m < mine.end; ++m) {
            const index g = m / (row_blocks * channel_blocks), o0 = m / channel_blocks % row_blocks * y_rows, c0 = m % channel_blocks * channels;
            const index n_rows = k.o - o0 < y_rows ? k.o - o0 : y_rows, n_channels = k.c - c0 < channels ? k.c - c0 : channels, n_k = n_channels * t.n;
            for (index c = 0; c < n_channels; ++c)
                for (index q = 0; q < t.n; ++q) offsets[c * t.n + q] = static_cast<std::int32_t>(c * samples * b.plane + b.offset(t.at[q], t));
            for (int q = 0; q < sum_taps; ++q) offsets[n_k + q] = 0;
            T* const w = k.w.data + (g * k.o + o0) * k.w.stride[0] + c0 * k.w.stride[1];
            for (index r = 0; r < n_rows; ++r)
                for (index q = 0; q < n_k; ++q) w[r * k.w.stride[0] + q / t.n * k.w.stride[1] + t.at[q % t.n].weight] = T(0);
            for (index n0 = 0; n0 < k.n; n0 += samples) {
                const index n_samples = k.n - n0 < samples ? k.n - n0 : samples;
                for (index i = 0; i < k.out[0]; i += b.height)
                    for (index j = 0; j < k.out[1]; j += b.width) {
                        for (index c = 0; c < n_channels; ++c) {
                            T* const to = planes + c * samples * b.plane;
                            for (index n = 0; n < n_samples; ++n)
                                copy_plane(x, x.data + (n0 + n) * x.sample + (g * k.c + c0 + c) * x.channel, i, j, b.height + t.reach[0], b.pitch, to + n * b.plane);
                            clear_slack(to + n_samples * b.plane);
                        }
                        const index height = k.out[0] - i < b.height ? k.out[0] - i : b.height, width = k.out[1] - j < b.width ? k.out[1] - j : b.width;
                        for (index r = 0; r < y_rows; ++r)
                            for (index n = 0; n < n_samples; ++n)
                                copy_grad(y, r < n_rows ? y.data + (n0 + n) * y.sample + (g * k.o + o0 + r) * y.channel : nullptr, i, j, height, width, b.pitch, y_plane,
                                          grads + (r * samples + n) * y_plane);
                        for (index q = 0; q < n_k; q += sum_taps)
                            for (index r = 0; r < n_rows; r += sum_rows) {
                                T out[sum_rows * sum_taps];
                                micro_sums(n_samples, steps, grads + r * samples * y_plane, samples * y_plane, y_plane, planes, b.plane, offsets + q, out);
                                for (index s = 0; s < sum_rows && r + s < n_rows; ++s)
                                    for (index u = 0; u < sum_taps && q + u < n_k; ++u)
                                        w[(r + s) * k.w.stride[0] + (q + u) / t.n * k.w.stride[1] + t.at[(q + u) % t.n].weight] += out[s * sum_taps + u];
                            }
                    }
            }
        }
        return true;
    }
    // A block of y on the input's pitch, zeros where there is no output.
    static void copy_grad(const image& y, const T* p, index i, index j, index height, index width, index pitch, index plane, T* to) {
        index done = 0;
        for (index r = 0; p != nullptr && r < height; ++r, done += pitch)
            copy_row(p + (i + r) * y.row, y.column, j + width, j, 1, pitch, to + done);
        for (; done < plane; done += lanes) V(T(0)).store(to + done);
    }
};

// The window's taps, each with the phase and the shift that stride and dilation give it.
template <class Taps, class T>
void forward_taps(const conv_call<T>& k, Taps& t) {
    for (index p = 0; p < k.kernel[0]; ++p)
        for (index q = 0; q < k.kernel[1]; ++q) {
            const index h = p * k.dilation[0], w = q * k.dilation[1];
            t.push(h % k.stride[0] * k.stride[1] + w % k.stride[1], h / k.stride[0], w / k.stride[1], p * k.w.stride[2] + q * k.w.stride[3]);
        }
}

}  // namespace etta::_
