// join.hpp: several data sets as one whose samples are theirs, one behind the other: what a model of several inputs is trained with.
#pragma once

#include "dataset.hpp"

namespace etta {
namespace _ {

template <class Host, class Data>  // Data: Dataset, as an argument so that only who joins compiles what is done with it
struct joining {
    std::vector<Data> parts;

    static void copy(const void* joint, index i, draw d, dtype type, void* dst) {
        for (const Data& part : static_cast<const joining*>(joint)->parts) {
            if (type == dtype::i32) part.template copy_ids<Host>(i, static_cast<std::int32_t*>(dst));
            else if (type == dtype::f64) part.template copy_x<double, Host>(i, static_cast<double*>(dst), d);
            else part.template copy_x<float, Host>(i, static_cast<float*>(dst), d);
            dst = static_cast<std::byte*>(dst) + part.x_shape().count() * size_of(type);
        }
    }
    static Data join(std::vector<Data>&& parts) {
        const Data& first = parts[0];
        index length = 0;
        dtype type = first.x_type();
        for (std::size_t k = 0; k < parts.size(); ++k) {
            const Data& part = parts[k];
            const auto which = [&] { return "data set " + std::to_string(k + 1) + " of " + std::to_string(parts.size()); };
            if (part.size() != first.size()) fail("joined: " + which() + " has " + std::to_string(part.size()) + " samples, the first " + std::to_string(first.size()));
            if (part.has_ids() != first.has_ids())
                fail("joined: the samples of " + which() + (part.has_ids() ? " are ids, those of the first are numbers" : " are numbers, those of the first are ids") +
                     ": give the ids as numbers, which an Embedding takes as well");
            if (part.x_type() != type) type = first.has_ids() ? dtype::i32 : part.x_type() == dtype::f64 || type == dtype::f64 ? dtype::f64 : dtype::f32;
            length += part.x_shape().count();
        }
        const index n = first.size(), y = first.y_shape().count();
        const auto all = static_cast<std::size_t>(n * y);
        std::vector<std::int32_t> labels(first.has_labels() ? all : 0);
        std::vector<double> targets(first.has_targets() ? all : 0), weights;
        std::vector<std::string> names;
        for (index i = 0; i < n; ++i) {
            if (first.has_labels()) first.template copy_labels<Host>(i, labels.data() + i * y);
            if (first.has_targets()) first.template copy_y<double, Host>(i, targets.data() + i * y);
            if (first.has_weights()) weights.push_back(first.template weight<Host>(i));
        }
        for (int c = 0; first.has_labels() && c < first.classes() && !first.class_name(0).empty(); ++c) names.push_back(first.class_name(c));
        Data d = Data::template make<Host>({samples(type, nullptr, n * length, {}), static_cast<std::vector<std::int32_t>&&>(labels), static_cast<std::vector<double>&&>(targets),
                                         static_cast<std::vector<std::string>&&>(names)}, {length});
        d.y_ = first.y_shape(), d.ids_ = first.has_ids(), d.classes_ = first.has_labels() ? first.classes() : 0;
        if (first.has_weights()) d = d.template weighted<Host>(static_cast<std::vector<double>&&>(weights));
        d.parts_ = shared_object::of(joining{static_cast<std::vector<Data>&&>(parts)});
        d.copy_parts_ = &copy;
        return d;
    }
};

}  // namespace _

// Samples of several data sets as one: sample i's x is all of theirs, one behind the other, its y, weight and classes are those of the
// first. As many samples in each; all numbers or all ids. A view: x is scaled and transformed as each data set says whenever a sample
// is copied; of y there is a copy.
template <class Host = _::this_host, class... More>
    requires(std::is_same_v<More, Dataset> && ...)
Dataset joined(const Dataset& first, const Dataset& second, const More&... more) {
    return _::joining<Host, Dataset>::join({first, second, more...});
}

}  // namespace etta
