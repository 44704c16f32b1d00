// jacobian.hpp: jacobian and hessian. All derivatives of all results, forwards or backwards, whichever has fewer directions: one
// direction is traced on a stand-in and then made a batch of all. What comes out has the structure of the function's result, with
// that of its argument in place of every tensor, as in JAX.
#pragma once

#include "grad.hpp"

namespace etta {
namespace _ {

// Templates, and their variables auto, for the sake of programs without Jacobians, which only parse them.

// How many elements there are of shape s.
template <class Shape>
constexpr auto element_count(const Shape& s) {
    auto n = Shape(index{1}).at[0];
    for (int i = 0; i < s.rank; ++i) n = n.is_static() ? s.at[i].times(n.code) : n.times(s.at[i].is_static() ? s.at[i].code : 0);
    return n;
}
// The unit tensors of shape s: [count, s…].
template <class Builder, class Shape>
constexpr int unit_basis(Builder& g, dtype t, const Shape& s) {
    const auto n = element_count(s);
    const auto axis = [&](std::int64_t k) constexpr {
        const std::int64_t iota[3] = {k, n.code, n.code};
        return var{&g, g.add(&info_of<Iota>::value, nullptr, 0, iota, 3, dtype::i32, Shape(n, n))};
    };
    return reshape_to(g, cast_to(g, (axis(0) == axis(1)).id, t), with_leading(n, s));
}
// How many elements the values v have. What is known when they run is taken to be many; and lost is a value of several axes of which
// one is known then, so that its elements are no one batch.
inline constexpr std::int64_t known_late = std::int64_t{1} << 40, lost = known_late + 1;
template <class Builder, class Ids>
constexpr std::int64_t directions(const Builder& g, const Ids& v) {
    std::int64_t n = 0;
    for (int i = 0; i < v.size && n < lost; ++i) {
        const auto& s = g.extents_of(v[i]);
        const auto e = element_count(s);
        if (e.is_static()) n = n < known_late ? n + e.code : n;
        else n = s.rank > 1 ? lost : known_late;
    }
    return n;
}
// The derivatives of all y by all x: to[k * x.size + i] is that of y[k] by x[i], [y…, x…].
template <class Builder, class Ids>
constexpr void derivatives_of(Builder& g, const Ids& y, const Ids& x, Ids& to) {
    const auto nx = directions(g, x), ny = directions(g, y);
    const bool forward = nx <= ny;
    if (forward && nx == lost) {
        for (int i = 0; i < x.size; ++i)
            if (directions(g, Ids(1, x[i])) == lost) g.blame(mistake::rank, "jacobian", {}, g.extents_of(x[i]));
        for (int i = 0; i < to.size; ++i) to[i] = y[0];
        return;
    }
    const auto &from = forward ? x : y, &into = forward ? y : x;
    for (int one = 0; one < from.size; ++one) {
        const auto s = g.extents_of(from[one]);
        const auto n = element_count(s);
        const auto type = g.type_of(from[one]);
        const auto hole = Hole::add(g, type, s);
        Ids d(into.size, -1);
        if (forward) push_forward(g, &from[one], &hole, 1, into.data, into.size, d.data);
        else if (is_floating(type)) pull_back(g, &from[one], &hole, 1, into.data, into.size, d.data);
        Ids mapped(g.values.size, -1);
        const auto last = g.nodes.size - 1;
        mapped[hole] = unit_basis(g, type, s);
        batch_nodes(g, g.values[hole].node + 1, last, n, mapped);
        for (int other = 0; other < into.size; ++other) {
            const int k = forward ? other : one, i = forward ? one : other;
            const auto v = d[other];
            const auto sy = g.extents_of(y[k]), sx = g.extents_of(x[i]);
            auto both = sy;
            for (int a = 0; a < sx.rank; ++a) both.push(sx.at[a]);
            auto& r = to[k * x.size + i];
            if (v < 0) {
                r = expand_to(g, g.literal(0, g.type_of(y[k])), both);
                continue;
            }
            r = mapped[v] >= 0 ? mapped[v] : expand_to(g, v, with_leading(n, g.extents_of(v)));
            if (forward) {  // [x…, y…] -> [y…, x…]
                std::int64_t order[max_rank] = {};
                for (int a = 0; a < sy.rank; ++a) order[a] = a + 1;
                order[sy.rank] = 0;
                r = Permute::add(g, r, order);
            }
            r = reshape_to(g, r, both);
        }
    }
}

template <class F, int... I>
struct jacobian_of : transformed<jacobian_of<F, I...>> {
    F f;
    constexpr explicit jacobian_of(const F& fn) : f(fn) {}
    constexpr jacobian_of() = default;
    template <class... X>
    constexpr auto trace(builder& g, const X&... x) const {
        const auto y = f(x...);
        no_models<bare<decltype(y)>, bare<decltype(argument_at<I>(x...))>...>();
        vec<int> in, out;
        (collect(argument_at<I>(x...), in), ...);
        collect(y, out);
        vec<int> d(out.size * in.size, -1);
        derivatives_of(g, out, in, d);
        using by_x = typename by_arguments<typename nested<bare<decltype(argument_at<I>(x...))>, var>::type...>::type;
        typename nested<bare<decltype(y)>, by_x>::type r{};
        int next = 0;
        each_var(r, [&](var& v) constexpr { v = {&g, d[next++]}; });
        return r;
    }
};

}  // namespace _

// d y / d x_I, with y's extents first: forward or reverse, whichever has fewer directions. Of a function that returns several
// values (a tuple, an array, a struct), so many Jacobians in the same structure; by a struct, each in the structure of that; by several
// arguments, each is results in their order: auto [by_a, by_b] = jacobian<0, 1>(f)(a, b).
template <int... I, class F>
constexpr auto jacobian(const F& f) {
    if constexpr (sizeof...(I) == 0) return _::jacobian_of<F, 0>(f);
    else return _::jacobian_of<F, I...>(f);
}
// Second derivatives of a scalar function: [x…, x…]. By several arguments or a struct: the Jacobian of the gradient.
template <int... I, class F>
constexpr auto hessian(const F& f) {
    const auto g = grad<I...>(f);
    return jacobian<I...>(g);
}

}  // namespace etta
