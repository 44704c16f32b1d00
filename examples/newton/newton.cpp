// Least squares with exact derivatives, in double: a damped oscillation a exp(-d t) cos(w t + p) is fitted to noisy samples
// by Newton's method. The gradient and the Hessian come from the model function; nothing is derived by hand.
#include <etta/etta.hpp>

#include <cmath>
#include <cstdio>

int main() {
    constexpr int n = 60;
    auto squares = [](auto theta, auto t, auto y) {
        auto model = theta[0] * exp(-(theta[1] * t)) * cos(theta[2] * t + theta[3]);
        return sum(square(model - y));
    };

    const double truth[4] = {2.0, 0.35, 3.1, 0.4};
    etta::Tensor<double, n> t, y;
    for (int i = 0; i < n; ++i) {
        t[i] = 0.1 * i;
        const double noise = 0.02 * etta::normal_at<double>(etta::seed(5), 0, static_cast<std::uint64_t>(i));
        y[i] = truth[0] * std::exp(-truth[1] * t[i]) * std::cos(truth[2] * t[i] + truth[3]) + noise;
    }

    etta::Tensor<double, 4> theta{1.7, 0.25, 3.0, 0.5};
    for (int step = 1; step <= 8; ++step) {
        auto [value, g] = etta::value_and_grad<0>(squares)(theta, t, y);
        auto h = etta::hessian<0>(squares)(theta, t, y);
        std::printf("step %d  sum of squares %.12f  |gradient| %.2e\n", step, value, etta::eval(norm(g))());
        theta -= solve(h, g);
    }
    std::printf("\nfitted %.4f %.4f %.4f %.4f\ntruth  %.4f %.4f %.4f %.4f\n", theta[0], theta[1], theta[2], theta[3], truth[0], truth[1], truth[2], truth[3]);
}
