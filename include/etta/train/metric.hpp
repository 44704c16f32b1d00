// metric.hpp: figures beside loss and accuracy that fit() computes of its validation data after each epoch, and evaluate() of any
// data: {.metrics = {etta::metrics::roc_auc(), {"bias", [](const etta::Predictions& p) { … }}}}. Those that the library has ready
// are in metrics/named.hpp. Programs without metrics only read this: all is reached by pointers that Metrics' constructor sets.
#pragma once

#include "../core/shared.hpp"
#include "../data/numbers.hpp"
#include "history.hpp"

namespace etta {

// Samples as metrics see them: what was to be predicted, and what the model made of it. Views, for the time of the call. Where a
// sample has several labels, each counts; labels that the loss ignores are left out. Weights of samples do not count.
struct Predictions {
    number_span actual = {};     // labels, or numbers [samples, targets]; neither, if the data has none
    number_span predicted = {};  // of labels, the classes with the highest scores; else the scores
    number_span scores = {};     // what the model gives: [labels, classes], or [samples, outputs]
    index samples = 0;
    int classes = 0;                 // of labels; 0: numbers
    bool logits = false;             // the scores are logits: of a loss of labels, of BCEWithLogits and its like
    index targets = 0, outputs = 0;  // elements of a sample
};

// One metric: a name, and either a callable of Predictions that gives a number, called with all of the data; or an object that is
// told batch by batch, which has update(const Predictions&), value(), and reset() or begin(const Predictions&); the latter is given
// everything but samples, also before a run begins, to refuse what the metric is not for. The third argument says which values are
// better, for callbacks that watch it.
class Metric {
  public:
    enum moment { begin, update, value };

    template <class F, class X = std::remove_cvref_t<F>>
    Metric(std::string name, F&& f, goal best = goal::unknown)
        : name(static_cast<std::string&&>(name)), best(best), whole(requires(X x, const Predictions& p) { static_cast<double>(x(p)); }), tell_(&tell<X>) {
        constexpr bool starts = requires(X x, const Predictions& p) { x.begin(p); } || requires(X x) { x.reset(); };
        static_assert(requires(X x, const Predictions& p) { static_cast<double>(x(p)); } ||
                          (starts && requires(X x, const Predictions& p) { x.update(p), static_cast<double>(x.value()); }),
                      "etta: a metric is a callable of const Predictions& that gives a number, or has update(const Predictions&), value(), and "
                      "reset() or begin(const Predictions&)");
        object_ = _::shared_object::of(X(static_cast<F&&>(f)));
    }
    double operator()(moment m, const Predictions& p) const { return tell_(object_.get(), m, p); }

    std::string name;
    goal best;
    bool whole;  // wants all of the data at once

  private:
    template <class X>
    static double tell(void* object, moment m, const Predictions& p) {
        X& x = *static_cast<X*>(object);
        if constexpr (requires { static_cast<double>(x(p)); }) {
            return m == value ? static_cast<double>(x(p)) : 0;
        } else if constexpr (requires { x.update(p), static_cast<double>(x.value()); }) {
            if (m == value) return static_cast<double>(x.value());
            if (m == update) x.update(p);
            else if constexpr (requires { x.begin(p); }) x.begin(p);
            else if constexpr (requires { x.reset(); }) x.reset();
        }
        return 0;
    }
    double (*tell_)(void*, moment, const Predictions&);
    _::shared_object object_;
};

namespace _ {

// A list of metrics, and what those that want all of the data have seen of it. The parameters behind Host keep compilers from
// looking at vectors before somebody has metrics.
template <class Host, class M = Metric, class Byte = std::byte>
struct metric_list {
    std::vector<M> all;
    bool whole = false;
    std::vector<Byte> actual, predicted, scores;
    Predictions seen;

    metric_list(const Metric* list, std::size_t n) : all(list, list + n) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::string& name = all[i].name;
            if (name.empty()) fail<Host>("a metric has no name");
            for (const char c : name)
                if (static_cast<unsigned char>(c) < 32 || std::string_view(",\"\\<>&").find(c) != std::string_view::npos)
                    fail<Host>("the metric's name '" + name + "' has a character that CSV, JSON or SVG have another meaning for");
            bool taken = name == "epoch";
            for (const own_figure& f : own_figures) taken = taken || name == f.name;
            if (taken) fail<Host>("a metric is called '" + name + "', which is the name of a figure that every history has: give it another");
            for (std::size_t k = 0; k < i; ++k)
                if (all[k].name == name) fail<Host>("two metrics are called '" + name + "': give one another name");
            whole = whole || all[i].whole;
        }
    }
    void begin(const Predictions& p) {
        seen = p, seen.samples = 0;
        actual.clear(), predicted.clear(), scores.clear();
        for (const M& m : all) m(Metric::begin, seen);
    }
    // A batch, without the labels that do not count.
    void update(Predictions p, std::int64_t ignored) {
        std::vector<Byte> kept[3];
        if (p.classes > 0) {
            const auto* const label = static_cast<const std::int32_t*>(p.actual.data);
            index n = 0;
            for (index i = 0; i < p.actual.size; ++i) n += label[i] != ignored;
            if (n < p.actual.size) {
                for (index i = 0; i < p.actual.size; ++i) {
                    if (label[i] == ignored) continue;
                    append(kept[0], p.actual, i, 1), append(kept[1], p.predicted, i, 1), append(kept[2], p.scores, i * p.classes, p.classes);
                }
                p.actual = all_of(kept[0], p.actual.type), p.predicted = all_of(kept[1], p.predicted.type), p.scores = all_of(kept[2], p.scores.type);
            }
        }
        for (const M& m : all)
            if (!m.whole) m(Metric::update, p);
        seen.samples += p.samples;
        if (!whole) return;
        append(actual, p.actual, 0, p.actual.size), append(predicted, p.predicted, 0, p.predicted.size);
        if (p.classes > 0) append(scores, p.scores, 0, p.scores.size);
        seen.actual = all_of(actual, p.actual.type), seen.predicted = all_of(predicted, p.predicted.type);
        seen.scores = p.classes > 0 ? all_of(scores, p.scores.type) : seen.predicted;
    }
    void end(std::string& names, auto& values) {
        if (seen.samples == 0) fail<Host>("metrics of no samples");
        for (const M& m : all) names += (names.empty() ? "" : ",") + m.name, values.push_back(m(Metric::value, seen));
    }
    // Where a history has it.
    static std::size_t column(const std::string& names, const M& m) {
        std::size_t k = 0;
        while (k < in_list<Host>(names) && part_of_list<Host>(names, k) != m.name) ++k;
        return k;
    }
    // Gives the history columns for them, behind those that it has from the run that goes on.
    void name(auto& h) const {
        auto t = h.template metrics<Host>();
        const std::size_t before = in_list<Host>(t.names);
        for (const M& m : all) {
            const std::size_t k = column(t.names, m);
            if (k == in_list<Host>(t.names)) t.names += (t.names.empty() ? "" : ",") + m.name;
            if (t.goals.size() <= k) t.goals.resize(k + 1);
            t.goals[k] = static_cast<char>(m.best);
        }
        t.values.clear();
        for (std::size_t i = 0; i < h.epochs.size(); ++i)
            for (std::size_t k = 0; k < in_list<Host>(t.names); ++k) t.values.push_back(k < before ? h.template metric<Host>(i, k) : __builtin_nan(""));
        h.template metrics<Host>(t);
    }
    // The values of the epoch that comes next in the history.
    void store(auto& h, const auto& values) const {
        auto t = h.template metrics<Host>();
        const std::size_t n = in_list<Host>(t.names), row = h.epochs.size() * n;
        t.values.resize(row + n, __builtin_nan(""));
        for (std::size_t i = 0; i < all.size(); ++i) t.values[row + column(t.names, all[i])] = values[i];
        h.template metrics<Host>(t);
    }
    // Into the line about an epoch, before its seconds.
    void print(const auto& h, std::string& line) const {
        char b[64];
        std::string s;
        for (const M& m : all) {
            const double v = h.template metric<Host>(h.epochs.size() - 1, column(h.template metric_names<Host>(), m)), size = __builtin_fabs(v);
            std::snprintf(b, sizeof b, size >= 1e6 || (size > 0 && size < 1e-3) ? "%.3e" : "%.4f", v);
            s += "  " + m.name + " " + b;
        }
        line.insert(line.rfind("  "), s);
    }

  private:
    static void append(std::vector<Byte>& to, const number_span& s, index first, index n) {
        const auto* const p = static_cast<const Byte*>(s.data);
        const index size = size_of(s.type);
        to.insert(to.end(), p + first * size, p + (first + n) * size);
    }
    static number_span all_of(const std::vector<Byte>& v, dtype t) { return {v.data(), t, size_of(t) > 0 ? static_cast<index>(v.size()) / size_of(t) : 0}; }
};

}  // namespace _

// The metrics of fit() and evaluate(), computed in this order: {etta::metrics::f1(), {"bias", f}}, or a vector of them. Fails if two
// have one name, or one has that of a figure which every history has (loss, validation_accuracy, rate and so on).
class Metrics {
    template <class Host>
    using list = _::metric_list<Host>;

  public:
    Metrics() = default;
    template <class Host = _::this_host>
    Metrics(std::initializer_list<Metric> all) { hold<Host>(all.begin(), all.size()); }
    template <class V, class Host = _::this_host>
        requires std::is_same_v<typename V::value_type, Metric>
    Metrics(const V& all) { hold<Host>(all.data(), all.size()); }
    bool empty() const { return begin_ == nullptr; }

    // A pass over data: begin (p without samples), update with every batch, end. By evaluate().
    void begin(const Predictions& p) const { begin_(object_.get(), p); }
    void update(const Predictions& p, std::int64_t ignored) const { update_(object_.get(), p, ignored); }
    void end(std::string& names, std::vector<double>& values) const { end_(object_.get(), names, values); }
    // Their places in a history; the next epoch's values there; the last one's as text. By fit().
    void name(History& h) const { name_(object_.get(), h); }
    void store(History& h, const std::vector<double>& values) const { store_(object_.get(), h, values); }
    void print(const History& h, std::string& to) const { print_(object_.get(), h, to); }

  private:
    template <class Host>
    void hold(const Metric* all, std::size_t n) {
        if (n == 0) return;
        object_ = _::shared_object::of(list<Host>(all, n));
        begin_ = [](void* l, const Predictions& p) { static_cast<list<Host>*>(l)->begin(p); };
        update_ = [](void* l, const Predictions& p, std::int64_t ignored) { static_cast<list<Host>*>(l)->update(p, ignored); };
        end_ = [](void* l, std::string& names, std::vector<double>& values) { static_cast<list<Host>*>(l)->end(names, values); };
        name_ = [](void* l, History& h) { static_cast<list<Host>*>(l)->name(h); };
        store_ = [](void* l, History& h, const std::vector<double>& v) { static_cast<list<Host>*>(l)->store(h, v); };
        print_ = [](void* l, const History& h, std::string& to) { static_cast<list<Host>*>(l)->print(h, to); };
    }
    _::shared_object object_;
    void (*begin_)(void*, const Predictions&) = nullptr;
    void (*update_)(void*, const Predictions&, std::int64_t) = nullptr;
    void (*end_)(void*, std::string&, std::vector<double>&) = nullptr;
    void (*name_)(void*, History&) = nullptr;
    void (*store_)(void*, History&, const std::vector<double>&) = nullptr;
    void (*print_)(void*, const History&, std::string&) = nullptr;
};

}  // namespace etta
