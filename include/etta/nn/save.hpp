// save.hpp: a model's weights in files, safetensors or NPZ, under PyTorch's names and in its layouts, so that either side reads
// the other's. Loading checks everything first: a file that does not fit leaves the model as it was.
#pragma once

#include "../io/npy.hpp"
#include "../io/safetensors.hpp"
#include "model.hpp"

namespace etta {

namespace _ {
// Everything that is saved, as it lies in memory: parameters, then state.
template <class M>
std::vector<named_tensor> tensors_of(M& model) {
    std::vector<named_tensor> r;
    const auto add = [&r](std::string_view name, dtype type, const shape& extents, const void* data, index size) {
        std::vector<index> s;
        for (int i = 0; i < extents.rank; ++i) s.push_back(static_cast<index>(extents.at[i].code));
        r.push_back({std::string(name), type, static_cast<std::vector<index>&&>(s), static_cast<const std::byte*>(data), static_cast<std::size_t>(size * size_of(type))});
    };
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        add(p.name, dtype_of<typename M::element>, *p.extents, p.data, p.size);
    }
    for (int i = 0; i < M::n_states; ++i) {
        const named_state p = model.state(i);
        add(p.name, p.type, *p.extents, p.data, p.size);
    }
    return r;
}
// Elements that lie as M's parameters do, as one named tensor for each.
template <class M, class T>
void append_like_parameters(std::vector<named_tensor>& to, const std::string& prefix, const T* data) {
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = parameter_of<typename M::facts>(data, i);
        std::vector<index> s;
        for (int k = 0; k < p.extents->rank; ++k) s.push_back(static_cast<index>(p.extents->at[k].code));
        to.push_back({prefix + std::string(p.name), dtype_of<T>, static_cast<std::vector<index>&&>(s), reinterpret_cast<const std::byte*>(p.data), static_cast<std::size_t>(p.size) * sizeof(T)});
    }
}
}  // namespace _

// A name of the file, and what it is called in the model: {"module.*", "*"} takes a prefix away, {"*.gamma", "*.weight"} puts another
// ending. The k-th '*' of `to` stands for what the k-th of `from` stood for.
struct Rename {
    std::string from, to;
};

// A weight [out, C H W] behind a Flatten, and what a sample is before it where the file comes from: {"fc.weight", {H, W, C}}.
struct Flattened {
    std::string name;  // a pattern of the model's names
    std::vector<index> extents;
};

// What load() lets pass. All of it is an error unless it is said here.
struct LoadOptions {
    bool missing = false;     // parameters and states that the file lacks keep their values
    bool unexpected = false;  // tensors of the file that the model lacks are left alone
    bool mismatched = false;  // tensors of another shape are left alone
    bool convert = false;     // element types may differ: double, float, float16, bfloat16, integers
    std::vector<Rename> rename = {};          // the first whose `from` fits a name of the file counts
    std::vector<std::string> transpose = {};  // patterns of the model's names ("fc*.weight"): the file has these as Keras and Flax
                                              // do, [in, out], [kernel…, in, out] or, depthwise, [kernel…, in, multiplier]
    bool keras = false;                       // the file has Keras' variables by their paths: names (kernel, gamma), layouts and gates
                                              // become PyTorch's before `rename`, whose rules are then {"dense_1/*", "fc.*"}
    std::vector<Flattened> flattened = {};    // weights whose inputs have the channels last in the file; they are transposed too
};

// What load() did, by the model's names; `unexpected` by the file's.
struct LoadReport {
    std::vector<std::string> loaded, missing, unexpected;
    std::vector<std::string> mismatched;  // with both shapes
    std::vector<std::string> converted, transposed;

    // Has everything in the model come from the file, and everything in the file gone to the model?
    bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
    template <class Host = _::this_host>
    std::string text() const {
        std::string s = std::to_string(loaded.size()) + " tensors loaded\n";
        const auto list = [&](const char* what, const std::vector<std::string>& names) {
            if (names.empty()) return;
            s += what;
            for (std::size_t i = 0; i < names.size(); ++i) s += (i ? ", " : "") + names[i];
            s += '\n';
        };
        list("missing: ", missing), list("unexpected: ", unexpected), list("of another shape: ", mismatched);
        list("converted: ", converted), list("transposed: ", transposed);
        return s;
    }
};

namespace _ {

inline bool is_npz(const std::string& path) { return path.size() > 4 && path.compare(path.size() - 4, 4, ".npz") == 0; }

// A file of named tensors that was read; `tensors` are views of it.
template <class Host>
struct tensor_file {
    safetensors_file weights;
    npz_file arrays;
    std::vector<named_tensor> tensors;
    static tensor_file open(const std::string& path) {
        tensor_file f;
        if (is_npz(path)) {
            f.arrays = read_npz<Host>(path);
            for (const npy_array& a : f.arrays.arrays) f.tensors.push_back(a.tensor);
        } else {
            f.weights = safetensors_file::open<Host>(path);
            for (const named_tensor& t : f.weights.tensors()) f.tensors.push_back(t);
        }
        return f;
    }
};

// What the pattern's stars stand for in the name; false if it does not fit.
template <class Host>
bool captured(std::string_view pattern, std::string_view name, std::vector<std::string_view>& stars) {
    const std::size_t star = pattern.find('*');
    if (star == pattern.npos) return pattern == name;
    if (name.substr(0, star) != pattern.substr(0, star)) return false;
    const std::size_t before = stars.size();
    for (std::size_t n = 0; star + n <= name.size(); ++n) {
        stars.push_back(name.substr(star, n));
        if (captured<Host>(pattern.substr(star + 1), name.substr(star + n), stars)) return true;
        stars.resize(before);
    }
    return false;
}
template <class Host>
std::string renamed(const std::string& name, const std::vector<Rename>& rules, const std::string& path) {
    for (const Rename& r : rules) {
        std::vector<std::string_view> stars;
        if (!captured<Host>(r.from, name, stars)) continue;
        std::string s;
        std::size_t k = 0;
        for (const char c : r.to) {
            if (c != '*') s += c;
            else if (k < stars.size()) s += stars[k++];
            else fail<>(path + ": rename: '" + r.to + "' has more '*' than '" + r.from + "'");
        }
        return s;
    }
    return name;
}

// A tensor of a file on its way into a model.
struct arriving_tensor {
    named_tensor tensor;
    std::string name;     // the model's
    bool kernel = false;  // its last axes are [in, out]
    bool gru = false;     // gates in the order update, reset, new
};

// A file that Keras' variables were saved to by their paths, "dense/kernel", with PyTorch's names behind the last '/'. What has a
// recurrent_kernel beside it is a recurrent layer's. zeros: for the second bias of those that have one only.
template <class Host>
std::vector<arriving_tensor> from_keras(const std::string& path, const std::vector<named_tensor>& file, std::vector<std::byte>& zeros) {
    struct translation {
        std::string_view keras, torch;
    };
    constexpr translation names[] = {{"kernel", "weight"}, {"recurrent_kernel", "weight_hh"}, {"depthwise_kernel", "depthwise.weight"}, {"pointwise_kernel", "pointwise.weight"}, {"gamma", "weight"},
                                     {"beta", "bias"}, {"moving_mean", "running_mean"}, {"moving_variance", "running_var"}, {"embeddings", "weight"}};
    std::vector<arriving_tensor> r;
    for (const named_tensor& t : file)
        if (zeros.size() < t.bytes && t.name.find("bias") != t.name.npos) zeros.resize(t.bytes);
    for (const named_tensor& t : file) {
        const std::size_t end = t.name.size() > 2 && t.name.compare(t.name.size() - 2, 2, ":0") == 0 ? t.name.size() - 2 : t.name.size();
        const std::size_t slash = t.name.find_last_of("/."), begin = slash == t.name.npos ? 0 : slash + 1;
        const std::string layer = t.name.substr(0, begin), last = t.name.substr(begin, end - begin);
        const auto beside = [&](const char* name) {
            const named_tensor* found = nullptr;
            for (const named_tensor& k : file)
                if (k.name.compare(0, begin, layer) == 0 && k.name.compare(begin, k.name.npos, name + t.name.substr(end)) == 0) found = &k;
            return found;
        };
        const named_tensor* const recurrent = beside("recurrent_kernel");
        const bool separable = beside("pointwise_kernel") != nullptr;
        const bool gru = recurrent != nullptr && recurrent->shape.size() == 2 && recurrent->shape[1] % 3 == 0 && recurrent->shape[1] / 3 == recurrent->shape[0];
        arriving_tensor a{t, last};
        for (const translation& n : names)
            if (last == n.keras) a.name = n.torch, a.kernel = last.size() >= 6 && last.compare(last.size() - 6, 6, "kernel") == 0;
        if (recurrent != nullptr && last == "kernel") a.name = "weight_ih";
        if (last == "depthwise_kernel" && !separable) a.name = "weight";
        if (last == "bias" && separable) a.name = "pointwise.bias";
        a.gru = gru && (a.kernel || last == "bias"), a.name = layer + a.name;
        if (recurrent == nullptr || last != "bias") {
            r.push_back(static_cast<arriving_tensor&&>(a));
            continue;
        }
        if (gru && (t.shape.size() != 2 || t.shape[0] != 2))
            fail<>(path + ": '" + t.name + "' has shape " + shape_text(t.shape) + ": it is that of a GRU with reset_after=False, whose formula is another");
        if (gru) a.tensor.shape.erase(a.tensor.shape.begin()), a.tensor.bytes /= 2;
        arriving_tensor b = a;
        a.name = layer + "bias_ih", b.name = layer + "bias_hh", b.tensor.data = gru ? t.data + a.tensor.bytes : zeros.data();
        r.push_back(static_cast<arriving_tensor&&>(a)), r.push_back(static_cast<arriving_tensor&&>(b));
    }
    return r;
}

// Axis k of what the model has is this axis of what the file has: the last two come first, swapped.
inline std::size_t file_axis(std::size_t rank, std::size_t k) { return k < 2 ? rank - 1 - k : k - 2; }
template <class T>
void copy_permuted(const T* from, const std::vector<index>& shape, T* to) {  // shape: the file's
    const std::size_t rank = shape.size();
    std::vector<std::size_t> stride(rank, 1), at(rank, 0);
    for (std::size_t k = rank - 1; k-- > 0;) stride[k] = stride[k + 1] * static_cast<std::size_t>(shape[k + 1]);
    std::size_t n = 1, i = 0;
    for (const index e : shape) n *= static_cast<std::size_t>(e);
    for (std::size_t done = 0; done < n; ++done) {
        to[done] = from[i];
        for (std::size_t k = rank; k-- > 0;) {
            const std::size_t a = file_axis(rank, k);
            i += stride[a];
            if (++at[k] < static_cast<std::size_t>(shape[a])) break;
            i -= stride[a] * at[k], at[k] = 0;
        }
    }
}
// The file's extents such that the model's are these with the axes permuted. Depthwise: [kernel…, in, multiplier], and the model has
// [in * multiplier, 1, kernel…]; behind a Flatten: [H * W * C, out].
template <class Host>
std::vector<index> permuted_from(std::vector<index> file, const std::vector<index>& model, const std::vector<index>* sample) {
    const std::size_t n = file.size();
    if (sample != nullptr && n == 2) {
        std::vector<index> s = *sample;
        s.push_back(file[1]);
        return s;
    }
    if (n < 3 || model.size() != n || model[1] != 1 || file[n - 2] < 1 || model[0] % file[n - 2] != 0 || model[0] / file[n - 2] != file[n - 1]) return file;
    file[n - 1] = model[0], file[n - 2] = 1;
    return file;
}
// Is a sample of so many elements?
template <class Host>
bool has_elements(const std::vector<index>& sample, index n) {
    for (const index e : sample) {
        if (e < 1 || n % e != 0) return false;
        n /= e;
    }
    return n == 1;
}
template <class T, class Host>
void put_elements(const named_tensor& from, const std::vector<index>& permuted, const named_tensor& to) {  // permuted: empty if as it is
    T* const out = reinterpret_cast<T*>(const_cast<std::byte*>(to.data));
    if (permuted.empty()) {
        if (from.type == to.type) __builtin_memmove(out, from.data, from.bytes);
        else copy_elements<T, Host>(from, out);
    } else if (to.count() > 0) {
        std::vector<T> elements(static_cast<std::size_t>(from.count()));
        copy_elements<T, Host>(from, elements.data());
        copy_permuted(elements.data(), permuted, out);
    }
}
// Update, reset, new -> reset, update, new: blocks of the first axis.
template <class Host>
void swap_gates(const named_tensor& t) {
    std::byte* const a = const_cast<std::byte*>(t.data);
    for (std::size_t i = 0; i < t.bytes / 3; ++i) {
        const std::byte x = a[i];
        a[i] = a[i + t.bytes / 3], a[i + t.bytes / 3] = x;
    }
}
template <class T>
bool takes(const named_tensor& t) { return converts_to<T>(t); }

// Tensors of a file into a model's, where every check comes before the first change.
template <class Host>
LoadReport load_tensors(const std::string& path, const std::vector<named_tensor>& tensors, const std::vector<named_tensor>& mine, const LoadOptions& o) {
    LoadReport report;
    std::vector<std::byte> zeros;
    std::vector<arriving_tensor> file;
    if (o.keras) file = from_keras<Host>(path, tensors, zeros);
    else for (const named_tensor& t : tensors) file.push_back({t, t.name});
    std::vector<std::size_t> order, from(mine.size());
    std::vector<char> used(file.size()), pattern_used(o.transpose.size()), flattened_used(o.flattened.size());
    std::vector<std::vector<index>> permuted(mine.size());
    for (arriving_tensor& a : file) order.push_back(order.size()), a.name = renamed<Host>(a.name, o.rename, path);
    sort(order.data(), order.size(), [&](std::size_t a, std::size_t b) { return file[a].name < file[b].name; });
    for (std::size_t i = 1; i < order.size(); ++i) {
        const arriving_tensor &a = file[order[i - 1]], &b = file[order[i]];
        if (a.name == b.name) fail<>(path + ": tensors '" + a.tensor.name + "' and '" + b.tensor.name + "' would both be '" + a.name + "'");
    }
    const auto type_text = [](const named_tensor& t) { return t.type == dtype::none ? t.stored : std::string(name_of(t.type)); };
    for (std::size_t i = 0; i < mine.size(); ++i) {
        const named_tensor& p = mine[i];
        const std::size_t at = lower_bound(order.data(), order.size(), p.name, [&](std::size_t k, const std::string& key) { return file[k].name < key; });
        bool transposed = false;
        const std::vector<index>* sample = nullptr;
        from[i] = file.size();
        for (std::size_t k = 0; k < o.transpose.size(); ++k)
            if (pattern_matches(o.transpose[k], p.name)) pattern_used[k] = 1, transposed = p.shape.size() >= 2;
        for (std::size_t k = 0; k < o.flattened.size(); ++k) {
            if (p.shape.size() != 2 || !pattern_matches(o.flattened[k].name, p.name)) continue;
            flattened_used[k] = 1, transposed = true, sample = &o.flattened[k].extents;
            if (!has_elements<Host>(*sample, p.shape[1])) fail<>(path + ": flattened: '" + p.name + "' has shape " + shape_text(p.shape) + ", which does not take samples " + shape_text(*sample));
        }
        if (at == order.size() || file[order[at]].name != p.name) {
            if (!o.missing && !(o.keras && pattern_matches("*num_batches_tracked", p.name))) fail<>(path + ": there is no tensor '" + p.name + "', which the model needs");
            report.missing.push_back(p.name);
            continue;
        }
        const named_tensor& t = file[order[at]].tensor;
        transposed = transposed || (file[order[at]].kernel && p.shape.size() >= 2);
        used[order[at]] = 1;
        const std::string who = "'" + t.name + "'" + (t.name != p.name ? ", here '" + p.name + "'," : std::string());
        bool fits = t.shape.size() == p.shape.size();
        if (fits && transposed) {
            permuted[i] = permuted_from<Host>(t.shape, p.shape, nullptr);
            for (std::size_t k = 0; fits && k < p.shape.size(); ++k) fits = p.shape[k] == permuted[i][file_axis(p.shape.size(), k)];
            if (fits) permuted[i] = permuted_from<Host>(t.shape, p.shape, sample);
        } else {
            fits = fits && t.shape == p.shape;
        }
        if (!fits) {
            const std::string shapes = shape_text(t.shape) + ", the model's is " + shape_text(p.shape) + (transposed ? " before it is transposed" : "");
            if (!o.mismatched) fail<>(path + ": tensor " + who + " has shape " + shapes);
            report.mismatched.push_back(p.name + " " + shapes);
            continue;
        }
        if (t.type != p.type) {
            if (!o.convert) fail<>(path + ": tensor " + who + " is " + type_text(t) + ", the model's is " + type_text(p));
            if (!(p.type == dtype::f32 ? takes<float>(t) : p.type == dtype::f64 ? takes<double>(t) : takes<std::int64_t>(t)))
                fail<>(path + ": tensor " + who + " is " + type_text(t) + ", which does not convert to the model's " + type_text(p));
            report.converted.push_back(p.name);
        }
        from[i] = order[at];
        report.loaded.push_back(p.name);
        if (transposed) report.transposed.push_back(p.name);
    }
    for (std::size_t k = 0; k < file.size(); ++k) {
        if (used[k]) continue;
        if (!o.unexpected) fail<>(path + ": tensor '" + file[k].tensor.name + "' is not a parameter of the model");
        if (report.unexpected.empty() || report.unexpected.back() != file[k].tensor.name) report.unexpected.push_back(file[k].tensor.name);
    }
    for (std::size_t k = 0; k < o.transpose.size(); ++k)
        if (!pattern_used[k]) fail<>(path + ": transpose: no parameter of the model fits '" + o.transpose[k] + "'");
    for (std::size_t k = 0; k < o.flattened.size(); ++k)
        if (!flattened_used[k]) fail<>(path + ": flattened: no matrix of the model fits '" + o.flattened[k].name + "'");
    if (report.loaded.empty() && !mine.empty()) fail<>(path + ": none of its " + std::to_string(tensors.size()) + " tensors is one of the model's; see LoadOptions::rename");
    for (std::size_t i = 0; i < mine.size(); ++i) {
        if (from[i] == file.size()) continue;
        const arriving_tensor& a = file[from[i]];
        if (mine[i].type == dtype::f32) put_elements<float, Host>(a.tensor, permuted[i], mine[i]);
        else if (mine[i].type == dtype::f64) put_elements<double, Host>(a.tensor, permuted[i], mine[i]);
        else put_elements<std::int64_t, Host>(a.tensor, permuted[i], mine[i]);
        if (a.gru) swap_gates<Host>(mine[i]);
    }
    return report;
}

}  // namespace _

// Writes every parameter and state, atomically: an error (a full disk, a path that cannot be written) leaves the old file. A path
// that ends in ".npz" becomes NumPy's format, any other safetensors.
template <class M>
void save(M& model, const std::string& path) {
    if (_::is_npz(path)) write_npz(path, _::tensors_of(model));
    else write_safetensors(path, _::tensors_of(model));
}

// Reads every parameter and state by name. Missing, unexpected, or of another shape or dtype: an error naming the file and
// the tensor, unless the options let it pass; after an error the model is untouched. So is it an error if no tensor fits.
template <class M>
LoadReport load(M& model, const std::string& path, const LoadOptions& o = {}) {
    const auto file = _::tensor_file<_::this_host>::open(path);
    return _::load_tensors<_::this_host>(path, file.tensors, _::tensors_of(model), o);
}

}  // namespace etta
