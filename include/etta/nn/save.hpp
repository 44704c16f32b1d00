// save.hpp: a model's weights in safetensors files, under PyTorch's names and in its layouts, so that either side reads
// the other's. Loading checks everything first: a file that does not fit leaves the model as it was.
#pragma once

#include "../io/safetensors.hpp"
#include "model.hpp"

namespace etta {

namespace _ {
template <class T>
std::vector<index> extents_of(const named_view<T>& p) {
    std::vector<index> s;
    for (int i = 0; i < p.extents->rank; ++i) s.push_back(static_cast<index>(p.extents->at[i].code));
    return s;
}
}  // namespace _

// Writes every parameter, atomically: an error (a full disk, a path that cannot be written) leaves the old file.
template <class M>
void save(M& model, const std::string& path) {
    std::vector<named_tensor> tensors;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        tensors.push_back({std::string(p.name), dtype_of<typename M::element>, _::extents_of(p), reinterpret_cast<const std::byte*>(p.data),
                           static_cast<std::size_t>(p.size) * sizeof(typename M::element)});
    }
    write_safetensors(path, tensors);
}

// Reads every parameter by name. Missing, unexpected, or of another shape or dtype: an error naming the file and the
// tensor, and the model is untouched.
template <class M>
void load(M& model, const std::string& path) {
    const safetensors_file file = safetensors_file::open(path);
    using T = typename M::element;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        const named_tensor* const t = file.find(p.name);
        if (t == nullptr) fail<>(path + ": there is no tensor '" + std::string(p.name) + "', which the model needs");
        if (t->shape != _::extents_of(p))
            fail<>(path + ": tensor '" + t->name + "' has shape " + _::shape_text(t->shape) + ", the model's is " + _::shape_text(_::extents_of(p)));
        if (t->type != dtype_of<T>) fail<>(path + ": tensor '" + t->name + "' is " + std::string(name_of(t->type)) + ", the model's is " + std::string(name_of(dtype_of<T>)));
    }
    for (const named_tensor& t : file.tensors()) {
        bool known = false;
        for (int i = 0; i < M::n_parameters && !known; ++i) known = model.parameter(i).name == t.name;
        if (!known) fail<>(path + ": tensor '" + t.name + "' is not a parameter of the model");
    }
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        const named_tensor* const t = file.find(p.name);
        __builtin_memcpy(static_cast<void*>(p.data), t->data, t->bytes);
    }
}

}  // namespace etta
