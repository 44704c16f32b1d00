// dims.hpp: a sample's shape as a run-time value, {28, 28}: what files and data sets have, where programs have constants.
#pragma once

#include <initializer_list>
#include <span>
#include <string>

#include "../core/dtype.hpp"

namespace etta {

// Rank 0 is a single number. More than `max` extents make it invalid (rank -1); whoever takes one checks.
struct dims {
    static constexpr int max = 6;
    int rank = 0;
    index extents[max] = {};

    constexpr dims() = default;
    constexpr dims(std::initializer_list<index> list) : dims(list.begin(), list.size()) {}
    constexpr explicit dims(std::span<const index> list) : dims(list.data(), list.size()) {}

    constexpr index count() const {
        index n = 1;
        for (const index e : *this) n *= e;
        return n;
    }
    constexpr index operator[](int i) const { return extents[i]; }
    constexpr const index* begin() const { return extents; }
    constexpr const index* end() const { return extents + (rank < 0 ? 0 : rank); }

    friend constexpr bool operator==(const dims& a, const dims& b) {
        if (a.rank != b.rank) return false;
        for (int i = 0; i < a.rank; ++i)
            if (a.extents[i] != b.extents[i]) return false;
        return true;
    }
    // Without extents of 1: {1, 28, 28} and {28, 28} hold the same samples.
    constexpr dims squeezed() const {
        dims s;
        for (const index e : *this)
            if (e != 1) s.extents[s.rank++] = e;
        return s;
    }
    // Every extent at least 1, and a product that can be counted.
    constexpr bool valid() const {
        index n = 1;
        for (const index e : *this) {
            if (e < 1 || n > (index{1} << 40) / e) return false;
            n *= e;
        }
        return rank >= 0;
    }
    std::string text() const {
        if (rank < 0) return "more than " + std::to_string(max) + " extents";
        std::string s = "[";
        for (const index& e : *this) s += (&e != begin() ? ", " : "") + std::to_string(e);
        return s + "]";
    }

  private:
    constexpr dims(const index* list, std::size_t n) : rank(n > max ? -1 : static_cast<int>(n)) {
        for (int i = 0; i < rank; ++i) extents[i] = list[i];
    }
};

namespace _ {

// [n], or [n, 1] as Keras gives the labels of CIFAR: one for each.
constexpr bool one_each(std::span<const index> extents) {
    for (std::size_t k = 1; k < extents.size(); ++k)
        if (extents[k] != 1) return false;
    return !extents.empty();
}

}  // namespace _

}  // namespace etta
