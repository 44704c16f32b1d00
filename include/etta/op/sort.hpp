// sort.hpp: sort, argsort and top_k along an axis. One kernel finds the order (int64 indices); the values are gathered by
// it, so their derivative is scattered back by it.
#pragma once

#include "../ir/results.hpp"
#include "index.hpp"

namespace etta {
namespace _ {

// Attributes: axis, how many are wanted, descending. Stable: of equals the earlier comes first, in both directions. NaN
// counts as greater than any number (PyTorch).
struct argsort_rules {
    static constexpr const char* name = "argsort";
    static constexpr const char* onnx = "TopK";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool differentiable = false;
    static constexpr int flops = 20;
    static constexpr int add(builder& g, int x, int axis, extent count, bool descending);
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool*, int* results) {
        const node n = g.nodes[id];
        const int axis = static_cast<int>(g.attr(n, 0));
        results[0] = add(g, operands[0], axis + 1, g.extents_of(n.results)[axis], g.attr(n, 2) != 0);
    }
};
template <class T>
struct Argsort : argsort_rules {
    struct line {
        const T* x;
        index x_stride;
        std::int64_t* order;
        index stride;
        bool descending;

        static bool less(T a, T b) { return a < b || (a == a && b != b); }
        // Does element i come before element j?
        bool before(std::int64_t i, std::int64_t j) const {
            const T a = x[i * x_stride], b = x[j * x_stride];
            if (less(a, b)) return !descending;
            if (less(b, a)) return descending;
            return i < j;
        }
        std::int64_t& at(index i) const { return order[i * stride]; }
        // A heap whose root comes last of all.
        void sift(index root, index n) const {
            const std::int64_t moved = at(root);
            for (index child; (child = 2 * root + 1) < n; root = child) {
                if (child + 1 < n && before(at(child), at(child + 1))) ++child;
                if (!before(moved, at(child))) break;
                at(root) = at(child);
            }
            at(root) = moved;
        }
        // The first k of n in order: in place, no scratch memory, O(n log k).
        void sort(index n, index k) const {
            for (index i = 0; i < k; ++i) at(i) = i;
            for (index i = k / 2 - 1; i >= 0; --i) sift(i, k);
            for (index i = k; i < n && k > 0; ++i)
                if (before(i, at(0))) at(0) = i, sift(0, k);
            for (index i = k - 1; i > 0; --i) {
                const std::int64_t greatest = at(0);
                at(0) = at(i), at(i) = greatest;
                sift(0, i);
            }
        }
    };
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        const strided_operand x = strided_operand::read<Target>(w, ctx), y = strided_operand::read<Target>(w, ctx);
        const int axis = static_cast<int>(w[0]), last = y.rank - 1;
        const bool descending = w[2] != 0;
        for_lines(y, axis, ctx, [&](const index* at, index lines) {
            for (index i = 0; i < lines; ++i)
                line{reinterpret_cast<const T*>(x.data) + x.offset(at) + i * x.stride[last], x.stride[axis],
                     reinterpret_cast<std::int64_t*>(y.data) + y.offset(at) + i, y.stride[axis], descending}
                    .sort(x.extent[axis], y.extent[axis]);
        });
    }
};
constexpr int argsort_rules::add(builder& g, int x, int axis, extent count, bool descending) {
    if (g.type_of(x) == dtype::boolean) x = cast_to(g, x, dtype::u8);
    const std::int64_t a[3] = {axis, count.code, descending};
    shape to = g.extents_of(x);
    to.at[axis] = count;
    return add_library(g, info_for<Argsort>(g.type_of(x)), &x, 1, a, 3, dtype::i64, to);
}

struct ArgsortAlong : CompositeOp<ArgsortAlong> {  // attributes: axis, descending, how many (0: all)
    static constexpr var body(auto x, const std::int64_t* a, int) {
        builder& g = *x.g;
        const int axis = axis_of(g, a[0], x.rank(), "argsort");
        if (x.rank() == 0) return x;
        const extent n = x.extents()[axis];
        if (n.is_static() && a[2] > n.code) g.blame(mistake::axis, "top_k", x.extents(), shape(index{a[2]}));
        return {&g, argsort_rules::add(g, x.id, axis, a[2] > 0 ? extent(a[2]) : n, a[1] != 0)};
    }
};
struct SortAlong : CompositeOp<SortAlong> {
    static constexpr var body(auto x, const std::int64_t* a, int n) {
        const var order = ArgsortAlong::body(x, a, n);
        if (x.rank() == 0) return x;
        return {x.g, Gather::add(*x.g, x.id, order.id, axis_of(*x.g, a[0], x.rank(), "sort"), false)};
    }
};

}  // namespace _

// The elements in ascending (Descending: descending) order along an axis; NaN last (first).
template <int Axis = -1, bool Descending = false, operand X>
constexpr _::applied<_::SortAlong, _::attr<Axis, Descending, 0>, X> sort(X&& x) { return _::apply<_::SortAlong, _::attr<Axis, Descending, 0>>(static_cast<X&&>(x)); }
// The indices, int64, that sort x: stable. O(n log n) per line.
template <int Axis = -1, bool Descending = false, operand X>
constexpr _::applied<_::ArgsortAlong, _::attr<Axis, Descending, 0>, X> argsort(X&& x) { return _::apply<_::ArgsortAlong, _::attr<Axis, Descending, 0>>(static_cast<X&&>(x)); }
// The K greatest along an axis, greatest first, and where they stand: auto [values, indices] = top_k<3>(x). O(n log K).
template <int K, int Axis = -1, operand X>
constexpr results<_::applied<_::SortAlong, _::attr<Axis, 1, K>, X>, _::applied<_::ArgsortAlong, _::attr<Axis, 1, K>, X>> top_k(X&& x) {
    static_assert(K > 0, "etta: top_k<K>: K is at least 1");
    return _::make_results(_::apply<_::SortAlong, _::attr<Axis, 1, K>>(static_cast<X&&>(x)), _::apply<_::ArgsortAlong, _::attr<Axis, 1, K>>(static_cast<X&&>(x)));
}

}  // namespace etta
