// evaluation.hpp: what Trainer::evaluate() returns.
#pragma once

#include "metric.hpp"

namespace etta {

// What evaluate() found. accuracy and confusion: classifiers only. Where a sample has several labels (those of a text's
// letters), each counts, and stands in `predicted` after the sample's others.
struct Evaluation {
    double loss = 0;
    double accuracy = 0;
    index samples = 0;
    int classes = 0;
    std::vector<index> confusion;       // [actual * classes + predicted]; empty for more than 1024 classes
    std::vector<std::int32_t> predicted;  // per label
    std::string metric_names = {};    // with a comma between two
    std::vector<double> metrics = {};
    // A metric's value: result["f1"].
    template <class Host = _::this_host>
    double operator[](const std::string& name) const {
        for (std::size_t i = 0; i < metrics.size(); ++i)
            if (_::part_of_list<Host>(metric_names, i) == name) return metrics[i];
        fail<Host>("evaluate was given no metric '" + name + "'; it has " + (metrics.empty() ? "none" : metric_names));
    }
    void operator[](int) const = delete;
    // Samples of class `actual` that were taken for class `as`. Fails where there is no such class, or no table.
    index confused(int actual, int as) const {
        check_counted();
        if (actual < 0 || actual >= classes || as < 0 || as >= classes)
            fail_with<>("a confusion matrix of %d classes has no class %d", classes, actual < 0 || actual >= classes ? actual : as);
        return confusion[static_cast<std::size_t>(actual * classes + as)];
    }
    // The table, rows actual, columns predicted.
    std::string table() const {
        check_counted();
        std::string s = "actual \\ predicted\n     ";
        char b[32];
        for (int k = 0; k < classes; ++k) std::snprintf(b, sizeof b, "%5d", k), s += b;
        s += '\n';
        for (int i = 0; i < classes; ++i) {
            std::snprintf(b, sizeof b, "%5d", i), s += b;
            for (int k = 0; k < classes; ++k) {
                if (confused(i, k) == 0) s += "    .";
                else std::snprintf(b, sizeof b, "%5ld", static_cast<long>(confused(i, k))), s += b;
            }
            s += '\n';
        }
        return s;
    }

  private:
    void check_counted() const {
        if (confusion.empty() && classes > 0)
            fail_with<>("evaluate keeps no confusion matrix of more than 1024 classes, here are %d; `predicted` has what each sample was taken for", classes);
        if (confusion.empty()) fail_with<>("a confusion matrix is of a classifier's evaluation");
    }
};

}  // namespace etta
