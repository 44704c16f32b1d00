// expect: etta: a value of a loop's body is used outside of it: return it from the body
#include <etta/etta.hpp>

void f(const etta::Tensor<double, 3>& h, const etta::Tensor<double, 4, 3>& x) {
    etta::call([](auto h, auto x) {
#ifdef TWIN
        auto [last, all] = scan([](auto c, auto xt) { return std::pair{c + xt, c}; }, h, x);
        return all;
#else
        auto kept = h;
        fold([&](auto c, auto xt) { return kept = c + xt; }, h, x);
        return kept * 2.0;
#endif
    }, h, x);
}
