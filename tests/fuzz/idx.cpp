#include <etta/data/load.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(
        data, size, [](const std::string& path) { etta::read_idx(path); }, [](const std::string& path) { etta::load_idx(path); },
        [](const std::string& path) { etta::load_idx(path, path); });
}
