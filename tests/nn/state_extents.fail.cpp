// expect: etta: a layer does not fit what comes before it
// expect: layer<'m', 'e', 'a', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct RunningMean {
    etta::State<etta::last_extent> value;
    constexpr auto operator()(etta::var x) const {
        const etta::_::in_layer here(x, value.scope);
        const etta::var old = value(x);
#ifdef TWIN
        if (training(x)) value.update(0.9 * old + 0.1 * mean(x, etta::axis<0>));
#else
        if (training(x)) value.update(0.9 * old + 0.1 * mean(x, etta::axis<0>, etta::keepdims));
#endif
        return x - old;
    }
};
struct Net {
    RunningMean mean;
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(mean(x)); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{});
    trainer.step(x, y, 1);
}
