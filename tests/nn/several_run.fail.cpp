// expect: etta: a model of several inputs or outputs takes a pointer for each, then the number of samples: run(x1, x2, y1, y2, n)
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto y) const { return fc(x) + fc(y); }
};

void f(const float* x, float* y) {
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<float, 3>>> model;
#ifdef TWIN
    model.run(x, x, y, 1);
#else
    model.run(x, y, 1);
#endif
}
