// expect: etta: these shapes do not broadcast to one another
// expect: name_<'q', 'u', 'a', 'n', 't', 'i', 'l', 'e', '_', 'l', 'o', 's', 's'>
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
    etta::call([](auto y, auto t) { return quantile_loss(y, t, 0.3); }, y, t);
}
