// expect: etta: self-attention in a Stream is causal and without a mask ({.causal = true}), since later positions are yet to come: use a Model
// expect: layer<'b', 'l', 'o', 'c', 'k', '.', 's', 'e', 'l', 'f', '_', 'a', 't', 't', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    etta::TransformerEncoderLayer<8, 2, 16, etta::TransformerOptions{.causal = true}> block;
#else
    etta::TransformerEncoderLayer<8, 2, 16> block;
#endif
    constexpr auto operator()(auto x) const { return block(x); }
};

void f(const float* parameters, const float* x, float* y) {
    etta::Stream<Net, etta::Input<float, 1, 8>, 6> stream(parameters);
    stream.process(x, y);
}
