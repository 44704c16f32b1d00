// Training of a network of 30 different layers, each with weights or work of its own.
#include <etta/etta.hpp>

struct Thirty {
    etta::ReflectionPad<1> pad;
    etta::Conv2d<16, 3> conv;
    etta::BatchNorm2d<> norm;
    etta::ReLU relu_;
    etta::MaxPool2d<2> pool;
    etta::SeparableConv2d<32, 3, 1, 1> separable;
    etta::GroupNorm<4> groups;
    etta::GELU<> gelu_;
    etta::Dropout2d<0.1> channels;
    etta::AvgPool2d<2> average;
    etta::PReLU<> slope;
    etta::ConvTranspose2d<16, 2, 2> up;
    etta::InstanceNorm<> instance;
    etta::SiLU silu_;
    etta::LocalResponseNorm<3> response;
    etta::PixelShuffle<2> shuffle;
    etta::Crop<1, 1> crop;
    etta::ELU<> elu_;
    etta::Upsample<2> larger;
    etta::AdaptiveAvgPool2d<4> adaptive;
    etta::Flatten flat;
    etta::Linear<64> linear;
    etta::LayerNorm<> layer_norm;
    etta::Mish mish_;
    etta::Dropout<0.2> dropout;
    etta::WeightNorm<etta::Linear<64>> weight_norm;
    etta::RMSNorm<> rms;
    etta::GLU<> gate;
    etta::Maxout<2> most;
    etta::LogSoftmax<> classes;
    constexpr auto operator()(auto x) const {
        x = pool(relu_(norm(conv(pad(x)))));
        x = average(channels(gelu_(groups(separable(x)))));
        x = response(silu_(instance(up(slope(x)))));
        x = adaptive(larger(elu_(crop(shuffle(x)))));
        x = dropout(mish_(layer_norm(linear(flat(x)))));
        return classes(most(gate(rms(weight_norm(x)))));
    }
};

int main() {
    etta::Model<Thirty, etta::Input<float, 3, 32, 32>, etta::max_batch<32>> model{etta::seed(7)};
    auto trainer = etta::Trainer(model, etta::NLL{}, etta::Adam{});
    static float x[32 * 3 * 32 * 32];
    static int y[32];
    double loss = 0;
    for (int i = 0; i < 100; ++i) loss = trainer.step(x, y, 32);
    return loss > 1;
}
