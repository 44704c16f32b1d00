// Convolution against its definition in double, its three derivatives against central differences, and the identities
// between them: <jvp, u> = <v, vjp>, and derivatives of derivatives.
#include <etta/op/activation.hpp>
#include <etta/op/convolve.hpp>
#include <etta/run/call.hpp>
#include <etta/run/cpu/conv.hpp>

#include "catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using etta::args;
using etta::get;
using etta::grad;
using etta::Tensor;

namespace {

// A window as attributes: stride, padding, dilation (height, width each), groups.
template <int SH, int SW, int PH, int PW, int DH, int DW, int G>
struct window {
    template <class X, class W>
    static constexpr auto conv(X&& x, W&& w) {
        return etta::_::apply<etta::_::Convolve, etta::_::attr<SH, SW, PH, PW, DH, DW, G>>(static_cast<X&&>(x), static_cast<W&&>(w));
    }
    struct function {
        constexpr auto operator()(auto x, auto w) const { return conv(x, w); }
    };
    struct square_sum {
        constexpr auto operator()(auto x, auto w) const { return sum(square(conv(x, w))) * 0.5 + sum(conv(x, w)); }
    };
    static constexpr int s[2] = {SH, SW}, p[2] = {PH, PW}, d[2] = {DH, DW}, groups = G;
};

template <class X>
X filled(X x, unsigned seed) {
    for (long i = 0; i < static_cast<long>(x.size()); ++i) {
        seed = seed * 1664525u + 1013904223u;
        x.data()[i] = static_cast<typename X::value_type>((static_cast<double>(seed >> 8) / (1 << 24)) * 2 - 1);
    }
    return x;
}

struct reference {
    std::vector<double> y, size;  // size: the sum of absolute values, for error bounds
};
template <class Win, class T, std::size_t N, std::size_t C, std::size_t H, std::size_t W, std::size_t O, std::size_t K, std::size_t KH, std::size_t KW>
reference by_definition(const Tensor<T, N, C, H, W>& x, const Tensor<T, O, K, KH, KW>& w) {
    const long oh = (long(H) + 2 * Win::p[0] - Win::d[0] * (long(KH) - 1) - 1) / Win::s[0] + 1, ow = (long(W) + 2 * Win::p[1] - Win::d[1] * (long(KW) - 1) - 1) / Win::s[1] + 1;
    reference r;
    for (long n = 0; n < long(N); ++n)
        for (long o = 0; o < long(O); ++o)
            for (long i = 0; i < oh; ++i)
                for (long j = 0; j < ow; ++j) {
                    double y = 0, size = 0;
                    for (long c = 0; c < long(K); ++c)
                        for (long p = 0; p < long(KH); ++p)
                            for (long q = 0; q < long(KW); ++q) {
                                const long h = i * Win::s[0] + p * Win::d[0] - Win::p[0], v = j * Win::s[1] + q * Win::d[1] - Win::p[1];
                                if (h < 0 || h >= long(H) || v < 0 || v >= long(W)) continue;
                                const long ch = o / (long(O) / Win::groups) * long(K) + c;
                                const double a = x.data()[((n * long(C) + ch) * long(H) + h) * long(W) + v], b = w.data()[((o * long(K) + c) * long(KH) + p) * long(KW) + q];
                                y += a * b, size += std::abs(a * b);
                            }
                    r.y.push_back(y), r.size.push_back(size);
                }
    return r;
}

template <class Win, class T, std::size_t N, std::size_t C, std::size_t H, std::size_t W, std::size_t O, std::size_t KH, std::size_t KW>
int wrong_elements() {
    const auto x = filled(Tensor<T, N, C, H, W>{}, 1);
    const auto w = filled(Tensor<T, O, C / Win::groups, KH, KW>{}, 2);
    const auto y = etta::call(typename Win::function{}, x, w);
    const reference r = by_definition<Win>(x, w);
    int wrong = static_cast<std::size_t>(y.size()) != r.y.size();
    const double eps = static_cast<double>(C * KH * KW + 2) * std::numeric_limits<T>::epsilon();
    for (std::size_t i = 0; i < r.y.size() && wrong < 100; ++i) wrong += !(std::abs(y.data()[i] - r.y[i]) <= eps * r.size[i]);
    return wrong;
}

template <class G, class F, class X>
int wrong_differences(const G& g, F f, X& x) {
    int wrong = 0;
    for (long i = 0; i < static_cast<long>(x.size()); ++i) {
        const double was = x.data()[i], h = 1e-4;
        x.data()[i] = was + h;
        const double up = f();
        x.data()[i] = was - h;
        const double down = f();
        x.data()[i] = was;
        const double want = (up - down) / (2 * h);
        wrong += !(std::abs(g.data()[i] - want) <= 1e-6 * (1 + std::abs(want)));
    }
    return wrong;
}

// The gradient of |conv|² / 2 + sum conv by both operands, in double.
template <class Win, std::size_t N, std::size_t C, std::size_t H, std::size_t W, std::size_t O, std::size_t KH, std::size_t KW>
int wrong_gradients() {
    auto x = filled(Tensor<double, N, C, H, W>{}, 3);
    auto w = filled(Tensor<double, O, C / Win::groups, KH, KW>{}, 4);
    const auto g = grad<0, 1>(typename Win::square_sum{})(x, w);
    const auto loss = [&] { return etta::call(typename Win::square_sum{}, x, w); };
    return wrong_differences(get<0>(g), loss, x) + wrong_differences(get<1>(g), loss, w);
}

template <class X>
double dot(const X& a, const X& b) {
    double s = 0;
    for (long i = 0; i < static_cast<long>(a.size()); ++i) s += a.data()[i] * b.data()[i];
    return s;
}

using plain = window<1, 1, 0, 0, 1, 1, 1>;
using same = window<1, 1, 1, 1, 1, 1, 1>;
using strided = window<2, 3, 1, 2, 1, 1, 1>;
using dilated = window<1, 2, 2, 1, 2, 3, 1>;
using grouped = window<1, 1, 1, 0, 1, 1, 3>;
using everything = window<3, 2, 2, 3, 2, 1, 2>;

}  // namespace

TEST_CASE("a convolution is what its definition says") {
    SECTION("sizes around lanes and blocks") {
        CHECK(wrong_elements<plain, float, 1, 1, 1, 1, 1, 1, 1>() == 0);
        CHECK(wrong_elements<plain, float, 2, 1, 28, 28, 8, 5, 5>() == 0);
        CHECK(wrong_elements<plain, float, 2, 8, 12, 12, 17, 5, 5>() == 0);
        CHECK(wrong_elements<same, float, 3, 16, 8, 8, 32, 3, 3>() == 0);
        CHECK(wrong_elements<same, float, 1, 3, 7, 50, 9, 3, 3>() == 0);
        CHECK(wrong_elements<plain, float, 2, 5, 6, 6, 4, 1, 1>() == 0);
        CHECK(wrong_elements<same, double, 2, 4, 9, 17, 5, 3, 3>() == 0);
    }
    SECTION("strides, padding, dilation, groups") {
        CHECK(wrong_elements<strided, float, 2, 3, 17, 19, 5, 3, 4>() == 0);
        CHECK(wrong_elements<dilated, float, 2, 3, 12, 14, 5, 3, 3>() == 0);
        CHECK(wrong_elements<grouped, float, 2, 6, 9, 9, 9, 3, 3>() == 0);
        CHECK(wrong_elements<everything, float, 2, 4, 13, 11, 6, 3, 4>() == 0);
        CHECK(wrong_elements<everything, double, 2, 4, 13, 11, 6, 3, 4>() == 0);
        CHECK(wrong_elements<window<4, 4, 0, 0, 1, 1, 1>, double, 1, 2, 16, 16, 3, 2, 2>() == 0);  // most input is never seen
    }
    SECTION("images and channels that do not fit a block") {
        CHECK(wrong_elements<same, float, 1, 300, 16, 16, 3, 3, 3>() == 0);
        CHECK(wrong_elements<same, float, 1, 2, 130, 140, 2, 3, 3>() == 0);
        CHECK(wrong_elements<same, float, 1, 1, 3, 9000, 1, 3, 3>() == 0);
        CHECK(wrong_elements<plain, float, 1, 1, 30, 30, 1, 25, 25>() == 0);
    }
}

TEST_CASE("a convolution's gradients agree with central differences") {
    CHECK(wrong_gradients<plain, 2, 2, 6, 7, 3, 3, 2>() == 0);
    CHECK(wrong_gradients<same, 3, 3, 5, 5, 5, 3, 3>() == 0);
    CHECK(wrong_gradients<strided, 2, 2, 8, 9, 3, 3, 2>() == 0);
    CHECK(wrong_gradients<dilated, 2, 2, 7, 8, 2, 3, 2>() == 0);
    CHECK(wrong_gradients<grouped, 2, 3, 5, 5, 6, 3, 2>() == 0);
    CHECK(wrong_gradients<everything, 2, 4, 8, 7, 2, 2, 3>() == 0);
    CHECK(wrong_gradients<window<3, 3, 0, 0, 1, 1, 1>, 1, 1, 8, 8, 1, 2, 2>() == 0);  // inputs between the windows
}

TEST_CASE("a convolution's jvp and vjp are transposes of each other") {
    const auto x = filled(Tensor<double, 2, 4, 8, 9>{}, 5), tx = filled(Tensor<double, 2, 4, 8, 9>{}, 6);
    const auto w = filled(Tensor<double, 6, 2, 3, 3>{}, 7), tw = filled(Tensor<double, 6, 2, 3, 3>{}, 8);
    const auto y = etta::call(everything::function{}, x, w);
    const auto u = filled(y, 9);
    const auto forward = etta::jvp(everything::function{})(args(x, w), args(tx, tw));
    const auto back = etta::vjp(everything::function{})(args(x, w), args(u));
    const double a = dot(get<1>(forward), u), b = dot(get<0>(back), tx) + dot(get<1>(back), tw);
    CHECK(a == Approx(b).epsilon(1e-12));
}

namespace {
template <class Win>
struct gradient_norm {  // a function of the gradients: its own gradient needs derivatives of all three ops
    constexpr auto operator()(auto x, auto w) const {
        auto g = grad<0, 1>(typename Win::square_sum{})(x, w);
        return sum(square(get<0>(g))) + sum(square(get<1>(g)));
    }
};
}  // namespace

TEST_CASE("a convolution has second derivatives") {
    auto x = filled(Tensor<double, 2, 2, 5, 6>{}, 10);
    auto w = filled(Tensor<double, 2, 2, 2, 3>{}, 11);
    using f = gradient_norm<strided>;
    const auto g = grad<0, 1>(f{})(x, w);
    const auto value = [&] { return etta::call(f{}, x, w); };
    CHECK(wrong_differences(get<0>(g), value, x) == 0);
    CHECK(wrong_differences(get<1>(g), value, w) == 0);
}

namespace {
// Runs a kernel by hand as each of `threads` threads in turn. Operands: two read, one written.
template <class Op, class T>
std::vector<T> run_kernel(int threads, const std::vector<T>& a, const std::vector<long>& ea, const std::vector<T>& b, const std::vector<long>& eb,
                          const std::vector<long>& er, const std::vector<long>& attributes) {
    std::vector<std::int64_t> words;
    long size = 1;
    const std::vector<long>* const shapes[] = {&ea, &eb, &er};
    for (int v = 0; v < 3; ++v) {
        words.insert(words.end(), {v, 4});
        size = 1;
        std::vector<std::int64_t> axes;
        for (int d = 3; d >= 0; --d) axes.insert(axes.begin(), {(*shapes[v])[d], size}), size *= (*shapes[v])[d];
        words.insert(words.end(), axes.begin(), axes.end());
    }
    words.insert(words.end(), attributes.begin(), attributes.end());
    std::vector<T> result(static_cast<std::size_t>(size), T(7));
    char* const buffers[] = {reinterpret_cast<char*>(const_cast<T*>(a.data())), reinterpret_cast<char*>(const_cast<T*>(b.data())), reinterpret_cast<char*>(result.data())};
    const std::int64_t places[] = {etta::_::packed({0, 0}), etta::_::packed({1, 0}), etta::_::packed({2, 0})};
    for (int t = 0; t < threads; ++t) {
        etta::_::context c;
        c.buffers = buffers, c.places = places, c.thread = t, c.threads = threads;
        if constexpr (Op::w_at < 0) {
            etta::_::library_kernel<Op, etta::this_target>::run(words.data(), c);
        } else {
            etta::_::library_reader<T, etta::this_target> r{words.data(), c};
            etta::_::conv_call<T> k;
            (Op::y_at < 0 ? k.x : k.y) = r.operand(), k.w = r.operand(), (Op::y_at < 0 ? k.y : k.x) = r.operand();
            k.read(r);
            etta::_::conv_product<T, etta::this_target>(Op{}, k, {}, c);
        }
    }
    return result;
}
template <class T>
std::vector<T> numbers(long n, unsigned seed) {
    std::vector<T> v(static_cast<std::size_t>(n));
    for (T& x : v) seed = seed * 1664525u + 1013904223u, x = static_cast<T>(static_cast<double>(seed >> 8) / (1 << 24) - 0.5);
    return v;
}
}  // namespace

TEMPLATE_TEST_CASE("convolution kernels give equal bits for any number of threads", "", float, double) {
    using T = TestType;
    for (const long n : {1L, 5L}) {
        const std::vector<long> x{n, 6, 14, 15}, w{20, 3, 3, 2}, y{n, 20, 7, 8}, a{2, 2, 1, 1, 1, 2, 2};
        const auto vx = numbers<T>(n * 6 * 14 * 15, 1), vw = numbers<T>(20 * 3 * 3 * 2, 2), vy = numbers<T>(n * 20 * 7 * 8, 3);
        const auto f = run_kernel<etta::_::Conv2dForward<T>>(1, vx, x, vw, w, y, a);
        const auto gi = run_kernel<etta::_::Conv2dGradInput<T>>(1, vy, y, vw, w, x, a);
        const auto gw = run_kernel<etta::_::Conv2dGradWeight<T>>(1, vx, x, vy, y, w, a);
        for (const int threads : {2, 3, 4}) {
            CHECK(run_kernel<etta::_::Conv2dForward<T>>(threads, vx, x, vw, w, y, a) == f);
            CHECK(run_kernel<etta::_::Conv2dGradInput<T>>(threads, vy, y, vw, w, x, a) == gi);
            CHECK(run_kernel<etta::_::Conv2dGradWeight<T>>(threads, vx, x, vy, y, w, a) == gw);
        }
    }
}
