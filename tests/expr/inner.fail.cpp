// expect: etta: matmul: the inner extents differ
// expect: shape_<784>
// expect: shape_<128>
// errors: 1
#include <etta/etta.hpp>

void f(etta::Tensor<float, 64, 784>& h, const etta::Tensor<float, 64, 784>& x, const etta::Tensor<float, 784, 128>& w) {
#ifdef TWIN
    h = matmul(matmul(x, w), w.t());
#else
    h = matmul(x, w.t());
#endif
}
