// history.hpp: what a training run measured, epoch by epoch: for the program to read, as CSV or JSON, and as a picture
// (SVG) that any browser shows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../core/shared.hpp"
#include "../io/file.hpp"

namespace etta {

// What was not measured (accuracies of what is no classifier, figures of an epoch without validation) is NaN.
struct EpochRecord {
    int epoch = 0;  // from 1
    double loss = 0, accuracy = __builtin_nan("");
    double validation_loss = __builtin_nan(""), validation_accuracy = __builtin_nan("");
    double rate = 0;     // learning rate at the epoch's last step
    double seconds = 0;
};

// Which values of a figure are the better ones.
enum class goal { unknown, min, max };

// Which figure of an epoch is watched: &EpochRecord::loss and its like, or a name in the history: "validation_loss", "f1"; none: the
// validation loss where there is one, else the loss. Of an accuracy the largest is best, of a metric what it says, of all others the
// smallest; of a metric that does not say, {"name", goal::max}.
struct Monitor {
    double EpochRecord::*figure = nullptr;
    std::string name = {};
    goal best = goal::unknown;

    Monitor(double EpochRecord::*figure = nullptr, goal best = goal::unknown) : figure(figure), best(best) {}
    Monitor(decltype(nullptr)) {}
    Monitor(const char* name, goal best = goal::unknown) : name(name), best(best) {}
    Monitor(const std::string& name, goal best = goal::unknown) : name(name), best(best) {}
};

namespace _ {

template <class Host>
struct watched;

// fit()'s metrics: their names, with a comma between two; the goal of each, as a char; their values, epoch by epoch, NaN (or missing at
// the end) where one was not measured.
struct metric_table {
    std::string names = {}, goals = {};
    std::vector<double> values = {};
};

// A list of words with a comma between two: how many there are; one of them.
template <class Host>
std::size_t in_list(const std::string& list) {
    std::size_t n = list.empty() ? 0 : 1;
    for (const char c : list) n += c == ',';
    return n;
}
template <class Host>
std::string part_of_list(const std::string& list, std::size_t k) {
    std::size_t at = 0;
    for (; k > 0; --k) at = list.find(',', at) + 1;
    return list.substr(at, list.find(',', at) - at);
}

// What every history has.
struct own_figure {
    const char* name;
    double EpochRecord::*value;
};
inline constexpr own_figure own_figures[] = {{"loss", &EpochRecord::loss},
                                             {"accuracy", &EpochRecord::accuracy},
                                             {"validation_loss", &EpochRecord::validation_loss},
                                             {"validation_accuracy", &EpochRecord::validation_accuracy},
                                             {"rate", &EpochRecord::rate},
                                             {"seconds", &EpochRecord::seconds}};

}  // namespace _

struct History {
    std::vector<EpochRecord> epochs;
    bool classification = false;  // accuracies mean something
    bool validated = false;       // validation figures mean something
    _::shared_object table = {};  // of fit()'s metrics, if it has some: a metric_table, which is replaced and never changed

    // A figure of all epochs, by its name: history["validation_loss"], or a metric's. Fails for a name that there is not.
    template <class Host = _::this_host>
    std::vector<double> operator[](const std::string& name) const {
        const _::watched<Host> w(*this, {name, goal::min});
        std::vector<double> r;
        for (std::size_t i = 0; i < epochs.size(); ++i) r.push_back(w.of(i));
        return r;
    }
    void operator[](int) const = delete;  // epochs[i]
    // The epoch that is best by a figure; without one, that with the smallest loss: of validation, where there was one. Fails if there is no
    // epoch.
    template <class Host = _::this_host>
    const EpochRecord& best(const Monitor& m = {}) const {
        const _::watched<Host> w(*this, m);
        if (epochs.empty()) fail<Host>("the history has no epoch, of which one could be the best");
        std::size_t k = 0;
        for (std::size_t i = 1; i < w.size(); ++i)
            if (w[i] < w[k]) k = i;
        return epochs[k];
    }
    // Metric k of epochs[i], and how many there are.
    template <class Host = _::this_host>
    double metric(std::size_t i, std::size_t k) const {
        const std::size_t at = i * n_metrics<Host>() + k;
        const _::metric_table& t = metrics<Host>();
        return at < t.values.size() ? t.values[at] : __builtin_nan("");
    }
    template <class Host = _::this_host>
    std::size_t n_metrics() const { return _::in_list<Host>(metric_names<Host>()); }
    // Their names, with a comma between two.
    template <class Host = _::this_host>
    std::string metric_names() const { return metrics<Host>().names; }
    template <class Host = _::this_host>
    const _::metric_table& metrics() const {
        static const _::metric_table none;
        return table ? *static_cast<const _::metric_table*>(table.get()) : none;
    }
    template <class Host = _::this_host>
    void metrics(_::metric_table t) { table = _::shared_object::of(static_cast<_::metric_table&&>(t)); }
    // A line for each epoch, with numbers as C has them: what was not measured is nan.
    template <class Host = _::this_host>
    std::string csv() const {
        std::string s = "epoch,loss,accuracy,validation_loss,validation_accuracy,rate,seconds";
        s += n_metrics<Host>() == 0 ? "\n" : "," + metric_names<Host>() + "\n";
        for (std::size_t i = 0; i < epochs.size(); ++i) {
            s += text("%d", epochs[i].epoch);
            for (const _::own_figure& f : _::own_figures) s += csv(epochs[i].*f.value, f.value == &EpochRecord::seconds ? ",%.3f" : ",%.9g");
            for (std::size_t k = 0; k < n_metrics<Host>(); ++k) s += csv(metric<Host>(i, k), ",%.9g");
            s += '\n';
        }
        return s;
    }
    // A list of objects, one for each epoch; what was not measured or is not finite is null.
    template <class Host = _::this_host>
    std::string json() const {
        std::string s = "[\n";
        for (std::size_t i = 0; i < epochs.size(); ++i) {
            s += text("  {\"epoch\": %d", epochs[i].epoch);
            for (const _::own_figure& f : _::own_figures) s += json(f.name, epochs[i].*f.value, f.value == &EpochRecord::seconds ? "%.3f" : "%.9g");
            for (std::size_t k = 0; k < n_metrics<Host>(); ++k) s += json(_::part_of_list<Host>(metric_names<Host>(), k), metric<Host>(i, k), "%.9g");
            s += i + 1 < epochs.size() ? "},\n" : "}\n";
        }
        return s + "]\n";
    }
    // Loss (log scale), for classifiers the error rate, and metrics over the epochs: training drawn through, validation dashed.
    template <class Host = _::this_host>
    std::string svg() const {
        const int w = 640, h = 260, left = 60, top = 30, panels = (classification ? 2 : 1) + static_cast<int>(n_metrics<Host>());
        std::string s = text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
                             "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", w + left + 20, (h + 70) * panels);
        int y = top;
        const auto add = [&](const std::string& title, int first, bool decades, auto value) {
            s += panel(title, left, y, w, h, first, decades, value);
            y += h + 70;
        };
        add("loss", 0, true, [this](std::size_t i, int k) { return k == 0 ? epochs[i].loss : epochs[i].validation_loss; });
        if (classification) add("error rate", 0, true, [this](std::size_t i, int k) { return 1 - (k == 0 ? epochs[i].accuracy : epochs[i].validation_accuracy); });
        for (std::size_t m = 0; m < n_metrics<Host>(); ++m) add(_::part_of_list<Host>(metric_names<Host>(), m), 1, false, [this, m](std::size_t i, int) { return metric<Host>(i, m); });
        return s + "</svg>\n";
    }
    template <class Host = _::this_host>
    void save_csv(const std::string& path) const { save<Host>(path, csv<Host>()); }
    template <class Host = _::this_host>
    void save_json(const std::string& path) const { save<Host>(path, json<Host>()); }
    template <class Host = _::this_host>
    void save_svg(const std::string& path) const { save<Host>(path, svg<Host>()); }

private:
    template <class... A>
    static std::string text(const char* format, A... a) {
        char buffer[512];
        std::snprintf(buffer, sizeof buffer, format, a...);
        return buffer;
    }
    static std::string json(const std::string& name, double v, const char* format) {  // JSON has neither NaN nor infinity
        return ", \"" + name + "\": " + (v - v == 0 ? text(format, v) : "null");
    }
    static std::string csv(double v, const char* format) { return v == v ? text(format, v) : ",nan"; }  // printf may write -nan
    template <class Host>
    static void save(const std::string& path, const std::string& s) {
        write_file<Host>(path, std::as_bytes(std::span<const char>(s.data(), s.size())));
    }
    // Curves first … 1 (training, validation); decades: the axis is logarithmic. What is not finite is left out.
    template <class F>
    std::string panel(const std::string& title, int x0, int y0, int w, int h, int first, bool decades, F value) const {
        double low = 1e300, high = -1e300;
        const int curves = validated || first > 0 ? 2 : 1;
        const auto at = [&](std::size_t i, int k) {
            const double v = value(i, k);
            return decades && v <= 1e-6 ? 1e-6 : v;
        };
        for (std::size_t i = 0; i < epochs.size(); ++i)
            for (int k = first; k < curves; ++k) {
                const double v = at(i, k);
                if (!(v - v == 0)) continue;
                if (v < low) low = v;
                if (v > high) high = v;
            }
        if (!(high >= low)) low = 1, high = 1;
        if (!(high > low)) high = low + (low < -1 ? -low : low > 1 || decades ? low : 1);
        const auto scaled = [&](double v) { return decades ? __builtin_log10(v) : v; };
        const double a = scaled(low), b = scaled(high);
        const auto y = [&](double v) { return y0 + h - (scaled(v) - a) / (b - a) * h; };
        const auto x = [&](std::size_t i) { return x0 + (epochs.size() > 1 ? static_cast<double>(i) / static_cast<double>(epochs.size() - 1) : 0.5) * w; };
        std::string s = text("<text x=\"%d\" y=\"%d\" font-weight=\"bold\">", x0, y0 - 8) + title +
                        text("</text>\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n", x0, y0, w, h);
        const auto tick = [&](double v) {
            if (v >= low && v <= high)
                s += text("<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                          x0, x0 + w, y(v), y(v), x0 - 6, y(v) + 4, v);
        };
        if (decades) {
            for (double decade = __builtin_floor(a); decade <= b + 1; ++decade)
                for (const double m : {1.0, 2.0, 5.0}) tick(m * __builtin_pow(10, decade));
        } else {
            const double tenth = __builtin_pow(10, __builtin_floor(__builtin_log10(b - a))), parts = (b - a) / tenth, step = tenth * (parts < 2 ? 0.2 : parts < 5 ? 0.5 : 1);
            for (int i = 0; i <= 10; ++i) tick((__builtin_ceil(a / step) + i) * step);
        }
        for (int k = first; k < curves; ++k) {
            s += text("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"", k == 0 ? "#1f5fa8" : "#c8501e", k == 0 ? "" : " stroke-dasharray=\"6 3\"");
            for (std::size_t i = 0; i < epochs.size(); ++i)
                if (const double v = at(i, k); v - v == 0) s += text("%.1f,%.1f ", x(i), y(v));
            s += text("\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", x0 + w - 90, y0 + 18 + 16 * k, k == 0 ? "#1f5fa8" : "#c8501e", k == 0 ? "training" : "validation");
        }
        s += text("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch (1 to %d)</text>\n", x0 + w / 2, y0 + h + 18, static_cast<int>(epochs.size()));
        return s;
    }
};

namespace _ {

// A monitored figure, epoch by epoch: less is better, and NaN is worst. The epochs before `first` had it not measured: those of a run
// that went on with validation or a metric which it had not before.
template <class Host>
struct watched {
    const History& history;
    double EpochRecord::*what;
    std::size_t metric = 0, first = 0;
    double sign;

    watched(const History& h, const Monitor& m) : history(h), what(m.figure != nullptr ? m.figure : h.validated ? &EpochRecord::validation_loss : &EpochRecord::loss) {
        goal best = m.best;
        if (!m.name.empty()) find(m.name, best);
        if (best == goal::unknown && what != nullptr)
            best = what == &EpochRecord::accuracy || what == &EpochRecord::validation_accuracy ? goal::max : goal::min;
        if (best == goal::unknown)
            fail<Host>("is small or large the better for '" + m.name + "'? Say {\"" + m.name + "\", etta::goal::max}, or min, or let the metric say it");
        sign = best == goal::max ? -1 : 1;
        while (first < size() && of(first) != of(first)) ++first;
    }
    std::size_t size() const { return history.epochs.size(); }
    double of(std::size_t i) const { return what != nullptr ? history.epochs[i].*what : history.template metric<Host>(i, metric); }
    double operator[](std::size_t i) const {
        const double v = of(i);
        return v == v ? sign * v : __builtin_huge_val();
    }

  private:
    void find(const std::string& name, goal& best) {
        std::string all;
        what = nullptr;
        for (const own_figure& f : own_figures) {
            const std::string_view n = f.name;
            if ((n.find("accuracy") != n.npos && !history.classification) || (n.starts_with("validation") && !history.validated)) continue;
            if (n == name) return void(what = f.value);
            all += all.empty() ? "" : ", ", all += n;
        }
        for (metric = 0; metric < history.template n_metrics<Host>(); ++metric) {
            const std::string n = part_of_list<Host>(history.template metric_names<Host>(), metric);
            if (n == name) {
                const std::string& goals = history.template metrics<Host>().goals;
                if (best == goal::unknown && metric < goals.size()) best = static_cast<goal>(goals[metric]);
                return;
            }
            all += ", " + n;
        }
        fail<Host>("the history has no figure '" + name + "'; it has " + all);
    }
};

}  // namespace _
}  // namespace etta
