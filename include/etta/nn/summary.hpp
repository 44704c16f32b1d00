// summary.hpp: a model as a table: a line for each layer with what it gives, its parameters and its operations, and the totals.
#pragma once

#include <vector>

#include "../compile/print.hpp"
#include "../io/file.hpp"
#include "rows.hpp"

namespace etta {
namespace _ {

// Columns as wide as their widest cell; all but the first `texts` are numbers and end on the right. A template, as all here: what
// a program does not call is only parsed.
template <class Host>
struct text_table {
    int columns, texts;
    std::vector<std::string> cells = {};
    std::string text(int rules) const {  // rules: so many rows from the start, and the end, are followed by a line
        std::vector<std::size_t> width(static_cast<std::size_t>(columns));
        std::size_t all = static_cast<std::size_t>(columns - 1) * 2;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            std::size_t& w = width[i % width.size()];
            if (cells[i].size() > w) w = cells[i].size();
        }
        for (const std::size_t w : width) all += w;
        std::string s;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::size_t c = i % width.size(), pad = width[c] - cells[i].size();
            const bool right = c >= static_cast<std::size_t>(texts), end = c + 1 == width.size();
            s += right ? std::string(pad, ' ') + cells[i] : cells[i] + (end ? std::string() : std::string(pad, ' '));
            s += end ? "" : "  ";
            while (end && s.back() == ' ') s.pop_back();
            if (end) s += '\n';
            if (end && (i + 1 == static_cast<std::size_t>(rules) * width.size() || i + 1 == cells.size())) s += std::string(all, '-') + "\n";
        }
        return s;
    }
};
// 12.3 KiB
template <class Host>
std::string text_of_bytes(index bytes) {
    char s[40];
    if (bytes < 1024) std::snprintf(s, sizeof s, "%ld bytes", static_cast<long>(bytes));
    else if (bytes < 10'000'000) std::snprintf(s, sizeof s, "%.1f KiB", static_cast<double>(bytes) / 1024);
    else std::snprintf(s, sizeof s, "%.1f MiB", static_cast<double>(bytes) / (1024 * 1024));
    return s;
}

struct model_totals {
    index parameters, parameter_bytes, states, state_bytes, flops, workspace;
    int batch;
    index frozen = -1;        // -1: not known
    index optimizer_bytes = -1;
};
template <class Host>
std::string summary_text(const row_view& rows, const model_totals& t) {
    const bool stateful = t.states > 0;
    text_table<Host> table{stateful ? 7 : 6, 3};
    const auto line = [&](std::string name, std::string type, std::string out, std::string p, std::string s, std::string flops, std::string bytes) {
        for (std::string* cell : {&name, &type, &out, &p, &s, &flops, &bytes})
            if (stateful || cell != &s) table.cells.push_back(static_cast<std::string&&>(*cell));
    };
    line("layer", "type", "output", "parameters", "state", "FLOPs", "bytes");
    for (int i = 0; i < rows.n_rows; ++i) {
        const LayerRow r = rows[i];
        line(std::string(r.name), std::string(r.type) + (r.calls > 1 ? ", " + std::to_string(r.calls) + " calls" : ""), text_of(r.output), std::to_string(r.parameters),
             std::to_string(r.states), std::to_string(r.flops), std::to_string(r.bytes));
    }
    std::string s = table.text(1) + std::to_string(t.parameters) + " parameters, " + text_of_bytes<Host>(t.parameter_bytes);
    if (t.frozen >= 0) s += ": " + std::to_string(t.parameters - t.frozen) + " trainable, " + std::to_string(t.frozen) + " frozen";
    if (stateful) s += "\n" + std::to_string(t.states) + " numbers of state, " + text_of_bytes<Host>(t.state_bytes);
    if (t.optimizer_bytes >= 0) s += "\nstate of the optimizer: " + text_of_bytes<Host>(t.optimizer_bytes);
    char line_of[120];
    std::snprintf(line_of, sizeof line_of, "\na batch of %d: %.6g MFLOP, workspace %s\n", t.batch, static_cast<double>(t.flops) * 1e-6, text_of_bytes<Host>(t.workspace).c_str());
    return s + line_of;
}

template <class M>
model_totals totals_of() {
    index states = 0, bytes = 0;
    for (int i = 0; i < M::n_states; ++i) states += M::facts::states.count[i], bytes += M::facts::states.count[i] * size_of(M::facts::states.type[i]);
    return {M::parameter_count, M::parameter_count * static_cast<index>(sizeof(typename M::element)), states, bytes, M::program::flops, M::workspace_bytes(), M::batch_bound};
}

}  // namespace _

// The rows of summary(), in the order of the first calls.
template <class M>
std::vector<LayerRow> layer_rows(M&) {
    std::vector<LayerRow> r;
    constexpr _::row_view rows = _::layer_rows<M>::view();
    for (int i = 0; i < rows.n_rows; ++i) r.push_back(rows[i]);
    return r;
}

// std::cout << summary(model), or of a trainer, which knows what is frozen and what its optimizer keeps. A line for each layer that
// is called, in the order of the calls; a layer that is called more than once has one line. Operations that stand between
// layers, in the network's body or that of a layer without parameters of its own, have lines too: "(add, relu)". FLOPs are those
// of one inference of the largest batch; a multiply-add is two.
template <class X>
std::string summary(X& x) {
    if constexpr (requires { typename X::model_type; }) {
        using M = typename X::model_type;
        _::model_totals t = _::totals_of<M>();
        t.frozen = 0, t.optimizer_bytes = X::state_bytes;
        for (int i = 0; i < M::n_parameters; ++i)
            if (x.frozen(i)) t.frozen += M::facts::layout.count[i];
        return _::summary_text<_::this_host>(_::layer_rows<M>::view(), t);
    } else {
        return _::summary_text<_::this_host>(_::layer_rows<X>::view(), _::totals_of<X>());
    }
}

}  // namespace etta
