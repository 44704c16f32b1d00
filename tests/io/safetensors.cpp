// safetensors: byte for byte what Python's package writes, and nothing that the format does not allow.
#include <etta/core/random.hpp>
#include <etta/io/convert.hpp>
#include <etta/io/safetensors.hpp>

#include <cmath>

#include "catch.hpp"
#include "scratch.hpp"

namespace {

std::string file_of(std::string header, std::string_view data = "") {
    std::string s;
    for (int i = 0; i < 8; ++i) s += static_cast<char>(header.size() >> (8 * i));
    return s + header + std::string(data);
}

std::size_t read(const std::string& bytes) {
    Scratch scratch;
    return etta::safetensors_file::open(scratch.file("t.safetensors", bytes)).tensors().size();
}

template <class T>
etta::named_tensor view(const std::string& name, const std::vector<T>& values, std::vector<etta::index> shape) {
    return {name, etta::dtype_of<T>, shape, reinterpret_cast<const std::byte*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

TEST_CASE("what is written is read back, aligned to its elements") {
    Scratch scratch;
    const std::vector<float> w = {1, 2, 3, 4, 5, 6};
    const std::vector<std::uint8_t> mask = {7, 8, 9};
    const std::vector<double> one = {0.1};
    const std::vector<etta::named_tensor> tensors = {view("mask", mask, {3}), view("fc.weight", w, {2, 3}), view("x", one, {})};
    etta::write_safetensors(scratch.path("m"), tensors, {{"by", "etta \"quoted\" \\ \t ü"}});
    const auto file = etta::safetensors_file::open(scratch.path("m"));
    REQUIRE(file.tensors().size() == 3);
    REQUIRE(file.find("fc.weight") != nullptr);
    const etta::named_tensor& t = *file.find("fc.weight");
    CHECK(t.type == etta::dtype::f32);
    CHECK(t.shape == std::vector<etta::index>{2, 3});
    CHECK(std::memcmp(t.data, w.data(), t.bytes) == 0);
    CHECK(file.find("x")->count() == 1);
    CHECK(file.find("fc.bias") == nullptr);
    CHECK(file.find("") == nullptr);
    CHECK(file.metadata() == etta::safetensors_metadata{{"by", "etta \"quoted\" \\ \t ü"}});
    for (const auto& each : file.tensors())
        CHECK(reinterpret_cast<std::uintptr_t>(each.data) % static_cast<std::uintptr_t>(etta::size_of(each.type)) == 0);
    CHECK(file.tensors()[0].name == "x");
    CHECK(file.tensors()[1].name == "fc.weight");
}

TEST_CASE("nothing at all is a file too") {
    Scratch scratch;
    etta::write_safetensors(scratch.path("m"), {});
    CHECK(etta::safetensors_file::open(scratch.path("m")).tensors().empty());
}

TEST_CASE("a file made by Python is read, and written again gives the same bytes") {
    const std::string path = ETTA_TEST_DIR "/io/data/from_python.st";
    const auto file = etta::safetensors_file::open(path);
    REQUIRE(file.tensors().size() == 9);
    CHECK(file.metadata() == etta::safetensors_metadata{{"format", "np"}});

    std::vector<float> conv(12);
    etta::copy_elements(*file.find("conv.weight"), conv.data());
    CHECK(conv[11] == 2.75f);
    CHECK(file.find("conv.weight")->shape == std::vector<etta::index>{2, 3, 2});
    std::int64_t scalar = 0;
    etta::copy_elements(*file.find("scalar"), &scalar);
    CHECK(scalar == 42);
    float half[4];
    CHECK(file.find("half")->type == etta::dtype::none);
    CHECK(file.find("half")->stored == "F16");
    etta::copy_elements(*file.find("half"), half);
    CHECK(half[0] == 1.0f);
    CHECK(half[1] == -2.5f);
    CHECK(half[2] == 65504.0f);
    CHECK(half[3] == 0x1p-24f);  // 6e-8 as a half
    bool mask[3];
    etta::copy_elements(*file.find("mask"), mask);
    CHECK((mask[0] && !mask[1] && mask[2]));
    CHECK(file.find("empty")->bytes == 0);
    CHECK(file.find("größe \"q\"\n") != nullptr);

    Scratch scratch;
    etta::write_safetensors(scratch.path("again"), file.tensors(), file.metadata());
    CHECK(as_text(etta::read_file(scratch.path("again"))) == as_text(etta::read_file(path)));
}

TEST_CASE("names, shapes and bytes that do not agree are not written") {
    Scratch scratch;
    const std::vector<float> w = {1, 2, 3};
    const auto write = [&](std::vector<etta::named_tensor> tensors, const etta::safetensors_metadata& metadata = {}) {
        etta::write_safetensors(scratch.path("m"), tensors, metadata);
    };
    CHECK_THROWS_WITH(write({view("w", w, {2})}), says("tensor 'w': F32[2] is 8 bytes, given are 12"));
    CHECK_THROWS_AS(write({view("w", w, {-3})}), etta::Error);
    CHECK_THROWS_AS(write({view("w", w, {etta::index{1} << 62, 4})}), etta::Error);
    CHECK_THROWS_WITH(write({view("w", w, {3}), view("w", w, {3})}), says("two tensors are named 'w'"));
    CHECK_THROWS_AS(write({view("", w, {3})}), etta::Error);
    CHECK_THROWS_AS(write({view("__metadata__", w, {3})}), etta::Error);
    CHECK_THROWS_WITH(write({view("\xff", w, {3})}), says("not UTF-8"));
    CHECK_THROWS_WITH(write({}, {{"a", "\xc0\x80"}}), says("not UTF-8"));
    CHECK_THROWS_WITH(write({}, {{"a", "1"}, {"a", "2"}}), says("two metadata"));
    CHECK(scratch.names().empty());
}

TEST_CASE("every beginning of a file, and one byte too many, is an error") {
    Scratch scratch;
    const std::vector<float> w = {1, 2, 3};
    etta::write_safetensors(scratch.path("m"), std::vector{view("w", w, {3}), view("b", w, {1, 3})}, {{"k", "v"}});
    const std::string whole = as_text(etta::read_file(scratch.path("m")));
    CHECK(read(whole) == 2);
    for (std::size_t n = 0; n < whole.size(); ++n) CHECK_THROWS_AS(read(whole.substr(0, n)), etta::Error);
    CHECK_THROWS_WITH(read(whole + "x"), says("the tensors end at byte 24 of the data; the file has 25"));
}

TEST_CASE("a hostile header is refused with its place") {
    CHECK_THROWS_WITH(read(""), says("0 bytes, expected at least 8"));
    CHECK_THROWS_WITH(read(std::string(8, '\xff')), says("the header is said to have 18446744073709551615 bytes"));
    CHECK_THROWS_WITH(read(std::string("\0\0\0\0\1\0\0\0{}", 10)), says("the header is said to have 4294967296 bytes"));
    CHECK_THROWS_WITH(read(file_of("")), says("does not begin with '{'"));
    CHECK_THROWS_WITH(read(file_of(" {}")), says("does not begin with '{'"));
    CHECK_THROWS_WITH(read(file_of("{}\n")), says("only spaces after the header, found byte 10"));
    CHECK_THROWS_WITH(read(file_of("{}{}")), says("byte 10: expected only spaces"));
    CHECK_THROWS_WITH(read(file_of("{\"a\":" + std::string(100000, '['))), says("byte 13: expected '{', found '['"));
    CHECK_THROWS_WITH(read(file_of("{\"a\":{\"shape\":" + std::string(100000, '['))), says("expected a non-negative integer, found '['"));
    CHECK_THROWS_WITH(read(file_of("{\"a")), says("a string without an end"));
    CHECK_THROWS_WITH(read(file_of("{\"a\xff\":{}}")), says("byte 11: not UTF-8"));
    CHECK_THROWS_WITH(read(file_of("{\"\xed\xa0\x80\":{}}")), says("not UTF-8"));
    CHECK_THROWS_WITH(read(file_of("{\"\n\":{}}")), says("a control character"));
    CHECK_THROWS_WITH(read(file_of(R"({"\ud800":{}})")), says("half of a surrogate pair"));
    CHECK_THROWS_WITH(read(file_of(R"({"\udc00":{}})")), says("half of a surrogate pair"));
    CHECK_THROWS_WITH(read(file_of(R"({"\x":{}})")), says("unknown escape"));
    CHECK_THROWS_WITH(read(file_of(R"({"\u12g4":{}})")), says("four hexadecimal digits"));
    CHECK_THROWS_WITH(read(file_of(R"({"a":{}})")), says("expected '\"', found '}'"));
    CHECK_THROWS_WITH(read(file_of(R"({"a":null})")), says("expected '{', found 'n'"));
    CHECK_THROWS_WITH(read(file_of(R"({,})")), says("expected '\"'"));
    CHECK(read(file_of("{}")) == 0);
    CHECK(read(file_of("{ \"__metadata__\" : { } }  ")) == 0);
    CHECK_THROWS_WITH(read(file_of(R"({"__metadata__":{},"__metadata__":{}})")), says("stands twice"));
    CHECK_THROWS_WITH(read(file_of(R"({"__metadata__":{"a":"1","a":"2"}})")), says("'a' twice"));
    CHECK_THROWS_WITH(read(file_of(R"({"__metadata__":{"a":1}})")), says("expected '\"', found '1'"));
}

TEST_CASE("a tensor that does not agree with the file, or with another one, is refused") {
    const auto one = [](const std::string& body, std::string_view data = "01234567") { return read(file_of("{" + body + "}", data)); };
    const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
    CHECK(one(a + R"(,"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]})") == 2);
    CHECK(one(R"("b":{"data_offsets":[4,8],"shape":[ 1 ],"dtype":"F32"},)" + a) == 2);  // any order
    CHECK_THROWS_WITH(one(a + "," + a), says("'a'"));
    CHECK_THROWS_WITH(one(a, "0123xxxx"), says("the tensors end at byte 4 of the data; the file has 8"));
    CHECK_THROWS_WITH(one(a + R"(,"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]})"), says("two tensors are named 'a'"));
    CHECK_THROWS_WITH(one(a + R"(,"b":{"dtype":"U8","shape":[5],"data_offsets":[3,8]})"), says("inside the one before it"));
    CHECK_THROWS_WITH(one(a + R"(,"b":{"dtype":"U8","shape":[3],"data_offsets":[5,8]})"), says("after a hole that begins at 4"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]})"), says("not in the file"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"U8","shape":[4],"data_offsets":[8,4]})"), says("not in the file"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"U8","shape":[3],"data_offsets":[0,8]})"), says("U8[3] is 3 bytes, its data_offsets say 8"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]})"),
                      says("its data_offsets say 8"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[18446744073709551615],"data_offsets":[0,8]})"), says("an extent of"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[18446744073709551616],"data_offsets":[0,8]})"), says("64 bits"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[-1],"data_offsets":[0,8]})"), says("non-negative integer"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[1.0],"data_offsets":[0,8]})"), says("fraction"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[01],"data_offsets":[0,8]})"), says("does not begin with 0"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F128","shape":[1],"data_offsets":[0,8]})"), says("unknown dtype 'F128'"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[1]})"), says("no 'data_offsets'"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","dtype":"F64"})"), says("'dtype' twice"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","stride":[1]})"), says("unknown key 'stride'"));
    CHECK_THROWS_WITH(one(R"("a":{"dtype":"F64","shape":[1],"data_offsets":[0,8,9]})"), says("expected ']', found ','"));
    // Empty tensors may stand anywhere between others.
    CHECK(one(R"("e":{"dtype":"F64","shape":[0,7],"data_offsets":[4,4]},)" + a +
              R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]})") == 3);
    CHECK_THROWS_AS(one(R"("e":{"dtype":"F64","shape":[0],"data_offsets":[2,2]},)" + a +
                        R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]})"), etta::Error);
}

TEST_CASE("no changed bytes crash the reader") {
    const std::string whole = as_text(etta::read_file(ETTA_TEST_DIR "/io/data/from_python.st"));
    Scratch scratch;
    etta::random_stream random(etta::seed(1));
    for (int i = 0; i < 3000; ++i) {
        std::string damaged = whole;
        for (std::uint64_t n = random.below(3) + 1; n > 0; --n)
            damaged[random.below(damaged.size())] = "\"{}[]:,0919aA\\u\x80\xff \0"[random.below(20)];
        const std::string path = scratch.file("damaged", damaged);
        try {
            const auto file = etta::safetensors_file::open(path);
            for (const auto& t : file.tensors()) {
                std::vector<double> values(static_cast<std::size_t>(t.count()));
                if (etta::converts_to<double>(t)) etta::copy_elements(t, values.data());
            }
        } catch (const etta::Error&) {
        }
    }
}

TEST_CASE("many tensors are found by name") {
    Scratch scratch;
    const std::vector<float> w = {1};
    std::vector<etta::named_tensor> tensors;
    for (int i = 0; i < 3000; ++i) tensors.push_back(view("blocks." + std::to_string(i * 7919 % 3000) + ".w", w, {1}));
    etta::write_safetensors(scratch.path("m"), tensors);
    const auto file = etta::safetensors_file::open(scratch.path("m"));
    for (int i = 0; i < 3000; ++i) REQUIRE(file.find("blocks." + std::to_string(i) + ".w") != nullptr);
    CHECK(file.find("blocks.3000.w") == nullptr);
}

TEST_CASE("half and bfloat16 become float exactly") {
    CHECK(etta::_::from_half(0x3C00) == 1.0f);
    CHECK(etta::_::from_half(0xC000) == -2.0f);
    CHECK(etta::_::from_half(0x0001) == 0x1p-24f);
    CHECK(etta::_::from_half(0x03FF) == 1023 * 0x1p-24f);
    CHECK(etta::_::from_half(0x0400) == 0x1p-14f);
    CHECK(etta::_::from_half(0x7BFF) == 65504.0f);
    CHECK(std::isinf(etta::_::from_half(0xFC00)));
    CHECK(std::isnan(etta::_::from_half(0x7E01)));
    CHECK(std::signbit(etta::_::from_half(0x8000)));
    CHECK(etta::_::from_bfloat16(0x3F80) == 1.0f);
    CHECK(etta::_::from_bfloat16(0xC2F7) == -123.5f);
}

TEST_CASE("a conversion that loses what a type says is refused") {
    const std::vector<float> w = {1.5f};
    const std::vector<std::int64_t> n = {1};
    std::int32_t i = 0;
    CHECK_THROWS_WITH(etta::copy_elements(view("w", w, {1}), &i), says("tensor 'w': float does not convert to int32"));
    CHECK_THROWS_WITH(etta::copy_elements(view("n", n, {1}), &i), says("int64 does not convert to int32"));
    double d = 0;
    etta::copy_elements(view("w", w, {1}), &d);
    CHECK(d == 1.5);
    etta::copy_elements(view("n", n, {1}), &d);
    CHECK(d == 1);
}
