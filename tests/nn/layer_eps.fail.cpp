// expect: etta: LayerNorm: eps is 0 or more
// errors: 1
#include <etta/etta.hpp>

// The root of a negative number.
struct Net {
#ifdef TWIN
    etta::LayerNorm<etta::LayerNormOptions{.eps = 1e-3}> layer;
#else
    etta::LayerNorm<etta::LayerNormOptions{.eps = -1.0}> layer;
#endif
    constexpr auto operator()(auto x) const { return layer(x); }
};
etta::Model<Net, etta::Input<float, 3>, etta::max_batch<2>> model{etta::seed(1)};
