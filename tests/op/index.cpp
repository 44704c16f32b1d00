// take, gather, scatter_add, scans, sorting.
#include <etta/op/scan.hpp>
#include <etta/op/sort.hpp>

#include <algorithm>
#include <vector>

#include "../catch.hpp"
#include "../gradient_check.hpp"

using namespace etta;

namespace {

template <class T, std::size_t... E>
Tensor<T, E...> waves(int k = 0) {
    Tensor<T, E...> t;
    for (long i = 0; i < t.size(); ++i) t[i] = static_cast<T>(10 * std::sin(1.7 * static_cast<double>(i) + k));
    return t;
}

}  // namespace

TEST_CASE("take reads slices at indices of any shape and integer dtype") {
    const auto x = waves<float, 4, 3>();
    Tensor<std::int64_t, 2, 2> at = {3, 0, -1, 2};
    const auto rows = eval(take(x, at));
    static_assert(std::is_same_v<decltype(rows), const Tensor<float, 2, 2, 3>>);
    Tensor<std::uint8_t, 2> columns = {2, 0};
    const auto picked = eval(take<1>(x, columns));
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
            for (int k = 0; k < 3; ++k) CHECK(rows(i, j, k) == x((at(i, j) + 4) % 4, k));
    for (int i = 0; i < 4; ++i) CHECK((picked(i, 0) == x(i, 2) && picked(i, 1) == x(i, 0)));
    const auto same = eval(embedding(at, x));
    CHECK((same(0, 0, 1) == x(3, 1) && std::isnan(same(1, 0, 1))));  // whose ids do not count from the end
    const auto turned = eval(take<1>(transpose(x), columns));  // through a view
    CHECK((turned(1, 0) == x(2, 1) && turned(2, 1) == x(0, 2)));
}

TEST_CASE("an index out of range gives NaN, or 0 for integers, and is left out of sums") {
    const auto x = waves<double, 3, 2>();
    Tensor<int, 3> at = {1, 3, -4};
    const auto y = eval(take(x, at));
    CHECK((y(0, 1) == x(1, 1) && std::isnan(y(1, 0)) && std::isnan(y(2, 1))));
    Tensor<std::int16_t, 3> n = {4, 5, 6};
    const auto z = eval(take(n, at));
    CHECK((z[0] == 5 && z[1] == 0 && z[2] == 0));
    const auto s = eval(scatter_add<0>(x, at, x));
    CHECK((s(0, 0) == x(0, 0) && s(1, 0) == x(1, 0) + x(0, 0) && s(2, 1) == x(2, 1)));
}

TEST_CASE("take_along_axis and scatter_add follow NumPy and PyTorch") {
    const auto x = waves<double, 3, 4>();
    Tensor<int, 2, 4> at = {0, 1, 2, 0, 2, 2, 1, 0};
    const auto y = eval(take_along_axis<0>(x, at));
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j) CHECK(y(i, j) == x(at(i, j), j));
    Tensor<int, 3, 1> one = {2, 0, 3};
    const auto g = eval(gather<1>(x, one));
    for (int i = 0; i < 3; ++i) CHECK(g(i, 0) == x(i, one[i]));
    const auto more = waves<double, 2, 4>(5);
    const auto s = eval(scatter_add<0>(x, at, more));
    for (int k = 0; k < 3; ++k)
        for (int j = 0; j < 4; ++j) {
            double want = x(k, j);
            for (int i = 0; i < 2; ++i)
                if (at(i, j) == k) want += more(i, j);
            CHECK(s(k, j) == Approx(want));
        }
    Tensor<int, 2, 2> counts;
    Tensor<int, 4> bins = {1, 0, 1, 1};
    Tensor<int, 4, 2> ones = {1, 10, 1, 10, 1, 10, 1, 10};
    counts = scatter_add<0>(counts, bins, ones);
    CHECK((counts(0, 0) == 1 && counts(0, 1) == 10 && counts(1, 0) == 3 && counts(1, 1) == 30));
}

TEST_CASE("cumsum and cumprod run along any axis, at every size around a register") {
    const auto x = waves<double, 5, 7>();
    const auto down = eval(cumsum<0>(x)), along = eval(cumprod(x));
    for (int j = 0; j < 7; ++j) {
        double s = 0;
        for (int i = 0; i < 5; ++i) CHECK(down(i, j) == Approx(s += x(i, j)));
    }
    for (int i = 0; i < 5; ++i) {
        double p = 1;
        for (int j = 0; j < 7; ++j) CHECK(along(i, j) == Approx(p *= x(i, j)));
    }
    for (const long n : {0, 1, 7, 16, 17, 33}) {
        Tensor<float, 3, dyn> t(n);
        for (long i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i % 5) - 2;
        Tensor<float, 3, dyn> y(n);
        y = cumsum<0>(t);
        bool right = true;
        for (long j = 0; j < n; ++j) right = right && y(2, j) == t(0, j) + t(1, j) + t(2, j);
        CHECK(right);
    }
    Tensor<std::int8_t, 3> n = {100, 100, 100};
    const auto c = eval(cumsum(n));
    static_assert(std::is_same_v<decltype(c), const Tensor<std::int64_t, 3>>);
    CHECK(c[2] == 300);
}

TEST_CASE("a linear scan is its recurrence") {
    Tensor<double, 4> a = {0.5, 0.5, 2, -1}, b = {1, 2, 3, 4};
    const auto s = eval(linear_scan(a, b));
    CHECK((s[0] == 1 && s[1] == 2.5 && s[2] == 8 && s[3] == -4));
}

TEST_CASE("sort and argsort are stable, put NaN last, and agree with the standard library") {
    for (const long n : {0, 1, 7, 16, 17, 33}) {
        Tensor<double, dyn> x(n);
        for (long i = 0; i < n; ++i) x[i] = std::floor(5 * std::sin(2.3 * static_cast<double>(i)));
        std::vector<double> sorted(x.begin(), x.end());
        std::vector<std::int64_t> order(static_cast<std::size_t>(n)), reverse;
        for (long i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
        reverse = order;
        std::sort(sorted.begin(), sorted.end());
        std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return x[i] < x[j]; });
        std::stable_sort(reverse.begin(), reverse.end(), [&](auto i, auto j) { return x[i] > x[j]; });
        const auto a = call([](auto x) { return sort(x); }, x);
        const auto b = call([](auto x) { return argsort(x); }, x);
        const auto c = call([](auto x) { return argsort<-1, true>(x); }, x);
        CHECK(std::equal(sorted.begin(), sorted.end(), a.begin()));
        CHECK(std::equal(order.begin(), order.end(), b.begin()));
        CHECK(std::equal(reverse.begin(), reverse.end(), c.begin()));
    }
    const float quiet = std::numeric_limits<float>::quiet_NaN();
    Tensor<float, 4> x = {quiet, 2, -1, quiet};
    const auto y = eval(sort(x)), z = eval(sort<0, true>(x));
    CHECK((y[0] == -1 && y[1] == 2 && std::isnan(y[2]) && std::isnan(y[3])));
    CHECK((std::isnan(z[0]) && std::isnan(z[1]) && z[2] == 2 && z[3] == -1));
    Tensor<std::uint8_t, 2, 2> u = {3, 200, 1, 5};
    const auto columns = eval(sort<0>(u));
    CHECK((columns[0] == 1 && columns[1] == 5 && columns[2] == 3 && columns[3] == 200));
}

TEST_CASE("top_k gives the greatest, greatest first, and where they stand") {
    const auto x = waves<float, 3, 17>();
    auto [v, i] = top_k<4>(x);
    const auto values = eval(v);
    const auto indices = eval(i);
    static_assert(std::is_same_v<decltype(indices), const Tensor<std::int64_t, 3, 4>>);
    for (int r = 0; r < 3; ++r) {
        std::vector<float> row(&x(r, 0), &x(r, 0) + 17);
        std::sort(row.begin(), row.end(), [](float a, float b) { return a > b; });
        for (int k = 0; k < 4; ++k) CHECK((values(r, k) == row[static_cast<std::size_t>(k)] && x(r, indices(r, k)) == values(r, k)));
    }
}

TEST_CASE("the derivatives of indexing, scans and sorting agree with differences") {
    const auto x = waves<double, 3, 4>();
    const auto y = waves<double, 2, 4>(3);
    CHECK(gradient_error([](auto x) { return square(take<1>(x, argsort<1>(x) / 2)) + 0 * take<1>(x, argsort<1>(x)); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return square(sort(x)) + sin(sort<0, true>(x)); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { auto [v, i] = top_k<2>(x); return square(v); }, x) < 1e-6);
    // Places that repeat, of whole rows and of elements, along either axis.
    CHECK(gradient_error([](auto x, auto y) { return square(take_along_axis<0>(x, argsort<1>(y) / 2)) + 0.1 * y; }, x, y) < 1e-9);
    CHECK(gradient_error([](auto x) { return square(gather<1>(x, argsort<1>(x) / 2)) + sin(gather<1>(x, argsort<1>(x))); }, x) < 1e-9);
    CHECK(second_derivative_error([](auto x) { return sin(gather<1>(x, argsort<1>(x) / 2)) * x; }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return square(embedding(argsort<0>(x) / 2, x)); }, x) < 1e-9);
    CHECK(gradient_error([](auto x, auto y) { return square(scatter_add<0>(x, argsort<0>(y), y)); }, x, y) < 1e-6);
    CHECK(gradient_error([](auto x) { return square(cumsum<0>(x)) + cumsum(x); }, x) < 1e-6);
    Tensor<double, 5> z = {0.5, -1.2, 0, 0.7, 2};
    Tensor<double, 5> o = {0.5, 0, 0, 0.7, 2};
    CHECK(gradient_error([](auto x) { return cumprod(x); }, z) < 1e-6);
    CHECK(gradient_error([](auto x) { return cumprod(x); }, o) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return cumprod(x); }, z) < 1e-6);
    CHECK(gradient_error([](auto a, auto b) { return square(linear_scan(a, b)); }, z, o) < 1e-6);
    CHECK(second_derivative_error([](auto a, auto b) { return square(linear_scan(a, b)); }, z, o) < 1e-6);
}

TEST_CASE("the second derivatives of cumsum, sort and top_k agree with differences") {
    const auto x = waves<double, 3, 4>();
    CHECK(second_derivative_error([](auto x) { return sin(cumsum<0>(x)) * cumsum(x); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { auto [v, i] = top_k<2>(x); return square(sort(x)) * exp(sort<0, true>(x)) + sum(sin(v)); }, x) < 1e-6);
}

TEST_CASE("vmap of indexing, scans and sorting is the same per sample") {
    const auto x = waves<double, 3, 4>();
    Tensor<int, 3, 2> at = {3, 0, 1, 1, 2, 0};
    const auto picked = vmap<0, 0>([](auto row, auto at) { return take(row, at); })(x, at);
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 2; ++j) CHECK(picked(i, j) == x(i, at(i, j)));
    const auto sorted = vmap([](auto row) { return sort(row) + cumsum(row); })(x);
    const auto want = eval(sort(x) + cumsum(x));
    for (int i = 0; i < 12; ++i) CHECK(sorted[i] == want[i]);
    const auto j = jacobian([](auto x) { return sort(x) * cumprod(x); })(Tensor<double, 4>{0.5, -1, 2, 0.3});
    CHECK(std::isfinite(j(3, 1)));
}
