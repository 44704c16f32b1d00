// Eigen's memory, etta's expressions and gradients: nothing is copied between the two. Logistic regression by gradient
// descent on an Eigen matrix; Eigen then looks at the Hessian, which etta wrote into it.
// ci:
#include <etta/etta.hpp>

#include <Eigen/Dense>
#include <iostream>

int main() {
    constexpr int samples = 400;
    Eigen::Matrix<double, samples, 3> points;  // by columns, as is Eigen's habit: etta sees the strides
    Eigen::Matrix<double, samples, 1> label;
    for (int i = 0; i < samples; ++i) {
        for (int k = 0; k < 3; ++k) points(i, k) = etta::normal_at<double>(etta::seed(1), 0, static_cast<std::uint64_t>(3 * i + k));
        label(i) = points(i, 0) - 2 * points(i, 1) + 0.5 > 0.3 * etta::normal_at<double>(etta::seed(2), 0, static_cast<std::uint64_t>(i));
    }

    // One fused loop over Eigen's memory: every column centred and scaled, in place.
    auto x = etta::view(points);  // View<double, extents<400, 3>, strided>
    auto y = etta::view(label);   // View<double, extents<400>>
    x = (x - mean(x, etta::axis<0>)) / sqrt(variance(x, etta::axis<0>));

    auto loss = [](auto w, auto x, auto y) {
        auto z = matmul(x, w);
        return mean(softplus(z) - y * z) + 0.005 * sum(square(w));
    };
    Eigen::Vector3d w = Eigen::Vector3d::Zero();
    for (int step = 0; step <= 200; ++step) {
        auto [value, g] = etta::value_and_grad<0>(loss)(etta::view(w), x, y);
        etta::view(w) -= 2.0 * g;
        if (step % 50 == 0) std::cout << "step " << step << "  loss " << value << "\n";
    }

    Eigen::Matrix3d h;
    const auto second = etta::hessian<0>(loss)(etta::view(w), x, y);
    etta::view(h) = second;
    std::cout << "weights " << w.transpose() << "\neigenvalues of the Hessian " << h.selfadjointView<Eigen::Lower>().eigenvalues().transpose() << "\n";
}
