// any_view.hpp: a tensor whose type and shape are known only at run time: read-only, contiguous, row-major, not owning. It
// is what data sets and files hand to programs, whose own types are fixed: whoever takes one checks it once, with as<T>()
// and the extents.
#pragma once

#include <cstddef>

#include "dtype.hpp"
#include "error.hpp"
#include "extents.hpp"

namespace etta {

struct any_view {
    const void* data = nullptr;
    dtype type = dtype::none;
    int rank = 0;
    index extents[max_rank] = {};

    constexpr index count() const {
        index n = 1;
        for (int i = 0; i < rank; ++i) n *= extents[i];
        return n;
    }
    constexpr index bytes() const { return count() * size_of(type); }

    // The elements, if they are T's; fails otherwise.
    template <class T, class Target = this_target>
    const T* as() const {
        if (type != dtype_of<T>) {
#if !defined(ETTA_NO_EXCEPTIONS)
            fail<Target>("expected elements of " + std::string(name_of(dtype_of<T>)) + ", found " + std::string(name_of(type)));
#else
            fail<Target>("a view's elements are of another type than expected");
#endif
        }
        return static_cast<const T*>(data);
    }

    // Number i along the first axis, one rank less; rank must not be 0.
    constexpr any_view operator[](index i) const {
        any_view one = *this;
        one.rank = rank - 1;
        for (int k = 0; k < one.rank; ++k) one.extents[k] = extents[k + 1];
        for (int k = one.rank; k < max_rank; ++k) one.extents[k] = 0;
        one.data = static_cast<const std::byte*>(data) + i * one.bytes();
        return one;
    }
};

}  // namespace etta
