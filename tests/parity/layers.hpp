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
        for (etta::index k = 0; k < p.size; ++k) p.data[k] = static_cast<typename M::element>(from[static_cast<std::size_t>(k)]);
    }
}
// Ten steps of Adam that bring what the layers make of x nearer to ones: within 1e-10 of a tensor's largest element.
template <class M>
void compare_steps(M& model, const double* x, int batch, const std::string& group) {
    auto trainer = Trainer(model, MSE{}, Adam{.lr = 0.01});
    const std::vector<double> ones(recorded(layers_file(), group + ".y").size(), 1);
    for (int i = 0; i < 10; ++i) trainer.step(x, ones.data(), batch);
    CHECK(unlike_all(layers_file(), group + ".adam.", model, model.parameters.data(), 1e-10) == "");
}
// Values and gradients, each within so much of its tensor's largest element.
template <class T, class Net, int... E>
void compare_gradients(const std::string& group, double tolerance) {
    Model<Net, Input<T, E...>, max_batch<2>> model;
    start_as_recorded(model, group);
    Tensor<T, 2, static_cast<std::size_t>(E)...> x;
    const auto from = recorded_as<T>(layers_file(), group + ".x");
    REQUIRE(static_cast<std::size_t>(x.size()) == from.size());
    std::copy(from.begin(), from.end(), x.data());
    const auto y = model(x);
    REQUIRE(static_cast<std::size_t>(y.size()) == recorded(layers_file(), group + ".y").size());
    CHECK(unlike(layers_file(), group + ".y", y.data(), tolerance) == "");
    if constexpr (model.n_parameters > 0) {
        const auto f = [](auto net, auto x) { return check::weighed(net(x)); };
        auto [dm, dx] = grad<0, 1>(f)(model, x);
        CHECK(unlike(layers_file(), group + ".dx", dx.data(), tolerance) == "");
        for (int i = 0; i < model.n_parameters; ++i) CHECK(unlike(layers_file(), group + ".gradient." + std::string(model.parameter(i).name), dm.parameter(i).data, tolerance) == "");
    } else {
        const auto dx = grad([](auto x) { return check::weighed(Net{}(x)); })(x);
        CHECK(unlike(layers_file(), group + ".dx", dx.data(), tolerance) == "");
    }
}
template <class Net, int... E>
void compare_layers(const std::string& group) {
    compare_gradients<double, Net, E...>(group, 1e-11);
    compare_gradients<float, Net, E...>(group, 1e-5);
    Model<Net, Input<double, E...>, max_batch<2>> model;
    if constexpr (model.n_parameters > 0) {
        start_as_recorded(model, group);
        compare_steps(model, recorded(layers_file(), group + ".x").data(), 2, group);
    }
}
