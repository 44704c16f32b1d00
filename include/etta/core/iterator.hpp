// iterator.hpp: walks the elements of a view with strides in row-major order, for range-based for loops and the standard's
// algorithms. A contiguous view's iterators are pointers.
#pragma once

#include <span>

#include "dtype.hpp"

namespace etta {
namespace _ {

template <class T, int Rank>
struct strided_iterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::remove_const_t<T>;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;

    T* element = nullptr;
    index number = 0;  // of the element, in row-major order
    index at[Rank + 1] = {}, extent[Rank + 1] = {}, stride[Rank + 1] = {};

    template <class V>
    static constexpr strided_iterator begin_of(const V& v) {
        strided_iterator i;
        i.element = v.data();
        for (int k = 0; k < Rank; ++k) i.extent[k] = v.extent(k), i.stride[k] = v.stride(k);
        return i;
    }
    template <class V>
    static constexpr strided_iterator end_of(const V& v) {
        strided_iterator i;
        i.number = v.size();
        return i;
    }
    constexpr T& operator*() const { return *element; }
    constexpr T* operator->() const { return element; }
    constexpr strided_iterator& operator++() {
        ++number;
        for (int k = Rank - 1; k >= 0; --k) {
            element += stride[k];
            if (++at[k] < extent[k]) break;
            element -= stride[k] * extent[k];
            at[k] = 0;
        }
        return *this;
    }
    constexpr strided_iterator operator++(int) {
        const strided_iterator was = *this;
        ++*this;
        return was;
    }
    friend constexpr bool operator==(const strided_iterator& a, const strided_iterator& b) { return a.number == b.number; }
};

}  // namespace _
}  // namespace etta
