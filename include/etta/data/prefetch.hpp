// prefetch.hpp: batches filled by a thread while the program works on others:
//
//     #include <etta/data/prefetch.hpp>
//     trainer.fit(train, {.prefetch = etta::prefetch()});        batches(train, 64, {.prefetch = etta::prefetch()})
//
// On its own, and not in etta.hpp: <thread> and its like cost more than all of data/. Where threads are a library of their own, link
// with -pthread.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "loader.hpp"

namespace etta {
namespace _ {

// Fills batches first .. end-1 in order, at most `depth` ahead of the one that is worked on: those have buffers of their own.
template <class Host>
class prefetch_thread {
  public:
    prefetch_thread(void (*fill)(void*, index), void* loader, index first, index end, int depth)
        : done_(first), current_(first), depth_(depth), thread_([=, this] { run(fill, loader, end); }) {}
    ~prefetch_thread() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    void wait(index number) {
        std::unique_lock lock(mutex_);
        current_ = number;
        changed_.notify_all();
        changed_.wait(lock, [&] { return done_ > number || failed_; });
#if !defined(ETTA_NO_EXCEPTIONS)
        if (done_ <= number) std::rethrow_exception(error_);
#endif
    }

  private:
    void run(void (*fill)(void*, index), void* loader, index end) {
        for (index k = done_; k < end; ++k) {
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return stop_ || k <= current_ + depth_; });
                if (stop_) return;
            }
#if !defined(ETTA_NO_EXCEPTIONS)
            try {
                fill(loader, k);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                error_ = std::current_exception(), failed_ = true;
                changed_.notify_all();
                return;
            }
#else
            fill(loader, k);
#endif
            const std::lock_guard lock(mutex_);
            done_ = k + 1;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    index done_, current_;  // filled: those before it; worked on
    int depth_;
    bool stop_ = false, failed_ = false;
    std::exception_ptr error_;
    std::thread thread_;  // last: it uses the others
};

}  // namespace _

// For BatchOptions and FitOptions: one thread, and buffers for `depth` batches more, 1 or more. The batches are those that there
// would be without it, bit for bit; transforms are called on that thread, one after another. What it throws reaches the loop at the
// batch concerned; a loop may be left at any time.
template <class Host = _::this_host>
batch_worker prefetch(int depth = 4) {
    if (depth < 1) fail("prefetch: " + std::to_string(depth) + " batches, expected 1 or more");
    using worker = _::prefetch_thread<Host>;
    return {depth,
            [](void (*fill)(void*, index), void* loader, index first, index end, int depth) -> void* { return new worker(fill, loader, first, end, depth); },
            [](void* w, index number) { static_cast<worker*>(w)->wait(number); },
            [](void* w) { delete static_cast<worker*>(w); }};
}

}  // namespace etta
