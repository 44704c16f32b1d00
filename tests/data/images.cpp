// Image files as samples: single ones, lists, folders with a directory per class. stb.hpp is included here and in tests/io/bmp.cpp; in
// one program (tests/data/images_too.cpp) the two do not collide.
#include <etta/data/images.hpp>
#include <etta/io/npy.hpp>
#include <etta/io/stb.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>

#include "catch.hpp"
#include "scratch.hpp"

etta::picture decoded_elsewhere(const std::string& path);

namespace {
const std::string files = ETTA_TEST_DIR "/io/data/";
const etta::npz_file& known() {
    static const auto k = etta::read_npz(files + "pillow.npz");
    return k;
}
double unlike(const etta::picture& p, const char* name) {
    const std::vector<float> want = known().find(name)->values<float>();
    REQUIRE(want.size() == p.values.size());
    double worst = 0;
    for (std::size_t i = 0; i < want.size(); ++i) worst = std::max(worst, std::abs(double(want[i]) - double(p.values[i])));
    return worst;
}
// Directories of one scratch folder, removed before it is.
struct Tree {
    Scratch scratch;
    std::vector<std::string> made;
    std::string dir(const std::string& name) {
        ::mkdir(scratch.path(name).c_str(), 0700);
        return made.emplace_back(scratch.path(name));
    }
    void grey(const std::string& name, int w, int h, char value) {
        scratch.file(name, "P5 " + std::to_string(w) + " " + std::to_string(h) + " 255\n" + std::string(std::size_t(w * h), value));
        made.push_back(scratch.path(name));
    }
    void note(const std::string& name) { made.push_back(scratch.file(name, "not an image")); }
    ~Tree() {
        for (std::size_t i = made.size(); i-- > 0;) ::remove(made[i].c_str());
    }
};
}  // namespace

TEST_CASE("an image is read by what its bytes say, with as many channels as asked for, and resized as Pillow does") {
    CHECK(unlike(etta::read_image(files + "colour.bmp"), "colour_bmp") == 0);
    CHECK(unlike(etta::read_image(files + "colour.bmp", {.channels = 1}), "luma") <= 0.51);  // Pillow rounds
    CHECK(unlike(etta::read_image(files + "colour.bmp", {.size = {3, 4}}), "small") <= 1.01);  // twice
    const etta::picture grey = etta::read_image(files + "grey.bmp"), same = etta::read_image(files + "grey.bmp", {.channels = 0});
    CHECK((grey.channels == 3 && same.channels == 1));
    for (std::size_t i = 0; i < 35; ++i) CHECK((grey.values[i] == same.values[i] && grey.values[35 + i] == same.values[i] && grey.values[70 + i] == same.values[i]));
    const Scratch scratch;
    CHECK(etta::read_image(scratch.file("p", "P2 2 1 10 5 10"), {.channels = 1}).values == std::vector<float>{127.5, 255});
    CHECK(etta::read_image(scratch.file("p", "P2 4 2 255 1 2 3 4 5 6 7 8"), {.size = 1}).width == 2);
    CHECK_THROWS_WITH(etta::read_image(files + "colour.png"), says("is a PNG file: PNG and JPEG are read with {.decode = etta::stb}"));
    CHECK_THROWS_WITH(etta::read_image(files + "colour.jpg"), says("is a JPEG file"));
    CHECK_THROWS_WITH(etta::read_image(scratch.file("p", "")), says("neither PGM, PPM nor BMP"));
    CHECK_THROWS_WITH(etta::read_image(scratch.file("p", "P5 1 1 255 a"), {.channels = 2}), says("1 or 3 channels"));
    const etta::picture own = etta::read_image(scratch.file("p", "??"), {.channels = 0, .decode = [](std::span<const std::byte> f, const std::string&) {
                                                                           return etta::picture{1, 1, 1, 255, {float(f.size())}};
                                                                       }});
    CHECK(own.values == std::vector<float>{2});
#if !defined(ETTA_NO_STB) && (__has_include(<stb/stb_image.h>) || __has_include(<stb_image.h>))
    CHECK(unlike(etta::read_image(files + "colour.png", {.decode = etta::stb}), "colour_png") == 0);
    CHECK(unlike(etta::read_image(files + "alpha.png", {.decode = etta::stb}), "colour_png") == 0);  // alpha is left out
    CHECK(decoded_elsewhere(files + "colour.png").values == etta::stb(etta::read_file(files + "colour.png"), "").values);
#endif
}

TEST_CASE("a folder with a directory per class: sorted, resized, notes left alone, errors that name the file") {
    Tree t;
    t.dir("dog"), t.dir("cat"), t.dir("cat/young"), t.dir(".hidden");
    t.grey("dog/b.pgm", 4, 4, 20), t.grey("dog/a.PGM", 2, 6, 10), t.grey("cat/z.pgm", 3, 3, 30), t.grey("cat/young/a.ppm", 1, 1, 40);
    t.note("notes.txt"), t.note("cat/thumbs.db"), t.note("dog/readme");
    const auto d = etta::load_image_folder(t.scratch.folder, {.size = {2, 3}, .channels = 1});
    CHECK(d.x_shape() == etta::dims{1, 2, 3});
    CHECK(d.x_type() == etta::dtype::u8);
    REQUIRE(d.size() == 4);
    CHECK((d.classes() == 2 && d.class_name(0) == "cat" && d.class_name(1) == "dog"));
    const float values[] = {30, 40, 10, 20};
    for (etta::index i = 0; i < 4; ++i) {
        float x[6];
        d.copy_x(i, x);
        CHECK(d.label(i) == i / 2);
        for (const float v : x) CHECK(v == values[i]);
    }
    CHECK_THROWS_WITH(etta::load_image_folder(t.scratch.folder), says("cat/young/a.ppm': has shape [3, 1, 1], and") && says("cat/z.pgm' [3, 3, 3]: say what .size"));
    t.note("dog/c.png");
    CHECK_THROWS_WITH(etta::load_image_folder(t.scratch.folder, {.size = {2, 2}}), says("dog/c.png': is neither"));
    t.dir("empty");
    CHECK_THROWS_WITH(etta::load_image_folder(t.scratch.folder, {.size = {2, 2}}), says("dog/c.png") || says("empty': there are no images"));
    CHECK_THROWS_WITH(etta::load_image_folder(t.scratch.path("cat/young")), says("has no directories"));
    CHECK_THROWS_WITH(etta::load_image_folder(t.scratch.path("none")), says("cannot open") && says("none"));
    CHECK_THROWS_WITH(etta::load_images({}), says("there are no files"));
    const auto plain = etta::load_images({t.scratch.path("dog/b.pgm"), t.scratch.path("dog/b.pgm")}, {}, {.channels = 0});
    CHECK((plain.size() == 2 && !plain.has_labels() && plain.x_shape() == etta::dims{1, 4, 4}));
    ::symlink(t.scratch.folder.c_str(), t.made.emplace_back(t.scratch.path("cat/loop")).c_str());
    CHECK_THROWS_AS(etta::load_image_folder(t.scratch.folder, {.size = {2, 2}}), etta::Error);
}
