// history.hpp: what a training run measured, epoch by epoch: for the program to read, as CSV or JSON, and as a picture
// (SVG) that any browser shows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../io/file.hpp"

namespace etta {

struct EpochRecord {
    int epoch = 0;  // from 1
    double loss = 0, accuracy = 0;
    double validation_loss = 0, validation_accuracy = 0;
    double rate = 0;     // learning rate at the epoch's last step
    double seconds = 0;
};

struct History {
    std::vector<EpochRecord> epochs;
    bool classification = false;  // accuracies mean something
    bool validated = false;       // validation figures mean something

    // The epoch with the smallest loss: of validation, where there was one. There must be one epoch.
    const EpochRecord& best() const {
        std::size_t k = 0;
        const auto loss = [this](std::size_t i) { return validated ? epochs[i].validation_loss : epochs[i].loss; };
        for (std::size_t i = 1; i < epochs.size(); ++i)
            if (loss(i) < loss(k)) k = i;
        return epochs[k];
    }
    template <class Host = _::this_host>
    std::string csv() const {
        std::string s = "epoch,loss,accuracy,validation_loss,validation_accuracy,rate,seconds\n";
        for (const EpochRecord& e : epochs)
            s += line("%d,%.9g,%.9g,%.9g,%.9g,%.9g,%.3f\n", e);
        return s;
    }
    template <class Host = _::this_host>
    std::string json() const {
        std::string s = "[\n";
        for (std::size_t i = 0; i < epochs.size(); ++i) {
            s += line("  {\"epoch\": %d, \"loss\": %.9g, \"accuracy\": %.9g, \"validation_loss\": %.9g, "
                      "\"validation_accuracy\": %.9g, \"rate\": %.9g, \"seconds\": %.3f}", epochs[i]);
            s += i + 1 < epochs.size() ? ",\n" : "\n";
        }
        return s + "]\n";
    }
    // Loss (log scale) and, for classifiers, error rate over the epochs: training drawn through, validation dashed.
    template <class Host = _::this_host>
    std::string svg() const {
        const int w = 640, h = 260, left = 60, top = 30;
        std::string s = text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
                             "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", w + left + 20, (h + 70) * (classification ? 2 : 1));
        s += panel("loss", left, top, w, h, [](const EpochRecord& e) { return e.loss; }, [](const EpochRecord& e) { return e.validation_loss; });
        if (classification)
            s += panel("error rate", left, top + h + 70, w, h, [](const EpochRecord& e) { return 1 - e.accuracy; },
                       [](const EpochRecord& e) { return 1 - e.validation_accuracy; });
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
    static std::string line(const char* format, const EpochRecord& e) {
        return text(format, e.epoch, e.loss, e.accuracy, e.validation_loss, e.validation_accuracy, e.rate, e.seconds);
    }
    template <class Host>
    static void save(const std::string& path, const std::string& s) {
        write_file<Host>(path, std::as_bytes(std::span<const char>(s.data(), s.size())));
    }
    template <class F, class G>
    std::string panel(const char* title, int x0, int y0, int w, int h, F train, G validation) const {
        double low = 1e300, high = 0;
        const auto clip = [](double v) { return v > 1e-6 ? v : 1e-6; };
        for (const EpochRecord& e : epochs)
            for (int k = 0; k < (validated ? 2 : 1); ++k) {
                const double v = clip(k == 0 ? train(e) : validation(e));
                if (v < low) low = v;
                if (v > high) high = v;
            }
        if (!(high > low)) high = low * 2;
        const double a = __builtin_log10(low), b = __builtin_log10(high);
        const auto y = [&](double v) { return y0 + h - (__builtin_log10(clip(v)) - a) / (b - a) * h; };
        const auto x = [&](std::size_t i) { return x0 + (epochs.size() > 1 ? static_cast<double>(i) / static_cast<double>(epochs.size() - 1) : 0.5) * w; };
        std::string s = text("<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n",
                             x0, y0 - 8, title, x0, y0, w, h);
        for (double decade = __builtin_floor(a); decade <= b + 1; ++decade)
            for (const double m : {1.0, 2.0, 5.0}) {
                const double v = m * __builtin_pow(10, decade);
                if (v < low || v > high) continue;
                s += text("<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                          x0, x0 + w, y(v), y(v), x0 - 6, y(v) + 4, v);
            }
        for (int k = 0; k < (validated ? 2 : 1); ++k) {
            s += text("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"", k == 0 ? "#1f5fa8" : "#c8501e", k == 0 ? "" : " stroke-dasharray=\"6 3\"");
            for (std::size_t i = 0; i < epochs.size(); ++i) s += text("%.1f,%.1f ", x(i), y(k == 0 ? train(epochs[i]) : validation(epochs[i])));
            s += text("\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", x0 + w - 90, y0 + 18 + 16 * k, k == 0 ? "#1f5fa8" : "#c8501e", k == 0 ? "training" : "validation");
        }
        s += text("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch (1 to %d)</text>\n", x0 + w / 2, y0 + h + 18, static_cast<int>(epochs.size()));
        return s;
    }
};

}  // namespace etta
