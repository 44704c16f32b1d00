// least_squares.hpp: parameters of a model fitted to data, min ½ Σ r_i(θ)², by Levenberg–Marquardt on the exact Jacobian.
// Moré's scaling (1978, "The Levenberg-Marquardt algorithm: implementation and theory") with Nielsen's damping (1999,
// "Damping parameter in Marquardt's method").
#pragma once

#include "../linalg/qr.hpp"
#include "../run/call.hpp"

namespace etta {

// When to stop. Names, defaults and meanings are those of SciPy's least_squares(method="lm"): all are relative. A tolerance
// below the element type's precision counts as that.
struct LevenbergMarquardt {
    int max_iterations = 100;  // trial steps, taken or not
    double ftol = 1e-8;        // a step lowers the cost by less than ftol * cost, as foreseen
    double xtol = 1e-8;        // a step is shorter than xtol * (xtol + |parameters|)
    double gtol = 1e-8;        // |cosine| of the angle between the residuals and any column of the Jacobian
    double damping = 1e-3;     // at the start: larger is more careful; 0: Gauss–Newton steps, damped once one does not lower the cost
};

template <class T, std::size_t N>
struct Fit {
    Tensor<T, N> parameters;
    T cost = 0;           // half the sum of the squared residuals
    T gradient_norm = 0;  // the largest |element| of Jᵀ r
    int iterations = 0;   // trial steps
    bool converged = false;
};

namespace _ {

// What a point tells: the cost, the gradient Jᵀ r, and J = Q R as R and Qᵀ r. One program; the residual stands in it once.
template <class F>
struct least_squares_point {
    template <class... Data>
    constexpr auto operator()(var theta, Data... data) const {
        const auto flat = [](auto... x) constexpr {
            const var r = F{}(x...);
            return r.rank() == 1 ? r : r.rank() == 0 ? reshape<1>(r) : reshape<-1>(r);
        };
        const var r = flat(theta, data...), j = jacobian(flat)(theta, data...);
        const auto [q, upper] = qr(j);
        return make_results(0.5 * sum(square(r)), matmul(r, j), upper, matmul(r, q));
    }
};
// The p that makes |R p + z|² + |diag(d) p|² least: QR again, of the small [R; diag(d)]. Not the normal equations, which
// square the condition: parameters of very different effect are the rule in fitting.
struct damped_step {
    constexpr auto operator()(var upper, var z, var d) const { return lstsq(concat<0>(upper, diag(d)), concat<0>(-z, zeros_like(d))); }
};

template <class T>
constexpr T largest(T a, T b) { return a < b ? b : a; }
template <class T>
constexpr T magnitude(T a) { return a < 0 ? -a : a; }

}  // namespace _

// least_squares(residual, start, data…): residual(θ, data…) is a captureless callable as for grad; its values, of any
// shape, are the r_i. start: Tensor<T, n>, T float or double. Data: tensors, views and numbers, extents static or dyn.
//
// - Each iteration costs one residual, one Jacobian and one QR: 4 m n² beside the residual's derivatives.
// - Residuals or derivatives that are not finite at the start are an error (etta::Error). Later such a step is not taken and
//   a shorter one tried; if none is left, the fit ends at the last good point with converged = false.
// - Parameters without effect, or with the same effect as others, are no error: damping picks the step that moves them
//   least, so the first stay where they started.
// - Fewer residuals than parameters likewise where the number is static; with dyn data it is an error.
template <class F, class T, std::size_t N, class S, class... Data>
Fit<T, N> least_squares(const LevenbergMarquardt& options, const F&, const basic_tensor<T, extents<N>, S>& start, const Data&... data) {
    static_assert(std::is_floating_point_v<T>, "etta: least_squares: the parameters are float or double");
    static_assert(N != dyn && N > 0, "etta: least_squares: the number of parameters is static");
    static_assert(std::is_empty_v<F>, "etta: least_squares: the residual cannot capture: pass what it needs as data");
    using _::largest, _::magnitude;
    constexpr index n = static_cast<index>(N);
    const T eps = std::is_same_v<T, float> ? T(1.2e-7) : T(2.3e-16);
    const T ftol = largest(T(options.ftol), eps), xtol = largest(T(options.xtol), eps), gtol = largest(T(options.gtol), eps);

    Fit<T, N> fit;
    for (index k = 0; k < n; ++k) fit.parameters[k] = start[k];
    const auto look = [&](const Tensor<T, N>& theta) { return call(_::least_squares_point<F>{}, theta, data...); };
    const auto usable = [](const auto& p) {  // R is finite only if the Jacobian is
        const auto& [cost, g, upper, z] = p;
        T total = cost;
        for (index i = 0; i < upper.size(); ++i) total += upper.data()[i] * T(0);
        return total - total == 0;
    };
    auto at = look(fit.parameters);
    if (!usable(at)) fail<>("least_squares: at the start a residual or a derivative is not finite, or dyn data hold fewer residuals than there are parameters");

    Tensor<T, N> scale, damped, trial;
    T mu = T(options.damping), growth = 2;
    const auto arrive = [&] {  // takes down what the point tells; is it a minimum?
        const auto& [cost, g, upper, z] = at;
        const T r = T(__builtin_sqrt(2 * cost));
        bool flat = true;
        fit.cost = cost, fit.gradient_norm = 0;
        for (index k = 0; k < n; ++k) {
            T column = 0;
            for (index i = 0; i < upper.extent(0); ++i) column += upper(i, k) * upper(i, k);
            column = T(__builtin_sqrt(column));
            scale[k] = largest(scale[k], column);  // Moré: the longest that this column of the Jacobian has been
            fit.gradient_norm = largest(fit.gradient_norm, magnitude(g[k]));
            flat = flat && magnitude(g[k]) <= gtol * column * r;
        }
        fit.converged = flat;
    };
    arrive();
    while (!fit.converged && fit.iterations < options.max_iterations) {
        ++fit.iterations;
        const auto& [cost, g, upper, z] = at;
        for (index k = 0; k < n; ++k) damped[k] = (scale[k] > 0 ? scale[k] : T(1)) * T(__builtin_sqrt(mu));
        const Tensor<T, N> p = call(_::damped_step{}, upper, z, damped);
        T foreseen = 0, step = 0, length = 0;  // foreseen: by how much the linear model says that the cost falls
        for (index i = 0; i < upper.extent(0); ++i) {
            T s = 0;
            for (index k = 0; k < n; ++k) s += upper(i, k) * p[k];
            foreseen += s * s / 2;
        }
        for (index k = 0; k < n; ++k) {
            foreseen += damped[k] * damped[k] * p[k] * p[k];
            step += p[k] * p[k], length += fit.parameters[k] * fit.parameters[k];
            trial[k] = fit.parameters[k] + p[k];
        }
        auto next = look(trial);
        const bool good = usable(next), is_short = T(__builtin_sqrt(step)) <= xtol * (xtol + T(__builtin_sqrt(length)));
        const T gain = good ? cost - get<0>(next) : T(-1), ratio = foreseen > 0 ? gain / foreseen : T(-1);
        const bool done = good && (is_short || (gain >= 0 && gain <= ftol * cost && ratio > T(0.25)));
        if (gain > 0) {
            const T c = 2 * ratio - 1;
            mu *= largest(T(1) / 3, 1 - c * c * c), growth = 2;
            fit.parameters = trial;
            at = std::move(next);
            arrive();
        } else {
            mu = mu > 0 ? mu * growth : T(1e-3), growth *= 2;
        }
        fit.converged = fit.converged || done;
        if (is_short || !(mu < T(1e30))) break;
    }
    return fit;
}
template <class F, class T, std::size_t N, class S, class... Data>
Fit<T, N> least_squares(const F& residual, const basic_tensor<T, extents<N>, S>& start, const Data&... data) {
    return least_squares(LevenbergMarquardt{}, residual, start, data...);
}

}  // namespace etta
