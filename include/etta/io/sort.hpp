// sort.hpp: a heapsort, for the few places that sort names or numbers once per file: <algorithm> costs every file that
// includes it more than these sorts take.
#pragma once

#include <cstddef>

namespace etta::_ {

// In place, O(n log n) in the worst case too, not stable.
template <class T, class Less>
constexpr void sort(T* items, std::size_t n, Less less) {
    const auto swap = [](T& a, T& b) {
        T kept = static_cast<T&&>(a);
        a = static_cast<T&&>(b);
        b = static_cast<T&&>(kept);
    };
    const auto sink = [&](std::size_t i, std::size_t end) {
        for (;;) {
            std::size_t child = 2 * i + 1;
            if (child >= end) return;
            if (child + 1 < end && less(items[child], items[child + 1])) ++child;
            if (!less(items[i], items[child])) return;
            swap(items[i], items[child]);
            i = child;
        }
    };
    for (std::size_t i = n / 2; i-- > 0;) sink(i, n);
    for (std::size_t end = n; end > 1; --end) {
        swap(items[0], items[end - 1]);
        sink(0, end - 1);
    }
}

// The first of items[0..n), sorted, that is not less than `key`.
template <class T, class Key, class Less>
constexpr std::size_t lower_bound(const T* items, std::size_t n, const Key& key, Less less) {
    std::size_t begin = 0;
    while (n > 0) {
        const std::size_t half = n / 2;
        if (less(items[begin + half], key)) {
            begin += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return begin;
}

}  // namespace etta::_
