// operand.hpp: what a library kernel is called with, read back from the call's words: every operand and result as a
// pointer with extents and strides, then the attributes. (compile/plan.hpp writes them.)
#pragma once

#include "../../compile/abi.hpp"
#include "../../op/library.hpp"

namespace etta::_ {

template <class T>
struct typed_operand : operand_shape {
    T* data = nullptr;
};

template <class T, class Target>
struct library_reader {
    const std::int64_t* at;
    const context& ctx;

    typed_operand<T> operand() {
        typed_operand<T> r;
        r.data = reinterpret_cast<T*>(read_operand<Target>(at, ctx, r));
        return r;
    }
    index attribute() { return static_cast<index>(*at++); }
};

}  // namespace etta::_
