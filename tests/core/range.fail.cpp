// expect: etta: range: a bound lies outside of the axis
// errors: 1
#include <etta/core/tensor.hpp>

void f(etta::Tensor<float, 4, 6>& m) {
#ifdef TWIN
    m(etta::range<1, 4>(), etta::all)(0, 0) = 0;
#else
    m(etta::range<1, 5>(), etta::all)(0, 0) = 0;
#endif
}
