// An MLP against PyTorch: prediction, loss, every gradient, and the weights after ten steps of each optimizer. make.py
// wrote the files.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

struct Mlp {
    etta::Linear<16> fc1;
    etta::Linear<8> fc2;
    etta::Linear<5> fc3;
    constexpr auto operator()(auto x) const { return fc3(tanh(fc2(relu(fc1(x))))); }
};

template <class T>
struct facts;
template <>
struct facts<float> {
    static constexpr const char* name = "mlp.f32";
    static constexpr double tolerance = 1e-5;
};
template <>
struct facts<double> {
    static constexpr const char* name = "mlp.f64";
    static constexpr double tolerance = 1e-10;
};
template <class T>
using Network = etta::Model<Mlp, etta::Input<T, 12>, etta::max_batch<8>>;

template <class T, class Rule>
std::string after_ten_steps(const char* prefix, Rule rule) {
    const auto file = etta::safetensors_file::open(recorded_path(std::string(facts<T>::name) + ".st"));
    Network<T> model;
    etta::load(model, recorded_path(std::string(facts<T>::name) + ".weights.st"));
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, rule);
    const auto x = recorded_as<T>(file, "input");
    const auto y = recorded_as<std::int32_t>(file, "labels");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), y.data(), 6);
    return unlike_all(file, std::string(prefix) + ".", model, model.parameters.data(), facts<T>::tolerance);
}

}  // namespace

TEMPLATE_TEST_CASE("an MLP computes what PyTorch computes", "", float, double) {
    using T = TestType;
    const auto file = etta::safetensors_file::open(recorded_path(std::string(facts<T>::name) + ".st"));
    Network<T> model;
    etta::load(model, recorded_path(std::string(facts<T>::name) + ".weights.st"));
    const auto x = recorded_as<T>(file, "input");
    const auto y = recorded_as<std::int32_t>(file, "labels");

    T logits[30];
    model.run(x.data(), logits, 6);
    CHECK(unlike(file, "logits", logits, facts<T>::tolerance) == "");
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::SGD{});
    const T loss = static_cast<T>(trainer.gradients(x.data(), y.data(), 6));
    CHECK(unlike(file, "loss", &loss, facts<T>::tolerance) == "");
    CHECK(unlike_all(file, "gradient.", model, trainer.gradient_data(), facts<T>::tolerance) == "");
}

TEMPLATE_TEST_CASE("ten steps of SGD leave PyTorch's weights", "", float, double) {
    CHECK(after_ten_steps<TestType>("sgd", etta::SGD{.lr = 0.05, .momentum = 0.9, .weight_decay = 1e-3}) == "");
    CHECK(after_ten_steps<TestType>("nesterov", etta::SGD{.lr = 0.05, .momentum = 0.9, .nesterov = true}) == "");
}
TEMPLATE_TEST_CASE("ten steps of Adam leave PyTorch's weights", "", float, double) {
    CHECK(after_ten_steps<TestType>("adam", etta::Adam{.lr = 0.01, .beta2 = 0.99}) == "");
}
TEMPLATE_TEST_CASE("ten steps of AdamW leave PyTorch's weights", "", float, double) {
    CHECK(after_ten_steps<TestType>("adamw", etta::AdamW{.lr = 0.01, .weight_decay = 0.1}) == "");
}
