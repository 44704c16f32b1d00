// recorded.hpp: what make.py wrote, and comparing a model with it.
#pragma once

#include <etta/etta.hpp>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

inline std::string recorded_path(const std::string& name) { return ETTA_TEST_DIR "/parity/" + name; }

// A tensor of the file as doubles.
inline std::vector<double> recorded(const etta::safetensors_file& file, const std::string& name) {
    const etta::named_tensor* const t = file.find(name);
    if (t == nullptr) throw etta::Error("no tensor " + name);
    std::vector<double> v;
    for (std::size_t i = 0; i < static_cast<std::size_t>(t->count()); ++i) {
        if (t->type == etta::dtype::f32) {
            float x;
            std::memcpy(&x, t->data + 4 * i, 4);
            v.push_back(x);
        } else if (t->type == etta::dtype::f64) {
            double x;
            std::memcpy(&x, t->data + 8 * i, 8);
            v.push_back(x);
        } else if (t->type == etta::dtype::i64) {
            std::int64_t x;
            std::memcpy(&x, t->data + 8 * i, 8);
            v.push_back(static_cast<double>(x));
        } else {
            std::int32_t x;
            std::memcpy(&x, t->data + 4 * i, 4);
            v.push_back(x);
        }
    }
    return v;
}
template <class T>
std::vector<T> recorded_as(const etta::safetensors_file& file, const std::string& name) {
    const std::vector<double> v = recorded(file, name);
    return std::vector<T>(v.begin(), v.end());
}

// "" where `got` is what the file has, relative to the tensor's largest element.
template <class T>
std::string unlike(const etta::safetensors_file& file, const std::string& name, const T* got, double tolerance) {
    const std::vector<double> want = recorded(file, name);
    double largest = 0;
    for (const double x : want) largest = std::max(largest, std::abs(x));
    for (std::size_t i = 0; i < want.size(); ++i)
        if (!(std::abs(static_cast<double>(got[i]) - want[i]) <= tolerance * largest))
            return name + ", element " + std::to_string(i) + ": " + std::to_string(got[i]) + ", PyTorch " + std::to_string(want[i]);
    return "";
}
// The same of every parameter (or gradient, laid out like the parameters at `data`), whose names begin with `prefix`.
template <class M, class T>
std::string unlike_all(const etta::safetensors_file& file, const std::string& prefix, M& model, const T* data, double tolerance) {
    std::string r;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        r += unlike(file, prefix + std::string(p.name), data + (p.data - model.parameters.data()), tolerance);
    }
    return r;
}
