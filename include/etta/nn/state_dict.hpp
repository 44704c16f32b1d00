// state_dict.hpp: a model's parameters and states as a list of named views that can be read, set, copied to another model and
// compared with another's or with a file's.
#pragma once

#include "save.hpp"
#include "summary.hpp"

namespace etta {

// A parameter or state where it lies in the model: elements of `type`, row-major.
struct StateEntry {
    std::string_view name;
    dtype type;
    const shape* extents;
    void* data;
    index size;
    bool parameter;  // else a state

    template <class T>
    T* as() const {
        if (dtype_of<T> != type) fail<>("'" + std::string(name) + "' is " + std::string(name_of(type)) + ", not " + std::string(name_of(dtype_of<T>)));
        return static_cast<T*>(data);
    }
};

// PyTorch's state_dict(): parameters, then states. Views: valid as long as the model is.
template <class Host = _::this_host>
class BasicStateDict {
  public:
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }
    std::size_t size() const { return entries_.size(); }
    // The number of elements.
    index count() const {
        index n = 0;
        for (const StateEntry& e : entries_) n += e.size;
        return n;
    }
    // nullptr if there is none.
    const StateEntry* find(std::string_view name) const {
        for (const StateEntry& e : entries_)
            if (e.name == name) return &e;
        return nullptr;
    }
    // An error that lists the names if there is none.
    const StateEntry& operator[](std::string_view name) const {
        const StateEntry* const e = find(name);
        if (e != nullptr) return *e;
        std::string there;
        for (const StateEntry& k : entries_) there += (there.empty() ? "" : ", ") + std::string(k.name);
        fail<>("the model has no parameter or state '" + std::string(name) + "'; it has " + there);
    }
    // Sets one to a tensor, contiguous view or vector of its shape and element type; else an error, and it is untouched.
    template <class X>
    void set(std::string_view name, const X& x) const { put((*this)[name], named(std::string(name), x)); }

    // A table: name, type, extents and number of elements.
    std::string text() const {
        _::text_table<Host> t{4, 3};
        for (const char* title : {"name", "type", "extents", "elements"}) t.cells.push_back(title);
        for (const StateEntry& e : entries_)
            for (std::string s : {std::string(e.name), std::string(name_of(e.type)), _::text_of(*e.extents) + (e.parameter ? "" : " (state)"), std::to_string(e.size)})
                t.cells.push_back(static_cast<std::string&&>(s));
        return t.text(1);
    }
    void push(const StateEntry& e) { entries_.push_back(e); }

  private:
    static void put(const StateEntry& e, const named_tensor& t) {
        bool fits = static_cast<int>(t.shape.size()) == e.extents->rank;
        for (int i = 0; fits && i < e.extents->rank; ++i) fits = e.extents->at[i].is(t.shape[static_cast<std::size_t>(i)]);
        if (!fits) fail<>("'" + std::string(e.name) + "' has extents " + _::text_of(*e.extents) + ", given are " + _::shape_text(t.shape));
        if (t.type != e.type) fail<>("'" + std::string(e.name) + "' is " + std::string(name_of(e.type)) + ", given is " + std::string(name_of(t.type)));
        __builtin_memmove(e.data, t.data, t.bytes);
    }
    std::vector<StateEntry> entries_;
};
using StateDict = BasicStateDict<>;

template <class M>
StateDict state_dict(M& model) {
    StateDict d;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        const StateEntry e{p.name, dtype_of<typename M::element>, p.extents, p.data, p.size, true};  // nvcc: not within the call
        d.push(e);
    }
    for (int i = 0; i < M::n_states; ++i) {
        const named_state s = model.state(i);
        const StateEntry e{s.name, s.type, s.extents, s.data, s.size, false};
        d.push(e);
    }
    return d;
}

// Copies every parameter and state of one model to another by name, as load() does from a file, with its errors and options. Element
// types may differ if they convert.
template <class From, class To>
LoadReport copy_weights(From& from, To& to, LoadOptions o = {.convert = true}) {
    if constexpr (std::is_same_v<From, To>)
        if (&from == &to) return {};
    return _::load_tensors<_::this_host>("copy_weights", _::tensors_of(from), _::tensors_of(to), o);
}

// One tensor in two places.
struct WeightDifference {
    enum kind_t { equal, different, other_shape, only_in_first, only_in_second };
    std::string name;
    kind_t kind = equal;
    index count = 0;           // elements that differ
    double absolute = 0;       // the largest |a - b|; NaN if one of two is
    double relative = 0;       // the largest |a - b| / max(|a|, |b|)
};
struct WeightComparison {
    std::vector<WeightDifference> tensors;  // the first's, in its order, then what is only in the second

    // Has all the same names, shapes and numbers (NaN equals NaN, and 0 equals -0)?
    template <class Host = _::this_host>
    bool equal() const {
        for (const WeightDifference& d : tensors)
            if (d.kind != WeightDifference::equal) return false;
        return true;
    }
    // Has all the same names and shapes, and |a - b| is at most `absolute` everywhere?
    template <class Host = _::this_host>
    bool within(double absolute) const {
        for (const WeightDifference& d : tensors)
            if (d.kind > WeightDifference::different || !(d.absolute <= absolute)) return false;
        return true;
    }
    template <class Host = _::this_host>
    std::string text() const {
        _::text_table<Host> t{4, 2};
        for (const char* title : {"name", "", "largest difference", "relative"}) t.cells.push_back(title);
        for (const WeightDifference& d : tensors) {
            const bool numbers = d.kind == WeightDifference::different;
            t.cells.push_back(d.name);
            constexpr const char* kinds[] = {"equal", "", "of another shape", "only in the first", "only in the second"};
            t.cells.push_back(numbers ? std::to_string(d.count) + (d.count == 1 ? " element differs" : " elements differ") : kinds[d.kind]);
            for (const double x : {d.absolute, d.relative}) {
                char s[40];
                std::snprintf(s, sizeof s, "%.3g", x);
                t.cells.push_back(numbers ? s : "");
            }
        }
        return t.text(1);
    }
};

namespace _ {

template <class Host>
WeightComparison compare_tensors(const std::vector<named_tensor>& a, const std::vector<named_tensor>& b) {
    WeightComparison r;
    const auto find = [](const std::vector<named_tensor>& in, const std::string& name) {
        const named_tensor* found = nullptr;
        for (const named_tensor& t : in)
            if (t.name == name) found = &t;
        return found;
    };
    for (const named_tensor& x : a) {
        WeightDifference d{x.name};
        const named_tensor* const y = find(b, x.name);
        if (y == nullptr) {
            d.kind = WeightDifference::only_in_first;
        } else if (x.shape != y->shape) {
            d.kind = WeightDifference::other_shape;
        } else {
            std::vector<double> u(static_cast<std::size_t>(x.count())), v(u.size());
            copy_elements<double, Host>(x, u.data());
            copy_elements<double, Host>(*y, v.data());
            for (std::size_t i = 0; i < u.size(); ++i) {
                if (u[i] == v[i] || (u[i] != u[i] && v[i] != v[i])) continue;
                const double off = u[i] < v[i] ? v[i] - u[i] : u[i] - v[i], p = u[i] < 0 ? -u[i] : u[i], q = v[i] < 0 ? -v[i] : v[i];
                const double part = off - off == 0 ? off / (p > q ? p : q) : off;
                ++d.count, d.kind = WeightDifference::different;
                if (!(off <= d.absolute)) d.absolute = d.absolute != d.absolute ? d.absolute : off;
                if (!(part <= d.relative)) d.relative = d.relative != d.relative ? d.relative : part;
            }
        }
        r.tensors.push_back(static_cast<WeightDifference&&>(d));
    }
    for (const named_tensor& y : b)
        if (find(a, y.name) == nullptr) r.tensors.push_back({y.name, WeightDifference::only_in_second});
    return r;
}
// Of a model, or of a file by its path.
template <class X>
tensor_file<this_host> weights_of(X& x) {
    if constexpr (std::is_convertible_v<X&, std::string>) {
        return tensor_file<this_host>::open(x);
    } else {
        tensor_file<this_host> f;
        f.tensors = tensors_of(x);
        return f;
    }
}

}  // namespace _

// What differs between the weights of two models of any types, or of a model and a file: compare_weights(model, "old.safetensors").
template <class A, class B>
WeightComparison compare_weights(A&& a, B&& b) {
    const auto x = _::weights_of(a), y = _::weights_of(b);
    return _::compare_tensors<_::this_host>(x.tensors, y.tensors);
}

}  // namespace etta
