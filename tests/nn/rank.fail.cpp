// expect: etta: a layer does not fit what comes before it
// expect: layer<'c', 'o', 'n', 'v', '2'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Conv2d<4, 3> conv1;
    etta::Conv2d<4, 3> conv2;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const {
        x = relu(conv1(x));
#ifndef TWIN
        x = flatten(x);
#endif
        return fc(flatten(conv2(x)));
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 1, 8, 8>> model;
    model.run(x, y, 1);
}
