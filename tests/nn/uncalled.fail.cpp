// expect: etta: a layer of the model is never called
// expect: 'h', 'e', 'a', 'd', '.', 'f', 'c', '2'
// errors: 1
#include <etta/etta.hpp>

struct Head {
    etta::Linear<4> fc1, fc2;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return fc2(fc1(x));
#else
        return fc1(x);
#endif
    }
};
struct Net {
    etta::Linear<5> stem;
    Head head;
    constexpr auto operator()(auto x) const { return head(stem(x)); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
