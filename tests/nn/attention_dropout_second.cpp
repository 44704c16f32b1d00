// Dropout of attention's weights: second derivatives; threads; nothing in an evaluation.
#include "attention_dropout.hpp"

#include "catch.hpp"

TEST_CASE("the second derivatives of attention with dropout are those of softmax with dropout") {
    using A = Net<true, true, true, 6, 2, 2, 3>;
    using B = Net<false, true, true, 6, 2, 2, 3>;
    CHECK(distance(gradient<A, 6, 2, 3>(penalty), gradient<B, 6, 2, 3>(penalty)) < 1e-11);
}

TEST_CASE("the mask is the same for any number of threads; an evaluation has none") {
    using A = Net<true, false, false, 70, 2, 2, 5>;
    const auto one = gradient<A, 70, 2, 5>(loss);
    for (const int threads : {2, 3}) CHECK(gradient<A, 70, 2, 5>(loss, threads) == one);
    using Attention = etta::MultiheadAttention<8, 2, etta::MultiheadAttentionOptions{.dropout = 0.4}>;
    Model<Attention, Input<double, 6, 8>, max_batch<1>> m{seed(1)};
    Model<etta::MultiheadAttention<8, 2>, Input<double, 6, 8>, max_batch<1>> plain{seed(1)};
    std::vector<double> x(48), y(48), z(48);
    for (std::size_t i = 0; i < 48; ++i) x[i] = std::sin(static_cast<double>(i));
    m.run(x.data(), y.data(), 1), plain.run(x.data(), z.data(), 1);
    CHECK(y == z);
    auto trainer = etta::Trainer(m, etta::MSE{}, etta::SGD{}, seed(2));
    const double first = trainer.gradients(x.data(), y.data(), 1);  // of an evaluation's results: dropout alone makes a difference
    CHECK(first > 1e-3);
    CHECK(etta::Trainer(plain, etta::MSE{}, etta::SGD{}, seed(2)).gradients(x.data(), y.data(), 1) < 1e-25);
}
