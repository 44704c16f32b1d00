// expect: etta: an operand has the wrong rank
// expect: 'j', 'a', 'c', 'o', 'b', 'i', 'a', 'n'
// expect: shape_<etta::extent_known::at_run_time, etta::extent_known::at_run_time>
// errors: 1
#include <etta/etta.hpp>

void f(const etta::Tensor<double, etta::dyn, etta::dyn>& x) {
#ifdef TWIN
    etta::jacobian([](auto x) { return sum(x * x); })(x);
#else
    etta::jacobian([](auto x) { return x * x; })(x);
#endif
}
