// window.hpp: sliding windows as a view: [N, C, H, W] -> [N, C, KH, KW, OH, OW] moves no data, and convolution and pooling
// are a product and a reduction over it. Its derivative, Fold, adds overlapping windows up again.
#pragma once

#include "place.hpp"

namespace etta {
namespace _ {

struct window {  // as attributes, in this order
    std::int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
};
inline constexpr int window_attributes = 6;

// Reads x[n, c, oh * stride + kh * dilation, ow * stride + kw * dilation].
struct Windows : view_op<Windows> {
    static constexpr const char* name = "windows";
    static constexpr bool view_rule(const view_call& c, access& a) {
        const index h = a.strides[2], w = a.strides[3];
        a.strides[2] = h * c.attrs[4], a.strides[3] = w * c.attrs[5];
        a.strides[4] = h * c.attrs[2], a.strides[5] = w * c.attrs[3];
        return true;
    }
    static constexpr index positions(index n, std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
        const index reach = dilation * (kernel - 1) + 1;
        return n < reach ? 0 : (n - reach) / stride + 1;
    }
    static constexpr var of(var x, const std::int64_t* t, const char* who) {
        builder& g = *x.g;
        const shape& s = x.extents();
        if (s.rank != 4) {
            g.blame(mistake::rank, who, shape(index{1}, index{1}, index{1}, index{1}), s);
            return x;
        }
        const index oh = positions(x.extent(2), t[0], t[2], t[4]), ow = positions(x.extent(3), t[1], t[3], t[5]);
        if (x.extent(2) < 0 || x.extent(3) < 0 || oh <= 0 || ow <= 0)
            g.blame(mistake::window, who, shape(extent(static_cast<index>(t[4] * (t[0] - 1) + 1)), extent(static_cast<index>(t[5] * (t[1] - 1) + 1))), shape(s.at[2], s.at[3]));
        const shape to(s.at[0], s.at[1], extent(static_cast<index>(t[0])), extent(static_cast<index>(t[1])), extent(oh), extent(ow));
        return {&g, g.add(&info_of<Windows>::value, &x.id, 1, t, window_attributes, x.type(), to)};
    }
    static constexpr void vjp_rule(const rule_call& c);
};

// The sum of all windows' elements at their places: [N, C, KH, KW, OH, OW] -> [N, C, H, W]. Attributes: the window, H, W.
struct Fold {
    static constexpr const char* name = "fold";
    static constexpr const char* onnx = "Col2Im";
    static constexpr op_kind kind = op_kind::library;
    static constexpr int add(builder& g, int v, const std::int64_t* t, extent h, extent w) {
        std::int64_t a[window_attributes + 2] = {};
        for (int i = 0; i < window_attributes; ++i) a[i] = t[i];
        a[window_attributes] = h.code, a[window_attributes + 1] = w.code;
        v = in_memory(g, v);
        const shape s = g.extents_of(v);
        return g.add(&info_of<Fold>::value, &v, 1, a, window_attributes + 2, g.type_of(v), shape(s.at[0], s.at[1], h, w));
    }
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        std::int64_t t[window_attributes] = {};
        for (int i = 0; i < window_attributes; ++i) t[i] = c.g->attr(n, i);
        c.out[0] = Windows::of({c.g, c.cotangents[0]}, t, "fold").id;
    }
    static constexpr void jvp_rule(const rule_call& c) {
        if (c.tangents[0] < 0) return;
        const node n = c.g->nodes[c.node];
        std::int64_t t[window_attributes] = {};
        for (int i = 0; i < window_attributes; ++i) t[i] = c.g->attr(n, i);
        const shape& s = c.g->extents_of(n.results);
        c.out[0] = add(*c.g, c.tangents[0], t, s.at[2], s.at[3]);
    }
};

constexpr void Windows::vjp_rule(const rule_call& c) {
    const node n = c.g->nodes[c.node];
    std::int64_t t[window_attributes] = {};
    for (int i = 0; i < window_attributes; ++i) t[i] = c.g->attr(n, i);
    const shape& s = c.g->extents_of(c.g->arg(n, 0));
    c.out[0] = Fold::add(*c.g, c.cotangents[0], t, s.at[2], s.at[3]);
}

constexpr var pad_image(var x, index h, index w) {
    if (x.rank() != 4) return x;
    if (h > 0) x = padded(x, 2, h, h);
    if (w > 0) x = padded(x, 3, w, w);
    return x;
}

}  // namespace _
}  // namespace etta
