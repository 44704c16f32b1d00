// spatial.hpp: what convolution, pooling and padding have in common for signals, pictures and volumes ([N, C, L], [N, C, H, W],
// [N, C, D, H, W]): a number per spatial axis, what lies outside, and convolution by rank. One and three axes are brought back
// to the kernels for two: a signal is a picture of one row, and the taps along the depth of a volume join its channels.
#pragma once

#include "conv.hpp"
#include "softmax.hpp"
#include "window.hpp"

namespace etta {

// A number for each spatial axis, of which there are as many, or one for all: 3 is {3, 3, 3}.
struct per_axis {
    int a = 1, b = 1, c = 1;
    int count = 0;  // how many were given; 0: one for all
    constexpr per_axis(int all) : a(all), b(all), c(all) {}
    constexpr per_axis(int first, int second) : a(first), b(second), count(2) {}
    constexpr per_axis(int first, int second, int third, int count = 3) : a(first), b(second), c(third), count(count) {}
    constexpr index operator[](int i) const { return i == 0 ? a : i == 1 ? b : c; }
    friend constexpr bool operator==(per_axis x, per_axis y) { return x.a == y.a && x.b == y.b && x.c == y.c; }
};

namespace _ {
constexpr bool at_least(per_axis v, int least) { return v.a >= least && v.b >= least && v.c >= least; }
// False, and blamed on `who`, where a number of these is for another count of spatial axes.
template <class... V>
constexpr bool are_for(int spatial, const var& x, const char* who, const V&... v) {
    int other = -1;
    ((other = v.count == 0 || v.count == spatial ? other : v.count), ...);
    if (other >= 0) x.g->blame(mistake::per_axis, who, shape(index{spatial}), shape(index{other}));
    return other < 0;
}
}  // namespace _

// What lies outside of x: zeros; x mirrored at its first and last element, which are not repeated; these two again and again; x
// from its other end.
enum class padding_mode { zeros, reflect, replicate, circular };

namespace _ {

// Spatial axes of [N, C, …].
inline constexpr int first_spatial = 2;

constexpr var sliced(var x, int axis, index from, index to, index step = 1) {
    const std::int64_t a[4] = {axis, from, to, step};
    return SliceAxis::body(x, a, 4);
}
constexpr var joined_along(int axis, var a, var b) {
    const std::int64_t t = axis;
    return Concat::body(a, b, &t, 1);
}
// x with more of it before and after on one axis.
constexpr var pad_axis(var x, int axis, index before, index after, padding_mode mode) {
    const index n = x.extent(axis), all = before + after;
    const index most = mode == padding_mode::reflect ? n - 1 : mode == padding_mode::circular ? n : mode == padding_mode::replicate && n == 0 ? 0 : all;
    if (before == 0 && after == 0) return x;
    if (before < 0 || after < 0 || n < 0 || before > most || after > most) {
        x.g->blame(n < 0 ? mistake::unbound : mistake::window, "pad", shape(extent(before < after ? after : before)), x.extents());
        return x;
    }
    if (mode == padding_mode::zeros) return padded(x, axis, before, after);
    const auto repeated = [&](index at, index times) constexpr {
        shape s = x.extents();
        s.at[axis] = extent(times);
        return var{x.g, expand_to(*x.g, sliced(x, axis, at, at + 1).id, s)};
    };
    var y = x;
    if (before > 0) {
        const var part = mode == padding_mode::reflect ? sliced(x, axis, before, 0, -1) : mode == padding_mode::circular ? sliced(x, axis, n - before, n) : repeated(0, before);
        y = joined_along(axis, part, y);
    }
    if (after > 0) {
        const index end = n - 2 - after >= 0 ? n - 2 - after : -far;
        const var part = mode == padding_mode::reflect ? sliced(x, axis, n - 2, end, -1) : mode == padding_mode::circular ? sliced(x, axis, 0, after) : repeated(n - 1, after);
        y = joined_along(axis, y, part);
    }
    return y;
}
// The same with one number outside.
constexpr var pad_axis_with(var x, int axis, index before, index after, double value) {
    const index n = x.extent(axis);
    const var y = pad_axis(x, axis, before, after, padding_mode::zeros);
    if (value == 0 || y.id == x.id) return y;
    const var at = Iota::like(y, axis);
    return where(at >= before && at < before + n, y, value);
}
constexpr var pad_axes(var x, per_axis before, per_axis after, padding_mode mode) {
    if (!are_for(x.rank() - first_spatial, x, "pad", before, after)) return x;
    for (int i = first_spatial; i < x.rank(); ++i) x = pad_axis(x, i, before[i - first_spatial], after[i - first_spatial], mode);
    return x;
}

constexpr var reshaped(var x, const shape& to) { return {x.g, reshape_to(*x.g, x.id, to)}; }

struct convolution {
    per_axis stride = 1, before = 0, after = 0, dilation = 1;
    index groups = 1;
    padding_mode mode = padding_mode::zeros;
};

// [N, C, D, H, W] -> [N OD, C K, H, W]: the K taps of a window along the depth as channels of their own.
constexpr var depth_as_channels(var x, index kernel, index stride, index dilation) {
    const shape s = x.extents();
    const index area = static_cast<index>(s.at[3].code * s.at[4].code);
    const std::int64_t t[window_attributes] = {kernel, 1, stride, 1, dilation, 1};
    const var v = Windows::of(reshaped(x, shape(s.at[0], s.at[1], s.at[2], extent(area))), t, "conv3d");  // [N, C, K, 1, OD, H W]
    if (v.rank() != 6) return x;
    const extent depth = v.extents()[4];
    const std::int64_t order[6] = {0, 4, 1, 2, 3, 5};
    return reshaped({x.g, Permute::add(*x.g, v.id, order)}, shape(s.at[0].times(depth.code), extent(static_cast<index>(s.at[1].code) * kernel), s.at[3], s.at[4]));
}

// x [N, C, …], w [O, C / groups, K…], bias [O] or none, with as many spatial axes as w has. What does not fit is blamed on `who`.
constexpr var convolve(var x, var w, var bias, convolution c, const char* who) {
    builder& g = *x.g;
    const int spatial = w.rank() - first_spatial;
    const shape s = x.extents(), k = w.extents();
    if (x.rank() != w.rank() || spatial < 1 || spatial > 3) {
        g.blame(mistake::rank, who, k, s);
        return x;
    }
    if (!are_for(spatial, x, who, c.stride, c.before, c.after, c.dilation)) return x;
    for (int i = 1; i < x.rank(); ++i)
        if (x.extent(i) < 0) {
            g.blame(mistake::unbound, who, k, s);
            return x;
        }
    // The kernels know zeros on both sides alike; all else is put there.
    bool even = c.mode == padding_mode::zeros;
    for (int i = 0; i < spatial; ++i) even = even && c.before[i] == c.after[i];
    if (!even) {
        x = pad_axes(x, c.before, c.after, c.mode);
        c.before = per_axis(0);
    }
    if (spatial == 3) {
        x = pad_axis(x, 2, c.before[0], c.before[0], padding_mode::zeros);
        const std::int64_t t[conv_attributes] = {c.stride[1], c.stride[2], c.before[1], c.before[2], c.dilation[1], c.dilation[2], c.groups};
        const var wide = depth_as_channels(x, static_cast<index>(k.at[2].code), c.stride[0], c.dilation[0]);
        if (wide.rank() != 4) return x;
        const var y = Convolution::of(wide, reshaped(w, shape(k.at[0], k.at[1].times(k.at[2].code), k.at[3], k.at[4])), bias, t);
        const index depth = Windows::positions(x.extent(2), k.at[2].code, c.stride[0], c.dilation[0]);
        if (y.rank() != 4) return x;
        const shape to(s.at[0], extent(depth), y.extents()[1], y.extents()[2], y.extents()[3]);
        const std::int64_t order[5] = {0, 2, 1, 3, 4};
        return {&g, Permute::add(g, reshaped(y, to).id, order)};
    }
    if (spatial == 2) {
        const std::int64_t t[conv_attributes] = {c.stride[0], c.stride[1], c.before[0], c.before[1], c.dilation[0], c.dilation[1], c.groups};
        return Convolution::of(x, w, bias, t);
    }
    const std::int64_t t[conv_attributes] = {1, c.stride[0], 0, c.before[0], 1, c.dilation[0], c.groups};
    const shape line = x.extents();
    const var picture = reshaped(x, shape(line.at[0], line.at[1], extent(1), line.at[2])), row = reshaped(w, shape(k.at[0], k.at[1], extent(1), k.at[2]));
    const var y = Convolution::of(picture, row, bias, t);
    return y.rank() == 4 ? reshaped(y, shape(y.extents()[0], y.extents()[1], y.extents()[3])) : y;
}

// The transposed convolution: the gradient of a convolution's input. x [N, C, …], w [C, O / groups, K…] -> [N, O, …], of extents
// (H - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1. One or two spatial axes.
constexpr var convolve_transposed(var x, var w, var bias, const convolution& c, per_axis output_padding, const char* who) {
    builder& g = *x.g;
    const int spatial = w.rank() - first_spatial;
    if (x.rank() != w.rank() || spatial < 1 || spatial > 2) {
        g.blame(mistake::rank, who, w.extents(), x.extents());
        return x;
    }
    if (x.extent(1) != w.extent(0)) {
        g.blame(mistake::channels, who, w.extents(), x.extents());
        return x;
    }
    if (!are_for(spatial, x, who, c.stride, c.before, c.dilation, output_padding)) return x;
    const bool one = spatial == 1;
    const auto at = [&](per_axis p, int i, index otherwise) constexpr { return one ? i == 0 ? otherwise : p[0] : p[i]; };
    const auto picture = [&](const shape& s) constexpr { return one ? shape(s.at[0], s.at[1], extent(1), s.at[2]) : s; };
    const shape k = picture(w.extents());
    shape to = picture(x.extents());
    to.at[1] = k.at[1].times(c.groups);
    for (int i = 0; i < 2; ++i) {
        const extent e = to.at[first_spatial + i];
        const index stride = at(c.stride, i, 1), dilation = at(c.dilation, i, 1), more = at(output_padding, i, 0), kernel = static_cast<index>(k.at[2 + i].code);
        const index n = e.is_static() ? (static_cast<index>(e.code) - 1) * stride - 2 * at(c.before, i, 0) + dilation * (kernel - 1) + more + 1 : 0;
        if (n < 1 || (more > 0 && more >= stride && more >= dilation)) {
            g.blame(e.is_static() ? mistake::window : mistake::unbound, who, w.extents(), x.extents());
            return x;
        }
        to.at[first_spatial + i] = extent(n);
    }
    const std::int64_t t[conv_attributes] = {at(c.stride, 0, 1),   at(c.stride, 1, 1),   at(c.before, 0, 0), at(c.before, 1, 0),
                                             at(c.dilation, 0, 1), at(c.dilation, 1, 1), c.groups};
    var y{&g, conv_grad_input(g, reshaped(x, picture(x.extents())).id, reshaped(w, k).id, conv_window(t), to)};
    if (bias.exists()) y = y + reshaped(bias, shape(to.at[1], extent(1), extent(1)));
    return one ? reshaped(y, shape(to.at[0], to.at[1], to.at[3])) : y;
}

}  // namespace _

// How a convolution of one's own weights goes.
struct ConvolutionOptions {
    per_axis stride = 1, padding = 0, dilation = 1;
    index groups = 1;
    padding_mode mode = padding_mode::zeros;
    per_axis output_padding = 0;  // of a transposed one
};
// x [N, C, …], w [O, C / groups, K…] -> [N, O, …] with as many spatial axes as w has, one to three: as the layers Conv1d, 2d and 3d. For
// traced values; conv2d is for tensors too. b: [O].
constexpr var convolve(var x, var w, var b, const ConvolutionOptions& o = {}) {
    return _::convolve(x, w, b, {o.stride, o.padding, o.padding, o.dilation, o.groups, o.mode}, "convolve");
}
constexpr var convolve(var x, var w, const ConvolutionOptions& o = {}) { return convolve(x, w, var{}, o); }
// w [C, O / groups, K…]: as the layers ConvTranspose1d and 2d.
constexpr var convolve_transposed(var x, var w, var b, const ConvolutionOptions& o = {}) {
    return _::convolve_transposed(x, w, b, {o.stride, o.padding, o.padding, o.dilation, o.groups}, o.output_padding, "convolve_transposed");
}
constexpr var convolve_transposed(var x, var w, const ConvolutionOptions& o = {}) { return convolve_transposed(x, w, var{}, o); }

}  // namespace etta
