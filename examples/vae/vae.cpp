// A variational autoencoder that draws digits: Kingma & Welling 2014. The encoder says where in a plane of 8 dimensions a
// digit may lie, the decoder draws what lies there; afterwards the decoder alone draws from random places.
//
//   examples/run.sh vae [--epochs N] [--seed N]
// ci: --epochs 3
#include "../picture.hpp"

constexpr int places = 8;

struct Decoder {
    etta::Linear<128> fc1;
    etta::Linear<64> fc2;
    constexpr auto operator()(auto z) const { return fc2(gelu(fc1(z))); }  // logits of the pixels
};
struct Vae {
    etta::Linear<128> fc;
    etta::Linear<2 * places> code;
    Decoder decoder;

    // Where it lies: the mean, and the logarithm of the variance.
    constexpr auto encode(auto x) const {
        auto both = code(gelu(fc(x)));
        return std::pair{etta::slice<-1, 0, places>(both), etta::slice<-1, places, 2 * places>(both)};
    }
    constexpr auto operator()(auto x) const { return decoder(encode(x).first); }
};

// The evidence lower bound, with its sign changed: what the reconstruction costs, and what the code does.
constexpr auto bound = [](auto const& net, auto const& batch) {
    auto [middle, log_variance] = net.encode(batch.x);
    auto logits = net.decoder(middle + exp(0.5 * log_variance) * normal_like(middle));
    auto pixels = sum(softplus(logits) - logits * batch.x, etta::axis<-1>);  // binary cross-entropy
    auto divergence = 0.5 * sum(square(middle) + exp(log_variance) - 1 - log_variance, etta::axis<-1>);
    return mean(pixels + divergence);
};

int main(int argc, char** argv) {
    const auto seed = etta::seed(static_cast<std::uint64_t>(option(argc, argv, "seed", 1)));
    const auto x = pixels_of(load_digits({64}));
    etta::Model<Vae, etta::Input<float, 64>, etta::max_batch<64>> model{seed};
    auto trainer = etta::Trainer(model, bound, etta::AdamW{.lr = 2e-3});
    trainer.fit(etta::Dataset::from(x, {64}, x, {64}),
                {.epochs = static_cast<int>(option(argc, argv, "epochs", 150)), .batch = 64, .schedule = etta::cosine(0.02), .seed = seed});

    etta::Model<Decoder, etta::Input<float, places>, etta::max_batch<16>> decoder{seed};
    for (int i = 0; i < decoder.n_parameters; ++i) {  // the same parameters under shorter names
        auto to = decoder.parameter(i);
        const auto from = model.parameter("decoder." + std::string(to.name));
        for (etta::index k = 0; k < to.size; ++k) to.data[k] = from.data[k];
    }
    float z[16 * places], logits[16 * 64], pictures[16 * 64];
    etta::random_stream draw(etta::seed(seed.value + 1), 0);
    for (float& v : z) v = draw.normal<float>();
    decoder.run(z, logits, 16);
    for (int i = 0; i < 16 * 64; ++i) pictures[i] = 1 / (1 + __builtin_expf(-logits[i]));
    draw_row("digits that nobody wrote", pictures, 8);
    draw_row("", pictures + 8 * 64, 8);
}
