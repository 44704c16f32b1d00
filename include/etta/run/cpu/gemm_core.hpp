// gemm_core.hpp: C = A B for any strides, in register blocks; each finished vector of C goes to an epilogue instead of
// to memory.
#pragma once

#include "registers.hpp"

namespace etta::_ {

template <class T>
struct gemm_operands {
    index m = 0, n = 0, k = 0;
    const T* a = nullptr;  // (M, K)
    index a_row = 0, a_k = 0;
    const T* b = nullptr;  // (K, N)
    index b_k = 0, b_col = 0;
};

template <class T, int Lanes, class Target, lane_class AK, lane_class BK, lane_class BN, class Epilogue>
inline void gemm(const gemm_operands<T>& g, const Epilogue& e, const context& ctx) {
    using V = lane<T, Lanes, Target>;
    const part rows = g.m >= ctx.threads ? share(g.m, 1, ctx) : part{0, ctx.thread == 0 ? g.m : 0};
    for (index i = rows.begin; i < rows.end; ++i) {
        for (index j = 0; j < g.n; j += Lanes) {
            const int count = static_cast<int>(g.n - j < Lanes ? g.n - j : Lanes);
            V acc(T(0));
            for (index k = 0; k < g.k; ++k) {
                const T* const q = g.b + k * g.b_k + j * g.b_col;
                const V b = BN == lane_class::contiguous ? (count == Lanes ? V::load(q) : V::load(q, count))
                                                         : V::load_strided(q, g.b_col, count);
                acc = mul_add(V(g.a[i * g.a_row + k * g.a_k]), b, acc);
            }
            if (count == Lanes) e(i, j, acc, count, std::false_type{});
            else e(i, j, acc, count, std::true_type{});
        }
    }
}

}  // namespace etta::_
