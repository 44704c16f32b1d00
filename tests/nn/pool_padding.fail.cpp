// expect: etta: pooling: Padding is at most half a window
// errors: 1
#include <etta/etta.hpp>

#ifdef TWIN
using Net = etta::Sequential<etta::Linear<8>, etta::MaxPool2d<3, 2, 1>>;
#else
using Net = etta::Sequential<etta::Linear<8>, etta::MaxPool2d<3, 2, 2>>;
#endif

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3, 8, 8>> model;
    model.run(x, y, 1);
}
