// expect: etta: attention to another sequence is not there in a Stream, which would see that one's last piece only: use a Model
// expect: layer<'a', 't', 't', 'n'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<8> other;
    etta::MultiheadAttention<8, 2, etta::MultiheadAttentionOptions{.causal = true}> attn;
    constexpr auto operator()(auto x) const {
#ifdef TWIN
        return attn(other(x));
#else
        return attn(x, other(x));
#endif
    }
};

void f(const float* parameters, const float* x, float* y) {
    etta::Stream<Net, etta::Input<float, 1, 8>, 6> stream(parameters);
    stream.process(x, y);
}
