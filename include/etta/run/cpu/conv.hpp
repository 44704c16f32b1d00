// conv.hpp: the kernels of op/convolve.hpp. No im2col: the images are copied once, zero-padded and split by stride phase, so
// that every tap of the window is the same flat image at a constant offset. A convolution is then a matrix product whose
// B rows are those shifts (forward, gradient of the input), or dot products of shifts (gradient of the weight); the few
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

// Straight from the definition: the scalar target's kernel, and every target's where a window does not fit a block.
enum class conv_result { forward, grad_input, grad_weight };
template <conv_result Result, class T, class Target>
ETTA_NOINLINE void conv_direct(const conv_call<T>& k, const context& ctx) {
    if (ctx.thread != 0) return;
    const auto at = [](const typed_operand<T>& v, index a, index b, index c, index d) -> T& {
        return v.data[a * v.stride[0] + b * v.stride[1] + c * v.stride[2] + d * v.stride[3]];
    };
    const typed_operand<T>& r = Result == conv_result::forward ? k.y : Result == conv_result::grad_input ? k.x : k.w;
    for (index a = 0; a < r.extent[0]; ++a)
        for (index b = 0; b < r.extent[1]; ++b)
            for (index c = 0; c < r.extent[2]; ++c)
                for (index d = 0; d < r.extent[3]; ++d) at(r, a, b, c, d) = T(0);
    for (index n = 0; n < k.n; ++n)
        for (index o = 0; o < k.groups * k.o; ++o)
            for (index c = 0; c < k.c; ++c)
                for (index i = 0; i < k.out[0]; ++i)
                    for (index j = 0; j < k.out[1]; ++j) {
                        const index ch = o / k.o * k.c + c;
                        T& y = at(k.y, n, o, i, j);
                        T sum = T(0);
                        for (index p = 0; p < k.kernel[0]; ++p) {
                            const index h = i * k.stride[0] + p * k.dilation[0] - k.pad[0];
                            if (h < 0 || h >= k.in[0]) continue;
                            for (index q = 0; q < k.kernel[1]; ++q) {
                                const index w = j * k.stride[1] + q * k.dilation[1] - k.pad[1];
                                if (w < 0 || w >= k.in[1]) continue;
                                if constexpr (Result == conv_result::forward) sum += at(k.x, n, ch, h, w) * at(k.w, o, c, p, q);
                                else if constexpr (Result == conv_result::grad_input) at(k.x, n, ch, h, w) += y * at(k.w, o, c, p, q);
                                else at(k.w, o, c, p, q) += y * at(k.x, n, ch, h, w);
                            }
                        }
                        if constexpr (Result == conv_result::forward) y += sum;
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
    };
    // A stretch of a tile's columns that lies in one row of the result.
    struct run_of {
        index at, to;
        int count;
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
                        T* const to = p.to + n * p.sample + i * p.row + j * p.column;
                        const index positions = (height - 1) * b.pitch + width;
                        for (index at = 0; at < positions;) {
                            const index left = (positions - at + lanes - 1) / lanes;
                            const int v = static_cast<int>(left > panel ? (left == panel + 1 && panel == 3 ? 2 : panel) : left);
                            run_of runs[panel * lanes];
                            const int n_runs = runs_of(p, b.pitch, width, at, positions - at < v * lanes ? positions - at : v * lanes, runs);
                            for (index r = r0; r < r1; r += rows) {
                                const T* const w = weights + (r - r0) * k;
                                if (v == 1) micro<1>(k, w, planes + at, offsets, tile);
                                else if (v == 2 && panel > 2) micro<2>(k, w, planes + at, offsets, tile);
                                else micro<panel>(k, w, planes + at, offsets, tile);
                                store(p, tile, v, to, r, r1 - r < rows ? r1 - r : rows, runs, n_runs, c0 == 0);
                            }
                            at += v * lanes;
                        }
                    }
                }
            }
        }
        return true;
    }
    static int runs_of(const product& p, index pitch, index width, index at, index count, run_of* runs) {
        int n = 0;
        index i = at / pitch, j = at % pitch;
        for (index q = 0; q < count; q += pitch - j, j = 0, ++i) {
            const index length = width - j < count - q ? width - j : count - q;
            if (length > 0) runs[n++] = {q, i * p.row + j * p.column, static_cast<int>(length)};
        }
        return n;
    }
    ETTA_INLINE static void store(const product& p, const T* tile, int v, T* to, index r0, index n_rows, const run_of* runs, int n_runs, bool first) {
        for (index r = 0; r < n_rows; ++r, tile += v * lanes) {
            T* const line = to + (r0 + r) * p.channel;
            for (int q = 0; q < n_runs; ++q) {
                const T* const x = tile + runs[q].at;
                T* const y = line + runs[q].to;
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

template <class T, class Target>
struct library_kernel<Conv2dForward<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> r{words, ctx};
        conv_call<T> k;
        k.x = r.operand(), k.w = r.operand(), k.y = r.operand();
        k.read(r);
        if constexpr (!Target::scalar) {
            using engine = conv_engine<T, Target>;
            if (k.kernel[0] * k.kernel[1] <= engine::max_k) {
                typename engine::taps t;
                forward_taps(k, t);
                bool done = true;
                for (index g = 0; g < k.groups && done; ++g)
                    done = engine::multiply({{k.x.data + g * k.c * k.x.stride[1], k.x.stride[0], k.x.stride[1], k.x.stride[2], k.x.stride[3],
                                              {k.in[0], k.in[1]}, {-k.pad[0], -k.pad[1]}, {k.stride[0], k.stride[1]}},
                                             k.c, k.w.data + g * k.o * k.w.stride[0], k.w.stride[0], k.w.stride[1],
                                             k.y.data + g * k.o * k.y.stride[1], k.y.stride[0], k.y.stride[1], k.y.stride[2], k.y.stride[3],
                                             k.n, k.o, {k.out[0], k.out[1]}}, t, ctx);
                if (done) return;
            }
        }
        conv_direct<conv_result::forward, T, Target>(k, ctx);
    }
};

template <class T, class Target>
struct library_kernel<Conv2dGradInput<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> r{words, ctx};
        conv_call<T> k;
        k.y = r.operand(), k.w = r.operand(), k.x = r.operand();
        k.read(r);
        if constexpr (!Target::scalar) {
            if (k.kernel[0] * k.kernel[1] <= conv_engine<T, Target>::max_k && phases(k, ctx)) return;
        }
        conv_direct<conv_result::grad_input, T, Target>(k, ctx);
    }
    // Input rows h with (h + pad) % stride = f see the taps p with p * dilation % stride = f, and nothing else: each phase
    // is a convolution of y with stride 1.
    static bool phases(const conv_call<T>& k, const context& ctx) {
        using engine = conv_engine<T, Target>;
        typename engine::taps t;
        for (index f = 0; f < k.stride[0]; ++f)
            for (index e = 0; e < k.stride[1]; ++e) {
                const index phase[2] = {f, e};
                index first[2], h[2], grid[2], reach[2];
                for (int d = 0; d < 2; ++d) {
                    reach[d] = (k.kernel[d] - 1) * k.dilation[d] / k.stride[d];
                    first[d] = k.pad[d] <= phase[d] ? 0 : (k.pad[d] - phase[d] + k.stride[d] - 1) / k.stride[d];
                    h[d] = first[d] * k.stride[d] + phase[d] - k.pad[d];
                    grid[d] = h[d] < k.in[d] ? (k.in[d] - h[d] + k.stride[d] - 1) / k.stride[d] : 0;
                }
                t.n = 0, t.reach[0] = t.reach[1] = 0;
                for (index p = 0; p < k.kernel[0]; ++p)
                    for (index q = 0; q < k.kernel[1]; ++q) {
                        const index u = p * k.dilation[0], v = q * k.dilation[1];
                        if (u % k.stride[0] == f && v % k.stride[1] == e)
                            t.push(0, reach[0] - u / k.stride[0], reach[1] - v / k.stride[1], p * k.w.stride[2] + q * k.w.stride[3]);
                    }
                for (index g = 0; g < k.groups; ++g)
                    if (!engine::multiply({{k.y.data + g * k.o * k.y.stride[1], k.y.stride[0], k.y.stride[1], k.y.stride[2], k.y.stride[3],
                                            {k.out[0], k.out[1]}, {first[0] - reach[0], first[1] - reach[1]}, {1, 1}},
                                           k.o, k.w.data + g * k.o * k.w.stride[0], k.w.stride[1], k.w.stride[0],
                                           k.x.data + g * k.c * k.x.stride[1] + h[0] * k.x.stride[2] + h[1] * k.x.stride[3],
                                           k.x.stride[0], k.x.stride[1], k.stride[0] * k.x.stride[2], k.stride[1] * k.x.stride[3],
                                           k.n, k.c, {grid[0], grid[1]}}, t, ctx))
                        return false;
            }
        return true;
    }
};

template <class T, class Target>
struct library_kernel<Conv2dGradWeight<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> r{words, ctx};
        conv_call<T> k;
        k.x = r.operand(), k.y = r.operand(), k.w = r.operand();
        k.read(r);
        if constexpr (!Target::scalar) {
            using engine = conv_engine<T, Target>;
            if (k.kernel[0] * k.kernel[1] <= engine::max_k) {
                typename engine::taps t;
                forward_taps(k, t);
                if (engine::grad_weight(k, t, ctx)) return;
            }
        }
        conv_direct<conv_result::grad_weight, T, Target>(k, ctx);
    }
};

}  // namespace etta::_
