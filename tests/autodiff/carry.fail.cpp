// expect: etta: scan: what the body returns as the next carry has another shape than the carry
#include <etta/etta.hpp>

void f(const etta::Tensor<double, 3>& h, const etta::Tensor<double, 4, 3>& x) {
    etta::call([](auto h, auto x) {
#ifdef TWIN
        return fold([](auto c, auto xt) { return c + xt; }, h, x);
#else
        return fold([](auto c, auto xt) { return sum(c + xt); }, h, x);
#endif
    }, h, x);
}
