// Averages of weights against PyTorch's AveragedModel. make_average.py wrote the file.
#include "catch.hpp"
#include "recorded.hpp"

TEST_CASE("EMA and SWA keep the weights that PyTorch's AveragedModel keeps") {
    using M = etta::Model<etta::Sequential<etta::Linear<5>, etta::Tanh, etta::Linear<2>>, etta::Input<double, 3>, etta::max_batch<6>>;
    const auto file = etta::safetensors_file::open(recorded_path("average.st"));
    const auto x = recorded(file, "x"), y = recorded(file, "y");
    M model;
    for (int i = 0; i < M::n_parameters; ++i) {
        const auto from = recorded(file, "start." + std::string(model.parameter(i).name));
        REQUIRE(static_cast<std::size_t>(model.parameter(i).size) == from.size());
        std::copy(from.begin(), from.end(), model.parameter(i).data);
    }
    auto trainer = etta::Trainer(model, etta::MSE{}, etta::Adam{.lr = 0.05});
    etta::EMA ema(model, {.decay = 0.9});
    etta::SWA swa(model);
    trainer.step(x.data(), y.data(), 6), ema.update(), swa.update();
    etta::EMA late(model, {.decay = 0.7});  // begins as the weights are by now
    for (int i = 1; i < 10; ++i) trainer.step(x.data(), y.data(), 6), ema.update(), swa.update(), late.update();
    CHECK(unlike_all(file, "adam.", model, model.parameters.data(), 1e-10) == "");
    const auto compare = [&](const std::string& name, auto& average) {
        CHECK(unlike_all(file, name + ".", model, average.data(), 1e-10) == "");
        const auto averaged = average.swapped();
        double predicted[12];
        model.run(x.data(), predicted, 6);
        CHECK(unlike(file, name + ".y", predicted, 1e-10) == "");
    };
    compare("ema", ema);
    compare("late", late);
    compare("swa", swa);
}
