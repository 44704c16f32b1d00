// progress.hpp: a bar that redraws itself on a terminal; in a pipe or a log nothing but one line per epoch.
#pragma once

#include <cstdio>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif
#include <ctime>

namespace etta::_ {

inline double seconds_now() {
    std::timespec t{};
    std::timespec_get(&t, TIME_UTC);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

inline bool on_terminal() {
#if defined(__unix__) || defined(__APPLE__)
    return isatty(1) == 1;
#else
    return false;
#endif
}

class progress_bar {
public:
    progress_bar(bool show, int epochs) : terminal_(show && on_terminal()), show_(show), epochs_(epochs) {}

    // An epoch begins, with so many of its batches done already.
    void begin(long done) { start_ = seconds_now(), done_before_ = done; }
    void step(int epoch, long done, long total, double loss, double accuracy = -1) {  // of the epoch so far; negative: there is none
        if (!terminal_) return;
        const double now = seconds_now();
        if (now - last_ < 0.1 && done != total) return;
        last_ = now;
        char bar[31];
        const int full = total > 0 ? static_cast<int>(30 * done / total) : 30;
        for (int i = 0; i < 30; ++i) bar[i] = i < full ? '=' : i == full ? '>' : ' ';
        bar[30] = 0;
        const double each = done > done_before_ ? (now - start_) / static_cast<double>(done - done_before_) : 0;
        const long left = static_cast<long>(each * static_cast<double>(total - done) + 0.5);
        std::printf("\repoch %*d/%d [%s] %ld:%02ld left  %.*f/s  loss %.4f", width(), epoch, epochs_, bar, left / 60, left % 60, each > 0.1 ? 2 : 0, each > 0 ? 1 / each : 0.0, loss);
        if (accuracy >= 0) std::printf("  accuracy %.4f", accuracy);
        std::printf(" \033[K");
        std::fflush(stdout);
    }
    void epoch(int epoch, const std::string& text) {
        if (!show_) return;
        if (terminal_) std::printf("\r\033[K");
        std::printf("epoch %*d/%d  %s\n", width(), epoch, epochs_, text.c_str());
        std::fflush(stdout);
    }

private:
    int width() const { return epochs_ >= 100 ? 3 : epochs_ >= 10 ? 2 : 1; }
    bool terminal_, show_;
    int epochs_;
    double last_ = 0, start_ = 0;
    long done_before_ = 0;
};

}  // namespace etta::_
