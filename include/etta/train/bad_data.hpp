// bad_data.hpp: finds the number in a batch that is not finite, for the error about a loss that is not; and labels that are no
// classes. Run only then, and as little code as that takes.
#pragma once

#include "../data/loader.hpp"

namespace etta::_ {

// Fails if one of the n numbers x, `size` to a sample, is not finite. part: of what they are; loader: fit()'s, or none.
template <class T>
ETTA_COLD void refuse_bad(const T* x, index n, index size, const char* part, const char* what, const char* which, long step, const Batches* loader) {
    index i = 0;
    while (i < n && x[i] - x[i] == 0) ++i;
    if (i == n) return;
    char where[50] = "";
    const index sample = loader != nullptr ? loader->sample_of(i / size) : -1;
    if (sample >= 0) std::snprintf(where, sizeof where, " (sample %lld of the data)", static_cast<long long>(sample));
    fail_with<this_target>("the %s is %s at step %ld: the parameters were not updated: element %lld of the %s of sample %lld of the batch%s is not finite",
                           what, which, step, static_cast<long long>(i % size), part, static_cast<long long>(i / size), where);
}

// Of labels of which some are none of the model's classes, names the first.
ETTA_COLD inline void refuse_classes(const Dataset& d, index classes) {
    std::string where;
    for (index i = 0; d.y_shape().rank == 0 && i < d.size() && where.empty(); ++i)
        if (d.label(i) >= classes) where = " (sample " + std::to_string(i) + " has label " + std::to_string(d.label(i)) + ")";
    fail<this_target>("the data has " + std::to_string(d.classes()) + " classes" + where + ", the model " + std::to_string(classes) + " outputs");
}

// Fails if a sample has a negative label, and the loss does not ignore it.
ETTA_COLD inline void check_labelled(const Dataset& d, std::int64_t ignored) {
    std::vector<std::int32_t> labels(static_cast<std::size_t>(d.y_shape().count()));
    for (index i = 0; i < d.size(); ++i) {
        d.copy_labels(i, labels.data());
        for (const std::int32_t label : labels)
            if (label < 0 && label != ignored)
                fail_with<this_target>("sample %lld of the data has label %d, which is no class; on_labels<%d>(loss) ignores it", static_cast<long long>(i), label, label);
    }
}

// Of a loss of one label for each row of logits.
ETTA_COLD inline void check_classes(const Dataset& d, index classes, std::int64_t ignored) {
    if (d.classes() > classes) refuse_classes(d, classes);
    if (d.unlabelled()) check_labelled(d, ignored);
}
// The same of a loss that looks at a sample's labels itself.
template <class Loss>
ETTA_COLD void check_lists(const Dataset& d, index classes) {
    std::vector<std::int32_t> labels(static_cast<std::size_t>(d.y_shape().count()));
    for (index i = 0; i < d.size(); ++i) {
        d.copy_labels(i, labels.data());
        Loss::check_labels(labels.data(), 1, classes, i);
    }
}

}  // namespace etta::_
