// extents.hpp: how shapes are written in types (mdspan's convention) and carried as values (in the Graph). A type lists
// static extents or etta::dyn; a value adds symbols, so that one Graph serves every batch size up to its bound.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dtype.hpp"

namespace etta {

// An extent known only at run time (the value of std::dynamic_extent).
inline constexpr std::size_t dyn = static_cast<std::size_t>(-1);

inline constexpr int max_rank = 8;

struct all_t {
    template <class X, class... Axes>
    constexpr auto operator()(const X& x, Axes... axes) const;  // all(mask, axis<1>): op/statistics.hpp
};
inline constexpr all_t all{};  // a whole axis, in t(0, all)

// A shape as a type: extents<64, dyn, 3>.
template <std::size_t... E>
struct extents {
    static constexpr int rank = sizeof...(E);
    static constexpr std::size_t value[sizeof...(E) + 1] = {E..., 0};
    static constexpr int dynamic_rank = (0 + ... + (E == dyn ? 1 : 0));
    static constexpr index static_size = (index{1} * ... * (E == dyn ? index{1} : static_cast<index>(E)));
};

// One extent as a value: a constant, or coefficient * symbol + constant with the symbol bound once per run. Packed into
// one word because graphs hold many and constant evaluation pays by the word.
struct extent {
    // extent{} is 0; without an initialiser here an array of them is zeroed without a call for each.
#if defined(__CUDACC__)  // nvcc's front end takes such an array for one that was never initialised
    std::int64_t code = 0;
#else
    std::int64_t code;
#endif

    constexpr extent() = default;
    constexpr extent(index n) : code(n) {}
    static constexpr extent of_symbol(int symbol, index coefficient = 1, index constant = 0) {
        extent e;
        e.code = static_cast<std::int64_t>(0x8000000000000000ull | (static_cast<std::uint64_t>(symbol) << 56) |
                                           (static_cast<std::uint64_t>(coefficient) << 28) |
                                           static_cast<std::uint64_t>(constant + (1 << 27)));
        return e;
    }
    constexpr bool is_static() const { return code >= 0; }
    constexpr bool is_symbol() const { return code < 0 && (code & 0xffffffffffffff) == (1 << 28 | 1 << 27); }  // 1 * symbol + 0
    constexpr int symbol() const { return is_static() ? -1 : static_cast<int>((code >> 56) & 0x7f); }
    constexpr index coefficient() const { return is_static() ? 0 : static_cast<index>((code >> 28) & 0xfffffff); }
    constexpr index constant() const {
        return is_static() ? static_cast<index>(code) : static_cast<index>(code & 0xfffffff) - (1 << 27);
    }
    // The value, given what each symbol is bound to.
    constexpr index at(const index* symbols) const {
        return static_cast<index>(code >= 0 ? code : ((code >> 28) & 0xfffffff) * symbols[(code >> 56) & 0x7f] + (code & 0xfffffff) - (1 << 27));
    }
    constexpr bool is(index n) const { return code == n; }
    constexpr extent times(index n) const {
        return is_static() ? extent(code * n) : of_symbol(symbol(), coefficient() * n, constant() * n);
    }
    friend constexpr bool operator==(extent a, extent b) { return a.code == b.code; }
};

// A shape as a value.
struct shape {
    int rank = 0;
    extent at[max_rank] = {};

    constexpr shape() = default;
    template <class... E>
        requires(sizeof...(E) > 0)
    constexpr explicit shape(E... e) : rank(sizeof...(E)), at{extent(e)...} {}

    constexpr extent& operator[](int i) { return at[i < 0 ? i + rank : i]; }
    constexpr extent operator[](int i) const { return at[i < 0 ? i + rank : i]; }
    constexpr void push(extent e) { at[rank++] = e; }
    friend constexpr bool operator==(const shape& a, const shape& b) {
        if (a.rank != b.rank) return false;
        for (int i = 0; i < a.rank; ++i)
            if (a.at[i].code != b.at[i].code) return false;
        return true;
    }
    constexpr bool is_static() const {
        for (int i = 0; i < rank; ++i)
            if (!at[i].is_static()) return false;
        return true;
    }
    constexpr index count(const index* symbols) const {
        index n = 1;
        for (int i = 0; i < rank; ++i) n *= at[i].at(symbols);
        return n;
    }
};

// The shape `a op b` has by NumPy's rules, or rank -1 when they do not broadcast. Only a static 1 broadcasts.
constexpr shape broadcast_shapes(const shape& a, const shape& b) {
    shape r;
    r.rank = a.rank > b.rank ? a.rank : b.rank;
    for (int i = 1; i <= r.rank; ++i) {
        const extent x = i <= a.rank ? a.at[a.rank - i] : extent(1);
        const extent y = i <= b.rank ? b.at[b.rank - i] : extent(1);
        if (x == y || y.is(1)) r.at[r.rank - i] = x;
        else if (x.is(1)) r.at[r.rank - i] = y;
        else return r.rank = -1, r;
    }
    return r;
}

}  // namespace etta
