// libtorch, eager, through its C++ interface.
#include <torch/torch.h>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

using bench::meter;
using torch::Tensor;

Tensor filled(torch::IntArrayRef sizes, std::uint32_t stream, double low = -1, double high = 1) {
    Tensor t = torch::empty(sizes);
    bench::fill(t.data_ptr<float>(), t.numel(), stream, low, high);
    return t;
}

template <int N>
void fused(meter& m) {
    const torch::NoGradGuard off;
    const Tensor x = filled({N}, 1, -2, 2), y = filled({N}, 2, -2, 2);
    Tensor z;
    auto step = [&] { z = bench::e1_a * x + torch::tanh(y) * torch::relu(x - y) + torch::exp(-x * x); };
    step();
    m.note("max_abs_error", bench::e1_error(x.data_ptr<float>(), y.data_ptr<float>(), z.data_ptr<float>(), N));
    m.run(step);
}

template <int N>
void axpy(meter& m) {
    const torch::NoGradGuard off;
    const Tensor x = filled({N}, 1, -2, 2), y = filled({N}, 2, -2, 2);
    Tensor z = torch::empty({N});
    m.run([&] { torch::add_out(z, y, x, bench::e1_a); });
}

void softmax_rows(meter& m) {
    const torch::NoGradGuard off;
    const Tensor x = filled({64, 1000}, 1, -4, 4);
    Tensor z;
    m.run([&] { z = torch::softmax(x, 1); });
}

void layernorm(meter& m) {
    const torch::NoGradGuard off;
    const Tensor x = filled({64, 768}, 1), scale = filled({768}, 3), shift = filled({768}, 4);
    Tensor z;
    m.run([&] { z = torch::layer_norm(x, {768}, scale, shift); });
}

void sum_all(meter& m) {
    const torch::NoGradGuard off;
    const Tensor x = filled({1048576}, 1, -4, 4);
    Tensor s;
    m.run([&] { s = x.sum(); });
}

void logsumexp_all(meter& m) {
    const torch::NoGradGuard off;
    const Tensor x = filled({1048576}, 1, -4, 4);
    Tensor s;
    m.run([&] { s = torch::logsumexp(x, 0); });
}

template <int M, int K, int N>
void product(meter& m) {
    const torch::NoGradGuard off;
    const Tensor a = filled({M, K}, 1), b = filled({K, N}, 2);
    Tensor c = torch::empty({M, N});
    m.run([&] { torch::mm_out(c, a, b); });
}

template <class Optimizer>
void step(meter& m, torch::nn::Sequential net, Optimizer& optimizer, torch::IntArrayRef sample) {
    std::vector<std::int64_t> sizes{bench::train_batch};
    sizes.insert(sizes.end(), sample.begin(), sample.end());
    const Tensor x = filled(sizes, 1, 0, 1);
    int label[bench::train_batch];
    bench::digit_labels(label);
    const Tensor y = torch::from_blob(label, {bench::train_batch}, torch::kInt).to(torch::kLong);
    m.run([&] {
        optimizer.zero_grad();
        const Tensor loss = torch::cross_entropy_loss(net->forward(x), y);
        loss.backward();
        optimizer.step();
    });
}

void mlp_step(meter& m) {
    torch::manual_seed(1);
    torch::nn::Sequential net(torch::nn::Linear(784, 128), torch::nn::ReLU(), torch::nn::Linear(128, 10));
    torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(bench::train_rate));
    step(m, net, adam, {784});
}

void lenet_step(meter& m) {
    using namespace torch::nn;
    torch::manual_seed(1);
    Sequential net(Conv2d(1, 8, 5), ReLU(), MaxPool2d(2), Conv2d(8, 16, 5), ReLU(), MaxPool2d(2), Flatten(), Linear(256, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10));
    torch::optim::SGD sgd(net->parameters(), torch::optim::SGDOptions(bench::train_rate).momentum(0.9));
    step(m, net, sgd, {1, 28, 28});
}

void lstm_step(meter& m) {
    torch::manual_seed(1);
    torch::nn::LSTM lstm(torch::nn::LSTMOptions(1, bench::lstm_hidden));  // steps first: what it is fastest with
    torch::nn::Linear fc(bench::lstm_hidden, 1);
    std::vector<Tensor> parameters = lstm->parameters();
    for (const Tensor& p : fc->parameters()) parameters.push_back(p);
    torch::optim::Adam adam(parameters, torch::optim::AdamOptions(bench::train_rate));
    const Tensor x = filled({bench::lstm_steps, bench::lstm_batch, 1}, 1, 0, 1), y = filled({bench::lstm_batch, 1}, 2, 0, 1);
    m.run([&] {
        adam.zero_grad();
        const Tensor all = std::get<0>(lstm->forward(x));
        const Tensor loss = torch::mse_loss(fc->forward(all[bench::lstm_steps - 1]), y);
        loss.backward();
        adam.step();
    });
}

// Written as one does where there is no fused attention: the scores of all heads at once.
struct Language : torch::nn::Module {
    static constexpr int width = bench::text_width, heads = bench::text_heads, length = bench::text_length;
    torch::nn::Embedding tokens, positions;
    torch::nn::LayerNorm norm1, norm2, norm;
    torch::nn::Linear in, out, linear1, linear2, head;
    Tensor later, places;
    static torch::nn::LayerNorm make_norm() { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})); }
    Language()
        : tokens(bench::text_ids, width), positions(length, width), norm1(make_norm()), norm2(make_norm()), norm(make_norm()), in(width, 3 * width), out(width, width),
          linear1(width, 4 * width), linear2(4 * width, width), head(width, bench::text_ids) {
        register_module("tokens", tokens), register_module("positions", positions);
        register_module("norm1", norm1), register_module("norm2", norm2), register_module("norm", norm);
        register_module("in", in), register_module("out", out), register_module("linear1", linear1), register_module("linear2", linear2);
        register_module("head", head);
        later = torch::triu(torch::full({length, length}, -1e9f), 1), places = torch::arange(length, torch::kLong);
    }
    Tensor forward(const Tensor& ids) {
        const auto n = ids.size(0);
        Tensor h = tokens(ids) + positions(places);
        const Tensor q = in(norm1(h)).view({n, length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
        const Tensor weights = torch::softmax(torch::matmul(q[0], q[1].transpose(-2, -1)) * (1 / std::sqrt(double(width) / heads)) + later, -1);
        h = h + out(torch::matmul(weights, q[2]).transpose(1, 2).reshape({n, length, width}));
        h = h + linear2(torch::gelu(linear1(norm2(h))));
        return head(norm(h));
    }
};
void transformer_step(meter& m) {
    torch::manual_seed(1);
    Language net;
    torch::optim::AdamW adam(net.parameters(), torch::optim::AdamWOptions(bench::train_rate));
    Tensor x = torch::empty({bench::text_batch, bench::text_length}, torch::kLong), y = torch::empty({bench::text_batch * bench::text_length}, torch::kLong);
    bench::text(x.data_ptr<std::int64_t>(), y.data_ptr<std::int64_t>());
    m.run([&] {
        adam.zero_grad();
        const Tensor loss = torch::cross_entropy_loss(net.forward(x).view({-1, bench::text_ids}), y);
        loss.backward();
        adam.step();
    });
}

void mlp_sample(meter& m) {
    const torch::NoGradGuard off;
    torch::nn::Sequential net(torch::nn::Linear(784, 128), torch::nn::ReLU(), torch::nn::Linear(128, 10));
    net->eval();
    const Tensor x = filled({1, 784}, 1, 0, 1);
    Tensor y;
    m.run([&] { y = net->forward(x); });
}

template <int N>
void gradient(meter& m) {
    Tensor x = torch::empty({N}, torch::kDouble);
    bench::fill(x.data_ptr<double>(), N, 1);
    x.requires_grad_();
    Tensor g;
    m.run([&] {
        const Tensor f = (torch::sin(x) * torch::exp(-x * x)).sum();
        g = torch::autograd::grad({f}, {x})[0];
    });
}

}  // namespace

int main(int argc, char** argv) {
    const char* const threads = std::getenv("OMP_NUM_THREADS");
    torch::set_num_threads(threads ? std::atoi(threads) : 1);
    bench::suite s("libtorch", argc, argv);
#define ADD(name, n) s.add("E1.fused." name, fused<n>);
    BENCH_LENGTHS(ADD)
#undef ADD
#define ADD(name, n) s.add("E2.axpy." name, axpy<n>);
    BENCH_LENGTHS(ADD)
#undef ADD
    s.add("E3.softmax.64x1000", softmax_rows);
    s.add("E4.layernorm.64x768", layernorm);
    s.add("E5.sum.1M", sum_all);
    s.add("E5.logsumexp.1M", logsumexp_all);
#define ADD(name, m, k, n) s.add(name, product<m, k, n>);
    BENCH_GEMMS(ADD)
    s.add("T1.mlp.adam.b64", mlp_step);
    s.add("T2.lenet.sgdm.b64", lenet_step);
    s.add("T3.lstm32.seq64.b32.adam", lstm_step);
    s.add("T4.transformer.b8.s64.d128.adamw", transformer_step);
    s.add("I1.mlp784-128-10", mlp_sample);
    s.add("A1.grad.n10", gradient<10>);
    s.add("A1.grad.n1000", gradient<1000>);
    return s.run();
}
