// expect: etta: a layer updates its state in a loop, once a step
// expect: layer<'b', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::BatchNorm1d<> bn;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return bn(x);
#else
        auto [last, all] = etta::scan([&](auto c, auto xt) constexpr { return std::pair{c, bn(xt)}; }, 0.0f, etta::permute<1, 0, 2>(x));
        return etta::permute<1, 0, 2>(all);
#endif
    }
};

void f(const float* x, const float* y) {
#ifdef TWIN
    etta::Model<Net, etta::Input<float, 3>> model;
#else
    etta::Model<Net, etta::Input<float, 4, 3>> model;
#endif
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{});
    trainer.step(x, y, 4);
}
