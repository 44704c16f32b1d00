// expect: etta: pooling: Kernel and Stride are 1 or more, Padding is 0 or more and at most half a window
#include <etta/etta.hpp>

void f(const etta::Tensor<float, 1, 1, 4, 4>& x) {
#ifdef TWIN
    (void)etta::eval(etta::avg_pool<3, 1, 1>(x));
#else
    (void)etta::eval(etta::avg_pool<3, 1, 2>(x));
#endif
}
