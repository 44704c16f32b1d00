// PNG alone: stb's JPEG decoder of 2022 writes behind a table where a file's Huffman codes are too many, which is why docs/data.md says
// to give it files that one trusts.
#include <etta/io/stb.hpp>

#include <cstring>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 8 || std::memcmp(data, "\x89PNG\r\n\x1a\n", 8) != 0) return 0;
    return fuzz(data, size, [](const std::string& path) { etta::stb(etta::read_file(path), path); });
}
