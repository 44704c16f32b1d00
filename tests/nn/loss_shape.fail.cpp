// expect: etta: these shapes do not broadcast to one another
// expect: name_<'m', 's', 'e', '_', 'l', 'o', 's', 's'>
// errors: 1
#include <etta/etta.hpp>

// A target that would broadcast: 4 x 4 differences.
etta::Tensor<float, 4, 1> y;
#ifdef TWIN
etta::Tensor<float, 4, 1> t;
#else
etta::Tensor<float, 4> t;
#endif
void f() {
    etta::call([](auto y, auto t) { return mse_loss(y, t); }, y, t);
}
