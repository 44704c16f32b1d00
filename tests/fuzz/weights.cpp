// A model takes a file of weights as its options say, or not at all.
#include <etta/etta.hpp>

#include <cstring>

#include "fuzz.hpp"

namespace {

struct net {
    etta::Conv2d<2, 2> conv;
    etta::Linear<2> out;
    constexpr auto operator()(auto x) const { return out(flatten(conv(x))); }
};
using model_type = etta::Model<net, etta::Input<float, 1, 3, 3>, etta::max_batch<1>>;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static model_type model{etta::seed(1)};
    const auto load = [](const std::string& path, const etta::LoadOptions& options) {
        const std::vector<float> before(model.parameters.at, model.parameters.at + model.parameters.size);
        try {
            look(etta::load(model, path, options).text().data(), 1);
        } catch (const etta::Error&) {
            if (std::memcmp(before.data(), model.parameters.at, before.size() * sizeof(float)) != 0) __builtin_trap();
        }
    };
    return fuzz(
        data, size, [&](const std::string& path) { load(path, {}); },
        [&](const std::string& path) { load(path, {.missing = true, .unexpected = true, .mismatched = true, .convert = true, .rename = {{"a*", "conv.*"}}, .transpose = {"out.*"}}); },
        [&](const std::string& path) { load(path, {.missing = true, .unexpected = true, .mismatched = true, .convert = true, .rename = {{"a*", "conv.*"}, {"*", "out.*"}}, .keras = true, .flattened = {{"out.weight", {2, 2, 2}}}}); });
}
