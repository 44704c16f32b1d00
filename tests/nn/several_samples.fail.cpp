// expect: etta: the tensors have different numbers of the model's samples
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto y) const { return fc(x) + fc(y); }
};

void f(const etta::Tensor<float, 4, 3>& x, const etta::Tensor<float, 5, 3>& y) {
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<float, 3>>> model;
#ifdef TWIN
    model(x, x), model(y, y);
#else
    model(x, y);
#endif
}
