// expect: etta: a traced function or a model calls something that is not constexpr: mark its operator() and the functions it calls constexpr
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};
#ifdef TWIN
constexpr etta::var penalty(etta::var x) { return mean(square(x)); }
#else
etta::var penalty(etta::var x) { return mean(square(x)); }
#endif
struct Loss {
    static constexpr etta::dtype target = etta::dtype::none;
    static constexpr bool labels = false;
    static constexpr etta::shape target_shape(const etta::shape& prediction) { return prediction; }
    constexpr auto operator()(auto prediction, auto target) const { return penalty(prediction - target); }
};

void f(const float* x, const float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    auto trainer = etta::Trainer(model, Loss{}, etta::SGD{});
    trainer.step(x, y, 4);
}
