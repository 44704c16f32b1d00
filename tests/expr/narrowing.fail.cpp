// expect: etta: these dtypes do not mix: cast<
// expect: 'a', 's', 's', 'i', 'g', 'n', 'm', 'e', 'n', 't'
// errors: 1
#include <etta/etta.hpp>

void f(etta::Tensor<int, 3>& z, const etta::Tensor<float, 3>& x) {
#ifdef TWIN
    z = etta::cast<int>(x + 1);
#else
    z = x + 1;
#endif
}
