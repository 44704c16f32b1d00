#include <etta/io/bmp.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(data, size, [](const std::string& path) { etta::read_bmp(path); });
}
