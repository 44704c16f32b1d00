// named_tensor.hpp: what the readers and writers of tensor files exchange with the rest: a name, a type, a shape, and bytes
// that somebody else owns. No tensor type of ours is involved, so files know nothing of models.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "../core/dtype.hpp"

namespace etta {

// A tensor as bytes with a name. A view: who owns `data` differs.
struct named_tensor {
    std::string name;
    dtype type = dtype::none;    // none: a type that etta does not compute with; `stored` names it
    std::vector<index> shape;    // empty: one number
    const std::byte* data = nullptr;  // row-major, little-endian; in a file that was read, not always aligned
    std::size_t bytes = 0;
    std::string stored = {};     // the file's name for the type, "F32"; needed for writing only if type is none

    index count() const {
        index n = 1;
        for (const index e : shape)
            if (e == 0) return 0;  // first: the others of an empty tensor may be too large to multiply
        for (const index e : shape) n *= e;
        return n;
    }
};

// A tensor, a contiguous view, or a vector (rank 1), which must live as long as what it gives: for writing files.
template <class X>
named_tensor named(std::string name, const X& x) {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(x.data())>>;
    named_tensor t;
    t.name = static_cast<std::string&&>(name);
    t.type = dtype_of<T>;
    if constexpr (requires { x.extent(0); }) {
        if constexpr (requires { X::contiguous; }) static_assert(X::contiguous, "etta: this view has strides: copy it to a tensor first");
        for (int i = 0; i < X::rank; ++i) t.shape.push_back(x.extent(i));
    } else {
        t.shape.push_back(static_cast<index>(x.size()));
    }
    t.data = reinterpret_cast<const std::byte*>(x.data());
    t.bytes = static_cast<std::size_t>(x.size()) * sizeof(T);
    return t;
}

}  // namespace etta
