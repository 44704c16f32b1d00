// expect: etta: a model's floating inputs have one type, that of its parameters: all float or all double
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto y) const { return fc(x) + fc(etta::cast<float>(y)); }
};

void f() {
#ifdef TWIN
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<float, 3>>> model;
#else
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<double, 3>>> model;
#endif
    model.reserve();
}
