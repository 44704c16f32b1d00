// expect: etta: LayerNorm: eps is 0 or more
// errors: 1
#include <etta/etta.hpp>

// The root of a negative number.
#ifdef TWIN
etta::LayerNorm<etta::LayerNormOptions{.eps = 1e-3}> layer;
#else
etta::LayerNorm<etta::LayerNormOptions{.eps = -1.0}> layer;
#endif
