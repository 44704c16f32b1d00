// expect: etta: the model has no parameter of this name
// expect: parameter_exists
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc1;
    constexpr auto operator()(auto x) const { return fc1(x); }
};

void f(etta::Model<Net, etta::Input<float, 3>>& model) {
#ifdef TWIN
    (void)model.parameter<"fc1.weight">();
#else
    (void)model.parameter<"fc2.weight">();
#endif
}
