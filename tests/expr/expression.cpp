// Element-wise expressions over static extents: every size around a register, broadcasting, views, aliasing.
#include <etta/op/matmul.hpp>
#include <etta/op/activation.hpp>
#include <etta/run/assign.hpp>

#include "catch.hpp"
#include "near.hpp"

using etta::all;
using etta::Tensor;

namespace {
template <std::size_t N>
std::string compound() {
    Tensor<float, N> x, y, z;
    fill(x), fill(y, 1);
    const float a = 2.5f;
    z = a * x + tanh(y) * relu(x - y) - exp(-x * x) / 3;
    return difference(z, [&](long i) {
        const double u = x[i], v = y[i];
        return 2.5 * u + std::tanh(v) * std::max(u - v, 0.0) - std::exp(-u * u) / 3;
    });
}
}  // namespace

TEST_CASE("a compound expression has the same value at every size around a register") {
    CHECK(compound<0>() == "");
    CHECK(compound<1>() == "");
    CHECK(compound<7>() == "");
    CHECK(compound<15>() == "");
    CHECK(compound<16>() == "");
    CHECK(compound<17>() == "");
    CHECK(compound<33>() == "");
    CHECK(compound<64>() == "");
    CHECK(compound<100>() == "");
    CHECK(compound<5000>() == "");
}

TEST_CASE("writing a result leaves its neighbours alone") {
    float memory[40];
    for (float& m : memory) m = -7;
    Tensor<float, 17> x;
    fill(x);
    auto v = etta::view(memory + 3, etta::extents<17>{});
    v = x + 1;
    CHECK(difference(v, [&](long i) { return x[i] + 1.0; }) == "");
    for (int i = 0; i < 40; ++i)
        if (i < 3 || i >= 20) CHECK(memory[i] == -7);
}

TEST_CASE("rows, columns, scalars and numbers broadcast") {
    Tensor<double, 5, 19> m, r;
    Tensor<double, 19> row;
    Tensor<double, 5, 1> column;
    Tensor<double> scalar;
    fill(m), fill(row, 1), fill(column, 2);
    scalar() = 0.25;
    r = m + row;
    CHECK(difference(r, [&](long i, long j) { return m(i, j) + row(j); }) == "");
    r = column * m;
    CHECK(difference(r, [&](long i, long j) { return column(i, 0) * m(i, j); }) == "");
    r = row - column;  // neither has the result's extents
    CHECK(difference(r, [&](long i, long j) { return row(j) - column(i, 0); }) == "");
    r = 2 - m / scalar;
    CHECK(difference(r, [&](long i, long j) { return 2 - m(i, j) / 0.25; }) == "");
    r = 1 / (m + 2);
    CHECK(difference(r, [&](long i, long j) { return 1 / (m(i, j) + 2); }) == "");
    r = row;  // assignment broadcasts too
    CHECK(difference(r, [&](long, long j) { return row(j); }) == "");
    r = 3;
    CHECK(difference(r, [](long, long) { return 3; }) == "");
    Tensor<double, 2, 5, 19> three;
    three = m * row + column;
    CHECK(difference(three, [&](long, long i, long j) { return m(i, j) * row(j) + column(i, 0); }) == "");
    Tensor<double, 2, 1, 1> front{10, 20};
    three = front + m;
    CHECK(difference(three, [&](long k, long i, long j) { return 10.0 * (k + 1) + m(i, j); }) == "");
}

TEST_CASE("an expression is a value: it can be named and used twice") {
    Tensor<float, 9> x, y, z;
    fill(x), fill(y, 1);
    const auto e = x * y;
    static_assert(std::is_trivially_copyable_v<std::remove_const_t<decltype(e)>>);
    const auto f = e + e * 2;
    x[0] = 4;  // not evaluated before it is assigned
    z = f;
    CHECK(difference(z, [&](long i) { return 3.0 * x[i] * y[i]; }) == "");
    const Tensor<float, 9> built = e;
    CHECK(difference(built, [&](long i) { return double(x[i]) * y[i]; }) == "");
    const auto evaluated = etta::eval(e);
    static_assert(std::is_same_v<decltype(evaluated), const Tensor<float, 9>>);
    CHECK(difference(evaluated, [&](long i) { return double(x[i]) * y[i]; }) == "");
}

TEST_CASE("strided views are read where they lie") {
    Tensor<float, 6, 21> m;
    fill(m);
    Tensor<float, 21> r;
    r = m(2, all) * m(3, all);
    CHECK(difference(r, [&](long j) { return double(m(2, j)) * m(3, j); }) == "");
    Tensor<float, 6> c;
    c = m(all, 4) + m(all, 20);
    CHECK(difference(c, [&](long i) { return double(m(i, 4)) + m(i, 20); }) == "");
    Tensor<float, 6, 21> z;
    z = m + m(0, all);
    CHECK(difference(z, [&](long i, long j) { return double(m(i, j)) + m(0, j); }) == "");
    Tensor<float, 21, 6> t;
    t = transpose(m) * 2;
    CHECK(difference(t, [&](long i, long j) { return 2.0 * m(j, i); }) == "");
    r = m(5, all);  // a plain copy of a view
    CHECK(difference(r, [&](long j) { return m(5, j); }) == "");
    Tensor<float, 6, 21> picture;
    picture(3, all) = r + 1;  // a row is contiguous
    CHECK(difference(picture, [&](long i, long j) { return i == 3 ? r[j] + 1 : 0; }) == "");
    picture(all, 2) = c;
    CHECK(difference(picture, [&](long i, long j) { return j == 2 ? c[i] : i == 3 ? r[j] + 1 : 0; }) == "");
}

TEST_CASE("assignment is safe where the destination is also read") {
    Tensor<double, 50> x;
    fill(x);
    const auto before = x;
    x = x + x;
    CHECK(difference(x, [&](long i) { return 2 * before[i]; }) == "");
    x = before;
    x = x * x - x;
    CHECK(difference(x, [&](long i) { return before[i] * before[i] - before[i]; }) == "");

    SECTION("overlapping parts of one tensor") {
        x = before;
        auto low = etta::view(x.data(), etta::extents<49>{}), high = etta::view(x.data() + 1, etta::extents<49>{});
        high = low + 0;
        CHECK(difference(x, [&](long i) { return before[i == 0 ? 0 : i - 1]; }) == "");
        x = before;
        low = high * 1;
        CHECK(difference(x, [&](long i) { return before[i == 49 ? 49 : i + 1]; }) == "");
    }
    SECTION("the transposed tensor") {
        Tensor<double, 7, 7> m;
        fill(m);
        const auto was = m;
        m = m + transpose(m);
        CHECK(difference(m, [&](long i, long j) { return was(i, j) + was(j, i); }) == "");
        m = was;
        m = transpose(m);
        CHECK(difference(m, [&](long i, long j) { return was(j, i); }) == "");
        m = was;
        m = flip<0>(m);
        CHECK(difference(m, [&](long i, long j) { return was(6 - i, j); }) == "");
        m = was;
        m = matmul(m, m);
        CHECK(difference(m, [&](long i, long j) {
                  double s = 0;
                  for (int k = 0; k < 7; ++k) s += was(i, k) * was(k, j);
                  return s;
              }) == "");
        m = was;
        m = m - m(0, all);
        CHECK(difference(m, [&](long i, long j) { return was(i, j) - was(0, j); }) == "");
    }
}

TEST_CASE("NaN and infinity go through") {
    const double inf = HUGE_VAL, nan = std::nan("");
    const Tensor<double, 6> x{nan, inf, -inf, 0, -0.0, 1};
    Tensor<double, 6> y;
    y = x + 1;
    CHECK(difference(y, [&](long i) { return x[i] + 1; }) == "");
    y = x * 0;
    CHECK(difference(y, [&](long i) { return x[i] * 0; }) == "");
    y = 1 / x;
    CHECK(difference(y, [&](long i) { return 1 / x[i]; }) == "");
    y = sqrt(x);
    CHECK(difference(y, [&](long i) { return std::sqrt(x[i]); }) == "");
    y = exp(x);
    CHECK(difference(y, [&](long i) { return std::exp(x[i]); }) == "");
    y = relu(x);
    CHECK((y[0] != y[0] && y[1] == inf && y[2] == 0));
    CHECK(etta::eval(sum(x))() != etta::eval(sum(x))());
    CHECK(etta::eval(max(x))() != etta::eval(max(x))());
    y = x - x;
    CHECK(difference(y, [&](long i) { return x[i] - x[i]; }) == "");
}
