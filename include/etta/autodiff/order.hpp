// order.hpp: the order in which a sweep goes over a Graph with loops. The numbers of nodes say what was made after what,
// which is an order for everything but loops: a derivative adds to a loop's body what depends on later nodes. So a closed
// loop is one unit, with everything its body reads as operands, and units are sorted by a depth-first search.
#pragma once

#include "../op/loop.hpp"

namespace etta::_ {

// A unit is a node (its number) or a loop (-2 - its number); -1 is neither.
constexpr int unit_of_loop(int loop) { return -2 - loop; }
constexpr int loop_of_unit(int unit) { return -2 - unit; }

// The loops whose bodies are looked into: those around `region` (a loop, or -1 for none), itself among them; only that
// one itself if `alone`.
struct open_regions {
    int region = -1;
    bool alone = false;
    constexpr bool has(const builder& g, int r) const { return alone ? r == region : r < 0 || inside(g, region, r); }
    // The unit a node belongs to; -1 where it is in no open region.
    constexpr int unit(const builder& g, int n) const {
        int r = g.nodes[n].loop, closed = -1;
        while (!has(g, r)) {
            if (r < 0) return -1;
            closed = r, r = g.loops[r].parent;
        }
        return closed < 0 ? n : unit_of_loop(closed);
    }
};

// The units that the values `roots` are computed from, operands first. Only `live` nodes count, if that is given. O(nodes).
constexpr vec<int> units_before(const builder& g, open_regions open, const int* roots, int n_roots, const vec<char>* live = nullptr) {
    const int n_nodes = g.nodes.size, n_units = n_nodes + g.loops.size;
    vec<int> unit(n_nodes, -1), first(g.loops.size, -1), next(n_nodes, -1);  // a closed loop's nodes, as a list
    for (int i = n_nodes - 1; i >= 0; --i) {
        unit[i] = live == nullptr || (*live)[i] ? open.unit(g, i) : -1;
        if (unit[i] < -1) next[i] = first[loop_of_unit(unit[i])], first[loop_of_unit(unit[i])] = i;
    }
    const auto number = [n_nodes](int u) constexpr { return u < 0 ? n_nodes + loop_of_unit(u) : u; };
    vec<char> seen(n_units, 0);  // 1: its operands are being looked at; 2: in the order
    vec<int> order, stack;
    const auto visit = [&](int v) constexpr {
        const int u = v < 0 ? -1 : unit[g.values[v].node];
        if (u != -1 && seen[number(u)] == 0) stack.push(u);
    };
    for (int k = 0; k < n_roots; ++k) {
        visit(roots[k]);
        while (stack.size > 0) {
            const int u = stack.back();
            char& state = seen[number(u)];
            if (state != 0) {
                --stack.size;
                if (state == 1) state = 2, order.push(u);
                continue;
            }
            state = 1;
            for (int i = u < 0 ? first[loop_of_unit(u)] : u; i >= 0; i = u < 0 ? next[i] : -1)
                for (int a = 0; a < g.nodes[i].n_args; ++a) visit(g.arg(g.nodes[i], a));
        }
    }
    return order;
}

}  // namespace etta::_
