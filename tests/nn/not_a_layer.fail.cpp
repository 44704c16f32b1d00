// expect: etta: a member of a model is not a layer: members are layers, parameters, structs of layers and std::arrays of these
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    static constexpr float slope = 0.1f;
#else
    float slope = 0.1f;
#endif
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return where(fc(x) > 0, fc(x), slope * fc(x)); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
