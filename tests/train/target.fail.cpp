// expect: etta: a loss is one number
// expect: shape_<
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
struct Loss {
    static constexpr etta::dtype target = etta::dtype::none;
    static constexpr bool labels = false;
    static constexpr etta::shape target_shape(const etta::shape& prediction) { return prediction; }
    constexpr auto operator()(auto prediction, auto target) const {
#ifdef TWIN
        return mean(square(prediction - target));
#else
        return square(prediction - target);
#endif
    }
};

void f(const float* x, const float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    auto trainer = etta::Trainer(model, Loss{}, etta::SGD{});
    trainer.step(x, y, 4);
}
