// expect: etta: a layer does not fit what comes before it
// expect: layer<'b', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Conv2d<4, 3> conv;
    etta::BatchNorm2d<etta::BatchNormOptions{.affine = false}> bn;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return fc(flatten(bn(conv(x))));
#else
        return fc(bn(flatten(conv(x))));
#endif
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 1, 8, 8>> model;
    model.run(x, y, 1);
}
