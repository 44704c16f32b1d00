// minimize.hpp: minima of smooth functions of many parameters by their exact gradients: L-BFGS and nonlinear conjugate
// gradients, both with a line search for the strong Wolfe conditions. Nocedal & Wright 2006, "Numerical Optimization",
// algorithms 3.5, 3.6, 5.4 and 7.4. For Σ r² there is least_squares.hpp; train/minimize.hpp has models on whole data sets.
#pragma once

#include "../autodiff/grad.hpp"
#include "../run/call.hpp"

namespace etta {

// Limited-memory BFGS. Names of tolerances, and ftol and gtol's values, are SciPy's minimize(method="L-BFGS-B").
struct LBFGS {
    int max_iterations = 1000;
    int history_size = 10;      // pairs of steps and changes of the gradient: 2 history_size vectors of memory
    double ftol = 2.2e-9;       // a step lowers f by no more than ftol max(|f|, 1); 0: never enough
    double gtol = 1e-5;         // the gradient's largest |element|
    int max_evaluations = 20;   // of one line search
};
// Nonlinear conjugate gradients, Polak–Ribière+: four vectors of memory, more evaluations.
struct ConjugateGradient {
    int max_iterations = 1000;
    double ftol = 2.2e-9;
    double gtol = 1e-5;
    int max_evaluations = 20;
};

// What a minimisation came to. converged: one of the tolerances was met.
struct Descent {
    double value = 0;
    double gradient_norm = 0;  // the largest |element|
    int iterations = 0;        // steps taken
    int evaluations = 0;       // of the function and its gradient
    bool converged = false;
};
template <class Parameters>
struct Minimum : Descent {
    Parameters parameters;
};

namespace _ {

template <class T>
double dot_of(const T* a, const T* b, index n) {
    double s = 0;
    for (index i = 0; i < n; ++i) s += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return s;
}

// A point on a line: how far, the value, the slope there.
struct line_point {
    double at = 0, value = 0, slope = 0;
};
// Where the cubic through two points with their slopes is least; NaN where it is nowhere.
inline double cubic_minimum(const line_point& a, const line_point& b) {
    const double d = a.slope + b.slope - 3 * (a.value - b.value) / (a.at - b.at), root = d * d - a.slope * b.slope;
    const double r = (b.at > a.at ? 1 : -1) * __builtin_sqrt(root);
    return b.at - (b.at - a.at) * (b.slope + r - d) / (b.slope - a.slope + 2 * r);
}

// From x along d: x, f and g become those of a point with f <= f0 + 1e-4 a slope0 and |slope| <= curvature |slope0|; false: none
// was found, and they are as before. evaluate(x, g) gives f, which may be larger by what rounding makes of it.
template <class T, class F>
struct line_search {
    F& evaluate;
    index n;
    heap_elements<T> start, best;
    Descent& log;

    line_search(F& f, index n, Descent& log) : evaluate(f), n(n), start(n), best(n), log(log) {}

    bool operator()(T* x, T* g, const T* d, double& f, double length, double curvature, int most) {
        const line_point origin{0, f, dot_of(g, d, n)};
        const double noise = (sizeof(T) == 4 ? 1.2e-7 : 2.3e-16) * 30 * (f < 0 ? -f : f);  // what rounding makes of f
        if (!(origin.slope < 0)) return false;
        __builtin_memcpy(start.data(), x, static_cast<std::size_t>(n) * sizeof(T));
        __builtin_memcpy(best.data(), g, static_cast<std::size_t>(n) * sizeof(T));
        line_point low = origin, high;  // a minimum lies between them, once there is a high
        bool bracketed = false, finite = true;
        const auto move = [&](double a) {
            for (index i = 0; i < n; ++i) x[i] = start.data()[i] + static_cast<T>(a) * d[i];
        };
        for (int k = 0; k < most; ++k) {
            move(length);
            line_point now{length, evaluate(x, g), 0};
            ++log.evaluations;
            now.slope = dot_of(g, d, n);
            const bool good = now.value - now.value == 0 && now.slope - now.slope == 0;
            if (!good || now.value > origin.value + 1e-4 * length * origin.slope + noise || now.value > low.value + noise) {
                high = now, bracketed = true, finite = good;
            } else {
                if ((now.slope < 0 ? -now.slope : now.slope) <= -curvature * origin.slope) return f = now.value, true;
                if (bracketed ? now.slope * (high.at - low.at) >= 0 : now.slope >= 0) high = low, bracketed = true, finite = true;
                const line_point before = low;
                low = now;
                __builtin_memcpy(best.data(), g, static_cast<std::size_t>(n) * sizeof(T));
                if (!bracketed) {  // on, by 2 to 10 times
                    const double c = cubic_minimum(before, low);
                    length = c > 2 * low.at ? (c < 10 * low.at ? c : 10 * low.at) : 2 * low.at;
                    continue;
                }
            }
            const double width = high.at - low.at, rise = high.value - low.value;
            const bool flat = (rise < 0 ? -rise : rise) <= noise;  // values that rounding made say nothing: slopes still do (Hager & Zhang 2005)
            const double c = !finite ? low.at + 0.5 * width : flat ? low.at - low.slope * width / (high.slope - low.slope) : cubic_minimum(low, high), part = (c - low.at) / width;
            length = low.at + width * (part >= 0.1 ? (part <= 0.9 ? part : 0.9) : part < 0.1 ? 0.1 : 0.5);
            if (length == low.at) break;
        }
        f = low.value;  // a lower point at least, if there was one, or a flatter one as low
        move(low.at);
        __builtin_memcpy(g, best.data(), static_cast<std::size_t>(n) * sizeof(T));
        return low.at > 0 && (low.value < origin.value || (low.value <= origin.value + noise && (low.slope < 0 ? -low.slope : low.slope) < -origin.slope));
    }
};

// L-BFGS's direction from pairs s = x' - x, y = g' - g (two-loop recursion).
template <class T>
struct quasi_newton {
    index n;
    int room, pairs = 0, next = 0;
    heap_elements<T> s, y;
    heap_elements<double> rho, alpha;

    quasi_newton(index n, int room) : n(n), room(room), s(n * room), y(n * room), rho(room), alpha(room) {}
    T* step(int k) { return s.data() + (next - 1 - k + 2 * room) % room * n; }
    T* change(int k) { return y.data() + (next - 1 - k + 2 * room) % room * n; }
    double& factor(heap_elements<double>& of, int k) { return of.data()[(next - 1 - k + 2 * room) % room]; }
    // x and g now, and as they were.
    void add(const T* x, const T* g, const T* old_x, const T* old_g) {
        T *const ds = s.data() + next * n, *const dy = y.data() + next * n;
        for (index i = 0; i < n; ++i) ds[i] = x[i] - old_x[i], dy[i] = g[i] - old_g[i];
        const double sy = dot_of(ds, dy, n);
        if (!(sy > 1e-10 * __builtin_sqrt(dot_of(ds, ds, n) * dot_of(dy, dy, n)))) return;  // no curvature was seen
        rho.data()[next] = 1 / sy;
        next = (next + 1) % room;
        if (pairs < room) ++pairs;
    }
    void direction(const T* g, T* d) {
        for (index i = 0; i < n; ++i) d[i] = -g[i];
        for (int k = 0; k < pairs; ++k) {
            const double a = factor(alpha, k) = factor(rho, k) * dot_of(step(k), d, n);
            for (index i = 0; i < n; ++i) d[i] -= static_cast<T>(a) * change(k)[i];
        }
        if (pairs > 0) {
            const double scale = 1 / (factor(rho, 0) * dot_of(change(0), change(0), n));
            for (index i = 0; i < n; ++i) d[i] *= static_cast<T>(scale);
        }
        for (int k = pairs - 1; k >= 0; --k) {
            const double b = factor(alpha, k) - factor(rho, k) * dot_of(change(k), d, n);
            for (index i = 0; i < n; ++i) d[i] += static_cast<T>(b) * step(k)[i];
        }
    }
};

// x becomes the minimum. evaluate(x, g): f, and its gradient at g.
template <class Options, class T, class F>
Descent descend(const Options& o, T* x, index n, F evaluate) {
    constexpr bool newton = requires { o.history_size; };
    Descent r;
    if constexpr (newton)
        if (o.history_size < 1) fail<>("minimize: the history holds at least one pair");
    int memory = 1;
    if constexpr (newton) memory = o.history_size;
    heap_elements<T> g(n), d(n), old_x(n), old_g(n);
    const auto copy = [n](heap_elements<T>& to, const T* from) { __builtin_memcpy(to.data(), from, static_cast<std::size_t>(n) * sizeof(T)); };
    quasi_newton<T> h(newton ? n : 0, memory);
    line_search<T, F> search(evaluate, n, r);
    double f = evaluate(x, g.data()), last_slope = 0, length = 1;
    r.evaluations = 1;
    double squares = dot_of(g.data(), g.data(), n);
    if (!(f - f == 0 && squares - squares == 0)) fail<>("minimize: at the start the function or its gradient is not finite");
    const auto arrive = [&] {
        r.value = f, r.gradient_norm = 0;
        for (index i = 0; i < n; ++i) {
            const double e = static_cast<double>(g.data()[i] < 0 ? -g.data()[i] : g.data()[i]);
            if (e > r.gradient_norm) r.gradient_norm = e;
        }
        return r.gradient_norm <= o.gtol;
    };
    bool fresh = true;  // the direction is the steepest
    r.converged = arrive();
    while (!r.converged && r.iterations < o.max_iterations) {
        if (fresh) {
            for (index i = 0; i < n; ++i) d.data()[i] = -g.data()[i];
            length = 1 / __builtin_sqrt(dot_of(g.data(), g.data(), n));
            if (length > 1 && newton) length = 1;
        } else if constexpr (newton) {
            h.direction(g.data(), d.data());
            length = 1;
        } else {
            const double now = dot_of(g.data(), g.data(), n);
            double beta = (now - dot_of(g.data(), old_g.data(), n)) / squares;
            if (!(beta > 0)) beta = 0;
            for (index i = 0; i < n; ++i) d.data()[i] = static_cast<T>(beta) * d.data()[i] - g.data()[i];
        }
        const double slope = dot_of(g.data(), d.data(), n);
        if (!newton && !fresh && slope < 0) length *= last_slope / slope;  // as much as the last step promised
        copy(old_x, x), copy(old_g, g.data());
        squares = dot_of(g.data(), g.data(), n);
        const double before = f;
        if (!search(x, g.data(), d.data(), f, length, newton ? 0.9 : 0.1, o.max_evaluations)) {
            copy(g, old_g.data());
            f = before;
            __builtin_memcpy(x, old_x.data(), static_cast<std::size_t>(n) * sizeof(T));
            if (fresh) break;  // not even downhill
            fresh = true, h.pairs = 0;
            continue;
        }
        ++r.iterations;
        fresh = false;
        if constexpr (newton) {
            h.add(x, g.data(), old_x.data(), old_g.data());
        } else {
            double moved = 0;
            for (index i = 0; i < n; ++i) moved += static_cast<double>(x[i] - old_x.data()[i]) * static_cast<double>(x[i] - old_x.data()[i]);
            length = __builtin_sqrt(moved / dot_of(d.data(), d.data(), n)), last_slope = slope;
        }
        const double size = before < 0 ? -before : before;
        r.converged = arrive() || (o.ftol > 0 && before - f <= o.ftol * (size > 1 ? size : 1));
    }
    return r;
}

}  // namespace _

// minimize(LBFGS{}, f, start, data…): f(θ, data…) is a captureless callable as for grad whose result is one number; start: a
// tensor of float or double of static extents. Data: tensors, views and numbers, extents static or dyn.
//
//     auto best = etta::minimize(etta::LBFGS{}, f, etta::Tensor<double, 2>{-1.2, 1});   // best.parameters, best.value
//
// A value or gradient that is not finite at the start is an error (etta::Error); later, a shorter step is tried. A minimum is a
// local one. If no step lowers f, it ends with converged = false at the best point.
template <class Options, class F, class T, std::size_t... N, class S, class... Data>
    requires(requires(Options o) { o.max_iterations, o.gtol; })
Minimum<Tensor<T, N...>> minimize(const Options& options, const F&, const basic_tensor<T, extents<N...>, S>& start, const Data&... data) {
    static_assert(std::is_floating_point_v<T>, "etta: minimize: the parameters are float or double");
    static_assert(((N != dyn) && ...), "etta: minimize: the number of parameters is static");
    static_assert(std::is_empty_v<F>, "etta: minimize: the function cannot capture: pass what it needs as data");
    Minimum<Tensor<T, N...>> r;
    r.parameters = start;
    constexpr index n = static_cast<index>((std::size_t{1} * ... * N));
    if constexpr (std::is_empty_v<F>) {
        Tensor<T, N...> at;
        static_cast<Descent&>(r) = _::descend(options, r.parameters.data(), n, [&](const T* x, T* g) {
            __builtin_memcpy(at.data(), x, static_cast<std::size_t>(n) * sizeof(T));
            const auto [value, gradient] = value_and_grad<0>(F{})(at, data...);
            __builtin_memcpy(g, gradient.data(), static_cast<std::size_t>(n) * sizeof(T));
            return static_cast<double>(value);
        });
    }
    return r;
}

}  // namespace etta
