// BMP files, and PNG and JPEG through stb where it is installed: what Pillow reads in them (data/from_pillow.py), and what is refused.
#include <etta/io/bmp.hpp>
#include <etta/io/npy.hpp>
#include <etta/io/stb.hpp>

#include <cmath>

#include "catch.hpp"
#include "scratch.hpp"

using namespace std::string_literals;

namespace {
const std::string folder = ETTA_TEST_DIR "/io/data/";
// The largest difference from what Pillow read.
double unlike(const etta::picture& p, const std::string& name) {
    static const auto known = etta::read_npz(folder + "pillow.npz");
    const etta::npy_array* const want = known.find(name);
    REQUIRE(want != nullptr);
    const std::vector<float> v = want->values<float>();
    REQUIRE(want->tensor.shape == std::vector<etta::index>{p.channels, p.height, p.width});
    double worst = 0;
    for (std::size_t i = 0; i < v.size(); ++i) worst = std::max(worst, std::abs(double(v[i]) - double(p.values[i])));
    return worst;
}
std::string little(std::uint32_t v, int bytes = 4) {
    std::string s;
    for (int k = 0; k < bytes; ++k) s += char(v >> 8 * k & 255);
    return s;
}
// A bitmap with this header, and `rest` behind it.
std::string bitmap(std::uint32_t w, std::uint32_t h, std::uint32_t bits, const std::string& rest, std::uint32_t compression = 0, std::uint32_t colours = 0, std::uint32_t begin = 54) {
    return "BM" + little(0) + little(0) + little(begin) + little(40) + little(w) + little(h) + little(1, 2) + little(bits, 2) + little(compression) + little(0) + little(0) + little(0) +
           little(colours) + little(0) + rest;
}
}  // namespace

TEST_CASE("bitmaps of 8, 24 and 32 bits are what Pillow reads") {
    for (const char* name : {"colour", "grey", "palette", "alpha"}) {
        CAPTURE(name);
        CHECK(unlike(etta::read_bmp(folder + name + ".bmp"), name + "_bmp"s) == 0);
    }
    const Scratch scratch;
    // From the top, with rows filled up to words; masks that put red first.
    CHECK(etta::read_bmp(scratch.file("top", bitmap(1, std::uint32_t(-2), 24, "bgr_BGR_"))).values == std::vector<float>{'r', 'R', 'g', 'G', 'b', 'B'});
    const std::string masks = little(0xFF) + little(0xFF00) + little(0xFF0000);
    CHECK(etta::read_bmp(scratch.file("masks", bitmap(1, 1, 32, masks + "rgba", 3, 0, 66))).values == std::vector<float>{'r', 'g', 'b'});
}

TEST_CASE("bitmaps that are cut off or lie about themselves are refused") {
    const Scratch scratch;
    const auto refuse = [&](const std::string& bytes, const char* why) { CHECK_THROWS_WITH(etta::read_bmp(scratch.file("b.bmp", bytes)), says(why) && says("b.bmp")); };
    const std::string good = bitmap(1, 1, 24, "bgr_");
    CHECK(etta::read_bmp(scratch.file("b.bmp", good)).values.size() == 3);
    for (std::size_t n = 0; n < good.size(); ++n) CHECK_THROWS_AS(etta::read_bmp(scratch.file("b.bmp", good.substr(0, n))), etta::Error);
    refuse("", "not a BMP file");
    refuse("BM", "ends inside the header");
    refuse(bitmap(1, 2, 24, "bgr_"), "1 x 2 pixels of 24 bits do not fit into 58 bytes");
    refuse(bitmap(0x7FFFFFFF, 0x7FFFFFFF, 32, "bgr_"), "do not fit");
    refuse(bitmap(1, 0x80000000, 24, "bgr_"), "pixels");
    refuse(bitmap(0, 1, 24, "bgr_"), "0 x 1 pixels");
    refuse(bitmap(1, 1, 24, "bgr_", 1), "compressed (1)");
    refuse(bitmap(1, 1, 16, "bgr_"), "16 bits per pixel");
    refuse(bitmap(1, 1, 24, "bgr_", 0, 0, 99), "do not fit");
    refuse(bitmap(1, 1, 8, "bgr_", 0, 2, 54), "a palette of 2 colours");
    refuse(bitmap(1, 1, 8, "bgr_BGR_\2___", 0, 2, 62), "byte 62: colour 2 of 2");
    refuse(bitmap(1, 1, 32, little(0x1FF) + little(0) + little(0) + "bgr_", 3, 0, 66), "mask is not 8 bits");
}

TEST_CASE("PNG and JPEG files are what Pillow reads, where stb is there") {
    const auto read = [](const std::string& name) { return etta::stb(etta::read_file(folder + name), name); };
#if !defined(ETTA_NO_STB) && (__has_include(<stb/stb_image.h>) || __has_include(<stb_image.h>))
    for (const char* name : {"colour", "alpha", "grey16", "palette"}) {
        CAPTURE(name);
        CHECK(unlike(read(name + ".png"s), name + "_png"s) == 0);
    }
    CHECK(read("grey16.png").maximum == 65535);
    CHECK(unlike(read("colour.jpg"), "colour_jpg") <= 3);  // decoders may round differently
    CHECK(unlike(read("grey.jpg"), "grey_jpg") <= 2);
    const etta::file_bytes whole = etta::read_file(folder + "colour.png");
    const std::span<const std::byte> bytes = whole;
    for (std::size_t n = 0; n < 100; ++n) CHECK_THROWS_WITH(etta::stb(bytes.first(n), "cut.png"), says("cut.png") && (says("not a PNG or JPEG file that stb reads") || says("are said to follow")));
    std::string huge = as_text(bytes);
    huge[18] = huge[22] = '\x1f';  // about 8000 x 8000 pixels of 159 bytes
    CHECK_THROWS_WITH(etta::stb(std::as_bytes(std::span<const char>(huge.data(), huge.size())), "huge.png"), says("pixels of 159 bytes"));
#else
    CHECK_THROWS_WITH(read("colour.png"), says("without stb_image.h"));
#endif
}
