// expect: etta: Hardtanh<Low, High>: Low is at most High
// errors: 1
#include <etta/etta.hpp>

// Bounds the wrong way round.
#ifdef TWIN
etta::Hardtanh<-1.0, 1.0> layer;
#else
etta::Hardtanh<1.0, -1.0> layer;
#endif
