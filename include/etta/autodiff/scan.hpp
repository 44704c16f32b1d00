// scan.hpp: loops inside traced functions and models, in JAX's vocabulary. The body is traced once, whatever the number of
// steps; it is differentiated, batched and nested like everything else (op/loop.hpp, sweep.hpp, batch.hpp). What it
// carries and what it reads may be one value, a tuple, an array or a struct of them.
#pragma once

#include "batch.hpp"
#include "tree.hpp"

namespace etta {
namespace _ {

template <class X>
constexpr decltype(auto) carried_value(builder& g, const X& x, dtype beside) {
    if constexpr (std::is_arithmetic_v<X>) return var{&g, g.literal(static_cast<double>(x), literal_type<X>(beside == dtype::none ? dtype::f32 : beside))};
    else return (x);
}
template <class... X>
constexpr builder* scan_tracer(const X&... x) {
    builder* g = nullptr;
    const auto find = [&](const auto& v) constexpr {
        if constexpr (!std::is_arithmetic_v<bare<decltype(v)>>) each_var(v, [&](const var& u) constexpr { g = u.g; });
    };
    (find(x), ...);
    return g;
}

struct scan_body {
    builder& g;
    int loop = -1, first_carry = 0;

    template <class X>
    constexpr X element(const X& sequence) const {
        X r = sequence;
        each_var(r, [&](var& v) constexpr {
            if (v.rank() == 0 || !g.unify(v.extents()[0], g.loops[loop].length)) {
                g.blame(v.rank() == 0 ? mistake::rank : mistake::broadcast, "scan", shape(g.loops[loop].length), v.extents());
                return;
            }
            v.id = at_step(g, loop, v.id);
        });
        return r;
    }
    template <class C>
    constexpr C enter(const C& start) {
        C r = start;
        first_carry = g.carries.size;
        each_var(r, [&](var& v) constexpr {
            const int k = add_carry(g, loop, v.id);
            v.id = g.carries[k].in;
        });
        return r;
    }
    // The carries go on with `next`, which has their dtypes and extents.
    template <class C>
    constexpr void leave(const C& next) {
        int k = first_carry;
        each_var(next, [&](const var& v) constexpr {
            const int in = g.carries[k].in;
            int id = v.id;
            if (g.type_of(id) != g.type_of(in) && promote(g.type_of(in), g.type_of(id)) == g.type_of(in)) id = cast_to(g, id, g.type_of(in));
            if (g.type_of(id) != g.type_of(in) || !g.same_shape(g.extents_of(in), g.extents_of(id))) {
                g.blame(g.type_of(id) != g.type_of(in) ? mistake::dtypes : mistake::carry, "scan", g.extents_of(in), g.extents_of(id), g.type_of(in), g.type_of(id));
                id = in;
            }
            g.carries[k++].next = id;
        });
    }
    template <class C>
    constexpr C last(const C& start) const {
        C r = start;
        int k = first_carry;
        each_var(r, [&](var& v) constexpr { v.id = last_of(g, k++); });
        return r;
    }
    template <class Y>
    constexpr Y all(const Y& y) const {
        Y r = y;
        each_var(r, [&](var& v) constexpr { v.id = stacked(g, loop, v.id); });
        return r;
    }
};
// The body stands in the innermost loop that anything it starts from stands in.
template <class... X>
constexpr int scan_region(const builder& g, const X&... x) {
    int region = -1;
    (each_var(x, [&](const var& v) constexpr { region = region_of(g, &v.id, 1, region); }), ...);
    return region;
}
template <class First, class... Rest>
constexpr extent steps_of(builder& g, const First& first, const Rest&...) {
    extent n(0);
    bool found = false;
    each_var(first, [&](const var& v) constexpr {
        if (!found && v.rank() > 0) n = g.resolve(v.extents()[0]);
        found = true;
    });
    return n;
}

template <bool Reverse, class F, class C, class... X>
constexpr auto scan_over(const F& f, const C& start, const X&... x) {
    builder& g = *scan_tracer(start, x...);
    dtype beside = dtype::none;
    (each_var(x, [&](const var& v) constexpr { beside = beside == dtype::none ? v.type() : beside; }), ...);
    const auto first = carried_value(g, start, beside);
    scan_body body{g, open_loop(g, scan_region(g, first, x...), steps_of(g, x...), Reverse)};
    const auto in = body.enter(first);
    const auto out = f(in, body.element(x)...);
    static_assert(tuple_like<bare<decltype(out)>> && std::tuple_size<bare<decltype(out)>>::value == 2, "etta: scan: the body returns the next carry and this step's result, as a pair");
    body.leave(get<0>(out));
    using Carry = bare<decltype(first)>;
    using Y = bare<decltype(get<1>(out))>;
    return results<Carry, Y>{body.last(first), {body.all(get<1>(out)), {}}};
}

}  // namespace _

// f(carry, x…) -> pair of next carry and result, over the first axis of the sequences x: auto [last, all] = scan(f, start, x).
// Inside of traced functions and models. O(steps); compiled once for any number of them.
template <class F, class C, class... X>
    requires(sizeof...(X) > 0)
constexpr auto scan(const F& f, const C& start, const X&... x) { return _::scan_over<false>(f, start, x...); }
// Without a sequence: f(carry) -> pair, Steps times: scan<100>(f, start), a network that goes on from its own output.
template <index Steps, class F, class C>
constexpr auto scan(const F& f, const C& start) {
    _::builder& g = *_::scan_tracer(start);
    _::scan_body body{g, _::open_loop(g, _::scan_region(g, start), extent(Steps), false)};
    const auto out = f(body.enter(start));
    static_assert(_::tuple_like<_::bare<decltype(out)>> && std::tuple_size<_::bare<decltype(out)>>::value == 2, "etta: scan: the body returns the next carry and this step's result, as a pair");
    using Y = _::bare<decltype(get<1>(out))>;
    body.leave(get<0>(out));
    return results<C, Y>{body.last(start), {body.all(get<1>(out)), {}}};
}
// From the last element to the first; results stand where their elements do.
template <class F, class C, class... X>
    requires(sizeof...(X) > 0)
constexpr auto reverse_scan(const F& f, const C& start, const X&... x) { return _::scan_over<true>(f, start, x...); }

// f(carry, x…) -> next carry, over the first axis of the sequences: the last carry.
template <class F, class C, class... X>
    requires(sizeof...(X) > 0)
constexpr auto fold(const F& f, const C& start, const X&... x) {
    _::builder& g = *_::scan_tracer(start, x...);
    dtype beside = dtype::none;
    (_::each_var(x, [&](const var& v) constexpr { beside = beside == dtype::none ? v.type() : beside; }), ...);
    const auto first = _::carried_value(g, start, beside);
    _::scan_body body{g, _::open_loop(g, _::scan_region(g, first, x...), _::steps_of(g, x...), false)};
    const auto in = body.enter(first);
    body.leave(f(in, body.element(x)...));
    return body.last(first);
}

// f(i, carry) -> next carry, for i = 0 … n - 1 (a traced i64): the last carry.
template <class F, class C>
constexpr auto fori_loop(index n, const F& f, const C& start) {
    _::builder& g = *_::scan_tracer(start);
    _::scan_body body{g, _::open_loop(g, _::scan_region(g, start), extent(n), false)};
    const auto in = body.enter(start);
    body.leave(f(var{&g, _::step_of(g, body.loop)}, in));
    return body.last(start);
}

}  // namespace etta
