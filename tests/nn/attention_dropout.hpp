// attention_dropout.hpp: attention with dropout of its weights, by its kernels and written out with softmax and Dropout.
#pragma once

#include <etta/etta.hpp>

#include <cmath>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

using etta::Input;
using etta::max_batch;
using etta::Model;
using etta::seed;
using etta::var;

namespace {

constexpr double rate = 0.3;

// [n, L, H, D] with weights of their own for queries, keys and values.
template <bool Fused, bool Causal, bool Masked, int L, int H, int K, int D>
struct Net {
    etta::Param<etta::sized<L, H, D>, etta::init::normal<0.0, 1.0>> q;
    etta::Param<etta::sized<L, K, D>, etta::init::normal<0.0, 1.0>> k, v;

    constexpr var operator()(var x) const {
        const var queries = x * q(x), keys = etta::slice<-2, 0, K>(x) * k(x), values = etta::slice<-2, 0, K>(x) + v(x);
        if constexpr (Fused) {
            const double p = training(x) ? rate : 0;
            return etta::_::positions_first_attention(queries, keys, values, Causal, mask(x), p);
        } else {
            const var qs = etta::permute<0, 2, 1, 3>(queries);
            const var ks = etta::repeat<H / K, 1>(etta::permute<0, 2, 1, 3>(keys)), vs = etta::repeat<H / K, 1>(etta::permute<0, 2, 1, 3>(values));
            var s = matmul(qs, transpose(ks)) * (1 / etta::init::root(double(D)));
            const var none{s.g, s.g->literal(-__builtin_inf(), s.type())};
            if constexpr (Masked) s = s + mask(x);
            if constexpr (Causal) s = where(etta::iota_like<-1>(s) <= etta::iota_like<-2>(s), s, none);
            return etta::permute<0, 2, 1, 3>(matmul(etta::Dropout<rate>{}(softmax(s)), vs));
        }
    }
    static constexpr var mask(var x) {  // [1, 1, 1, L]: key 2 is padding
        if constexpr (!Masked) return {};
        const auto i = etta::_::Iota::of(*x.g, etta::shape(etta::extent(etta::index{1}), etta::extent(etta::index{1}), etta::extent(etta::index{1}), etta::extent(etta::index{L})), 3);
        return where(i == 2, var{x.g, x.g->literal(-__builtin_inf(), x.type())}, var{x.g, x.g->literal(0, x.type())});
    }
};
constexpr var cast_to_its(var y, var x) { return {x.g, etta::_::cast_to(*x.g, x.id, y.type())}; }
constexpr auto loss = [](auto const& net, auto const& batch) {
    const var y = net(batch.x);
    return sum(square(y) + y * sin(cast_to_its(y, etta::iota_like<-1>(y) + etta::iota_like<-3>(y))));
};
// Its gradient is one of gradients.
constexpr auto penalty = [](auto const& net, auto const& batch) {
    return sum(square(etta::grad([&](auto x) { return sum(square(net(x))); })(batch.x)));
};

template <class N, int L, int H, int D, class T = double, class Loss>
std::vector<double> gradient(Loss f, int threads = 1) {
#if defined(_OPENMP)
    omp_set_num_threads(threads);
#else
    (void)threads;
#endif
    Model<N, Input<T, L, H, D>, max_batch<3>> m{seed(3)};
    auto trainer = etta::Trainer(m, f, etta::SGD{}, seed(5));
    std::vector<T> x(3 * L * H * D);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(std::sin(1.7 * static_cast<double>(i * i % 1013)));
    trainer.gradients(x.data(), x.data(), 3);
    return {trainer.gradient_data(), trainer.gradient_data() + decltype(m)::facts::layout.elements};
}
double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double e = std::abs(a[i] - b[i]);
        worst = e <= worst ? worst : std::isnan(e) ? HUGE_VAL : e, largest = std::max(largest, std::abs(a[i]));
    }
    return a.size() == b.size() && largest > 0 ? worst / largest : HUGE_VAL;
}
template <bool Causal, bool Masked, int L, int H, int K, int D, class T = double>
double difference() {
    return distance(gradient<Net<true, Causal, Masked, L, H, K, D>, L, H, D, T>(loss), gradient<Net<false, Causal, Masked, L, H, K, D>, L, H, D, T>(loss));
}

}  // namespace
