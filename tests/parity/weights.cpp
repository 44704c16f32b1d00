// Weights that PyTorch and NumPy wrote (make_weights.py): by PyTorch's names, and by Keras' names and layouts.
#include <etta/nn/layers.hpp>
#include <etta/nn/norm.hpp>
#include <etta/nn/state_dict.hpp>

#include <cmath>

#include "catch.hpp"

namespace {

struct Net {
    etta::Conv2d<3, etta::per_axis{3, 2}> conv;
    etta::BatchNorm2d<> bn;
    etta::GlobalAvgPool pool;
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const { return fc(pool(relu(bn(conv(x))))); }
};
template <class T>
using M = etta::Model<Net, etta::Input<T, 2, 5, 6>, etta::max_batch<4>>;
const std::string folder = ETTA_TEST_DIR "/parity/";

void check_prediction(M<double>& m) {
    const etta::npz_file file = etta::read_npz(folder + "weights.keras.npz");
    const std::vector<double> x = file.find("x")->values<double>(), want = file.find("y")->values<double>();
    double y[16];
    m.run(x.data(), y, 4);
    for (std::size_t i = 0; i < 16; ++i) CHECK(std::abs(y[i] - want[i]) <= 1e-12);
}

}  // namespace

TEST_CASE("NPZ files of PyTorch's weights load, plain and compressed, into models of either precision") {
#if defined(ETTA_HAS_ZLIB)
    const auto names = {"weights.npz", "weights.compressed.npz"};
#else
    const auto names = {"weights.npz"};
    M<double> none;
    CHECK_THROWS_WITH(etta::load(none, folder + "weights.compressed.npz"), says("without zlib"));
#endif
    for (const char* name : names) {
        M<double> d{etta::seed(1)};
        CHECK_THROWS_WITH(etta::load(d, folder + name), says("'conv.weight' is float, the model's is double"));
        const etta::LoadReport r = etta::load(d, folder + name, {.convert = true});
        CHECK(r.complete());
        CHECK(r.loaded.size() == 9);
        CHECK(r.converted.size() == 8);
        CHECK(d.state<"bn.num_batches_tracked">()() == 3);
        check_prediction(d);
        M<float> f{etta::seed(1)};
        etta::load(f, folder + name);
        CHECK(etta::compare_weights(f, d).equal());
        CHECK(etta::compare_weights(f, folder + name).equal());
    }
}

TEST_CASE("weights as Keras has them load with their names mapped and their matrices transposed") {
    M<double> m{etta::seed(1)};
    const etta::LoadOptions options{.missing = true,
                                    .unexpected = true,
                                    .rename = {{"conv2d/kernel", "conv.weight"},
                                               {"dense/kernel", "fc.weight"},
                                               {"conv2d/*", "conv.*"},
                                               {"dense/*", "fc.*"},
                                               {"batch_normalization/gamma", "bn.weight"},
                                               {"batch_normalization/beta", "bn.bias"},
                                               {"batch_normalization/moving_variance", "bn.running_var"},
                                               {"batch_normalization/moving_*", "bn.running_*"}},
                                    .transpose = {"conv.weight", "fc.*"}};
    const etta::LoadReport r = etta::load(m, folder + "weights.keras.npz", options);
    CHECK(r.text() ==
          "8 tensors loaded\n"
          "missing: bn.num_batches_tracked\n"
          "unexpected: x, y\n"
          "transposed: conv.weight, fc.weight\n");
    check_prediction(m);
    etta::LoadOptions as_it_is = options;
    as_it_is.transpose.clear();
    CHECK_THROWS_WITH(etta::load(m, folder + "weights.keras.npz", as_it_is), says("'conv2d/kernel', here 'conv.weight', has shape [3, 2, 2, 3], the model's is [3, 2, 3, 2]"));
}
