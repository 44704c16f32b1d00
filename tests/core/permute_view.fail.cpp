// expect: etta: permute_view names every axis once
#include <etta/core/strided.hpp>

void f(etta::Tensor<float, 4, 6>& m) {
#ifdef TWIN
    (void)etta::permute_view<1, 0>(m);
#else
    (void)etta::permute_view<1, -1>(m);
#endif
}
