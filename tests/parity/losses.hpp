// losses.hpp: several losses and their gradients in one program, compared with what make_losses.py wrote (or another file of such
// groups: ETTA_LOSSES).
#pragma once

#include "catch.hpp"
#include "recorded.hpp"

#ifndef ETTA_LOSSES
#define ETTA_LOSSES "losses.st"
#endif

using namespace etta;

namespace {

const auto& file() {
    static const auto f = safetensors_file::open(recorded_path(ETTA_LOSSES));
    return f;
}
template <class T, std::size_t... E>
Tensor<T, E...> from_file(const std::string& name) {
    Tensor<T, E...> t;
    const auto v = recorded(file(), name);
    REQUIRE(v.size() == static_cast<std::size_t>(t.size()));
    for (std::size_t i = 0; i < v.size(); ++i) t.data()[i] = static_cast<T>(v[i]);
    return t;
}
Tensor<double, 5, 4> matrix(const std::string& name) { return from_file<double, 5, 4>(name); }

// Values [K] and gradients [K, 5, 4] of K losses of (y, more…), with respect to y.
template <class... F>
struct all_of {
    template <class... X>
    constexpr auto operator()(var y, X... more) const {
        var values, gradients;
        const auto take = [&](auto f) constexpr {
            const auto [value, gradient] = value_and_grad<0>(f)(y, more...);
            const var v = unsqueeze<0>(value), d = unsqueeze<0>(gradient);
            values = values.exists() ? concat<0>(values, v) : v;
            gradients = gradients.exists() ? concat<0>(gradients, d) : d;
        };
        (take(F{}), ...);
        return _::make_results(values, gradients);
    }
};
// In float a value may be off by 1e-5 of itself or of 1, a gradient by 1e-5 of its largest element.
template <class... F, class... X>
void compare_in(const std::string& group, all_of<F...> f, double of_values, double of_gradients, const X&... x) {
    const auto [values, gradients] = call(f, x...);
    REQUIRE(recorded(file(), group + ".values").size() == sizeof...(F));
    for (std::size_t i = 0; i < sizeof...(F); ++i) {
        INFO(group << " " << i << " in " << (of_values > 1e-8 ? "float" : "double"));
        CHECK(double(values.data()[i]) == Approx(recorded(file(), group + ".values")[i]).epsilon(of_values).margin(of_values > 1e-8 ? of_values : 0));
        double worst = 0, largest = 0;
        for (std::size_t k = 20 * i; k < 20 * (i + 1); ++k) {
            const double want = recorded(file(), group + ".gradients")[k];
            worst = std::max(worst, std::abs(double(gradients.data()[k]) - want)), largest = std::max(largest, std::abs(want));
        }
        CHECK(worst < of_gradients * (of_values > 1e-8 ? largest : 1));
    }
}
template <class T, std::size_t... E, class S>
auto in_float(const basic_tensor<T, extents<E...>, S>& x) {
    if constexpr (std::is_same_v<T, double>) return Tensor<float, E...>(cast<float>(x));
    else return x;
}
template <class... F, class... X>
void compare(const std::string& group, all_of<F...> f, const X&... x) {
    compare_in(group, f, 1e-12, 1e-10, x...);
    compare_in(group, f, 1e-5, 1e-5, in_float(x)...);
}
template <class... F>
constexpr all_of<F...> losses(F...) { return {}; }

}  // namespace
