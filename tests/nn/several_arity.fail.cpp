// expect: etta: a network's operator() takes the model's inputs, a value for each, and is const
// expect: Net
// expect: etta::Inputs<etta::Input<float, 3>, etta::Input<int, 2>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
#ifdef TWIN
    constexpr auto operator()(auto x, auto ids) const { return fc(x) + sum(etta::cast<float>(ids)); }
#else
    constexpr auto operator()(auto x) const { return fc(x); }
#endif
};

void f(const float* x, const std::int32_t* ids, float* y) {
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<std::int32_t, 2>>> model;
    model.run(x, ids, y, 1);
}
