// dataset.hpp: the one type that training and loaders take data in. A Dataset is n samples: x of one shape, and y, either a
// class label or numbers. It is a view: copies, subsets, shuffles and scaled versions share one storage and cost a few
// pointers; scaling and transforms happen when a sample is copied out, so bytes stay bytes in memory. x may be ids (integers)
// instead of numbers: those are never scaled, and come out as std::int32_t.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "../core/random.hpp"
#include "../io/file.hpp"
#include "../core/shared.hpp"
#include "dims.hpp"
#include "moments.hpp"
#include "transform.hpp"

namespace etta {

// The elements of all samples, one sample after another: moved in from a vector, or the bytes of a file.
struct samples {
    dtype type = dtype::none;
    const std::byte* data = nullptr;
    index count = 0;

    samples(std::vector<float>&& v) : f32(static_cast<std::vector<float>&&>(v)) { hold(f32); }
    samples(std::vector<double>&& v) : f64(static_cast<std::vector<double>&&>(v)) { hold(f64); }
    samples(std::vector<std::uint8_t>&& v) : u8(static_cast<std::vector<std::uint8_t>&&>(v)) { hold(u8); }
    samples(std::vector<std::int32_t>&& v) : i32(static_cast<std::vector<std::int32_t>&&>(v)) { hold(i32); }  // ids
    template <class T>
        requires(dtype_of<T> == dtype::f32 || dtype_of<T> == dtype::f64 || dtype_of<T> == dtype::u8 || dtype_of<T> == dtype::i32)
    samples(const std::vector<T>& v) : samples(std::vector<T>(v)) {}
    // uint8, from `offset` on.
    samples(file_bytes&& bytes, std::size_t offset) : file(static_cast<file_bytes&&>(bytes)) {
        type = dtype::u8;
        data = file.data() + offset;
        count = static_cast<index>(file.size() - offset);
    }
    // Memory of somebody else's, aligned for its type and kept alive by `owner`: a mapped file (mapped.hpp).
    samples(dtype type, const std::byte* data, index count, _::shared_object owner)
        : type(type), data(data), count(count), owner(static_cast<_::shared_object&&>(owner)) {}

  private:
    template <class T>
    void hold(const std::vector<T>& v) {
        type = dtype_of<T>;
        data = reinterpret_cast<const std::byte*>(v.data());
        count = static_cast<index>(v.size());
    }
    std::vector<float> f32;
    std::vector<double> f64;
    std::vector<std::uint8_t> u8;
    std::vector<std::int32_t> i32;
    file_bytes file;
    _::shared_object owner;
};

// The mean and the standard deviation of each element of a sample.
struct Moments {
    std::vector<double> mean, deviation;
};

class Dataset;

namespace _ {

template <class Host, class Data>
struct joining;
template <class Host, class Data>
struct imputing;

struct dataset_storage {
    samples x;
    std::vector<std::int32_t> labels;
    std::vector<double> targets;
    std::vector<std::string> class_names;
    bool unlabelled = false;  // a label is negative
};

struct affine {  // x * scale + offset, element by element
    std::vector<double> scale, offset;
};

struct stage {  // a view's samples, of this shape, scaled like this, through a transform
    dims shape;
    double scale, offset;
    shared<affine> each;
    Transform transform;
    etta::seed key;
    Image (*run)(const Dataset&, index, draw);  // all stages; a pointer, so that only programs that transform compile it
};

// dst[k] = src[k] * scale + offset, in the wider of the two types. One loop each, which compilers vectorise.
template <class Host, class S, class T>
void copy_scaled(const S* ETTA_RESTRICT src, T* ETTA_RESTRICT dst, index n, double scale, double offset) {
    if (scale == 1 && offset == 0) {
        for (index k = 0; k < n; ++k) dst[k] = static_cast<T>(src[k]);
    } else if constexpr (sizeof(S) == 8 || sizeof(T) == 8) {
        for (index k = 0; k < n; ++k) dst[k] = static_cast<T>(static_cast<double>(src[k]) * scale + offset);
    } else {
        const float s = static_cast<float>(scale), o = static_cast<float>(offset);
        for (index k = 0; k < n; ++k) dst[k] = static_cast<float>(src[k]) * s + o;
    }
}
template <class Host, class S, class T>
void copy_scaled(const S* ETTA_RESTRICT src, T* ETTA_RESTRICT dst, index n, const affine& a) {
    const double* ETTA_RESTRICT scale = a.scale.data();
    const double* ETTA_RESTRICT offset = a.offset.data();
    for (index k = 0; k < n; ++k) dst[k] = static_cast<T>(static_cast<double>(src[k]) * scale[k] + offset[k]);
}

}  // namespace _

class Dataset {
  public:
    Dataset() = default;  // no samples

    // Samples of shape `x_shape`, as many as `x` holds; there is no y. Fails if x's size is not a multiple.
    template <class Host = _::this_host>
    static Dataset from(samples x, const dims& x_shape) {
        return make<Host>({static_cast<samples&&>(x), {}, {}, {}}, x_shape);
    }
    // And a class for each sample, 0 .. classes-1. classes = 0: as many as there are names, else largest label + 1. A negative label is
    // none: for losses that ignore it, and refused by whatever asks for a class.
    template <class Host = _::this_host>
    static Dataset from(samples x, const dims& x_shape, std::vector<std::int32_t> labels, int classes = 0,
                        std::vector<std::string> class_names = {}) {
        const index n = static_cast<index>(labels.size()), names = static_cast<index>(class_names.size());
        std::int32_t largest = -1;
        if (classes == 0) classes = static_cast<int>(names);
        for (index i = 0; i < n; ++i) {
            const std::int32_t label = labels[static_cast<std::size_t>(i)];
            if (classes > 0 && label >= classes) fail("sample " + std::to_string(i) + " has label " + std::to_string(label) + ", expected 0 .. " + std::to_string(classes - 1));
            if (label > largest) largest = label;
        }
        if (classes == 0) classes = largest + 1;
        if (n > 0 && classes == 0) fail("all labels are negative");
        if (names != 0 && names != classes) fail("there are " + std::to_string(classes) + " classes and " + std::to_string(names) + " names for them");
        Dataset d = make<Host>({static_cast<samples&&>(x), static_cast<std::vector<std::int32_t>&&>(labels), {},
                                static_cast<std::vector<std::string>&&>(class_names)}, x_shape);
        d.classes_ = classes;
        if (n != d.size_) fail("there are " + std::to_string(d.size_) + " samples and " + std::to_string(n) + " labels");
        return d;
    }
    // And a list of labels for each sample (what is written in a picture, said in a recording), padded with -1 to `length`; 0: the
    // longest one's. For losses of such lists: CTC; or of a label for each place, where a negative one is none.
    template <class Host = _::this_host>
    static Dataset from(samples x, const dims& x_shape, const std::vector<std::vector<std::int32_t>>& labels, index length = 0, int classes = 0) {
        if (length < 0) fail("lists of " + std::to_string(length) + " labels");
        index longest = 1;
        for (const auto& list : labels) longest = static_cast<index>(list.size()) > longest ? static_cast<index>(list.size()) : longest;
        if (length == 0) length = longest;
        std::vector<std::int32_t> all(labels.size() * static_cast<std::size_t>(length), -1);
        std::int32_t largest = 0;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const auto what = [&] { return "sample " + std::to_string(i) + " has "; };
            if (static_cast<index>(labels[i].size()) > length) fail(what() + std::to_string(labels[i].size()) + " labels, expected " + std::to_string(length) + " at most");
            for (std::size_t k = 0; k < labels[i].size(); ++k) {
                const std::int32_t label = labels[i][k];
                if (classes > 0 && label >= classes)
                    fail(what() + "label " + std::to_string(label) + " in place " + std::to_string(k) + ", expected 0 .. " + std::to_string(classes - 1));
                if (label > largest) largest = label;
                all[i * static_cast<std::size_t>(length) + k] = label;
            }
        }
        Dataset d = make<Host>({static_cast<samples&&>(x), static_cast<std::vector<std::int32_t>&&>(all), {}, {}}, x_shape);
        if (static_cast<index>(labels.size()) != d.size_) fail("there are " + std::to_string(d.size_) + " samples and " + std::to_string(labels.size()) + " lists of labels");
        d.y_ = {length};
        d.classes_ = classes > 0 ? classes : largest + 1;
        return d;
    }
    // And numbers to predict, `y_shape` of them for each sample.
    template <class Host = _::this_host>
    static Dataset from(samples x, const dims& x_shape, std::vector<double> targets, const dims& y_shape = {}) {
        const index n = static_cast<index>(targets.size());
        Dataset d = make<Host>({static_cast<samples&&>(x), {}, static_cast<std::vector<double>&&>(targets), {}}, x_shape);
        if (!y_shape.valid()) fail("no target has shape " + y_shape.text());
        d.y_ = y_shape;
        if (n != d.size_ * y_shape.count())
            fail("there are " + std::to_string(d.size_) + " samples and " + std::to_string(n) + " target numbers, " +
                 std::to_string(y_shape.count()) + " per sample expected");
        return d;
    }

    template <class Host = _::this_host>
    static Dataset from(samples x, const dims& x_shape, const std::vector<float>& targets, const dims& y_shape = {}) {
        return from<Host>(static_cast<samples&&>(x), x_shape, std::vector<double>(targets.begin(), targets.end()), y_shape);
    }

    // Windows of a sequence of ids (a text's characters): sample i is ids[i stride … i stride + length), and the label of each
    // of its ids the one that follows: [length] labels per sample. Stride 1: every window; stride `length`: windows that do
    // not overlap. Ids are 0 .. classes-1; classes = 0: largest id + 1. The ids are stored once, in bytes where those do.
    template <class Host = _::this_host>
    static Dataset windows(std::vector<std::int32_t> ids, index length, index stride = 1, int classes = 0) {
        const index n = static_cast<index>(ids.size());
        if (length < 1 || stride < 1) fail("windows of " + std::to_string(length) + " ids, " + std::to_string(stride) + " apart");
        if (n <= length)
            fail("in " + std::to_string(n) + " ids there is no window of " + std::to_string(length) + " and the one that follows");
        std::int32_t largest = 0;
        for (index i = 0; i < n; ++i) {
            const std::int32_t id = ids[static_cast<std::size_t>(i)];
            if (id < 0 || (classes > 0 && id >= classes))
                fail("id " + std::to_string(id) + " at place " + std::to_string(i) + ", expected " +
                     (classes > 0 ? "0 .. " + std::to_string(classes - 1) : std::string("0 or more")));
            if (id > largest) largest = id;
        }
        if (classes == 0) classes = largest + 1;
        Dataset d;
        d.x_ = d.y_ = {length};
        d.classes_ = classes;
        d.ids_ = true;
        d.stride_ = stride;
        d.size_ = (n - 1 - length) / stride + 1;
        if (classes <= 256) d.source_ = keep({std::vector<std::uint8_t>(ids.begin(), ids.end()), {}, {}, {}});
        else d.source_ = keep({static_cast<std::vector<std::int32_t>&&>(ids), {}, {}, {}});
        return d;
    }

    index size() const { return size_; }
    const dims& x_shape() const { return x_; }
    bool has_ids() const { return ids_; }  // x are ids: copy_ids, not copy_x
    // The type x is stored in: float, double or uint8; of ids, int32 or uint8. Copying converts.
    dtype x_type() const { return source_ ? source_->x.type : dtype::none; }

    bool has_labels() const { return classes_ > 0 && smoothing_ < 0; }
    bool unlabelled() const { return source_ && source_->unlabelled; }  // are some labels negative, here or in another view?
    bool has_targets() const { return smoothing_ >= 0 || (source_ && !source_->targets.empty()); }
    bool has_weights() const { return static_cast<bool>(weights_); }
    int classes() const { return classes_; }  // 0 without labels
    const dims& y_shape() const { return y_; }  // of a sample's targets or labels; rank 0: one
    // "" where the classes have no names.
    std::string class_name(int c) const {
        return source_ && c >= 0 && static_cast<std::size_t>(c) < source_->class_names.size()
                   ? source_->class_names[static_cast<std::size_t>(c)]
                   : std::string();
    }

    // Sample i's x, x_shape().count() elements, scaled and transformed. T: float or double. What transforms draw depends on their
    // seed, on the epoch and on the place in it: without those, of epoch 0 and place i.
    template <class T, class Host = _::this_host>
    void copy_x(index i, T* dst) const {
        copy_x<T, Host>(i, dst, {0, i});
    }
    template <class T, class Host = _::this_host>
    void copy_x(index i, T* dst, draw d) const {
        i = place<Host>(i);
        if (ids_) fail("this data set's samples are ids, not numbers");
        if (!stages_) return copy_numbers<Host>(i, dst, x_.count(), scale_, offset_, each_, d);
        const Image x = (*stages_)[0].run(*this, i, d);
        copy<Host>(x.values.data(), dst, x_.count(), scale_, offset_, each_);
    }
    // Sample i's ids; fails if x are numbers.
    template <class Host = _::this_host>
    void copy_ids(index i, std::int32_t* dst) const {
        if (!ids_) fail("this data set's samples are numbers, not ids");
        if (copy_parts_ != nullptr) return copy_parts_(parts_.get(), place<Host>(i), {}, dtype::i32, dst);
        copy_stored(place<Host>(i) * stride(), dst, x_.count());
    }
    // Sample i's labels: one, or y_shape().count() of them; fails without labels.
    template <class Host = _::this_host>
    void copy_labels(index i, std::int32_t* dst) const {
        if (stride_ > 0) return copy_stored(place<Host>(i) * stride_ + 1, dst, y_.count());
        if (y_.rank == 0) return void(*dst = label<Host>(i));
        i = place<Host>(i) * y_.count();
        if (!has_labels()) fail("this data set has no labels");
        for (index k = 0; k < y_.count(); ++k) dst[k] = source_->labels[static_cast<std::size_t>(i + k)];
    }
    // Sample i's class; fails where it has none.
    template <class Host = _::this_host>
    std::int32_t class_of(index i) const {
        const std::int32_t c = label<Host>(i);
        if (c < 0) fail("sample " + std::to_string(i) + " has label " + std::to_string(c) + ", which is no class");
        return c;
    }
    // Sample i's label, negative if it has none; fails without labels, or where there are several for a sample.
    template <class Host = _::this_host>
    std::int32_t label(index i) const {
        i = place<Host>(i);
        if (!has_labels()) fail("this data set has no labels");
        if (y_.rank > 0) fail("this data set has " + std::to_string(y_.count()) + " labels for each sample");
        return source_->labels[static_cast<std::size_t>(i)];
    }
    // Sample i's targets, y_shape().count() numbers; fails without targets.
    template <class T, class Host = _::this_host>
    void copy_y(index i, T* dst) const {
        const index n = y_.count();
        i = place<Host>(i);
        if (!has_targets()) fail("this data set has no targets");
        if (smoothing_ >= 0) {
            const index label = source_->labels[static_cast<std::size_t>(i)];  // not negative: one_hot() has looked
            for (index k = 0; k < n; ++k) dst[k] = static_cast<T>(smoothing_ / static_cast<double>(n) + (k == label ? 1 - smoothing_ : 0));
            return;
        }
        i *= n;
        for (index k = 0; k < n; ++k) dst[k] = static_cast<T>(source_->targets[static_cast<std::size_t>(i + k)]);
    }

    // Sample i's weight; 1 where there are none.
    template <class Host = _::this_host>
    double weight(index i) const {
        place<Host>(i);
        return weights_ ? (*weights_)[static_cast<std::size_t>(i)] : 1;
    }

    // The same samples with a weight each, which the loss takes (Weighted<CrossEntropy>), and classical models: Keras' and scikit-learn's
    // sample_weight. Views of this one keep them. Weights are 0 or more.
    template <class Host = _::this_host>
    Dataset weighted(std::vector<double> weights) const {
        if (static_cast<index>(weights.size()) != size_)
            fail("there are " + std::to_string(size_) + " samples and " + std::to_string(weights.size()) + " weights");
        for (std::size_t i = 0; i < weights.size(); ++i)
            if (!(weights[i] >= 0 && weights[i] < __builtin_huge_val()))
                fail("sample " + std::to_string(i) + " has weight " + std::to_string(weights[i]) + ", expected 0 or more");
        Dataset d = *this;
        d.weights_ = _::shared<std::vector<double>>::of(static_cast<std::vector<double>&&>(weights));
        return d;
    }
    Dataset unweighted() const {
        Dataset d = *this;
        d.weights_ = _::shared<std::vector<double>>();
        return d;
    }
    // The sum of the weights; without weights, the number of samples.
    double weight_sum() const {
        if (!weights_) return static_cast<double>(size_);
        double sum = 0;
        for (const double w : *weights_) sum += w;
        return sum;
    }
    // Targets instead of labels: 1 for the class, 0 for the others, [classes] each; with smoothing, 1 - smoothing + smoothing / classes,
    // and smoothing / classes.
    template <class Host = _::this_host>
    Dataset one_hot(double smoothing = 0) const {
        if (!(smoothing >= 0 && smoothing <= 1)) fail("one_hot: smoothing is " + std::to_string(smoothing) + ", expected 0 .. 1");
        if (!has_labels() || y_.rank > 0) fail("one_hot: this data set has no labels, one for each sample");
        for (index i = 0; unlabelled() && i < size_; ++i) class_of<Host>(i);
        Dataset d = *this;
        d.smoothing_ = smoothing;
        d.y_ = {classes_};
        return d;
    }
    // The same samples sent through a transform whenever they are copied: the library's stand in transforms.hpp, one's own are
    // callables of (Image&) or (Image&, random_stream&). Applied once to a sample of zeros, here, to see what shape it makes.
    template <class Host = _::this_host>
    Dataset transformed(Transform t, seed s = seed(0)) const {
        if (ids_) fail("ids cannot be transformed");
        if (!t) fail("there is no transform");
        Image x{x_, std::vector<float>(static_cast<std::size_t>(x_.count()))};
        random_stream random(s, ~std::uint64_t{0});
        t(x, random);
        check_made<Host>(x);
        Dataset d = *this;
        std::vector<_::stage> stages;
        if (stages_) stages = *stages_;
        stages.push_back({x_, scale_, offset_, each_, static_cast<Transform&&>(t), s, &transformed_sample<Host>});
        d.stages_ = _::shared<std::vector<_::stage>>::of(static_cast<std::vector<_::stage>&&>(stages));
        d.scale_ = 1, d.offset_ = 0;
        d.each_ = _::shared<_::affine>();  // not {}, which clang 14 does not destroy
        d.x_ = x.shape;
        return d;
    }

    // The same samples with every x multiplied by `factor`: pixels to 0..1 by scaled(1 / 255.0).
    template <class Host = _::this_host>
    Dataset scaled(double factor) const {
        return affinely<Host>(factor, 0);
    }
    // (x - mean) / deviation. Fails unless the deviation is more than 0.
    template <class Host = _::this_host>
    Dataset normalized(double mean, double deviation) const {
        check_moments<Host>(mean, deviation, false);
        return affinely<Host>(1 / deviation, -mean / deviation);
    }
    // The same for each element, or for each channel (the first extent). An element that never varies, whose deviation is 0, becomes 0.
    template <class Host = _::this_host>
    Dataset normalized(const Moments& m) const {
        const index n = x_.count(), given = static_cast<index>(m.mean.size());
        if (ids_) fail("ids cannot be scaled");
        if (m.mean.size() != m.deviation.size() || (given != n && (x_.rank == 0 || given != x_[0])))
            fail(std::to_string(m.mean.size()) + " means and " + std::to_string(m.deviation.size()) +
                 " deviations for samples of shape " + x_.text());
        _::affine a;
        for (index k = 0; k < n; ++k) {
            const auto j = static_cast<std::size_t>(k / (n / given)), at = static_cast<std::size_t>(k);
            check_moments<Host>(m.mean[j], m.deviation[j], true);
            const double s = m.deviation[j] > 0 ? 1 / m.deviation[j] : 0;
            a.scale.push_back((each_ ? each_->scale[at] : scale_) * s);
            a.offset.push_back(((each_ ? each_->offset[at] : offset_) - m.mean[j]) * s);
        }
        Dataset d = *this;
        d.each_ = _::shared<_::affine>::of(static_cast<_::affine&&>(a));
        return d;
    }
    // Of each element over all samples, after scaling: of the training part, to normalize all parts with. Samples count by their weights.
    template <class Host = _::this_host>
    Moments moments() const {
        const auto n = static_cast<std::size_t>(x_.count());
        std::vector<_::running_moments> each(n);
        std::vector<double> x(n);
        bool some = size_ == 0;
        for (index i = 0; i < size_; ++i) {
            const double w = weight<Host>(i);
            if (w == 0) continue;
            some = true;
            copy_x<double, Host>(i, x.data());
            for (std::size_t k = 0; k < n; ++k) each[k].add(x[k], w);
        }
        if (!some) fail("moments: all weights are 0");
        Moments m;
        for (const _::running_moments& r : each) m.mean.push_back(r.mean), m.deviation.push_back(size_ > 0 ? __builtin_sqrt(r.variance()) : 0);
        return m;
    }
    // The same elements as samples of another shape.
    template <class Host = _::this_host>
    Dataset reshaped(const dims& shape) const {
        if (!shape.valid() || shape.count() != x_.count())
            fail("samples of shape " + x_.text() + " do not become " + shape.text());
        Dataset d = *this;
        d.x_ = shape;
        return d;
    }

    // Samples which[0], which[1], …, in this order, repeated if they are repeated.
    template <class Host = _::this_host>
    Dataset subset(std::span<const index> which) const {
        std::vector<index> order;
        order.reserve(which.size());
        for (const index i : which) place<Host>(i), order.push_back(i);
        return ordered(static_cast<std::vector<index>&&>(order));
    }
    // Samples first .. last-1.
    template <class Host = _::this_host>
    Dataset slice(index first, index last) const {
        if (first < 0 || last < first || last > size_)
            fail("slice " + std::to_string(first) + " .. " + std::to_string(last) + " of " + std::to_string(size_) + " samples");
        std::vector<index> order;
        order.reserve(static_cast<std::size_t>(last - first));
        for (index i = first; i < last; ++i) order.push_back(i);
        return ordered(static_cast<std::vector<index>&&>(order));
    }
    // All samples in random order.
    template <class Host = _::this_host>
    Dataset shuffled(seed s, std::uint64_t stream = 0) const {
        std::vector<index> order;
        order.reserve(static_cast<std::size_t>(size_));
        for (index i = 0; i < size_; ++i) order.push_back(i);
        shuffle(order, s, stream);
        return ordered(static_cast<std::vector<index>&&>(order));
    }

  private:
    template <class Host, class Data>
    friend struct _::joining;
    template <class Host, class Data>
    friend struct _::imputing;
    template <class Host>
    static Dataset make(_::dataset_storage&& s, const dims& x_shape) {
        if (!x_shape.valid()) fail("no sample has shape " + x_shape.text());
        if (s.x.count % x_shape.count() != 0) fail(std::to_string(s.x.count) + " elements are not a whole number of samples of shape " + x_shape.text());
        Dataset d;
        d.x_ = x_shape;
        d.size_ = s.x.count / x_shape.count();
        d.ids_ = s.x.type == dtype::i32;
        for (const std::int32_t label : s.labels) s.unlabelled = s.unlabelled || label < 0;
        d.source_ = keep(static_cast<_::dataset_storage&&>(s));
        return d;
    }
    static _::shared<_::dataset_storage> keep(_::dataset_storage&& s) { return _::shared<_::dataset_storage>::of(static_cast<_::dataset_storage&&>(s)); }
    index stride() const { return stride_ > 0 ? stride_ : x_.count(); }
    // n stored ids, from one on.
    void copy_stored(index from, std::int32_t* ETTA_RESTRICT dst, index n) const {
        if (source_->x.type == dtype::u8) {
            const auto* const src = reinterpret_cast<const std::uint8_t*>(source_->x.data) + from;
            for (index k = 0; k < n; ++k) dst[k] = src[k];
        } else {
            std::memcpy(dst, source_->x.data + from * index{sizeof(std::int32_t)}, static_cast<std::size_t>(n) * sizeof(std::int32_t));
        }
    }

    index at(index i) const { return order_ ? (*order_)[static_cast<std::size_t>(i)] : i; }
    template <class Host>
    index place(index i) const {
        if (i < 0 || i >= size_) fail("sample " + std::to_string(i) + " of " + std::to_string(size_));
        return at(i);
    }
    template <class Host, class S, class T>
    static void copy(const S* src, T* dst, index n, double scale, double offset, const _::shared<_::affine>& each) {
        if (each) _::copy_scaled<Host>(src, dst, n, *each);
        else _::copy_scaled<Host>(src, dst, n, scale, offset);
    }
    // The n numbers of stored sample i.
    template <class Host, class T>
    void copy_numbers(index i, T* dst, index n, double scale, double offset, const _::shared<_::affine>& each, draw d) const {
        if (copy_parts_ != nullptr) {
            const auto through = [&]<class U>(U) {
                std::vector<U> whole(static_cast<std::size_t>(n));
                copy_parts_(parts_.get(), i, d, dtype_of<U>, whole.data());
                return copy<Host>(whole.data(), dst, n, scale, offset, each);
            };
            if (x_type() == dtype::f64) return through(double{});  // scaled before it is rounded, as what is stored is
            return through(T{});
        }
        const std::byte* const x = source_->x.data;
        switch (x_type()) {
            case dtype::f32: return copy<Host>(reinterpret_cast<const float*>(x) + i * n, dst, n, scale, offset, each);
            case dtype::f64: return copy<Host>(reinterpret_cast<const double*>(x) + i * n, dst, n, scale, offset, each);
            default: return copy<Host>(reinterpret_cast<const std::uint8_t*>(x) + i * n, dst, n, scale, offset, each);
        }
    }
    // Stored sample i behind its last transform.
    template <class Host>
    static Image transformed_sample(const Dataset& of, index i, draw d) {
        const std::vector<_::stage>& stages = *of.stages_;
        Image x{stages[0].shape, std::vector<float>(static_cast<std::size_t>(stages[0].shape.count()))};
        for (std::size_t k = 0; k < stages.size(); ++k) {
            const _::stage& s = stages[k];
            if (k == 0) {
                of.copy_numbers<Host>(i, x.values.data(), s.shape.count(), s.scale, s.offset, s.each, d);
            } else if (s.each || s.scale != 1 || s.offset != 0) {
                x.spare.resize(x.values.size());
                copy<Host>(x.values.data(), x.spare.data(), s.shape.count(), s.scale, s.offset, s.each);
                x.values.swap(x.spare);
            }
            x.shape = s.shape;  // reshaped views
            random_stream random(s.key, _::sample_stream(d.epoch, d.place, k));
            s.transform(x, random);
            check_made<Host>(x);
            const index expected = (k + 1 < stages.size() ? stages[k + 1].shape : of.x_).count();
            if (x.shape.count() != expected)
                fail("a transform made " + x.shape.text() + " of sample " + std::to_string(d.place) + ", and " + std::to_string(expected) + " elements of others");
        }
        return x;
    }
    template <class Host>
    static void check_made(const Image& x) {
        if (!x.shape.valid() || static_cast<index>(x.values.size()) != x.shape.count())
            fail("a transform made " + std::to_string(x.values.size()) + " values of shape " + x.shape.text());
    }
    // From places in this view.
    Dataset ordered(std::vector<index>&& order) const {
        Dataset d = *this;
        d.size_ = static_cast<index>(order.size());
        if (weights_) {
            std::vector<double> w;
            for (const index i : order) w.push_back((*weights_)[static_cast<std::size_t>(i)]);
            d.weights_ = _::shared<std::vector<double>>::of(static_cast<std::vector<double>&&>(w));
        }
        for (index& i : order) i = at(i);
        d.order_ = _::shared<std::vector<index>>::of(static_cast<std::vector<index>&&>(order));
        return d;
    }
    template <class Host>
    static void check_moments(double mean, double deviation, bool or_0) {
        if (!(deviation > 0 || (or_0 && deviation == 0)) || mean - mean != 0 || deviation - deviation != 0)
            fail("normalized: mean " + std::to_string(mean) + " and deviation " + std::to_string(deviation) + ", expected numbers, the deviation " + (or_0 ? "0 or more" : "more than 0"));
    }
    template <class Host>
    Dataset affinely(double scale, double offset) const {
        if (ids_) fail("ids cannot be scaled");
        Dataset d = *this;
        d.scale_ = scale_ * scale;
        d.offset_ = offset_ * scale + offset;
        if (each_) {
            _::affine a = *each_;
            for (double& s : a.scale) s *= scale;
            for (double& o : a.offset) o = o * scale + offset;
            d.each_ = _::shared<_::affine>::of(static_cast<_::affine&&>(a));
        }
        return d;
    }

    _::shared<_::dataset_storage> source_;
    _::shared_object parts_;  // join.hpp: the data sets of which sample i is made, and how it is copied, as floats, doubles or ids
    void (*copy_parts_)(const void* parts, index i, draw d, dtype type, void* dst) = nullptr;
    _::shared<std::vector<index>> order_;  // none: as stored
    _::shared<_::affine> each_;            // none: scale_ and offset_ for all
    double scale_ = 1, offset_ = 0;
    _::shared<std::vector<_::stage>> stages_;  // before scale_, offset_ and each_
    _::shared<std::vector<double>> weights_;   // by place in this view
    double smoothing_ = -1;                    // 0 or more: one_hot
    dims x_, y_;
    index size_ = 0;
    int classes_ = 0;
    bool ids_ = false;
    index stride_ = 0;  // windows: from one to the next; 0: samples stand one after another
};

namespace _ {

// For what has no weighted counterpart: rather an error than weights that do nothing.
template <class Host>
void refuse_weights(const Dataset& data, const char* who) {
    if (data.has_weights()) fail(std::string(who) + " takes no weights of samples: fit it to data.unweighted()");
}

}  // namespace _

}  // namespace etta
