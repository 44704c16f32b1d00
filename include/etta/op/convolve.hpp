// convolve.hpp: convolution as one op with kernels of its own (run/cpu/conv.hpp), which need no window in memory. It is
// bilinear: forward, gradient of the input and gradient of the weight are the three derivatives of one trilinear form
// <conv(x, w), y>, so each one's derivatives are the other two, to any order.
#pragma once

#include "arithmetic.hpp"

namespace etta {
namespace _ {

// The first attributes of all three: stride, padding and dilation (height, width each), groups.
inline constexpr int conv_attributes = 7;
struct conv_window {
    std::int64_t t[conv_attributes + 2] = {};
    constexpr explicit conv_window(const std::int64_t* a) {
        for (int i = 0; i < conv_attributes; ++i) t[i] = a[i];
    }
    constexpr conv_window(const builder& g, const node& n) {
        for (int i = 0; i < conv_attributes; ++i) t[i] = g.attr(n, i);
    }
};

template <class Op>
struct conv_op {
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool cheap = false;
    // Each element of y is a product of as many numbers as one of the weight's outputs has, in all three.
    static constexpr index work(const graph_view& g, const node& n, const index* symbols) {
        const shape& y = g.values[Op::y_at < 0 ? n.results : g.arg(n, Op::y_at)].extents;
        const shape& w = g.values[Op::w_at < 0 ? n.results : g.arg(n, Op::w_at)].extents;
        const index outputs = w.at[0].at(symbols);
        return outputs > 0 ? 2 * y.count(symbols) * (w.count(symbols) / outputs) : 0;
    }
    // The tangent is the op of one tangent plus the op of the other.
    static constexpr void jvp_rule(const rule_call& c) {
        builder& g = *c.g;
        const node n = g.nodes[c.node];
        int sum = -1;
        for (int i = 0; i < 2; ++i) {
            if (c.tangents[i] < 0) continue;
            int ids[2] = {g.arg(n, 0), g.arg(n, 1)};
            ids[i] = in_memory(g, c.tangents[i]);
            std::int64_t t[conv_attributes + 2] = {};
            for (int k = 0; k < n.n_attrs; ++k) t[k] = g.attr(n, k);
            const int term = g.add(n.op, ids, 2, t, n.n_attrs, g.type_of(n.results), g.extents_of(n.results));
            sum = sum < 0 ? term : add_values(g, sum, term);
        }
        c.out[0] = sum;
    }
};

constexpr int conv_forward(builder& g, int x, int w, conv_window a);
constexpr int conv_grad_input(builder& g, int y, int w, conv_window a, shape x);
constexpr int conv_grad_weight(builder& g, int x, int y, conv_window a, shape w);

// The element type is part of the ops, so that only the kernels in use are instantiated.
template <class T>
struct Conv2dForward : conv_op<Conv2dForward<T>> {  // (x, w) -> y
    static constexpr int y_at = -1, w_at = 1;  // operands; -1: the result
    static constexpr const char* name = "conv2d";
    static constexpr const char* onnx = "Conv";
    static constexpr bool epilogue(const std::int64_t*) { return true; }
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        const int x = c.g->arg(n, 0), w = c.g->arg(n, 1), y = c.cotangents[0];
        c.out[0] = conv_grad_input(*c.g, y, w, {*c.g, n}, c.g->extents_of(x));
        c.out[1] = conv_grad_weight(*c.g, x, y, {*c.g, n}, c.g->extents_of(w));
    }
};

template <class T>
struct Conv2dGradInput : conv_op<Conv2dGradInput<T>> {  // (y, w) -> x
    static constexpr int y_at = 0, w_at = 1;  // operands; -1: the result
    static constexpr const char* name = "conv2d_grad_input";
    static constexpr const char* onnx = "ConvTranspose";
    static constexpr bool epilogue(const std::int64_t* a) { return a[0] == 1 && a[1] == 1; }  // not where strides put its columns apart
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        const int y = c.g->arg(n, 0), w = c.g->arg(n, 1), x = c.cotangents[0];
        c.out[0] = conv_forward(*c.g, x, w, {*c.g, n});
        c.out[1] = conv_grad_weight(*c.g, x, y, {*c.g, n}, c.g->extents_of(w));
    }
};

template <class T>
struct Conv2dGradWeight : conv_op<Conv2dGradWeight<T>> {  // (x, y) -> w
    static constexpr int y_at = 1, w_at = -1;  // operands; -1: the result
    static constexpr const char* name = "conv2d_grad_weight";
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        const int x = c.g->arg(n, 0), y = c.g->arg(n, 1), w = c.cotangents[0];
        c.out[0] = conv_grad_input(*c.g, y, w, {*c.g, n}, c.g->extents_of(x));
        c.out[1] = conv_forward(*c.g, x, w, {*c.g, n});
    }
};

template <template <class> class Op>
constexpr int add_convolution(builder& g, int a, int b, const std::int64_t* t, int n_attrs, const shape& to) {
    const int ids[2] = {in_memory(g, a), in_memory(g, b)};
    const dtype type = g.type_of(a);
    return g.add(type == dtype::f64 ? &info_of<Op<double>>::value : &info_of<Op<float>>::value, ids, 2, t, n_attrs, type, to);
}

// Output positions of a window along one axis.
constexpr index window_positions(index n, index k, index stride, index pad, index dilation) {
    const index room = n + 2 * pad - dilation * (k - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

constexpr int conv_forward(builder& g, int x, int w, conv_window a) {
    shape to = g.extents_of(x);
    const shape sw = g.extents_of(w);
    to.at[1] = sw.at[0];
    for (int i = 2; i < 4; ++i)
        to.at[i] = extent(window_positions(static_cast<index>(to.at[i].code), static_cast<index>(sw.at[i].code), static_cast<index>(a.t[i - 2]),
                                           static_cast<index>(a.t[i]), static_cast<index>(a.t[i + 2])));
    return add_convolution<Conv2dForward>(g, x, w, a.t, conv_attributes, to);
}
// The last two attributes tell results of different extents apart: with a stride, several inputs give one output.
constexpr int conv_grad_input(builder& g, int y, int w, conv_window a, shape x) {
    a.t[conv_attributes] = x.at[2].code, a.t[conv_attributes + 1] = x.at[3].code;
    return add_convolution<Conv2dGradInput>(g, y, w, a.t, conv_attributes + 2, x);
}
constexpr int conv_grad_weight(builder& g, int x, int y, conv_window a, shape w) {
    a.t[conv_attributes] = w.at[2].code, a.t[conv_attributes + 1] = w.at[3].code;
    return add_convolution<Conv2dGradWeight>(g, x, y, a.t, conv_attributes + 2, w);
}

// y[n, o, i, j] = sum over c, p, q of w[o, c, p, q] x[n, c, i stride_h + p dilation_h - pad_h, j stride_w + q dilation_w - pad_w],
// zeros around x. x (N, C, H, W), w (O, C / groups, KH, KW), y (N, O, OH, OW); N may be known at run time only. f32 and f64.
struct Convolve : CompositeOp<Convolve> {
    static constexpr int operands = 2;
    static constexpr var body(auto x, auto w, const std::int64_t* a, int) {
        builder& g = *x.g;
        const shape sx = x.extents(), sw = w.extents();
        if (x.type() != w.type() || !is_floating(x.type())) {
            g.blame(mistake::dtypes, "conv2d", {}, {}, x.type(), w.type());
            return x;
        }
        if (sx.rank != 4 || sw.rank != 4) {
            g.blame(mistake::rank, "conv2d", sw, sx);
            return x;
        }
        for (int i = 0; i < 4; ++i)
            if ((i > 0 && !sx.at[i].is_static()) || !sw.at[i].is_static()) {
                g.blame(mistake::unbound, "conv2d", sw, sx);
                return x;
            }
        if (sx.at[1].code != sw.at[1].code * a[6] || sw.at[0].code % a[6] != 0) {
            g.blame(mistake::channels, "conv2d", sw, sx);
            return x;
        }
        shape smallest = sx;
        for (int i = 2; i < 4; ++i) {
            const std::int64_t least = a[i + 2] * (sw.at[i].code - 1) + 1 - 2 * a[i];
            smallest.at[i] = extent(static_cast<index>(least < 1 ? 1 : least));
        }
        if (sx.at[2].code < smallest.at[2].code || sx.at[3].code < smallest.at[3].code) {
            g.blame(mistake::window, "conv2d", smallest, sx);
            return x;
        }
        return {&g, conv_forward(g, x.id, w.id, conv_window(a))};
    }
};

}  // namespace _
}  // namespace etta
