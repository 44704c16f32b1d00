// expect: etta: these dtypes do not mix: cast<
// expect: float, double
// errors: 1
#include <etta/etta.hpp>

void f(etta::Tensor<double, 3>& z, const etta::Tensor<float, 3>& x, const etta::Tensor<double, 3>& y) {
#ifdef TWIN
    z = etta::cast<double>(x) * y;
#else
    z = x * y;
#endif
}
