// expect: etta: a branch on a traced value: its value is not known while compiling. Use where(condition, a, b) instead of if or ?:
#include <etta/etta.hpp>

void f(const etta::Tensor<double, 5>& x) {
#ifdef TWIN
    etta::grad([](auto x) { return sum(where(x > 0, x, 2 * x)); })(x);
#else
    etta::grad([](auto x) {
        auto s = sum(x);
        if (s > 0) return s;
        return 2 * s;
    })(x);
#endif
}
