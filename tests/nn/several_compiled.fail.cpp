// expect: etta: Compiled is of a network with one input and one output: use a Model
// errors: 1
#include <etta/nn/compiled.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto... more) const { return fc((x + ... + more)); }
};
#ifdef TWIN
using Firmware = etta::Compiled<Net, etta::Input<float, 3>>;
#else
using Firmware = etta::Compiled<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<float, 3>>>;
#endif

bool f(const float* parameters, Firmware::Memory& memory, const float* x, float* y) { return Firmware::run(parameters, memory, x, y); }
