// expect: etta: this op wants a square matrix
// expect: shape_<3, 4>
// errors: 1
#include <etta/linalg/linalg.hpp>
#include <etta/run/assign.hpp>

void f(etta::Tensor<float, 3, 4>& y, const etta::Tensor<float, 3, 4>& x) {
#ifdef TWIN
    y = matmul(inverse(matmul(x, x.t())), x);
#else
    y = inverse(x);
#endif
}
