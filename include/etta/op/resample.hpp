// resample.hpp: pooling and resizing of signals, pictures and volumes along each spatial axis: windows of one size, windows that
// share an axis out evenly (adaptive), interpolation. By rank as in spatial.hpp; sums and maxima of volumes are taken over the
// picture's axes, then along the depth.
#pragma once

#include "index.hpp"
#include "pool.hpp"
#include "shape.hpp"
#include "spatial.hpp"

namespace etta {

enum class upsampling { nearest, linear };

namespace _ {

// How windows lie: per axis, and whether one that reaches beyond the padding counts (PyTorch's ceil_mode).
struct pooling {
    per_axis kernel, stride, padding = 0, dilation = 1;
    bool ceil = false;

    // How much is missing behind an axis of n elements for the last window of ceil_mode: one that begins before the padding's end.
    constexpr index missing(int i, index n) const {
        const index reach = dilation[i] * (kernel[i] - 1) + 1, room = n + 2 * padding[i] - reach;
        if (!ceil || room < 0) return 0;
        index more = (room + stride[i] - 1) / stride[i];
        if (more * stride[i] >= n + padding[i]) --more;
        const index beyond = more * stride[i] - room;
        return beyond > 0 ? beyond : 0;
    }
};

struct WindowSum {  // padding counts as zeros
    static constexpr var over(var x, const std::int64_t* a) {
        const std::int64_t t[window_attributes] = {a[0], a[1], a[2], a[3], a[6], a[7]};
        const var v = Windows::of(pad_image(x, a[4], a[5]), t, "avg_pool");
        return v.rank() == 6 ? drop_axes({v.g, sum_over(*v.g, v.id, 0b1100)}, 0b1100, false) : v;
    }
};
struct WindowMax {  // padding counts as -inf
    static constexpr var over(var x, const std::int64_t* a) {
        if (a[6] == 1 && a[7] == 1) return MaxPooling::body(x, a, pool_attributes);
        const std::int64_t t[window_attributes] = {a[0], a[1], a[2], a[3], a[6], a[7]};
        for (int i = 0; i < 2; ++i) x = pad_axis_with(x, first_spatial + i, a[4 + i], a[4 + i], lowest_of<double>());
        const var v = Windows::of(x, t, "max_pool");
        return v.rank() == 6 ? drop_axes(max_along(v, 0b1100), 0b1100, false) : v;
    }
};

template <class Window>
constexpr var pooled(var x, const pooling& p) {
    const auto window = [&](var y, int first, int second) constexpr {  // -1: an axis that is left alone
        const auto at = [](per_axis v, int i, index otherwise) constexpr { return i < 0 ? otherwise : v[i]; };
        const std::int64_t a[pool_attributes + 2] = {at(p.kernel, first, 1), at(p.kernel, second, 1), at(p.stride, first, 1), at(p.stride, second, 1),
                                                     at(p.padding, first, 0), at(p.padding, second, 0), at(p.dilation, first, 1), at(p.dilation, second, 1)};
        return Window::over(y, a);
    };
    const shape s = x.extents();
    if (!are_for(s.rank - first_spatial, x, "pool", p.kernel, p.stride, p.padding, p.dilation)) return x;
    if (s.rank == 4) return window(x, 0, 1);
    if (s.rank == 3) {
        const var y = window(reshaped(x, shape(s.at[0], s.at[1], extent(1), s.at[2])), -1, 0);
        return y.rank() == 4 ? reshaped(y, shape(s.at[0], s.at[1], y.extents()[3])) : y;
    }
    if (s.rank != 5 || !s.at[1].is_static() || !s.at[2].is_static()) {
        x.g->blame(s.rank != 5 ? mistake::rank : mistake::unbound, "pool", shape(index{1}, index{1}, index{1}, index{1}), s);
        return x;
    }
    const var picture = window(reshaped(x, shape(s.at[0], s.at[1].times(s.at[2].code), s.at[3], s.at[4])), 1, 2);
    const extent h = picture.extents()[2], w = picture.extents()[3];
    if (picture.rank() != 4 || !h.is_static() || !w.is_static()) return x;
    const var y = window(reshaped(picture, shape(s.at[0], s.at[1], s.at[2], h.times(w.code))), 0, -1);
    return reshaped(y, shape(s.at[0], s.at[1], y.extents()[2], h, w));
}
// Padding and what is missing for ceil_mode put around x, so that the kernels need none.
constexpr var surrounded(var x, pooling& p, double value) {
    for (int i = 0; i + first_spatial < x.rank(); ++i) {
        const int axis = i + first_spatial;
        if (x.extent(axis) >= 0) x = pad_axis_with(x, axis, p.padding[i], p.padding[i] + p.missing(i, x.extent(axis)), value);
    }
    p.padding = per_axis(0);
    return x;
}
constexpr var max_pooled(var x, pooling p) {
    if (p.ceil) x = surrounded(x, p, lowest_of<double>());
    return pooled<WindowMax>(x, p);
}
// count_padding: divided by how much of the window lies on x or its padding; else on x alone.
constexpr var avg_pooled(var x, pooling p, bool count_padding) {
    shape one = x.extents();
    if (one.rank > 1) one.at[0] = one.at[1] = extent(1);
    pooling q = p;
    if (p.ceil) x = surrounded(x, p, 0);
    const var total = pooled<WindowSum>(x, p);
    if (!p.ceil && (count_padding || p.padding == per_axis(0))) {
        double n = 1;
        for (int i = 0; i + first_spatial < x.rank(); ++i) n *= static_cast<double>(p.kernel[i]);
        return total * (1 / n);
    }
    var there{x.g, expand_to(*x.g, x.g->literal(1, x.type()), one)};
    for (int i = 0; count_padding && i + first_spatial < one.rank; ++i) {
        const extent e = one.at[i + first_spatial];
        if (e.is_static()) there = pad_axis_with(there, i + first_spatial, q.padding[i], q.padding[i], 1);
    }
    if (q.ceil) {
        for (int i = 0; i + first_spatial < one.rank; ++i) {
            const int axis = i + first_spatial;
            const extent e = one.at[axis];
            if (!e.is_static()) continue;
            const index padding = count_padding ? 0 : q.padding[i];
            there = pad_axis(there, axis, padding, padding + q.missing(i, static_cast<index>(e.code)), padding_mode::zeros);
        }
        q.padding = per_axis(0);
    } else if (count_padding) {
        q.padding = per_axis(0);
    }
    return total / pooled<WindowSum>(there, q);
}
// (Σ x^p)^(1/p).
constexpr var lp_pooled(var x, double p, const pooling& how) {
    const var total = pooled<WindowSum>(p == 1 ? x : p == 2 ? square(x) : pow(x, p), how);
    return p == 1 ? total : safe_root(total, 1 / p);
}

// Positions 0 … n - 1 as numbers of x's type, [n].
constexpr var positions_like(var x, index n) { return {x.g, cast_to(*x.g, Iota::of(*x.g, shape(extent(n)), 0).id, x.type())}; }
constexpr var take_along(var x, int axis, var at) {
    const std::int64_t a = axis;
    return Take::body(x, at, &a, 1);
}
// An axis of n shared out to `to` windows: window j is floor(j n / to) … ceil((j + 1) n / to) - 1 (PyTorch's adaptive pooling).
constexpr var adaptive_axis(var x, int axis, index to, bool maximum) {
    const index n = x.extent(axis);
    if (n < 1 || to < 1) {
        x.g->blame(n < 0 ? mistake::unbound : mistake::window, "adaptive_pool", shape(extent(to)), x.extents());
        return x;
    }
    if (n == to) return x;
    const index width = n % to == 0 ? n / to : n / to + 2;
    const var j = reshaped(positions_like(x, to), shape(extent(to), extent(1))), first = floor(j * static_cast<double>(n) / static_cast<double>(to));
    const var last = ceil((j + 1) * static_cast<double>(n) / static_cast<double>(to)) - 1, at = first + positions_like(x, width);
    const var v = take_along(x, axis, {x.g, cast_to(*x.g, min(at, last).id, dtype::i32)});  // […, to, width, …]
    const unsigned inner = 1u << (axis + 1);
    if (maximum) return drop_axes(max_along(v, inner), inner, false);
    shape beside(extent{to}, extent{width});
    for (int i = axis + 2; i < v.rank(); ++i) beside.push(extent(1));
    const var part = reshaped(where(at <= last, 1 / (last - first + 1), 0), beside);
    return drop_axes(sum_along(v * part, inner), inner, false);
}
constexpr var adaptive_pooled(var x, per_axis to, bool maximum) {
    if (!are_for(x.rank() - first_spatial, x, "adaptive_pool", to)) return x;
    for (int i = first_spatial; i < x.rank(); ++i) x = adaptive_axis(x, i, to[i - first_spatial], maximum);
    return x;
}

// An axis with `to` elements. align: the first and the last stand on x's; else pixels are areas.
constexpr var resize_axis(var x, int axis, index to, upsampling mode, bool align) {
    const index n = x.extent(axis);
    if (n < 1 || to < 1) {
        x.g->blame(n < 0 ? mistake::unbound : mistake::window, "upsample", shape(extent(to)), x.extents());
        return x;
    }
    if (n == to) return x;
    const auto as_places = [&](var v) constexpr { return var{x.g, cast_to(*x.g, v.id, dtype::i32)}; };
    const var j = positions_like(x, to);
    if (mode == upsampling::nearest) {
        const std::int64_t a[2] = {axis, to / n};
        return to % n == 0 ? Repeat::body(x, a, 2) : take_along(x, axis, as_places(floor(j * static_cast<double>(n) / static_cast<double>(to))));
    }
    const double step = align ? (to > 1 ? static_cast<double>(n - 1) / static_cast<double>(to - 1) : 0) : static_cast<double>(n) / static_cast<double>(to);
    const var from = align ? j * step : max((j + 0.5) * step - 0.5, 0), left = min(floor(from), n - 1), right = min(left + 1, n - 1);
    shape beside(extent{to});
    for (int i = axis + 1; i < x.rank(); ++i) beside.push(extent(1));
    const var a = take_along(x, axis, as_places(left)), b = take_along(x, axis, as_places(right));
    return a + (b - a) * reshaped(from - left, beside);
}
constexpr var resized(var x, per_axis to, upsampling mode, bool align) {
    if (!are_for(x.rank() - first_spatial, x, "upsample", to)) return x;
    for (int i = first_spatial; i < x.rank(); ++i) x = resize_axis(x, i, to[i - first_spatial], mode, align);
    return x;
}

// [N, C r², H, W] -> [N, C, r H, r W] (Shi et al. 2016), and back.
constexpr var pixel_shuffled(var x, index r) {
    const shape s = x.extents();
    if (s.rank != 4 || x.extent(1) < 0 || x.extent(1) % (r * r) != 0) {
        x.g->blame(s.rank != 4 ? mistake::rank : mistake::channels, "pixel_shuffle", shape(index{1}, r * r, index{1}, index{1}), s);
        return x;
    }
    const extent c = extent(x.extent(1) / (r * r)), e = extent(r);
    const std::int64_t order[6] = {0, 1, 4, 2, 5, 3};
    return reshaped({x.g, Permute::add(*x.g, reshaped(x, shape(s.at[0], c, e, e, s.at[2], s.at[3])).id, order)}, shape(s.at[0], c, s.at[2].times(r), s.at[3].times(r)));
}
constexpr var pixel_unshuffled(var x, index r) {
    const shape s = x.extents();
    if (s.rank != 4 || x.extent(2) < 0 || x.extent(3) < 0 || x.extent(2) % r != 0 || x.extent(3) % r != 0) {
        x.g->blame(s.rank != 4 ? mistake::rank : mistake::window, "pixel_unshuffle", shape(index{1}, index{1}, r, r), s);
        return x;
    }
    const extent h = extent(x.extent(2) / r), w = extent(x.extent(3) / r), e = extent(r);
    const std::int64_t order[6] = {0, 1, 3, 5, 2, 4};
    return reshaped({x.g, Permute::add(*x.g, reshaped(x, shape(s.at[0], s.at[1], h, e, w, e)).id, order)}, shape(s.at[0], s.at[1].times(r * r), h, w));
}

}  // namespace _
}  // namespace etta
