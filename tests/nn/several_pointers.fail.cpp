// expect: etta: run() takes a pointer to the elements of each input, then of each output, then the number of samples
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto ids) const { return fc(x) + sum(etta::cast<float>(ids)); }
};

void f(const float* x, const std::int32_t* ids, float* y) {
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, etta::Input<std::int32_t, 2>>> model;
#ifdef TWIN
    model.run(x, ids, y, 1);
#else
    model.run(ids, x, y, 1);
#endif
}
