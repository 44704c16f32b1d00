// layers.hpp: groups of layers with the parameters of make_layers.py's file: what they make of its input, all gradients of a
// weighed sum of that, and where ten steps of Adam lead.
#pragma once

#include "catch.hpp"
#include "gradient_check.hpp"
#include "recorded.hpp"

using namespace etta;

inline const auto& layers_file() {
    static const auto f = safetensors_file::open(recorded_path("layers.st"));
    return f;
}
// What several layers make of x, one after the other.
constexpr var side_by_side(var first, auto... more) {
    if constexpr (sizeof...(more) == 0) return flatten(first);
    else return concat<1>(flatten(first), flatten(more)...);
}
template <class M>
void start_as_recorded(M& model, const std::string& group) {
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto p = model.parameter(i);
        const auto from = recorded(layers_file(), group + ".parameter." + std::string(p.name));
        REQUIRE(static_cast<std::size_t>(p.size) == from.size());
        for (etta::index k = 0; k < p.size; ++k) p.data[k] = from[static_cast<std::size_t>(k)];
    }
}
// In float, within 1e-5 of the largest element.
template <class Net, int... E>
void compare_layers_in_float(const std::string& group) {
    Model<Net, Input<float, E...>, max_batch<2>> model;
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto from = recorded(layers_file(), group + ".parameter." + std::string(model.parameter(i).name));
        for (std::size_t k = 0; k < from.size(); ++k) model.parameter(i).data[k] = static_cast<float>(from[k]);
    }
    const auto x = recorded_as<float>(layers_file(), group + ".x");
    std::vector<float> y(recorded(layers_file(), group + ".y").size());
    model.run(x.data(), y.data(), 2);
    CHECK(unlike(layers_file(), group + ".y", y.data(), 1e-5) == "");
}
// Ten steps of Adam that bring what the layers make of x nearer to ones: within 1e-10 of a tensor's largest element.
template <class M>
void compare_steps(M& model, const double* x, int batch, const std::string& group) {
    auto trainer = Trainer(model, MSE{}, Adam{.lr = 0.01});
    const std::vector<double> ones(recorded(layers_file(), group + ".y").size(), 1);
    for (int i = 0; i < 10; ++i) trainer.step(x, ones.data(), batch);
    CHECK(unlike_all(layers_file(), group + ".adam.", model, model.parameters.data(), 1e-10) == "");
}
// Within 1e-11 of the tensor's largest element.
template <class Net, int... E>
void compare_layers(const std::string& group) {
    Model<Net, Input<double, E...>, max_batch<2>> model;
    start_as_recorded(model, group);
    Tensor<double, 2, static_cast<std::size_t>(E)...> x;
    const auto from = recorded(layers_file(), group + ".x");
    REQUIRE(static_cast<std::size_t>(x.size()) == from.size());
    std::copy(from.begin(), from.end(), x.data());
    const auto y = model(x);
    REQUIRE(static_cast<std::size_t>(y.size()) == recorded(layers_file(), group + ".y").size());
    CHECK(unlike(layers_file(), group + ".y", y.data(), 1e-11) == "");
    if constexpr (model.n_parameters > 0) {
        const auto f = [](auto net, auto x) { return check::weighed(net(x)); };
        auto [dm, dx] = grad<0, 1>(f)(model, x);
        CHECK(unlike(layers_file(), group + ".dx", dx.data(), 1e-11) == "");
        for (int i = 0; i < model.n_parameters; ++i) CHECK(unlike(layers_file(), group + ".gradient." + std::string(model.parameter(i).name), dm.parameter(i).data, 1e-11) == "");
        compare_steps(model, x.data(), 2, group);
    } else {
        const auto dx = grad([](auto x) { return check::weighed(Net{}(x)); })(x);
        CHECK(unlike(layers_file(), group + ".dx", dx.data(), 1e-11) == "");
    }
}
