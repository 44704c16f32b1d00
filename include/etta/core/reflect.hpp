// reflect.hpp: the members of a plain struct and their names, without a macro. A network is such a struct; its
// parameters are named by the members' paths, as in PyTorch ("blocks.3.up.weight").
#pragma once

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

namespace etta {
namespace _ {

struct anything {
    template <class T>
    constexpr operator T&() const;
    template <class T>
    constexpr operator T&&() const;
};
template <std::size_t>
using anything_at = anything;

template <class T, class Indices>
inline constexpr bool initialisable = false;
template <class T, std::size_t... I>
    requires requires { T{anything_at<I>{}...}; }
inline constexpr bool initialisable<T, std::index_sequence<I...>> = true;

inline constexpr std::size_t max_members = 40;

// Counted upwards where members may be left out of the braces, as most structs have few; else downwards. More than max_members count
// as one more.
template <class T, std::size_t N>
constexpr std::size_t members_from() {
    if constexpr (N > max_members) return N;
    else if constexpr (initialisable<T, std::make_index_sequence<N + 1>>) return members_from<T, N + 1>();
    else return N;
}
template <class T, std::size_t N>
constexpr std::size_t members_below() {
    if constexpr (N == 0) return 0;
    else if constexpr (initialisable<T, std::make_index_sequence<N>>) return N;
    else return members_below<T, N - 1>();
}
template <class T>
constexpr std::size_t member_count() {
    if constexpr (std::is_empty_v<T>) return 0;
    else if constexpr (initialisable<T, std::index_sequence<>>) return members_from<T, 0>();
    else return members_below<T, max_members + 1>();
}

// Is T made of N members that {} initialises? Not if one is a C array: `anything` fills its elements one by one.
template <class T, std::size_t N>
constexpr bool takes_braces() {
    if constexpr (N == 1) return requires { T{{}}; };
    else if constexpr (N == 2) return requires { T{{}, {}}; };
    else if constexpr (N == 3) return requires { T{{}, {}, {}}; };
    else if constexpr (N == 4) return requires { T{{}, {}, {}, {}}; };
    else if constexpr (N == 5) return requires { T{{}, {}, {}, {}, {}}; };
    else if constexpr (N == 6) return requires { T{{}, {}, {}, {}, {}, {}}; };
    else if constexpr (N == 7) return requires { T{{}, {}, {}, {}, {}, {}, {}}; };
    else if constexpr (N == 8) return requires { T{{}, {}, {}, {}, {}, {}, {}, {}}; };
    else return true;  // many members: the message is the compiler's own
}

// f(all members in order).
template <class T, class F>
constexpr auto with_members(T& t, F&& f) {
    constexpr std::size_t n = member_count<std::remove_cv_t<T>>();
    if constexpr (n == 1) { auto& [a] = t; return f(a); }
    else if constexpr (n == 2) { auto& [a, b] = t; return f(a, b); }
    else if constexpr (n == 3) { auto& [a, b, c] = t; return f(a, b, c); }
    else if constexpr (n == 4) { auto& [a, b, c, d] = t; return f(a, b, c, d); }
    else if constexpr (n == 5) { auto& [a, b, c, d, e] = t; return f(a, b, c, d, e); }
    else if constexpr (n == 6) { auto& [a, b, c, d, e, g] = t; return f(a, b, c, d, e, g); }
    else if constexpr (n == 7) { auto& [a, b, c, d, e, g, h] = t; return f(a, b, c, d, e, g, h); }
    else if constexpr (n == 8) { auto& [a, b, c, d, e, g, h, i] = t; return f(a, b, c, d, e, g, h, i); }
    else if constexpr (n == 9) { auto& [a, b, c, d, e, g, h, i, j] = t; return f(a, b, c, d, e, g, h, i, j); }
    else if constexpr (n == 10) { auto& [a, b, c, d, e, g, h, i, j, k] = t; return f(a, b, c, d, e, g, h, i, j, k); }
    else if constexpr (n == 11) { auto& [a, b, c, d, e, g, h, i, j, k, l] = t; return f(a, b, c, d, e, g, h, i, j, k, l); }
    else if constexpr (n == 12) { auto& [a, b, c, d, e, g, h, i, j, k, l, m] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m); }
    else if constexpr (n == 13) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o); }
    else if constexpr (n == 14) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p); }
    else if constexpr (n == 15) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q); }
    else if constexpr (n == 16) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r); }
    else if constexpr (n == 17) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s); }
    else if constexpr (n == 18) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u); }
    else if constexpr (n == 19) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v); }
    else if constexpr (n == 20) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w); }
    else if constexpr (n == 21) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x); }
    else if constexpr (n == 22) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y); }
    else if constexpr (n == 23) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z); }
    else if constexpr (n == 24) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa); }
    else if constexpr (n == 25) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab); }
    else if constexpr (n == 26) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac); }
    else if constexpr (n == 27) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad); }
    else if constexpr (n == 28) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae); }
    else if constexpr (n == 29) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag); }
    else if constexpr (n == 30) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah); }
    else if constexpr (n == 31) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai); }
    else if constexpr (n == 32) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj); }
    else if constexpr (n == 33) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak); }
    else if constexpr (n == 34) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al); }
    else if constexpr (n == 35) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am); }
    else if constexpr (n == 36) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao); }
    else if constexpr (n == 37) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap); }
    else if constexpr (n == 38) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap, aq] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap, aq); }
    else if constexpr (n == 39) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap, aq, ar] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap, aq, ar); }
    else if constexpr (n == 40) { auto& [a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap, aq, ar, as] = t; return f(a, b, c, d, e, g, h, i, j, k, l, m, o, p, q, r, s, u, v, w, x, y, z, aa, ab, ac, ad, ae, ag, ah, ai, aj, ak, al, am, ao, ap, aq, ar, as); }
    else static_assert(n == 0, "etta: a struct has more than 40 members: put some of them into a struct of their own");
    if constexpr (n == 0) return f();
}

// --- names ---------------------------------------------------------------------------------------------------------
// A pointer to a member of a constant prints with the member's name; the wrapper makes it a legal argument everywhere.
template <class T>
struct pointer_to {
    const T* p;
};
template <class T>
struct printed_store {
    static constexpr T value{};
};
template <auto P>
constexpr auto printed_pointer() {  // with its length, which a constant expression would count; auto: an alias would be explained behind
    return std::string_view(__PRETTY_FUNCTION__, sizeof __PRETTY_FUNCTION__ - 1);
}
// The identifier before ")}" (g++) or "}]" (clang).
constexpr std::string_view last_identifier(std::string_view s) {
    std::size_t end = s.size();
    while (end > 0 && !(s[end - 1] == '}' || s[end - 1] == ')')) --end;
    const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
    while (end > 0 && !word(s[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && word(s[begin - 1])) --begin;
    return s.substr(begin, end - begin);
}

template <std::size_t I, class First, class... Rest>
constexpr auto nth_of(First first, Rest... rest) {
    if constexpr (I == 0) return first;
    else return nth_of<I - 1>(rest...);
}
template <class T, std::size_t I>
constexpr std::string_view member_name() {
    constexpr auto p = with_members(printed_store<T>::value, [](const auto&... m) constexpr { return nth_of<I>(__builtin_addressof(m)...); });
    return last_identifier(printed_pointer<pointer_to<std::remove_cvref_t<decltype(*p)>>{p}>());
}

}  // namespace _
}  // namespace etta
