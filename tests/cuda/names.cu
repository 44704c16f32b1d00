// A kernel's type is its bytecode, which host and device compilation each compute. Every kernel of a network's training step is
// named here on both sides; .ci/run compares the names.
#include <etta/etta.hpp>

namespace names_test {

struct Net {
    etta::Conv2d<4, 3> conv;
    etta::Linear<8> hidden;
    etta::Linear<3> out;
    constexpr auto operator()(auto x) const { return out(relu(hidden(flatten<1>(relu(conv(x)))))); }
};

struct names : etta::this_target {};  // kernels of this target are device functions

}  // namespace names_test

template <class Code, class Ops>
__global__ void device_kernel(const std::int64_t* words) {
    if (words == nullptr) return;
}

namespace etta::_ {
template <std::uint64_t First, std::uint64_t... W, class Ops>
struct kernel_entry<code<First, W...>, Ops, names_test::names> {
    static void run(const std::int64_t* words, const context&) { device_kernel<code<First, W...>, Ops><<<1, 1>>>(words); }
};
}  // namespace etta::_

using Step = etta::_::training_source<names_test::Net, etta::Input<float, 1, 8, 8>, 16, etta::CrossEntropy>;
const etta::_::program_table& table() { return etta::_::program<Step, names_test::names>::run_table; }
