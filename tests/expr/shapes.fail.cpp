// expect: etta: these shapes do not broadcast to one another
// expect: shape_<3, 4>
// expect: shape_<3, 5>
// errors: 1
#include <etta/etta.hpp>

void f(etta::Tensor<float, 3, 4>& z, const etta::Tensor<float, 3, 4>& x) {
#ifdef TWIN
    etta::Tensor<float, 3, 4> y;
#else
    etta::Tensor<float, 3, 5> y;
#endif
    z = x + y;
}
