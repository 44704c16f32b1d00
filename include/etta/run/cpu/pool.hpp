// pool.hpp: the kernels of op/max_pooling.hpp. A window's taps are taken one by one over a whole row of windows at a time,
// so that lanes run along the row; strides of 1 and 2 need no gathers.
#pragma once

#include "../../op/max_pooling.hpp"
#include "execute.hpp"
#include "operand.hpp"

namespace etta::_ {

template <class T, class Target>
struct pool_engine {
    static constexpr int lanes = native_lanes<T, Target>;
    using V = lane<T, lanes, Target>;
#if defined(__CUDACC__)
    static constexpr bool shuffles = false;
#else
    static constexpr bool shuffles = lanes > 1 && !V::halved;
#endif

    template <std::size_t... I>
    ETTA_INLINE static V even(V a, V b, std::index_sequence<I...>) {
#if !defined(__CUDACC__)
        if constexpr (shuffles) return V::of(__builtin_shufflevector(a.v, b.v, static_cast<int>(2 * I)...));
#endif
        return a;
    }
    template <int From, std::size_t... I>
    ETTA_INLINE static V spread(V a, std::index_sequence<I...>) {  // a[From], 0, a[From + 1], 0, …
#if !defined(__CUDACC__)
        if constexpr (shuffles) return V::of(__builtin_shufflevector(a.v, V(T(0)).v, static_cast<int>(I % 2 == 0 ? From + I / 2 : lanes)...));
#endif
        return a;
    }
    static constexpr auto all = std::make_index_sequence<static_cast<std::size_t>(lanes)>{};

    // The first `count` of p[0], p[step], p[2 step], …
    ETTA_INLINE static V take(const T* p, index step, int count) {
        if (step == 1) return V::load(p, count);
        if constexpr (shuffles)
            if (step == 2) return 2 * count <= lanes ? even(V::load(p, 2 * count - 1), V(T(0)), all) : even(V::load(p), V::load(p + lanes, 2 * count - 1 - lanes), all);
        return V::load_strided(p, step, count);
    }
    // Adds to them.
    ETTA_INLINE static void give(T* p, index step, V x, int count) {
        if (step == 1) return (V::load(p, count) + x).store(p, count);
        if constexpr (shuffles)
            if (step == 2) {
                const int n = 2 * count - 1;
                (V::load(p, n < lanes ? n : lanes) + spread<0>(x, all)).store(p, n < lanes ? n : lanes);
                if (n > lanes) (V::load(p + lanes, n - lanes) + spread<lanes / 2>(x, all)).store(p + lanes, n - lanes);
                return;
            }
        for (int i = 0; i < count; ++i) p[i * step] += x[i];
    }

    struct call {
        index kernel[2], stride[2], pad[2], in[2], out[2];
        void read(library_reader<T, Target>& r, const typed_operand<T>& x, const typed_operand<T>& y) {
            for (index* a : {kernel, stride, pad}) a[0] = r.attribute(), a[1] = r.attribute();
            for (int i = 0; i < 2; ++i) in[i] = x.extent[2 + i], out[i] = y.extent[2 + i];
        }
        // Windows first … last - 1 have their tap q inside the image.
        index first(int d, index q) const { return q >= pad[d] ? 0 : (pad[d] - q + stride[d] - 1) / stride[d]; }
        index last(int d, index q) const {
            const index n = in[d] + pad[d] - q <= 0 ? 0 : (in[d] + pad[d] - q - 1) / stride[d] + 1;
            return n < out[d] ? n : out[d];
        }
    };

    // Calls f(row of windows, its column range, offset of the tap of the first of them) for one plane, taps in order.
    template <class Begin, class Tap, class End>
    ETTA_INLINE static void rows(const call& k, const Begin& begin, const Tap& tap, const End& end) {
        for (index i = 0; i < k.out[0]; ++i) {
            begin(i);
            for (index p = 0; p < k.kernel[0]; ++p) {
                const index h = i * k.stride[0] + p - k.pad[0];
                if (h < 0 || h >= k.in[0]) continue;
                for (index q = 0; q < k.kernel[1]; ++q) {
                    const index from = k.first(1, q), to = k.last(1, q);
                    for (index j = from; j < to; j += lanes) tap(i, h, j * k.stride[1] + q - k.pad[1], j, static_cast<int>(to - j < lanes ? to - j : lanes));
                }
            }
            end(i);
        }
    }
    // A plane of an operand: columns `step` apart.
    static T* plane(const typed_operand<T>& v, index m) { return v.data + m / v.extent[1] * v.stride[0] + m % v.extent[1] * v.stride[1]; }

    // A row of windows is cut into stretches whose state is kept beside, in whole vectors: a masked store followed by a load
    // of the same bytes waits for the cache.
    static constexpr index stretch = Target::scalar ? 32 : 512;
    static call part_of(const call& whole, index c) {
        call k = whole;
        k.out[1] = whole.out[1] - c < stretch ? whole.out[1] - c : stretch;
        k.pad[1] = whole.pad[1] - c * whole.stride[1];
        return k;
    }
    ETTA_INLINE static void fill(T* p, index n, T x) {
        for (index j = 0; j < n; j += lanes) V(x).store(p + j);
    }
    ETTA_INLINE static void copy(const T* p, index n, T* to) {
        for (index j = 0; j < n; j += lanes) V::load(p + j).store(to + j, static_cast<int>(n - j < lanes ? n - j : lanes));
    }
    // x where there is one, `other` in the lanes from count on.
    ETTA_INLINE static V only(V x, T other, int count) {
        if (count == lanes) return x;
        return first_elements(x, count, V(other));
    }

    ETTA_NOINLINE static void forward(const call& whole, const typed_operand<T>& x, const typed_operand<T>& y, const context& ctx) {
        const chunk mine = share(x.extent[0] * x.extent[1], 1, ctx);
        const index step = whole.stride[1] * x.stride[3];
        alignas(64) T best[stretch + 2 * lanes];
        for (index m = mine.begin; m < mine.end; ++m) {
            const T* const in = plane(x, m);
            T* const out = plane(y, m);
            for (index c = 0; c < whole.out[1]; c += stretch) {
                const call k = part_of(whole, c);
                rows(
                    k, [&](index) { fill(best, k.out[1], lowest_of<T>()); },
                    [&](index, index h, index w, index j, int count) {
                        const V a = only(take(in + h * x.stride[2] + w * x.stride[3], step, count), lowest_of<T>(), count);
                        max(V::load(best + j), a).store(best + j);
                    },
                    [&](index i) { copy(best, k.out[1], out + i * y.stride[2] + c); });
            }
        }
    }

    // Both derivatives visit, for every window, the first element that equals its maximum (or is NaN). `open`: 1 where that
    // is still to come.
    template <bool Gather>
    ETTA_NOINLINE static void derivative(const call& whole, const typed_operand<T>& x, const typed_operand<T>& y, const typed_operand<T>& v, const typed_operand<T>& r,
                                         const context& ctx) {
        const chunk mine = share(x.extent[0] * x.extent[1], 1, ctx);
        const index step = whole.stride[1];
        alignas(64) T open[stretch + 2 * lanes];
        alignas(64) T found[Gather ? stretch + 2 * lanes : 1];
        for (index m = mine.begin; m < mine.end; ++m) {
            const T *const px = plane(x, m), *const py = plane(y, m), *const pv = plane(v, m);
            T* const pr = plane(r, m);
            if constexpr (!Gather)
                for (index h = 0; h < whole.in[0]; ++h)
                    for (index w = 0; w < whole.in[1]; w += lanes)
                        V(T(0)).store(pr + h * r.stride[2] + w, static_cast<int>(whole.in[1] - w < lanes ? whole.in[1] - w : lanes));
            for (index c = 0; c < whole.out[1]; c += stretch) {
                const call k = part_of(whole, c);
                rows(
                    k,
                    [&](index) {
                        fill(open, k.out[1], T(1));
                        if constexpr (Gather) fill(found, k.out[1], T(0));
                    },
                    [&](index i, index h, index w, index j, int count) {
                        const V a = take(px + h * x.stride[2] + w * x.stride[3], step * x.stride[3], count);
                        const V top = take(py + i * y.stride[2] + (c + j) * y.stride[3], y.stride[3], count);
                        const V o = V::load(open + j), there = only(o, T(0), count);
                        const auto hit = ((a == top) | (a != a)) & (there != V(T(0)));
                        select(hit, V(T(0)), o).store(open + j);
                        if constexpr (Gather) {
                            select(hit, take(pv + h * v.stride[2] + w * v.stride[3], step * v.stride[3], count), V::load(found + j)).store(found + j);
                        } else {
                            const V g = take(pv + i * v.stride[2] + (c + j) * v.stride[3], v.stride[3], count);
                            give(pr + h * r.stride[2] + w, step, select(hit, g, V(T(0))), count);
                        }
                    },
                    [&](index i) {
                        if constexpr (Gather) copy(found, k.out[1], pr + i * r.stride[2] + c);
                    });
            }
        }
    }
    template <bool Gather>
    static void run_derivative(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> w{words, ctx};
        const auto x = w.operand(), y = w.operand(), v = w.operand(), r = w.operand();
        call k;
        k.read(w, x, y);
        derivative<Gather>(k, x, y, v, r, ctx);
    }
};

template <class T, class Target>
struct library_kernel<MaxPool<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> w{words, ctx};
        const auto x = w.operand(), y = w.operand();
        typename pool_engine<T, Target>::call k;
        k.read(w, x, y);
        pool_engine<T, Target>::forward(k, x, y, ctx);
    }
};
template <class T, class Target>
struct library_kernel<MaxPoolGrad<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) { pool_engine<T, Target>::template run_derivative<false>(words, ctx); }
};
template <class T, class Target>
struct library_kernel<MaxPoolGather<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) { pool_engine<T, Target>::template run_derivative<true>(words, ctx); }
};

}  // namespace etta::_
