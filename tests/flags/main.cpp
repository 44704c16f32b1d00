// Each file must run the code that it was compiled to, whatever the order in which the linker saw them.
#include "kernel.hpp"

#include <cstdio>

Report plain();
Report special();

int main() {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return std::puts("no AVX2 here: not run"), 77;
#endif
    const Report a = plain(), b = special();
    std::printf("targets %lu and %lu, kernels %p and %p, values %g and %g\n", a.flags, b.flags, a.kernel, b.kernel, static_cast<double>(a.value), static_cast<double>(b.value));
    if (a.flags == b.flags) return std::puts("the targets are the same"), 1;
    if (a.kernel == b.kernel) return std::puts("one kernel serves both files"), 1;
    return a.value == 17 && b.value == 17 ? 0 : 1;
}
