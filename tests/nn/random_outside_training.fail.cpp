// expect: etta: random numbers are there while a training step is traced, and nowhere else: ask training(x) first
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        if (training(x)) x = x + normal_like(x);
        return fc(x);
#else
        return fc(x + normal_like(x));
#endif
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{});
    trainer.step(x, y, 1);
}
