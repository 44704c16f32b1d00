// expect: etta: a temporary tensor in an expression would be gone before the expression is evaluated: give it a name first
// errors: 1
#include <etta/etta.hpp>

void f(etta::Tensor<float, 3>& z, const etta::Tensor<float, 3>& x) {
#ifdef TWIN
    const etta::Tensor<float, 3> one{1, 1, 1};
    z = x + one;
#else
    z = x + etta::Tensor<float, 3>{1, 1, 1};
#endif
}
