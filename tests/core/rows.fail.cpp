// expect: etta: a tensor's initial rows: their number or their length is not the tensor's
// errors: 1
#include <etta/core/tensor.hpp>

#ifdef TWIN
etta::Tensor<float, 2, 3> m{{1, 2, 3}, {4, 5, 6}};
#else
etta::Tensor<float, 2, 3> m{{1, 2}, {3, 4}};
#endif
