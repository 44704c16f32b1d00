// expect: etta: an operand has the wrong rank
// expect: 'g', 'r', 'a', 'd'
// expect: shape_<5>
// errors: 1
#include <etta/etta.hpp>

void f(const etta::Tensor<double, 5>& x) {
#ifdef TWIN
    etta::grad([](auto x) { return sum(x * x); })(x);
#else
    etta::grad([](auto x) { return x * x; })(x);
#endif
}
