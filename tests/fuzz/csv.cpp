#include <etta/data/load.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(
        data, size, [](const std::string& path) { etta::read_csv(path); }, [](const std::string& path) { etta::load_csv(path, {.label = "a"}); },
        [](const std::string& path) { etta::load_csv(path, {.targets = {"b"}}); },
        [](const std::string& path) { etta::load_csv(path, {.label = -1, .one_hot = true, .skip_unlabelled = true, .csv = {.missing = etta::missing::fill}}); },
        [](const std::string& path) {
            etta::load_csv(path, {.targets = {0}, .categories = {{"x", {"p", "q"}}, {1, {"1", "2"}}}, .ignore_unknown = true, .skip_unlabelled = true});
        });
}
