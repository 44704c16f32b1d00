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

// What load() lets pass. All of it is an error unless it is said here.
struct LoadOptions {
    bool missing = false;     // parameters and states that the file lacks keep their values
    bool unexpected = false;  // tensors of the file that the model lacks are left alone
    bool mismatched = false;  // tensors of another shape are left alone
    bool convert = false;     // element types may differ: double, float, float16, bfloat16, integers
    std::vector<Rename> rename = {};          // the first whose `from` fits a name of the file counts
    std::vector<std::string> transpose = {};  // patterns of the model's names ("fc*.weight"): the file has these as Keras and Flax
                                              // do, [in, out] or [kernel…, in, out], not [out, in, kernel…]
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

// Axis k of what the model has is axis model_axis(k) of what the file has: the last two come first, swapped.
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
template <class T, class Host>
void put_elements(const named_tensor& from, bool transposed, const named_tensor& to) {
    T* const out = reinterpret_cast<T*>(const_cast<std::byte*>(to.data));
    if (!transposed) {
        if (from.type == to.type) __builtin_memmove(out, from.data, from.bytes);
        else copy_elements<T, Host>(from, out);
    } else if (to.count() > 0) {
        std::vector<T> elements(static_cast<std::size_t>(from.count()));
        copy_elements<T, Host>(from, elements.data());
        copy_permuted(elements.data(), from.shape, out);
    }
}
template <class T>
bool takes(const named_tensor& t) { return converts_to<T>(t); }

// Tensors of a file into a model's, where every check comes before the first change.
template <class Host>
LoadReport load_tensors(const std::string& path, const std::vector<named_tensor>& file, const std::vector<named_tensor>& mine, const LoadOptions& o) {
    LoadReport report;
    std::vector<std::string> names;  // of the file's, as the model has them
    std::vector<std::size_t> order, from(mine.size());
    std::vector<char> used(file.size()), transposed(mine.size()), pattern_used(o.transpose.size());
    for (const named_tensor& t : file) order.push_back(names.size()), names.push_back(renamed<Host>(t.name, o.rename, path));
    sort(order.data(), order.size(), [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
    for (std::size_t i = 1; i < order.size(); ++i)
        if (names[order[i]] == names[order[i - 1]])
            fail<>(path + ": tensors '" + file[order[i - 1]].name + "' and '" + file[order[i]].name + "' would both be '" + names[order[i]] + "'");
    const auto type_text = [](const named_tensor& t) { return t.type == dtype::none ? t.stored : std::string(name_of(t.type)); };
    for (std::size_t i = 0; i < mine.size(); ++i) {
        const named_tensor& p = mine[i];
        const std::size_t at = lower_bound(order.data(), order.size(), p.name, [&](std::size_t k, const std::string& key) { return names[k] < key; });
        from[i] = file.size();
        for (std::size_t k = 0; k < o.transpose.size(); ++k)
            if (pattern_matches(o.transpose[k], p.name)) pattern_used[k] = 1, transposed[i] = p.shape.size() >= 2;
        if (at == order.size() || names[order[at]] != p.name) {
            if (!o.missing) fail<>(path + ": there is no tensor '" + p.name + "', which the model needs");
            report.missing.push_back(p.name);
            continue;
        }
        const named_tensor& t = file[order[at]];
        used[order[at]] = 1;
        const std::string who = "'" + t.name + "'" + (t.name != p.name ? ", here '" + p.name + "'," : std::string());
        bool fits = t.shape.size() == p.shape.size();
        for (std::size_t k = 0; fits && k < p.shape.size(); ++k) fits = p.shape[k] == t.shape[transposed[i] ? file_axis(p.shape.size(), k) : k];
        if (!fits) {
            const std::string shapes = shape_text(t.shape) + ", the model's is " + shape_text(p.shape) + (transposed[i] ? " before it is transposed" : "");
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
        if (transposed[i]) report.transposed.push_back(p.name);
    }
    for (std::size_t k = 0; k < file.size(); ++k) {
        if (used[k]) continue;
        if (!o.unexpected) fail<>(path + ": tensor '" + file[k].name + "' is not a parameter of the model");
        report.unexpected.push_back(file[k].name);
    }
    for (std::size_t k = 0; k < o.transpose.size(); ++k)
        if (!pattern_used[k]) fail<>(path + ": transpose: no parameter of the model fits '" + o.transpose[k] + "'");
    if (report.loaded.empty() && !mine.empty()) fail<>(path + ": none of its " + std::to_string(file.size()) + " tensors is one of the model's; see LoadOptions::rename");
    for (std::size_t i = 0; i < mine.size(); ++i) {
        if (from[i] == file.size()) continue;
        if (mine[i].type == dtype::f32) put_elements<float, Host>(file[from[i]], transposed[i], mine[i]);
        else if (mine[i].type == dtype::f64) put_elements<double, Host>(file[from[i]], transposed[i], mine[i]);
        else put_elements<std::int64_t, Host>(file[from[i]], transposed[i], mine[i]);
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
