// ids.hpp: a model whose inputs are ids of an embedding looks at them before it runs: what has no row there is refused.
#pragma once

#include "../core/error.hpp"
#include "traced.hpp"

namespace etta::_ {

template <class Facts, int K>
ETTA_COLD void refuse_id(double id, index sample, index place) {
    const id_table& t = Facts::layout.ids[K];
    const auto table = Facts::paths.at[t.parameter].view();
    const int length = static_cast<int>(table.size());
    const auto at = static_cast<long long>(place), last = static_cast<long long>(t.rows - 1);
    if constexpr (Facts::layout.n_inputs > 1) fail_with<>("%.*s: sample %lld has the id %.10g in place %lld of input %d, expected 0 to %lld", length, table.data(), static_cast<long long>(sample), id, at, K, last);
    else fail_with<>("%.*s: sample %lld has the id %.10g in place %lld, expected 0 to %lld", length, table.data(), static_cast<long long>(sample), id, at, last);
}
// Input K of n samples at x, `stride` elements apart. O(n).
template <class Facts, int K, class T>
void check_ids([[maybe_unused]] const T* x, [[maybe_unused]] index n, [[maybe_unused]] index size, [[maybe_unused]] index stride) {
    if constexpr (Facts::layout.ids[K].parameter >= 0) {
        for (index i = 0; i < n; ++i)
            for (index k = 0; k < size; ++k)
                if (const T id = x[i * stride + k]; !(id >= 0 && id < static_cast<T>(Facts::layout.ids[K].rows))) refuse_id<Facts, K>(static_cast<double>(id), i, k);
    }
}
template <class Facts, class In, std::size_t... K>
void check_parts(const typename In::element* x, index n, std::index_sequence<K...>) {
    using inputs = model_inputs<In>;
    [[maybe_unused]] index at = 0;
    ((check_ids<Facts, static_cast<int>(K)>(x + at, n, inputs::sizes[K], In::sample_size), at += inputs::sizes[K]), ...);
}
// All inputs, where a sample's lie one behind the other.
template <class Facts, class In>
void check_all_ids(const typename In::element* x, index n) {
    if constexpr (model_inputs<In>::count == 1) check_ids<Facts, 0>(x, n, In::sample_size, In::sample_size);
    else check_parts<Facts, In>(x, n, std::make_index_sequence<static_cast<std::size_t>(model_inputs<In>::count)>{});
}

}  // namespace etta::_
