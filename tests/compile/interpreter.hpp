// interpreter.hpp: what a Graph means, computed node by node in double, at run time, with nothing of fusion, schedule,
// plan or kernels: the reference that programs are compared with. An op it does not know is an error.
#pragma once

#include <etta/ir/graph.hpp>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace check {

// Row-major elements of any dtype as doubles; truth values are 0 and 1.
struct array {
    std::vector<long> extents;
    std::vector<double> at;

    array() = default;
    explicit array(std::vector<long> e) : extents(static_cast<std::vector<long>&&>(e)), at(static_cast<std::size_t>(count())) {}
    long count() const {
        long n = 1;
        for (const long e : extents) n *= e;
        return n;
    }
    int rank() const { return static_cast<int>(extents.size()); }
    long extent(int i) const { return extents[static_cast<std::size_t>(i)]; }
    double& operator[](long i) { return at[static_cast<std::size_t>(i)]; }
    double operator[](long i) const { return at[static_cast<std::size_t>(i)]; }
    // Element number i's index along each axis, and back.
    std::vector<long> place(long i) const {
        std::vector<long> p(extents.size());
        for (std::size_t d = extents.size(); d-- > 0; i /= extents[d]) p[d] = i % extents[d];
        return p;
    }
    long number(const std::vector<long>& p) const {
        long n = 0;
        for (std::size_t d = 0; d < extents.size(); ++d) n = n * extents[d] + p[d];
        return n;
    }
};

class interpreter {
public:
    // One array per argument, in the order of their ordinals.
    interpreter(const etta::_::graph_view& graph, const std::vector<array>& arguments) : g(graph), inputs(arguments) {
        for (int i = 0; i < g.n_symbols; ++i) symbols.push_back(-1);
        for (int v = 0; v < g.n_values; ++v)
            if (g.of(v).op->name == "input") bind(v);
        for (int again = 0; again < g.n_symbols; ++again)  // what a trace found to be equal
            for (int i = 0; i < g.n_symbols; ++i)
                if (const etta::extent e = g.symbols[i].equals; symbols[static_cast<std::size_t>(i)] < 0)
                    symbols[static_cast<std::size_t>(i)] = e.is_static() ? static_cast<etta::index>(e.code) : symbols[static_cast<std::size_t>(e.symbol())];
        for (int i = 0; i < g.n_nodes; ++i) values.push_back(evaluate(g.nodes[i]));
    }
    array output(int i) const { return values[static_cast<std::size_t>(g.values[g.outputs[i]].node)]; }
    array value_of_node(int i) const { return values[static_cast<std::size_t>(i)]; }

    // The value of an element-wise op.
    static double element(const std::string& name, const double* x, etta::dtype type) {
        const double a = x[0], b = x[1], c = x[2];
        if (name == "add") return a + b;
        if (name == "subtract") return a - b;
        if (name == "multiply") return a * b;
        if (name == "divide" || name == "portion") return a / b;
        if (name == "negate") return -a;
        if (name == "equal") return a == b;
        if (name == "not_equal") return a != b;
        if (name == "less") return a < b;
        if (name == "less_equal") return a <= b;
        if (name == "logical_and") return a != 0 && b != 0;
        if (name == "logical_or") return a != 0 || b != 0;
        if (name == "logical_xor") return (a != 0) != (b != 0);
        if (name == "logical_not") return a == 0;
        if (name == "where") return a != 0 ? b : c;
        if (name == "copy" || name == "stop_gradient") return a;
        if (name == "cast") return type == etta::dtype::boolean ? a != 0 : etta::is_floating(type) ? a : std::trunc(a);
        if (name == "maximum") return std::fmax(a, b);
        if (name == "minimum") return std::fmin(a, b);
        if (name == "clamp") return std::fmin(std::fmax(a, b), c);
        if (name == "pow") return std::pow(a, b);
        if (name == "atan2") return std::atan2(a, b);
        if (name == "hypot") return std::hypot(a, b);
        if (name == "relu") return a > 0 ? a : 0;
        if (name == "sigmoid") return 1 / (1 + std::exp(-a));
        if (name == "softplus") return a > 0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a));
        if (name == "sin") return std::sin(a);
        if (name == "cos") return std::cos(a);
        if (name == "tan") return std::tan(a);
        if (name == "tanh") return std::tanh(a);
        if (name == "atan") return std::atan(a);
        if (name == "sinh") return std::sinh(a);
        if (name == "cosh") return std::cosh(a);
        if (name == "asinh") return std::asinh(a);
        if (name == "abs") return std::fabs(a);
        if (name == "sign") return a > 0 ? 1 : a < 0 ? -1 : 0;
        if (name == "floor") return std::floor(a);
        if (name == "ceil") return std::ceil(a);
        if (name == "round") return std::nearbyint(a);
        if (name == "trunc") return std::trunc(a);
        if (name == "square") return a * a;
        if (name == "sqrt") return std::sqrt(a);
        if (name == "rsqrt") return 1 / std::sqrt(a);
        if (name == "reciprocal") return 1 / a;
        if (name == "exp") return std::exp(a);
        if (name == "exp2") return std::exp2(a);
        if (name == "expm1") return std::expm1(a);
        if (name == "log") return std::log(a);
        if (name == "log1p") return std::log1p(a);
        if (name == "erf") return std::erf(a);
        throw std::runtime_error("interpreter: unknown element-wise op " + name);
    }

    // x laid into y: attributes (start, step) per axis.
    static void place(const array& x, const std::int64_t* start_step, array& y) {
        for (long i = 0; i < x.count(); ++i) {
            std::vector<long> p = x.place(i);
            for (std::size_t d = 0; d < p.size(); ++d) p[d] = static_cast<long>(start_step[2 * d]) + p[d] * static_cast<long>(start_step[2 * d + 1]);
            y[y.number(p)] = x[i];
        }
    }

    static void scan(const array& x, std::size_t axis, bool reverse, array& y) {
        const long n = x.extents[axis];
        for (long i = 0; i < x.count(); ++i) {
            std::vector<long> p = x.place(i);
            const long at = p[axis];
            double sum = 0;
            for (long k = reverse ? at : 0; k < (reverse ? n : at + 1); ++k) p[axis] = k, sum += x[x.number(p)];
            y[i] = sum;
        }
    }

    // f(index in x, in w, in y) for every product of a convolution, its window as the op's attributes have it.
    template <class F>
    static void convolve(const array& x, const array& w, const array& y, const std::int64_t* a, const F& f) {
        const long channels = w.extent(1), per_group = w.extent(0) / static_cast<long>(a[6]);
        for (long i = 0; i < y.count(); ++i) {
            const std::vector<long> at = y.place(i);
            for (long k = 0; k < channels * w.extent(2) * w.extent(3); ++k) {
                const long c = k / (w.extent(2) * w.extent(3)), p = k / w.extent(3) % w.extent(2), q = k % w.extent(3);
                const long h = at[2] * static_cast<long>(a[0]) + p * static_cast<long>(a[4]) - static_cast<long>(a[2]), v = at[3] * static_cast<long>(a[1]) + q * static_cast<long>(a[5]) - static_cast<long>(a[3]);
                if (h >= 0 && h < x.extent(2) && v >= 0 && v < x.extent(3)) f(x.number({at[0], at[1] / per_group * channels + c, h, v}), w.number({at[1], c, p, q}), i);
            }
        }
    }

private:
    etta::_::graph_view g;
    const std::vector<array>& inputs;
    std::vector<etta::index> symbols;
    std::vector<array> values;  // per node

    void bind(int v) {
        const etta::shape& s = g.values[v].extents;
        const std::size_t ordinal = static_cast<std::size_t>(g.attr(g.of(v), 1));
        if (g.attr(g.of(v), 0) != 0) throw std::runtime_error("interpreter: only arguments");
        if (ordinal >= inputs.size()) return;
        for (int d = 0; d < s.rank; ++d)
            if (!s.at[d].is_static() && s.at[d].coefficient() == 1 && s.at[d].constant() == 0)
                symbols[static_cast<std::size_t>(s.at[d].symbol())] = inputs[ordinal].extent(d);
    }
    std::vector<long> extents_of(int v) const {
        std::vector<long> e;
        for (int d = 0; d < g.values[v].extents.rank; ++d) e.push_back(g.values[v].extents.at[d].at(symbols.data()));
        return e;
    }
    const array& arg(const etta::_::node& n, int i) const { return values[static_cast<std::size_t>(g.values[g.arg(n, i)].node)]; }

    array evaluate(const etta::_::node& n) const {
        using etta::_::op_kind;
        const std::string name(n.op->name);
        array y(extents_of(n.results));
        const etta::dtype type = g.values[n.results].type;
        if (name == "input") {
            const std::size_t ordinal = static_cast<std::size_t>(g.attr(n, 1));
            if (ordinal < inputs.size()) y.at = inputs[ordinal].at;
            if (static_cast<long>(y.at.size()) != y.count()) throw std::runtime_error("interpreter: an input of other extents");
        } else if (name == "literal") {
            y[0] = literal(n, type);
        } else if (name == "iota") {
            for (long i = 0; i < y.count(); ++i) y[i] = static_cast<double>(y.place(i)[static_cast<std::size_t>(g.attr(n, 0))]);
        } else if (n.op->kind == op_kind::elementwise) {
            for (long i = 0; i < y.count(); ++i) {
                double x[3] = {};
                for (int k = 0; k < n.n_args; ++k) x[k] = arg(n, k)[i];
                y[i] = element(name, x, type);
            }
        } else if (n.op->kind == op_kind::view) {
            const array& x = arg(n, 0);
            for (long i = 0; i < y.count(); ++i) y[i] = x[viewed(name, n, x, y, i)];
        } else if (n.op->kind == op_kind::reduce) {
            reduce(name, arg(n, 0), y);
        } else if (name == "matmul") {
            product(arg(n, 0), arg(n, 1), y);
        } else if (name == "place") {
            place(arg(n, 0), g.attrs + n.attrs, y);
        } else if (name == "join") {
            for (int k = 0; k < n.n_args; ++k) place(arg(n, k), g.attrs + n.attrs + 2 * static_cast<int>(y.rank()) * k, y);
        } else if (name == "sum_of_products") {  // [S, M, K] x [S, K, N] -> [M, N]
            const array a = arg(n, 0), b = arg(n, 1);
            for (long i = 0; i < y.count(); ++i) {
                const std::vector<long> p = y.place(i);
                for (long s = 0; s < a.extents[0]; ++s)
                    for (long j = 0; j < a.extents[2]; ++j) y[i] += a[a.number({s, p[0], j})] * b[b.number({s, j, p[1]})];
            }
        } else if (name == "conv2d") {
            const array &x = arg(n, 0), &w = arg(n, 1);
            convolve(x, w, y, g.attrs + n.attrs, [&](long i, long k, long j) { y[j] += x[i] * w[k]; });
        } else if (name == "conv2d_grad_input") {
            const array &dy = arg(n, 0), &w = arg(n, 1);
            convolve(y, w, dy, g.attrs + n.attrs, [&](long i, long k, long j) { y[i] += dy[j] * w[k]; });
        } else if (name == "conv2d_grad_weight") {
            const array &x = arg(n, 0), &dy = arg(n, 1);
            convolve(x, y, dy, g.attrs + n.attrs, [&](long i, long k, long j) { y[k] += x[i] * dy[j]; });
        } else if (name == "cumsum") {
            scan(arg(n, 0), static_cast<std::size_t>(g.attr(n, 0)), g.attr(n, 1) != 0, y);
        } else {
            throw std::runtime_error("interpreter: unknown op " + name);
        }
        return y;
    }

    double literal(const etta::_::node& n, etta::dtype type) const {
        if (n.n_attrs == 2) {
            etta::extent e;
            e.code = g.attr(n, 1);
            return static_cast<double>(e.at(symbols.data()));
        }
        const std::int64_t bits = g.attr(n, 0);
        if (type == etta::dtype::f32) return static_cast<double>(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)));
        if (type == etta::dtype::f64) return __builtin_bit_cast(double, bits);
        return static_cast<double>(bits);
    }

    // The number of x's element that element i of the view is.
    long viewed(const std::string& name, const etta::_::node& n, const array& x, const array& y, long i) const {
        if (name == "reshape") return i;
        const std::vector<long> p = y.place(i);
        std::vector<long> q(x.extents.size());
        if (name == "expand") {
            const std::size_t shift = p.size() - q.size();
            for (std::size_t d = 0; d < q.size(); ++d) q[d] = x.extents[d] == 1 ? 0 : p[d + shift];
        } else if (name == "permute") {
            for (std::size_t d = 0; d < p.size(); ++d) q[static_cast<std::size_t>(g.attr(n, static_cast<int>(d)))] = p[d];
        } else if (name == "slice") {
            for (std::size_t d = 0; d < q.size(); ++d)
                q[d] = static_cast<long>(g.attr(n, 2 * static_cast<int>(d))) + p[d] * static_cast<long>(g.attr(n, 2 * static_cast<int>(d) + 1));
            long at = 0;  // a diagonal's step goes past its axis: by the row-major number
            for (std::size_t d = 0; d < q.size(); ++d) at = at * x.extents[d] + q[d];
            return at;
        } else {
            throw std::runtime_error("interpreter: unknown view " + name);
        }
        return x.number(q);
    }

    static void reduce(const std::string& name, const array& x, array& y) {
        const double start = name == "sum" ? 0 : name == "prod" ? 1 : name == "max" ? -HUGE_VAL : name == "min" ? HUGE_VAL : NAN;
        if (std::isnan(start)) throw std::runtime_error("interpreter: unknown reduction " + name);
        for (double& e : y.at) e = start;
        for (long i = 0; i < x.count(); ++i) {
            std::vector<long> p = x.place(i);
            for (std::size_t d = 0; d < p.size(); ++d)
                if (y.extents[d] == 1) p[d] = 0;
            double& e = y[y.number(p)];
            e = name == "sum" ? e + x[i] : name == "prod" ? e * x[i] : name == "max" ? std::fmax(e, x[i]) : std::fmin(e, x[i]);
        }
    }

    // [batch…, M, K] x [batch…, K, N], or [rows…, K] x [K, N].
    static void product(const array& a, const array& b, array& y) {
        const long k = a.extents.back();
        const bool batched = b.rank() == a.rank();
        for (long i = 0; i < y.count(); ++i) {
            std::vector<long> p = y.place(i), pa = p, pb = p;
            if (!batched) pb = {0, p.back()};
            double sum = 0;
            for (long j = 0; j < k; ++j) {
                pa.back() = j, pb[pb.size() - 2] = j;
                sum += a[a.number(pa)] * b[b.number(pb)];
            }
            y[i] = sum;
        }
    }

};

inline std::vector<array> interpret(const etta::_::graph_view& g, const std::vector<array>& arguments) {
    const interpreter run(g, arguments);
    std::vector<array> y;
    for (int i = 0; i < g.n_outputs; ++i) y.push_back(run.output(i));
    return y;
}

// The greatest difference, relative to 1 + the greatest expected element; NaN and other extents are infinitely wrong.
inline double difference(const array& got, const array& expected) {
    if (got.extents != expected.extents) return HUGE_VAL;
    double scale = 1, worst = 0;
    for (const double e : expected.at) scale = std::fmax(scale, std::fabs(e));
    for (long i = 0; i < got.count(); ++i) {
        const double d = std::fabs(got[i] - expected[i]) / scale;
        if (!(d <= worst)) worst = std::isnan(d) ? HUGE_VAL : d;
    }
    return worst;
}

}  // namespace check
