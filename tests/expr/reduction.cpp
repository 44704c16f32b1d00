// Reductions, softmax and products inside expressions.
#include <etta/op/matmul.hpp>
#include <etta/op/softmax.hpp>
#include <etta/op/activation.hpp>
#include <etta/run/assign.hpp>

#include "catch.hpp"
#include "near.hpp"

using etta::axis;
using etta::eval;
using etta::keepdims;
using etta::Tensor;

namespace {
template <std::size_t N>
void check_row() {
    INFO(N);
    Tensor<float, N> x;
    fill(x);
    double s = 0, squares = 0, lo = HUGE_VAL, hi = -HUGE_VAL;
    for (const float v : x) s += v, squares += double(v) * v, lo = std::min<double>(lo, v), hi = std::max<double>(hi, v);
    CHECK(eval(sum(x))() == Approx(s).margin(1e-5));
    CHECK(eval(sum(x * x))() == Approx(squares).margin(1e-5));
    CHECK(eval(max(x))() == hi);
    CHECK(eval(min(x))() == lo);
}
}  // namespace

TEST_CASE("a reduction is right at every length around a register") {
    check_row<0>();
    check_row<1>();
    check_row<7>();
    check_row<16>();
    check_row<17>();
    check_row<33>();
    check_row<100>();
}

TEST_CASE("reductions go over any axes, with and without keeping them") {
    Tensor<double, 3, 5, 18> x;
    fill(x);
    const auto total = [&](int axes, long a, long b, long c) {
        double s = 0;
        for (long i = 0; i < 3; ++i)
            for (long j = 0; j < 5; ++j)
                for (long k = 0; k < 18; ++k)
                    if (((axes & 1) || i == a) && ((axes & 2) || j == b) && ((axes & 4) || k == c)) s += x(i, j, k);
        return s;
    };
    static_assert(std::is_same_v<decltype(eval(sum(x, axis<1>))), Tensor<double, 3, 18>>);
    static_assert(std::is_same_v<decltype(eval(sum(x, axis<0, 2>, keepdims))), Tensor<double, 1, 5, 1>>);
    CHECK(difference(eval(sum(x, axis<0>)), [&](long j, long k) { return total(1, 0, j, k); }) == "");
    CHECK(difference(eval(sum(x, axis<1>)), [&](long i, long k) { return total(2, i, 0, k); }) == "");
    CHECK(difference(eval(sum(x, axis<-1>)), [&](long i, long j) { return total(4, i, j, 0); }) == "");
    CHECK(difference(eval(sum(x, axis<0, 2>)), [&](long j) { return total(5, 0, j, 0); }) == "");
    CHECK(difference(eval(sum(x, axis<0, 1>)), [&](long k) { return total(3, 0, 0, k); }) == "");
    CHECK(difference(eval(mean(x, axis<1, 2>)), [&](long i) { return total(6, i, 0, 0) / 90; }) == "");
    CHECK(eval(sum(x))() == Approx(total(7, 0, 0, 0)));
    Tensor<double, 2, 2> p{1, 2, 3, 4};
    CHECK(eval(prod(p))() == 24);
    CHECK(difference(eval(prod(p, axis<0>)), [](long j) { return j == 0 ? 3 : 8; }) == "");
}

TEST_CASE("a reduction inside an expression is evaluated once, and broadcast") {
    Tensor<double, 6, 19> x, y;
    fill(x);
    y = (x - mean(x, axis<1>, keepdims)) * 2 + sum(x);
    double all = 0;
    for (const double v : x) all += v;
    CHECK(difference(y, [&](long i, long j) {
              double s = 0;
              for (int k = 0; k < 19; ++k) s += x(i, k);
              return (x(i, j) - s / 19) * 2 + all;
          }) == "");
    y = x / sqrt(sum(square(x - mean(x, axis<0>)), axis<0>));
    CHECK(difference(y, [&](long i, long j) {
              double m = 0, v = 0;
              for (int k = 0; k < 6; ++k) m += x(k, j) / 6;
              for (int k = 0; k < 6; ++k) v += (x(k, j) - m) * (x(k, j) - m);
              return x(i, j) / std::sqrt(v);
          }) == "");
}

TEST_CASE("softmax, log_softmax and logsumexp do not overflow") {
    Tensor<double, 4, 19> x, y;
    fill(x);
    for (int j = 0; j < 19; ++j) x(1, j) += 2000, x(2, j) -= 2000, x(3, j) *= 500;
    const auto log_sum = [&](long i) {
        double m = -HUGE_VAL, s = 0;
        for (int k = 0; k < 19; ++k) m = std::max(m, x(i, k));
        for (int k = 0; k < 19; ++k) s += std::exp(x(i, k) - m);
        return m + std::log(s);
    };
    y = softmax(x);
    CHECK(difference(y, [&](long i, long j) { return std::exp(x(i, j) - log_sum(i)); }, 1e-12) == "");
    y = log_softmax(x);
    CHECK(difference(y, [&](long i, long j) { return x(i, j) - log_sum(i); }, 1e-12) == "");
    CHECK(difference(eval(logsumexp(x, axis<1>)), log_sum) == "");
    y = etta::softmax<0>(x * 0.01);
    CHECK(difference(y, [&](long i, long j) {
              double s = 0;
              for (int k = 0; k < 4; ++k) s += std::exp(0.01 * (x(k, j) - x(i, j)));
              return 1 / s;
          }, 1e-12) == "");
    y = softmax(softmax(x));
    CHECK(difference(eval(sum(y, axis<1>)), [](long) { return 1; }) == "");
}

namespace {
template <class T, int M, int K, int N>
std::string layer() {
    Tensor<T, M, K> x;
    Tensor<T, K, N> w;
    Tensor<T, N> b;
    Tensor<T, M, N> h;
    fill(x), fill(w, 1), fill(b, 2);
    h = relu(matmul(x, w) + b);
    return difference(h, [&](long i, long j) {
        double s = b(j);
        for (int k = 0; k < K; ++k) s += double(x(i, k)) * w(k, j);
        return std::max(s, 0.0);
    }, std::is_same_v<T, double> ? 1e-12 : 1e-5);
}
}  // namespace

TEST_CASE("a product with bias and relu is right at every shape around a tile") {
    CHECK(layer<float, 1, 1, 1>() == "");
    CHECK(layer<float, 1, 100, 37>() == "");
    CHECK(layer<float, 7, 15, 16>() == "");
    CHECK(layer<float, 64, 33, 17>() == "");
    CHECK(layer<float, 33, 17, 100>() == "");
    CHECK(layer<float, 100, 64, 64>() == "");
    CHECK(layer<double, 17, 33, 9>() == "");
    CHECK(layer<double, 1, 16, 65>() == "");
    CHECK(layer<double, 5, 0, 3>() == "");
}

TEST_CASE("products take transposed sides, vectors, batches and views") {
    Tensor<double, 5, 12> a;
    Tensor<double, 9, 12> b;
    Tensor<double, 5, 9> c;
    fill(a), fill(b, 1);
    const auto dot = [&](long i, long j) {
        double s = 0;
        for (int k = 0; k < 12; ++k) s += a(i, k) * b(j, k);
        return s;
    };
    c = matmul(a, transpose(b));
    CHECK(difference(c, dot) == "");
    Tensor<double, 9, 5> ct;
    ct = matmul(b, transpose(a)) * 2 + 1;
    CHECK(difference(ct, [&](long j, long i) { return 2 * dot(i, j) + 1; }) == "");
    Tensor<double, 12, 12> g;
    g = matmul(transpose(a), a);
    CHECK(difference(g, [&](long i, long j) {
              double s = 0;
              for (int k = 0; k < 5; ++k) s += a(k, i) * a(k, j);
              return s;
          }) == "");
    Tensor<double, 12> v;
    fill(v, 3);
    CHECK(difference(eval(matmul(a, v)), [&](long i) {
              double s = 0;
              for (int k = 0; k < 12; ++k) s += a(i, k) * v(k);
              return s;
          }) == "");
    CHECK(eval(matmul(v, v))() == Approx(eval(sum(v * v))()));
    CHECK(difference(eval(matmul(v, transpose(b))), [&](long j) {
              double s = 0;
              for (int k = 0; k < 12; ++k) s += v(k) * b(j, k);
              return s;
          }) == "");
    Tensor<double, 3, 4, 5> x;
    Tensor<double, 3, 5, 6> y;
    fill(x), fill(y, 1);
    CHECK(difference(eval(matmul(x, y)), [&](long n, long i, long j) {
              double s = 0;
              for (int k = 0; k < 5; ++k) s += x(n, i, k) * y(n, k, j);
              return s;
          }) == "");
    // a column of a matrix as a vector
    CHECK(difference(eval(matmul(transpose(a), c(etta::all, 4))), [&](long i) {
              double s = 0;
              for (int k = 0; k < 5; ++k) s += a(k, i) * c(k, 4);
              return s;
          }) == "");
}
