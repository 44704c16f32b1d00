// Element types: integers, bool, double; what two of them give; numbers are weak.
#include <etta/op/softmax.hpp>
#include <etta/op/activation.hpp>
#include <etta/run/assign.hpp>

#include "catch.hpp"
#include "near.hpp"

using etta::axis;
using etta::eval;
using etta::Tensor;

namespace {
template <class E>
using element_of = typename std::remove_cvref_t<decltype(eval(std::declval<E>()))>::value_type;
template <class Want, class E>
constexpr bool gives(const E&) { return std::is_same_v<element_of<E>, Want>; }
}  // namespace

TEST_CASE("integers wrap, compare and divide as documented") {
    const Tensor<int, 5> a{7, -7, 3, 0, 2147483647}, b{2, 2, -5, 1, 1};
    Tensor<int, 5> r;
    r = a * b - 1;
    CHECK(difference(r, [&](long i) { return int(unsigned(a[i]) * unsigned(b[i]) - 1); }) == "");
    r = a + b;
    CHECK(r[4] == -2147483648);
    r = -a;
    CHECK(r[1] == 7);
    Tensor<float, 5> q;
    q = a / b;  // true division
    CHECK(difference(q, [&](long i) { return double(a[i]) / b[i]; }) == "");
    Tensor<bool, 5> less;
    less = a < b;
    CHECK(etta::eval(less == (b > a))[0]);
    CHECK((!less[0] && less[1] && !less[2] && less[3] && !less[4]));
    Tensor<std::uint8_t, 2> u{250, 3};
    u = u + u;
    CHECK((u[0] == 244 && u[1] == 6));
    Tensor<std::int8_t, 20> s;
    fill(s);
    Tensor<std::int8_t, 20> t;
    t = s * s + 1;
    CHECK(difference(t, [&](long i) { return std::int8_t(s[i] * s[i] + 1); }) == "");
    Tensor<std::int64_t, 3> wide{1ll << 40, -(1ll << 40), 5};
    wide = wide * 3;
    CHECK((wide[0] == 3ll << 40 && wide[1] == -(3ll << 40)));
}

TEST_CASE("truth values combine") {
    const Tensor<bool, 4> p{true, true, false, false}, q{true, false, true, false};
    Tensor<bool, 4> r;
    r = p && q;
    CHECK((r[0] && !r[1] && !r[2] && !r[3]));
    r = p || q;
    CHECK((r[0] && r[1] && r[2] && !r[3]));
    r = p ^ q;
    CHECK((!r[0] && r[1] && r[2] && !r[3]));
    r = !p;
    CHECK((!r[0] && !r[1] && r[2] && r[3]));
    r = p == q;
    CHECK((r[0] && !r[1] && !r[2] && r[3]));
    Tensor<float, 4> x{1, 2, 3, 4}, y;
    y = where(p, x, -x);
    CHECK(difference(y, [&](long i) { return i < 2 ? x[i] : -x[i]; }) == "");
    y = where(x > 2, 1, 0);
    CHECK(difference(y, [](long i) { return i >= 2; }) == "");
    CHECK(eval(sum(p))() == 2);  // truth values are counted
}

TEST_CASE("two types give the wider one, integers with floats the float") {
    Tensor<std::int8_t, 3> i8{1, 2, 3};
    Tensor<std::uint8_t, 3> u8{1, 2, 3};
    Tensor<std::int16_t, 3> i16{1, 2, 3};
    Tensor<int, 3> i32{1, 2, 3};
    Tensor<std::int64_t, 3> i64{1, 2, 3};
    Tensor<float, 3> f{0.5f, 1.5f, 2.5f};
    Tensor<double, 3> d{0.5, 1.5, 2.5};
    Tensor<bool, 3> b{true, false, true};
    CHECK(gives<std::int16_t>(i8 + i16));
    CHECK(gives<std::int16_t>(i8 + u8));
    CHECK(gives<int>(i32 + i8));
    CHECK(gives<std::int64_t>(i32 * i64));
    CHECK(gives<float>(i32 + f));
    CHECK(gives<double>(i64 + d));
    CHECK(gives<int>(b + i32));
    CHECK(gives<bool>(i32 < f));
    CHECK(gives<float>(i32 / i8));
    CHECK(gives<float>(exp(i32)));
    CHECK(gives<std::int64_t>(sum(i8)));
    CHECK(gives<float>(mean(i32)));
    CHECK(gives<double>(cast<double>(f)));
    Tensor<float, 3> r;
    r = i32 * f + b;
    CHECK(difference(r, [&](long i) { return i32[i] * f[i] + (b[i] ? 1 : 0); }) == "");
    Tensor<double, 3> wide;
    wide = cast<double>(f) + d;
    CHECK(difference(wide, [&](long i) { return double(f[i]) + d[i]; }) == "");
}

TEST_CASE("numbers take the type of what they stand beside") {
    Tensor<float, 3> f{1, 2, 3};
    Tensor<double, 3> d{1, 2, 3};
    Tensor<int, 3> i{1, 2, 3};
    Tensor<std::int8_t, 3> i8{1, 2, 3};
    CHECK(gives<float>(f * 0.5));
    CHECK(gives<float>(2 + f));
    CHECK(gives<double>(d * 0.5f));
    CHECK(gives<int>(i + 1));
    CHECK(gives<float>(i + 1.5));
    CHECK(gives<std::int8_t>(i8 * 2));
    Tensor<double, 3> r;
    r = d + 0.1;  // 0.1 as a double
    CHECK(r[0] == 1 + 0.1);
    r = 1e300 * d;
    CHECK(r[2] == 1e300 * 3);
    const long big = 1l << 53;
    r = d + big;
    CHECK(r[1] == 2.0 + 9007199254740992.0);
    Tensor<std::int64_t, 3> w{1, 2, 3};
    w = w + ((1ll << 60) + 1);  // not through a double
    CHECK(w[0] == (1ll << 60) + 2);
}

TEST_CASE("casts truncate, saturate, and NaN gives 0") {
    const Tensor<float, 6> x{1.9f, -1.9f, 300, -1e20f, 1e20f, std::nanf("")};
    Tensor<int, 6> i;
    i = cast<int>(x);
    CHECK((i[0] == 1 && i[1] == -1 && i[2] == 300 && i[3] == -2147483647 - 1 && i[4] == 2147483647 && i[5] == 0));
    Tensor<std::uint8_t, 6> u;
    u = cast<std::uint8_t>(x);
    CHECK((u[0] == 1 && u[1] == 0 && u[2] == 255 && u[3] == 0 && u[4] == 255 && u[5] == 0));
    Tensor<bool, 6> b;
    b = cast<bool>(x * 0 + x);
    CHECK((b[0] && b[5]));
    Tensor<float, 3> f;
    const Tensor<std::int64_t, 3> big{16777217, -3, 1ll << 40};
    f = cast<float>(big);
    CHECK(difference(f, [&](long k) { return float(big[k]); }) == "");
    const Tensor<std::uint8_t, 3> bytes{0, 128, 255};
    f = bytes * (1 / 255.0);
    CHECK(difference(f, [&](long k) { return bytes[k] / 255.0; }) == "");
}
