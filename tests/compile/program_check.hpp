// program_check.hpp: a traced function's program against what its Graph means (interpreter.hpp).
#pragma once

#include "interpreter.hpp"

#include <etta/run/call.hpp>

#include <type_traits>

namespace check {

// Any tensor, view or number.
template <class X>
array to_array(const X& x) {
    if constexpr (std::is_arithmetic_v<X>) {
        array a{std::vector<long>{}};
        a[0] = static_cast<double>(x);
        return a;
    } else if constexpr (requires { x.view(); }) {
        return to_array(x.view());
    } else {
        std::vector<long> e;
        for (int i = 0; i < X::rank; ++i) e.push_back(static_cast<long>(x.extent(i)));
        array a(e);
        for (long i = 0; i < a.count(); ++i) {
            const std::vector<long> p = a.place(i);
            etta::index at = 0;
            for (int d = 0; d < X::rank; ++d) at += p[static_cast<std::size_t>(d)] * x.stride(d);
            a[i] = static_cast<double>(x.data()[at]);
        }
        return a;
    }
}
template <class Y>
void flatten_results(const Y& y, std::vector<array>& out);
template <class Y, std::size_t... I>
void flatten_elements(const Y& y, std::vector<array>& out, std::index_sequence<I...>) {
    using etta::get;
    (flatten_results(get<I>(y), out), ...);
}
template <class Y>
void flatten_results(const Y& y, std::vector<array>& out) {
    if constexpr (etta::_::tuple_like<Y>) flatten_elements(y, out, std::make_index_sequence<std::tuple_size<Y>::value>{});
    else out.push_back(to_array(y));
}

template <class F, class... X>
double program_error(const F& f, const X&... x) {
    using source = etta::_::call_source<F, typename etta::_::leaf_or_tree<X>::type...>;
    const std::vector<array> expected = interpret(etta::_::graph_constant<source>::value.view(), {to_array(x)...});
    std::vector<array> got;
    flatten_results(etta::call(f, x...), got);
    if (got.size() != expected.size()) return HUGE_VAL;
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) worst = std::fmax(worst, difference(got[i], expected[i]));
    return worst;
}

// Elements between -1.5 and 1.5 that no symmetry relates.
template <class T>
T&& filled(T&& t, double seed) {
    for (etta::index i = 0; i < t.size(); ++i) t.data()[i] = static_cast<std::remove_reference_t<decltype(t.data()[0])>>(1.5 * std::sin(seed + 1.7 * static_cast<double>(i) + 0.01 * static_cast<double>(i * i)));
    return static_cast<T&&>(t);
}

}  // namespace check
