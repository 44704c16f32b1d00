// IDX files, good and bad.
#include <etta/io/idx.hpp>

#include <cstring>

#include "catch.hpp"
#include "scratch.hpp"

namespace {
std::string header(int type, std::initializer_list<std::uint32_t> extents) {
    std::string s = {0, 0, static_cast<char>(type), static_cast<char>(extents.size())};
    for (const std::uint32_t e : extents)
        for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(e >> shift);
    return s;
}
template <class T>
T element(const etta::idx_array& array, int i) {
    T x;
    std::memcpy(&x, array.data() + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return x;
}
}  // namespace

TEST_CASE("an IDX file of bytes gives its extents and elements") {
    Scratch scratch;
    const auto array = etta::read_idx(scratch.file("images", header(8, {2, 2, 3}) + "abcdefghijkl"));
    CHECK(array.type == etta::dtype::u8);
    CHECK(array.extents == std::vector<etta::index>{2, 2, 3});
    CHECK(array.count == 12);
    CHECK(element<std::uint8_t>(array, 11) == 'l');
}

TEST_CASE("elements of several bytes are turned into this machine's order") {
    Scratch scratch;
    const auto i16 = etta::read_idx(scratch.file("i16", header(0x0B, {2}) + std::string("\xff\xfe\x01\x02", 4)));
    CHECK(element<std::int16_t>(i16, 0) == -2);
    CHECK(element<std::int16_t>(i16, 1) == 258);
    const auto i32 = etta::read_idx(scratch.file("i32", header(0x0C, {1}) + std::string("\0\1\0\2", 4)));
    CHECK(element<std::int32_t>(i32, 0) == 65538);
    const auto f32 = etta::read_idx(scratch.file("f32", header(0x0D, {1}) + std::string("\x40\x48\0\0", 4)));
    CHECK(element<float>(f32, 0) == 3.125f);
    const auto f64 = etta::read_idx(scratch.file("f64", header(0x0E, {1, 1}) + std::string("\xC0\x09\0\0\0\0\0\0", 8)));
    CHECK(element<double>(f64, 0) == -3.125);
    CHECK(etta::read_idx(scratch.file("i8", header(9, {1}) + "\xff")).type == etta::dtype::i8);
}

TEST_CASE("rank 0, rank 20 and empty arrays are fine") {
    Scratch scratch;
    CHECK(etta::read_idx(scratch.file("scalar", header(8, {}) + "x")).count == 1);
    const auto deep = etta::read_idx(
        scratch.file("deep", header(8, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1}) + "xy"));
    CHECK(deep.extents.size() == 20);
    CHECK(deep.count == 2);
    CHECK(etta::read_idx(scratch.file("empty", header(8, {0, 28, 28}))).count == 0);
    CHECK(etta::read_idx(scratch.file("huge but empty", header(8, {~0u, ~0u, ~0u, 0}))).count == 0);
}

TEST_CASE("every beginning of an IDX file, and one byte too many, is an error that names it") {
    Scratch scratch;
    const std::string whole = header(0x0B, {2, 3}) + "abcdefghijkl";
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const std::string path = scratch.file("part", whole.substr(0, n));
        CHECK_THROWS_WITH(etta::read_idx(path), says(path));
    }
    CHECK_THROWS_WITH(etta::read_idx(scratch.file("more", whole + "m")),
                      says("the header says 2x3 elements of int16, 12 bytes; the file has 13"));
}

TEST_CASE("a header that asks for more than there is allocates nothing") {
    Scratch scratch;
    CHECK_THROWS_WITH(etta::read_idx(scratch.file("lie", header(8, {~0u, ~0u, ~0u, ~0u}) + "abc")), says("the file has 3 bytes"));
    CHECK_THROWS_AS(etta::read_idx(scratch.file("overflow", header(0x0E, {1u << 31, 1u << 31, 2}) + "abcdefgh")), etta::Error);
    CHECK_THROWS_WITH(etta::read_idx(scratch.file("type", header(7, {1}) + "a")), says("element type 7"));
    CHECK_THROWS_WITH(etta::read_idx(scratch.file("text", "label,pixel\n")), says("two zero bytes"));
}

TEST_CASE("no single changed byte crashes the reader") {
    Scratch scratch;
    const std::string whole = header(0x0B, {2, 3}) + "abcdefghijkl";
    for (std::size_t i = 0; i < 12; ++i)
        for (int value = 0; value < 256; ++value) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(value);
            const std::string path = scratch.file("damaged", damaged);
            etta::index count = 0;
            try {
                count = etta::read_idx(path).count;
            } catch (const etta::Error&) {
            }
            REQUIRE(count <= 24);
        }
}
