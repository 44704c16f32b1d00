// avg_pool against its definition; its derivatives.
#include <etta/op/pool.hpp>
#include <etta/op/shape.hpp>

#include "../catch.hpp"
#include "../gradient_check.hpp"

using namespace etta;

namespace {

// The greatest difference from the mean of each window; what lies outside counts as 0.
template <int Kernel, int Stride, int Padding, std::size_t N, std::size_t C, std::size_t H, std::size_t W>
double difference() {
    Tensor<double, N, C, H, W> x;
    for (long i = 0; i < x.size(); ++i) x[i] = std::sin(1.7 * double(i)) + 0.01 * double(i);
    const auto y = eval(avg_pool<Kernel, Stride, Padding>(x));
    constexpr long oh = (long(H) + 2 * Padding - Kernel) / Stride + 1, ow = (long(W) + 2 * Padding - Kernel) / Stride + 1;
    static_assert(std::is_same_v<decltype(y), const Tensor<double, N, C, std::size_t(oh), std::size_t(ow)>>);
    double worst = 0;
    for (long m = 0; m < long(N * C); ++m)
        for (long i = 0; i < oh; ++i)
            for (long j = 0; j < ow; ++j) {
                double sum = 0;
                for (long h = i * Stride - Padding; h < i * Stride - Padding + Kernel; ++h)
                    for (long w = j * Stride - Padding; w < j * Stride - Padding + Kernel; ++w)
                        if (h >= 0 && h < long(H) && w >= 0 && w < long(W)) sum += x[(m * long(H) + h) * long(W) + w];
                worst = check::worse(worst, std::abs(y[(m * oh + i) * ow + j] - sum / (Kernel * Kernel)));
            }
    return worst;
}

}  // namespace

TEST_CASE("avg_pool gives each window's mean, and counts padding as zeros") {
    CHECK(difference<2, 2, 0, 2, 3, 4, 6>() < 1e-14);
    CHECK(difference<3, 1, 1, 1, 2, 5, 4>() < 1e-14);
    CHECK(difference<3, 2, 1, 2, 1, 7, 8>() < 1e-14);
    CHECK(difference<2, 3, 0, 1, 1, 6, 9>() < 1e-14);  // some elements in no window
    CHECK(difference<1, 1, 0, 1, 1, 3, 3>() < 1e-14);
    Tensor<float, 1, 1, 2, 4> x = {1, 2, 3, 4, 5, 6, 7, 8};
    const auto y = eval(avg_pool<2>(x));
    CHECK((y[0] == 3.5f && y[1] == 5.5f));
}

TEST_CASE("avg_pool's derivatives agree with differences, the second ones too") {
    Tensor<double, 1, 2, 4, 5> x;
    for (long i = 0; i < x.size(); ++i) x[i] = std::sin(1.7 * double(i));
    CHECK(gradient_error([](auto x) { return square(avg_pool<3, 2, 1>(x)); }, x) < 1e-6);
    CHECK(gradient_error([](auto x) { return exp(avg_pool<2, 1>(x)) + avg_pool<2, 1>(square(x)); }, x) < 1e-6);
    CHECK(second_derivative_error([](auto x) { return sin(avg_pool<2, 2>(x)); }, x) < 1e-6);
}
