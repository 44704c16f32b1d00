// expect: etta: a member of a model is a C array: use std::array
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    std::array<etta::Linear<4>, 2> fc;
#else
    etta::Linear<4> fc[2];
#endif
    constexpr auto operator()(auto x) const { return fc[1](relu(fc[0](x))); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
