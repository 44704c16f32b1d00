// A handful of expressions, each a kernel of its own.
#include <etta/etta.hpp>

int main() {
    etta::Tensor<float, 64, 784> x;
    etta::Tensor<float, 784, 128> w;
    etta::Tensor<float, 128> b;
    etta::Tensor<float, 64, 128> h, y, z;
    const float a = 0.7f;
    h = relu(matmul(x, w) + b);
    y = 2 * h + 1;
    z = a * h + tanh(y) * relu(h - y) + exp(-h * h);
    z = softmax(z);
    b = mean(z, etta::axis<0>);
    return b[0] > 1;
}
