// expect: etta: Hardtanh<Low, High>: Low is at most High
// errors: 1
#include <etta/etta.hpp>

// Bounds the wrong way round.
struct Net {
#ifdef TWIN
    etta::Hardtanh<-1.0, 1.0> layer;
#else
    etta::Hardtanh<1.0, -1.0> layer;
#endif
    constexpr auto operator()(auto x) const { return layer(x); }
};
etta::Model<Net, etta::Input<float, 3>, etta::max_batch<2>> model{etta::seed(1)};
