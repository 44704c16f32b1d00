#include "kernel.hpp"
ETTA_TEST_REPORT(plain)
