// expect: etta: a new tensor takes its run-time extents from the expression, which has fewer axes
// errors: 1
#include <etta/etta.hpp>

float f(const etta::Tensor<float, etta::dyn>& x) {
#ifdef TWIN
    const etta::Tensor<float, etta::dyn> y = 2 * x;
#else
    const etta::Tensor<float, etta::dyn, etta::dyn> y = 2 * x;
#endif
    return y[0];
}
