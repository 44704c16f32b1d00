// expect: etta: broadcast_view: x does not broadcast to these extents
// errors: 1
#include <etta/core/strided.hpp>

void f(etta::Tensor<float, 4, 6>& m) {
#ifdef TWIN
    (void)etta::broadcast_view<2, 4, 6>(m);
#else
    (void)etta::broadcast_view<2, 4, 3>(m);
#endif
}
