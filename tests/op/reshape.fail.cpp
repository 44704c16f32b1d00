// expect: etta: reshape: one extent may be -1, the others are not negative
#include <etta/etta.hpp>

void f(const etta::Tensor<float, 2, 3>& x) {
#ifdef TWIN
    (void)etta::eval(reshape<-1, 2>(x));
#else
    (void)etta::eval(reshape<-1, -1>(x));
#endif
}
