// profile.hpp: where an inference's time goes: its kernels one at a time, each named by the layers that it computes.
#pragma once

#include "../nn/summary.hpp"
#include "progress.hpp"

namespace etta {

struct ProfileOptions {
    int repeats = 50;  // runs, of which each kernel's quickest counts
};
// The kernels that compute one set of layers: a kernel into which several layers were fused bears all their names.
struct ProfileRow {
    std::string layers;  // "fc1 + (relu)"
    int kernels = 0;
    double seconds = 0;
    double flops = 0;
};
struct Profile {
    std::vector<ProfileRow> rows;
    double seconds = 0;  // of all kernels, one after the other
    double run = 0;      // of a run as a whole: less, if kernels of their own cost time to begin
    double flops = 0;
    index samples = 0;
    int threads = 1;

    // A table: time, its part of all, and the rate.
    template <class Host = _::this_host>
    std::string text() const {
        _::text_table<Host> t{5, 1};
        for (const char* title : {"layers", "kernels", "time", "share", "GFLOP/s"}) t.cells.push_back(title);
        const auto number = [&](const char* format, double x) {
            char s[40];
            std::snprintf(s, sizeof s, format, x);
            t.cells.push_back(s);
        };
        const auto line = [&](const std::string& name, int kernels, double time, double work) {
            t.cells.push_back(name), t.cells.push_back(std::to_string(kernels));
            number("%.2f us", time * 1e6), number("%.1f %%", seconds > 0 ? 100 * time / seconds : 0.0), number("%.2f", time > 0 ? work / time * 1e-9 : 0.0);
        };
        int all = 0;
        for (const ProfileRow& r : rows) line(r.layers, r.kernels, r.seconds, r.flops), all += r.kernels;
        std::string s = t.text(1);
        char b[160];
        std::snprintf(b, sizeof b, "%ld samples, %d threads: %d kernels in %.2f us; a whole run %.2f us, %.2f GFLOP/s\n", static_cast<long>(samples), threads, all, seconds * 1e6, run * 1e6,
                      run > 0 ? flops / run * 1e-9 : 0.0);
        return s + b;
    }
};

namespace _ {

// Which rows of the model's table each call of its program computes, and its operations on one sample and on the largest batch.
template <class M>
struct kernel_rows {
    using P = typename M::program;
    using R = layer_rows<M>;
    static constexpr int n_calls = P::n_calls, n_rows = R::sizes.rows;
    struct data {
        char covers[n_calls + 1][n_rows + 1] = {};
        index one[n_calls + 1] = {}, all[n_calls + 1] = {};
    };
    static constexpr void add_node(data& d, int call, int segment, int i, const index* one, const index* all, index times) {
        const auto& graph = P::graph;
        const graph_view v = P::n_segments > 0 ? graph.view(segment) : graph.view();
        const node& n = v.nodes[i];
        const int row = R::table.row_of[(P::n_segments > 0 ? graph.segments[segment].nodes : 0) + i];
        if (row >= 0) d.covers[call][row] = 1;
        d.one[call] += times * flops_of(v, n, one), d.all[call] += times * flops_of(v, n, all);
        if (!is_loop_call(n)) return;
        extent steps;
        steps.code = v.attr(n, RunLoop::length_at);
        const int body = static_cast<int>(v.attr(n, RunLoop::segment_at));
        for (int k = 0; k < graph.segments[body].n_nodes; ++k) add_node(d, call, body, k, one, all, times * steps.at(all));
    }
    static constexpr data find() {
        data d{};
        index one[P::n_symbols + 1] = {};
        for (int i = 0; i < P::n_symbols; ++i) one[i] = 1;
        for (int c = 0; c < n_calls; ++c)
            for (int i = P::schedule.kernels[P::table.calls[c].source].first; i >= 0; i = P::schedule.next[i]) add_node(d, c, 0, i, one, P::symbols.at, 1);
        return d;
    }
    static constexpr data value = find();
};

// The seconds of a run of p; at least 5 us at a time: clocks are coarse.
template <class Target>
double time_of(const program_table& p, char* const* buffers, const index* symbols, int times) {
    const double start = seconds_now();
    for (int i = 0; i < times; ++i) run_calls<Target>(p, buffers, symbols);
    return (seconds_now() - start) / times;
}
// times[k]: the least that call k took; the last: the whole. A call may run again at once: it does not write what it reads.
template <class Target>
void time_calls(const program_table& p, char* const* buffers, const index* symbols, int repeats, std::vector<double>& times) {
    std::vector<int> at_once(times.size(), 1);
    const auto part = [&](std::size_t k) {
        program_table one = p;
        if (k + 1 < times.size()) one.calls += k, one.n_calls = 1, one.parallel = one.calls->parallel;
        return one;
    };
    for (int r = 0; r <= repeats; ++r)
        for (std::size_t k = 0; k < times.size(); ++k) {
            const program_table one = part(k);
            double t = time_of<Target>(one, buffers, symbols, at_once[k]);
            for (; t * at_once[k] < 5e-6 && at_once[k] < 1000; t = time_of<Target>(one, buffers, symbols, at_once[k])) at_once[k] *= 4;
            if (r == 0 || t < times[k]) times[k] = t;
        }
}

}  // namespace _

// n samples at x, at most the model's largest batch. Kernels run as they do otherwise, with as many threads, but one at a time, a
// short one several times in a row: what it reads is in cache.
template <class M>
Profile profile(M& model, const typename M::input_element* x, index n, const ProfileOptions& o = {}) {
    using K = _::kernel_rows<M>;
    if (n < 1 || n > M::batch_bound) fail_with<>("profile: %lld samples; the model's max_batch<%d>", static_cast<long long>(n), M::batch_bound);
    if (o.repeats < 1) fail<>("profile: repeats is 1 or more");
    model.reserve();
    std::vector<typename M::element> y(static_cast<std::size_t>(n * M::output_size));
    char* const buffers[] = {model.workspace.data(), reinterpret_cast<char*>(model.parameters.data()), model.states.data(), const_cast<char*>(reinterpret_cast<const char*>(x)),
                             reinterpret_cast<char*>(y.data())};
    std::vector<double> times(static_cast<std::size_t>(K::n_calls) + 1);
    Profile p;
    p.samples = n, p.threads = _::thread_count<this_target>();
    _::time_calls<this_target>(M::program::run_table, buffers, &n, o.repeats, times);
    p.run = times.back();
    constexpr _::row_view rows = K::R::view();
    for (int c = 0; c < K::n_calls; ++c) {
        std::string name;
        for (int r = 0; r < rows.n_rows; ++r)
            if (K::value.covers[c][r]) name += (name.empty() ? "" : " + ") + std::string(rows[r].name);
        if (name.empty()) name = "(other)";
        ProfileRow* row = nullptr;
        for (ProfileRow& r : p.rows)
            if (r.layers == name) row = &r;
        if (row == nullptr) row = &p.rows.emplace_back(), row->layers = name;
        const double one = static_cast<double>(K::value.one[c]), all = static_cast<double>(K::value.all[c]);  // linear in between
        const double work = M::batch_bound > 1 ? one + (all - one) * static_cast<double>(n - 1) / (M::batch_bound - 1) : all;
        row->kernels += 1, row->seconds += times[static_cast<std::size_t>(c)], row->flops += work;
        p.seconds += times[static_cast<std::size_t>(c)], p.flops += work;
    }
    return p;
}
// A tensor of samples.
template <class M, class X>
    requires(_::is_tensor_like<X>::value)
Profile profile(M& model, const X& x, const ProfileOptions& o = {}) {
    static_assert(std::is_same_v<typename X::value_type, typename M::input_element>, "etta: the element type of the model's input is another");
    return profile(model, x.data(), x.size() / M::input_type::sample_size, o);
}

}  // namespace etta
