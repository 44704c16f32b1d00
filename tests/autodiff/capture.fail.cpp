// expect: etta: a compiled function cannot capture: pass what it needs as an argument
#include <etta/etta.hpp>

void f(const etta::Tensor<double, 5>& x, double k) {
#ifdef TWIN
    etta::grad([](auto x, auto k) { return sum(k * x * x); })(x, k);
#else
    etta::grad([k](auto x) { return sum(k * x * x); })(x);
#endif
}
