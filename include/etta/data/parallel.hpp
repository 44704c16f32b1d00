// parallel.hpp: the samples of a batch are copied and transformed by all threads, OpenMP's, between one training step and the next:
//
//     #include <etta/data/parallel.hpp>
//     trainer.fit(train, {.parallel = etta::parallel()});        batches(train, 64, {.parallel = etta::parallel()})
//
// For transforms that cost, where training uses every core: a thread of its own (prefetch.hpp) would take from it what it gives. On its
// own because of <exception>, and because few programs need it.
#pragma once

#include <exception>

#include "loader.hpp"

namespace etta {
namespace _ {

// one(work, 0 .. n-1), by all threads. Of what they throw, the first sample's error is thrown here.
template <class Target, class Host>
void for_samples(void (*one)(void*, index), void* work, index n) {
#if defined(ETTA_NO_EXCEPTIONS)
#if defined(ETTA_USE_OPENMP)
#pragma omp parallel for schedule(static)
#endif
    for (index k = 0; k < n; ++k) one(work, k);
#else
    std::exception_ptr error;
    index failed = n;
#if defined(ETTA_USE_OPENMP)
#pragma omp parallel for schedule(static)
#endif
    for (index k = 0; k < n; ++k) {
        try {
            one(work, k);
        } catch (...) {
#if defined(ETTA_USE_OPENMP)
#pragma omp critical(etta_sample_failed)
#endif
            if (k < failed) failed = k, error = std::current_exception();
        }
    }
    if (failed < n) std::rethrow_exception(error);
#endif
}

}  // namespace _

// For BatchOptions and FitOptions. The batches are those that there would be without it, bit for bit, whatever the number of threads;
// without OpenMP they are filled by the one that asks. Transforms are called by several threads at once: the library's own allow
// that, one's own must not write to anything but the image and the random stream they are given.
template <class Host = _::this_host>
sample_worker parallel() {
    return {&_::for_samples<this_target, Host>};
}

}  // namespace etta
