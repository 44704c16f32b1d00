// expect: etta: a layer does not fit what comes before it
// expect: layer<'a', 't', 't', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<6> in;
    etta::MultiheadAttention<8, 2> attn;
    etta::Linear<8> fit;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return attn(fit(in(x)));
#else
        return fit(attn(in(x)));
#endif
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 5, 4>> model;
    model.run(x, y, 1);
}
