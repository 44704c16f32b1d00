// expect: etta: a network's operator() takes the model's inputs, a value for each, and is const
// expect: etta::Input<float, 3>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto y) const { return fc(x) + fc(y); }
};

void f() {
#ifdef TWIN
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<float, 3>>> model;
#else
    etta::Model<Net, etta::Input<float, 3>> model;
#endif
    model.reserve();
}
