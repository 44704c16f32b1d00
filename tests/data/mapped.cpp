// Files that are mapped, not read: the same samples, more of them than memory holds, and errors that name the file.
#include <etta/data/loader.hpp>
#include <etta/data/mapped.hpp>

#include <fcntl.h>
#include <unistd.h>

#include "catch.hpp"
#include "scratch.hpp"

using namespace std::string_literals;
using etta::Dataset;

namespace {
std::string big(std::uint32_t v) { return {char(v >> 24), char(v >> 16), char(v >> 8), char(v)}; }
bool same(const Dataset& a, const Dataset& b) {
    if (a.size() != b.size() || !(a.x_shape() == b.x_shape()) || a.has_labels() != b.has_labels() || a.x_type() != b.x_type()) return false;
    std::vector<double> x(std::size_t(a.x_shape().count())), y = x;
    for (etta::index i = 0; i < a.size(); ++i) {
        a.copy_x(i, x.data()), b.copy_x(i, y.data());
        if (x != y || (a.has_labels() && a.label(i) != b.label(i))) return false;
    }
    return true;
}
}  // namespace

TEST_CASE("mapped files give the samples that read ones give, also behind the end of the map's own object") {
    const Scratch s;
    const std::string idx = s.file("x.idx", "\0\0\x08\3"s + big(3) + big(1) + big(2) + "abcdef"), labels = s.file("y.idx", "\0\0\x08\1"s + big(3) + "\1\0\1"s);
    CHECK(same(etta::map_idx(idx, labels), etta::load_idx(idx, labels)));
    CHECK(same(etta::map_idx(idx), etta::load_idx(idx)));
    const std::vector<float> f32{1, 2, 3, 4, 5, 6};
    const std::vector<double> f64{0.5, -1, 1e300, 4, 5, 6};
    const std::vector<std::int32_t> y{2, 0, 1};
    const auto write = [&](const char* name, const auto& v, std::vector<etta::index> shape) {
        etta::named_tensor t = etta::named("", v);
        t.shape = shape;
        etta::write_npy(s.path(name), t);
        return s.path(name);
    };
    const std::string a = write("a.npy", f32, {3, 2}), b = write("b.npy", f64, {3, 1, 2}), c = write("c.npy", y, {3}), e = write("e.npy", std::vector<std::uint8_t>{7, 8, 9}, {3});
    CHECK(same(etta::map_npy(a, c), etta::load_npy(a, c)));
    CHECK(same(etta::map_npy(a, write("column.npy", y, {3, 1})), etta::load_npy(a, c)));
    CHECK(same(etta::map_npy(b), etta::load_npy(b)));
    CHECK(same(etta::map_npy(e), etta::load_npy(e)));
    CHECK(etta::map_npy(a, b).has_targets());
    Dataset kept;
    {
        const Dataset d = etta::map_npy(a, c).scaled(2).shuffled(etta::seed(1)).slice(0, 3);
        kept = d;
    }
    ::unlink(a.c_str());  // the map stays
    float sum = 0;
    for (auto&& [x, labels_of_x] : etta::batches(kept, 2))
        for (etta::index i = 0; i < x.count(); ++i) sum += x.as<float>()[i];
    CHECK(sum == 42);
}

TEST_CASE("a file of a terabyte is a data set") {
    const Scratch s;
    // 2^20 samples of 1024 x 1024 bytes; a file with holes takes no room.
    const std::string path = s.file("big.idx", "\0\0\x08\3"s + big(1 << 20) + big(1024) + big(1024));
    const int file = ::open(path.c_str(), O_WRONLY);
    const off_t end = 16 + (off_t{1} << 40);
    const bool fits = ::ftruncate(file, end) == 0 && ::pwrite(file, "\xff", 1, end - 1) == 1;
    ::close(file);
    if (!fits) return;  // a file system without large files
    const Dataset d = etta::map_idx(path).scaled(1 / 255.0);
    CHECK(d.size() == 1 << 20);
    std::vector<float> x(1 << 20);
    for (const etta::index i : {0, 1 << 19, (1 << 20) - 1}) d.copy_x(i, x.data());
    CHECK(x.back() == 1);
    CHECK(x.front() == 0);
    for (auto&& [batch, y] : etta::batches(d, 2, {.shuffle = etta::seed(1), .steps = 2})) CHECK(batch.extents[0] == 2);
}

TEST_CASE("files that cannot be mapped say so, and which") {
    const Scratch s;
    const auto refuse = [&](const std::string& path, const char* why) {
        CHECK_THROWS_WITH(path.ends_with("npy") ? etta::map_npy(path) : etta::map_idx(path), says(why) && says(path));
    };
    const std::string good = "\0\0\x08\2"s + big(2) + big(3) + "abcdef";
    for (std::size_t n = 0; n < good.size(); ++n) CHECK_THROWS_WITH(etta::map_idx(s.file("cut", good.substr(0, n))), says("cut"));
    refuse(s.file("cut.idx", good.substr(0, good.size() - 1)), "the header says 2x3");
    refuse(s.file("long.idx", good + "g"), "the file has 7 bytes");
    refuse(s.file("floats.idx", "\0\0\x0d\1"s + big(1) + "abcd"), "big-endian in IDX files: only bytes can be mapped");
    refuse(s.file("one.idx", "\0\0\x08\0a"s), "samples have rank 1 to");
    refuse(s.file("gz.idx", "\x1f\x8b rest"), "is compressed: only plain files");
    refuse(s.path("none.idx"), "cannot open");
    refuse("/dev/null", "not a regular file");
    refuse(ETTA_TEST_DIR "/io/data/fortran.npy", "Fortran's order");
    refuse(ETTA_TEST_DIR "/io/data/big_endian.npy", "elements of type '>f4' cannot be mapped");
    etta::write_npy(s.path("ids.npy"), etta::named("", std::vector<std::int32_t>{1, 2}));
    refuse(s.path("ids.npy"), "elements of type 'i4' cannot be mapped");
    etta::write_npy(s.path("x.npy"), etta::named("", std::vector<double>{1, 2}));
    const std::string whole = as_text(etta::read_file(s.path("x.npy")));
    for (std::size_t n = 0; n < whole.size(); ++n) CHECK_THROWS_AS(etta::map_npy(s.file("cut.npy", whole.substr(0, n))), etta::Error);
    refuse(s.file("cut.npy", whole.substr(0, whole.size() - 8)), "does not go with 8 bytes");
    const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
    refuse(s.file("odd.npy", "\x93NUMPY\1\0"s + char(header.size()) + '\0' + header + "12345678"), "not aligned");
    CHECK_THROWS_WITH(etta::map_npy(s.path("x.npy"), s.path("ids.npy")).label(5), says("sample 5 of 2"));
    etta::write_npy(s.path("three.npy"), etta::named("", std::vector<std::int32_t>{1, 2, 3}));
    CHECK_THROWS_WITH(etta::map_npy(s.path("x.npy"), s.path("three.npy")), says("2 samples, and 3"));
}
