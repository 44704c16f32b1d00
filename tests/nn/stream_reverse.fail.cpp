// expect: etta: a layer of both directions wants the whole signal, of which a Stream knows no later part: use one direction, or a Model
// expect: layer<'g', 'r', 'u'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    etta::GRU<4> gru;
#else
    etta::GRU<4, 1, true> gru;
#endif
    etta::Linear<1> out;
    constexpr auto operator()(auto x) const { return out(gru(x).y); }
};

void f(etta::Model<Net, etta::Input<float, 8, 1>>& model, const float* x, float* y) {
    etta::Stream<Net, etta::Input<float, 1, 1>> stream(model);
    stream.process(x, y);
}
