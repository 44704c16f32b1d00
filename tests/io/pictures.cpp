// PGM and PPM pictures, CIFAR's files: what is in them, and what is refused.
#include <etta/data/files.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace std::string_literals;
using Floats = std::vector<float>;

TEST_CASE("pictures are read, grey and colour, binary and text") {
    const Scratch scratch;
    const auto values = [&](const std::string& bytes) { return etta::read_netpbm(scratch.file("p", bytes)).values; };
    CHECK(values("P5 2 1 255 \x01\xff"s) == Floats{1, 255});
    CHECK(values("P2\n# grey\n3 1\n7\n0 7 # a comment\n3\n") == Floats{0, 7, 3});
    CHECK(values("P6\n2 1\n255\nabcdef") == Floats{97, 100, 98, 101, 99, 102});  // channels first
    CHECK(values("P3 1 2 9 1 2 3 4 5 6") == Floats{1, 4, 2, 5, 3, 6});
    CHECK(values("P5 1 2 65535\n\x01\x02\xff\xff"s) == Floats{258, 65535});
    const etta::picture p = etta::read_netpbm(scratch.file("p", "P6 2 1 200\nabcdef"));
    CHECK((p.channels == 3 && p.height == 1 && p.width == 2 && p.maximum == 200));

    const auto refuse = [&](const std::string& bytes, const char* why) {
        CAPTURE(bytes);
        CHECK_THROWS_WITH(etta::read_netpbm(scratch.file("p", bytes)), says(why));
    };
    refuse("", "not a PGM or PPM file");
    refuse("P7 1 1 255 a", "not a PGM or PPM file");
    refuse("P5", "expected the width");
    refuse("P5 x", "byte 3: expected the width");
    refuse("P5 99999999999999999999999 1 255 a", "at most 16777216");
    refuse("P5 0 1 255 a", "of 0");
    refuse("P5 1 1 0 a", "of 0");
    refuse("P5 1 1 65536 a", "at most 65535");
    refuse("P5 1 1 255", "expected a blank");
    refuse("P5 1 1 255xa", "expected a blank");
    refuse("P5 2 1 255 a", "2 x 1 pixels are not 1 bytes");
    refuse("P5 2 1 255 abc", "are not 3 bytes");
    refuse("P5 16777216 16777216 255 abc", "are not 3 bytes");
    refuse("P2 16777216 16777216 255 1 2 3", "are more than");
    refuse("P5 1 1 50 a", "a value of 97, the largest is 50");
    refuse("P2 1 1 50 97", "expected a value, an integer of at most 50");
    refuse("P2 2 1 50 9    ", "expected a value");
    refuse("P2 1 1 50 9 8", "expected the end");
    refuse("P2 1 1 50 -9", "expected a value");
}

TEST_CASE("pictures of one size become a data set") {
    const Scratch scratch;
    const std::string a = scratch.file("a", "P5 2 1 255 ab"), b = scratch.file("b", "P2 2 1 255 1 2"),
                      c = scratch.file("c", "P5 1 2 255 ab"), d = scratch.file("d", "P2 2 1 256 0 256");
    const etta::Dataset set = etta::load_pictures({a, b}, {1, 0});
    CHECK(set.x_type() == etta::dtype::u8);
    CHECK(set.x_shape() == etta::dims{1, 1, 2});
    float x[2];
    set.scaled(1 / 255.0).copy_x(1, x);
    CHECK(x[1] == Approx(2 / 255.0));
    CHECK(set.label(0) == 1);
    CHECK(etta::load_pictures({d}).x_type() == etta::dtype::f32);
    CHECK_THROWS_WITH(etta::load_pictures({a, c}), says("is another size"));
    CHECK_THROWS_WITH(etta::load_pictures({a, d}), says("another largest value"));
    CHECK_THROWS_WITH(etta::load_pictures({}), says("there are no files"));
    CHECK_THROWS_WITH(etta::load_pictures({a}, {1, 0}), says("1 samples and 2 labels"));
}

TEST_CASE("CIFAR's records become a data set") {
    const Scratch scratch;
    const auto record = [](const std::string& labels, char first) { return labels + first + std::string(3071, '\2'); };
    const std::string one = scratch.file("1", record("\3", '\7') + record("\x09", '\5')), two = scratch.file("2", record("\0"s, '\6'));
    const etta::Dataset d = etta::load_cifar10({one, two});
    CHECK(d.size() == 3);
    CHECK(d.x_shape() == etta::dims{3, 32, 32});
    CHECK(d.class_name(d.label(0)) == "cat");
    CHECK(d.label(2) == 0);
    std::vector<float> x(3072);
    d.copy_x(1, x.data());
    CHECK((x[0] == 5 && x[3071] == 2));
    CHECK_THROWS_WITH(etta::load_cifar10({scratch.file("3", record("\x0a", 'a'))}), says("record 0 has label 10, expected 0 .. 9"));
    CHECK_THROWS_WITH(etta::load_cifar10({scratch.file("3", "abc")}), says("3 bytes are not a whole number of records of 3073"));
    CHECK_THROWS_WITH(etta::load_cifar10({scratch.file("3", "")}), says("0 bytes"));
    const std::string hundred = scratch.file("4", record("\x13\x63", 'a'));
    CHECK(etta::load_cifar100({hundred}).label(0) == 99);
    CHECK(etta::load_cifar100({hundred}, true).label(0) == 19);
    CHECK(etta::load_cifar100({hundred}, true).classes() == 20);
}
