// expect: etta: a traced function or a model calls something that is not constexpr: mark its operator() and the functions it calls constexpr
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
#ifdef TWIN
    constexpr etta::var helper(etta::var x) const { return fc(x); }
#else
    etta::var helper(etta::var x) const { return fc(x); }
#endif
    constexpr auto operator()(auto x) const { return helper(x); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
