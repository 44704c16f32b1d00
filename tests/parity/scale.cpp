// Scalers and SimpleImputer against scikit-learn (make_scale.py wrote the file): of data sets, of samples in place, and back.
#include <etta/data/impute.hpp>
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

TEST_CASE("with gaps, scalers and SimpleImputer are scikit-learn's") {
    const auto file = etta::safetensors_file::open(ETTA_TEST_DIR "/parity/scale.st");
    const auto get = [&](const char* name) {
        std::vector<double> v(static_cast<std::size_t>(file.find(name)->count()));
        etta::copy_elements<double>(*file.find(name), v.data());
        return v;
    };
    const auto gaps = etta::Dataset::from(get("gaps"), {5}), more = etta::Dataset::from(get("more"), {5});
    const auto compare = [&](const char* name, const auto& fitted) {
        const std::vector<double> want = get(name);
        const etta::Dataset made = fitted.transform(more);
        for (std::size_t i = 0; i < want.size(); ++i) {
            double row[5];
            made.copy_x(static_cast<etta::index>(i / 5), row);
            CAPTURE(name, i, want[i], row[i % 5]);
            if (std::isnan(want[i])) CHECK(std::isnan(row[i % 5]));
            else CHECK(std::abs(row[i % 5] - want[i]) <= 1e-13 * std::max(1.0, std::abs(want[i])));
        }
    };
    compare("gaps_standard", etta::StandardScaler().fit(gaps));
    compare("gaps_min_max", etta::MinMaxScaler().fit(gaps));
    compare("gaps_robust", etta::RobustScaler().fit(gaps));
    compare("gaps_max_abs", etta::MaxAbsScaler().fit(gaps));
    using etta::impute;
    compare("mean", etta::SimpleImputer().fit(gaps));
    compare("median", etta::SimpleImputer{.strategy = impute::median}.fit(gaps));
    compare("most_frequent", etta::SimpleImputer{.strategy = impute::most_frequent}.fit(gaps));
    compare("constant", etta::SimpleImputer{.strategy = impute::constant, .fill_value = -2.5}.fit(gaps));
}
