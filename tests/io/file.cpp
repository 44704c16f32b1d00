// Files: what is read is what was written, and a write that fails leaves nothing behind.
#include <etta/io/file.hpp>
#include <etta/io/gzip.hpp>

#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include "catch.hpp"
#include "scratch.hpp"

namespace {
std::span<const std::byte> bytes(std::string_view s) { return {reinterpret_cast<const std::byte*>(s.data()), s.size()}; }
}  // namespace

TEST_CASE("a file is read as it was written, empty ones too") {
    Scratch scratch;
    std::string text;
    for (int i = 0; i < 100000; ++i) text += static_cast<char>(i * 7);
    for (const std::string& s : {std::string(), std::string("x"), std::string(4096, 'y'), text}) {
        etta::write_file(scratch.path("f"), bytes(s));
        CHECK(as_text(etta::read_file(scratch.path("f"))) == s);
        CHECK(scratch.names() == std::vector<std::string>{"f"});
    }
}

TEST_CASE("reading something whose size is not known beforehand works") {
    CHECK(etta::read_file("/proc/self/status").size() > 100);
    CHECK(etta::read_file("/dev/null").size() == 0);
}

TEST_CASE("a file that cannot be read is named, with the reason") {
    Scratch scratch;
    CHECK_THROWS_WITH(etta::read_file(scratch.path("none")), says("cannot open '" + scratch.path("none") + "': No such file"));
    CHECK_THROWS_WITH(etta::read_file(scratch.folder), says("cannot read '" + scratch.folder + "': Is a directory"));
    CHECK_THROWS_AS(etta::read_file(""), etta::Error);
}

TEST_CASE("writing where there is no folder, or onto one, fails and leaves nothing") {
    Scratch scratch;
    CHECK_THROWS_WITH(etta::write_file(scratch.path("none/f"), bytes("x")), says("cannot write"));
    CHECK_THROWS_WITH(etta::write_file(scratch.folder, bytes("x")), says("not a regular file"));
    CHECK_THROWS_WITH(etta::write_file("/dev/null", bytes("x")), says("not a regular file"));
    CHECK(scratch.names().empty());
}

TEST_CASE("replacing a file keeps its permissions and what a link points to") {
    Scratch scratch;
    const std::string path = scratch.file("f", "old");
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    REQUIRE(::symlink(path.c_str(), scratch.path("link").c_str()) == 0);
    etta::write_file(scratch.path("link"), bytes("new"));
    CHECK(as_text(etta::read_file(path)) == "new");
    struct stat status;
    REQUIRE(::lstat(scratch.path("link").c_str(), &status) == 0);
    CHECK(S_ISLNK(status.st_mode));
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE("a write that fails half-way leaves the old file and no litter") {
    Scratch scratch;
    const std::string path = scratch.file("f", "old");
    // A limit on file sizes stands for a full disk. In a child, since the limit cannot be raised again.
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000, 1000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        try {
            etta::write_file(path, bytes(std::string(5000, 'x')));
        } catch (const etta::Error& error) {
            const std::string what = error.what();
            ::_exit(what.find("cannot write '" + path + "': File too large") != std::string::npos ? 7 : 8);
        }
        ::_exit(9);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 7);
    CHECK(as_text(etta::read_file(path)) == "old");
    CHECK(scratch.names() == std::vector<std::string>{"f"});
}

TEST_CASE("a folder that may not be written to is an error that names the file", "[permissions]") {
    if (::geteuid() == 0) return;  // root may write anywhere
    Scratch scratch;
    ::chmod(scratch.folder.c_str(), 0500);
    CHECK_THROWS_WITH(etta::write_file(scratch.path("f"), bytes("x")), says("Permission denied"));
    ::chmod(scratch.folder.c_str(), 0700);
}

#if defined(ETTA_HAS_ZLIB)
namespace {
std::string gzip(std::string_view text) {
    std::string out(::compressBound(static_cast<uLong>(text.size())) + 64, '\0');
    z_stream z{};
    ::deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    ::deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    ::deflateEnd(&z);
    return out;
}
}  // namespace

TEST_CASE("gzip files are recognised by their bytes and inflated, several in one too") {
    Scratch scratch;
    std::string text;
    for (int i = 0; i < 50000; ++i) text += std::to_string(i * 31);
    CHECK(as_text(etta::read_file_or_gzip(scratch.file("no-suffix", gzip(text)))) == text);
    CHECK(as_text(etta::read_file_or_gzip(scratch.file("two", gzip("one ") + gzip("two")))) == "one two");
    CHECK(as_text(etta::read_file_or_gzip(scratch.file("empty", gzip("")))) == "");
    CHECK(as_text(etta::read_file_or_gzip(scratch.file("plain.gz", "not compressed"))) == "not compressed");
}

TEST_CASE("every beginning of a gzip file is an error, and so is anything after its end") {
    const std::string whole = gzip("The quick brown fox jumps over the lazy dog. The quick brown fox.");
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const std::string part(whole.substr(0, n));
        CHECK_THROWS_AS(etta::gunzip(bytes(part), "part"), etta::Error);
    }
    CHECK_THROWS_WITH(etta::gunzip(bytes(whole + "x"), "f.gz"), says("'f.gz': unexpected bytes after the end"));
    CHECK_THROWS_WITH(etta::gunzip(bytes(whole + whole.substr(0, 12)), "f.gz"), says("too early"));
}

TEST_CASE("a damaged gzip file is an error, or harmless, never a crash") {
    const std::string whole = gzip("The quick brown fox jumps over the lazy dog. The quick brown fox.");
    int errors = 0;
    for (std::size_t i = 0; i < whole.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
            try {
                etta::gunzip(bytes(damaged), "damaged");
            } catch (const etta::Error&) {
                ++errors;
            }
        }
    CHECK(errors > static_cast<int>(whole.size() - 8) * 8 - 8);  // the header's time and system fields are free
}

TEST_CASE("a gzip bomb stops at the limit") {
    const std::string bomb = gzip(std::string(3000000, '\0'));  // 3 kB
    CHECK_THROWS_WITH(etta::gunzip(bytes(bomb), "bomb.gz", 1000000), says("'bomb.gz': inflates to more than 1000000 bytes"));
    CHECK(etta::gunzip(bytes(bomb), "bomb.gz", 3000000).size() == 3000000);
    CHECK_THROWS_AS(etta::gunzip(bytes(bomb), "bomb.gz", 2999999), etta::Error);
    CHECK_THROWS_AS(etta::gunzip(bytes(bomb), "bomb.gz", 0), etta::Error);
}
#else
TEST_CASE("without zlib, a gzip file is an error that says how to build with it") {
    CHECK_THROWS_WITH(etta::gunzip(bytes("\x1f\x8b..."), "f.gz"), says("ETTA_HAS_ZLIB"));
}
#endif
