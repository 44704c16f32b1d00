// expect: etta: the layers of a Stream count positions at different rates
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::LearnedPositions<8> fast, slow;
    constexpr auto operator()(auto x) const {
        x = fast(x);
#ifndef TWIN
        x = slice<-2, 0, 1>(x);  // half of the positions
#endif
        return slow(x);
    }
};

void f(const float* parameters, const float* x, float* y) {
    etta::Stream<Net, etta::Input<float, 2, 8>> stream(parameters);
    stream.process(x, y);
}
