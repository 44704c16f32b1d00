// Kernels are named by their bytecode: models of other widths and depths share them. And what a run gives does not depend on
// the number of threads, on the run, or on the size of the batch.
#include <etta/etta.hpp>

#include <algorithm>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "catch.hpp"

namespace {

template <int A, int B>
struct Mlp {
    etta::Linear<A> fc1;
    etta::Linear<B> fc2;
    etta::Linear<10> fc3;
    constexpr auto operator()(auto x) const { return fc3(relu(fc2(relu(fc1(x))))); }
};
struct Block {
    etta::Linear<64> up, down;
    constexpr auto operator()(auto x) const { return x + down(tanh(up(x))); }
};
template <int N>
struct Deep {
    std::array<Block, N> blocks;
    etta::Linear<10> head;
    constexpr auto operator()(auto x) const {
        for (auto& block : blocks) x = block(x);
        return head(x);
    }
};

template <class Net, int In, int Batch>
using Step = etta::_::program<etta::_::training_source<Net, etta::Input<float, In>, Batch, etta::CrossEntropy>, etta::this_target>;

template <class P>
std::vector<etta::_::kernel_function> kernels() {
    std::vector<etta::_::kernel_function> v;
    for (int i = 0; i < P::n_calls; ++i) v.push_back(P::run_table.kernels[P::run_table.calls[i].kernel]);
    std::sort(v.begin(), v.end());
    v.erase(std::unique(v.begin(), v.end()), v.end());
    return v;
}

using Net = Deep<12>;
using Network = etta::Model<Net, etta::Input<float, 64>, etta::max_batch<32>>;

std::vector<float> samples(int n) {
    std::vector<float> x(static_cast<std::size_t>(n * 64));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i)));
    return x;
}
// The weights after five steps.
std::vector<float> trained(int threads) {
#if defined(_OPENMP)
    omp_set_num_threads(threads);
#else
    (void)threads;
#endif
    Network model{etta::seed(3)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{});
    const auto x = samples(32);
    std::vector<std::int32_t> y(32);
    for (int i = 0; i < 32; ++i) y[static_cast<std::size_t>(i)] = i % 10;
    for (const int n : {32, 32, 7, 32, 1}) trainer.step(x.data(), y.data(), n);
    return {model.parameters.data(), model.parameters.data() + model.parameters.size};
}

}  // namespace

TEST_CASE("two MLPs of different widths instantiate the same kernels") {
    using Narrow = Step<Mlp<24, 40>, 20, 16>;
    using Wide = Step<Mlp<130, 200>, 100, 64>;
    CHECK(kernels<Narrow>() == kernels<Wide>());
    CHECK(kernels<Narrow>().size() == static_cast<std::size_t>(Narrow::table.n_kernels));
}

TEST_CASE("12 identical blocks instantiate each kernel once") {
    using Three = Step<Deep<3>, 64, 32>;
    using Twelve = Step<Net, 64, 32>;
    CHECK(kernels<Three>() == kernels<Twelve>());
    CHECK(Twelve::n_calls > 3 * Three::n_calls);
    CHECK(kernels<Twelve>().size() <= 20);
}

TEST_CASE("the workspace is used again and again") {
    constexpr etta::index activation = 32 * 64 * 4;
    CHECK(Network::workspace_bytes() <= 3 * activation);           // 24 activations pass through it
    CHECK(Step<Net, 64, 32>::workspace_bytes <= 32 * activation);  // backward needs 24 of them, and little else
}

TEST_CASE("results are equal bit for bit for one thread and two, and from run to run") {
    const auto one = trained(1);
    CHECK(trained(1) == one);
    CHECK(trained(2) == one);
    CHECK(trained(2) == one);
    CHECK(trained(3) == one);
}

TEST_CASE("every batch up to the bound gives the samples' own results") {
    Network model{etta::seed(5)};
    const auto x = samples(32);
    std::vector<float> alone(320), batch(320 + 1);
    for (int i = 0; i < 32; ++i) model.run(x.data() + 64 * i, alone.data() + 10 * i, 1);
    for (int n = 1; n <= 32; ++n) {
        INFO(n);
        std::fill(batch.begin(), batch.end(), -7.f);
        model.run(x.data(), batch.data(), n);
        float worst = 0;
        for (int i = 0; i < 10 * n; ++i) worst = std::max(worst, std::abs(batch[static_cast<std::size_t>(i)] - alone[static_cast<std::size_t>(i)]));
        CHECK(worst <= 1e-6f);
        for (int i = 10 * n; i < 321; ++i) CHECK(batch[static_cast<std::size_t>(i)] == -7.f);  // nothing beyond it is written
    }
}

TEST_CASE("the loss and gradients of a batch are the means over its samples") {
    Network model{etta::seed(5)};
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{});
    const auto x = samples(32);
    const std::int32_t y[] = {1, 2, 3, 4, 5, 6, 7};
    std::vector<double> mean(static_cast<std::size_t>(trainer.n_elements), 0);
    double loss = 0;
    for (int i = 0; i < 7; ++i) {
        loss += trainer.gradients(x.data() + 64 * i, y + i, 1) / 7;
        for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += trainer.gradient_data()[k] / 7.0;
    }
    CHECK(trainer.gradients(x.data(), y, 7) == Approx(loss));
    double worst = 0;
    for (std::size_t k = 0; k < mean.size(); ++k) worst = std::max(worst, std::abs(trainer.gradient_data()[k] - mean[k]));
    CHECK(worst < 1e-6);
}
