// A physics-informed network: u'' = -sin(x) on [0, pi], u(0) = u(pi) = 0, learned from the equation alone. The loss
// contains the network's second derivative with respect to its input; its gradient with respect to the weights is exact.
#include <etta/etta.hpp>

#include <cmath>
#include <cstdio>

constexpr double pi = 3.14159265358979323846;

struct Net {
    etta::Linear<16> hidden1;
    etta::Linear<16> hidden2;
    etta::Linear<1> out;

    constexpr auto operator()(auto x) const { return out(tanh(hidden2(tanh(hidden1(x))))); }
};

int main() {
    auto physics = [](auto const& net, auto const& batch) {
        auto u = [&](auto x) { return x * (pi - x) * net(x); };  // the boundary values hold by construction
        return mean(square(etta::derivative<2>(u)(batch.x) + sin(batch.x)));
    };
    constexpr int n = 64;
    etta::Model<Net, etta::Input<double, 1>, etta::max_batch<n>> model{etta::seed(3)};
    auto trainer = etta::Trainer(model, physics, etta::Adam{.lr = 3e-3});

    double x[n], y[n];
    for (int i = 0; i < n; ++i) x[i] = pi * (i + 0.5) / n;
    for (int step = 1; step <= 3000; ++step) {
        const double loss = trainer.step(x, x, n);
        if (step % 500 == 0) std::printf("step %4d  residual %.3e\n", step, loss);
    }

    model.run(x, y, n);
    double worst = 0;
    std::printf("\n     x      network     sin(x)\n");
    for (int i = 0; i < n; ++i) {
        const double u = x[i] * (pi - x[i]) * y[i];
        worst = std::fmax(worst, std::fabs(u - std::sin(x[i])));
        if (i % 8 == 4) std::printf("%8.4f  %9.6f  %9.6f\n", x[i], u, std::sin(x[i]));
    }
    std::printf("largest error %.2e\n", worst);
}
