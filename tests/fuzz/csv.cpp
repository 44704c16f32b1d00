#include <etta/data/load.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(
        data, size, [](const std::string& path) { etta::read_csv(path); }, [](const std::string& path) { etta::load_csv(path, {.label = "a"}); },
        [](const std::string& path) { etta::load_csv(path, {.targets = {"b"}}); });
}
