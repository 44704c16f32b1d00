// expect: etta: minimize: the function cannot capture
// errors: 1
#include <etta/optim/minimize.hpp>

void f(double scale) {
#ifdef TWIN
    etta::minimize(etta::LBFGS{}, [](auto x, auto s) { return sum(s * x * x); }, etta::Tensor<double, 2>{1, 2}, scale);
#else
    etta::minimize(etta::LBFGS{}, [scale](auto x) { return sum(scale * x * x); }, etta::Tensor<double, 2>{1, 2});
#endif
}
