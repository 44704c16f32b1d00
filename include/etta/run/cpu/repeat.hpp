// repeat.hpp: runs a loop's body step by step (compile/lower.hpp). Every thread of the region walks through the steps with
// buffer addresses of its own; what is carried goes to and fro between two places, or along the kept history. The
// addresses are all that changes from step to step: nothing is copied but what a kept history starts with.
#pragma once

#include "execute.hpp"

namespace etta::_ {

struct repeat_counts {
    int carries, sliced, whole, stacked;
};
// One operand or result of the call.
struct repeat_operand {
    char* data;
    int rank;
    const std::int64_t* dims;  // (extent, stride in elements) per axis
    index step() const { return rank > 0 ? static_cast<index>(dims[1]) : 0; }
};

// Copies a whole value to `at`, which has its extents and row-major strides.
template <class Target>
inline void copy_whole(char* at, const repeat_operand& from, index size, const context& ctx) {
    index rows = 1;
    const int last = from.rank - 1;
    for (int i = 0; i < last; ++i) rows *= ctx.value(from.dims[2 * i]);
    const index width = last >= 0 ? ctx.value(from.dims[2 * last]) : 1;
    for (index r = 0; r < rows; ++r) {
        index rest = r, offset = 0;
        for (int i = last - 1; i >= 0; --i) {
            const index n = ctx.value(from.dims[2 * i]);
            offset += rest % n * static_cast<index>(from.dims[2 * i + 1]), rest /= n;
        }
        __builtin_memcpy(at + offset * size, from.data + offset * size, static_cast<std::size_t>(width * size));
    }
}

// buffers, all, base: room for the body's buffers, the call's operands and results, and what moves on with each step.
template <class Target>
ETTA_NOINLINE void repeat(const program_table& body, const repeat_counts& n, const std::int64_t* w, const context& ctx, char** buffers, repeat_operand* all) {
    const int n_args = n.carries + n.sliced + n.whole, n_all = n_args + 2 * n.carries + n.stacked + 1;
    ETTA_ROLLED for (int k = 0; k < n_all; ++k) {
        ETTA_PLAIN_LOOP;
        all[k] = {ctx.address(w[0]), static_cast<int>(w[1]), w + 2};
        w += 2 + 2 * w[1];
    }
    const repeat_operand *const result = all + n_args, *const stack = result + 2 * n.carries;
    const index length = ctx.value(w[RunLoop::length_at]);
    const bool reverse = w[RunLoop::reverse_at] != 0;
    const std::int64_t *const kept = w + RunLoop::kept_at, *const size = kept + n.carries;

    std::int64_t step = 0;  // what the body reads as its number
    char **const argument = buffers + first_argument_buffer, **const out = argument + 1 + n_args;
    buffers[workspace_buffer] = stack[n.stacked].data;
    buffers[parameter_buffer] = buffers[state_buffer] = nullptr;
    argument[0] = reinterpret_cast<char*>(&step);
    ETTA_ROLLED for (int k = n.carries + n.sliced; k < n_args; ++k) {
        ETTA_PLAIN_LOOP;
        argument[1 + k] = all[k].data;
    }

    bool copies = length == 0;
    ETTA_ROLLED for (int c = 0; c < n.carries; ++c) {
        ETTA_PLAIN_LOOP;
        copies = copies || kept[c] != 0;
    }
    if (copies) {
        for (int c = 0; c < n.carries && ctx.thread == 0; ++c)
            if (kept[c] != 0) copy_whole<Target>(result[2 * c].data + (reverse ? length * result[2 * c].step() * static_cast<index>(size[c]) : 0), all[c], static_cast<index>(size[c]), ctx);
            else if (length == 0) copy_whole<Target>(result[2 * c].data, all[c], static_cast<index>(size[c]), ctx);
        synchronise(ctx);
    }
    context mine{buffers, ctx.symbols, ctx.thread, ctx.threads, nullptr, ctx.bodies}, alone{buffers, ctx.symbols, 0, 1, nullptr, ctx.bodies};
    for (index s = 0; s < length; ++s) {
        const index at = reverse ? length - 1 - s : s;
        step = at;
        ETTA_ROLLED for (int c = 0; c < n.carries; ++c) {
            ETTA_PLAIN_LOOP;
            const repeat_operand* const r = result + 2 * c;
            if (kept[c] != 0) {
                const index slot = r->step() * static_cast<index>(size[c]);
                argument[1 + c] = r->data + (reverse ? at + 1 : at) * slot;
                out[c] = r->data + (reverse ? at : at + 1) * slot;
            } else {
                argument[1 + c] = s == 0 ? all[c].data : out[c];
                out[c] = r[(length - 1 - s) % 2].data;
            }
        }
        ETTA_ROLLED for (int k = 0; k < n.sliced; ++k) {
            ETTA_PLAIN_LOOP;
            const repeat_operand& o = all[n.carries + k];
            argument[1 + n.carries + k] = o.data + at * o.step() * static_cast<index>(size[n.carries + k]);
        }
        ETTA_ROLLED for (int k = 0; k < n.stacked; ++k) {
            ETTA_PLAIN_LOOP;
            out[n.carries + k] = stack[k].data + at * stack[k].step() * static_cast<index>(size[n.carries + n.sliced + k]);
        }
        run_calls_in_region<Target>(body, mine, alone, s + 1 < length);
    }
}

template <class Source, class Target, int Segment>
struct repeat_entry {
    using body = program<Source, Target, Segment>;
    static constexpr segment facts = graph_constant<Source>::value.segments[Segment];
    static constexpr repeat_counts counts{facts.n_carries, facts.n_sliced, facts.n_whole, facts.n_outputs - facts.n_carries};
    static constexpr int n_args = counts.carries + counts.sliced + counts.whole;
    static void run_body(const std::int64_t* w, const context& ctx) {
        char* buffers[first_argument_buffer + 1 + n_args + counts.carries + counts.stacked];
        repeat_operand all[n_args + 2 * counts.carries + counts.stacked + 1];
        repeat<Target>(ctx.bodies != nullptr ? ctx.bodies[Segment] : body::run_table, counts, w, ctx, buffers, all);
    }
    static constexpr kernel_function run = &run_body;
};

}  // namespace etta::_
