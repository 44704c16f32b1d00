// expect: etta: view: a temporary container is gone before its view is used: name it first
#include <etta/core/interop.hpp>

#include <vector>

std::vector<float> make();
void f() {
#ifdef TWIN
    const std::vector<float> x = make();
    (void)etta::view(x);
#else
    (void)etta::view(make());
#endif
}
