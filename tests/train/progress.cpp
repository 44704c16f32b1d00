// What fit says: one line per epoch in a pipe or a file, a bar that redraws itself on a terminal, nothing if not wanted.
#include <etta/etta.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "catch.hpp"

using etta::seed;

namespace {

struct Net {
    etta::Linear<3> out;
    constexpr auto operator()(auto x) const { return out(x); }
};

void fit(bool verbose) {
    std::vector<float> x(80);
    std::vector<std::int32_t> y(40);
    for (int i = 0; i < 80; ++i) x[static_cast<std::size_t>(i)] = static_cast<float>(i % 7);
    for (int i = 0; i < 40; ++i) y[static_cast<std::size_t>(i)] = i % 3;
    etta::Model<Net, etta::Input<float, 2>, etta::max_batch<8>> model{seed(1)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{});
    trainer.fit(etta::Dataset::from(x, {2}, y), {.epochs = 3, .batch = 8, .validation_split = 0.25, .verbose = verbose});
}
// What is written to this descriptor instead of standard output; `read` is its other end, which may be the same.
std::string said(int to, int read_from, bool verbose) {
    std::fflush(stdout);
    const int before = dup(1);
    dup2(to, 1);
    fit(verbose);
    std::fflush(stdout);
    dup2(before, 1);
    close(before);
    std::string s;
    char b[4096];
    for (long n; (n = read(read_from, b, sizeof b)) > 0;) s.append(b, static_cast<std::size_t>(n));
    return s;
}

}  // namespace

TEST_CASE("in a pipe, fit says one line an epoch, and nothing unless asked") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    CHECK(said(ends[1], ends[0], false).empty());
    const std::string s = said(ends[1], ends[0], true);
    close(ends[0]), close(ends[1]);
    CHECK(std::count(s.begin(), s.end(), '\n') == 3);
    CHECK(s.find('\r') == std::string::npos);
    CHECK(s.find('\033') == std::string::npos);
    for (const char* what : {"epoch 1/3  loss ", "epoch 2/3  loss ", "epoch 3/3  loss ", "accuracy ", "validation loss "}) CHECK(s.find(what) != std::string::npos);
}

TEST_CASE("on a terminal, a bar with rate, time left, loss and accuracy precedes each epoch's line") {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        WARN("NOT RUN: there are no pseudo-terminals here");
        return;
    }
    fcntl(master, F_SETFL, O_NONBLOCK);
    const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    // No line is longer than the terminal's, where it could not be drawn over.
    for (const int columns : {200, 80, 50, 12}) {
        winsize size{};
        size.ws_col = static_cast<unsigned short>(columns);
        REQUIRE(ioctl(terminal, TIOCSWINSZ, &size) == 0);
        const std::string s = said(terminal, master, true);
        for (std::size_t at = s.find("\repoch"); at != std::string::npos; at = s.find("\repoch", at + 1)) {
            const std::size_t end = s.find("\033[K", at);
            INFO(columns << ": " << s.substr(at + 1, end - at - 1));
            CHECK(end - at - 1 < static_cast<std::size_t>(columns));
        }
        CHECK((s.find("[==============================] 0:00 left") != std::string::npos) == (columns == 200));
        CHECK((s.find("=] 0:00 left") != std::string::npos) == (columns >= 80));
    }
    const winsize unknown{};
    REQUIRE(ioctl(terminal, TIOCSWINSZ, &unknown) == 0);
    const std::string s = said(terminal, master, true);
    close(terminal), close(master);
    CHECK(std::count(s.begin(), s.end(), '\n') == 3);
    CHECK(s.find("\repoch 1/3 [=====") != std::string::npos);
    CHECK(s.find("=] 0:00 left") != std::string::npos);
    CHECK(s.find("/s  loss ") != std::string::npos);
    CHECK(s.find("\r\033[Kepoch 3/3  loss ") != std::string::npos);
}
