// results.hpp: several values returned at once, for structured bindings: what value_and_grad, split or top_k give. A plain
// recursive aggregate: it costs less to instantiate than std::tuple, and no std type stands in a public type.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace etta {

// Several results, for structured bindings: auto [value, gradient] = value_and_grad(f)(x).
template <class... T>
struct results;
template <>
struct results<> {};
template <class First, class... Rest>
struct results<First, Rest...> {
    First first;
    results<Rest...> rest;
};
template <std::size_t I, class... T>
constexpr const auto& get(const results<T...>& r) {
    if constexpr (I == 0) return r.first;
    else return get<I - 1>(r.rest);
}
template <std::size_t I, class... T>
constexpr auto& get(results<T...>& r) {
    if constexpr (I == 0) return r.first;
    else return get<I - 1>(r.rest);
}
template <std::size_t I, class... T>
constexpr auto&& get(results<T...>&& r) {
    if constexpr (I == 0) return static_cast<decltype(r.first)&&>(r.first);
    else return get<I - 1>(static_cast<decltype(r.rest)&&>(r.rest));
}

namespace _ {
constexpr results<> make_results() { return {}; }
template <class First, class... Rest>
constexpr results<First, Rest...> make_results(const First& f, const Rest&... r) {
    return {f, make_results(r...)};
}
}  // namespace _

}  // namespace etta

namespace std {
template <class... T>
struct tuple_size<etta::results<T...>> : integral_constant<size_t, sizeof...(T)> {};
template <size_t I, class First, class... Rest>
struct tuple_element<I, etta::results<First, Rest...>> : tuple_element<I - 1, etta::results<Rest...>> {};
template <class First, class... Rest>
struct tuple_element<0, etta::results<First, Rest...>> { using type = First; };
}  // namespace std
