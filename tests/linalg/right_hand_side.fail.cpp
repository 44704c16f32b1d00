// expect: etta: a right-hand side has as many rows as the matrix
// expect: shape_<3, 3>
// expect: shape_<2, 3>
// errors: 1
#include <etta/linalg/linalg.hpp>
#include <etta/run/assign.hpp>

void f(etta::Tensor<float, 3, 2>& y, const etta::Tensor<float, 3, 3>& a, const etta::Tensor<float, 2, 3>& b) {
#ifdef TWIN
    y = solve(a, b.t());
#else
    y = solve(a, b);
#endif
}
