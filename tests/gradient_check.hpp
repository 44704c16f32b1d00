// gradient_check.hpp: derivatives against differences. Works on any captureless callable of traced values, e.g.
//
//   CHECK(gradient_error([](auto x, auto w) { return matmul(x, w); }, x, w) < 1e-6);
//
// Whatever the callable returns is summed with weights that no symmetry cancels.
#pragma once

#include <etta/op/shape.hpp>
#include <etta/op/place.hpp>
#include <etta/run/call.hpp>

#include <cmath>

namespace check {

// Σ y w, with weights between 0.3 and 1.7.
template <class Y>
constexpr etta::var weighed(const Y& y) {
    const etta::var flat = etta::flatten<0>(y), w = 1 + 0.7 * etta::sin(1.3 * etta::cast<double>(etta::iota_like<0>(flat)) + 0.5);
    return etta::sum(flat * (flat.type() == etta::dtype::f32 ? etta::var(etta::cast<float>(w)) : w));
}
template <class F>
struct weighed_sum {
    template <class... X>
    constexpr etta::var operator()(const X&... x) const { return weighed(F{}(x...)); }
};
// The weighed sum of all first derivatives: its own derivatives are the second ones.
template <class F, int... I>
struct weighed_gradient {
    template <class... X>
    constexpr etta::var operator()(const X&... x) const {
        const auto g = etta::grad<I...>(weighed_sum<F>{})(x...);
        if constexpr (sizeof...(I) == 1) return weighed(g);
        else return sum_of(g);
    }
    template <class First, class... Rest>
    static constexpr etta::var sum_of(const etta::results<First, Rest...>& r) {
        if constexpr (sizeof...(Rest) == 0) return weighed(r.first);
        else return weighed(r.first) + sum_of(r.rest);
    }
};

inline double worse(double a, double b) { return !(b <= a) ? b : a; }  // NaN is worst

template <class T>
long count(const T& t) {
    if constexpr (requires { t.size(); }) return static_cast<long>(t.size());
    else return 1;
}
template <class T>
decltype(auto) element(T& t, long i) {
    if constexpr (requires { t.data(); }) return (t.data()[i]);
    else return (t);
}

// One program for all that a check needs: the weighed sum, its derivative along the tangents, and its gradients.
template <class F, int... I>
struct derivatives {
    template <class... V>
    constexpr auto operator()(const V&... v) const {  // the arguments, then a tangent of each
        const auto all = etta::_::make_results(v...);
        const auto backward = etta::value_and_grad<I...>(weighed_sum<F>{})(etta::get<I>(all)...);
        const auto forward = etta::jvp(weighed_sum<F>{})(etta::args(etta::get<I>(all)...), etta::args(etta::get<I + int(sizeof...(I))>(all)...));
        return etta::_::make_results(etta::get<0>(backward), etta::get<1>(forward), etta::get<I + 1>(backward)...);
    }
};

// The greatest error, relative to 1 + |derivative|, of reverse mode against differences of fourth order, and of forward
// against reverse mode (<w, J v> = <Jᵀ w, v>).
template <class F, class Sequence>
struct checker;
template <class F, int... I>
struct checker<F, std::integer_sequence<int, I...>> {
    template <class... X>
    static double run(const X&... x) {
        auto inputs = etta::_::make_results(x...), tangents = inputs;
        (fill(etta::get<I>(tangents)), ...);
        const auto call = [&] { return etta::call(derivatives<F, I...>{}, etta::get<I>(inputs)..., etta::get<I>(tangents)...); };
        const auto all = call();
        double error = 0, dot = 0;
        ((error = worse(error, one(etta::get<I>(inputs), etta::get<I + 2>(all), call)), dot += product(etta::get<I + 2>(all), etta::get<I>(tangents))), ...);
        return worse(error, std::abs(etta::get<1>(all) - dot) / (1 + std::abs(dot)));
    }
    template <class X, class D, class Call>
    static double one(X& x, const D& derivatives, const Call& call) {
        double error = 0;
        for (long i = 0; i < count(x); ++i) {
            double& e = element(x, i);
            const double was = e, h = 2e-4 * (1 + std::abs(was));
            const auto at = [&](double d) {
                e = was + d;
                return etta::get<0>(call());
            };
            const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
            e = was;
            error = worse(error, std::abs(element(derivatives, i) - difference) / (1 + std::abs(difference)));
        }
        return error;
    }
    template <class T>
    static void fill(T& t) {
        for (long i = 0; i < count(t); ++i) element(t, i) = std::cos(2.1 * static_cast<double>(i) + 0.4);
    }
    template <class A, class B>
    static double product(const A& a, const B& b) {
        double s = 0;
        for (long i = 0; i < count(b); ++i) s += element(a, i) * element(b, i);
        return s;
    }
};

template <class F, class... X>
double gradient_error(const F&, const X&... x) {
    return checker<F, std::make_integer_sequence<int, static_cast<int>(sizeof...(X))>>::run(x...);
}
template <class F, int... I, class... X>
double second_error(std::integer_sequence<int, I...>, const X&... x) {
    return gradient_error(weighed_gradient<F, I...>{}, x...);
}
// The same for the derivatives of the derivatives.
template <class F, class... X>
double second_derivative_error(const F&, const X&... x) {
    return second_error<F>(std::make_integer_sequence<int, static_cast<int>(sizeof...(X))>{}, x...);
}

}  // namespace check

using check::gradient_error;
using check::second_derivative_error;
