// expect: etta: Compiled is of a network with one input and one output: use a Model
// errors: 1
#include <etta/micro.hpp>

struct Net {
    etta::Linear<4> fc;
#ifdef TWIN
    constexpr auto operator()(auto x) const { return fc(x); }
#else
    constexpr auto operator()(auto x) const { return std::pair(fc(x), x); }
#endif
};
using Firmware = etta::Compiled<Net, etta::Input<float, 3>>;

bool f(const float* parameters, Firmware::Memory& memory, const float* x, float* y) { return Firmware::run(parameters, memory, x, y); }
