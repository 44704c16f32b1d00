#include <xsimd/xsimd.hpp>

int main() {}
