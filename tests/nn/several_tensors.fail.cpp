// expect: etta: the model has another number of inputs
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto y) const { return fc(x) + fc(y); }
};

void f(const etta::Tensor<float, 3>& x) {
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<float, 3>>> model;
#ifdef TWIN
    model(x, x);
#else
    model(x);
#endif
}
