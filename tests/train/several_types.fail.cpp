// expect: etta: a Trainer's samples are elements of one type, so its model's inputs are, too: give ids as float (Input<float, ...>), which an Embedding takes
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Embedding<10, 4> token;
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto ids) const { return fc(x) + sum(token(ids), etta::axis<1>); }
};

#ifdef TWIN
using Ids = etta::Input<float, 2>;
#else
using Ids = etta::Input<std::int32_t, 2>;
#endif

double f(const float* x, const float* y) {
    etta::Model<Net, etta::Inputs<etta::Input<float, 3>, Ids>> model;
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::SGD{});
    return trainer.step(x, y, 1);
}
