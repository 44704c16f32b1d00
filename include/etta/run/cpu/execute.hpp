// execute.hpp: runs a program's table on the CPU: one parallel region per run, every kernel shared out in fixed chunks, a
// barrier after each kernel that was shared out or that the next shared one needs. Small work stays on one thread.
#pragma once

#include "../../compile/program.hpp"
#include "gemm.hpp"

#if defined(ETTA_USE_OPENMP)
#include <omp.h>
#endif

namespace etta::_ {

// The kernel of a library op: the op's own run<Target>, unless the back end specialises this.
template <class Op, class Target>
struct library_kernel {
    static void run(const std::int64_t* words, const context& ctx) { Op::template run<Target>(words, ctx); }
};

template <kernel_kind Kind, class Code, class Ops, class Target>
struct kernel_of_kind;
template <class Code, class Ops, class Target>
struct kernel_of_kind<kernel_kind::loop, Code, Ops, Target> {
    static constexpr kernel_function run = &loop_kernel<Code, Ops, Target>::run;
};
template <class Code, class Ops, class Target>
struct kernel_of_kind<kernel_kind::gemm, Code, Ops, Target> {
    static constexpr kernel_function run = &gemm_kernel<Code, Ops, Target>::run;
};
template <class Code, class Op, class Target>
struct kernel_of_kind<kernel_kind::library, Code, op_list<Op>, Target> {
    static constexpr kernel_function run = &library_kernel<Op, Target>::run;
};

template <std::uint64_t First, std::uint64_t... W, class Ops, class Target>
struct kernel_entry<code<First, W...>, Ops, Target>
    : kernel_of_kind<header::decode(First).kind, code<First, W...>, Ops, Target> {};

inline constexpr int max_threads = 64;

// The number of threads a run uses: OpenMP's setting.
template <class Target>
inline int thread_count() {
#if defined(ETTA_USE_OPENMP)
    const int n = omp_get_max_threads();
    return n < max_threads ? n : max_threads;
#else
    return 1;
#endif
}

// Waits for the other threads of a region; alone, for nobody.
inline void synchronise([[maybe_unused]] const context& c) {
#if defined(ETTA_USE_OPENMP)
    if (c.threads > 1) {
#pragma omp barrier
    }
#endif
}

// Runs the calls in order, as one thread of a region (threads > 1) or alone; `again`: the first call follows the last.
template <class Target>
ETTA_NOINLINE void run_calls_in_region(const program_table& p, context& c, context& alone, bool again) {
    const auto call = [&p](const table_entry& e, context& with) {
        with.places = p.places + e.places;
        p.kernels[e.kernel](p.words + e.words, with);
    };
    if (c.threads == 1) {
        for (int i = 0; i < p.n_calls; ++i) call(p.calls[i], alone);
        return;
    }
    for (int i = 0; i < p.n_calls; ++i) {
        if (p.calls[i].parallel) call(p.calls[i], c);
        else if (c.thread == 0) call(p.calls[i], alone);
        if (i + 1 == p.n_calls && !again) return;  // the region's end, or the barrier behind a loop
        if (!p.calls[i].parallel && !p.calls[i + 1 < p.n_calls ? i + 1 : 0].parallel) continue;  // thread 0 goes on alone
        synchronise(c);
    }
}

// Runs a program. The table's type is erased: one instantiation serves every program.
template <class Target>
inline void run_calls(const program_table& p, char* const* buffers, const index* symbols, const program_table* bodies = nullptr) {
    context alone{buffers, symbols, 0, 1, nullptr, bodies};
#if defined(ETTA_USE_OPENMP)
    const int threads = p.parallel && !omp_in_parallel() ? thread_count<Target>() : 1;
    if (threads > 1) {
#pragma omp parallel num_threads(threads) firstprivate(alone)
        {
            context c{buffers, symbols, omp_get_thread_num(), omp_get_num_threads(), nullptr, bodies};
            run_calls_in_region<Target>(p, c, alone, false);
        }
        return;
    }
#endif
    run_calls_in_region<Target>(p, alone, alone, false);
}

}  // namespace etta::_
