// picture.hpp: what several examples share: the shipped digits, and pictures of 8 x 8 in the terminal.
#pragma once
#include <etta/etta.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

inline std::string data_file(const char* name) { return (std::filesystem::path(__FILE__).parent_path() / "data" / name).string(); }

inline etta::Dataset load_digits(const etta::dims& shape) { return etta::load_csv(data_file("digits.csv"), {.label = -1}).scaled(1 / 16.0).reshaped(shape); }

// The samples' numbers, one sample after the other.
inline std::vector<float> pixels_of(const etta::Dataset& data) {
    const etta::index n = data.x_shape().count();
    std::vector<float> x(static_cast<std::size_t>(data.size() * n));
    for (etta::index i = 0; i < data.size(); ++i) data.copy_x(i, x.data() + i * n);
    return x;
}

// Pictures of 8 x 8 side by side, 0 black to 1 white, two characters a pixel.
inline void draw_row(const char* title, const float* pictures, int n) {
    static const char* const shades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
    std::printf("%s\n", title);
    for (int y = 0; y < 8; ++y) {
        for (int k = 0; k < n; ++k) {
            for (int x = 0; x < 8; ++x) {
                const float v = pictures[k * 64 + y * 8 + x];
                std::printf("%s", shades[v <= 0.1f ? 0 : v >= 0.9f ? 4 : v < 0.37f ? 1 : v < 0.63f ? 2 : 3]);
            }
            std::printf("  ");
        }
        std::printf("\n");
    }
}

// --name value, as a number.
inline double option(int argc, char** argv, const std::string& name, double otherwise) {
    for (int i = 1; i + 1 < argc; ++i)
        if (argv[i] == "--" + name) return std::atof(argv[i + 1]);
    return otherwise;
}
