// expect: etta: a Stream with attention wants to know how many positions to keep, those of a piece at least: Stream<Net, In, Length>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::MultiheadAttention<8, 2, etta::MultiheadAttentionOptions{.causal = true}> attn;
    constexpr auto operator()(auto x) const { return attn(x); }
};
#ifdef TWIN
constexpr int length = 6;
#else
constexpr int length = 0;
#endif

void f(const float* parameters, const float* x, float* y) {
    etta::Stream<Net, etta::Input<float, 2, 8>, length> stream(parameters);
    stream.process(x, y);
}
