// expect: etta: a temporary tensor in an expression would be gone before the expression is evaluated: give it a name first
// errors: 1
#include <etta/etta.hpp>

etta::Tensor<float, 3> make();

void f(etta::Tensor<float, 3>& z) {
#ifdef TWIN
    const auto y = make();
    z = relu(y) * 2;
#else
    z = relu(make()) * 2;
#endif
}
