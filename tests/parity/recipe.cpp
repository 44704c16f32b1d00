// A whole recipe against PyTorch, over ten steps: AdamW with a group for each kind of parameter, one of them frozen, the
// gradient's norm clipped in some steps and not in others, a warm-up and a cosine. make.py wrote the files.
#include "catch.hpp"
#include "recorded.hpp"

namespace {

struct Mlp {
    etta::Linear<16> fc1;
    etta::Linear<8> fc2;
    etta::Linear<5> fc3;
    constexpr auto operator()(auto x) const { return fc3(tanh(fc2(relu(fc1(x))))); }
};

}  // namespace

TEMPLATE_TEST_CASE("groups, clipping and a schedule leave PyTorch's weights, moments, losses and norms", "", float, double) {
    using T = TestType;
    const std::string type = std::is_same_v<T, float> ? "f32" : "f64";
    const double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-10;
    const auto given = etta::safetensors_file::open(recorded_path("mlp." + type + ".st")), file = etta::safetensors_file::open(recorded_path("recipe." + type + ".st"));
    etta::Model<Mlp, etta::Input<T, 12>, etta::max_batch<8>> model;
    etta::load(model, recorded_path("mlp." + type + ".weights.st"));
    auto trainer = etta::Trainer(model, etta::CrossEntropy{}, etta::AdamW{.lr = 0.01, .weight_decay = 0.1},
                                 {.groups = {{etta::vectors_only, {.weight_decay = 0}},
                                             {"fc3.weight", {.lr = 0.02}},
                                             {"fc3.bias", {.lr_factor = 3, .weight_decay = 0}},
                                             {"fc1.bias", {.frozen = true}}},
                                  .clip_norm = 0.48,
                                  .schedule = etta::cosine(0.1, 3).over(10)});
    const auto x = recorded_as<T>(given, "input");
    const auto y = recorded_as<std::int32_t>(given, "labels");
    T loss[10], norm[10];
    for (int i = 0; i < 10; ++i) {
        loss[i] = static_cast<T>(trainer.step(x.data(), y.data(), 6));
        norm[i] = static_cast<T>(trainer.gradient_norm());
    }
    CHECK(unlike(file, "loss", loss, tolerance) == "");
    CHECK(unlike(file, "norm", norm, tolerance) == "");
    CHECK(unlike_all(file, "weights.", model, model.parameters.data(), tolerance) == "");
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto p = model.parameter(i);
        const std::string name(p.name);
        if (name == "fc1.bias") continue;
        CHECK(unlike(file, "exp_avg." + name, trainer.state_data(0) + (p.data - model.parameters.data()), tolerance) == "");
        CHECK(unlike(file, "exp_avg_sq." + name, trainer.state_data(1) + (p.data - model.parameters.data()), tolerance) == "");
    }
}
