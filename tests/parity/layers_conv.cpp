// Convolutions against PyTorch's (make_layers.py wrote the file).
#include "layers.hpp"

namespace {

struct Pictures {
    Conv2d<6, 3, 2, 1> plain;
    Conv2d<4, per_axis{3, 5}, per_axis{1, 2}, per_axis{0, 2}, per_axis{2, 1}, 2, false> sizes;
    Conv2d<3, per_axis{4, 3}, 1, same, per_axis{1, 2}> same_extents;
    Conv2d<8, 3, 1, 2, 1, 4, true, padding_mode::reflect> reflect;
    Conv2d<3, 3, per_axis{1, 3}, per_axis{1, 3}, 1, 1, true, padding_mode::replicate> replicate;
    Conv2d<3, 3, 2, per_axis{2, 1}, 1, 1, true, padding_mode::circular> circular;
    SeparableConv2d<5, 3, 2, 1, 1, 2> separable;
    constexpr auto operator()(auto x) const { return side_by_side(plain(x), sizes(x), same_extents(x), reflect(x), replicate(x), circular(x), separable(x)); }
};
struct Transposed {
    ConvTranspose2d<6, 3, 2, 1, 1, 2> plain;
    ConvTranspose2d<3, per_axis{2, 3}, per_axis{3, 1}, 0, 0, 1, false, per_axis{1, 2}> sizes;
    constexpr auto operator()(auto x) const { return side_by_side(plain(x), sizes(x)); }
};
struct Signals {
    Conv1d<5, 3, 2, 2, 2> plain;
    Conv1d<6, 4, 1, 3, 1, 2, true, padding_mode::circular> circular;
    ConvTranspose1d<6, 4, 3, 1, 2> transposed;
    constexpr auto operator()(auto x) const { return side_by_side(plain(x), circular(x), transposed(x)); }
};
struct Volumes {
    Conv3d<4, per_axis{2, 3, 3}, per_axis{2, 1, 2}, per_axis{1, 0, 2}, per_axis{2, 1, 1}, 2> plain;
    Conv3d<3, 3, 2, 1, 1, 1, false, padding_mode::reflect> reflect;
    constexpr auto operator()(auto x) const { return side_by_side(plain(x), reflect(x)); }
};

}  // namespace

TEST_CASE("convolutions of pictures are PyTorch's: sizes per axis, groups, paddings of all kinds") {
    compare_layers<Pictures, 4, 7, 9>("conv2d");
}
TEST_CASE("transposed convolutions are PyTorch's") { compare_layers<Transposed, 4, 4, 5>("transposed"); }
TEST_CASE("convolutions of signals are PyTorch's") { compare_layers<Signals, 4, 11>("conv1d"); }
TEST_CASE("convolutions of volumes are PyTorch's") { compare_layers<Volumes, 2, 5, 6, 7>("conv3d"); }
