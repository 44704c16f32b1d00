// progress.hpp: a bar that redraws itself on a terminal; in a pipe or a log nothing but one line per epoch.
#pragma once

#include <cstdio>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/ioctl.h>
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

// Of the terminal; 80 where it does not say.
inline int terminal_columns() {
#if defined(TIOCGWINSZ)
    winsize size{};
    if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
    return 80;
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
        const double each = done > done_before_ ? (now - start_) / static_cast<double>(done - done_before_) : 0;
        const long left = static_cast<long>(each * static_cast<double>(total - done) + 0.5);
        char before[48], after[400];  // a number may have 310 digits
        const int n = std::snprintf(before, sizeof before, "epoch %*d/%d ", width(), epoch, epochs_);
        int m = std::snprintf(after, sizeof after, "%ld:%02ld left  %.*f/s  loss %.4f", left / 60, left % 60, each > 0.1 ? 2 : 0, each > 0 ? 1 / each : 0.0, loss);
        if (accuracy >= 0) m += std::snprintf(after + m, sizeof after - static_cast<std::size_t>(m), "  accuracy %.4f", accuracy);
        // A line that is longer than the terminal's cannot be drawn over: the bar gives way, then the line's end.
        const int room = terminal_columns() - 1, most = room - n - m - 3, length = most < 0 ? 0 : most < 30 ? most : 30;
        char bar[34];
        int k = 0;
        const int full = total > 0 ? static_cast<int>(length * done / total) : length;
        if (length > 0) bar[k++] = '[';
        for (int i = 0; i < length; ++i) bar[k++] = i < full ? '=' : i == full ? '>' : ' ';
        if (length > 0) bar[k++] = ']', bar[k++] = ' ';
        bar[k] = 0;
        const int shown = room - n - k;
        std::printf("\r%s%s%.*s\033[K", before, bar, shown > 0 ? shown : 0, after);
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
