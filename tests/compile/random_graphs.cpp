// Random Graphs, made, fused, scheduled, planned and run (machine.hpp) at run time, against what they mean (interpreter.hpp):
// thousands of programs in seconds, none of them compiled. ETTA_GRAPHS=first,count in the environment tries others.
#include <etta/etta.hpp>

#include <cstdlib>
#include <memory>
#include <random>

#include "catch.hpp"
#include "machine.hpp"

namespace {

using etta::index;
using etta::var;
namespace e = etta::_;

constexpr int capacity = 640;  // nodes of a padded Graph

struct random_graph {
    std::mt19937 random;
    e::builder g;
    std::vector<var> inputs, values;
    std::vector<check::array> arguments;
    std::vector<index> symbol_values;
    etta::extent batch, other;
    std::vector<char> is_strided;
    std::vector<etta::shape> input_extents;
    bool symbolic = false, strided = false;

    explicit random_graph(unsigned seed) : random(seed) {}
    int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
    bool chance(int percent) { return below(100) < percent; }
    long number(etta::extent x) const { return static_cast<long>(x.at(symbol_values.data())); }
    long count(const etta::shape& s) const { return static_cast<long>(s.count(symbol_values.data())); }

    void add_input(etta::shape s) {
        is_strided.push_back(strided && s.rank > 0 && chance(60));
        const var x{&g, g.input(e::storage::argument, static_cast<int>(inputs.size()), etta::dtype::f64, s, !is_strided.back())};
        inputs.push_back(x), values.push_back(x), input_extents.push_back(s);
        std::vector<long> extents;
        for (int i = 0; i < s.rank; ++i) extents.push_back(number(s.at[i]));
        check::array a(extents);
        for (long i = 0; i < a.count(); ++i) a[i] = (below(3001) - 1500) / 1000.0;
        arguments.push_back(a);
    }
    etta::shape some_shape() {
        static const std::vector<std::vector<int>> shapes = {{}, {}, {1}, {3}, {5}, {5, 1}, {4, 5}, {4, 5}, {1, 5}, {4, 1}, {2, 4, 5}, {2, 1, 5}, {7}, {1, 1}, {5, 4}, {5, 5}, {2, 3, 2}, {-1, 5}, {-1}, {-1, 4, 5}, {-1, 1}, {4, -2}, {-1, -2}};
        for (;;) {
            etta::shape s;
            bool has_symbol = false;
            for (const int n : shapes[static_cast<std::size_t>(below(static_cast<int>(shapes.size())))]) s.push(n == -1 ? batch : n == -2 ? other : etta::extent(n)), has_symbol = has_symbol || n < 0;
            if (!has_symbol || symbolic) return s;
        }
    }
    var pick() { return chance(45) ? values.back() : values[static_cast<std::size_t>(below(static_cast<int>(values.size())))]; }
    var pick_with_axes() {
        for (int i = 0; i < 20; ++i)
            if (const var x = pick(); x.rank() > 0) return x;
        return {};
    }
    void keep(var x) {
        if (x.exists() && g.error.what == e::mistake::none && count(x.extents()) <= 800 && x.rank() <= 5 && x.type() == etta::dtype::f64) values.push_back(x);
    }
    unsigned axes_of(var x) {
        const unsigned all = (1u << x.rank()) - 1;
        return chance(25) ? all : chance(70) ? 1u << below(x.rank()) : (random() & all);
    }

    void step() {
        switch (below(17)) {
            case 16: return convolution(pick_with_axes());
            case 0: case 1: case 2: return unary(pick());
            case 3: case 4: case 5: case 6: return binary(pick(), pick());
            case 7: case 8: return reduction(pick_with_axes());
            case 9: return row(pick_with_axes());
            case 10: return product();
            case 11: case 12: return view(pick_with_axes());
            case 13: return layout(pick_with_axes());
            case 14: return scalar();
            default: return ternary(pick(), pick(), pick());
        }
    }
    void unary(var x) {
        switch (below(14)) {
            case 0: return keep(tanh(x));
            case 1: return keep(sin(x));
            case 2: return keep(exp(-x * x));
            case 3: return keep(sqrt(x * x + 1));
            case 4: return keep(abs(x));
            case 5: return keep(sigmoid(x));
            case 6: return keep(relu(x));
            case 7: return keep(1 / (1 + x * x));
            case 8: return keep(0.5 * x);
            case 9: return keep(where(x > 0.2, x, 0.1));
            case 10: return keep(etta::cast<double>(x > 0) * 0.7);
            case 11: return keep(etta::stop_gradient(x) * x);
            case 12: return keep(x + 0.3);
            default: return keep(square(x) * 0.5);
        }
    }
    bool go_together(var a, var b) {
        return etta::broadcast_shapes(a.extents(), b.extents()).rank >= 0;
    }
    void binary(var a, var b) {
        if (!go_together(a, b)) return;
        switch (below(8)) {
            case 0: return keep(a + b);
            case 1: return keep(a - b);
            case 2: return keep(a * tanh(b));
            case 3: return keep(a / (1 + b * b));
            case 4: return keep(maximum(a, b));
            case 5: return keep(where(a > b, a, b * 0.5));
            case 6: return keep(where(a <= b && b > 0, a, 0.5));
            default: return keep(tanh(a * b + a));
        }
    }
    void ternary(var a, var b, var c) {
        if (!go_together(a, b) || !go_together(a + b, c)) return;
        if (chance(50)) keep(where(a > 0, b, c));
        else keep(tanh(a) * b + c);
    }
    void reduction(var x) {
        if (!x.exists()) return;
        const unsigned axes = axes_of(x);
        const bool stays = chance(60);
        var y;
        switch (below(5)) {
            case 0: y = {&g, e::sum_over(g, (0.2 * x).id, axes)}; break;
            case 1: y = e::max_along(x, axes); break;
            case 2: y = {&g, e::Min::add(g, x.id, axes)}; break;
            case 3: y = e::divide_by(var{&g, e::sum_over(g, x.id, axes)}, e::count_over(x, axes)); break;
            default: y = {&g, e::Prod::add(g, (1 + 0.1 * tanh(x)).id, axes)}; break;
        }
        keep(e::drop_axes(y, axes, stays));
    }
    void row(var x) {
        if (!x.exists()) return;
        const std::int64_t axis = below(x.rank());
        const unsigned axes = 1u << axis;
        switch (below(4)) {
            case 0: return keep(e::Softmax::body(x, &axis, 1));
            case 1: return keep(0.2 * e::LogSoftmax::body(x, &axis, 1));
            case 2: return keep(x / sqrt(1 + e::sum_along(x * x, axes)));
            default: return keep(x - e::divide_by(e::sum_along(x, axes), e::count_over(x, axes)));
        }
    }
    void product() {
        for (int i = 0; i < 30; ++i) {
            var a = pick(), b = pick();
            if (a.rank() == 0 || b.rank() == 0) continue;
            if (chance(30) && a.rank() > 1) a = a.t();
            if (chance(30) && b.rank() > 1) b = b.t();
            if (!(a.extents()[-1] == b.extents()[b.rank() > 1 ? -2 : -1])) continue;
            etta::shape sa = a.extents(), sb = b.extents();
            sa.rank = sa.rank > 2 ? sa.rank - 2 : 0, sb.rank = sb.rank > 2 ? sb.rank - 2 : 0;
            if (etta::broadcast_shapes(sa, sb).rank < 0) continue;
            return keep(0.3 * matmul(a, b));
        }
    }
    // Samples along the first axis, what else there is as channels and a picture; some of it sent back as a gradient is.
    void convolution(var x) {
        if (!x.exists()) return;
        const etta::shape s = x.extents();
        for (int i = 1; i < s.rank; ++i)
            if (!s.at[i].is_static()) return;
        const std::int64_t lines = s.rank > 2 ? s.at[s.rank - 2].code : 1, columns = s.rank > 1 ? s.at[s.rank - 1].code : 1;
        std::int64_t channels = 1;
        for (int i = 1; i + 2 < s.rank; ++i) channels *= s.at[i].code;
        const var picture{&g, e::reshape_to(g, x.id, etta::shape(s.at[0], etta::extent(channels), etta::extent(lines), etta::extent(columns)))};
        const bool back = chance(30);
        const int k[2] = {1 + below(static_cast<int>(lines < 3 ? lines : 3)), 1 + below(static_cast<int>(columns < 3 ? columns : 3))}, other = 1 + below(3), stride[2] = {1 + below(2), 1 + below(2)};
        add_input(back ? etta::shape(etta::extent(channels), etta::extent(other), etta::extent(k[0]), etta::extent(k[1])) : etta::shape(etta::extent(other), etta::extent(channels), etta::extent(k[0]), etta::extent(k[1])));
        const std::int64_t t[7] = {stride[0], stride[1], below(2), below(2), 1, 1, 1};
        if (!back) return keep(0.3 * e::Convolve::body(picture, inputs.back(), t, 7));
        const std::int64_t to[2] = {(lines - 1) * stride[0] - 2 * t[2] + k[0], (columns - 1) * stride[1] - 2 * t[3] + k[1]};
        if (to[0] < 1 || to[1] < 1) return;
        keep({&g, e::conv_grad_input(g, picture.id, inputs.back().id, e::conv_window(t), etta::shape(s.at[0], etta::extent(other), etta::extent(to[0]), etta::extent(to[1])))});
    }
    void view(var x) {
        if (!x.exists()) return;
        const int axis = below(x.rank());
        const etta::shape s = x.extents();
        switch (below(7)) {
            case 0: {
                std::int64_t order[8] = {};
                for (int i = 0; i < x.rank(); ++i) order[i] = i;
                for (int i = x.rank() - 1; i > 0; --i) std::swap(order[i], order[below(i + 1)]);
                return keep(e::Transpose::body(x, order, x.rank()));
            }
            case 1: {
                const std::int64_t zero = below(x.rank());
                return keep(e::Flatten::body(x, &zero, 1));
            }
            case 2: {
                const std::int64_t at = below(x.rank() + 1);
                return keep(e::Unsqueeze::body(x, &at, 1));
            }
            case 3: {
                if (!s.at[axis].is_static()) return;
                const std::int64_t n = s.at[axis].code, from = below(static_cast<int>(n)), t[4] = {axis, from, from + 1 + below(static_cast<int>(n - from)), 1 + below(2)};
                return keep(e::SliceAxis::body(x, t, 4));
            }
            case 4: {
                if (!s.at[axis].is_static()) return;
                const std::int64_t t[4] = {axis, e::far, -e::far, -1};
                return keep(e::SliceAxis::body(x, t, 4));
            }
            case 5: {  // two axes as one, or one as two
                etta::shape to;
                if (axis + 1 < x.rank() && (s.at[axis].is_static() || s.at[axis + 1].is_static())) {
                    for (int i = 0; i < x.rank(); ++i) {
                        if (i == axis) to.push(s.at[i].is_static() ? s.at[i + 1].times(s.at[i].code) : s.at[i].times(s.at[i + 1].code)), ++i;
                        else to.push(s.at[i]);
                    }
                } else {
                    for (int i = 0; i < x.rank(); ++i) {
                        if (i == axis && s.at[i].is_static() && s.at[i].code % 2 == 0) to.push(2), to.push(s.at[i].code / 2);
                        else to.push(s.at[i]);
                    }
                }
                return keep({&g, e::reshape_to(g, x.id, to)});
            }
            default: {
                etta::shape to;
                if (chance(40)) to.push(2);
                for (int i = 0; i < x.rank(); ++i) to.push(s.at[i].is(1) && chance(50) ? etta::extent(3) : s.at[i]);
                if (to.rank <= 5) keep({&g, e::expand_to(g, x.id, to)});
            }
        }
    }
    void layout(var x) {
        if (!x.exists()) return;
        const int axis = below(x.rank());
        switch (below(5)) {
            case 0: {
                const std::int64_t t = axis;
                const var y = pick();
                if (y.rank() != x.rank() || x.extent(axis) < 0 || y.extent(axis) < 0) return;
                for (int i = 0; i < x.rank(); ++i)
                    if (i != axis && !(x.extents()[i] == y.extents()[i])) return;
                return keep(e::Concat::body(x, y, &t, 1));
            }
            case 1: return x.extent(axis) >= 0 ? keep(e::padded(x, axis, below(3), below(3))) : void();
            case 2: {
                const std::int64_t t[2] = {axis, 2};
                return keep(e::Repeat::body(x, t, 2));
            }
            case 3: return keep(0.3 * var{&g, e::cumsum_rules::add(g, x.id, axis, chance(50))});
            default: return keep(x * cast_index(e::Iota::like(x, axis)) * 0.1);
        }
    }
    var cast_index(var i) { return {&g, e::cast_to(g, i.id, etta::dtype::f64)}; }
    void scalar() {
        std::vector<var> s;
        for (const var& v : values)
            if (e::is_one(v.extents())) s.push_back(v);
        if (s.empty()) return;
        const auto one = [&]() { return s[static_cast<std::size_t>(below(static_cast<int>(s.size())))]; };
        const var a = one(), b = one();
        switch (below(4)) {
            case 0: return keep(0.5 * a + b);
            case 1: return keep(1 / (1 + a * a));
            case 2: return keep(tanh(a - b));
            default: return keep(a * b * 0.5);
        }
    }

    // 0: static extents; 1: free symbols; 2: a batch of at most `bound`.
    void make(int kind, index bound, index batch_value, index other_value) {
        symbolic = kind != 0;
        if (symbolic) {
            batch = g.new_symbol(kind == 2 ? bound : 0);
            symbol_values.push_back(batch_value);
            other = kind == 1 ? g.new_symbol() : etta::extent(5);
            if (kind == 1) symbol_values.push_back(other_value);
        }
        symbol_values.push_back(0);
        for (int i = 1 + below(3); i >= 0; --i) add_input(some_shape());
        const int depth = 3 + below(14);
        for (int i = 0; i < 4 * depth && static_cast<int>(values.size()) < depth; ++i) step();
        const int last = static_cast<int>(values.size());
        const int kept = 1 + below(3);
        std::vector<var> y;
        for (int i = 0; i < kept; ++i) y.push_back(i == 0 ? values.back() : values[static_cast<std::size_t>(below(last))]);
        const int what = below(10);
        if (what < 4) {  // gradients of a sum
            var s{&g, g.literal(0, etta::dtype::f64)};
            for (const var& v : y) {
                const std::int64_t all[1] = {0};
                s = s + e::Reduction<e::Sum>::body(chance(50) ? v : v * v, all, 1);
            }
            std::vector<int> wrt, result(inputs.size(), -1);
            for (const var& x : inputs) wrt.push_back(x.id);
            const int one = g.literal(1, etta::dtype::f64);
            e::pull_back(g, &s.id, &one, 1, wrt.data(), static_cast<int>(wrt.size()), result.data());
            if (chance(50)) g.outputs.push(s.id);
            for (std::size_t i = 0; i < result.size(); ++i) g.outputs.push(result[i] >= 0 ? result[i] : e::filled_like(g, wrt[i], 0));
        } else if (what < 6) {  // a tangent
            std::vector<int> wrt, tangents;
            for (const var& x : std::vector<var>(inputs)) wrt.push_back(x.id), tangents.push_back(cos(x).id);
            std::vector<int> out, result(y.size(), -1);
            for (const var& v : y) out.push_back(v.id), g.outputs.push(v.id);
            e::push_forward(g, wrt.data(), tangents.data(), static_cast<int>(wrt.size()), out.data(), static_cast<int>(out.size()), result.data());
            for (const int r : result)
                if (r >= 0) g.outputs.push(r);
        } else {
            for (const var& v : y) g.outputs.push(v.id);
        }
        e::settle_outputs(g);
        g.compact();
    }
    // Unused inputs, so that every Graph has the same number of nodes.
    bool pad() {
        g.table = e::vec<int>(capacity, -1);  // compact() has renumbered the nodes
        g.rehash();
        for (int i = 0; g.nodes.size < capacity; ++i) g.input(e::storage::argument, 1000 + i, etta::dtype::f64, etta::shape{});
        return g.nodes.size == capacity && g.values.size == capacity;
    }
    e::graph_view view() const { return {g.nodes.data, g.nodes.size, g.values.data, g.values.size, g.args.data, g.attrs.data, g.outputs.data, g.outputs.size, g.symbols.data, g.symbols.size}; }
};

constexpr index odd_strides[8] = {1000003, 1000187, 1000211, 1000403, 1000621, 1000829, 1001003, 1001191};
struct calls_writer {
    std::vector<std::int64_t>& words;
    std::vector<std::int64_t>& places;
    void operator()(std::int64_t w) const { words.push_back(w); }
    void place(std::int64_t p) const { places.push_back(p); }
};

std::string text_of(const e::graph_view& g) {
    std::string s;
    for (int i = 0; i < g.n_nodes; ++i) {
        const e::node& n = g.nodes[i];
        if (n.op->name == "input" && g.attr(n, 1) >= 1000) continue;
        s += "%" + std::to_string(n.results) + " = " + std::string(n.op->name) + "(";
        for (int k = 0; k < n.n_args; ++k) s += (k > 0 ? ", %" : "%") + std::to_string(g.arg(n, k));
        s += ")[";
        const etta::shape& t = g.values[n.results].extents;
        for (int d = 0; d < t.rank; ++d) s += (d > 0 ? ", " : "") + (t.at[d].is_static() ? std::to_string(t.at[d].code) : std::to_string(t.at[d].coefficient()) + char('a' + t.at[d].symbol()));
        s += "] {";
        for (int k = 0; k < n.n_attrs; ++k) s += " " + std::to_string(g.attr(n, k));
        s += " }\n";
    }
    for (int i = 0; i < g.n_outputs; ++i) s += "output %" + std::to_string(g.outputs[i]) + "\n";
    return s;
}

// What the program of one random Graph gets wrong; -1 where the Graph is none.
double error_of(unsigned seed, bool show = false) {
    random_graph r(seed);
    const int kind = r.below(4) % 3;
    const index bound = 8, batch = kind == 2 ? 1 + r.below(8) : 1 + r.below(6), other = 1 + r.below(6);
    if (show) std::printf("kind %d, %lld %lld\n", kind, static_cast<long long>(batch), static_cast<long long>(other));
    const bool strided = kind != 2 && r.chance(30);
    r.strided = strided;
    r.make(kind, bound, batch, other);
    if (r.g.error.what != e::mistake::none || !r.pad()) return -1;
    const e::graph_view g = r.view();
    if (show) std::puts(text_of(g).c_str());
    const std::vector<check::array> expected = check::interpret(g, r.arguments);
    double greatest = 0;
    for (const check::array& a : expected)
        for (const double x : a.at) greatest = std::isfinite(x) ? std::fmax(greatest, std::fabs(x)) : HUGE_VAL;
    if (!(greatest < 1e6)) return -1;

    // Planned as a program is: symbols are bounds or odd numbers, strides of strided arguments too.
    const int n_in = static_cast<int>(r.inputs.size());
    std::vector<index> planned;
    for (int i = 0; i < g.n_symbols; ++i) planned.push_back(g.symbols[i].bound > 0 ? g.symbols[i].bound : 1009 + 2 * i);
    planned.push_back(0);
    std::vector<e::place> outputs;
    for (int i = 0; i < g.n_outputs; ++i) outputs.push_back({e::first_argument_buffer + n_in + i, 0});
    std::vector<e::argument_strides> fake(1100), real(1100);
    std::vector<std::vector<index>> strides;
    for (int i = 0; i < n_in; ++i) {
        std::vector<index> s(8);
        const check::array& a = r.arguments[static_cast<std::size_t>(i)];
        index step = 1 + r.below(3);
        for (int d = a.rank() - 1; d >= 0; --d) s[static_cast<std::size_t>(d)] = step, step *= a.extent(d) + r.below(2);
        strides.push_back(s);
    }
    const std::vector<char>& is_strided = r.is_strided;
    for (int i = 0; i < n_in; ++i)
        if (is_strided[static_cast<std::size_t>(i)]) fake[static_cast<std::size_t>(i)] = {true, odd_strides}, real[static_cast<std::size_t>(i)] = {true, strides[static_cast<std::size_t>(i)].data()};
    e::binding b;
    b.symbols = planned.data(), b.outputs = outputs.data(), b.has_strides = true, b.strides = fake.data();
    const e::scheduler scheduled(g, b);
    const e::schedule_view& s = scheduled.s;
    e::planner planner(g, b, s);
    planner.run();
    if (planner.too_large) return -1;

    // Laid out for what it is run with: again where strides or free symbols are known only then, else as planned.
    check::machine m;
    m.buffers.resize(static_cast<std::size_t>(e::first_argument_buffer + n_in + g.n_outputs));
    for (int i = 0; i < g.n_symbols; ++i) m.symbols.push_back(i < static_cast<int>(r.symbol_values.size()) ? r.symbol_values[static_cast<std::size_t>(i)] : 0);
    m.symbols.push_back(0);
    std::vector<index> offsets(capacity);
    for (int v = 0; v < g.n_values; ++v) offsets[static_cast<std::size_t>(v)] = s.offsets[v];
    e::binding now = b;
    if (kind == 1 || strided) {
        index bytes = 0;
        for (int v = 0; v < g.n_values; ++v)
            if (s.offsets[v] >= 0) offsets[static_cast<std::size_t>(v)] = bytes, bytes += e::align_up(etta::size_of(g.values[v].type) * g.values[v].extents.count(m.symbols.data()) + 64);
        now.symbols = m.symbols.data(), now.strides = real.data();
    }
    for (int i = 0; i < n_in; ++i) {
        const check::array& a = r.arguments[static_cast<std::size_t>(i)];
        for (long k = 0; k < a.count(); ++k) {
            long at = 0;
            const std::vector<long> p = a.place(k);
            if (is_strided[static_cast<std::size_t>(i)])
                for (std::size_t d = 0; d < p.size(); ++d) at += p[d] * static_cast<long>(strides[static_cast<std::size_t>(i)][d]);
            else
                for (std::size_t d = 0; d < p.size(); ++d) at = at * static_cast<long>(r.input_extents[static_cast<std::size_t>(i)].at[d].at(now.symbols)) + p[d];
            m.buffers[static_cast<std::size_t>(e::first_argument_buffer + i)].write(8 * at, 8, a[k]);
        }
    }
    const e::layout l{g, offsets.data(), s.output_number, now};
    for (const e::call& c : planner.calls) {
        std::vector<std::int64_t> words, places;
        l.write(s.kernels[c.source], planner.slots.data + c.slots, c.n_slots, calls_writer{words, places});
        const e::distinct_kernel& k = planner.kernels[c.kernel];
        std::vector<std::string> names;
        for (int i = 0; i < k.n_ops; ++i)
            for (int n = 0; n < g.n_nodes; ++n)
                if (g.nodes[n].op->id == planner.ops[k.ops + i]) {
                    names.push_back(std::string(g.nodes[n].op->name));
                    break;
                }
        if (show) {
            std::printf("kernel %d: kind %d axes %u members", c.source, static_cast<int>(s.kernels[c.source].kind), s.kernels[c.source].axes);
            for (int n = s.kernels[c.source].first; n >= 0; n = s.next[n]) std::printf(" %%%d%s", g.nodes[n].results, s.stored[g.nodes[n].results] ? "*" : "");
            std::printf("; slots");
            for (int i = 0; i < c.n_slots; ++i) std::printf(" %d:%%%d@%lld", static_cast<int>(planner.slots[c.slots + i].kind), planner.slots[c.slots + i].value, static_cast<long long>(e::offset_of(places[places.size() - static_cast<std::size_t>(c.n_slots - i)])));
            std::puts("");
            for (const std::int64_t w : words) std::printf(" %lld", static_cast<long long>(w));
            std::puts("");
        }
        m.run(std::vector<std::uint64_t>(planner.codes.data + k.code, planner.codes.data + k.code + k.n_code), names, words.data(), places.data());
    }
    double worst = 0;
    for (int i = 0; i < g.n_outputs; ++i) {
        check::array got(expected[static_cast<std::size_t>(i)].extents);
        const etta::shape& to = g.values[g.outputs[i]].extents;
        for (long k = 0; k < got.count(); ++k) {
            const std::vector<long> p = got.place(k);
            long at = 0;  // laid out for the bound
            for (int d = 0; d < to.rank; ++d) at = at * static_cast<long>(to.at[d].at(now.symbols)) + p[static_cast<std::size_t>(d)];
            got[k] = m.buffers[static_cast<std::size_t>(e::first_argument_buffer + n_in + i)].read(at * static_cast<long>(etta::size_of(g.values[g.outputs[i]].type)));
        }
        const double d = check::difference(got, expected[static_cast<std::size_t>(i)]);
        worst = std::fmax(worst, d);
    }
    return worst;
}

}  // namespace

TEST_CASE("random Graphs' bytecode computes what the Graphs mean") {
    unsigned first = 1, count = 1500;
    if (const char* const asked = std::getenv("ETTA_GRAPHS")) std::sscanf(asked, "%u,%u", &first, &count);
    unsigned wrong = 0, graphs = 0;
    for (unsigned seed = first; seed < first + count && wrong < 20; ++seed) {
        std::string what;
        double d = 0;
        try {
            d = error_of(seed);
        } catch (const std::exception& x) {
            what = x.what(), d = HUGE_VAL;
        }
        graphs += d >= 0;
        if (!(d <= 1e-9)) {
            ++wrong;
            if (count == 1) {
                try {
                    error_of(seed, true);
                } catch (const std::exception&) {
                }
            }
            FAIL_CHECK("Graph " << seed << ": " << d << ' ' << what);
        }
    }
    CHECK(graphs > count / 2);
}
