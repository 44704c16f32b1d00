// Variance, norms, positions of extrema, quantifiers.
#include <etta/op/statistics.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"

#include <tuple>
#if defined(_OPENMP)
#include <omp.h>
#endif

using namespace etta;

namespace {

template <class T, std::size_t... E>
Tensor<T, E...> filled(int k = 0) {
    Tensor<T, E...> t;
    for (long i = 0; i < t.size(); ++i) t[i] = static_cast<T>(10 * std::sin(1.7 * static_cast<double>(i) + k));
    return t;
}
template <class T>
void check_variance() {
    const auto x = filled<T, 5, 33>();
    const auto rows = eval(variance(x, axis<1>));
    const auto unbiased = eval(stddev<1>(x, axis<0>, keepdims));
    static_assert(std::is_same_v<decltype(unbiased), const Tensor<T, 1, 33>>);
    const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-12;
    for (int i = 0; i < 5; ++i) {
        double m = 0, v = 0;
        for (int j = 0; j < 33; ++j) m += double(x(i, j)) / 33;
        for (int j = 0; j < 33; ++j) v += (double(x(i, j)) - m) * (double(x(i, j)) - m) / 33;
        CHECK(std::abs(double(rows[i]) - v) < tolerance * v);
    }
    for (int j = 0; j < 33; j += 8) {
        double m = 0, v = 0;
        for (int i = 0; i < 5; ++i) m += double(x(i, j)) / 5;
        for (int i = 0; i < 5; ++i) v += (double(x(i, j)) - m) * (double(x(i, j)) - m) / 4;
        CHECK(std::abs(double(unbiased(0, j)) - std::sqrt(v)) < tolerance * 10);
    }
}

}  // namespace

TEST_CASE("variance and stddev agree with two passes in double, biased and not") {
    check_variance<float>();
    check_variance<double>();
    Tensor<float, 3> far = {10000, 10001, 10002};  // one pass would cancel
    CHECK(eval(variance(far))() == Approx(2.0 / 3));
    Tensor<int, 4> n = {1, 2, 3, 4};
    const auto v = eval(variance(n));
    static_assert(std::is_same_v<decltype(v), const Tensor<float>>);
    CHECK(v() == 1.25f);
    Tensor<double, 0> nothing;
    CHECK(std::isnan(eval(variance(nothing))()));
    CHECK(std::isnan(eval(mean(nothing))()));
}

TEST_CASE("norms agree with their definitions along any axes") {
    const auto x = filled<double, 4, 17>();
    const auto two = eval(norm(x, axis<1>)), one = eval(norm<1>(x, axis<1>)), three = eval(norm<3>(x, axis<1>)), most = eval(norm<inf_norm>(x, axis<1>));
    for (int i = 0; i < 4; ++i) {
        double a = 0, b = 0, c = 0, d = 0;
        for (int j = 0; j < 17; ++j) {
            const double v = std::abs(x(i, j));
            a += v * v, b += v, c += v * v * v, d = std::fmax(d, v);
        }
        CHECK(two[i] == Approx(std::sqrt(a)));
        CHECK(one[i] == Approx(b));
        CHECK(three[i] == Approx(std::cbrt(c)));
        CHECK(most[i] == d);
    }
    Tensor<double, 3> z = {0, 5, 0};
    CHECK(eval(norm<0>(z))() == 1);
    Tensor<double, 3> zeros;
    const auto g = grad([](auto x) { return norm(x); })(zeros);
    CHECK((g[0] == 0 && g[1] == 0));
}

TEST_CASE("argmax and argmin give the first of equals, and NaN before any number") {
    const float quiet = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    Tensor<float, 4, 5> x = {1, 3, 2, 3, 0, /**/ -1, -1, -1, -1, -1, /**/ 2, quiet, 9, quiet, 1, /**/ -inf, -inf, -inf, -inf, -inf};
    const auto most = eval(argmax(x, axis<1>)), least = eval(argmin(x, axis<1>));
    static_assert(std::is_same_v<decltype(most), const Tensor<std::int64_t, 4>>);
    CHECK((most[0] == 1 && most[1] == 0 && most[2] == 1 && most[3] == 0));
    CHECK((least[0] == 4 && least[1] == 0 && least[2] == 1 && least[3] == 0));
    CHECK(eval(argmax(x))() == 11);
    Tensor<int, 2, 3> n = {5, 7, 7, -2, -2, 9};
    const auto columns = eval(argmax(n, axis<0>, keepdims));
    static_assert(std::is_same_v<decltype(columns), const Tensor<std::int64_t, 1, 3>>);
    CHECK((columns[0] == 0 && columns[2] == 1));
    CHECK(eval(argmin(n))() == 3);
}

TEST_CASE("argmax is right at every size around a register, static and not") {
    for (const long n : {1, 7, 16, 17, 33}) {
        Tensor<double, dyn> x(n);
        for (long i = 0; i < n; ++i) x[i] = std::sin(2.3 * static_cast<double>(i));
        long best = 0;
        for (long i = 0; i < n; ++i) best = x[i] > x[best] ? i : best;
        CHECK(call([](auto x) { return argmax(x); }, x) == best);
    }
}

TEST_CASE("any, all and count_nonzero take truth values and numbers") {
    Tensor<float, 3, 4> x = {0, 0, 0, 0, /**/ 0, 2, 0, 0, /**/ 1, 1, 1, 1};
    const auto a = eval(any(x, axis<1>)), b = eval(etta::all(x, axis<1>)), c = eval(any(x > 1, axis<1>));
    static_assert(std::is_same_v<decltype(a), const Tensor<bool, 3>>);
    CHECK((!a[0] && a[1] && a[2]));
    CHECK((!b[0] && !b[1] && b[2]));
    CHECK((!c[0] && c[1] && !c[2]));
    CHECK((eval(any(x))() && !eval(etta::all(x))()));
    CHECK(eval(count_nonzero(x))() == 5);
    Tensor<float, 0> nothing;
    CHECK((!eval(any(nothing))() && eval(etta::all(nothing))()));
}

TEST_CASE("the derivatives of variance, norms and extrema agree with differences") {
    const auto x = filled<double, 3, 4>(1);
    CHECK(gradient_error([](auto x) { return variance<1>(x, axis<1>) + stddev(x, axis<0, 1>); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return norm(x, axis<0>) + norm<1>(x, axis<0>) * norm<3>(x) + norm<inf_norm>(x); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return amax(x, axis<1>, keepdims) * amin(x, axis<0>) + logsumexp(x, axis<0>); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return stddev(x, axis<1>) + norm<3>(x); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return exp(amax(x, axis<1>, keepdims)) * square(amin(x, axis<0>)) + maximum(square(x), sin(x)) * minimum(x, 0.1 + 0 * x); }, x) < 1e-6);
}

// Long reductions to one number go row by row, however the tensor is shaped (op/reduce.hpp: rows_of_total).
namespace {
template <std::size_t... E>
void check_long() {
    using T = Tensor<double, E...>;
    const auto x = filled<double, E...>();
    INFO(x.size() << " elements, the first axis " << x.extent(0));
    double s = 0, squares = 0, exps = 0, most = -HUGE_VAL;
    for (const double v : x) s += v, squares += v * v, exps += std::exp(v), most = std::max(most, v);
    const auto all = [](const T& x) constexpr { return std::tuple(eval(sum(x)), eval(sum(x, axes_t<>{}, keepdims)), eval(mean(square(x))), eval(logsumexp(x)), eval(norm(x)), eval(amax(x)), eval(variance(x))); };
    const auto [total, kept, mean_square, log_sum, length, top, spread] = all(x);
    const double n = double(x.size()), m = s / n;
    CHECK(std::abs(total() - s) < 1e-11 * std::sqrt(n * squares));
    CHECK(kept[0] == Approx(s).margin(1e-6));
    CHECK(std::abs(mean_square() - squares / n) < 1e-12 * squares / n);
    CHECK(std::abs(log_sum() - std::log(exps)) < 1e-12 * std::log(exps));
    CHECK(std::abs(length() - std::sqrt(squares)) < 1e-12 * length());
    CHECK(top() == most);
    CHECK(std::abs(spread() - (squares / n - m * m)) < 1e-9 * spread());
#if defined(_OPENMP)
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    const auto alone = all(x);
    omp_set_num_threads(threads);
    CHECK((std::get<0>(alone)() == total() && std::get<2>(alone)() == mean_square() && std::get<3>(alone)() == log_sum() && std::get<4>(alone)() == length() && std::get<6>(alone)() == spread()));
#endif
    // The derivative of log-sum-exp plus the norm, against the formula.
    const auto g = call(grad([](auto x) constexpr { return logsumexp(x) + norm(x); }), x);
    double worst = 0;
    for (long i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(g[i] - (std::exp(x[i]) / exps + x[i] / std::sqrt(squares))));
    CHECK(worst < 1e-12);
}
}  // namespace

TEST_CASE("long reductions to one number are right for vectors, matrices and more, on any number of threads") {
    check_long<131072>();
    check_long<131101>();  // a prime: no rows
    check_long<3, 3, 20000>();
    check_long<300, 601>();
    check_long<40000, 5>();
}

TEST_CASE("long reductions of a column, whose elements lie apart, are right") {
    const auto m = filled<double, 131072, 3>();
    double s = 0, squares = 0, top = -HUGE_VAL;
    for (long i = 0; i < m.extent(0); ++i) s += m(i, 1), squares += m(i, 1) * m(i, 1), top = std::max(top, m(i, 1));
    const auto column = m(etta::all, 1);
    const double n = double(m.extent(0));
    CHECK(std::abs(eval(sum(column))() - s) < 1e-11 * std::sqrt(n * squares));
    CHECK(std::abs(eval(mean(square(column)))() - squares / n) < 1e-12 * squares / n);
    CHECK(std::abs(eval(norm(column))() - std::sqrt(squares)) < 1e-12 * std::sqrt(squares));
    CHECK(std::abs(eval(variance(column))() - (squares / n - s / n * s / n)) < 1e-9);
    CHECK(eval(amax(column))() == top);
}
