// expect: etta: a Stream is of a network with one input and one output: use a Model
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
#ifdef TWIN
    constexpr auto operator()(auto x) const { return fc(x); }
#else
    constexpr auto operator()(auto x) const { return std::pair(fc(x), x); }
#endif
};

void f(const float* parameters, const float* x, float* y) {
    etta::Stream<Net, etta::Input<float, 1, 3>> stream(parameters);
    stream.process(x, y);
}
