// expect: etta: an operand has the wrong rank
// errors: 1
#include <etta/etta.hpp>

// The identity is a matrix.
struct Layer {
#ifdef TWIN
    etta::Param<etta::sized<3, 3>, etta::init::eye<>> weight;
#else
    etta::Param<etta::sized<3>, etta::init::eye<>> weight;
#endif
    constexpr auto operator()(auto x) const { return x + sum(weight(x)); }
};

void f(const float* x, float* y) {
    etta::Model<Layer, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
