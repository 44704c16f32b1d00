// Activations as layers against PyTorch's (make_layers.py wrote the file).
#include "layers.hpp"

namespace {

struct Elements {
    constexpr auto operator()(auto x) const {
        return side_by_side(CELU<0.75>{}(x), ELU<0.6>{}(x), GELU<>{}(x), GELU<true>{}(x), Hardshrink<0.4>{}(x), Hardsigmoid{}(x), Hardswish{}(x), Hardtanh<-0.5, 0.8>{}(x),
                            LeakyReLU<0.2>{}(x), LogSigmoid{}(x), LogSoftmax<>{}(x), Mish{}(x), ReLU6{}(x), SELU{}(x), SiLU{}(x), Softplus<2.0>{}(x), Softshrink<0.4>{}(x),
                            Softsign{}(x), Tanhshrink{}(x), Threshold<0.3, -2.0>{}(x), ReLU{}(x), Sigmoid{}(x), Tanh{}(x), Softmax<>{}(x));
    }
};

}  // namespace

TEST_CASE("activations as layers are PyTorch's") { compare_layers<Elements, 7>("elements"); }
