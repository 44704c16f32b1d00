// Scalers against scikit-learn (make_scale.py wrote the file): of data sets, of samples in place, and back.
#include <etta/data/scale.hpp>
#include <etta/io/safetensors.hpp>

#include <cmath>

#include "catch.hpp"

TEST_CASE("scalers are scikit-learn's") {
    const auto file = etta::safetensors_file::open(ETTA_TEST_DIR "/parity/scale.st");
    const auto get = [&](const char* name) {
        std::vector<double> v(static_cast<std::size_t>(file.find(name)->count()));
        etta::copy_elements<double>(*file.find(name), v.data());
        return v;
    };
    const auto train = etta::Dataset::from(get("train"), {5}), test = etta::Dataset::from(get("test"), {5});
    const auto compare = [&](const char* name, const etta::Scaler& s) {
        const std::vector<double> want = get(name), before = get("test");
        std::vector<double> in_place = before;
        s.transform(std::span(in_place));
        const etta::Dataset scaled = s.transform(test);
        for (std::size_t i = 0; i < want.size(); ++i) {
            double row[5];
            scaled.copy_x(static_cast<etta::index>(i / 5), row);
            CAPTURE(name, i, want[i], row[i % 5], in_place[i]);
            CHECK(std::abs(in_place[i] - want[i]) <= 1e-13 * std::max(1.0, std::abs(want[i])));
            CHECK(std::abs(row[i % 5] - want[i]) <= 1e-13 * std::max(1.0, std::abs(want[i])));
        }
        s.inverse_transform(std::span(in_place));
        for (std::size_t i = 0; i < want.size(); ++i) CHECK(std::abs(in_place[i] - before[i]) <= 1e-12);
    };
    compare("standard", etta::StandardScaler().fit(train));
    compare("no_mean", etta::StandardScaler{.with_mean = false}.fit(train));
    compare("no_std", etta::StandardScaler{.with_std = false}.fit(train));
    compare("min_max", etta::MinMaxScaler().fit(train));
    compare("range", etta::MinMaxScaler{-1, 3}.fit(train));
    compare("robust", etta::RobustScaler().fit(train));
    compare("deciles", etta::RobustScaler{0.1, 0.9}.fit(train));
    compare("max_abs", etta::MaxAbsScaler().fit(train));
}
