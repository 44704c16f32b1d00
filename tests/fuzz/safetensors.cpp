#include <etta/io/safetensors.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(data, size, [](const std::string& path) {
        const auto file = etta::safetensors_file::open(path);
        for (const etta::named_tensor& t : file.tensors()) look(t.data, t.bytes);
    });
}
