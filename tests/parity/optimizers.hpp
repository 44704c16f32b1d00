// optimizers.hpp: ten steps with an update rule, beside what make_optimizers.py wrote.
#pragma once

#include "catch.hpp"
#include "recorded.hpp"

namespace {

struct Mlp {
    etta::Linear<5> fc1;
    etta::Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(tanh(fc1(x))); }
};

// In double within 1e-10 of the largest weight, in float within 1e-5.
template <class T>
struct Compare {
    using Network = etta::Model<Mlp, etta::Input<T, 3>, etta::max_batch<6>>;
    const etta::safetensors_file file = etta::safetensors_file::open(recorded_path("optimizers.st"));
    const std::vector<T> x = recorded_as<T>(file, "x"), y = recorded_as<T>(file, "y");
    const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-10;

    template <class Rule, class F>
    void operator()(const std::string& name, Rule rule, const F& also, double sam = 0) const {
        Network model;
        for (int i = 0; i < model.n_parameters; ++i) {
            const auto p = model.parameter(i);
            const auto start = recorded_as<T>(file, "start." + std::string(p.name));
            std::memcpy(p.data, start.data(), start.size() * sizeof(T));
        }
        auto trainer = etta::Trainer(model, etta::MSE{}, rule, {.schedule = etta::cosine(0.1, 3).over(10), .sam = sam});
        for (int i = 0; i < 10; ++i) trainer.step(x.data(), y.data(), 6);
        CHECK(unlike_all(file, name + ".", model, model.parameters.data(), tolerance) == "");
        also(trainer);
    }
    template <class Rule>
    void operator()(const std::string& name, Rule rule) const {
        (*this)(name, rule, [](auto&) {});
    }
};

}  // namespace
