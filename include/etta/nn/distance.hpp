// distance.hpp: how far apart vectors are, as functions of traced values and as layers of two inputs.
#pragma once

#include "../op/statistics.hpp"
#include "../op/unary.hpp"
#include "parameter.hpp"
#include "real.hpp"

namespace etta {
namespace _ {
// (Σ |x|^p)^(1/p) along an axis; its derivative at 0 is 0. p infinite: the largest |x|; 0: how many are not 0.
template <int Axis>
constexpr var length_of(const var& x, double p) {
    if (p == __builtin_inf()) return max(abs(x), axis<Axis>);
    if (p == 0) return sum(var{x.g, cast_to(*x.g, (x != 0).id, x.type())}, axis<Axis>);
    const var total = sum(p == 1 ? abs(x) : p == 2 ? square(x) : pow(abs(x), p), axis<Axis>);
    return p == 1 ? total : safe_root(total, 1 / p);
}
}  // namespace _

// (Σ |a - b + eps|^p)^(1/p) over the last axis.
constexpr var pairwise_distance(var a, var b, double p = 2, double eps = 1e-6) { return _::length_of<-1>(a - b + eps, p); }
// a · b / (max(|a|, eps) max(|b|, eps)) along an axis: the last here, the second in PyTorch.
template <int Axis = -1>
constexpr var cosine_similarity(var a, var b, double eps = 1e-8) {
    return sum(a * b, axis<Axis>) / (max(_::length_of<Axis>(a, 2), eps) * max(_::length_of<Axis>(b, 2), eps));
}

template <real P = 2.0, real Eps = 1e-6>
struct PairwiseDistance { constexpr var operator()(var a, var b) const { const _::in_layer here(a, this); return pairwise_distance(a, b, P, Eps); } };
template <int Axis = 1, real Eps = 1e-8>
struct CosineSimilarity { constexpr var operator()(var a, var b) const { const _::in_layer here(a, this); return cosine_similarity<Axis>(a, b, Eps); } };

}  // namespace etta
