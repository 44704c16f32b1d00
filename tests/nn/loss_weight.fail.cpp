// expect: etta: weights of a loss have the extents of its values, or the first of these
// expect: name_<'m', 's', 'e', '_', 'l', 'o', 's', 's'>
// expect: shape_<4, 3>
// errors: 1
#include <etta/etta.hpp>

// Weights of classes where those of samples are wanted.
etta::Tensor<float, 4, 3> y, t;
#ifdef TWIN
etta::Tensor<float, 4> w;
#else
etta::Tensor<float, 3> w;
#endif
void f() {
    etta::call([](auto y, auto t, auto w) { return mse_loss(y, t, {.weight = w}); }, y, t, w);
}
