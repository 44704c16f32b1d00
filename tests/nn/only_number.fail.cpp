// expect: etta: a member of a model is not a layer: members are layers, parameters, structs of layers and std::arrays of these
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
#ifndef TWIN
    int depth = 2;
#endif
    constexpr auto operator()(auto x) const { return fc(x); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
