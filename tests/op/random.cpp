// Random numbers inside programs: the very integers of core/random.hpp's generator, whatever the instruction set, the number
// of threads and the kernel they are computed in.
#include <etta/etta.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "catch.hpp"
#if defined(_OPENMP)
#include <omp.h>
#endif

using etta::Tensor;
using etta::var;

namespace {

// As a training step makes them, with the seed and the step as arguments.
constexpr var bits_of_step(var x, var seed, var step, int site) {
    const var stream = step + var{x.g, x.g->literal(static_cast<double>(etta::_::first_random_stream + (std::int64_t{site} << 32)), etta::dtype::i64)};
    return {x.g, etta::_::RandomWord::add(*x.g, x.extents(), seed.id, stream.id, std::int64_t{site} << 8)};
}
constexpr auto words = [](var x, var seed, var step) { return bits_of_step(x, seed, step, 3); };
constexpr auto dropped = [](var x, var seed, var step) { return etta::_::drop(x, bits_of_step(x, seed, step, 0), 0.7); };
constexpr auto transposed = [](var x, var seed, var step) { return x.t() + etta::_::drop(x, bits_of_step(x, seed, step, 0), 0.7).t(); };
constexpr auto epilogue = [](var x, var w, var seed, var step) { return etta::_::drop(matmul(x, w), bits_of_step(matmul(x, w), seed, step, 0), 0.7); };
constexpr auto row_sums = [](var x, var seed, var step) { return sum(etta::_::drop(x, bits_of_step(x, seed, step, 0), 0.7), etta::axis<1>); };
constexpr auto backward = [](var x, var seed, var step) {
    return etta::grad<0>([=](var z) { return sum(square(etta::_::drop(z, bits_of_step(z, seed, step, 0), 0.7))); })(x);
};

std::uint32_t word(std::uint64_t seed, std::uint64_t step, std::uint64_t site, std::uint64_t i) {
    return etta::philox(etta::seed(seed), step | site << 32 | std::uint64_t{1} << 62, i).word[0];
}
bool kept(std::uint64_t seed, std::uint64_t step, std::uint64_t i) { return static_cast<std::int32_t>(word(seed, step, 0, i)) < 858993459; }  // 0.7 2^32 - 2^31

// Forward and backward of a product of a dropped value: the mask is in three kernels at least.
struct through_product {
    static constexpr etta::_::builder make(etta::_::late) {
        etta::_::builder g;
        const etta::shape matrix(etta::index{37}, etta::index{29});
        const auto argument = [&](int i, etta::dtype t, const etta::shape& s) constexpr { return var{&g, g.input(etta::_::storage::argument, i, t, s)}; };
        const var x = argument(0, etta::dtype::f32, matrix), w = argument(1, etta::dtype::f32, etta::shape(etta::index{29}, etta::index{29}));
        const var key = argument(2, etta::dtype::i64, etta::shape{}), at = argument(3, etta::dtype::i64, etta::shape{});
        const var d = etta::grad<0>([=](var z) { return sum(square(matmul(etta::_::drop(tanh(z), bits_of_step(z, key, at, 0), 0.7), w))); })(x);
        g.outputs.push(d.id);
        settle_outputs(g);
        g.compact();
        return g;
    }
    static constexpr etta::_::place out[1] = {{etta::_::first_argument_buffer + 4, 0}};
    static constexpr etta::_::binding places(const etta::_::graph_view&) {
        etta::_::binding b;
        b.outputs = out;
        return b;
    }
};

constexpr std::int64_t seed = 0x123456789abcdef, step = 41;

Tensor<std::int64_t> number(std::int64_t x) {
    Tensor<std::int64_t> t;
    t = x;
    return t;
}
template <class T>
Tensor<T, 37, 29> ones() {
    Tensor<T, 37, 29> x;
    x = 1;
    return x;
}

}  // namespace

TEST_CASE("random bits are Philox's, element by element") {
    const auto x = ones<float>();
    const Tensor<std::int32_t, 37, 29> w = etta::call(words, x, number(seed), number(step));
    const auto z = ones<double>();
    const Tensor<std::int32_t, 37, 29> v = etta::call(words, z, number(seed), number(step));
    int wrong = 0;
    for (int i = 0; i < 37 * 29; ++i) {
        wrong += static_cast<std::uint32_t>(w.data()[i]) != word(seed, step, 3, static_cast<std::uint64_t>(i));
        wrong += v.data()[i] != w.data()[i];
    }
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("a mask is the same in every kernel that computes it", "", float, double) {
    using T = TestType;
    const auto x = ones<T>();
    const Tensor<T, 37, 29> mask = etta::call(dropped, x, number(seed), number(step));
    const Tensor<T, 29, 37> turned = etta::call(transposed, x, number(seed), number(step));
    const Tensor<T, 37> sums = etta::call(row_sums, x, number(seed), number(step));
    const Tensor<T, 37, 29> gradient = etta::call(backward, x, number(seed), number(step));
    Tensor<T, 37, 1> column;
    Tensor<T, 1, 29> row;
    column = 1, row = 1;
    const Tensor<T, 37, 29> product = etta::call(epilogue, column, row, number(seed), number(step));
    int wrong = 0, n = 0;
    for (int i = 0; i < 37; ++i) {
        T sum = 0;
        for (int j = 0; j < 29; ++j) {
            const T want = kept(seed, step, static_cast<std::uint64_t>(29 * i + j)) ? 1 : 0;
            sum += want, n += want != 0;
            wrong += mask(i, j) != want;
            wrong += turned(j, i) != 1 + want;
            wrong += gradient(i, j) != 2 * want;
            wrong += product(i, j) != want;
        }
        wrong += sums(i) != sum;
    }
    CHECK(wrong == 0);
    CHECK(std::abs(n - 0.7 * 37 * 29) < 60);  // four deviations
}

TEST_CASE("the number of threads changes no mask") {
#if defined(_OPENMP)
    Tensor<float, 512, 301> x;
    x = 1;
    omp_set_num_threads(1);
    const Tensor<float, 512, 301> one = etta::call(dropped, x, number(seed), number(step));
    omp_set_num_threads(2);
    const Tensor<float, 512, 301> two = etta::call(dropped, x, number(seed), number(step));
    omp_set_num_threads(3);
    const Tensor<float, 512, 301> three = etta::call(dropped, x, number(seed), number(step));
    CHECK(std::memcmp(one.data(), two.data(), sizeof(float) * 512 * 301) == 0);
    CHECK(std::memcmp(one.data(), three.data(), sizeof(float) * 512 * 301) == 0);
    int wrong = 0;
    for (int i = 0; i < 512 * 301; ++i) wrong += (one.data()[i] != 0) != kept(seed, step, static_cast<std::uint64_t>(i));
    CHECK(wrong == 0);
#endif
}

TEST_CASE("the gradient of a dropped value recomputes the mask: nothing is stored for it") {
    using P = etta::_::program<through_product, etta::this_target>;
    int drops = 0;
    for (int v = 0; v < P::view.n_values; ++v) {
        const auto name = P::view.of(v).op->name;
        drops += name == "drop";
        if (name == "random_bits" || name == "linear_index") CHECK_FALSE(P::scheduled.stored[v]);
    }
    CHECK(drops == 2);
}
