// The CTC loss, its gradient and what is learnt with it against PyTorch (make_ctc.py wrote the file), and decoding.
#include <cmath>
#include <map>

#include "catch.hpp"
#include "recorded.hpp"

TEST_CASE("the CTC loss is PyTorch's, and so is its gradient") {
    const auto file = etta::safetensors_file::open(recorded_path("ctc.st"));
    etta::Tensor<double, 4, 9, 6> logits;
    etta::Tensor<std::int32_t, 4, 4> labels;
    const auto x = recorded(file, "logits"), y = recorded(file, "labels");
    std::copy(x.begin(), x.end(), logits.data());
    for (std::size_t i = 0; i < 16; ++i) labels.data()[i] = static_cast<std::int32_t>(y[i]);
    const auto [loss, gradient] = etta::value_and_grad<0>([](auto logits, auto labels) { return etta::ctc_loss(logits, labels); })(logits, labels);
    CHECK(unlike(file, "loss", &loss, 1e-12) == "");
    CHECK(unlike(file, "gradient", gradient.data(), 1e-10) == "");
}

TEST_CASE("so are its reductions, another blank, fewer steps, and labels that do not fit") {
    const auto file = etta::safetensors_file::open(recorded_path("ctc.st"));
    etta::Tensor<double, 4, 9, 6> logits;
    etta::Tensor<std::int32_t, 4, 4> labels, moved;
    etta::Tensor<std::int32_t, 4> lengths;
    const auto x = recorded(file, "logits");
    std::copy(x.begin(), x.end(), logits.data());
    for (std::size_t i = 0; i < 16; ++i)
        labels.data()[i] = static_cast<std::int32_t>(recorded(file, "labels")[i]), moved.data()[i] = static_cast<std::int32_t>(recorded(file, "moved")[i]);
    for (std::size_t i = 0; i < 4; ++i) lengths.data()[i] = static_cast<std::int32_t>(recorded(file, "lengths")[i]);
    const auto each = etta::call([](auto logits, auto labels, auto n) { return etta::ctc_loss(logits, labels, {.reduce = etta::reduction::none, .input_lengths = n}); }, logits, labels, lengths);
    CHECK(unlike(file, "none", each.data(), 1e-12) == "");
    // The third sample's four labels, two of them twice, need six steps of five.
    const auto [loss, gradient] = etta::value_and_grad<0>([](auto logits, auto labels, auto n) {
        return etta::ctc_loss(logits, labels, {.blank = 5, .reduce = etta::reduction::sum, .zero_infinity = true, .input_lengths = n});
    })(logits, moved, lengths);
    CHECK(unlike(file, "sum", &loss, 1e-12) == "");
    CHECK(unlike(file, "sum_gradient", gradient.data(), 1e-10) == "");
}

namespace {
struct Reader {
    etta::GRU<4> gru;
    etta::Linear<6> fc;
    constexpr auto operator()(auto x) const { return fc(gru(x).y); }
};
}  // namespace

TEST_CASE("ten steps with the CTC loss lead where PyTorch's do") {
    const auto file = etta::safetensors_file::open(recorded_path("ctc.st"));
    etta::Model<Reader, etta::Input<double, 9, 3>, etta::max_batch<4>> model;
    for (int i = 0; i < model.n_parameters; ++i) {
        const auto from = recorded(file, "net.start." + std::string(model.parameter(i).name));
        REQUIRE(static_cast<std::size_t>(model.parameter(i).size) == from.size());
        std::copy(from.begin(), from.end(), model.parameter(i).data);
    }
    const auto x = recorded(file, "net.input");
    const auto labels = recorded_as<std::int32_t>(file, "labels");
    double y[4 * 9 * 6];
    model.run(x.data(), y, 4);
    CHECK(unlike(file, "net.y", y, 1e-12) == "");
    auto trainer = etta::Trainer(model, etta::CTC<4>{}, etta::Adam{.lr = 0.01});
    const double loss = trainer.gradients(x.data(), labels.data(), 4);
    CHECK(unlike(file, "net.loss", &loss, 1e-12) == "");
    CHECK(unlike_all(file, "net.gradient.", model, trainer.gradient_data(), 1e-10) == "");
    for (int i = 0; i < 10; ++i) trainer.step(x.data(), labels.data(), 4);
    CHECK(unlike_all(file, "net.adam.", model, model.parameters.data(), 1e-10) == "");
}

TEST_CASE("decoding drops blanks and repetitions; a beam finds labels that no single path makes likely") {
    const float clear[] = {0, 5, 0, 0, 5, 0, 5, 0, 0, 0, 5, 0, 0, 0, 5};  // 1 1 _ 1 2
    CHECK(etta::ctc_greedy(clear, 5, 3) == std::vector<int>{1, 1, 2});
    CHECK(etta::ctc_beam(clear, 5, 3) == std::vector<int>{1, 1, 2});
    // Twice: blank 0.6, label 0.4. The best path is empty (0.36), yet one label is likelier (0.64).
    const double two[] = {std::log(0.6), std::log(0.4), std::log(0.6), std::log(0.4)};
    CHECK(etta::ctc_greedy(two, 2, 2).empty());
    CHECK(etta::ctc_beam(two, 2, 2) == std::vector<int>{1});
    // Any class may be the blank.
    const float last[] = {5, 0, 0, 5, 0, 0, 0, 0, 5, 5, 0, 0, 0, 5, 0};
    CHECK(etta::ctc_greedy(last, 5, 3, 2) == std::vector<int>{0, 0, 1});
    CHECK(etta::ctc_beam(last, 5, 3, 16, 2) == std::vector<int>{0, 0, 1});
    CHECK_THROWS_WITH(etta::ctc_beams(last, 5, 3, 16, 3), Catch::Matchers::Contains("one of the 3 classes"));
}

TEST_CASE("a beam that keeps everything has the probability of every sequence of labels, summed over all paths") {
    constexpr int steps = 5, classes = 3, paths = 243;
    double logits[steps * classes];
    for (int i = 0; i < steps * classes; ++i) logits[i] = 1.5 * std::sin(1.7 * i * i + 0.3);
    for (int blank = 0; blank < classes; ++blank) {
        std::map<std::vector<int>, double> exact;
        for (int path = 0; path < paths; ++path) {
            double p = 1;
            std::vector<int> labels;
            int before = blank;
            for (int t = 0, rest = path; t < steps; ++t, rest /= classes) {
                double all = 0;
                for (int c = 0; c < classes; ++c) all += std::exp(logits[t * classes + c]);
                const int c = rest % classes;
                p *= std::exp(logits[t * classes + c]) / all;
                if (c != blank && c != before) labels.push_back(c);
                before = c;
            }
            exact[labels] += p;
        }
        const auto found = etta::ctc_beams(logits, steps, classes, 1000, blank);
        CHECK(found.size() == exact.size());
        for (const auto& h : found) CHECK(h.log_probability == Approx(std::log(exact[h.labels])).epsilon(1e-12));
        for (std::size_t i = 1; i < found.size(); ++i) CHECK(found[i - 1].log_probability >= found[i].log_probability);
    }
}
