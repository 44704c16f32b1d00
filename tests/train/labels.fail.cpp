// expect: etta: the targets of this loss are
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};

void f(const float* x) {
    etta::Model<Net, etta::Input<float, 3>> model;
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{});
#ifdef TWIN
    const std::int32_t y[4] = {};
#else
    const float y[4] = {};
#endif
    trainer.step(x, y, 4);
}
