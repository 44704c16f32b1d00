// save.hpp: a model's weights in safetensors files, under PyTorch's names and in its layouts, so that either side reads
// the other's. Loading checks everything first: a file that does not fit leaves the model as it was.
#pragma once

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

// Writes every parameter and state, atomically: an error (a full disk, a path that cannot be written) leaves the old file.
template <class M>
void save(M& model, const std::string& path) {
    write_safetensors(path, _::tensors_of(model));
}

// Reads every parameter and state by name. Missing, unexpected, or of another shape or dtype: an error naming the file and
// the tensor, and the model is untouched.
template <class M>
void load(M& model, const std::string& path) {
    const safetensors_file file = safetensors_file::open(path);
    const std::vector<named_tensor> mine = _::tensors_of(model);
    for (const named_tensor& p : mine) {
        const named_tensor* const t = file.find(p.name);
        if (t == nullptr) fail<>(path + ": there is no tensor '" + p.name + "', which the model needs");
        if (t->shape != p.shape) fail<>(path + ": tensor '" + t->name + "' has shape " + _::shape_text(t->shape) + ", the model's is " + _::shape_text(p.shape));
        if (t->type != p.type) fail<>(path + ": tensor '" + t->name + "' is " + std::string(name_of(t->type)) + ", the model's is " + std::string(name_of(p.type)));
    }
    for (const named_tensor& t : file.tensors()) {
        bool known = false;
        for (std::size_t i = 0; i < mine.size() && !known; ++i) known = mine[i].name == t.name;
        if (!known) fail<>(path + ": tensor '" + t.name + "' is not a parameter of the model");
    }
    for (const named_tensor& p : mine) __builtin_memcpy(const_cast<std::byte*>(p.data), file.find(p.name)->data, p.bytes);
}

}  // namespace etta
