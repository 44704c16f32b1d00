// files.hpp: more files as data sets: NumPy's arrays, CIFAR-10 and CIFAR-100 in their binary form, PGM and PPM pictures.
#pragma once

#include "../io/netpbm.hpp"
#include "../io/npy.hpp"
#include "dataset.hpp"

namespace etta {

namespace _ {

// The first extent counts the samples.
template <class Host>
samples npy_samples(const npy_array& a, const std::string& path, dims& shape) {
    const named_tensor& t = a.tensor;
    if (t.shape.empty() || t.shape.size() > dims::max + 1)
        fail_in_file<Host>(path, "samples have rank 1 to " + std::to_string(dims::max + 1) + ", these have " + std::to_string(t.shape.size()));
    shape = dims(std::span<const index>(t.shape).subspan(1));
    if (!shape.valid()) fail_in_file<Host>(path, "no sample has shape " + shape.text());
    if (t.type == dtype::u8) return samples(a.values<std::uint8_t, Host>());
    if (t.type == dtype::f64) return samples(a.values<double, Host>());
    if (t.type != dtype::i32 && t.type != dtype::i64) return samples(a.values<float, Host>());
    std::vector<std::int32_t> ids;
    for (const std::int64_t id : a.values<std::int64_t, Host>()) {
        if (id < 0 || id > 0x7FFFFFFF)
            fail_in_file<Host>(path, "integers are ids, and " + std::to_string(id) + " is none: numbers are stored as floats or bytes");
        ids.push_back(static_cast<std::int32_t>(id));
    }
    return samples(static_cast<std::vector<std::int32_t>&&>(ids));
}

// n samples of this shape, and an array of labels or targets.
template <class Host>
Dataset npy_labelled(samples&& s, const dims& shape, index n, const std::string& x_path, const npy_array& y, const std::string& y_path, int classes) {
    const named_tensor& t = y.tensor;
    if (t.shape.empty() || t.shape[0] != n)
        fail_in_file<Host>(x_path, std::to_string(n) + " samples, and " +
                                       (t.shape.empty() ? "one number" : std::to_string(t.shape[0])) + " in '" + y_path + "'");
    if (is_floating(t.type) || t.stored == "F16")
        return Dataset::from<Host>(static_cast<samples&&>(s), shape, y.values<double, Host>(), dims(std::span<const index>(t.shape).subspan(1)));
    if (!one_each(t.shape)) fail_in_file<Host>(y_path, "labels have rank 1, these have " + std::to_string(t.shape.size()));
    std::vector<std::int32_t> labels;
    for (const double l : y.values<double, Host>()) {
        if (!(l >= 0 && l < (classes > 0 ? classes : 1e6))) fail_in_file<Host>(y_path, std::to_string(l) + " at place " + std::to_string(labels.size()) + " is no class");
        labels.push_back(static_cast<std::int32_t>(l));
    }
    return Dataset::from<Host>(static_cast<samples&&>(s), shape, static_cast<std::vector<std::int32_t>&&>(labels), classes);
}
template <class Host>
Dataset npy_dataset(const npy_array& x, const std::string& x_path, const npy_array& y, const std::string& y_path, int classes) {
    dims shape;
    samples s = npy_samples<Host>(x, x_path, shape);
    return npy_labelled<Host>(static_cast<samples&&>(s), shape, x.tensor.shape[0], x_path, y, y_path, classes);
}

}  // namespace _

// Arrays as samples: the first extent counts them. x: floats or bytes stay what they are; int32 and int64 are ids; other types become
// float. y, if there is one: integers [n] or [n, 1] are labels (classes = 0: largest + 1), floats [n, …] are targets.
template <class Host = _::this_host>
Dataset load_npy(const std::string& x_path) {
    dims shape;
    samples x = _::npy_samples<Host>(read_npy<Host>(x_path), x_path, shape);
    return Dataset::from<Host>(static_cast<samples&&>(x), shape);
}
template <class Host = _::this_host>
Dataset load_npy(const std::string& x_path, const std::string& y_path, int classes = 0) {
    return _::npy_dataset<Host>(read_npy<Host>(x_path), x_path, read_npy<Host>(y_path), y_path, classes);
}
// Two arrays of one NPZ file: load_npz("mnist.npz", "x_train", "y_train").
template <class Host = _::this_host>
Dataset load_npz(const std::string& path, const std::string& x, const std::string& y, int classes = 0) {
    const npz_file file = read_npz<Host>(path);
    const auto get = [&](const std::string& name) -> const npy_array& {
        const npy_array* const a = file.find(name);
        std::string names;
        for (const npy_array& other : file.arrays) names += " '" + other.tensor.name + "'";
        if (a == nullptr) _::fail_in_file<Host>(path, "there is no array '" + name + "'; there are" + (names.empty() ? " none" : names));
        return *a;
    };
    return _::npy_dataset<Host>(get(x), path + ": " + x, get(y), path + ": " + y, classes);
}

namespace _ {

// Records of `label_bytes` labels, of which one counts, and 3 x 32 x 32 bytes.
template <class Host>
Dataset load_cifar(std::span<const std::string> paths, std::size_t label_bytes, std::size_t label, int classes, std::vector<std::string> names) {
    constexpr std::size_t pixels = 3 * 32 * 32;
    std::vector<std::uint8_t> x;
    std::vector<std::int32_t> labels;
    for (const std::string& path : paths) {
        const file_bytes file = read_file_or_gzip<Host>(path);
        const std::size_t record = label_bytes + pixels, n = file.size() / record;
        if (n == 0 || file.size() % record != 0)
            fail_in_file<Host>(path, std::to_string(file.size()) + " bytes are not a whole number of records of " + std::to_string(record));
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(file.data());
        for (std::size_t i = 0; i < n; ++i) {
            labels.push_back(bytes[i * record + label]);
            if (labels.back() >= classes)
                fail_in_file<Host>(path, "record " + std::to_string(i) + " has label " + std::to_string(labels.back()) +
                                             ", expected 0 .. " + std::to_string(classes - 1));
            x.insert(x.end(), bytes + i * record + label_bytes, bytes + (i + 1) * record);
        }
    }
    return Dataset::from<Host>(static_cast<std::vector<std::uint8_t>&&>(x), {3, 32, 32}, static_cast<std::vector<std::int32_t>&&>(labels), classes,
                               static_cast<std::vector<std::string>&&>(names));
}

}  // namespace _

// CIFAR-10's binary version, one file after another, plain or gzip: load_cifar10({{"data_batch_1.bin", …, "data_batch_5.bin"}}).
// Samples [3, 32, 32], bytes 0..255 until they are copied; see Dataset::scaled.
template <class Host = _::this_host>
Dataset load_cifar10(const std::vector<std::string>& paths) {
    return _::load_cifar<Host>(paths, 1, 0, 10, {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"});
}
// CIFAR-100's: "train.bin", "test.bin"; with its 100 fine classes, or its 20 coarse ones.
template <class Host = _::this_host>
Dataset load_cifar100(const std::vector<std::string>& paths, bool coarse = false) {
    return _::load_cifar<Host>(paths, 2, coarse ? 0 : 1, coarse ? 20 : 100, {});
}

// PGM and PPM pictures of one size, with a label each, or none: samples [channels, height, width]; bytes where no value is above 255,
// else floats. Values are as stored: scale them by 1 / maximum.
template <class Host = _::this_host>
Dataset load_pictures(const std::vector<std::string>& paths, std::vector<std::int32_t> labels = {}, int classes = 0) {
    std::vector<float> x;
    picture first;
    bool bytes = true;
    for (const std::string& path : paths) {
        picture p = read_netpbm<Host>(path);
        bytes = bytes && p.maximum <= 255;
        x.insert(x.end(), p.values.begin(), p.values.end());
        if (first.channels == 0) first = static_cast<picture&&>(p);
        else if (p.channels != first.channels || p.height != first.height || p.width != first.width || p.maximum != first.maximum)
            _::fail_in_file<Host>(path, "is another size, or has other colours or another largest value, than '" + paths[0] + "'");
    }
    if (paths.empty()) fail("load_pictures: there are no files");
    const dims shape{first.channels, first.height, first.width};
    samples s = bytes ? samples(std::vector<std::uint8_t>(x.begin(), x.end())) : samples(static_cast<std::vector<float>&&>(x));
    if (labels.empty()) return Dataset::from<Host>(static_cast<samples&&>(s), shape);
    return Dataset::from<Host>(static_cast<samples&&>(s), shape, static_cast<std::vector<std::int32_t>&&>(labels), classes);
}

}  // namespace etta
