// operand.hpp: what a library kernel is called with, read back from the call's words: every operand and result as a
// pointer with extents and strides, then the attributes. (compile/plan.hpp writes them.)
#pragma once

#include "../../compile/abi.hpp"

namespace etta::_ {

template <class T>
struct typed_operand {
    T* data = nullptr;
    int rank = 0;
    index extent[max_rank] = {};
    index stride[max_rank] = {};  // in elements

    index count() const {
        index n = 1;
        for (int i = 0; i < rank; ++i) n *= extent[i];
        return n;
    }
};

struct library_reader {
    const std::int64_t* at;
    const context& ctx;

    template <class T>
    typed_operand<T> operand() {
        typed_operand<T> r;
        r.data = reinterpret_cast<T*>(ctx.address(at[0]));
        r.rank = static_cast<int>(at[1]);
        at += 2;
        for (int i = 0; i < r.rank; ++i, at += 2) r.extent[i] = ctx.value(at[0]), r.stride[i] = static_cast<index>(at[1]);
        return r;
    }
    index attribute() { return static_cast<index>(*at++); }
};

}  // namespace etta::_
