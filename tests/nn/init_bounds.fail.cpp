// expect: etta: init::uniform<Low, High>: Low is at most High
// errors: 1
#include <etta/etta.hpp>

// Bounds the wrong way round.
#ifdef TWIN
etta::init::uniform<-1.0, 1.0> start;
#else
etta::init::uniform<1.0, -1.0> start;
#endif
