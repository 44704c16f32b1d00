// summary.hpp: a model as a table: every parameter and state with its extents, and the totals in parameters, operations and bytes.
#pragma once

#include "../compile/print.hpp"
#include "model.hpp"

namespace etta {

// std::cout << summary(model). Operations are those of one inference of a full batch.
template <class M>
std::string summary(M& model) {
    std::string s = "parameter                                 extents                 elements\n";
    s += "------------------------------------------------------------------------\n";
    char line[160];
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        std::snprintf(line, sizeof line, "%-41.*s %-22s %9ld\n", static_cast<int>(p.name.size()), p.name.data(),
                      _::text_of(*p.extents).c_str(), static_cast<long>(p.size));
        s += line;
    }
    index held = 0;
    for (int i = 0; i < M::n_states; ++i) {
        const named_state p = model.state(i);
        std::snprintf(line, sizeof line, "%-41.*s %-22s %9ld  (state)\n", static_cast<int>(p.name.size()), p.name.data(), _::text_of(*p.extents).c_str(), static_cast<long>(p.size));
        s += line;
        held += p.size;
    }
    s += "------------------------------------------------------------------------\n";
    if (held > 0) std::snprintf(line, sizeof line, "%ld numbers of state; ", static_cast<long>(held)), s += line;
    std::snprintf(line, sizeof line, "%ld parameters, %.1f KiB; batch of %d: %.3f MFLOP, workspace %.1f KiB\n", static_cast<long>(M::parameter_count),
                  static_cast<double>(M::parameter_bytes) / 1024, M::batch_bound, static_cast<double>(M::program::flops) * 1e-6,
                  static_cast<double>(M::workspace_bytes()) / 1024);
    return s + line;
}

}  // namespace etta
