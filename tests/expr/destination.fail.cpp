// expect: etta: these shapes do not broadcast to one another
// expect: shape_<4>
// expect: shape_<3, 4>
// errors: 1
#include <etta/etta.hpp>

void f(const etta::Tensor<float, 3, 4>& x) {
#ifdef TWIN
    etta::Tensor<float, 3, 4> z;
#else
    etta::Tensor<float, 4> z;
#endif
    z = x + 1;
}
