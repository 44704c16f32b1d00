// What becomes one kernel: checked while compiling, on the programs that assignments, calls and models run.
#include <etta/autodiff/grad.hpp>
#include <etta/op/activation.hpp>
#include <etta/op/conv.hpp>
#include <etta/op/matmul.hpp>
#include <etta/op/softmax.hpp>
#include <etta/run/call.hpp>
#include <etta/nn/norm.hpp>
#include <etta/train/step.hpp>

#include "catch.hpp"

using etta::axis;
using etta::keepdims;
using etta::Tensor;

namespace {

template <class Dst, class E>
using program_of = etta::_::program<etta::_::assignment_source<E, decltype(std::declval<Dst&>().view())>, etta::this_target>;
// Kernel calls that `to = e` takes.
template <class Dst, class E>
constexpr int calls(const Dst&, const E&) { return program_of<Dst, E>::n_calls; }
template <class Dst, class E>
constexpr etta::index workspace(const Dst&, const E&) { return program_of<Dst, E>::workspace_bytes; }

template <class F, class... X>
using call_of = etta::_::program<etta::_::call_source<F, etta::View<const typename X::value_type, typename X::extents_type>...>, etta::this_target>;
template <class F, class... X>
constexpr int calls_of(const F&, const X&...) { return call_of<F, X...>::n_calls; }

struct Mlp {
    etta::Linear<32> fc1;
    etta::Linear<10> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};
template <class Net>
using inference = etta::_::program<etta::_::inference_source<Net, etta::Input<float, 20>, 16>, etta::this_target>;
template <class Net, class Loss = etta::CrossEntropy>
using training = etta::_::program<etta::_::training_source<Net, etta::Input<float, 20>, 16, Loss>, etta::this_target>;

}  // namespace

TEST_CASE("an element-wise chain is one call and stores nothing between") {
    Tensor<float, 8, 33> x, y, z;
    Tensor<float, 33> row;
    CHECK(calls(z, 2 * x + tanh(y) * relu(x - y) - exp(-x * x) / 3) == 1);
    CHECK(workspace(z, 2 * x + tanh(y) * relu(x - y) - exp(-x * x) / 3) == 0);
    CHECK(calls(z, (x + row) * where(y > 0, x, row)) == 1);
    CHECK(calls(z, cast<float>(cast<int>(x)) + 1) == 1);
}

TEST_CASE("views cost no call of their own") {
    Tensor<float, 8, 33> x, z;
    Tensor<float, 33, 8> t;
    CHECK(calls(t, transpose(x) * 2) == 1);
    CHECK(calls(z, etta::flip<1>(x) + transpose(t)) == 1);
    CHECK(calls(z, etta::reshape<8, 33>(t) + x) == 1);
}

TEST_CASE("a product takes its bias and activation along") {
    Tensor<float, 8, 20> x;
    Tensor<float, 20, 33> w;
    Tensor<float, 33> b;
    Tensor<float, 8, 33> h;
    CHECK(calls(h, relu(matmul(x, w) + b)) == 1);
    CHECK(workspace(h, relu(matmul(x, w) + b)) == 0);
    CHECK(calls(h, h + tanh(matmul(x, w) + b) * 0.5) == 1);  // a residual
    Tensor<float, 33, 20> wt;
    CHECK(calls(h, matmul(x, transpose(wt))) == 1);
    CHECK(inference<Mlp>::n_calls == 2);
}

TEST_CASE("a product of another type than what follows it goes alone") {
    Tensor<float, 8, 20> x;
    Tensor<float, 20, 33> w;
    Tensor<double, 8, 33> d;
    CHECK(calls(d, cast<double>(matmul(x, w)) * 2.0) == 2);
    Tensor<int, 8, 20> xi;
    Tensor<int, 20, 33> wi;
    Tensor<float, 8, 33> h;
    CHECK(calls(h, cast<float>(matmul(xi, wi)) * 0.5f) == 2);
    Tensor<bool, 8, 33> positive;
    CHECK(calls(positive, matmul(x, w) > 0) == 1);
    // Nor does what is multiplied by a number that a wider one gives.
    Tensor<double, 1> s = {3};
    CHECK(calls(h, matmul(x, w) * cast<float>(s * 0.5)) == 2);
    for (etta::index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i % 7) - 3;
    for (etta::index i = 0; i < w.size(); ++i) w.data()[i] = static_cast<float>(i % 5) - 2;
    Tensor<float, 8, 33> product;
    product = matmul(x, w);
    h = matmul(x, w) * cast<float>(s * 0.5);
    for (etta::index i = 0; i < h.size(); ++i) REQUIRE(h.data()[i] == 1.5f * product.data()[i]);
}

TEST_CASE("a convolution takes its bias, activation and residual along, forwards and backwards") {
    Tensor<float, 2, 3, 8, 9> x;
    Tensor<float, 5, 3, 3, 3> w;
    Tensor<float, 5> b;
    Tensor<float, 2, 5, 6, 7> y, r;
    CHECK(calls(y, relu(etta::conv2d(x, w, b))) == 1);
    CHECK(workspace(y, relu(etta::conv2d(x, w, b))) == 0);
    CHECK(calls(y, tanh(etta::conv2d(x, w, b)) + r) == 1);
    CHECK(workspace(y, tanh(etta::conv2d(x, w, b)) + r) == 0);
    Tensor<bool, 2, 5, 6, 7> positive;
    CHECK(calls(positive, etta::conv2d(x, w, b) > 0) == 1);
    CHECK(workspace(positive, etta::conv2d(x, w, b) > 0) > 0);  // sums have no other place
    const auto through = etta::grad([](auto x, auto w) { return sum(square(etta::conv2d(tanh(x), w))); });
    CHECK(calls_of(through, x, w) == 3);  // tanh; the convolution, times 2; its input's gradient, through tanh
}

struct Normalised {
    etta::Conv2d<5, 3> conv;
    etta::BatchNorm2d<> norm;
    etta::Linear<32> fc;
    etta::BatchNorm1d<> norm1;
    constexpr auto operator()(auto x) const { return relu(norm1(fc(flatten(relu(norm(conv(x))))))); }
};
TEST_CASE("a product takes a normalisation by what is known along: its scales are computed before") {
    using program = etta::_::program<etta::_::inference_source<Normalised, etta::Input<float, 3, 8, 9>, 16>, etta::this_target>;
    CHECK(program::n_calls == 4);  // twice scales, product
}

TEST_CASE("a reduction takes what makes its operand along") {
    Tensor<float, 8, 33> x, y;
    Tensor<float, 8> r;
    Tensor<float, 33> c;
    Tensor<float> s;
    CHECK(calls(s, sum(square(x - y))) == 1);
    CHECK(calls(r, sum(x * y, axis<1>)) == 1);
    CHECK(calls(c, mean(x * y, axis<0>)) == 1);
}

TEST_CASE("softmax and its kin stay on a row: one call") {
    Tensor<float, 8, 33> x, y;
    Tensor<float, 8> r;
    CHECK(calls(y, softmax(x)) == 1);
    CHECK(calls(y, log_softmax(x)) == 1);
    CHECK(calls(r, logsumexp(x, axis<1>)) == 1);
    CHECK(calls(y, (x - mean(x, axis<1>, keepdims)) / sqrt(mean(square(x - mean(x, axis<1>, keepdims)), axis<1>, keepdims) + 1e-5)) == 1);
}

TEST_CASE("cross-entropy with its gradient is a handful of calls") {
    const auto loss = [](auto logits, auto label) { return etta::CrossEntropy{}(logits, label); };
    Tensor<float, 16, 10> logits;
    Tensor<int, 16> label;
    CHECK(calls_of(loss, logits, label) <= 2);
    CHECK(calls_of(etta::value_and_grad<0>(loss), logits, label) <= 3);
    // forward 2, loss and its gradient, then two products per layer (one for the first) and two bias sums
    CHECK(training<Mlp>::n_calls <= 9);
}

TEST_CASE("equal subexpressions are computed once") {
    Tensor<float, 8, 20> x;
    Tensor<float, 20, 33> w;
    const auto gated = [](auto x, auto w) { return matmul(x, w) * tanh(matmul(x, w)); };
    CHECK(calls_of(gated, x, w) == 1);
    const auto twice = [](auto x) { return sum(exp(x)) + sum(exp(x)); };
    CHECK(call_of<decltype(twice), Tensor<float, 50>>::view.n_nodes <= 6);
}

TEST_CASE("facts about a program are constants") {
    static_assert(inference<Mlp>::n_calls == 2);
    static_assert(inference<Mlp>::workspace_bytes == 16 * 32 * 4);  // one activation
    static_assert(etta::Model<Mlp, etta::Input<float, 20>, etta::max_batch<16>>::parameter_count == 20 * 32 + 32 + 32 * 10 + 10);
    SUCCEED();
}

TEST_CASE("a scalar computed from leaves alone is computed right by each kernel that reads it") {
    const auto f = [](auto p, auto x, auto i, auto w) {
        const auto root = sqrt(p[0]);
        return matmul(where(i > 0, x * root, 1), w) * root;  // the kernels load other things first
    };
    const Tensor<double, 1> p = {4};
    const Tensor<double, 2, 2> x = {1, 2, 3, 4}, w = {1, 0, 1, 1};
    const Tensor<int, 2, 2> i = {1, 0, 1, 1};
    const auto y = etta::call(f, p, x, i, w);
    CHECK((y(0, 0) == 6 && y(0, 1) == 2 && y(1, 0) == 28 && y(1, 1) == 16));
}
