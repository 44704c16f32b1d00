// draw.hpp: a model as a picture: its layers as boxes with arrows between them (SVG, laid out here), or every operation with a
// box around those of each layer (DOT, for Graphviz).
#pragma once

#include <vector>

#include "../compile/print.hpp"
#include "../io/file.hpp"
#include "rows.hpp"

namespace etta {
namespace _ {

template <class Host>
std::string xml_escaped(std::string_view s) {
    std::string r;
    for (const char c : s) {
        if (c == '<') r += "&lt;";
        else if (c == '>') r += "&gt;";
        else if (c == '&') r += "&amp;";
        else if (c == '"') r += "&quot;";
        else r += c;
    }
    return r;
}

// A layered drawing (Sugiyama, Tagawa & Toda 1981): a box stands one rank below the lowest that it reads. Where an arrow passes a rank,
// it has a place of its own there. Then boxes move, a few times up and down, to the mean of what they are joined to.
template <class Host>
struct layered_drawing {
    struct item {
        int box;          // -1: an arrow that passes
        int rank;
        double width, x = 0;  // x: the middle
        double key = 0;
    };
    struct wire {
        std::vector<int> items;  // from top to bottom
    };
    std::vector<item> items;
    std::vector<wire> wires;
    std::vector<std::vector<int>> ranks;
    static constexpr double gap = 28, rank_height = 76, box_height = 40;

    // Boxes in an order in which arrows lead forward; those that do not are left out.
    layered_drawing(const std::vector<double>& width, const std::vector<row_edge>& edges) {
        const int n = static_cast<int>(width.size());
        std::vector<int> rank(width.size(), 0);
        for (int to = 0; to < n; ++to)
            for (const row_edge& e : edges)
                if (e.to == to && e.from < to && rank[static_cast<std::size_t>(to)] <= rank[static_cast<std::size_t>(e.from)])
                    rank[static_cast<std::size_t>(to)] = rank[static_cast<std::size_t>(e.from)] + 1;
        for (int i = 1; i < n; ++i) {  // what reads no other box stands right above what reads it
            int least = n;
            bool reads = false;
            for (const row_edge& e : edges) {
                reads = reads || (e.to == i && e.from < i);
                if (e.from == i && e.to > i && rank[static_cast<std::size_t>(e.to)] < least) least = rank[static_cast<std::size_t>(e.to)];
            }
            if (!reads && least < n) rank[static_cast<std::size_t>(i)] = least - 1;
        }
        int deepest = 0;
        for (const int r : rank) deepest = r > deepest ? r : deepest;
        if (n > 0) rank.back() = deepest = rank.back() > deepest - 1 ? rank.back() : deepest;
        ranks.resize(static_cast<std::size_t>(deepest) + 1);
        for (int i = 0; i < n; ++i) add(i, rank[static_cast<std::size_t>(i)], width[static_cast<std::size_t>(i)]);
        for (const row_edge& e : edges) {
            if (e.from >= e.to) continue;
            wire w;
            w.items.push_back(e.from);
            for (int r = rank[static_cast<std::size_t>(e.from)] + 1; r < rank[static_cast<std::size_t>(e.to)]; ++r) w.items.push_back(add(-1, r, 8));
            w.items.push_back(e.to);
            wires.push_back(static_cast<wire&&>(w));
        }
        for (int pass = 0; pass < 8; ++pass) order(pass % 2 == 0);
        for (std::vector<int>& r : ranks) pack(r);
        for (int pass = 0; pass < 24; ++pass) settle(pass % 2 == 0);
    }
    int add(int box, int rank, double width) {
        const int i = static_cast<int>(items.size());
        items.push_back({box, rank, width});
        ranks[static_cast<std::size_t>(rank)].push_back(i);
        return i;
    }
    item& at(int i) { return items[static_cast<std::size_t>(i)]; }
    // The mean of a value over what an item is joined to in the rank above (below); its own if that is nothing.
    template <class F>
    double mean_beside(int i, bool above, double own, const F& f) {
        double sum = 0;
        int n = 0;
        for (const wire& w : wires)
            for (std::size_t k = 0; k + 1 < w.items.size(); ++k)
                if (w.items[k + (above ? 1 : 0)] == i) sum += f(w.items[k + (above ? 0 : 1)]), ++n;
        return n > 0 ? sum / n : own;
    }
    void order(bool down) {
        for (std::vector<int>& r : ranks)
            for (std::size_t k = 0; k < r.size(); ++k) at(r[k]).x = static_cast<double>(k) - 0.5 * static_cast<double>(r.size());
        for (std::size_t k = 0; k < ranks.size(); ++k) {
            std::vector<int>& r = ranks[down ? k : ranks.size() - 1 - k];
            for (const int i : r) at(i).key = mean_beside(i, down, at(i).x, [&](int j) { return at(j).x; });
            for (std::size_t a = 1; a < r.size(); ++a)  // stable, of few
                for (std::size_t b = a; b > 0 && at(r[b]).key < at(r[b - 1]).key; --b) {
                    const int swapped = r[b];
                    r[b] = r[b - 1], r[b - 1] = swapped;
                }
            for (std::size_t a = 0; a < r.size(); ++a) at(r[a]).x = static_cast<double>(a) - 0.5 * static_cast<double>(r.size());
        }
    }
    void pack(std::vector<int>& r) {
        double all = -gap, x = 0;
        for (const int i : r) all += at(i).width + gap;
        for (const int i : r) at(i).x = x + 0.5 * at(i).width - 0.5 * all, x += at(i).width + gap;
    }
    double apart(int left, int right) { return 0.5 * (at(left).width + at(right).width) + gap; }
    // Each where its neighbours are, half as near as it can get from the left, half from the right.
    void settle(bool down) {
        for (std::size_t k = 0; k < ranks.size(); ++k) {
            const std::vector<int>& r = ranks[down ? k : ranks.size() - 1 - k];
            std::vector<double> from_left(r.size()), from_right(r.size());
            for (const int i : r) at(i).key = mean_beside(i, down, at(i).x, [&](int j) { return at(j).x; });
            for (std::size_t a = 0; a < r.size(); ++a) {
                const double least = a > 0 ? from_left[a - 1] + apart(r[a - 1], r[a]) : at(r[a]).key;
                from_left[a] = at(r[a]).key > least ? at(r[a]).key : least;
            }
            for (std::size_t a = r.size(); a-- > 0;) {
                const double most = a + 1 < r.size() ? from_right[a + 1] - apart(r[a], r[a + 1]) : at(r[a]).key;
                from_right[a] = at(r[a]).key < most ? at(r[a]).key : most;
            }
            for (std::size_t a = 0; a < r.size(); ++a) at(r[a]).x = 0.5 * (from_left[a] + from_right[a]);
        }
    }
};

template <class Host>
std::string svg_of_rows(const row_view& rows, const std::string& input, const std::string& output) {
    using layered_drawing = _::layered_drawing<Host>;
    const int n = rows.n_rows;
    std::vector<std::string> first, second;  // a box's two lines
    std::vector<double> width;
    const auto box = [&](std::string a, std::string b) {
        const std::size_t most = a.size() > b.size() ? a.size() : b.size();
        width.push_back(static_cast<double>(most) * 7 + 24);
        first.push_back(static_cast<std::string&&>(a)), second.push_back(static_cast<std::string&&>(b));
    };
    box("input", input);
    for (int i = 0; i < n; ++i) {
        const LayerRow r = rows[i];
        box(std::string(r.name), (r.type.empty() ? std::string() : std::string(r.type) + " ") + text_of(r.output));
    }
    box("output", output);
    std::vector<row_edge> edges;
    for (int k = 0; k < rows.n_edges; ++k) {
        const row_edge e = rows.edges[k];
        edges.push_back({e.from == row_edge::input ? 0 : e.from + 1, e.to == row_edge::output ? n + 1 : e.to + 1});
    }
    layered_drawing d(width, edges);
    double left = 0, right = 0;
    for (const typename layered_drawing::item& i : d.items) {
        if (i.x - 0.5 * i.width < left) left = i.x - 0.5 * i.width;
        if (i.x + 0.5 * i.width > right) right = i.x + 0.5 * i.width;
    }
    constexpr double margin = 20, height = layered_drawing::box_height;
    const auto x_of = [&](int i) { return d.at(i).x - left + margin; };
    const auto y_of = [&](int i) { return margin + d.at(i).rank * layered_drawing::rank_height; };
    char b[400];
    std::string s;
    const auto put = [&](const char* format, auto... v) { std::snprintf(b, sizeof b, format, v...), s += b; };
    bool back = false;
    for (const row_edge& e : edges) back = back || e.from >= e.to;
    const double wide = right - left + 2 * margin + (back ? 60 : 0), high = 2 * margin + static_cast<double>(d.ranks.size() - 1) * layered_drawing::rank_height + height;
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\" font-size=\"12\">\n", wide, high);
    s += "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker></defs>\n";
    s += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    for (const typename layered_drawing::wire& w : d.wires) {
        put("<path fill=\"none\" stroke=\"#555\" marker-end=\"url(#head)\" d=\"M%.1f %.1f", x_of(w.items[0]), y_of(w.items[0]) + height);
        for (std::size_t k = 1; k < w.items.size(); ++k) {
            const double x0 = x_of(w.items[k - 1]), y0 = y_of(w.items[k - 1]) + height, x1 = x_of(w.items[k]), y1 = y_of(w.items[k]), m = 0.5 * (y0 + y1);
            put("C%.1f %.1f %.1f %.1f %.1f %.1f", x0, m, x1, m, x1, y1);
            if (k + 1 < w.items.size()) put("V%.1f", y1 + height);
        }
        s += "\"/>\n";
    }
    for (const row_edge& e : edges)
        if (e.from > e.to) {  // what a layer reads when it is called again
            const double x0 = x_of(e.from) + 0.5 * d.at(e.from).width, y0 = y_of(e.from) + 0.5 * height, x1 = x_of(e.to) + 0.5 * d.at(e.to).width, y1 = y_of(e.to) + 0.5 * height;
            const double out = (x0 > x1 ? x0 : x1) + 50;
            put("<path fill=\"none\" stroke=\"#555\" stroke-dasharray=\"4 3\" marker-end=\"url(#head)\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>\n", x0, y0, out, y0, out, y1, x1, y1);
        }
    for (int i = 0; i < n + 2; ++i) {
        const bool end = i == 0 || i == n + 1;
        const LayerRow r = end ? LayerRow{} : rows[i - 1];
        const std::size_t k = static_cast<std::size_t>(i);
        put("<g><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"5\" fill=\"%s\" stroke=\"#888\"/>\n", x_of(i) - 0.5 * width[k], y_of(i), width[k], height,
            end ? "#ffffff" : r.parameters > 0 ? "#dde8f5" : r.calls > 0 ? "#eef3ea" : "#f4f4f4");
        if (!end) put("<title>%ld parameters, %ld FLOPs</title>\n", static_cast<long>(r.parameters), static_cast<long>(r.flops));
        for (const bool upper : {true, false}) {
            put("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\"%s>", x_of(i), y_of(i) + (upper ? 17 : 32), upper ? " font-weight=\"bold\"" : " fill=\"#444\"");
            s += xml_escaped<Host>(upper ? first[k] : second[k]) + "</text>\n";
        }
        s += "</g>\n";
    }
    return s + "</svg>\n";
}

}  // namespace _

// The layers of a model as boxes, with the extents of what they give, and arrows between them: the rows of summary(). A dashed arrow
// leads back to a layer that is called again.
template <class M>
std::string svg(M&) {
    std::string input, output;
    for (const shape& sample : _::model_inputs<typename M::input_type>::samples) {
        shape batched(M::output_shape[0]);
        for (int i = 0; i < sample.rank; ++i) batched.push(sample[i]);
        input += (input.empty() ? "" : ", ") + _::text_of(batched);
    }
    for (const _::model_output& o : M::facts::layout.outputs) output += (output.empty() ? "" : ", ") + _::text_of(o.extents);
    return _::svg_of_rows<_::this_host>(_::layer_rows<M>::view(), input, output);
}
template <class M>
void save_svg(M& model, const std::string& path) {
    const std::string s = svg(model);
    write_file(path, {reinterpret_cast<const std::byte*>(s.data()), s.size()});
}

// Every operation of an inference, for Graphviz (dot -Tsvg), in a box per layer. Bodies of loops are not drawn: a loop is one
// operation.
template <class M>
std::string dot(M&) {
    constexpr _::row_view rows = _::layer_rows<M>::view();
    return _::graph_dot(M::program::view, rows.row_of, rows.n_rows, [&](int k) { return std::string(rows[k].name) + (rows[k].type.empty() ? "" : ": " + std::string(rows[k].type)); });
}

}  // namespace etta
