// expect: etta: a model's operator() must return one tensor
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::LSTM<4> lstm;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return lstm(x).y;
#else
        return lstm(x);
#endif
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 5, 3>> model;
    model.run(x, y, 1);
}
