// expect: etta: a Stream is of a network with one input and one output: use a Model
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x, auto... more) const { return fc((x + ... + more)); }
};

void f(const float* parameters, const float* x, float* y) {
#ifdef TWIN
    etta::Stream<Net, etta::Input<float, 1, 3>> stream(parameters);
#else
    etta::Stream<Net, etta::Inputs<etta::Input<float, 1, 3>, etta::Input<float, 1, 3>>> stream(parameters);
#endif
    stream.process(x, y);
}
