// expect: etta: there is no such axis or element
// expect: layer<'g', 'a', 't', 'e', 's', '.', '1'>
// expect: name_<'s', 'p', 'l', 'i', 't'>
// errors: 1
#include <etta/etta.hpp>

// Layers without parameters are named, too.
struct Net {
    etta::Linear<6> fc;
    etta::GLU<> first;
#ifdef TWIN
    etta::Sequential<etta::Linear<4>, etta::GLU<>> gates;
#else
    etta::Sequential<etta::Linear<5>, etta::GLU<>> gates;
#endif
    constexpr auto operator()(auto x) const { return gates(first(fc(x))); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
