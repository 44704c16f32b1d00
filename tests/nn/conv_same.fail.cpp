// expect: etta: a convolution with the padding `same` has stride 1
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    etta::Conv2d<8, 3, 1, etta::same> conv;
#else
    etta::Conv2d<8, 3, 2, etta::same> conv;
#endif
    constexpr auto operator()(auto x) const { return conv(x); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3, 8, 8>> model;
    model.run(x, y, 1);
}
