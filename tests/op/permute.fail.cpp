// expect: etta: there is no such axis
#include <etta/etta.hpp>

void f(const etta::Tensor<float, 2, 3>& x) {
#ifdef TWIN
    (void)etta::eval(permute<1, 0>(x));
#else
    (void)etta::eval(permute<0, 0>(x));
#endif
}
