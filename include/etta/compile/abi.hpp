// abi.hpp: what every kernel is called with, and the names under which kernels are instantiated: bytecode and op
// types, nothing else. Equal kernels in any layer and any translation unit are one instantiation.
#pragma once

#include <cstddef>
#include <utility>

#include "plan.hpp"
#include "../core/target.hpp"

namespace etta::_ {

template <std::uint64_t... Words>
struct code {};
template <class... Op>
struct op_list {};

struct program_table;

// One run of a program: where its buffers lie, what its symbols are, which thread this is.
struct context {
    char* const* buffers = nullptr;
    const index* symbols = nullptr;
    int thread = 0, threads = 1;
    const std::int64_t* places = nullptr;  // the call's, one per slot
    const program_table* bodies = nullptr;  // of loops, where they were laid out for this run: per segment

    char* address(std::int64_t slot) const { return buffers[buffer_of(places[slot])] + offset_of(places[slot]); }

    index value(std::int64_t extent_code) const {
        extent e;
        e.code = extent_code;
        return e.at(symbols);
    }
};

using kernel_function = void (*)(const std::int64_t* words, const context&);

// This thread's part of n items, in multiples of `grain`: fixed chunks, so that what is computed together never depends
// on the number of threads.
struct chunk {
    index begin, end;
};
ETTA_INLINE chunk share(index n, index grain, const context& c) {
    const index blocks = (n + grain - 1) / grain;
    const index b = blocks * c.thread / c.threads * grain, e = blocks * (c.thread + 1) / c.threads * grain;
    return {b, e < n ? e : n};
}

}  // namespace etta::_
