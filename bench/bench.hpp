// bench.hpp: times one workload at a time, on request. Every side of the comparison (etta, Eigen, libtorch, ...) is a
// process of its own with its own flags, thread pool and allocator; run.py keeps them all alive and asks each in turn for a
// round of the same workload, so that whatever the machine does meanwhile hits all sides alike. That interleaving across
// processes is what Google Benchmark does not do, and why it is not used here.
//
//   PROGRAM [FILTER]   measures what matches and prints JSON lines: for a look by hand, or under perf
//   PROGRAM --list     prints the names
//   PROGRAM --serve    reads "NAME MILLISECONDS" lines, answers each with one line of JSON
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace bench {

inline double now_ns() {
    using clock = std::chrono::steady_clock;
    return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now().time_since_epoch()).count());
}
inline double cpu_seconds() {
    rusage r;
    getrusage(RUSAGE_SELF, &r);
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + 1e-6 * static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

// What samples are timed by: the wall clock, or with BENCH_CLOCK=cpu this process' processor time. The latter holds on a
// crowded machine too, but says nothing about several threads.
inline double sample_ns() {
    static const bool cpu = std::getenv("BENCH_CLOCK") != nullptr && std::strcmp(std::getenv("BENCH_CLOCK"), "cpu") == 0;
    if (!cpu) return now_ns();
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

// The optimiser must assume that all memory was read and written, and that *p is wanted.
inline void clobber() { asm volatile("" ::: "memory"); }
inline void keep(const void* p) { asm volatile("" : : "g"(p) : "memory"); }

class suite;

// What a workload is handed: it sets itself up, may note a figure about its result, and passes the step to be timed.
class meter {
public:
    // Calls f in samples of at least 1 ms until the round's time is over; reports the median sample. Rounds of one workload
    // run on the same state: the body is entered once.
    template <class F>
    void run(F&& f);

    // A further figure for the report, e.g. note("max_abs_error", e).
    void note(const char* name, double value) {
        char b[96];
        std::snprintf(b, sizeof b, ",\"%s\":%.9g", name, value);
        notes += b;
    }

private:
    friend class suite;
    meter(suite& s) : owner(s) {}

    template <class F>
    static double time_of(F& f, std::int64_t calls) {
        const double start = sample_ns();
        for (std::int64_t i = 0; i < calls; ++i) f();
        return sample_ns() - start;
    }
    template <class F>
    static void warm(F& f, double ns, std::int64_t at_least) {
        const double start = now_ns();
        for (std::int64_t i = 0; i < at_least || now_ns() - start < ns; ++i) f();
    }

    suite& owner;
    std::string notes;
};

class suite {
public:
    // peer: what the reports call this side.
    suite(std::string peer, int argc, char** argv) : peer(std::move(peer)) {
        for (int i = 1; i < argc; ++i) {
            if (std::strcmp(argv[i], "--serve") == 0) mode = serving;
            else if (std::strcmp(argv[i], "--list") == 0) mode = listing;
            else filter = argv[i];
        }
        std::setvbuf(stdout, nullptr, _IOLBF, 0);
    }
    void add(std::string name, void (*body)(meter&)) { workloads.push_back({std::move(name), body}); }

    int run() {
        if (mode == serving) {
            while (next()) {
                const auto w = std::find_if(workloads.begin(), workloads.end(), [&](const workload& x) { return x.name == wanted; });
                if (w == workloads.end()) {
                    std::printf("{\"error\":\"there is no workload %s\"}\n", wanted.c_str());
                    continue;
                }
                enter(*w);
                if (stopped) return 0;
                if (wanted != w->name) again = true;  // the request that ended the rounds is the next to be served
            }
            return 0;
        }
        for (const workload& w : workloads) {
            if (w.name.find(filter) == std::string::npos) continue;
            if (mode == listing) std::printf("%s\n", w.name.c_str());
            else wanted = w.name, milliseconds = 300, enter(w);
        }
        return 0;
    }

private:
    friend class meter;
    struct workload {
        std::string name;
        void (*body)(meter&);
    };

    void enter(const workload& w) {
        meter m(*this);
        w.body(m);
    }
    // Reads the next request into wanted and milliseconds.
    bool next() {
        if (again) return again = false, true;
        char name[128];
        if (std::scanf("%127s %lf", name, &milliseconds) != 2) return stopped = true, false;
        wanted = name;
        return true;
    }
    // After a round: is another one of the same workload wanted?
    bool another(const std::string& name) { return mode == serving && next() && wanted == name; }

    std::string peer, filter, wanted;
    double milliseconds = 0;
    enum { once, listing, serving } mode = once;
    bool stopped = false, again = false;
    std::vector<workload> workloads;
};

template <class F>
void meter::run(F&& f) {
    const std::string name = owner.wanted;
    warm(f, 30e6, 2);
    std::int64_t calls = 1;
    for (double ns = time_of(f, calls); ns < 1e6; ns = time_of(f, calls))
        calls = ns < 1e4 ? calls * 10 : std::max(calls + 1, static_cast<std::int64_t>(static_cast<double>(calls) * 1.15e6 / ns));
    std::vector<double> samples;
    do {
        warm(f, 3e6, 1);  // caches, threads and clock after the other sides' turn
        samples.clear();
        const double start = now_ns();
        while (samples.size() < 3 || (now_ns() - start < owner.milliseconds * 1e6 && samples.size() < 1001))
            samples.push_back(time_of(f, calls) / static_cast<double>(calls));
        std::sort(samples.begin(), samples.end());
        const std::size_t n = samples.size();
        const double median = n % 2 ? samples[n / 2] : 0.5 * (samples[n / 2 - 1] + samples[n / 2]);
        const char* const t = std::getenv("OMP_NUM_THREADS");
        std::printf("{\"workload\":\"%s\",\"peer\":\"%s\",\"threads\":%d,\"median_ns\":%.2f,\"min_ns\":%.2f,\"samples\":%zu,\"cpu_s\":%.3f%s}\n",
                    name.c_str(), owner.peer.c_str(), t ? std::atoi(t) : 0, median, samples[0], n, cpu_seconds(), notes.c_str());
    } while (owner.another(name));
}

}  // namespace bench
