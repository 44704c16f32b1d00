// expect: etta: a branch on a traced value: its value is not known while compiling. Use where(condition, a, b) instead of if or ?:
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const {
        x = fc(x);
#ifdef TWIN
        x = where(x > 0, x, 0.1 * x);
#else
        if (x > 0) x = 0.1 * x;
#endif
        return x;
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
