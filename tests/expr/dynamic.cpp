// Expressions over run-time extents: one instantiation, every size; extents that must agree are checked when it runs.
#include <etta/op/matmul.hpp>
#include <etta/op/softmax.hpp>
#include <etta/op/activation.hpp>
#include <etta/run/assign.hpp>

#include "catch.hpp"
#include "near.hpp"

using etta::all;
using etta::axis;
using etta::dyn;
using etta::Tensor;

namespace {
const int sizes[] = {0, 1, 7, 15, 16, 17, 33, 64, 100, 1000};
}

TEST_CASE("one expression serves every run-time size") {
    for (const int n : sizes) {
        INFO(n);
        Tensor<float, dyn> x(n), y(n), z(n);
        fill(x), fill(y, 1);
        z = 2 * x + tanh(y) * relu(x - y) - exp(-x * x) / 3;
        CHECK(difference(z, [&](long i) {
                  const double u = x[i], v = y[i];
                  return 2 * u + std::tanh(v) * std::max(u - v, 0.0) - std::exp(-u * u) / 3;
              }) == "");
    }
}

TEST_CASE("run-time extents broadcast against static ones") {
    for (const int n : sizes) {
        INFO(n);
        Tensor<double, dyn, 3> p(n), q(n);
        Tensor<double, 3> row{1, 2, 3};
        fill(p);
        q = p * row + 1;
        CHECK(difference(q, [&](long i, long j) { return p(i, j) * (j + 1.0) + 1; }) == "");
        Tensor<double, dyn, 1> column(n);
        fill(column, 1);
        q = p / (column + 2);
        CHECK(difference(q, [&](long i, long j) { return p(i, j) / (column(i, 0) + 2); }) == "");
        q = row;
        CHECK(difference(q, [&](long, long j) { return j + 1.0; }) == "");
    }
}

TEST_CASE("columns and transposes of run-time tensors are read where they lie") {
    for (const int n : sizes) {
        INFO(n);
        Tensor<double, dyn, 5> p(n);
        fill(p);
        Tensor<double, dyn> c(n);
        c = p(all, 1) * p(all, 3);
        CHECK(difference(c, [&](long i) { return p(i, 1) * p(i, 3); }) == "");
        Tensor<double, 5, dyn> t(n);
        t = transpose(p) + 1;
        CHECK(difference(t, [&](long i, long j) { return p(j, i) + 1; }) == "");
        p(all, 0) = c;
        CHECK(difference(c, [&](long i) { return p(i, 0); }) == "");
    }
}

TEST_CASE("reductions and products take run-time extents") {
    for (const int n : sizes) {
        INFO(n);
        Tensor<double, dyn, 5> p(n);
        fill(p);
        Tensor<double> total;
        total = sum(p * p);
        double want = 0;
        for (const double x : p) want += x * x;
        CHECK(total() == Approx(want));
        Tensor<double, dyn> rows(n);
        rows = sum(p, axis<1>);
        CHECK(difference(rows, [&](long i) { return p(i, 0) + p(i, 1) + p(i, 2) + p(i, 3) + p(i, 4); }) == "");
        Tensor<double, dyn, 5> q(n);
        q = p / sum(p * p, axis<1>, etta::keepdims);
        CHECK(difference(q, [&](long i, long j) {
                  double s = 0;
                  for (int k = 0; k < 5; ++k) s += p(i, k) * p(i, k);
                  return p(i, j) / s;
              }) == "");
        if (n == 0) continue;
        Tensor<double, 5> means;
        means = mean(p, axis<0>);
        CHECK(difference(means, [&](long j) {
                  double s = 0;
                  for (int i = 0; i < n; ++i) s += p(i, j);
                  return s / n;
              }) == "");
        Tensor<double, 5, 4> w;
        fill(w, 2);
        Tensor<double, dyn, 4> y(n);
        y = relu(matmul(p, w) + 0.1);
        CHECK(difference(y, [&](long i, long j) {
                  double s = 0.1;
                  for (int k = 0; k < 5; ++k) s += p(i, k) * w(k, j);
                  return std::max(s, 0.0);
              }) == "");
    }
}

TEST_CASE("run-time extents that differ are an error, and nothing is written") {
    Tensor<double, dyn, 3> p(5), q(4), r(5);
    r = 7;
    CHECK_THROWS_AS(r = p + q, etta::Error);
    CHECK_THROWS_AS(r = q * 2, etta::Error);
    Tensor<double, dyn, 3> one(1);
    CHECK_THROWS_AS(r = p + one, etta::Error);  // only an extent that is 1 in the type broadcasts
    Tensor<double, dyn> k(3);
    Tensor<double, dyn, dyn> a(2, 4);
    Tensor<double, dyn> y(2);
    CHECK_THROWS_AS(y = matmul(a, k), etta::Error);
    CHECK(difference(r, [](long, long) { return 7; }) == "");
    Tensor<double, 3> fixed;
    Tensor<double, dyn> run_time(4);
    CHECK_THROWS_AS(fixed = run_time + 1, etta::Error);
    CHECK_THROWS_AS(run_time = fixed + 1, etta::Error);
}

TEST_CASE("run-time tensors may alias too") {
    Tensor<double, dyn, dyn> m(6, 6);
    fill(m);
    const auto was = m;
    m = m + m;
    CHECK(difference(m, [&](long i, long j) { return 2 * was(i, j); }) == "");
    m = was;
    m = transpose(m) - m;
    CHECK(difference(m, [&](long i, long j) { return was(j, i) - was(i, j); }) == "");
    m = was;
    m = m - mean(m, axis<0>);
    CHECK(difference(m, [&](long i, long j) {
              double s = 0;
              for (int k = 0; k < 6; ++k) s += was(k, j);
              return was(i, j) - s / 6;
          }) == "");
}
