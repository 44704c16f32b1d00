#include <etta/data/files.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(
        data, size, [](const std::string& path) { etta::read_npy(path).values<double>(); }, [](const std::string& path) { etta::load_npy(path); },
        [](const std::string& path) { etta::load_npy(path, path); });
}
