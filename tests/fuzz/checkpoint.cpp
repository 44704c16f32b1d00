// A trainer takes a checkpoint whole or not at all. With ETTA_FUZZ_SEED=FILE in the environment, writes a good one there first.
#include <etta/etta.hpp>
#include <etta/train/checkpoint.hpp>

#include <cstdlib>
#include <cstring>

#include "fuzz.hpp"

namespace {

struct net {
    etta::Linear<2> out;
    constexpr auto operator()(auto x) const { return out(x); }
};
using model_type = etta::Model<net, etta::Input<float, 3>, etta::max_batch<4>>;

struct run {
    model_type model{etta::seed(1)};
    etta::Trainer<model_type, etta::CrossEntropy, etta::Adam> trainer{model, {}, {}};
};
run& the_run() {
    static run r;
    return r;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    if (const char* const path = std::getenv("ETTA_FUZZ_SEED")) etta::save_checkpoint(the_run().trainer, path);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz(data, size, [](const std::string& path) {
        run& r = the_run();
        const std::vector<float> before(r.model.parameters.at, r.model.parameters.at + r.model.parameters.size);
        try {
            etta::load_checkpoint(r.trainer, path);
        } catch (const etta::Error&) {
            if (std::memcmp(before.data(), r.model.parameters.at, before.size() * sizeof(float)) != 0) __builtin_trap();
        }
    });
}
