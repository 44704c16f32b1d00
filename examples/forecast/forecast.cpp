// Forecasting a real series: the yearly sunspot numbers since 1700, which rise and fall in about 11 years. An LSTM reads 32
// years and says the next one. It learns from the years before 1932 and is judged by those from then on, beside what needs
// no network: the year before, the year 11 years before, and a linear regression on 9 years.
//
//   examples/run.sh forecast [--epochs N] [--seed N]
// ci: --epochs 5
#include <etta/etta.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

constexpr int window = 32, ahead = 22, cycle = 11, order = 9;
constexpr int first_year = 1700, first_judged = 1932, from = first_judged - first_year;

// The change from the last year of the window: [N, window, 1] -> [N, 1].
struct Forecast {
    etta::LSTM<16> lstm;
    etta::Dropout<0.2> dropout;
    etta::Linear<1> head;

    constexpr auto operator()(auto x) const {
        auto [y, last] = lstm(x);
        return head(dropout(last[0].h));
    }
};

std::vector<float> read_series() {
    const auto path = std::filesystem::path(__FILE__).parent_path().parent_path() / "data" / "sunspots.csv";
    const auto rows = etta::load_csv(path.string(), {.targets = {"SUNACTIVITY"}});
    std::vector<float> spots(static_cast<std::size_t>(rows.size()));
    for (std::size_t i = 0; i < spots.size(); ++i) rows.copy_y(static_cast<etta::index>(i), &spots[i]);
    return spots;
}

// Years t = first … end - 1: the window before each, and by how much it differs from the last year of that.
etta::Dataset windows(const float* spots, int first, int end, float scale) {
    std::vector<float> x, y;
    for (int t = first; t < end; ++t) {
        for (int k = t - window; k < t; ++k) x.push_back(spots[k] / scale);
        y.push_back((spots[t] - spots[t - 1]) / scale);
    }
    return etta::Dataset::from(std::move(x), {window, 1}, y, {1});
}

// By least squares, from the same years that the network learns from: the weights of the 9 years before, and a constant.
etta::Tensor<double, order + 1> regression(const float* spots) {
    etta::Tensor<double, from - window, order + 1> a;
    etta::Tensor<double, from - window> b;
    for (int i = 0; i < from - window; ++i) {
        b(i) = spots[window + i];
        for (int k = 0; k <= order; ++k) a(i, k) = k < order ? spots[window + i - 1 - k] : 1;
    }
    return lstsq(a, b);
}

// Root mean square error over the judged years of what f(t) says about year t.
template <class F>
double error_of(const std::vector<float>& spots, F&& f) {
    const int end = static_cast<int>(spots.size());
    double sum = 0;
    for (int t = from; t < end; ++t) sum += std::pow(f(t) - static_cast<double>(spots[static_cast<std::size_t>(t)]), 2);
    return std::sqrt(sum / (end - from));
}

// A column per year: | what was, o what was said of it, # both in one place. The last years are not over yet.
void draw(const std::vector<float>& spots, const std::vector<float>& said) {
    const int rows = 14;
    const std::size_t known = spots.size() - from;
    const float top = std::max(*std::max_element(said.begin(), said.end()), *std::max_element(spots.begin() + from, spots.end()));
    const auto row_of = [&](float v) { return static_cast<int>(std::lround(std::max(v, 0.0f) / top * (rows - 1))); };
    for (int r = rows - 1; r >= 0; --r) {
        std::printf("%6.0f ", static_cast<double>(top) * r / (rows - 1));
        for (std::size_t i = 0; i < said.size(); ++i) {
            const bool is = i < known && row_of(spots[from + i]) >= r, predicted = row_of(said[i]) == r;
            std::putchar(predicted ? (is ? '#' : 'o') : is ? '|' : ' ');
        }
        std::printf("\n");
    }
    std::printf("       ");
    for (int i = 0; i < static_cast<int>(said.size()); i += 10) std::printf("%-10d", first_judged + i);
    std::printf("\n");
}

int main(int argc, char** argv) {
    unsigned seed = 1;
    int epochs = 60;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--seed") seed = static_cast<unsigned>(std::atoi(argv[i + 1]));
        else if (option == "--epochs") epochs = std::atoi(argv[i + 1]);
        else return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
    }
    try {
        const std::vector<float> series = read_series();
        const float *const spots = series.data(), scale = 50;  // about the deviation of the years to learn from
        const int end = static_cast<int>(series.size());
        const auto training = windows(spots, window, from, scale), validation = windows(spots, from, end, scale);
        std::printf("%d years to learn from, %d to be judged by\n", from - window, end - from);

        etta::Model<Forecast, etta::Input<float, window, 1>, etta::max_batch<16>> model{etta::seed(seed)};
        auto trainer = etta::Trainer(model, etta::MSE{}, etta::AdamW{.lr = 5e-3, .weight_decay = 0.02}, etta::seed(seed));
        etta::EMA average(model, {.decay = 0.99, .warm_up = true});
        trainer.follow(average);
        trainer.fit(training, {.epochs = epochs, .batch = 16, .validation = validation, .schedule = etta::cosine(), .seed = etta::seed(seed)});
        const auto averaged = average.swapped();

        std::vector<float> said = trainer.predict(validation);
        for (int i = 0; i < end - from; ++i) said[static_cast<std::size_t>(i)] = spots[from + i - 1] + scale * said[static_cast<std::size_t>(i)];
        const double network = error_of(series, [&](int t) { return said[static_cast<std::size_t>(t - from)]; });
        const double before = error_of(series, [&](int t) { return spots[t - 1]; });
        const double seasonal = error_of(series, [&](int t) { return spots[t - cycle]; });
        const auto weight = regression(spots);
        const double linear = error_of(series, [&](int t) {
            double y = weight(order);
            for (int k = 0; k < order; ++k) y += weight(k) * spots[t - 1 - k];
            return y;
        });

        // Beyond the end, what was said is what is read next.
        float past[window];
        for (int k = 0; k < window; ++k) past[k] = spots[end - window + k] / scale;
        for (int k = 0; k < ahead; ++k) {
            float change = 0;
            model.run(past, &change, 1);
            const float next = past[window - 1] + change;
            std::copy(past + 1, past + window, past);
            past[window - 1] = next;
            said.push_back(scale * next);
        }
        std::printf("\n| sunspots, o said the year before, # both; the last %d years are said from what was said:\n\n", ahead);
        draw(series, said);
        std::printf("\nerror (root mean square, sunspots) of the next year, %d to %d:\n", first_judged, first_year + end - 1);
        std::printf("  the year before        %5.1f\n  11 years before        %5.1f\n  linear regression      %5.1f\n  LSTM                   %5.1f\n", before, seasonal, linear, network);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
