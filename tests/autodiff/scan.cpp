// Loops: every case against the same function unrolled - value, gradients, tangents, second derivatives, batches.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <cmath>
#include <cstring>
#if defined(_OPENMP)
#include <omp.h>
#endif

using namespace etta;

namespace {
// A loop in a loop.
struct Nested {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto [c, ys] = scan(
            [&](auto c, auto xt) {
                auto [d, zs] = scan([&](auto d, auto row) {
                    auto e = tanh(d * row + xt + c);
                    return std::pair{e, e * xt};
                }, c, w);
                return std::pair{d, sum(zs * zs)};
            },
            h, x);
        return sum(c * c) + sum(ys);
    }
};
struct NestedUnrolled {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto c = h, s = sum(c) * 0.0;
        for (int t = 0; t < 3; ++t) {
            auto d = c, xt = x[t];
            for (int r = 0; r < 3; ++r) {
                d = tanh(d * w[r] + xt + c);
                s += sum(square(d * xt));
            }
            c = d;
        }
        return sum(c * c) + s;
    }
};
// From the last element to the first; the result is the carry that a step starts with.
struct Backwards {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto [c, ys] = reverse_scan([&](auto c, auto xt) { return std::pair{tanh(matmul(c, w) + xt), c}; }, h, x);
        return sum(c * c * c) + sum(ys * x);
    }
};
struct BackwardsUnrolled {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto c = h, s = sum(c) * 0.0;
        for (int t = 2; t >= 0; --t) {
            s += sum(c * x[t]);
            c = tanh(matmul(c, w) + x[t]);
        }
        return sum(c * c * c) + s;
    }
};
// The step's number, as a value.
struct Counted {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto c = fori_loop(5, [&](auto i, auto c) { return where(i < 3, sin(matmul(c, w)) * (cast<double>(i) + 1.0), c * 1.5); }, h);
        return sum(c * c * c) + sum(x);
    }
};
struct CountedUnrolled {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto c = h;
        for (int i = 0; i < 5; ++i) {
            if (i < 3) c = sin(matmul(c, w)) * double(i + 1);
            else c = c * 1.5;
        }
        return sum(c * c * c) + sum(x);
    }
};
// Two carries, two sequences, two results; then a loop over the results of the first.
struct Two {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto [c, ys] = scan(
            [&](auto c, auto xt, auto half) {
                auto [a, b] = c;
                auto n = tanh(matmul(b, w) + xt);
                return std::pair{std::pair{n * b, a + half}, std::pair{n, a}};
            },
            std::pair{h, h * 2.0}, x, x * 0.5);
        auto [p, q] = c;
        auto [u, v] = ys;
        auto [d, zs] = reverse_scan(
            [&](auto c, auto a, auto b) {
                auto n = tanh(c + matmul(a, w) * b);
                return std::pair{n, n};
            },
            p, u, v);
        return sum(q * d) + sum(zs * zs * u);
    }
};
struct TwoUnrolled {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto a = h, b = h * 2.0;
        var u[3], v[3];
        for (int t = 0; t < 3; ++t) {
            auto n = tanh(matmul(b, w) + x[t]), next = n * b;
            b = a + x[t] * 0.5, u[t] = n, v[t] = a, a = next;
        }
        auto d = a, s = sum(h) * 0.0;
        for (int t = 2; t >= 0; --t) {
            d = tanh(d + matmul(u[t], w) * v[t]);
            s += sum(d * d * u[t]);
        }
        return sum(b * d) + s;
    }
};
// The derivative in the direction of the arguments themselves.
template <class F>
struct Along {
    constexpr auto operator()(auto h, auto x, auto w) const { return get<1>(jvp(F{})(args(h, x, w), args(h, x, w))); }
};

struct Operands {
    Tensor<double, 3> h;
    Tensor<double, 3, 3> x;
    Tensor<double, 3, 3> w;
    Operands() {
        for (int i = 0; i < 3; ++i) h.data()[i] = 0.1 * i + 0.2;
        for (int i = 0; i < 9; ++i) x.data()[i] = std::sin(i + 1.0);
        for (int i = 0; i < 9; ++i) w.data()[i] = std::cos(i * 0.7);
    }
};
template <class A, class B>
double difference(const A& a, const B& b) {
    double worst = 0;
    for (etta::index i = 0; i < a.size(); ++i) worst = std::fmax(worst, std::abs(a.data()[i] - b.data()[i]));
    return worst;
}
template <class A>
double dot(const A& a, const A& b) {
    double s = 0;
    for (etta::index i = 0; i < a.size(); ++i) s += a.data()[i] * b.data()[i];
    return s;
}
template <class Looped, class Unrolled, bool Tangents>
void compare() {
    const Operands o;
    const auto [y, h, x, w] = value_and_grad<0, 1, 2>(Looped{})(o.h, o.x, o.w);
    const auto [y2, h2, x2, w2] = value_and_grad<0, 1, 2>(Unrolled{})(o.h, o.x, o.w);
    CHECK(std::abs(y - y2) < 1e-14);
    CHECK(difference(h, h2) < 1e-14);
    CHECK(difference(x, x2) < 1e-14);
    CHECK(difference(w, w2) < 1e-13);
    if constexpr (Tangents) {
        const auto [p, dp] = jvp(Looped{})(args(o.h, o.x, o.w), args(o.h, o.x, o.w));
        CHECK(std::abs(p - y2) < 1e-14);
        CHECK(std::abs(dp - dot(h2, o.h) - dot(x2, o.x) - dot(w2, o.w)) < 1e-13);
    }
}
}  // namespace

TEST_CASE("loops agree with the same steps unrolled: values, gradients, tangents") {
    compare<Nested, NestedUnrolled, true>();
    compare<Backwards, BackwardsUnrolled, false>();
    compare<Counted, CountedUnrolled, false>();
    compare<Two, TwoUnrolled, false>();
}

TEST_CASE("second derivatives of loops, every mode over every mode") {
    const Operands o;
    CHECK(difference(jacobian<1>(grad<2>(Backwards{}))(o.h, o.x, o.w), jacobian<1>(grad<2>(BackwardsUnrolled{}))(o.h, o.x, o.w)) < 1e-13);
    CHECK(difference(grad<1>([](auto h, auto x, auto w) { return sum(square(grad<2>(Two{})(h, x, w))); })(o.h, o.x, o.w),
                     grad<1>([](auto h, auto x, auto w) { return sum(square(grad<2>(TwoUnrolled{})(h, x, w))); })(o.h, o.x, o.w)) < 1e-13);
    CHECK(difference(grad<1>(Along<Backwards>{})(o.h, o.x, o.w), grad<1>(Along<BackwardsUnrolled>{})(o.h, o.x, o.w)) < 1e-13);
}

TEST_CASE("loops under vmap: mapped starts, mapped sequences, gradients of them") {
    const Operands o;
    Tensor<double, 2, 3, 3> xs;
    Tensor<double, 2, 3> hs;
    for (int i = 0; i < 18; ++i) xs.data()[i] = std::sin(i * 0.3);
    for (int i = 0; i < 6; ++i) hs.data()[i] = std::cos(i * 0.3);
    CHECK(difference(vmap<0, 0, -1>(Backwards{})(hs, xs, o.w), vmap<0, 0, -1>(BackwardsUnrolled{})(hs, xs, o.w)) < 1e-13);
    CHECK(difference(vmap<-1, 0, -1>(Nested{})(o.h, xs, o.w), vmap<-1, 0, -1>(NestedUnrolled{})(o.h, xs, o.w)) < 1e-13);
    CHECK(difference(vmap<-1, 0, -1>(grad<2>(Two{}))(o.h, xs, o.w), vmap<-1, 0, -1>(grad<2>(TwoUnrolled{}))(o.h, xs, o.w)) < 1e-13);
}

TEST_CASE("one step and none") {
    const Tensor<float, 1, 2> one = {3, 4};
    const Tensor<float, 2> start = {1, 2};
    constexpr auto total = [](auto s, auto x) { return fold([](auto c, auto v) { return c + v; }, s, x); };
    CHECK(call(total, start, one)(1) == 6);
    const Tensor<float, 0, 2> none;
    CHECK(call(total, start, none)(1) == 2);
    constexpr auto all = [](auto s, auto x) { return get<1>(scan([](auto c, auto v) { return std::pair{c + v, c}; }, s, x)); };
    CHECK(call(all, start, none).size() == 0);
    CHECK(call(all, start, one)(0, 1) == 2);
}

TEST_CASE("a number as start, integers, results that nothing carries") {
    const Tensor<std::int32_t, 4> x = {1, 2, 3, 4};
    const auto [last, all] = call([](auto x) { return scan([](auto c, auto v) { return std::pair{c * 2 + v, v * v}; }, 1, x); }, x);
    CHECK(last == ((((1 * 2 + 1) * 2 + 2) * 2 + 3) * 2 + 4));
    CHECK((all(0) == 1 && all(3) == 16));
}

TEST_CASE("a loop without a sequence goes on from its own results") {
    const Tensor<double, 2> pair{1, 3};
    const auto [last, all] = call([](auto x) { return scan<5>([](auto c) { return std::pair{c * 2.0, c}; }, x); }, pair);
    CHECK((last(0) == 32 && last(1) == 96));
    CHECK((all.extent(0) == 5 && all(4, 1) == 48));
}

TEST_CASE("a product that depends on no carry is computed outside of the loop, once") {
    using F = decltype([](auto h, auto x, auto w, auto u) { return sum(fold([&](auto c, auto xt) { return tanh(matmul(xt, w) + matmul(c, u)); }, h, x)); });
    using S = _::call_source<F, View<const double, extents<8, 4>>, View<const double, extents<32, 8, 6>>, View<const double, extents<6, 4>>, View<const double, extents<4, 4>>>;
    using P = _::program<S, this_target>;
    int products = 0;
    for (int i = 0; i < P::view.n_nodes; ++i) products += P::view.nodes[i].op->kind == _::op_kind::contraction;
    CHECK(products == 1);
    using Body = _::program<S, this_target, 1>;
    CHECK(Body::n_calls == 1);
    CHECK(P::flops == 2 * 32 * 8 * 6 * 4 + 32 * Body::flops + 32);
}

TEST_CASE("a loop's memory does not grow with its steps, but for what is kept") {
    using F = decltype([](auto h, auto x) { return sum(fold([&](auto c, auto xt) { return tanh(c + xt); }, h, x)); });
    using Short = _::program<_::call_source<F, View<const double, extents<64>>, View<const double, extents<4, 64>>>, this_target>;
    using Long = _::program<_::call_source<F, View<const double, extents<64>>, View<const double, extents<4096, 64>>>, this_target>;
    static_assert(Short::workspace_bytes == Long::workspace_bytes);
}

TEST_CASE("extents known at run time, and operands with strides, give what static ones give") {
    const Operands o;
    const auto [v, h, x, w] = value_and_grad<0, 1, 2>(Backwards{})(o.h, o.x, o.w);
    Tensor<double, dyn, dyn> open(3, 3);
    Tensor<double, 3, 3, 2> pairs;
    for (int i = 0; i < 9; ++i) open.data()[i] = pairs(i / 3, i % 3, 1) = o.x.data()[i];
    const auto [v1, h1, x1, w1] = value_and_grad<0, 1, 2>(Backwards{})(o.h, open, o.w);
    CHECK((v1 == v && difference(h, h1) == 0 && difference(x, x1) == 0 && difference(w, w1) == 0));
    const auto [v2, h2, x2, w2] = value_and_grad<0, 1, 2>(Backwards{})(o.h, pairs(all, all, 1), o.w);
    CHECK((v2 == v && difference(h, h2) == 0 && difference(x, x2) == 0 && difference(w, w2) == 0));
}

namespace {
// One cell of 96 units on 64 sequences: enough for threads.
struct Recurrence {
    constexpr auto operator()(auto h, auto x, auto w) const {
        auto [last, all] = scan([&](auto c, auto xt) {
            auto n = tanh(matmul(c, w) + xt);
            return std::pair{n, n * n};
        }, h, x);
        return sum(last) + sum(all);
    }
};
}  // namespace

#if defined(_OPENMP)
TEST_CASE("a loop gives the same bits on one thread and on two") {
    Tensor<float, 64, 96> h;
    Tensor<float, 12, 64, 96> x;
    Tensor<float, 96, 96> w;
    h = 0.1f, x = normal<float, 12, 64, 96>(seed(1)), w = normal<float, 96, 96>(seed(2));
    w *= 0.1f;
    omp_set_num_threads(1);
    const auto [v, a, b, c] = value_and_grad<0, 1, 2>(Recurrence{})(h, x, w);
    omp_set_num_threads(2);
    const auto [v2, a2, b2, c2] = value_and_grad<0, 1, 2>(Recurrence{})(h, x, w);
    CHECK(v == v2);
    CHECK(std::memcmp(a.data(), a2.data(), sizeof(float) * 64 * 96) == 0);
    CHECK(std::memcmp(b.data(), b2.data(), sizeof(float) * 12 * 64 * 96) == 0);
    CHECK(std::memcmp(c.data(), c2.data(), sizeof(float) * 96 * 96) == 0);
}
#endif
