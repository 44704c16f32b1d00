#include <etta/data/files.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(
        data, size, [](const std::string& path) { etta::load_cifar10({path}); }, [](const std::string& path) { etta::load_cifar100({path}); });
}
