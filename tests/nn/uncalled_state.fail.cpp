// expect: etta: a layer of the model is never called
// expect: layer<'b', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    etta::BatchNorm1d<etta::BatchNormOptions{.affine = false}> bn;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return bn(fc(x));
#else
        return fc(x);
#endif
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
