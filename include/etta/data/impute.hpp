// impute.hpp: numbers for those that are missing, which are NaN: SimpleImputer, fitted on the training part, applied to all parts, as
// scikit-learn's.
//
//     const auto imputer = etta::SimpleImputer{.strategy = etta::impute::median}.fit(train);
//     trainer.fit(imputer.transform(train), {.validation = imputer.transform(test)});
#pragma once

#include "scale.hpp"

namespace etta {

enum class impute : std::uint8_t { mean, median, most_frequent, constant };

namespace _ {

// A view of a data set whose samples are copied as it says, and then have a number wherever one is missing.
template <class Host, class Data>
struct imputing {
    Data stored;  // as the data set, in the order of the storage
    std::vector<double> values;

    template <class T>
    static void fill(T* x, index n, const std::vector<double>& values) {
        for (index k = 0; k < n; ++k)
            if (x[k] != x[k]) x[k] = static_cast<T>(values[static_cast<std::size_t>(k) % values.size()]);
    }
    static void copy(const void* self, index i, draw d, dtype type, void* dst) {
        const auto& of = *static_cast<const imputing*>(self);
        const auto through = [&]<class T>(T* x) {
            of.stored.template copy_x<T, Host>(i, x, d);
            fill(x, of.stored.x_shape().count(), of.values);
        };
        if (type == dtype::f64) through(static_cast<double*>(dst));
        else through(static_cast<float*>(dst));
    }
    static Data view(const Data& data, const std::vector<double>& values) {
        if (data.size() == 0) return data;
        Data d = data, stored = data;
        stored.size_ = data.source_->x.count / (data.stages_ ? (*data.stages_)[0].shape : data.x_).count();
        stored.order_ = shared<std::vector<index>>(), stored.weights_ = shared<std::vector<double>>();
        d.parts_ = shared_object::of(imputing{static_cast<Data&&>(stored), values});
        d.copy_parts_ = &copy;
        d.scale_ = 1, d.offset_ = 0;
        d.each_ = shared<affine>(), d.stages_ = shared<std::vector<stage>>();
        return d;
    }
};

}  // namespace _

// What fitting gives, and what a program stores to fill gaps the same way later: a number for each element of a sample.
struct Imputer {
    std::vector<double> values;

    // A view of the data set, with its labels, targets and weights. Fails if its samples have another number of elements.
    template <class Host = _::this_host>
    Dataset transform(const Dataset& data) const {
        const index n = data.x_shape().count();
        check<Host>(n, n == static_cast<index>(values.size()));
        if (data.has_ids()) fail("SimpleImputer: ids are never missing");
        return _::imputing<Host, Dataset>::view(data, values);
    }
    // Whole samples in place, one after another: a vector, a span or a tensor of float or double.
    template <class Host = _::this_host, class X>
        requires requires(X& x) { x.data()[0] = 0; }
    void transform(X&& x) const {
        const auto n = static_cast<index>(x.size()), width = static_cast<index>(values.size());
        check<Host>(n, n > 0 && width > 0 && n % width == 0);
        _::imputing<Host, Dataset>::fill(x.data(), n, values);
    }

  private:
    template <class Host>
    void check(index n, bool fits) const {
        if (values.empty()) fail("this imputer was not fitted");
        if (!fits) fail("an imputer of " + std::to_string(values.size()) + " elements, and " + std::to_string(n) + " numbers");
    }
};

// For each element of a sample, over the samples in which it is not NaN: its mean, its median, its most frequent value (of several, the
// smallest), or, for all of them, fill_value. Weights of samples do not count here, as in scikit-learn, but those of weight 0 are passed
// over. Fails, but for a constant, where an element is NaN in all samples; and at infinite ones.
struct SimpleImputer {
    impute strategy = impute::mean;
    double fill_value = 0;
    template <class Host = _::this_host>
    Imputer fit(const Dataset& data) const {
        Imputer r;
        if (strategy == impute::constant) {
            if (!(__builtin_fabs(fill_value) < __builtin_huge_val())) fail("SimpleImputer: fill_value is " + std::to_string(fill_value));
            r.values.assign(static_cast<std::size_t>(data.x_shape().count()), fill_value);
            return r;
        }
        _::each_sorted_column<Host>(data, "SimpleImputer", [&](std::span<const double> x, std::size_t) {
            double value = 0;
            if (strategy == impute::median) {
                value = _::quantile_of(x, 0.5);
            } else if (strategy == impute::mean) {
                for (std::size_t i = 0; i < x.size(); ++i) value += (x[i] - value) / static_cast<double>(i + 1);
            } else {
                std::size_t most = 0;
                for (std::size_t i = 0, first = 0; i < x.size(); ++i) {
                    if (x[i] != x[first]) first = i;
                    if (i - first + 1 > most) most = i - first + 1, value = x[i];
                }
            }
            r.values.push_back(value);
        });
        return r;
    }
};

}  // namespace etta
