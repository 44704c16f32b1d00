// expect: etta: this loss takes no weights of samples
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};

void f(const float* x, const float* y, const float* weights) {
    etta::Model<Net, etta::Input<float, 3>> model;
#ifdef TWIN
    auto trainer = etta::Trainer(model, etta::Weighted<etta::MSE>{}, etta::SGD{});
#else
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{});
#endif
    trainer.step(x, y, weights, 4);
}
