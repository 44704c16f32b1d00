// Pooling against PyTorch's (make_layers.py wrote the file).
#include "layers.hpp"

namespace {

struct Pictures {
    MaxPool2d<3, 2, 1> max;
    MaxPool2d<per_axis{2, 3}, per_axis{2, 1}> max_sizes;
    AvgPool2d<3, 2, 1> avg;
    AvgPool2d<per_axis{3, 2}, per_axis{2, 2}, per_axis{1, 0}, false, false> avg_valid;
    MaxPool2d<per_axis{3, 2}, per_axis{1, 2}, 1, per_axis{2, 3}> dilated;
    MaxPool2d<3, 2, per_axis{0, 1}, 1, true> ceil;
    AvgPool2d<per_axis{2, 3}, per_axis{2, 3}, 1, true> avg_ceil;
    AvgPool2d<3, 2, 1, true, false> avg_ceil_valid;
    LPPool2d<2.0, per_axis{2, 3}> lp;
    AdaptiveAvgPool2d<per_axis{3, 4}> adaptive;
    AdaptiveMaxPool2d<per_axis{5, 3}> adaptive_max;
    GlobalAvgPool mean;
    GlobalMaxPool most;
    constexpr auto operator()(auto x) const {
        return side_by_side(max(x), max_sizes(x), avg(x), avg_valid(x), dilated(x), ceil(x), avg_ceil(x), avg_ceil_valid(x), lp(x), adaptive(x), adaptive_max(x), mean(x), most(x));
    }
};
struct Signals {
    MaxPool1d<3, 2, 1> max;
    AvgPool1d<4, 3, 2, false, false> avg;
    LPPool1d<4.0, 3> lp;
    AdaptiveAvgPool1d<4> adaptive;
    AdaptiveMaxPool1d<7> adaptive_max;
    constexpr auto operator()(auto x) const { return side_by_side(max(x), avg(x), lp(x), adaptive(x), adaptive_max(x)); }
};
struct Volumes {
    MaxPool3d<per_axis{2, 3, 3}, per_axis{1, 2, 2}, per_axis{1, 0, 1}> max;
    AvgPool3d<per_axis{3, 2, 2}, per_axis{2, 1, 2}, per_axis{1, 0, 1}, false, false> avg;
    AdaptiveAvgPool3d<per_axis{3, 2, 4}> adaptive;
    AdaptiveMaxPool3d<per_axis{2, 3, 4}> adaptive_max;
    LPPool3d<2.0, 2> lp;
    constexpr auto operator()(auto x) const { return side_by_side(max(x), avg(x), adaptive(x), adaptive_max(x), lp(x)); }
};

}  // namespace

TEST_CASE("pooling of pictures is PyTorch's: maximum, mean, powers, adaptive, global") { compare_layers<Pictures, 3, 7, 8>("pool2d"); }
TEST_CASE("pooling of signals is PyTorch's") { compare_layers<Signals, 3, 11>("pool1d"); }
TEST_CASE("pooling of volumes is PyTorch's") { compare_layers<Volumes, 2, 4, 5, 6>("pool3d"); }
