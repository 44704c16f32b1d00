// expect: etta: there is no such axis
// expect: 's', 'u', 'm'
// errors: 1
#include <etta/etta.hpp>

void f(etta::Tensor<float, 3>& z, const etta::Tensor<float, 3, 4>& x) {
#ifdef TWIN
    z = sum(x, etta::axis<1>);
#else
    z = sum(x, etta::axis<2>);
#endif
}
