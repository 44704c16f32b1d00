// expect: etta: these shapes do not broadcast to one another
// errors: 1
#include <etta/etta.hpp>

float f(const etta::Tensor<float, etta::dyn, 3>& x) {
#ifdef TWIN
    const etta::Tensor<float, etta::dyn, 3> y = 2 * x;
#else
    const etta::Tensor<float, etta::dyn> y = 2 * x;
#endif
    return y[0];
}
