// Functions of two elements: values, special values, broadcasting, integer dtypes, derivatives, ties.
#include <etta/op/binary.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"

using namespace etta;

namespace {

const double inf = std::numeric_limits<double>::infinity(), quiet = std::numeric_limits<double>::quiet_NaN();
const double values[] = {0.0, -0.0, 1, -1, 0.5, -2.5, 3, 7.25, -7.25, 1e-3, 1e20, -1e20, inf, -inf, quiet};
constexpr int n = 15;

// Every pair of the values, by broadcasting a column against a row.
template <class T, class F>
std::string pairs(const F& f, double (*reference)(double, double), double tolerance) {
    Tensor<T, n, 1> a;
    Tensor<T, n> b;
    for (int i = 0; i < n; ++i) a[i] = b[i] = static_cast<T>(values[i]);
    const auto y = eval(f(a, b));
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            double want = reference(double(a[i]), double(b[j]));
            if (std::is_same_v<T, float> && std::abs(want) > 3.5e38) want = std::copysign(inf, want);
            const double got = double(y(i, j));
            const bool fine = std::isnan(want) ? std::isnan(got) : std::isinf(want) ? got == want : std::abs(got - want) <= tolerance * std::abs(want) + (std::is_same_v<T, float> ? 1e-44 : 0);
            if (!fine) return std::to_string(values[i]) + ", " + std::to_string(values[j]) + ": " + std::to_string(got) + ", expected " + std::to_string(want);
        }
    return "";
}
template <class F>
void check_both(const F& f, double (*reference)(double, double)) {
    CHECK(pairs<float>(f, reference, 2e-6) == "");
    CHECK(pairs<double>(f, reference, 1e-13) == "");
}
double nan_or(double a, double b, double y) { return std::isnan(a) || std::isnan(b) ? quiet : y; }

}  // namespace

TEST_CASE("maximum and minimum give NaN if either operand is NaN") {
    check_both([](auto& a, auto& b) { return maximum(a, b); }, [](double a, double b) { return nan_or(a, b, a > b ? a : b); });
    check_both([](auto& a, auto& b) { return min(a, b); }, [](double a, double b) { return nan_or(a, b, a < b ? a : b); });
}

TEST_CASE("fmod and remainder are exact, and follow C's and Python's signs") {
    check_both([](auto& a, auto& b) { return fmod(a, b); }, [](double a, double b) { return std::fmod(a, b); });
    check_both([](auto& a, auto& b) { return remainder(a, b); }, [](double a, double b) {
        const double r = std::fmod(a, b);
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    });
    Tensor<int, 4> x = {7, -7, 7, -7}, y = {3, 3, -3, 0};
    const auto c = eval(fmod(x, y)), p = eval(remainder(x, y));
    CHECK((c[0] == 1 && c[1] == -1 && c[2] == 1 && c[3] == 0));
    CHECK((p[0] == 1 && p[1] == 2 && p[2] == -2 && p[3] == 0));
}

TEST_CASE("atan2, hypot and copysign agree with the C library in every quadrant and at infinity") {
    check_both([](auto& a, auto& b) { return atan2(a, b); }, [](double a, double b) { return std::atan2(a, b); });
    check_both([](auto& a, auto& b) { return hypot(a, b); }, [](double a, double b) { return std::hypot(a, b); });
    Tensor<float, 4> a = {1, -2, 0, 3}, s = {-1, 1, -0.0f, -5}, y;
    y = copysign(a, s);
    CHECK((y[0] == -1 && y[1] == 2 && std::signbit(y[2]) && y[3] == -3));
}

TEST_CASE("pow agrees with the C library") {
    check_both([](auto& a, auto& b) { return pow(a, b); }, [](double a, double b) { return std::pow(a, b); });
}

TEST_CASE("in a trace pow with a simple exponent becomes arithmetic") {
    constexpr auto has_pow = [](double exponent) {
        _::builder g;
        const var x{&g, g.input(_::storage::argument, 0, dtype::f64, shape(3))};
        pow(x, exponent);
        for (int i = 0; i < g.nodes.size; ++i)
            if (g.nodes[i].op->name == "pow") return true;
        return false;
    };
    static_assert(!has_pow(1) && !has_pow(2) && !has_pow(3) && !has_pow(-1) && !has_pow(0.5) && !has_pow(-0.5) && has_pow(2.5));
    Tensor<double, 3> x = {0.5, 2, 3};
    CHECK(gradient_error([](auto x) { return pow(x, 2) + 2 * pow(x, 3) - pow(x, -1) + pow(x, 0.5) * pow(x, -0.5) + pow(x, 2.5) + pow(x, 4); }, x) < 1e-6);
}

TEST_CASE("clamp limits, keeps NaN, and takes numbers or tensors as bounds") {
    Tensor<double, 5> x = {-3, -1, 0.5, 1, quiet}, low = {-2, 0, 0, 0, 0}, y;
    y = clamp(x, -1, 1);
    CHECK((y[0] == -1 && y[1] == -1 && y[2] == 0.5 && y[3] == 1 && std::isnan(y[4])));
    y = clamp(x, low, 0.75);
    CHECK((y[0] == -2 && y[1] == 0 && y[2] == 0.5 && y[3] == 0.75));
    const auto g = grad([](auto x) { return sum(clamp(x, -1, 1)); })(x);
    CHECK((g[0] == 0 && g[1] == 1 && g[2] == 1 && g[3] == 1));  // 1 on the bounds, as in PyTorch
    Tensor<int, 3> i = {-5, 3, 50};
    const auto k = eval(clamp(i, 0, 10));
    static_assert(std::is_same_v<decltype(k), const Tensor<int, 3>>);
    CHECK((k[0] == 0 && k[1] == 3 && k[2] == 10));
}

TEST_CASE("integers: maximum promotes as arithmetic does, pow and atan2 give float") {
    Tensor<int, 2> a = {3, -4};
    Tensor<std::int64_t, 2> b = {2, 7};
    const auto m = eval(maximum(a, b));
    static_assert(std::is_same_v<decltype(m), const Tensor<std::int64_t, 2>>);
    CHECK((m[0] == 3 && m[1] == 7));
    static_assert(std::is_same_v<decltype(eval(pow(a, a))), Tensor<float, 2>>);
    static_assert(std::is_same_v<decltype(eval(atan2(a, a))), Tensor<float, 2>>);
}

TEST_CASE("the derivatives of functions of two elements agree with differences, also where they broadcast") {
    Tensor<double, 2, 1> a = {0.3, 1.7};
    Tensor<double, 3> b = {0.9, -1.1, 2.4};
    Tensor<double, 3> p = {0.9, 1.1, 2.4};
    constexpr auto f = [](auto a, auto b) { return maximum(a, b) + 2 * minimum(a, b) * atan2(a, b) + hypot(a, b) + fmod(a, b) + 3 * remainder(a, b) + copysign(a, b) * clamp(a, b, 1.5); };
    CHECK(gradient_error(f, a, b) < 1e-6);
    CHECK(gradient_error([](auto a, auto b) { return pow(a, b); }, a, p) < 1e-6);
    CHECK(second_derivative_error([](auto a, auto b) { return pow(a, b) + atan2(a, b) * hypot(a, b); }, a, p) < 1e-6);
}

TEST_CASE("where maximum's operands tie each has half of the derivative; pow's derivatives at 0 are PyTorch's") {
    Tensor<double, 2> x = {1, 2}, y = {1, 3};
    const auto [gx, gy] = grad<0, 1>([](auto x, auto y) { return sum(maximum(x, y)); })(x, y);
    CHECK((gx[0] == 0.5 && gy[0] == 0.5 && gx[1] == 0 && gy[1] == 1));
    Tensor<double, 3> a = {0, 0, 2}, b = {0, 2, 0};
    const auto [ga, gb] = grad<0, 1>([](auto x, auto y) { return sum(pow(x, y)); })(a, b);
    CHECK((ga[0] == 0 && ga[1] == 0 && ga[2] == 0));
    CHECK((gb[0] == 0 && gb[1] == 0 && std::abs(gb[2] - std::log(2.0)) < 1e-12));
}
