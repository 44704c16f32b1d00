// profile.hpp: where the time of an inference or of a training step goes: kernels one at a time, each named by the layers that it
// computes, forward or backward.
#pragma once

#include "../core/any_view.hpp"
#include "../nn/summary.hpp"
#include "progress.hpp"

namespace etta {

struct ProfileOptions {
    int repeats = 50;  // runs, of which each kernel's quickest counts
};
// The kernels that compute one set of layers: a kernel into which several layers were fused bears all their names. Of a step, also the
// gradients: "backward of (relu) + fc1"; where a kernel has both, "fc2 + (loss), backward of (loss) + fc2".
struct ProfileRow {
    enum pass_t { forward, backward, both, update };
    std::string layers;  // "fc1 + (relu)"
    pass_t pass = forward;
    int kernels = 0;     // of clipping and the update, which are programs of their own: 0
    double seconds = 0;
    double flops = 0;    // likewise
};
struct Profile {
    std::vector<ProfileRow> rows;
    double seconds = 0;  // of all kernels, one after the other
    double run = 0;      // of a run (of a step: with its update) as a whole: less, if kernels of their own cost time to begin
    double flops = 0;
    index samples = 0;
    int threads = 1;
    bool step = false;   // of a trainer

    // Of the kernels of one pass.
    double seconds_of(ProfileRow::pass_t pass) const {
        double s = 0;
        for (const ProfileRow& r : rows) s += r.pass == pass ? r.seconds : 0;
        return s;
    }
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
            t.cells.push_back(name), t.cells.push_back(kernels > 0 ? std::to_string(kernels) : std::string());
            number("%.2f us", time * 1e6), number("%.1f %%", seconds > 0 ? 100 * time / seconds : 0.0);
            if (work > 0) number("%.2f", time > 0 ? work / time * 1e-9 : 0.0);
            else t.cells.push_back("");
        };
        int all = 0;
        for (const ProfileRow& r : rows) line(r.layers, r.kernels, r.seconds, r.flops), all += r.kernels;
        std::string s = t.text(1);
        char b[200];
        std::snprintf(b, sizeof b, "%ld samples, %d threads: %d kernels in %.2f us; a whole %s %.2f us, %.2f GFLOP/s\n", static_cast<long>(samples), threads, all, seconds * 1e6,
                      step ? "step" : "run", run * 1e6, run > 0 ? flops / run * 1e-9 : 0.0);
        s += b;
        if (!step) return s;
        std::snprintf(b, sizeof b, "forward %.2f us, backward %.2f us, kernels of both %.2f us, update %.2f us\n", seconds_of(ProfileRow::forward) * 1e6, seconds_of(ProfileRow::backward) * 1e6,
                      seconds_of(ProfileRow::both) * 1e6, seconds_of(ProfileRow::update) * 1e6);
        return s + b;
    }
};

namespace _ {

// The layers of a training step's nodes: 2 k for what computes layer k, 2 k + 1 for what its derivative adds. The nodes that an
// operation's rule makes are of the layer whose operation it differentiates; the loss stands behind the layers.
template <class Tr>
struct step_rows {
    using net = typename Tr::net;
    struct watch_type {
        call_watch<net> calls;
        layer_list<net> list;
        vec<path> names;
        vec<int> owner;
        constexpr void begin(builder& g, net& n) {
            list.watch = &calls;
            list.add(n, path{}, 0);
            g.layers = &calls;
        }
        constexpr void predicted(builder& g) {
            g.layers = nullptr;
            row_builder<net> made(list, calls, g);
            for (int r = 0; r < made.rows.size; ++r) names.push(made.name_of(g, r));
            names.push(path{}.with("(loss)"));
            owner = static_cast<vec<int>&&>(made.owner);
        }
        constexpr void loss(builder& g) {
            for (int i = 0; i < g.nodes.size; ++i) g.origin.push(i >= owner.size ? 2 * names.size - 2 : owner[i] < 0 ? -1 : 2 * owner[i]);
        }
    };
    // A node that no layer has made (a copy to where a gradient lies) belongs to what it reads.
    static constexpr vec<int> origins(builder g) {
        while (g.origin.size < g.nodes.size) g.origin.push(-1);
        for (int s = 0; s < (g.segments.size > 0 ? g.segments.size : 1); ++s) {
            const bool all = g.segments.size == 0;
            const int first = all ? 0 : g.segments[s].nodes, n = all ? g.nodes.size : g.segments[s].n_nodes, args = all ? 0 : g.segments[s].args, values = all ? 0 : g.segments[s].values;
            for (int i = first; i < first + n; ++i)
                for (int k = 0; k < g.nodes[i].n_args && g.origin[i] < 0 && !is_loop_call(g.nodes[i]); ++k)
                    g.origin[i] = g.origin[first + g.values[values + g.args[args + g.nodes[i].args + k]].node];
        }
        return g.origin;
    }
    static constexpr int count(late later) {
        watch_type w;
        Tr::source::trace(true, later, false, &w);
        return w.names.size;
    }
    struct sizes_type {
        int layers = count({}), rows = 2 * layers, nodes = graph_constant<typename Tr::source>::sizes.nodes;
    };
    static constexpr sizes_type sizes{};
    struct table_type {
        path names[sizes.layers + 1] = {};
        int row_of[sizes.nodes + 1] = {};
    };
    static constexpr table_type make_table() {
        table_type t{};
        watch_type w;
        const vec<int> origin = origins(Tr::source::make(late{}, nullptr, &w));
        for (int i = 0; i < sizes.layers; ++i) t.names[i] = w.names[i];
        for (int i = 0; i < sizes.nodes; ++i) t.row_of[i] = origin[i];
        return t;
    }
    static constexpr table_type table = make_table();
};

// Which rows of a table R each call of the program computes, and its operations on one sample and on the largest batch.
template <class P, class R>
struct kernel_rows {
    static constexpr int n_calls = P::n_calls, n_rows = R::sizes.rows;
    struct data {
        char covers[n_calls + 1][n_rows + 1] = {};
        index one[n_calls + 1] = {}, all[n_calls + 1] = {};
        constexpr double flops(int call, index n, int bound) const {  // linear in between
            const double x = static_cast<double>(one[call]), y = static_cast<double>(all[call]);
            return bound > 1 ? x + (y - x) * static_cast<double>(n - 1) / (bound - 1) : y;
        }
    };
    static constexpr void add_node(data& d, int call, int segment, int i, const index* one, const index* all, index times) {
        const auto& graph = P::graph;
        const graph_view v = P::n_segments > 0 ? graph.view(segment) : graph.view();
        const node& n = v.nodes[i];
        const int row = R::table.row_of[(P::n_segments > 0 ? graph.segments[segment].nodes : 0) + i];
        if (row >= 0 && n.op->kind != op_kind::input && n.op->kind != op_kind::literal) d.covers[call][row] = 1;
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

// times[k]: the least that a run of part k took. part(k): runs it; before(k): what is to be done first, and takes no part in the time.
// Short ones run several times at once, at least 5 us: clocks are coarse.
template <class Before, class Part>
void time_parts(int repeats, std::vector<double>& times, const Before& before, const Part& part) {
    std::vector<int> at_once(times.size(), 1);
    for (int r = 0; r <= repeats; ++r)
        for (std::size_t k = 0; k < times.size(); ++k) {
            before(k);
            const auto measure = [&] {
                const double start = seconds_now();
                for (int i = 0; i < at_once[k]; ++i) part(k);
                return (seconds_now() - start) / at_once[k];
            };
            double t = measure();
            for (; t * at_once[k] < 5e-6 && at_once[k] < 1000; t = measure()) at_once[k] *= 4;
            if (r == 0 || t < times[k]) times[k] = t;
        }
}
// Call k of a program alone. It may run again at once: it does not write what it reads.
inline program_table one_call(program_table p, std::size_t k) {
    p.calls += k, p.n_calls = 1, p.parallel = p.calls->parallel;
    return p;
}
template <class Host>
void add_to_profile(Profile& p, const std::string& layers, ProfileRow::pass_t pass, int kernels, double seconds, double flops) {
    ProfileRow* row = nullptr;
    for (ProfileRow& r : p.rows)
        if (r.layers == layers && r.pass == pass) row = &r;
    if (row == nullptr) row = &p.rows.emplace_back(), row->layers = layers, row->pass = pass;
    row->kernels += kernels, row->seconds += seconds, row->flops += flops;
    p.seconds += seconds, p.flops += flops;
}

// A trainer's copy, with a copy of its model: what it does leaves the trainer as it is. Of what it does in a step but the gradient,
// clipping and the update are left, at a rate so small that parameters stay where they are.
template <class Tr>
class profiled_step {
    using element = typename Tr::element;
    typename Tr::model_type model_;
    Tr t_;
    heap_elements<element> parameters_, rule_states_;
    heap_elements<char> states_;

public:
    explicit profiled_step(Tr& t) : model_(t.model()), t_(t) {
        t_.model_ = &model_, t_.followers_.clear(), t_.explain = nullptr;
        t_.accumulate_ = 1, t_.batches_ = 0, t_.sharp_ = nullptr, t_.schedule = {}, t_.factor_ = 1e-12, ++t_.steps_;
        parameters_ = model_.parameters, rule_states_ = t_.states_, states_ = model_.states;
    }
    static void check(const any_view& x, const any_view& y) { Tr::check_batch(x, y); }
    template <class Y>
    Profile measure(const typename Tr::input_element* x, const Y* y, index n, int repeats) {
        using R = step_rows<Tr>;
        using K = kernel_rows<typename Tr::program, R>;
        t_.gradients(x, y, n);  // which checks the batch
        element loss = 0;
        const auto bound = t_.bind(x, y, n, loss);
        constexpr std::size_t n_calls = K::n_calls;
        const std::size_t clip = n_calls, update = clip + (t_.clip_ != nullptr), whole = update + 1;
        std::vector<double> times(whole + 1);
        const auto restore = [&](std::size_t k) {
            if (k >= n_calls) model_.parameters = parameters_, t_.states_ = rule_states_, model_.states = states_;
        };
        time_parts(repeats, times, restore, [&](std::size_t k) {
            if (k < n_calls) Tr::run_part(one_call(Tr::program::run_table, k), t_.workspace_.data(), bound, n);
            else if (k == whole) t_.step(x, y, n);
            else if (k == update) t_.apply(t_.factor_, t_.next_momentum());
            else t_.norm_ = -1, (t_.*t_.clip_)(nullptr, nullptr, n);
        });
        Profile p;
        p.step = true, p.samples = n, p.threads = thread_count<this_target>(), p.run = times[whole];
        for (int c = 0; c < K::n_calls; ++c) {
            std::string forward, backward;
            for (int r = 0; r < R::sizes.layers; ++r) {
                const std::string name(R::table.names[r].view());
                if (K::value.covers[c][2 * r]) forward += (forward.empty() ? "" : " + ") + name;
                if (K::value.covers[c][2 * r + 1]) backward = name + (backward.empty() ? "" : " + ") + backward;
            }
            const bool both = !forward.empty() && !backward.empty();
            if (forward.empty() && backward.empty()) forward = "(other)";
            if (!backward.empty()) backward = (both ? ", backward of " : "backward of ") + backward;
            add_to_profile<this_host>(p, forward + backward, both ? ProfileRow::both : backward.empty() ? ProfileRow::forward : ProfileRow::backward, 1, times[static_cast<std::size_t>(c)],
                                      K::value.flops(c, n, Tr::batch_bound));
        }
        if (clip < update) add_to_profile<this_host>(p, "(clipping)", ProfileRow::update, 0, times[clip], 0);
        add_to_profile<this_host>(p, "(update)", ProfileRow::update, 0, times[update], 0);
        return p;
    }
};

}  // namespace _

// n samples at x, at most the model's largest batch. Kernels run as they do otherwise, with as many threads, but one at a time, a
// short one several times in a row: what it reads is in cache.
// Of several inputs: profile(model, {x1, x2}, n).
template <class M>
Profile profile(M& model, const typename M::input_pointers& x, index n, const ProfileOptions& o = {}) {
    using R = _::layer_rows<M>;
    using K = _::kernel_rows<typename M::program, R>;
    if (n < 1 || n > M::batch_bound) fail_with<>("profile: %lld samples; the model's max_batch<%d>", static_cast<long long>(n), M::batch_bound);
    if (o.repeats < 1) fail<>("profile: repeats is 1 or more");
    model.reserve();
    char* buffers[_::first_argument_buffer + M::n_inputs + M::n_outputs] = {model.workspace.data(), reinterpret_cast<char*>(model.parameters.data()), model.states.data()};
    for (int k = 0; k < M::n_inputs; ++k) buffers[_::first_argument_buffer + k] = static_cast<char*>(const_cast<void*>(x.at[k]));
    _::heap_elements<char> y[M::n_outputs];
    for (int k = 0; k < M::n_outputs; ++k) {
        const _::model_output& out = M::facts::layout.outputs[k];
        y[k] = _::heap_elements<char>(out.extents.count(&n) * size_of(out.type));
        buffers[_::first_argument_buffer + M::n_inputs + k] = y[k].data();
    }
    constexpr std::size_t n_calls = K::n_calls;
    std::vector<double> times(n_calls + 1);
    Profile p;
    p.samples = n, p.threads = _::thread_count<this_target>();
    _::time_parts(o.repeats, times, [](std::size_t) {}, [&](std::size_t k) { _::run_calls<this_target>(k < n_calls ? _::one_call(M::program::run_table, k) : M::program::run_table, buffers, &n); });
    p.run = times.back();
    constexpr _::row_view rows = R::view();
    for (int c = 0; c < K::n_calls; ++c) {
        std::string name;
        for (int r = 0; r < rows.n_rows; ++r)
            if (K::value.covers[c][r]) name += (name.empty() ? "" : " + ") + std::string(rows[r].name);
        _::add_to_profile<_::this_host>(p, name.empty() ? "(other)" : name, ProfileRow::forward, 1, times[static_cast<std::size_t>(c)], K::value.flops(c, n, M::batch_bound));
    }
    return p;
}
// A tensor of samples.
template <class M, class X>
    requires(_::is_tensor_like<X>::value)
Profile profile(M& model, const X& x, const ProfileOptions& o = {}) {
    static_assert(M::n_inputs == 1, "etta: profile of a model of several inputs takes pointers and the number of samples: profile(model, {x1, x2}, n)");
    static_assert(std::is_same_v<typename X::value_type, typename M::input_element>, "etta: the element type of the model's input is another");
    return profile(model, x.data(), x.size() / M::input_type::sample_size, o);
}

// The same of a trainer's step on n samples at x with targets or labels at y: kernels of the forward pass, of the loss and of gradients,
// then clipping and the update. All of it is done on a copy of the trainer and its model, which stay as they are. One batch and one
// update: with `accumulate` and `sam` a step has several. Errors as those of step().
template <class Tr, class Y>
    requires requires { typename Tr::rule_type; }
Profile profile(Tr& trainer, const typename Tr::input_element* x, const Y* y, index n, const ProfileOptions& o = {}) {
    if (o.repeats < 1) fail<>("profile: repeats is 1 or more");
    if constexpr (Tr::sound && Tr::template takes<Y>()) return _::profiled_step<Tr>(trainer).measure(x, y, n, o.repeats);
    else return {};
}
// A batch of a loader, or tensors.
template <class Tr>
    requires requires { typename Tr::rule_type; }
Profile profile(Tr& trainer, const any_view& x, const any_view& y, const ProfileOptions& o = {}) {
    _::profiled_step<Tr>::check(x, y);
    return profile(trainer, static_cast<const typename Tr::input_element*>(x.data), static_cast<const typename Tr::target_element*>(y.data), x.extents[0], o);
}
template <class Tr, class X, class Y>
    requires(_::is_tensor_like<X>::value && _::is_tensor_like<Y>::value)
Profile profile(Tr& trainer, const X& x, const Y& y, const ProfileOptions& o = {}) {
    static_assert(std::is_same_v<typename X::value_type, typename Tr::input_element>, "etta: the element type of the model's input is another");
    const index n = x.size() / Tr::input::sample_size, of_one = Tr::classifies ? Tr::labels_per_sample : Tr::target_size;
    if ((Tr::classifies || Tr::needs_targets) && y.size() != n * of_one)
        fail_with<>("profile: %lld targets for %lld samples; this loss takes %lld a sample", static_cast<long long>(y.size()), static_cast<long long>(n), static_cast<long long>(of_one));
    return profile(trainer, x.data(), y.data(), n, o);
}

}  // namespace etta
