// place.hpp: kernels that put elements where a rule says: Place (into zeros) and Fold (overlapping windows added up).
// Parallel over the result's leading elements; sums run in a fixed order.
#pragma once

#include "../../op/library.hpp"
#include "../../op/window.hpp"
#include "execute.hpp"

namespace etta::_ {

// Place and Fold move elements of 1, 2, 4 or 8 bytes; only Fold adds, and knows the type.
template <class T>
inline void place_elements(const strided_operand& x, const strided_operand& y, const std::int64_t* start_step, const context& ctx) {
    // Rows of the result: all axes but the last.
    const int last = y.rank - 1;
    const index rows = y.count() / (y.extent[last] > 0 ? y.extent[last] : 1);
    const chunk mine = share(rows, 1, ctx);
    for (index r = mine.begin; r < mine.end; ++r) {
        index rest = r, from = 0, to = 0;
        bool inside = true;
        for (int i = last - 1; i >= 0; --i) {
            const index here = rest % y.extent[i], at = here - start_step[2 * i], step = start_step[2 * i + 1];
            rest /= y.extent[i];
            to += here * y.stride[i];
            const index k = step != 0 ? at / step : 0;
            inside = inside && at % step == 0 && k >= 0 && k < x.extent[i];
            from += k * x.stride[i];
        }
        T* const out = reinterpret_cast<T*>(y.data) + to;
        __builtin_memset(static_cast<void*>(out), 0, static_cast<std::size_t>(y.extent[last]) * sizeof(T));
        if (!inside) continue;
        const T* const in = reinterpret_cast<const T*>(x.data) + from;
        const index start = start_step[2 * last], step = start_step[2 * last + 1], s = x.stride[last];
        for (index k = 0; k < x.extent[last]; ++k) out[start + k * step] = in[k * s];
    }
}

template <class Target>
struct library_kernel<Place, Target> {
    static void run(const std::int64_t* w, const context& ctx) {
        const strided_operand x = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        // The element's size is the type's business only through memory: it stands behind the attributes.
        switch (w[3 * y.rank]) {
            case 1: return place_elements<std::uint8_t>(x, y, w, ctx);
            case 2: return place_elements<std::uint16_t>(x, y, w, ctx);
            case 4: return place_elements<std::uint32_t>(x, y, w, ctx);
            default: return place_elements<std::uint64_t>(x, y, w, ctx);
        }
    }
};

// Each part to its place; what none covers is zero. Elements are moved as bytes, in whole rows where they lie side by side.
template <class Target>
ETTA_NOINLINE void join_elements(const strided_operand* part, int parts, const strided_operand& y, const std::int64_t* start_step, index size, const context& ctx) {
    const int last = y.rank - 1;
    const index width = y.extent[last], rows = width > 0 ? y.count() / width : 0;
    const chunk mine = share(rows, 1, ctx);
    for (index r = mine.begin; r < mine.end; ++r) {
        index at[max_rank] = {}, rest = r, covered = 0;
        ETTA_ROLLED for (int i = last - 1; i >= 0; --i) {
            ETTA_PLAIN_LOOP;
            at[i] = rest % y.extent[i], rest /= y.extent[i];
        }
        char* const out = y.data + y.offset(at) * size;
        const auto begin = [&](int p, index& from) {
            const std::int64_t* const s = start_step + 2 * y.rank * p;
            from = 0;
            ETTA_ROLLED for (int i = 0; i < last; ++i) {
                ETTA_PLAIN_LOOP;
                const index offset = at[i] - s[2 * i], k = offset / s[2 * i + 1];
                if (offset % s[2 * i + 1] != 0 || k < 0 || k >= part[p].extent[i]) return false;
                from += k * part[p].stride[i];
            }
            return true;
        };
        index from = 0;
        ETTA_ROLLED for (int p = 0; p < parts; ++p) {
            ETTA_PLAIN_LOOP;
            covered += begin(p, from) ? part[p].extent[last] : 0;
        }
        if (covered < width) __builtin_memset(out, 0, static_cast<std::size_t>(width * size));
        for (int p = 0; p < parts; ++p) {
            if (!begin(p, from)) continue;
            const char* const in = part[p].data + from * size;
            const std::int64_t* const s = start_step + 2 * (y.rank * p + last);
            const index step = static_cast<index>(s[1]), stride = part[p].stride[last], n = part[p].extent[last];
            char* const to = out + static_cast<index>(s[0]) * size;
            if (step == 1 && stride == 1) {
                __builtin_memcpy(to, in, static_cast<std::size_t>(n * size));
            } else {
                ETTA_ROLLED for (index k = 0; k < n; ++k) {
                    ETTA_PLAIN_LOOP;
                    __builtin_memcpy(to + k * step * size, in + k * stride * size, static_cast<std::size_t>(size));
                }
            }
        }
    }
}
template <class Target>
ETTA_NOINLINE void of_parts(const std::int64_t* w, const context& ctx, int n) {
    strided_operand part[most_parts];
    ETTA_ROLLED for (int p = 0; p < n; ++p) {
        ETTA_PLAIN_LOOP;
        part[p] = strided_operand::read<Target>(w, ctx);
    }
    const strided_operand y = strided_operand::read<Target>(w, ctx);
    join_elements<Target>(part, n, y, w, static_cast<index>(w[(2 * n + 1) * y.rank]), ctx);
}
template <int Parts, class Target>
struct library_kernel<Join<Parts>, Target> {
    static void run(const std::int64_t* w, const context& ctx) { of_parts<Target>(w, ctx, Parts); }
};

template <class T>
inline void fold_windows(const strided_operand& x, const strided_operand& y, const std::int64_t* a, const context& ctx) {
    const index planes = y.extent[0] * y.extent[1], h = y.extent[2], wd = y.extent[3];
    const chunk mine = share(planes, 1, ctx);
    for (index p = mine.begin; p < mine.end; ++p) {
        T* const out = reinterpret_cast<T*>(y.data) + p * h * wd;
        const T* const in = reinterpret_cast<const T*>(x.data) + p / y.extent[1] * x.stride[0] + p % y.extent[1] * x.stride[1];
        __builtin_memset(static_cast<void*>(out), 0, static_cast<std::size_t>(h * wd) * sizeof(T));
        for (index kh = 0; kh < x.extent[2]; ++kh)
            for (index kw = 0; kw < x.extent[3]; ++kw)
                for (index oh = 0; oh < x.extent[4]; ++oh) {
                    T* const to = out + (oh * a[2] + kh * a[4]) * wd + kw * a[5];
                    const T* const from = in + kh * x.stride[2] + kw * x.stride[3] + oh * x.stride[4];
                    const index n = x.extent[5], step = a[3], s = x.stride[5];
                    if (step == 1 && s == 1)
                        for (index ow = 0; ow < n; ++ow) to[ow] += from[ow];
                    else
                        for (index ow = 0; ow < n; ++ow) to[ow * step] += from[ow * s];
                }
    }
}

template <class Target>
struct library_kernel<Fold, Target> {
    static void run(const std::int64_t* w, const context& ctx) {
        const strided_operand x = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        if (w[window_attributes + 2] == 4) fold_windows<float>(x, y, w, ctx);
        else fold_windows<double>(x, y, w, ctx);
    }
};

}  // namespace etta::_
