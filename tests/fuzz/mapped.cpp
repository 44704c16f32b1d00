#include <etta/data/mapped.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // All samples are copied out, as a loader does: a file that is shorter than it says must not get this far.
    const auto copy = [](const etta::Dataset& d) {
        if (d.size() == 0) return;
        std::vector<float> x(static_cast<std::size_t>(d.x_shape().count()));
        for (etta::index i = 0; i < d.size() && i < 1000; ++i) d.copy_x(i, x.data());
        d.copy_x(d.size() - 1, x.data());
        look(x.data(), x.size() * sizeof(float));
    };
    return fuzz(
        data, size, [&](const std::string& path) { copy(etta::map_idx(path)); }, [&](const std::string& path) { copy(etta::map_npy(path)); });
}
