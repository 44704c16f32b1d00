// Normalisation and layers of two inputs against PyTorch's (make_layers.py wrote the file).
#include "layers.hpp"

namespace {

struct More {
    InstanceNorm<LayerNormOptions{}> instance;
    LocalResponseNorm<4, LocalResponseNormOptions{.alpha = 0.3, .beta = 0.6, .k = 1.2}> local;
    PReLU<channels> prelu;
    PReLU<> one_slope;
    GLU<1> glu;
    Softmin<1> soft;
    struct Halves {
        Bilinear<5> layer;
        constexpr auto operator()(auto x) const { return layer(etta::part<0, 2>(x), etta::part<1, 2>(x)); }
    } bilinear;
    constexpr auto operator()(auto x) const {
        const var a = part<0, 2>(x), b = part<1, 2>(x);
        return side_by_side(instance(x), local(x), prelu(x), one_slope(x), glu(x), soft(x), bilinear(x), CosineSimilarity<2>{}(a, b), PairwiseDistance<3.0>{}(a, b));
    }
};

struct LayerNorms {
    LayerNorm<> one;
    LayerNorm<LayerNormOptions{.eps = 1e-3, .bias = false, .axes = 2}> two;
    LayerNorm<LayerNormOptions{.axes = 3}> three;
    constexpr auto operator()(auto x) const { return side_by_side(one(x), two(x), three(x), LayerNorm<LayerNormOptions{.affine = false, .axes = 2}>{}(x)); }
};

}  // namespace

TEST_CASE("layer normalisation over one axis and several is PyTorch's") {
    compare_layers<LayerNorms, 3, 4, 5>("layer_norm");
}

TEST_CASE("instance and local response normalisation, learned slopes and layers of two inputs are PyTorch's") {
    compare_layers<More, 6, 8>("more");
}
