// Attention against its formula in double and against central differences: sizes around lanes and blocks, causal or not,
// grouped queries, masks; derivatives of derivatives; batches; equal bits for any number of threads; memory linear in L.
#include <etta/op/attention.hpp>
#include <etta/op/shape.hpp>
#include <etta/run/call.hpp>

#include "catch.hpp"
#include "gradient_check.hpp"

#include <cmath>
#include <limits>
#include <vector>

#if defined(ETTA_USE_OPENMP)
#include <omp.h>
#endif

using etta::args;
using etta::attention;
using etta::causal;
using etta::get;
using etta::grad;
using etta::Tensor;

namespace {

template <class X>
X filled(unsigned seed, double size = 1) {
    X x;
    for (long i = 0; i < static_cast<long>(x.size()); ++i) {
        seed = seed * 1664525u + 1013904223u;
        x.data()[i] = static_cast<typename X::value_type>(size * (static_cast<double>(seed >> 8) / (1 << 24) * 2 - 1));
    }
    return x;
}

// The definition, one row at a time, with its derivatives for a cotangent g of the result.
struct reference {
    std::vector<double> o, dq, dk, dv;
};
template <class T, std::size_t B, std::size_t H, std::size_t L, std::size_t D, std::size_t K, std::size_t S, std::size_t E>
reference by_definition(bool is_causal, const Tensor<T, B, H, L, D>& q, const Tensor<T, B, K, S, D>& k, const Tensor<T, B, K, S, E>& v, const double* mask,
                        const Tensor<T, B, H, L, E>& g) {
    reference r{std::vector<double>(B * H * L * E), std::vector<double>(B * H * L * D), std::vector<double>(B * K * S * D), std::vector<double>(B * K * S * E)};
    for (std::size_t b = 0; b < B; ++b)
        for (std::size_t h = 0; h < H; ++h)
            for (std::size_t i = 0; i < L; ++i) {
                const std::size_t n = b * K + h / (H / K), row = (b * H + h) * L + i;
                std::vector<double> p(S, 0), dp(S, 0);
                double most = -1e300, sum = 0, both = 0;
                for (int pass = 0; pass < 2; ++pass)
                    for (std::size_t j = 0; j < S; ++j) {
                        if ((is_causal && j > i) || (mask != nullptr && std::isinf(mask[b * S + j]))) continue;
                        double s = mask != nullptr ? mask[b * S + j] : 0;
                        for (std::size_t c = 0; c < D; ++c) s += double(q.data()[row * D + c]) * double(k.data()[(n * S + j) * D + c]) / std::sqrt(double(D));
                        if (pass == 0) most = std::max(most, s);
                        else sum += p[j] = std::exp(s - most);
                    }
                for (std::size_t j = 0; j < S; ++j) {
                    p[j] = sum == 0 ? 0 : p[j] / sum;
                    for (std::size_t c = 0; c < E; ++c) {
                        r.o[row * E + c] += p[j] * double(v.data()[(n * S + j) * E + c]);
                        dp[j] += double(g.data()[row * E + c]) * double(v.data()[(n * S + j) * E + c]);
                        r.dv[(n * S + j) * E + c] += p[j] * double(g.data()[row * E + c]);
                    }
                    both += p[j] * dp[j];
                }
                for (std::size_t j = 0; j < S; ++j)
                    for (std::size_t c = 0; c < D; ++c) {
                        const double ds = p[j] * (dp[j] - both) / std::sqrt(double(D));
                        r.dq[row * D + c] += ds * double(k.data()[(n * S + j) * D + c]);
                        r.dk[(n * S + j) * D + c] += ds * double(q.data()[row * D + c]);
                    }
            }
    return r;
}
template <class X>
double distance(const X& got, const std::vector<double>& want) {
    double most = 0, largest = 0.1;
    if (static_cast<std::size_t>(got.size()) != want.size()) return 1e300;
    for (std::size_t i = 0; i < want.size(); ++i) {
        most = check::worse(most, std::abs(static_cast<double>(got.data()[i]) - want[i]));
        largest = std::max(largest, std::abs(want[i]));
    }
    return most / largest;
}

template <class... Options>
struct plain {
    constexpr auto operator()(auto q, auto k, auto v) const { return attention<Options...>(q, k, v); }
};
template <class... Options>
struct masked {
    constexpr auto operator()(auto q, auto k, auto v, auto m) const { return attention<Options...>(q, k, v, m); }
};

// The greatest relative error of the result and of its three gradients.
template <bool Causal, class T, std::size_t B, std::size_t H, std::size_t K, std::size_t L, std::size_t S, std::size_t D, std::size_t E>
double error_of() {
    using F = std::conditional_t<Causal, plain<causal>, plain<>>;
    const auto q = filled<Tensor<T, B, H, L, D>>(1, 2);
    const auto k = filled<Tensor<T, B, K, S, D>>(2, 2);
    const auto v = filled<Tensor<T, B, K, S, E>>(3);
    const auto g = filled<Tensor<T, B, H, L, E>>(4);
    const reference r = by_definition(Causal, q, k, v, nullptr, g);
    const auto o = etta::call(F{}, q, k, v);
    const auto d = etta::vjp(F{})(args(q, k, v), args(g));
    double e = distance(o, r.o);
    e = check::worse(e, distance(get<0>(d), r.dq));
    e = check::worse(e, distance(get<1>(d), r.dk));
    return check::worse(e, distance(get<2>(d), r.dv));
}

}  // namespace

TEST_CASE("attention and its gradients are what the definition says") {
    const double f = 4e-6, d = 1e-13;
    SECTION("one block") {
        CHECK(error_of<false, float, 2, 2, 2, 7, 7, 8, 8>() < f);
        CHECK(error_of<true, float, 2, 3, 3, 64, 64, 32, 32>() < f);
        CHECK(error_of<false, double, 1, 1, 1, 1, 1, 1, 1>() < d);
        CHECK(error_of<true, double, 1, 2, 2, 33, 33, 5, 9>() < d);
    }
    SECTION("several") {
        CHECK(error_of<true, float, 1, 2, 2, 65, 65, 16, 16>() < f);
        CHECK(error_of<false, float, 1, 1, 1, 130, 200, 64, 64>() < f);
        CHECK(error_of<true, double, 1, 1, 1, 200, 200, 24, 40>() < d);
    }
    SECTION("more keys than rows, and fewer") {
        CHECK(error_of<true, float, 1, 2, 2, 1, 7, 32, 16>() < f);
        CHECK(error_of<true, double, 2, 1, 1, 70, 130, 8, 8>() < d);
        CHECK(error_of<true, double, 1, 1, 1, 130, 33, 8, 8>() < d);
    }
    SECTION("grouped queries") {
        CHECK(error_of<true, float, 2, 6, 2, 33, 33, 16, 16>() < f);
        CHECK(error_of<false, double, 1, 4, 1, 65, 40, 8, 8>() < d);
    }
    SECTION("wide heads") {
        CHECK(error_of<true, float, 1, 1, 1, 40, 40, 128, 96>() < f);
        CHECK(error_of<false, double, 1, 1, 1, 33, 20, 200, 256>() < d);
        CHECK(error_of<true, double, 1, 2, 1, 9, 9, 300, 16>() < d);  // wider than a block: row by row
    }
}

TEST_CASE("masked keys take no part, and a row without keys is zero") {
    using T = double;
    const auto q = filled<Tensor<T, 3, 2, 9, 4>>(1), g = filled<Tensor<T, 3, 2, 9, 4>>(4);
    const auto k = filled<Tensor<T, 3, 2, 11, 4>>(2), v = filled<Tensor<T, 3, 2, 11, 4>>(3);
    Tensor<bool, 3, 11> keep;
    Tensor<T, 3, 11> added;
    std::vector<double> mask(33);
    for (int b = 0; b < 3; ++b)
        for (int j = 0; j < 11; ++j) {
            keep(b, j) = b == 0 || (b == 1 && j != 0 && j < 7);  // of the third sample, none
            added(b, j) = mask[static_cast<std::size_t>(b * 11 + j)] = keep(b, j) ? 0 : -std::numeric_limits<double>::infinity();
        }
    const auto same = [&](auto f, const auto& m, bool is_causal) {
        const reference r = by_definition(is_causal, q, k, v, mask.data(), g);
        const auto o = etta::call(f, q, k, v, m);
        const auto d = etta::vjp(f)(args(q, k, v, m), args(g));
        double e = distance(o, r.o);
        e = check::worse(e, distance(get<0>(d), r.dq));
        e = check::worse(e, distance(get<1>(d), r.dk));
        return check::worse(e, distance(get<2>(d), r.dv));
    };
    CHECK(same(masked<>{}, keep, false) < 1e-13);
    CHECK(same(masked<causal>{}, keep, true) < 1e-13);
    CHECK(same(masked<>{}, added, false) < 1e-13);
}

namespace {
struct first_keys {  // of a buffer, as many as are there by now
    constexpr auto operator()(auto q, auto k, auto v, auto n) const {
        return attention(q, k, v, etta::cast<double>(etta::_::Iota::of(*q.g, etta::shape(2, 200), 1)) < n);
    }
};
template <std::size_t N>
struct first_keys_of {
    constexpr auto operator()(auto q, auto k, auto v) const { return attention(q, etta::slice<2, 0, N>(k), etta::slice<2, 0, N>(v)); }
};
template <std::size_t N>
double buffer_error() {
    const auto q = filled<Tensor<double, 2, 2, 3, 8>>(1), g = filled<Tensor<double, 2, 2, 3, 8>>(4);
    const auto k = filled<Tensor<double, 2, 1, 200, 8>>(2), v = filled<Tensor<double, 2, 1, 200, 8>>(3);
    Tensor<double, 1> n{static_cast<double>(N)};
    const auto a = etta::vjp(first_keys{})(args(q, k, v, n), args(g));
    const auto y = etta::vjp(first_keys_of<N>{})(args(q, k, v), args(g));
    const auto error = [](const auto& x, const auto& z) { return distance(x, std::vector<double>(z.data(), z.data() + z.size())); };
    double e = error(etta::call(first_keys{}, q, k, v, n), etta::call(first_keys_of<N>{}, q, k, v));
    e = check::worse(e, error(get<0>(a), get<0>(y)));
    e = check::worse(e, error(get<1>(a), get<1>(y)));
    return check::worse(e, error(get<2>(a), get<2>(y)));
}
}  // namespace

TEST_CASE("attention to the filled part of a buffer is attention to that part") {
    CHECK(buffer_error<1>() < 1e-13);
    CHECK(buffer_error<70>() < 1e-13);
    CHECK(buffer_error<200>() < 1e-13);
}

namespace {
struct scaled {
    constexpr auto operator()(auto q, auto k, auto v) const { return attention<causal, etta::scaled_by<3, 4>>(q, k, v); }
};
struct padded_keys {
    constexpr auto operator()(auto q, auto k, auto v) const { return attention(q, k, v, etta::_::Iota::of(*q.g, etta::shape(2, 5), 1) < 4); }
};
}  // namespace

TEST_CASE("attention's derivatives agree with differences, to the second order") {
    const auto q = filled<Tensor<double, 2, 2, 4, 3>>(1);
    const auto k = filled<Tensor<double, 2, 1, 5, 3>>(2);
    const auto v = filled<Tensor<double, 2, 1, 5, 2>>(3);
    const auto m = filled<Tensor<double, 2, 1, 1, 5>>(5);
    CHECK(gradient_error(plain<>{}, q, k, v) < 1e-8);
    CHECK(gradient_error(scaled{}, q, k, v) < 1e-8);
    CHECK(gradient_error(padded_keys{}, q, k, v) < 1e-8);
    CHECK(gradient_error(masked<causal>{}, q, k, v, m) < 1e-8);
    CHECK(second_derivative_error(plain<causal>{}, q, k, v) < 1e-7);
    CHECK(second_derivative_error(masked<>{}, q, k, v, m) < 1e-7);
}

namespace {
struct each_sample {
    constexpr auto operator()(auto q, auto k, auto v) const { return etta::vmap<0, 0, -1>(plain<causal>{})(q, k, v); }
};
struct each_gradient {
    struct loss {
        constexpr auto operator()(auto q, auto k, auto v) const { return sum(square(attention<causal>(q, k, v))); }
    };
    constexpr auto operator()(auto q, auto k, auto v) const { return get<1>(etta::vmap<0, 0, -1>(grad<0, 1>(loss{}))(q, k, v)); }
};
}  // namespace

TEST_CASE("attention in vmap is attention of each sample") {
    const auto q = filled<Tensor<double, 3, 2, 5, 4>>(1), k = filled<Tensor<double, 3, 2, 5, 4>>(2);
    const auto v = filled<Tensor<double, 2, 5, 4>>(3);
    const auto y = etta::call(each_sample{}, q, k, v);
    const auto d = etta::call(each_gradient{}, q, k, v);
    for (int b = 0; b < 3; ++b) {
        Tensor<double, 2, 5, 4> qb, kb;
        for (int i = 0; i < 40; ++i) qb.data()[i] = q.data()[b * 40 + i], kb.data()[i] = k.data()[b * 40 + i];
        const auto yb = etta::call(plain<causal>{}, qb, kb, v);
        const auto db = grad<0, 1>(each_gradient::loss{})(qb, kb, v);
        int wrong = 0;
        for (int i = 0; i < 40; ++i) wrong += yb.data()[i] != y.data()[b * 40 + i], wrong += !(std::abs(get<1>(db).data()[i] - d.data()[b * 40 + i]) < 1e-14);
        CHECK(wrong == 0);
    }
}

#if defined(ETTA_USE_OPENMP)
TEST_CASE("attention gives equal bits for any number of threads") {
    const auto q = filled<Tensor<float, 3, 4, 70, 24>>(1), g = filled<Tensor<float, 3, 4, 70, 24>>(4);
    const auto k = filled<Tensor<float, 3, 2, 70, 24>>(2), v = filled<Tensor<float, 3, 2, 70, 24>>(3);
    const int before = omp_get_max_threads();
    std::vector<float> bits[2];
    for (int t = 0; t < 2; ++t) {
        omp_set_num_threads(t + 1);
        const auto o = etta::call(plain<causal>{}, q, k, v);
        const auto d = etta::vjp(plain<causal>{})(args(q, k, v), args(g));
        bits[t].insert(bits[t].end(), o.data(), o.data() + o.size());
        bits[t].insert(bits[t].end(), get<0>(d).data(), get<0>(d).data() + get<0>(d).size());
        bits[t].insert(bits[t].end(), get<1>(d).data(), get<1>(d).data() + get<1>(d).size());
        bits[t].insert(bits[t].end(), get<2>(d).data(), get<2>(d).data() + get<2>(d).size());
    }
    omp_set_num_threads(before);
    CHECK(bits[0] == bits[1]);
}
#endif

namespace {
struct loss {
    constexpr auto operator()(auto q, auto k, auto v) const { return sum(square(attention<causal>(q, k, v))); }
};
template <std::size_t L>
constexpr etta::index workspace() {
    using X = etta::View<const float, etta::extents<2, L, 32>>;
    return etta::_::program<etta::_::call_source<decltype(grad<0, 1, 2>(loss{})), X, X, X>, etta::this_target>::workspace_bytes;
}
// Five tensors of o's size (o, its cotangent, three gradients) and one number per row; the scores of one head alone would be 4 MiB.
static_assert(workspace<2048>() <= 2 * workspace<1024>() && workspace<1024>() <= 5 * (2 * 1024 * 32 * 4) + 2 * 1024 * 4, "training through attention needs memory linear in L");

}  // namespace
