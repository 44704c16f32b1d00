// gradient.hpp: the gradient as one vector: its length, and clipping. Sums are over fixed chunks, added in their order, so that
// they are the same bits with any number of threads.
#pragma once

#include "../op/binary.hpp"
#include "step.hpp"

namespace etta::_ {

inline constexpr index chunk_of_squares = 1024;

// Argument 0: up to Rows chunks; their sums of squares go to argument 1.
template <class T, index Rows>
struct squares_source {
    static constexpr builder make(late) {
        builder g;
        const extent rows = g.new_symbol(Rows);
        const var x{&g, g.input(storage::argument, 0, dtype_of<T>, shape(rows, chunk_of_squares))};
        g.outputs.push(sum(square(x), axis<1>).id);
        finish(g);
        return g;
    }
    static constexpr place out_place[1] = {{first_argument_buffer + 1, 0}};
    static constexpr binding places(const graph_view&) {
        binding b;
        b.outputs = out_place;
        return b;
    }
};

// The sum of n <= Most elements' squares. The chunks' sums are in T, what they add up to in double. scratch: Most / 1024.
template <index Most, class T>
double sum_of_squares(const T* x, index n, T* scratch) {
    double total = 0;
    const index rows = n / chunk_of_squares;
    if constexpr (Most >= chunk_of_squares) {
        using P = program<squares_source<T, Most / chunk_of_squares>, this_target>;
        static_assert(P::workspace_bytes == 0);
        char* buffers[first_argument_buffer + 2] = {};
        buffers[first_argument_buffer] = const_cast<char*>(reinterpret_cast<const char*>(x));
        buffers[first_argument_buffer + 1] = reinterpret_cast<char*>(scratch);
        if (rows > 0) run_calls<this_target>(P::run_table, buffers, &rows);
        for (index i = 0; i < rows; ++i) total += static_cast<double>(scratch[i]);
    }
    for (index i = rows * chunk_of_squares; i < n; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return total;
}

// An update of n <= N elements by `scale` times the gradient: rule's scalars were prepared in double. States lie N elements apart.
template <class Rule, class T, index N>
void run_update(const double* prepared, T* parameters, const T* gradients, T* states, index n, double scale = 1) {
    using P = program<update_source<Rule, T, N>, this_target>;
    static_assert(P::workspace_bytes == 0, "etta: an update with a sum or a product is of whole parameters: say per_parameter = true in the rule");
    T scalars[Rule::scalars + 1];
    for (int i = 0; i < Rule::scalars; ++i) scalars[i] = static_cast<T>(prepared[i]);
    scalars[Rule::scalars] = static_cast<T>(scale);
    char* buffers[first_argument_buffer + 2 + Rule::states + Rule::scalars + 1] = {};
    char** const a = buffers + first_argument_buffer;
    a[0] = reinterpret_cast<char*>(parameters);
    a[1] = const_cast<char*>(reinterpret_cast<const char*>(gradients));
    for (int i = 0; i < Rule::states; ++i) a[2 + i] = reinterpret_cast<char*>(states + i * N);
    for (int i = 0; i <= Rule::scalars; ++i) a[2 + Rule::states + i] = reinterpret_cast<char*>(&scalars[i]);
    program_table table = P::run_table;
    table.parallel = table.parallel && (n == N || n >= 1 << 15);  // planned for N elements; a few are not worth waking threads
    run_calls<this_target>(table, buffers, &n);
}

// The two ways of clipping as updates of the gradients themselves.
struct scale_by {
    static constexpr int states = 0, scalars = 1;
    static constexpr var update(const update_terms& t) { return t.scalar[0] * t.parameter; }
};
struct limit_to {
    static constexpr int states = 0, scalars = 1;
    static constexpr var update(const update_terms& t) { return clamp(t.parameter, -t.scalar[0], t.scalar[0]); }
};

}  // namespace etta::_
