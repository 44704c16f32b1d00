// max_pooling.hpp: max pooling as one op with kernels of its own (run/cpu/pool.hpp). The gradient goes to the first largest
// element of each window, row by row, as in PyTorch; given where that is, gradient and tangent are linear, so derivatives
// of any order follow.
#pragma once

#include "convolve.hpp"

namespace etta {
namespace _ {

inline constexpr int pool_attributes = 6;  // kernel, stride, padding: height, width each

template <template <class> class Op>
constexpr int add_pooling(builder& g, const int* operands, int n, const std::int64_t* t, const shape& to) {
    int ids[3] = {};
    for (int i = 0; i < n; ++i) ids[i] = in_memory(g, operands[i]);
    const dtype type = g.type_of(operands[0]);
    return g.add(type == dtype::f64 ? &info_of<Op<double>>::value : &info_of<Op<float>>::value, ids, n, t, pool_attributes, type, to);
}

// v, of y's extents, added where y comes from; v, of x's extents, read there. `c`: the node whose window it is.
constexpr int max_pool_grad(const rule_call& c, int x, int y, int v);
constexpr int max_pool_gather(const rule_call& c, int x, int y, int v);

template <class T>
struct MaxPool {  // x -> y
    static constexpr const char* name = "max_pool";
    static constexpr const char* onnx = "MaxPool";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool cheap = false;
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[0] = max_pool_grad(c, c.g->arg(n, 0), n.results, c.cotangents[0]);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[0] >= 0) c.out[0] = max_pool_gather(c, c.g->arg(n, 0), n.results, c.tangents[0]);
    }
};

template <class T>
struct MaxPoolGrad {  // (x, y, v)
    static constexpr const char* name = "max_pool_grad";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool cheap = false;
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[2] = max_pool_gather(c, c.g->arg(n, 0), c.g->arg(n, 1), c.cotangents[0]);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[2] >= 0) c.out[0] = max_pool_grad(c, c.g->arg(n, 0), c.g->arg(n, 1), c.tangents[2]);
    }
};

template <class T>
struct MaxPoolGather {  // (x, y, v)
    static constexpr const char* name = "max_pool_gather";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool cheap = false;
    static constexpr void vjp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        c.out[2] = max_pool_grad(c, c.g->arg(n, 0), c.g->arg(n, 1), c.cotangents[0]);
    }
    static constexpr void jvp_rule(const rule_call& c) {
        const node n = c.g->nodes[c.node];
        if (c.tangents[2] >= 0) c.out[0] = max_pool_gather(c, c.g->arg(n, 0), c.g->arg(n, 1), c.tangents[2]);
    }
};

template <template <class> class Op>
constexpr int pooling_of(const rule_call& c, int x, int y, int v, const shape& to) {
    std::int64_t t[pool_attributes] = {};
    for (int i = 0; i < pool_attributes; ++i) t[i] = c.g->attr(c.g->nodes[c.node], i);
    const int ids[3] = {x, y, v};
    return add_pooling<Op>(*c.g, ids, 3, t, to);
}
constexpr int max_pool_grad(const rule_call& c, int x, int y, int v) {
    const shape to = c.g->extents_of(x);
    return pooling_of<MaxPoolGrad>(c, x, y, v, to);
}
constexpr int max_pool_gather(const rule_call& c, int x, int y, int v) {
    const shape to = c.g->extents_of(y);
    return pooling_of<MaxPoolGather>(c, x, y, v, to);
}

// [N, C, H, W] -> [N, C, OH, OW], padding counts as -inf and is at most half a window. N may be known at run time only.
struct MaxPooling : CompositeOp<MaxPooling> {
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        shape to = x.extents();
        if (!is_floating(x.type())) {
            g.blame(mistake::dtypes, "max_pool", {}, {}, dtype::f32, x.type());
            return x;
        }
        if (to.rank != 4) {
            g.blame(mistake::rank, "max_pool", shape(index{1}, index{1}, index{1}, index{1}), to);
            return x;
        }
        for (int i = 0; i < 2; ++i) {
            const extent e = to.at[2 + i];
            const index n = e.is_static() ? window_positions(static_cast<index>(e.code), static_cast<index>(a[i]), static_cast<index>(a[2 + i]), static_cast<index>(a[4 + i]), 1) : 0;
            if (n == 0 || 2 * a[4 + i] > a[i]) {
                g.blame(mistake::window, "max_pool", shape(extent(static_cast<index>(a[0])), extent(static_cast<index>(a[1]))), shape(to.at[2], to.at[3]));
                return x;
            }
            to.at[2 + i] = extent(n);
        }
        return {&g, add_pooling<MaxPool>(g, &x.id, 1, a, to)};
    }
};

}  // namespace _
}  // namespace etta
