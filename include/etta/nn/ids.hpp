// ids.hpp: a model whose input are ids of an embedding looks at them before it runs: what has no row there is refused.
#pragma once

#include "../core/error.hpp"
#include "traced.hpp"

namespace etta::_ {

template <class Facts, class In>
ETTA_COLD void refuse_id(double id, index at) {
    const auto table = Facts::paths.at[Facts::layout.id_table].view();
    fail_with<>("%.*s: sample %lld has the id %.10g in place %lld, expected 0 to %lld", static_cast<int>(table.size()), table.data(), static_cast<long long>(at / In::sample_size), id,
                static_cast<long long>(at % In::sample_size), static_cast<long long>(Facts::layout.id_rows - 1));
}
// Of n samples at x. O(n).
template <class Facts, class In>
void check_ids([[maybe_unused]] const typename In::element* x, [[maybe_unused]] index n) {
    if constexpr (Facts::layout.id_table >= 0) {
        for (index i = 0; i < n * In::sample_size; ++i)
            if (!(x[i] >= 0 && x[i] < static_cast<typename In::element>(Facts::layout.id_rows))) refuse_id<Facts, In>(static_cast<double>(x[i]), i);
    }
}

}  // namespace etta::_
