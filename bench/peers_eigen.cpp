// Eigen, each workload as an Eigen user would write it; training and inference by hand. Only its products use threads.
#define EIGEN_STACK_ALLOCATION_LIMIT 0
#include <omp.h>

#include <Eigen/Dense>
#include <unsupported/Eigen/AutoDiff>
#include <memory>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

using bench::meter;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Array = Eigen::ArrayXf;
using Rows = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::RowVectorXf;

template <class M>
M filled(long rows, long columns, std::uint32_t stream, double low = -1, double high = 1) {
    M x(rows, columns);
    bench::fill(x.data(), x.size(), stream, low, high);
    return x;
}

// One function for all lengths: three copies are more than g++ inlines, and Eigen's loop is then slower.
void fused(meter& m, long n) {
    Array x = filled<Array>(n, 1, 1, -2, 2), y = filled<Array>(n, 1, 2, -2, 2), z(n);
    float a = bench::e1_a;
    auto step = [&] {
        bench::keep(&a);
        z = a * x + y.tanh() * (x - y).max(0.f) + (-x * x).exp();
        bench::clobber();
    };
    step();
    m.note("max_abs_error", bench::e1_error(x.data(), y.data(), z.data(), n));
    m.run(step);
}

void axpy(meter& m, long n) {
    Array x = filled<Array>(n, 1, 1, -2, 2), y = filled<Array>(n, 1, 2, -2, 2), z(n);
    float a = bench::e1_a;
    m.run([&] { bench::keep(&a), z = a * x + y, bench::clobber(); });
}

void softmax_rows(meter& m) {
    Rows x = filled<Rows>(64, 1000, 1, -4, 4), z(64, 1000);
    m.run([&] {
        for (int r = 0; r < 64; ++r) {
            z.row(r) = (x.row(r) - x.row(r).maxCoeff()).exp();
            z.row(r) *= 1.f / z.row(r).sum();
        }
        bench::clobber();
    });
}

void layernorm(meter& m) {
    Rows x = filled<Rows>(64, 768, 1), z(64, 768);
    Eigen::Array<float, 1, Eigen::Dynamic> scale = x.row(0), shift = x.row(1);
    m.run([&] {
        for (int r = 0; r < 64; ++r) {
            const float mean = x.row(r).mean();
            const float inverse = 1.f / std::sqrt((x.row(r) - mean).square().mean() + 1e-5f);
            z.row(r) = (x.row(r) - mean) * inverse * scale + shift;
        }
        bench::clobber();
    });
}

void sum_all(meter& m) {
    Array x = filled<Array>(1048576, 1, 1, -4, 4);
    float s = 0;
    m.run([&] { bench::clobber(), s = x.sum(), bench::keep(&s); });
}

void logsumexp_all(meter& m) {
    Array x = filled<Array>(1048576, 1, 1, -4, 4);
    float s = 0;
    m.run([&] {
        bench::clobber();
        const float top = x.maxCoeff();
        s = top + std::log((x - top).exp().sum());
        bench::keep(&s);
    });
}

template <int M, int K, int N>
void product(meter& m) {
    if constexpr (M == 1) {
        Row a = filled<Row>(1, K, 1), c(N);
        Matrix b = filled<Matrix>(K, N, 2);
        m.run([&] { c.noalias() = a * b, bench::clobber(); });
    } else {
        Matrix a = filled<Matrix>(M, K, 1), b = filled<Matrix>(K, N, 2), c(M, N);
        m.run([&] { c.noalias() = a * b, bench::clobber(); });
    }
}

struct Adam {
    float rate = static_cast<float>(bench::train_rate), b1 = .9f, b2 = .999f, eps = 1e-8f;
    int t = 0;
    template <class W, class G>
    void update(W& w, const G& g, W& m, W& v) const {
        const float c1 = 1 - std::pow(b1, static_cast<float>(t)), c2 = 1 - std::pow(b2, static_cast<float>(t));
        m = b1 * m + (1 - b1) * g;
        v.array() = b2 * v.array() + (1 - b2) * g.array().square();
        w.array() -= (rate / c1) * m.array() / ((v.array() * (1 / c2)).sqrt() + eps);
    }
};

// 784-128-10, ReLU, softmax cross-entropy, Adam, batch 64: forward, backward and update.
void mlp_step(meter& m) {
    constexpr int B = bench::train_batch;
    const Matrix x = filled<Matrix>(B, 784, 1, 0, 1);
    Matrix w1 = filled<Matrix>(784, 128, 2, -.035, .035), w2 = filled<Matrix>(128, 10, 3, -.088, .088);
    Row b1 = Row::Zero(128), b2 = Row::Zero(10);
    int y[B];
    bench::digit_labels(y);
    Matrix mw1 = Matrix::Zero(784, 128), vw1 = mw1, mw2 = Matrix::Zero(128, 10), vw2 = mw2;
    Matrix gw1(784, 128), gw2(128, 10), h(B, 128), o(B, 10), dh(B, 128);
    Row mb1 = b1, vb1 = b1, mb2 = b2, vb2 = b2, gb1 = b1, gb2 = b2;
    Adam adam;
    float loss = 0;
    m.run([&] {
        h.noalias() = x * w1;
        h.rowwise() += b1;
        h = h.cwiseMax(0.f);
        o.noalias() = h * w2;
        o.rowwise() += b2;
        loss = 0;
        for (int i = 0; i < B; ++i) {
            const float top = o.row(i).maxCoeff();
            o.row(i) = (o.row(i).array() - top).exp();
            o.row(i) /= o.row(i).sum();
            loss -= std::log(o(i, y[i]));
            o(i, y[i]) -= 1;
        }
        o *= 1.f / B;
        gw2.noalias() = h.transpose() * o;
        gb2 = o.colwise().sum();
        dh.noalias() = o * w2.transpose();
        dh.array() *= (h.array() > 0).cast<float>();
        gw1.noalias() = x.transpose() * dh;
        gb1 = dh.colwise().sum();
        ++adam.t;
        adam.update(w1, gw1, mw1, vw1);
        adam.update(b1, gb1, mb1, vb1);
        adam.update(w2, gw2, mw2, vw2);
        adam.update(b2, gb2, mb2, vb2);
        bench::keep(&loss);
    });
}

// One sample through 784-128-10; weights [out, in] in column-major order, the faster of the two.
void mlp_sample(meter& m) {
    using W1 = Eigen::Matrix<float, 128, 784>;
    const auto w1 = std::make_unique<W1>(W1::Random() * .05f);
    const Eigen::Matrix<float, 10, 128> w2 = Eigen::Matrix<float, 10, 128>::Random();
    const Eigen::Matrix<float, 128, 1> b1 = Eigen::Matrix<float, 128, 1>::Random();
    const Eigen::Matrix<float, 10, 1> b2 = Eigen::Matrix<float, 10, 1>::Random();
    const Eigen::Matrix<float, 784, 1> x = Eigen::Matrix<float, 784, 1>::Random();
    Eigen::Matrix<float, 128, 1> h;
    Eigen::Matrix<float, 10, 1> o;
    m.run([&] {
        h.noalias() = *w1 * x;
        h = (h + b1).cwiseMax(0.f);
        o.noalias() = w2 * h;
        o += b2;
        bench::keep(&o), bench::clobber();
    });
}

// One sample of a signal through a recurrent layer and a dense one: fixed sizes, column-major weights [gates, in], gates
// of one function side by side. f: sample -> sample.
template <class F>
void voice(meter& m, F&& f) {
    float x = 0;
    m.run([&] { x = f(x) + bench::signal_offset, bench::keep(&x), bench::clobber(); });
}
// As half a hyperbolic tangent, which Eigen has a vector function for.
template <class A>
auto sigmoid(const A& a) {
    return (a * .5f).tanh() * .5f + .5f;
}

void lstm_sample(meter& m) {
    constexpr int H = 16;
    Eigen::Matrix<float, 4 * H, H> w = Eigen::Matrix<float, 4 * H, H>::Random() * .25f;
    Eigen::Matrix<float, 4 * H, 1> wx = Eigen::Matrix<float, 4 * H, 1>::Random() * .25f, b = wx, g;
    Eigen::Matrix<float, H, 1> h = Eigen::Matrix<float, H, 1>::Zero();
    Eigen::Array<float, H, 1> c = Eigen::Array<float, H, 1>::Zero();
    const Eigen::Matrix<float, 1, H> wd = Eigen::Matrix<float, 1, H>::Random() * .25f;
    voice(m, [&](float x) {
        g.noalias() = w * h;
        g += wx * x + b;
        const Eigen::Array<float, 3 * H, 1> s = sigmoid(g.template head<3 * H>().array());  // input, forget, output
        const Eigen::Array<float, H, 1> t = g.template tail<H>().array().tanh();
        c = s.template segment<H>(H) * c + s.template head<H>() * t;
        h = s.template tail<H>() * c.tanh();
        return (wd * h)(0) + .1f;
    });
}

void gru_sample(meter& m) {
    constexpr int H = 8;
    Eigen::Matrix<float, 3 * H, H> w = Eigen::Matrix<float, 3 * H, H>::Random() * .35f;
    Eigen::Matrix<float, 3 * H, 1> wx = Eigen::Matrix<float, 3 * H, 1>::Random() * .35f, b = wx, bh = wx, g;
    Eigen::Matrix<float, H, 1> h = Eigen::Matrix<float, H, 1>::Zero();
    const Eigen::Matrix<float, 1, H> wd = Eigen::Matrix<float, 1, H>::Random() * .35f;
    voice(m, [&](float x) {
        g.noalias() = w * h;
        g += bh;
        const Eigen::Array<float, 3 * H, 1> u = (wx * x + b).array();
        const Eigen::Array<float, 2 * H, 1> s = sigmoid(u.template head<2 * H>() + g.template head<2 * H>().array());  // update, reset
        const Eigen::Array<float, H, 1> n = (u.template tail<H>() + s.template tail<H>() * g.template tail<H>().array()).tanh();
        h.array() = n + s.template head<H>() * (h.array() - n);
        return (wd * h)(0) + .1f;
    });
}

// Forward mode; n = 1000 would carry a thousand derivatives through every operation.
void gradient(meter& m) {
    using Number = Eigen::AutoDiffScalar<Eigen::Matrix<double, 10, 1>>;
    Eigen::Matrix<double, 10, 1> x, g;
    bench::fill(x.data(), 10, 1);
    m.run([&] {
        bench::keep(x.data()), bench::clobber();
        Number f(0.0);
        for (int i = 0; i < 10; ++i) {
            const Number v(x[i], 10, i);
            f += Number(sin(v)) * Number(exp(-(v * v)));
        }
        g = f.derivatives();
        bench::keep(g.data()), bench::clobber();
    });
}

}  // namespace

int main(int argc, char** argv) {
    Eigen::setNbThreads(omp_get_max_threads());
    bench::suite s("Eigen", argc, argv);
#define ADD(name, n) s.add("E1.fused." name, [](meter& m) { fused(m, n); });
    BENCH_LENGTHS(ADD)
#undef ADD
#define ADD(name, n) s.add("E2.axpy." name, [](meter& m) { axpy(m, n); });
    BENCH_LENGTHS(ADD)
#undef ADD
    s.add("E3.softmax.64x1000", softmax_rows);
    s.add("E4.layernorm.64x768", layernorm);
    s.add("E5.sum.1M", sum_all);
    s.add("E5.logsumexp.1M", logsumexp_all);
#define ADD(name, m, k, n) s.add(name, product<m, k, n>);
    BENCH_GEMMS(ADD)
    s.add("T1.mlp.adam.b64", mlp_step);
    s.add("I1.mlp784-128-10", mlp_sample);
    s.add("I1.lstm1-16-dense", lstm_sample);
    s.add("I1.gru1-8-dense", gru_sample);
    s.add("A1.grad.n10", gradient);
    return s.run();
}
